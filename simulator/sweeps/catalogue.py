"""All sweeps that there are, to be asked in SQL: DuckDB reads their files where they lie."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import pandas as pd

from simulator.errors import InputError, Problem
from simulator.outputs.locks import Life, life
from simulator.outputs.whole import check_place, whole_path
from simulator.sweeps.planned import finished
from simulator.sweeps.results import (
    RESULTS,
    SweepResult,
    address,
    connect,
    open_sweep,
    quoted,
    runs_query,
    sweep_folders,
    table_query,
    told_as_damage,
)
from simulator.sweeps.store import RUNS, Place, place_of

FORMATS: Final = (".csv", ".parquet", ".nc")
"""What a table can be written as."""
TAKEN: Final = ("main", "temp", "system", "pg_catalog", "information_schema", "memory", "sweeps")
"""Names of schemas and catalogues that DuckDB has itself, and of the table of sweeps."""


def listed(root: str | Path = RESULTS) -> list[dict[str, Any]]:
    """Return a row a sweep below a folder: its name, where, how many runs ended how; or what is wrong with it."""
    rows = []
    for folder in sweep_folders(root):
        try:
            rows.append(_row(open_sweep(folder, whole=False), folder))
        except InputError as error:
            rows.append({"name": folder.name, "folder": str(folder), "ended": f"damaged: {error.problems[0].message}"})
    return rows


LIVES: Final[dict[Life, str]] = {"running": "running", "free": "cut off", "unknown": "running elsewhere, or cut off"}


def _row(made: SweepResult, folder: Path) -> dict[str, Any]:
    state = made.state
    there = None if state.get("ended") else len(finished(place_of(folder)))
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return {
        "name": folder.name, "folder": str(folder), "experiment": made.content["experiment"],
        "runs": made.content["runs"], "done": state.get("done", there), "failed": state.get("failed"),
        "missing": state.get("missing", made.content["runs"] - (there or 0)), "not_needed": state.get("not needed"),
        "mb": round(size / 1e6, 1), "created": made.content["created"],
        "ended": "running" if life(folder) == "running" else state.get("ended") or LIVES[life(folder)],
        "corridor": made.content["made_by"].get("corridor"), "hash": state.get("hash", "")[:12],
        "question": made.content["question"],
    }  # fmt: skip


@dataclass(frozen=True)
class Catalogue:
    """Sweeps that can be asked.

    Attributes
    ----------
    connection : reads their files, and can do nothing else: no other file, no writing, no extension, no setting.
    schemas : sweep by the name of its schema.
    first : schema whose tables need no name before theirs, if there is one.
    left_out : what is wrong with each sweep that is damaged.
    """

    connection: duckdb.DuckDBPyConnection
    schemas: dict[str, SweepResult]
    first: str | None
    left_out: tuple[str, ...]


def database(sweep: str | Path | None = None, root: str | Path = RESULTS) -> Catalogue:
    """Return a DuckDB connection with every sweep as a schema: ``"NAME".runs``, and its tables; and ``sweeps``.

    Parameters
    ----------
    sweep : the sweep whose tables need no schema before their names: ``runs``; where there is only one, that one.
    root : folder below which sweeps are looked for.

    Raises
    ------
    InputError
        If there is no such sweep, or it is damaged; another that is damaged is left out.
    """
    chosen = open_sweep(sweep) if sweep is not None else None
    made = connect(place_of(chosen.folder if chosen is not None else root))
    rows = pd.DataFrame(listed(root)) if sweep_folders(root) else pd.DataFrame({"name": pd.Series([], dtype=str)})
    made.register("sweeps", rows)
    schemas: dict[str, SweepResult] = {}
    first, left_out = None, []
    for folder, name in _names(root, chosen).items():
        mine = chosen is not None and folder == _key(chosen.folder)
        try:
            found = chosen if mine and chosen is not None else open_sweep(folder)
            with told_as_damage(place_of(found.folder)):
                made.execute(f"CREATE SCHEMA {quoted(name)}")
                _views(made, found, name)
        except InputError as error:
            if mine:
                raise
            left_out.append(f"{folder}: {error.problems[0].message}")
            continue
        schemas[name] = found
        first = name if mine else first
    first = next(iter(schemas)) if chosen is None and len(schemas) == 1 else first
    if first is not None:
        made.execute(f"USE {quoted(first)}")
    _confine(made, [place_of(each.folder) for each in schemas.values()])
    return Catalogue(made, schemas, first, tuple(left_out))


def _confine(made: duckdb.DuckDBPyConnection, places: Sequence[Place]) -> None:
    """Let a connection read the files of some sweeps and nothing else, for good: no query can change that."""
    folders = ", ".join(address(place, "") for place in places)
    made.execute(f"SET allowed_directories = [{folders}]")
    made.execute("SET enable_external_access = false")
    made.execute("SET lock_configuration = true")


def _key(folder: str | Path) -> str:
    """Return the one name of a folder, however it was written."""
    return str(folder) if "://" in str(folder) else str(Path(folder).resolve())


def _names(root: str | Path, chosen: SweepResult | None) -> dict[str, str]:
    """Return the schema of each sweep's folder: its name, and where two have one, their paths."""
    folders = [_key(folder) for folder in sweep_folders(root)]
    if chosen is not None and _key(chosen.folder) not in folders:
        folders.append(_key(chosen.folder))
    short = [folder.rstrip("/").rsplit("/", 1)[-1] for folder in folders]
    # DuckDB does not tell names apart by their case, and has some of its own.
    alike = Counter(name.lower() for name in short)
    return {
        folder: name if alike[name.lower()] == 1 and name.lower() not in TAKEN else folder
        for folder, name in zip(folders, short, strict=True)
    }


def _views(made: duckdb.DuckDBPyConnection, sweep: SweepResult, name: str) -> None:
    """Make the views of one sweep."""
    place = place_of(sweep.folder)
    measures = list(sweep.content["measures"])
    whole = place.exists(f"{RUNS}.parquet")
    runs = f"SELECT * FROM {address(place, f'{RUNS}.parquet')}" if whole else runs_query(place, measures)
    made.execute(f"CREATE VIEW {quoted(name)}.runs AS {runs}")
    for table in sweep.content["design"]["tables"]:
        sql = table_query(sweep, table, f"SELECT * FROM {quoted(name)}.runs")
        if sql:
            made.execute(f"CREATE VIEW {quoted(name)}.{quoted(table)} AS {sql}")


def query(sql: str, *, sweep: str | Path | None = None, root: str | Path = RESULTS) -> pd.DataFrame:
    """Return what a query in SQL finds in the results of sweeps; see `database`.

    Returns
    -------
    pandas.DataFrame
        Its ``attrs["notes"]`` say which sweeps are damaged and left out, and of which of those asked runs are missing.

    Raises
    ------
    InputError
        If there is no such sweep, or the query is wrong or no single SELECT; what DuckDB says of it stands in the
        message.
    """
    found = database(sweep, root)
    with found.connection as made:
        try:
            _check_reads(sql)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                table: pd.DataFrame = made.execute(sql).df()
        except (duckdb.Error, ValueError, RecursionError) as error:
            known = [f"{quoted(schema)}.{quoted(name)}" for schema, name in made.execute(
                "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal").fetchall()]  # fmt: skip
            advice = "'corridor results NAME' lists a sweep's tables and columns"
            if found.left_out:
                advice = f"{advice}; left out since it is damaged: {'; '.join(found.left_out)}"
            raise InputError([Problem("query", "", str(error).strip(), sql, None, ", ".join(sorted(known)),
                                      advice)]) from None  # fmt: skip
    table.attrs["notes"] = [*(f"left out, since it is damaged: {said}" for said in found.left_out),
                            *_incomplete(found, sql)]  # fmt: skip
    return table


def _check_reads(sql: str) -> None:
    """Check that a query is one SELECT: DuckDB lets no other file be reached, but others can write to those."""
    statements = duckdb.extract_statements(sql)
    kinds = [statement.type for statement in statements]
    if kinds != [duckdb.StatementType.SELECT]:
        said = ", ".join(str(kind).rsplit(".", 1)[-1] for kind in kinds) or "nothing"
        raise InputError([Problem("query", "", f"is not one query that reads, but {said}", sql, None,
                                  "one SELECT (of PIVOT: ... ON column IN (values))")])  # fmt: skip


def _incomplete(found: Catalogue, sql: str) -> list[str]:
    """Return how many of the planned runs are there, of each sweep that a query names and that has not ended."""
    notes = []
    for name, each in found.schemas.items():
        if each.state.get("ended") or not (name == found.first or quoted(name) in sql or f"{name}." in sql):
            continue
        place = place_of(each.folder)
        there = len(finished(place))
        now = LIVES[life(place.local)] if place.local is not None else LIVES["unknown"]
        notes.append(f"{name} is {now}: {there:,} of {each.content['runs']:,} planned runs are there; "
                     f"'runs' has a row for the others, too, with the status 'missing'")  # fmt: skip
    return notes


def check_table(out: Path) -> None:
    """Check that a table can be written to a file, before it is asked for.

    Raises
    ------
    InputError
        If its name has none of the ends of `FORMATS`, or it cannot be written there.
    """
    if out.suffix not in FORMATS:
        raise InputError([Problem("--out", "", "is no format that tables are written in", str(out), None,
                                  ", ".join(FORMATS))])  # fmt: skip
    check_place(out, folder=False)


def write_table(table: pd.DataFrame, out: Path, units: dict[str, str] | None = None) -> Path:
    """Write a table as CSV, Parquet or netCDF, by the end of its name; whole or not at all.

    Parameters
    ----------
    units : unit by column, for netCDF.

    Raises
    ------
    InputError
        If the name has none of these ends.
    """
    check_table(out)
    with whole_path(out) as hidden:
        if out.suffix == ".csv":
            table.to_csv(hidden, index=False)
        elif out.suffix == ".parquet":
            table.to_parquet(hidden, index=False)
        else:
            _dataset(table, units or {}).to_netcdf(hidden, engine="scipy")
    return out


def _dataset(table: pd.DataFrame, units: dict[str, str]) -> Any:
    """Return a table as a dataset with one dimension, its rows; names as netCDF allows them."""
    import numpy as np
    import xarray as xr

    columns: dict[str, Any] = {}
    for name in table.columns:
        values = table[name]
        if isinstance(values.dtype, pd.Int64Dtype):
            values = values.astype("Float64")
        kind = getattr(values.dtype, "kind", "O")
        data = values.to_numpy(dtype=np.float64, na_value=np.nan) if kind in "iuf" else (
            values.to_numpy(dtype=np.int8) if kind == "b" else values.astype(str).to_numpy(dtype=object))  # fmt: skip
        about = {"long_name": str(name), **({"units": units[name]} if units.get(name) else {})}
        columns[str(name).replace("/", "_")] = ("row", data, about)
    return xr.Dataset(columns)
