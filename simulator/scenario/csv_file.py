"""CSV tables as rows of a corridor's tables, with the file and line of every row."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from simulator.errors import InputError, Problem, nearest
from simulator.scenario.evidence import LONGEST_NAME
from simulator.scenario.messages import describe
from simulator.scenario.tables import KEYS, TABLES, Row
from simulator.scenario.yaml_file import Mark, read_text, shown

_MOST_PROBLEMS: Final = 50


@dataclass
class RawTable:
    """A table as read: text by column, before it becomes rows.

    Attributes
    ----------
    name : name of the table, such as ``legs``.
    file : file as the user knows it.
    columns : columns in the file's order.
    rows : one mapping a row, column to value; an empty cell is left out.
    marks : where each row was written.
    cells : where single cells were laid over, by the identity of the row and column.
    problems : rows that could not be read; they are not among `rows`.
    notes : what was ignored.
    """

    name: str
    file: str
    columns: list[str]
    rows: list[dict[str, Any]]
    marks: list[Mark]
    cells: dict[tuple[int, str], Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    @property
    def model(self) -> type[Row]:
        """Class of the rows."""
        return TABLES[self.name]

    def key(self, row: dict[str, Any]) -> tuple[str, ...]:
        """Return what names the row in its table, as text."""
        return tuple([str(row.get(column, "")) for column in KEYS[self.name]])

    def mark(self, index: int, column: str = "") -> Mark:
        """Return where a cell (or the row) was written."""
        return self.cells.get((id(self.rows[index]), column), self.marks[index])


def read_table(path: Path, name: str) -> RawTable:
    """Read a CSV file as the table called `name`; problems of single rows stand in the table.

    Raises
    ------
    InputError
        If it cannot be read as this table at all: with every problem of its header.
    """
    try:
        stat = path.stat()
    except (OSError, ValueError):
        return _parsed(read_text(path), shown(path), name)  # which says what is wrong
    found = _read_cached(path.resolve(), shown(path), name, stat.st_mtime_ns, stat.st_size)
    # A scenario may change its rows: what is laid over one is not laid over the next.
    return replace(found, columns=[*found.columns], rows=[{**row} for row in found.rows], marks=[*found.marks],
                   cells={}, problems=[*found.problems], notes=[*found.notes])  # fmt: skip


@lru_cache(maxsize=64)
def _read_cached(path: Path, file: str, name: str, _modified: int, _size: int) -> RawTable:
    return _parsed(read_text(path), file, name)


def _parsed(text: str, file: str, name: str) -> RawTable:
    """Return the table in a text; see `read_table`."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    problems: list[Problem] = []
    header: list[str] = []
    rows: list[dict[str, Any]] = []
    marks: list[Mark] = []
    given: list[list[str]] = []
    try:
        header = [cell.strip() for cell in next(reader)]
        wrong = _separator_problem(header, file)
        if wrong is not None:
            raise InputError([wrong])
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if len(cells) == len(header):
                    rows.append({key: cell for key, text in zip(header, cells, strict=True) if (cell := text.strip())})
                    marks.append(Mark(file, line))
                else:
                    problems.append(
                        Problem(file, "", f"has {len(cells)} cells where the header has {len(header)}", line=line,
                                value=",".join(cells), advice="put text with commas in double quotes")
                    )  # fmt: skip
                given.append(cells)
            line = reader.line_num + 1
    except csv.Error as error:
        said = f"is not CSV: {error}; the row begins here"
        problems.append(Problem(file, "", said, line=line, advice="close the quotes, or double one within quotes"))
    unnamed, notes = _unnamed(header, given, file)
    found = [*_header_problems(header, name, file), *unnamed]
    if found:
        raise InputError(_first(found, file))
    for row in rows:
        row.pop("", None)
    return RawTable(name, file, [column for column in header if column], rows, marks, problems=problems, notes=notes)


def _first(problems: list[Problem], file: str) -> list[Problem]:
    """Return the first problems, and how many more there are."""
    more = len(problems) - _MOST_PROBLEMS
    return problems if more <= 0 else [*problems[:_MOST_PROBLEMS], Problem(file, "", f"and {more} more like these")]


def _separator_problem(header: Sequence[str], file: str) -> Problem | None:
    """Return the problem of a header that another sign than a comma cuts into columns."""
    if len(header) != 1:
        return None
    for sign, called in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if sign in header[0]:
            return Problem(file, "", f"is separated by {called}, not commas", header[0], 1,
                           advice="save it with commas, and numbers with decimal points")  # fmt: skip
    return None


def _unnamed(header: Sequence[str], rows: Sequence[Sequence[str]], file: str) -> tuple[list[Problem], list[Problem]]:
    """Return the problems of columns without a name that hold something, and notes on those that hold nothing."""
    problems, notes = [], []
    for position, column in enumerate(header):
        if column:
            continue
        filled = next((cells[position] for cells in rows if position < len(cells) and cells[position].strip()), None)
        if filled is None:
            notes.append(Problem(file, "", f"column {position + 1} has no name and is empty: it is ignored", line=1))
        else:
            problems.append(Problem(file, "", f"column {position + 1} has no name", filled, 1,
                                    advice="name it in the header, or take it out"))  # fmt: skip
    return problems, notes


def _header_problems(header: Sequence[str], name: str, file: str) -> list[Problem]:
    model = TABLES[name]
    known = list(model.model_fields)
    problems = []
    for position, column in enumerate(header):
        if not column:
            continue
        if column in header[:position]:
            problems.append(Problem(file, column, "the column is there twice", line=1, advice="keep one of them"))
        elif column not in known:
            problems.append(
                Problem(file, column[:LONGEST_NAME], "is not a column of this table", line=1, allowed=", ".join(known),
                        advice=nearest(column, known))
            )  # fmt: skip
    for column, info in model.model_fields.items():
        if info.is_required() and column not in header:
            problems.append(Problem(file, column, "the column is missing", line=1))
    return problems


@cache
def _adapter(name: str) -> TypeAdapter[list[Row]]:
    row: Any = TABLES[name]
    return TypeAdapter(list[row])


def rows_of(table: RawTable) -> tuple[tuple[Row, ...], list[Problem]]:
    """Return the rows of a table and the problems of its cells; no rows if there are any."""
    problems = [*_first(table.problems, table.file), *_repeated(table)]
    try:
        rows = _adapter(table.name).validate_python(table.rows)
    except ValidationError as error:
        problems.extend(_cell_problems(table, error))
        return (), problems
    return (() if problems else tuple(rows)), problems


def _repeated(table: RawTable) -> list[Problem]:
    first: dict[tuple[str, ...], int] = {}
    problems = []
    for index, row in enumerate(table.rows):
        key = table.key(row)
        if key in first:
            where, before = table.mark(index), table.mark(first[key])
            problems.append(
                Problem(where.file, f"{table.name}.{'.'.join(key)}", "is given twice; "
                        f"first at {before.file}:{before.line}", line=where.line, advice="keep one of them")
            )  # fmt: skip
        first.setdefault(key, index)
    return _first(problems, table.file)


def _cell_problems(table: RawTable, error: ValidationError) -> list[Problem]:
    problems = []
    details = error.errors(include_url=False)
    for detail in details[:_MOST_PROBLEMS]:
        index, column = int(detail["loc"][0]), str((*detail["loc"], "")[1])
        message, allowed = describe(detail)
        advice = ""
        if detail["type"] == "missing":
            message, value = "is empty", None
        else:
            value = detail["input"]
        if detail["type"].startswith("float") and isinstance(value, str) and "," in value:
            advice = "write decimals with a point, and thousands without a sign"
        if detail["type"] == "extra_forbidden":
            known = list(table.model.model_fields)
            message, allowed, advice = "is not a column of this table", ", ".join(known), nearest(column, known)
        where = table.mark(index, column)
        name = ".".join((table.name, *table.key(table.rows[index]), *([column] if column else [])))
        problems.append(Problem(where.file, name, message, value=value, line=where.line, allowed=allowed,
                                advice=advice))  # fmt: skip
    if len(details) > _MOST_PROBLEMS:
        problems.append(Problem(table.file, "", f"and {len(details) - _MOST_PROBLEMS} more problems like these"))
    return problems
