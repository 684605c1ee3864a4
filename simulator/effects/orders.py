"""A dry run of the timetable: which orders change nothing that a run depends on, where, and why.

For each step the table of levers is filled with all orders, and with all but one; where what a lever comes to in the
equations is the same, or no gate of the lever stands open, the one changes nothing there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.effects.reach import REACH, Facts, Setting, facts_of
from simulator.governments.costs import BY_PEOPLE
from simulator.governments.levers import LeverTable
from simulator.governments.timetable import Order, order_of, places_of
from simulator.scenario.bargains import Bargain
from simulator.scenario.levers import LEVERS
from simulator.scenario.policies import LeverChange
from simulator.scenario.schema import Scenario
from simulator.scenario.yaml_file import KeyPath
from simulator.world.build import build_world

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Where = tuple[NDArray[np.intp], ...]
TOLD: Final = {"kind", "source", "factor", "note"}
"""What is said of an order, and does nothing."""
OPEN: Final = 0.5
"""Stands for a value that governments set as a run goes: neither limit, so that no gate shuts."""


@dataclass(frozen=True)
class Doubt:
    """Something that was given and changes nothing, or counts twice.

    Attributes
    ----------
    path : where it stands in the corridor.
    message : what is so.
    value : what was given.
    advice : what would work.
    dates : first day and day after the last of what acts on no day of the period; None where that is not the reason.
    """

    path: KeyPath
    message: str
    value: object = None
    advice: str = ""
    dates: tuple[date, date] | None = None


class Why(NamedTuple):
    """Why something changes nothing, and what would work; `dates` as of `Doubt`."""

    message: str
    advice: str
    dates: tuple[date, date] | None = None


@dataclass
class _Part:
    """One name that an order acts at, and what was found of it so far.

    Attributes
    ----------
    path : where the name stands.
    cells : elements of the lever that it stands for, shape of the lever.
    moved, felt : whether the lever's value, or what it comes to in the equations, is ever another than without it.
    acts : whether that is so where the lever reaches.
    alone : whether the lever, with all orders, is ever another than neutral there.
    shut : gates, by number, that were shut where it was felt.
    """

    path: KeyPath
    name: str
    cells: Bools
    moved: bool = False
    felt: bool = False
    acts: bool = False
    alone: bool = False
    shut: set[int] = field(default_factory=set)


@dataclass
class _Entry:
    """A change of the timetable, its order, and the parts that are looked at."""

    path: KeyPath
    policy: str
    change: LeverChange
    order: Order
    parts: list[_Part]


class Timetable:
    """All orders of a scenario, laid on a table step by step without a run.

    Attributes
    ----------
    world : the world of the scenario at its first day.
    """

    def __init__(self, scenario: Scenario):
        self.scenario = scenario
        self.world = build_world(scenario)
        self._looked = False
        self.facts: Facts = facts_of(scenario, self.world)
        self.table = LeverTable(self.world)
        self.decided = decided_levers(scenario)
        self.entries = list(self._entries())
        self.of_lever: dict[str, list[_Entry]] = {}
        for entry in self.entries:
            self.of_lever.setdefault(entry.change.lever, []).append(entry)

    def _entries(self) -> Iterator[_Entry]:
        for name, policy in self.scenario.corridor.policies.items():
            for index, change in enumerate(policy.levers):
                path: KeyPath = ("policies", name, "levers", index)
                order = order_of(name, change, self.scenario, self.world.clock)
                yield _Entry(path, name, change, order, list(self._parts(path, change)))

    def _parts(self, path: KeyPath, change: LeverChange) -> Iterator[_Part]:
        named = [("at", index, name) for index, name in enumerate(change.at)]
        named += [("to", index, name) for index, name in enumerate(change.to)]
        for key, index, name in named:
            one = change.model_copy(update={key: (name,)})
            yield _Part((*path, key, index), name, self.cells(change.lever, places_of(one, self.scenario)))

    def cells(self, lever: str, where: Where) -> Bools:
        """Return the elements of a lever that some places stand for, in the lever's shape."""
        cells = np.zeros(self.world.levers[lever].shape, dtype=bool)
        cells[where] = True
        return cells

    def lay(self, step: int, entries: Iterable[_Entry]) -> None:
        """Lay some orders as they stand in a step."""
        self.table.clear()
        for entry in entries:
            order = entry.order
            if order.active[step] > 0:
                laid = float(order.value[step]), float(order.active[step])
                self.table.lay(order.lever, order.where, order.do, *laid, order.days.get(step))

    def value(self, step: int, lever: str, without: _Entry | None = None) -> Floats:
        """Return a lever in a step as all its orders make it, or all but one."""
        self.lay(step, (entry for entry in self.of_lever[lever] if entry is not without))
        return self.table.value(lever)

    def setting(self, step: int) -> Setting:
        """Return the world in a step; levers that are decided as the run goes shut no gate."""
        self.world.step = step
        self.lay(step, self.entries)
        self.table.apply(self.world)
        levers = {name: value.copy() for name, value in self.world.levers.items()}
        for name in self.decided:
            levers[name] = np.full_like(levers[name], max(LEVERS[name].neutral, OPEN))
        return Setting(self.world, self.facts, step, levers)

    def look(self) -> None:
        """Find out, step by step, which parts of which orders act; stop as soon as all are known to."""
        if self._looked:
            return
        self._looked = True
        steps = range(self.world.clock.n_steps)
        alike: dict[tuple[str, str], list[_Entry]] = {}  # an order that stands there again does what the first does
        for entry in self.entries:
            alike.setdefault((entry.policy, entry.change.model_dump_json(exclude=TOLD)), []).append(entry)
        distinct = [first for first, *_ in alike.values()]
        for step in steps:
            unknown = [
                entry
                for entry in distinct
                if entry.order.active[step] > 0 and not all(part.acts for part in entry.parts)
            ]
            if unknown:
                setting = self.setting(step)
                for entry in unknown:
                    self._compare(entry, setting)
        # An order that ends another does something: only what leaves the lever as it was at all times is undone.
        undone = [entry for entry in distinct if not all(part.alone for part in entry.parts if part.acts)]
        for lever in dict.fromkeys(entry.change.lever for entry in undone):
            self._look_alone(lever, [entry for entry in undone if entry.change.lever == lever])
        for first, *others in alike.values():
            for again in others:
                again.parts = [replace(found, path=part.path)
                               for found, part in zip(first.parts, again.parts, strict=True)]  # fmt: skip

    def _look_alone(self, lever: str, undone: list[_Entry]) -> None:
        """Find out where all orders of a lever together ever leave it other than it is without any."""
        seen = REACH[lever].seen
        acting = np.logical_or.reduce([entry.order.active > 0 for entry in self.of_lever[lever]])
        for step in np.flatnonzero(acting).tolist():
            undone = [entry for entry in undone if not all(part.alone for part in entry.parts if part.acts)]
            if not undone:
                break
            setting = Setting(self.world, self.facts, step, {})  # what a lever comes to hangs on no other
            value = self.value(step, lever)
            other = seen(setting, value) != seen(setting, np.full_like(value, LEVERS[lever].neutral))
            for part in (part for entry in undone for part in entry.parts):
                part.alone |= bool((other & part.cells).any())

    def _compare(self, entry: _Entry, setting: Setting) -> None:
        """Note what a step says of the parts of an order."""
        name, step = entry.change.lever, setting.step
        reach = REACH[name]
        with_, without = self.value(step, name), self.value(step, name, entry)
        if name in self.decided:  # what it comes on top of is not known: it counts unless it is neutral itself
            value = entry.order.value[step]
            felt = moved = np.full(with_.shape, bool(value != _neutral(entry.change)))
            alone = felt
        else:
            seen = reach.seen(setting, with_)
            moved = with_ != without
            felt = seen != reach.seen(setting, without)
            alone = seen != reach.seen(setting, np.full_like(with_, LEVERS[name].neutral))
        gates = [np.broadcast_to(gate.holds(setting), felt.shape) for gate in reach.gates]
        through = np.logical_and.reduce([np.ones(felt.shape, dtype=bool), *gates])
        for part in entry.parts:
            part.moved |= bool((moved & part.cells).any())
            part.felt |= bool((felt & part.cells).any())
            part.acts |= bool((felt & part.cells & through).any())
            part.alone |= bool((alone & part.cells & through).any())
            if not part.acts:
                shut = next((number for number, gate in enumerate(gates) if not (felt & part.cells & gate).any()), None)
                part.shut |= set() if shut is None else {shut}

    def doubts(self) -> Iterator[Doubt]:
        """Yield every order, or name in one, that changes nothing in the run."""
        self.look()
        for entry in self.entries:
            said = [(part, self._why(entry, part)) for part in entry.parts if not part.acts]
            if len(said) == len(entry.parts) and len({why.message for _, why in said}) == 1:
                why = said[0][1]
                yield Doubt(entry.path, self._said(entry, why), self._shown(entry), why.advice, why.dates)
            else:
                for part, why in said:
                    yield Doubt(part.path, self._said(entry, why), part.name, why.advice, why.dates)
            if not said and not all(part.alone for part in entry.parts):
                others = ", ".join(self._others(entry)) or "another of its own orders"
                why = Why(f"{others} undoes it: together they leave the lever as it was", "leave out both")
                yield Doubt(entry.path, self._said(entry, why), self._shown(entry), why.advice)

    def _said(self, entry: _Entry, why: Why) -> str:
        dear = why.dates is None and self.costs(entry)
        return f"changes nothing in this run{' but what it is reckoned to cost' if dear else ''}: {why.message}"

    def costs(self, entry: _Entry) -> bool:
        """Return whether an order is reckoned to cost something whether it acts or not."""
        priced = self.scenario.corridor.costs is not None and LEVERS[entry.change.lever].cost not in ("", *BY_PEOPLE)
        acting = entry.order.active > 0
        return priced and bool((entry.order.value[acting] > _neutral(entry.change)).any())

    def _shown(self, entry: _Entry) -> str:
        return f"{entry.change.lever} at {', '.join(entry.change.at[:4])}{', ...' if len(entry.change.at) > 4 else ''}"

    def _others(self, entry: _Entry) -> list[str]:
        """Return the policies that hold the same lever at the same places and time."""
        mine = self.cells(entry.change.lever, entry.order.where)
        return list(dict.fromkeys(
            f"policy {other.policy!r}" for other in self.entries
            if other is not entry and other.change.lever == entry.change.lever
            and (self.cells(other.change.lever, other.order.where) & mine).any()
            and ((other.order.active > 0) & (entry.order.active > 0)).any()
        ))  # fmt: skip

    def _why(self, entry: _Entry, part: _Part) -> Why:
        """Return why a part of an order changes nothing, and what would work."""
        change, lever = entry.change, LEVERS[entry.change.lever]
        acting = entry.order.active > 0
        period = self.scenario.period
        if not acting.any():
            first, last = change.values[0].from_, change.until
            when = f"from {first}" + (f" until {last}" if last else "")
            return Why(f"it acts on no day of the period, {period.start} to {period.end}, but {when}",
                       "give it dates in the period, or the run another period", (first, last or date.max))  # fmt: skip
        if (entry.order.value[acting] == _neutral(change)).all():
            usual = f"sets {lever.neutral:g}, as the lever is without it"
            what = {"add": "adds 0", "multiply": "multiplies by 1", "set": usual}
            return Why(f"it {what[change.do]}", "give another value, or leave it out")
        if part.felt:
            gate = REACH[lever.name].gates[max(part.shut)] if part.shut else REACH[lever.name].gates[0]
            return Why(gate.message, gate.advice)
        others = self._others(entry)
        if change.do == "multiply" and lever.neutral == 0.0 and not (entry.order.value[acting] == 0).all():
            said = f"it multiplies {lever.name!r}, which is 0 here: nothing adds to it or sets it"
            return Why(said, _instead(lever.name))
        beside = f", with {', '.join(others)}" if others else ""
        if part.moved:
            return Why(f"what {lever.name!r} comes to is at its limit without it{beside}", "leave it out")
        return Why(f"{lever.name!r} is the same without it{beside}; its limits are {lever.low:g} and {lever.high:g}",
                   "leave it out, or change what else holds the lever")  # fmt: skip


def _instead(lever: str) -> str:
    """Return what to do in place of multiplying a lever whose neutral value is 0."""
    if lever == "border_effort_departure":
        return "use 'do: add'; or multiply border_posture, the factor on the whole effort of the departure side"
    return "use 'do: add' or 'do: set'"


def _neutral(change: LeverChange) -> float:
    """Return the value of an order that changes nothing, in the lever's unit or as a factor."""
    return {"add": 0.0, "multiply": 1.0, "set": LEVERS[change.lever].neutral}[change.do]


def decided_levers(scenario: Scenario) -> set[str]:
    """Return the levers that governments may move by rule as the run goes."""
    corridor, found = scenario.corridor, set()
    for bargain in corridor.bargains.values():
        if bargain.active:
            found.add("border_posture" if bargain.about == "border" else "readmission_cooperation")
            found |= _offered(scenario, bargain)
    for response in corridor.responses.values():
        if response.active:
            found |= {moved.lever for answer in response.answers.values() for moved in answer.levers}
    return found


def _offered(scenario: Scenario, bargain: Bargain) -> set[str]:
    regimes = scenario.corridor.regimes
    regime = regimes.regimes.get(bargain.regime) if regimes is not None else None
    return set() if regime is None else {item.lever for item in regime.items}
