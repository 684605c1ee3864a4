"""Commands on what came of runs: diversion, and a page to read; `simulator.cli` adds them to ``corridor``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.numbers import FEW_WORDS, count, fixed, marked, people
from simulator.terminal import guarded, print_json, print_table, print_wrapped, say

if TYPE_CHECKING:
    from simulator.analysis.diversion.study import Diversion
    from simulator.api.runs import Rerun
    from simulator.outputs.result import Result

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Routes = Annotated[
    list[str] | None,
    typer.Option("--route", metavar="ROUTE", help="Route on which the change acts; that of the policies if not given."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (diversion, report):
        app.command()(command)


@guarded
def diversion(
    without: Annotated[list[Path], typer.Argument(metavar="WITHOUT...", help="Run folders without the policy.")],
    with_: Annotated[
        list[Path], typer.Option("--with", metavar="RUN", help="Its counterpart with the policy; one each, in order.")
    ],
    route: Routes = None,
    since: Annotated[str | None, typer.Option(metavar="MONTH", help="First month to count, YYYY-MM.")] = None,
    until: Annotated[str | None, typer.Option(metavar="MONTH", help="Last month to count, YYYY-MM.")] = None,
    effort: Annotated[
        tuple[float, float] | None, typer.Option(metavar="WITHOUT WITH", help="Effort, for elasticities to it.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for tables and figures.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a diversion that stands there.")] = False,
    as_json: Json = False,
) -> None:
    """Measure what a policy moved to other routes, stopped, made wait or sent elsewhere."""
    from simulator import api

    found = api.diversion(
        without, with_, route or (), since=since, until=until, effort=effort, out=out, overwrite=overwrite
    )
    if as_json:
        print_json({**found.plain(), "folder": None if out is None else str(out)})
        return
    _print_diversion(found)
    if out is not None:
        print(f"tables and figures: {out}")


def _print_diversion(found: Diversion) -> None:
    from simulator.analysis.deaths import measure_words

    labels = found.content["labels"]
    routes = found.tables["routes"]
    n, a_row = found.content["pairs"], found.content["persons_per_agent"]
    rows = [(measure_words(row["measure"]), labels.get(row["route"], "no route"), row["role"],
             *(marked(row[name], a_row, n) for name in ("without", "with_", "change")), row["low"], row["high"])
            for row in routes.to_dict(orient="records")]  # fmt: skip
    caption = f"Means of {n} {'pair' if n == 1 else 'pairs'} of runs; low and high: 95% interval of the change."
    if any(isinstance(each, str) for row in rows for each in row[3:]):
        caption += f"\n{FEW_WORDS}"
    columns = ("measure", "route", "part", "without", "with", "change", "low", "high")
    print_table(found.content["title"], columns, rows, caption)
    ended = found.tables["people"]
    fates = [(row["fate"], found.content["countries"].get(row["country"], row["country"]), row["change"],
              row["low"], row["high"]) for row in ended.to_dict(orient="records")]  # fmt: skip
    print_table("Where people are at the end, with less without", ("fate", "country", "change", "low", "high"), fates,
                "The changes add up to zero.")  # fmt: skip
    from simulator.analysis.diversion.within import MEANS

    ratio = found.ratio.plain()
    share = "-" if ratio["mean"] is None else fixed(ratio["mean"], 2)
    limits = ("no interval" if ratio["low"] is None or ratio["high"] is None
              else f"95% interval {fixed(ratio['low'], 2)} to {fixed(ratio['high'], 2)}")  # fmt: skip
    print_wrapped(f"Diversion ratio: {share} ({limits}): {found.verdict.kind}. {found.verdict.said.capitalize()}.")
    sizes = {name: people(getattr(found, name).mean) for name in ("fallen", "moved", "others")}
    print_wrapped(f"Within origin and need {sizes['fallen']} fewer, {sizes['moved']} of them matched on other "
                  f"routes; others more there: {sizes['others']}. {MEANS}")  # fmt: skip


@guarded
def report(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...|SWEEP", help="Run folders, the baseline first; or a sweep's folder.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE.html", help="Page to write.")],
    route: Routes = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that stands there.")] = False,
) -> None:
    """Write one self-contained HTML page about runs: findings, map, figures, comparison, evidence."""
    from simulator import api

    print(api.report(runs, out, routes=route or (), overwrite=overwrite))


def print_totals(result: Result) -> None:
    """Print the totals of a run by route."""
    columns = ("attempts", "arrivals", "interceptions", "deaths_on_counted_legs", "deaths_on_all_legs",
               "observed_arrivals", "arrivals_in_observed_months")  # fmt: skip
    summary, a_row = result.summary, result.scenario.persons_per_agent
    labels = {name: route.label for name, route in result.scenario.corridor.routes.items()}
    rows = [
        (labels[name], *(route[column] if column == "observed_arrivals" or route[column] is None
                         else marked(route[column], a_row) for column in columns))
        for name, route in summary["routes"].items()
    ]  # fmt: skip
    partial = [
        labels[name]
        for name, route in summary["routes"].items()
        if route["observed_series"] and route["observed_months"] < len(result.clock.whole_months)
    ]
    caption = ("People, on the legs where an arrival is counted, but for deaths on all legs of the route. Deaths "
               f"anywhere on the way, on legs of no route too: {count(summary['totals']['deaths'])}.")  # fmt: skip
    part = [month for month in result.clock.months if month not in result.clock.whole_months]
    if part:
        caption += f" Of {' and '.join(part)} the run covers a part, which is set against nothing observed."
    if partial:
        caption += f" Observed for part of the period only: {', '.join(partial)}."
    if any(isinstance(each, str) for row in rows for each in row[1:]):
        caption += f"\n{FEW_WORDS}"
    title = f"{summary['title']}, {summary['start']} to {summary['end']}, seed {summary['seed']}"
    print_table(title, ("route", *columns), rows, caption)
    for word in result.words:
        say(f"warning: {word}")


def print_rerun(again: Rerun) -> None:
    """Print whether a run that was made again is the same, and where it is not on which processors."""
    from simulator.outputs.provenance import processor_in_words

    if again.exact:
        print(f"the same, bit for bit: {again.found}")
        return
    if again.same:
        print(f"the same: {again.sameness}")
    else:
        first = f"; the first table that differs is {again.different[0]!r}" if again.different else ""
        print(f"not the same: {again.sameness}{first}")
    for when, known in zip(("then", "now"), again.processors, strict=True):
        print(f"  {when}: {processor_in_words(known)}")
    print(f"  result hash was {again.expected}, now {again.found}")
