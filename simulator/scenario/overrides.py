"""Overrides and settings laid over a corridor, and what happens where two touch the same field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import ValidationError

from simulator.errors import InputError, Problem, nearest
from simulator.scenario.draft import Draft, Target
from simulator.scenario.messages import problems_of
from simulator.scenario.schema import Override
from simulator.scenario.yaml_file import KeyPath, Mark, dotted, parse_scalar, read_yaml

SET: Final = "--set"


@dataclass(frozen=True)
class Change:
    """One field that one override touches.

    Attributes
    ----------
    action : what is done to the field.
    field : the field, as written.
    value : its new value.
    mark : where the change was written.
    marks : where the parts of the value were written, by path below it.
    """

    action: Literal["set", "remove", "add"]
    field: str
    value: Any
    mark: Mark
    marks: Mapping[KeyPath, Mark]


def read_override(path: Path, name: str) -> list[Change]:
    """Return the changes of an override file.

    Raises
    ------
    InputError
        With every problem of the file's form.
    """
    document = read_yaml(path)
    value = _as_json(document.value)
    try:
        override = Override.model_validate(value)
    except ValidationError as error:
        raise InputError(problems_of(error, Override, value, document.marks)) from None
    if override.override != path.stem:
        where = document.marks["override",]
        raise InputError([Problem(where.file, "override", "is not the name of its file", line=where.line,
                                  value=override.override, allowed=path.stem)])  # fmt: skip
    given: list[tuple[str, str, Any, KeyPath]] = [
        *(("set", field, new, ("set", field)) for field, new in override.set.items()),
        *(("add", field, new, ("add", field)) for field, new in override.add.items()),
        *(("remove", field, None, ("remove", index)) for index, field in enumerate(override.remove)),
    ]
    return [_change(action, field, new, at, document.marks, name) for action, field, new, at in given]


def _change(action: Any, field: str, value: Any, path: KeyPath, marks: Mapping[KeyPath, Mark], name: str) -> Change:
    below = {
        known[len(path) :]: Mark(where.file, where.line, name)
        for known, where in marks.items()
        if known[: len(path)] == path
    }
    return Change(action, field, value, below[()], below)


def _as_json(value: Any) -> Any:
    """Return a value with dates as text, which is how an override carries them."""
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def lay_over(draft: Draft, overrides: Mapping[str, Sequence[Change]], wins: Mapping[str, str]) -> list[Problem]:
    """Lay overrides over a draft and return the problems; each is laid over the corridor as its files have it.

    Parameters
    ----------
    draft : changed in place.
    overrides : changes by name of the override.
    wins : override that wins, by a field that two of them touch.
    """
    problems: list[Problem] = []
    located: list[tuple[Change, Target]] = []
    for changes in overrides.values():
        for change in changes:
            if change.field.partition(".")[0] in draft.unread:
                continue  # what it is laid over could not be read, which is said there
            try:
                target = draft.locate(change.field, change.mark, in_scenario=False)
            except InputError as error:
                problems.extend(error.problems)
                continue
            problem = _existence(draft, change, target)
            if problem is None:
                located.append((change, target))
            else:
                problems.append(problem)
    losers, conflicts = _conflicts(located, wins)
    problems.extend(conflicts)
    for position, (change, _) in enumerate(located):
        if position not in losers:
            _apply(draft, change, problems)
    draft.close_gaps()
    return problems


def _existence(draft: Draft, change: Change, target: Target) -> Problem | None:
    """Return the problem of setting or removing what is not there, or of adding what is."""
    where = change.mark
    if change.action == "add":
        if not target.exists:
            return None
        return Problem(where.file, change.field, "is there already, and cannot be added", line=where.line,
                       advice="use 'set' to change it")  # fmt: skip
    if target.exists or (change.action == "set" and _has_default(target)):
        return None
    advice = nearest(change.field, draft.known_beside(target))
    verb = "set" if change.action == "set" else "removed"
    return Problem(where.file, change.field, f"does not exist, and cannot be {verb}", line=where.line,
                   advice=advice or "use 'add' to add it")  # fmt: skip


def _has_default(target: Target) -> bool:
    """Return whether a missing field is one that the schema knows, left out of the file."""
    if target.table is not None:
        return target.row is not None
    return target.declared


def _conflicts(located: Sequence[tuple[Change, Target]], wins: Mapping[str, str]) -> tuple[set[int], list[Problem]]:
    """Return the changes that lose, by position, and the conflicts that nothing settles."""
    losers: set[int] = set()
    problems = []
    at: dict[KeyPath, list[int]] = {}
    below: dict[KeyPath, list[int]] = {}  # each pair would be looked at in vain, were there thousands of changes
    for j, (other, there) in enumerate(located):
        starts = [there.path[:length] for length in range(1, len(there.path) + 1)]
        for i in chain(*(at.get(start, ()) for start in starts[:-1]), below.get(there.path, ())):
            one, here = located[i]
            names = (one.mark.override, other.mark.override)
            fields = dict.fromkeys((one.field, other.field, dotted(here.path), dotted(there.path)))
            winner = next((wins[field] for field in fields if wins.get(field) in names), None)
            if names[0] != names[1] and winner is not None:
                losers.add(j if winner == names[0] else i)
                continue
            losers.add(j)  # neither is right; the first alone shows what else is wrong
            message = f"is touched twice: by {names[0]} ({one.mark.file}:{one.mark.line}) and by {names[1]}"
            advice = (
                f"in the scenario, say which wins, such as: wins: {{{other.field}: {names[1]}}}"
                if names[0] != names[1]
                else "touch each field once in an override"
            )
            problems.append(Problem(other.mark.file, other.field, message, line=other.mark.line, advice=advice))
            break  # the first is enough: a line that is written a thousand times is half a million pairs
        at.setdefault(there.path, []).append(j)
        for start in starts:
            below.setdefault(start, []).append(j)
    return losers, problems


def _apply(draft: Draft, change: Change, problems: list[Problem]) -> None:
    """Make one change; targets are found anew because earlier changes move the rows of tables."""
    try:
        target = draft.locate(change.field, change.mark, in_scenario=False)
        if change.action != "remove":
            draft.put(target, change.value, change.mark, change.marks)
        elif target.exists:
            draft.drop(target)
    except InputError as error:
        problems.extend(error.problems)


def parse_settings(settings: Iterable[str]) -> dict[str, Any]:
    """Return ``field=value`` texts as a mapping, values read as YAML.

    Raises
    ------
    InputError
        If one has no ``=``, is given twice, or its value is not YAML.
    """
    values: dict[str, Any] = {}
    problems = []
    for text in settings:
        field, equals, value = text.partition("=")
        field = field.strip()
        if not equals or not field:
            problems.append(Problem(SET, text, "is not a setting", allowed="FIELD=VALUE"))
        elif field in values:
            problems.append(Problem(SET, field, "is given twice", advice="give it once"))
        else:
            try:
                values[field] = parse_scalar(value)
            except InputError as error:
                problems.extend(Problem(SET, field, p.message, value=value, allowed=p.allowed) for p in error.problems)
    if problems:
        raise InputError(problems)
    return values


def lay_settings(draft: Draft, settings: Mapping[str, Any], origin: str = SET) -> list[Problem]:
    """Set fields of a draft, last and over everything, and return the problems."""
    problems: list[Problem] = []
    mark = Mark(origin, None, origin)
    for field, value in settings.items():
        try:
            target = draft.locate(field, mark, in_scenario=True)
            if not target.exists and not _has_default(target):
                advice = nearest(field, draft.known_beside(target))
                problems.append(Problem(origin, field, "does not exist, and cannot be set", advice=advice))
                continue
            draft.put(target, value, mark, {})
        except InputError as error:
            problems.extend(error.problems)
    return problems
