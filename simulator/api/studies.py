"""Judge and compare: scores, scorecards, experiments, diversion."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.api.explore import with_least
from simulator.api.runs import Runs, opened, warn
from simulator.errors import InputError, Problem
from simulator.scenario.library import listed

if TYPE_CHECKING:
    import pandas as pd

    from simulator.analysis.diversion.study import Diversion
    from simulator.analysis.findings import Findings
    from simulator.validation.scorecard import Scorecard


def score(run: Runs, fit_end: str | None = None) -> pd.DataFrame:
    """Set each observed series against the simulated one; see `simulator.analysis.validation.score`.

    Parameters
    ----------
    run : a result, or a run folder.
    fit_end : last month of the fitting period, YYYY-MM; by default that of the analysis.

    Raises
    ------
    InputError
        If the run cannot be read, or `fit_end` is not a month.
    """
    from simulator.analysis.validation import FIT_END
    from simulator.analysis.validation import score as score_result

    month = FIT_END if fit_end is None else fit_end
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        raise InputError([Problem("--fit-end", "", "is not a month", month, allowed="YYYY-MM")])
    return score_result(opened(run), month)


def validate(
    scenario: str | Path = "eu-turkey-2016",
    *,
    members: int | None = None,
    replicates: int = 2,
    persons_per_agent: int | None = None,
    facts: bool = True,
    out: str | Path | None = "results/scorecard",
    overwrite: bool = False,
    workers: int = 1,
    progress: Callable[[int, int, str], None] | None = None,
) -> Scorecard:
    """Run a scenario and what it is compared with, set them against facts and series, and write a scorecard.

    Parameters
    ----------
    scenario : name or path of a scenario; its `compare` names the comparison.
    members : how many members of the corridor's fit to run, from the best on; by default all.
    replicates : seeds for each member: the scenario's own and those that follow it.
    persons_per_agent : in place of the scenario's own.
    facts : put the facts of the literature to small corridors with each member's parameters, too.
    out : folder to write the scorecard to; None writes nothing.
    overwrite : replace a scorecard that stands there.
    workers : processes to run in; the results are the same.
    progress : called after each run with those done, those in all, and what it was.

    Raises
    ------
    InputError
        With every problem of the scenario and the arguments, or if `out` may not be written to; nothing is simulated.
    """
    from simulator.validation.report import check_folder, write
    from simulator.validation.scorecard import make_scorecard

    if out is not None:
        check_folder(Path(out), overwrite=overwrite)
    made = make_scorecard(
        scenario, members=members, replicates=replicates, persons_per_agent=persons_per_agent, facts=facts,
        workers=workers, told=progress,
    )  # fmt: skip
    if out is not None:
        write(made, Path(out), overwrite=overwrite)
    return made


def compare(
    experiment: str | Path,
    *,
    draws: int | None = None,
    replicates: int | None = None,
    luck: int | None = None,
    sweep: str | Path | None = None,
    least: float | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    workers: int = 1,
    progress: Callable[[int, int, str], None] | None = None,
) -> Findings:
    """Run the arms of an experiment over draws of what is uncertain, on common luck, and set them against each other.

    Parameters
    ----------
    experiment : name of a folder of ``experiments``, a folder with a ``design.yaml``, or a file.
    draws, replicates : in place of the design's own.
    luck : seeds with which to measure what common luck saves, in place of the design's own; 0 leaves it out.
    sweep : name or folder of a sweep of the experiment, whose runs are compared; nothing is run then.
    least : least difference that matters, as a share of the mean size of each measure; by default what the design says,
        else a hundredth.
    out : folder for tables, figures and a page; by default nothing is written.
    overwrite : replace a comparison that stands there.
    workers : processes to run in; the results are the same.
    progress : called after each run with those done, those in all, and what it was.

    Raises
    ------
    InputError
        With every problem of the design and its scenarios, or if `out` may not be written to; nothing is simulated.

    Warns
    -----
    InputWarning
        For each arm that has the runs of another, and each order or drawn number that changes nothing.
    """
    from simulator.sweeps.reading import check_comparable, read_design

    if workers < 1:
        raise InputError([Problem("--workers", "", "is too small", workers, allowed="at least 1")])
    with_least({}, least)
    design = read_design(experiment, draws=draws, replicates=replicates, luck=0 if sweep is not None else luck)
    check_comparable(design)
    import pandas as pd

    from simulator.analysis.experiment_page import check_folder, write
    from simulator.analysis.findings import judge
    from simulator.sweeps.compared import compared_sweep
    from simulator.sweeps.doubts import of_comparison
    from simulator.sweeps.run import make_plan
    from simulator.sweeps.run import run as run_all

    if out is not None:
        check_folder(Path(out), overwrite=overwrite)
    if sweep is not None:
        content, runs = compared_sweep(design, sweep)
        findings = judge(with_least(content, least), runs, pd.DataFrame())
    else:
        plan = make_plan(design)
        warn(of_comparison(plan))
        made = run_all(plan, workers, progress)
        findings = judge(with_least(made.content, least), made.runs, made.luck)
    if out is not None:
        write(findings, design.path, Path(out), overwrite=overwrite)
    return findings


def comparison_folder(experiment: str | Path) -> Path:
    """Return the folder in which a comparison is kept where nobody says otherwise."""
    from simulator.sweeps.reading import find, name_of

    return Path("results") / name_of(find(experiment))


def diversion(
    without: Runs | Sequence[Runs],
    with_: Runs | Sequence[Runs],
    routes: Sequence[str] = (),
    *,
    since: str | None = None,
    until: str | None = None,
    effort: Sequence[float] | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
) -> Diversion:
    """Measure what a policy on one route moved to others, stopped, made wait or sent elsewhere.

    Parameters
    ----------
    without, with_ : runs or run folders, as many of each; those of one position share their seed and what was drawn.
    routes : routes on which the policy acts; by default those of the policies that differ.
    since, until : first and last month to count, YYYY-MM.
    effort : effort without and with, for elasticities to it.
    out : folder for tables and figures; by default nothing is written.
    overwrite : replace a diversion that stands there.

    Raises
    ------
    InputError
        If a run cannot be read, the runs do not make pairs, or `out` may not be written to.
    """
    from simulator.analysis.diversion.folder import check_folder, write
    from simulator.analysis.diversion.pairs import make_pairs
    from simulator.analysis.diversion.study import of_pairs

    if out is not None:
        check_folder(Path(out), overwrite=overwrite)
    sides = [[opened(run) for run in ([side] if isinstance(side, Runs) else side)] for side in (without, with_)]
    pairs = make_pairs(sides[0], sides[1], listed(routes), since, until)
    found = of_pairs(pairs, effort)
    if out is not None:
        write(found, pairs, Path(out), overwrite=overwrite)
    return found
