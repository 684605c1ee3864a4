"""What a scorecard needs of a run: small tables, so that the run itself need not be kept or sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from simulator.analysis.metrics import monthly_arrivals_by_route, monthly_by_group
from simulator.analysis.validation import simulated_series
from simulator.outputs.result import Result

INSTITUTIONS: Final = {
    "decisions": ("country", "origin", "outcome", "year"), "orders": ("country", "year"),
    "returns": ("country", "kind", "year"),
}  # fmt: skip
"""Measures of asylum and return, and how they are added up."""


@dataclass(frozen=True)
class Measures:
    """What is kept of one run.

    Attributes
    ----------
    arrivals : arrivals by month (rows) and route (columns).
    groups : the same by month (rows) and ``route origin need`` (columns).
    series : what the run counted of each observed series, by month.
    origins : ``people`` who arrived by ``route``, ``origin`` and ``year``.
    decisions, orders, returns : ``people`` by country, year, and what else `INSTITUTIONS` says.
    """

    arrivals: pd.DataFrame
    groups: pd.DataFrame
    series: dict[str, pd.Series[float]]
    origins: pd.DataFrame
    decisions: pd.DataFrame
    orders: pd.DataFrame
    returns: pd.DataFrame


@dataclass(frozen=True)
class RunPair:
    """A run and its comparison, of one member and seed.

    Attributes
    ----------
    member : member of the fit; None for the values of the files.
    without : the same luck with the scenario's comparison laid over; None where it has none.
    """

    member: int | None
    seed: int
    with_: Measures
    without: Measures | None = None


def measure(result: Result) -> Measures:
    """Return what a scorecard needs of a run."""
    named = result.scenario.corridor.observed
    return Measures(
        arrivals=monthly_arrivals_by_route(result),
        groups=monthly_by_group(result),
        series={name: simulated_series(result, series) for name, series in named.items()},
        origins=_added_up(result, "arrivals", ("route", "origin", "year")),
        **{name: _added_up(result, name, by) for name, by in INSTITUTIONS.items()},
    )


def _added_up(result: Result, name: str, by: Sequence[str]) -> pd.DataFrame:
    frame = result.frame(name, by=list(by)).rename(columns={name: "people"})
    frame["year"] = frame["year"].astype(int)
    return frame
