"""Run folders: written whole or not at all, and never read unless whole.

A run is written into a hidden folder beside its place, synced to disk, and renamed; ``record.json`` is
written last and lists every other file with its hash.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from simulator.clock import Clock
from simulator.errors import InputError, Problem
from simulator.outputs.columns import columns_of
from simulator.outputs.provenance import (
    CONTENT_HASH,
    HASHED,
    hash_holds,
    json_hash,
    plain,
    result_hash,
    table_hash,
    with_hash,
)
from simulator.outputs.recorder import CHOICE_LABELS
from simulator.outputs.shapes import RecordFile, read_json, wrong_values
from simulator.outputs.whole import check_place, files_in, put_back, whole_folder
from simulator.world.fields import CHOICES, LATER, RECORDED, Field

if TYPE_CHECKING:
    import xarray as xr

RECORD: Final = "record.json"
REQUIRED: Final = (
    "format",
    "created",
    "seed",
    "persons_per_agent",
    "scenario",
    "scenario_hash",
    "result_hash",
    "versions",
    "tables",
    "coordinates",
    "stats",
    "files",
)
Extra = Callable[[Path], object]


@dataclass(frozen=True)
class StoredRun:
    """A run folder that was found whole: where it is, and its record."""

    folder: Path
    record: dict[str, Any]

    def table(self, name: str) -> pa.Table:
        """Read one table."""
        return pq.read_table(self.folder / "tables" / f"{name}.parquet")


def _refuse(folder: Path, message: str, advice: str, value: object = None) -> InputError:
    return InputError([Problem(str(folder), "", message, value, None, "", advice)])


def check_free(folder: Path, scenario_hash: str, version: str, *, overwrite: bool = False) -> None:
    """Check that a run may be written to `folder`, before anything is simulated.

    Raises
    ------
    InputError
        If the folder cannot be made, or something stands there that is not a run of the same scenario made by the same
        version of Corridor, unless `overwrite` is said; a folder that holds no run is never overwritten.
    """
    check_place(folder)
    put_back(folder)
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        record = read_record(folder, whole=False)
    except InputError:
        raise _refuse(folder, "exists and is not a run folder", "choose another folder with --out") from None
    same = record["scenario_hash"] == scenario_hash and record["versions"].get("corridor") == version
    if not (same or overwrite):
        made_by = record["versions"].get("corridor", "an unknown version")
        said = f"holds another run, made by Corridor {made_by}"
        raise _refuse(folder, said, "choose another folder with --out, or say --overwrite")


def write_run(
    folder: Path,
    record: dict[str, Any],
    tables: Mapping[str, pa.Table],
    dataset: xr.Dataset,
    summary: Mapping[str, Any],
    *,
    overwrite: bool = False,
    figures: Extra | None = None,
) -> Path:
    """Write a run to `folder` in one go and return the folder.

    Parameters
    ----------
    figures : called with a folder to draw into, which becomes ``figures/``. If it fails, the run is
        written without figures, and then its error is raised.

    Raises
    ------
    InputError
        If `folder` may not be written to; see `check_free`.
    OSError
        If the disk is full or read-only; nothing is left behind.
    """
    failure: Exception | None = None
    with whole_folder(folder) as temporary:
        check_free(folder, record["scenario_hash"], record["versions"]["corridor"], overwrite=overwrite)
        (temporary / "tables").mkdir()
        for name, table in tables.items():
            pq.write_table(table, temporary / "tables" / f"{name}.parquet", compression="zstd")
        narrow(dataset).to_netcdf(temporary / "dataset.nc", engine="scipy")
        _write_json(temporary / "summary.json", summary)
        files = {str(path.relative_to(temporary)): _file_entry(path) for path in files_in(temporary)}
        if figures is not None:
            try:
                (temporary / "figures").mkdir()
                figures(temporary / "figures")
            except Exception as error:
                failure = error
                shutil.rmtree(temporary / "figures", ignore_errors=True)
        _write_json(temporary / RECORD, with_hash({**record, "files": files}))
    if failure is not None:
        raise failure
    return folder


def narrow(dataset: xr.Dataset) -> xr.Dataset:
    """Return a dataset whose 64-bit counts fit NetCDF's 32 bits, as floating point where they do not."""
    changed = {}
    for name, variable in dataset.data_vars.items():
        if variable.dtype == np.int64:
            fits = variable.size == 0 or int(variable.max()) <= np.iinfo(np.int32).max
            changed[name] = variable.astype(np.int32 if fits else np.float64)
    return dataset.assign(changed)


def _file_entry(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False, default=plain)
    path.write_text(text + "\n", encoding="utf-8")


def read_record(path: Path, *, whole: bool = True) -> dict[str, Any]:
    """Read a record from its file or its run folder.

    Parameters
    ----------
    whole : check that it says what it said when it was written, too: its scenario and tables have its hashes, and all
        of it has its own.

    Raises
    ------
    InputError
        If it is not there, not JSON, not complete, or was changed; the message names all that is wrong.
    """
    put_back(path)
    try:
        folder = path.is_dir()
        file = path / RECORD if folder else path
        there = file.is_file()
    except (OSError, ValueError):
        folder, file, there = False, path, False  # a name that no file can have
    if not there:
        message = f"is not a run folder: it has no complete {RECORD}" if folder else "no such run or record"
        raise _refuse(path, message, "give a folder written by 'corridor run'")
    record = read_json(file, "the record is damaged; run the scenario again")
    missing = [key for key in REQUIRED if key not in record]
    if missing:
        raise _refuse(file, f"is not a complete record: {', '.join(missing)} missing", "run the scenario again")
    wrong = wrong_values(record, RecordFile)
    if whole and not wrong:
        wrong = list(_changed(record))
    if wrong:
        advice = "the record is damaged; run the scenario again"
        raise InputError([Problem(str(file), *each, advice=advice) for each in wrong])
    return record


def _changed(record: Mapping[str, Any]) -> Iterator[tuple[str, str, object]]:
    """Yield what in a record of the right form is not what it was when it was written: field, what is wrong, value."""
    found = list(_contradictions(record))
    yield from found
    if not found and (record["format"] >= HASHED or CONTENT_HASH in record) and not hash_holds(record):
        yield "", "is not what it was when the run was saved: its own hash differs", None


def _contradictions(record: Mapping[str, Any]) -> Iterator[tuple[str, str, object]]:
    """Yield what in a record contradicts another part of it."""
    scenario = record["scenario"]
    if json_hash(scenario) != record["scenario_hash"]:
        yield "scenario", "is not the scenario that ran: it was changed", None
    for key in ("seed", "persons_per_agent"):
        if scenario.get(key) != record[key]:
            yield key, f"is not that of the scenario that ran, {scenario.get(key)!r}", record[key]
    if result_hash({name: entry["sha256"] for name, entry in record["tables"].items()}) != record["result_hash"]:
        yield "tables", "are not those of the result: their hashes were changed", None


def fields_of(record: Mapping[str, Any]) -> dict[str, Field]:
    """Return the fields that a run recorded: those of the register, and those of stages of one's own."""
    own = [each for stage in (record.get("stages") or {}).get("own", ()) for each in stage["records"]]
    return {**RECORDED, **{each["name"]: Field(**{**each, "dims": tuple(each["dims"])}) for each in own}}


def read_run(folder: Path) -> StoredRun:
    """Open a run folder and check every file that its record lists, and what its tables say.

    Raises
    ------
    InputError
        If the record or any file is missing or changed; the message names all of them.
    """
    record = read_record(folder)
    if not folder.is_dir():
        folder = folder.parent
    problems = []
    needed = {*fields_of(record), CHOICES} - (set(LATER) - set(record["tables"]))
    expected = {f"tables/{name}.parquet" for name in needed} | {"dataset.nc", "summary.json"}
    advice = "remake the run with 'corridor rerun record.json --out FOLDER'"
    for name in sorted(expected | set(record["files"])):
        entry = record["files"].get(name)
        if not _inside(name):
            problems.append(Problem(str(folder / RECORD), "files", "lists a file outside of the folder", name))
        elif entry is None:
            problems.append(Problem(str(folder / RECORD), "files", f"does not list {name}", advice=advice))
        elif not (folder / name).is_file():
            problems.append(Problem(str(folder / name), "", "is missing", advice=advice))
        elif (said := _differs(folder / name, entry)) is not None:
            problems.append(Problem(str(folder / name), "", said, advice=advice))
    problems += [Problem(str(folder / RECORD), "tables", f"does not list {name}", advice=advice)
                 for name in sorted(needed - set(record["tables"]))]  # fmt: skip
    stored = StoredRun(folder, record)
    if not problems:
        for name in sorted(needed):
            problems += [Problem(str(folder / "tables" / f"{name}.parquet"), "", said, advice=advice)
                         for said in _wrong_table(stored, name)]  # fmt: skip
    if problems:
        raise InputError(problems)
    return stored


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\0" not in name


def _differs(path: Path, entry: Mapping[str, Any]) -> str | None:
    """Return how a file differs from what the record says of it, or None."""
    try:
        return None if _file_entry(path) == entry else "is not what the record says: its hash differs"
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"


def _wrong_table(stored: StoredRun, name: str) -> list[str]:
    """Return what is wrong with a table: its columns, their kinds, labels and steps, or its hash."""
    try:
        table = stored.table(name)
    except (pa.ArrowException, OSError, ValueError) as error:
        return [f"is no table: {str(error).splitlines()[0]}"]
    fields = fields_of(stored.record)
    dims = CHOICE_LABELS if name == CHOICES else fields[name].dims
    if table.column_names != ["step", *dims, "value"]:
        return [f"has other columns than {name} has: {', '.join(table.column_names)[:200]}"]
    labels = pa.dictionary(pa.int32(), pa.string())
    wrong = [dim for dim in dims if table.schema.field(dim).type != labels]
    number = table.schema.field("value").type
    counts = name != CHOICES and fields[name].unit == "person"
    wrong += ["value"] * (number != (pa.int64() if counts else pa.float64()))
    wrong += ["step"] * (not pa.types.is_integer(table.schema.field("step").type))
    wrong += [column for column in table.column_names if column not in wrong and table.column(column).null_count]
    if wrong:
        return [f"has values of another kind than {name} has, in {', '.join(wrong)}"]
    columns = columns_of(table)
    known = stored.record["coordinates"]
    strange = [
        dim for dim in dims if name != CHOICES
        and not {columns.labels[dim][code] for code in np.unique(columns.codes[dim])} <= set(known.get(dim, ()))
    ]  # fmt: skip
    if strange:
        return [f"has labels that the record's coordinates do not have, of {', '.join(strange)}"]
    steps = _steps(stored.record)
    if len(columns.step) and not (0 <= columns.step.min() and columns.step.max() < steps):
        return [f"has steps {columns.step.min()} to {columns.step.max()}, but the run had {steps}"]
    if table_hash(table) != stored.record["tables"][name]["sha256"]:
        return ["does not say what the record says: the hash of its contents differs"]
    return []


def _steps(record: Mapping[str, Any]) -> int:
    """Return how many steps a run had; as many as there can be if its scenario does not say so."""
    scenario = record["scenario"]
    try:
        start, end = (date.fromisoformat(scenario["period"][key]) for key in ("start", "end"))
        return Clock(start, end, scenario["step_days"]).n_steps
    except (KeyError, TypeError, ValueError):
        return int(np.iinfo(np.int64).max)
