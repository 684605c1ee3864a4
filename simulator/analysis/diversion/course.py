"""How long a diversion takes: fall and rise added up month by month, and when half and most of them had happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.analysis.diversion.estimates import mean_of
from simulator.analysis.diversion.pairs import Pairs
from simulator.analysis.metrics import difference_by_route

Floats = NDArray[np.float64]
PARTS: Final = {"half": 0.5, "most": 0.9}
"""Shares of what had happened by the end whose time is given: conventions."""


def course_by_pair(pairs: Pairs) -> pd.DataFrame:
    """Return arrivals fewer on the treated routes and more elsewhere since the start: ``pair month fall rise``."""
    parts = []
    for number, (without, with_) in enumerate(zip(pairs.without, pairs.with_, strict=True)):
        change = difference_by_route(with_, without).reindex(pairs.months).fillna(0.0)
        parts.append(pd.DataFrame({
            "pair": number, "month": [str(month) for month in pairs.months],
            "fall": -change[list(pairs.treated)].sum(axis=1).cumsum().to_numpy(),
            "rise": change[list(pairs.elsewhere)].sum(axis=1).cumsum().to_numpy(),
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def course_table(by_pair: pd.DataFrame) -> pd.DataFrame:
    """Return the means over pairs with their 95% intervals: ``month fall fall_low fall_high rise rise_low ...``."""
    rows = []
    for month, part in by_pair.groupby("month", sort=True):
        fall, rise = mean_of(part["fall"].to_numpy()), mean_of(part["rise"].to_numpy())
        rows.append((month, fall.mean, fall.low, fall.high, rise.mean, rise.low, rise.high))
    return pd.DataFrame(rows, columns=["month", "fall", "fall_low", "fall_high", "rise", "rise_low", "rise_high"])


def months_until(total: Sequence[float] | Floats, share: float) -> float:
    """Return after how many months a share of the last value was reached for good; NaN if the last is not above zero.

    Between the ends of months the total is taken to grow evenly.

    Parameters
    ----------
    total : at the end of each month, added up since the start.
    """
    values = np.concatenate([[0.0], np.asarray(total, dtype=np.float64)])
    goal = share * values[-1]
    if values[-1] <= 0:
        return float("nan")
    last_below = int(np.flatnonzero(values < goal)[-1])
    step = values[last_below + 1] - values[last_below]
    return float(last_below + (goal - values[last_below]) / step)


def times_table(by_pair: pd.DataFrame) -> pd.DataFrame:
    """Return how many months after the first change it took: ``what part months low high n``.

    ``what`` is ``fall``, ``rise``, or ``lag`` (how much later the rise was than the fall). Months are counted from the
    beginning of the first month in which a pair differs; pairs in which there was none are left out, ``n`` are used.
    """
    rows = []
    for part, share in PARTS.items():
        found: dict[str, list[float]] = {"fall": [], "rise": [], "lag": []}
        for _, pair in by_pair.groupby("pair"):
            moved = (pair["fall"].to_numpy() != 0) | (pair["rise"].to_numpy() != 0)
            first = int(np.argmax(moved)) if moved.any() else 0
            fall, rise = (months_until(pair[name].to_numpy()[first:], share) for name in ("fall", "rise"))
            for name, months in (("fall", fall), ("rise", rise), ("lag", rise - fall)):
                found[name].append(months)
        for name, values in found.items():
            made = mean_of(values)
            rows.append((name, part, made.mean, made.low, made.high, made.n))
    return pd.DataFrame(rows, columns=["what", "part", "months", "low", "high", "n"])
