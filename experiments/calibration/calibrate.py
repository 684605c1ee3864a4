"""Fit a scenario to what was observed, and write an ensemble of fits: ``python experiments/calibration/calibrate.py``.

Several searches by CMA-ES (Hansen's ``cma``), each from its own start; the best trials of all are finished at the
scenario's own step, those that fit nearly as well as the best become members, and the loss along each parameter is
looked at to say which of them the data pin down.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
sys.path.insert(0, str(Path(__file__).parent))

import cma  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from problem import Problem, Trial, fields_of, first_rates, read_problem, try_out  # noqa: E402
from ruamel.yaml import YAML  # noqa: E402
from ruamel.yaml.scalarstring import SingleQuotedScalarString  # noqa: E402

from simulator.outputs.provenance import mark  # noqa: E402

Floats = NDArray[np.float64]
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
_PROBLEMS: dict[tuple[str, int], Problem] = {}


class Job(NamedTuple):
    """One trial for a worker: the design, the step, shares of the ranges, rates, and rounds of levels."""

    design: str
    step_days: int
    shares: Floats
    rates: Floats
    rounds: int


def work(job: Job) -> tuple[Trial, Floats]:
    """Run a trial for some rounds of levels; return the best of them, and the rates that it used."""
    key = (job.design, job.step_days)
    if key not in _PROBLEMS:
        _PROBLEMS[key] = read_problem(Path(job.design), step_days=job.step_days)
    rates, best, used = job.rates, None, job.rates
    for _ in range(job.rounds):
        trial = try_out(_PROBLEMS[key], job.shares, rates)
        if best is None or trial.loss < best.loss:
            best, used = trial, rates
        rates = trial.rates
    assert best is not None
    return best, used


class Tried(NamedTuple):
    """What came of a trial of the search."""

    start: int
    generation: int
    loss: float
    shares: Floats
    rates: Floats
    parts: dict[str, float]


def search(problem: Problem, design: str, number: int, pool: ProcessPoolExecutor, rates: Floats) -> list[Tried]:
    """Search from one start; rates follow the better half of each generation."""
    rules = problem.design["search"]
    rng = np.random.default_rng([int(problem.design["runs"]["seed"]), number])
    start = problem.start() + (rng.normal(0.0, float(rules["apart"]), len(problem.knobs)) if number else 0.0)
    settings = {"bounds": [0, 1], "popsize": int(rules["population"]), "seed": number + 1, "verbose": -9}
    strategy = cma.CMAEvolutionStrategy(np.clip(start, 0.02, 0.98), float(rules["first_width"]), settings)
    tried: list[Tried] = []
    for generation in range(int(rules["generations"])):
        began, asked = time.monotonic(), strategy.ask()
        jobs = [Job(design, int(problem.design["runs"]["step_days"]), np.asarray(x), rates, 1) for x in asked]
        found = list(pool.map(work, jobs))
        strategy.tell(asked, [trial.loss for trial, _ in found])
        order = np.argsort([trial.loss for trial, _ in found])
        tried += [
            Tried(number, generation, trial.loss, np.asarray(x), rates, trial.parts)
            for x, (trial, _) in zip(asked, found, strict=True)
        ]
        rates = np.mean([found[i][0].rates for i in order[: len(order) // 2]], axis=0)
        print(
            f"start {number + 1}, generation {generation + 1}: best {found[order[0]][0].loss:.3f}, so far "
            f"{min(each.loss for each in tried):.3f}, {time.monotonic() - began:.0f} s",
            flush=True,
        )
    return tried


def finish(problem: Problem, design: str, tried: list[Tried], pool: ProcessPoolExecutor) -> list[dict[str, Any]]:
    """Finish the best trials at the scenario's own step; return those near the best, best first."""
    rules = problem.design["ensemble"]
    step = int(rules["step_days"])
    chosen: list[Tried] = []
    for each in sorted(tried, key=lambda one: one.loss):
        share = int(rules["candidates"]) // int(problem.design["search"]["starts"]) + 1
        if sum(one.start == each.start for one in chosen) < share:
            chosen.append(each)
    chosen = chosen[: int(rules["candidates"])]
    jobs = [Job(design, step, each.shares, each.rates, int(rules["finishing_rounds"])) for each in chosen]
    done = [
        {"start": each.start, "shares": each.shares, "rates": used, "trial": trial}
        for each, (trial, used) in zip(chosen, pool.map(work, jobs), strict=True)
    ]
    done.sort(key=lambda one: float(one["trial"].loss))
    limit = float(rules["within"]) * done[0]["trial"].loss
    print("finished:", ", ".join(f"{one['trial'].loss:.3f} (start {one['start'] + 1})" for one in done), flush=True)
    return [one for one in done if one["trial"].loss <= limit]


def slices(problem: Problem, design: str, best: dict[str, Any], pool: ProcessPoolExecutor) -> pd.DataFrame:
    """Return the loss along each parameter, the others as in the best member and levels solved anew."""
    shares = [float(share) for share in problem.design["ensemble"]["slices"]]
    jobs, names = [], []
    for number, knob in enumerate(problem.knobs):
        for share in shares:
            moved = np.array(best["shares"], dtype=float)
            moved[number] = share
            step = int(problem.design["runs"]["step_days"])
            jobs.append(Job(design, step, moved, best["rates"], 1))
            names.append((knob.name, knob.value(share)))
    losses = [trial.loss for trial, _ in pool.map(work, jobs)]
    return pd.DataFrame(
        [{"parameter": name, "value": value, "loss": loss} for (name, value), loss in zip(names, losses, strict=True)]
    )


def fit_document(problem: Problem, members: list[dict[str, Any]], seconds: float, n_trials: int) -> dict[str, Any]:
    """Return the fit file: where it comes from, what was fitted, and the members."""
    values = [{**problem.values(one["shares"]), **fields_of(one["trial"].levels)} for one in members]
    reach = float(problem.design["levels"]["reach"])
    ranges = {name: (knob.low, knob.high) for knob in problem.knobs for name in knob.fields}
    fields: dict[str, Any] = {}
    for name in values[0]:
        low, high = ranges.get(name, (-reach, reach))
        found = [one[name] for one in values]
        fields[name] = {
            "unit": _unit(problem, name), "range": [_round(low), _round(high)],
            "interval": [_round(min(found)), _round(max(found))],
        }  # fmt: skip
    starts = problem.design["search"]["starts"]
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    last = problem.scenario.period.end
    return {
        "fitted": date.today(),
        "code": SingleQuotedScalarString(commit.stdout.strip() or "unknown"),  # 12e4567 is no number
        "data": ["frontex-detections"],
        "period": [
            f"{problem.scenario.period.start:%Y-%m}",
            f"{last.year - (last.month == 1)}-{(last.month - 2) % 12 + 1:02d}",
        ],
        "loss": _round(members[0]["trial"].loss),
        "how": f"experiments/calibration: {n_trials} trials, {starts} starts, {seconds / 60:.0f} minutes",
        "fields": fields,
        "members": [
            {"loss": _round(one["trial"].loss), "values": {name: _round(value) for name, value in given.items()}}
            for one, given in zip(members, values, strict=True)
        ],
    }


def _unit(problem: Problem, name: str) -> str:
    head, *path = name.split(".")
    if head == "parameters":
        return str(getattr(getattr(problem.scenario.parameters, path[0]), path[1]).unit)
    if head == "policies":
        return str(problem.scenario.corridor.policies[path[0]].levers[int(path[2])].unit)
    return str(getattr(problem.scenario.corridor.tables, head).columns[path[-1]].unit)


def _round(value: float) -> float:
    return float(f"{value:.6g}")


def write(
    document: dict[str, Any], tried: list[Tried], along: pd.DataFrame, problem: Problem, out: Path, records: Path
) -> None:
    """Write the fit file, every trial, and the loss along each parameter."""
    records.mkdir(parents=True, exist_ok=True)
    rows = [
        {"start": each.start + 1, "generation": each.generation + 1, "loss": each.loss,
         **{knob.name: knob.value(share) for knob, share in zip(problem.knobs, each.shares, strict=True)}}
        for each in tried
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(records / "trials.csv", index=False, float_format="%.5g")
    along.to_csv(records / "slices.csv", index=False, float_format="%.5g")
    (records / "parts.json").write_text(json.dumps(document["parts"], indent=1) + "\n", encoding="utf-8")
    mark(records, "python experiments/calibration/calibrate.py")
    del document["parts"]
    writer = YAML()
    writer.width = 4096
    with out.open("w", encoding="utf-8") as file:
        file.write(
            "# What calibration found. Written by experiments/calibration/calibrate.py; do not edit by hand.\n\n"
        )
        writer.dump(document, file)


def main() -> None:
    """Run the calibration."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--design", type=Path, default=HERE / "design.yaml")
    parser.add_argument("--out", type=Path, default=ROOT / "scenarios" / "mediterranean" / "fit.yaml")
    parser.add_argument("--records", type=Path, default=HERE / "records")
    given = parser.parse_args()
    began, design = time.monotonic(), str(given.design)
    problem = read_problem(given.design)
    rules = problem.design["search"]
    tried: list[Tried] = []
    with ProcessPoolExecutor(int(rules["workers"]), mp_context=get_context("spawn")) as pool:
        rates = first_rates(problem, problem.start())
        for number in range(int(rules["starts"])):
            tried += search(problem, design, number, pool, rates)
        members = finish(problem, design, tried, pool)
        along = slices(problem, design, members[0], pool)
    document = fit_document(problem, members, time.monotonic() - began, len(tried))
    document["parts"] = members[0]["trial"].parts
    write(document, tried, along, problem, given.out, given.records)
    minutes = (time.monotonic() - began) / 60
    print(f"{len(members)} members, best loss {document['loss']}, {minutes:.1f} minutes: {given.out}")


if __name__ == "__main__":
    main()
