"""A sweep's runs as observations: what varied, what was measured, and what is missing.

A sweep has a row a run: ``case arm point draw replicate seed member status``, a column a factor, a drawn field and a
measure. Points are rows of the design of factors; draws are of what is not known; replicates are luck. A unit is a
point and a draw, its replicates averaged. Runs of one point, draw and replicate share their values and their luck, so
that arms are compared within them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.analysis.least import least_of
from simulator.errors import InputError, Problem

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DONE: Final = "done"
LOST: Final = ("failed", "missing")
"""What became of a run that was wanted and has no numbers; one that was not needed is not lost."""
PAIR: Final = ("point", "draw", "replicate")
"""What runs of two arms share."""
NEEDED: Final = ("case", "arm", *PAIR, "status")
MEMBER: Final = "member"
"""Column of the member of the fit, which is an input where several were drawn."""


@dataclass(frozen=True)
class Input:
    """Something that varied between units.

    Attributes
    ----------
    name : column of the table of runs.
    label : name in tables and figures.
    levels : names of its levels; none for a number.
    labels : what its levels are called; by default their names.
    values : number, or position among the levels, of each unit, shape (n_units,).
    """

    name: str
    label: str
    unit: str
    levels: tuple[str, ...]
    values: Floats
    labels: Mapping[str, str] = field(default_factory=dict)

    def called(self, level: str) -> str:
        """Return what a level is called."""
        return self.labels.get(level) or level

    @property
    def is_number(self) -> bool:
        """Whether it has values rather than levels."""
        return not self.levels


@dataclass(frozen=True)
class Units:
    """What one case says of a measure, a row a unit.

    Attributes
    ----------
    points, draws : of each unit, shape (n_units,).
    table : mean over the replicates that every arm has, by arm, shape (n_units, n_arms).
    inputs : what varied between units.
    crossed : whether every point was run with every draw; then units of one draw are not independent.
    dropped : units that were wanted and are not here, since an arm has no run of them.
    least : least difference that matters, in the unit of the measure.
    """

    points: Ints
    draws: Ints
    table: pd.DataFrame
    inputs: tuple[Input, ...]
    crossed: bool
    dropped: int
    least: float = 0.0

    def __len__(self) -> int:
        return len(self.points)


def check_form(content: Mapping[str, Any], runs: pd.DataFrame, design: pd.DataFrame) -> None:
    """Check that tables have the columns that what was asked says they have.

    Raises
    ------
    InputError
        With every column that is missing.
    """
    wanted = [*NEEDED, *content["measures"], *content.get("factors", {})]
    found = [
        Problem(f"sweep {content['experiment']}", column, "is missing from the table of runs")
        for column in wanted if column not in runs
    ]  # fmt: skip
    found += [
        Problem(f"sweep {content['experiment']}", factor, "is missing from the table of the design")
        for factor in content.get("factors", {}) if factor not in design
    ]  # fmt: skip
    if not len(runs):
        found.append(Problem(f"sweep {content['experiment']}", "", "has no run", advice="run it first"))
    if found:
        raise InputError(found)


def lost(runs: pd.DataFrame) -> pd.DataFrame:
    """Return how many runs of each case and arm were done, failed, are missing, and were not needed, with a reason.

    Returns
    -------
    pandas.DataFrame
        ``case arm done failed missing not_needed error``; `error` is the commonest one.
    """
    rows = []
    for (case, arm), of_arm in runs.groupby(["case", "arm"], sort=False):
        counts = of_arm["status"].value_counts()
        said = of_arm.loc[of_arm["status"] == "failed", "error"] if "error" in of_arm else pd.Series(dtype=str)
        common = said.dropna().astype(str).value_counts()
        number = [int(counts.get(status, 0)) for status in (DONE, *LOST, "not needed")]
        rows.append((case, arm, *number, str(common.index[0]) if len(common) else ""))
    return pd.DataFrame(rows, columns=["case", "arm", "done", "failed", "missing", "not_needed", "error"])


def paired(runs: pd.DataFrame, measure: str, arms: Sequence[str]) -> pd.DataFrame:
    """Return a measure by arm, a row a point, draw and replicate that every arm has; the order of rows plays no part.

    Parameters
    ----------
    runs : of one case.
    """
    done = runs[(runs["status"] == DONE) & runs["arm"].isin(list(arms))]
    table = done.set_index([*PAIR, "arm"])[measure].astype(float).unstack("arm").sort_index()
    return table.reindex(columns=list(arms)).dropna()


def outcome(table: pd.DataFrame, arm: str, against: str) -> pd.Series:
    """Return what an arm measures, or what it measures less another where one is named."""
    return table[arm] - table[against] if against else table[arm]


def wanted_outcomes(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each arm by itself, and each arm against the baseline: arm and what it is set against, or nothing."""
    arms, baseline = list(content["arms"]), content.get("baseline")
    for arm in arms:
        yield arm, ""
    for arm in arms:
        if baseline in content["arms"] and arm != baseline:
            yield arm, str(baseline)


def units(
    content: Mapping[str, Any], runs: pd.DataFrame, case: str, measure: str, arms: Sequence[str], points: Ints
) -> Units:
    """Return the units of a case in which every arm has a run.

    Parameters
    ----------
    runs : of all cases.
    points : those that are independent of each other; the others are left out.
    """
    of_case = runs[(runs["case"] == case) & runs["point"].isin(points)]
    keys = of_case[of_case["status"] != "not needed"]
    every = pd.MultiIndex.from_frame(keys[["point", "draw"]].drop_duplicates())
    table = paired(of_case, measure, arms).groupby(level=["point", "draw"]).mean()
    table, crossed = rectangular(table, every)
    places = pd.MultiIndex.from_tuples(list(table.index), names=["point", "draw"])
    at, drawn = (places.get_level_values(name).to_numpy(np.int64) for name in ("point", "draw"))
    found = tuple(_inputs(content, of_case, case, places))
    table = table.reset_index(drop=True)
    return Units(at, drawn, table, found, crossed, len(every) - len(table), least_of(content, measure, table))


def rectangular(table: pd.DataFrame, every: pd.MultiIndex) -> tuple[pd.DataFrame, bool]:
    """Return the units of draws that every point has, and whether points and draws are crossed.

    A draw that is missing at some points would weigh otherwise there; points that miss more than half of the draws are
    left out instead. Where points were not crossed with draws, each unit stands for itself.

    Parameters
    ----------
    every : point and draw of all units that were wanted.
    """
    n_points, n_draws = (every.get_level_values(name).nunique() for name in ("point", "draw"))
    if min(n_points, n_draws) < 2 or len(every) < n_points * n_draws:
        return table, False
    of_point = table.groupby(level="point").size()
    points = of_point.index[of_point > n_draws / 2]
    table = table[table.index.get_level_values("point").isin(points)]
    of_draw = table.groupby(level="draw").size()
    draws = of_draw.index[of_draw == len(points)]
    return table[table.index.get_level_values("draw").isin(draws)], True


def _inputs(content: Mapping[str, Any], runs: pd.DataFrame, case: str, places: pd.MultiIndex) -> Iterator[Input]:
    """Yield the factors, drawn fields and the member of the fit that vary between units."""
    first = runs.drop_duplicates(["point", "draw"]).set_index(["point", "draw"])
    first = first.reindex(places)
    for name, factor in content.get("factors", {}).items():
        levels = tuple(map(str, factor.get("levels") or ())) if factor["kind"] == "levels" else ()
        labels = factor.get("labels") or {}
        label = str(factor.get("label") or name).removeprefix("parameters.")
        yield from _varying(name, label, factor.get("unit") or "", levels, first[name], labels)
    for drawn in content["cases"][case].get("drawn", ()):
        name = drawn["field"]
        if name in first:
            yield from _varying(name, drawn_label(drawn), drawn.get("unit") or "", (), first[name])
    if MEMBER in first and first[MEMBER].nunique() > 1:
        members = tuple(str(each) for each in sorted(first[MEMBER].dropna().unique()))
        yield from _varying(MEMBER, "member of the fit", "", members, first[MEMBER].astype(str))


def drawn_label(drawn: Mapping[str, Any]) -> str:
    """Return the name of a drawn field: the field itself, since what it is of may be the same for several."""
    return str(drawn["field"]).removeprefix("parameters.")


def _varying(
    name: str, label: str, unit: str, levels: tuple[str, ...], column: pd.Series,
    labels: Mapping[str, str] | None = None,
) -> Iterator[Input]:  # fmt: skip
    """Yield an input if it has more than one value and none is missing."""
    if levels:
        place = {level: number for number, level in enumerate(levels)}
        values = np.asarray(column.astype(str).map(place), dtype=np.float64)
    else:
        values = np.asarray(pd.to_numeric(column, errors="coerce"), dtype=np.float64)
    if len(values) and not np.isnan(values).any() and len(np.unique(values)) > 1:
        yield Input(name, label, "" if unit == "1" else unit, levels, values, labels or {})


Better = Literal["less", "more"]


def best_arm(table: pd.DataFrame, better: Better, least: float = 0.0) -> list[str]:
    """Return the arm that does best in each unit; nothing where several do equally well.

    Parameters
    ----------
    least : least difference that matters: arms that lie less than that behind the best one do as well.
    """
    values = table.to_numpy() * (1.0 if better == "less" else -1.0)
    first = values.argmin(axis=1)
    behind = values - values.min(axis=1, keepdims=True)
    alone = ((behind == 0) | (behind < least)).sum(axis=1) == 1
    arms = [str(arm) for arm in table.columns]
    return [arms[place] if one else "" for place, one in zip(first, alone, strict=True)]


def shuffles(group: Units, number: int, seed: int) -> Iterator[Ints]:
    """Yield orders of units in which what was measured no longer belongs to what varied.

    Where points and draws are crossed, whole points and whole draws change places, so that what units of one draw have
    in common stays: the chance that shuffled inputs show something is that of unrelated ones.

    Parameters
    ----------
    number : how many.
    """
    rng = np.random.default_rng(seed)
    for _ in range(number):
        if not group.crossed:
            yield rng.permutation(len(group)).astype(np.int64)
            continue
        n_points = len(np.unique(group.points))
        n_draws = len(group) // n_points
        places = np.arange(len(group)).reshape(n_points, n_draws)
        moved = places[rng.permutation(n_points)][:, rng.permutation(n_draws)]
        yield moved.ravel().astype(np.int64)


def resamples(group: Units, number: int, seed: int) -> Iterator[Floats]:
    """Yield how often each unit counts in a bootstrap sample, shape (n_units,); draws and points stay whole.

    Parameters
    ----------
    number : how many.
    """
    rng = np.random.default_rng(seed)
    n = len(group)
    for _ in range(number):
        if not group.crossed:
            yield np.bincount(rng.integers(0, n, n), minlength=n).astype(float)
            continue
        n_points = len(np.unique(group.points))
        n_draws = n // n_points
        of_point = np.bincount(rng.integers(0, n_points, n_points), minlength=n_points)
        of_draw = np.bincount(rng.integers(0, n_draws, n_draws), minlength=n_draws)
        yield np.outer(of_point, of_draw).ravel().astype(float)


@dataclass(frozen=True)
class Chance:
    """What shuffled inputs show, and what follows for what was found.

    Attributes
    ----------
    level : what 95 in 100 shuffles stay under, of each statistic by itself, shape (n,).
    p : share of shuffles that reach what was found, of each by itself.
    p_any : share of shuffles in which any statistic of the family lies as far above its own chance; what remains below
        0.05 is told apart from chance although all of them were looked at.
    """

    level: Floats
    p: Floats
    p_any: Floats


ALPHA: Final = 0.05
"""Chance of reading chance as a finding, over everything that was looked at for one question in one case."""


def against_chance(found: Floats, null: Floats) -> Chance:
    """Set statistics against those of shuffled inputs (Westfall and Young's highest statistic, in standard deviations).

    Parameters
    ----------
    found : shape (n,).
    null : the same of each shuffle, shape (n_shuffles, n); the same row is the same shuffle for every statistic.
    """
    if not found.size:
        empty = np.zeros(0)
        return Chance(empty, empty, empty)
    number = len(null)
    middle, spread = null.mean(axis=0), null.std(axis=0, ddof=1)
    spread = np.where(spread > 0, spread, np.inf)  # what never moves is told apart from nothing
    highest = ((null - middle) / spread).max(axis=1)
    far = (found - middle) / spread
    p = (1 + (null >= found - 1e-12).sum(axis=0)) / (number + 1)
    p_any = (1 + (highest[:, None] >= far - 1e-12).sum(axis=0)) / (number + 1)
    return Chance(np.quantile(null, 1 - ALPHA, axis=0), p, p_any)


def cases(content: Mapping[str, Any]) -> list[str]:
    """Return the names of the cases of a sweep."""
    return [str(case) for case in content["cases"]]


def records(table: pd.DataFrame) -> list[dict[Hashable, Any]]:
    """Return a table's rows as dictionaries."""
    return table.to_dict(orient="records")
