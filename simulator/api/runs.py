"""Run a scenario, make a run again, and open runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from simulator import __version__
from simulator.errors import InputError, Problem
from simulator.outputs.provenance import result_hash, scenario_hash, version_changes
from simulator.outputs.result import Result, scenario_of_record
from simulator.outputs.store import check_free, read_record
from simulator.outputs.whole import taken
from simulator.scenario.load import load as load_scenario
from simulator.scenario.schema import Scenario
from simulator.world.fields import LATER

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
    if out is None:
        return _simulate(resolved, progress)
    check_free(Path(out), scenario_hash(resolved), __version__, overwrite=overwrite)
    with taken(Path(out)):
        result = _simulate(resolved, progress)
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


def opened(run: Runs) -> Result:
    """Return a result, read from its folder if need be."""
    return run if isinstance(run, Result) else Result.load(run)


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
    result = run(scenario_of_record(content, path), out=out, overwrite=overwrite, progress=progress)
    then = {name: entry["sha256"] for name, entry in content["tables"].items()}
    now = result.table_hashes
    # What was not recorded then cannot be compared.
    now = {name: value for name, value in now.items() if name in then or name not in LATER}
    different = tuple(name for name in dict.fromkeys([*now, *then]) if then.get(name) != now.get(name))
    changes, found = tuple(version_changes(content)), result_hash(now)
    return Rerun(found == content["result_hash"], different, content["result_hash"], found, changes, result)
