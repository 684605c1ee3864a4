"""The command ``corridor``: the functions of `simulator.api`, in the same words.

Nothing heavy is imported before a command runs, so that ``corridor --help`` answers at once.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from simulator import __version__, cli_reports, cli_sweeps
from simulator.errors import InputError
from simulator.numbers import FEW, FEW_WORDS, count
from simulator.terminal import (
    CLOSED,
    FAILED,
    INTERRUPTED,
    OutputError,
    guarded,
    heard,
    prepare_streams,
    print_choices,
    print_comparison,
    print_evidence,
    print_explanation,
    print_json,
    print_scorecard,
    print_table,
    print_warnings,
    progress_bar,
    say,
    silence,
)

if TYPE_CHECKING:
    pass

app = typer.Typer(
    name="corridor",
    help="Simulate migration corridors person by person, to compare policies.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of all draws.")]
Scale = Annotated[int | None, typer.Option("--persons-per-agent", help="People that a row stands for.")]
Overrides = Annotated[list[str] | None, typer.Option("--override", metavar="NAME", help="Lay an override over it.")]
Without = Annotated[list[str] | None, typer.Option("--without", metavar="NAME", help="Leave out one of its overrides.")]
Settings = Annotated[list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Set a field, last of all.")]
FitMember = Annotated[
    str | None, typer.Option("--fit-member", metavar="K|none", help="Member of the corridor's fit, or none of them.")
]
Start = Annotated[str | None, typer.Option("--start", metavar="DATE", help="First day, YYYY-MM-DD.")]
End = Annotated[str | None, typer.Option("--end", metavar="DATE", help="Day after the last, YYYY-MM-DD.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace another run that stands there.")]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"corridor {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
@guarded
def run(
    scenario: Annotated[str, typer.Argument(help="Name or path of a scenario.")],
    seed: Seed = None,
    persons_per_agent: Scale = None,
    override: Overrides = None,
    without: Without = None,
    settings: Settings = None,
    start: Start = None,
    end: End = None,
    fit_member: FitMember = None,
    out: Annotated[Path | None, typer.Option(help="Run folder; results/SCENARIO-SEED-HASH if not given.")] = None,
    overwrite: Overwrite = False,
    figures: Annotated[bool, typer.Option(help="Draw figures into the run folder.")] = True,
    as_json: Json = False,
) -> None:
    """Run a scenario, write the run folder, and print its totals by route."""
    from simulator import api

    resolved, doubts = api.prepare(
        scenario, seed=seed, persons_per_agent=persons_per_agent, overrides=override or (), without=without or (),
        set=settings or None, start=start, end=end, fit_member=fit_member,
    )  # fmt: skip
    folder = out or api.default_folder(resolved)
    print_warnings(doubts)
    with progress_bar() as progress, heard():
        result = api.run(resolved, out=folder, overwrite=overwrite, figures=figures, progress=progress)
    if as_json:
        print_json({**result.summary, "folder": str(folder), "warnings": [vars(doubt) for doubt in doubts]})
    else:
        cli_reports.print_totals(result)
        print(f"results: {folder}")


@app.command()
@guarded
def check(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Scenarios, corridors, overrides or designs.")],
    as_json: Json = False,
) -> None:
    """Check scenarios, corridors and overrides; all problems at once, and what would change nothing."""
    from simulator import api

    try:
        with heard() as doubts:
            files = api.check(paths)
    except InputError as error:
        if as_json:
            print_json({"files": [], "problems": [vars(problem) for problem in error.problems], "warnings": []})
        raise
    print_warnings(doubts)
    if as_json:
        warned = [vars(doubt) for doubt in doubts]
        print_json({"files": [str(file) for file in files], "problems": [], "warnings": warned})
    else:
        print("\n".join(f"{file}: no problems" for file in files))


@app.command()
@guarded
def explain(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO|RUN", help="A scenario, or a run folder.")],
    field: Annotated[str | None, typer.Argument(help="A field, or the beginning of some; all if not given.")] = None,
    seed: Seed = None,
    persons_per_agent: Scale = None,
    override: Overrides = None,
    without: Without = None,
    settings: Settings = None,
    start: Start = None,
    end: End = None,
    fit_member: FitMember = None,
    government: Annotated[
        str | None, typer.Option("--government", metavar="NAME", help="For a run: what it decided, and why.")
    ] = None,
    date: Annotated[
        str | None, typer.Option("--date", metavar="DATE", help="For --government: YYYY, YYYY-MM or YYYY-MM-DD.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print what a scenario resolves to, and where each value came from; or what a government of a run decided."""
    from simulator import api

    if government is not None or date is not None:
        choices = api.choices(scenario, government, date)
        if as_json:
            print_json(choices)
        else:
            print_choices(choices)
        return
    rows = api.explain(
        scenario, field, seed=seed, persons_per_agent=persons_per_agent, overrides=override or (),
        without=without or (), set=settings or None, start=start, end=end, fit_member=fit_member,
    )  # fmt: skip
    if as_json:
        print_json(rows)
    else:
        print_explanation(rows)


@app.command()
@guarded
def evidence(
    identifier: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="A finding or a publisher; all findings if not given.")
    ] = None,
    document: Annotated[str | None, typer.Option(metavar="ID", help="Findings of this document only.")] = None,
    as_json: Json = False,
) -> None:
    """Print findings and figures of documents, or one of them with all that depends on it."""
    from simulator import api

    found = api.evidence(identifier, document=document)
    if as_json:
        print_json(found)
    elif isinstance(found, dict):
        print_evidence(found)
    else:
        columns = ("id", "section", "date", "value", "unit", "kind", "uses")
        caption = "corridor evidence ID: what an entry says, and what depends on it."
        print_table("", columns, [tuple(row[column] for column in columns) for row in found], caption)


@app.command()
@guarded
def score(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    fit_end: Annotated[
        str | None, typer.Option("--fit-end", metavar="MONTH", help="Last month of the fitting period, YYYY-MM.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Set each observed series of a run against the simulated one."""
    from simulator import api

    table = api.score(run, fit_end)
    if as_json:
        print_json(table.to_dict(orient="records"))
    else:
        columns = [str(column) for column in table.columns if column not in ("series", "measure", "reason")]
        caption = "Skill: 1 is perfect, 0 is no better than the naive forecast. -: does not exist; --json says why."
        few = table["reason"].str.contains("rows of people", regex=False)
        table = table.astype({name: object for name in ("observed_total", "simulated_total")})
        for name in ("observed_total", "simulated_total"):
            table[name] = [count(float(total)) if total == total else None for total in table[name]]
        table.loc[few, "simulated_total"] += FEW
        caption += f"\n{FEW_WORDS}" if few.any() else ""
        print_table("", columns, table[columns].to_numpy(dtype=object).tolist(), caption)


@app.command()
@guarded
def validate(
    scenario: Annotated[str, typer.Argument(help="Name or path of a scenario.")] = "eu-turkey-2016",
    members: Annotated[int | None, typer.Option(help="Members of the fit, from the best on; all if not given.")] = None,
    replicates: Annotated[int, typer.Option(help="Seeds for each member.")] = 2,
    persons_per_agent: Scale = None,
    facts: Annotated[bool, typer.Option(help="Put facts of the literature to small corridors, too.")] = True,
    out: Annotated[Path, typer.Option(help="Folder for the scorecard.")] = Path("results/scorecard"),
    overwrite: Overwrite = False,
    workers: Annotated[int, typer.Option(help="Processes to run in; the results are the same.")] = 1,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if a criterion fails.")] = False,
    as_json: Json = False,
) -> None:
    """Set a scenario and its fit against facts and series, and write a scorecard."""
    from simulator import api

    made = api.validate(
        scenario, members=members, replicates=replicates, persons_per_agent=persons_per_agent, facts=facts, out=out,
        overwrite=overwrite, workers=workers, progress=lambda done, all_, what: say(f"{done} of {all_}: {what}"),
    )  # fmt: skip
    content = made.plain()
    if as_json:
        print_json({**content, "folder": str(out)})
    else:
        print_scorecard(content)
        print(f"scorecard: {out / 'scorecard.md'}")
    if strict and made.failures:
        raise typer.Exit(FAILED)


@app.command()
@guarded
def compare(
    experiment: Annotated[str, typer.Argument(help="An experiment's name, folder or file.")],
    draws: Annotated[int | None, typer.Option(help="Draws, in place of the design's own.")] = None,
    replicates: Annotated[int | None, typer.Option(help="Seeds for each draw, in place of the design's own.")] = None,
    luck: Annotated[int | None, typer.Option(help="Seeds to measure with what common luck saves; 0: do not.")] = None,
    sweep: Annotated[str | None, typer.Option(help="Compare the runs of this sweep, and make none.")] = None,
    least: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Least difference that matters, of a measure's mean size.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the results; results/NAME if not given.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a comparison that stands there.")] = False,
    workers: Annotated[int, typer.Option(help="Processes to run in; the results are the same.")] = 1,
    as_json: Json = False,
) -> None:
    """Run the arms of an experiment over draws of what is uncertain, on common luck, and compare them."""
    from simulator import api

    folder = out or api.comparison_folder(experiment)
    with heard(aloud=True) as doubts:
        made = api.compare(
            experiment, draws=draws, replicates=replicates, luck=luck, sweep=sweep, least=least, out=folder,
            overwrite=overwrite, workers=workers,
            progress=lambda done, all_, what: say(f"{done} of {all_}: {what}"),
        )  # fmt: skip
    if as_json:
        print_json({**made.plain(), "folder": str(folder), "warnings": [vars(doubt) for doubt in doubts]})
    else:
        print_comparison(made.content, {case: made.summary(case) for case in made.content["cases"]}, made.luck())
        print(f"page: {folder / 'index.html'}")


@app.command()
@guarded
def plot(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders; several are compared.")],
    out: Annotated[Path | None, typer.Option(help="Folder for the figures.")] = None,
    as_json: Json = False,
) -> None:
    """Draw the figures of a run, or of several runs against the first."""
    from simulator import api

    drawn = [str(path) for path in api.plot(runs, out)]
    if as_json:
        print_json(drawn)
    else:
        print("\n".join(drawn))


@app.command()
@guarded
def schema(
    kind: Annotated[Literal["corridor", "scenario", "override"], typer.Argument(help="Kind of file.")] = "scenario",
    out: Annotated[Path | None, typer.Option(help="File to write it to.")] = None,
) -> None:
    """Print the JSON Schema from which editors complete a file."""
    from simulator import api
    from simulator.outputs.whole import whole_file

    text = json.dumps(api.schema(kind), indent=2, ensure_ascii=False)
    if out is None:
        print(text)
    else:
        whole_file(out, text + "\n")


@app.command()
@guarded
def new(folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make.")], as_json: Json = False) -> None:
    """Write a small working scenario to start from."""
    from simulator import api

    written = [str(path) for path in api.new(folder)]
    if as_json:
        print_json(written)
    else:
        print("\n".join(written))


@app.command()
@guarded
def rerun(
    record: Annotated[Path, typer.Argument(help="A record.json, or the run folder that holds it.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write the new run to.")] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Make a run again from its record alone, and say whether it is the same: people exactly, figures to 1e-9."""
    from simulator import api

    with progress_bar() as progress:
        again = api.rerun(record, out=out, overwrite=overwrite, progress=progress)
    for change in again.version_changes:
        say(f"warning: {change}")
    if as_json:
        print_json({
            "same": again.same, "exact": again.exact, "people": again.sameness.people,
            "figures": again.sameness.figures, "largest_difference": again.sameness.largest,
            "expected": again.expected, "found": again.found, "different_tables": again.different,
            "inexact_tables": again.sameness.inexact, "version_changes": again.version_changes,
            "processors": dict(zip(("then", "now"), again.processors, strict=True)),
        })  # fmt: skip
    else:
        cli_reports.print_rerun(again)
    if not again.same:
        raise typer.Exit(FAILED)


@app.command("list")
@guarded
def list_(as_json: Json = False) -> None:
    """List what is found by name: scenarios, corridors, overrides, experiments, and regimes for bargains."""
    from simulator import api

    rows = api.list_files()
    if as_json:
        print_json(rows)
    else:
        print_table("", ("kind", "name", "title", "file"), [tuple(row.values()) for row in rows])


cli_reports.register(app)
cli_sweeps.register(app)


def _terminated(*_: Any) -> None:
    """Leave by the same way as an error does, so that nothing half-written stays behind."""
    sys.exit(128 + signal.SIGTERM)


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGTERM, _terminated)
    prepare_streams()
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        say("interrupted; nothing was written")
        sys.exit(INTERRUPTED)
    except OutputError as error:
        silence(sys.stdout)
        if isinstance(error.__cause__, BrokenPipeError):
            sys.exit(CLOSED)  # as the system's own tools do: who reads has what they wanted
        say(f"corridor: standard output cannot be written to: {error}; files that the command writes are whole")
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
