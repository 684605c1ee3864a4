"""Measure sweeps: speed, overhead, memory, kills, queries. `python benchmarks/sweeps.py [PART ...]`; parts: see PARTS.

Each part prints its figures and puts them into benchmarks/sweeps.json, with what was asked of it. Needs the test
dependencies (psutil comes with Dask); takes about 15 minutes in all on two cores, most of it the speed of real runs.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil

from simulator import __version__

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "sweeps.json"
LONG = 600
PAGE_PERSONS = 100
"""People a row of the run that the time of a page is set against."""
SPEED = """question: How long do a thousand runs take?
scenario: eu-turkey-2016
persons_per_agent: 100
arms: {as-it-is: {}}
baseline: as-it-is
replicates: NUMBER
measures: {arrivals: {measure: arrivals}, deaths: {measure: deaths}}
"""
SMALL = """question: What does a run cost beside itself?
cases:
  short: {scenario: mine, end: 2016-07-01, persons_per_agent: 1000, set: {step_days: month}}
factors:
  news: {field: parameters.news.weight}
sampling: {method: latin-hypercube, number: NUMBER}
measures: {arrivals: {measure: arrivals}, trust: {measure: trust}}
tables: {by-route: {measure: arrivals, by: [route, month]}}
"""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "simulator", *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def folder_with(design: str, number: int) -> Path:
    made = Path(tempfile.mkdtemp(prefix="corridor-bench-"))
    if "scenario: mine" in design:
        subprocess.run(command("new", "mine"), cwd=made, check=True, env=environment(), capture_output=True)
    (made / "experiments" / "bench").mkdir(parents=True)
    text = design.replace("NUMBER", str(number))
    (made / "experiments" / "bench" / "design.yaml").write_text(text, encoding="utf-8")
    return made


def sweep(folder: Path, workers: int, *more: str) -> tuple[float, int]:
    """Run a sweep; return the seconds from its first row to its last, and the coordinator's largest memory."""
    process = subprocess.Popen(
        command("sweep", "bench", "--workers", str(workers), "--out", "out", *more), cwd=folder, env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    watched, most = psutil.Process(process.pid), 0
    while process.poll() is None:
        try:
            most = max(most, watched.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        time.sleep(0.2)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert " 0 failed, 0 missing" in out, out
    return json.loads((folder / "out" / "state.json").read_text())["working_seconds"], most


def runs_of(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "out" / "runs.parquet")


def speed() -> dict[str, Any]:
    """The time of 1,000 runs at 100 persons a row with two workers, told from 100, and of 50 runs with one."""
    rates = {}
    for workers, number in ((2, 100), (1, 50)):
        folder = folder_with(SPEED, number)
        seconds, _ = sweep(folder, workers)
        rates[workers] = number / seconds
        if workers == 2:
            minutes, each = seconds / 60 * 1000 / number, float(runs_of(folder)["seconds"].mean())
        shutil.rmtree(folder)
    return {"runs": 100, "minutes_1000_runs_two_workers": minutes, "asked_minutes": 10, "seconds_a_run": each,
            "two_workers_to_one": rates[2] / rates[1], "asked_two_to_one": 1.8}  # fmt: skip


def overhead() -> dict[str, Any]:
    """What a run costs beside itself, and the coordinator's memory, with runs that are nearly nothing."""
    found: dict[str, Any] = {"asked_ms_a_run": 10, "asked_memory": "flat"}
    for number in (300, 2000):
        folder = folder_with(SMALL, number)
        seconds, most = sweep(folder, 1)
        itself = float(runs_of(folder)["seconds"].sum())
        found[f"ms_a_run_{number}"] = (seconds - itself) / number * 1000
        found[f"seconds_a_run_{number}"] = itself / number
        found[f"coordinator_mb_{number}"] = most / 1e6
        shutil.rmtree(folder)
    return found


def ended(folder: Path) -> int:
    parts = folder / "out" / "parts" / "runs"
    return sum(1 for _ in parts.glob("*.parquet")) if parts.is_dir() else 0


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def kills() -> dict[str, Any]:
    """Twenty sweeps, each killed at a random moment, and gone on with until it ends."""
    number, luck = 60, random.Random(1)
    whole = folder_with(SMALL, number)
    sweep(whole, 2)
    expected = json.loads((whole / "out" / "state.json").read_text())["hash"]
    same, lost, resumed = 0, 0, 0
    for turn in range(20):
        folder = folder_with(SMALL, number)
        victims = ("worker", "coordinator", "both")[turn % 3]
        process = subprocess.Popen(command("sweep", "bench", "--workers", "2", "--out", "out"), cwd=folder,
                                   env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        when = luck.randrange(0, number - 4)
        while ended(folder) < when and process.poll() is None:
            time.sleep(0.005)
        time.sleep(luck.random() * 0.1)
        below = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        workers = [child.pid for child in below if "spawn_main" in " ".join(child.cmdline())]
        for pid in {"worker": workers[:1], "coordinator": [], "both": [child.pid for child in below]}[victims]:
            kill(pid)
        if victims != "worker":
            kill(process.pid)
        process.wait(LONG)
        if process.returncode != 0:
            resumed += 1
            # Killed before anything was written, there is nothing to go on with, and --resume says so.
            more = ["--resume"] if (folder / "out").is_dir() else []
            subprocess.run(command("sweep", "bench", "--workers", "2", "--out", "out", *more), cwd=folder,
                           check=True, env=environment(), capture_output=True, timeout=LONG)  # fmt: skip
        state = json.loads((folder / "out" / "state.json").read_text())
        same += state["hash"] == expected
        lost += number - len(set(runs_of(folder)["id"]))
        shutil.rmtree(folder)
        said = "same" if state["hash"] == expected else "DIFFERENT"
        print(f"  {turn + 1} of 20: {victims} killed after {when} runs: {said}", flush=True)
    shutil.rmtree(whole)
    return {"kills": 20, "same_to_the_bit": same, "runs_lost_or_twice": lost, "gone_on_with": resumed}


def catalogue() -> dict[str, Any]:
    """A grouped query over a sweep of 100,000 rows, by the command's own function."""
    folder = folder_with(SMALL, 40)
    sweep(folder, 2)
    runs = runs_of(folder)
    many = pd.concat([runs] * 2500, ignore_index=True)
    many["point"] = np.arange(len(many))
    many["arrivals"] += np.random.default_rng(1).normal(0, 100, len(many))
    many.to_parquet(folder / "out" / "runs.parquet", index=False)
    code = (
        "import time\nfrom simulator import api\napi.query('SELECT 1', sweep='out')\nbegan = time.perf_counter()\n"
        "found = api.query('SELECT seed % 10 AS tenth, count(*) AS n, avg(arrivals), quantile_cont(arrivals, 0.9) "
        "FROM runs GROUP BY ALL ORDER BY ALL', sweep='out')\n"
        "assert found['n'].sum() == 100000\nprint(time.perf_counter() - began)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment(), capture_output=True, text=True,
                          check=True)  # fmt: skip
    shutil.rmtree(folder)
    return {"rows": len(many), "seconds": float(done.stdout), "asked_seconds": 1.0}


def page() -> dict[str, Any]:
    """The page of the kept sweep over one run of its scenario, in processor time of one process: the least of three."""
    folder = Path(tempfile.mkdtemp(prefix="corridor-bench-"))
    code = (
        "import sys, time\nfrom simulator import api\n"
        "def least(what):\n    times = []\n    for _ in range(3):\n        began = time.process_time()\n"
        "        what()\n        times.append(time.process_time() - began)\n    return min(times)\n"
        f"run = least(lambda: api.run('eu-turkey-2016', persons_per_agent={PAGE_PERSONS}))\n"
        "made = least(lambda: api.report(sys.argv[1], sys.argv[2], overwrite=True))\nprint(made, run)"
    )
    kept = ROOT / "results" / "reference" / "squeeze-the-balloon"
    done = subprocess.run([sys.executable, "-c", code, str(kept), str(folder / "page.html")], env=environment(),
                          capture_output=True, text=True, check=True)  # fmt: skip
    shutil.rmtree(folder)
    made, run = map(float, done.stdout.splitlines()[-1].split())
    return {"page_to_run": made / run, "page_seconds": made, "run_seconds": run, "persons_per_agent": PAGE_PERSONS}


PARTS = {part.__name__: part for part in (overhead, catalogue, kills, page, speed)}


def main() -> None:
    found = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    for name in sys.argv[1:] or PARTS:
        found[name] = {**PARTS[name](), "date": time.strftime("%Y-%m-%d"), "cores": os.cpu_count(),
                       "corridor": __version__}  # fmt: skip
        print(name, json.dumps(found[name], indent=1))
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
