"""Run a scenario, make a run again, and open runs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from simulator import __version__
from simulator.effects.doubts import doubtful
from simulator.errors import InputError, InputWarning, Problem
from simulator.outputs.provenance import processor, result_hash, scenario_hash, version_changes
from simulator.outputs.result import Result, scenario_of_record
from simulator.outputs.sameness import Sameness, compare
from simulator.outputs.store import check_free, read_record, read_run
from simulator.outputs.whole import taken
from simulator.scenario.load import resolve
from simulator.scenario.schema import Scenario
from simulator.stages.schedule import STAGES, check_same
from simulator.stages.stage import Stages
from simulator.world.fields import LATER

Progress = Callable[[int, int, int], None]
Runs = Result | str | Path
TABLES: Final = "tables"
"""Folder of a run's tables within its own."""


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
    stages: Stages | None = None,
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
    stages : what happens in a step, in place of `simulator.STAGES`: with a stage of one's own, say.
    progress : called after each step with the steps done, the steps in all, and people on the move.

    Raises
    ------
    InputError
        With every problem of the scenario, or if `out` may not be written to; nothing is simulated.

    Warns
    -----
    InputWarning
        For each order, payment or bargain that changes nothing in the run, or counts twice; the result has them as
        `warnings`, too.
    """
    if isinstance(scenario, Scenario):
        changes = {
            "overrides": overrides, "without": without, "set": set, "start": start, "end": end,
            "fit_member": None if fit_member is None else str(fit_member),
        }  # fmt: skip
        resolved = _vary(scenario, seed, persons_per_agent, changes)
        doubts = doubtful(resolved)
    else:
        resolved, doubts = prepare(
            scenario, seed=seed, persons_per_agent=persons_per_agent, overrides=overrides, without=without, set=set,
            start=start, end=end, fit_member=fit_member,
        )  # fmt: skip
    if out is not None:
        check_free(Path(out), scenario_hash(resolved), __version__, overwrite=overwrite)
    warn(doubts)
    with taken(Path(out)) if out is not None else nullcontext():
        result = _simulate(resolved, progress, stages)
        result.warnings = tuple(doubts)
        if out is not None:
            result.save(out, overwrite=overwrite, figures=_draw if figures else None)
    return result


def prepare(scenario: str | Path, **changes: Any) -> tuple[Scenario, list[Problem]]:
    """Return a scenario, and what of it changes nothing in its run or counts twice, with files and lines.

    Parameters
    ----------
    changes : as for `load_scenario`.
    """
    made = resolve(scenario, **changes)
    return made.scenario, doubtful(made.scenario, made.draft)


def warn(doubts: Iterable[Problem]) -> None:
    """Warn of each of what changes nothing, once."""
    for problem in {str(problem): problem for problem in doubts}.values():
        warnings.warn(InputWarning(problem), stacklevel=3)


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


def _simulate(scenario: Scenario, progress: Progress | None, stages: Stages | None = None) -> Result:
    from simulator.model import simulate

    return simulate(scenario, stages, progress)


def _draw(result: Result, folder: Path) -> list[Path]:
    from simulator.analysis.plots import draw_run

    return draw_run(result, folder)


def default_folder(scenario: Scenario) -> Path:
    """Return the folder in which a run of a scenario is kept where nobody says otherwise."""
    return Path("results") / f"{scenario.name}-{scenario.seed}-{scenario_hash(scenario)[:8]}"


def opened(run: Runs) -> Result:
    """Return a result, read from its folder if need be."""
    return run if isinstance(run, Result) else Result.load(run)


@dataclass(frozen=True)
class Rerun:
    """What became of making a run again.

    Attributes
    ----------
    sameness : whether people are the same, and how near the figures are.
    expected, found : hash of the result then and now, of every bit.
    version_changes : versions that are not those of the record, one line each.
    processors : machine, vector instructions, BLAS and C library of then and of now.
    result : the new result.
    """

    sameness: Sameness
    expected: str
    found: str
    version_changes: tuple[str, ...]
    processors: tuple[Mapping[str, Any], Mapping[str, Any]]
    result: Result

    @property
    def same(self) -> bool:
        """Whether all people are the same, and all figures to 1e-9 as far as can be told."""
        return self.sameness.holds

    @property
    def exact(self) -> bool:
        """Whether every recorded number is the same, bit for bit."""
        return self.expected == self.found

    @property
    def different(self) -> tuple[str, ...]:
        """Tables that are not the same, in order."""
        return self.sameness.different


def rerun(
    record: str | Path,
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    stages: Stages | None = None,
    progress: Progress | None = None,
) -> Rerun:
    """Make a run again from its record alone, and say whether it comes out the same: people exactly, figures to 1e-9.

    Counts of people are the same on every processor. Prices, chances, revenue and spending can differ in their last
    digits: where the run's folder is whole, they are compared one by one with its tables; from a record alone, by hash
    and by two sums of each table, which tell most changes and not all.

    Parameters
    ----------
    record : a ``record.json``, or the run folder that holds it.
    out : folder to write the new run to; by default it is not written.
    stages : the stages that made the run, where it was not made by `simulator.STAGES`.

    Raises
    ------
    InputError
        If the record is not complete, its scenario was changed after it ran, or it was made with other stages.
    """
    path = Path(record)
    content = read_record(path)
    check_same(stages or STAGES, content.get("stages"), str(path))
    old = _tables_of(path, content)  # before `out`, which may be the same folder
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)  # whoever made the run was told
        result = run(scenario_of_record(content, path), out=out, overwrite=overwrite, stages=stages,
                     progress=progress)  # fmt: skip
    now = {name: result.tables.arrow(name) for name in result.tables}
    # What was not recorded then cannot be compared.
    said = compare(content["tables"], now, old, LATER)
    hashes = {name: value for name, value in result.table_hashes.items() if name in content["tables"]
              or name not in LATER}  # fmt: skip
    return Rerun(
        said, content["result_hash"], result_hash(hashes), tuple(version_changes(content)),
        (content.get("platform", {}), processor()), result,
    )  # fmt: skip


def _tables_of(path: Path, record: Mapping[str, Any]) -> dict[str, pa.Table] | None:
    """Return the tables of a recorded run, or None if its folder is not there whole."""
    folder = path if path.is_dir() else path.parent
    if not (folder / TABLES).is_dir():
        return None
    try:
        stored = read_run(folder)
    except InputError:
        return None
    if stored.record["result_hash"] != record["result_hash"]:
        return None  # another run's record lies beside the tables
    return {name: stored.table(name) for name in record["tables"]}
