"""What the border between Mexico and the United States asked for: going home, legs of many ways, full places."""

from __future__ import annotations

import numpy as np
import pytest
import small
from small import country, leg, place, years

from simulator.model import CorridorModel
from simulator.outputs.result import Result
from simulator.stages import circulation, crossing, drivers, route_choice, smuggling
from simulator.validation import builder
from simulator.world.people import State
from simulator.world.world import World

GOING_HOME = {"circulation.home_rate": 0.5, "circulation.joins": 1.0, "circulation.savings_share": 0.1,
              "asylum.claim_share_need": 0.0, "asylum.claim_share_other": 0.0, "returns.order_rate": 0.0,
              "transit.remigration_rate": 1.0, "transit.return_memory": 1000}  # fmt: skip


def two_ways(parameter: dict[str, float], **fields: float) -> World:
    """Return the world of two ways from one town to one city, the first with other fields, at its first choice."""
    capacity = fields.pop("capacity", None)
    made = builder.scenario(
        small.parameters({"news.weight": 0.0, **parameter}),
        countries=[country("ORA", "home", origin=True), country("TRA", "town"),
                   country("DEA", "city", destination=True)],
        places=[place("home", "ORA", "origin", 0.0), place("town", "TRA", "hub", 1.0),
                place("ford", "TRA", "landing", 1.0, capacity_per_week=capacity),
                place("bridge", "TRA", "landing", 1.0),
                place("city", "DEA", "destination", 0.0, claim=True)],
        legs=[leg("home", "town"),
              leg("town", "ford", route="ford", departure_control="TRA", **{"effort_departure": 1.0, **fields}),
              leg("town", "bridge", route="bridge", departure_control="TRA", effort_departure=1.0),
              leg("ford", "city"), leg("bridge", "city")],
        country_years=[years("ORA", population=50_000), years("TRA"), years("DEA", gdp_per_head=40_000)],
        origins={"ORA": (0.3, 2.0)}, recognition=builder.recognition("ORA", country="DEA"),
        asylum_years=[builder.asylum("DEA")],
    )  # fmt: skip
    world = CorridorModel(made).world
    world.new_ledger()
    for stage in (drivers.update, smuggling.update, crossing.update):
        stage(world)
    return world


def shares_at_the_town(world: World) -> dict[str, float]:
    """Return the share of the first class at the town who take each leg that leaves it."""
    route_choice.update(world)
    town = world.network.places.index("town")
    limits = np.diff(world.share_limits[:, town, 0] / 2.0**32, prepend=0.0)
    options = world.network.options[town]
    return {world.network.legs[code]: float(limits[n]) for n, code in enumerate(options)
            if 0 <= code < world.network.n_legs}  # fmt: skip


@pytest.mark.parametrize("size", [1.0, 3.0, 0.25])
def test_a_leg_of_many_ways_is_taken_as_so_many_legs_would_be(size: float) -> None:
    """One leg of size n beside one of size 1 takes n for one, whatever the scale."""
    for scale in (0.4, 1.0):
        share = shares_at_the_town(two_ways({"choice.transit_scale": scale}, size=size))
        assert share["town--ford"] / share["town--bridge"] == pytest.approx(size, rel=1e-5)


def test_a_place_that_is_full_is_avoided_and_one_without_a_capacity_never_is() -> None:
    free = two_ways({"choice.crowding_weight": 0.5})
    full = two_ways({"choice.crowding_weight": 0.5}, capacity=100.0)
    for world in (free, full):
        world.flow = np.full(world.network.n_legs, 300.0)
    there = route_choice.leg_utility(full) - route_choice.leg_utility(free)
    wanted = np.zeros(full.network.n_legs)
    wanted[1] = -0.5 * np.log1p(300.0 / 100.0)
    assert there[0] == pytest.approx(np.broadcast_to(wanted, there[0].shape))


@pytest.mark.parametrize("weight", [0.0, 0.4, 1.0])
def test_controls_in_sight_are_believed_at_once_by_their_weight(weight: float) -> None:
    world = two_ways({"beliefs.in_sight": weight})
    before = route_choice.believed(world)[0][0, 1]
    world.p_caught = world.p_caught + 0.2
    after = route_choice.believed(world)[0][0, 1]
    assert after - before == pytest.approx(0.2 * weight)


def test_effort_has_falling_returns_where_a_corridor_says_so() -> None:
    worlds = [two_ways({"crossing.effort_saturation": 0.5}, effort_departure=effort) for effort in (1.0, 4.0)]
    one, four = (crossing.hazards(world, world.levers)[0][1] for world in worlds)
    assert four / one == pytest.approx(2.0)


def city(parameter: dict[str, float], **knobs: object) -> CorridorModel:
    """Return a run of the corridor of two seas in which nobody claims, and people may go home."""
    return small.run(small.corridor(parameter={**GOING_HOME, **parameter}, **knobs))  # type: ignore[arg-type]


def test_nobody_goes_home_in_a_corridor_that_does_not_say_so() -> None:
    model = city({"circulation.home_rate": 0.0, "circulation.joins": 0.0})
    assert small.total(model, "returns") == pytest.approx(gave_up(model))
    assert np.count_nonzero(model.world.people.state == State.UNDOCUMENTED) > 100


def gave_up(model: CorridorModel) -> float:
    """Return who gave up on the way, without those who went home from a destination."""
    frame = Result.of_run(model.recorder, model.stats).frame("returns", by=["kind"])
    return float(frame.loc[frame["kind"] == "gave_up", "returns"].iloc[0])


def test_people_are_conserved_as_they_go_home_and_come_back() -> None:
    """The run checks it each step; here some do go home, some of them come back, and others join those at home."""
    model = city({"transit.remigration_rate": 3.0, "transit.return_memory": 200}, end="2017-07-01")
    world = model.world
    assert world.total() == world.initial + world.entered
    assert small.total(model, "returns") > gave_up(model) + 100
    returned = world.people.state == State.RETURNED
    assert returned.any()
    assert (world.people.leg[world.people.state == State.MOVING] == -1).any()


def test_people_go_home_at_the_rate_of_their_class() -> None:
    """Without deterrence: of those who live there, a year's 1 - exp(-rate); 4 standard deviations of the binomial."""
    model = city({"circulation.home_rate": 0.0, "circulation.joins": 1.0})
    world = model.world
    n = int(np.count_nonzero(world.people.state == State.UNDOCUMENTED))
    rows = np.flatnonzero(world.people.state == State.UNDOCUMENTED)
    rate = np.full((world.groups.n_classes, len(world.countries)), 2.0)
    circulation.go_home(world, rows, rate)
    left = n - int(np.count_nonzero(world.people.state == State.UNDOCUMENTED))
    p = 1.0 - np.exp(-2.0 * world.years)
    assert abs(left - n * p) < 4.0 * np.sqrt(n * p * (1.0 - p))
    assert left > 10


def test_a_dearer_way_back_keeps_people_where_they_are() -> None:
    world = city({"circulation.deterrence": 1.0}).world
    before = circulation.homeward_rates(world)
    world.value = world.value - 0.7
    after = circulation.homeward_rates(world)
    assert after == pytest.approx(before * np.exp(-0.7))


def test_those_who_stop_without_a_claim_join_the_diaspora_and_those_who_go_home_leave_it() -> None:
    counted, not_counted = (city({"circulation.joins": joins, "circulation.home_rate": 0.0}) for joins in (1.0, 0.0))
    there = int(np.count_nonzero(counted.world.people.state == State.UNDOCUMENTED))
    more = counted.world.diaspora.sum() - not_counted.world.diaspora.sum()
    assert there > 100
    assert more == pytest.approx(there, rel=0.25)  # a larger diaspora draws more, and so the runs part


def test_savings_come_home_with_people() -> None:
    world = city({"circulation.home_rate": 0.0, "circulation.joins": 1.0}).world
    rows = np.flatnonzero(world.people.state == State.UNDOCUMENTED)
    money, since = world.people.money[rows].copy(), world.people.since[rows].copy()
    country = world.network.country[world.people.place[rows]]
    circulation.go_home(world, rows, np.full((world.groups.n_classes, len(world.countries)), 1e9))
    years_away = (world.end_day - since) / 365.25
    earned = 0.1 * world.parameters.departure.host_income_share.value * world.gdp[country] * years_away
    assert world.people.money[rows] - money == pytest.approx(earned, rel=1e-3, abs=0.05)
