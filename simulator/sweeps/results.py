"""What came out of a sweep: put together once it ended, read back as tables, listed."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import pandas as pd
import pyarrow.parquet as pq

from simulator.errors import InputError, Problem, nearest
from simulator.outputs.frames import field_of
from simulator.outputs.whole import put_all_back, put_back, sync
from simulator.sweeps.experiment import Measured
from simulator.sweeps.measures import UNITS, unit
from simulator.sweeps.shapes import check_columns, check_files, checked_content, checked_state, files_of, has_hash
from simulator.sweeps.store import ADVICE, DESIGN_TABLE, PARTS, PLAN, RUNS, STATE, SWEEP, Place, place_of

MISSING: Final = "missing"
NOT_NEEDED: Final = "not needed"
RESULTS: Final = Path("results")
"""Folder in which sweeps are looked for by name."""
KEYS: Final = ("case", "arm", "point", "draw", "replicate", "seed", "member")
"""Columns of a run that its tables get, besides factors and drawn values."""
UNSTABLE: Final = ("seconds",)
"""Columns that differ from one sweep to the next of the same design: how long a run took."""


@dataclass(frozen=True)
class SweepResult:
    """A sweep that ended, whole or cut off.

    Attributes
    ----------
    folder : where it is.
    content : what was asked, what it resolved to, and by which versions.
    state : how many runs are done, failed, missing, not needed; the hashes of the results (see `results_hashes`); the
        processors of the workers.
    """

    folder: str
    content: dict[str, Any]
    state: dict[str, Any]

    @property
    def runs(self) -> pd.DataFrame:
        """A row a run, in the order of the plan."""
        return read_runs(place_of(self.folder))

    @property
    def design(self) -> pd.DataFrame:
        """A row a point, in the unit cube; a column a factor."""
        found: pd.DataFrame = place_of(self.folder).read_table(DESIGN_TABLE).to_pandas()
        return found

    def table(self, name: str, columns: Sequence[str] = ()) -> pd.DataFrame:
        """Return a table that was kept of each run, with the factors of its run.

        Parameters
        ----------
        columns : columns to keep, where not all are needed.
        """
        place = place_of(self.folder)
        if name not in self.content["design"]["tables"]:
            known = list(self.content["design"]["tables"])
            raise InputError([Problem(self.folder, "", "has no such table", name, None, ", ".join(known),
                                      nearest(name, known))])  # fmt: skip
        runs = f"SELECT * FROM {address(place, f'{RUNS}.parquet')}"
        if not place.exists(f"{RUNS}.parquet"):
            runs = runs_query(place, list(self.content["measures"]))
        query = table_query(self, name, runs)
        if not query:
            raise InputError([Problem(self.folder, "", "keeps nothing of a table that it should have", name,
                                      advice=ADVICE)])  # fmt: skip
        with connect(place) as database, told_as_damage(place):
            kept = ", ".join(quoted(column) for column in columns) or "*"
            found: pd.DataFrame = database.sql(f"SELECT {kept} FROM ({query}) ORDER BY ALL").df()
        return found


def connect(place: Place) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB connection that can read a place."""
    spill = os.path.join(tempfile.gettempdir(), f"corridor-query-{os.getpid()}")  # made if need be, and removed
    made = duckdb.connect(config={
        "threads": 2, "preserve_insertion_order": True, "temp_directory": spill, "python_enable_replacements": False,
        "autoinstall_known_extensions": False, "autoload_known_extensions": False, "allow_persistent_secrets": False,
    })  # fmt: skip
    if place.local is None:
        made.register_filesystem(place.fs)
    return made


@contextmanager
def told_as_damage(place: Place) -> Iterator[None]:
    """Say of a sweep that its files are damaged where DuckDB cannot read them."""
    try:
        yield
    except duckdb.Error as error:
        said = f"has files that cannot be read together: {str(error).splitlines()[0]}"
        raise InputError([Problem(place.url, "", said, advice=ADVICE)]) from None


def quoted(name: str) -> str:
    """Return a name as SQL takes it, whatever stands in it."""
    return '"' + name.replace('"', '""') + '"'


def address(place: Place, *names: str) -> str:
    """Return how DuckDB names a file of a sweep, quoted."""
    path = place.path(*names)
    if place.local is None:
        protocol = place.fs.protocol if isinstance(place.fs.protocol, str) else place.fs.protocol[0]
        path = f"{protocol}://{path.lstrip('/') if protocol != 'memory' else path}"
    return "'" + path.replace("'", "''") + "'"


def open_sweep(folder: str | Path, *, whole: bool = True) -> SweepResult:
    """Open a sweep by its folder, or by its name in ``results/``.

    Parameters
    ----------
    whole : read its tables to see whether they are those that it ended with; else their lengths and columns tell.

    Raises
    ------
    InputError
        If there is none, or it is damaged.
    """
    given = str(folder)
    if "://" not in given:
        put_back(Path(given))
        put_back(RESULTS / given)
    local = [path for path in (Path(given), RESULTS / given) if "://" not in given and _there(path / SWEEP)]
    place = place_of(local[0] if local else given)
    if not local and not ("://" in given and place.exists(SWEEP)):
        known = [str(path) for path in sweep_folders()]
        advice = nearest(given, known) or "'corridor results' lists sweeps; 'corridor sweep DESIGN' makes one"
        raise InputError([Problem(given, "", "is no sweep", None, None, ", ".join(known), advice)])
    content = checked_content(place.read_json(SWEEP), place)
    state = {"ended": ""}
    if place.names_hold(STATE):
        state = checked_state(place.read_json(STATE), place, hashed=has_hash(content))
    check_columns(place, content)
    check_files(place, state, whole=whole)
    return SweepResult(str(local[0]) if local else given, content, state)


def _there(file: Path) -> bool:
    try:
        return file.exists()
    except OSError:
        return False  # a name that no file can have


def read_sweep(folder: str | Path) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
    """Return what was asked of a sweep, its runs, and its points in the unit cube; see `SweepResult`."""
    made = open_sweep(folder)
    return made.content, made.runs, made.design


def sweep_folders(root: str | Path = RESULTS) -> list[Path]:
    """Return the folders of sweeps below a folder, sorted; one that a killed command had moved aside is put back."""
    put_all_back(Path(root))
    found = {path.parent for path in Path(root).rglob(SWEEP)}
    # What is hidden is being written, or was left by a command that was killed.
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(root).parts))


def runs_query(place: Place, measures: Sequence[str]) -> str:
    """Return SQL for the table of runs of a sweep that has not been put together: each run once, in plan order."""
    shown = ", ".join(f"p.{quoted(name)}" for name in _plan_columns(place) if name not in ("row", "again"))
    if not place.names(PARTS, RUNS):
        nothing = ", ".join(f"NULL::DOUBLE AS {quoted(name)}" for name in measures)
        return (f"SELECT {shown}, '{MISSING}' AS status, '' AS error, NULL::DOUBLE AS seconds, {nothing} "
                f"FROM {address(place, PLAN)} p ORDER BY p.row")  # fmt: skip
    taken = ", ".join(f"r.{quoted(name)}" for name in measures)
    parts = address(place, PARTS, RUNS, "*.parquet")
    return (
        f"SELECT {shown}, coalesce(r.status, '{MISSING}') AS status, coalesce(r.error, '') AS error, r.seconds, "
        f"{taken} FROM {address(place, PLAN)} p LEFT JOIN "
        # A run that failed and was made again is taken as done.
        f"(SELECT DISTINCT ON (id) * FROM read_parquet({parts}, union_by_name=true) ORDER BY id, status) r "
        f"USING (id) ORDER BY p.row"
    )


def table_query(sweep: SweepResult, name: str, runs: str) -> str:
    """Return SQL for a table that was kept of each run, with what its run is of; empty if nothing of it is there.

    Parameters
    ----------
    runs : SQL for the table of runs.
    """
    place, content = place_of(sweep.folder), sweep.content
    if place.exists(f"{name}.parquet"):
        files = address(place, f"{name}.parquet")
    elif place.names(PARTS, name):
        files = f"read_parquet({address(place, PARTS, name, '*.parquet')}, union_by_name=true)"
    else:
        return ""
    drawn = [one["field"] for case in content["cases"].values() for one in case["drawn"]]
    keys = ", ".join(f"r.{quoted(key)}" for key in dict.fromkeys((*KEYS, *content["factors"], *drawn)))
    return f"SELECT DISTINCT {keys}, t.* FROM {files} t JOIN ({runs}) r USING (id)"


def _plan_columns(place: Place) -> list[str]:
    return list(place.columns(PLAN))


def read_runs(place: Place) -> pd.DataFrame:
    """Return the table of runs: of the finished sweep, or of what there is so far."""
    found: pd.DataFrame
    if place.exists(f"{RUNS}.parquet"):
        found = place.read_table(f"{RUNS}.parquet").to_pandas()
    else:
        with connect(place) as database, told_as_damage(place):
            found = database.sql(runs_query(place, list(place.read_json(SWEEP)["measures"]))).df()
    found["member"] = found["member"].astype("Int64")
    return found


def gather(place: Place, not_needed: pd.DataFrame | None = None) -> dict[str, Any]:
    """Put a sweep's runs and tables together in one file each, and return how many runs ended how.

    Parameters
    ----------
    not_needed : cases and points with the number of ``replicates`` after which they were stopped.
    """
    content = place.read_json(SWEEP)
    measures, tables = list(content["measures"]), list(content["design"]["tables"])
    with connect(place) as database, told_as_damage(place):
        query = runs_query(place, measures)
        if not_needed is not None and len(not_needed):
            database.register("stopped", not_needed[["case", "point", "replicates"]])
            query = (
                f"SELECT q.* REPLACE (CASE WHEN q.status = '{MISSING}' AND q.replicate >= s.replicates "
                f"THEN '{NOT_NEEDED}' ELSE q.status END AS status) FROM (SELECT row_number() OVER () AS place, * "
                f'FROM ({query})) q LEFT JOIN stopped s ON q."case" = s."case" AND q.point = s.point ORDER BY q.place'
            )
            query = f"SELECT * EXCLUDE (place) FROM ({query}) ORDER BY place"
        _copy(database, query, place, RUNS)
        for name in tables:
            parts = address(place, PARTS, name, "*.parquet")
            if place.names(PARTS, name):
                _copy(database, f"SELECT DISTINCT t.* FROM read_parquet({parts}, union_by_name=true) t SEMI JOIN "
                                f"{address(place, f'{RUNS}.parquet')} r ON t.id = r.id AND r.status = 'done' "
                                f"ORDER BY ALL", place, name)  # fmt: skip
        counted = database.sql(f"SELECT status, count(*) FROM {address(place, f'{RUNS}.parquet')} GROUP BY status")
        counts = {str(status): int(n) for status, n in counted.fetchall()}
    found = {name: counts.get(name, 0) for name in ("done", "failed", MISSING, NOT_NEEDED)}
    return {**found, **results_hashes(place, tables, _figures(content)), "files": files_of(place, content)}


def _copy(database: duckdb.DuckDBPyConnection, query: str, place: Place, name: str) -> None:
    """Write what a query returns to a table of a sweep."""
    if place.local is None:
        place.write_table(database.sql(query).to_arrow_table(), f"{name}.parquet")
        return
    hidden = place.local / f".{name}.parquet.tmp"
    target = "'" + str(hidden).replace("'", "''") + "'"
    try:
        database.execute(f"COPY ({query}) TO {target} (FORMAT parquet, COMPRESSION zstd)")
        sync(hidden)
        hidden.replace(place.local / f"{name}.parquet")
    except duckdb.IOException as error:
        raise OSError(None, str(error).splitlines()[0], str(place.local / f"{name}.parquet")) from None
    finally:
        hidden.unlink(missing_ok=True)


def _figures(content: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the table and column of each figure of a sweep: of all measures that do not count people."""
    design = content["design"]
    asked = {name: Measured.model_validate(each) for name, each in design["measures"].items()}
    found = {(RUNS, name) for name, each in asked.items() if unit(each) != UNITS["person"]}
    for name, each in design["tables"].items():
        if field_of(each["measure"]).unit != "person":
            found.add((name, each["measure"]))
    return found


def results_hashes(place: Place, tables: Sequence[str], figures: Container[tuple[str, str]]) -> dict[str, str]:
    """Return the SHA-256 of what came out, every run and table, but for how long runs took.

    ``hash`` is over every bit; ``people_hash`` over what counts people and what says which run is meant, the same on
    every processor; ``figures_hash`` over the rest, whose last digits depend on the processor.

    Parameters
    ----------
    figures : table and column of each figure.
    """
    every = {"hash": hashlib.sha256(), "people_hash": hashlib.sha256(), "figures_hash": hashlib.sha256()}
    for name in (RUNS, *tables):
        if not place.exists(f"{name}.parquet"):
            continue
        with place.fs.open(place.path(f"{name}.parquet"), "rb") as stream:
            file = pq.ParquetFile(stream)
            # One digest a column, so that it does not matter in which pieces the file is read.
            columns = {str(column): hashlib.sha256() for column in file.schema_arrow.names if column not in UNSTABLE}
            for batch in file.iter_batches(columns=list(columns)):
                for column, values in zip(batch.schema.names, batch.columns, strict=True):
                    columns[column].update("".join(f"{value!r}\x1f" for value in values.to_pylist()).encode())
        for column, digest in columns.items():
            part = "figures_hash" if (name, column) in figures else "people_hash"
            for each in ("hash", part):
                every[each].update(f"{name}.{column}={digest.hexdigest()};".encode())
    return {name: digest.hexdigest() for name, digest in every.items()}
