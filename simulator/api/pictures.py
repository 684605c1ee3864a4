"""Draw runs, and write pages to read about them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simulator.api.runs import Runs, opened
from simulator.errors import InputError, Problem
from simulator.outputs.result import Result
from simulator.outputs.whole import check_place
from simulator.scenario.library import listed

if TYPE_CHECKING:
    from simulator.analysis.report.content import ReportContent
    from simulator.analysis.report.from_sweep import Swept
    from simulator.scenario.schema import Scenario
    from simulator.sweeps.results import SweepResult

SWEEP: Final = "sweep.json"
"""File that the folder of a sweep has."""


def plot(runs: Runs | Sequence[Runs], out: str | Path | None = None) -> list[Path]:
    """Draw one run, or several against the first, or a sweep that squeezes each route in turn; return the files.

    Parameters
    ----------
    runs : results or run folders, or the folder of a sweep.
    out : folder for the figures; by default ``figures`` in the folder of a single run, and for
        several ``results/NAME-compared``.

    Raises
    ------
    InputError
        If a run cannot be read, or runs cannot be compared.
    """
    from simulator.analysis.plots import draw_comparison, draw_run

    given = [runs] if isinstance(runs, Result | str | Path) else list(runs)
    if out is not None:
        check_place(Path(out))
    if len(given) == 1 and not isinstance(given[0], Result) and _is_sweep(given[0]):
        return _plot_sweep(given[0], Path(out) if out is not None else Path(given[0]) / "figures")
    results = [opened(run) for run in ([runs] if isinstance(runs, Result | str | Path) else runs)]
    if not results:
        raise InputError([Problem("plot", "", "no run was given", advice="name one or more run folders")])
    folder = Path(out) if out is not None else _figure_folder(results)
    check_place(folder)
    if folder.is_symlink() and out is None:
        advice = "say where with --out"
        raise InputError([Problem(str(folder), "", "is a link, and nothing is written through it", advice=advice)])
    folder.mkdir(parents=True, exist_ok=True)
    hidden = Path(tempfile.mkdtemp(prefix=".figures.", suffix=".tmp", dir=folder.parent))
    try:
        if len(results) == 1:
            drawn = draw_run(results[0], hidden)
        else:
            drawn = draw_comparison(results, hidden)
        return [path.replace(folder / path.name) for path in drawn]
    except ValueError as error:
        raise InputError([Problem("plot", "", str(error))]) from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _figure_folder(results: Sequence[Result]) -> Path:
    if len(results) > 1:
        return Path("results") / f"{results[0].scenario.name}-compared"
    if results[0].folder is None:
        advice = "say where with out, or save the result first"
        raise InputError([Problem("plot", "out", "this result is not in a folder", advice=advice)])
    return results[0].folder / "figures"


def report(
    runs: Runs | Sequence[Runs], out: str | Path, *, routes: Sequence[str] = (), overwrite: bool = False
) -> Path:
    """Write one self-contained HTML page about runs, or about a sweep, and return its path.

    Parameters
    ----------
    runs : results or run folders, of which the first is the baseline; runs that differ from another in seed or member
        of the fit alone count together. Or the folder of a sweep that squeezes each route in turn.
    out : file to write, ending in ``.html``.
    routes : routes on which the change acts; by default those of the policies that differ.
    overwrite : replace a file that stands there.

    Raises
    ------
    InputError
        If something cannot be read or reported together, the file may not be written, or plotly or jinja2 are missing.
    """
    from simulator.analysis.report.page import check_file, need_libraries, write

    need_libraries()
    check_file(Path(out), overwrite=overwrite)
    from simulator.analysis.report.sources import content_of

    given = [runs] if isinstance(runs, Result | str | Path) else list(runs)
    if len(given) == 1 and not isinstance(given[0], Result) and _is_sweep(given[0]):
        return write(_of_sweep(given[0]), Path(out), overwrite=overwrite)
    return write(content_of(given, listed(routes)), Path(out), overwrite=overwrite)


def _is_sweep(folder: str | Path) -> bool:
    """Return whether a folder holds a sweep: told without loading what reads one."""
    return (Path(folder) / SWEEP).exists()


def _of_sweep(folder: str | Path) -> ReportContent:
    """Return what a report says about a sweep."""
    from simulator.analysis.report.from_sweep import from_sweep

    return from_sweep(_swept(folder))


def _swept(folder: str | Path) -> Swept:
    """Return a sweep of effort on routes."""
    from simulator.analysis.report.from_sweep import Swept, tables_needed
    from simulator.analysis.report.sweep_map import COLUMNS, people_table
    from simulator.sweeps.results import open_sweep
    from simulator.sweeps.store import PARTS, place_of

    made = open_sweep(folder)
    needed = tables_needed(made.content, str(folder))
    by_leg = people_table(made.content)
    place = place_of(made.folder)
    there = by_leg is not None and (place.exists(f"{by_leg}.parquet") or bool(place.names(PARTS, by_leg)))
    people = made.table(by_leg, COLUMNS) if by_leg is not None and there else None
    flows = {flow: made.table(name) for flow, name in needed.items()}
    return Swept(made.content, made.runs, flows, people, _scenario_of(made), str(folder))


def _scenario_of(made: SweepResult) -> Scenario:
    """Return a scenario of a sweep: one that it keeps, wherever its corridor lies now; else, by its name, from here."""
    from simulator.scenario.load import load
    from simulator.sweeps.store import SCENARIOS, place_of

    place = place_of(made.folder)
    kept = place.names(SCENARIOS)
    if kept:
        return place.scenario(kept[0].split(".")[0])
    (case,) = made.content["cases"].values()
    start, end = (date.fromisoformat(day) for day in case["period"])
    try:
        return load(case["scenario"], start=start, end=end)
    except InputError:
        said = f"keeps no scenario (folder {SCENARIOS}), and its corridor is not found from here"
        raise InputError([Problem(made.folder, "", said, case["scenario"], None, "a sweep with its scenarios",
                                  "copy the sweep whole, or call this where the corridor is")]) from None  # fmt: skip


def _plot_sweep(folder: str | Path, out: Path) -> list[Path]:
    """Draw a sweep: what moved at a glance, the balloon, the deaths beside it, and the diversion matrix."""
    from simulator.analysis.diversion import balloon
    from simulator.analysis.diversion.figures.against_effort import balloon_figure, deaths_figure
    from simulator.analysis.diversion.figures.balances import balances_figure
    from simulator.analysis.diversion.figures.common import base_of
    from simulator.analysis.diversion.figures.matrix import matrix_figure
    from simulator.analysis.report.from_sweep import design_of

    swept = _swept(folder)
    table, design = swept.table, design_of(swept)
    found = balloon.matrix(table, design["people"], None, design["onward"], base_of(design))
    return [
        *balances_figure(table, design).save(out, "at-a-glance"),
        *balloon_figure(table, design).save(out, "balloon"),
        *deaths_figure(table, design).save(out, "deaths"),
        *matrix_figure(found, design).save(out, "matrix"),
    ]
