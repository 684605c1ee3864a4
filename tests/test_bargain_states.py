"""A bargain as it goes: what both sides see, how relations and prices follow, and how an agreement or a threat ends."""

from __future__ import annotations

from typing import Any

import bargains
import numpy as np
import pytest
import small
from bargains import item, regime
from small import EAST, WEST

from simulator.governments.bargaining import BargainState, Calendar, Laid, Tracker
from simulator.governments.response import ResponseState
from simulator.scenario.schema import Scenario
from simulator.units import DAYS_PER_YEAR
from simulator.world.world import World

QUIET = {"governance.observation_noise": 0.0, "governance.observation_lag": 1e-3}
"""What is seen is what there is."""


def world(**knobs: Any) -> World:
    return small.world(**{"end": "2018-01-01", **knobs})


# What is seen ------------------------------------------------------------------------------------------------------


def test_rates_are_smoothed_over_a_decision_interval_and_known_late() -> None:
    """Steps of a week, lag of 45 days: after step k, the newest known is that of step k - 7 (49 days before)."""
    here = world(parameter={"governance.observation_lag": 45, "governance.decision_interval": 91})
    tracker, rates, rate = Tracker(here), [], 0.0
    for step in range(40):
        here.step = step
        flow = 100.0 if step < 20 else 30.0 * (step % 3)
        tracker.push(here, np.array([flow]))
        now = flow * DAYS_PER_YEAR / 7
        rate = now if step == 0 else rate + (1 - np.exp(-7 / 91)) * (now - rate)
        rates.append(rate)
        if step < 7:
            assert tracker.known is None, "nothing is old enough to be known"
        else:
            assert tracker.known == pytest.approx([rates[step - 7]])


def readmission(regime_name: str = "nothing", **knobs: Any) -> Scenario:
    """Return a corridor with one bargain about returns; fields of the bargain stand among the knobs."""
    fields = {name: knobs.pop(name) for name in ("aid", "asked", "income", "until") if name in knobs}
    knobs = {"end": "2018-01-01", **knobs, "parameter": {**QUIET, **knobs.get("parameter", {})}}
    return bargains.scenario({"question": bargains.bargain("ORA", regime_name, **fields)}, **knobs)


def watch(state: BargainState, **flows: Any) -> None:
    """Let a step pass with these entries of the ledger, and an empty one, at whose end the first is known."""
    for name, (where, value) in flows.items():
        state._world.ledger[name][where] = value
    bargains.pass_steps(state)


def border_state(regime_name: str = "price", **knobs: Any) -> BargainState:
    knobs = {"end": "2018-01-01", **knobs, "parameter": {**QUIET, **knobs.get("parameter", {})}}
    return bargains.state(bargains.scenario({"question": bargains.border("TRA", regime_name, aid=20.0)}, **knobs))


def test_both_sides_see_orders_arrivals_burden_and_waiting_claims() -> None:
    """A week of 70 orders, 60 of 80 arrivals by the partner's legs, 30 held there, as rates a year."""
    state = border_state()
    assert state.seen("partner", 0).importance == 0.0, "nothing has arrived yet"
    first = (EAST, 0, 0)
    watch(state, crossings=(([EAST, WEST], 0, 0), [60, 20]), interceptions=(first, 30))
    seen = state.seen("partner", 0)
    assert seen.importance == pytest.approx(0.75)
    assert seen.burden == pytest.approx(30 * DAYS_PER_YEAR / 7 / 1000), "a thousand of a million residents"
    assert seen.pressure == 0.0
    state._world.ledger["backlog"][[4, 5]] = [3000, 2000]
    state._world.levers["asylum_capacity"][4] = 2.0
    assert state.seen("donor", 0).pressure == pytest.approx(5000 / (2 * 6000 + 4000))
    home = bargains.state(readmission())
    watch(home, orders=((4, 0), 70))
    found = home._world.parameters.returns.identification.value
    assert home.seen("donor", 0).asked == pytest.approx(70 * found * DAYS_PER_YEAR / 7)
    assert bargains.state(readmission(asked=123.0)).seen("donor", 0).asked == 123.0


def test_each_side_errs_in_its_own_way_by_the_spread_given() -> None:
    """400 decisions: the log error has mean 0 and spread 0.2, within 4 standard errors (0.04 and 0.03)."""
    state = border_state(parameter={"governance.observation_noise": 0.2})
    watch(state, interceptions=((EAST, 0, 0), 30))
    true = 30 * DAYS_PER_YEAR / 7 / 1000
    errors = np.log([[state.seen(role, n).burden / true for n in range(400)] for role in ("partner", "donor")])
    assert (errors[0] != errors[1]).all()
    np.testing.assert_allclose(errors.mean(axis=1), 0.0, atol=0.04)
    np.testing.assert_allclose(errors.std(axis=1), 0.2, atol=0.03)


def test_income_at_market_rates_and_remittances() -> None:
    """ORA: 60,000 people of 4,000 dollars; a given income grows as the other does."""
    plain = bargains.state(readmission(remittances=0.06))
    share = plain._world.parameters.bargaining.market_income.value
    economy = plain._economy(0.0)
    assert economy.income == pytest.approx(60_000 * 4000 * share)
    assert economy.salience == pytest.approx(0.06)
    given = bargains.state(readmission(income=90.0))
    assert given._economy(0.0).income == pytest.approx(90e6)
    given._world.gdp = given._world.gdp * 1.1
    assert given._economy(0.0).income == pytest.approx(99e6)


# When it is decided ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step_days", [1, 7, 14])
def test_decisions_fall_due_on_the_first_day_and_each_interval_after(step_days: int) -> None:
    """From day 10 to the day before 374, every 91 days: numbers 0 to 3, each once, by the first step that ends then."""
    here = world(parameter={"governance.decision_interval": 91}, step_days=step_days)
    calendar, due = Calendar(here, 10.0, 374.0), {}
    for day in range(step_days, 600, step_days):
        number = calendar.due(float(day))
        if number is not None:
            due[number] = day
        assert calendar.open(float(day)) == (10 <= day < 374 and bool(due))
    assert list(due) == [0, 1, 2, 3], "the next would fall on the day on which it is off the table"
    for number, day in due.items():
        assert 0 <= day - (10 + 91 * number) < step_days


def test_what_is_off_the_table_moves_nothing() -> None:
    """Up to the day before `until` what was decided holds; from that day on, nothing does, and nothing is paid."""
    state = bargains.state(readmission("threat", aid=10.0, until="2016-02-12"))
    bargains.stand(state, 2, 1)
    assert not list(state.laid("partner")), "nothing was decided yet"
    assert state.calendar.due(7.0) == 0
    state._world.step = 5  # from day 35
    assert [each.lever for each in (*state.laid("partner"), *state.laid("donor"))] == ["readmission_cooperation", "aid"]
    assert state.spend()[0] < 0
    state._world.step = 6  # from day 42, which is 12 February
    assert not [*state.laid("partner"), *state.laid("donor")]
    assert state.spend() == (0.0, 0.0)
    assert state.calendar.due(100.0) is None


# What it moves -----------------------------------------------------------------------------------------------------


def laid(state: BargainState, role: str) -> dict[str, Laid]:
    return {each.lever: each for each in state.laid(role)}


def test_an_act_sets_papers_or_the_effort_at_a_border() -> None:
    state = bargains.state(readmission())
    state.calendar.due(7.0)
    base = state._world.parameters.returns.papers_share.value
    for act, papers in enumerate((0.7, 0.4, 0.1)):
        bargains.stand(state, act)
        order = laid(state, "partner")["readmission_cooperation"]
        assert order.do == "add"
        assert order.value == pytest.approx(papers - base)
        assert [list(part) for part in order.where] == [[0, 0], [4, 5]], "of ORA, in both destinations"
    hold = border_state()
    hold.calendar.due(7.0)
    for act, factor in enumerate((1.8, 1.0, 0.6, 0.1)):
        bargains.stand(hold, act)
        order = laid(hold, "partner")["border_posture"]
        assert (order.do, order.value, list(order.where[0])) == ("multiply", factor, [EAST])


def test_what_the_donor_gives_promises_and_withdraws() -> None:
    """Half is done: half of what was promised comes, half of the threat is carried out, each as the stance says.

    Of money, diverted_share x fragility / 120 = 0.6 x 105 / 120 goes to other ends.
    """
    mixed = regime(
        item("aid", "always", 0.3, of_aid=True),
        item("legal_pathways", "compliance", 100.0, "person/year"),
        item("root_cause_investment", "compliance", 4.0, "million_eur/year"),
        item("aid", "refusal", -0.5, of_aid=True),
    )
    rules = {"bargaining.diverted_share": 0.6}
    state = bargains.state(readmission("mixed", aid=10.0, regimes={"mixed": mixed}, parameter=rules))
    state.calendar.due(7.0)
    lost = 0.6 * 105 / 120
    cases = {
        (True, False): {"aid": 3.0, "legal_pathways": 20.0, "root_cause_investment": 1.6},
        (True, True): {"aid": 0.0, "legal_pathways": 20.0, "root_cause_investment": 1.6},
        (False, False): {"aid": 3.0},
        (False, True): {"aid": 0.0},
    }
    for number, stance in enumerate(state.stances):  # 0.4 is done
        bargains.stand(state, 1, number)
        wanted = {name: value for name, value in cases[stance.keeps, stance.carries_out].items() if value}
        money = sum(value for name, value in wanted.items() if name != "legal_pathways") * 1e6 * 7 / DAYS_PER_YEAR
        assert state.spend() == pytest.approx((money, money * lost))
        orders = laid(state, "donor")
        assert {name: order.value for name, order in orders.items()} == pytest.approx(
            {name: value if name == "legal_pathways" else value * (1 - lost) for name, value in wanted.items()}
        )
        if "legal_pathways" in orders:
            assert [list(part) for part in orders["legal_pathways"].where] == [[0, 0], [4, 5]], "shared by both"


def test_an_answer_moves_its_levers_and_costs_what_it_costs() -> None:
    moved = {"lever": "asylum_capacity", "do": "multiply", "value": bargains.quantity(150.0, "percent")}
    at_sea = {"lever": "rescue", "at": ["eastern"], "value": bargains.quantity(0.2)}
    rules = {"lever": "recognition_shift", "at": ["ORB"], "value": bargains.quantity(-10.0, "percent")}
    answers = {"as_it_is": {"relief": 0.0}, "more": {"relief": 0.4, "cost": 36.525, "levers": [moved, at_sea, rules]}}
    made = bargains.scenario({}, responses={"arrivals": bargains.response("DEA", **answers)}, end="2018-01-01")
    here = small.world(end="2018-01-01")
    state = ResponseState("arrivals", made, here)
    assert state.names == ("more", "as-it-is"), "from the one that relieves most down"
    assert not list(state.laid("destination"))
    state.calendar.due(7.0)
    state.answer = 0
    orders = [(each.lever, [list(part) for part in each.where], each.do, each.value) for each in state.laid("")]
    assert orders == [
        ("asylum_capacity", [[4]], "multiply", pytest.approx(1.5)),
        ("rescue", [[EAST]], "add", pytest.approx(0.2)),
        ("recognition_shift", [[1], [4]], "add", pytest.approx(-0.1)),
    ]
    assert state.spend() == pytest.approx(36.525e6 * 7 / DAYS_PER_YEAR)
    state.answer = 1
    assert not list(state.laid(""))
    assert state.spend() == 0.0


# Carries mpi-council-statement-2017.crises-shorten-views
# Carries mpi-council-statement-2017.border-goals
def test_a_destination_does_more_the_longer_claims_wait() -> None:
    answers = {"more": {"relief": 0.5, "cost": 100.0}, "as_it_is": {"relief": 0.0}}
    made = bargains.scenario({}, responses={"arrivals": bargains.response("DEA", **answers)})
    here = small.world()
    state = ResponseState("arrivals", made, here)
    chance = []
    for waiting in (0, 6000, 60_000):
        here.ledger["backlog"][4] = waiting
        chance.append(float(state.weigh("", 0).chances[0]))
        assert state.pressure() == pytest.approx(waiting / 6000)
    rules = made.parameters.bargaining
    log_odds = np.diff(np.log(np.array(chance) / (1 - np.array(chance))))
    slope = 0.5 * rules.donor_concern_weight.value / rules.choice_scale.value
    np.testing.assert_allclose(log_odds, slope * np.array([1, 9]))
