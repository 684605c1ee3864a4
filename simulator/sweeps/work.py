"""What a worker does: make one run of a sweep, and write its row and tables."""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa

import simulator
from simulator.errors import CorridorError, InputError, Problem
from simulator.model import simulate
from simulator.outputs.provenance import versions
from simulator.scenario.schema import Scenario
from simulator.stages.schedule import STAGES, check_same
from simulator.stages.stage import Stages
from simulator.sweeps.draws import lay
from simulator.sweeps.experiment import Measured, Tabled, measures_in
from simulator.sweeps.measures import row
from simulator.sweeps.store import PARTS, RUNS, SWEEP, Place

SCENARIOS: Final = 24
"""Scenarios that a worker keeps in memory, some megabytes each: the arms and levels of what is being run."""
DONE: Final = "done"
FAILED: Final = "failed"


@dataclass(frozen=True)
class Task:
    """A run to make, as small as it can be sent."""

    id: str
    case: str
    scenario: str
    seed: int
    values: Mapping[str, float]
    left_out: tuple[str, ...] = ()
    """Tables that are not kept of it."""


class Ended(NamedTuple):
    """How a run ended."""

    id: str
    status: str
    error: str
    seconds: float


def code_hash() -> str:
    """Return the hash of the package's code, so that two workers of one version but other code are told apart."""
    digest = hashlib.sha256()
    package = Path(simulator.__file__).parent
    for path in sorted(package.rglob("*.py")):
        if "library" not in path.parts:
            digest.update(str(path.relative_to(package)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@functools.cache
def made_by() -> dict[str, str]:
    """Return what makes results in this process: versions of Corridor and its libraries, and the code itself."""
    return {**versions(), "code": code_hash()}


def differences(wanted: Mapping[str, str], has: Mapping[str, str]) -> str:
    """Return what differs between two processes that make results, in words; empty if nothing does."""
    return ", ".join(f"{name} {has.get(name)} instead of {wanted[name]}" for name in wanted
                     if has.get(name) != wanted[name])  # fmt: skip


@functools.lru_cache(maxsize=4)
def _asked(url: str) -> dict[str, Any]:
    """Return what is measured, by case.

    Raises
    ------
    InputError
        If this process would make other results than the one that planned the sweep: a worker that joined late.
    """
    content = Place(url).read_json(SWEEP)
    if said := differences(content["made_by"], made_by()):
        raise InputError([Problem(url, "", f"a worker has {said}", advice="install the same versions everywhere")])
    design = content["design"]
    measures = {name: Measured.model_validate(each) for name, each in design["measures"].items()}
    tables = {name: Tabled.model_validate(each) for name, each in design["tables"].items()}
    names = {case: each["names"] for case, each in content["cases"].items()}
    return {case: (measures_in(measures, known), measures_in(tables, known)) for case, known in names.items()}


@functools.lru_cache(maxsize=SCENARIOS)
def _scenario(url: str, made: str) -> Scenario:
    return Place(url).scenario(made)


def scenario_of(url: str, task: Task) -> Scenario:
    """Return the scenario that a run is made from, whole."""
    base = _scenario(url, task.scenario)
    return lay(base, task.values).model_copy(update={"seed": task.seed})


def do(url: str, task: Task, stages: Stages) -> Ended:
    """Make a run and write what comes of it; a run that fails is a row with its reason.

    Parameters
    ----------
    stages : what happens in a step, the same as when the sweep was planned.

    Raises
    ------
    OSError
        If its files cannot be written: then the sweep stops, since no other run could be kept either.
    """
    place = Place(url)
    measures, tables = _asked(url)[task.case]
    if stages != STAGES:
        check_same(stages, place.read_json(SWEEP)["stages"], url)  # a worker elsewhere may have other files
    began = time.perf_counter()
    try:
        result = simulate(scenario_of(url, task), stages)
        values = row(result, measures, routes=False)
        kept = {name: result.frame(each.measure, by=list(each.by), where=each.where) for name, each in tables.items()
                if name not in task.left_out}  # fmt: skip
        ended = Ended(task.id, DONE, "", time.perf_counter() - began)
    except OSError:
        raise
    except Exception as error:
        said = str(error) if isinstance(error, CorridorError) else f"{type(error).__name__}: {error}"
        values, kept = dict.fromkeys(measures, float("nan")), {}
        ended = Ended(task.id, FAILED, said or type(error).__name__, time.perf_counter() - began)
    for name, frame in kept.items():
        frame.insert(0, "id", task.id)
        place.write_table(pa.Table.from_pandas(frame, preserve_index=False), PARTS, name, f"{task.id}.parquet")
    # The row comes last: a run whose row is there is whole.
    place.write_table(row_table(ended, values), PARTS, RUNS, f"{task.id}.parquet")
    return ended


def row_table(ended: Ended, values: Mapping[str, float]) -> pa.Table:
    """Return how a run ended, and its measures, as a table of one row."""
    columns: dict[str, Any] = {
        "id": pa.array([ended.id], pa.string()), "status": pa.array([ended.status], pa.string()),
        "error": pa.array([ended.error], pa.string()), "seconds": pa.array([ended.seconds], pa.float64()),
    }  # fmt: skip
    columns.update({name: pa.array([float(value)], pa.float64()) for name, value in values.items()})
    return pa.table(columns)
