"""The values that a calibration found, laid over a corridor before overrides and settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from simulator.errors import InputError, Problem, nearest
from simulator.scenario.csv_file import RawTable
from simulator.scenario.draft import Draft, FittedCell, Target
from simulator.scenario.messages import mark_of, problems_of
from simulator.scenario.schema import FitFile, FittedField
from simulator.scenario.tables import COLUMN_UNITS, KEYS
from simulator.scenario.yaml_file import Document, KeyPath, Mark, dotted

OPTION: Final = "--fit-member"
NONE: Final = "none"
"""What stands in place of a member to leave the values that the corridor's files write."""

PAYMENT_UNIT: Final = "million_eur"


@dataclass(frozen=True)
class _Slot:
    """A number that a fit sets.

    Attributes
    ----------
    field : the field, as the fit names it.
    about : its unit, and what the data leave of its range.
    target : what it means in the draft.
    path : path of the number itself.
    owner : what carries its evidence: a parameter, a lever change, a payment, or a column of a table.
    owner_path : where that stands.
    """

    field: str
    about: FittedField
    target: Target
    path: KeyPath
    owner: dict[str, Any]
    owner_path: KeyPath

    def limits(self, value: float) -> tuple[float, float]:
        """Return the range that the data leave, widened to include the value."""
        low, high = self.about.interval
        return min(low, value), max(high, value)

    @property
    def alone(self) -> bool:
        """Whether the number is a parameter, which carries its own evidence."""
        return self.target.table is None and self.path == (*self.owner_path, "value")

    def unit(self) -> str | None:
        """Return the unit in which the number is held; None for a parameter, which may be given in any that fits."""
        if self.alone:
            return None
        return str(self.owner.get("unit", PAYMENT_UNIT))


def lay_fit(draft: Draft, asked: int | str | None) -> tuple[FitFile | None, list[Problem]]:
    """Lay a member of a corridor's fit over its draft; return the fit and the problems.

    Parameters
    ----------
    draft : changed in place.
    asked : the member that the caller asks for, or ``none``; by default the scenario's own.
    """
    number, mark, problems = _wanted(draft, asked)
    if draft.fit is None:
        if number is not None and mark is not None and "fit" not in draft.unread:
            problems.append(Problem(mark.file, "fit_member", "cannot be chosen: the corridor has no fit", number,
                                    mark.line, advice="leave it out"))  # fmt: skip
        return None, problems
    problems.extend(_keep_only(draft, draft.fit))
    fit, found = _validated(draft.fit)
    if fit is None:
        return None, [*problems, *found]
    slots, found = _slots(draft, draft.fit, fit)
    problems.extend([*found, *_member_problems(draft.fit, fit)])
    if number is not None and mark is not None and number >= len(fit.members):
        allowed = f"0 to {len(fit.members) - 1}, or {NONE if asked is not None else 'null'}"
        problems.append(Problem(mark.file, "fit_member", "is not a member of the fit", number, mark.line, allowed))
    if number is not None and not problems:
        _lay(draft, fit, number, slots)
    return fit, problems


def _wanted(draft: Draft, asked: int | str | None) -> tuple[int | None, Mark | None, list[Problem]]:
    """Return the member to lay over, where somebody says so if anybody does, and what is wrong with that."""
    scenario = draft.scenario
    if asked is None:
        given = scenario.value.get("fit_member", 0)
        sound = isinstance(given, int) and not isinstance(given, bool) and given >= 0
        # What is not sound is a problem of the scenario file, which its own validation tells of.
        return given if sound else None, scenario.marks.get(("fit_member",)), []
    mark = Mark(OPTION, None, OPTION)
    number = int(asked) if isinstance(asked, str) and asked.isdecimal() else asked
    if number != NONE and (not isinstance(number, int) or isinstance(number, bool) or number < 0):
        allowed = f"a whole number from 0 on, or {NONE}"
        return None, mark, [Problem(mark.file, "fit_member", "is not the number of a member", asked, None, allowed)]
    chosen = number if isinstance(number, int) else None
    scenario.value["fit_member"] = chosen
    scenario.marks["fit_member",] = mark
    return chosen, mark, []


def _keep_only(draft: Draft, document: Document) -> Iterator[Problem]:
    """Leave of a fit only the fields that the corridor takes over; yield a problem for each beginning of none."""
    only = draft.corridor.value.get("fit_only")
    fields, members = (document.value.get(key) for key in ("fields", "members"))
    if not only or not isinstance(only, list) or not isinstance(fields, dict) or not isinstance(members, list):
        return  # what has not the right form is a problem of its own file
    for index, start in enumerate(only):
        if not any(_begins(name, start) for name in fields):
            where = mark_of(draft.corridor.marks, ("fit_only", index))
            yield Problem(where.file, "fit_only", "is the beginning of no fitted field", start, where.line)
    for values in [fields, *(member.get("values") for member in members if isinstance(member, dict))]:
        if isinstance(values, dict):
            for name in [name for name in values if not any(_begins(name, start) for start in only)]:
                del values[name]


def _begins(name: object, start: object) -> bool:
    """Return whether a dotted field is another, or lies below it."""
    return f"{name}.".startswith(f"{start}.")


def _validated(document: Document) -> tuple[FitFile | None, list[Problem]]:
    try:
        return FitFile.model_validate(document.value), []
    except ValidationError as error:
        return None, problems_of(error, FitFile, document.value, document.marks)


def _problem(document: Document, path: KeyPath, message: str, value: object = None, **more: str) -> Problem:
    where = mark_of(document.marks, path)
    return Problem(where.file, dotted(path), message, value, where.line, **more)


def _slots(draft: Draft, document: Document, fit: FitFile) -> tuple[list[_Slot], list[Problem]]:
    """Return what each fitted field means, and the problems of those that mean nothing."""
    slots: list[_Slot] = []
    problems: list[Problem] = []
    first: dict[KeyPath, str] = {}
    for name, about in fit.fields.items():
        try:
            slot = _slot(draft, name, about, mark_of(document.marks, ("fields", name)))
        except InputError as error:
            problems.extend(error.problems)
            continue
        unit = slot.unit()
        if slot.path in first:
            problems.append(_problem(document, ("fields", name), f"is the same number as {first[slot.path]}"))
        if slot.owner.get("kind") == "measured":
            problems.append(_problem(document, ("fields", name), "is measured, and what is measured is not fitted"))
        if unit not in (None, about.unit):
            message = "is not the unit of this number"
            problems.append(_problem(document, ("fields", name, "unit"), message, about.unit, allowed=str(unit)))
        first.setdefault(slot.path, name)
        slots.append(slot)
    return slots, problems


def _slot(draft: Draft, name: str, about: FittedField, where: Mark) -> _Slot:
    """Return what a fitted field means.

    Raises
    ------
    InputError
        If there is no such number, or it carries no evidence.
    """
    target = draft.locate(name, where, in_scenario=False)
    if target.table is not None:
        return _cell_slot(draft, name, about, target, target.table, where)
    assert target.document is not None
    if not target.exists:
        raise InputError([_absent(name, where, draft.known_beside(target))])
    above: list[Any] = [target.document.value]
    for part in target.path:
        above.append(above[-1][part])
    path = target.path
    if isinstance(above[-1], dict) and "value" in above[-1]:
        path = (*path, "value")
        above.append(above[-1]["value"])
    carriers = [depth for depth, each in enumerate(above) if isinstance(each, dict) and "kind" in each]
    if not carriers or not isinstance(above[-1], int | float) or isinstance(above[-1], bool):
        raise InputError([_no_number(name, where)])
    return _Slot(name, about, target, path, above[carriers[-1]], path[: carriers[-1]])


def _absent(name: str, where: Mark, known: list[str]) -> Problem:
    return Problem(where.file, name, "does not exist, and cannot be fitted", None, where.line,
                   advice=nearest(name, known))  # fmt: skip


def _cell_slot(draft: Draft, name: str, about: FittedField, target: Target, table: RawTable, where: Mark) -> _Slot:
    column = str(target.path[-1])
    if target.row is None:
        raise InputError([_absent(name, where, [f"{known}.{column}" for known in draft.known_beside(target)])])
    path: KeyPath = ("tables", table.name, "columns", column)
    owner = draft.corridor.value.get("tables", {}).get(table.name, {}).get("columns", {}).get(column)
    if len(target.path) <= 1 + len(KEYS[table.name]) or column not in COLUMN_UNITS[table.name] or owner is None:
        raise InputError([_no_number(name, where)])
    return _Slot(name, about, target, target.path, owner, path)


def _no_number(name: str, where: Mark) -> Problem:
    return Problem(where.file, name, "is not a number with evidence, and cannot be fitted", None, where.line,
                   "a parameter, a value of a policy, or a cell of a numeric column")  # fmt: skip


def _member_problems(document: Document, fit: FitFile) -> Iterator[Problem]:
    """Yield what is wrong with the members: fields missing, unknown or out of range, and the order."""
    known = list(fit.fields)
    for index, member in enumerate(fit.members):
        path: KeyPath = ("members", index, "values")
        for name in known:
            if name not in member.values:
                yield _problem(document, path, f"lacks {name}", advice="give each member a value for every field")
        for name, value in member.values.items():
            if name not in fit.fields:
                yield _problem(document, (*path, name), "is not among the fields that were fitted",
                               advice=nearest(name, known))  # fmt: skip
                continue
            low, high = fit.fields[name].range
            if not low <= value <= high:
                yield _problem(document, (*path, name), "lies outside the range searched", value,
                               allowed=f"{low:g} to {high:g}")  # fmt: skip
        if member.loss < fit.members[0].loss:
            yield _problem(document, ("members", index, "loss"), "is lower than that of the first member", member.loss,
                           advice="put the best member first")  # fmt: skip
    if fit.period[1] < fit.period[0]:
        yield _problem(document, ("period",), "ends before it starts", list(fit.period))


def _lay(draft: Draft, fit: FitFile, number: int, slots: Iterable[_Slot]) -> None:
    """Set the values of a member, and say of each what it is."""
    document = draft.fit
    assert document is not None
    values = fit.members[number].values
    said = f"fitted {fit.fitted}, member {number} of {len(fit.members)}"
    changes: dict[KeyPath, list[_Slot]] = {}
    slots = list(slots)
    _forget(draft.corridor, {slot.owner_path for slot in slots if slot.target.table is None and slot.alone})
    for slot in slots:
        mark = mark_of(document.marks, ("members", number, "values", slot.field))
        if slot.target.table is not None:
            _lay_cell(draft, slot, values[slot.field], mark, fit, said)
        elif slot.alone:
            _lay_quantity(draft.corridor, slot, values[slot.field], mark, fit, said)
        else:
            _set(draft.corridor.value, slot.path, values[slot.field])
            draft.corridor.marks[slot.path] = mark
        changes.setdefault(slot.owner_path, []).append(slot)
    for group in changes.values():
        if group[0].target.table is not None and not _whole_column(group):
            continue  # the rows say so of their cells
        draft.corridor.marks[*group[0].owner_path, "source"] = mark_of(document.marks, ("data", 0))
        if group[0].target.table is not None:
            _mark_column(group, fit, said)
        elif not group[0].alone:
            _mark_change(group, values, fit, said)


def _set(value: Any, path: KeyPath, new: float) -> None:
    for part in path[:-1]:
        value = value[part]
    value[path[-1]] = new


def _lay_quantity(document: Document, slot: _Slot, value: float, mark: Mark, fit: FitFile, said: str) -> None:
    owner = slot.owner
    before = f"{owner['value']} in {owner.get('unit')}, {owner['kind']}"
    owner.pop("date", None)
    owner.update(value=value, unit=slot.about.unit, kind="fitted", range=list(slot.limits(value)), source=fit.data[0],
                 note=_noted(owner, f"{said.capitalize()}; before: {before}."))  # fmt: skip
    document.marks[slot.owner_path] = mark


def _forget(document: Document, owners: set[KeyPath]) -> None:
    """Forget where what stands in some quantities was written."""
    lengths = sorted({len(path) for path in owners})
    for known in [known for known in document.marks if any(known[:length] in owners for length in lengths)]:
        del document.marks[known]


def _noted(owner: Mapping[str, Any], text: str) -> str:
    return f"{owner['note']} {text}" if owner.get("note") else text


def _lay_cell(draft: Draft, slot: _Slot, value: float, mark: Mark, fit: FitFile, said: str) -> None:
    table, row_number = slot.target.table, slot.target.row
    assert table is not None
    assert row_number is not None
    row, column = table.rows[row_number], str(slot.path[-1])
    before = f"; before: {row[column]}" if column in row else ""
    row["note"] = f"{row['note']} " if row.get("note") else ""
    row["note"] += f"{column} {said}{before}."
    row[column] = value
    table.cells[id(row), column] = mark
    draft.fitted[slot.path] = FittedCell(mark, slot.limits(value), fit.data[0])


def _whole_column(group: list[_Slot]) -> bool:
    """Return whether every cell of a column was fitted."""
    table, column = group[0].target.table, str(group[0].path[-1])
    return table is not None and sum(column in row for row in table.rows) <= len(group)


def _mark_column(group: list[_Slot], fit: FitFile, said: str) -> None:
    """Say of a column, all of whose cells were fitted, that it was."""
    owner = group[0].owner
    owner.pop("date", None)
    note = _noted(owner, f"Since: {said}; the rows say the values before.")
    owner.update(kind="fitted", source=fit.data[0], note=note)


def _mark_change(group: list[_Slot], values: Mapping[str, float], fit: FitFile, said: str) -> None:
    """Say of a lever change or a payment which of its numbers were fitted, and how far they may be off.

    Its range is given as factors of all its values: the widest of what the data leave of those fitted.
    """
    owner = group[0].owner
    low, high = 1.0, 1.0
    for slot in group:
        value = values[slot.field]
        if value:
            ratios = [limit / value for limit in slot.limits(value)]
            low, high = min(low, max(0.0, min(ratios))), max(high, *ratios)
    if (low, high) != (1.0, 1.0):
        owner["factor"] = [low, high]
    owner.update(kind="fitted", source=fit.data[0])
    if "values" in owner:
        names = ", ".join(dotted(slot.path[len(slot.owner_path) :]) for slot in group)
        owner["note"] = _noted(owner, f"{names}: {said}.")
