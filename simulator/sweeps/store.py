"""Files of a sweep: on this machine or at any place that fsspec reaches, each written whole or not at all.

::

    sweep.json             what was asked, what it resolved to, and by which versions
    plan.parquet           a row a run: what makes it
    design.parquet         a row a point: where it lies in the unit cube
    scenarios/HASH.json.gz resolved scenarios, before draws are laid on them
    parts/runs/ID.parquet  a row a run that ended, written by its worker; folds of many
    parts/NAME/ID.parquet  its tables
    runs.parquet           plan and results together, once the sweep was ended
    NAME.parquet           all tables of that name
    state.json             how it ended
"""

from __future__ import annotations

import gzip
import io
import json
import os
import posixpath
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from simulator.errors import InputError, Problem
from simulator.outputs.provenance import json_hash, scenario_json, with_hash
from simulator.scenario.schema import Scenario

SWEEP: Final = "sweep.json"
STATE: Final = "state.json"
PLAN: Final = "plan.parquet"
DESIGN_TABLE: Final = "design.parquet"
RUNS: Final = "runs"
PARTS: Final = "parts"
SCENARIOS: Final = "scenarios"
ADVICE: Final = "the sweep is damaged: go on with it with 'corridor sweep DESIGN --resume', or make it again"
FOLD: Final = "fold-"
"""How the names of files begin that hold many runs."""


@dataclass(frozen=True)
class Place:
    """A folder in which a sweep is kept."""

    url: str

    @property
    def fs(self) -> Any:
        """The file system that it is on."""
        return url_to_fs(self.url)[0]

    @property
    def root(self) -> str:
        """Its path on that file system."""
        return str(url_to_fs(self.url)[1])

    @property
    def local(self) -> Path | None:
        """Its path on this machine, or None if it is elsewhere."""
        return Path(self.root) if isinstance(self.fs, LocalFileSystem) else None

    def path(self, *names: str) -> str:
        """Return the path of a file in it."""
        return posixpath.join(self.root, *names)

    def exists(self, *names: str) -> bool:
        """Return whether a file is there, now."""
        fs = self.fs
        fs.invalidate_cache()
        return bool(fs.exists(self.path(*names)))

    def names_hold(self, name: str) -> bool:
        """Return whether a file stands under a name, be it a link that leads nowhere."""
        local = self.local
        return self.exists(name) if local is None else os.path.lexists(local / name)

    def names(self, *folder: str) -> list[str]:
        """Return the names of the whole files in a folder, sorted; none if there is no such folder."""
        fs = self.fs
        fs.invalidate_cache()
        path = self.path(*folder)
        local = self.local
        if local is not None:
            return sorted(name for name in os.listdir(path) if not name.startswith(".")) if os.path.isdir(path) else []
        if not fs.exists(path):
            return []
        return sorted(posixpath.basename(found) for found in fs.ls(path, detail=False))

    def read(self, *names: str) -> bytes:
        """Read a file."""
        return bytes(self.fs.cat_file(self.path(*names)))

    def write(self, content: bytes, *names: str) -> None:
        """Write a file, whole or not at all.

        Raises
        ------
        OSError
            If the disk is full, or the folder may not be written to; nothing is left behind.
        """
        path = self.path(*names)
        if self.local is None:
            self.fs.pipe_file(path, content)  # object stores show a file once it is whole
            return
        folder, name = os.path.split(path)
        # Never a name that a glob of *.parquet finds: one torn file breaks a whole query.
        hidden = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
        try:
            try:
                stream = open(hidden, "wb")
            except FileNotFoundError:
                os.makedirs(folder, exist_ok=True)
                stream = open(hidden, "wb")
            with stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())  # or a part of no length can stand under its name after the power failed
            os.replace(hidden, path)
        except BaseException:
            if os.path.exists(hidden):
                os.unlink(hidden)
            raise

    def write_json(self, content: Mapping[str, Any], *names: str) -> None:
        """Write JSON values, with a hash of all of them."""
        text = json.dumps(with_hash(content), indent=1, ensure_ascii=False, allow_nan=False)
        self.write((text + "\n").encode(), *names)

    def read_json(self, *names: str) -> dict[str, Any]:
        """Read JSON values.

        Raises
        ------
        InputError
            If the file cannot be read, or holds no JSON object.
        """
        try:
            content = json.loads(self.read(*names))
        except OSError as error:
            raise self.damaged(names, f"cannot be read: {error.strerror or error}") from None
        except (ValueError, RecursionError) as error:
            raise self.damaged(names, f"is not JSON: {error}") from None
        if not isinstance(content, dict):
            raise self.damaged(names, "is not a JSON object")
        return content

    def damaged(self, names: Sequence[str], said: str) -> InputError:
        """Return the error that says what is wrong with a file."""
        return InputError([Problem(posixpath.join(self.url, *names), "", said, advice=ADVICE)])

    def write_table(self, table: pa.Table, *names: str) -> None:
        """Write a table as Parquet."""
        buffer = io.BytesIO()
        pq.write_table(table, buffer, compression="zstd", store_schema=False, use_dictionary=table.num_rows > 1)
        self.write(buffer.getvalue(), *names)

    def read_table(self, *names: str) -> pa.Table:
        """Read a table.

        Raises
        ------
        InputError
            If the file cannot be read, or is no Parquet file.
        """
        try:
            with self.fs.open(self.path(*names), "rb") as stream:
                return pq.read_table(stream)
        except OSError as error:
            raise self.damaged(names, f"cannot be read: {error.strerror or str(error).splitlines()[0]}") from None
        except (pa.ArrowException, ValueError) as error:
            raise self.damaged(names, f"is no table: {str(error).splitlines()[0]}") from None

    def columns(self, *names: str) -> dict[str, pa.DataType]:
        """Return the columns of a table and their kinds, without reading it.

        Raises
        ------
        InputError
            If the file cannot be read, or is no Parquet file.
        """
        try:
            with self.fs.open(self.path(*names), "rb") as stream:
                found = pq.ParquetFile(stream).schema_arrow
        except OSError as error:
            raise self.damaged(names, f"cannot be read: {error.strerror or str(error).splitlines()[0]}") from None
        except (pa.ArrowException, ValueError) as error:
            raise self.damaged(names, f"is no table: {str(error).splitlines()[0]}") from None
        return dict(zip(found.names, found.types, strict=True))

    def remove(self, names: Iterable[str], *folder: str) -> None:
        """Remove files of a folder."""
        for name in names:
            self.fs.rm_file(self.path(*folder, name))

    def keep_scenario(self, scenario: Scenario) -> str:
        """Write a resolved scenario once, and return its hash."""
        content = scenario_json(scenario)
        made = json_hash(content)
        if not self.exists(SCENARIOS, f"{made}.json.gz"):
            text = json.dumps(content, separators=(",", ":")).encode()
            self.write(gzip.compress(text, 1, mtime=0), SCENARIOS, f"{made}.json.gz")
        return made

    def scenario(self, made: str) -> Scenario:
        """Read a resolved scenario.

        Raises
        ------
        InputError
            If its file cannot be read, or does not hold the scenario of this hash.
        """
        name = (SCENARIOS, f"{made}.json.gz")
        try:
            content = json.loads(gzip.decompress(self.read(*name)))
            if json_hash(content) != made:
                raise self.damaged(name, "is not the scenario that was planned: it was changed")
            return Scenario.model_validate(content)
        except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
            raise self.damaged(name, f"is no scenario: {str(error).splitlines()[0]}") from None


def only_planned(place: Place) -> bool:
    """Return whether a folder holds what a sweep leaves that was killed while it was planned, and nothing else."""
    local = place.local
    if local is None or not local.is_dir():
        return False
    names = {path.name for path in local.iterdir() if not path.name.startswith(".")}
    return bool(names) and SWEEP not in names and names <= {SCENARIOS, PLAN, DESIGN_TABLE}


def place_of(url: str | Path) -> Place:
    """Return the folder of a sweep.

    Raises
    ------
    InputError
        If no file system is known for its address.
    """
    text = str(url)
    try:
        url_to_fs(text)
    except (ValueError, ImportError) as error:
        known = ", ".join(sorted(fsspec.available_protocols())[:12])
        raise InputError([Problem("--out", "", f"no such place: {error}", text, None, f"a folder, or {known} ...",
                                  "install the fsspec library for that store")]) from None  # fmt: skip
    return Place(text if "://" in text else str(Path(text).resolve()))
