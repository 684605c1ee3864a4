"""The plan of a sweep as a table on disk, written and read in pieces so that memory does not grow with it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from simulator.errors import InputError, Problem
from simulator.sweeps.experiment import Tabled
from simulator.sweeps.plan import Run, SweepPlan
from simulator.sweeps.store import FOLD, PARTS, PLAN, RUNS, Place
from simulator.sweeps.work import Task

PIECE: Final = 20_000
"""Rows that are written and read at a time."""
SHOWN: Final = ("row", "id", "case", "arm", "point", "draw", "replicate", "seed", "member", "scenario", "again")
Ids = NDArray[np.uint64]


@dataclass(frozen=True)
class Planned:
    """A row of the plan, as it is read back.

    Attributes
    ----------
    again : whether a row before it is the same run.
    """

    task: Task
    arm: str
    point: int
    draw: int
    replicate: int
    again: bool


def schema(plan: SweepPlan) -> pa.Schema:
    """Return the columns of a plan: `SHOWN`, the factors, and the drawn values."""
    first = next(iter(plan.cases.values()))
    kinds = {"row": pa.int64(), "id": pa.string(), "case": pa.string(), "arm": pa.string(), "point": pa.int64(),
             "draw": pa.int64(), "replicate": pa.int64(), "seed": pa.int64(), "member": pa.int64(),
             "scenario": pa.string(), "again": pa.bool_()}  # fmt: skip
    for layout in plan.cases.values():
        for axis in layout.axes:
            values = axis.levels or (0.0,)
            # A factor of numbers is a number in every case of the design, or a text in all of them.
            number = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
            kinds[axis.name] = pa.float64() if number else pa.string()
        kinds.update({one.field: pa.float64() for one in layout.drawn})
    assert first is not None
    return pa.schema(list(kinds.items()))


def write_plan(plan: SweepPlan, place: Place) -> int:
    """Write the plan of a sweep, and return how many different runs it has."""
    made = schema(plan)
    rows = enumerate(plan.rows())
    seen = np.zeros(0, dtype=np.uint64)
    path = place.path(PLAN)
    local = place.local
    hidden = path if local is None else os.path.join(os.path.dirname(path), f".{PLAN}.tmp")
    with place.fs.open(hidden, "wb") as stream, pq.ParquetWriter(stream, made, compression="zstd") as writer:
        while piece := list(islice(rows, PIECE)):
            ids = np.array([int(run.id, 16) for _, run in piece], dtype=np.uint64)
            _, first = np.unique(ids, return_index=True)
            again = np.isin(ids, seen)
            again[np.setdiff1d(np.arange(len(ids)), first)] = True
            seen = np.union1d(seen, ids)
            cells = [_cells(number, run, bool(twice)) for (number, run), twice in zip(piece, again, strict=True)]
            columns = [
                pa.array([_as(cell.get(name), kind) for cell in cells], kind)
                for name, kind in zip(made.names, made.types, strict=True)
            ]
            writer.write_table(pa.table(columns, schema=made))
    if hidden != path:
        os.replace(hidden, path)
    return len(seen)


def _cells(number: int, run: Run, again: bool) -> dict[str, Any]:
    return {
        "row": number, "id": run.id, "case": run.case, "arm": run.arm, "point": run.point, "draw": run.draw,
        "replicate": run.replicate, "seed": run.seed, "member": run.member, "scenario": run.scenario, "again": again,
        **run.values, **run.factors,
    }  # fmt: skip


def _as(value: Any, kind: pa.DataType) -> Any:
    if value is None or not pa.types.is_string(kind):
        return value
    return value if isinstance(value, str) else str(value)


def read_plan(place: Place, laid: Mapping[str, str], tables: Mapping[str, Tabled] | None = None) -> Iterator[Planned]:
    """Yield the rows of a plan, in order.

    Parameters
    ----------
    laid : uncertain number by the column that holds its value.
    tables : tables of the design: those that are not kept of every run are left out of the tasks of the others.

    Raises
    ------
    InputError
        If the folder keeps its runs' tables but no plan, as a copy that is only to be read does.
    """
    if not place.exists(PLAN):
        advice = "make the sweep anew with 'corridor sweep', or one run with 'corridor run'"
        raise InputError([Problem(place.url, "", f"keeps no {PLAN}: its tables can be read, but no run of it can be "
                                  "made", advice=advice)])  # fmt: skip
    some = {name: table for name, table in (tables or {}).items() if table.when}
    with place.fs.open(place.path(PLAN), "rb") as stream:
        for cells in _pieces(place, stream):
            for cell in cells:
                values = {field: cell[column] for column, field in laid.items() if cell.get(column) is not None}
                left_out = tuple(name for name, table in some.items() if not table.kept(cell))
                task = Task(cell["id"], cell["case"], cell["scenario"], cell["seed"], values, left_out)
                yield Planned(task, cell["arm"], cell["point"], cell["draw"], cell["replicate"], cell["again"])


def _pieces(place: Place, stream: Any) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of a plan, some thousands at a time."""
    try:
        for batch in pq.ParquetFile(stream).iter_batches(PIECE):
            yield batch.to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise place.damaged((PLAN,), f"is no plan: {str(error).splitlines()[0]}") from None


def finished(place: Place, *, failed_too: bool = True) -> Ids:
    """Return the ids of the runs that ended, sorted; from names of files where they say it.

    Parameters
    ----------
    failed_too : whether runs that failed count; to tell, every file must be read.
    """
    names = place.names(PARTS, RUNS)
    ids: list[int] = []
    for name in names:
        if not PART.fullmatch(name):
            continue  # nothing that a sweep writes
        if failed_too and not name.startswith(FOLD):
            ids.append(int(name.removesuffix(".parquet"), 16))
            continue
        table = place.read_table(PARTS, RUNS, name).select(["id", "status"])
        ids += [int(one, 16) for one, status in zip(*(column.to_pylist() for column in table.columns), strict=True)
                if failed_too or status != "failed"]  # fmt: skip
    return np.unique(np.array(ids, dtype=np.uint64))


def mend(place: Place, tables: Sequence[str]) -> int:
    """Remove parts that cannot be read, so that their runs are made again, and return how many files that were.

    Only before runs are made: it reads every part.

    Raises
    ------
    InputError
        If a folder of parts holds tables that no sweep writes.
    """
    bad: set[str] = set()
    strange: list[Problem] = []
    for table in (RUNS, *tables):
        for name in place.names(PARTS, table):
            if not PART.fullmatch(name):
                if name.endswith(".parquet"):
                    strange.append(Problem(place.path(PARTS, table, name), "", "is no file that a sweep writes",
                                           advice="take it out of the folder"))  # fmt: skip
                continue
            try:
                read = place.read_table(PARTS, table, name)
                whole = {"id", "status"} <= set(read.column_names) if table == RUNS else "id" in read.column_names
            except InputError:
                whole = False
            if not whole:
                bad.add(name)
    if strange:
        raise InputError(strange)
    for table in (RUNS, *tables):  # the row first: without it the run is missing
        place.remove(bad & set(place.names(PARTS, table)), PARTS, table)
    return len(bad)


def fold(place: Place, tables: Sequence[str]) -> int:
    """Put the files of single runs together in one file a table, and return how many runs that were.

    The new file is there before the old ones go, so that a run can be in two of them for a moment, and is in one
    always; whoever reads takes each run once.
    """
    names = [name for name in place.names(PARTS, RUNS) if PART.fullmatch(name) and not name.startswith(FOLD)]
    if len(names) < FEWEST:
        return 0
    folds = [name for name in place.names(PARTS, RUNS) if name.startswith(FOLD)]
    number = 1 + max((int(name.split("-")[1]) for name in folds if PART.fullmatch(name)), default=-1)
    for table in (*tables, RUNS):
        there = set(place.names(PARTS, table))
        own = [name for name in names if name in there]
        if own:
            # Schemas can differ: a column that is empty in one run has no type there.
            parts = [place.read_table(PARTS, table, name) for name in own]
            place.write_table(pa.concat_tables(parts, promote_options="permissive"), PARTS, table,
                              f"{FOLD}{number:06d}-{names[0]}")  # fmt: skip
    for table in (RUNS, *tables):
        place.remove(set(names) & set(place.names(PARTS, table)), PARTS, table)
    return len(names)


PART: Final = re.compile(rf"(?:{FOLD}\d+-)?[0-9a-f]{{1,16}}\.parquet")
"""Names of files of parts."""
FEWEST: Final = 2
"""Runs that are worth putting together."""
