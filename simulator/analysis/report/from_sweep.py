"""The content of a report, from a sweep whose factors are the squeezed route and the effort on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from simulator.analysis.diversion.balloon import FLOWS, THERE
from simulator.analysis.diversion.figures.balance_words import balances_of
from simulator.analysis.diversion.figures.common import labels_of
from simulator.analysis.diversion.within import GROUPS
from simulator.analysis.metrics import counted_again
from simulator.analysis.report.content import ReportContent
from simulator.analysis.report.from_table import from_table
from simulator.analysis.report.sweep_map import NONE, sweep_map
from simulator.errors import InputError, Problem

if TYPE_CHECKING:
    from simulator.scenario.schema import Scenario

FACTORS: Final = ("squeezed", "effort")
"""Factors that such a sweep has: the levels of the first are routes, those of the second numbers."""
RISK: Final = "parameters.crossing.evasion_risk"
"""How much the risk of death rises with controls to evade: deaths hang on it."""
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
        fitting = [each for each, about in tables.items() if about["measure"] == flow and "route" in about["by"]
                   and set(about.get("where", ())) <= {"border"} and not about.get("when")]  # fmt: skip
        if flow == "arrivals":
            whole = [each for each in fitting if set(GROUPS) <= set(tables[each]["by"])]
            if fitting and not whole:
                said = "was kept without origins: what share of a fall a rise elsewhere matches is not computed"
                problems.append(Problem(name, "tables", said, fitting[0], None,
                                        "arrivals by [route, origin, need, year]",
                                        "add that table to the design, and sweep anew"))  # fmt: skip
                continue
            fitting = whole
        if fitting:
            # Attempts as runs count them, where there are several.
            narrow = [each for each in fitting if flow == "attempts" and tables[each].get("where")]
            found[flow] = (narrow or fitting)[0]
        else:
            by = "[route, origin, need, year]" if flow == "arrivals" else "[route, year]"
            advice = f"add a table of {flow} by {by}"
            problems.append(Problem(name, "tables", f"holds no {flow} by route", advice=advice))
    died = {each: about for each, about in tables.items()
            if about["measure"] == "deaths" and "route" in about["by"] and not about.get("when")}  # fmt: skip
    there = [each for each, about in died.items() if _at_border(about)]
    anywhere = [each for each, about in died.items() if not about.get("where")]
    if there:
        found[THERE] = there[0]
    if anywhere:
        found["deaths"] = anywhere[0]
    elif "deaths" in found:
        problems.append(Problem(name, "tables", "was kept at some borders only: deaths elsewhere would be left out",
                                found["deaths"], None, "deaths by [route, year] without where",
                                "add that table to the design, and sweep anew"))  # fmt: skip
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
    flows = (*FLOWS, *([THERE] if THERE in tables else []))
    parts = [_counted(content, tables[flow], flow, RUN) for flow in flows]
    return _typed(pd.concat(parts, axis=1).fillna(0.0).reset_index())


def people_of(content: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the arrivals of a sweep by run, route, origin and need; `tables` as for `balloon_of`."""
    found = _typed(_counted(content, tables["arrivals"], "arrivals", (*RUN, *GROUPS)).reset_index())
    return found.astype(dict.fromkeys(GROUPS, str))


def _counted(content: Mapping[str, Any], rows: pd.DataFrame, flow: str, by: Sequence[str]) -> pd.Series[float]:
    """Return a flow added up, from the first month that the sweep's own measures count."""
    since = _since(content)
    for period in ("month", "year"):
        if period in rows and since:
            rows = rows[rows[period].astype(str) >= since[: 4 if period == "year" else 7]]
    rows = rows[rows["route"].astype(str) != ""].rename(columns={"value": flow})
    found: pd.Series[float] = rows.groupby(list(by), observed=True)[flow].sum()
    return found


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(effort=pd.to_numeric(table["effort"])).astype({"squeezed": str, "route": str})


def by_run(content: Mapping[str, Any], runs: pd.DataFrame, measure: str) -> pd.DataFrame | None:
    """Return a measure by run, anywhere (``squeezed effort draw replicate``, `measure`); None if it was not taken.

    Parameters
    ----------
    runs : the runs of the sweep, of which those that are done are taken.
    measure : what was counted, such as ``deaths`` or ``departures``.
    """
    since = _since(content)
    for name, about in content["measures"].items():
        if about["of"] == measure and not about["where"] and not about["until"] and (about["since"] or "") == since:
            done = runs[runs["status"] == "done"]
            found = done[[*RUN[:-1], name]].rename(columns={name: measure})
            return found.astype({"squeezed": str, "effort": float})
    return None


@dataclass(frozen=True)
class Swept:
    """A sweep of effort on routes, as it is read.

    Attributes
    ----------
    content : what it says of itself.
    runs : a row a run.
    flows : each flow by run and route; see `tables_needed`.
    people : people by run, leg and month, if it kept them; see `sweep_map`.
    scenario : a scenario of its case: labels, which routes go on from which, legs and places.
    name : the sweep, as the user knows it.
    """

    content: Mapping[str, Any]
    runs: pd.DataFrame
    flows: Mapping[str, pd.DataFrame]
    people: pd.DataFrame | None
    scenario: Scenario
    name: str

    @property
    def table(self) -> pd.DataFrame:
        """The balloon table: see `simulator.analysis.diversion.balloon`."""
        return balloon_of(self.content, self.flows)


def from_sweep(swept: Swept) -> ReportContent:
    """Return what a report says about a sweep."""
    table, design = swept.table, design_of(swept)
    design["map_note"] = NONE
    if swept.people is not None:
        found, labels = balances_of(table, design), labels_of(design, list(dict.fromkeys(table["route"])))
        design["map"], design["map_note"] = sweep_map(swept.people, found, swept.scenario, design, labels)
    return from_table(table, design)


def design_of(swept: Swept) -> dict[str, Any]:
    """Return what figures and pages are told of a sweep besides its flows: labels, onward routes, what was drawn."""
    content, scenario = swept.content, swept.scenario
    (case,) = content["cases"].values()
    routes, effort = scenario.corridor.routes, content["factors"]["effort"]
    drawn = [{"field": each["field"], "best value": each["best"], "from": each["low"], "to": each["high"],
              "unit": "" if each["unit"] == "1" else each["unit"], "kind": each["kind"], "source": each["source"],
              "what it is": each["what"]} for each in case["drawn"]]  # fmt: skip
    members = ", ".join(map(str, case["members"] or ())) or "the best alone"
    since = _since(content)
    at_border = counted_attempts(content)
    return {
        "title": f"Squeeze the balloon: {case['label']}", "question": content["question"],
        "name": content["experiment"],
        "scenario": case["scenario"], "persons_per_agent": case["persons_per_agent"],
        "labels": {route: about.label for route, about in routes.items()},
        "onward": {route: counted_again(scenario, [route]) for route in routes},
        "effort": effort["label"], "effort_unit": "" if effort["unit"] == "1" else effort["unit"],
        "people": people_of(content, swept.flows), "as_it_was": effort.get("as_it_was"),
        "deaths": by_run(content, swept.runs, "deaths"),
        "set_out": by_run(content, swept.runs, "departures"),
        "when": _months(since or case["period"][0][:7], _last_month(case["period"][1])),
        "ran": _months(case["period"][0][:7], _last_month(case["period"][1])),
        "risk_drawn": any(each["field"] == RISK for each in case["drawn"]),
        "attempts": "at borders where arrivals are counted" if at_border else "at any leg of a route",
        "deaths_there": THERE in tables_needed(content, str(content["experiment"])),
        "about": [("run", " to ".join(case["period"])), ("counted from", since or case["period"][0]),
                  ("members of the fit drawn", members), ("fields drawn", str(len(drawn)))],
        "assumptions": drawn, "version": content["made_by"]["corridor"],
        "versions": {
            "Corridor": content["made_by"]["corridor"],
            **({"commit": str(content["git"]["commit"])[:12]} if content.get("git") else {}),
            "Python": content["made_by"]["python"], "NumPy": content["made_by"]["numpy"],
        },
        "limits": [] if at_border else [
            "Attempts are those on all legs of a route: where a route has several, one journey is several attempts, "
            "and the deaths per thousand are those of an attempt at a leg. Runs count attempts at borders alone."],
        "remake": [(f"corridor sweep {content['experiment']}", "the runs"),
                   (f"corridor report {swept.name} --out report.html", "this page")],
    }  # fmt: skip


def counted_attempts(content: Mapping[str, Any]) -> bool:
    """Return whether the attempts that a sweep kept are those on the legs where arrivals are counted."""
    about = content["design"]["tables"][tables_needed(content, str(content["experiment"]))["attempts"]]
    return _at_border(about)


def _at_border(about: Mapping[str, Any]) -> bool:
    """Return whether a table is of the legs where arrivals are counted."""
    return _labels(about.get("where", {}).get("border", ())) == ["counted"]


def _labels(wanted: str | Sequence[str]) -> list[str]:
    return [wanted] if isinstance(wanted, str) else list(wanted)


def _since(content: Mapping[str, Any]) -> str:
    """Return the first month that the sweep's measures count; empty where they count all."""
    return max((str(about["since"]) for about in content["measures"].values() if about.get("since")), default="")


def _last_month(end: str) -> str:
    """Return the month of the last day before an end."""
    return str((pd.Timestamp(end) - pd.Timedelta(days=1)).to_period("M"))


def _months(first: str, last: str) -> str:
    """Return months in words: years, where they are whole ones."""
    if first.endswith("-01") and last.endswith("-12"):
        return first[:4] if first[:4] == last[:4] else f"{first[:4]} to {last[:4]}"
    return f"{first} to {last}"
