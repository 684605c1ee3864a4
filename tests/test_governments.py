"""Policies act from their dates, ramp, end, combine in any order, and cost what they cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import small
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.clock import Clock
from simulator.governments.levers import LeverTable
from simulator.governments.timetable import by_step
from simulator.model import CorridorModel
from simulator.scenario.levers import LEVERS
from simulator.scenario.policies import Partnership

EAST = 3


def clock(step_days: Any = 7, start: str = "2016-01-01", end: str = "2016-07-01") -> Clock:
    made = small.corridor(start=start, end=end)
    return Clock(made.period.start, made.period.end, step_days)


def effort(*values: Any, **rest: Any) -> Any:
    return small.change("border_effort_departure", "TRA", ["eastern"], values, **rest)


def test_a_policy_acts_from_its_date_for_its_part_of_the_step() -> None:
    """From Monday 18 January: four days of the week that began on 15 January, then all of them."""
    value, active = by_step(effort(("2016-01-18", 3.0)), clock())
    np.testing.assert_allclose(active[:5], [0, 0, 4 / 7, 1, 1])
    np.testing.assert_allclose(value[:5], [0, 0, 3, 3, 3])
    assert active[-1] == 1


def test_a_policy_ends_on_its_date() -> None:
    value, active = by_step(effort(("2015-06-01", 3.0), until="2016-01-10"), clock())
    np.testing.assert_allclose(active[:4], [1, 2 / 7, 0, 0])
    np.testing.assert_allclose(value[:4], [3, 3, 0, 0])


def test_a_policy_after_the_run_or_over_before_it_does_nothing() -> None:
    for change in (effort(("2017-01-01", 3.0)), effort(("2014-01-01", 3.0), until="2015-01-01")):
        assert (by_step(change, clock())[1] == 0).all()


def test_a_ramp_rises_in_a_straight_line() -> None:
    """Ten days to 5: 0.5 on the first day, 5 on the tenth and after."""
    value, active = by_step(effort(("2016-01-11", 5.0, 10.0)), clock(step_days=1))
    np.testing.assert_allclose(value[10:22], [*np.arange(0.5, 5.1, 0.5), 5, 5])
    assert active[:10].sum() == 0


def test_a_second_value_takes_over_from_where_the_first_had_come() -> None:
    """A ramp of 20 days to 4 is cut short after ten, at 2, by one of ten days down to 1."""
    value, _ = by_step(effort(("2016-01-01", 4.0, 20.0), ("2016-01-11", 1.0, 10.0)), clock(step_days=1))
    np.testing.assert_allclose(value[8:22], [1.8, 2.0, *np.arange(1.9, 0.95, -0.1), 1.0, 1.0])


def test_a_ramp_that_began_before_the_run_has_come_as_far_as_its_days() -> None:
    value, _ = by_step(effort(("2015-12-22", 4.0, 20.0)), clock(step_days=1))
    np.testing.assert_allclose(value[:3], [2.2, 2.4, 2.6])


def test_what_is_set_ramps_from_the_neutral_value() -> None:
    """Cooperation, 1 when nothing is said, falls to 0.5 in ten days: it does not start from 0."""
    change = small.change("border_cooperation", "TRA", ["TRA"], [("2016-01-01", 50.0, 10.0)], do="set", unit="percent")
    value, _ = by_step(change, clock(step_days=1))
    np.testing.assert_allclose(value[:12], [*np.arange(0.95, 0.49, -0.05), 0.5, 0.5])


@settings(deadline=None)
@given(
    start=st.integers(-40, 200), ramp=st.just(0.0) | st.floats(0.1, 90), length=st.integers(1, 150), to=st.floats(-5, 5)
)
def test_the_mean_over_a_run_does_not_depend_on_the_step(start: int, ramp: float, length: int, to: float) -> None:
    """Lever-days (value x active days) are the same by days, weeks and months."""
    day = np.datetime64("2016-01-01") + np.timedelta64(start, "D")
    change = effort((str(day), to, ramp), until=str(day + np.timedelta64(length, "D")))
    sums = []
    for step_days in (1, 7, "month"):
        steps = clock(step_days)
        value, active = by_step(change, steps)
        sums.append(float((value * active * steps.days).sum()))
    assert sums == pytest.approx([sums[0]] * 3, abs=1e-9)


def levers_after(*orders: tuple[str, str, str, float, float]) -> Any:
    """Lay orders (lever, kind, ...) on the first place of each lever and return the world's levers."""
    world = small.world()
    table = LeverTable(world)
    for lever, do, _, value, active in orders:
        where = tuple(np.array([0]) for _ in world.levers[lever].shape)
        table.lay(lever, where, do, value, active)
    table.apply(world)
    return world.levers


def test_add_multiply_and_set_combine() -> None:
    """Set replaces, add comes on top, multiply scales the sum; in part of a step each counts for its part."""
    levers = levers_after(
        ("asylum_capacity", "set", "", 3.0, 1.0),
        ("asylum_capacity", "add", "", 1.0, 1.0),
        ("asylum_capacity", "multiply", "", 2.0, 1.0),
        ("removal_capacity", "set", "", 3.0, 0.5),
        ("rescue", "add", "", 0.4, 0.25),
        ("border_cooperation", "multiply", "", 0.5, 0.5),
    )
    assert levers["asylum_capacity"].tolist() == [8, 1, 1, 1, 1, 1]
    assert levers["removal_capacity"][0] == 2
    assert levers["rescue"][0] == pytest.approx(0.1)
    assert levers["border_cooperation"][0] == pytest.approx(0.75)


def test_levers_stay_within_their_limits() -> None:
    for name, lever in LEVERS.items():
        assert levers_after((name, "add", "", 1e9, 1.0))[name].max() == lever.high
        assert levers_after((name, "add", "", -1e9, 1.0))[name].min() == lever.low


def test_two_that_set_a_lever_one_after_the_other_count_by_their_parts() -> None:
    """Three days at 2 and four at 9, whoever comes first on the table."""
    orders = [("reception", "set", "", 2.0, 3 / 7), ("reception", "set", "", 9.0, 4 / 7)]
    for laid in (orders, orders[::-1]):
        assert levers_after(*laid)["reception"][0] == pytest.approx(6.0)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_order_of_governments_plays_no_part(data: st.DataObject) -> None:
    one_order = st.tuples(
        st.sampled_from(["rescue", "asylum_capacity", "visa_requirement"]),
        st.sampled_from(["add", "multiply", "set"]),
        st.just(""),
        st.floats(0, 2),
        st.floats(0, 0.3),
    )
    orders = data.draw(st.lists(one_order, min_size=2, max_size=6))
    shuffled = data.draw(st.permutations(orders))
    one, other = levers_after(*orders), levers_after(*shuffled)
    for name in one:
        np.testing.assert_allclose(one[name], other[name], atol=1e-12)


POLICIES = {
    "deal": small.policy(
        small.change("border_effort_departure", "TRA", ["eastern"], [("2016-02-10", 2.0, 20)]),
        small.change("rescue", "EU", ["eastern"], [("2016-02-01", 0.3)]),
        small.change("rescue", "DEB", ["port-east--island"], [("2016-02-03", 0.2)]),
        small.change("asylum_capacity", "DEA", ["DEA"], [("2016-03-01", 1.5)], do="multiply"),
        payments=[
            small.payment("EU", "TRA", "2016-02-20", "2016-05-02", 90.0),
            small.payment("DEA", None, "2016-03-01", "2017-03-01", 73.0),
            small.payment("EU", "TRA", "2015-12-01", "2016-02-01", 62.0),
        ],
    )
}


def test_shuffled_governments_make_the_same_run() -> None:
    made = small.corridor(end="2016-04-15", policies=POLICIES, population=10_000)
    plain, shuffled = CorridorModel(made), CorridorModel(made)
    before = [agent.code for agent in shuffled.agents]
    shuffled.agents.shuffle(inplace=True)
    assert [agent.code for agent in shuffled.agents] != before
    plain.run()
    shuffled.run()
    tables = shuffled.recorder.tables()
    for name, table in plain.recorder.tables().items():
        one, other = table.to_pandas(), tables[name].to_pandas()
        assert one.drop(columns="value").equals(other.drop(columns="value")), name
        np.testing.assert_allclose(one.value, other.value, rtol=1e-9, err_msg=name)


def test_payments_add_up_to_what_falls_in_the_run() -> None:
    """90 all in the run; 73 over a year of 365 days, of which 122 are in it; 62 over 62 days, of which 31 are."""
    partner = Partnership(donor="EU", partner="TRA", trust=0.5, trust_range=(0.2, 0.8), source="assumed")
    model = small.run(small.corridor(policies=POLICIES, population=2000, partnerships=[partner]))
    spent = (
        model.recorder.tables()["spending"].to_pandas().groupby(["government", "recipient"], observed=True).value.sum()
    )
    assert spent["EU", "TRA"] == pytest.approx((90 + 31) * 1e6)
    assert spent["DEA", "DEA"] == pytest.approx(73e6 * 122 / 365)
    assert len(spent) == 2
    state = model.partnerships["EU", "TRA"]
    assert state.paid == pytest.approx(121e6)
    assert state.promised == pytest.approx(152e6)


def test_a_lever_laid_by_route_and_by_leg_reaches_the_leg() -> None:
    model = CorridorModel(small.corridor(end="2016-04-15", policies=POLICIES, population=2000))
    model.run()
    np.testing.assert_allclose(model.world.levers["rescue"], np.eye(12)[EAST] * 0.5)
    assert model.world.levers["asylum_capacity"].tolist() == [1, 1, 1, 1, 1.5, 1]


def test_governments_see_late() -> None:
    """After a run of half a year, what is known is at least the lag old, and no older than a step more."""
    model = small.run(small.corridor(population=5000))
    lag = model.world.parameters.governance.observation_lag.value
    for agent in model.agents:
        seen_at = model.world.clock.edges[agent.known.step + 1]
        assert lag <= model.world.end_day - seen_at < lag + 7
    landing = next(agent for agent in model.agents if agent.code == "DEB")
    assert landing.known.arrivals > 0
