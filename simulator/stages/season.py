"""Season: people set out so as to reach the coast when the sea is open, as far as they can tell.

What a leg is worth does not change with the season, as people far from the sea cannot use today's. Those about to
set out know how long the way to the coast takes, and how often each sea is passable in each month.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from simulator.units import DAYS_PER_YEAR
from simulator.world.network import Level
from simulator.world.world import World

Floats = NDArray[np.float64]

EVERY_DAYS = 28.0
"""Ways change slowly: how long they take is worked out anew after so many days."""
LONGEST_MONTH = 31.0
"""Days; the season turns slowly, so that a day or two play no part."""
SWEEPS = 3
"""Rounds through the places that can be reached from one another; going round more often hardly happens."""


def look_ahead(world: World, shares: Floats, heads: NDArray[np.intp]) -> None:
    """Work out, every four weeks, by which sea people would leave each place and how many days ahead it lies.

    Parameters
    ----------
    shares : share that takes each option, shape (n_classes, n_places, n_options).
    heads : place that an option leads to, -1 for an exit, shape (n_places, n_options).
    """
    if world.by_sea.size and int(world.day // EVERY_DAYS) == int((world.day - world.days) // EVERY_DAYS):
        return
    network, options = world.network, world.network.options
    is_leg = heads >= 0
    leg = np.where(is_leg, options, 0)
    vessel = network.vessel[leg] & is_leg
    ahead = np.where(is_leg, network.days[leg] + network.wait[np.maximum(heads, 0)], 0.0)
    world.by_sea, world.days_to_sea = first_sea(
        np.ascontiguousarray(shares.transpose(2, 1, 0)), heads.T, np.where(vessel, network.sea[leg], -1).T, ahead.T,
        network.levels, len(network.seas),
    )  # fmt: skip


def first_sea(
    shares: Floats, heads: NDArray[np.intp], sea: NDArray[np.int16], days: Floats, levels: Sequence[Level], n_seas: int
) -> tuple[Floats, Floats]:
    """Return the share that leaves by each sea, and the mean days until then of those who do.

    Parameters
    ----------
    shares : share that takes each option, shape (n_options, n_places, n_classes).
    heads : place that an option leads to, -1 for an exit, shape (n_options, n_places).
    sea : sea of an option that needs a vessel, else -1, shape (n_options, n_places).
    days : days until setting out from the option's head, shape (n_options, n_places).
    levels : places in the order in which they are found.
    n_seas : number of seas.

    Returns
    -------
    Shares of shape (n_seas, n_places, n_classes), and days of shape (n_places, n_classes), 0 where nobody does.
    """
    n_places, n_classes = shares.shape[1:]
    by_sea = np.zeros((n_seas, n_places + 1, n_classes))  # the last place is what lies ahead of an exit: no sea
    spent = np.zeros((n_places + 1, n_classes))
    for places, cycle, n in levels:
        share, head, here = shares[:n, places], heads[:n, places], sea[:n, places]
        onward = np.where((here < 0)[..., None], share, 0.0)
        direct = np.zeros((n_seas, len(places), n_classes))
        for number in range(n_seas):
            direct[number] = np.where((here == number)[..., None], share, 0.0).sum(axis=0)
        for _ in range(SWEEPS if cycle else 1):
            later = by_sea[:, head].sum(axis=0)
            by_sea[:, places] = direct + (onward * by_sea[:, head]).sum(axis=1)
            spent[places] = (onward * (spent[head] + days[:n, places, None] * later)).sum(axis=0)
    reach = by_sea[:, :-1].sum(axis=0)
    return by_sea[:, :-1], np.divide(spent[:-1], reach, out=np.zeros(reach.shape), where=reach > 0)


def waiting(world: World) -> Floats:
    """Return the days that people who set out now expect to wait for the sea; shape (n_classes, n_places).

    Each put off tries again after the retry delay, so that a sea which is passable with chance p costs
    (1 / p - 1) delays.
    """
    today = world.clock.start + timedelta(days=world.day)
    month = today.month - 1 + today.day / LONGEST_MONTH
    usual = 1.0 / np.maximum(world.plan.sea_usual, 1e-9) - 1.0
    days = np.minimum(usual * world.parameters.crossing.retry_delay.value, world.parameters.departure.foresight.value)
    at = (month + world.days_to_sea / (DAYS_PER_YEAR / 12.0) - 0.5) % 12.0
    first = np.floor(at).astype(np.intp) % 12
    part = at - np.floor(at)
    expected = np.zeros(world.days_to_sea.shape)
    for number, share in enumerate(world.by_sea):
        wait = days[first, number] * (1.0 - part) + days[(first + 1) % 12, number] * part
        expected += share * wait
    return expected.T
