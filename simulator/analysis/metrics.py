"""Small measures of a run, and of two runs against each other, that figures and reports share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from simulator.clock import Clock

if TYPE_CHECKING:
    from simulator.outputs.result import Result
    from simulator.scenario.schema import Scenario


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
    return pd.PeriodIndex(list(Clock(scenario.period.start, scenario.period.end).whole_months), freq="M")


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
    """Return attempts, deaths, and deaths per thousand attempts by route: the one definition of that risk for a run.

    Returns
    -------
    pandas.DataFrame
        Indexed by route. ``attempts`` and ``deaths_on_counted_legs`` are those on the legs where an
        arrival is counted, so that a journey over several legs of a route is one attempt;
        ``deaths_on_all_legs`` are those on all legs of the route; ``per_thousand``, of those on counted legs, is NaN
        without attempts.
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
    return pd.DataFrame(
        {
            "attempts": attempts,
            "deaths_on_all_legs": table["deaths"],
            "deaths_on_counted_legs": table["deaths_on_counted_legs"],
            "per_thousand": 1000.0 * table["deaths_on_counted_legs"] / attempts.where(attempts > 0),
        }
    )


def onward_routes(scenario: Scenario) -> list[str]:
    """Return the routes that are reached only through other routes, so that their people were counted before.

    A route is onward if no way leads from an origin to any of its counted legs without a counted leg of another route,
    whichever that is; it need not be the same one for all. Which routes are squeezed plays no part. A route that some
    reach directly is not onward, although others of its people may have been counted before: legs do not record how
    people came. Legs that need a visa are no way here, since few can take them.
    """
    starts = {place.place for place in scenario.places if place.role == "origin"}
    anyhow = _reach(scenario, starts, set())
    onward = []
    for route in scenario.corridor.routes:
        others = {leg.leg for leg in scenario.legs if leg.counted and leg.route not in ("", route)}
        tails = {leg.tail for leg in scenario.legs if leg.route == route and leg.counted}
        if tails & anyhow and not tails & _reach(scenario, starts, others):
            onward.append(route)
    return onward


def counted_again(scenario: Scenario, routes: Sequence[str]) -> list[str]:
    """Return the other routes on which people of `routes`, or of any route, are counted another time.

    They are no place where people may turn up instead: onward routes, and, where a route of `routes` is onward itself,
    those that lead to it, by which its people had come.
    """
    later = onward_routes(scenario)
    found = {*later}
    for route in routes:
        if route in later:
            found.update(other for other in scenario.corridor.routes if leads_to(scenario, other, route))
    return [route for route in scenario.corridor.routes if route in found and route not in routes]


def counted_once(scenario: Scenario, routes: Sequence[str]) -> list[str]:
    """Return `routes` without the onward ones that others of them lead to: people would count on both."""
    later = onward_routes(scenario)
    return [route for route in routes if route not in later
            or not any(leads_to(scenario, other, route) for other in routes if other != route)]  # fmt: skip


def leads_to(scenario: Scenario, first: str, then: str) -> bool:
    """Return whether people who were counted on one route can go on to a counted leg of another."""
    heads = {leg.head for leg in scenario.legs if leg.route == first and leg.counted}
    tails = {leg.tail for leg in scenario.legs if leg.route == then and leg.counted}
    return first != then and bool(tails & _reach(scenario, heads, set()))


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
