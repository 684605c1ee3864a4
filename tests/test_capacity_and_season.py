"""Places on vessels, the season as those who set out see it, and booms that use up the least attached."""

from __future__ import annotations

import dense
import numpy as np
import pytest
import small
from hypothesis import given
from hypothesis import strategies as st

from simulator.model import CorridorModel
from simulator.stages import asylum, departure, drivers, feedback, season, smuggling, takings
from simulator.world.options import Level, OptionList
from simulator.world.world import World

SEA = "port-east--island"


@pytest.fixture
def world() -> World:
    model = CorridorModel(small.corridor(end="2016-03-01", origins={"ORA": (0.8, 1.0), "ORB": (0.25, 4.0)}))
    model.step()
    return model.world


def leg_of(world: World, name: str) -> int:
    return world.network.legs.index(name)


def ask(world: World, leg: int, people: int) -> None:
    """Let a number of people be put off a leg in a step in which nothing else happens."""
    for name in ("attempts", "crossings", "put_off"):
        world.ledger[name][...] = 0
    world.ledger["put_off"][leg] = people
    takings.equip(world)


def test_only_legs_by_sea_from_a_guarded_coast_need_a_vessel(world: World) -> None:
    network = world.network
    assert network.vessel[leg_of(world, SEA)]
    assert not network.vessel[~network.by_sea].any()
    assert np.isinf(world.capacity[~network.vessel]).all()
    assert (smuggling.vacancy(world)[~network.vessel] == 1.0).all()


def test_capacity_grows_no_faster_than_it_may_and_then_meets_demand(world: World) -> None:
    """With 8 a year a step of seven days grows by exp(8 * 7 / 365.25), 1.1657; a demand within that is met at once."""
    leg, growth = leg_of(world, SEA), world.parameters.smuggling.capacity_growth.value
    world.capacity[leg] = before = 3000.0
    ask(world, leg, 100_000)
    assert world.capacity[leg] == pytest.approx(before * np.exp(growth * 7 / 365.25))
    assert smuggling.vacancy(world)[leg] == pytest.approx(world.capacity[leg] / 100_000)
    ask(world, leg, 3600)
    assert world.capacity[leg] == pytest.approx(3600)
    assert smuggling.vacancy(world)[leg] == 1.0


def test_capacity_that_nobody_asks_for_is_given_up_down_to_the_floor(world: World) -> None:
    leg, rules = leg_of(world, SEA), world.parameters.smuggling
    world.capacity[leg] = before = 10_000.0
    ask(world, leg, 0)
    assert world.capacity[leg] == pytest.approx(before * np.exp(-7 / rules.capacity_fall.value))
    for _ in range(200):
        ask(world, leg, 0)
    assert world.capacity[leg] == rules.capacity_floor.value


def chain(days: float, share: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, OptionList]:
    """Return a way of three places: inland, coast, over sea 0; a share stays inland instead."""
    shares = np.zeros((1, 3, 2))
    shares[0, 0], shares[0, 1, 0] = (share, 1 - share), 1.0
    heads = np.array([[1, -1], [2, -1], [-1, -1]])
    sea = np.full((3, 2), -1, dtype=np.int16)
    sea[1, 0] = 0
    ahead = np.zeros((3, 2))
    ahead[0, 0] = days
    listed = dense.listing(heads, [Level(np.array([place]), False) for place in (2, 1, 0)])
    at = listed.place, listed.column
    return dense.rows(shares, listed), sea[at], ahead[at], listed


@given(st.floats(0.0, 400.0), st.floats(0.01, 1.0))
def test_the_first_sea_and_the_days_until_it(days: float, share: float) -> None:
    """From the coast all leave by the sea at once; from inland the share does, after the days of the way."""
    by_sea, until = season.first_sea(*chain(days, share), 1)
    assert by_sea[0, :, 0] == pytest.approx([share, 1.0, 0.0])
    assert until[:, 0] == pytest.approx([days, 0.0, 0.0])


def test_those_far_away_reckon_with_the_sea_at_their_arrival(world: World) -> None:
    """A sea closed in winter alone: in October the near expect no wait and those three months away a long one."""
    world.plan.sea_usual[:] = 1.0
    world.plan.sea_usual[[11, 0, 1]] = 0.1
    world.by_sea = np.zeros((len(world.network.seas), world.network.n_places, world.groups.n_classes))
    world.by_sea[0] = 1.0
    world.days_to_sea = np.zeros(world.by_sea.shape[1:])
    world.days_to_sea[1] = 92.0
    world.step = 0
    wait = []
    for start in ("2016-10-15", "2016-07-15"):
        other = CorridorModel(small.corridor(start=start, end="2016-12-01")).world
        other.plan.sea_usual, other.by_sea, other.days_to_sea = world.plan.sea_usual, world.by_sea, world.days_to_sea
        wait.append(season.waiting(other, np.array(0), np.array([0, 1])))
    longest = world.parameters.departure.foresight.value
    full = min(world.parameters.crossing.retry_delay.value * 9.0, longest)
    assert wait[0] == pytest.approx([0.0, full], abs=0.05 * full)
    assert wait[1] == pytest.approx([0.0, 0.0], abs=0.05 * full)


def test_those_who_left_are_no_longer_there_to_leave(world: World) -> None:
    """With a tenth gone, of those whom the day's conditions would move only what exceeds that tenth remains."""
    world.left[...] = world.pools / 9.0
    rules = world.parameters.departure
    never = rules.renewal.model_copy(update={"value": 0.0})
    world.parameters = world.parameters.model_copy(update={"departure": rules.model_copy(update={"renewal": never})})
    aspire = np.full(world.pools.shape, 0.3)
    there = world.pools > 0
    assert departure.remaining(world, aspire)[there] == pytest.approx((0.3 - 0.1) / 0.9)
    assert (departure.remaining(world, np.full(world.pools.shape, 0.05))[there] == 0.0).all()


def test_those_who_left_are_replaced_at_the_rate_of_renewal(world: World) -> None:
    world.left[...] = 100.0
    departure.renew(world)
    rate = world.parameters.departure.renewal.value
    assert world.left == pytest.approx(np.full(world.left.shape, 100.0 * np.exp(-rate * world.years)))


def test_reception_by_origin_speaks_to_one_origin_alone(world: World) -> None:
    before = drivers.pull(world)
    country = world.countries.index("DEA")
    world.levers["reception_by_origin"][0, country] += 0.7
    rise = drivers.pull(world) - before
    assert rise[0, country] == pytest.approx([0.7, 0.7])
    rise[0, country] = 0.0
    assert not rise.any()


@given(st.integers(1, 100_000), st.integers(1, 100_000), st.floats(0.0, 1.0))
def test_the_recognition_of_all_claims_is_the_published_rate(in_need: int, others: int, rate: float) -> None:
    """Whatever the share in need among claims, the mean chance over them is the rate."""
    world = CorridorModel(small.corridor(end="2016-02-01")).world
    world.claimed[0] = in_need, others
    world.plan.recognition[...] = rate
    chance = asylum.positive_chance(world)[0, 0]
    assert (in_need * chance[0] + others * chance[1]) / (in_need + others) == pytest.approx(rate, abs=1e-9)
    assert chance[0] >= chance[1]


def test_the_warm_up_tells_what_was_observed(world: World) -> None:
    """News of the warm-up is of observed arrivals where there are figures, of the run's own where there are none."""
    world.n_warm_up, world.step = 5, 2
    world.plan.earlier = np.full((*world.news.shape, 5), np.nan)
    world.plan.earlier[0, 0, 2] = 3652.5
    world.news[...] = 0.0
    leg = leg_of(world, SEA)
    route = world.network.route[leg]
    world.ledger["crossings"][...] = 0
    world.ledger["crossings"][leg, 1, 0] = 40
    feedback.spread_news(world)
    assert world.news[0, 0] == pytest.approx(3652.5 * world.years)
    assert world.news[1, route] == pytest.approx(40.0)


def test_with_aid_enabling_it_adds_to_savings_and_not_to_staying(world: World) -> None:
    """Switched off, the deterrent part of aid is gone: staying is worth what it was; savings grow either way."""
    plain = world.stay.copy()
    found = {}
    for deters in (True, False):
        world.switches = world.switches.model_copy(update={"aid_deters": deters})
        world.lag_gain[-1] = 0.0
        drivers.update(world)
        plain, money = world.stay.copy(), departure.savings(world).copy()
        world.lag_gain[-1] = 0.1
        drivers.update(world)
        home = world.groups.origin_country[0]
        found[deters] = (world.stay - plain)[0, home], (departure.savings(world) / money)[0, home]
    assert (found[True][0] > 0).all()
    assert found[False][0] == pytest.approx(np.zeros_like(found[False][0]))
    assert found[True][1] == pytest.approx(np.exp(0.1))
    assert found[False][1] == pytest.approx(np.exp(0.1))
