"""Sobol and Morris indices of a sweep, by SALib: which factors move what is measured, alone and together.

Both designs come in blocks (Sobol: two rows and their crosses; Morris: a trajectory), of which a point cannot be
missing. Replicates are averaged first; what share of the variance they hold is told beside the indices.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.special import ndtri

from simulator.analysis.luck_share import COLUMNS as SPLIT_COLUMNS
from simulator.analysis.luck_share import split
from simulator.analysis.paired import LEVEL
from simulator.analysis.sweep_units import Floats, Ints, cases, lost, outcome, paired, wanted_outcomes
from simulator.errors import InputError, Problem

METHODS: Final = ("sobol", "morris")
"""Designs from which indices are worked out."""
RESAMPLES: Final = 300
"""Of the bootstrap over blocks."""
SEED: Final = 1
"""Of the bootstrap, so that the same runs give the same interval. SALib reads 0 as no seed."""
FEWEST: Final = 4
"""Whole blocks from which an index is worked out; fewer say nothing."""
NAMED: Final = 12
"""Points that are named of those that are missing; the rest are counted."""
KEY: Final = ("case", "arm", "against", "measure")
FIRST: Final = (*KEY, "factor", "first", "first_low", "first_high", "total", "total_low", "total_high", "floor",
                "moves", "blocks")  # fmt: skip
SECOND: Final = (*KEY, "factor", "other", "second", "low", "high", "found", "blocks")
EFFECTS: Final = (*KEY, "factor", "effect", "low", "high", "mean", "sigma", "floor", "moves", "blocks")
BLOCKS: Final = (*KEY, "blocks", "whole", "dropped", "points", "draws", "note")


@dataclass(frozen=True)
class Blocks:
    """What a design leaves of an outcome once points without a number are gone.

    Attributes
    ----------
    values : of the points of whole blocks, in order, shape (n_whole * size,).
    kept : rows of the design that they are of.
    n : blocks of the design.
    broken : numbers of the blocks that were left out, from 0.
    missing : points without a number.
    """

    values: Floats
    kept: Ints
    n: int
    broken: tuple[int, ...]
    missing: tuple[int, ...]


def block_size(sampling: Mapping[str, Any], n_factors: int) -> int:
    """Return how many points a block of a design has."""
    if sampling["method"] == "morris":
        return n_factors + 1
    return 2 * n_factors + 2 if sampling.get("second_order") else n_factors + 2


def independent_points(content: Mapping[str, Any], design: pd.DataFrame) -> Ints:
    """Return the points of a design that do not share coordinates with others: for a Sobol design, its two base rows.

    None of a Morris design, whose points are steps of a walk.
    """
    sampling = content.get("sampling") or {}
    method, n = sampling.get("method", "list"), max(len(design), 1)
    if method == "morris":
        return np.zeros(0, dtype=np.int64)
    if method != "sobol":
        return np.arange(n)
    size = block_size(sampling, len(content["factors"]))
    starts = np.arange(0, n, size)
    return np.sort(np.concatenate([starts, starts + size - 1]))


def whole_blocks(values: pd.Series, n_points: int, size: int) -> Blocks:
    """Return the whole blocks of a design.

    Parameters
    ----------
    values : by point; what is missing or NaN has no number.
    """
    every = values.reindex(range(n_points)).to_numpy(float)
    missing = np.isnan(every)
    broken = missing.reshape(-1, size).any(axis=1)
    kept = np.flatnonzero(np.repeat(~broken, size))
    return Blocks(every[kept], kept, len(broken), tuple(map(int, np.flatnonzero(broken))),
                  tuple(map(int, np.flatnonzero(missing))))  # fmt: skip


def point_means(table: pd.DataFrame, arm: str, against: str, draws: int) -> pd.Series:
    """Return the mean of an outcome at each point: over replicates, then over draws.

    Parameters
    ----------
    draws : of each point; one that misses any would stand for other draws than the rest, and has no mean.
    """
    of_draw = outcome(table, arm, against).groupby(level=["point", "draw"]).mean()
    by_point = of_draw.groupby(level="point")
    return by_point.mean()[by_point.size() == draws]


def indices(content: Mapping[str, Any], runs: pd.DataFrame, design: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the indices of a sweep over a Sobol or Morris design; none of any other.

    Returns
    -------
    dict
        ``sobol``: first-order and total index of each factor with the ends of its 95% interval; ``sobol-pairs``:
        second-order indices, where the design has them; ``morris``: mean absolute elementary effect over the whole
        range with its interval, mean effect, and their standard deviation, in the unit of the measure; ``blocks``: how
        many blocks are whole, and which points are missing; ``luck``: how the variance of single runs splits. Each for
        case, arm (``against`` is empty: its level; else the paired difference) and measure. ``floor`` is what luck
        alone would lift a total index or an effect to (where one replicate cannot tell, the lowest of all factors, than
        which it is no higher); ``moves`` whether the interval lies above it, and ``found`` whether that of a pair lies
        above zero, were intervals so wide that all of one outcome hold together with 95% (Bonferroni).

    Raises
    ------
    InputError
        If the design does not consist of such blocks, or a case has no whole block left in any arm and measure.
    """
    sampling = content.get("sampling") or {}
    if not content.get("factors") or sampling.get("method") not in METHODS:
        return {}
    factors = list(content["factors"])
    size = block_size(sampling, len(factors))
    _check_design(content, design, size)
    found: dict[str, list[Any]] = {"first": [], "second": [], "effects": [], "blocks": [], "luck": []}
    for key, table in _tables(content, runs):
        _, arm, against, _ = key
        draws = table.index.get_level_values("draw").nunique()
        left = whole_blocks(point_means(table, arm, against, draws), len(design), size)
        note = _note(left)
        found["blocks"].append((*key, left.n, left.n - len(left.broken), len(left.broken),
                                _some(left.missing), draws, note))  # fmt: skip
        shares = split(outcome(table, arm, against))
        found["luck"].append((*key, *shares))
        if not note:
            _analyse(found, key, left, content, design, shares[3])
    _check_some(content, runs, found["blocks"])
    tables = {"blocks": pd.DataFrame(found["blocks"], columns=list(BLOCKS)),
              "luck": pd.DataFrame(found["luck"], columns=[*KEY, *SPLIT_COLUMNS])}  # fmt: skip
    if sampling["method"] == "sobol":
        tables["sobol"] = pd.DataFrame(found["first"], columns=list(FIRST))
        if sampling.get("second_order"):
            tables["sobol-pairs"] = pd.DataFrame(found["second"], columns=list(SECOND))
    else:
        tables["morris"] = pd.DataFrame(found["effects"], columns=list(EFFECTS))
    return tables


Key = tuple[str, str, str, str]


def _tables(content: Mapping[str, Any], runs: pd.DataFrame) -> Iterator[tuple[Key, pd.DataFrame]]:
    """Yield case, arm, what it is set against and measure, with the runs that tell of them."""
    for case in cases(content):
        of_case = runs[runs["case"] == case]
        for arm, against in wanted_outcomes(content):
            for measure in content["measures"]:
                yield (case, arm, against, measure), paired(of_case, measure, [arm, against] if against else [arm])


def _note(left: Blocks) -> str:
    """Return why nothing can be told of an outcome, or nothing."""
    whole = left.n - len(left.broken)
    if whole < FEWEST:
        return f"{whole} whole blocks: too few"
    return "" if np.ptp(left.values) > 0 else "does not vary"


def _some(points: tuple[int, ...]) -> str:
    said = ", ".join(map(str, points[:NAMED]))
    return said + (f" and {len(points) - NAMED} more" if len(points) > NAMED else "")


def _check_design(content: Mapping[str, Any], design: pd.DataFrame, size: int) -> None:
    if len(design) and len(design) % size == 0:
        return
    method = content["sampling"]["method"]
    said = f"is no {method} design of {len(content['factors'])} factors: it must have blocks of {size} points"
    raise InputError([Problem(f"sweep {content['experiment']}", "design", said, len(design),
                              allowed=f"a multiple of {size}", advice="sweep anew with this design")])  # fmt: skip


def _check_some(content: Mapping[str, Any], runs: pd.DataFrame, blocks: list[Any]) -> None:
    """Check that every case has an arm and a measure with blocks to work with."""
    found, counts = [], lost(runs)
    for case in cases(content):
        of_case = [dict(zip(BLOCKS, row, strict=True)) for row in blocks if row[0] == case]
        if any(each["whole"] >= FEWEST for each in of_case):
            continue
        most = max(each["whole"] for each in of_case)
        about = counts[counts["case"] == case]
        failed, missing = int(about["failed"].sum()), int(about["missing"].sum())
        errors = [error for error in about["error"] if error]
        said = (
            f"case {case!r} has {most} whole blocks of {of_case[0]['blocks']} in its best arm and measure: {failed} "
            f"runs failed and {missing} are missing" + (f" (the commonest error: {errors[0]})" if errors else "")
        )
        advice = "run the sweep with --resume, or narrow the ranges in which runs fail and sweep anew"
        found.append(Problem(f"sweep {content['experiment']}", "", said, None, None,
                             f"at least {FEWEST} whole blocks", advice))  # fmt: skip
    if found:
        raise InputError(found)


def _analyse(
    found: dict[str, list[Any]], key: Key, left: Blocks, content: Mapping[str, Any], design: pd.DataFrame, luck: float
) -> None:
    """Add the indices of an outcome to what was found.

    Parameters
    ----------
    luck : share of the variance between points that is luck; NaN if it cannot be told.
    """
    factors = list(content["factors"])
    n = left.n - len(left.broken)
    problem = {"num_vars": len(factors), "names": factors, "bounds": [[0.0, 1.0]] * len(factors)}
    sampling = content["sampling"]
    if sampling["method"] == "morris":
        levels = int(sampling["levels"])
        got = _morris(problem, design.loc[left.kept, factors].to_numpy(float), left.values, levels)
        # The mean size of a difference of two normal deviates, over the step that the walks take.
        floor = 2 * math.sqrt(luck * float(left.values.var(ddof=1)) / math.pi) / (levels / (2 * (levels - 1)))
        floor = floor if math.isfinite(floor) else float(np.min(got["mu_star"]))
        for place, factor in enumerate(factors):
            middle, half = float(got["mu_star"][place]), float(got["mu_star_conf"][place])
            found["effects"].append((*key, factor, middle, max(middle - half, 0.0), middle + half,
                                     float(got["mu"][place]), float(got["sigma"][place]), floor,
                                     is_clear(middle, half, floor, len(factors)), n))  # fmt: skip
        return
    pairs = bool(sampling.get("second_order"))
    got = _sobol(problem, left.values, pairs)
    floor = luck if math.isfinite(luck) else float(np.min(got["ST"]))
    for place, factor in enumerate(factors):
        ends = []
        for index in ("S1", "ST"):
            middle, half = float(got[index][place]), float(got[f"{index}_conf"][place])
            ends += [middle, middle - half, middle + half]
        clear = is_clear(ends[3], ends[5] - ends[3], floor, len(factors))
        found["first"].append((*key, factor, *ends, floor, clear, n))
        for second in range(place + 1, len(factors) if pairs else 0):
            middle, half = float(got["S2"][place, second]), float(got["S2_conf"][place, second])
            clear = is_clear(middle, half, 0.0, len(factors) * (len(factors) - 1) // 2)
            found["second"].append((*key, factor, factors[second], middle, middle - half, middle + half, clear, n))


def _sobol(problem: dict[str, Any], values: Floats, pairs: bool) -> Any:
    """Return SALib's Sobol indices; intervals are normal, with the spread of a bootstrap over blocks."""
    from SALib.analyze import sobol

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return sobol.analyze(problem, values, calc_second_order=pairs, num_resamples=RESAMPLES, conf_level=LEVEL,
                             seed=SEED)  # fmt: skip


def _morris(problem: dict[str, Any], places: Floats, values: Floats, levels: int) -> Any:
    """Return SALib's Morris effects, for a step over the whole range."""
    from SALib.analyze import morris

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return morris.analyze(problem, places, values, num_resamples=RESAMPLES, conf_level=LEVEL, num_levels=levels,
                              seed=SEED)  # fmt: skip


def is_clear(middle: float, half: float, floor: float, number: int) -> bool:
    """Return whether an interval lies above a floor, were it so wide that as many together hold with its level.

    Parameters
    ----------
    half : half the width of the interval by itself.
    number : how many were looked at.
    """
    wider = float(ndtri(1 - (1 - LEVEL) / (2 * number)) / ndtri((1 + LEVEL) / 2))
    return middle - wider * half > floor
