"""Whole runs in which governments decide by rule: order, luck, names and the length of a step."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import bargains
import numpy as np
import pandas as pd
import pytest
import small
from bargains import bargain, border, quantity, response

from simulator.governments.choice import luck_of, take
from simulator.model import CorridorModel
from simulator.scenario.bargains import RegimesFile
from simulator.scenario.schema import Scenario
from simulator.world.world import World

ROOT = Path(__file__).parents[1]
ANSWERS: dict[str, Any] = {
    "more": {"relief": 0.4, "cost": 30.0, "levers": [
        {"lever": "asylum_capacity", "do": "multiply", "value": quantity(1.5)},
        {"lever": "removal_capacity", "do": "multiply", "value": quantity(2.0)},
    ]},
    "closed": {"relief": 0.6, "harm": 0.8, "levers": [
        {"lever": "recognition_shift", "at": ["ORA", "ORB"], "value": quantity(-0.2)},
        {"lever": "border_effort_arrival", "at": ["eastern"], "value": quantity(0.7)},
    ]},
    "as_it_is": {"relief": 0.0},
}  # fmt: skip
TERMS = ["date", "government", "partner", "question", "role", "option", "term"]


def bargaining(**knobs: Any) -> Scenario:
    """Return a corridor with four bargains of two donors, and a response, over a year and a half."""
    questions = {
        "a-returns": bargain("ORA", "threat", aid=2.0),
        "b-returns": bargain("ORB", "package", aid=3.0, destinations=["DEA"]),
        "border": border("TRA", "price", aid=30.0),
        "second-border": border("TRB", "promise", aid=9.0, legs=["port-west--coast"], donor="DEB"),
    }
    plain = {"end": "2017-07-01", "population": 20_000, "persons_per_agent": 10, "remittances": 0.04}
    return bargains.scenario(questions, responses={"arrivals": response("DEA", **ANSWERS)}, **{**plain, **knobs})


@cache
def plain_run() -> dict[str, Any]:
    return bargains.tables(bargaining())


def assert_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Every recorded bit is the same."""
    assert set(one) == set(other)
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, other[name], check_exact=True, obj=name)


def decisions(choices: pd.DataFrame) -> pd.DataFrame:
    """Return what was taken, a row a decision."""
    found = choices[(choices["term"] == "taken") & (choices["value"] == 1)]
    return found[["date", "question", "role", "option"]].astype(str).reset_index(drop=True)


def test_the_run_decides_something_of_each_kind() -> None:
    """What the tests below compare is alive: each question is decided every quarter, and not always alike."""
    taken = decisions(plain_run()["choices"])
    roles = taken.groupby(["question", "role"]).size()
    assert set(roles) == {7}
    assert {role for _, role in roles.index} == {"partner", "donor", "destination"}
    assert taken.groupby(["question", "role"])["option"].nunique().max() >= 2
    for name in ("trust", "compliance", "backlash", "price_asked"):
        assert plain_run()[name].groupby(["government", "recipient"], observed=True)["value"].nunique().max() > 1, name
    assert (plain_run()["diverted"]["value"] > 0).any()


@pytest.mark.parametrize("reverse", [True, False])
def test_the_order_of_governments_changes_no_bit(reverse: bool) -> None:
    """All weigh before any acts: in order of code, forwards or backwards, as in the order in which they were made."""
    model = CorridorModel(bargaining())
    made = [agent.code for agent in model.agents]
    model.agents.sort(key=lambda agent: agent.code, ascending=not reverse, inplace=True)
    codes = [agent.code for agent in model.agents]
    assert codes == sorted(made, reverse=reverse)
    assert codes != made
    model.run()
    assert_same(plain_run(), bargains.tables_of(model))


def test_nobody_sees_what_others_decide_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """While anybody weighs, what is in force is as it was when the first began, whoever has weighed before."""
    from simulator.governments.bargaining import BargainState

    model = CorridorModel(bargaining(end="2016-09-01"))
    weigh, seen = BargainState.weigh, []

    def watched(self: BargainState, role: str, number: int) -> Any:
        seen.append((model.world.step, tuple((each.act, each.stance, each.relation.trust, each.asked_price)
                                             for each in model.cabinet.bargains)))  # fmt: skip
        return weigh(self, role, number)

    monkeypatch.setattr(BargainState, "weigh", watched)
    model.run()
    steps = {step for step, _ in seen}
    assert len(seen) == 8 * len(steps)
    assert len(set(seen)) == len(steps) >= 2


# Luck --------------------------------------------------------------------------------------------------------------


def test_the_same_seed_makes_the_same_choices_and_another_seed_others() -> None:
    assert_same(plain_run(), bargains.tables(bargaining()))
    other = bargains.tables(bargaining(seed=2))
    assert not decisions(other["choices"]).equals(decisions(plain_run()["choices"]))


def drawn(choices: pd.DataFrame, seed: int = 1) -> Iterator[tuple[str, str, int, int, int]]:
    """Yield each decision: question, role, number, the option taken, and the one that its own luck takes."""
    for (question, role), rows in choices.groupby(["question", "role"], observed=True):
        for number, (_, of) in enumerate(rows.groupby("date", observed=True, sort=True)):
            chance = of.loc[of["term"] == "chance", "value"].to_numpy()
            taken = int(np.argmax(of.loc[of["term"] == "taken", "value"].to_numpy()))
            yield str(question), str(role), number, taken, take(chance, luck_of(seed, str(question), str(role), number))


def test_another_policy_elsewhere_leaves_the_luck_of_decisions_alone() -> None:
    """Effort elsewhere moves chances, by what is seen, and no draw: each choice is what its own luck makes of them."""
    effort = small.policy(small.change("border_effort_departure", "TRB", ["western"], [("2016-02-01", 3.0)]))
    with_it = bargains.tables(bargaining(policies={"elsewhere": effort}))["choices"]
    without = plain_run()["choices"]
    assert not with_it["value"].equals(without["value"]), "it would not be a test if nothing moved"
    for choices in (with_it, without):
        found = list(drawn(choices))
        assert len(found) == 9 * 7
        assert all(taken == wanted for *_, taken, wanted in found)


def test_a_bargain_more_leaves_the_luck_of_the_others_alone() -> None:
    """Turned off, one bargain is not decided; the first decisions of the others, taken before it could matter, stay."""
    made = bargaining(end="2016-03-01")
    fewer = {name: each for name, each in made.corridor.bargains.items() if name != "border"}
    fewer["border"] = made.corridor.bargains["border"].model_copy(update={"active": False})
    less = made.model_copy(update={"corridor": made.corridor.model_copy(update={"bargains": fewer})})
    every = bargains.tables(made)["choices"]
    some = bargains.tables(less)["choices"]
    assert set(some["question"]) == set(every["question"]) - {"border"}
    wanted = every[every["question"] != "border"]
    pd.testing.assert_frame_equal(
        some[[*TERMS, "value"]].astype({name: str for name in TERMS}).reset_index(drop=True),
        wanted[[*TERMS, "value"]].astype({name: str for name in TERMS}).reset_index(drop=True),
    )


@pytest.mark.parametrize("step_days", [1, 14])
def test_the_length_of_a_step_changes_no_number_of_decisions(step_days: int) -> None:
    """From 1 January 2016 every 91 days to the end of March 2017: five and a half quarters, six decisions each."""
    knobs: dict[str, Any] = {"end": "2017-04-21", "population": 4000}
    choices = [bargains.tables(bargaining(step_days=days, **knobs))["choices"] for days in (7, step_days)]
    counts = [decisions(each).groupby(["question", "role"]).size() for each in choices]
    assert counts[0].to_dict() == counts[1].to_dict()
    assert set(counts[0]) == {6}
    assert all(taken == wanted for each in choices for *_, taken, wanted in drawn(each)), "nor any luck"


# Names -------------------------------------------------------------------------------------------------------------


def test_no_equation_knows_the_name_of_a_regime() -> None:
    """With every regime renamed, in reverse order of the alphabet, every recorded bit is the same."""
    made = bargaining()
    assert made.corridor.regimes is not None
    names = {name: f"x{len(made.corridor.regimes.regimes) - n:02d}"
             for n, name in enumerate(made.corridor.regimes.regimes)}  # fmt: skip
    regimes = {names[name]: regime.model_copy(update={"label": "A regime"})
               for name, regime in reversed(made.corridor.regimes.regimes.items())}  # fmt: skip
    file = RegimesFile(acts=made.corridor.regimes.acts, regimes=regimes)
    renamed = {name: each.model_copy(update={"regime": names[each.regime]})
               for name, each in made.corridor.bargains.items()}  # fmt: skip
    corridor = made.corridor.model_copy(update={"regimes": file, "bargains": renamed})
    assert_same(plain_run(), bargains.tables(made.model_copy(update={"corridor": corridor})))


def texts(path: Path) -> Iterator[str]:
    """Yield every text of a module but its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body and isinstance(node.body[0], ast.Expr)
    }  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def test_no_name_of_a_regime_stands_in_the_program() -> None:
    modules = list((ROOT / "simulator").rglob("*.py"))
    assert len(modules) > 80
    for path in modules:
        for text in texts(path):
            assert not any(name in text for name in bargains.shipped().regimes), (path, text)


# What comes of it --------------------------------------------------------------------------------------------------


def test_what_was_decided_is_in_force_from_the_next_step_on() -> None:
    """After each decision of a step, the levers of the next are those of the acts taken: papers, and effort."""
    model = CorridorModel(bargaining(end="2016-09-01", policies={}))
    world: World = model.world
    base = world.parameters.returns.papers_share.value
    in_force: list[tuple[float, ...]] = []
    for step in range(world.clock.n_steps):
        world.step = step
        wanted = [(each.act, each.acts[each.act].value.value) for each in model.cabinet.bargains]
        model.step()
        (a, papers_a), (b, papers_b), (c, effort_c), (d, effort_d) = wanted
        cooperation, posture = world.levers["readmission_cooperation"], world.levers["border_posture"]
        expected = (papers_a - base if a >= 0 else 0.0, papers_b - base if b >= 0 else 0.0)
        assert cooperation[0, 4:].tolist() == pytest.approx([expected[0]] * 2)
        assert cooperation[1, 4:].tolist() == pytest.approx([expected[1], 0.0])
        assert posture[small.EAST] == (effort_c if c >= 0 else 1.0)
        assert posture[small.WEST] == (effort_d if d >= 0 else 1.0)
        in_force.append((a, b, c, d))
    assert in_force[0] == (-1, -1, -1, -1)
    assert min(in_force[1]) >= 0


def test_spending_and_diverted_money_add_up() -> None:
    """Half of 10 million withdrawn where ORA refuses in full, for all that is left of half a year after one step."""
    sure = {"bargaining.choice_scale": 1e-3, "bargaining.donor_concern_weight": 0.0, "bargaining.trust_weight": 0.0,
            "bargaining.first_belief": 0.0, "bargaining.donor_relation_weight": 0.0, "bargaining.task_cost": 1.0,
            "bargaining.diverted_share": 0.6, "bargaining.donor_money_weight": 100.0,
            "bargaining.learning": 0.0}  # fmt: skip
    questions = {"question": bargain("ORA", "threat", aid=10.0), "other": border("TRA", "paid", aid=20.0)}
    always = {"paid": bargains.regime(bargains.item("aid", "always", 1.0, of_aid=True))}
    made = bargains.scenario(questions, always, parameter=sure, population=2000, end="2016-07-01")
    model = small.run(made)
    spent = {(row.government, row.recipient): row.value for row in
             bargains.tables_of(model)["spending"].groupby(["government", "recipient"], observed=True)["value"]
             .sum().reset_index().itertuples()}  # fmt: skip
    years = (182 - 7) / 365.25
    assert spent["EU", "ORA"] == pytest.approx(-5e6 * years)
    assert spent["EU", "TRA"] == pytest.approx(20e6 * years)
    diverted = bargains.tables_of(model)["diverted"]
    assert set(diverted["recipient"].astype(str)) == {"TRA"}, "of what is withheld, nothing can be diverted"
    assert diverted["value"].sum() == pytest.approx(20e6 * years * 0.6 * 60 / 120)
    assert model.partnerships["EU", "TRA"].paid == pytest.approx(20e6 * years)


def test_what_is_not_active_is_not_decided() -> None:
    made = bargaining(end="2016-06-01")
    off = {name: each.model_copy(update={"active": False}) for name, each in made.corridor.bargains.items()}
    quiet = {name: each.model_copy(update={"active": False}) for name, each in made.corridor.responses.items()}
    corridor = made.corridor.model_copy(update={"bargains": off, "responses": quiet})
    without = {"bargains": {}, "responses": {}, "regimes": None}
    none = made.corridor.model_copy(update=without)
    tables = bargains.tables(made.model_copy(update={"corridor": corridor}))
    assert len(tables["choices"]) == len(tables["compliance"]) == len(tables["diverted"]) == 0
    assert_same(tables, bargains.tables(made.model_copy(update={"corridor": none})))
