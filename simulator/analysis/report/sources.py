"""What a report is made from: runs, or the folder of a sweep that squeezes each route in turn."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from simulator.analysis.report.content import ReportContent
from simulator.analysis.report.from_runs import from_runs
from simulator.analysis.report.from_table import from_table
from simulator.errors import InputError, Problem
from simulator.outputs.result import Result

TABLE: Final = "balloon.parquet"
PEOPLE: Final = "balloon-people.parquet"
DESIGN: Final = "balloon.json"
"""What a sweep's folder holds for its report: the tables of `diversion.balloon`, and the design of `from_table`."""


def is_sweep(folder: Path) -> bool:
    """Return whether a folder holds the table of a sweep that squeezes each route in turn."""
    return (folder / TABLE).is_file()


def from_folder(folder: Path) -> ReportContent:
    """Return what a report says about a sweep's folder.

    Raises
    ------
    InputError
        If its table or design cannot be read.
    """
    table, design = _table(folder / TABLE), dict[str, Any]()
    if (folder / DESIGN).is_file():
        try:
            design = dict(json.loads((folder / DESIGN).read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise InputError([Problem(str(folder / DESIGN), "", f"is not a JSON object: {error}")]) from None
    if (folder / PEOPLE).is_file():
        design["people"] = _table(folder / PEOPLE)
    return from_table(table, design)


def _table(file: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(file)
    except (OSError, ValueError) as error:
        raise InputError([Problem(str(file), "", f"cannot be read: {error}", advice="run the sweep again")]) from None


def content_of(given: Sequence[Result | str | Path], routes: Sequence[str] = ()) -> ReportContent:
    """Return what a report says about runs, of which the first is the baseline, or about one sweep.

    Raises
    ------
    InputError
        If what is given cannot be read or reported together.
    """
    if len(given) == 1 and not isinstance(given[0], Result) and is_sweep(Path(given[0])):
        return from_folder(Path(given[0]))
    return from_runs([run if isinstance(run, Result) else Result.load(run) for run in given], routes)
