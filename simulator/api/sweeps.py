"""Sweeps from Python, in the same words as on the command line."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.api.runs import warn
from simulator.errors import InputError, Problem
from simulator.jobs import check_entry
from simulator.stages.schedule import STAGES, check_same
from simulator.stages.stage import Stages

if TYPE_CHECKING:
    import pandas as pd

    from simulator.outputs.result import Result
    from simulator.outputs.sameness import Sameness
    from simulator.sweeps.experiment import Design
    from simulator.sweeps.results import SweepResult
    from simulator.sweeps.store import Place
    from simulator.sweeps.sweep import Progress

__all__ = ["Estimate", "Remade", "estimate", "query", "remake", "results", "sweep", "sweep_folder"]


@dataclass(frozen=True)
class Estimate:
    """What a sweep would take.

    Attributes
    ----------
    rows, runs : rows of its plan, and different runs among them.
    scenarios : different scenarios, all checked.
    run_seconds : of one run of each case, measured.
    hours : with the workers asked for.
    mb : size of the results.
    """

    rows: int
    runs: int
    cases: dict[str, dict[str, int]]
    scenarios: int
    workers: int
    run_seconds: dict[str, float]
    hours: float
    mb: float


def _design(experiment: str | Path, draws: int | None, replicates: int | None) -> Design:
    from simulator.sweeps.reading import read_design

    return read_design(experiment, draws=draws, replicates=replicates, luck=0)


def _workers(workers: int | None) -> int:
    if workers is not None and workers < 1:
        raise InputError([Problem("--workers", "", "is too small", workers, allowed="at least 1")])
    return workers if workers is not None else len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (
        os.cpu_count() or 1)  # fmt: skip


def sweep(
    experiment: str | Path,
    *,
    draws: int | None = None,
    replicates: int | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    retry_failed: bool = False,
    overwrite: bool = False,
    workers: int | None = None,
    cluster: str | None = None,
    stages: Stages | None = None,
    progress: Callable[[Progress], None] | None = None,
    checked: Callable[[int], None] | None = None,
) -> SweepResult:
    """Make all runs of a design, each written as it ends, and put them together.

    A script that calls this must guard its entry with ``if __name__ == "__main__":``, on every system: workers are
    fresh processes, which load the script.

    Parameters
    ----------
    experiment : name of a folder of ``experiments``, a folder with a ``design.yaml``, or a file.
    draws, replicates : in place of the design's own.
    out : folder for the results, here or at any address that fsspec reads; by default ``results/NAME-sweep``.
    resume : go on with the sweep that stands there: make what is missing, and nothing else.
    retry_failed : when going on, make the runs that failed again, too.
    overwrite : replace a sweep that stands there.
    workers : processes on this machine; by default one for each core. The results do not depend on it.
    cluster : address of a Dask scheduler, whose workers make the runs instead.
    stages : what happens in a step, in place of `simulator.STAGES`; workers elsewhere must have the same files.
    progress : told after each run.
    checked : told how many scenarios were checked.

    Raises
    ------
    InputError
        With every problem of the design and its scenarios, or if `out` holds something else, or if a script calls this
        without a guarded entry; nothing is run.
    OSError
        If results cannot be written; what was done stays, and can be gone on with.

    Warns
    -----
    InputWarning
        For each factor, level, arm, order or drawn number that changes nothing in the runs.
    """
    from simulator.outputs.whole import taken
    from simulator.sweeps.engine import engine
    from simulator.sweeps.planned import mend
    from simulator.sweeps.store import only_planned, place_of
    from simulator.sweeps.sweep import Runner, check_resumable, finish, tidy

    count, what_happens = _workers(workers), stages or STAGES
    if cluster is None:
        check_entry()
    design = _design(experiment, draws, replicates)
    place = place_of(out if out is not None else sweep_folder(experiment))
    with ExitStack() as stack:
        if place.local is not None:
            stack.enter_context(taken(place.local))
        going_on = resume and not only_planned(place)
        if going_on:
            content = check_resumable(place, design, what_happens)
            tidy(place)
            mend(place, list(content["design"]["tables"]))
        else:
            _check_free(place, overwrite=overwrite)
        # Workers elsewhere may not answer: that is told before anything is planned. Those here are begun after.
        workers_ = stack.enter_context(engine(cluster, count)) if cluster is not None else None
        if not going_on:
            content = _begin(place, design, checked, what_happens)
        runner = Runner(place, content, design.experiment.stopping, progress, what_happens)
        workers_ = workers_ or stack.enter_context(engine(cluster, count))
        stopped = runner.all(workers_, retry_failed)
        return finish(place, stopped, runner.progress.seconds, workers_.processors)


def _begin(place: Place, design: Design, checked: Callable[[int], None] | None, stages: Stages) -> dict[str, Any]:
    """Check all scenarios of a design and plan its sweep; what stood in its place goes only once that went well."""
    from simulator.outputs.whole import put
    from simulator.sweeps.doubts import of_sweep
    from simulator.sweeps.plan import make_sweep_plan
    from simulator.sweeps.store import Place
    from simulator.sweeps.sweep import prepare

    plan = make_sweep_plan(design)
    warn(of_sweep(plan))
    if place.local is None:
        with tempfile.TemporaryDirectory(prefix="corridor-") as aside:  # checked here before anything goes there
            prepare(plan, Place(aside), checked, stages)
        _clear(place)
        return prepare(make_sweep_plan(design), place, stages=stages)
    aside = str(place.local.with_name(f".{place.local.name}.planned.tmp"))
    before = place.local.parent.exists()
    shutil.rmtree(aside, ignore_errors=True)
    try:
        content = prepare(plan, Place(aside), checked, stages)
        put(Path(aside), place.local)
        shutil.rmtree(aside, ignore_errors=True)  # what stood there, if they traded places
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        if not before:
            with suppress(OSError):
                place.local.parent.rmdir()
        raise
    return content


def _check_free(place: Place, *, overwrite: bool) -> None:
    """Check that a sweep may be written to a place: it is empty, or holds a sweep that is to be replaced."""
    from simulator.sweeps.store import SWEEP, only_planned

    local = place.local
    if local is not None and local.exists():
        taken = local.is_file() or any(local.iterdir())
        if taken and not (local / SWEEP).is_file() and not only_planned(place):
            raise InputError([Problem(place.url, "", "exists and is not a sweep",
                                      advice="choose another folder with --out")])  # fmt: skip
    if place.exists(SWEEP) and not overwrite:
        advice = "go on with it with --resume, choose another folder with --out, or say --overwrite"
        raise InputError([Problem(place.url, "", "holds a sweep already", advice=advice)])


def _clear(place: Place) -> None:
    """Remove a sweep from a store elsewhere, where no folder can take its place in one step."""
    if place.exists():
        place.fs.rm(place.root, recursive=True)


def estimate(
    experiment: str | Path, *, draws: int | None = None, replicates: int | None = None, workers: int | None = None
) -> Estimate:
    """Check every scenario of a design, make one run of each case, and say what all would take; nothing is kept.

    Raises
    ------
    InputError
        With every problem of the design and its scenarios.
    """
    from simulator.sweeps.doubts import of_sweep
    from simulator.sweeps.plan import make_sweep_plan
    from simulator.sweeps.planned import read_plan, write_plan
    from simulator.sweeps.store import PARTS, SWEEP, place_of
    from simulator.sweeps.sweep import describe
    from simulator.sweeps.work import do

    count = _workers(workers)
    plan = make_sweep_plan(_design(experiment, draws, replicates))
    warn(of_sweep(plan))
    with tempfile.TemporaryDirectory(prefix="corridor-") as folder:
        place = place_of(folder)
        scenarios = sum(1 for _ in plan.check(place.keep_scenario))
        content = describe(plan)
        place.write_json(content, SWEEP)
        runs = write_plan(plan, place)
        seconds: dict[str, float] = {}
        rows: dict[str, int] = {}
        for one in read_plan(place, {}, plan.design.experiment.tables):
            case = one.task.case
            rows[case] = rows.get(case, 0) + 1
            if case not in seconds:
                do(place.url, replace(one.task, values={}), STAGES)  # the first loads what all use
                began = time.perf_counter()
                do(place.url, replace(one.task, values={}), STAGES)
                seconds[case] = time.perf_counter() - began
        parts = sum(path.stat().st_size for path in Path(folder, PARTS).rglob("*") if path.is_file())
        fixed = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) - parts
    work = sum(seconds[case] * n for case, n in rows.items()) * runs / max(plan.total(), 1)
    sizes = {
        name: {"points": len(layout.places), "draws": len(layout.draws), "replicates": plan.replicates,
               "arms": len(plan.design.experiment.arms)}
        for name, layout in plan.cases.items()
    }  # fmt: skip
    return Estimate(plan.total(), runs, sizes, scenarios, count, seconds, work / count / 3600,
                    (fixed + parts / len(seconds) * runs) / 1e6)  # fmt: skip


def sweep_folder(experiment: str | Path) -> Path:
    """Return the folder in which a sweep is kept where nobody says otherwise."""
    from simulator.sweeps.reading import find, name_of

    return Path("results") / f"{name_of(find(experiment))}-sweep"


def results(sweep: str | Path | None = None) -> list[dict[str, Any]] | SweepResult:
    """List the sweeps in ``results/``, or open one by its name or folder.

    Raises
    ------
    InputError
        If there is no such sweep.
    """
    from simulator.sweeps.catalogue import listed
    from simulator.sweeps.results import open_sweep

    return listed() if sweep is None else open_sweep(sweep)


def query(sql: str, *, sweep: str | Path | None = None, out: str | Path | None = None) -> pd.DataFrame:
    """Return what a query in SQL finds in the results of sweeps.

    Parameters
    ----------
    sql : ``SELECT ... FROM runs`` of the sweep that is given or the only one; of several ``FROM "NAME".runs``.
    sweep : name or folder of a sweep.
    out : file to write it to, too: .csv, .parquet or .nc.

    Raises
    ------
    InputError
        If the query is wrong, or there is no such sweep.
    """
    from simulator.sweeps.catalogue import check_table, write_table
    from simulator.sweeps.catalogue import query as ask
    from simulator.sweeps.results import open_sweep

    if out is not None:
        check_table(Path(out))
    found = ask(sql, sweep=sweep)
    if out is not None:
        units = {}
        if sweep is not None:
            units = {name: each["unit"] for name, each in open_sweep(sweep, whole=False).content["measures"].items()}
        write_table(found, Path(out), units)
    return found


@dataclass(frozen=True)
class Remade:
    """A run of a sweep that was made again.

    Attributes
    ----------
    result : what came out, with all that is recorded.
    sameness : whether its measures are those that the sweep kept of it; None where it kept none.
    processors : those of the workers of the sweep, in words; none where it was made before they were noted.
    here : the processor of this run.
    """

    result: Result
    sameness: Sameness | None
    processors: tuple[str, ...]
    here: str


def remake(
    sweep: str | Path,
    run: str,
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    stages: Stages | None = None,
) -> Remade:
    """Make one run of a sweep again, with all that is recorded, and compare it with what the sweep kept of it.

    Parameters
    ----------
    run : its id, or the beginning of one.
    out : folder to write it to, as ``corridor run`` does.
    stages : the stages that made the sweep, where it was not made by `simulator.STAGES`.

    Raises
    ------
    InputError
        If the sweep has no such run, or several that begin so.
    """
    from simulator import __version__
    from simulator.model import simulate
    from simulator.outputs.provenance import processor, processor_in_words, scenario_hash
    from simulator.outputs.store import check_free
    from simulator.outputs.whole import check_place
    from simulator.sweeps.again import against_kept
    from simulator.sweeps.planned import read_plan
    from simulator.sweeps.results import open_sweep
    from simulator.sweeps.store import place_of
    from simulator.sweeps.sweep import laid_columns
    from simulator.sweeps.work import scenario_of

    if not run:
        raise InputError([Problem("--run", "", "is no id", run, allowed="an id, or the beginning of one")])
    if out is not None:
        check_place(Path(out))
    made = open_sweep(sweep)
    place = place_of(made.folder)
    check_same(stages or STAGES, made.content.get("stages"), made.folder)
    found = {
        one.task.id: one.task for one in read_plan(place, laid_columns(made.content)) if one.task.id.startswith(run)
    }
    if len(found) != 1:
        said = "is no run of this sweep" if not found else "is the beginning of several ids"
        advice = f'corridor query "SELECT id FROM runs" --sweep {made.folder}'
        raise InputError([Problem(made.folder, "id", said, run, None, ", ".join(list(found)[:5]), advice)])
    task = next(iter(found.values()))
    scenario = scenario_of(place.url, task)
    if out is not None:
        check_free(Path(out), scenario_hash(scenario), __version__, overwrite=overwrite)
    result = simulate(scenario, stages)
    if out is not None:
        result.save(out, overwrite=overwrite)
    return Remade(result, against_kept(made, task.id, result), tuple(made.state.get("processors", ())),
                  processor_in_words(processor()))  # fmt: skip
