"""In which part of the drawn ranges an arm does best: what sets the draws in which it does apart from the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import pandas as pd
from scipy.stats import mannwhitneyu

from simulator.analysis.paired import Least, no_least, units, whole

FEWEST: Final = 3
"""Draws on either side that a field can be told from."""
SHOWN: Final = 3
"""Fields that are kept for an arm and a measure: those that set its draws apart most."""
Row = tuple[str, str, str, float, str, float, float, float, float, int, int]
COLUMNS: Final = ("case", "measure", "arm", "best", "field", "higher", "p", "low", "high", "fields", "n")


def where_best(
    runs: pd.DataFrame,
    better: Mapping[str, Literal["more", "less"] | None],
    arms: Sequence[str],
    drawn: Sequence[str],
    least: Least = no_least,
) -> pd.DataFrame:
    """Return what sets the draws in which no arm does better than this one apart from the others.

    Parameters
    ----------
    runs : a row a run, with the drawn values.
    better : which side of each measure is better; None judges nothing.
    drawn : columns of drawn values.
    least : least difference that matters: arms that lie less than that behind the best one do as well.

    Returns
    -------
    pandas.DataFrame
        ``case measure arm``, ``best`` (share of draws), ``field``, ``higher`` (chance that the field is higher in a
        draw in which the arm is best than in one in which it is not; a half says nothing), ``p`` (Mann and Whitney,
        two-sided, not corrected for the ``fields`` that were looked at), ``low`` and ``high`` (of the field where the
        arm is best), ``n`` draws. Three fields for each, those with the smallest ``p``; arms that are best in fewer
        than three draws, or in all but two, are left out.
    """
    rows: list[Row] = []
    for case, of_case in whole(runs).groupby("case", sort=False):
        values = of_case.groupby("draw")[[name for name in drawn if of_case[name].nunique() > 1]].first()
        for measure, side in better.items():
            if side is None:
                continue
            found = units(of_case, measure, arms)
            if found.over != "draws":
                continue
            table = found.table if side == "less" else -found.table
            behind = table.sub(table.min(axis=1), axis=0)
            best = behind.eq(0) | behind.lt(least(measure, found.table))
            for arm in arms:
                rows += _apart(best[arm], values.loc[table.index], (str(case), measure, arm))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _apart(best: pd.Series, values: pd.DataFrame, head: tuple[str, str, str]) -> list[Row]:
    wins = int(best.sum())
    if min(wins, len(best) - wins) < FEWEST:
        return []
    rows: list[Row] = []
    for field in values.columns:
        inside, outside = values.loc[best, field], values.loc[~best, field]
        test = mannwhitneyu(inside, outside)
        higher = float(test.statistic) / (len(inside) * len(outside))
        rows.append((*head, wins / len(best), str(field), higher, float(test.pvalue), float(inside.min()),
                     float(inside.max()), len(values.columns), len(best)))  # fmt: skip
    return sorted(rows, key=lambda row: (row[6], row[4]))[:SHOWN]
