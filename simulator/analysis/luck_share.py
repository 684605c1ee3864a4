"""How the variance of single runs splits: what was varied, what was drawn beside it, and luck."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

COLUMNS: Final = ("points", "draws", "luck", "left", "replicates", "runs")
NAN: Final = float("nan")


def split(values: pd.Series) -> tuple[float, float, float, float, float, int]:
    """Return how the variance of single runs splits.

    Parameters
    ----------
    values : of runs, by point, draw and replicate.

    Returns
    -------
    tuple
        Shares of points, of draws beside them, and of luck (variance between replicates of one point and draw), which
        add up to 1; the share of the variance between the points' means that luck leaves in them; replicates a unit,
        on average; and runs. Luck cannot be told from one replicate: the shares are then NaN. Where all points have the
        same seeds, luck that moves all of them alike is not left between them.
    """
    by_unit = values.groupby(level=["point", "draw"])
    sizes = by_unit.size()
    n = float(sizes.mean()) if len(sizes) else NAN
    all_ = float(values.var(ddof=1)) if len(values) > 1 else 0.0
    several = sizes > 1
    if not all_ > 0 or not several.any():
        return NAN, NAN, NAN, NAN, n, len(values)
    luck = float(by_unit.var(ddof=1)[several].mean())
    means = by_unit.mean()
    by_point = means.groupby(level="point")
    draws = 0.0
    if (by_point.size() > 1).any():
        draws = max(float(by_point.var(ddof=1).dropna().mean()) - luck / n, 0.0)
    whole = max(all_, luck)
    of_luck, of_draws = luck / whole, min(draws / whole, 1 - luck / whole)
    return 1 - of_luck - of_draws, of_draws, of_luck, _left(values, by_point.mean(), luck), n, len(values)


def _left(values: pd.Series, means: pd.Series, luck: float) -> float:
    """Return the share of the variance between the points' means that is luck."""
    between = float(means.var(ddof=1)) if len(means) > 1 else 0.0
    if not between > 0:
        return NAN
    table = values.unstack("point")
    if table.notna().all(axis=None) and len(table) > 1:  # every point has the same draws and replicates
        deviation = (table.sub(table.mean(axis=1), axis=0)).to_numpy()
        of_draw = table.index.get_level_values("draw").to_numpy()
        within = [deviation[of_draw == draw] for draw in np.unique(of_draw)]
        apart = [float(part.var(axis=0, ddof=1).mean()) for part in within if len(part) > 1]
        luck = float(np.mean(apart)) if apart else luck
    runs_a_point = len(values) / len(means)
    return min(luck / runs_a_point / between, 1.0)
