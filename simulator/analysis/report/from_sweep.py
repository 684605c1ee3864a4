"""The content of a report, from a sweep whose factors are the squeezed route and the effort on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from simulator.analysis.diversion.balloon import FLOWS
from simulator.analysis.metrics import counted_again
from simulator.analysis.report.content import ReportContent
from simulator.analysis.report.from_table import from_table
from simulator.errors import InputError, Problem

if TYPE_CHECKING:
    from simulator.scenario.schema import Scenario

FACTORS: Final = ("squeezed", "effort")
"""Factors that such a sweep has: the levels of the first are routes, those of the second numbers."""
RUN: Final = ("squeezed", "effort", "draw", "replicate", "route")


def tables_needed(content: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return the table of a sweep that holds each flow by route.

    Parameters
    ----------
    content : what a sweep says of itself (``sweep.json``).
    name : the sweep, as the user knows it.

    Raises
    ------
    InputError
        If it is no such sweep: everything that it lacks.
    """
    advice = "a report needs a sweep of the squeezed route and the effort on it"
    problems = [Problem(name, f"factors.{factor}", "is no factor of this sweep", None, None,
                        ", ".join(content["factors"]), advice)
                for factor in FACTORS if factor not in content["factors"]]  # fmt: skip
    tables = dict(content["design"]["tables"])
    found = {}
    for flow in FLOWS:
        fitting = [each for each, about in tables.items() if about["measure"] == flow and "route" in about["by"]]
        if fitting:
            found[flow] = fitting[0]
        else:
            advice = f"add a table of {flow} by [route, year]"
            problems.append(Problem(name, "tables", f"holds no {flow} by route", advice=advice))
    if len(content["cases"]) > 1:
        problems.append(Problem(name, "cases", "are several", None, None, "one case", "sweep one case at a time"))
    if problems:
        raise InputError(problems)
    return found


def balloon_of(content: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the balloon table of a sweep: see `simulator.analysis.diversion.balloon`.

    Parameters
    ----------
    tables : each flow by run and route, by its name; what is before the sweep's own measures begin is left out.
    """
    since = max((str(about["since"]) for about in content["measures"].values() if about.get("since")), default="")
    parts = []
    for flow in FLOWS:
        rows = tables[flow]
        for period in ("month", "year"):
            if period in rows and since:
                rows = rows[rows[period].astype(str) >= since[: 4 if period == "year" else 7]]
        rows = rows[rows["route"].astype(str) != ""].rename(columns={"value": flow})
        parts.append(rows.groupby(list(RUN), observed=True)[flow].sum())
    table = pd.concat(parts, axis=1).fillna(0.0).reset_index()
    table["effort"] = pd.to_numeric(table["effort"])
    return table.astype({"squeezed": str, "route": str})


def from_sweep(
    content: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], scenario: Scenario, name: str
) -> ReportContent:
    """Return what a report says about a sweep.

    Parameters
    ----------
    content : what it says of itself.
    tables : as for `balloon_of`.
    scenario : scenario of its case, for the routes' labels and which go on from which.
    name : the sweep, as the user knows it.
    """
    return from_table(balloon_of(content, tables), design_of(content, scenario, name))


def design_of(content: Mapping[str, Any], scenario: Scenario, name: str) -> dict[str, Any]:
    """Return what figures and pages are told of a sweep besides its numbers: labels, onward routes, what was drawn.

    Parameters
    ----------
    content, scenario, name : as for `from_sweep`.
    """
    (case,) = content["cases"].values()
    routes = scenario.corridor.routes
    drawn = [{"field": each["field"], "best value": each["best"], "from": each["low"], "to": each["high"],
              "unit": "" if each["unit"] == "1" else each["unit"], "kind": each["kind"], "source": each["source"],
              "what it is": each["what"]} for each in case["drawn"]]  # fmt: skip
    members = ", ".join(map(str, case["members"] or ())) or "the best alone"
    return {
        "title": f"Squeeze the balloon: {case['label']}", "question": content["question"],
        "name": content["experiment"],
        "scenario": case["scenario"], "persons_per_agent": case["persons_per_agent"],
        "labels": {route: about.label for route, about in routes.items()},
        "onward": {route: counted_again(scenario, [route]) for route in routes},
        "effort": content["factors"]["effort"]["label"],
        "about": [("period", " to ".join(case["period"])), ("members of the fit drawn", members),
                  ("fields drawn", str(len(drawn)))],
        "assumptions": drawn,
        "limits": ["Attempts are those on all legs of a route: where a route has several, one journey is several "
                   "attempts, and the deaths per thousand are those of an attempt at a leg."],
        "remake": [(f"corridor sweep {content['experiment']}", "the runs"),
                   (f"corridor report {name} --out report.html", "this page")],
    }  # fmt: skip
