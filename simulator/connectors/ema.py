"""A scenario as a model of the EMA workbench: its uncertain numbers, levers, and measures (Kwakkel 2017).

The workbench then draws, runs, searches and discovers as with any model of its own. The ranges are those of the
scenario, by the same code as Corridor's own sweeps. Needs the extra ``ema``.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from pydantic import Field, JsonValue, ValidationError

from simulator.clock import Clock
from simulator.errors import ChoiceError, InputError, Problem
from simulator.model import CorridorModel, simulate
from simulator.scenario.evidence import Frozen
from simulator.scenario.load import Resolved, resolve, unique
from simulator.scenario.schema import Scenario
from simulator.sweeps.draws import MEMBER, Uncertain, choose, lay
from simulator.sweeps.experiment import Measured
from simulator.sweeps.measures import problems, value

WHERE: Final = "ema_model"
"""What stands for a file in problems of its arguments."""
BEST: Final = "scenario"
"""Name of the scenario as it is, among the levels of levers."""
KEPT: Final = 32
"""Resolved scenarios that a process keeps: one for each combination of levers and member that it met last."""
INFO, MAXIMIZE, MINIMIZE = "INFO", "MAXIMIZE", "MINIMIZE"
ADVICE: Final = "pip install 'corridor[ema]'"


class Level(Frozen):
    """What a level of a lever lays over the scenario."""

    overrides: tuple[str, ...] = ()
    """Overrides, by name or path."""
    without: tuple[str, ...] = ()
    """Overrides of the scenario's own to leave out."""
    set: dict[str, JsonValue] = Field(default_factory=dict)
    """Dotted fields and their values."""


class Lever(Frozen):
    """A lever: either named levels, or a field that is set to a number between two ends."""

    levels: dict[str, Level] = Field(default_factory=dict)
    """Levels by name."""
    field: str = ""
    """Dotted field of a number, such as ``policies.more-rescue.levers.0.values.0.value``."""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class CorridorFunction:
    """A scenario as a function of uncertain numbers and levers, that can be sent to another process.

    Attributes
    ----------
    options : keyword arguments of `simulator.scenario.load.load`, as pairs; `set` and `overrides` are those of the
        scenario as it is.
    replicates : seeds from the scenario's own on, of which the mean is taken.
    """

    scenario: str
    options: tuple[tuple[str, Any], ...]
    levers: Mapping[str, Lever]
    measures: Mapping[str, Measured]
    replicates: int

    def __call__(self, **given: Any) -> dict[str, float]:
        """Run the scenario and return its measures; all NaN where the drawn values make no sense together.

        Parameters
        ----------
        given : value of each uncertain number by its field, level or number of each lever, ``fit_member``.
        """
        chosen = {name: given[name] for name in self.levers if name in given}
        member = given.get(MEMBER)
        resolved = self.resolved(chosen, None if member is None else int(member)).scenario
        drawn = {name: float(each) for name, each in given.items() if name not in chosen and name != MEMBER}
        made = lay(resolved, drawn)
        sums = dict.fromkeys(self.measures, 0.0)
        for replicate in range(self.replicates):
            try:
                result = simulate(made.model_copy(update={"seed": made.seed + replicate}))
            except ChoiceError:
                return dict.fromkeys(self.measures, float("nan"))
            for name, asked in self.measures.items():
                sums[name] += value(result, asked) / self.replicates
        return sums

    def resolved(self, chosen: Mapping[str, Any], member: int | None) -> Resolved:
        """Return the scenario with levers set and a member of the fit."""
        laid = [_level(self.levers[name], each) for name, each in chosen.items()]
        options = dict(self.options)
        options["overrides"] = (*options["overrides"], *(name for level in laid for name in level.overrides))
        options["without"] = (*options["without"], *(name for level in laid for name in level.without))
        fields = dict(options["set"])
        for level in laid:
            fields.update(level.set)
        options["set"] = tuple((field, repr(each)) for field, each in fields.items())
        return _resolved(self.scenario, tuple(options.items()), tuple(fields.values()), member)


class _Values(tuple[Any, ...]):
    """Values that may not be hashable, told apart by how they are written."""

    def __hash__(self) -> int:
        return hash(repr(tuple(self)))


def _resolved(scenario: str, options: tuple[Any, ...], values: tuple[Any, ...], member: int | None) -> Resolved:
    return _kept(scenario, options, _Values(values), member)


@lru_cache(maxsize=KEPT)
def _kept(scenario: str, options: tuple[Any, ...], values: _Values, member: int | None) -> Resolved:
    asked = dict(options)
    asked["set"] = {field: each for (field, _), each in zip(asked["set"], values, strict=True)}
    return resolve(scenario, fit_member=member, **asked)


def _level(lever: Lever, chosen: Any) -> Level:
    """Return what a lever lays over the scenario."""
    if lever.levels:
        return lever.levels[str(chosen)]
    return Level(set={lever.field: float(chosen)})


def ema_model(
    scenario: str | Path,
    measures: Mapping[str, str | Mapping[str, Any] | Measured],
    *,
    uncertainties: Sequence[str] = (),
    levers: Mapping[str, Mapping[str, Any]] | None = None,
    members: bool = True,
    replicates: int = 1,
    name: str = "corridor",
    overrides: Sequence[str] = (),
    without: Sequence[str] = (),
    set: Mapping[str, Any] | None = None,
    persons_per_agent: int | None = None,
    start: date | None = None,
    end: date | None = None,
) -> Any:
    """Return a scenario as a model of the EMA workbench.

    Parameters
    ----------
    scenario : name or path of a scenario.
    measures : by name, what is measured: a recorded measure, or what a design says of one (``measure``, ``where``,
        ``at``, ``since``, ``until``, ``better``). What is better when less is minimised, when more maximised.
    uncertainties : dotted fields to draw, with ``*`` for any text, each over the scenario's own range: those that are
        factors evenly in their logarithm, all others evenly.
    levers : by name, either ``levels`` (what each lays over the scenario: ``overrides``, ``without``, ``set``) or a
        ``field`` with ``low`` and ``high``. Levers that lay over the same field hold in the order given.
    members : whether the member of the corridor's fit is uncertain, too, where it has one; fitted numbers are then held
        by the member and cannot be drawn.
    replicates : seeds of each experiment, of which the mean is taken; every experiment has the same ones.
    name : of the model; letters and digits.
    overrides, without, set, persons_per_agent, start, end : as for `simulator.run`.

    Returns
    -------
    ema_workbench.Model
        Its uncertainties are named by their fields, with ``_`` for what is no letter or digit. Its function returns NaN
        for every measure where drawn values make no sense together.

    Raises
    ------
    InputError
        With every problem of the scenario, the levers and the measures; or if the workbench is not installed.
    """
    ema = _workbench()
    asked, found = _asked_measures(measures)
    pulled, more = _asked_levers(levers or {})
    options = (("overrides", tuple(overrides)), ("without", tuple(without)), ("set", dict(set or {})),
               ("persons_per_agent", persons_per_agent), ("start", start), ("end", end))  # fmt: skip
    function = CorridorFunction(str(scenario), options, pulled, asked, replicates)
    found += more
    best = function.resolved({}, None)
    scenarios = {BEST: best.scenario}
    for label, chosen in _each_level(pulled):
        try:
            scenarios[label] = function.resolved(chosen, None).scenario
        except InputError as error:
            found += [_placed(f"levers.{label}", one) for one in error.problems]
    drawn, _, wrong = choose(uncertainties, scenarios, best.fit, members=members)
    found += [Problem(WHERE, f"uncertainties.{one.place}", one.message, one.value, None, one.allowed, one.advice)
              for one in wrong]  # fmt: skip
    found += [*_measure_problems(asked, best.scenario), *_name_problems(name, pulled, asked)]
    if found:
        raise InputError(unique(found))
    model = ema.Model(name, function=function)
    names = identifiers([one.field for one in drawn])
    model.uncertainties = [
        *(_parameter(ema, name, one) for name, one in zip(names, drawn, strict=True)), *_member(ema, best, members)
    ]  # fmt: skip
    model.levers = [_lever(ema, key, lever) for key, lever in pulled.items()]
    model.outcomes = [ema.ScalarOutcome(key, kind=getattr(ema.ScalarOutcome, _kind(each)))
                      for key, each in asked.items()]  # fmt: skip
    return model


def _workbench() -> Any:
    """Return the EMA workbench."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import ema_workbench
    except ImportError:
        said = "the EMA workbench is not installed"
        raise InputError([Problem(WHERE, "", said, advice=ADVICE)]) from None
    return ema_workbench


def _kind(asked: Measured) -> str:
    return {"less": MINIMIZE, "more": MAXIMIZE, None: INFO}[asked.better]


def identifiers(fields: Sequence[str]) -> list[str]:
    """Return names as the workbench wants them, one a field: ``news.weight`` is ``news_weight``."""
    found: list[str] = []
    for field in fields:
        name = re.sub(r"\W", "_", field)
        while name in found:
            name += "_"
        found.append(name)
    return found


def _parameter(ema: Any, name: str, one: Uncertain) -> Any:
    """Return an uncertain number as a parameter; the function takes it by its field."""
    more = {"default": one.best, "variable_name": [one.field]}
    if one.scale == "log":
        from scipy.stats import loguniform

        return ema.RealParameter.from_dist(name, loguniform(one.low, one.high), **more)
    return ema.RealParameter(name, one.low, one.high, **more)


def _member(ema: Any, best: Resolved, members: bool) -> Iterator[Any]:
    """Yield the member of the fit as a parameter, where there are several."""
    if members and best.fit is not None and len(best.fit.members) > 1:
        yield ema.CategoricalParameter(MEMBER, list(range(len(best.fit.members))), default=best.scenario.fit_member)


def _lever(ema: Any, name: str, lever: Lever) -> Any:
    if lever.levels:
        return ema.CategoricalParameter(name, list(lever.levels))
    return ema.RealParameter(name, lever.low, lever.high)


def _asked_measures(
    measures: Mapping[str, str | Mapping[str, Any] | Measured],
) -> tuple[dict[str, Measured], list[Problem]]:
    made, found = {}, []
    for name, asked in measures.items():
        given = {"measure": asked} if isinstance(asked, str) else asked
        try:
            made[name] = given if isinstance(given, Measured) else Measured.model_validate(dict(given))
        except ValidationError as error:
            found += [_problem(f"measures.{name}", one) for one in error.errors()]
    if not measures:
        found.append(Problem(WHERE, "measures", "is empty: there is nothing to measure", advice="name one or more"))
    return made, found


def _asked_levers(levers: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, Lever], list[Problem]]:
    made, found = {}, []
    for name, asked in levers.items():
        try:
            lever = Lever.model_validate(dict(asked))
        except ValidationError as error:
            found += [_problem(f"levers.{name}", one) for one in error.errors()]
            continue
        ranged = bool(lever.field) and lever.low is not None and lever.high is not None and lever.low < lever.high
        if bool(lever.levels) == bool(lever.field) or (lever.field and not ranged):
            allowed = "'levels', or 'field' with 'low' below 'high'"
            found.append(Problem(WHERE, f"levers.{name}", "is no lever", None, None, allowed))
        elif len(lever.levels) == 1:
            found.append(Problem(WHERE, f"levers.{name}.levels", "has one level", None, None, "two or more"))
        else:
            made[name] = lever
    return made, found


def _name_problems(name: str, levers: Iterable[str], measures: Iterable[str]) -> Iterator[Problem]:
    """Yield names that the workbench does not take."""
    if not name.isalnum():
        yield Problem(WHERE, "name", "is no name for a model", name, None, "letters and digits")
    for part, keys in (("levers", levers), ("measures", measures)):
        for key in keys:
            if not key.isidentifier():
                said = "is no name that the EMA workbench takes"
                yield Problem(WHERE, f"{part}.{key}", said, key, None, "letters, digits and _")


def _placed(where: str, one: Problem) -> Problem:
    """Return a problem of what a lever lays over the scenario, with the lever."""
    said = f"{one.field}: {one.message}" if one.field else one.message
    return Problem(WHERE, where, said, one.value, None, one.allowed, one.advice)


def _problem(where: str, error: Any) -> Problem:
    inner = ".".join(map(str, error["loc"]))
    return Problem(WHERE, f"{where}.{inner}" if inner else where, str(error["msg"]), error.get("input"))


def _each_level(levers: Mapping[str, Lever]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every level of every lever by itself, with a name; of a range, both ends."""
    for name, lever in levers.items():
        for chosen in lever.levels or (lever.low, lever.high):
            yield f"{name}={chosen}", {name: chosen}


def _measure_problems(asked: Mapping[str, Measured], scenario: Scenario) -> list[Problem]:
    """Return what a scenario cannot answer."""
    labels = CorridorModel(scenario).recorder.coords
    months = Clock(scenario.period.start, scenario.period.end, scenario.step_days).months
    return [
        Problem(WHERE, f"measures.{name}.{said[0]}", said[1], said[2], None, said[3], said[4])
        for name, measured in asked.items()
        for said in problems(measured, scenario, labels, months)
    ]
