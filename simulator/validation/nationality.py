"""Arrivals by nationality: who the largest groups of each route are, and how far each total is off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import pandas as pd

from simulator.analysis.metrics import onward_routes
from simulator.analysis.series import route_observations
from simulator.analysis.validation import observed_series
from simulator.numbers import percent
from simulator.scenario.schema import Scenario
from simulator.validation.criteria import Band, Criterion, Line, NotTested, judge, untested
from simulator.validation.fitting import Fitting, whole_years
from simulator.validation.measures import RunPair

GROUP: Final = "Nationalities"
LARGEST: Final = 3
"""Nationalities of each route that should come in the right order."""
FEWEST: Final = 2
"""Nationalities that must have been counted for there to be an order."""
LEAST_KNOWN: Final = 0.5
"""Share of a route's detections whose nationality must be known for it to say who came."""
MOVED: Final = ("SYR", "central-mediterranean", "eastern-mediterranean", 2014, 2015)
"""Who changed route: from which to which, and between which years."""
OF_THE_MOVE: Final = Band(0.5, 1.5)
"""Simulated change of the share that took the first of these routes, against the observed one."""

Totals = pd.Series  # people by origin


def order(observed: Totals[float], simulated: Totals[float], n: int = LARGEST) -> int:
    """Return how many of the first `n` places of the observed order the simulated one has right, from the first on.

    A nationality of whom nobody came has no place.
    """
    largest = list(observed.sort_values(ascending=False, kind="stable").index[:n])
    made = list(simulated[simulated > 0].sort_values(ascending=False, kind="stable").index[:n])
    right = 0
    for one, other in zip(largest, made, strict=False):
        if one != other:
            break
        right += 1
    return right


def misplaced(observed: Totals[float], simulated: Totals[float]) -> float:
    """Return the errors of all nationalities' totals together, as a share of everybody observed."""
    both = pd.DataFrame({"observed": observed, "simulated": simulated}).fillna(0.0)
    everybody = float(both["observed"].sum())
    return float((both["simulated"] - both["observed"]).abs().sum()) / everybody if everybody else float("nan")


def share_that_took(people: pd.DataFrame, origin: str, route: str, other: str, year: int) -> float:
    """Return the share of an origin's arrivals on two routes in a year that was on the first of them."""
    chosen = people[(people["origin"] == origin) & (people["year"] == year)]
    first, second = (float(chosen.loc[chosen["route"] == name, "people"].sum()) for name in (route, other))
    return first / (first + second) if first + second else float("nan")


def change_of_route(observed: pd.DataFrame, simulated: pd.DataFrame) -> float:
    """Return the change of the share that took the first route of `MOVED`, simulated over observed."""
    origin, first, second, before, after = MOVED
    changes = [
        share_that_took(people, origin, first, second, after) - share_that_took(people, origin, first, second, before)
        for people in (observed, simulated)
    ]
    return changes[1] / changes[0] if changes[0] else float("nan")


def observed_people(scenario: Scenario) -> pd.DataFrame:
    """Return observed arrivals by route, origin and year."""
    columns = ("route", "origin", "year", "people")
    return pd.DataFrame([[getattr(row, name) for name in columns] for row in scenario.observed_origins],
                        columns=list(columns))  # fmt: skip


def totals(people: pd.DataFrame, route: str, years: Sequence[int]) -> Totals[float]:
    """Return people by origin on a route over some years."""
    chosen = people[(people["route"] == route) & people["year"].isin(list(years))]
    return chosen.groupby("origin", observed=True)["people"].sum().astype(float)


def known_share(scenario: Scenario, observed: pd.DataFrame, route: str, years: Sequence[int]) -> float:
    """Return the share of a route's observed arrivals whose nationality is known."""
    names = route_observations(scenario, route)
    if not names:
        return float("nan")
    series = observed_series(scenario, names[0])
    everybody = float(series[pd.PeriodIndex(series.index).year.isin(list(years))].sum())
    return float(totals(observed, route, years).sum()) / everybody if everybody else float("nan")


def lines(scenario: Scenario, fitting: Fitting, runs: Sequence[RunPair]) -> list[Line]:
    """Return the lines of nationalities."""
    made: list[Line] = []
    for period, months in (("fitted", fitting.fitted), ("tested", fitting.after)):
        years = whole_years(months)
        for route in scenario.corridor.routes if years else ():
            made.extend(_of_route(scenario, fitting, runs, route, period, years))
    made.extend(_moved(scenario, fitting, runs))
    return made


def _source(scenario: Scenario) -> tuple[str, ...]:
    table = scenario.corridor.tables.observed_origins
    source = table.columns["people"].source if table is not None and "people" in table.columns else None
    return (source,) if source else ()


def _of_route(
    scenario: Scenario, fitting: Fitting, runs: Sequence[RunPair], route: str, period: str, years: Sequence[int]
) -> Iterator[Line]:
    label, source = scenario.corridor.routes[route].label, _source(scenario)
    when = f"{years[0]} to {years[-1]}" if len(years) > 1 else str(years[0])
    role = fitting.role(pd.Period(f"{years[-1]}-12", freq="M"), source)
    name = f"nationality.{route}.{period}"
    what = f"{label}, {when}: largest nationalities in the right order"
    asked = Criterion(f"{name}.order", GROUP, what, source, role)
    try:
        observed = _observed_on(scenario, route, years)
    except NotTested as reason:
        yield untested(asked, str(reason))
        return
    n = min(LARGEST, len(observed))
    words = f"{label}, {when}: of the {n} largest nationalities, those in the right order, from the first"
    criteria = (
        (replace(asked, what=words, band=Band(n, n) if period == "fitted" else None), order),
        (Criterion(f"{name}.misplaced", GROUP, f"{label}, {when}: errors of all nationalities' totals together, "
                   "against all who came", source, role, unit="%"), misplaced),
    )  # fmt: skip
    for criterion, figure in criteria:
        values = {
            (run.member, run.seed): float(figure(observed, totals(run.with_.origins, route, years))) for run in runs
        }
        yield judge(criterion, values, runs[0].member)


def _observed_on(scenario: Scenario, route: str, years: Sequence[int]) -> Totals[float]:
    """Return who was observed on a route.

    Raises
    ------
    NotTested
        If that does not say who came.
    """
    observed = observed_people(scenario)
    by_origin = totals(observed, route, years)
    if len(by_origin) < FEWEST or not by_origin.sum():
        raise NotTested("nobody counted arrivals by nationality here")
    known = known_share(scenario, observed, route, years)
    if known < LEAST_KNOWN:
        raise NotTested(f"the nationality is known of {percent(known)} only: who was registered, not who came")
    return by_origin


def _moved(scenario: Scenario, fitting: Fitting, runs: Sequence[RunPair]) -> Iterator[Line]:
    origin, first, second, before, after = MOVED
    routes = scenario.corridor.routes
    if first not in routes or second not in routes or origin not in {row.origin for row in scenario.origins}:
        return
    source = _source(scenario)
    name = next(row.name for row in scenario.countries if row.country == origin)
    criterion = Criterion(
        "nationality.moved", GROUP,
        f"{name}: change from {before} to {after} of the share that took the {routes[first].label} and not the "
        f"{routes[second].label}, simulated over observed",
        source, fitting.role(pd.Period(f"{after}-12", freq="M"), source), OF_THE_MOVE,
    )  # fmt: skip
    years = whole_years(fitting.months)
    observed = observed_people(scenario)
    if before not in years or after not in years or observed.empty:
        yield untested(criterion, "the run does not cover both years")
        return
    values = {(run.member, run.seed): change_of_route(observed, run.with_.origins) for run in runs}
    yield judge(criterion, values, runs[0].member)


def nationality_table(scenario: Scenario, fitting: Fitting, runs: Sequence[RunPair]) -> pd.DataFrame:
    """Return observed and simulated totals of each nationality on the routes of first entry, by period.

    Simulated are those of the best member (mean over seeds), and the lowest and highest of all runs.
    """
    routes = [route for route in scenario.corridor.routes if route not in _later(scenario)]
    observed, found = observed_people(scenario), []
    for period, months in (("fitted", fitting.fitted), ("tested", fitting.after)):
        years = whole_years(months)
        if not years or observed.empty:
            continue
        for route in (*routes, "all"):
            some = routes if route == "all" else [route]
            seen = _summed(observed, some, years)
            made = pd.DataFrame({i: _summed(run.with_.origins, some, years) for i, run in enumerate(runs)}).fillna(0.0)
            best = made[[i for i, run in enumerate(runs) if run.member == runs[0].member]].mean(axis=1)
            table = pd.DataFrame({"observed": seen, "best": best, "lowest": made.min(axis=1),
                                  "highest": made.max(axis=1)}).fillna(0.0)  # fmt: skip
            table["error"] = table["best"] / table["observed"].where(table["observed"] > 0) - 1.0
            table = table.sort_values("observed", ascending=False, kind="stable").rename_axis("origin").reset_index()
            table.insert(0, "route", route)
            table.insert(0, "period", period)
            found.append(table)
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _summed(people: pd.DataFrame, routes: Sequence[str], years: Sequence[int]) -> Totals[float]:
    return pd.concat([totals(people, route, years) for route in routes]).groupby(level=0, observed=True).sum()


def _later(scenario: Scenario) -> set[str]:
    """Return the routes on which people are counted a second time."""
    return set(onward_routes(scenario))
