"""What a corridor was fitted to: which months and sources, so that each figure can say whether it was held back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from simulator.analysis.metrics import months_of
from simulator.analysis.validation import FIT_END
from simulator.scenario.schema import FitFile, Scenario
from simulator.validation.criteria import Role
from simulator.validation.hindsight import late_values


@dataclass(frozen=True)
class Fitting:
    """The months of a run, those that the corridor was fitted to, and those after them.

    Attributes
    ----------
    fit : the fit, or None where the corridor has none: then values were set by hand, and the months up to the end of
        the usual fitting period are taken to have been in view.
    months : whole months of the run.
    start, end : first and last month of the fitting period.
    hindsight : whether inputs of the months after it were set by people who knew those months.
    """

    fit: FitFile | None
    months: pd.PeriodIndex
    start: pd.Period
    end: pd.Period
    hindsight: bool = False

    @property
    def fitted(self) -> pd.PeriodIndex:
        """Months of the run within the fitting period."""
        return self.months[(self.months >= self.start) & (self.months <= self.end)]

    @property
    def after(self) -> pd.PeriodIndex:
        """Months of the run after it."""
        return self.months[self.months > self.end]

    def role(self, last: pd.Period, sources: Sequence[str]) -> Role:
        """Return the role of a figure.

        Parameters
        ----------
        last : last month that it speaks of: one that lies after the fitting period was held back from the fit.
        sources : whose figures it is set against; what counts the same people as a source of the fit is named with it.
        """
        if last > self.end:
            return self.held_back
        if self.fit is None:
            return "set from"
        return "fitted" if set(sources) & set(self.fit.data) else "tested"

    @property
    def held_back(self) -> Role:
        """The role of figures of months after the fitting period."""
        return "hindsight" if self.hindsight else "tested"

    def words(self, months: pd.PeriodIndex) -> str:
        """Return months in words."""
        return f"{months[0].strftime('%Y-%m')} to {months[-1].strftime('%Y-%m')}" if len(months) else "no month"


def fitting_of(scenario: Scenario, fit: FitFile | None) -> Fitting:
    """Return which months of a scenario were fitted."""
    months = months_of(scenario)
    if fit is not None:
        start, end = (pd.Period(month, freq="M") for month in fit.period)
    else:
        end = pd.Period(FIT_END, freq="M")
        start = months[0] if len(months) else end
    return Fitting(fit, months, start, end, any(value.with_hindsight for value in late_values(scenario, end)))


def whole_years(months: pd.PeriodIndex) -> list[int]:
    """Return the years all of whose months are there."""
    counted = pd.Series(1, index=months.year).groupby(level=0).sum() if len(months) else pd.Series(dtype=int)
    return [int(str(year)) for year, n in counted.items() if n == 12]
