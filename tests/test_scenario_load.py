"""Scenarios are read as written, laid over as asked, and say where each value came from."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.scenario.check_files import check
from simulator.scenario.explain import explain
from simulator.scenario.library import find, names
from simulator.scenario.load import load, resolve
from simulator.scenario.new import TEMPLATE, new
from simulator.scenario.schema import Scenario, json_schema
from simulator.scenario.seeds import check_seeds
from simulator.scenario.yaml_file import parse_scalar, parse_yaml


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a new copy of the template, in an otherwise empty working directory."""
    monkeypatch.chdir(tmp_path)
    new("mine")
    return tmp_path / "mine"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _override(folder: Path, name: str, body: str) -> None:
    _write(folder / "overrides" / f"{name}.yaml", f"override: {name}\nsummary: A test.\n{body}")


def _patch(path: Path, old: str, text: str) -> None:
    before = path.read_text(encoding="utf-8")
    assert old in before
    _write(path, before.replace(old, text, 1))


def test_template_is_a_whole_scenario() -> None:
    scenario = load(TEMPLATE)
    assert scenario.name == "two-ways"
    assert scenario.base == "strait"
    assert {row.origin for row in scenario.origins} == {"XHI", "XDE"}
    assert scenario.corridor.regimes is not None
    of_regimes = {each.source for each in scenario.corridor.regimes.regimes.values()} - {"assumed"}
    assert set(scenario.sources) == {"invented", *of_regimes}, "its own, and those of the library's regimes"


def test_observed_origins_are_rows_of_the_scenario(folder: Path) -> None:
    """As written, open to overrides like every table, and told of by `explain`."""
    scenario = load(folder, set={"observed_origins.narrow-sea.XDE.2016.people": 17})
    found = {(row.route, row.origin, row.year): row.people for row in scenario.observed_origins}
    assert len(found) == 4
    assert found["narrow-sea", "XHI", 2015] == 13500
    assert found["narrow-sea", "XDE", 2016] == 17
    assert [row["value"] for row in explain(folder, "observed_origins.narrow-sea.XHI.2015.people")] == [13500]


def test_observed_origins_may_be_left_out(folder: Path) -> None:
    _patch(folder / "strait" / "corridor.yaml",
           "  observed_origins: # may be left out: yearly figures by nationality, where they are known\n"
           "    file: observed_origins.csv\n    columns:\n"
           "      people: {unit: person, kind: assumed, factor: [0.9, 1.1]}\n", "")  # fmt: skip
    scenario = load(folder)
    assert scenario.corridor.tables.observed_origins is None
    assert scenario.observed_origins == ()
    assert not [row for row in explain(folder) if row["field"].startswith("observed_origins")]
    assert Scenario.model_validate_json(scenario.model_dump_json()) == scenario


def test_everything_in_the_template_is_assumed() -> None:
    kinds = {row["kind"] for row in explain(TEMPLATE)} - {""}
    assert kinds == {"assumed"}


def test_a_corridor_stands_for_itself() -> None:
    scenario = load(TEMPLATE / "strait")
    assert (scenario.period.start, scenario.period.end) == (date(2014, 1, 1), date(2019, 1, 1))


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 2**63 - 1), st.integers(1, 1000), st.floats(0, 100), st.booleans(),
    st.dates(date(2015, 2, 1), date(2018, 12, 31)),
)  # fmt: skip
def test_a_scenario_comes_back_from_json(seed: int, scale: int, weight: float, hump: bool, end: date) -> None:
    scenario = load(TEMPLATE, seed=seed, persons_per_agent=scale, end=end,
                    set={"parameters.news.weight": weight, "switches.hump": hump})  # fmt: skip
    again = Scenario.model_validate_json(scenario.model_dump_json())
    assert again == scenario
    assert again.model_dump_json() == scenario.model_dump_json()
    assert Scenario.model_validate(json.loads(scenario.model_dump_json(by_alias=True))) == scenario


@pytest.mark.parametrize("name", names("scenario"))
def test_every_shipped_scenario_loads_and_comes_back(name: str) -> None:
    check([name])
    scenario = load(name)
    assert Scenario.model_validate_json(scenario.model_dump_json()) == scenario


@pytest.mark.parametrize("name", names("override"))
def test_every_shipped_override_can_be_laid_over(name: str) -> None:
    assert load("eu-turkey-2016", overrides=[name]) != load("eu-turkey-2016")


def test_shipped_evidence_is_sound() -> None:
    assert check_seeds() == []


def test_arguments_take_the_place_of_the_file() -> None:
    scenario = load(TEMPLATE, seed=7, persons_per_agent=3, start="2015-03-01", end=date(2016, 1, 1))
    assert (scenario.seed, scenario.persons_per_agent) == (7, 3)
    assert (scenario.period.start, scenario.period.end) == (date(2015, 3, 1), date(2016, 1, 1))


def test_setting_reaches_everything() -> None:
    scenario = load(TEMPLATE, set=[
        "switches.hump=false", "persons_per_agent=5", "step_days=month", "period.end=2016-06-01",
        "legs.beach--bay.price_eur=2000", "country_years.XHI.2015.battle_deaths=5",
        "policies.sea-agreement.levers.0.values.0.value=9", "policies.sea-agreement.levers.0.until=2016-12-31",
        "observed.sea-arrivals.2015-01.value=3", "observed.sea-arrivals.label=Arrivals",
    ])  # fmt: skip
    assert scenario.switches.hump is False
    assert (scenario.persons_per_agent, scenario.step_days, scenario.period.end) == (5, "month", date(2016, 6, 1))
    (leg,) = (row for row in scenario.legs if row.leg == "beach--bay")
    assert leg.price_eur == 2000
    assert "set to 2000" in leg.note
    (year,) = (row for row in scenario.country_years if (row.country, row.year) == ("XHI", 2015))
    assert year.battle_deaths == 5
    change = scenario.corridor.policies["sea-agreement"].levers[0]
    assert (change.values[0].value, change.until) == (9.0, date(2016, 12, 31))
    assert scenario.observed[0].value == 3
    assert scenario.corridor.observed["sea-arrivals"].label == "Arrivals"


@pytest.mark.parametrize("field", ["parameters.news.weight", "parameters.news.weight.value"])
def test_a_number_that_is_set_is_assumed_and_in_its_range(field: str) -> None:
    weight = load(TEMPLATE, set={field: 30}).parameters.news.weight
    assert weight.value == 30
    assert weight.kind == "assumed"
    assert weight.range is not None and weight.range[1] == 30
    assert "--set" in weight.note


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("parameters.news.wieght=0", r"--set: parameters\.news\.wieght: .*(?s:.*)did you mean 'weight'"),
        ("legs.beach--bey.price_eur=1", r"--set: legs\.beach--bey\.price_eur: (?s:.*)'legs\.beach--bay'"),
        ("legs.beach--bay.price=1", r"--set: legs\.beach--bay\.price: there is no 'price'(?s:.*)'price_eur'"),
        ("country_years.XHI=1", r"country_years\.COUNTRY\.YEAR\.COLUMN"),
        ("parameters.news.weight=-1e9", r"--set: parameters\.news\.weight: -1e\+09 utility lies outside"),
        ("parameters.news.weight=abc", r"--set: parameters\.news\.weight\.value: is not a number"),
        ("parameters.news.weight=.nan", r"--set: parameters\.news\.weight: is not a finite number"),
        ("parameters.news.weight", r"is not a setting(?s:.*)FIELD=VALUE"),
        ("sed=1", r"--set: sed: .*(?s:.*)did you mean 'seed'"),
        ("seed=[1", r"--set: seed: is not YAML"),
    ],
)
def test_settings_that_cannot_be(setting: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        load(TEMPLATE, set=[setting])


def test_override_takes_the_policy_away() -> None:
    assert not load(TEMPLATE, overrides=["no-agreement"]).corridor.policies
    assert load(TEMPLATE, overrides=["no-agreement"]).overrides == ("no-agreement",)


def test_override_can_be_left_out(folder: Path) -> None:
    _patch(folder / "two-ways.yaml", "overrides: []", "overrides: [no-agreement]")
    assert not load(folder).corridor.policies
    assert load(folder, without=["no-agreement"]) == load(TEMPLATE)


def test_override_sets_adds_and_removes(folder: Path) -> None:
    _override(
        folder,
        "all-three",
        """
set:
  parameters.news.weight.value: 0
  parameters.beliefs.memory: {value: 2, unit: month, kind: assumed, range: [1, 3]}
  legs.beach--bay.price_eur: 1500
  policies.sea-agreement.announced: 2016-03-01
add:
  legs.delta-city--beach:
    {tail: delta-city, head: beach, mode: land, distance_km: 900, days: 4, price_eur: 1, p_death: 0}
  policies.sea-agreement.levers.1:
    {lever: rescue, government: XWE, at: [narrow-sea], values: [{from: 2015-06-01, value: 0.5}], unit: '1',
     kind: assumed, factor: [0.5, 1.5]}
remove: [legs.strand-city--meadow-town, policies.sea-agreement.payments.0, legs.meadow-town--north-city.surge_per_week]
""",
    )
    scenario = load(folder, overrides=["all-three"])
    legs = {row.leg: row for row in scenario.legs}
    assert scenario.parameters.news.weight.value == 0
    assert scenario.parameters.beliefs.memory.value == pytest.approx(365.25 / 6)
    assert legs["beach--bay"].price_eur == 1500
    assert legs["delta-city--beach"].head == "beach"
    assert "strand-city--meadow-town" not in legs
    assert legs["meadow-town--north-city"].surge_per_week is None
    policy = scenario.corridor.policies["sea-agreement"]
    assert policy.announced == date(2016, 3, 1)
    assert [change.lever for change in policy.levers] == ["border_effort_departure", "rescue"]
    assert policy.payments == ()


def test_removing_list_items_keeps_the_numbers_of_the_others(folder: Path) -> None:
    _override(folder, "first", "remove: [policies.sea-agreement.levers.0.values.0]\n")
    _override(folder, "second", "set: {policies.sea-agreement.levers.0.values.1.value: 2}\n")
    resolved = resolve(folder, overrides=["first", "second"])
    values = resolved.scenario.corridor.policies["sea-agreement"].levers[0].values
    assert [value.value for value in values] == [2.0]
    (row,) = explain(resolved, "policies.sea-agreement.levers.0.values.0.value")
    assert row["override"] == "second"
    assert row["file"].endswith("second.yaml")


def test_the_scenario_says_which_override_wins(folder: Path) -> None:
    _override(folder, "dearer", "set: {legs.beach--bay.price_eur: 3000}\n")
    _override(folder, "cheaper", "set: {legs.beach--bay.price_eur: 300}\n")
    with pytest.raises(InputError, match=r"cheaper\.yaml:3: legs\.beach--bay\.price_eur: is touched twice: by dearer"):
        load(folder, overrides=["dearer", "cheaper"])
    _patch(folder / "two-ways.yaml", "seed: 1", "wins: {legs.beach--bay.price_eur: dearer}\nseed: 1")
    (leg,) = (row for row in load(folder, overrides=["dearer", "cheaper"]).legs if row.leg == "beach--bay")
    assert leg.price_eur == 3000


def test_a_setting_wins_over_overrides(folder: Path) -> None:
    _override(folder, "dearer", "set: {legs.beach--bay.price_eur: 3000}\n")
    scenario = load(folder, overrides=["dearer"], set={"legs.beach--bay.price_eur": 1})
    assert {row.leg: row.price_eur for row in scenario.legs}["beach--bay"] == 1


def test_explain_says_where_each_value_came_from(folder: Path) -> None:
    _override(folder, "dearer", "set: {legs.beach--bay.price_eur: 3000}\n")
    resolved = resolve(folder, overrides=["dearer"], set=["parameters.news.weight=0"])
    (price,) = explain(resolved, "legs.beach--bay.price_eur")
    assert (price["file"], price["line"], price["override"]) == ("mine/overrides/dearer.yaml", 3, "dearer")
    assert (price["value"], price["unit"], price["kind"]) == (3000.0, "eur", "assumed")
    news = {row["field"]: row for row in explain(resolved, "parameters.news")}
    assert (news["parameters.news.weight"]["file"], news["parameters.news.weight"]["override"]) == ("--set", "--set")
    halflife = news["parameters.news.halflife"]
    assert halflife["file"] == "mine/strait/parameters.yaml"
    line = (folder / "strait/parameters.yaml").read_text().splitlines()[(halflife["line"] or 0) - 1]
    assert "halflife" in line
    with pytest.raises(InputError, match=r"did you mean 'parameters\.news'"):
        explain(resolved, "parameters.new")


def test_explain_gives_every_parameter_and_column() -> None:
    fields = {row["field"] for row in explain(TEMPLATE)}
    assert {"parameters.choice.scale", "switches.hump", "legs.price_eur", "seasons.open", "period.start"} <= fields
    assert all(row["file"] for row in explain(TEMPLATE))


def test_explain_sums_up_columns() -> None:
    (row,) = explain(TEMPLATE, "legs.price_eur")
    assert row["value"] == "12 values, 50 to 2500, in legs.csv"


def test_names_are_found_beside_in_the_working_folder_and_in_the_library(folder: Path) -> None:
    assert find("mediterranean", "corridor").name == "corridor.yaml"
    assert find(folder).name == "two-ways.yaml"
    assert find("no-agreement", "override", folder) == folder / "overrides" / "no-agreement.yaml"
    (folder.parent / "scenarios").mkdir()
    new(folder.parent / "scenarios" / "x")
    for path in (folder.parent / "scenarios" / "x").iterdir():
        path.rename(folder.parent / "scenarios" / path.name)
    assert load("two-ways").name == "two-ways"
    with pytest.raises(InputError, match=r"did you mean 'two-ways'"):
        load("two-way")


def test_new_never_writes_over(tmp_path: Path) -> None:
    files = new(tmp_path / "a")
    assert all(path.is_file() for path in files)
    before = {path: path.read_bytes() for path in files}
    for taken in (tmp_path / "a", tmp_path / "a" / "two-ways.yaml"):
        with pytest.raises(InputError, match="is there already"):
            new(taken)
    assert {path: path.read_bytes() for path in files} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]


def test_new_writes_into_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert new(tmp_path / "empty")


def test_yaml_is_read_as_1_2() -> None:
    assert parse_yaml("a: [NO, yes, 012, 6e9, 1_000, 2016-03-18, '2016', ~]", "f").value == {
        "a": ["NO", "yes", 12, 6e9, 1000, date(2016, 3, 18), "2016", None]
    }
    assert parse_scalar("0x1F") == 31


@pytest.mark.parametrize("text", ["a: &x [*x]", "<<: {a: 1}", "? [a]\n: 1", "a: *x", "- \t- a\n b", "a: 1\n---\nb: 1"])
def test_strange_yaml_is_refused_in_words(text: str) -> None:
    with pytest.raises(InputError, match=r"^f:\d+: "):
        parse_yaml(text, "f")


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_yaml(text, "f")
    except InputError as error:
        assert error.problems


@pytest.mark.parametrize("kind", ["corridor", "scenario", "override"])
def test_schema_describes_every_field(kind: str) -> None:
    schema = json_schema(kind)  # type: ignore[arg-type]
    assert all("description" in field or "$ref" in field for field in schema["properties"].values())
    json.dumps(schema)
