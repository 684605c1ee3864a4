"""Crossing, transit, departure and drivers, one by one, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import small
from scipy import stats
from small import EAST, WEST
from worlds import add_people, half_width, settle_step

from simulator.stages import (
    crossing,
    departure,
    drivers,
    movement,
    route_choice,
    season,
    smuggling,
    transit,
)
from simulator.world.build import build_world
from simulator.world.people import State
from simulator.world.world import World

# Crossing: a chain of two places ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("risk", "caught"), [(0.0, 0.3), (0.01, 0.5), (0.2, 0.0), (0.05, 0.9)])
def test_a_chain_of_two_places(risk: float, caught: float) -> None:
    """From A only the leg to B is chosen, and nobody gives up: each tries until through or dead.

    An attempt kills with `risk`, and else is stopped with p = `caught`. So the share who die is
    d / (d + (1 - d)(1 - p)), and interceptions a head are (1 - d) p / (d + (1 - d)(1 - p)), which is p / (1 - p)
    without deaths. With 40,000 people the bands below (z = 4) are 0.010 wide for shares at most; a share
    off by 0.015 is found with power above 0.97.
    """
    n = 40_000
    world = small.world(
        parameter={"crossing.give_up_share": 0.0, "crossing.detained_share": 0.0, "crossing.retry_delay": 0.01}
    )
    settle_step(world, drivers.update, smuggling.update, crossing.update, route_choice.update)
    passage = movement.prepare(world)
    limits = crossing.outcome_limits(np.ones(12), np.full(12, risk), np.full(12, (1 - risk) * caught))
    share_limits = np.zeros_like(passage.share_limits).reshape(-1, 8, world.groups.n_classes)
    share_limits[:, 2] = 2**32 - 1
    movement_passage = movement.Passage(
        **{**passage.__dict__, "outcome_limits": limits, "share_limits": share_limits.reshape(len(share_limits), -1)}
    )
    people = world.people
    add_people(world, n, place=2, state=State.MOVING, ready=np.zeros(n))
    movement_passage.wait[:] = np.inf
    events = movement.move(people, movement_passage, 0, 7.0)
    finished = risk + (1 - risk) * (1 - caught)
    died = np.mean(people.state == State.DEAD)
    p_dead = risk / finished
    assert died == pytest.approx(p_dead, abs=half_width(p_dead, n) + 1e-9)
    assert np.mean(people.place == 4) == pytest.approx(1 - p_dead, abs=half_width(p_dead, n) + 1e-9)
    again = (1 - risk) * caught / finished
    spread = np.sqrt(again * (1 + again) / n)
    assert people.n_caught.mean() == pytest.approx(again, abs=4 * spread + 1e-9)
    if risk == 0:
        assert again == pytest.approx(caught / (1 - caught))
    stopped = events.counts[crossing.INTERCEPTED, EAST].sum()
    assert stopped == people.n_caught.sum()
    assert stats.norm.sf(4 - 0.015 / np.sqrt(0.25 / n)) > 0.97


def test_outcomes_split_as_their_chances_say() -> None:
    """Even draws fall into dead, intercepted, put off and through as weather, risk and control say."""
    limits = crossing.outcome_limits(np.array([0.6, 1.0, 0.0]), np.array([0.1, 0.0, 1.0]), np.array([0.45, 0.0, 0.0]))
    draw = np.linspace(0, 2**32 - 2, 100_001).astype(np.uint32)
    for leg, wanted in enumerate([(0.06, 0.27, 0.4, 0.27), (0, 0, 0, 1), (0, 0, 1, 0)]):
        result = crossing.outcome(draw, np.full(draw.shape, leg, dtype=np.int16), limits)
        np.testing.assert_allclose(np.bincount(result, minlength=4) / draw.size, wanted, atol=3e-5)
    exits = crossing.outcome(draw, np.full(draw.shape, 4, dtype=np.int16), limits)
    assert (exits == crossing.THROUGH).all()


def hazard_of(world: World, leg: int = EAST) -> float:
    settle_step(world, drivers.update, crossing.update)
    return float(world.hazard[leg])


# Carries mpi-council-statement-2017.capacity-limits-partners
# Carries mpi-council-statement-2017.divergent-priorities
# Carries mpi-council-statement-2017.capable-and-willing-partner
# Carries mpi-council-statement-2017.capacity-building
def test_hazard_is_effort_times_capacity_times_cooperation_over_load() -> None:
    """Departure side 0.3 x 1 x (1 - 60/120) x 0.8; arrival side 0.3 x 0.5 x (1 - 35/120)."""
    world = small.world()
    assert hazard_of(world) == pytest.approx(0.3 * 1 * 0.5 * 0.8 + 0.3 * 0.5 * (1 - 35 / 120))
    assert world.p_caught[EAST] == pytest.approx(1 - np.exp(-world.hazard[EAST]))
    assert world.p_caught[0] == 0
    at_surge = small.world()
    at_surge.flow[EAST] = 400
    assert hazard_of(at_surge) == pytest.approx(world.hazard[EAST] / 2)
    half = small.world()
    half.levers["border_cooperation"][2] = 0.5
    half.levers["capacity_building"][2] = 0.25
    assert hazard_of(half) == pytest.approx(0.3 * 0.75 * 0.4 + 0.3 * 0.5 * (1 - 35 / 120))


def test_organised_transit_takes_away_controls_price_and_days() -> None:
    world = small.world()
    world.levers["organised_transit"][EAST] = 1.0
    assert hazard_of(world) == 0
    for _ in range(60):
        smuggling.update(world)
    assert world.price[EAST] == pytest.approx(0, abs=1)
    settle_step(world, route_choice.update)
    assert movement.prepare(world).days[EAST] == 0


# Carries mpi-council-statement-2017.smuggling-crackdown-deaths
# Carries mpi-council-statement-2017.rescue-saves
# Carries mpi-council-statement-2017.enforcement-deadlier
def test_rescue_lowers_and_evasion_and_crowding_raise_the_risk() -> None:
    world = small.world()
    base_hazard = 0.3 * 1 * 0.5 * 0.8
    hazard_of(world)
    assert world.p_death[EAST] == pytest.approx(0.01 * (1 + base_hazard))
    world.levers["rescue"][EAST] = 0.5
    hazard_of(world)
    assert world.p_death[EAST] == pytest.approx(0.01 * (1 + base_hazard) * (1 - 0.7 * 0.5))
    world.crowding[EAST] = 1.44
    hazard_of(world)
    assert world.p_death[EAST] == pytest.approx(0.01 * (1 + base_hazard) * (1 - 0.7 * 0.5) * 1.2)


def test_weather_closes_seas_and_moves_risk() -> None:
    """Nobody tries a closed sea; land legs have no weather; a corridor may have no sea at all."""
    world = small.world(
        seasons=[*small.seasons("east", 0.0), *small.seasons("west", 1.0, 1.3)],
        parameter={"crossing.sea_hazard_noise": 0.0},
    )
    settle_step(world, drivers.update, crossing.update)
    assert world.p_open.tolist() == [1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1]
    assert world.p_death[WEST] == pytest.approx(0.03 * 1.3 * (1 + 0.3 * 0.8 * (1 - 75 / 120) * 0.9))
    model = small.run(small.corridor(end="2016-03-01", seasons=[*small.seasons("east", 0.0), *small.seasons("west")]))
    tried = model.recorder.tables()["attempts"].to_pandas()
    assert not (tried.leg == "port-east--island").any()
    assert (tried.leg == "port-west--coast").any()
    legs = [leg.model_copy(update={"sea": ""}) for leg in small.corridor().legs]
    small.run(small.corridor(end="2016-02-01", legs=legs, seasons=()))


# After an interception --------------------------------------------------------------------------------------------


def test_sanctions_raise_the_log_odds_of_giving_up() -> None:
    world = small.world()
    world.levers["sanctions"][EAST] = 2.0
    give_up, detain = (limit / 2.0**32 for limit in transit.interception_limits(world))
    share, effect = (getattr(world.parameters.crossing, name).value for name in ("give_up_share", "sanction_effect"))
    wanted = 1 / (1 + (1 - share) / share * np.exp(-2 * effect))
    assert give_up[EAST] == pytest.approx(wanted)
    assert give_up[WEST] == pytest.approx(share)
    assert detain[EAST] == pytest.approx(wanted + (1 - wanted) * world.parameters.crossing.detained_share.value)
    draw = np.linspace(0, 2**32 - 1, 10_001).astype(np.uint32)
    limits = transit.interception_limits(world)
    fate = transit.after_interception(draw, limits[0][EAST], limits[1][EAST])
    assert np.mean(fate == transit.GAVE_UP) == pytest.approx(wanted, abs=2e-4)


# Carries mpi-council-statement-2017.conflict-displaces-migrants
def test_violence_shortens_stays_and_income_lengthens_nothing() -> None:
    world = settle_step(small.world(), drivers.update)
    calm = transit.waits(world)
    np.testing.assert_allclose(calm[2:4], [12.0, 9.0])
    world.conflict[2] = 50.0
    weight = world.parameters.transit.violence_weight.value
    assert transit.waits(world)[2] == pytest.approx(12 / (1 + weight * np.log(51)))


def test_those_short_of_money_save_for_the_days_it_takes() -> None:
    world = settle_step(small.world(), drivers.update)
    rate = transit.saving_rates(world)[2]
    rules = world.parameters
    assert rate == pytest.approx(
        18_000 * rules.departure.host_income_share.value * rules.transit.saving_share.value / 365.25
    )
    assert transit.saving_days(np.float32([700.0]), np.float32([rate]))[0] == pytest.approx(700 / rate, rel=1e-6)
    assert transit.saving_days(np.float32([700.0]), np.float32([0.0]))[0] == np.inf


# Carries mpi-council-statement-2017.reintegration-helps
@pytest.mark.parametrize("support", [0.0, 1.0])
def test_returned_people_leave_again_at_the_rate(support: float) -> None:
    """Of 20,000 sent home the share who leave again within two years is 1 - exp(-2 x rate); the others stay.

    Band z = 4, 0.014 wide; reintegration off by a tenth moves the share by 0.016 and is found with power 0.7.
    """
    n = 20_000
    world = small.world(end="2019-01-01")
    settle_step(world, drivers.update)
    world.levers["reintegration_support"][0] = support
    add_people(world, n, place=6, state=State.ORDERED)
    transit.send_home(world, np.arange(n), "removal", 3.0)
    assert world.ledger["returns"][4, 0, 0] == n
    assert (world.people.place == 0).all()
    residents, left = world.pools[0, 0].sum(), 0
    for step in range(world.clock.n_steps):
        world.step = step
        transit.leave_again(world)
        moving = world.people.state == State.MOVING
        left += int(moving.sum())
        world.people.ready[moving] = np.inf
        world.people.state[moving] = State.DEAD
    rules = world.parameters.transit
    rate = rules.remigration_rate.value * (1 - rules.reintegration_effect.value * support)
    wanted = 1 - np.exp(-rate * rules.return_memory.value / 365.25)
    assert left / n == pytest.approx(wanted, abs=half_width(wanted, n))
    assert world.pools[0, 0].sum() - residents == n - left


def test_someone_sent_to_a_third_country_is_not_counted_twice() -> None:
    """Landed, then stopped on the next leg and given up within the step: sent back once, and everybody is there."""
    legs = [
        leg.model_copy(update={"effort_departure": 2.0, "departure_control": "DEB"}) if leg.tail == "island" else leg
        for leg in small.corridor().legs
    ]
    deal = small.policy(small.change("safe_third_country", "DEB", ["eastern"], [("2016-01-01", 0.8)]))
    places = [place.model_copy(update={"wait_days": 0.0}) for place in small.corridor().places]
    model = small.run(
        small.corridor(
            end="2016-04-01",
            legs=legs,
            places=places,
            policies={"deal": deal},
            parameter={"crossing.give_up_share": 0.5},
        )
    )
    sent = model.recorder.tables()["returns"].to_pandas()
    assert sent[sent.kind == "readmission"].value.sum() > 100
    assert sent[sent.kind == "gave_up"].value.sum() > 100


# Departure ---------------------------------------------------------------------------------------------------------


CHOICES = (drivers.update, smuggling.update, crossing.update, route_choice.update)
"""The stages before departure."""


# Carries mpi-council-statement-2017.those-with-means-leave
def test_capability_is_the_share_of_a_lognormal_above_the_price() -> None:
    """Who in each wealth class can pay a price, with savings of median 0.6 x income and log spread 1."""
    world = settle_step(small.world(), *CHOICES)
    world.journey_price[:] = 1300.0
    able = departure.capability(world)[0, 0, 0]
    rules = world.parameters.departure
    wanted = stats.lognorm.sf(1300, rules.wealth_spread.value, scale=rules.wealth_share.value * 4000)
    assert able @ np.diff(world.groups.wealth_bounds) == pytest.approx(wanted, rel=1e-9)
    assert (np.diff(able) >= 0).all()
    assert (departure.capability(settle_step(small.world(switches={"hump": False}))) == 1).all()


@pytest.mark.parametrize("hump", [True, False])
def test_all_who_set_out_can_pay_their_journey(hump: bool) -> None:
    """With the hump switched off those who could not pay are given what it costs: income enables nobody."""
    world = settle_step(small.world(switches={"hump": hump}), *CHOICES, departure.update)
    people = world.people
    assert people.n > 500
    price = world.journey_price[people.person_class, people.place]
    assert (people.money >= price * (1 - 1e-6)).all()


def test_departures_are_the_binomial_of_their_pools() -> None:
    """Mean over 400 seeds of departures from one pool within 4 standard errors of n p (1.2% of it)."""
    world = settle_step(small.world(), *CHOICES)
    world.pools[:] = 0
    share = np.zeros(world.pools.shape)
    share[0, 0, 0, 1] = 0.05
    got = []
    for seed in range(400):
        world.pools[0, 0, 0, 1], world.people.n = 5000, 0
        world.pool_keys[0, 0, 0, 1] = seed * 0x9E3779B97F4A7C15 % 2**64
        world.people._expose()
        world.new_ledger()
        departure.draw_departures(world, share, np.zeros(share.shape))
        got.append(world.people.n)
        assert world.pools.sum() + world.people.n == 5000
    assert np.mean(got) == pytest.approx(250, abs=4 * np.sqrt(250 * 0.95 / 400))
    assert np.var(got) == pytest.approx(250 * 0.95, rel=4 * np.sqrt(2 / 399))


def test_aspiration_is_logistic_in_the_gain() -> None:
    world = settle_step(small.world(), drivers.update, smuggling.update, crossing.update, route_choice.update)
    rules = world.parameters.departure
    off_season = world.parameters.choice.day_weight.value * season.waiting(world, np.array(2), world.home_place[:1])[0]
    gain = world.value[2, 0] - off_season + 0.5 - world.stay[0, 0, 0, 2] - rules.threshold.value
    assert departure.aspiration(world)[0, 0, 0, 2] == pytest.approx(1 / (1 + np.exp(-gain / rules.spread.value)))


RELATIVES = {"departure.relatives": 0.5, "departure.relatives_rate": 2.0, "departure.relatives_pull": 1.5}


def test_relatives_leave_at_a_rate_of_their_own() -> None:
    """Logistic in the gain and their pull, times 2 a year and those who can pay; never more of them than people."""
    world = settle_step(small.world(parameter=RELATIVES), *CHOICES)
    able = departure.capability(world)
    world.relatives[0, 0, 0, 2] = 0.1 * world.pools[0, 0, 0, 2]
    world.relatives[1, 1, 1, 0] = 2.0 * world.pools[1, 1, 1, 0]
    world.relatives[1, 4, 1, 0] = 5.0
    departure.bound_relatives(world)
    rate, share = departure.follow(world, able)
    drawn = departure.gain(world)[0, 0, 0, 2] + 1.5
    spread = world.parameters.departure.spread.value
    assert rate[0, 0, 0, 2] == pytest.approx(2.0 * able[0, 0, 0, 2] / (1 + np.exp(-drawn / spread)))
    assert share[0, 0, 0, 2] == pytest.approx(0.1)
    assert share[1, 1, 1, 0] == 1.0
    assert share[1, 4, 1, 0] == 0.0, "nobody lives there"
    assert (world.relatives <= world.pools).all()
    assert np.count_nonzero(share) == 2


def test_a_pool_leaves_at_the_mean_rate_of_relatives_and_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each at its rate by their shares; of those who leave, as many are relatives as their part of the rate."""
    seen: list[np.ndarray] = []
    monkeypatch.setattr(departure, "draw_departures", lambda world, share, relatives: seen.extend((share, relatives)))
    world = settle_step(small.world(parameter=RELATIVES), *CHOICES)
    cell = (0, 0, 0, 2)
    world.relatives[cell] = 0.25 * world.pools[cell]
    able = departure.capability(world)
    others = world.parameters.departure.highest_rate.value * departure.aspiration(world)[cell] * able[cell]
    own = departure.follow(world, able)[0][cell]
    departure.update(world)
    mean = 0.75 * others + 0.25 * own
    assert seen[0][cell] == pytest.approx(-np.expm1(-mean * world.years))
    assert seen[1][cell] == pytest.approx(0.25 * own / mean)


def test_those_who_leave_are_taken_from_relatives_and_others_alike() -> None:
    """Of 400 who set out 0.3 are relatives: so many fewer mean to follow, and only the others use up the pool."""
    world = settle_step(small.world(), *CHOICES)
    cell, everywhere = (0, 0, 0, 1), np.zeros(world.pools.shape)
    world.pools[:] = 0
    world.pools[cell], world.relatives[cell] = 400, 150.0
    share, relatives = everywhere.copy(), everywhere.copy()
    share[cell], relatives[cell] = 1.0, 0.3
    departure.draw_departures(world, share, relatives)
    assert (world.people.n, world.pools[cell]) == (400, 0)
    assert world.left[cell] == pytest.approx(280.0)
    assert world.relatives[cell] == pytest.approx(30.0)
    assert world.ledger["departures"].sum() == 400


def test_without_relatives_their_rate_and_pull_change_nothing() -> None:
    """With nobody left behind, every recorded bit is the same whatever the rate and the pull of relatives are."""
    knobs = {"population": 6000, "end": "2016-06-01"}
    other = {"departure.relatives_rate": 50.0, "departure.relatives_pull": 9.0}
    one, two = (small.run(small.lively(parameter=parameter, **knobs)).recorder.tables() for parameter in ({}, other))
    assert one["departures"].num_rows > 100
    assert all(table.equals(two[name]) for name, table in one.items())
    more = small.run(small.lively(parameter={**other, "departure.relatives": 1.0}, **knobs)).recorder.tables()
    assert more["departures"]["value"].to_numpy().sum() > 1.02 * one["departures"]["value"].to_numpy().sum()


def test_legal_pathways_move_the_places_given() -> None:
    """366 places a year, the unit of the lever, are seven in a week; people in need go, from the largest pool."""
    world = settle_step(small.world(), drivers.update)
    world.levers["legal_pathways"][0, 4] = 366.0
    before = world.pools.sum(axis=(1, 3)).copy()
    departure.draw_pathways(world)
    assert world.ledger["pathways"][4, 0] == 7
    assert world.closed[State.ADMITTED, 4, 0] == 7
    assert (before - world.pools.sum(axis=(1, 3))).tolist() == [[7, 0], [0, 0]]


# Drivers -----------------------------------------------------------------------------------------------------------


def test_displaced_people_move_between_home_and_host() -> None:
    """9,000 at the end of 2016 against 8,000 at the end of 2015: a thousand more in the host, within the year."""
    world = small.world(end="2017-01-01")
    start = world.pools[0, 2].sum()
    assert start == pytest.approx(8000, abs=2)
    for step in range(world.clock.n_steps):
        world.step = step
        drivers.update(world)
    assert world.pools[0, 2].sum() == pytest.approx(9000, abs=4)
    assert world.pools[0, 2, 1].sum() == 0
    assert world.pools.sum() == world.initial + world.entered


def test_the_world_is_built_from_its_rows() -> None:
    world = build_world(small.corridor())
    assert world.pools.sum() == world.initial == pytest.approx(128_000, abs=5)
    assert world.pools[0, 0, 0].sum() + world.pools[0, 2, 0].sum() == pytest.approx(0.8 * 60_000 + 8000, abs=5)
    mean_income = (world.groups.income_factor * np.diff(world.groups.wealth_bounds)).sum()
    assert mean_income == pytest.approx(1.0)
