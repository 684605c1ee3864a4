"""Route choice on plain tables of classes, places and options, for graphs that tests write by hand.

Choice shares are written out here a second time, from the values, without the list of options.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulator.stages import route_choice
from simulator.world.options import Level, OptionList, list_options
from simulator.world.world import World


def listing(heads: np.ndarray, levels: Sequence[Level]) -> OptionList:
    """Return the list of a graph in which every place has all the options, some perhaps of no value."""
    codes = np.arange(heads.size, dtype=np.int16).reshape(heads.shape)
    return list_options(codes, heads.astype(np.intp), levels)


def rows(table: np.ndarray, listed: OptionList) -> np.ndarray:
    """Return a table of shape (n_classes, n_places, n_options) as rows of the list, (n_entries, n_classes)."""
    return np.ascontiguousarray(table[:, listed.place, listed.column].T)


def solve(
    utility: np.ndarray, heads: np.ndarray, scale: np.ndarray, levels: Sequence[Level], start: np.ndarray
) -> np.ndarray:
    """Return values, shape (n_classes, n_places); the shares that come with them are checked, too."""
    listed = listing(heads, levels)
    value, shares = route_choice.solve(rows(utility, listed), scale, listed, start)
    wanted = choice_shares(utility, heads, scale, value)
    np.testing.assert_allclose(shares, rows(wanted, listed), atol=1e-9)
    return value


def choice_shares(utility: np.ndarray, heads: np.ndarray, scale: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return the share that takes each option, by the logit formula; shape of `utility`."""
    ahead = np.concatenate([value, np.zeros((len(value), 1))], axis=1)
    total = (utility + ahead[:, heads]) / scale[:, None]
    best = total.max(axis=2, keepdims=True)
    weight = np.exp(total - np.where(np.isneginf(best), 0.0, best))
    norm = weight.sum(axis=2, keepdims=True)
    return np.divide(weight, norm, out=np.zeros(weight.shape), where=norm > 0)


def journey_price(share: np.ndarray, price: np.ndarray, heads: np.ndarray, levels: Sequence[Level]) -> np.ndarray:
    """Return mean prices of journeys, shape (n_classes, n_places)."""
    listed = listing(heads, levels)
    return route_choice.journey_price(rows(share, listed), price[listed.place, listed.column], listed)


def shares_of(world: World) -> np.ndarray:
    """Return the choice shares of a world as it stands; shape (n_classes, n_places, n_options)."""
    network, listed = world.network, world.network.listed
    utility = np.full((world.groups.n_classes, *network.options.shape), -np.inf)
    utility[:, listed.place, listed.column] = route_choice.option_utility(world).T
    is_leg = (network.options >= 0) & (network.options < network.n_legs)
    heads = np.where(is_leg, network.head[np.where(is_leg, network.options, 0)], -1)
    return choice_shares(utility, heads, route_choice.scales(world), world.value)
