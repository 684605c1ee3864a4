"""The commands for sweeps: sweep, explore, results, query."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.errors import InputError, Problem
from simulator.terminal import INTERRUPTED, guarded, heard, print_json, print_table, say, sweep_progress

if TYPE_CHECKING:
    from simulator.api.sweeps import Remade
    from simulator.sweeps.results import SweepResult

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
SHOWN = ("name", "runs", "done", "failed", "missing", "not_needed", "mb", "corridor", "created", "ended", "question")
NOTHING = hashlib.sha256().hexdigest()
"""The hash of what is not there."""
SHOWN_ROWS = 60
FAILED_RUNS = 1
COLUMNS_SQL = (
    "SELECT table_name AS in_table, column_name AS of_column, data_type AS type FROM information_schema.columns "
    "WHERE table_schema = current_schema() ORDER BY table_name = 'runs' DESC, table_name, ordinal_position"
)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (sweep, explore, results, query):
        app.command()(command)


@guarded
def sweep(
    design: Annotated[str, typer.Argument(help="An experiment's name, folder or file.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, and say what it would take.")] = False,
    draws: Annotated[int | None, typer.Option(help="Draws, in place of the design's own.")] = None,
    replicates: Annotated[int | None, typer.Option(help="Seeds for each draw, in place of the design's own.")] = None,
    out: Annotated[
        str | None, typer.Option(help="Folder, or an address that fsspec reads; results/NAME-sweep if not given.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Make what is missing of the sweep that is there.")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="With --resume: make runs that failed again.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a sweep that stands there.")] = False,
    workers: Annotated[int | None, typer.Option(help="Processes; one for each core if not given.")] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler whose workers make the runs.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make all runs of a design, each kept as it ends; what is cut off can be gone on with."""
    from simulator import api

    if dry_run:
        _print_estimate(design, draws, replicates, workers, as_json)
        return
    if resume and overwrite:
        raise InputError([Problem("--resume", "", "cannot go with --overwrite", advice="say one of them")])
    folder = out or str(api.sweep_folder(design))
    again = f"corridor sweep {design} --resume" + "".join(
        f" {name} {value}" for name, value in (("--draws", draws), ("--replicates", replicates), ("--out", out),
                                               ("--cluster", cluster)) if value is not None)  # fmt: skip
    state = {"begun": False}
    try:
        with heard(aloud=True), sweep_progress() as (progress, checked):

            def told(now: object) -> None:
                state["begun"] = True
                progress(now)

            made = api.sweep(
                design, draws=draws, replicates=replicates, out=folder, resume=resume, retry_failed=retry_failed,
                overwrite=overwrite, workers=workers, cluster=cluster, progress=told, checked=checked,
            )  # fmt: skip
    except KeyboardInterrupt:
        if "://" not in folder and not (Path(folder) / "sweep.json").is_file():
            raise
        kept = "what was done is kept in" if state["begun"] else "nothing had begun in"
        say(f"interrupted; {kept} {folder}")
        say(f"go on with: {again}")
        raise typer.Exit(INTERRUPTED) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        say(f"corridor: {where}{error.strerror or error}; the sweep stopped, and what was done is kept in {folder}")
        say(f"make room, or see that the folder can be written to, then go on with: {again}")
        raise typer.Exit(FAILED_RUNS) from None
    _print_state(made, folder, as_json)


def _print_state(made: SweepResult, folder: str, as_json: bool) -> None:
    """Print how a sweep ended."""
    if as_json:
        print_json({**made.state, "folder": folder, "experiment": made.content["experiment"]})
        return
    counts = made.state
    print(f"{counts['done']:,} runs done, {counts['failed']:,} failed, {counts['missing']:,} missing, "
          f"{counts['not needed']:,} not needed")  # fmt: skip
    if counts["failed"]:
        runs = made.runs
        for error, n in runs.loc[runs["status"] == "failed", "error"].value_counts().head(5).items():
            print(f"  failed {n:,} times: {error}")
        print("  --resume --retry-failed makes them again")
    for row in counts.get("stopping", []):
        print(f"  {row['case']}, point {row['point']}: {row['said']} after {row['replicates']} replicates; interval of "
              f"the difference {row['width']:,.4g} wide, {row['wanted']:,.4g} asked")  # fmt: skip
    figures = "no figures were kept" if counts["figures_hash"] == NOTHING else f"figures {counts['figures_hash'][:12]}"
    print(f"results: {folder} (runs.parquet); people {counts['people_hash'][:12]}, {figures}")
    if len(counts["processors"]) > 1:
        print("workers had different processors, so that people are those of any of them, and figures to 1e-9:")
        print("\n".join(f"  {one}" for one in counts["processors"]))
    print(f'ask: corridor query "SELECT * FROM runs LIMIT 5" --sweep {folder}')


def _print_estimate(design: str, draws: int | None, replicates: int | None, workers: int | None, as_json: bool) -> None:
    """Print what a sweep would take."""
    from simulator import api

    with heard(aloud=True) as doubts:
        made = api.estimate(design, draws=draws, replicates=replicates, workers=workers)
    if as_json:
        print_json({**asdict(made), "warnings": [vars(doubt) for doubt in doubts]})
        return
    columns = ("case", "arms", "points", "draws", "replicates", "seconds_a_run")
    print_table("", columns, [
        (name, each["arms"], each["points"], each["draws"], each["replicates"], made.run_seconds[name])
        for name, each in made.cases.items()
    ])  # fmt: skip
    print(f"{made.runs:,} runs (a plan of {made.rows:,} rows) of {made.scenarios:,} scenarios, all checked")
    print(f"about {_time(made.hours)} with {made.workers} workers, and {made.mb:,.1f} MB; nothing was written")


def _time(hours: float) -> str:
    """Return a time in the unit that suits it."""
    minutes = hours * 60
    return f"{hours:,.1f} hours" if minutes > 90 else f"{minutes:,.1f} minutes" if minutes > 1 else (
        f"{minutes * 60:,.0f} seconds")  # fmt: skip


@guarded
def explore(
    sweep: Annotated[str, typer.Argument(help="A sweep's name in results/, or its folder.")],
    out: Annotated[Path | None, typer.Option(help="Folder for it; results/NAME-explored if not given.")] = None,
    conditions: Annotated[
        bool | None, typer.Option(help="Grow trees of conditions (needs scikit-learn; by default if it is there).")
    ] = None,
    boxes: Annotated[bool, typer.Option("--boxes", help="Look for boxes by PRIM, too (needs ema-workbench).")] = False,
    least: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Least difference that matters, of a measure's mean size.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an exploration that stands there.")] = False,
    as_json: Json = False,
) -> None:
    """Say what in a sweep matters: indices of factors, what decides between arms, and under which conditions."""
    from simulator import api

    folder = out or api.exploration_folder(sweep)
    made = api.explore(sweep, conditions=conditions, boxes=boxes, least=least, out=folder, overwrite=overwrite)
    if as_json:
        print_json({**made.plain(), "folder": str(folder)})
        return
    for heading, lines in api.in_words(made).items():
        print(f"{heading}\n" + "\n".join(f"  {line}" for line in lines) + "\n")
    print(f"page: {folder / 'README.md'}")


@guarded
def results(
    name: Annotated[str | None, typer.Argument(metavar="[SWEEP]", help="A sweep; all sweeps if not given.")] = None,
    run: Annotated[
        str | None, typer.Option(metavar="ID", help="Make this run again, with all that is recorded.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the run; or a .csv, .parquet or .nc for all runs.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace another run that stands there.")] = False,
    as_json: Json = False,
) -> None:
    """List the sweeps in results/, or what one holds; export its runs, or make one of them again."""
    from simulator import api

    if name is None:
        rows = api.results()
        assert isinstance(rows, list)
        if as_json:
            print_json(rows)
        elif rows:
            print_table("", SHOWN, [tuple(row.get(column) for column in SHOWN) for row in rows])
        else:
            print("no sweeps in results/; 'corridor sweep DESIGN' makes one")
        return
    if run is not None:
        folder = out or Path("results") / f"run-{run}"
        made = api.remake(name, run, out=folder, overwrite=overwrite)
        _print_remade(made, folder, as_json)
        return
    if out is not None:
        found = api.query("SELECT * FROM runs", sweep=name, out=out)
        for note in found.attrs.get("notes", ()):
            say(note)
        print(out)
        return
    _print_sweep(name, as_json)


def _print_remade(made: Remade, folder: Path, as_json: bool) -> None:
    """Print where a run went that was made again, and whether it is what the sweep kept of it."""
    said = made.sameness
    if as_json:
        about = {} if said is None else {"same": said.holds, "people": said.people, "figures": said.figures,
                                         "largest_difference": said.largest, "different": said.different}  # fmt: skip
        print_json({**made.result.summary, "folder": str(folder), "kept": about or None,
                    "processors": {"then": made.processors, "now": made.here}})  # fmt: skip
    elif said is None:
        print("the sweep kept nothing of this run to compare it with")
    else:
        first = f": {', '.join(said.different)}" if said.different else ""
        print(f"against what the sweep kept: {said}{first}")
        if said.figures != "exact" or not said.people:
            print("\n".join(f"  {when}: {known}" for when, known in (*(("then", one) for one in made.processors),
                                                                    ("now", made.here))))  # fmt: skip
    if not as_json:
        print(f"results: {folder}")
    if said is not None and not said.holds:
        raise typer.Exit(FAILED_RUNS)


def _print_sweep(name: str, as_json: bool) -> None:
    """Print what one sweep holds: tables, columns, how its runs ended."""
    from simulator import api

    tables = api.query(COLUMNS_SQL, sweep=name)
    made = api.results(name)
    assert not isinstance(made, list)
    counts = api.query("SELECT status, count(*) AS runs FROM runs GROUP BY status ORDER BY status", sweep=name)
    if as_json:
        print_json({
            "folder": made.folder, "question": made.content["question"], "state": made.state,
            "status": counts.to_dict(orient="records"), "columns": tables.to_dict(orient="records"),
        })  # fmt: skip
        return
    print(made.content["question"])
    print_table("", tuple(counts.columns), counts.to_numpy(dtype=object).tolist())
    print_table("", tuple(tables.columns), tables.to_numpy(dtype=object).tolist())


@guarded
def query(
    sql: Annotated[
        str, typer.Argument(help='A query: SELECT ... FROM runs, or FROM "SWEEP".runs where there are many.')
    ],
    sweep: Annotated[str | None, typer.Option(metavar="SWEEP", help="Sweep whose tables are meant.")] = None,
    out: Annotated[Path | None, typer.Option(help="File to write it to: .csv, .parquet or .nc.")] = None,
    as_json: Json = False,
) -> None:
    """Ask the results of sweeps in SQL; DuckDB reads them where they lie."""
    from simulator import api

    found = api.query(sql, sweep=sweep, out=out)
    for note in found.attrs.get("notes", ()):
        say(note)
    if out is not None:
        print(out)
    elif as_json:
        print_json(found.to_dict(orient="records"))
    else:
        caption = f"{len(found):,} rows; the first {SHOWN_ROWS} are shown, --out keeps all"
        caption = caption if len(found) > SHOWN_ROWS else ""
        rows = found.head(SHOWN_ROWS).astype(object).where(found.head(SHOWN_ROWS).notna(), None)
        print_table("", tuple(map(str, found.columns)), rows.to_numpy(dtype=object).tolist(), caption)
