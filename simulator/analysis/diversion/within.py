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
    labels = np.asarray(draws)
    found = []
    for draw in np.unique(labels):
        there = labels == draw
        fall, rise = -squeezed[there].mean(axis=0), others[there].mean(axis=0)
        fell, rose = fall.clip(min=0.0), rise.sum(axis=-1).clip(min=0.0)
        moved, ups = np.minimum(fell, rose), rise.clip(min=0.0)
        whole = ups.sum(axis=-1, keepdims=True)
        to = moved[..., None] * np.divide(ups, whole, out=np.zeros_like(ups), where=whole > 0)
        each = np.stack([fell, moved, rose - moved], axis=-1)
        found.append(np.concatenate([each, to], axis=-1).sum(axis=-2))
    return np.asarray(np.mean(found, axis=0), dtype=np.float64)


def left_out(squeezed: Floats, others: Floats, draws: ArrayLike) -> list[Floats]:
    """Return `sums` with each draw left out in turn, or with each replicate where there is one draw."""
    labels = np.asarray(draws)
    units = labels if len(np.unique(labels)) > 1 else np.arange(len(labels))
    each = np.unique(units)
    if len(each) < 2:
        return []
    return [sums(squeezed[units != unit], others[units != unit], labels[units != unit]) for unit in each]


def jackknifed(
    value: float, without: Sequence[float], *, lowest: float = 0.0, highest: float = math.inf
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


def arrays(
    changes: pd.DataFrame, squeezed: Sequence[str], elsewhere: Sequence[str], middle: Sequence[str] = ()
) -> tuple[Floats, Floats, list[Any]]:
    """Return changes as arrays: of `squeezed` and `others` as `sums` takes them, and the draw of each observation.

    Parameters
    ----------
    changes : ``draw replicate origin need route change``, and what `middle` names; a row that is missing is zero.
    """
    used = changes[changes["route"].isin([*squeezed, *elsewhere])]
    axes = [("draw", "replicate"), *((name,) for name in middle), GROUPS]
    every = [pd.MultiIndex.from_frame(changes[[*names]].drop_duplicates().sort_values([*names])) for names in axes]
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
    parts = arrays(changes, squeezed, elsewhere)
    whole, rest = sums(*parts), left_out(*parts)
    fallen, moved, others = (jackknifed(float(whole[place]), [float(each[place]) for each in rest])
                             for place in range(3))  # fmt: skip
    to, shares = {}, {}
    for place, route in enumerate(elsewhere, start=3):
        to[route] = jackknifed(float(whole[place]), [float(each[place]) for each in rest])
        shares[route] = _share(whole, rest, place)
    return Within(fallen, moved, others, _share(whole, rest, 1), to, shares)


def _share(whole: Floats, rest: Sequence[Floats], place: int) -> Estimate:
    """Return a sum over the falls; NaN where nothing fell."""
    if not whole[0] > 0:
        return Estimate(math.nan, math.nan, math.nan, max(len(rest), 1))
    some = [float(each[place] / each[0]) if each[0] > 0 else 0.0 for each in rest]
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
