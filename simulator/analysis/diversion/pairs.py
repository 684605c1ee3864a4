"""Pairs of runs with and without a policy on common luck, and their flows side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from simulator.analysis.metrics import counted_again, counted_once, months_of
from simulator.analysis.style import version, versions
from simulator.errors import InputError, Problem, nearest

if TYPE_CHECKING:
    from simulator.outputs.result import Result
    from simulator.scenario.policies import Policy
    from simulator.scenario.schema import Scenario


@dataclass(frozen=True)
class Pairs:
    """Runs with and without a policy; those of one position share seed and draw.

    Attributes
    ----------
    without, with_ : the runs.
    treated : routes on which the policy acts.
    elsewhere : routes where people may turn up instead.
    onward : routes on which people are counted another time; see `simulator.analysis.metrics.counted_again`.
    months : whole months that are compared.
    """

    without: tuple[Result, ...]
    with_: tuple[Result, ...]
    treated: tuple[str, ...]
    elsewhere: tuple[str, ...]
    onward: tuple[str, ...]
    months: pd.PeriodIndex

    @property
    def scenario(self) -> Scenario:
        """The scenario of the first run with the policy."""
        return self.with_[0].scenario

    @property
    def policies(self) -> dict[str, Policy]:
        """Policies that only one side has, in order of date."""
        return differing_policies(self.without[0].scenario, self.scenario)

    def role(self, route: str) -> str:
        """Return the part that a route plays: treated, elsewhere, onward, or none for legs without a route."""
        known = {**dict.fromkeys(self.treated, "treated"), **dict.fromkeys(self.elsewhere, "elsewhere"),
                 **dict.fromkeys(self.onward, "onward")}  # fmt: skip
        return known.get(route, "none")

    def flows(
        self, measure: str, by: Sequence[str] = (), where: Mapping[str, str | Sequence[str]] | None = None
    ) -> pd.DataFrame:
        """Return a flow in the months compared, by pair and `by`.

        Returns
        -------
        pandas.DataFrame
            A row for each pair and each label that either side has: ``pair``, a column for each of `by`, ``without``,
            ``with_`` and ``change`` (with less without).
        """
        parts = [
            self._one(number, (("without", without), ("with_", with_)), measure, list(by), where or {})
            for number, (without, with_) in enumerate(zip(self.without, self.with_, strict=True))
        ]
        table = pd.concat(parts, ignore_index=True)
        if by and len(table):
            # Every pair has every label, so that a label that one pair lacks counts as none of it there.
            wide = table.pivot_table(index=list(by), columns="pair", values=["without", "with_"], aggfunc="sum",
                                     observed=True)  # fmt: skip
            table = wide.stack("pair", future_stack=True).fillna(0.0).reset_index()
        table["change"] = table["with_"] - table["without"]
        return table[["pair", *by, "without", "with_", "change"]].sort_values(["pair", *by], ignore_index=True)

    def _one(
        self, number: int, sides: Sequence[tuple[str, Result]], measure: str, by: list[str], where: Mapping[str, Any]
    ) -> pd.DataFrame:
        inside = {str(month) for month in self.months}
        keys = list(dict.fromkeys([*by, "month"]))
        found = []
        for name, result in sides:
            frame = result.frame(measure, by=keys, where=where).rename(columns={measure: "value"})
            frame = frame[frame["month"].astype(str).isin(inside)]
            values = frame.groupby(by, observed=True)["value"].sum() if by else pd.Series({0: frame["value"].sum()})
            found.append(values.rename(name).astype(float))
        joined = pd.concat(found, axis=1).fillna(0.0)
        joined = joined.rename_axis(by if len(by) > 1 else by[0]).reset_index() if by else joined.reset_index(drop=True)
        joined.insert(0, "pair", number)
        return joined

    def stocks(self, by: Sequence[str], measure: str = "stocks") -> pd.DataFrame:
        """Return the people at the end of the last month compared, by pair and `by`: a row as in `flows`.

        Parameters
        ----------
        measure : a recorded count of people.
        """
        last = str(self.months[-1])
        # Without months, a frame gives the end of the run; that is much quicker where the run ends with the last month.
        at_end = (self.months[-1] + 1).start_time == pd.Timestamp(self.scenario.period.end)
        keys = [*by] if at_end else [*by, "month"]
        parts = []
        for number, pair in enumerate(zip(self.without, self.with_, strict=True)):
            found = []
            for name, result in zip(("without", "with_"), pair, strict=True):
                frame = result.frame(measure, by=keys)
                if not at_end:
                    frame = frame[frame["month"].astype(str) == last]
                found.append(frame.groupby(list(by), observed=True)[measure].sum().rename(name).astype(float))
            joined = pd.concat(found, axis=1).fillna(0.0).reset_index()
            joined.insert(0, "pair", number)
            parts.append(joined)
        table = pd.concat(parts, ignore_index=True)
        table["change"] = table["with_"] - table["without"]
        return table


def differing_policies(one: Scenario, other: Scenario) -> dict[str, Policy]:
    """Return the policies that one of two scenarios has and the other lacks, or has otherwise; in order of date."""
    first, second = dict(one.corridor.policies), dict(other.corridor.policies)
    differing = {name: policy for name, policy in {**first, **second}.items() if first.get(name) != second.get(name)}
    return dict(sorted(differing.items(), key=lambda item: (item[1].announced, item[0])))


def routes_of(policies: Mapping[str, Policy], scenario: Scenario) -> list[str]:
    """Return the routes on which policies act: those that they name, else those of the legs of their levers.

    Routes that only go on from another of them are left out, since people are counted there again.
    """
    routes = list(scenario.corridor.routes)
    named = {route for policy in policies.values() for route in policy.routes}
    if not named:
        route_of = {leg.leg: leg.route for leg in scenario.legs}
        named = {route_of.get(place, place) for policy in policies.values() for change in policy.levers
                 for place in change.at}  # fmt: skip
    found = [route for route in routes if route in named]
    return counted_once(scenario, found)


def make_pairs(
    without: Sequence[Result],
    with_: Sequence[Result],
    routes: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
) -> Pairs:
    """Put runs together in pairs, and say which route is which.

    Parameters
    ----------
    without, with_ : as many of each; those of one position share their seed and what was drawn.
    routes : routes on which the policy acts; by default those on which the differing policies do.
    since, until : first and last month to compare, YYYY-MM; by default all whole months.

    Raises
    ------
    InputError
        With everything that does not fit together.
    """
    problems = list(_problems(without, with_))
    if problems:
        raise InputError(problems)
    scenario = with_[0].scenario
    known = list(scenario.corridor.routes)
    chosen = list(dict.fromkeys(routes)) or routes_of(differing_policies(without[0].scenario, scenario), scenario)
    if not chosen:
        said = "the runs do not say on which route the change acts"
        raise InputError([Problem("diversion", "--route", said, None, None, ", ".join(known), "name the route")])
    wrong = [route for route in chosen if route not in known]
    if wrong:
        raise InputError([Problem("diversion", "--route", "is no route of these runs", route, None, ", ".join(known),
                                  nearest(route, known)) for route in wrong])  # fmt: skip
    twice = [route for route in chosen if route not in counted_once(scenario, chosen)]
    if twice:
        said = "is reached only through other routes that are named, too: its people would count twice"
        raise InputError([Problem("diversion", "--route", said, route, advice="leave it out") for route in twice])
    onward = counted_again(scenario, chosen)
    elsewhere = [route for route in known if route not in chosen and route not in onward]
    return Pairs(tuple(without), tuple(with_), tuple(chosen), tuple(elsewhere), tuple(onward),
                 _months(scenario, since, until))  # fmt: skip


def _months(scenario: Scenario, since: str | None, until: str | None) -> pd.PeriodIndex:
    months = months_of(scenario)
    problems = []
    for name, month in (("--since", since), ("--until", until)):
        if month is not None and month not in {str(each) for each in months}:
            problems.append(Problem("diversion", name, "is not a whole month of the runs", month, None,
                                    f"{months[0]} to {months[-1]}"))  # fmt: skip
    if problems:
        raise InputError(problems)
    kept = [month for month in months if (since or "") <= str(month) <= (until or "9999-12")]
    if not kept:
        raise InputError([Problem("diversion", "--until", "is before --since", until, None, f"{since} or later")])
    return pd.PeriodIndex(kept, freq="M")


def _problems(without: Sequence[Result], with_: Sequence[Result]) -> list[Problem]:
    if not without or len(without) != len(with_):
        said = f"{len(without)} runs without and {len(with_)} with: each needs its counterpart"
        return [Problem("diversion", "--with", said, advice="give as many runs with the policy as without, in order")]
    found = []
    shared = ("seed", "fit_member", "persons_per_agent", "step_days", "period")
    for number, (one, other) in enumerate(zip(without, with_, strict=True), start=1):
        for name in shared:
            mine, theirs = getattr(one.scenario, name), getattr(other.scenario, name)
            if mine != theirs:
                found.append(Problem("diversion", f"pair {number}", f"the runs differ in {name.replace('_', ' ')}",
                                     f"{_said(mine)} and {_said(theirs)}",
                                     advice="pair runs that share all but the policy"))  # fmt: skip
    every = [*without, *with_]
    if len({version(run) for run in every}) > 1:
        found.append(Problem("diversion", "", "the runs were made by different versions of Corridor: what differs may "
                             "be the model, not the policy", versions(every),
                             advice="make the older ones again: corridor rerun FOLDER --out ANOTHER"))  # fmt: skip
    if len({tuple(run.scenario.corridor.routes) for run in every}) > 1:
        found.append(Problem("diversion", "", "the runs do not have the same routes", advice="use one corridor"))
    elif len({run.scenario.period for run in every}) > 1 and not found:
        found.append(Problem("diversion", "", "the pairs differ in period", advice="compare runs of one period"))
    elif not len(months_of(every[0].scenario)):
        found.append(Problem("diversion", "", "the runs hold no whole month", advice="run for longer"))
    keys = [(run.seed, run.scenario.fit_member) for run in without]
    if len(set(keys)) < len(keys) and not found:
        found.append(Problem("diversion", "", "two pairs have the same seed and draw: they are one observation",
                             advice="leave one out, or run it with another seed"))  # fmt: skip
    return found


def _said(value: object) -> str:
    start, end = getattr(value, "start", None), getattr(value, "end", None)
    return f"{start} to {end}" if start is not None else str(value)
