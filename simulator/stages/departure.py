"""Departure: aspiration times capability, drawn from the counts of people who have not set out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrik, ndtr, ndtri

from simulator.clock import chance
from simulator.draws import Decision, cohort_keys, uniforms
from simulator.stages import season
from simulator.stages.stage import Stage, Variable
from simulator.world.people import State
from simulator.world.world import World

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


class Cells(NamedTuple):
    """Some of the pools, each by its four numbers, which broadcast against each other; an index of such tables."""

    origin: Counts
    residence: Counts
    need: Counts
    wealth: Counts


def all_cells(world: World) -> Cells:
    """Return all pools; what is asked for them has the shape of the pools."""
    return Cells(*np.ogrid[tuple(slice(n) for n in world.pools.shape)])


def update(world: World) -> None:
    """Draw who sets out in this step, and give each a row."""
    # Few pools have people, and nothing is asked about the others.
    cells = Cells(*np.unravel_index(np.flatnonzero(world.pools > 0), world.pools.shape))
    worth = gain(world, cells)
    aspire, able = aspiration(world, cells, worth), capability(world, cells)
    renew(world)
    rate = world.parameters.departure.highest_rate.value * remaining(world, aspire, cells) * able
    draw_pathways(world)
    bound_relatives(world)
    following, of_these = follow(world, able, cells, worth)
    rate = (1.0 - of_these) * rate + of_these * following
    p_leave, relatives, wish, can = np.zeros((4, *world.pools.shape))
    p_leave[cells] = chance(rate, world.years)
    relatives[cells] = np.divide(of_these * following, rate, out=np.zeros(rate.shape), where=rate > 0.0)
    draw_departures(world, p_leave, relatives)
    wish[cells], can[cells] = aspire, able
    people = np.einsum("ornw->or", world.pools)
    inhabited = np.nonzero(people > 0)
    for name, share in (("aspiration", wish), ("capability", can)):
        world.ledger[name][...] = 0.0
        of_all = (share[inhabited] * world.pools[inhabited]).sum(axis=(1, 2))
        world.ledger[name][inhabited] = of_all / people[inhabited]


def gain(world: World, cells: Cells | None = None) -> Floats:
    """Return what leaving is worth over staying, attachment included; utility, a figure for each of `cells`."""
    cells, departure = cells or all_cells(world), world.parameters.departure
    attachment = departure.threshold.value - world.groups.level
    off_season = world.parameters.choice.day_weight.value * season.waiting(world, *_start(world, cells))
    return np.asarray(of_pools(world, world.value, cells) - off_season - world.stay[cells] - attachment[cells.origin])


def aspiration(world: World, cells: Cells | None = None, worth: Floats | None = None) -> Floats:
    """Return the share who want to leave: logistic in the value of leaving over staying; a figure for each of `cells`.

    `worth` is their gain, where it is known already.
    """
    share = (gain(world, cells) if worth is None else worth) / world.parameters.departure.spread.value
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(share, -700.0, 700.0))))


def renew(world: World) -> None:
    """Let others become as ready to leave as those who left were."""
    world.left *= np.exp(-world.parameters.departure.renewal.value * world.years)


def bound_relatives(world: World) -> None:
    """Let there be no more relatives in a pool than people."""
    world.relatives = np.minimum(world.relatives, world.pools)


def remaining(world: World, aspire: Floats, cells: Cells | None = None) -> Floats:
    """Return the share of each pool who want to leave and are still there; shape of `aspire`, one for each of `cells`.

    People differ in how attached they are, and the least attached leave first: of those who would want to leave as
    things stand, those who left already are no longer in the pool.
    """
    left = world.left[cells or ...]
    everybody = world.pools[cells or ...] + left
    gone = np.divide(left, everybody, out=np.zeros(everybody.shape), where=everybody > 0)
    return np.asarray(np.maximum(aspire - gone, 0.0) / np.maximum(1.0 - gone, 1e-12))


def follow(
    world: World, able: Floats, cells: Cells | None = None, worth: Floats | None = None
) -> tuple[Floats, Floats]:
    """Return the rate a year at which relatives who mean to follow leave, and their share of each pool.

    They are held back by less than others are, so that what changes the worth of the journey moves them less; they
    go through the same choice of way. Both for each of `cells`; `worth` is their gain, where it is known already.
    """
    departure = world.parameters.departure
    worth = gain(world, cells) if worth is None else worth
    drawn = (worth + departure.relatives_pull.value) / departure.spread.value
    rate = departure.relatives_rate.value * able / (1.0 + np.exp(-np.clip(drawn, -700.0, 700.0)))
    people = world.pools[cells or ...]
    return rate, np.divide(world.relatives[cells or ...], people, out=np.zeros(rate.shape), where=people > 0)


def savings(world: World) -> Floats:
    """Return the median savings that people could spend on a journey; euros, shape (n_origins, n_countries)."""
    departure, groups = world.parameters.departure, world.groups
    income = np.repeat((world.gdp * departure.host_income_share.value)[None], len(groups.origins), axis=0)
    own = groups.origin_country
    income[np.arange(len(own)), own] = world.gdp[own]
    return np.asarray(departure.wealth_share.value * income)


def rank_needed(world: World, cells: Cells) -> Floats:
    """Return the wealth rank needed to pay the journey that people would choose; 0 to 1, one for each of `cells`."""
    price = of_pools(world, world.journey_price, cells)
    spread = world.parameters.departure.wealth_spread.value
    with np.errstate(divide="ignore"):
        return np.asarray(ndtr(np.log(price / savings(world)[cells.origin, cells.residence]) / spread))


def capability(world: World, cells: Cells | None = None) -> Floats:
    """Return the share of each pool who can pay the journey that they would choose; a figure for each of `cells`.

    Savings are lognormal; a wealth class is a slice of their ranks. With the hump switched off everybody can.
    """
    cells = cells or all_cells(world)
    if not world.switches.hump:
        return np.ones(np.broadcast_shapes(*(number.shape for number in cells)))
    low, high = world.groups.wealth_bounds[cells.wealth], world.groups.wealth_bounds[cells.wealth + 1]
    return np.clip((high - rank_needed(world, cells)) / (high - low), 0.0, 1.0)


def of_pools(world: World, by_place: Floats, cells: Cells) -> Floats:
    """Return what a table of classes and places says at the place where each pool sets out; one for each of `cells`."""
    return np.asarray(by_place[_start(world, cells)])


def _start(world: World, cells: Cells) -> tuple[Counts, NDArray[np.int16]]:
    """Return the class of each pool's people, and the place where they set out."""
    of = (cells.origin * 2 + cells.need) * world.groups.n_wealth + cells.wealth
    return of, world.home_place[cells.residence]


def draw_binomial(draw: Floats, n: Counts, p: Floats) -> Counts:
    """Return binomial counts by inversion, so that the same draw gives more when `p` is higher.

    Parameters
    ----------
    draw : uniform draws, shape (k,).
    n, p : trials and chance, shape (k,).
    """
    drawn = np.zeros(draw.shape, dtype=np.int64)
    with np.errstate(all="ignore"):
        # Most draws are of nobody: the inverse, which takes long, is worked out only where it may be more.
        some = draw > (1.0 - 1e-6) * np.exp(n * np.log1p(-p))
        draw, n, p = draw[some], n[some], p[some]
        count = np.ceil(bdtrik(draw, n.astype(np.float64), p))
    count = np.where(np.isnan(count), 0.0, count)
    lower = np.maximum(count - 1.0, 0.0)
    count = np.where((count > 0) & (bdtr(lower, n, p) >= draw), lower, count)
    drawn[some] = np.clip(np.where(p >= 1.0, n, count), 0, n)
    return drawn


def draw_departures(world: World, share: Floats, relatives: Floats) -> None:
    """Draw departures from each pool with the chances given, and add the rows.

    `relatives` is the share of those who leave who are relatives of people who made it, shape of the pools.

    Pools are drawn in whole rows of `persons_per_agent` people; a remainder too small for a row stays.
    """
    weight, step = world.weight, world.step
    cells = np.unravel_index(np.flatnonzero((world.pools >= weight) & (share > 0.0)), share.shape)
    group = world.pool_keys[cells]
    luck = uniforms(group, Decision.DEPART, step)
    count = draw_binomial(luck, world.pools[cells] // weight, share[cells])
    gone = count > 0
    if not gone.any():
        return
    cells, group, count = Cells(*(number[gone] for number in cells)), group[gone], count[gone]
    world.pools[cells] -= count * weight
    follows = relatives[cells] * count * weight
    world.left[cells] += count * weight - follows
    world.relatives[cells] -= np.minimum(follows, world.relatives[cells])
    world.ledger["departures"][cells] += count * weight
    _set_out(world, cohort_keys(group, step, count), cells, count)


def _set_out(world: World, key: NDArray[np.uint64], cells: Cells, count: Counts) -> None:
    """Add a row for each person who sets out, with a day within the step and money for the journey."""
    day = world.day + world.days * uniforms(key, Decision.SETTING_OUT, world.step)
    of, place = _start(world, cells)
    world.people.add(
        key=key,
        ready=np.minimum(day, np.nextafter(np.float32(world.end_day), np.float32(0.0))).astype(np.float32),
        since=day.astype(np.float32),
        money=_money(world, key, cells, count).astype(np.float32),
        person_class=np.repeat(of.astype(np.int16), count),
        place=np.repeat(place, count),
        state=np.full(len(key), State.MOVING, dtype=np.int8),
    )


def _money(world: World, key: NDArray[np.uint64], cells: Cells, count: Counts) -> Floats:
    """Return each person's money: savings of those of the pool who can pay the journey.

    With the hump switched off, those who could not pay are given what it costs.
    """
    low, high = world.groups.wealth_bounds[cells.wealth], world.groups.wealth_bounds[cells.wealth + 1]
    needed = rank_needed(world, cells) if world.switches.hump else low
    low = np.clip(needed, low, high)
    luck = uniforms(key, Decision.WEALTH, world.step)
    rank = np.clip(np.repeat(low, count) + np.repeat(high - low, count) * luck, 1e-9, 1.0 - 1e-9)
    spread = world.parameters.departure.wealth_spread.value
    money = np.repeat(savings(world)[cells.origin, cells.residence], count) * np.exp(spread * ndtri(rank))
    if not world.switches.hump:
        money = np.maximum(money, np.repeat(of_pools(world, world.journey_price, cells), count))
    return np.asarray(money)


def draw_pathways(world: World) -> None:
    """Move people by legal pathways: places are filled from those in need in hosts and at home, largest pool first."""
    due = world.pathways_due
    due += world.levers["legal_pathways"] * world.years
    if not (due >= 1.0).any():
        return
    for origin, country in np.argwhere(due >= 1.0):
        wanted = int(due[origin, country])
        due[origin, country] -= wanted
        pool = world.pools[origin]
        for cell in np.argsort(-pool[:, 0].ravel(), kind="stable"):
            residence, wealth = np.unravel_index(cell, pool[:, 0].shape)
            moved = min(wanted, int(pool[residence, 0, wealth]))
            pool[residence, 0, wealth] -= moved
            relatives = world.relatives[origin, residence, 0]
            relatives[wealth] = max(relatives[wealth] - moved, 0.0)
            world.closed[State.ADMITTED, country, origin] += moved
            world.ledger["pathways"][country, origin] += moved
            wanted -= moved
            if not wanted:
                break


STAGE = Stage(
    "departure",
    update,
    reads=(
        "levers",
        "pools",
        "pool_keys",
        "value",
        "stay",
        "gdp",
        "journey_price",
        "people",
        "closed",
        "left",
        "relatives",
        "plan",
        "by_sea",
        "days_to_sea",
        "pathways_due",
    ),
    changes=("pools", "people", "closed"),
    owns=(
        Variable(
            "left",
            ("origin", "country", "need", "wealth"),
            "person",
            "People who left a pool and are not yet replaced by others as ready to leave.",
        ),
        Variable(
            "relatives",
            ("origin", "country", "need", "wealth"),
            "person",
            "Of those in a pool, relatives of people who made it and who mean to follow.",
        ),
        Variable("pathways_due", ("origin", "country"), "person", "Places on legal pathways that are not yet filled."),
    ),
    records=("departures", "pathways", "aspiration", "capability"),
    reason="who sets out depends on the value of the journey; they can travel in the same step",
)
