"""How time and memory grow with people."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from corridor_core import CorridorEngine, RenewedEngine
from setting import FULL, Counts, make_graph

from simulator.world.people import bytes_per_row

SEED = 5


def time_by_size(sizes: list[int], person_steps: int, repeats: int) -> dict[str, Any]:
    """Time each size for about as many person-steps, sizes interleaved; fit the power of time against people."""
    graph = make_graph()
    engines = {n: RenewedEngine(n, graph, FULL, SEED) for n in sizes}
    found: dict[int, list[Counts]] = {n: [] for n in sizes}
    for _ in range(repeats):
        for n, engine in engines.items():
            found[n].append(engine.run(max(1, person_steps // n)))
    rows: list[dict[str, Any]] = []
    for n, runs in found.items():
        each = [run.seconds / run.person_steps for run in runs]
        rows.append({"people": n, "ns_per_person_step": [1e9 * x for x in (median(each), min(each), max(each))]})
    people = np.log([row["people"] for row in rows])
    seconds_a_step = np.log([row["people"] * row["ns_per_person_step"][0] for row in rows])
    power = float(np.polyfit(people, seconds_a_step, 1)[0])
    return {"sizes": rows, "power": power}


def memory_by_size(sizes: list[int]) -> dict[str, Any]:
    """Measure peak memory for each size in a process of its own; the slope is bytes a person."""
    peaks = []
    for n in sizes:
        command = [sys.executable, str(Path(__file__).resolve()), str(n)]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        peaks.append(json.loads(out)["peak_bytes"])
    slope = float(np.polyfit(sizes, peaks, 1)[0])
    return {"people": sizes, "peak_bytes": peaks, "bytes_a_person": slope, "bytes_a_row": bytes_per_row()}


def main() -> None:
    """Make people, move them for a few steps, and print the peak of this process's memory."""
    CorridorEngine(int(sys.argv[1]), make_graph(), FULL, SEED, burn_in=3)
    print(json.dumps({"peak_bytes": peak_bytes()}))


def peak_bytes() -> int:
    """Return the most memory that this process has held.

    Linux hands `ru_maxrss` on from the process that started this one, so its own high-water mark is read instead.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text(encoding="utf-8").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main()
