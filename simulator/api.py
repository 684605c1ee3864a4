"""Corridor from Python, in the same words as on the command line.

Everything heavy is loaded when a function that needs it is called.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from simulator import __version__
from simulator.api_explore import exploration_folder, explore
from simulator.api_sweeps import estimate, query, remake, results, sweep, sweep_folder
from simulator.errors import InputError, Problem
from simulator.outputs.contents import explain_record
from simulator.outputs.provenance import json_hash, scenario_hash, version_changes
from simulator.outputs.result import Result, scenario_of_record
from simulator.outputs.store import RECORD, check_free, read_record
from simulator.scenario.load import load as load_scenario
from simulator.scenario.schema import Scenario, json_schema

if TYPE_CHECKING:
    import pandas as pd

    from simulator.analysis.findings import Findings
    from simulator.validation.scorecard import Scorecard

__all__ = [
    "Rerun", "Result", "check", "choices", "compare", "comparison_folder", "default_folder", "estimate",
    "evidence", "explain", "exploration_folder", "explore", "list_files", "load_scenario", "new", "plot",
    "query", "remake", "rerun", "results", "run", "schema", "score", "sweep", "sweep_folder", "validate",
]  # fmt: skip

Progress = Callable[[int, int, int], None]
Runs = Result | str | Path


def run(
    scenario: str | Path | Scenario,
    *,
    seed: int | None = None,
    persons_per_agent: int | None = None,
    overrides: Sequence[str] = (),
    without: Sequence[str] = (),
    set: Mapping[str, Any] | Sequence[str] | None = None,
    start: date | str | None = None,
    end: date | str | None = None,
    fit_member: int | str | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    figures: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Run a scenario and return its result.

    Parameters
    ----------
    scenario : name or path of a scenario, or one that `load_scenario` returned.
    seed, persons_per_agent : in place of the scenario's own.
    overrides : overrides to lay over it, after its own.
    without : overrides of its own to leave out.
    set : dotted fields and their values, set last.
    start, end : first day, and day after the last, in place of the scenario's own.
    fit_member : member of the corridor's fit whose values hold, or ``none``; by default the scenario's own.
    out : folder to write the run to; by default it is not written.
    overwrite : replace another run that stands there.
    figures : draw figures into the run folder, too.
    progress : called after each step with the steps done, the steps in all, and people on the move.

    Raises
    ------
    InputError
        With every problem of the scenario, or if `out` may not be written to; nothing is simulated.
    """
    if isinstance(scenario, Scenario):
        changes = {
            "overrides": overrides, "without": without, "set": set, "start": start, "end": end,
            "fit_member": None if fit_member is None else str(fit_member),
        }  # fmt: skip
        resolved = _vary(scenario, seed, persons_per_agent, changes)
    else:
        resolved = load_scenario(
            scenario, seed=seed, persons_per_agent=persons_per_agent, overrides=overrides, without=without, set=set,
            start=start, end=end, fit_member=fit_member,
        )  # fmt: skip
    if out is not None:
        check_free(Path(out), scenario_hash(resolved), __version__, overwrite=overwrite)
    result = _simulate(resolved, progress)
    if out is not None:
        result.save(out, overwrite=overwrite, figures=_draw if figures else None)
    return result


def _vary(
    scenario: Scenario, seed: int | None, persons_per_agent: int | None, changes: Mapping[str, object]
) -> Scenario:
    """Return a resolved scenario with another seed or scale; nothing else can change after it is resolved."""
    given = [name for name, value in changes.items() if value]
    if given:
        advice = "give them to load_scenario, or give run the scenario's name"
        raise InputError([Problem("run", name, "cannot change a resolved scenario", advice=advice) for name in given])
    content = dict(scenario)
    content.update({"seed": seed} if seed is not None else {})
    content.update({"persons_per_agent": persons_per_agent} if persons_per_agent is not None else {})
    return Scenario.model_validate(content)


def _simulate(scenario: Scenario, progress: Progress | None) -> Result:
    from simulator.model import CorridorModel

    model = CorridorModel(scenario)
    model.run(progress)
    return Result.of_run(model.recorder, model.stats)


def _draw(result: Result, folder: Path) -> list[Path]:
    from simulator.analysis.plots import draw_run

    return draw_run(result, folder)


def default_folder(scenario: Scenario) -> Path:
    """Return the folder in which a run of a scenario is kept where nobody says otherwise."""
    return Path("results") / f"{scenario.name}-{scenario.seed}-{scenario_hash(scenario)[:8]}"


def _opened(run: Runs) -> Result:
    return run if isinstance(run, Result) else Result.load(run)


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
    return score_result(_opened(run), month)


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
    out : folder for tables, figures and a page; by default nothing is written.
    overwrite : replace a comparison that stands there.
    workers : processes to run in; the results are the same.
    progress : called after each run with those done, those in all, and what it was.

    Raises
    ------
    InputError
        With every problem of the design and its scenarios, or if `out` may not be written to; nothing is simulated.
    """
    from simulator.sweeps.reading import check_comparable, read_design

    if workers < 1:
        raise InputError([Problem("--workers", "", "is too small", workers, allowed="at least 1")])
    design = read_design(experiment, draws=draws, replicates=replicates, luck=0 if sweep is not None else luck)
    check_comparable(design)
    import pandas as pd

    from simulator.analysis.experiment_page import check_folder, write
    from simulator.analysis.findings import judge
    from simulator.sweeps.compared import compared_sweep
    from simulator.sweeps.run import make_plan
    from simulator.sweeps.run import run as run_all

    if out is not None:
        check_folder(Path(out), overwrite=overwrite)
    if sweep is not None:
        findings = judge(*compared_sweep(design, sweep), pd.DataFrame())
    else:
        made = run_all(make_plan(design), workers, progress)
        findings = judge(made.content, made.runs, made.luck)
    if out is not None:
        write(findings, design.path, Path(out), overwrite=overwrite)
    return findings


def comparison_folder(experiment: str | Path) -> Path:
    """Return the folder in which a comparison is kept where nobody says otherwise."""
    from simulator.sweeps.reading import find, name_of

    return Path("results") / name_of(find(experiment))


def plot(runs: Runs | Sequence[Runs], out: str | Path | None = None) -> list[Path]:
    """Draw one run, or several against the first, and return the files.

    Parameters
    ----------
    runs : results or run folders.
    out : folder for the figures; by default ``figures`` in the folder of a single run, and for
        several ``results/NAME-compared``.

    Raises
    ------
    InputError
        If a run cannot be read, or runs cannot be compared.
    """
    from simulator.analysis.plots import draw_comparison, draw_run

    results = [_opened(run) for run in ([runs] if isinstance(runs, Result | str | Path) else runs)]
    if not results:
        raise InputError([Problem("plot", "", "no run was given", advice="name one or more run folders")])
    folder = Path(out) if out is not None else _figure_folder(results)
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


@dataclass(frozen=True)
class Rerun:
    """What became of making a run again.

    Attributes
    ----------
    same : whether every recorded number is the same, bit for bit.
    different : tables that differ, in order.
    expected, found : hash of the result then and now.
    version_changes : versions that are not those of the record, one line each.
    result : the new result.
    """

    same: bool
    different: tuple[str, ...]
    expected: str
    found: str
    version_changes: tuple[str, ...]
    result: Result


def rerun(
    record: str | Path, *, out: str | Path | None = None, overwrite: bool = False, progress: Progress | None = None
) -> Rerun:
    """Make a run again from its record alone, and say whether it comes out the same, bit for bit.

    Parameters
    ----------
    record : a ``record.json``, or the run folder that holds it.
    out : folder to write the new run to; by default it is not written.

    Raises
    ------
    InputError
        If the record is not complete, or its scenario was changed after it ran.
    """
    path = Path(record)
    content = read_record(path)
    if json_hash(content["scenario"]) != content["scenario_hash"]:
        file = str(path / RECORD if path.is_dir() else path)
        advice = "make a scenario file of it and run that"
        raise InputError([Problem(file, "scenario", "is not the scenario that ran: it was changed", advice=advice)])
    result = run(scenario_of_record(content, path), out=out, overwrite=overwrite, progress=progress)
    then = {name: entry["sha256"] for name, entry in content["tables"].items()}
    now = result.table_hashes
    different = tuple(name for name in dict.fromkeys([*now, *then]) if then.get(name) != now.get(name))
    changes = tuple(version_changes(content))
    return Rerun(result.hash == content["result_hash"], different, content["result_hash"], result.hash, changes, result)


def check(paths: Sequence[str | Path]) -> list[Path]:
    """Check scenarios, corridors and overrides, and return their files.

    Raises
    ------
    InputError
        With every problem of every file.
    """
    from simulator.scenario.load import check as check_files

    return check_files(paths)


def explain(scenario: str | Path, field: str | None = None, **changes: Any) -> Sequence[Mapping[str, Any]]:
    """Say what a scenario resolves to, and where each value came from.

    Parameters
    ----------
    scenario : name or path of a scenario; or a run folder or record, for what ran.
    field : dotted field, or its beginning; by default all.
    changes : as for `run`, for a scenario: seed, overrides, set, fit_member ...

    Returns
    -------
    list of dict
        ``field``, ``value``, ``unit``, ``kind``, ``range``, ``source``, ``evidence`` (what the source is, and what it
        says), ``note``, ``file``, ``line``, ``override``.

    Raises
    ------
    InputError
        If the scenario has problems, or no field starts so.
    """
    path = Path(scenario)
    record = path / RECORD if path.is_dir() else path
    if record.suffix == ".json" and record.is_file():
        given = [name for name, value in changes.items() if value or value == 0]
        if given:
            advice = "explain the scenario instead"
            raise InputError([Problem(str(path), name, "cannot change what ran", advice=advice) for name in given])
        return explain_record(read_record(record), str(record), field)
    from simulator.scenario.explain import explain as explain_scenario

    return explain_scenario(scenario, field, **changes)


def choices(run: Runs, government: str | None = None, date: str | None = None) -> list[dict[str, Any]]:
    """Say what governments decided by rule in a run, and why; see `simulator.outputs.choices.choices_of`.

    Parameters
    ----------
    run : a result, or a run folder.
    government : code or name; by default all.
    date : YYYY, YYYY-MM or YYYY-MM-DD; where nothing was decided then, what was in force.

    Raises
    ------
    InputError
        If the run cannot be read, or no such decision was taken in it.
    """
    from simulator.outputs.choices import choices_of

    return choices_of(_opened(run), government, date)


def evidence(id: str | None = None, *, document: str | None = None) -> list[dict[str, Any]] | dict[str, Any]:
    """Say what a piece of evidence is, and what depends on it.

    Parameters
    ----------
    id : a finding, a publisher, or a source that a corridor brings itself; by default every finding, in short.
    document : for all findings: those of this document only.

    Returns
    -------
    list of dict
        Without `id`: ``id``, ``section``, ``date``, ``finding``, ``value``, ``unit``, ``kind``, and the number of
        ``uses``.
    dict
        With `id`: the entry in full, where it stands, and its ``uses``, each with ``how`` (source, used by, mechanism,
        test), ``what``, ``within``, ``file`` and ``line``; of a publisher its ``findings``, too.

    Raises
    ------
    InputError
        If there is no such entry or document, or a corridor or an entry has problems.
    """
    from simulator.scenario.evidence_uses import detail, table

    if id is None:
        return [dict(row) for row in table(document)]
    if document is not None:
        raise InputError([Problem("--document", "", "chooses among all findings", document, advice="leave out the id")])
    return detail(id)


def list_files() -> list[dict[str, str]]:
    """Return kind, name, title and file of every scenario, corridor and override that is found by name."""
    from simulator.scenario.library import FileKind, find, names
    from simulator.scenario.yaml_file import read_yaml, shown

    kinds: tuple[FileKind, ...] = ("scenario", "corridor", "override")
    found = []
    for kind in kinds:
        for name in names(kind):
            path = find(name, kind)
            try:
                content = read_yaml(path).value
                title = str(content.get("title") or content.get("summary") or "")
            except (InputError, AttributeError):
                title = f"cannot be read: try 'corridor check {shown(path)}'"
            found.append({"kind": kind, "name": name, "title": title, "file": shown(path)})
    return found


def schema(kind: Literal["corridor", "scenario", "override"] = "scenario") -> dict[str, Any]:
    """Return the JSON Schema of a kind of file, from which editors complete."""
    return json_schema(kind)


def new(folder: str | Path) -> list[Path]:
    """Write a small working scenario to start from, and return its files.

    Raises
    ------
    InputError
        If the folder exists and is not empty.
    """
    from simulator.scenario.new import new as write_new

    return write_new(Path(folder))
