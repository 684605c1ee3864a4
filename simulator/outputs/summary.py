"""The totals of a run, for a table on the screen and for summary.json."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from simulator.clock import Clock
from simulator.numbers import whole
from simulator.scenario.schema import Scenario

FrameOf = Callable[..., pd.DataFrame]


def build_summary(scenario: Scenario, clock: Clock, frame: FrameOf, stats: Mapping[str, Any]) -> dict[str, Any]:
    """Return the totals of a run.

    On a route, attempts, arrivals, interceptions and deaths are those on its counted legs, so that
    a journey over several legs is one attempt: ``deaths_on_counted_legs``. ``deaths_on_all_legs`` adds those on its
    other legs; the total of deaths is those anywhere, on legs of no route too.
    """
    return {
        "scenario": scenario.name,
        "title": scenario.title,
        "overrides": list(scenario.overrides),
        "seed": scenario.seed,
        "persons_per_agent": scenario.persons_per_agent,
        "start": scenario.period.start.isoformat(),
        "end": scenario.period.end.isoformat(),
        "steps": clock.n_steps,
        "routes": _routes(scenario, clock, frame),
        "totals": {
            "departures": _total(frame, "departures"),
            "arrivals": _total(frame, "arrivals"),
            "deaths": _total(frame, "deaths"),
            "claims": _total(frame, "claims"),
            "decisions": _by(frame, "decisions", "outcome"),
            "returns": _by(frame, "returns", "kind"),
            "spending_eur": _by(frame, "spending", "government"),
        },
        "run": dict(stats),
    }


def _total(frame: FrameOf, measure: str) -> int:
    return int(frame(measure, by=[])[measure].iloc[0])


def _by(frame: FrameOf, measure: str, dim: str) -> dict[str, float]:
    table = frame(measure, by=[dim])
    return dict(zip(table[dim].tolist(), table[measure].tolist(), strict=True))


def _routes(scenario: Scenario, clock: Clock, frame: FrameOf) -> dict[str, dict[str, Any]]:
    counted = [leg.leg for leg in scenario.legs if leg.counted]
    route_of = {leg.leg: leg.route for leg in scenario.legs}

    def on_counted(measure: str) -> dict[str, int]:
        table = frame(measure, by=["leg"], where={"leg": counted})
        return {str(route): int(n) for route, n in table.groupby(table["leg"].map(route_of))[measure].sum().items()}

    columns = {measure: on_counted(measure) for measure in ("attempts", "arrivals", "interceptions", "deaths")}
    everywhere = _by(frame, "deaths", "route")
    routes = {}
    for route in scenario.corridor.routes:
        row: dict[str, Any] = {measure: column.get(route, 0) for measure, column in columns.items()}
        there = row["deaths_on_counted_legs"] = row.pop("deaths")
        row["deaths_on_all_legs"] = int(everywhere.get(route, 0))
        row["deaths_per_thousand_attempts"] = 1000.0 * there / row["attempts"] if row["attempts"] else None
        routes[route] = row | observed_arrivals(scenario, clock, route, frame)
    return routes


def observed_arrivals(scenario: Scenario, clock: Clock, route: str, frame: FrameOf) -> dict[str, Any]:
    """Return the arrivals that were observed on a route during the run, from the first series that counts all of them.

    Only months that the run covers whole and the series counts are added up, and with them the simulated arrivals of
    the same months. None where no series does; ``observed_months`` says how many of the run's months it covers.
    """
    for name, series in scenario.corridor.observed.items():
        if series.measure == "arrivals" and series.routes == (route,) and not series.legs and series.origin is None:
            known = {row.month: row.value for row in scenario.observed
                     if row.series == name and row.month in clock.whole_months}  # fmt: skip
            made = frame("arrivals", by=["month"], where={"route": route})
            same = made.loc[made["month"].isin(list(known)), "arrivals"].sum()
            return {"observed_arrivals": whole(sum(known.values())) if known else None,
                    "arrivals_in_observed_months": whole(float(same)) if known else None,
                    "observed_series": name, "observed_months": len(known)}  # fmt: skip
    return {"observed_arrivals": None, "arrivals_in_observed_months": None, "observed_series": None,
            "observed_months": 0}  # fmt: skip
