"""A small design for tests of sweeps, and ways to run it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from simulator.scenario.new import new
from simulator.stages.stage import Stages
from simulator.sweeps.work import Ended, Task, do

ROOT = Path(__file__).resolve().parents[1]
DESIGN = """question: Does the agreement lower arrivals?
cases:
  short: {scenario: mine, end: 2016-07-01, persons_per_agent: 1000, set: {step_days: month, period.warm_up_days: 0}}
arms:
  made: {label: As made}
  none: {label: No agreement, overrides: [no-agreement]}
baseline: made
factors:
  wait: {set: parameters.crossing.retry_delay, values: [4, 12]}
  news: {field: parameters.news.weight, steps: 3}
sampling: {method: grid}
draws: {number: 2, seed: 7, fields: [parameters.feedback.*]}
replicates: 2
measures:
  arrivals: {measure: arrivals, better: less, label: Arrivals}
  trust: {measure: trust}
tables:
  by-route: {measure: arrivals, by: [route, month]}
"""
RUNS = 48
"""Of the design: 2 arms, 2 x 3 points, 2 draws, 2 replicates."""


class Serial:
    """An engine that makes runs in this process, one after another; what it should do with each can be given."""

    processors = ("of this test",)

    def __init__(self, make: Callable[[str, Task, Stages], Ended] = do):
        self.make = make
        self.ids: list[str] = []

    def memory(self) -> tuple[int, int]:
        return 0, 0

    def run(self, url: str, tasks: Iterator[Task], ended: Callable[[Ended], None], stages: Stages) -> None:
        for task in tasks:
            self.ids.append(task.id)
            ended(self.make(url, task, stages))


def serial(made: Serial) -> Callable[..., Any]:
    """Return what stands in place of `simulator.sweeps.engine.engine`."""

    @contextmanager
    def engine(_cluster: str | None, _workers: int) -> Iterator[Serial]:
        yield made

    return engine


def make_folder(folder: Path, design: str = DESIGN) -> Path:
    """Write the template of a scenario and the design to a folder; the working folder must be this one."""
    new("mine")
    (folder / "experiments" / "sea").mkdir(parents=True)
    write_design(folder, design)
    return folder


def write_design(folder: Path, design: str) -> None:
    (folder / "experiments" / "sea" / "design.yaml").write_text(design, encoding="utf-8")


def start(folder: Path, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    """Start the command in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "simulator", *arguments], cwd=folder, stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, **options,
    )  # fmt: skip


def children(pid: int) -> list[int]:
    """Return the processes below a process, its workers among them."""
    import psutil

    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def ended(folder: Path) -> list[str]:
    """Return the files of runs that ended."""
    parts = folder / "parts" / "runs"
    return sorted(path.name for path in parts.glob("*.parquet")) if parts.is_dir() else []
