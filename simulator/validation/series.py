"""Monthly arrivals by route: how like the observed ones they are in the fitted months, and in those after them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pandas as pd

from simulator.analysis.series import route_observations
from simulator.analysis.validation import observed_series, score_series
from simulator.scenario.schema import Scenario
from simulator.validation.criteria import Band, Criterion, Line, judge, untested
from simulator.validation.fitting import Fitting
from simulator.validation.measures import RunPair

GROUP: Final = "Monthly arrivals"
LEAST_CORRELATION: Final[Mapping[str, float]] = {"eastern-mediterranean": 0.9, "central-mediterranean": 0.75}
"""Correlation with the fitted months that a route should reach, where one was agreed on."""
MOST_ERROR: Final = 0.15
"""Error of a route's total over the fitted months, as a share."""
THREE: Final = ("eastern-mediterranean", "central-mediterranean", "western-mediterranean")
"""Routes of which some should be foretold better than by a naive forecast."""
NEEDED: Final[Mapping[str, int]] = {"skill_last_year": 2, "skill_last_month": 1}
"""Of those, how many should, by naive forecast."""
FORECASTS: Final[Mapping[str, str]] = {
    "skill_last_year": "the last twelve fitted months repeated", "skill_last_month": "the last fitted month carried on",
}  # fmt: skip

FIGURES: Final[tuple[tuple[str, str, str, str], ...]] = (
    # period, name, words, unit
    ("fitted", "correlation", "correlation of months", ""),
    ("fitted", "error_of_total", "error of the total", "%"),
    ("tested", "mae", "mean error of a month, people", ""),
    ("tested", "correlation", "correlation of months", ""),
    ("tested", "error_of_total", "error of the total", "%"),
    ("tested", "skill_last_year", f"skill against {FORECASTS['skill_last_year']}", ""),
    ("tested", "skill_last_month", f"skill against {FORECASTS['skill_last_month']}", ""),
)


def figures(
    observed: pd.Series[float], simulated: pd.Series[float], fitting: Fitting
) -> dict[tuple[str, str], tuple[float, str]]:
    """Return each figure of a series, by period and name, with the reason where it does not exist."""
    inside = simulated[simulated.index >= fitting.start]
    found = {}
    for row in score_series(observed, inside, fitting.end):
        for period, name, *_ in FIGURES:
            if row["period"] == period:
                found[period, name] = (float(str(row[name])), str(row["reason"]))
    return found


def band_of(route: str, period: str, name: str) -> Band | None:
    """Return the band of a figure of a route, if it has one."""
    if period == "fitted" and name == "error_of_total":
        return Band(-MOST_ERROR, MOST_ERROR)
    if period == "fitted" and name == "correlation" and route in LEAST_CORRELATION:
        return Band(low=LEAST_CORRELATION[route])
    return None


def lines(scenario: Scenario, fitting: Fitting, runs: Sequence[RunPair]) -> list[Line]:
    """Return the lines of monthly arrivals: by route, and how many routes beat a naive forecast."""
    made: list[Line] = []
    skills: dict[str, dict[str, list[float]]] = {name: {} for name in NEEDED}
    for route in scenario.corridor.routes:
        names = route_observations(scenario, route)
        if not names:
            about = scenario.corridor.routes[route].label
            asked = Criterion(f"series.{route}", GROUP, f"{about}: months", (), "tested")
            made.append(untested(asked, "no observed series counts all of this route and nothing else"))
            continue
        found = [figures(observed_series(scenario, names[0]), run.with_.series[names[0]], fitting) for run in runs]
        made.extend(_of_route(scenario, fitting, runs, route, names[0], found))
        for name, by_route in skills.items():
            by_route[route] = [figure["tested", name][0] for figure in found]
    made.extend(_counts(scenario, fitting, runs, skills))
    if not len(fitting.after):
        asked = Criterion("series.tested", GROUP, "months after the fitted ones", (), "tested")
        made.append(untested(asked, f"the run ends with {fitting.end} or before"))
    return made


def _of_route(
    scenario: Scenario, fitting: Fitting, runs: Sequence[RunPair], route: str, series: str,
    found: Sequence[Mapping[tuple[str, str], tuple[float, str]]],
) -> Iterator[Line]:  # fmt: skip
    source, label = scenario.corridor.observed[series].source, scenario.corridor.routes[route].label
    for period, name, words, unit in FIGURES:
        months = fitting.fitted if period == "fitted" else fitting.after
        if not len(months):
            continue
        criterion = Criterion(
            f"series.{route}.{period}.{name}", GROUP, f"{label}, {fitting.words(months)}: {words}", (source,),
            fitting.role(months[-1], (source,)), band_of(route, period, name), unit,
        )  # fmt: skip
        values = {(run.member, run.seed): each[period, name][0] for run, each in zip(runs, found, strict=True)}
        yield judge(criterion, values, runs[0].member, found[0][period, name][1])


def _counts(
    scenario: Scenario, fitting: Fitting, runs: Sequence[RunPair], skills: Mapping[str, Mapping[str, Sequence[float]]]
) -> Iterator[Line]:
    """Yield on how many of the three routes the runs beat each naive forecast."""
    for name, needed in NEEDED.items():
        known = [route for route in THREE if route in skills[name]]
        if len(known) < len(THREE) or not len(fitting.after):
            continue
        sources = tuple(dict.fromkeys(
            scenario.corridor.observed[route_observations(scenario, route)[0]].source for route in known
        ))  # fmt: skip
        criterion = Criterion(
            f"series.routes.tested.{name}", GROUP,
            f"of the three Mediterranean routes, those with a skill above 0 against {FORECASTS[name]}, "
            f"{fitting.words(fitting.after)}",
            sources, fitting.held_back, Band(low=needed), "",
        )  # fmt: skip
        values = {
            (run.member, run.seed): float(sum(skills[name][route][place] > 0 for route in known))
            for place, run in enumerate(runs)
        }
        yield judge(criterion, values, runs[0].member)


def monthly_table(scenario: Scenario, runs: Sequence[RunPair]) -> pd.DataFrame:
    """Return observed and simulated arrivals by route and month: best member, and lowest and highest of all runs."""
    tables = []
    for route in scenario.corridor.routes:
        months = runs[0].with_.arrivals.index
        all_runs = pd.DataFrame({place: run.with_.arrivals[route] for place, run in enumerate(runs)})
        best = [place for place, run in enumerate(runs) if run.member == runs[0].member]
        names = route_observations(scenario, route)
        observed = observed_series(scenario, names[0]) if names else pd.Series(dtype=float)
        tables.append(pd.DataFrame({
            "route": route, "month": months.astype(str), "observed": observed.reindex(months).to_numpy(),
            "best": all_runs[best].mean(axis=1).to_numpy(), "lowest": all_runs.min(axis=1).to_numpy(),
            "highest": all_runs.max(axis=1).to_numpy(),
        }))  # fmt: skip
    return pd.concat(tables, ignore_index=True)
