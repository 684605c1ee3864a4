"""How long a diversion takes: fall and what moved, added up by month, and when half and most of them had happened."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.analysis.diversion import accounts
from simulator.analysis.diversion.pairs import Pairs
from simulator.analysis.diversion.within import arrays, jackknifed, left_out, sums

Floats = NDArray[np.float64]
PEOPLE: Final = ("fall", "moved", "others")
"""What is followed."""
PARTS: Final = {"half": 0.5, "most": 0.9}
"""Shares of what had happened by the end whose time is given: conventions."""


@dataclass(frozen=True)
class Course:
    """Fall and rise added up since the start, by month; people, shape (n_months,).

    Attributes
    ----------
    months : the months compared.
    fall : fewer on the treated routes, all people together.
    moved, others : within origin and need, of what had added up by then; see `within`.
    without_one : the same three with each observation left out, shape (n_observations, 3, n_months).
    """

    months: tuple[str, ...]
    fall: Floats
    moved: Floats
    others: Floats
    without_one: Floats


def course_of(pairs: Pairs) -> Course:
    """Return the time course of pairs."""
    names = tuple(str(month) for month in pairs.months)
    changes = accounts.by_group(pairs, ("month",))
    # Months in which nobody arrived are there, too.
    empty = changes.head(1).assign(change=0.0)
    changes = pd.concat([changes, *(empty.assign(month=name) for name in names)])
    squeezed, others, draws = arrays(changes, pairs.treated, pairs.elsewhere, ("month",))
    squeezed, others = squeezed.cumsum(axis=1), others.cumsum(axis=1)
    net = -squeezed.sum(axis=-1)  # (n_observations, n_months)

    def three(found: Floats, fall: Floats) -> Floats:
        return np.stack([fall, found[..., 1], found[..., 2]])

    of_draw = pd.DataFrame(net).groupby(np.asarray(draws)).mean()
    whole = three(sums(squeezed, others, draws), of_draw.to_numpy().mean(axis=0))
    units = np.asarray(draws) if len(of_draw) > 1 else np.arange(len(net))
    falls = [pd.DataFrame(net[units != unit]).groupby(np.asarray(draws)[units != unit]).mean().to_numpy().mean(axis=0)
             for unit in np.unique(units)] if len(net) > 1 else []  # fmt: skip
    rest = [three(found, fall) for found, fall in zip(left_out(squeezed, others, draws), falls, strict=True)]
    return Course(names, whole[0], whole[1], whole[2], np.array(rest).reshape(len(rest), 3, len(names)))


def course_table(course: Course) -> pd.DataFrame:
    """Return the course with its 95% intervals: ``month fall fall_low fall_high moved moved_low ... others ...``."""
    columns: dict[str, Sequence[Any]] = {"month": course.months}
    for place, name in enumerate(PEOPLE):
        found = [jackknifed(float(value), course.without_one[:, place, month].tolist(),
                            lowest=-math.inf if name == "fall" else 0.0)
                 for month, value in enumerate(getattr(course, name))]  # fmt: skip
        columns |= {name: [each.mean for each in found], f"{name}_low": [each.low for each in found],
                    f"{name}_high": [each.high for each in found]}  # fmt: skip
    return pd.DataFrame(columns)


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


def times_table(course: Course) -> pd.DataFrame:
    """Return how many months after the first change it took: ``what part months low high n``.

    ``what`` is ``fall``, ``moved``, or ``lag`` (how much later that was than the fall). Months are counted from the
    beginning of the first month in which runs differ; where there was none, they are NaN.
    """
    rows = []
    every = [np.stack([course.fall, course.moved, course.others]), *course.without_one]
    first = int(np.argmax((every[0] != 0).any(axis=0)))
    for part, share in PARTS.items():
        times = np.array([[months_until(each[place][first:], share) for place in (0, 1)] for each in every])
        times = np.column_stack([times, times[:, 1] - times[:, 0]])
        for place, name in enumerate(("fall", "moved", "lag")):
            rest = times[1:, place].tolist()
            made = jackknifed(float(times[0, place]), rest, lowest=-math.inf if name == "lag" else 0.0)
            rows.append((name, part, made.mean, made.low, made.high, made.n))
    return pd.DataFrame(rows, columns=["what", "part", "months", "low", "high", "n"])
