"""Route choice: recursive logit over legs and exits, with learned beliefs.

The value of standing at a place is V(k) = s_k log sum over options a of exp((v(a) + V(head(a))) / s_k)
(Fosgerau, Frejinger & Karlström 2013, doi:10.1016/j.trb.2013.07.012), with a scale s_k that may differ by
place, so that legs which share a sea are closer substitutes (Mai, Fosgerau & Frejinger 2015,
doi:10.1016/j.trb.2015.03.015). Exits (claim, settle, go home) carry terminal values. Values are found
from the destinations backwards; only places that can be reached from one another need several sweeps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.draws import thresholds
from simulator.errors import ChoiceError
from simulator.stages import drivers, season
from simulator.stages.stage import Stage, Variable
from simulator.world.network import Exit
from simulator.world.options import OptionList
from simulator.world.world import World

Floats = NDArray[np.float64]

TOLERANCE = 1e-6
"""Utility: a millionth moves a share by two millionths at most, far below what a draw can tell."""
SWEEPS = 200
PRICE_TOLERANCE = 0.01
"""Euros."""
LOWEST = -1e300
"""Utility: stands in for minus infinity where differences are taken, so that they are never undefined."""
FIRST_GUESS = -1e6
"""Utility of standing anywhere, from which the first step's values are sought; far below all that can come out."""


def update(world: World) -> None:
    """Solve this step's values and choice shares for all classes."""
    network, listed = world.network, world.network.listed
    world.value, shares = solve(option_utility(world), scales(world), listed, world.value)
    world.share_limits = share_limits(shares, listed)
    season.look_ahead(world, shares)
    price = np.zeros(len(network.legs) + len(Exit) + 1)  # the last is what an empty entry, -1, costs
    price[: network.n_legs] = world.price
    world.journey_price = journey_price(shares, price[listed.codes], listed)


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
    shape, pull = world.n_seen.shape, world.switches.rescue_pull
    today = np.broadcast_to(world.p_death if pull else world.p_death_unrescued, shape)
    if not world.switches.learning:
        return np.broadcast_to(world.p_caught, shape), today
    strength = world.parameters.beliefs.prior_strength.value
    told = world.levers["information_campaign"] * strength
    weight = strength + world.n_seen + np.abs(told)
    caught = (strength * world.prior_p_caught + world.n_seen_caught + np.maximum(told, 0.0)) / weight
    in_sight = world.parameters.beliefs.in_sight.value
    caught = (1.0 - in_sight) * caught + in_sight * world.p_caught
    if not pull:
        return caught, today
    return caught, (strength * world.prior_p_death + world.n_seen_dead) / (strength + world.n_seen)


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
    value = value + scales(world)[network.tail] * network.log_size  # a sum over as many ways that are alike
    inflow = np.bincount(network.head, world.flow, network.n_places)
    value = value - choice.crowding_weight.value * np.log1p(inflow / network.capacity)[network.head]
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
    """Return the utility of each option, -inf for empty entries of the list; shape (n_entries, n_classes).

    The utility of an exit is its terminal value.
    """
    network, groups, choice = world.network, world.groups, world.parameters.choice
    n_legs, n_countries = network.n_legs, len(world.countries)
    # A row for each leg, for each exit in each country, and for an empty entry.
    rows = np.empty((n_legs + len(Exit) * n_countries + 1, groups.n_classes))
    exits = rows[n_legs:-1].reshape(len(Exit), n_countries, groups.n_classes)
    stay = world.stay[groups.origin, :, groups.need, groups.wealth]
    at_home = stay[np.arange(groups.n_classes), groups.origin_country[groups.origin]]
    rows[:n_legs] = leg_utility(world)[groups.origin, groups.wealth].T
    exits[Exit.CLAIM] = drivers.pull(world)[groups.origin, :, groups.need].T
    exits[Exit.SETTLE] = (stay - choice.settling_loss.value).T
    exits[Exit.HOME] = at_home - choice.homecoming_loss.value
    rows[-1] = -np.inf
    codes = network.listed.codes
    way_out, country = codes - n_legs, network.country[network.listed.place]
    row = np.where(way_out >= 0, n_legs + way_out * n_countries + country, codes)
    return rows.take(row, axis=0)


def solve(utility: Floats, scale: Floats, listed: OptionList, start: Floats) -> tuple[Floats, Floats]:
    """Return the value of standing at each place, shape (n_classes, n_places), and the share that takes each option.

    Parameters
    ----------
    utility : of each option, -inf where there is none, shape (n_entries, n_classes).
    scale : scale of each place, shape (n_places,).
    listed : the options, in the order in which values are found; only cycles need more than one sweep.
    start : first guess, shape (n_classes, n_places); it must not matter.

    Returns
    -------
    Values, shape (n_classes, n_places), and shares, shape of `utility`; those of a place add up to 1.

    Raises
    ------
    ChoiceError
        If the values of a cycle still rise after 200 sweeps: going round it is worth more than it costs.
    """
    # By position; what lies ahead of an exit is behind the last place, and worth nothing more.
    value = np.concatenate([start.T[listed.order], np.zeros((1, len(start)))])
    width, shares = scale[listed.order][:, None], np.empty_like(utility)
    with np.errstate(divide="ignore", invalid="ignore"):
        for block in listed.blocks:
            gain, share, wide, here = block.of(utility), block.of(shares), width[block.places], value[block.places]
            if block.cycle:
                _go_round(gain, value, here, wide, block.heads, share)
            highest, total = _weigh(gain, value, wide, block.heads, share)
            if not block.cycle:
                here[...] = _log_sum(highest, total, wide)
            # The best option weighs 1, so that a total below 1 is one of no options, and 0.
            share /= np.maximum(total, 1.0)
    return value[listed.position].T, shares


def _weigh(gain: Floats, value: Floats, width: Floats, heads: NDArray[np.intp], out: Floats) -> tuple[Floats, Floats]:
    """Weigh the options of a level against the best one of each place, exp((v - highest) / width), into `out`.

    Return the highest and the sum of weights of each place; shape (n_places_of_level, n_classes).
    """
    value.take(heads, 0, out, "clip")
    out += gain
    highest = np.maximum.reduce(out, 0)
    np.maximum(highest, LOWEST, out=highest)
    out -= highest
    out /= width
    np.exp(out, out=out)
    return highest, np.add.reduce(out, 0)


def _log_sum(highest: Floats, total: Floats, width: Floats) -> Floats:
    """Return width * log(sum(exp(v / width))) from what `_weigh` returns, -inf where all are; `width` shape (n, 1)."""
    value: Floats = np.log(total)
    value *= width
    value += highest
    return value


def _go_round(gain: Floats, value: Floats, here: Floats, width: Floats, heads: NDArray[np.intp], work: Floats) -> None:
    """Find the values of places that can be reached from one another: `here`, in `value`; `work` is overwritten."""
    for _ in range(SWEEPS):
        new = _log_sum(*_weigh(gain, value, width, heads, work), width)
        change = _change(here, new)
        here[...] = new
        if change < TOLERANCE:
            return
    raise ChoiceError("route choice has no finite value: a cycle of legs is worth going round for ever")


def _change(old: Floats, new: Floats) -> float:
    """Return the largest change; a value that became (or was) no value at all counts as 1, two of them as none."""
    change = float(np.abs(new - old).max())
    if np.isfinite(change):
        return change
    both = np.isfinite(old) & np.isfinite(new)
    one = np.isfinite(old) != np.isfinite(new)
    moved = np.abs(np.subtract(new, old, out=np.zeros(old.shape), where=both))
    return max(float(np.max(moved, initial=0.0)), float(one.any()))


def share_limits(shares: Floats, listed: OptionList) -> NDArray[np.uint32]:
    """Return limits on 32-bit draws between the options of each place; shape (n_options, n_places, n_classes).

    Where a place has no further options the limit of its last one stands again.
    """
    limits = np.zeros((len(listed.ranks) + 1, shares.shape[1]))
    limits[:-1] = shares[listed.ranks]
    for before, here, after in zip(listed.starts, listed.starts[1:], listed.starts[2:], strict=False):
        limits[here:after] += limits[before : before + after - here]
    return thresholds(limits).take(listed.padded, axis=0)


def journey_price(shares: Floats, price: Floats, listed: OptionList) -> Floats:
    """Return the mean price of the journeys that people choose from each place; euros, (n_classes, n_places).

    Parameters
    ----------
    shares : share that takes each option, shape (n_entries, n_classes).
    price : of each option, 0 for exits and empty entries, shape (n_entries,).
    listed : the options; cycles are gone round until nothing changes.
    """
    ahead = np.zeros((listed.n_places + 1, shares.shape[1]))
    paid, cost = np.empty_like(shares), price[:, None]
    for block in listed.blocks:
        share, toll, total, here = block.of(shares), block.of(cost), block.of(paid), ahead[block.places]
        for _ in range(SWEEPS if block.cycle else 1):
            ahead.take(block.heads, 0, total, "clip")
            total += toll
            total *= share
            new = np.add.reduce(total, 0)
            change = float(np.abs(new - here).max()) if block.cycle else 0.0
            here[...] = new
            if change < PRICE_TOLERANCE:
                break
    return ahead[listed.position].T


STAGE = Stage(
    "route_choice",
    update,
    reads=(
        "levers",
        "plan",
        "gdp",
        "diaspora",
        "visa",
        "queue",
        "stay",
        "price",
        "news",
        "n_seen",
        "n_seen_caught",
        "n_seen_dead",
        "p_caught",
        "p_death",
        "p_death_unrescued",
        "prior_p_caught",
        "prior_p_death",
        "value",
        "base_gdp",
        "vacancy",
        "claimed",
        "flow",
    ),
    owns=(
        Variable("value", ("class", "place"), "1", "Utility of standing at a place.", first=FIRST_GUESS),
        Variable(
            "share_limits",
            ("option", "place", "class"),
            "1",
            "Limits on 32-bit draws between options.",
            first=lambda world: share_limits(
                np.zeros((len(world.network.listed.codes), world.groups.n_classes)), world.network.listed
            ),
        ),
        Variable("journey_price", ("class", "place"), "eur", "Mean price of the journeys chosen from a place."),
        Variable("by_sea", ("sea", "place", "class"), "1", "Share who would leave a place by each sea."),
        Variable("days_to_sea", ("place", "class"), "day", "Mean days until then."),
    ),
    reason="values of journeys, from prices, beliefs and news",
)
