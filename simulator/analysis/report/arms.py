"""Runs put together by what they have in common: all but their seed and the member of the fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simulator.analysis.comparison import MOST_RUNS
from simulator.analysis.diversion.pairs import differing_policies
from simulator.errors import InputError, Problem
from simulator.outputs.provenance import scenario_hash

if TYPE_CHECKING:
    from simulator.outputs.result import Result

Key = tuple[int, int | None]
SHORT: Final = 56
"""Letters of a name that fits beside a line."""


@dataclass(frozen=True)
class Arm:
    """Runs that differ in luck and drawn values alone.

    Attributes
    ----------
    label : its name on the page.
    runs : by seed and member of the fit.
    """

    label: str
    runs: dict[Key, Result]

    @property
    def first(self) -> Result:
        """The first run."""
        return next(iter(self.runs.values()))


def arms_of(results: Sequence[Result]) -> list[Arm]:
    """Return the runs by arm, the baseline (that of the first run) first.

    Raises
    ------
    InputError
        If there are no runs, too many arms to tell apart, two runs of one seed, or runs of different routes or periods.
    """
    if not results:
        raise InputError([Problem("report", "", "no run was given", advice="name one or more run folders")])
    problems = []
    first = results[0].scenario
    for run in results[1:]:
        for name, one, other in (
            ("routes", list(first.corridor.routes), list(run.scenario.corridor.routes)),
            ("period", first.period, run.scenario.period),
        ):
            if one != other:
                where = str(run.folder or run.scenario.name)
                problems.append(Problem("report", where, f"has another {name} than the first run",
                                        advice="report runs of one corridor and period together"))  # fmt: skip
    groups: dict[str, dict[Key, Result]] = {}
    members = len({run.scenario.fit_member for run in results}) > 1
    for run in results:
        group = groups.setdefault(_kind(run, members=members), {})
        key = (run.seed, run.scenario.fit_member)
        if key in group:
            where = str(run.folder or run.scenario.name)
            problems.append(Problem("report", where, f"is a second run of seed {run.seed}: they are one observation",
                                    advice="leave one out"))  # fmt: skip
        group[key] = run
    if len(groups) > MOST_RUNS:
        problems.append(Problem("report", "", f"{len(groups)} kinds of runs are too many to tell apart", None, None,
                                f"at most {MOST_RUNS}"))  # fmt: skip
    if problems:
        raise InputError(problems)
    return [Arm(label, group) for label, group in zip(_labels(list(groups.values())), groups.values(), strict=True)]


def _kind(run: Result, *, members: bool) -> str:
    """Return what runs of an arm have in common; with several members of a fit, their values may differ."""
    scenario = run.scenario
    if members:
        return repr((scenario.name, scenario.overrides, scenario.period, scenario.persons_per_agent, scenario.step_days,
                     tuple(scenario.corridor.policies), scenario.switches))  # fmt: skip
    return scenario_hash(scenario.model_copy(update={"seed": 0}))


def _labels(groups: Sequence[dict[Key, Result]]) -> list[str]:
    """Return a name for each arm: what it has more or less than the baseline, else its overrides or a number."""
    if len(groups) == 1:
        return ["the run" if len(groups[0]) == 1 else "the runs"]
    base = next(iter(groups[0].values())).scenario
    found = []
    for number, group in enumerate(groups):
        scenario = next(iter(group.values())).scenario
        more = set(scenario.corridor.policies) - set(base.corridor.policies)
        less = set(base.corridor.policies) - set(scenario.corridor.policies)
        policies = differing_policies(base, scenario)
        words = [f"{word} {_named([policies[name].label for name in policies if name in names])}"
                 for word, names in (("with", more), ("without", less)) if names]  # fmt: skip
        names = [*words, *([] if words else [", ".join(scenario.overrides)])]
        found.append("baseline" if number == 0 else "; ".join(name for name in names if name) or f"runs {number + 1}")
    if len(set(found)) < len(found):
        found = [f"{label} ({number})" if found.count(label) > 1 else label for number, label in enumerate(found, 1)]
    return found


def _named(labels: Sequence[str]) -> str:
    """Return labels as a name that fits beside a line: all of them if they are short, else the first and how many."""
    every = " and ".join(labels)
    return every if len(every) <= SHORT else labels[0] + (f" and {len(labels) - 1} more" if len(labels) > 1 else "")


def shared(base: Arm, other: Arm) -> list[Key]:
    """Return the seeds and members that both arms have, in order of the baseline."""
    return [key for key in base.runs if key in other.runs]
