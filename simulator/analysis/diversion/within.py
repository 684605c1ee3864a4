"""How many fewer on some routes are matched by as many more on others, within origin and need: totals, not persons.

A rise elsewhere is no sign that those who fell away moved: other people may have come. So a fall is set against a rise
of people of the same origin and need alone. For each such group, over the routes that are squeezed together and over
all others that are an alternative,

    moved = min(fall, rise), each at least zero.

The diversion ratio is the sum of what moved over the sum of the falls of the groups that fell. It lies between 0 and 1.
(The net fall, from which a group that rose on the squeezed route is taken off, would let it exceed 1.) What rose
elsewhere beyond it is `others`: people more of whom no counterpart fell away. Which persons moved is not known: within
a group some may have moved while others came or stayed, so that the count of persons may be lower or higher.

Of noisy numbers the smaller is too high where nothing moves (both may rise above zero by luck) and too low where all
do. So flows are averaged over the replicates of a draw before the smaller is taken, and only then over draws; what bias
is left is that of one draw's replicates. Intervals leave out one draw at a time, or one replicate of a single draw
(jackknife, with t quantiles).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from simulator.analysis.diversion.estimates import Estimate
from simulator.analysis.paired import LEVEL

Floats = NDArray[np.float64]
GROUPS: Final = ("origin", "need")
"""What people who are set against each other have in common, as far as flows are recorded by it."""
RUN: Final = ("draw", "replicate")
"""What tells runs of one arm apart."""
MEANS: Final = ("Totals within origin and need are compared, not persons: how many persons changed route may be fewer "
                "or more.")  # fmt: skip
"""What every page and figure with such a share says."""
OTHERS: Final = "others more: of origins and needs that fell less here, drawn by news or by crowding elsewhere"


@dataclass(frozen=True)
class Within:
    """Fall and rise within groups; people, but for shares.

    Attributes
    ----------
    fallen : fewer on the squeezed routes, over the groups that fell there.
    moved : of them, matched by a rise of the same group elsewhere.
    others : more elsewhere beyond that.
    ratio : moved over fallen; NaN where nothing fell.
    to, shares : moved, and its part of fallen, by other route: a group's in proportion to its rises there.
    """

    fallen: Estimate
    moved: Estimate
    others: Estimate
    ratio: Estimate
    to: Mapping[str, Estimate]
    shares: Mapping[str, Estimate]


def sums(squeezed: Floats, others: Floats, draws: ArrayLike) -> Floats:
    """Return fallen, moved, others, and moved by route, on the last axis, shape (..., 3 + n_routes).

    Parameters
    ----------
    squeezed : change on the squeezed routes together, shape (n_observations, ..., n_groups).
    others : change on each other route, shape (n_observations, ..., n_groups, n_routes).
    draws : draw of each observation; those of one draw are averaged first.
    """
    found: Floats = _of_draws(*(_means(changes, draws) for changes in (squeezed, others))).mean(axis=0)
    return found


def left_out(squeezed: Floats, others: Floats, draws: ArrayLike) -> Floats:
    """Return `sums` with each draw left out in turn, or with each replicate where there is one draw.

    Shape (n_left_out, ..., 3 + n_routes); with one observation in all, none.
    """
    fell, rose = (_means(changes, draws) for changes in (squeezed, others))
    if len(fell) > 1:
        return _without_one(_of_draws(fell, rose))
    if len(squeezed) > 1:
        return _of_draws(*map(_without_one, (squeezed, others)))
    return np.zeros((0, *squeezed.shape[1:-1], 3 + others.shape[-1]))


def _means(values: Floats, draws: ArrayLike) -> Floats:
    """Return the means of the observations of each draw, shape (n_draws, ...)."""
    each, place = np.unique(np.asarray(draws), return_inverse=True)
    return _weighed((place == np.arange(len(each))[:, None]).astype(np.float64), values)


def _without_one(values: Floats) -> Floats:
    """Return the means of all observations but one, each left out in turn."""
    return _weighed(1.0 - np.eye(len(values)), values)


def _weighed(weights: Floats, values: Floats) -> Floats:
    """Return weighted means over the first axis, one a row of weights."""
    found: Floats = weights @ values.reshape(len(values), -1) / weights.sum(axis=1, keepdims=True)
    return found.reshape(len(weights), *values.shape[1:])


def _of_draws(squeezed: Floats, others: Floats) -> Floats:
    """Return for each draw what `sums` returns for all of them."""
    fell, rose = (-squeezed).clip(min=0.0), others.sum(axis=-1).clip(min=0.0)
    moved, ups = np.minimum(fell, rose), others.clip(min=0.0)
    whole = ups.sum(axis=-1)
    part = np.divide(moved, whole, out=np.zeros_like(moved), where=whole > 0)
    to = np.einsum("...g,...gr->...r", part, ups)
    return np.concatenate([np.stack([fell, moved, rose - moved], axis=-1).sum(axis=-2), to], axis=-1)


def jackknifed(
    value: float, without: Sequence[float] | Floats, *, lowest: float = 0.0, highest: float = math.inf
) -> Estimate:
    """Return a value with its interval, from the values with one observation left out at a time (jackknife).

    Parameters
    ----------
    without : the value with each observation left out; none where there is one observation.
    lowest, highest : that it can be.
    """
    n = len(without)
    if n < 2:
        return Estimate(value, math.nan, math.nan, 1)
    spread = np.asarray(without, dtype=np.float64)
    error = math.sqrt((n - 1) / n * float(((spread - spread.mean()) ** 2).sum()))
    give = float(stdtrit(n - 1, (1 + LEVEL) / 2)) * error
    return Estimate(value, max(value - give, lowest), min(value + give, highest), n)


def axis_of(rows: pd.DataFrame, names: Sequence[str]) -> pd.MultiIndex:
    """Return what stands in some columns, each once and in order: what an axis of `arrays` stands for."""
    return pd.MultiIndex.from_frame(rows[[*names]].drop_duplicates().sort_values([*names]))


def arrays(
    changes: pd.DataFrame, squeezed: Sequence[str], elsewhere: Sequence[str], middle: Sequence[str] = ()
) -> tuple[Floats, Floats, list[Any]]:
    """Return changes as arrays: of `squeezed` and `others` as `sums` takes them, and the draw of each observation.

    Parameters
    ----------
    changes : ``draw replicate origin need route change``, and what `middle` names; a row that is missing is zero.
    """
    used = changes[changes["route"].isin([*squeezed, *elsewhere])]
    axes = [RUN, *((name,) for name in middle), GROUPS]
    every = [axis_of(changes, names) for names in axes]
    codes = [each.get_indexer(pd.MultiIndex.from_frame(used[[*names]]))
             for each, names in zip(every, axes, strict=True)]  # fmt: skip
    routes = pd.Index([*squeezed, *elsewhere])
    codes.append(routes.get_indexer(pd.Index(used["route"].to_numpy())))
    found = np.zeros((*map(len, every), len(routes)))
    np.add.at(found, tuple(codes), used["change"].to_numpy(dtype=np.float64))
    n = len(squeezed)
    return found[..., :n].sum(axis=-1), found[..., n:], [draw for draw, _ in every[0]]


def within(changes: pd.DataFrame, squeezed: Sequence[str], elsewhere: Sequence[str]) -> Within:
    """Return what fell on some routes and rose on others, within origin and need.

    Parameters
    ----------
    changes : ``draw replicate origin need route change``, with less without; a row that is missing is zero.
    squeezed : routes on which the change acts: their changes in a group are added up.
    elsewhere : routes where people may turn up instead; no onward ones.
    """
    return of_arrays(*arrays(changes, squeezed, elsewhere), elsewhere)


def of_arrays(squeezed: Floats, others: Floats, draws: ArrayLike, elsewhere: Sequence[str]) -> Within:
    """Return what `within` does, of changes as `arrays` returns them; `elsewhere` names the routes of `others`."""
    whole, rest = sums(squeezed, others, draws), left_out(squeezed, others, draws)
    fallen, moved, more, *by_route = (jackknifed(float(value), without)
                                      for value, without in zip(whole, rest.T, strict=True))  # fmt: skip
    to = dict(zip(elsewhere, by_route, strict=True))
    shares = {route: _share(whole, rest, place) for place, route in enumerate(elsewhere, start=3)}
    return Within(fallen, moved, more, _share(whole, rest, 1), to, shares)


def _share(whole: Floats, rest: Floats, place: int) -> Estimate:
    """Return a sum over the falls; NaN where nothing fell."""
    if not whole[0] > 0:
        return Estimate(math.nan, math.nan, math.nan, max(len(rest), 1))
    fell = rest[:, 0]
    some = np.divide(rest[:, place], fell, out=np.zeros_like(fell), where=fell > 0)
    return jackknifed(float(whole[place] / whole[0]), some, highest=1.0)


def share_within(
    without: pd.Series[float], with_: pd.Series[float], squeezed: Sequence[str], elsewhere: Sequence[str]
) -> float:
    """Return the share of a fall that a rise elsewhere matches within origin and need; NaN where nothing fell.

    Parameters
    ----------
    without, with_ : people by ``route origin need`` (the names of the index), of one run or the mean of several.
    """
    change = with_.sub(without, fill_value=0.0).rename("change").reset_index()
    if change.empty:
        return math.nan
    return within(change.assign(draw=0, replicate=0), squeezed, elsewhere).ratio.mean
