"""The plan of a sweep: cases x draws x points x replicates x arms, each run with an id that its content makes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError, Problem
from simulator.scenario.load import Resolved, unique
from simulator.scenario.schema import Scenario
from simulator.scenario.yaml_file import KeyPath
from simulator.sweeps.draws import Draw, Uncertain, choose, sample
from simulator.sweeps.experiment import Case, Design, measures_in
from simulator.sweeps.points import Axis, Point, axes, list_problems, point, shares
from simulator.sweeps.resolving import measure_problems, resolve_arm, resolve_arms

ID_BYTES: Final = 8
"""Two of a million runs share an id of so many bytes with a chance of 3 in 100 million."""
Keep = Callable[[Scenario], str]
"""Keeps a scenario for the workers, and returns its hash."""


@dataclass(frozen=True)
class Run:
    """One run of a sweep: where it stands in the plan, and what makes it.

    Attributes
    ----------
    id : from all that decides what comes out: the scenario, what is laid on it, the seed, what is measured.
    scenario : hash of the resolved scenario, before the values are laid on it.
    values : value by uncertain number, of the draw and of the point.
    point : row of the design, from 0.
    factors : value by factor.
    """

    id: str
    case: str
    arm: str
    point: int
    draw: int
    replicate: int
    seed: int
    member: int | None
    scenario: str
    factors: Mapping[str, Any]
    values: Mapping[str, float]


@dataclass
class CaseLayout:
    """A case with everything settled but the scenarios of its points.

    Attributes
    ----------
    best : what each arm resolves to, with nothing varied.
    axes : its factors.
    places : points in the unit cube, shape (n_points, n_axes).
    drawn, draws, notes : what is drawn, the draws (or the best values alone), and what was left out and why.
    listed : the points themselves, where the design lists them.
    bases : hash of the scenario of each arm, member and point, once they were checked.
    """

    name: str
    case: Case
    best: Mapping[str, Resolved]
    axes: Sequence[Axis]
    places: NDArray[np.float64]
    drawn: Sequence[Uncertain]
    draws: Sequence[Draw]
    notes: Sequence[str]
    listed: Sequence[Mapping[str, Any]] = ()
    bases: dict[tuple[Any, ...], str] = field(default_factory=dict)


@dataclass(frozen=True)
class SweepPlan:
    """A design whose scenarios can be made; `check` makes them all."""

    design: Design
    cases: Mapping[str, CaseLayout]

    @property
    def replicates(self) -> int:
        """Most replicates of a draw at a point."""
        asked = self.design.experiment
        return asked.stopping.most if asked.stopping is not None else asked.replicates

    def total(self) -> int:
        """Return how many rows the plan has."""
        each = self.replicates * len(self.design.experiment.arms)
        return sum(len(case.places) * len(case.draws) * each for case in self.cases.values())

    def check(self, keep: Keep) -> Iterator[tuple[str, str, int]]:
        """Resolve and check the scenario of every case, arm, point and member, and yield each one's place.

        Raises
        ------
        InputError
            With the problems of all that were checked.
        """
        found: list[Problem] = []
        for layout in self.cases.values():
            for draw, number, one in _places(layout):
                for arm in self.design.experiment.arms:
                    key, member = _base_key(arm, draw, one)
                    if key in layout.bases:
                        continue
                    made, more = resolve_arm(self.design, layout.name, arm, member, one.laid, _keys(layout, one))
                    found += more
                    layout.bases[key] = keep(made.scenario) if made is not None else ""
                    yield layout.name, arm, number
        if found:
            raise InputError(unique(found))

    def rows(self) -> Iterator[Run]:
        """Yield every run in the order of the plan; `check` comes first.

        Draws of one member of the fit follow one another, so that workers read few scenarios, and all arms of a point
        stand together, so that a sweep that was cut off still holds whole comparisons.
        """
        asked = self.design.experiment
        for layout in self.cases.values():
            asks = _Asked(self.design, layout)
            start = {arm: made.scenario.seed for arm, made in layout.best.items()}
            for draw, number, one in _places(layout):
                values = {**draw.values, **one.drawn}
                for replicate in range(self.replicates):
                    for arm in asked.arms:
                        key, member = _base_key(arm, draw, one)
                        base, seed = layout.bases[key], start[arm] + draw.number * self.replicates + replicate
                        made = _identify(base, values, seed, asks.hash(one.values))
                        yield Run(made, layout.name, arm, number, draw.number, replicate, seed, member, base,
                                  one.values, values)  # fmt: skip


def _identify(base: str, values: Mapping[str, float], seed: int, asks: str) -> str:
    content = json.dumps([base, sorted(values.items()), seed, asks], separators=(",", ":"))
    return hashlib.blake2b(content.encode(), digest_size=ID_BYTES).hexdigest()


class _Asked:
    """What is measured of the runs of a case."""

    def __init__(self, design: Design, layout: CaseLayout):
        names = layout.case.names
        self.measures = measures_in(design.experiment.measures, names)
        self.tables = measures_in(design.experiment.tables, names)
        self._hashes: dict[tuple[str, ...], str] = {}

    def hash(self, factors: Mapping[str, Any]) -> str:
        """Return the hash of what is measured of a run with these values of factors."""
        kept = tuple(name for name, table in self.tables.items() if table.kept(factors))
        if kept not in self._hashes:
            besides = {"label", "better", "when"}
            content = [
                {name: each.model_dump(mode="json", exclude=besides) for name, each in found.items()}
                for found in (self.measures, {name: self.tables[name] for name in kept})
            ]
            text = json.dumps(content, sort_keys=True).encode()
            self._hashes[kept] = hashlib.blake2b(text, digest_size=ID_BYTES).hexdigest()
        return self._hashes[kept]


def _places(layout: CaseLayout) -> Iterator[tuple[Draw, int, Point]]:
    """Yield draws and points in the order of the plan."""
    for draw in sorted(layout.draws, key=lambda one: (-1 if one.member is None else one.member, one.number)):
        for number, places in enumerate(layout.places):
            yield draw, number, point(layout.axes, places, layout.listed[number] if layout.listed else None)


def _base_key(arm: str, draw: Draw, one: Point) -> tuple[tuple[Any, ...], int | None]:
    """Return what the scenario of a run depends on, besides its case, and the member of the fit in it."""
    member = draw.member if one.member is None else one.member
    laid = tuple(json.dumps(each.model_dump(mode="json"), sort_keys=True) for each in one.laid)
    return (arm, member, laid), member


def _keys(layout: CaseLayout, one: Point) -> list[KeyPath]:
    """Return where the design says what each part of a point lays over a scenario."""
    return [
        ("factors", axis.name, "levels", str(one.values[axis.name])) if axis.laid else ("factors", axis.name, "set")
        for axis in layout.axes
        if axis.field is None and not axis.member
    ]


def make_sweep_plan(design: Design) -> SweepPlan:
    """Settle what a sweep runs, and check what needs no scenario of its own.

    Raises
    ------
    InputError
        With every problem of every case.
    """
    found: list[Problem] = []
    cases: dict[str, CaseLayout] = {}
    for name, case in design.cases.items():
        best, more = resolve_arms(design, name, None)
        if not more:
            layout, more = _layout(design, name, case, best)
            cases[name] = layout
        found += more
    if found:
        raise InputError(unique(found))
    return SweepPlan(design, cases)


def _layout(design: Design, name: str, case: Case, best: Mapping[str, Resolved]) -> tuple[CaseLayout, list[Problem]]:
    """Return a case with its points and draws, and what is wrong."""
    asked = design.experiment
    arms = {arm: each.scenario for arm, each in best.items()}
    fit = best[asked.baseline].fit
    found = measure_problems(design, name, arms[asked.baseline])
    made, notes, bad = axes(asked.factors, arms, fit)
    found += [design.problem(("factors", factor), one.message, one.value, one.allowed, one.advice)
              for factor, one in bad]  # fmt: skip
    if not found:
        found += [design.problem(("sampling", "points", place, factor), message, value, allowed)
                  for place, factor, message, value, allowed in list_problems(made, asked.sampling)]  # fmt: skip
    members = len(fit.members) if fit is not None and asked.draws.members else 0
    if any(axis.member for axis in made):
        members = 0
    varied = {axis.field for axis in made}
    drawn, left, wrong = choose(asked.draws.fields, arms, fit, members=bool(members))
    found += [design.problem(("draws", "fields", one.place), one.message, one.value, one.allowed, one.advice)
              for one in wrong]  # fmt: skip
    drawn = [one for one in drawn if one.field not in varied]
    if asked.draws.number > 1 and not (drawn or members or wrong):
        said = "nothing is uncertain: no fields are named, and there is no fit whose members could be drawn"
        found.append(design.problem(("draws",), said, advice="name fields, or leave the draws out"))
    draws = sample(drawn, members, asked.draws.number, asked.draws.seed) if asked.draws.number > 1 else [Draw(0)]
    places = shares(made, asked.sampling) if not found else np.zeros((1, len(made)))
    listed = asked.sampling.points if asked.sampling.method == "list" else ()
    return CaseLayout(name, case, best, made, places, drawn, draws, [*notes, *left], listed), found
