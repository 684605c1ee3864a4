"""Route choice: recursive logit over legs and exits, with learned beliefs.

The value of standing at a place is V(k) = s_k log sum over options a of exp((v(a) + V(head(a))) / s_k)
(Fosgerau, Frejinger & Karlström 2013, doi:10.1016/j.trb.2013.07.012), with a scale s_k that may differ by
place, so that legs which share a sea are closer substitutes (Mai, Fosgerau & Frejinger 2015,
doi:10.1016/j.trb.2015.03.015). Exits (claim, settle, go home) carry terminal values. Values are found
from the destinations backwards; only places that can be reached from one another need several sweeps.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.draws import thresholds
from simulator.errors import ChoiceError
from simulator.stages import drivers, season
from simulator.world.network import Exit, Level
from simulator.world.world import World

Floats = NDArray[np.float64]

TOLERANCE = 1e-6
"""Utility: a millionth moves a share by two millionths at most, far below what a draw can tell."""
SWEEPS = 200
PRICE_TOLERANCE = 0.01
"""Euros."""


def update(world: World) -> None:
    """Solve this step's values and choice shares for all classes."""
    utility = option_utility(world)
    heads = option_heads(world)
    scale = scales(world)
    start = world.value if world.value.size else np.full(utility.shape[:2], -1e6)
    world.value = solve(utility, heads, scale, world.network.levels, start)
    shares = choice_shares(utility, heads, scale, world.value)
    world.share_limits = np.ascontiguousarray(thresholds(np.cumsum(shares, axis=2)))
    season.look_ahead(world, shares, heads)
    is_leg = heads >= 0
    price = np.where(is_leg, world.price[np.where(is_leg, world.network.options, 0)], 0.0)
    world.journey_price = journey_price(shares, price, heads, world.network.levels)


def scales(world: World) -> Floats:
    """Return the scale of each place, utility; shape (n_places,)."""
    choice, network = world.parameters.choice, world.network
    nested = np.where(network.on_the_way, choice.transit_scale.value, 1.0)
    nested = nested * np.where(network.sea_departure, choice.sea_scale.value, 1.0)
    return np.asarray(choice.scale.value * nested)


def believed(world: World) -> tuple[Floats, Floats]:
    """Return the believed chances of interception and of death; each of shape (n_origins, n_legs).

    A discounted Beta-Bernoulli: what earlier travellers of the same origin met, against the prior. Official
    information counts as further observations that warn of interception. With learning switched off people
    know today's chances; with rescue as a pull switched off they take the risk of death to be that without rescue.
    """
    shape, pull = world.seen.shape, world.switches.rescue_pull
    today = np.broadcast_to(world.risk if pull else world.unrescued, shape)
    if not world.switches.learning:
        return np.broadcast_to(world.caught, shape), today
    strength = world.parameters.beliefs.prior_strength.value
    told = world.levers["information_campaign"] * strength
    weight = strength + world.seen + np.abs(told)
    caught = (strength * world.prior_caught + world.seen_caught + np.maximum(told, 0.0)) / weight
    if not pull:
        return caught, today
    return caught, (strength * world.prior_risk + world.seen_dead) / (strength + world.seen)


def leg_utility(world: World) -> Floats:
    """Return the utility of each leg; shape (n_origins, n_wealth, n_legs)."""
    choice, news, groups, network = (
        world.parameters.choice,
        world.parameters.news,
        world.groups,
        world.network,
    )
    caught, dead = believed(world)
    passage = 1.0 - world.levers["organised_transit"]
    waiting = world.parameters.crossing.retry_delay.value * (1.0 / world.vacancy - 1.0)
    value = -(choice.leg_loss.value + choice.day_weight.value * network.days) * passage
    value = value - choice.day_weight.value * np.minimum(waiting, world.parameters.departure.foresight.value)
    value = value + choice.interception_weight.value * np.log1p(-np.minimum(caught, 1 - 1e-9))
    value = value - choice.death_weight.value * 100.0 * dead
    barred = np.clip(world.visa + world.levers["visa_requirement"], 0.0, 1.0)[:, network.country[network.head]]
    value = value - choice.visa_penalty.value * np.where(network.visa, barred, 0.0)
    if world.switches.diffusion:
        legs = np.flatnonzero(network.counted & (network.route >= 0))
        legs = legs[network.told[network.route[legs]]]
        heard = (1.0 - news.shared.value) * world.news + news.shared.value * world.news.sum(axis=0)
        value[:, legs] += news.weight.value * np.log1p(heard[:, network.route[legs]] / news.reference.value)
    income = income_at_home(world)[:, None] * groups.income_factor
    price = world.price / income[:, :, None]
    return np.asarray(value[:, None, :] - choice.price_weight.value * price)


def income_at_home(world: World) -> Floats:
    """Return the income a head that prices are weighed against; international dollars, shape (n_origins,).

    With the hump switched off, income at home plays no part in what a journey costs: all weigh prices
    against the median of the origins in the reference year.
    """
    home = world.groups.origin_country
    if world.switches.hump:
        return np.asarray(world.gdp[home])
    return np.full(len(home), np.median(world.base_gdp[home]))


def option_utility(world: World) -> Floats:
    """Return the utility of each option at each place, -inf where there is none.

    Shape (n_classes, n_places, n_options). The utility of an exit is its terminal value.
    """
    network, groups = world.network, world.groups
    n_legs, choice = network.n_legs, world.parameters.choice
    legs = leg_utility(world)[groups.origin, groups.wealth]
    options = network.options
    utility = np.full((*options.T.shape, groups.n_classes), -np.inf).transpose(2, 1, 0)
    is_leg = (options >= 0) & (options < n_legs)
    utility[:, is_leg] = legs[:, options[is_leg]]
    claim = drivers.pull(world)[groups.origin, :, groups.need]
    stay = world.stay[groups.origin, :, groups.need, groups.wealth]
    terminal = {
        Exit.CLAIM: claim[:, network.country],
        Exit.SETTLE: stay[:, network.country] - choice.settling_loss.value,
        Exit.HOME: np.broadcast_to(
            (stay[np.arange(groups.n_classes), groups.origin_country[groups.origin]] - choice.homecoming_loss.value)[
                :, None
            ],
            (groups.n_classes, network.n_places),
        ),
    }
    for way_out, value in terminal.items():
        place, option = np.nonzero(options == n_legs + way_out)
        utility[:, place, option] = value[:, place]
    return utility


def option_heads(world: World) -> NDArray[np.intp]:
    """Return the place that each option leads to, -1 for exits and padding; shape (n_places, n_options)."""
    options, network = world.network.options, world.network
    is_leg = (options >= 0) & (options < network.n_legs)
    return np.where(is_leg, network.head[np.where(is_leg, options, 0)], -1).astype(np.intp)


def solve(utility: Floats, heads: NDArray[np.intp], scale: Floats, levels: Sequence[Level], start: Floats) -> Floats:
    """Return the value of standing at each place; shape (n_classes, n_places).

    Parameters
    ----------
    utility : of each option, -inf where there is none, shape (n_classes, n_places, n_options).
    heads : place that an option leads to, -1 for an exit, shape (n_places, n_options).
    scale : scale of each place, shape (n_places,).
    levels : places in the order in which they are found; only cycles need more than one sweep.
    start : first guess, shape (n_classes, n_places); it must not matter.

    Raises
    ------
    ChoiceError
        If the values of a cycle still rise after 200 sweeps: going round it is worth more than it costs.
    """
    gains, value = _by_class(utility), _ahead(start)
    for places, cycle, n in levels:
        gain, head, width = gains[:n, places], heads.T[:n, places], scale[places, None]
        for _ in range(SWEEPS if cycle else 1):
            new = _log_sum(gain + value[head], width)
            change = _change(value[places], new) if cycle else 0.0
            value[places] = new
            if change < TOLERANCE:
                break
        else:
            raise ChoiceError("route choice has no finite value: a cycle of legs is worth going round for ever")
    return value[:-1].T


def _by_class(table: Floats) -> Floats:
    """Return a table of classes, places and options turned round, so that sums over options run along classes.

    NumPy sums fastest over the first of several axes; shape (n_options, n_places, n_classes).
    """
    return np.ascontiguousarray(table.transpose(2, 1, 0))


def _ahead(table: Floats) -> Floats:
    """Return a table of classes and places turned round, with a last row of zeros: what lies ahead of an exit (-1)."""
    return np.concatenate([table.T, np.zeros((1, len(table)))])


def _change(old: Floats, new: Floats) -> float:
    """Return the largest change; a value that became (or was) no value at all counts as 1, two of them as none."""
    both = np.isfinite(old) & np.isfinite(new)
    one = np.isfinite(old) != np.isfinite(new)
    moved = np.abs(np.subtract(new, old, out=np.zeros(old.shape), where=both))
    return max(float(np.max(moved, initial=0.0)), float(one.any()))


def _log_sum(total: Floats, width: Floats) -> Floats:
    """Return width * log(sum(exp(total / width))) over the first axis, -inf where all are; `width` of shape (n, 1)."""
    highest = total.max(axis=0)
    highest[np.isneginf(highest)] = 0.0
    total -= highest
    total /= width
    with np.errstate(divide="ignore"):
        return np.asarray(width * np.log(np.exp(total, out=total).sum(axis=0)) + highest)


def choice_shares(utility: Floats, heads: NDArray[np.intp], scale: Floats, value: Floats) -> Floats:
    """Return the share that takes each option; rows add up to 1; shape of `utility`."""
    total = _by_class(utility) + _ahead(value)[heads.T]
    highest = total.max(axis=0)
    highest[np.isneginf(highest)] = 0.0
    total -= highest
    total /= scale[:, None]
    weight = np.exp(total, out=total)
    norm = weight.sum(axis=0)
    weight /= np.where(norm > 0, norm, 1.0)
    return weight.transpose(2, 1, 0)


def journey_price(shares: Floats, price: Floats, heads: NDArray[np.intp], levels: Sequence[Level]) -> Floats:
    """Return the mean price of the journeys that people choose from each place; euros, (n_classes, n_places).

    Parameters
    ----------
    shares : share that takes each option, shape (n_classes, n_places, n_options).
    price : of each option, 0 for exits and padding, shape (n_places, n_options).
    heads : place that an option leads to, -1 for an exit, shape (n_places, n_options).
    levels : places in the order in which they are found; cycles are gone round until nothing changes.
    """
    chosen, ahead = _by_class(shares), _ahead(np.zeros(shares.shape[:2]))
    for places, cycle, n in levels:
        share, cost, head = chosen[:n, places], price.T[:n, places, None], heads.T[:n, places]
        for _ in range(SWEEPS if cycle else 1):
            new = (share * (cost + ahead[head])).sum(axis=0)
            change = float(np.max(np.abs(new - ahead[places]), initial=0.0)) if cycle else 0.0
            ahead[places] = new
            if change < PRICE_TOLERANCE:
                break
    return ahead[:-1].T
