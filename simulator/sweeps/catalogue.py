"""All sweeps that there are, to be asked in SQL: DuckDB reads their files where they lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import duckdb
import pandas as pd

from simulator.errors import InputError, Problem
from simulator.sweeps.results import (
    RESULTS,
    SweepResult,
    address,
    connect,
    open_sweep,
    runs_query,
    sweep_folders,
    table_query,
)
from simulator.sweeps.store import PARTS, RUNS, place_of

FORMATS: Final = (".csv", ".parquet", ".nc")
"""What a table can be written as."""

def listed(root: str | Path = RESULTS) -> list[dict[str, Any]]:
    """Return a row a sweep below a folder: its name, where, and how many runs ended how."""
    rows = []
    for folder in sweep_folders(root):
        try:
            made = open_sweep(folder)
        except (ValueError, KeyError, TypeError):
            rows.append({"name": folder.name, "folder": str(folder), "ended": "damaged"})
            continue
        rows.append(_row(made, folder))
    return rows


def _row(made: SweepResult, folder: Path) -> dict[str, Any]:
    state = made.state
    ended = len(place_of(folder).names(PARTS, RUNS)) if not state.get("ended") else 0
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return {
        "name": folder.name, "folder": str(folder), "experiment": made.content["experiment"],
        "runs": made.content["runs"], "done": state.get("done", ended), "failed": state.get("failed"),
        "missing": state.get("missing", made.content["runs"] - ended), "not_needed": state.get("not needed"),
        "mb": round(size / 1e6, 1), "created": made.content["created"], "ended": state.get("ended") or "cut off",
        "corridor": made.content["made_by"]["corridor"], "hash": state.get("hash", "")[:12],
        "question": made.content["question"],
    }  # fmt: skip


def database(sweep: str | Path | None = None, root: str | Path = RESULTS) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB connection with every sweep as a schema: ``"NAME".runs``, and its tables; and ``sweeps``.

    Parameters
    ----------
    sweep : the sweep whose tables need no schema before their names: ``runs``; where there is only one, that one.
    root : folder below which sweeps are looked for.

    Raises
    ------
    InputError
        If there is no such sweep.
    """
    chosen = open_sweep(sweep) if sweep is not None else None
    made = connect(place_of(chosen.folder if chosen is not None else root))
    names = _names(root, chosen)
    rows = pd.DataFrame(listed(root)) if sweep_folders(root) else pd.DataFrame({"name": pd.Series([], dtype=str)})
    made.register("sweeps", rows)
    for folder, name in names.items():
        made.execute(f'CREATE SCHEMA "{name}"')
        _views(made, open_sweep(folder), name)
    first = list(names.values()) if chosen is None else [names[_key(chosen.folder)]]
    if len(first) == 1:
        made.execute(f"SET search_path = '\"{first[0]}\",main'")
    return made


def _key(folder: str | Path) -> str:
    """Return the one name of a folder, however it was written."""
    return str(folder) if "://" in str(folder) else str(Path(folder).resolve())


def _names(root: str | Path, chosen: SweepResult | None) -> dict[str, str]:
    """Return the schema of each sweep's folder: its name, and where two have one, their paths."""
    folders = [_key(folder) for folder in sweep_folders(root)]
    if chosen is not None and _key(chosen.folder) not in folders:
        folders.append(_key(chosen.folder))
    short = [folder.rstrip("/").rsplit("/", 1)[-1] for folder in folders]
    return {
        folder: name if short.count(name) == 1 else folder for folder, name in zip(folders, short, strict=True)
    }


def _views(made: duckdb.DuckDBPyConnection, sweep: SweepResult, name: str) -> None:
    """Make the views of one sweep."""
    place = place_of(sweep.folder)
    measures = list(sweep.content["measures"])
    whole = place.exists(f"{RUNS}.parquet")
    runs = f"SELECT * FROM {address(place, f'{RUNS}.parquet')}" if whole else runs_query(place, measures)
    made.execute(f'CREATE VIEW "{name}".runs AS {runs}')
    for table in sweep.content["design"]["tables"]:
        sql = table_query(sweep, table, f'SELECT * FROM "{name}".runs')
        if sql:
            made.execute(f'CREATE VIEW "{name}"."{table}" AS {sql}')


def query(sql: str, *, sweep: str | Path | None = None, root: str | Path = RESULTS) -> pd.DataFrame:
    """Return what a query in SQL finds in the results of sweeps; see `database`.

    Raises
    ------
    InputError
        If there is no such sweep, or the query is wrong; what DuckDB says of it stands in the message.
    """
    with database(sweep, root) as made:
        try:
            found: pd.DataFrame = made.sql(sql).df()
        except duckdb.Error as error:
            text = str(error).strip()
            known = [f'"{schema}"."{name}"' for schema, name in made.sql(
                "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal").fetchall()]  # fmt: skip
            advice = "'corridor results NAME' lists a sweep's tables and columns"
            raise InputError([Problem("query", "", text, sql, None, ", ".join(sorted(known)), advice)]) from None
        except AttributeError:
            raise InputError([Problem("query", "", "returns nothing", sql, allowed="SELECT ...")]) from None
    return found


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
    if out.suffix not in FORMATS:
        raise InputError([Problem("--out", "", "is no format that tables are written in", str(out), None,
                                  ", ".join(FORMATS))])  # fmt: skip
    out.parent.mkdir(parents=True, exist_ok=True)
    hidden = out.with_name(f".{out.name}.tmp")
    try:
        if out.suffix == ".csv":
            table.to_csv(hidden, index=False)
        elif out.suffix == ".parquet":
            table.to_parquet(hidden, index=False)
        else:
            _dataset(table, units or {}).to_netcdf(hidden, engine="scipy")
        hidden.replace(out)
    finally:
        hidden.unlink(missing_ok=True)
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

