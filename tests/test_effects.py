"""Nothing that is given silently does nothing, counts twice, or means something else: each kind, and both ways."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from simulator import api
from simulator.effects.doubts import doubtful
from simulator.effects.orders import Timetable
from simulator.effects.reach import REACH
from simulator.effects.same import fingerprint, unread
from simulator.errors import InputError, InputWarning, Problem
from simulator.model import CorridorModel
from simulator.outputs.result import Result
from simulator.scenario.levers import LEVERS
from simulator.scenario.load import resolve
from simulator.scenario.schema import Scenario
from simulator.sweeps.draws import lay
from simulator.world.build import build_world
from simulator.world.scale import too_coarse

COARSE = 2000
END = "2015-07-01"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "two"
    api.new(folder)
    return folder


@pytest.fixture
def own(template: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "two"
    shutil.copytree(template, folder)
    return folder


def order(lever: str, at: list[str], value: float, do: str = "add", **more: Any) -> dict[str, Any]:
    """Return one order of a lever."""
    unit = "1" if do == "multiply" else LEVERS[lever].unit
    start = more.pop("start", "2015-01-01")
    return {"lever": lever, "government": "XST", "at": at, "do": do, "values": [{"from": start, "value": value}],
            "unit": unit, "kind": "assumed", "factor": [0.5, 2], **more}  # fmt: skip


def with_levers(folder: Path, *levers: dict[str, Any], name: str = "mine", **policy: Any) -> Path:
    """Lay an override over the scenario that adds a policy with these orders; return the scenario."""
    content = {"label": "Mine", "summary": "Mine.", "announced": "2014-01-01", "source": "assumed",
               "levers": list(levers), **policy}  # fmt: skip
    override = {"override": name, "summary": "Mine.", "add": {f"policies.{name}": content}}
    (folder / "overrides" / f"{name}.yaml").write_text(yaml.safe_dump(override), encoding="utf-8")
    return folder / "two-ways.yaml"


def doubts(scenario: Path, name: str = "mine", **changes: Any) -> list[Problem]:
    made = resolve(scenario, overrides=[name], **changes)
    return [one for one in doubtful(made.scenario, made.draft) if one.field.startswith(f"policies.{name}")]


def test_every_lever_says_where_it_reaches() -> None:
    assert set(REACH) == set(LEVERS)


def test_the_template_and_the_library_are_clean(template: Path) -> None:
    for name in (template / "two-ways.yaml", "australia", "us-mexico", "norway-ethiopia", "eu-turkey-2016"):
        made = resolve(name)
        assert [str(one) for one in doubtful(made.scenario, made.draft)] == []


KINDS: dict[str, tuple[dict[str, Any], str]] = {
    "adds 0": (order("border_effort_departure", ["beach--bay"], 0.0), "it adds 0"),
    "multiplies by 1": (order("border_posture", ["beach--bay"], 1.0, "multiply"), "it multiplies by 1"),
    "sets neutral": (order("border_posture", ["beach--bay"], 1.0, "set"), "it sets 1, as the lever is without it"),
    "multiplies 0": (order("border_effort_departure", ["long-way"], 4.0, "multiply"), "which is 0 here"),
    "at its ceiling": (order("border_cooperation", ["XST"], 0.5), "its limits are 0 and 1"),
    "before the period": (order("rescue", ["beach--bay"], 0.5, until="2014-06-01", start="2014-01-01"), "no day"),
    "after the period": (order("rescue", ["beach--bay"], 0.5, start="2030-01-01"), "no day of the period"),
    "no visa leg": (order("visa_requirement", ["XHI"], 1.0, to=["XME"]), "no leg of legal travel leads"),
    "no destination": (order("reception", ["XST"], 1.0), "nobody can claim asylum in this country"),
    "no origin": (order("remittance_facilitation", ["XNO"], 0.5), "citizens of this country"),
    "no host": (order("host_support", ["XHI"], 1.0), "nobody of another country lives"),
    "no control": (order("capacity_building", ["XHI"], 0.5), "works no border control"),
    "visa at its limit": (order("visa_requirement", ["XHI"], 1.0, to=["XNO"]), "is at its limit without it"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_an_order_that_changes_nothing_is_said_and_changes_nothing(own: Path, kind: str) -> None:
    """To the bit: every table of the run but what is reckoned of costs."""
    change, said = KINDS[kind]
    scenario = with_levers(own, change)
    found = doubts(scenario, end="2016-01-01")
    assert len(found) == 1 and said in found[0].message, found
    assert found[0].file.endswith("mine.yaml") and found[0].line and found[0].advice
    assert tables(scenario, ["mine"]) == tables(scenario, [])


def tables(scenario: Path, overrides: list[str]) -> dict[str, str]:
    return hashes_of(resolve(scenario, overrides=overrides, persons_per_agent=COARSE, end=END).scenario)


def hashes_of(scenario: Scenario) -> dict[str, str]:
    """Return the hashes of a run's tables, but for what instruments are reckoned to cost."""
    model = CorridorModel(scenario)
    model.run()
    hashes = dict(Result.of_run(model.recorder, model.stats).table_hashes)
    hashes.pop("instrument_costs", None)
    return hashes


ACTS = {
    "effort": order("border_effort_departure", ["beach--bay"], 2.0),
    "arrival": order("border_effort_arrival", ["long-way"], 2.0),
    "posture": order("border_posture", ["beach--bay"], 2.0, "multiply"),
    "cooperation": order("border_cooperation", ["XST"], 0.5, "multiply"),
    "rescue": order("rescue", ["beach--bay"], 0.5),
    "host": order("host_support", ["XST"], 1.0),
    "visa": order("visa_requirement", ["XHI", "XDE"], -1.0, to=["XNO", "XWE"]),
    "reception": order("reception", ["XNO"], 2.0),
}  # fmt: skip


@pytest.mark.parametrize("name", ACTS)
def test_an_order_that_is_not_said_to_do_nothing_changes_something(own: Path, name: str) -> None:
    scenario = with_levers(own, ACTS[name])
    assert doubts(scenario) == []
    assert tables(scenario, ["mine"]) != tables(scenario, [])
    bare = resolve(scenario).scenario
    assert fingerprint(resolve(scenario, overrides=["mine"]).scenario) != fingerprint(bare)


def test_one_name_of_many_is_said_by_itself(own: Path) -> None:
    found = doubts(with_levers(own, order("reception", ["XNO", "XST"], 1.0)))
    assert [one.field for one in found] == ["policies.mine.levers.0.at.1"]


def test_what_undoes_or_repeats_another_is_said(own: Path) -> None:
    up, down = order("reception", ["XNO"], 1.0), order("reception", ["XNO"], -1.0)
    assert all("undoes it" in one.message for one in doubts(with_levers(own, up, down)))
    twice = doubts(with_levers(own, up, up))
    assert len(twice) == 1 and "counts twice" in twice[0].message


def test_an_order_that_stands_there_often_is_looked_at_once(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four hundred lines of an order that changes nothing took half a minute: each was laid without each, each step."""
    nothing = order("border_posture", ["beach--bay"], 1, "multiply")
    laid = []
    whole = Timetable.lay
    monkeypatch.setattr(Timetable, "lay", lambda *given: laid.append(given[2:]) or whole(*given))
    said = {}
    for often in (1, 5):
        laid.clear()
        found = doubts(with_levers(own, *[nothing] * often), end=END)
        said[often] = len(laid)
        assert sum("changes nothing in this run" in each.message for each in found) == often
    assert said[5] == said[1]


def test_an_order_that_ends_another_does_something(own: Path) -> None:
    up, down = order("reception", ["XNO"], 1.0), order("reception", ["XNO"], -1.0, start="2015-03-01")
    assert doubts(with_levers(own, up, down)) == []


def test_a_payment_outside_of_the_period_is_said(own: Path) -> None:
    pay = {"payer": "XNO", "recipient": "XST", "from": "2030-01-01", "until": "2031-01-01", "million_eur": 5,
           "kind": "assumed", "factor": [0.5, 2]}  # fmt: skip
    found = doubts(with_levers(own, payments=[pay]))
    assert len(found) == 1 and "nothing of it falls in the period" in found[0].message


def test_a_corridors_own_timetable_may_hold_more_than_a_period(own: Path) -> None:
    made = resolve(own / "two-ways.yaml", end="2015-02-01")
    assert doubtful(made.scenario, made.draft) == []


def corridor(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "simulator", *arguments]
    return subprocess.run(command, cwd=cwd, text=True, capture_output=True, check=False, timeout=120)


def test_effort_without_control_is_refused_with_leg_and_field(own: Path) -> None:
    with_levers(own, order("border_effort_departure", ["strand-city--beach"], 50.0))
    done = corridor("run", "two-ways.yaml", "--override", "mine", "--no-figures", "--out", "r", cwd=own)
    assert done.returncode == 2 and not (own / "r").exists()
    assert "mine.yaml:" in done.stderr and "policies.mine.levers.0.at.0" in done.stderr
    assert "departure_control" in done.stderr and "strand-city--beach" in done.stderr


def test_check_and_run_warn_and_go_on(own: Path) -> None:
    with_levers(own, order("border_effort_departure", ["long-way"], 4.0, "multiply"))
    scenario = own / "two-ways.yaml"
    content = yaml.safe_load(scenario.read_text(encoding="utf-8"))
    scenario.write_text(yaml.safe_dump({**content, "overrides": ["mine"]}), encoding="utf-8")
    checked = corridor("check", ".", cwd=own)
    assert checked.returncode == 0 and "warning: overrides/mine.yaml:" in checked.stderr
    with pytest.warns(InputWarning, match="which is 0 here"):
        result = api.run(scenario, persons_per_agent=COARSE, end="2015-02-01")
    assert len(result.warnings) == 1


def test_a_setting_that_nothing_reads_is_said(own: Path) -> None:
    made = resolve(own / "two-ways.yaml", set={"parameters.bargaining.choice_scale": 2.0})
    found = doubtful(made.scenario, made.draft)
    assert len(found) == 1 and "nothing reads it, since nothing is decided by a rule" in found[0].message


def test_parameters_that_are_said_to_be_unread_are(own: Path) -> None:
    """All of them at once, each at another value: the same run to the bit."""
    scenario = own / "two-ways.yaml"
    plain = resolve(scenario).scenario
    fields = unread(plain)
    moved = {}
    for field in fields:
        _, group, name = field.split(".")
        quantity = getattr(getattr(plain.parameters, group), name)
        low, high = quantity.range or (quantity.value, quantity.value)
        moved[field] = high if high != quantity.value else low
    assert len(moved) > 20
    other = lay(resolve(scenario, persons_per_agent=COARSE, end=END).scenario, moved)
    assert hashes_of(other) == tables(scenario, [])
    assert fingerprint(lay(plain, moved)) == fingerprint(plain)
    assert fingerprint(lay(plain, {"parameters.news.weight": 9.0})) != fingerprint(plain)


DESIGN = {
    "question": "Does it?", "scenario": "../../two-ways.yaml", "persons_per_agent": COARSE,
    "measures": {"arrivals": {"measure": "arrivals", "better": "less"}},
}  # fmt: skip


def design(folder: Path, **parts: Any) -> Path:
    path = folder / "experiments" / "mine"
    path.mkdir(parents=True)
    (path / "design.yaml").write_text(yaml.safe_dump({**DESIGN, **parts}), encoding="utf-8")
    return path


def test_a_factor_that_changes_nothing_is_said(own: Path) -> None:
    with_levers(own, order("border_effort_departure", ["long-way"], 1.0, "multiply"))
    factor = {"set": "policies.mine.levers.0.values.0.value", "values": [1, 4, 16]}
    path = design(own, cases={"one": {"scenario": "../../two-ways.yaml", "overrides": ["mine"]}}, factors={
        "effort": factor, "effect": {"field": "parameters.crossing.effectiveness", "steps": 2},
        "weight": {"field": "parameters.bargaining.money_weight", "steps": 2},
    }, scenario=None)  # fmt: skip
    text = yaml.safe_load((path / "design.yaml").read_text(encoding="utf-8"))
    text.pop("scenario")
    (path / "design.yaml").write_text(yaml.safe_dump(text), encoding="utf-8")
    done = corridor("sweep", str(path), "--dry-run", cwd=own)
    assert done.returncode == 0, done.stderr
    warned = done.stderr
    assert "factors.effort: changes nothing in these runs" in warned
    assert "factors.weight: changes nothing in these runs: nothing reads parameters.bargaining.money_weight" in warned
    assert "factors.effect" not in warned and "which is 0 here" in warned


def test_an_arm_that_is_another_by_a_different_name_is_said(own: Path) -> None:
    path = design(own, arms={"as-it-is": {}, "titled": {"set": {"title": "Else"}}, "learned": {
        "set": {"switches.learning": False}}}, baseline="as-it-is")  # fmt: skip
    with pytest.warns(InputWarning) as caught:
        api.check([path])
    assert [one.message.problem.field for one in caught] == ["arms.titled"]  # type: ignore[union-attr]


UNGUARDED = 'import simulator\nsimulator.sweep("{path}", workers=2, out="swept")\n'


def test_a_script_without_a_guarded_entry_is_refused_at_once(own: Path) -> None:
    path = design(own, arms={"a": {}, "b": {"set": {"seed": 2}}}, baseline="a")
    script = own / "script.py"
    script.write_text(UNGUARDED.format(path=path), encoding="utf-8")
    command = [sys.executable, "script.py"]
    done = subprocess.run(command, cwd=own, text=True, capture_output=True, check=False, timeout=120)
    assert done.returncode == 1 and done.stderr.count("Traceback") == 1 and not (own / "swept").exists()
    assert "script.py:2: starts worker processes" in done.stderr and "__main__" in done.stderr


BARGAIN = {
    "label": "B", "summary": "B.", "source": "assumed", "active": True, "donor": "XNO", "partner": "XST",
    "about": "border", "from": "2015-01-01", "regime": "positive-incentives", "destinations": ["XNO"],
    "legs": ["beach--bay"], "aid": {"value": 40, "unit": "million_eur/year", "kind": "assumed", "range": [10, 80]},
}  # fmt: skip


def bargained(folder: Path, edit: Callable[[dict[str, Any]], object] = lambda _: None) -> Path:
    """Let the corridor have a bargain with a transit state."""
    path = folder / "strait" / "corridor.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["bargains"] = {"b": dict(BARGAIN)}
    content["partnerships"] = [{"donor": "XNO", "partner": "XST", "trust": 0.5, "trust_range": [0.2, 0.8],
                                "source": "assumed"}]  # fmt: skip
    edit(content)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return folder / "two-ways.yaml"


def test_a_transit_state_is_offered_what_can_be(own: Path) -> None:
    made = resolve(bargained(own), persons_per_agent=COARSE, end=END)
    found = [one for one in doubtful(made.scenario, made.draft) if one.field == "bargains.b.regime"]
    assert len(found) == 1 and "left out of the offer: legal_pathways, reintegration_support" in found[0].message
    model = CorridorModel(made.scenario)
    model.run()
    assert model.world.levers["legal_pathways"].sum() == 0


@pytest.mark.parametrize("named", [None, "../regimes.yaml"])
def test_the_librarys_regimes_serve_any_corridor(own: Path, named: str | None) -> None:
    scenario = bargained(own, lambda content: content.update({} if named is None else {"regimes": named}))
    made = resolve(scenario).scenario.corridor.regimes
    assert made is not None and {"less-for-less", "more-for-more"} <= set(made.regimes)


def regime(label: str) -> dict[str, Any]:
    scale = {"value": 0.5, "unit": "1", "kind": "assumed", "range": [0, 1]}
    return {"label": label, "summary": "S.", "source": "assumed", "publicity": scale, "shared_priorities": scale}


def test_a_corridors_own_regimes_stand_beside_the_librarys(own: Path) -> None:
    scenario = bargained(own, lambda content: content.update(regimes={"regimes": {"mine": regime("Mine")}}))
    made = resolve(scenario).scenario.corridor.regimes
    assert made is not None and {"mine", "less-for-less"} <= set(made.regimes) and made.acts.border


def test_one_name_for_two_regimes_is_an_error_that_names_both(own: Path) -> None:
    scenario = bargained(own, lambda content: content.update(regimes={"regimes": {"less-for-less": regime("Mine")}}))
    with pytest.raises(InputError, match=r"corridor.yaml:\d+: regimes.regimes.less-for-less: .*regimes.yaml:\d+"):
        resolve(scenario)


def test_rows_that_no_pool_fills_are_said(template: Path) -> None:
    """A row of more people than an origin has, or than any of its pools holds, lets nobody set out."""
    made = resolve(template / "two-ways.yaml", persons_per_agent=1000)
    world = build_world(made.scenario)
    assert list(too_coarse(world)) == []
    world.pools[...] = 999
    world.pools[1] = 0
    world.pools[1].flat[0] = 999
    timetable = Timetable(made.scenario)
    timetable.world = world
    said = [one for one in doubtful(made.scenario, made.draft, timetable) if one.field == "persons_per_agent"]
    assert [one.message for one in said] == [
        "lets nobody set out from there at first: a row stands for 1,000 people, which is more than all people of XDE",
        "lets nobody set out from there at first: a row stands for 1,000 people, and of XHI no pool (people of one "
        "residence, need and wealth) holds as many",
    ]
    world.pools[:, 0] = 1000
    assert list(too_coarse(world)) == []


def test_a_lever_looked_at_alone_is_as_in_the_whole_table() -> None:
    """In each step, to the bit where orders hold the whole of it; where they change within it, to rounding."""
    timetable = Timetable(resolve("eu-turkey-2016").scenario)
    for step in range(0, timetable.world.clock.n_steps, 20):
        whole = timetable.setting(step).levers
        within_step = any(step in entry.order.days for entry in timetable.entries)
        for lever in timetable.of_lever.keys() - timetable.decided:
            alone = timetable.value(step, lever)
            np.testing.assert_allclose(alone, whole[lever], rtol=1e-12 if within_step else 0)
