"""What full effort on each route comes to: how many fewer, where they arrive instead, and what it costs in lives."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from simulator.analysis.diversion import balloon
from simulator.analysis.diversion.estimates import Estimate, Verdict, mean_of, verdict

WIDE: Final = 0.5
"""Widest interval of a share of which anything is said: half of all. A wider one may hold both few and most of them."""


def sharp(ratio: Estimate) -> bool:
    """Return whether an interval is narrow enough to say how many; of one observation, which has none, it is."""
    return math.isfinite(ratio.mean) and (ratio.n < 2 or ratio.high - ratio.low <= WIDE)


@dataclass(frozen=True)
class Balance:
    """What the highest effort on one route does, compared with the base effort.

    Attributes
    ----------
    squeezed : the route.
    base, effort : effort that is compared with, and the highest.
    fall, rise : arrivals fewer there, and more on other routes, of all people together.
    fallen, moved, others : the same within origin and need; see `simulator.analysis.diversion.within`.
    ratio : moved over fallen.
    shares : ratio by other route, those on which people are counted again left out, the largest first.
    deaths : deaths more, anywhere on the way where that is known, else on all routes.
    before : arrivals there at the base effort, mean over observations.
    to : moved by other route: people, as `shares`.
    deaths_before : deaths at the base effort, counted as `deaths`, mean over observations.
    deaths_on : deaths more by route, the squeezed one and onward ones too.
    risk_there : whether the deaths of the risk are those where attempts are counted, or those on all legs of a route.
    risk : deaths per thousand attempts at the base and the highest effort, by route; NaN where nobody tried.
    set_out : people more who set out; None where that was not measured.
    """

    squeezed: str
    base: float
    effort: float
    fall: Estimate
    rise: Estimate
    fallen: Estimate
    moved: Estimate
    others: Estimate
    ratio: Estimate
    shares: Mapping[str, Estimate]
    deaths: Estimate
    before: float = math.nan
    to: Mapping[str, Estimate] = field(default_factory=dict)
    deaths_before: float = math.nan
    deaths_on: Mapping[str, Estimate] = field(default_factory=dict)
    risk: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    set_out: Estimate | None = None
    risk_there: bool = False

    @property
    def verdict(self) -> Verdict:
        """Return what that amounts to."""
        return verdict(self.fall, self.ratio)

    @property
    def told(self) -> bool:
        """Whether a fall can be told apart from zero, or, of one pair, there is one."""
        return self.fall.low > 0 or (self.fall.n < 2 and self.fall.mean > 0)

    @property
    def known(self) -> bool:
        """Whether a fall can be told, and how much of it a rise elsewhere matches; see `WIDE`."""
        return self.told and sharp(self.ratio)


def balances(
    table: pd.DataFrame, people: pd.DataFrame | None, onward: balloon.Onward | None = None, base: float | None = None,
    deaths: pd.DataFrame | None = None, set_out: pd.DataFrame | None = None,
) -> tuple[Balance, ...]:  # fmt: skip
    """Return the balance of each squeezed route: those that are known first, the largest share that moves first.

    After them those of which the share is not known, then those whose fall cannot be told apart from zero; among
    these, the largest fall first.

    Parameters
    ----------
    table, people : see `simulator.analysis.diversion.balloon`.
    onward : routes by the squeezed one with which they count people another time.
    base : effort to compare with; see `balloon.base_efforts`.
    deaths : deaths anywhere by run (``squeezed effort draw replicate deaths``); by default those on the table's routes.
    set_out : people who set out by run (``squeezed effort draw replicate departures``).
    """
    moved = balloon.diversion_by_effort(table, people, onward, base)
    inside = balloon.within_groups(table, people, onward, base)
    by_route = {flow: balloon.changes(table, flow, base) for flow in balloon.flows_of(table)}
    died = by_route["deaths"] if deaths is None else balloon.changes(_as_route(deaths, "deaths"), "deaths", base)
    left = None if set_out is None else balloon.changes(_as_route(set_out, "departures"), "deaths", base)
    found = []
    for squeezed, start in balloon.base_efforts(table, base).items():
        row = dict(moved[moved["squeezed"] == squeezed].sort_values("effort").to_dict(orient="records")[-1])
        effort = float(row["effort"])
        each = inside[squeezed, effort]
        shares = dict(sorted(each.shares.items(), key=lambda item: -item[1].mean))
        here = {flow: _at(rows, squeezed, effort) for flow, rows in by_route.items()}
        arrivals = here["arrivals"]
        in_all = _at(died, squeezed, effort).groupby("unit")[["before", "change"]].sum()
        found.append(Balance(
            squeezed, start, effort,
            Estimate(row["fall"], row["fall_low"], row["fall_high"], row["n"]),
            Estimate(row["rise"], row["rise_low"], row["rise_high"], row["n"]),
            each.fallen, each.moved, each.others, each.ratio, shares,
            mean_of(in_all["change"].to_numpy()),
            before=float(arrivals.loc[arrivals["route"] == squeezed, "before"].mean()),
            to=each.to,
            deaths_before=float(in_all["before"].mean()), deaths_on=_by_route(here["deaths"]),
            risk=_risks(here[balloon.deadly(table)], here["attempts"]),
            risk_there=balloon.THERE in table,
            set_out=None if left is None else mean_of(_at(left, squeezed, effort)["change"].to_numpy()),
        ))  # fmt: skip
    return tuple(sorted(found, key=_place))


def _place(each: Balance) -> tuple[bool, bool, float]:
    """Return what balances are ordered by."""
    return (not each.known, not each.told, -(each.ratio.mean if each.known else each.fall.mean))


def _at(changes: pd.DataFrame, squeezed: str, effort: float) -> pd.DataFrame:
    return changes[changes["squeezed"].eq(squeezed) & changes["effort"].eq(effort)]


def _by_route(changes: pd.DataFrame) -> dict[str, Estimate]:
    return {str(route): mean_of(part["change"].to_numpy()) for route, part in changes.groupby("route", sort=False)}


def _risks(deaths: pd.DataFrame, attempts: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Return deaths per thousand attempts before and after, by route: ratios of means, as in `balloon.curves`."""
    sides = ["before", "after"]
    rate = 1000.0 * deaths.groupby("route")[sides].sum() / attempts.groupby("route")[sides].sum()
    return {str(route): (float(row["before"]), float(row["after"])) for route, row in rate.iterrows()}


def _as_route(counts: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a count by run as a balloon table that has it, as its deaths, on the squeezed route alone."""
    rows = counts.rename(columns={name: "deaths"})
    return rows.assign(route=rows["squeezed"], arrivals=0.0, attempts=0.0)
