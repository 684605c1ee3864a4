"""Boxes in which one arm does best, by PRIM (Friedman and Fisher 1999; Bryant and Lempert 2010) of the EMA workbench.

A tree tells all arms apart at once; a box looks for one arm, and gives up units of that arm for a purer box. Boxes of
shuffled inputs tell what PRIM finds where there is nothing.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from inspect import signature
from typing import Any, Final

import numpy as np
import pandas as pd

from simulator.analysis.conditions import FEWEST, Limit
from simulator.analysis.sweep_units import ALPHA, Input, Units, against_chance, best_arm, shuffles
from simulator.errors import InputError, Problem
from simulator.numbers import whole

SHUFFLES: Final = 39
SEED: Final = 1
FEWEST_BEST: Final = 10
"""Units in which an arm does best, and in which it does not, from which a box is looked for."""
FEWEST_INSIDE: Final = 5
PEEL: Final = 0.1
"""Share of a box that is peeled away at a time: twice the usual, since units are few."""
BOXES: Final = ("case", "measure", "arm", "share", "where", "density", "coverage", "inside", "units", "score", "chance",
                "p", "p_any", "found")  # fmt: skip
ADVICE: Final = "pip install 'corridor[ema]', or leave boxes out: conditions by a tree need only 'corridor[discovery]'"


def need_prim() -> Any:
    """Return the module that has PRIM.

    Raises
    ------
    InputError
        If the EMA workbench is not installed, with how to install it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from ema_workbench.analysis import prim
    except ImportError:
        said = "needs the EMA workbench, which is not installed"
        raise InputError([Problem("--boxes", "", said, advice=ADVICE)]) from None
    return prim


def boxes(case: str, groups: Mapping[str, Units], better: Mapping[str, Any]) -> pd.DataFrame:
    """Return a box for each arm and measure in which the arm does best alone more often than elsewhere.

    Of the boxes that PRIM peels one after another, the one is taken whose density (share of its units in which the arm
    does best) and coverage (share of all units in which it does best that lie inside) have the highest harmonic mean.

    Returns
    -------
    pandas.DataFrame
        ``case measure arm``, ``share`` of units in which it does best, ``where``, ``density coverage inside units``,
        ``score`` (the harmonic mean), ``chance``, which 95 in 100 boxes of shuffled inputs stay under, ``p``,
        ``p_any`` over all boxes of the case, ``found``.

    Raises
    ------
    InputError
        If the EMA workbench is not installed.
    """
    prim = need_prim()
    rows, found, null = [], [], []
    for measure, group, arm, inside in _questions(groups, better):
        columns = _columns(group.inputs)
        made = _box(prim, columns, inside, group.inputs)
        found.append(made[0])
        null.append([_box(prim, columns, inside[order], group.inputs)[0]
                     for order in shuffles(group, SHUFFLES, SEED)])  # fmt: skip
        rows.append((case, measure, arm, float(inside.mean()), *made[1:], len(group), made[0]))
    chance = against_chance(np.array(found, dtype=float), np.array(null, dtype=float).T.reshape(SHUFFLES, len(found)))
    table = [(*row, float(chance.level[at]), float(chance.p[at]), float(chance.p_any[at]),
              bool(chance.p_any[at] < ALPHA)) for at, row in enumerate(rows)]  # fmt: skip
    return pd.DataFrame(table, columns=list(BOXES))


def _questions(groups: Mapping[str, Units], better: Mapping[str, Any]) -> Iterator[tuple[str, Units, str, Any]]:
    for measure, group in groups.items():
        if better[measure] is None or len(group) < FEWEST or not group.inputs:
            continue
        best = np.array(best_arm(group.table, better[measure], group.least))
        for arm in map(str, group.table.columns):
            inside = best == arm
            if FEWEST_BEST <= inside.sum() <= len(group) - FEWEST_BEST:
                yield measure, group, arm, inside


def _columns(inputs: Sequence[Input]) -> pd.DataFrame:
    """Return inputs as PRIM takes them: numbers, and levels as categories."""
    return pd.DataFrame({
        one.name: one.values if one.is_number
        else pd.Categorical([one.levels[int(place)] for place in one.values])
        for one in inputs
    })  # fmt: skip


def _box(
    prim: Any, columns: pd.DataFrame, inside: Any, inputs: Sequence[Input]
) -> tuple[float, str, float, float, int]:
    """Return the score of the best box, where it lies in words, its density and coverage, and units inside."""
    level = logging.getLogger("EMA").level
    logging.getLogger("EMA").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            least = max(FEWEST_INSIDE / len(columns), 0.05)
            # Before release 3 it must be told from which value on a unit is of interest: of 0 and 1, the ones.
            any_ = {"threshold": 1e-9} if "threshold" in signature(prim.Prim).parameters else {}
            box = prim.Prim(columns, inside, peel_alpha=PEEL, mass_min=least, **any_).find_box()
    finally:
        logging.getLogger("EMA").setLevel(level)
    if box is None:
        return 0.0, "everywhere", float(inside.mean()), 1.0, len(inside)
    steps = box.peeling_trajectory
    score = 2 * steps["coverage"] * steps["density"] / (steps["coverage"] + steps["density"])
    at = int(score.to_numpy().argmax())
    words = _words(box.box_lims[at], box.box_lims[0], inputs)
    return (float(score.iloc[at]), words, float(steps["density"].iloc[at]), float(steps["coverage"].iloc[at]),
            whole(float(steps["mass"].iloc[at]) * len(columns)))  # fmt: skip


def _words(limits: pd.DataFrame, whole: pd.DataFrame, inputs: Sequence[Input]) -> str:
    """Return where a box lies: only the inputs and sides on which it is narrower than all units."""
    said = []
    for one in inputs:
        (low, high), (lowest, highest) = limits[one.name], whole[one.name]
        if not one.is_number:
            gone = tuple(level for level in one.levels if level in set(lowest) - set(low))
            if gone:
                said.append(Limit(one, without=gone).words())
            continue
        limit = Limit(one, -math.inf if low <= lowest else float(low), math.inf if high >= highest else float(high))
        if math.isfinite(limit.low) or math.isfinite(limit.high):
            said.append(limit.words())
    return " and ".join(said) or "everywhere"
