"""Arms against each other on common luck: paired differences, shares of draws, regret, and what common luck saves.

A table of runs has a row a run: ``case``, ``arm``, ``draw``, ``replicate``, and a column a measure. Runs of one draw
and replicate share their values and their luck, so that arms are compared within them. Replicates lie within draws:
the mean of a draw is one observation, and draws are what intervals are over; where there is only one draw, replicates
are, and intervals tell of luck alone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

Better = Literal["less", "more"]
Floats = NDArray[np.float64]

LEVEL: Final = 0.95
"""Of intervals."""
OUTER: Final = (0.05, 0.95)
"""Quantiles over draws that tell how far the draws lie apart."""
BAD_DRAW: Final = 0.9
"""Quantile of regret that tells how bad a choice can turn out."""
RESAMPLES: Final = 2000
"""Of the bootstrap."""
BOOTSTRAP_SEED: Final = 0
"""Of the bootstrap: the same runs give the same intervals."""
ARRIVALS_BY: Final = "arrivals, "
"""How the column of a route's arrivals begins."""
UNTOUCHED: Final = "arrivals, median of untouched routes"
"""The row that sums up the routes on which the arms do not differ by any policy of their own."""


@dataclass(frozen=True)
class Units:
    """A measure of one case, a row an observation.

    Attributes
    ----------
    table : value by draw (or replicate, where there is one draw) and arm; only rows that every arm has.
    over : ``draws`` or ``replicates``.
    n_pairs : draws times replicates behind the table.
    """

    table: pd.DataFrame
    over: Literal["draws", "replicates"]
    n_pairs: int


def whole(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the runs of those draws of which no run failed: the others cannot be compared arm by arm."""
    if "failed" not in runs:
        return runs
    keys = pd.MultiIndex.from_frame(runs[["case", "draw"]])
    broken = keys[(runs["failed"] != "").to_numpy()]
    return runs[~keys.isin(broken)]


def units(runs: pd.DataFrame, measure: str, arms: Sequence[str]) -> Units:
    """Return the observations of a measure in the runs of one case; the order of rows plays no part."""
    pairs = runs.set_index(["draw", "replicate", "arm"])[measure].astype(float).unstack("arm").sort_index()
    pairs = pairs[list(arms)].dropna()
    draws = pairs.groupby(level="draw").mean()
    if len(draws) == 1:
        return Units(pairs.droplevel("draw"), "replicates", len(pairs))
    return Units(draws, "draws", len(pairs))


def interval(values: Floats, level: float = LEVEL) -> tuple[float, float]:
    """Return the t interval of a mean; NaN for fewer than two values."""
    n = len(values)
    if n < 2:
        return float("nan"), float("nan")
    half = float(stdtrit(n - 1, (1 + level) / 2)) * float(np.std(values, ddof=1)) / n**0.5
    middle = float(np.mean(values))
    return middle - half, middle + half


def _each(runs: pd.DataFrame, measures: Sequence[str], arms: Sequence[str]) -> Iterator[tuple[Hashable, str, Units]]:
    """Yield the observations of each case and measure."""
    for case in runs["case"].unique():
        of_case = runs[runs["case"] == case]
        for measure in measures:
            yield case, measure, units(of_case, measure, arms)


Least = Callable[[str, pd.DataFrame], float]
"""The least difference that matters, of a measure and its observations by arm."""


def no_least(_measure: str, _table: pd.DataFrame) -> float:
    """Return that every difference matters."""
    return 0.0


def _spread(values: Floats) -> tuple[float, float]:
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(values, OUTER)
    return float(low), float(high)


def levels(runs: pd.DataFrame, measures: Sequence[str], arms: Sequence[str]) -> pd.DataFrame:
    """Return the mean of each measure in each arm, its interval, and how far the draws lie apart.

    Returns
    -------
    pandas.DataFrame
        ``case measure arm mean low high p5 p95 over n``; `low` and `high` are of the mean, `p5` and `p95` of draws.
    """
    rows = []
    for case, measure, found in _each(whole(runs), measures, arms):
        for arm in arms:
            values = found.table[arm].to_numpy()
            mean = float(values.mean()) if len(values) else float("nan")
            rows.append((case, measure, arm, mean, *interval(values), *_spread(values), found.over, len(values)))
    return pd.DataFrame(rows, columns=["case", "measure", "arm", "mean", "low", "high", "p5", "p95", "over", "n"])


def differences(runs: pd.DataFrame, measures: Sequence[str], arms: Sequence[str]) -> pd.DataFrame:
    """Return the paired difference of each arm against each other.

    Returns
    -------
    pandas.DataFrame
        ``case measure arm against``: for every ordered pair of arms; ``mean`` of `arm` less `against`, ``low high`` its
        95% interval, ``p5 p95`` of the draws, ``relative`` to the mean of `against` (NaN where that is zero), ``over``
        what the interval is, ``n`` of those, ``n_pairs`` of runs behind them.
    """
    rows = []
    for case, measure, found in _each(whole(runs), measures, arms):
        for arm, against in permutations(arms, 2):
            values = (found.table[arm] - found.table[against]).to_numpy()
            mean = float(values.mean()) if len(values) else float("nan")
            base = float(found.table[against].mean())
            rows.append((
                case, measure, arm, against, mean, *interval(values), *_spread(values),
                mean / abs(base) if base else float("nan"), found.over, len(values), found.n_pairs,
            ))  # fmt: skip
    said = ["mean", "low", "high", "p5", "p95", "relative", "over", "n", "n_pairs"]
    return pd.DataFrame(rows, columns=["case", "measure", "arm", "against", *said])


def shares(
    runs: pd.DataFrame, better: Mapping[str, Better | None], arms: Sequence[str], least: Least = no_least
) -> pd.DataFrame:
    """Return the share of draws in which each arm does better, worse and the same as each other.

    Parameters
    ----------
    better : which is better by measure; measures without are left out.
    least : least difference that matters, of a measure and its observations: under it arms do the same.

    Returns
    -------
    pandas.DataFrame
        ``case measure arm against better worse same least over n``; the three shares add up to 1.
    """
    rows = []
    judged = {name: side for name, side in better.items() if side is not None}
    for case, measure, found in _each(whole(runs), list(judged), arms):
        sign = -1.0 if judged[measure] == "less" else 1.0
        small = least(measure, found.table)
        for arm, against in permutations(arms, 2):
            gain = sign * (found.table[arm] - found.table[against]).to_numpy()
            gain = np.where(np.abs(gain) < small, 0.0, gain)
            n = len(gain)
            counts = [float((gain > 0).sum()), float((gain < 0).sum()), float((gain == 0).sum())]
            rows.append((case, measure, arm, against, *(count / n if n else float("nan") for count in counts),
                         small, found.over, n))  # fmt: skip
    said = ["better", "worse", "same", "least", "over", "n"]
    return pd.DataFrame(rows, columns=["case", "measure", "arm", "against", *said])


def regret(
    runs: pd.DataFrame, better: Mapping[str, Better | None], arms: Sequence[str], least: Least = no_least
) -> pd.DataFrame:
    """Return how much worse each arm is than the best arm of the same draw.

    Returns
    -------
    pandas.DataFrame
        ``case measure arm``, ``mean`` and ``p90`` over draws and the ``highest``, in the unit of the measure and never
        negative; ``best``, the share of draws in which no arm is better by a difference that matters; ``least``, that
        difference; ``over n``.
    """
    rows = []
    judged = {name: side for name, side in better.items() if side is not None}
    for case, measure, found in _each(whole(runs), list(judged), arms):
        values = found.table.to_numpy() * (-1.0 if judged[measure] == "more" else 1.0)
        lost = values - values.min(axis=1, keepdims=True)
        small = least(measure, found.table)
        for place, arm in enumerate(arms):
            of_arm = lost[:, place]
            said = (float("nan"),) * 4
            if len(of_arm):
                said = (float(of_arm.mean()), float(np.quantile(of_arm, BAD_DRAW)), float(of_arm.max()),
                        float(((of_arm == 0) | (of_arm < small)).mean()))  # fmt: skip
            rows.append((case, measure, arm, *said, small, found.over, len(of_arm)))
    columns = ["case", "measure", "arm", "mean", "p90", "highest", "best", "least", "over", "n"]
    return pd.DataFrame(rows, columns=columns)


def luck_ratio(base: Floats, arm: Floats) -> tuple[float, float, float]:
    """Return the variances of a difference with independent and with common luck, and their ratio.

    Independent pairs set a run of the arm against one of the baseline with another seed. Over all such pairs of n seeds
    the variance of the difference is, without bias, the sum of the two variances; that of common luck is over the n
    pairs of one seed. The variance of a mean falls with the number of pairs, so that the ratio says how many times
    fewer replicates common luck needs for the same interval.

    Parameters
    ----------
    base, arm : a measure of the baseline and of the arm, one a seed, shape (n_seeds,).

    Returns
    -------
    tuple
        Both variances; their ratio is infinite where common luck leaves nothing, NaN where nothing varies at all.
    """
    apart = float(np.var(base, ddof=1) + np.var(arm, ddof=1))
    paired = float(np.var(arm - base, ddof=1))
    return apart, paired, _ratio(apart, paired)


def _ratio(apart: float, paired: float) -> float:
    if paired > 0:
        return apart / paired
    return float("inf") if apart > 0 else float("nan")


def bootstrap(
    statistic: Callable[[Any], float], n: int, seed: int, resamples: int = RESAMPLES, level: float = LEVEL
) -> tuple[float, float]:
    """Return the percentile interval of a statistic of n observations.

    Parameters
    ----------
    statistic : of the positions of the observations that are kept, with repetition, shape (n,).
    seed : of the resampling, so that the same runs give the same interval.
    """
    rng = np.random.default_rng(seed)
    values = np.array([statistic(rng.integers(0, n, n)) for _ in range(resamples)])
    values = values[~np.isnan(values)]
    if not len(values):
        return float("nan"), float("nan")
    # Some may be infinite, between which nothing can be interpolated.
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf")
    return float(low), float(high)


def luck(
    runs: pd.DataFrame, measures: Sequence[str], baseline: str, arm: str, medians: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Return what common luck saves in the comparison of an arm of one case with the baseline.

    Parameters
    ----------
    runs : runs of one draw of the case, a row an arm and seed (``replicate``).
    measures : columns of `runs`.
    medians : measures by the name of the row that gives the median of their ratios.

    Returns
    -------
    pandas.DataFrame
        ``measure``, ``independent`` and ``common`` (variances of the difference against the baseline; NaN for a
        median), ``ratio``, ``low high`` its 95% bootstrap interval over seeds, ``n`` seeds.
    """
    tables = {}
    for measure in dict.fromkeys([*measures, *(name for names in medians.values() for name in names)]):
        table = units(runs, measure, [baseline, arm]).table
        tables[measure] = (table[baseline].to_numpy(), table[arm].to_numpy())
    rows = []
    for label, names in [*((measure, [measure]) for measure in measures), *medians.items()]:
        n = min((len(tables[name][0]) for name in names), default=0)
        if n < 2:
            rows.append((label, *(float("nan"),) * 5, n))
            continue
        parts = [tables[name] for name in names]

        def ratio(kept: Any, parts: Sequence[tuple[Floats, Floats]] = parts) -> float:
            return _median([luck_ratio(one[kept], two[kept])[2] for one, two in parts])

        apart, paired, _ = luck_ratio(*parts[0]) if label in tables else (float("nan"),) * 3
        rows.append((label, apart, paired, ratio(np.arange(n)), *bootstrap(ratio, n, BOOTSTRAP_SEED), n))
    return pd.DataFrame(rows, columns=["measure", "independent", "common", "ratio", "low", "high", "n"])


def _median(values: Sequence[float]) -> float:
    """Return the median of the values that are, infinite ones among them."""
    kept = sorted(value for value in values if not np.isnan(value))
    if not kept:
        return float("nan")
    low, high = kept[(len(kept) - 1) // 2], kept[len(kept) // 2]
    return low if low == high else (low + high) / 2
