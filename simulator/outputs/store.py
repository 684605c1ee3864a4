"""Run folders: written whole or not at all, and never read unless whole.

A run is written into a hidden folder beside its place, synced to disk, and renamed; ``record.json`` is
written last and lists every other file with its hash.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from simulator.errors import InputError, Problem
from simulator.outputs.whole import files_in, whole_folder
from simulator.world.fields import CHOICES, LATER, RECORDED

if TYPE_CHECKING:
    import xarray as xr

RECORD: Final = "record.json"
REQUIRED: Final = (
    "format", "created", "seed", "persons_per_agent", "scenario", "scenario_hash", "result_hash", "versions",
    "tables", "coordinates", "stats", "files",
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
        If something stands there that is not a run of the same scenario made by the same version
        of Corridor, unless `overwrite` is said; a folder that holds no run is never overwritten.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        record = read_record(folder)
    except InputError:
        raise _refuse(folder, "exists and is not a run folder", "choose another folder with --out") from None
    same = record["scenario_hash"] == scenario_hash and record["versions"].get("corridor") == version
    if not (same or overwrite):
        raise _refuse(folder, "holds another run", "choose another folder with --out, or say --overwrite")


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
    check_free(folder, record["scenario_hash"], record["versions"]["corridor"], overwrite=overwrite)
    failure: Exception | None = None
    with whole_folder(folder) as temporary:
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
        _write_json(temporary / RECORD, {**record, "files": files})
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
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False, default=_plain)
    path.write_text(text + "\n", encoding="utf-8")


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def read_record(path: Path) -> dict[str, Any]:
    """Read a record from its file or its run folder.

    Raises
    ------
    InputError
        If it is not there, not JSON, or not complete; the message names what is missing.
    """
    file = path / RECORD if path.is_dir() else path
    if not file.is_file():
        message = f"is not a run folder: it has no complete {RECORD}" if path.is_dir() else "no such run or record"
        raise _refuse(path, message, "give a folder written by 'corridor run'")
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise _refuse(file, f"is not JSON: {error}", "the record is damaged; run the scenario again") from None
    missing = [key for key in REQUIRED if not isinstance(record, dict) or key not in record]
    if missing:
        raise _refuse(file, f"is not a complete record: {', '.join(missing)} missing", "run the scenario again")
    return dict(record)


def read_run(folder: Path) -> StoredRun:
    """Open a run folder and check every file that its record lists.

    Raises
    ------
    InputError
        If the record or any file is missing or changed; the message names all of them.
    """
    record = read_record(folder)
    if not folder.is_dir():
        folder = folder.parent
    problems = []
    needed = {*RECORDED, CHOICES} - (set(LATER) - set(record["tables"]))
    expected = {f"tables/{name}.parquet" for name in needed} | {"dataset.nc", "summary.json"}
    advice = "remake the run with 'corridor rerun record.json --out FOLDER'"
    for name in sorted(expected | set(record["files"])):
        entry = record["files"].get(name)
        if entry is None:
            problems.append(Problem(str(folder / RECORD), "files", f"does not list {name}", advice=advice))
        elif not (folder / name).is_file():
            problems.append(Problem(str(folder / name), "", "is missing", advice=advice))
        elif _file_entry(folder / name) != entry:
            problems.append(Problem(str(folder / name), "", "is not what the record says: its hash differs",
                                    advice=advice))
    if problems:
        raise InputError(problems)
    return StoredRun(folder, record)
