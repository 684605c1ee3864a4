"""Small measures of a run, and of two runs against each other, that figures and reports share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from simulator.outputs.result import Result
    from simulator.scenario.schema import Scenario

Freq = Literal["M", "Q", "Y"]


def amounts(
    result: Result, measure: str, by: Sequence[str], where: Mapping[str, str | Sequence[str]] | None = None
) -> pd.DataFrame:
    """Return a measure as `Result.frame` does, with its number in ``value`` and months as periods."""
    frame = result.frame(measure, by=list(by), where=where or {}).rename(columns={measure: "value"})
    if "month" in frame:
        # Few months, many rows: turn each month into a period once.
        codes, names = pd.factorize(frame["month"])
        frame["month"] = pd.PeriodIndex(names.astype(str), freq="M").take(codes)
    return frame


def months_of(scenario: Scenario) -> pd.PeriodIndex:
    """Return the months that a scenario simulates from their first day to their last."""
    start, end = pd.Timestamp(scenario.period.start), pd.Timestamp(scenario.period.end)
    first = start.to_period("M") if start.day == 1 else start.to_period("M") + 1
    return pd.period_range(first, end.to_period("M") - 1, freq="M")


def monthly(result: Result, measure: str, by: str) -> pd.DataFrame:
    """Return a flow by whole month (rows) and by `by` (columns); a month without any is zero."""
    frame = amounts(result, measure, [by, "month"])
    table = frame.pivot_table(index="month", columns=by, values="value", aggfunc="sum", observed=True)
    return table.reindex(months_of(result.scenario)).fillna(0.0).rename_axis(columns=by)


def monthly_arrivals_by_route(result: Result) -> pd.DataFrame:
    """Return arrivals by whole month (rows) and route (columns, all routes in the corridor's order)."""
    table = monthly(result, "arrivals", "route")
    return table.reindex(columns=list(result.scenario.corridor.routes), fill_value=0.0).rename_axis(columns="route")


def deaths_per_thousand_attempts(result: Result) -> pd.DataFrame:
    """Return attempts, deaths, and deaths per thousand attempts by route.

    Returns
    -------
    pandas.DataFrame
        Indexed by route. ``attempts`` and ``deaths_on_counted_legs`` are those on the legs where an
        arrival is counted, so that a journey over several legs of a route is one attempt;
        ``deaths`` are those on all legs of the route; ``per_thousand`` is NaN without attempts.
    """
    scenario = result.scenario
    routes = list(scenario.corridor.routes)
    route_of = {leg.leg: leg.route for leg in scenario.legs}
    counted = {leg.leg for leg in scenario.legs if leg.counted}
    columns = {}
    for measure in ("attempts", "deaths"):
        frame = amounts(result, measure, ["leg"])
        frame["route"] = frame["leg"].map(route_of)
        on_counted = frame[frame["leg"].isin(counted)]
        columns[f"{measure}_on_counted_legs"] = on_counted.groupby("route")["value"].sum()
        columns[measure] = frame.groupby("route")["value"].sum()
    table = pd.DataFrame(columns).reindex(routes).fillna(0.0).rename_axis("route")
    attempts = table["attempts_on_counted_legs"]
    return pd.DataFrame({
        "attempts": attempts,
        "deaths": table["deaths"],
        "deaths_on_counted_legs": table["deaths_on_counted_legs"],
        "per_thousand": 1000.0 * table["deaths_on_counted_legs"] / attempts.where(attempts > 0),
    })


def onward_routes(scenario: Scenario, routes: Sequence[str]) -> list[str]:
    """Return the routes that people who arrived by `routes` go on to, where they are counted again.

    A route is onward if every one of its counted legs can be reached over legs that start where
    `routes` end, and none of its people can reach it without having been counted before: that is,
    if the legs of `routes` are taken away, no way leads to it from an origin.
    """
    blocked = {leg.leg for leg in scenario.legs if leg.route in routes and leg.counted}
    starts = {place.place for place in scenario.places if place.role == "origin"}
    reached = _reach(scenario, starts, blocked)
    heads = {leg.head for leg in scenario.legs if leg.leg in blocked}
    beyond = _reach(scenario, heads, blocked)
    onward = []
    for route in scenario.corridor.routes:
        tails = {leg.tail for leg in scenario.legs if leg.route == route and leg.counted}
        if route not in routes and tails and tails <= beyond and not tails & reached:
            onward.append(route)
    return onward


def counted_again(scenario: Scenario, routes: Sequence[str]) -> list[str]:
    """Return the other routes whose people were counted before: those onward of `routes`, or of any other route."""
    later = {*onward_routes(scenario, routes)}
    for route in scenario.corridor.routes:
        later.update(onward_routes(scenario, [route]))
    return [route for route in scenario.corridor.routes if route in later and route not in routes]


def _reach(scenario: Scenario, starts: set[str], blocked: set[str]) -> set[str]:
    """Return the places reached from `starts` over legs that are neither blocked nor barred by visas."""
    heads: dict[str, list[str]] = {}
    for leg in scenario.legs:
        if leg.leg not in blocked and not leg.visa:
            heads.setdefault(leg.tail, []).append(leg.head)
    reached, open_ = set(starts), list(starts)
    while open_:
        fresh = [head for head in heads.get(open_.pop(), []) if head not in reached]
        reached.update(fresh)
        open_ += fresh
    return reached


def difference_by_route(with_: Result, without: Result) -> pd.DataFrame:
    """Return monthly arrivals by route in one run less those in the other.

    The runs share their luck where they share their seed, so the difference is what the change did.
    Rows are the whole months of both runs.
    """
    return monthly_arrivals_by_route(with_).sub(monthly_arrivals_by_route(without)).dropna(how="all").fillna(0.0)


def paired_difference(
    with_: Result,
    without: Result,
    treated: Sequence[str],
    elsewhere: Sequence[str] | None = None,
    freq: Freq = "M",
    since: str | None = None,
) -> pd.DataFrame:
    """Return what fell on the treated routes, what rose elsewhere, and the share that reappeared.

    Parameters
    ----------
    treated : routes on which the change acts; their arrivals are added up, so name no route twice
        over by naming one that people reach from another.
    elsewhere : routes where people may turn up instead; by default all others, less those onward
        from the treated ones, where the same people are counted again.
    freq : period of the rows: month, quarter or year.
    since : month from which to count, YYYY-MM; by default all.

    Returns
    -------
    pandas.DataFrame
        Indexed by period: ``fall`` and ``rise`` in people (negative where the opposite happened),
        ``share`` = rise / fall, NaN where nothing fell, and the same added up since the start:
        ``fall_so_far``, ``rise_so_far``, ``share_so_far``.
    """
    difference = difference_by_route(with_, without)
    unknown = sorted(set(treated) - set(difference.columns))
    if unknown or not treated:
        raise ValueError(f"treated routes {unknown or list(treated)} are not routes: {', '.join(difference.columns)}")
    if elsewhere is None:
        onward = onward_routes(with_.scenario, treated)
        elsewhere = [route for route in difference.columns if route not in treated and route not in onward]
    if since is not None:
        difference = difference[difference.index >= pd.Period(since, freq="M")]
    grouped = difference.groupby(pd.PeriodIndex(difference.index).asfreq(freq)).sum() if freq != "M" else difference
    table = pd.DataFrame({
        "fall": 0.0 - grouped[list(treated)].sum(axis=1),
        "rise": grouped[list(elsewhere)].sum(axis=1),
    })
    for name in ("", "_so_far"):
        if name:
            table[["fall_so_far", "rise_so_far"]] = table[["fall", "rise"]].cumsum()
        fall = table[f"fall{name}"]
        table[f"share{name}"] = table[f"rise{name}"] / fall.where(fall > 0, np.nan)
    return table[["fall", "rise", "share", "fall_so_far", "rise_so_far", "share_so_far"]]
