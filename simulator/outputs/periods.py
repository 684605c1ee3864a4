"""How a step's flows and levels count towards months, years and the whole run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.clock import Clock
from simulator.world.fields import Field

TIME: Final = ("step", "date", "month", "year")


@dataclass(frozen=True)
class Cells:
    """The pieces of time that a frame adds up, each a step or a part of one.

    Attributes
    ----------
    step : step that each cell takes its value from, in ascending order, shape (n_cells,).
    group : row of `keys` that it adds to, shape (n_cells,).
    weight : share of the step's flow, or days of its level, shape (n_cells,).
    keys : labels of each group, in order of time; one label a requested dimension.
    """

    step: NDArray[np.int64]
    group: NDArray[np.int64]
    weight: NDArray[np.float64]
    keys: tuple[tuple[object, ...], ...]

    def per_step(self, n_steps: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return each step's first cell and number of cells, both of shape (n_steps,)."""
        count = np.bincount(self.step, minlength=n_steps)
        return np.cumsum(count) - count, count


def month_end_steps(clock: Clock) -> NDArray[np.int64]:
    """Return the step in which each month of the run ends, shape (n_months,).

    A month that the run does not finish ends with the run.
    """
    starts = [clock.day_of(date(int(month[:4]), int(month[5:]), 1)) for month in clock.months]
    ends = np.array([*starts[1:], clock.edges[-1]], dtype=np.float64)
    return np.searchsorted(clock.edges[1:], ends).astype(np.int64)


def is_count(field: Field) -> bool:
    """Return whether a level counts people, so that it adds up across places but not across time."""
    return field.kind == "level" and field.unit == "person"


def cells_for(field: Field, clock: Clock, by: tuple[str, ...]) -> Cells:
    """Return the cells of time of `field` for the dimensions of time in `by`, in their order there.

    Flows are split over months by the share of the step's days; prices, chances and other levels
    weigh by days; counts of people are those of the last step of the month, the year or the run.
    """
    calendar = "month" in by or "year" in by
    months = np.full(clock.n_steps, -1)
    steps = np.arange(clock.n_steps)
    weight = np.ones(clock.n_steps)
    if is_count(field):
        ends = month_end_steps(clock)
        if calendar:
            steps, months = ends, np.arange(len(ends))
        elif by:
            steps = np.unique(ends) if field.every == "month" else steps
        else:
            steps = steps[-1:]
        weight, months = np.ones(len(steps)), months[: len(steps)]
    elif calendar:
        steps, months = np.nonzero(clock.month_shares > 0)
        weight = clock.month_shares[steps, months]
    if field.kind == "level" and not is_count(field):
        weight = weight * clock.days[steps]
    return _group(clock, by, steps, months, weight, only_last=is_count(field))


def _group(
    clock: Clock,
    by: tuple[str, ...],
    steps: NDArray[np.int64],
    months: NDArray[np.int64],
    weight: NDArray[np.float64],
    *,
    only_last: bool,
) -> Cells:
    keys: dict[tuple[object, ...], int] = {}
    group = np.array(
        [
            keys.setdefault(tuple(_label(clock, dim, int(step), int(month)) for dim in by), len(keys))
            for step, month in zip(steps, months, strict=True)
        ],
        dtype=np.int64,
    )
    if only_last:
        last = np.array([here != after for here, after in pairwise([*group, -1])])
        steps, group, weight = steps[last], group[last], weight[last]
    return Cells(steps.astype(np.int64), group, weight, tuple(keys))


def _label(clock: Clock, dim: str, step: int, month: int) -> object:
    if dim == "step":
        return step
    if dim == "date":
        return np.datetime64(clock.starts[step], "s")
    return clock.months[month] if dim == "month" else int(clock.months[month][:4])
