"""The scorecard of a scenario: facts and series, what was fitted, what was tested, and what fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pandas as pd

from simulator.errors import InputError, Problem
from simulator.jobs import Told, do_all
from simulator.numbers import fixed, rate
from simulator.outputs.provenance import git_state, scenario_hash, versions
from simulator.scenario.fits import NONE
from simulator.scenario.load import Resolved, resolve
from simulator.scenario.schema import FitFile, Scenario
from simulator.validation import institutions, nationality, series
from simulator.validation.criteria import Criterion, Line, Status, finite, judge, untested
from simulator.validation.estimate import Estimate
from simulator.validation.facts import deal
from simulator.validation.facts.register import FACTS, GROUP, MARGINS
from simulator.validation.fitting import Fitting, fitting_of
from simulator.validation.hindsight import late_table
from simulator.validation.jobs import Done, FactJob, Job, PairJob
from simulator.validation.measures import RunPair
from simulator.validation.origins_of_values import Setting, settings

F9: Final = Criterion("f9.sectors", GROUP, "F9: shares of sectors of the border between the United States and Mexico",
                      ("us-cbp",), "seen")  # fmt: skip
WHY_NOT_F9: Final = "put to the scenario us-mexico: python experiments/us-mexico/facts.py, docs/us-mexico.md"
LEFT_OUT: Final = "the small corridors were left out"
STATUSES: Final[tuple[Status, ...]] = ("passes", "fails", "reported", "not tested")


@dataclass(frozen=True)
class Scorecard:
    """What came out.

    Attributes
    ----------
    scenario : the scenario, with its first member.
    fitting : which months were fitted.
    members, seeds : members of the fit (None for the values of the files) and seeds that were run.
    lines : every criterion and what came out.
    runs : the runs behind them.
    settings : what was set from what.
    tables : tables for those who want to see more, by name.
    """

    scenario: Scenario
    fitting: Fitting
    members: tuple[int | None, ...]
    seeds: tuple[int, ...]
    lines: tuple[Line, ...]
    runs: tuple[RunPair, ...]
    settings: tuple[Setting, ...]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Number of criteria by role and status."""
        found = Counter((line.criterion.role, line.status) for line in self.lines)
        return {
            role: {status: found[role, status] for status in STATUSES}
            for role in dict.fromkeys(line.criterion.role for line in self.lines)
        }

    @property
    def failures(self) -> list[Line]:
        """The lines that fail."""
        return [line for line in self.lines if line.status == "fails"]

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        fit = self.fitting.fit
        return {
            "scenario": self.scenario.name,
            "title": self.scenario.title,
            "period": [str(self.scenario.period.start), str(self.scenario.period.end)],
            "compare": list(self.scenario.compare),
            "fit": None if fit is None else fit.about().model_dump(mode="json"),
            "fitted_months": [str(self.fitting.start), str(self.fitting.end)],
            "members": list(self.members),
            "seeds": list(self.seeds),
            "persons_per_agent": self.scenario.persons_per_agent,
            "scenario_hash": scenario_hash(self.scenario),
            "versions": versions(),
            "git": git_state(),
            "counts": self.counts,
            "lines": [line.plain() for line in self.lines],
            "settings": [
                {"field": each.field, "how": each.how, "sources": list(each.sources),
                 "interval": None if each.interval is None else [finite(limit) for limit in each.interval],
                 "shared_by": list(each.shared_by)}
                for each in self.settings
            ],
        }  # fmt: skip


def make_scorecard(
    scenario: str | Path, *, members: int | None = None, replicates: int = 2, persons_per_agent: int | None = None,
    facts: bool = True, workers: int = 1, told: Told | None = None,
) -> Scorecard:  # fmt: skip
    """Run a scenario and its comparison for members of its fit and several seeds, and judge what comes out.

    Parameters
    ----------
    scenario : name or path of a scenario.
    members : how many members of the fit to run, from the best on; by default all.
    replicates : seeds for each: the scenario's own and those that follow it.
    persons_per_agent : in place of the scenario's own.
    facts : put the facts of the literature to small corridors, too.
    workers : processes.
    told : told of each job that is done.

    Raises
    ------
    InputError
        With every problem of the arguments and of the scenario; nothing is simulated.
    """
    resolved = _checked(scenario, members, replicates, persons_per_agent, workers)
    fit = resolved.fit
    chosen: tuple[int | None, ...] = (None,)
    if fit is not None:
        chosen = tuple(range(len(fit.members) if members is None else members))
    seeds = tuple(resolved.scenario.seed + place for place in range(replicates))
    jobs: list[Job] = []
    first: Scenario | None = None
    for member in chosen:
        with_, without, alone = _variants(scenario, resolved.scenario, member, persons_per_agent)
        first = first or with_
        jobs.extend(PairJob(member, seed, with_, without, alone) for seed in seeds)
        jobs.extend(FactJob(member, fact, with_.parameters) for fact in (FACTS if facts else ()))
    assert first is not None
    done: list[Done] = do_all(jobs, workers, told)
    runs = [each for each in done if isinstance(each, RunPair)]
    estimates = [each for each in done if not isinstance(each, RunPair)]
    return _judged(first, fit, chosen, seeds, runs, estimates)


def _checked(
    scenario: str | Path, members: int | None, replicates: int, persons_per_agent: int | None, workers: int
) -> Resolved:
    """Return the scenario, or raise with every problem of the arguments."""
    problems = [
        Problem(f"--{name}", "", "is too small", value, allowed="at least 1")
        for name, value in (("members", members), ("replicates", replicates), ("workers", workers))
        if value is not None and value < 1
    ]
    try:
        resolved = resolve(scenario, persons_per_agent=persons_per_agent)
    except InputError as error:
        raise InputError([*problems, *error.problems]) from None
    available = 0 if resolved.fit is None else len(resolved.fit.members)
    if members is not None and members > max(available, 1):
        said = f"the fit has {available}" if available else "the corridor has no fit"
        allowed = f"1 to {max(available, 1)}"
        problems.append(Problem("--members", "", f"is too large: {said}", members, allowed=allowed))
    if problems:
        raise InputError(problems)
    return resolved


def _variants(
    scenario: str | Path, own: Scenario, member: int | None, persons_per_agent: int | None
) -> tuple[Scenario, Scenario | None, Scenario | None]:
    """Return a member's scenario, the one that it is compared with, and the one without the Statement alone."""
    asked = NONE if member is None else member
    with_ = resolve(scenario, persons_per_agent=persons_per_agent, fit_member=asked).scenario
    alone = None
    if deal.STATEMENT_POLICY in own.corridor.policies:
        alone = resolve(scenario, persons_per_agent=persons_per_agent, fit_member=asked,
                        overrides=[deal.WITHOUT_STATEMENT]).scenario  # fmt: skip
    if not own.compare:
        return with_, None, alone
    left_out = [name for name in own.compare if name in own.overrides]
    laid_over = [name for name in own.compare if name not in own.overrides]
    without = resolve(scenario, persons_per_agent=persons_per_agent, fit_member=asked, overrides=laid_over,
                      without=left_out)  # fmt: skip
    return with_, without.scenario, alone


def _judged(
    scenario: Scenario, fit: FitFile | None, members: Sequence[int | None], seeds: Sequence[int],
    runs: Sequence[RunPair], estimates: Sequence[tuple[int | None, dict[str, Estimate]]],
) -> Scorecard:  # fmt: skip
    """Return the scorecard of what was run."""
    fitting = fitting_of(scenario, fit)
    lines = [
        *fact_lines(estimates, members[0]),
        *institutions.fact_lines(fitting, runs),
        *deal.lines(scenario, fitting, runs),
        untested(F9, WHY_NOT_F9),
    ]
    lines.sort(key=lambda line: (int(line.criterion.id[1:].split(".")[0]), line.status == "not tested"))
    lines += [
        *series.lines(scenario, fitting, runs),
        *nationality.lines(scenario, fitting, runs),
        *institutions.lines(scenario, fitting, runs),
    ]
    tables = {
        "monthly": series.monthly_table(scenario, runs),
        "nationalities": nationality.nationality_table(scenario, fitting, runs),
        "greece-by-quarter": deal.greece_table(scenario, runs),
        "recognition": institutions.recognition_table(scenario, fitting, runs),
        "hindsight": late_table(scenario, fitting.end),
    }
    return Scorecard(
        scenario, fitting, tuple(members), tuple(seeds), tuple(lines), tuple(runs),
        tuple(settings(scenario, fit, [line.criterion for line in lines])), tables,
    )  # fmt: skip


def fact_lines(estimates: Iterable[tuple[int | None, dict[str, Estimate]]], best: int | None) -> list[Line]:
    """Return the lines of the facts that are put to small corridors, each with its error and power.

    Parameters
    ----------
    estimates : what each fact found, by member; none if they were left out.
    """
    found: dict[int | None, dict[str, Estimate]] = {}
    for member, some in estimates:
        found.setdefault(member, {}).update(some)
    made = []
    for _, asked in FACTS.values():
        for criterion in asked:
            if not found:
                made.append(untested(criterion, LEFT_OUT))
                continue
            values = {(member, 0): some[criterion.id].value for member, some in found.items()}
            of_best = found[best][criterion.id]
            if criterion.id in MARGINS:
                margin = MARGINS[criterion.id]
                power = (
                    f"Standard error {rate(of_best.error)}; a truth {margin:g} outside the band would be noticed with "
                    f"power {fixed(of_best.power(margin), 2)}."
                )
                criterion = replace(criterion, note=f"{criterion.note} {power}".strip())
            made.append(judge(criterion, values, best, "the small corridor has nobody to count"))
    return made
