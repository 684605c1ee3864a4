"""Stages one by one, against closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import small
from scipy import stats

from simulator.clock import chance
from simulator.scenario import tables as rows
from simulator.stages import asylum, crossing, departure, drivers, feedback, movement, returns, route_choice, smuggling, transit
from simulator.world.build import build_world
from simulator.world.people import State
from simulator.world.world import World

EAST, WEST = 3, 4
"""The two sea legs of the small corridor."""


def half_width(p: float, n: int, z: float = 4.0) -> float:
    """Return the half-width within which a share of `n` draws lies but for 1 time in 16,000 (z = 4)."""
    return z * float(np.sqrt(p * (1 - p) / n))


def settle_step(world: World, *stages: Any) -> World:
    for stage in stages:
        stage(world)
    return world


def add_people(world: World, n: int, place: int, state: State, person_class: int = 0, **columns: Any) -> np.ndarray:
    """Add people with keys of their own; they count as entered, so that the world stays in balance."""
    world.entered += n * world.weight
    key = np.random.default_rng(len(world.people.key) + 17).integers(2**64, size=n, dtype=np.uint64)
    plain = {"money": np.full(n, 1e9), "ready": np.full(n, np.inf)}
    return world.people.add(
        key=key, place=np.full(n, place), state=np.full(n, state), person_class=np.full(n, person_class), **{**plain, **columns}
    )


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
    world = small.world(parameter={"crossing.give_up_share": 0.0, "crossing.detained_share": 0.0, "crossing.retry_delay": 0.01})
    settle_step(world, drivers.update, smuggling.update, crossing.update, route_choice.update)
    passage = movement.prepare(world)
    limits = crossing.outcome_limits(np.ones(12), np.full(12, risk), np.full(12, caught))
    share_limits = np.zeros_like(passage.share_limits).reshape(world.groups.n_classes, 8, -1)
    share_limits[:, 2] = 2**32 - 1
    movement_passage = movement.Passage(**{**passage.__dict__, "outcome_limits": limits, "share_limits": share_limits.ravel()})
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
    assert people.caught.mean() == pytest.approx(again, abs=4 * spread + 1e-9)
    if risk == 0:
        assert again == pytest.approx(caught / (1 - caught))
    stopped = events.counts[crossing.INTERCEPTED, EAST].sum()
    assert stopped == people.caught.sum()
    assert stats.norm.sf(4 - 0.015 / np.sqrt(0.25 / n)) > 0.97


def test_outcomes_split_as_their_chances_say() -> None:
    """Even draws fall into dead, intercepted, put off and through as weather, risk and control say."""
    limits = crossing.outcome_limits(np.array([0.6, 1.0, 0.0]), np.array([0.1, 0.0, 1.0]), np.array([0.5, 0.0, 1.0]))
    draw = np.linspace(0, 2**32 - 2, 100_001).astype(np.uint32)
    for leg, wanted in enumerate([(0.06, 0.27, 0.4, 0.27), (0, 0, 0, 1), (0, 0, 1, 0)]):
        result = crossing.outcome(draw, np.full(draw.shape, leg, dtype=np.int16), limits)
        np.testing.assert_allclose(np.bincount(result, minlength=4) / draw.size, wanted, atol=3e-5)
    exits = crossing.outcome(draw, np.full(draw.shape, 4, dtype=np.int16), limits)
    assert (exits == crossing.THROUGH).all()


def hazard_of(world: World, leg: int = EAST) -> float:
    settle_step(world, drivers.update, crossing.update)
    return float(world.hazard[leg])


def test_hazard_is_effort_times_capacity_times_cooperation_over_load() -> None:
    """Departure side 0.3 x 1 x (1 - 60/120) x 0.8; arrival side 0.3 x 0.5 x (1 - 35/120)."""
    world = small.world()
    assert hazard_of(world) == pytest.approx(0.3 * 1 * 0.5 * 0.8 + 0.3 * 0.5 * (1 - 35 / 120))
    assert world.caught[EAST] == pytest.approx(1 - np.exp(-world.hazard[EAST]))
    assert world.caught[0] == 0
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


def test_rescue_lowers_and_evasion_and_crowding_raise_the_risk() -> None:
    world = small.world()
    base_hazard = 0.3 * 1 * 0.5 * 0.8
    hazard_of(world)
    assert world.risk[EAST] == pytest.approx(0.01 * (1 + base_hazard))
    world.levers["rescue"][EAST] = 0.5
    hazard_of(world)
    assert world.risk[EAST] == pytest.approx(0.01 * (1 + base_hazard) * (1 - 0.7 * 0.5))
    world.crowding[EAST] = 1.44
    hazard_of(world)
    assert world.risk[EAST] == pytest.approx(0.01 * (1 + base_hazard) * (1 - 0.7 * 0.5) * 1.2)


def test_weather_closes_seas_and_moves_risk() -> None:
    """Nobody tries a closed sea; land legs have no weather; a corridor may have no sea at all."""
    world = small.world(seasons=[*small.seasons("east", 0.0), *small.seasons("west", 1.0, 1.3)],
                        parameter={"crossing.sea_hazard_noise": 0.0})  # fmt: skip
    settle_step(world, drivers.update, crossing.update)
    assert world.open.tolist() == [1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1]
    assert world.risk[WEST] == pytest.approx(0.03 * 1.3 * (1 + 0.3 * 0.8 * (1 - 75 / 120) * 0.9))
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
    assert rate == pytest.approx(18_000 * rules.departure.host_income_share.value * rules.transit.saving_share.value / 365.25)
    assert transit.saving_days(np.float32([700.0]), np.float32([rate]))[0] == pytest.approx(700 / rate, rel=1e-6)
    assert transit.saving_days(np.float32([700.0]), np.float32([0.0]))[0] == np.inf


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
    legs = [leg.model_copy(update={"effort_departure": 50.0, "departure_control": "DEB"}) if leg.tail == "island" else leg
            for leg in small.corridor().legs]  # fmt: skip
    deal = small.policy(small.change("safe_third_country", "DEB", ["eastern"], [("2016-01-01", 0.8)]))
    places = [place.model_copy(update={"wait_days": 0.0}) for place in small.corridor().places]
    model = small.run(small.corridor(end="2016-04-01", legs=legs, places=places, policies={"deal": deal},
                                     parameter={"crossing.give_up_share": 0.5}))  # fmt: skip
    sent = model.recorder.tables()["returns"].to_pandas()
    assert sent[sent.kind == "readmission"].value.sum() > 100
    assert sent[sent.kind == "gave_up"].value.sum() > 100


# Departure ---------------------------------------------------------------------------------------------------------


def test_capability_is_the_share_of_a_lognormal_above_the_price() -> None:
    """Mean over wealth classes of who can pay 1300 with savings of median 0.6 x income and log spread 1."""
    world = settle_step(small.world(), drivers.update, smuggling.update, crossing.update, route_choice.update)
    able = departure.capability(world)[0, 0, 0]
    rules = world.parameters.departure
    wanted = stats.lognorm.sf(1300, rules.wealth_spread.value, scale=rules.wealth_share.value * 4000)
    assert able @ np.diff(world.groups.wealth_bounds) == pytest.approx(wanted, rel=1e-9)
    assert (np.diff(able) >= 0).all()
    assert (departure.capability(settle_step(small.world(switches={"hump": False}))) == 1).all()


def test_all_who_set_out_can_pay_the_cheapest_journey() -> None:
    for hump in (True, False):
        world = settle_step(small.world(switches={"hump": hump}), drivers.update, smuggling.update, crossing.update,
                            route_choice.update, departure.update)  # fmt: skip
        people = world.people
        assert people.n > 500
        origin = world.groups.origin[people.person_class]
        price = route_choice.cheapest_journey(world)[origin, people.place]
        assert (people.money >= price * (1 - 1e-6)).all()


def test_departures_are_the_binomial_of_their_pools() -> None:
    """Mean over 400 seeds of departures from one pool within 4 standard errors of n p (1.2% of it)."""
    world = settle_step(small.world(), drivers.update)
    world.pools[:] = 0
    share = np.zeros(world.pools.shape)
    share[0, 0, 0, 1] = 0.05
    got = []
    for seed in range(400):
        world.pools[0, 0, 0, 1], world.people.n = 5000, 0
        world.pool_keys[0, 0, 0, 1] = seed * 0x9E3779B97F4A7C15 % 2**64
        world.people._expose()
        world.new_ledger()
        departure.draw_departures(world, share)
        got.append(world.people.n)
        assert world.pools.sum() + world.people.n == 5000
    assert np.mean(got) == pytest.approx(250, abs=4 * np.sqrt(250 * 0.95 / 400))
    assert np.var(got) == pytest.approx(250 * 0.95, rel=4 * np.sqrt(2 / 399))


def test_aspiration_is_logistic_in_the_gain() -> None:
    world = settle_step(small.world(), drivers.update, smuggling.update, crossing.update, route_choice.update)
    rules = world.parameters.departure
    gain = world.value[2, 0] + 0.5 - world.stay[0, 0, 0, 2] - rules.threshold.value
    assert departure.aspiration(world)[0, 0, 0, 2] == pytest.approx(1 / (1 + np.exp(-gain / rules.spread.value)))


def test_legal_pathways_move_the_places_given() -> None:
    """365.25 places a year are seven a week; people in need go, from the largest pool."""
    world = settle_step(small.world(), drivers.update)
    world.levers["legal_pathways"][0, 4] = 1.0
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


# Asylum ------------------------------------------------------------------------------------------------------------


def claimants(world: World, n: int, country: int = 4) -> np.ndarray:
    fresh = add_people(world, n, place=6, state=State.AWAITING, since=np.full(n, world.end_day))
    world.queue[country].append(fresh)
    return fresh


def asylum_world(decisions: float, **knobs: Any) -> World:
    table = [rows.AsylumYearRow(country="DEA", year=2016, decisions=decisions, removals=0)]
    world = small.world(asylum_years=table, **knobs)
    drivers.update(world)
    return world


def test_a_queue_below_capacity_never_grows() -> None:
    world = asylum_world(10_000)
    for step in range(20):
        world.step = step
        world.new_ledger()
        claimants(world, 150)
        asylum.update(world)
        assert world.ledger["backlog"][4] == 0
        assert world.ledger["decided_wait"][4] == 0


def test_a_queue_above_capacity_grows_by_the_difference_and_keeps_its_order() -> None:
    """D/D/1: 300 claims a week against c decisions. Backlog after k weeks is k (300 - c); the claim at position q

    waits q / c weeks; decided in the order of claiming; and the wait foretold is the backlog over capacity.
    """
    decisions = 200 * 365.25 / 7
    world = asylum_world(decisions)
    order: list[int] = []
    for step in range(20):
        world.step = step
        world.new_ledger()
        claimants(world, 300)
        waiting = np.concatenate(list(world.queue[4]._parts))
        asylum.update(world)
        left = np.concatenate(list(world.queue[4]._parts))
        order += waiting[: len(waiting) - len(left)].tolist()
        assert world.ledger["backlog"][4] == pytest.approx((step + 1) * 100, abs=1)
        assert asylum.waiting_years(world)[4] == pytest.approx((step + 1) * 100 / decisions, abs=2 / decisions)
        decided = world.ledger["decisions"][4, ..., :2].sum()
        assert decided == pytest.approx(200, abs=1)
        oldest = np.ceil((step + 1) * 200 / 300) - 1
        assert world.ledger["decided_wait"][4] / decided == pytest.approx(7 * (step - oldest), abs=5)
    assert order == sorted(order)
    assert len(order) == pytest.approx(4000, abs=1)


def test_fractions_of_a_decision_are_kept_for_the_next_step() -> None:
    """A country of 26 decisions a year decides one a fortnight; unused capacity is not saved up."""
    world = asylum_world(26.0)
    claimants(world, 100)
    for step in range(26):
        world.step = step
        asylum.decide(world)
    assert world.ledger["decisions"].sum() == pytest.approx(26 * 26 * 7 / 365.25, abs=1)
    idle = asylum_world(5200.0)
    for step in range(20):
        idle.step = step
        asylum.decide(idle)
    claimants(idle, 1000)
    asylum.decide(idle)
    assert idle.ledger["decisions"].sum() <= 101


@pytest.mark.parametrize(("rate", "need"), [(0.3, 0.5), (0.7, 0.5), (0.5, 0.5), (0.0, 0.4), (0.4, 0.0), (1.0, 1.0)])
def test_recognition_falls_first_to_those_in_need(rate: float, need: float) -> None:
    """The rate over all claims is the observed one, whatever the share in need."""
    table = [rows.RecognitionRow(origin="ORA", country="DEA", year=2016, rate=rate, decisions=1)]
    world = small.world(recognition=table, origins={"ORA": (need, 0.0), "ORB": (0.5, 0.0)})
    in_need, other = asylum.positive_chance(world)[0, 4]
    assert need * in_need + (1 - need) * other == pytest.approx(rate)
    assert in_need >= other or need == 0


def test_appeals_follow_share_time_and_success() -> None:
    """Of 30,000 refused: the share who appeal, the mean time until decided, the share who win; bands at z = 4."""
    n = 30_000
    table = [rows.RecognitionRow(origin="ORA", country="DEA", year=2016, rate=0.0, decisions=1)]
    world = asylum_world(n * 60.0, recognition=table, end="2046-01-01", step_days=28)
    claimants(world, n)
    asylum.update(world)
    rules = world.parameters.asylum
    appealing = world.people.state == State.APPEALING
    share = rules.appeal_share.value
    assert appealing.mean() == pytest.approx(share, abs=half_width(share, n))
    assert world.ledger["orders"][4, 0] == n - appealing.sum()
    times = world.people.ready[appealing] - world.end_day
    assert times.mean() == pytest.approx(rules.appeal_time.value, rel=4 / np.sqrt(appealing.sum()))
    for step in range(1, world.clock.n_steps):
        world.step = step
        asylum.update(world)
    assert not (world.people.state == State.APPEALING).any()
    won = world.closed[State.PROTECTED].sum() / appealing.sum()
    assert won == pytest.approx(rules.appeal_success.value, abs=half_width(0.17, int(appealing.sum())))
    assert world.ledger["orders"][4, 0] + world.closed[State.PROTECTED].sum() == n


# Returns -----------------------------------------------------------------------------------------------------------


def test_removals_add_up_to_capacity_in_the_mean() -> None:
    """520 a year from a stock of 20,000 ordered: over a year 520, with a standard deviation of about 22; z = 4."""
    table = [rows.AsylumYearRow(country="DEA", year=2016, decisions=0, removals=520)]
    world = small.world(asylum_years=table, end="2017-01-01", parameter={"returns.voluntary_rate": 0.0})
    drivers.update(world)
    add_people(world, 20_000, place=6, state=State.ORDERED)
    for step in range(world.clock.n_steps):
        world.step = step
        returns.update(world)
    removed = world.ledger["returns"][4, 0, 0]
    wanted = 520 * world.clock.years.sum()
    assert removed == pytest.approx(wanted, abs=4 * np.sqrt(wanted))
    assert world.ledger["returns"].sum() == removed


def test_only_those_who_can_be_found_and_have_papers_are_removed() -> None:
    """With unlimited capacity the removed are the identified share; interior controls and cooperation raise it."""
    n = 20_000
    table = [rows.AsylumYearRow(country="DEA", year=2016, decisions=0, removals=1e9)]
    for interior, cooperation in ((0.0, 0.0), (2.0, 0.3)):
        world = small.world(asylum_years=table, parameter={"returns.voluntary_rate": 0.0})
        drivers.update(world)
        world.levers["interior_controls"][4] = interior
        world.levers["readmission_cooperation"][0, 4] = cooperation
        add_people(world, n, place=6, state=State.ORDERED)
        returns.update(world)
        rules = world.parameters.returns
        found = 1 / (1 + (1 / rules.identification.value - 1) * np.exp(-rules.interior_effect.value * interior))
        wanted = found * (rules.papers_share.value + cooperation)
        assert world.ledger["returns"][4, 0, 0] / n == pytest.approx(wanted, abs=half_width(wanted, n))
        returns.update(world)
        assert world.ledger["returns"][4, 0, 0] / n == pytest.approx(wanted, abs=half_width(wanted, n))


@pytest.mark.parametrize("support", [1.0, 3.0])
def test_voluntary_returns_and_orders_come_at_their_rates(support: float) -> None:
    """Share gone voluntarily after a year, and share of the undocumented ordered to leave; 20,000 each, z = 4."""
    n = 20_000
    world = small.world(asylum_years=(), end="2017-01-01")
    drivers.update(world)
    world.levers["voluntary_return_support"][4] = support
    add_people(world, n, place=6, state=State.ORDERED)
    add_people(world, n, place=7, state=State.UNDOCUMENTED)
    for step in range(world.clock.n_steps):
        world.step = step
        returns.update(world)
    years = world.clock.years.sum()
    gone = 1 - np.exp(-world.parameters.returns.voluntary_rate.value * support * years)
    assert world.ledger["returns"][4, 0, 1] / n == pytest.approx(gone, abs=half_width(gone, n))
    ordered = chance(world.parameters.returns.order_rate.value, years)
    assert world.ledger["orders"][5, 0] / n == pytest.approx(ordered, abs=half_width(float(ordered), n))


# Smuggling ---------------------------------------------------------------------------------------------------------


def settled_price(world: World, steps: int = 200) -> float:
    for _ in range(steps):
        smuggling.update(world)
    return float(world.price[EAST])


def test_price_follows_enforcement_with_its_elasticity() -> None:
    """Effort (1 x 0.8 + 0.5) trebled by the arrival side: log price up by elasticity x log 3."""
    world = small.world()
    assert settled_price(world) == pytest.approx(1000)
    world.levers["border_effort_arrival"][EAST] = 2 * (0.8 + 0.5)
    price = settled_price(world)
    rules = world.parameters.smuggling
    assert np.log(price / 1000) / np.log(3) == pytest.approx(rules.price_elasticity.value, rel=1e-6)
    assert world.crowding[EAST] == pytest.approx(3**rules.crowding_elasticity.value)
    world.levers["anti_smuggling"][EAST] = 1.0
    assert settled_price(world) / price == pytest.approx(np.exp(rules.anti_smuggling_effect.value))


def test_prices_adjust_over_the_time_given() -> None:
    """After `adjustment` days, 1 - 1/e of a change has come, whatever the step."""
    for step_days in (1, 7, 30):
        world = small.world(step_days=step_days)
        world.levers["border_effort_arrival"][EAST] = 2.6
        rules = world.parameters.smuggling
        steps = 60 // step_days
        end = 1000 * 3**rules.price_elasticity.value
        share = (settled_price(world, steps) - 1000) / (end - 1000)
        assert share == pytest.approx(1 - np.exp(-steps * step_days / rules.adjustment.value))


def test_demand_moves_prices() -> None:
    world = small.world()
    world.flow[EAST], world.flow_year[EAST] = 200, 100
    assert settled_price(world) == pytest.approx(1000 * 2**world.parameters.smuggling.demand_elasticity.value)


def test_flow_and_load_start_without_a_false_boom() -> None:
    """A steady flow from the first step on is neither a boom nor a slump."""
    world = small.world()
    for _ in range(60):
        smuggling.update(world)
        world.ledger["attempts"][EAST, 0, 0] = 70
        smuggling.collect(world)
        assert world.flow[EAST] == pytest.approx(70)
        assert world.price[EAST] == pytest.approx(1000)


def test_revenue_is_paid_by_those_who_get_through() -> None:
    world = settle_step(small.world(), smuggling.update)
    world.ledger["attempts"][EAST, 0, 0], world.ledger["crossings"][EAST, 0, 0] = 100, 60
    smuggling.collect(world)
    assert world.ledger["smuggled"][EAST] == 90
    assert world.ledger["revenue"][EAST] == pytest.approx(60 * 0.9 * 1000)


# Feedback ----------------------------------------------------------------------------------------------------------


EASTERN, WESTERN = 0, 1
"""The two routes of the small corridor."""


def test_news_and_beliefs_fade() -> None:
    """News halves in its half-life, and what was seen falls to 1/e in the memory, whatever the step."""
    for step_days in (1, 5):
        world = small.world(step_days=step_days)
        world.news[0, WESTERN], world.seen[0, EAST] = 800.0, 800.0
        steps = int(world.parameters.news.halflife.value) // step_days
        for _ in range(steps):
            feedback.spread_news(world)
            feedback.learn(world)
        assert world.news[0, WESTERN] == pytest.approx(400)
        assert world.seen[0, EAST] == pytest.approx(800 * np.exp(-steps * step_days / world.parameters.beliefs.memory.value))


def test_news_is_of_a_route_and_of_ones_own_people() -> None:
    world = settle_step(small.world(), drivers.update, smuggling.update, crossing.update, route_choice.update)
    before = route_choice.leg_utility(world)
    world.ledger["crossings"][WEST, 0] = 300
    world.ledger["crossings"][0, 0] = 500
    feedback.spread_news(world)
    assert world.news.tolist() == [[0, 600], [0, 0]]
    rise = route_choice.leg_utility(world) - before
    rules = world.parameters.news
    assert rise[0, :, WEST] == pytest.approx(rules.weight.value * np.log1p(600 / rules.reference.value))
    rise[0, :, WEST] = 0
    assert (rise == 0).all()


def test_a_corridor_without_named_routes_runs() -> None:
    legs = [leg.model_copy(update={"route": "", "counted": False}) for leg in small.corridor().legs]
    model = small.run(small.corridor(end="2016-02-01", legs=legs))
    assert small.total(model, "crossings") > 0


@pytest.mark.parametrize(("lag", "kind"), [("investment_lag", "gain"), ("withdrawal_lag", "loss")])
def test_the_lag_kernel_has_its_mean_and_its_total(lag: str, kind: str) -> None:
    """A year of investment (or of aid withdrawn): the effect's total is kept, and comes `lag` later in the mean."""
    mean = {"investment_lag": 3 * 365.25, "withdrawal_lag": 1 * 365.25}
    world = small.world(start="2016-01-01", end="2036-01-01", parameter={f"feedback.{n}": v for n, v in mean.items()})
    drivers.update(world)
    stages = world.lag_gain if kind == "gain" else world.lag_loss
    effect = []
    money = 0.1 * 60_000 * 4000 / 1e6
    for step in range(world.clock.n_steps):
        world.step = step
        world.levers["aid"][0] = (money if kind == "gain" else -money) if step < 52 else 0.0
        feedback.invest(world)
        effect.append(stages[-1, 0])
    inflow = world.parameters.feedback.investment_effect.value * 0.5
    middle = (np.arange(world.clock.n_steps) + 1) * 7.0
    assert np.sum(effect) == pytest.approx(52 * inflow, rel=1e-3)
    assert np.average(middle, weights=effect) - 26 * 7 == pytest.approx(mean[lag], rel=0.02)


def test_investment_saturates() -> None:
    """At `investment_half` of income a head half of the effect; ten times as much gives 10/11 of it."""
    world = small.world(parameter={"feedback.investment_lag": 1e-3})
    drivers.update(world)
    half = world.parameters.feedback.investment_half.value * world.plan.population[0, 0] * 4000 / 1e6
    for factor, wanted in ((1, 0.5), (10, 10 / 11), (0, 0.0)):
        world.levers["root_cause_investment"][0] = factor * half
        for _ in range(4):
            feedback.invest(world)
        assert world.lag_gain[-1, 0] == pytest.approx(world.parameters.feedback.investment_effect.value * wanted, abs=1e-9)
    assert (world.lag_loss == 0).all()


def test_what_is_lost_and_gained_changes_income() -> None:
    world = small.world()
    world.lag_gain[-1, 0], world.lag_loss[-1, 1] = 0.1, 0.2
    drivers.update(world)
    assert world.gdp[:2] == pytest.approx([4000 * np.exp(0.1), 5000 * np.exp(-0.2)])
    effect = world.parameters.feedback.unemployment_effect.value
    assert world.unemployment[:2] == pytest.approx([0.35 - 0.1 * effect, 0.3 + 0.2 * effect])


def test_remittances_are_sent_by_those_who_settled() -> None:
    world = small.world()
    world.closed[State.PROTECTED, 4, 0], world.closed[State.ADMITTED, 5, 0], world.closed[State.DEAD, 5, 0] = 70, 30, 50
    feedback.send_remittances(world)
    rules = world.parameters.feedback
    full = 100 * rules.remittance_per_person.value * world.years
    assert world.ledger["remittances"].tolist() == pytest.approx([full * (1 - rules.remittance_cost.value), 0])
    world.levers["remittance_facilitation"][0] = 1.0
    feedback.send_remittances(world)
    assert world.ledger["remittances"][0] == pytest.approx(full)


def test_the_diaspora_grows_by_claims_and_shrinks_by_returns() -> None:
    world = small.world()
    assert world.diaspora[0, 4] == 3000
    world.ledger["claims"][4, 0, 0], world.ledger["returns"][4, 0, 1], world.ledger["returns"][5, 0, 1] = 100, 40, 10
    feedback.settle_diaspora(world)
    assert world.diaspora[0, 4:].tolist() == [3060, 0]


def test_the_world_is_built_from_its_rows() -> None:
    world = build_world(small.corridor())
    assert world.pools.sum() == world.initial == pytest.approx(128_000, abs=5)
    assert world.pools[0, 0, 0].sum() + world.pools[0, 2, 0].sum() == pytest.approx(0.8 * 60_000 + 8000, abs=5)
    mean_income = (world.groups.income_factor * np.diff(world.groups.wealth_bounds)).sum()
    assert mean_income == pytest.approx(1.0)
