"""Adaptive stopping: replicates until the paired differences are known well enough, or the budget is spent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.stats import t as student

from simulator.sweeps.factors import Stopping

NARROW: Final = "narrow enough"
SPENT: Final = "budget spent"
GOING: Final = "going on"
GROUP: Final = ["case", "point"]
"""What is stopped by itself."""


@dataclass(frozen=True)
class Interval:
    """What is known of the mean paired difference of one arm against the baseline, in one case at one point.

    Attributes
    ----------
    width : of the interval, end to end, in the unit of the measure.
    wanted : the widest that will do.
    pairs : pairs of runs that share their luck.
    """

    case: str
    point: int
    arm: str
    mean: float
    low: float
    high: float
    wanted: float
    pairs: int

    @property
    def width(self) -> float:
        """End to end, in the unit of the measure."""
        return self.high - self.low

    @property
    def narrow(self) -> bool:
        """Whether it will do."""
        return bool(self.width <= self.wanted)


def intervals(runs: pd.DataFrame, rule: Stopping, baseline: str) -> list[Interval]:
    """Return what is known of every arm's difference against the baseline.

    The interval is that of luck: draws are given, and the variance within each draw over its replicates makes up the
    variance of the mean over draws and replicates (Student's t, its degrees of freedom those of all draws together).

    Parameters
    ----------
    runs : runs that are done, with `case point arm draw replicate` and the measure.
    """
    found = []
    case: Any
    point: Any
    for (case, point), of_group in runs.groupby(GROUP, sort=False):
        table = of_group.pivot_table(rule.measure, ["draw", "replicate"], "arm", aggfunc="first", sort=False)
        if baseline not in table:
            continue
        wanted = rule.width * (abs(float(table[baseline].mean())) if rule.relative else 1.0)
        for arm in of_group["arm"].unique():
            if arm == baseline:
                continue
            pairs = (table[arm] - table[baseline]).dropna()
            mean, half = _mean(pairs, rule.level)
            found.append(Interval(str(case), int(point), str(arm), mean, mean - half, mean + half, wanted, len(pairs)))
    return found


def _mean(pairs: pd.Series, level: float) -> tuple[float, float]:
    """Return the mean over draws of paired differences, and half the width of its interval."""
    by_draw = pairs.groupby(level="draw")
    n = by_draw.size().to_numpy()
    freedom = int((n - 1).sum())
    if not len(n):
        return float("nan"), float("nan")
    mean = float(by_draw.mean().mean())
    if (n < 2).any():
        return mean, float("inf")
    variance = float((by_draw.var(ddof=1).to_numpy() / n).sum() / len(n) ** 2)
    return mean, float(student.ppf((1 + level) / 2, freedom) * np.sqrt(variance))


def judged(runs: pd.DataFrame, rule: Stopping, baseline: str, replicates: int) -> pd.DataFrame:
    """Return each case and point with how many replicates it has, and whether it goes on.

    A group whose differences cannot be told, since its runs failed, goes on until the budget is spent.

    Returns
    -------
    pandas.DataFrame
        ``case point replicates arm`` (of the widest interval, against what it should be) ``mean low high width wanted
        pairs said``.
    """
    rows: list[dict[str, Any]] = []
    every = intervals(runs, rule, baseline)
    for (case, point), _ in runs.groupby(GROUP, sort=False):
        of_group = [one for one in every if (one.case, one.point) == (case, point)]
        if not of_group:
            continue
        widest = max(of_group, key=lambda one: np.nan_to_num(one.width, nan=np.inf) / max(one.wanted, 1e-300))
        enough = all(one.narrow for one in of_group)
        said = NARROW if enough else SPENT if replicates >= rule.most else GOING
        rows.append({"case": case, "point": point, "replicates": replicates, "arm": widest.arm, "mean": widest.mean,
                     "low": widest.low, "high": widest.high, "width": widest.width, "wanted": widest.wanted,
                     "pairs": widest.pairs, "said": said})  # fmt: skip
    return pd.DataFrame(rows)


def rounds(rule: Stopping) -> list[int]:
    """Return the numbers of replicates after which it is judged: the least, then one step more each, to the most."""
    made = list(range(min(rule.least, rule.most), rule.most, rule.step))
    return [*made, rule.most]
