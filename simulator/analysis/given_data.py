"""Which uncertain numbers decide how arms differ and which of them does best, from draws as they are.

The index is PAWN (Pianosi and Wagener 2018): the range of an input is cut into slices that hold as many units each; in
each slice the distribution of the outcome is set against that of all units by the statistic of Kolmogorov and Smirnov;
the index is their mean. Of which arm does best, it is the mean distance in total variation between the shares of arms
in a slice and in all units, which is what PAWN comes to for an outcome without order. Both lie between 0 (knowing the
input says nothing) and 1, for linear, bent and threshold effects alike.

Such an index is above 0 by chance alone. It is therefore set against the same index of shuffled inputs, of each input
by itself and of all that were looked at. SALib has PAWN, too, at two thousandths of a second an input; shuffles and
bootstrap need it a million times, so that it is worked out here for all slices at once. A test holds it to SALib's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

from simulator.analysis.paired import LEVEL
from simulator.analysis.sweep_units import (
    ALPHA,
    Floats,
    Input,
    Ints,
    Units,
    against_chance,
    best_arm,
    resamples,
    shuffles,
)

NOTHING: Final = 1e-9
"""Differences of this share of what differs are rounding."""
FEWEST: Final = 20
"""Units from which anything is told."""
A_SLICE: Final = 10
"""Units of a slice at least, where inputs are numbers."""
MOST_SLICES: Final = 10
FEWEST_SLICES: Final = 2
SHUFFLES: Final = 400
RESAMPLES: Final = 200
SEED: Final = 1
"""Of shuffles and of the bootstrap, so that the same runs give the same answer."""
COLUMNS: Final = ("case", "measure", "arm", "against", "field", "index", "low", "high", "chance", "p", "p_any", "found",
                  "rank_correlation", "slices", "units")  # fmt: skip
BEST_COLUMNS: Final = tuple(name for name in COLUMNS if name not in ("arm", "against", "rank_correlation"))


@dataclass(frozen=True)
class Slices:
    """Inputs cut into slices.

    Attributes
    ----------
    inside : 1 where a unit lies in a slice, shape (n_units, n_slices); slices of one input follow each other.
    starts : where the slices of each input begin, shape (n_inputs,).
    """

    inside: Floats
    starts: Ints

    @property
    def counts(self) -> Ints:
        """Slices of each input."""
        ends = np.append(self.starts[1:], self.inside.shape[1])
        return (ends - self.starts).astype(np.int64)

    def mean(self, of_slices: Floats) -> Floats:
        """Return the mean over the slices of each input, shape (n_inputs,); empty slices count for nothing."""
        known = ~np.isnan(of_slices)
        sums = np.add.reduceat(np.where(known, of_slices, 0.0), self.starts)
        numbers = np.add.reduceat(known.astype(float), self.starts)
        return np.asarray(sums / np.maximum(numbers, 1.0))


def slices_of(inputs: Sequence[Input]) -> Slices:
    """Cut inputs into slices that hold as many units each; equal values share one, and a level is one."""
    parts, starts, at = [], [], 0
    for one in inputs:
        place = slice_of(one)
        number = int(place.max()) + 1
        parts.append((place[:, None] == np.arange(number)).astype(float))
        starts.append(at)
        at += number
    return Slices(np.concatenate(parts, axis=1), np.array(starts, dtype=np.int64))


def slice_of(one: Input) -> Ints:
    """Return which slice of an input each unit lies in, from 0 on and none empty, shape (n_units,)."""
    n = len(one.values)
    number = int(np.clip(n // A_SLICE, FEWEST_SLICES, MOST_SLICES))
    known, of_value = np.unique(one.values, return_inverse=True)
    if one.is_number and len(known) > number:
        share = (rankdata(one.values, method="average") - 0.5) / n
        of_value = np.unique(np.floor(share * number), return_inverse=True)[1]
    return of_value.astype(np.int64)


def pawn(slices: Slices, values: Floats, weights: Floats | None = None) -> Floats:
    """Return the PAWN index of each input, shape (n_inputs,).

    Parameters
    ----------
    values : outcome of each unit, shape (n_units,).
    weights : how often each unit counts; by default once.
    """
    order = np.argsort(values, kind="stable")
    inside = slices.inside[order]
    every = np.ones(len(values)) if weights is None else weights[order]
    if weights is not None:
        inside *= every[:, None]
    # Where equal values end: distribution functions are compared nowhere between them.
    ends = np.flatnonzero(np.append(np.diff(values[order]) > 0, True))
    within, total = np.cumsum(inside, axis=0, out=inside), np.cumsum(every)
    if len(ends) < len(values):
        within, total = within[ends], total[ends]
    with np.errstate(invalid="ignore"):  # a slice that the bootstrap left empty has no distribution
        apart = within / within[-1]
    apart -= (total / total[-1])[:, None]
    return slices.mean(np.abs(apart, out=apart).max(axis=0))


def total_variation(slices: Slices, shares: Floats, weights: Floats | None = None) -> Floats:
    """Return how far each input moves the shares of classes, shape (n_inputs,).

    Parameters
    ----------
    shares : 1 for the class of each unit, shape (n_units, n_classes).
    weights : how often each unit counts; by default once.
    """
    every = np.ones(len(shares)) if weights is None else weights
    inside = slices.inside.T * every
    number = inside.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.abs(inside @ shares / number - (every @ shares) / every.sum())
    return slices.mean(0.5 * apart.sum(axis=1))


@dataclass(frozen=True)
class Question:
    """One outcome of a case, with what decides it looked for.

    Attributes
    ----------
    key : measure, and arm and what it is set against where it is a difference.
    group : the units.
    values : difference of each unit, shape (n_units,); or classes as `total_variation` takes them.
    """

    key: tuple[str, ...]
    group: Units
    values: Floats

    def index(self, slices: Slices, order: NDArray[Any] | None = None, weights: Floats | None = None) -> Floats:
        """Return the index of each input; `order` shuffles what was measured."""
        values = self.values if order is None else self.values[order]
        return (pawn if values.ndim == 1 else total_variation)(slices, values, weights)


def decides(case: str, questions: Sequence[Question]) -> pd.DataFrame:
    """Return which inputs decide the outcomes of a case, with what chance alone would show.

    Parameters
    ----------
    questions : those that are one family: the chance of any false finding holds over all of them together.

    Returns
    -------
    pandas.DataFrame
        ``case measure (arm against) field``; ``index``, ``low high`` its 95% interval (normal, with the spread of a
        bootstrap over units); ``chance``, which 95 of 100 shuffles of this one stay under; ``p`` of this one;
        ``p_any`` of all questions and inputs of the case together, and ``found``, whether that is below 0.05;
        ``rank_correlation`` (Spearman; NaN for levels); ``slices`` and ``units``. Best first within a question.
    """
    kept = [each for each in questions if len(each.group) >= FEWEST and each.group.inputs and varies(each.values)]
    if not kept:
        return pd.DataFrame(columns=["case", *(COLUMNS if _is_difference(questions) else BEST_COLUMNS)[1:]])
    found, null, spread = [], [], []
    cut = [slices_of(each.group.inputs) for each in kept]
    for each, slices in zip(kept, cut, strict=True):
        found.append(each.index(slices))
        null.append(np.array([each.index(slices, order) for order in shuffles(each.group, SHUFFLES, SEED)]))
        again = [each.index(slices, weights=weights) for weights in resamples(each.group, RESAMPLES, SEED)]
        spread.append(np.std(again, axis=0, ddof=1))
    chance = against_chance(np.concatenate(found), np.concatenate(null, axis=1))
    reach = float(ndtri((1 + LEVEL) / 2))
    rows, at = [], 0
    for each, slices, index, half in zip(kept, cut, found, spread, strict=True):
        counts = slices.counts
        for place, one in enumerate(each.group.inputs):
            row: dict[str, Any] = {
                "case": case, "measure": each.key[0], "field": one.name, "index": float(index[place]),
                "low": max(float(index[place] - reach * half[place]), 0.0),
                "high": min(float(index[place] + reach * half[place]), 1.0),
                "chance": float(chance.level[at]), "p": float(chance.p[at]), "p_any": float(chance.p_any[at]),
                "found": bool(chance.p_any[at] < ALPHA), "slices": int(counts[place]), "units": len(each.group),
            }  # fmt: skip
            if _is_difference([each]):
                row.update(arm=each.key[1], against=each.key[2], rank_correlation=_direction(one, each.values))
            rows.append(row)
            at += 1
    columns = list(COLUMNS if _is_difference(questions) else BEST_COLUMNS)
    table = pd.DataFrame(rows)[columns]
    question = table.groupby([name for name in ("measure", "arm") if name in table], sort=False).ngroup()
    order = pd.DataFrame({"question": question, "p_any": table["p_any"], "p": table["p"], "index": -table["index"]})
    return table.loc[order.sort_values(list(order.columns), kind="stable").index].reset_index(drop=True)


def _is_difference(questions: Sequence[Question]) -> bool:
    return bool(questions) and len(questions[0].key) > 1


def varies(values: Floats) -> bool:
    """Return whether values differ by more than what rounding leaves of a difference of two like them."""
    scale = max(float(np.abs(values).max()), 1.0)
    return bool(np.ptp(values, axis=0).max() > NOTHING * scale)


def _direction(one: Input, values: Floats) -> float:
    """Return the rank correlation of a number with an outcome."""
    if not one.is_number:
        return float("nan")
    return float(np.corrcoef(rankdata(one.values), rankdata(values))[0, 1])


def difference_questions(groups: Mapping[str, Units], baseline: str, arms: Sequence[str]) -> list[Question]:
    """Return the questions on what decides how much each arm differs from the baseline.

    Parameters
    ----------
    groups : units by measure.
    """
    return [
        Question((measure, arm, baseline), group, (group.table[arm] - group.table[baseline]).to_numpy(float))
        for measure, group in groups.items() for arm in arms if arm != baseline and len(group)
    ]  # fmt: skip


def level_questions(groups: Mapping[str, Units], arm: str) -> list[Question]:
    """Return the questions on what decides the level of an arm."""
    return [Question((measure, arm, ""), group, group.table[arm].to_numpy(float))
            for measure, group in groups.items() if len(group)]  # fmt: skip


def best_questions(groups: Mapping[str, Units], better: Mapping[str, Any]) -> list[Question]:
    """Return the questions on what decides which arm does best, of the measures that judge."""
    made = []
    for measure, group in groups.items():
        if better[measure] is not None and len(group):
            names = np.array(best_arm(group.table, better[measure], group.least))
            shares = (names[:, None] == np.unique(names)).astype(float)
            made.append(Question((measure,), group, shares))
    return made
