"""What a stage is: one thing that happens to the world in a step, declared in the module that holds its rules.

A stage says what it reads, what it changes, what state it owns from step to step, what it records, and why it stands
where it does. `Stages` is a step: an ordered list of stages that fit together. A stage of one's own takes the place of
one of Corridor's, stands beside them, or one is left out; what no longer fits is refused before anything runs.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError, Problem, nearest
from simulator.world.fields import RECORDED, Field
from simulator.world.world import World

Update = Callable[[World], None]
First = float | Callable[[World], NDArray[Any]]
SHARED: Final = frozenset({"pools", "people", "closed", "queue", "entered"})
"""What no stage owns and several change: everybody, and their claims."""
CONTEXT: Final = frozenset(
    {
        "clock", "parameters", "switches", "network", "groups", "countries", "weight", "step", "seed",
        "day", "end_day", "days", "years", "home_place", "ledger",
    }
)  # fmt: skip
"""What every stage may read: fixed facts of the run, and the place where it records."""
LEDGER: Final = "ledger."


@dataclass(frozen=True)
class Variable:
    """State that a stage owns: an attribute of the world that lasts from step to step.

    Attributes
    ----------
    name : its name; `World.name` is the array.
    dims : what its axes are, names of `World.sizes`.
    unit : unit of its values, 1 for shares and chances.
    doc : what it is, in a line.
    first : its value before the first step, everywhere or as a function of the world as it was built.
    """

    name: str
    dims: tuple[str, ...]
    unit: str
    doc: str
    first: First = 0.0

    def begin(self, world: World) -> NDArray[Any]:
        """Return the first value."""
        if callable(self.first):
            return self.first(world)
        return np.full(tuple(world.sizes[dim] for dim in self.dims), float(self.first))


@dataclass(frozen=True)
class Stage:
    """One stage of the step.

    Attributes
    ----------
    name : its name; the rules of Corridor's own are in the module of that name.
    run : what it does to the world.
    reads : attributes of the world that it may read, besides `CONTEXT`.
    changes : what it may change that it does not own: what all share, state of other stages, and entries of the ledger
        that others record, as ``ledger.deaths``.
    owns : its own state.
    records : what it records: names of the register, or fields of its own.
    reason : why it stands here.
    """

    name: str
    run: Update
    reads: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    owns: tuple[Variable, ...] = ()
    records: tuple[str | Field, ...] = ()
    reason: str = ""

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Go to another process by the name of the module that ends in it, so that both have the same rules."""
        module = self.run.__module__
        if module != "__main__" and getattr(sys.modules.get(module), "STAGE", None) is self:
            return _of_module, (module,)
        return super().__reduce_ex__(protocol)

    @property
    def writes(self) -> frozenset[str]:
        """All that it may change."""
        own = {variable.name for variable in self.owns}
        return frozenset({*self.changes, *own, *(LEDGER + name for name in self.recorded)})

    @property
    def recorded(self) -> tuple[str, ...]:
        """Names of what it records."""
        return tuple(each if isinstance(each, str) else each.name for each in self.records)

    def origin(self) -> dict[str, Any]:
        """Return where a stage of one's own comes from: its function, and the hash of its code and of what it declares.

        Of code the whole file counts, since what the function calls is as much part of the rule.
        """
        own = [each for each in self.records if isinstance(each, Field)]
        firsts = {each.name: each.first for each in self.owns}
        code = dict.fromkeys(_code(each) for each in (self.run, *firsts.values()) if callable(each))
        declared = {name: "computed" if callable(first) else first for name, first in firsts.items()}
        said = repr((sorted(self.reads), sorted(self.writes), declared)).encode()
        return {
            "name": self.name,
            "function": f"{self.run.__module__}.{self.run.__qualname__}",
            "sha256": hashlib.sha256(b"\0".join((said, *code))).hexdigest(),
            "records": [{**asdict(field), "dims": list(field.dims)} for field in own],
        }


def _of_module(name: str) -> Stage:
    found: Stage = import_module(name).STAGE
    return found


def _code(function: Callable[..., object]) -> bytes:
    """Return the code that a function comes from: its file, or its own text where it was typed in."""
    try:
        file = inspect.getsourcefile(function)
        if file is not None and Path(file).is_file():
            return Path(file).read_bytes()
        return inspect.getsource(function).encode()
    except (OSError, TypeError) as error:
        raise InputError([_problem(getattr(function, "__name__", str(function)), "its code cannot be found", None,
                                   "put the stage into a file and import it from there")]) from error  # fmt: skip


def _problem(stage: str, message: str, value: object, advice: str, allowed: Iterable[str] = ()) -> Problem:
    return Problem("stages", stage, message, value, None, ", ".join(allowed), advice)


class Stages(Sequence[Stage]):
    """The stages of a step, in order.

    Raises
    ------
    InputError
        If two have a name, own a variable or record a field together, or one reads what nobody has.
    """

    def __init__(self, stages: Iterable[Stage]):
        self._stages = tuple(stages)
        self.names = tuple(stage.name for stage in self._stages)
        if problems := list(self._problems()):
            raise InputError(problems)

    def __getitem__(self, key: Any) -> Any:
        """Return a stage by number or by name."""
        return self._stages[self._at(key)] if isinstance(key, str) else self._stages[key]

    def __len__(self) -> int:
        return len(self._stages)

    def __iter__(self) -> Iterator[Stage]:
        return iter(self._stages)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stages) and self._stages == other._stages

    def __hash__(self) -> int:
        return hash(self._stages)

    def replace(self, name: str, stage: Stage) -> Stages:
        """Return these stages with another in place of one of them."""
        at = self._at(name)
        return Stages((*self._stages[:at], stage, *self._stages[at + 1 :]))

    def insert(self, stage: Stage, *, before: str | None = None, after: str | None = None) -> Stages:
        """Return these stages with one more, before or after one of them."""
        if (before is None) == (after is None):
            raise InputError([_problem(stage.name, "needs a place", None, "say before=NAME or after=NAME", self.names)])
        at = self._at(before) if before is not None else self._at(str(after)) + 1
        return Stages((*self._stages[:at], stage, *self._stages[at:]))

    def without(self, *names: str) -> Stages:
        """Return these stages without some of them."""
        left_out = {self._at(name) for name in names}
        return Stages(stage for number, stage in enumerate(self._stages) if number not in left_out)

    @property
    def fields(self) -> dict[str, Field]:
        """What is recorded by fields of stages' own, by name."""
        return {each.name: each for stage in self for each in stage.records if isinstance(each, Field)}

    def begin(self, world: World) -> None:
        """Set the state of all stages as it stands before the first step."""
        for stage in self:
            for variable in stage.owns:
                setattr(world, variable.name, variable.begin(world))

    def run(self, world: World) -> None:
        """Run one step."""
        for stage in self._stages:
            stage.run(world)

    def _at(self, name: str) -> int:
        if name not in self.names:
            raise InputError([_problem(name, "no such stage", name, nearest(name, self.names), self.names)])
        return self.names.index(name)

    def _problems(self) -> Iterator[Problem]:
        owners: dict[str, str] = {}
        recorders: dict[str, str] = {}
        for number, stage in enumerate(self._stages):
            if stage.name in self.names[:number]:
                yield _problem(stage.name, "is there twice", None, "give each stage a name of its own")
            for kind, names, found in (
                ("owns", [each.name for each in stage.owns], owners), ("records", stage.recorded, recorders),
            ):  # fmt: skip
                for name in names:
                    if name in found:
                        yield _problem(stage.name, f"{kind} what {found[name]!r} {kind}, too", name,
                                       "leave it to one of them")  # fmt: skip
                    found[name] = stage.name
            for field in stage.records:
                if isinstance(field, str) and field not in RECORDED:
                    yield _problem(stage.name, "records what is not in the register", field,
                                   "give a Field in place of its name", RECORDED)  # fmt: skip
                elif isinstance(field, Field) and field.name in RECORDED:
                    yield _problem(stage.name, "brings a field that the register has", field.name,
                                   "record it by name, or name yours otherwise")  # fmt: skip
        there = {*owners, *World.built(), *CONTEXT}
        for stage in self._stages:
            for name in (*stage.reads, *(each for each in stage.changes if not each.startswith(LEDGER))):
                if name not in there:
                    yield _problem(stage.name, "reads or changes what no stage owns", name,
                                   "bring a stage that owns it", sorted(there))  # fmt: skip
