"""The runs of an experiment: cases x arms x draws x replicates, all checked before the first begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pandas as pd

from simulator.errors import ChoiceError, InputError, Problem
from simulator.jobs import Told, do_all
from simulator.model import simulate
from simulator.outputs.provenance import git_state, json_hash, scenario_hash, versions
from simulator.scenario.levers import LEVERS
from simulator.scenario.load import Resolved, unique
from simulator.scenario.schema import Scenario
from simulator.scenario.yaml_file import KeyPath
from simulator.sweeps.draws import Draw, Uncertain, choose, lay, sample
from simulator.sweeps.experiment import COLUMNS, Case, Design, Measured, measures_in
from simulator.sweeps.measures import recorded, row, taken, unit
from simulator.sweeps.resolving import measure_problems, resolve_arms

FORMAT: Final = 2
"""Version of the layout of what a comparison or sweep writes; 2 has hashes of sweep.json and state.json in them."""


@dataclass(frozen=True)
class RunJob:
    """One run: what it is of, and the scenario, resolved and with the draw's values."""

    case: str
    arm: str
    draw: Draw
    replicate: int
    scenario: Scenario
    measures: Mapping[str, Measured]
    routes: bool

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What no two runs of an experiment share."""
        return self.case, self.arm, self.draw.number, self.scenario.seed

    @property
    def words(self) -> str:
        """What it is, for progress."""
        drawn = f"draw {self.draw.number}" if self.draw.number else "best values"
        return f"{self.case}, {self.arm}: {drawn}, seed {self.scenario.seed}"

    def do(self) -> dict[str, Any]:
        """Run it and return its row; a run whose drawn values make no sense together says so in `failed`."""
        found: dict[str, Any] = {
            "case": self.case, "arm": self.arm, "draw": self.draw.number, "replicate": self.replicate,
            "seed": self.scenario.seed, "member": self.scenario.fit_member, "failed": "", **self.draw.values,
        }  # fmt: skip
        try:
            result = simulate(self.scenario)
        except ChoiceError as error:
            return {**found, "failed": str(error)}
        return {**found, **row(result, self.measures, routes=self.routes)}


@dataclass(frozen=True)
class CasePlan:
    """A case with everything resolved.

    Attributes
    ----------
    best : scenario of each arm at the best values.
    drawn : what is drawn.
    notes : what was left out of the draws, and why.
    draws : the draws, or the best values alone.
    scenarios : scenario by arm and number of the draw.
    resolved : what each arm resolved to, and where its values came from.
    """

    case: Case
    best: Mapping[str, Scenario]
    drawn: tuple[Uncertain, ...]
    notes: tuple[str, ...]
    draws: tuple[Draw, ...]
    scenarios: Mapping[tuple[str, int], Scenario]
    resolved: Mapping[str, Resolved] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """An experiment that is ready to run."""

    design: Design
    cases: Mapping[str, CasePlan]

    def jobs(self) -> list[RunJob]:
        """Return the runs of the comparison: every arm of a draw has the same seeds, and no other draw has them."""
        asked = self.design.experiment
        return [
            self._job(name, arm, draw, replicate, draw.number * asked.replicates + replicate)
            for name, plan in self.cases.items()
            for draw in plan.draws
            for replicate in range(asked.replicates)
            for arm in asked.arms
        ]

    def luck_jobs(self) -> list[RunJob]:
        """Return the runs that measure common luck: the best values, with many seeds."""
        asked = self.design.experiment
        if asked.luck is None:
            return []
        arms = [asked.baseline, *luck_arms(self.design)]
        return [
            replace(self._job(name, arm, Draw(0), seed, seed), routes=True)
            for name in self.cases
            for seed in range(asked.luck.replicates)
            for arm in arms
        ]

    def _job(self, name: str, arm: str, draw: Draw, replicate: int, luck: int) -> RunJob:
        plan = self.cases[name]
        made = plan.scenarios[arm, draw.number] if draw.number else plan.best[arm]
        made = made.model_copy(update={"seed": made.seed + luck})
        measures = measures_in(self.design.experiment.measures, self.design.cases[name].names)
        return RunJob(name, arm, draw, replicate, made, measures, False)


def luck_arms(design: Design) -> tuple[str, ...]:
    """Return the arms whose luck is measured against the baseline."""
    asked = design.experiment
    assert asked.luck is not None
    return asked.luck.arms or tuple(arm for arm in asked.arms if arm != asked.baseline)[:1]


def make_plan(design: Design) -> Plan:
    """Resolve and check every scenario of an experiment.

    Raises
    ------
    InputError
        With every problem of every case and arm; nothing is simulated.
    """
    found: list[Problem] = []
    plans = {}
    for name, case in design.cases.items():
        best, more = resolve_arms(design, name, None)
        found.extend(more)
        if not more:
            plan, more = _case_plan(design, name, case, best)
            found.extend(more)
            plans[name] = plan
    if found:
        raise InputError(unique(found))
    return Plan(design, {name: plan for name, plan in plans.items() if plan is not None})


def _case_plan(
    design: Design, name: str, case: Case, best: Mapping[str, Resolved]
) -> tuple[CasePlan | None, list[Problem]]:
    """Return a case with its draws laid, or what is wrong."""
    asked = design.experiment
    scenarios = {arm: each.scenario for arm, each in best.items()}
    found = measure_problems(design, name, scenarios[asked.baseline])
    fit = best[asked.baseline].fit
    drawn, notes, wrong = choose(asked.draws.fields, scenarios, fit, members=asked.draws.members)
    found += [
        design.problem(("draws", "fields", one.place), one.message, one.value, one.allowed, one.advice) for one in wrong
    ]
    members = len(fit.members) if fit is not None and asked.draws.members else 0
    if asked.draws.number > 1 and not (drawn or members or wrong):
        said = "nothing is uncertain: no fields are named, and there is no fit whose members could be drawn"
        found.append(design.problem(("draws",), said, advice="name fields, or leave the draws out"))
    draws = sample(drawn, members, asked.draws.number, asked.draws.seed) if asked.draws.number > 1 else [Draw(0)]
    if found:
        return None, found
    laid: dict[tuple[str, int], Scenario] = {}
    of_member: dict[int | None, Mapping[str, Resolved]] = {None: best}
    for draw in draws:
        if draw.member not in of_member:
            of_member[draw.member], more = resolve_arms(design, name, draw.member)
            found.extend(more)
        for arm, resolved in of_member[draw.member].items():
            laid[arm, draw.number] = lay(resolved.scenario, draw.values)
    return CasePlan(case, scenarios, tuple(drawn), tuple(notes), tuple(draws), laid, best), found


@dataclass(frozen=True)
class Sweep:
    """What came out of an experiment's runs.

    Attributes
    ----------
    content : what was asked and run, as JSON values.
    runs : a row a run: `COLUMNS`, drawn values, measures.
    luck : the same of the runs that measure common luck, with arrivals by route; empty if none were asked for.
    """

    content: dict[str, Any]
    runs: pd.DataFrame
    luck: pd.DataFrame = field(default_factory=pd.DataFrame)


def run(plan: Plan, workers: int = 1, told: Told | None = None) -> Sweep:
    """Run an experiment.

    Parameters
    ----------
    workers : processes; the results are the same.
    told : told of each run that is done.

    Raises
    ------
    InputError
        If a run failed in every draw of a case, so that nothing can be compared.
    """
    jobs, luck = plan.jobs(), plan.luck_jobs()
    # A run that both need is made once; the one for luck takes the arrivals of each route, too.
    every = {job.key: job for job in (*jobs, *luck)}
    rows = dict(zip(every, do_all(list(every.values()), workers, told), strict=True))
    content = content_of(plan)
    columns = _columns(plan, jobs)
    runs = pd.DataFrame([{**rows[job.key], "replicate": job.replicate} for job in jobs]).reindex(columns=columns)
    of_luck = pd.DataFrame([{**rows[job.key], "replicate": job.replicate} for job in luck])
    runs["member"] = runs["member"].astype("Int64")
    _check_some_whole(plan, runs)
    content["hash"] = json_hash(runs.astype(object).where(runs.notna(), None).to_dict(orient="list"))
    return Sweep(content, runs, of_luck)


def _check_some_whole(plan: Plan, runs: pd.DataFrame) -> None:
    """Check that every case has a draw of which no run failed."""
    for name, of_case in runs.groupby("case", sort=False):
        failed = of_case[of_case["failed"] != ""]
        if set(failed["draw"]) == set(of_case["draw"]):
            said = f"has no draw of which no run failed: {failed['failed'].iloc[0]}"
            where: KeyPath = ("cases", str(name)) if plan.design.experiment.cases else ("scenario",)
            raise InputError([plan.design.problem(where, said, advice="draw fewer fields, or narrower ranges")])


def _columns(plan: Plan, jobs: Iterable[RunJob]) -> list[str]:
    """Return the columns of the table of runs, in their order."""
    drawn = dict.fromkeys(name for job in jobs for name in job.draw.values)
    return [*COLUMNS, *drawn, *plan.design.experiment.measures]


def design_content(design: Design) -> dict[str, Any]:
    """Return what an experiment asks, as JSON values."""
    asked = design.experiment
    return {
        "format": FORMAT,
        "experiment": design.name,
        "question": asked.question,
        "reading": asked.reading,
        "reading_of": asked.reading_of,
        "design": asked.model_dump(mode="json"),
        "design_hash": asked.asked_hash,
        "baseline": asked.baseline,
        "arms": {name: {"label": arm.label or named(name), "summary": arm.summary} for name, arm in asked.arms.items()},
        "measures": {
            name: {"label": each.label or named(name), "unit": unit(each), "better": each.better, "taken": taken(each),
                   "of": recorded(each)[0], "where": {dim: labels for dim, labels in recorded(each)[1].items()},
                   "since": each.since, "until": each.until}
            for name, each in asked.measures.items()
        },
        "replicates": asked.replicates,
    }  # fmt: skip


def content_of(plan: Plan) -> dict[str, Any]:
    """Return what a comparison asks, and what it resolved to, as JSON values."""
    design, asked = plan.design, plan.design.experiment
    return {
        **design_content(design),
        "cases": {name: _case_content(plan, name) for name in plan.cases},
        "luck": None if asked.luck is None else {"replicates": asked.luck.replicates, "arms": luck_arms(design)},
        "versions": versions(),
        "git": git_state(),
    }


def named(key: str) -> str:
    """Return a key as a name in tables and figures."""
    words = key.replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]


def _case_content(plan: Plan, name: str) -> dict[str, Any]:
    """Return what a case resolved to."""
    made, baseline = plan.cases[name], plan.design.experiment.baseline
    best = made.best[baseline]
    members = sorted({draw.member for draw in made.draws if draw.member is not None})
    return {
        "label": made.case.label or (best.title if len(plan.cases) == 1 else named(name)),
        "scenario": best.name,
        "title": best.title,
        "period": [str(best.period.start), str(best.period.end)],
        "persons_per_agent": best.persons_per_agent,
        "seed": best.seed,
        "best_member": best.fit_member,
        "draws": len(made.draws) if made.draws[0].number else 0,
        "members": members,
        "drawn": [
            {"field": one.field, "what": one.what, "unit": one.unit, "best": one.best, "low": one.low,
             "high": one.high, "scale": one.scale, "kind": one.kind, "source": one.source, "note": one.note}
            for one in made.drawn
        ],
        "left_out": list(made.notes),
        "scenario_hashes": {arm: scenario_hash(scenario) for arm, scenario in made.best.items()},
        "routes": {route: each.label for route, each in best.corridor.routes.items()},
        "touched": {arm: touched_routes(best, scenario) for arm, scenario in made.best.items() if arm != baseline},
    }  # fmt: skip


def touched_routes(one: Scenario, other: Scenario) -> list[str]:
    """Return the routes on whose legs a policy acts that two scenarios do not share, or whose legs differ."""
    route_of = {leg.leg: leg.route for leg in (*one.legs, *other.legs)}
    touched = {leg.route for leg in set(one.legs) ^ set(other.legs)}
    mine, theirs = one.corridor.policies, other.corridor.policies
    for name in {*mine, *theirs}:
        if mine.get(name) == theirs.get(name):
            continue
        for policies in (mine, theirs):
            for change in policies[name].levers if name in policies else ():
                if LEVERS[change.lever].acts == "leg":
                    touched.update(route_of.get(at, at) for at in change.at)
    return [route for route in one.corridor.routes if route in touched]
