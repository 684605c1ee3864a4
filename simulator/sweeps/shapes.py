"""What the files of a sweep must hold, so that a damaged or tampered one is told at once and in full."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import pyarrow as pa
from pydantic import Field

from simulator.errors import InputError, Problem
from simulator.outputs.provenance import CONTENT_HASH, hash_holds
from simulator.outputs.shapes import Count, Hash, Moment, Name, Shape, StagesEntry, wrong_values
from simulator.sweeps.experiment import asked_hash
from simulator.sweeps.run import FORMAT
from simulator.sweeps.store import ADVICE, DESIGN_TABLE, PLAN, RUNS, STATE, SWEEP, Place

Number = int | float
HASHED: Final = 2
"""From this format on the JSON files of a sweep have hashes of their own."""
Row = dict[str, Any]
NEEDED: Final = {
    "id": "string", "case": "string", "arm": "string", "point": "integer", "draw": "integer", "replicate": "integer",
    "seed": "integer", "member": "number",
}  # fmt: skip
"""Columns that every plan and every table of runs has, and the kind of each."""


class ArmEntry(Shape):
    """An arm."""

    label: str
    summary: str = ""


class MeasureEntry(Shape):
    """What is measured of each run."""

    label: str
    unit: str
    better: Literal["less", "more"] | None
    taken: str


class FactorEntry(Shape):
    """A factor."""

    label: str
    kind: Literal["levels", "number"]
    unit: str
    low: Number | None
    high: Number | None
    scale: str
    levels: list[Any]
    best: Any
    field: str | None
    labels: dict[str, str]


class DrawnEntry(Shape):
    """An uncertain number that is drawn."""

    field: str
    unit: str
    best: Number
    low: Number
    high: Number
    scale: str


class CaseEntry(Shape):
    """A case."""

    label: str
    scenario: str
    title: str
    names: dict[str, str]
    period: Annotated[list[str], Field(min_length=2, max_length=2)]
    drawn: list[DrawnEntry]
    members: list[int]
    routes: dict[str, str]


class SweepFile(Shape):
    """What was asked of a sweep, and what it resolved to."""

    format: Annotated[int, Field(ge=1, le=FORMAT)]
    experiment: str
    question: str
    reading: str
    design: dict[str, Any]
    design_hash: Hash
    baseline: str
    arms: Annotated[dict[Name, ArmEntry], Field(min_length=1)]
    measures: Annotated[dict[Name, MeasureEntry], Field(min_length=1)]
    replicates: Count
    made_by: dict[str, str]
    sampling: dict[str, Any]
    factors: dict[Name, FactorEntry]
    cases: Annotated[dict[Name, CaseEntry], Field(min_length=1)]
    runs: Count
    rows: Count
    created: Moment
    stages: StagesEntry | None = None


class StateFile(Shape):
    """How a sweep ended."""

    done: Count
    failed: Count
    missing: Count
    hash: Hash
    ended: Moment
    files: dict[str, dict[str, Any]] = Field(default_factory=dict)


def checked_content(content: dict[str, Any], place: Place) -> dict[str, Any]:
    """Return what was asked of a sweep, once it is found to be what it was when it was written.

    Raises
    ------
    InputError
        With all that is wrong with it.
    """
    found = wrong_values(content, SweepFile)
    if not found:
        design = content["design"]
        if asked_hash(design) != content["design_hash"]:
            found.append(("design", "is not the design that was planned: it was changed", None))
        tables = design.get("tables")
        if not isinstance(tables, dict):
            found.append(("design.tables", "are no tables", tables))
        else:
            found += [("design.tables", "has a name that no table can have", name) for name in tables
                      if wrong_values({"name": name}, _Named)]  # fmt: skip
        if list(content["measures"]) != list(design.get("measures") or ()):
            found.append(("measures", "are not those of the design", list(content["measures"])))
        if content["baseline"] not in content["arms"]:
            found.append(("baseline", "is not one of the arms", content["baseline"]))
    if not found and has_hash(content) and not hash_holds(content):
        found.append(("", "is not what it was when the sweep was planned: its own hash differs", None))
    _raise(place, SWEEP, found)
    return content


def has_hash(content: Mapping[str, Any]) -> bool:
    """Return whether the files of a sweep have, or have to have, a hash of their own."""
    return bool(content["format"] >= HASHED or CONTENT_HASH in content)


class _Named(Shape):
    name: Name


def checked_state(state: dict[str, Any], place: Place, *, hashed: bool) -> dict[str, Any]:
    """Return how a sweep ended, once that is found to be what it was when it was written.

    Parameters
    ----------
    hashed : whether it has to have a hash of its own.

    Raises
    ------
    InputError
        With all that is wrong with it.
    """
    found = wrong_values(state, StateFile)
    if not found and "not needed" in state and not isinstance(state["not needed"], int):
        found.append(("not needed", "is no number of runs", state["not needed"]))
    if not found and (hashed or CONTENT_HASH in state) and not hash_holds(state):
        found.append(("", "is not what it was when the sweep ended: its own hash differs", None))
    _raise(place, STATE, found)
    return state


def _raise(place: Place, name: str, found: Iterable[tuple[str, str, object]]) -> None:
    problems = [Problem(f"{place.url}/{name}", field, said, value, advice=ADVICE) for field, said, value in found]
    if problems:
        raise InputError(problems)


def check_columns(place: Place, content: Mapping[str, Any], only: Sequence[str] = ()) -> None:
    """Check that the tables of a sweep have the columns that it says, without reading their rows.

    Parameters
    ----------
    only : files to look at; by default all.

    Raises
    ------
    InputError
        With every file that cannot be read, or has other columns.
    """
    problems: list[Problem] = []
    runs = {**NEEDED, "status": "string", "error": "string", "seconds": "number"}
    runs.update(dict.fromkeys(content["measures"], "number"))
    runs.update({name: "" for name in content["factors"]})
    asked = {PLAN: {**NEEDED, "row": "integer", "again": "", "scenario": "string"}, f"{RUNS}.parquet": runs,
             DESIGN_TABLE: {"point": "integer", **dict.fromkeys(content["factors"], "number")}}  # fmt: skip
    asked.update({f"{name}.parquet": {"id": "string"} for name in content["design"]["tables"]})
    for name, needed in asked.items():
        if (only and name not in only) or not place.names_hold(name):
            continue
        try:
            has = place.columns(name)
        except InputError as error:
            problems += error.problems
            continue
        wrong = [column for column, kind in needed.items() if column not in has or not _is(has[column], kind)]
        if wrong:
            said = f"lacks columns, or has them of another kind: {', '.join(wrong)}"
            problems.append(Problem(f"{place.url}/{name}", "", said, advice=ADVICE))
    if problems:
        raise InputError(problems)


def _is(kind: pa.DataType, wanted: str) -> bool:
    types = pa.types
    if wanted == "string":
        return bool(types.is_string(kind) or types.is_large_string(kind))
    if wanted == "integer":
        return bool(types.is_integer(kind))
    return wanted != "number" or bool(types.is_integer(kind) or types.is_floating(kind) or types.is_null(kind))


def files_of(place: Place, content: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return bytes and hash of each table of a sweep that was put together; of one elsewhere nothing."""
    local = place.local
    if local is None:
        return {}
    names = [PLAN, DESIGN_TABLE, *(f"{name}.parquet" for name in (RUNS, *content["design"]["tables"]))]
    return {name: _entry(local / name) for name in names if (local / name).is_file()}


def _entry(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}


def check_files(place: Place, state: Mapping[str, Any], *, whole: bool) -> None:
    """Check that the tables of a sweep are those that it ended with.

    Parameters
    ----------
    whole : read them to see; else their lengths alone are compared.

    Raises
    ------
    InputError
        With every file that is missing or was changed.
    """
    local = place.local
    problems = []
    if local is None:
        return
    for name, entry in state.get("files", {}).items():
        path = local / Path(name).name
        try:
            if name == PLAN and not path.exists():
                continue  # a copy that is only to be read keeps none
            same = path.stat().st_size == entry.get("bytes") and (not whole or _entry(path) == entry)
            said = "" if same else "is not what it was when the sweep ended"
        except OSError as error:
            said = f"cannot be read: {error.strerror or error}"
        if said:
            problems.append(Problem(str(path), "", said, advice=ADVICE))
    if problems:
        raise InputError(problems)
