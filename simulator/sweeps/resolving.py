"""What the cases, arms and points of a design resolve to, and which line of the design is to blame for a problem."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from simulator.clock import Clock
from simulator.errors import InputError, Problem
from simulator.model import CorridorModel
from simulator.scenario.library import check_name
from simulator.scenario.load import Resolved, resolve
from simulator.scenario.schema import Scenario
from simulator.scenario.yaml_file import KeyPath, is_there
from simulator.sweeps.experiment import Design, in_case, measures_in
from simulator.sweeps.factors import Laid
from simulator.sweeps.measures import problems, table_problems

_OPTIONS: Final = {"--override": "overrides", "--without": "without", "--set": "set", "--start": "start",
                   "--end": "end", "--persons-per-agent": "persons_per_agent"}  # fmt: skip
"""Key of a case or an arm that stands behind an option of `load`."""


LEVEL: Final = 4
"""Parts of the key of a level: factors, NAME, levels, LEVEL."""


def resolve_arms(
    design: Design, name: str, member: int | None, point: Sequence[Laid] = (), keys: Sequence[KeyPath] = ()
) -> tuple[dict[str, Resolved], list[Problem]]:
    """Return what each arm of a case resolves to with a member of the fit, and the problems.

    Parameters
    ----------
    point : what the factors lay over it, after the arm.
    keys : where the design says so, one a part of `point`.
    """
    resolved: dict[str, Resolved] = {}
    found: list[Problem] = []
    for arm in design.experiment.arms:
        made, more = resolve_arm(design, name, arm, member, point, keys)
        found += more
        if made is not None:
            resolved[arm] = made
    return resolved, found


def resolve_arm(
    design: Design, name: str, arm_name: str, member: int | None, point: Sequence[Laid] = (),
    keys: Sequence[KeyPath] = (),
) -> tuple[Resolved | None, list[Problem]]:  # fmt: skip
    """Return what one arm of a case resolves to; see `resolve_arms`."""
    asked, case = design.experiment, design.cases[name]
    arm = asked.arms[arm_name]
    folder = design.path.parent

    def beside(override: str) -> str:
        own = folder / "overrides" / f"{override}.yaml"
        return str(own) if is_there(own) else override

    parts = (case, arm, *point)
    settings = {field: value for each in parts for field, value in in_case(each.set, case.names).items()}
    # What a run is made at can be a factor, too; it is an argument, and no field of the corridor.
    scale = settings.pop("persons_per_agent", case.persons_per_agent or asked.persons_per_agent)
    try:
        check_name(case.scenario, "scenario")
        here = folder / case.scenario
        return resolve(
            str(here) if here.exists() else case.scenario, persons_per_agent=scale, start=case.start, end=case.end,  # type: ignore[arg-type]
            overrides=[beside(override) for each in parts for override in each.overrides],
            without=[override for each in parts for override in each.without], set=settings, fit_member=member,
        ), []  # fmt: skip
    except InputError as error:
        laid = list(zip(keys, point, strict=True)) if keys else []
        return None, [_placed(design, name, arm_name, each, laid) for each in error.problems]


def _placed(
    design: Design, case_name: str, arm_name: str, one: Problem, point: Sequence[tuple[KeyPath, Laid]]
) -> Problem:
    """Return a problem of what a design lays over a scenario with the line of the design that does so."""
    asked, case = design.experiment, design.cases[case_name]
    if case.scenario in (one.value, one.file):
        at: KeyPath = ("cases", case_name, "scenario") if asked.cases else ("scenario",)
        return design.problem(at, one.message, case.scenario, one.allowed, one.advice)
    key = _OPTIONS.get(one.file)
    if key is None:
        return one
    for path, over in (*reversed(point), (("arms", arm_name), asked.arms[arm_name]), (("cases", case_name), case)):
        given = getattr(over, key, None)
        inner = path[:1] == ("factors",) and len(path) < LEVEL
        laid = in_case(given or {}, case.names) if key == "set" else {}
        # A quantity may be set by its name.
        field = one.field if one.field in laid else one.field.removesuffix(".value")
        if field in laid:
            written = path if inner else (*path, key, field)
            return design.problem(written, f"{one.field}: {one.message}" if inner else one.message, one.value,
                                  one.allowed, one.advice)  # fmt: skip
        if key in ("overrides", "without") and one.value in (given or ()):
            place = list(given or ()).index(one.value)
            return design.problem((*path, key, place), one.message, one.value, one.allowed, one.advice)
        if key in ("start", "end") and given is not None:
            return design.problem((*path, key), one.message, one.value, one.allowed, one.advice)
    return design.problem(("arms", arm_name), f"{one.field}: {one.message}", one.value, one.allowed, one.advice)


def placed(design: Design, case_name: str, arm_name: str, one: Problem) -> Problem:
    """Return a problem of what a case or an arm lays over a scenario with the line of the design that does so."""
    return _placed(design, case_name, arm_name, one, [])


def measure_problems(design: Design, case: str, scenario: Scenario) -> list[Problem]:
    """Return what a scenario cannot answer."""
    labels = CorridorModel(scenario).recorder.coords
    months = Clock(scenario.period.start, scenario.period.end, scenario.step_days).months
    names = design.cases[case].names
    found = [
        design.problem(("measures", name, *said[0].split(".", 1)), *said[1:])
        for name, asked in measures_in(design.experiment.measures, names).items()
        for said in problems(asked, scenario, labels, months)
    ]
    found += [
        design.problem(("tables", name, *said[0].split(".", 1)), *said[1:])
        for name, table in measures_in(design.experiment.tables, names).items()
        for said in table_problems(table, scenario, labels)
    ]
    return found
