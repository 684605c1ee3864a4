"""Run a scenario in this process and print its time, stage by stage, and its peak memory as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from scaling import peak_bytes

from simulator.model import CorridorModel
from simulator.scenario.load import load
from simulator.stages.schedule import STAGES
from simulator.stages.stage import Stages
from simulator.world.world import World


def timed(name: str, run: Callable[[World], None], spent: dict[str, float]) -> Callable[[World], None]:
    """Return a stage that adds the processor time it takes to `spent`."""

    def timed_run(world: World) -> None:
        began = time.process_time()
        run(world)
        spent[name] = spent.get(name, 0.0) + time.process_time() - began

    return timed_run


def measure(name: str, persons_per_agent: int) -> dict[str, Any]:
    """Load, build and run a scenario; return processor seconds in all and by part."""
    spent: dict[str, float] = {}
    stages = Stages(replace(stage, run=timed(stage.name, stage.run, spent)) for stage in STAGES)
    began, clock = time.process_time(), time.perf_counter()
    scenario = load(name, persons_per_agent=persons_per_agent)
    loaded = time.process_time()
    model = CorridorModel(scenario, stages)
    built = time.process_time()
    model.run()
    ended = time.process_time()
    parts = {"load": loaded - began, "build": built - loaded, **spent}
    parts["governments, recording, checks"] = ended - built - sum(spent.values())
    return {
        "scenario": name,
        "persons_per_agent": persons_per_agent,
        "seconds": ended - began,
        "clock_seconds": time.perf_counter() - clock,
        "peak_bytes": peak_bytes(),
        "steps": model.stats["steps"],
        "peak_rows": model.stats["peak_rows"],
        "parts": parts,
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
