"""What is measured, at which sizes."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from agreement import Check, Engine, compare
from corridor_core import CorridorEngine, RenewedEngine
from flee_env import FleeEngine
from mesa_plain import MesaEngine, TunedMesaEngine
from scaling import memory_by_size, time_by_size
from setting import FULL, PLAIN, Rules, expected, make_graph

SCENARIO: Final = "eu-turkey-2016"
SEED: Final = 3


@dataclass(frozen=True)
class Sizes:
    """People, and steps a repeat, for each engine; sizes for scaling; rows for the scenario."""

    repeats: int
    flee: tuple[int, int]
    mesa: tuple[int, int]
    corridor: tuple[int, int]
    equal_steps: int
    timed: tuple[int, ...]
    timed_person_steps: int
    weighed: tuple[int, ...]
    persons_per_agent: tuple[int, ...]


SIZES: Final = {
    "full": Sizes(
        5, (20_000, 25), (50_000, 40), (1_000_000, 100), 2000,
        (10_000, 100_000, 1_000_000, 10_000_000), 30_000_000, (1_000_000, 4_000_000, 10_000_000), (1, 10),
    ),
    "quick": Sizes(
        3, (10_000, 15), (50_000, 12), (500_000, 30), 400,
        (10_000, 100_000, 1_000_000), 10_000_000, (500_000, 2_000_000), (10,),
    ),
}  # fmt: skip


def measure_engines(sizes: Sizes) -> dict[str, Any]:
    """Check that the engines agree; then time them in turns."""
    graph = make_graph()
    checks: list[Check] = []

    def agree(title: str, rules: Rules, engine: Engine, steps: int) -> None:
        checks.extend(compare(title, engine.name, engine.run(steps), rules, expected(graph, rules)))

    (flee_people, flee_steps), (people, steps), (many, many_steps) = sizes.flee, sizes.mesa, sizes.corridor
    with closing(FleeEngine(flee_people, SEED)) as flee:
        agree("as Flee can", PLAIN, flee, flee_steps)
        for engine_type in (MesaEngine, TunedMesaEngine, CorridorEngine):
            agree("as Flee can", PLAIN, engine_type(people, graph, PLAIN, SEED), steps)
        plain, tuned = MesaEngine(people, graph, FULL, SEED), TunedMesaEngine(people, graph, FULL, SEED)
        equal, large = RenewedEngine(people, graph, FULL, SEED), CorridorEngine(many, graph, FULL, SEED)
        agree("all rules", FULL, plain, steps)
        agree("all rules", FULL, tuned, steps)
        agree("all rules", FULL, large, many_steps)
        result: dict[str, Any] = {"checks": [check.record() for check in checks]}
        if not all(check.agrees for check in checks):
            return result
        turns: list[tuple[str, int, Engine, int]] = [
            ("corridor", many, large, many_steps),
            ("flee", flee_people, flee, flee_steps),
            ("corridor_equal", people, equal, sizes.equal_steps),
            ("mesa", people, plain, steps),
            ("mesa_tuned", people, tuned, steps),
        ]
        speeds: dict[str, list[float]] = {name: [] for name, *_ in turns}
        for _ in range(sizes.repeats):
            for name, _people, engine, n_steps in turns:
                speeds[name].append(engine.run(n_steps).speed)
    result["people"] = {name: size for name, size, *_ in turns}
    result["person_steps_per_second"] = {name: spread(found) for name, found in speeds.items()}
    result["ratios"] = {
        f"{mine} / {other}": spread([a / b for a, b in zip(speeds[mine], speeds[other], strict=True)])
        for mine, other in (
            ("corridor", "flee"), ("corridor_equal", "flee"), ("corridor", "mesa"), ("corridor_equal", "mesa"),
            ("corridor_equal", "mesa_tuned"),
        )
    }  # fmt: skip
    return result


def spread(found: list[float]) -> dict[str, float]:
    """Return median, least and most."""
    return {"median": median(found), "min": min(found), "max": max(found)}


def measure_scaling(sizes: Sizes) -> dict[str, Any]:
    """Measure growth of memory and time; memory first, while this process holds nobody."""
    memory = memory_by_size(list(sizes.weighed))
    return {"memory": memory, "time": time_by_size(list(sizes.timed), sizes.timed_person_steps, sizes.repeats)}


def measure_scenario(sizes: Sizes) -> list[dict[str, Any]]:
    """Run the scenario in a process of its own for each number of persons a row."""
    found = []
    for persons_per_agent in sizes.persons_per_agent:
        script = Path(__file__).resolve().parent / "scenario_run.py"
        command = [sys.executable, str(script), SCENARIO, str(persons_per_agent)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=script.parent.parent)
        if done.returncode:
            found.append({"persons_per_agent": persons_per_agent, "error": done.stderr.strip()[-2000:]})
        else:
            found.append(json.loads(done.stdout))
    return found
