"""What of a design changes nothing in its runs: arms that are the same, factors and levels without effect, orders."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from simulator.effects.doubts import doubtful
from simulator.effects.orders import Timetable
from simulator.effects.same import fingerprint, unread
from simulator.errors import Problem
from simulator.scenario.load import Resolved, unique
from simulator.scenario.schema import Scenario
from simulator.sweeps.draws import Uncertain, lay
from simulator.sweeps.experiment import Design
from simulator.sweeps.plan import CaseLayout, SweepPlan
from simulator.sweeps.points import Axis, point
from simulator.sweeps.resolving import placed, resolve_arm
from simulator.sweeps.run import Plan

MOST: Final = 60
"""Scenarios of a case that are made to look for what changes nothing; each takes up to a second."""
Problems = list[Problem]


@dataclass(frozen=True)
class _Look:
    """What was found of a scenario.

    Attributes
    ----------
    scenario : itself, so that its identity is not used again.
    print : its fingerprint.
    unread : its parameters that nothing reads, each with why.
    doubts : what in it changes nothing.
    """

    scenario: Scenario
    print: str
    unread: Mapping[str, str]
    doubts: Problems


class _Looks:
    """Looks at each scenario once: its world and its timetable serve all that is asked of it."""

    def __init__(self) -> None:
        self._known: dict[int, _Look] = {}

    def of(self, made: Resolved, drawn: Mapping[str, float] | None = None) -> _Look:
        """Return what is found of a scenario, or of one on which drawn values are laid."""
        scenario = lay(made.scenario, drawn) if drawn else made.scenario
        if id(scenario) not in self._known:
            timetable = Timetable(scenario)
            self._known[id(scenario)] = _Look(scenario, fingerprint(scenario, timetable),
                                              unread(scenario, timetable.world),
                                              [] if drawn else doubtful(scenario, made.draft, timetable))  # fmt: skip
        return self._known[id(scenario)]


def of_comparison(plan: Plan) -> Problems:
    """Return what changes nothing in the runs of a comparison, or counts twice."""
    found: Problems = []
    for name, case in plan.cases.items():
        looks = _Looks()
        found += _same_arms(plan.design, name, case.resolved, looks)
        found += _orders(plan.design, name, list(case.resolved.items()), looks)
        found += _unread_draws(plan.design, name, case.resolved, case.drawn, looks)
    return unique(found)


def of_sweep(plan: SweepPlan) -> Problems:
    """Return what changes nothing in the runs of a sweep, or counts twice."""
    found: Problems = []
    for name, layout in plan.cases.items():
        looks = _Looks()
        if not layout.axes:
            found += _same_arms(plan.design, name, layout.best, looks)
        found += _unread_draws(plan.design, name, layout.best, layout.drawn, looks)
        found += _Factors(plan.design, layout, looks).doubts()
    return unique(found)


def _in_case(design: Design, name: str) -> str:
    return f" in the case {name!r}" if len(design.cases) > 1 else ""


def _same_arms(design: Design, name: str, best: Mapping[str, Resolved], looks: _Looks) -> Iterator[Problem]:
    """Yield the arms whose runs are those of another."""
    known: dict[str, str] = {}
    for arm, made in best.items():
        mark = looks.of(made).print
        if mark in known:
            said = f"has the same runs as the arm {known[mark]!r}{_in_case(design, name)}: a run reads the same in both"
            yield design.problem(("arms", arm), said, advice="say what it is to change, or leave it out")
        known.setdefault(mark, arm)


def _unread_draws(
    design: Design, name: str, best: Mapping[str, Resolved], drawn: Sequence[Uncertain], looks: _Looks
) -> Iterator[Problem]:
    """Yield the numbers that are drawn and that no arm's run reads, those with one reason together."""
    if not drawn:
        return
    idle = [looks.of(made).unread for made in best.values()]
    why: dict[str, list[str]] = {}
    for one in drawn:
        if all(one.field in each for each in idle):
            why.setdefault(idle[0][one.field], []).append(one.field)
    for reason, fields in why.items():
        shown = ", ".join(fields[:3]) + (f" and {len(fields) - 3} more" if len(fields) > 3 else "")
        said = f"{shown}: drawn, and changes nothing{_in_case(design, name)}: nothing reads it, since {reason}"
        yield design.problem(("draws", "fields"), said, advice="draw others")


def _orders(design: Design, name: str, made: Sequence[tuple[str, Resolved]], looks: _Looks) -> Iterator[Problem]:
    """Yield the orders and other things that change nothing in any of the scenarios that have them."""
    said: dict[tuple[str, int | None, str], list[Problem]] = {}
    there: dict[tuple[str, int | None, str], int] = {}
    for _, each in made:
        for problem in looks.of(each).doubts:
            said.setdefault((problem.file, problem.line, problem.field), []).append(problem)
    for key in said:
        file, line, field = key
        path = tuple(field.split("."))[:2]
        for _, each in made:
            marks = each.draft.corridor.marks
            there[key] = there.get(key, 0) + any(
                (mark.file, mark.line) == (file, line) and tuple(map(str, known))[:2] == path
                for known, mark in marks.items()
            )
    for key, problems in said.items():
        if len(problems) >= there[key]:
            yield placed(design, name, made[0][0], problems[0])


class _Factors:
    """Looks at the factors of a case, one at a time, with the others held."""

    def __init__(self, design: Design, layout: CaseLayout, looks: _Looks):
        self.design, self.layout, self.looks = design, layout, looks
        self._made: dict[str, tuple[str, Resolved] | None] = {}

    def doubts(self) -> Iterator[Problem]:
        """Yield factors that change nothing, levels that are the same as another, and orders that never act."""
        axes = self.layout.axes
        if not axes:
            yield from _orders(self.design, self.layout.name, list(self.layout.best.items()), self.looks)
            return
        bases = self._bases()
        for number, axis in enumerate(axes):
            shares = axis.grid() if axis.levels else [0.0, 1.0]
            yield from self._one(axis, number, shares, bases)
        made = [(key.split("\x1f")[0], each[1]) for key, each in self._made.items() if each is not None]
        yield from _orders(self.design, self.layout.name, made or list(self.layout.best.items()), self.looks)

    def _bases(self) -> list[tuple[float, ...]]:
        """Return places at which the other factors are held: their levels in all combinations, as far as that goes."""
        named = [axis.grid() if axis.laid else [0.5] for axis in self.layout.axes]
        every = list(itertools.product(*named))
        per_base = len(self.layout.best) * sum(len(axis.levels) or 2 for axis in self.layout.axes)
        most = max(MOST // max(per_base, 1), 2)
        step = max(len(every) // most, 1)
        return every[::step][:most]

    def _one(
        self, axis: Axis, number: int, shares: Sequence[float], bases: Sequence[tuple[float, ...]]
    ) -> Iterator[Problem]:
        """Yield what is wrong with one factor."""
        groups: dict[tuple[float, ...], list[tuple[str, ...]]] = {}
        for base in bases:
            held = (*base[:number], 0.0, *base[number + 1 :])
            if held not in groups:
                groups[held] = [self._prints((*base[:number], share, *base[number + 1 :])) for share in shares]
        where = ("factors", axis.name) if axis.name in self.design.experiment.factors else ("factors",)
        # One level alone is laid over every run: whether that acts is told of its orders.
        idle = [held for held, prints in groups.items() if len(set(prints)) == 1 < len(prints)]
        case = _in_case(self.design, self.layout.name)
        if len(idle) == len(groups):
            reason = self._unread(axis) or "a run reads the same at all of its values"
            said = f"changes nothing in these runs{case}: {reason}"
            yield self.design.problem(where, said, axis.name, advice="vary something that acts, or leave it out")
            return
        for held in idle:
            others = ", ".join(
                f"{other.name} is {other.at(share)}"
                for place, (other, share) in enumerate(zip(self.layout.axes, held, strict=True))
                if place != number and other.laid
            )
            yield self.design.problem(where, f"changes nothing in these runs where {others}{case}", axis.name,
                                      advice="see what acts there, and what does not")  # fmt: skip
        for one, other in itertools.combinations(range(len(shares)), 2):
            if axis.levels and all(prints[one] == prints[other] for held, prints in groups.items() if held not in idle):
                said = f"has the same runs at {axis.at(shares[one])} as at {axis.at(shares[other])}{case}"
                yield self.design.problem(where, said, axis.name, advice="leave one of them out")

    def _unread(self, axis: Axis) -> str:
        """Return why a number has no effect, where it is a parameter that nothing reads."""
        for each in self.layout.best.values():
            why = self.looks.of(each).unread.get(axis.field or "")
            if why:
                return f"nothing reads {axis.field}, since {why}"
        return ""

    def _prints(self, places: tuple[float, ...]) -> tuple[str, ...]:
        """Return the fingerprints of all arms at a point."""
        at = point(self.layout.axes, places)  # type: ignore[arg-type]
        found = []
        for arm in self.layout.best:
            key = f"{arm}\x1f{at}"
            if key not in self._made:
                self._made[key] = self._make(arm, at)
            made = self._made[key]
            found.append(key if made is None else made[0])
        return tuple(found)

    def _make(self, arm: str, at: Any) -> tuple[str, Resolved] | None:
        """Return the fingerprint of an arm at a point, and what it resolves to; None if it does not."""
        made: Resolved | None = self.layout.best[arm]
        if at.laid or at.member is not None:
            made, _ = resolve_arm(self.design, self.layout.name, arm, at.member, at.laid)
        if made is None:
            return None
        return self.looks.of(made, at.drawn).print, made
