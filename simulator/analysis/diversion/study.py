"""A policy's diversion: everything that pairs of runs say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from simulator.analysis.diversion import accounts, course
from simulator.analysis.diversion.elasticity import elasticity_table
from simulator.analysis.diversion.estimates import MARGIN, Estimate, Verdict, mean_of, verdict
from simulator.analysis.diversion.pairs import Pairs, make_pairs
from simulator.analysis.diversion.within import MEANS

if TYPE_CHECKING:
    from simulator.outputs.result import Result

NOT_RECORDED: Final = (
    "Who would have gone where, person by person: changes of destination are net changes between countries.",
    "Effort itself: elasticities to it need the effort that was set, as a number.",
)
"""What a result does not hold, and what follows."""


@dataclass(frozen=True)
class Diversion:
    """What a policy on one route, or on several at once, did to all of them.

    Attributes
    ----------
    content : what was compared: policies, routes by role, months, pairs, seeds; and deaths in all without it.
    fall : arrivals fewer on the treated routes, all people together.
    rise : arrivals more on the other routes, all people together, those on which people are counted again left out.
    fallen, moved, others : within origin and need: fewer over the groups that fell, how many of them as many more of
        the same group elsewhere match, and how many others are more elsewhere; see `within`.
    ratio : diversion ratio, moved over fallen.
    verdict : none, partial or full, or that it cannot be told.
    deaths_fall, deaths_rise : deaths fewer on the treated routes, and more on the others, on all their legs.
    deaths : deaths more in all, on routes and off them.
    changed_destination : people more in the destination countries that gained.
    tables : ``routes people waiting groups matrix elasticities risk course times``; see the modules that make them.
    """

    content: Mapping[str, Any]
    fall: Estimate
    rise: Estimate
    fallen: Estimate
    moved: Estimate
    others: Estimate
    ratio: Estimate
    verdict: Verdict
    deaths_fall: Estimate
    deaths_rise: Estimate
    deaths: Estimate
    changed_destination: Estimate
    tables: Mapping[str, pd.DataFrame]

    def fate(self, name: str) -> Estimate:
        """Return the change in people of a fate at the end: stay, went back, wait, destination, pathway, died.

        The interval of destinations is not given here, since it is that of a sum over countries.
        """
        rows = self.tables["people"]
        part = rows[rows["fate"] == name]
        if len(part) == 1:
            row = part.iloc[0]
            return Estimate(float(row["change"]), float(row["low"]), float(row["high"]), int(row["n"]))
        total, n = float(part["change"].sum()), int(self.content["pairs"])
        return Estimate(total, float("nan"), float("nan"), n)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        names = ("fall", "rise", "fallen", "moved", "others", "ratio", "verdict", "deaths_fall", "deaths_rise",
                 "deaths", "changed_destination")  # fmt: skip
        estimates = {name: getattr(self, name).plain() for name in names}
        tables = {name: _records(table) for name, table in self.tables.items()}
        return {**self.content, **estimates, **tables, "ratio_is": MEANS, "not_recorded": list(NOT_RECORDED)}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as JSON values; numbers that do not exist or have no limit are None."""
    rows = table.replace([float("inf"), float("-inf")], float("nan")).astype(object)
    found: list[dict[str, Any]] = rows.where(rows.notna(), None).to_dict(orient="records")  # type: ignore[assignment]
    return found


def diversion(
    without: Sequence[Result],
    with_: Sequence[Result],
    routes: Sequence[str] = (),
    *,
    since: str | None = None,
    until: str | None = None,
    effort: Sequence[float] | None = None,
    margin: float = MARGIN,
) -> Diversion:
    """Return what a policy moved, stopped and delayed, from runs with and without it on common luck.

    Parameters
    ----------
    without, with_ : as many of each; those of one position share their seed and what was drawn.
    routes : routes on which the policy acts; by default those of the policies that differ.
    since, until : first and last month to count, YYYY-MM; by default all whole months.
    effort : effort without and with, for elasticities to it.
    margin : how far from 0 or 1 a diversion ratio may lie and count as none or full.

    Raises
    ------
    InputError
        If the runs do not make pairs, or a route or month is not theirs.
    """
    return of_pairs(make_pairs(without, with_, routes, since, until), effort, margin)


def of_pairs(pairs: Pairs, effort: Sequence[float] | None = None, margin: float = MARGIN) -> Diversion:
    """Return what pairs of runs say; see `diversion`."""
    flows = accounts.by_route(pairs)
    fall, rise = accounts.totals(flows, "arrivals")
    deaths_fall, deaths_rise = accounts.totals(flows, "deaths")
    changes = accounts.by_group(pairs)
    found = accounts.moved(pairs, changes)
    everywhere = pairs.flows("deaths")
    by_month = course.course_of(pairs)
    groups = pd.concat([accounts.group_table(pairs, changes, "origin"), accounts.group_table(pairs, changes, "need")],
                       ignore_index=True)  # fmt: skip
    content = {**_content(pairs, margin), "deaths_without": float(everywhere["without"].mean())}
    tables = {
        "routes": accounts.route_table(flows), "people": accounts.people_table(pairs),
        "waiting": accounts.waiting_table(pairs), "groups": groups,
        "matrix": accounts.matrix_row(found), "elasticities": elasticity_table(pairs, flows, effort),
        "risk": accounts.risk_table(flows), "course": course.course_table(by_month),
        "times": course.times_table(by_month),
    }  # fmt: skip
    return Diversion(
        content, fall, rise, found.fallen, found.moved, found.others, found.ratio, verdict(fall, found.ratio, margin),
        deaths_fall, deaths_rise, mean_of(everywhere["change"].to_numpy()), accounts.changed_destination(pairs), tables,
    )  # fmt: skip


def _content(pairs: Pairs, margin: float) -> dict[str, Any]:
    scenario = pairs.scenario
    labels = {name: route.label for name, route in scenario.corridor.routes.items()}
    countries = {row.country: row.name for row in scenario.countries}
    return {
        "scenario": scenario.name, "title": scenario.title, "labels": labels, "countries": countries,
        "policies": {name: policy.label for name, policy in pairs.policies.items()},
        "treated": list(pairs.treated), "elsewhere": list(pairs.elsewhere), "onward": list(pairs.onward),
        "months": [str(pairs.months[0]), str(pairs.months[-1])], "pairs": len(pairs.with_),
        "seeds": [run.seed for run in pairs.with_], "persons_per_agent": scenario.persons_per_agent, "margin": margin,
    }  # fmt: skip


def matrix(studies: Mapping[str, Diversion]) -> pd.DataFrame:
    """Return the diversion ratios of several policies: a row for each squeezed route and other route.

    Parameters
    ----------
    studies : the diversion of a policy on each route, by that route.

    Returns
    -------
    pandas.DataFrame
        ``squeezed route ratio low high n people``.
    """
    parts = []
    for squeezed, study in studies.items():
        part = study.tables["matrix"].copy()
        part.insert(0, "squeezed", squeezed)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)
