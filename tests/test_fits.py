"""Fit files: what calibration found is laid over a corridor first, says so of itself, and gives way to all else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_cli import corridor

from simulator import api
from simulator.errors import InputError
from simulator.scenario.check_files import check
from simulator.scenario.evidence_checks import unsupported_numbers
from simulator.scenario.explain import explain
from simulator.scenario.load import load, resolve
from simulator.scenario.new import new
from simulator.scenario.parts import make_parts, named_sources
from simulator.scenario.schema import Scenario

FIT = """fitted: 2016-12-24
code: "1234567"
data: [invented]
period: [2015-01, 2015-12]
loss: 0.4
how: by hand, for tests
fields:
  parameters.news.weight: {unit: utility, range: [0.0, 0.9], interval: [0.1, 0.5]}
  parameters.news.halflife: {unit: week, range: [1, 20], interval: [4, 12]}
  origins.XHI.departure_level: {unit: utility, range: [-10, 10], interval: [-2, 2]}
  origins.XDE.departure_level: {unit: utility, range: [-10, 10], interval: [-2, 2]}
  legs.beach--bay.effort_departure: {unit: "1", range: [0.1, 4], interval: [0.2, 0.9]}
  policies.sea-agreement.levers.0.values.0.value: {unit: "1", range: [0.5, 8], interval: [2, 4]}
members:
  - loss: 0.4
    values: {parameters.news.weight: 0.25, parameters.news.halflife: 5, origins.XHI.departure_level: 0.5,
      origins.XDE.departure_level: 1.0, legs.beach--bay.effort_departure: 0.75,
      policies.sea-agreement.levers.0.values.0.value: 3}
  - loss: 0.5
    values:
      parameters.news.weight: 0.75
      parameters.news.halflife: 15
      origins.XHI.departure_level: -3
      origins.XDE.departure_level: 1.5
      legs.beach--bay.effort_departure: 0.5
      policies.sea-agreement.levers.0.values.0.value: 4
"""
OVERRIDE = """override: less-news
summary: Less news.
set:
  parameters.news.weight: 0.15
  legs.beach--bay.effort_departure: 0.65
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the template with a fit of two members, and an override that touches two of its fields."""
    monkeypatch.chdir(tmp_path)
    new("mine")
    path = tmp_path / "mine" / "strait" / "corridor.yaml"
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace("policies: policies.yaml\n", "policies: policies.yaml\nfit: fit.yaml\n"))
    write_fit(tmp_path / "mine")
    (tmp_path / "mine" / "overrides" / "less-news.yaml").write_text(OVERRIDE, encoding="utf-8")
    return tmp_path / "mine"


def write_fit(folder: Path, old: str = "", text: str = "") -> None:
    assert old in FIT
    (folder / "strait" / "fit.yaml").write_text(FIT.replace(old, text, 1) if old else FIT, encoding="utf-8")


def line_of(text: str) -> int:
    return FIT[: FIT.index(text)].count("\n") + 1


def found(scenario: Scenario) -> dict[str, float]:
    """Return the numbers that the fit sets, as the scenario has them."""
    legs = {row.leg: row for row in scenario.legs}
    origins = {row.origin: row for row in scenario.origins}
    return {
        "weight": scenario.parameters.news.weight.value,
        "halflife": scenario.parameters.news.halflife.value,
        "XHI": origins["XHI"].departure_level,
        "XDE": origins["XDE"].departure_level,
        "effort": legs["beach--bay"].effort_departure,
        "agreement": scenario.corridor.policies["sea-agreement"].levers[0].values[0].value,
    }


FIRST = {"weight": 0.25, "halflife": 35.0, "XHI": 0.5, "XDE": 1.0, "effort": 0.75, "agreement": 3.0}
SECOND = {"weight": 0.75, "halflife": 105.0, "XHI": -3.0, "XDE": 1.5, "effort": 0.5, "agreement": 4.0}


def test_the_best_member_holds_unless_another_is_asked_for(folder: Path) -> None:
    scenario = load(folder)
    assert found(scenario) == FIRST
    assert scenario.fit_member == 0
    assert scenario.fit is not None
    assert scenario.fit.period == ("2015-01", "2015-12")
    assert found(load(folder, fit_member=1)) == SECOND
    assert found(load(folder, fit_member="1")) == SECOND
    path = folder / "two-ways.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("seed: 1\n", "seed: 1\nfit_member: 1\n"))
    assert found(load(folder)) == SECOND
    assert found(load(folder, fit_member=0)) == FIRST, "what the caller asks for goes before the file"
    assert found(load(folder / "strait")) == FIRST, "a corridor that stands for itself"


def test_without_a_member_the_files_hold(folder: Path) -> None:
    plain = load(folder, fit_member="none")
    path = folder / "two-ways.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("seed: 1\n", "seed: 1\nfit_member: null\n"))
    assert load(folder) == plain
    assert (plain.fit, plain.fit_member) == (None, None)
    corridor_file = folder / "strait" / "corridor.yaml"
    corridor_file.write_text(corridor_file.read_text(encoding="utf-8").replace("fit: fit.yaml\n", ""))
    without = load(folder)
    assert without.model_copy(update={"corridor": plain.corridor}) == plain
    assert found(without) == found(plain)
    assert not set(found(plain).items()) & set(FIRST.items())


def test_overrides_win_over_the_fit_and_settings_over_both(folder: Path) -> None:
    laid = found(load(folder, overrides=["less-news"]))
    assert laid == {**FIRST, "weight": 0.15, "effort": 0.65}
    settings = ["parameters.news.weight=0.05", "origins.XHI.departure_level=2"]
    laid = found(load(folder, overrides=["less-news"], set=settings))
    assert laid == {**FIRST, "weight": 0.05, "effort": 0.65, "XHI": 2.0}


def rows_of(folder: Path, field: str, **changes: Any) -> dict[str, Any]:
    (row,) = (row for row in explain(folder, field, **changes) if row["field"] == field)
    return dict(row)


def test_explain_says_that_a_value_is_fitted_and_where(folder: Path) -> None:
    weight = rows_of(folder, "parameters.news.weight")
    assert (weight["value"], weight["kind"], weight["range"]) == (0.25, "fitted", (0.1, 0.5))
    assert weight["source"] == "invented"
    first = line_of("    values: {parameters.news.weight: 0.25")
    assert (weight["file"], weight["line"]) == ("mine/strait/fit.yaml", first)
    assert "before: 0.2 in utility, assumed" in weight["note"]
    halflife = rows_of(folder, "parameters.news.halflife", fit_member=1)
    assert (halflife["value"], halflife["unit"]) == (105.0, "day")
    assert halflife["range"] == (28.0, 105.0), "the interval, widened to the member's value"
    assert halflife["line"] == line_of("parameters.news.halflife: 15")
    effort = rows_of(folder, "legs.beach--bay.effort_departure")
    assert (effort["value"], effort["kind"], effort["range"]) == (0.75, "fitted", (0.2, 0.9))
    assert (effort["file"], effort["line"]) == ("mine/strait/fit.yaml", first + 1)
    assert rows_of(folder, "legs.beach--bay.price_eur")["kind"] == "assumed"
    assert rows_of(folder, "origins.departure_level")["kind"] == "fitted", "every cell of the column is"
    assert rows_of(folder, "legs.effort_departure")["kind"] == "assumed", "one cell of the column is"
    lever = rows_of(folder, "policies.sea-agreement.levers.0.values.0.value")
    assert (lever["value"], lever["kind"], lever["source"]) == (3, "fitted", "invented")
    assert lever["range"] == pytest.approx((2.0, 4.0))
    assert (lever["file"], lever["line"]) == ("mine/strait/fit.yaml", first + 2)
    assert rows_of(folder, "fit_member")["value"] == 0
    assert rows_of(folder, "fit.period")["line"] == line_of("period:")


def test_explain_says_what_was_laid_over_the_fit(folder: Path) -> None:
    weight = rows_of(folder, "parameters.news.weight", overrides=["less-news"])
    assert (weight["kind"], weight["override"], weight["source"]) == ("assumed", "less-news", "")
    assert "it was 0.25 (fitted, source invented)" in weight["note"]
    effort = rows_of(folder, "legs.beach--bay.effort_departure", set=["legs.beach--bay.effort_departure=2"])
    assert (effort["kind"], effort["override"]) == ("assumed", "--set")
    plain = rows_of(folder, "parameters.news.weight", fit_member="none")
    assert (plain["kind"], plain["value"]) == ("assumed", 0.2)


def test_the_source_of_a_fitted_number_stands_in_the_fit(folder: Path) -> None:
    """Where a parameter, a lever change or a whole column names the data, that is the line of the fit that does."""
    found = {at.field: (at.file, at.line) for _, at in named_sources(make_parts(resolve(folder).draft))}
    at_data = ("mine/strait/fit.yaml", line_of("data:"))
    column = "tables.origins.columns.departure_level"
    for field in ("parameters.news.weight", "policies.sea-agreement.levers.0", column):
        assert found[f"{field}.source"] == at_data
    assert found["data.0"] == at_data
    assert "tables.legs.columns.effort_departure.source" not in found, "one cell of the column is fitted"


def test_a_fitted_scenario_has_no_number_without_support(folder: Path) -> None:
    for member in (0, 1):
        content = json.loads(load(folder, fit_member=member).model_dump_json(by_alias=True))
        assert unsupported_numbers(content, "mine") == []
    check([folder])


def test_a_run_of_another_member_is_made_again_from_its_record(folder: Path, tmp_path: Path) -> None:
    short = {"end": "2015-07-01", "persons_per_agent": 100}
    done = corridor("run", "mine", "--fit-member", "1", "--end", "2015-07-01", "--persons-per-agent", "100",
                    "--no-figures", "--out", "run", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "run" / "record.json").read_text())
    assert record["scenario"]["fit_member"] == 1
    assert record["scenario"]["fit"]["code"] == "1234567"
    (folder / "strait" / "fit.yaml").unlink()
    again = corridor("rerun", "run", "--json", cwd=tmp_path)
    assert json.loads(again.stdout)["same"] is True, again.stderr
    said = json.loads(corridor("explain", "run", "fit_member", "--json", cwd=tmp_path).stdout)
    assert said[0]["value"] == 1
    write_fit(folder)
    best, other = (api.run(folder, fit_member=member, **short).hash for member in (0, 1))  # type: ignore[arg-type]
    assert best != other
    assert other == record["result_hash"]
    shown = corridor("explain", "mine", "parameters.news.weight", "--fit-member", "none", "--json", cwd=tmp_path)
    assert json.loads(shown.stdout)[0]["kind"] == "assumed"


WRONG = [
    ("parameters.news.weight: {unit", "parameters.news.wieght: {unit",
     r"fit.yaml:8: parameters.news.wieght: there is no 'wieght' in parameters.news"),
    ("origins.XHI.departure_level: {", "origins.XHO.departure_level: {",
     r"fit.yaml:10: origins.XHO.departure_level: does not exist, and cannot be fitted"),
    ("origins.XHI.departure_level: {", "origins.XHI.note: {",
     r"fit.yaml:10: origins.XHI.note: is not a number with evidence"),
    ("parameters.news.weight: {unit", "title: {unit", r"fit.yaml:8: title: is not a number with evidence"),
    ("parameters.news.halflife: {", "parameters.news.weight.value: {",
     r"fit.yaml:9: fields.parameters.news.weight.value: is the same number as parameters.news.weight"),
    ('legs.beach--bay.effort_departure: {unit: "1"', "legs.beach--bay.effort_departure: {unit: day",
     r"fit.yaml:12: fields.legs.beach--bay.effort_departure.unit: is not the unit of this number"),
    ("unit: week", "unit: eur", r"fit.yaml:\d+: parameters.news.halflife: .*'eur'"),
    ("range: [0.0, 0.9]", "range: [0.9, 0.0]", r"fit.yaml:8: .*does not run from low to high"),
    ("interval: [0.1, 0.5]", "interval: [0.1, 0.95]", r"fit.yaml:8: .*reaches beyond the range"),
    ("parameters.news.weight: 0.25", "parameters.news.weight: 0.95",
     r"fit.yaml:16: members.0.values.parameters.news.weight: lies outside the range searched(?s:.*)0 to 0.9"),
    ("      parameters.news.halflife: 15\n", "",
     r"fit.yaml:20: members.1.values: lacks parameters.news.halflife"),
    ("      parameters.news.halflife: 15\n", "      parameters.news.halflife: 15\n      parameters.news.shared: 0.1\n",
     r"fit.yaml:23: members.1.values.parameters.news.shared: is not among the fields that were fitted"),
    ("loss: 0.5\n", "loss: 0.3\n", r"fit.yaml:19: members.1.loss: is lower than that of the first member"),
    ("[2015-01, 2015-12]", "[2015-12, 2015-01]", r"fit.yaml:4: period: ends before it starts"),
    ("data: [invented]", "data: [invnted]", r"fit.yaml:3: data.0: names a source that does not exist"),
    ("data: [invented]", "data: []", r"fit.yaml:3: data: has too few items"),
    ("how: by hand, for tests\n", "", r"fit.yaml:1: how: is missing"),
    ("  - loss: 0.4\n", "  - {\n", r"fit.yaml:\d+: fit: is not YAML|fit.yaml:\d+: is not YAML"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "text", "says"), WRONG, ids=[says.split(": ", 1)[1] for *_, says in WRONG])
def test_each_error_is_said_with_its_line(folder: Path, old: str, text: str, says: str) -> None:
    write_fit(folder, old, text)
    with pytest.raises(InputError, match=says):
        load(folder)


def test_all_errors_come_at_once(folder: Path) -> None:
    text = FIT.replace("parameters.news.weight: 0.25", "parameters.news.weight: -1").replace("loss: 0.5", "loss: 0.1")
    (folder / "strait" / "fit.yaml").write_text(text.replace("data: [invented]", "data: [nobody]"), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load(folder, fit_member=7, overrides=["nothing"])
    assert [problem.field for problem in caught.value.problems] == [
        "members.0.values.parameters.news.weight", "members.1.loss", "fit_member", "overrides", "data.0",
    ]  # fmt: skip


@pytest.mark.parametrize("member", [2, -1, "best", True])
def test_a_member_that_is_not_there(folder: Path, member: Any) -> None:
    with pytest.raises(InputError, match="--fit-member: fit_member: is not") as caught:
        load(folder, fit_member=member)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize(("written", "says"), [("5", "is not a member of the fit"), ("-1", "is too small"),
                                               ("yes", "is not a whole number")])  # fmt: skip
def test_a_member_that_a_scenario_names_and_is_not_there(folder: Path, written: str, says: str) -> None:
    path = folder / "two-ways.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("seed: 1\n", f"seed: 1\nfit_member: {written}\n"))
    with pytest.raises(InputError, match=rf"two-ways.yaml:\d+: fit_member: {says}") as caught:
        load(folder)
    assert len(caught.value.problems) == 1


def test_a_member_of_no_fit(tmp_path: Path) -> None:
    new(tmp_path / "plain")
    assert load(tmp_path / "plain", fit_member="none").fit_member is None
    with pytest.raises(InputError, match="the corridor has no fit"):
        load(tmp_path / "plain", fit_member=0)


def test_a_fit_file_that_is_not_there(folder: Path) -> None:
    (folder / "strait" / "fit.yaml").unlink()
    with pytest.raises(InputError, match=r"corridor.yaml:\d+: fit: names a file that is not there") as caught:
        load(folder, fit_member=0)
    assert len(caught.value.problems) == 1


def test_what_is_measured_is_not_fitted(folder: Path) -> None:
    path = folder / "strait" / "parameters.yaml"
    text = path.read_text(encoding="utf-8")
    old = "  weight: {value: 0.2, unit: utility, kind: assumed,"
    assert old in text
    path.write_text(text.replace(old, "  weight: {value: 0.2, unit: utility, kind: measured, source: invented,"))
    with pytest.raises(InputError, match="is measured, and what is measured is not fitted"):
        load(folder)


@pytest.mark.parametrize("setting", ["fit=other.yaml", "fit_member=1", "fit.loss=0"])
def test_the_fit_itself_cannot_be_set(folder: Path, setting: str) -> None:
    with pytest.raises(InputError, match="cannot be laid over"):
        load(folder, set=[setting])


def test_a_resolved_scenario_has_its_member(folder: Path) -> None:
    resolved = resolve(folder, fit_member=1)
    assert resolved.fit is not None
    assert len(resolved.fit.members) == 2
    for member in (0, "none"):
        with pytest.raises(InputError, match="cannot change a resolved scenario"):
            api.run(resolved.scenario, fit_member=member)
