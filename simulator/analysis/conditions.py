"""Conditions under which one arm does best: a small tree over what varied, held to data that it has not seen.

A tree of depth three at most names the arm that does best. It is grown by scikit-learn, no deeper than units that were
left out (five parts in turn) bear out, and judged on them against always naming the commonest arm, and against trees
grown on shuffled inputs: a tree always finds something, and only what shuffled inputs do not show is told.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from simulator.analysis.sweep_units import (
    ALPHA,
    Floats,
    Input,
    Ints,
    Units,
    against_chance,
    best_arm,
    shuffles,
)
from simulator.errors import InputError, Problem
from simulator.numbers import figure

DEPTH: Final = 3
FEWEST_IN_LEAF: Final = 5
SHARE_IN_LEAF: Final = 0.05
"""Of all units, that a leaf holds at least."""
FEWEST: Final = 30
"""Units from which a tree is grown."""
FOLDS: Final = 5
SHUFFLES: Final = 99
SEED: Final = 1
"""Of folds, trees and shuffles."""
REGRET: Final = "regret over all measures"
"""What stands for a measure where all that judge are taken together."""
TIE: Final = ""
"""Arm where several do equally well."""
TREES: Final = ("case", "measure", "commonest", "share", "accuracy", "always", "gain", "chance", "p", "p_any", "found",
                "depth", "leaves", "units")  # fmt: skip
LEAVES: Final = ("case", "measure", "leaf", "where", "arm", "inside", "outside", "units", "of")
LEAF_ARMS: Final = ("case", "measure", "leaf", "arm", "units", "share")
ADVICE: Final = "pip install 'corridor[discovery]', or leave conditions out with --no-conditions"


@dataclass(frozen=True)
class Limit:
    """A condition on one input.

    Attributes
    ----------
    low, high : a number is above `low` and at most `high`; infinite where there is no such limit.
    only, without : levels that it is, or is not.
    """

    one: Input
    low: float = -math.inf
    high: float = math.inf
    only: str = ""
    without: tuple[str, ...] = ()

    def words(self) -> str:
        """Return it in words."""
        if not self.one.is_number:
            if self.only:
                return f"{self.one.label} is {self.one.called(self.only)}"
            return f"{self.one.label} is not {' or '.join(map(self.one.called, self.without))}"
        unit = f" {self.one.unit}" if self.one.unit else ""
        if math.isfinite(self.low) and math.isfinite(self.high):
            return f"{self.one.label} between {figure(self.low)} and {figure(self.high)}{unit}"
        if math.isfinite(self.low):
            return f"{self.one.label} > {figure(self.low)}{unit}"
        return f"{self.one.label} \N{LESS-THAN OR EQUAL TO} {figure(self.high)}{unit}"


@dataclass(frozen=True)
class Columns:
    """Inputs as a tree takes them: a number is a column, and so is each level.

    Attributes
    ----------
    table : shape (n_units, n_columns).
    of : input of each column, and the level that a 1 means.
    """

    table: Floats
    of: tuple[tuple[Input, str], ...]


def columns_of(inputs: Sequence[Input]) -> Columns:
    """Return inputs as columns."""
    columns, of = [], []
    for one in inputs:
        if one.is_number:
            columns.append(one.values)
            of.append((one, ""))
            continue
        for place, level in enumerate(one.levels):
            inside = (one.values == place).astype(float)
            if inside.any():
                columns.append(inside)
                of.append((one, level))
    return Columns(np.column_stack(columns), tuple(of))


def folds(group: Units) -> Ints:
    """Return which part of five each unit is left out with; units of one draw are left out together."""
    rng = np.random.default_rng(SEED)
    axis = group.draws if group.crossed and len(np.unique(group.draws)) >= FOLDS else (
        group.points if group.crossed else np.arange(len(group))
    )  # fmt: skip
    known, place = np.unique(axis, return_inverse=True)
    return (rng.permutation(len(known))[place] % FOLDS).astype(np.int64)


def _grow(table: Floats, arms: Ints) -> Any:
    """Return the nodes of a tree of full depth; what is above a depth is the tree of that depth."""
    from sklearn import config_context
    from sklearn.tree import DecisionTreeClassifier

    least = max(FEWEST_IN_LEAF, math.ceil(SHARE_IN_LEAF * len(table)))
    with config_context(assume_finite=True, skip_parameter_validation=True):
        grown = DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=least, random_state=SEED).fit(table, arms)
    return grown.classes_, grown.tree_


def _named(grown: Any, table: Floats) -> list[Ints]:
    """Return the arm that a tree of each depth names, one array of shape (n_units,) a depth."""
    classes, tree = grown
    of_node = classes[tree.value[:, 0, :].argmax(axis=1)]
    at, found = np.zeros(len(table), dtype=np.int64), []
    for _ in range(DEPTH):
        inner = tree.children_left[at] >= 0
        below = table[np.arange(len(table)), np.maximum(tree.feature[at], 0)].astype(np.float32) <= tree.threshold[at]
        at = np.where(inner, np.where(below, tree.children_left[at], tree.children_right[at]), at)
        found.append(of_node[at])
    return found


@dataclass(frozen=True)
class HeldOut:
    """How well a tree names the best arm of units that it has not seen.

    Attributes
    ----------
    depth : the shallowest whose accuracy lies within a standard error of the best one's (Breiman et al. 1984).
    accuracy, always : share of left-out units that it names right, and that always naming the commonest arm does.
    """

    depth: int
    accuracy: float
    always: float

    @property
    def gain(self) -> float:
        """What a tree adds to always naming the commonest arm."""
        return self.accuracy - self.always


def held_out(table: Floats, arms: Ints, parts: Ints) -> HeldOut:
    """Return how well a tree does on units left out, part by part.

    Parameters
    ----------
    table, arms : columns and arm of each unit.
    parts : with which part each unit is left out.
    """
    right = np.zeros(DEPTH)
    always = 0
    for part in np.unique(parts):
        out = parts == part
        always += int((arms[out] == np.bincount(arms[~out]).argmax()).sum())
        right += [(named == arms[out]).sum() for named in _named(_grow(table[~out], arms[~out]), table[out])]
    share = right / len(arms)
    best = float(share.max())
    depth = int(np.argmax(share >= best - math.sqrt(best * (1 - best) / len(arms))))
    return HeldOut(depth + 1, float(share[depth]), always / len(arms))


def conditions(
    case: str, groups: Mapping[str, Units], better: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return under which conditions which arm does best, and how well that holds.

    Parameters
    ----------
    groups : units by measure.
    better : which is better by measure; measures without judge nothing.

    Returns
    -------
    trees : pandas.DataFrame
        ``case measure commonest`` (arm that does best most often, and its ``share``); ``accuracy`` of the tree and of
        ``always`` naming the commonest arm, both on units left out; ``gain`` of one over the other; ``chance``, which
        the gain of 95 of 100 shuffles stays under; ``p``, ``p_any`` over all trees of the case; ``found``; ``depth``.
    leaves : pandas.DataFrame
        ``leaf where arm``: the conditions in words and the arm that does best there most often; the share of units in
        which it does ``inside`` and ``outside``; ``units`` inside ``of`` all.
    arms : pandas.DataFrame
        ``leaf arm``: in how many ``units`` of a leaf, and in what ``share``, each arm does best; no arm: several alike.

    Raises
    ------
    InputError
        If scikit-learn is not installed.
    """
    need_sklearn()
    asked = list(_questions(groups, better))
    found, null, rows, leaves, of_arms = [], [], [], [], []
    for measure, group, best in asked:
        names, arms = np.unique(best, return_inverse=True)
        columns, parts = columns_of(group.inputs), folds(group)
        test = held_out(columns.table, arms, parts)
        null.append([held_out(columns.table, arms[order], parts).gain for order in shuffles(group, SHUFFLES, SEED)])
        found.append(test.gain)
        most = int(np.bincount(arms).argmax())
        told = list(_leaves(_grow(columns.table, arms)[1], columns, test.depth))
        rows.append((case, measure, str(names[most]), float((arms == most).mean()), test.accuracy, test.always,
                     test.gain, test.depth, len(told), len(group)))  # fmt: skip
        for number, leaf in enumerate(told):
            leaves.append((case, measure, *_leaf_row(number, leaf, arms, names)))
            counts = np.bincount(arms[leaf.inside], minlength=len(names))
            of_arms += [(case, measure, number, str(name), int(count), float(count / counts.sum()))
                        for name, count in zip(names, counts, strict=True) if count]  # fmt: skip
    chance = against_chance(np.array(found, dtype=float), np.array(null, dtype=float).T.reshape(SHUFFLES, len(asked)))
    trees = [
        (*row[:7], float(chance.level[at]), float(chance.p[at]), float(chance.p_any[at]),
         bool(chance.p_any[at] < ALPHA and row[6] > 0), *row[7:])
        for at, row in enumerate(rows)
    ]  # fmt: skip
    return (pd.DataFrame(trees, columns=list(TREES)), pd.DataFrame(leaves, columns=list(LEAVES)),
            pd.DataFrame(of_arms, columns=list(LEAF_ARMS)))  # fmt: skip


def need_sklearn() -> None:
    """Check that scikit-learn is there.

    Raises
    ------
    InputError
        If it is not, with how to install it.
    """
    try:
        import sklearn.tree  # noqa: F401
    except ImportError:
        said = "needs scikit-learn, which is not installed"
        raise InputError([Problem("--conditions", "", said, advice=ADVICE)]) from None


def _questions(groups: Mapping[str, Units], better: Mapping[str, Any]) -> Iterator[tuple[str, Units, list[str]]]:
    """Yield what a tree is to tell: measure, units, and the arm that does best in each."""
    judged = {name: group for name, group in groups.items() if better[name] is not None and _enough(group)}
    for measure, group in judged.items():
        best = best_arm(group.table, better[measure], group.least)
        if len(set(best)) > 1:
            yield measure, group, best
    lengths = {len(group) for group in judged.values()}
    if len(judged) > 1 and len(lengths) == 1:
        group = next(iter(judged.values()))
        best = best_arm(regret_over_all(judged, better), "less")
        if len(set(best)) > 1:
            yield REGRET, group, best


def _enough(group: Units) -> bool:
    return len(group) >= FEWEST and bool(group.inputs)


def regret_over_all(groups: Mapping[str, Units], better: Mapping[str, Any]) -> pd.DataFrame:
    """Return each arm's regret over all measures, a row a unit: how much worse than the best arm of the unit.

    Each measure is divided by how far its best and worst arm lie apart on average; every measure then weighs alike,
    which is a choice and no finding.
    """
    total = None
    for measure, group in groups.items():
        values = group.table * (1.0 if better[measure] == "less" else -1.0)
        regret = values.sub(values.min(axis=1), axis=0)
        regret = regret.where(regret >= group.least, 0.0)  # what does not matter is no regret
        apart = float(regret.max(axis=1).mean())
        if apart > 0:
            total = regret / apart if total is None else total + regret / apart
    first = next(iter(groups.values())).table
    return total if total is not None else first * 0.0


@dataclass(frozen=True)
class Leaf:
    """A leaf of a tree: its conditions, and which units lie in it, shape (n_units,)."""

    limits: tuple[Limit, ...]
    inside: Any


def _leaves(tree: Any, columns: Columns, depth: int) -> Iterator[Leaf]:
    """Yield the leaves of a tree down to a depth; branches that name the same arm everywhere are one."""

    def named(node: int, deeper: int) -> set[int]:
        if not deeper or tree.children_left[node] < 0:
            return {int(tree.value[node][0].argmax())}
        return named(tree.children_left[node], deeper - 1) | named(tree.children_right[node], deeper - 1)

    def walk(node: int, deeper: int, limits: dict[str, Limit], inside: Any) -> Iterator[Leaf]:
        if len(named(node, deeper)) == 1:
            yield Leaf(tuple(limits.values()), inside)
            return
        column, edge = int(tree.feature[node]), float(tree.threshold[node])
        below = columns.table[:, column].astype(np.float32) <= edge  # as scikit-learn compares
        for child, side, low in ((tree.children_left[node], below, False), (tree.children_right[node], ~below, True)):
            one, level = columns.of[column]
            limit = limits.get(one.name, Limit(one))
            narrowed = {**limits, one.name: _narrowed(limit, level, edge, low)}
            yield from walk(int(child), deeper - 1, narrowed, inside & side)

    yield from walk(0, depth, {}, np.ones(len(columns.table), dtype=bool))


def _narrowed(limit: Limit, level: str, edge: float, above: bool) -> Limit:
    """Return a limit with another condition on the same input."""
    if limit.one.is_number:
        low, high = (max(limit.low, edge), limit.high) if above else (limit.low, min(limit.high, edge))
        return Limit(limit.one, low, high)
    if above:
        return Limit(limit.one, only=level)
    return limit if limit.only else Limit(limit.one, without=(*limit.without, level))


def _leaf_row(number: int, leaf: Leaf, arms: Ints, names: Any) -> tuple[Any, ...]:
    inside = leaf.inside
    most = int(np.bincount(arms[inside], minlength=len(names)).argmax())
    outside = float((arms[~inside] == most).mean()) if (~inside).any() else float("nan")
    where = " and ".join(limit.words() for limit in leaf.limits) or "everywhere"
    return (number, where, str(names[most]), float((arms[inside] == most).mean()), outside, int(inside.sum()),
            len(arms))  # fmt: skip


def arm_label(arm: str, labels: Mapping[str, str]) -> str:
    """Return the name of an arm, or what it means that none does best alone."""
    return labels[arm] if arm else "no arm alone"
