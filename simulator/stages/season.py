"""Season: people set out so as to reach the coast when the sea is open, as far as they can tell.

What a leg is worth does not change with the season, as people far from the sea cannot use today's. Those about to
set out know how long the way to the coast takes, and how often each sea is passable in each month.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from simulator.units import DAYS_PER_YEAR
from simulator.world.options import OptionList
from simulator.world.world import World

Floats = NDArray[np.float64]

EVERY_DAYS = 28.0
"""Ways change slowly: how long they take is worked out anew after so many days."""
LONGEST_MONTH = 31.0
"""Days; the season turns slowly, so that a day or two play no part."""
SWEEPS = 3
"""Rounds through the places that can be reached from one another; going round more often hardly happens."""


def look_ahead(world: World, shares: Floats) -> None:
    """Work out, every four weeks, by which sea people would leave each place and how many days ahead it lies.

    Parameters
    ----------
    shares : share that takes each option, shape (n_entries, n_classes).
    """
    if int(world.day // EVERY_DAYS) == int((world.day - world.days) // EVERY_DAYS):
        return
    network, codes = world.network, world.network.listed.codes
    is_leg = (codes >= 0) & (codes < network.n_legs)
    leg = np.where(is_leg, codes, 0)
    vessel = network.vessel[leg] & is_leg
    ahead = np.where(is_leg, network.days[leg] + network.wait[network.head[leg]], 0.0)
    sea = np.where(vessel, network.sea[leg], -1)
    world.by_sea, world.days_to_sea = first_sea(shares, sea, ahead, network.listed, len(network.seas))


def first_sea(
    shares: Floats, sea: NDArray[np.int16], days: Floats, listed: OptionList, n_seas: int
) -> tuple[Floats, Floats]:
    """Return the share that leaves by each sea, and the mean days until then of those who do.

    Parameters
    ----------
    shares : share that takes each option, shape (n_entries, n_classes).
    sea : sea of an option that needs a vessel, else -1, shape (n_entries,).
    days : days until setting out from the option's head, shape (n_entries,).
    listed : the options, in the order in which places are found.
    n_seas : number of seas.

    Returns
    -------
    Shares of shape (n_seas, n_places, n_classes), and days of shape (n_places, n_classes), 0 where nobody does.
    """
    # By position; what lies ahead of an exit, behind the last place, is no sea.
    by_sea = np.zeros((n_seas, listed.n_places + 1, shares.shape[1]))
    spent = np.zeros(by_sea.shape[1:])
    leads: list[set[int]] = [set()] * (listed.n_places + 1)  # by which seas people may leave in the end
    onward = np.where((sea < 0)[:, None], shares, 0.0)
    for block in listed.blocks:
        here = sea[block.entries]
        at_once = set(here[here >= 0].tolist())
        seas = sorted(at_once.union(*(leads[head] for head in block.heads.ravel().tolist())))
        if not seas:
            continue
        leads[block.places] = [set(seas)] * block.heads.shape[1]  # perhaps not from each place of the level
        share, on, away = block.of(shares), block.of(onward), here.reshape(block.heads.shape)[..., None]
        direct = {number: np.where(away == number, share, 0.0).sum(axis=0) for number in at_once}
        for _ in range(SWEEPS if block.cycle else 1):
            later = np.zeros(share.shape)
            for number in seas:
                reached = by_sea[number].take(block.heads, axis=0)
                later += reached
                reached *= on
                by_sea[number, block.places] = direct.get(number, 0.0) + reached.sum(axis=0)
            later *= block.of(days[:, None])
            later += spent.take(block.heads, axis=0)
            later *= on
            spent[block.places] = later.sum(axis=0)
    by_sea, spent = by_sea[:, listed.position], spent[listed.position]
    reach = by_sea.sum(axis=0)
    return by_sea, spent / np.where(reach > 0, reach, 1.0)  # where nobody does, no days are spent


def waiting(world: World, person_class: NDArray[np.integer], place: NDArray[np.integer]) -> Floats:
    """Return the days that people of a class who set out now from a place expect to wait for the sea.

    Each put off tries again after the retry delay, so that a sea which is passable with chance p costs
    (1 / p - 1) delays. Classes and places broadcast against each other.
    """
    today = world.clock.start + timedelta(days=world.day)
    month = today.month - 1 + today.day / LONGEST_MONTH
    usual = 1.0 / np.maximum(world.plan.sea_usual, 1e-9) - 1.0
    days = np.minimum(usual * world.parameters.crossing.retry_delay.value, world.parameters.departure.foresight.value)
    at = (month + world.days_to_sea[place, person_class] / (DAYS_PER_YEAR / 12.0) - 0.5) % 12.0
    floor = np.floor(at)
    part = at - floor
    first = floor.astype(np.intp) % 12
    after = (first + 1) % 12
    expected = np.zeros(at.shape)
    for share, of_month in zip(world.by_sea[:, place, person_class], days.T, strict=True):
        if share.any():
            expected += share * (of_month.take(first) * (1.0 - part) + of_month.take(after) * part)
    return expected
