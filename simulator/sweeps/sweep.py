"""Run a sweep: check everything, write the plan, make what is missing, put the results together."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from simulator.errors import InputError, Problem
from simulator.outputs.provenance import git_state
from simulator.stages.schedule import STAGES, check_same, made_of
from simulator.stages.stage import Stages
from simulator.sweeps.experiment import Design, Tabled
from simulator.sweeps.factors import Stopping
from simulator.sweeps.plan import CaseLayout, SweepPlan
from simulator.sweeps.planned import Planned, finished, fold, read_plan, write_plan
from simulator.sweeps.results import MISSING, SweepResult, connect, gather, runs_query
from simulator.sweeps.run import design_content
from simulator.sweeps.shapes import check_columns, checked_content
from simulator.sweeps.stopping import GOING, judged, rounds
from simulator.sweeps.store import DESIGN_TABLE, PARTS, PLAN, RUNS, STATE, SWEEP, Place
from simulator.sweeps.work import FAILED, Ended, Task, differences, made_by, row_table

FOLD_EVERY: Final = 2_000
"""Files of single runs that are kept before they are put together: a folder of ten thousand takes seconds to read."""
LOOK_SECONDS: Final = 2.0
"""Between looks at the memory of the workers."""
PARTIAL: Final = ".tmp"


@dataclass
class Progress:
    """How a sweep is going.

    Attributes
    ----------
    total : runs that are to be made in all, those of earlier calls too.
    before : of these, ended in earlier calls.
    done, failed : ended in this call.
    running : sent to workers, and not ended.
    seconds : since the first was sent.
    workers_bytes, largest_bytes : memory of all workers, and of the largest; 0 until it was looked at.
    """

    total: int = 0
    before: int = 0
    done: int = 0
    failed: int = 0
    running: int = 0
    seconds: float = 0.0
    workers_bytes: int = 0
    largest_bytes: int = 0

    @property
    def rate(self) -> float:
        """Runs that end in a second."""
        return (self.done + self.failed) / self.seconds if self.seconds > 0 else 0.0

    @property
    def left_seconds(self) -> float:
        """Seconds that the rest will take at this rate; NaN as long as none ended."""
        left = self.total - self.before - self.done - self.failed
        return left / self.rate if self.rate > 0 else math.nan


Told = Callable[[Progress], None]


def describe(plan: SweepPlan, stages: Stages = STAGES) -> dict[str, Any]:
    """Return what a sweep asks and what it resolved to, as JSON values."""
    asked = plan.design.experiment
    content: dict[str, Any]
    layouts = plan.cases.values()
    content = design_content(plan.design)
    content["made_by"] = made_by()
    content["stages"] = made_of(stages)
    content["git"] = git_state()
    content["sampling"] = asked.sampling.model_dump(mode="json", exclude={"points"})
    content["factors"] = {
        axis.name: {
            "label": axis.label, "kind": "levels" if axis.levels else "number", "unit": axis.unit,
            "low": None if axis.levels else axis.low, "high": None if axis.levels else axis.high,
            "scale": axis.scale, "levels": list(axis.levels), "best": axis.best, "field": axis.field,
            "labels": {name: each.label or name for name, each in axis.laid.items()},
            "as_it_was": asked.factors[axis.name].as_it_was if axis.name in asked.factors else None,
        }
        for layout in layouts for axis in layout.axes
    }  # fmt: skip
    content["cases"] = {layout.name: _case(layout, asked.baseline) for layout in layouts}
    return content


def _case(layout: CaseLayout, baseline: str) -> dict[str, Any]:
    """Return what a case resolved to."""
    best = layout.best[baseline].scenario
    return {
        "label": layout.case.label or best.title, "scenario": best.name, "title": best.title,
        "names": dict(layout.case.names),
        "period": [str(best.period.start), str(best.period.end)], "persons_per_agent": best.persons_per_agent,
        "seed": best.seed, "draws": len(layout.draws) if layout.draws[0].number else 0,
        "members": sorted({draw.member for draw in layout.draws if draw.member is not None}),
        "points": len(layout.places),
        "drawn": [
            {"field": one.field, "what": one.what, "unit": one.unit, "best": one.best, "low": one.low,
             "high": one.high, "scale": one.scale, "kind": one.kind, "source": one.source, "note": one.note}
            for one in layout.drawn
        ],
        "left_out": list(layout.notes),
        "routes": {route: each.label for route, each in best.corridor.routes.items()},
    }  # fmt: skip


def prepare(
    plan: SweepPlan, place: Place, checked: Callable[[int], None] | None = None, stages: Stages = STAGES
) -> dict[str, Any]:
    """Check every scenario, write them and the plan, and last what was asked; return the latter.

    Raises
    ------
    InputError
        With every problem; of the sweep nothing is there then.
    """
    for number, _ in enumerate(plan.check(place.keep_scenario), start=1):
        if checked is not None:
            checked(number)
    content = describe(plan, stages)
    content["runs"] = write_plan(plan, place)
    content["rows"] = plan.total()
    content["created"] = datetime.now(UTC).isoformat(timespec="seconds")
    first = next(iter(plan.cases.values()))
    points = {axis.name: pa.array(first.places[:, number]) for number, axis in enumerate(first.axes)}
    place.write_table(pa.table({"point": pa.array(np.arange(len(first.places))), **points}), DESIGN_TABLE)
    place.write_json(content, SWEEP)
    return content


def check_resumable(place: Place, design: Design, stages: Stages = STAGES) -> dict[str, Any]:
    """Return what a sweep asked that is to be gone on with.

    Raises
    ------
    InputError
        If none is there, or another, or it was begun by other versions or with other stages.
    """
    if not place.exists(SWEEP):
        said = "holds no sweep that could be gone on with"
        raise InputError([Problem(place.url, "", said, advice="leave out --resume")])
    content = checked_content(place.read_json(SWEEP), place)
    check_columns(place, content, (PLAN, DESIGN_TABLE))
    if content["design_hash"] != design.experiment.asked_hash:
        advice = "give another folder with --out, or replace it with --overwrite"
        raise InputError([Problem(place.url, "", f"holds a sweep of another design ({content['experiment']}), or of "
                                  f"the same with other options", str(design.path), advice=advice)])  # fmt: skip
    if said := differences(content["made_by"], made_by()):
        advice = "go on with those versions, or begin again with --overwrite"
        raise InputError([Problem(place.url, "", f"was begun by other versions: there is {said} now", advice=advice)])
    check_same(stages, content.get("stages"), place.url)
    return content


def laid_columns(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the uncertain number whose value each column of a plan holds: those of factors, and those drawn."""
    laid = {name: str(each["field"]) for name, each in content["factors"].items() if each["field"]}
    for case in content["cases"].values():
        laid.update({one["field"]: one["field"] for one in case["drawn"]})
    return laid


class Runner:
    """Makes what is missing of a sweep whose plan is written."""

    def __init__(
        self, place: Place, content: Mapping[str, Any], rule: Stopping | None, told: Told | None,
        stages: Stages = STAGES,
    ):  # fmt: skip
        self.place = place
        self.stages = stages
        self.content = content
        self.rule = rule
        self.told = told or (lambda _: None)
        self.progress = Progress(total=content["runs"])
        self.tables = list(content["design"]["tables"])
        self._looked = -math.inf
        self._folded = 0
        self._began = 0.0
        self._laid = laid_columns(content)
        self._tables = {name: Tabled.model_validate(each) for name, each in content["design"]["tables"].items()}

    def missing(self, wanted: Callable[[Planned], bool], again: bool) -> Iterator[Task]:
        """Yield the runs of the plan that are wanted and have not ended.

        Parameters
        ----------
        again : whether those that failed are made again.
        """
        have = finished(self.place, failed_too=not again)
        for one in read_plan(self.place, self._laid, self._tables):
            place = np.searchsorted(have, number := np.uint64(int(one.task.id, 16)))
            if not one.again and wanted(one) and not (place < len(have) and have[place] == number):
                yield one.task

    def make(self, engine: Any, tasks: Iterator[Task]) -> None:
        """Make runs with an engine."""
        self._began = self._began or time.monotonic()
        sent = 0

        def counted() -> Iterator[Task]:
            nonlocal sent
            for task in tasks:
                sent += 1
                self.progress.running += 1
                yield task

        engine.run(self.place.url, counted(), lambda ended: self._ended(engine, ended), self.stages)

    def _ended(self, engine: Any, ended: Ended) -> None:
        progress = self.progress
        progress.running -= 1
        if ended.status == FAILED:
            progress.failed += 1
            if math.isnan(ended.seconds):  # its workers died before they could write that it failed
                nothing = dict.fromkeys(self.content["measures"], float("nan"))
                self.place.write_table(row_table(ended, nothing), PARTS, RUNS, f"{ended.id}.parquet")
        else:
            progress.done += 1
        now = time.monotonic()
        progress.seconds = now - self._began
        if now - self._looked > LOOK_SECONDS:
            self._looked = now
            progress.workers_bytes, progress.largest_bytes = engine.memory()
        self.told(progress)
        self._folded += 1
        if self._folded >= FOLD_EVERY:
            fold(self.place, self.tables)
            self._folded = 0

    def all(self, engine: Any, again: bool) -> pd.DataFrame | None:
        """Make all that is missing; with a rule for stopping, round by round.

        Returns
        -------
        Where each case and point was stopped, and why; None without a rule.
        """
        self.progress.before = len(finished(self.place, failed_too=not again))
        if self.rule is None:
            self.make(engine, self.missing(lambda _: True, again))
            return None
        stopped: dict[tuple[str, int], dict[str, Any]] = {}
        for replicates in rounds(self.rule):
            self.make(engine, self.missing(_within(replicates, set(stopped)), again))
            table = judged(self._done(), self.rule, self.content["baseline"], replicates)
            for row in _plain(table.to_dict(orient="records")):
                key = (row["case"], row["point"])
                if key not in stopped and row["said"] != GOING:
                    stopped[key] = row
        return pd.DataFrame(list(stopped.values()))

    def _done(self) -> pd.DataFrame:
        with connect(self.place) as database:
            found: pd.DataFrame = database.sql(runs_query(self.place, [self.rule.measure] if self.rule else [])).df()
        return found[found["status"] == "done"]


def _within(replicates: int, stopped: set[tuple[str, int]]) -> Callable[[Planned], bool]:
    return lambda one: one.replicate < replicates and (one.task.case, one.point) not in stopped


def tidy(place: Place) -> None:
    """Remove files that workers were writing when they were killed."""
    if place.local is None:
        return
    for path in (place.local / PARTS).rglob(f".*{PARTIAL}"):
        path.unlink(missing_ok=True)


def finish(
    place: Place, stopped: pd.DataFrame | None, seconds: float = 0.0, processors: Sequence[str] = ()
) -> SweepResult:
    """Put together what a sweep's runs wrote, and say how it ended.

    Parameters
    ----------
    seconds : from the first run that was sent to the last that ended, in this call.
    processors : those of the workers of this call, in words; those of earlier calls are kept beside them.
    """
    tidy(place)
    content = place.read_json(SWEEP)
    earlier = place.read_json(STATE).get("processors", []) if place.exists(STATE) else []
    state = gather(place, stopped)
    state["processors"] = sorted({*earlier, *processors})
    state["working_seconds"] = seconds
    state["ended"] = datetime.now(UTC).isoformat(timespec="seconds")
    if stopped is not None:
        state["stopping"] = _plain(stopped.to_dict(orient="records"))
    place.write_json(state, STATE)
    if state[MISSING] == 0:
        # All of it stands in the whole tables now; of parts only one fold stays, for those who go on.
        fold(place, list(content["design"]["tables"]))
    return SweepResult(place.url, content, place.read_json(STATE))


def _plain(rows: list[dict[Any, Any]]) -> list[dict[str, Any]]:
    """Return rows with numbers that JSON can hold."""

    def one(value: Any) -> Any:
        value = value.item() if hasattr(value, "item") else value
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return [{str(key): one(value) for key, value in row.items()} for row in rows]
