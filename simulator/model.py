"""The model: builds the world and the governments, and steps them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import mesa
import numpy as np

from simulator.clock import Clock
from simulator.errors import ConservationError
from simulator.governments.agent import Government
from simulator.governments.cabinet import Cabinet
from simulator.governments.costs import count as count_costs
from simulator.governments.costs import prices
from simulator.governments.levers import LeverTable
from simulator.governments.observation import Watch
from simulator.governments.partnership import build_partnerships
from simulator.outputs.recorder import Recorder
from simulator.outputs.result import Result
from simulator.scenario.schema import Scenario
from simulator.stages.schedule import STAGES, made_of
from simulator.stages.stage import Stages
from simulator.world.build import build_world
from simulator.world.people import State

Progress = Callable[[int, int, int], None]


class CorridorModel(mesa.Model):  # type: ignore[misc]
    """A corridor, its people and its governments.

    Attributes
    ----------
    inputs : the resolved scenario.
    stages : what happens in a step, in order.
    world : the state that stages and governments share.
    prices : what a unit of each instrument costs, euros; empty where the scenario does not say.
    recorder : what each step recorded.
    stats : figures about the run itself: steps, rows, seconds, people.
    """

    def __init__(self, scenario: Scenario, stages: Stages = STAGES):
        super().__init__(rng=scenario.seed)
        # Not `scenario`: Mesa 3.5 keeps a thing of its own under that name, and would write into ours.
        self.inputs = scenario
        self.stages = stages
        self.world = build_world(scenario)
        self.world.records.update(stages.fields)
        stages.begin(self.world)
        recorded = Clock(scenario.period.start, scenario.period.end, scenario.step_days)
        self.recorder = Recorder(scenario, recorded, self.world.coords(), self.world.records)
        self.partnerships = build_partnerships(scenario)
        codes = self.world.governments
        self._relations = [
            ((codes.index(state.donor), codes.index(state.partner)), state) for state in self.partnerships.values()
        ]
        self.table = LeverTable(self.world)
        self.watch = Watch()
        self.prices = prices(scenario.corridor.costs)
        self.cabinet = Cabinet(scenario, self.world, self.partnerships)
        for code in self.world.governments:
            asked = self.cabinet.questions_of(code)
            Government(self, code, scenario, self.world, self.table, self.partnerships, asked)
        # Mesa 3.3 counts agents in a table that keeps every model for ever; no government comes later.
        getattr(mesa.Agent, "_ids", {}).pop(self, None)
        self.stats: dict[str, Any] = {}

    def step(self) -> None:
        """Run one step: governments act, the stages run, governments observe and decide, all is counted."""
        world = self.world
        world.new_ledger()
        self.table.clear()
        for government in self.agents:
            if government.idle:
                continue
            self.table.by = government.code
            government.act()
        self.table.apply(world)
        self.stages.run(world)
        self.agents.do("pay")
        count_costs(world, self.table, self.prices)
        self._record_trust()
        self.cabinet.note_relations()
        self.watch.take_in(world)
        if self.watch.take_stock:
            self.agents.do("observe", self.watch)
        self._govern()
        self._check()
        recorded = world.step - world.n_warm_up
        if recorded >= 0:
            if world.clock.ends_month(world.step):
                self._count_stocks()
            self.recorder.record(recorded, world.ledger)
        self._compact()

    def run(self, progress: Progress | None = None) -> None:
        """Run all steps; `progress` is told the step, the steps in all, and people on the move."""
        began = time.perf_counter()
        world = self.world
        for step in range(world.clock.n_steps):
            world.step = step
            self.step()
            if progress is not None:
                moving = int(np.count_nonzero(world.people.state <= State.DETAINED))
                progress(step + 1, world.clock.n_steps, moving * world.weight)
        self.recorder.choices = self.cabinet.record
        self.stats = {
            "steps": world.clock.n_steps,
            "seconds": time.perf_counter() - began,
            "peak_rows": world.people.peak,
            "people_at_start": world.initial,
            "people_at_end": world.total(),
            "people_entered": world.entered,
        }

    def _govern(self) -> None:
        """Let governments decide what falls due: all weigh, then all commit, so that their order plays no part."""
        due = self.cabinet.observe()
        if not due:
            return
        self.agents.do("weigh", due)
        self.agents.do("commit")
        self.cabinet.settle(due, [choice for agent in self.agents for _, choice in agent.decided])

    def _record_trust(self) -> None:
        trust = self.world.ledger["trust"]
        trust.fill(np.nan)
        for (donor, partner), state in self._relations:
            trust[donor, partner] = state.trust

    def _check(self) -> None:
        """Check that nobody was lost or made."""
        world = self.world
        have, want = world.total(), world.initial + world.entered
        if have != want:
            raise ConservationError(f"step {world.step}: {have} people, but {want} should be there")

    def _count_stocks(self) -> None:
        """Count everybody by state, country and origin, and those on the way or held by need, too."""
        world = self.world
        stocks = world.ledger["stocks"]
        people, groups = world.people, world.groups
        n_countries, n_origins = len(world.countries), len(groups.origins)
        rows = np.flatnonzero(people.state < State.PROTECTED)
        code = people.state[rows].astype(np.int64) * n_countries + world.network.country[people.place[rows]]
        code = code * n_origins + groups.origin[people.person_class[rows]]
        stocks += np.bincount(code, minlength=stocks.size).reshape(stocks.shape) * world.weight
        stocks += world.closed
        stocks[State.RESIDENT] += np.einsum("ornw->ro", world.pools)
        rows = rows[people.state[rows] <= State.DETAINED]
        waiting = world.ledger["waiting"]
        code = world.network.country[people.place[rows]].astype(np.int64) * waiting.shape[1]
        code = code + groups.need[people.person_class[rows]]
        waiting += np.bincount(code, minlength=waiting.size).reshape(waiting.shape) * world.weight

    def _compact(self) -> None:
        """Drop closed rows now and then."""
        renumbered = self.world.people.compact()
        if renumbered is not None:
            for queue in self.world.queue:
                queue.renumber(renumbered)


def simulate(scenario: Scenario, stages: Stages | None = None, progress: Progress | None = None) -> Result:
    """Run a scenario, and return what came out."""
    model = CorridorModel(scenario, stages or STAGES)
    model.run(progress)
    return Result.of_run(model.recorder, model.stats, made_of(model.stages))
