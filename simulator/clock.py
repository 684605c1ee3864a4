"""The calendar: steps, their dates, and the one place where rates a year become chances a step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.units import DAYS_PER_YEAR

Floats = NDArray[np.float64]


def _month_starts(start: date, end: date) -> list[date]:
    """Return the first days of the months that begin after `start` and before `end`."""
    days: list[date] = []
    year, month = start.year, start.month
    while True:
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        day = date(year, month, 1)
        if day >= end:
            return days
        days.append(day)


@dataclass(frozen=True)
class Clock:
    """The steps of a run.

    Attributes
    ----------
    start : first day.
    end : day after the last.
    step_days : days a step, or ``month`` for calendar months; the last step may be shorter.
    edge : a day on which a step must begin, whatever the calendar (where a warm-up ends).
    """

    start: date
    end: date
    step_days: int | Literal["month"] = 7
    edge: date | None = None

    @cached_property
    def edges(self) -> Floats:
        """Days from `start` at which steps begin, and the end; shape (n_steps + 1,)."""
        total = (self.end - self.start).days
        if self.step_days == "month":
            days = {(day - self.start).days for day in _month_starts(self.start, self.end)}
            days |= {(self.edge - self.start).days} if self.edge else set()
            return np.array(sorted({0, *days, total}), dtype=np.float64)
        inner = list(range(0, total, self.step_days))
        return np.array([*inner, total], dtype=np.float64)

    def warmed_up(self, warm_up_days: int) -> tuple[Clock, int]:
        """Return a clock that begins a warm-up before this one, and the number of steps that it adds."""
        if warm_up_days == 0:
            return self, 0
        if self.step_days == "month":
            months = self.start.year * 12 + self.start.month - 1 - round(warm_up_days / DAYS_PER_YEAR * 12)
            start = min(date(months // 12, months % 12 + 1, 1), self.start)
        else:
            start = self.start - timedelta(days=-(-warm_up_days // self.step_days) * self.step_days)
        clock = Clock(start, self.end, self.step_days, self.start)
        return clock, int(np.searchsorted(clock.edges, clock.day_of(self.start)))

    @property
    def n_steps(self) -> int:
        """Number of steps."""
        return len(self.edges) - 1

    @cached_property
    def days(self) -> Floats:
        """Length of each step in days; shape (n_steps,)."""
        return np.diff(self.edges)

    @cached_property
    def years(self) -> Floats:
        """Length of each step in years; shape (n_steps,)."""
        return self.days / DAYS_PER_YEAR

    def date_of(self, day: float) -> date:
        """Return the date `day` days after the start."""
        return self.start + timedelta(days=int(day))

    def day_of(self, when: date) -> int:
        """Return the days from the start to `when`; negative before it."""
        return (when - self.start).days

    @cached_property
    def starts(self) -> tuple[date, ...]:
        """First day of each step."""
        return tuple(self.date_of(day) for day in self.edges[:-1])

    @cached_property
    def middle_years(self) -> Floats:
        """Middle of each step as a decimal year, such as 2016.21; shape (n_steps,)."""
        middle = (self.edges[:-1] + self.edges[1:]) / 2
        ordinal = self.start.toordinal() + middle
        return np.array([self.decimal_year(day) for day in ordinal])

    @staticmethod
    def decimal_year(ordinal: float) -> float:
        """Return a proleptic ordinal day as a decimal year."""
        day = date.fromordinal(int(ordinal))
        first, after = date(day.year, 1, 1).toordinal(), date(day.year + 1, 1, 1).toordinal()
        return day.year + (ordinal - first) / (after - first)

    @cached_property
    def months(self) -> tuple[str, ...]:
        """Months that the run touches, as YYYY-MM."""
        firsts = [self.start.replace(day=1), *_month_starts(self.start, self.end)]
        return tuple(f"{day:%Y-%m}" for day in firsts)

    @cached_property
    def whole_months(self) -> tuple[str, ...]:
        """Months that the run covers from first day to last, as YYYY-MM; no other is set against what was observed."""
        firsts = [day for day in (self.start, *_month_starts(self.start, self.end)) if day.day == 1]
        if self.end.day != 1:
            firsts = [day for day in firsts if (day.year, day.month) != (self.end.year, self.end.month)]
        return tuple(f"{day:%Y-%m}" for day in firsts)

    @cached_property
    def month_shares(self) -> Floats:
        """Share of each step's days that fall in each month; rows add up to 1; shape (n_steps, n_months)."""
        bounds = [0, *((day - self.start).days for day in _month_starts(self.start, self.end)), int(self.edges[-1])]
        low, high = np.array(bounds[:-1], dtype=np.float64), np.array(bounds[1:], dtype=np.float64)
        overlap = np.minimum(self.edges[1:, None], high) - np.maximum(self.edges[:-1, None], low)
        return np.asarray(np.clip(overlap, 0.0, None) / self.days[:, None])

    def ends_month(self, step: int) -> bool:
        """Return whether a month ends in this step, or the run does."""
        if step == self.n_steps - 1:
            return True
        return self.date_of(self.edges[step]).month != self.date_of(self.edges[step + 1]).month


def chance(rate_per_year: Floats | float, years: float) -> Floats:
    """Return the chance that an event of a constant rate happens within `years`."""
    return np.asarray(-np.expm1(-np.asarray(rate_per_year, dtype=np.float64) * years))
