"""A scenario before validation: plain values that overrides and settings change, each with its mark."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from simulator.errors import InputError, Problem, nearest
from simulator.scenario.csv_file import RawTable
from simulator.scenario.schema import CorridorFile, ScenarioFile
from simulator.scenario.shape import annotation_at, is_container, known_keys
from simulator.scenario.tables import KEYS, TABLES
from simulator.scenario.yaml_file import Document, KeyPath, Mark, dotted

SCENARIO_FIELDS: Final = ("title", "summary", "period", "step_days", "persons_per_agent", "seed", "compare")
_EVIDENCE_KEYS: Final = ("value", "million_eur")
_GONE: Final = object()


@dataclass(frozen=True)
class Target:
    """What a dotted field means in a draft.

    Attributes
    ----------
    path : its full path: keys and positions, or table, row key and column.
    exists : whether something stands there.
    document : the document it is in, for what is not a table's.
    table : the table it is in.
    row : number of the row, or None if there is none of this key.
    declared : whether the schema knows the field by name, so that the file may leave it out.
    """

    path: KeyPath
    exists: bool
    document: Document | None = None
    table: RawTable | None = None
    row: int | None = None
    declared: bool = False


@dataclass(frozen=True)
class FittedCell:
    """Evidence of a cell of a table that was fitted; its column says what holds for the other cells.

    Attributes
    ----------
    mark : where the value was written; if the cell has another mark, something was laid over it.
    limits : lowest and highest value that the data leave.
    source : what it was fitted to.
    """

    mark: Mark
    limits: tuple[float, float]
    source: str


@dataclass
class Draft:
    """A corridor and a scenario as read, to be changed field by field."""

    scenario: Document
    corridor: Document
    tables: dict[str, RawTable]
    unread: set[str] = field(default_factory=set)
    """Fields of the corridor whose own file could not be read, which is problem enough."""
    fit: Document | None = None
    """The corridor's fit file, where it has one."""
    fitted: dict[KeyPath, FittedCell] = field(default_factory=dict)
    """Cells of tables that a fit set, by table, key and column."""

    def locate(self, field: str, where: Mark, *, in_scenario: bool) -> Target:
        """Return what a dotted field means.

        Parameters
        ----------
        field : keys, positions and table keys joined by dots.
        where : who asks, for the problem.
        in_scenario : whether the scenario's own fields (period, seed ...) may be meant.

        Raises
        ------
        InputError
            If something above it does not exist, or no such field may stand there.
        """
        parts = field.split(".")
        if parts[0] in ("fit", "fit_only", "fit_member"):  # laid over first, so that it would come too late here
            advice = "say which member with fit_member in the scenario, or --fit-member"
            raise InputError([Problem(where.file, field, "cannot be laid over", line=where.line, advice=advice)])
        if in_scenario and parts[0] in SCENARIO_FIELDS:
            return self._in_document(self.scenario, ScenarioFile, parts, field, where, SCENARIO_FIELDS)
        month_given = any(re.fullmatch(r"\d{4}-\d\d", part) for part in parts)
        if parts[0] in TABLES and parts[0] in self.tables and (parts[0] != "observed" or month_given):
            return self._in_table(self.tables[parts[0]], parts[1:], field, where)
        extra = (*(SCENARIO_FIELDS if in_scenario else ()), *TABLES)
        return self._in_document(self.corridor, CorridorFile, parts, field, where, extra)

    def _in_document(
        self, document: Document, model: Any, parts: list[str], field: str, where: Mark, extra: tuple[str, ...]
    ) -> Target:
        here, path = document.value, KeyPath(())
        rest = parts
        while rest:
            step = _step(here, rest)
            if step is None:
                break
            key, rest = step
            here, path = here[key], (*path, key)
        if not rest:
            return Target(path, here is not _GONE, document)
        annotation = annotation_at(model, path)
        known = known_keys(model, path) or ([str(key) for key in here] if isinstance(here, Mapping) else [])
        fields = known_keys(model, path)
        while rest and fields and rest[0] in fields:  # a field with a default that the file leaves out
            path, rest = (*path, rest[0]), rest[1:]
            annotation = annotation_at(model, path)
            fields = known_keys(model, path)
        if not rest:
            return Target(path, False, document, declared=True)
        if not fields and is_container(annotation) is dict:
            return Target((*path, ".".join(rest)), False, document)
        if is_container(annotation) is list and len(rest) == 1 and rest[0].isdigit():
            return Target((*path, int(rest[0])), False, document)
        if not path:
            known = list(dict.fromkeys([*known, *extra]))
        raise InputError([_unknown(field, dotted(path), rest[0], known, where)])

    def _in_table(self, table: RawTable, rest: list[str], field: str, where: Mark) -> Target:
        columns = list(TABLES[table.name].model_fields)
        index = {".".join(table.key(row)): number for number, row in enumerate(table.rows)}
        for length in range(len(rest), 0, -1):
            key = ".".join(rest[:length])
            if key not in index:
                continue
            row = index[key]
            column = ".".join(rest[length:])
            if column and column not in columns:
                raise InputError([_unknown(field, f"{table.name}.{key}", column, columns, where)])
            path = (table.name, *table.key(table.rows[row]), *([column] if column else []))
            return Target(path, not column or column in table.rows[row], table=table, row=row)
        parts = len(KEYS[table.name])
        key_parts = rest[:-1] if len(rest) > parts and rest[-1] in columns else rest
        if len(key_parts) < parts:
            names = ".".join(("", *KEYS[table.name], "COLUMN")).upper()
            raise InputError([Problem(where.file, field, f"does not name a cell of the table {table.name!r}",
                                      line=where.line, allowed=f"{table.name}{names}")])  # fmt: skip
        first = ".".join(key_parts[: len(key_parts) - parts + 1])
        path = (table.name, first, *key_parts[len(key_parts) - parts + 1 :], *rest[len(key_parts) :])
        return Target(path, False, table=table)

    def known_beside(self, target: Target) -> list[str]:
        """Return the names that stand where `target` stands, to suggest the nearest of them."""
        if target.table is not None:
            return [".".join((target.table.name, *target.table.key(row))) for row in target.table.rows]
        assert target.document is not None
        above = _get(target.document.value, target.path[:-1])
        if isinstance(above, Mapping):
            return [dotted((*target.path[:-1], key)) for key in above]
        return [dotted((*target.path[:-1], i)) for i in range(len(above))] if isinstance(above, list) else []

    def put(self, target: Target, value: Any, mark: Mark, marks: Mapping[KeyPath, Mark]) -> None:
        """Set a field; `marks` says where the parts of `value` were written, by path below it."""
        if target.table is not None:
            _put_cell(target, value, mark)
            return
        assert target.document is not None
        path = target.path
        old = _get(target.document.value, path)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not isinstance(value, dict) and isinstance(old, dict) and {"value", "unit"} <= set(old):
            path = (*path, "value")  # parameters.news.weight = 0 means its value
        if number and path[-1] in _EVIDENCE_KEYS:
            _disown(target.document, path, value, mark)
        _forget(target.document, path)
        try:
            _set(target.document.value, path, value)
        except (TypeError, KeyError, IndexError):  # where fields were to be there is text, or a list
            raise InputError(
                [
                    Problem(
                        mark.file,
                        dotted(path),
                        "cannot be set: what it lies in holds no fields",
                        line=mark.line,
                        advice=f"see what {dotted(path[:-1])} is",
                    )
                ]
            ) from None
        target.document.marks[path] = mark
        target.document.marks.update({(*path, *below): where for below, where in marks.items() if below})

    def drop(self, target: Target) -> None:
        """Remove a field, or a row or cell of a table."""
        if target.table is not None:
            assert target.row is not None
            table, row = target.table, target.table.rows[target.row]
            if len(target.path) > 1 + len(KEYS[table.name]):
                row.pop(str(target.path[-1]), None)
                return
            del table.rows[target.row], table.marks[target.row]
            for cell in [cell for cell in table.cells if cell[0] == id(row)]:
                del table.cells[cell]
            return
        assert target.document is not None
        _forget(target.document, target.path)
        above, last = _get(target.document.value, target.path[:-1]), target.path[-1]
        if isinstance(above, list):
            above[int(last)] = _GONE  # positions stay as they are until every override is laid over
        else:
            del above[last]

    def close_gaps(self) -> None:
        """Close the gaps that removed list items left."""
        self.corridor.value = _closed(self.corridor, self.corridor.value, (), ())


def _unknown(field: str, above: str, part: str, known: list[str], where: Mark) -> Problem:
    inside = f" in {above}" if above else ""
    return Problem(where.file, field, f"there is no {part!r}{inside}", line=where.line,
                   allowed=", ".join(known) if len(known) <= 40 else "", advice=nearest(part, known))  # fmt: skip


def _step(here: Any, rest: list[str]) -> tuple[Any, list[str]] | None:
    """Return the next key or position of `rest` in a value, and what is left; keys may hold dots."""
    if isinstance(here, dict):
        for length in range(len(rest), 0, -1):
            key = ".".join(rest[:length])
            if key in here:
                return key, rest[length:]
    if isinstance(here, list) and rest[0].isdigit() and int(rest[0]) < len(here):
        return int(rest[0]), rest[1:]
    return None


def _get(value: Any, path: KeyPath) -> Any:
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _set(value: Any, path: KeyPath, new: Any) -> None:
    for part, after in pairwise(path):
        if isinstance(value, dict) and value.get(part) is None:  # nothing, or the part's own file cannot be read
            value[part] = [] if isinstance(after, int) else {}
        value = value[part]
    last = path[-1]
    if isinstance(value, list) and isinstance(last, int) and last >= len(value):
        value.append(new)
    else:
        value[last] = new


def _forget(document: Document, path: KeyPath) -> None:
    """Forget where a value, still in its place, and all below it were written."""
    if not isinstance(_get(document.value, path), dict | list):
        document.marks.pop(path, None)  # nothing lies below it
        return
    for known in [known for known in document.marks if known[: len(path)] == path]:
        del document.marks[known]


def _put_cell(target: Target, value: Any, mark: Mark) -> None:
    table = target.table
    assert table is not None
    keys = KEYS[table.name]
    key, columns = target.path[1 : 1 + len(keys)], target.path[1 + len(keys) :]
    cells = {str(columns[0]): value} if columns else value
    if not isinstance(cells, dict):
        raise InputError([Problem(mark.file, dotted(target.path), "a row is a set of columns", value=value,
                                  line=mark.line, allowed=", ".join(table.model.model_fields))])  # fmt: skip
    if target.row is None or not columns:
        row = {**dict(zip(keys, map(str, key), strict=True)), **cells}
        if target.row is None:
            table.rows.append(row)
            table.marks.append(mark)
        else:
            table.rows[target.row], table.marks[target.row] = row, mark
        return
    row, column = table.rows[target.row], str(columns[0])
    said = f"{column} set to {value} by {mark.override}"
    row["note"] = f"{row['note']}; {said}" if row.get("note") else said
    table.cells[id(row), column] = mark
    if value is None:
        row.pop(column, None)
    else:
        row[column] = value


def _disown(document: Document, path: KeyPath, value: float, mark: Mark) -> None:
    """Mark a number as assumed once it is no longer what its source says."""
    for length in range(len(path) - 1, 0, -1):
        owner = _get(document.value, path[:length])
        if isinstance(owner, dict) and "kind" in owner:
            break
    else:
        return
    old = _get(document.value, path)
    if old == value or not isinstance(old, int | float):
        return
    was = f"{owner['kind']}" + (f", source {owner['source']}" if owner.get("source") else "")
    for key in ("source", "date"):
        owner.pop(key, None)
    owner["kind"] = "assumed"
    if "payer" not in owner:
        said = f"{value} set by {mark.override}; it was {old} ({was})"
        owner["note"] = f"{owner['note']} {said}" if owner.get("note") else said
    if "values" in owner or "payer" in owner:
        owner.setdefault("factor", [1, 1])
        return
    given = owner.get("range")
    known = [bound for bound in given if isinstance(bound, int | float)] if isinstance(given, list) else [old]
    owner["range"] = [min([*known, value]), max([*known, value])]
    document.marks[path[:length]] = mark


def _closed(document: Document, value: Any, old: KeyPath, new: KeyPath) -> Any:
    """Return `value` without removed items, with the marks of moved items moved."""
    if old != new and old in document.marks:
        document.marks[new] = document.marks.pop(old)
    if isinstance(value, dict):
        return {key: _closed(document, item, (*old, key), (*new, key)) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    kept = [(index, item) for index, item in enumerate(value) if item is not _GONE]
    return [_closed(document, item, (*old, i), (*new, j)) for j, (i, item) in enumerate(kept)]
