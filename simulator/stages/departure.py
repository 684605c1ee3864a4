"""Departure: aspiration times capability, drawn from the counts of people who have not set out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrik, ndtr, ndtri

from simulator.clock import chance
from simulator.draws import Decision, person_keys, uniforms
from simulator.stages import season
from simulator.world.people import State
from simulator.world.world import World

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


def update(world: World) -> None:
    """Draw who sets out in this step, and give each a row."""
    aspire, able = aspiration(world), capability(world)
    rate = world.parameters.departure.highest_rate.value * remaining(world, aspire) * able
    draw_pathways(world)
    following, of_these = follow(world, able)
    rate = (1.0 - of_these) * rate + of_these * following
    share = np.divide(of_these * following, rate, out=np.zeros(rate.shape), where=rate > 0.0)
    draw_departures(world, chance(rate, world.years), share)
    people = world.pools.sum(axis=(2, 3))
    for name, share in (("aspiration", aspire), ("capability", able)):
        mean = np.divide((share * world.pools).sum(axis=(2, 3)), people, out=np.zeros(people.shape), where=people > 0)
        world.ledger[name][...] = mean


def gain(world: World) -> Floats:
    """Return what leaving is worth over staying, attachment included; utility, shape of the pools."""
    departure = world.parameters.departure
    attachment = departure.threshold.value - world.groups.level
    off_season = world.parameters.choice.day_weight.value * _by_pool(world, season.waiting(world, world.home_place))
    return np.asarray(of_pools(world, world.value) - off_season - world.stay - attachment[:, None, None, None])


def aspiration(world: World) -> Floats:
    """Return the share who want to leave: logistic in the value of leaving over staying; shape of the pools."""
    share = gain(world) / world.parameters.departure.spread.value
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(share, -700.0, 700.0))))


def remaining(world: World, aspire: Floats) -> Floats:
    """Return the share of each pool who want to leave and are still there; shape of the pools.

    People differ in how attached they are, and the least attached leave first: of those who would want to leave as
    things stand, those who left already are no longer in the pool.
    """
    world.left *= np.exp(-world.parameters.departure.renewal.value * world.years)
    everybody = world.pools + world.left
    gone = np.divide(world.left, everybody, out=np.zeros(everybody.shape), where=everybody > 0)
    return np.asarray(np.maximum(aspire - gone, 0.0) / np.maximum(1.0 - gone, 1e-12))


def follow(world: World, able: Floats) -> tuple[Floats, Floats]:
    """Return the rate a year at which relatives who mean to follow leave, and their share of each pool.

    They are held back by less than others are, so that what changes the worth of the journey moves them less; they
    go through the same choice of way. Both of the shape of the pools.
    """
    departure = world.parameters.departure
    drawn = (gain(world) + departure.relatives_pull.value) / departure.spread.value
    rate = departure.relatives_rate.value * able / (1.0 + np.exp(-np.clip(drawn, -700.0, 700.0)))
    world.relatives = np.minimum(world.relatives, world.pools)
    return rate, np.divide(world.relatives, world.pools, out=np.zeros(rate.shape), where=world.pools > 0)


def savings(world: World) -> Floats:
    """Return the median savings that people could spend on a journey; euros, shape (n_origins, n_countries)."""
    departure, groups = world.parameters.departure, world.groups
    income = np.broadcast_to(
        world.gdp * departure.host_income_share.value, (len(groups.origins), len(world.gdp))
    ).copy()
    own = groups.origin_country
    income[np.arange(len(own)), own] = world.gdp[own]
    return np.asarray(departure.wealth_share.value * income)


def rank_needed(world: World) -> Floats:
    """Return the wealth rank needed to pay the journey that people would choose; 0 to 1, shape of the pools."""
    price = of_pools(world, world.journey_price)
    spread = world.parameters.departure.wealth_spread.value
    with np.errstate(divide="ignore"):
        return np.asarray(ndtr(np.log(price / savings(world)[:, :, None, None]) / spread))


def capability(world: World) -> Floats:
    """Return the share of each pool who can pay the journey that they would choose; shape of the pools.

    Savings are lognormal; a wealth class is a slice of their ranks. With the hump switched off everybody can.
    """
    if not world.switches.hump:
        return np.ones(world.pools.shape)
    low, high = world.groups.wealth_bounds[:-1], world.groups.wealth_bounds[1:]
    return np.clip((high - rank_needed(world)) / (high - low), 0.0, 1.0)


def of_pools(world: World, by_place: Floats) -> Floats:
    """Return what a table of classes and places says at the place where each pool sets out; shape of the pools."""
    return _by_pool(world, by_place[:, world.home_place])


def _by_pool(world: World, by_home: Floats) -> Floats:
    """Return a table of classes and countries of residence by pool; shape of the pools."""
    groups = world.groups
    return by_home.reshape(len(groups.origins), 2, groups.n_wealth, -1).transpose(0, 3, 1, 2)


def draw_binomial(draw: Floats, n: Counts, p: Floats) -> Counts:
    """Return binomial counts by inversion, so that the same draw gives more when `p` is higher.

    Parameters
    ----------
    draw : uniform draws, shape (k,).
    n, p : trials and chance, shape (k,).
    """
    with np.errstate(all="ignore"):
        count = np.ceil(bdtrik(draw, n.astype(np.float64), p))
    count = np.where(np.isnan(count), 0.0, count)
    lower = np.maximum(count - 1.0, 0.0)
    count = np.where((count > 0) & (bdtr(lower, n, p) >= draw), lower, count)
    return np.clip(np.where(p >= 1.0, n, count), 0, n).astype(np.int64)


def draw_departures(world: World, share: Floats, relatives: Floats) -> None:
    """Draw departures from each pool with the chances given, and add the rows.

    `relatives` is the share of those who leave who are relatives of people who made it, shape of the pools.

    Pools are drawn in whole rows of `persons_per_agent` people; a remainder too small for a row stays.
    """
    weight, step = world.weight, world.step
    cells = np.argwhere((world.pools >= weight) & (share > 0.0))
    if not len(cells):
        return
    index = tuple(cells.T)
    group = np.array([world.pool_keys[(o, r, n, w)] for o, r, n, w in cells.tolist()], dtype=np.uint64)
    luck = uniforms(group, Decision.DEPART, step)
    count = draw_binomial(luck, world.pools[index] // weight, share[index])
    gone = count > 0
    cells, group, count = cells[gone], group[gone], count[gone]
    if not len(cells):
        return
    world.pools[tuple(cells.T)] -= count * weight
    follows = relatives[tuple(cells.T)] * count * weight
    world.left[tuple(cells.T)] += count * weight - follows
    world.relatives[tuple(cells.T)] -= np.minimum(follows, world.relatives[tuple(cells.T)])
    np.add.at(world.ledger["departures"], tuple(cells.T), count * weight)
    keys = [person_keys(int(key), step, 0, int(number)) for key, number in zip(group, count, strict=True)]
    _set_out(world, np.concatenate(keys), np.repeat(cells, count, axis=0))


def _set_out(world: World, key: NDArray[np.uint64], cell: Counts) -> None:
    """Add a row for each person who sets out, with a day within the step and money for the journey."""
    groups = world.groups
    origin, residence, need, wealth = cell.T
    day = world.day + world.days * uniforms(key, Decision.SETTING_OUT, world.step)
    world.people.add(
        key=key,
        ready=np.minimum(day, np.nextafter(np.float32(world.end_day), np.float32(0.0))).astype(np.float32),
        since=day.astype(np.float32),
        money=_money(world, key, cell).astype(np.float32),
        person_class=((origin * 2 + need) * groups.n_wealth + wealth).astype(np.int16),
        place=world.home_place[residence],
        state=np.full(len(key), State.MOVING, dtype=np.int8),
    )


def _money(world: World, key: NDArray[np.uint64], cell: Counts) -> Floats:
    """Return each person's money: savings of those of the pool who can pay the journey.

    With the hump switched off, those who could not pay are given what it costs.
    """
    origin, residence, _, wealth = cell.T
    low, high = world.groups.wealth_bounds[wealth], world.groups.wealth_bounds[wealth + 1]
    needed = rank_needed(world)[tuple(cell.T)] if world.switches.hump else low
    low = np.clip(needed, low, high)
    luck = uniforms(key, Decision.WEALTH, world.step)
    rank = np.clip(low + (high - low) * luck, 1e-9, 1.0 - 1e-9)
    spread = world.parameters.departure.wealth_spread.value
    money = savings(world)[origin, residence] * np.exp(spread * ndtri(rank))
    if not world.switches.hump:
        money = np.maximum(money, of_pools(world, world.journey_price)[tuple(cell.T)])
    return np.asarray(money)


def draw_pathways(world: World) -> None:
    """Move people by legal pathways: places are filled from those in need in hosts and at home, largest pool first."""
    places = world.levers["legal_pathways"]
    carry = world.carry.setdefault("pathways", np.zeros(places.shape))
    carry += places * world.years
    for origin, country in np.argwhere(carry >= 1.0):
        wanted = int(carry[origin, country])
        carry[origin, country] -= wanted
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
