"""Fit the border between Mexico and the United States to sector shares of fiscal years 1992 to 2000; write fit.yaml.

``python experiments/us-mexico/fit.py --samples 160 --searches 3`` draws points of a Sobol sequence within the ranges of
``design.yaml``, searches from the best of them (least squares), and writes the best sets of values as members of
``scenarios/us-mexico/fit.yaml``. Nothing after September 2000 is read.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from problem import HERE, Floats, Problem, Starts, Trial
from ruamel.yaml import YAML
from scipy.optimize import least_squares
from scipy.stats import qmc

from simulator.errors import ChoiceError

FIT = HERE.parents[1] / "scenarios" / "us-mexico" / "fit.yaml"
T = TypeVar("T")
NO_VALUE = 1.0
"""Residual of a trial that cannot be run."""
MEMBERS_WITHIN = 0.03
"""Loss by which a member may be worse than the best."""
MEMBERS_APART = 0.2
"""Share of its range by which at least one knob of two members differs."""
TRIED_AGAIN = 40
"""Trials of an earlier search that a new one begins with, the best first."""


class Search:
    """A search that remembers every trial, and starts each where the best so far had been solved for."""

    def __init__(self, problem: Problem, log: Path):
        self.problem, self.log, self.best = problem, log, None
        self.starts: Starts = problem.first_starts()
        self.seen: list[tuple[float, Floats, Trial]] = []
        self.length = 1
        self.log.write_text("", encoding="utf-8")

    def residuals(self, shares: Floats) -> Floats:
        """Return what is to vanish in a trial."""
        inside = np.clip(shares, 0.0, 1.0)
        try:
            trial = self.problem.trial(inside, self.starts)
        except ChoiceError:
            return np.full(self.length, NO_VALUE)
        if not self.seen or trial.loss < min(seen[0] for seen in self.seen):
            self.starts = trial.starts
        self.length = len(trial.residuals)
        self.seen.append((trial.loss, inside.copy(), trial))
        line = {"loss": round(trial.loss, 5), **{name: round(value, 4) for name, value in trial.parts.items()},
                "shares": [round(float(share), 4) for share in inside]}  # fmt: skip
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        return trial.residuals

    def run(self, samples: int, searches: int, steps: int, fixed: list[Floats], seed: int) -> None:
        """Draw samples, then search by least squares from the best of them."""
        n = len(self.problem.knobs)
        self.starts = self.problem.solve(np.full(n, 0.5), self.starts, 12)
        for point in [*fixed, *(0.05 + 0.9 * qmc.Sobol(n, seed=seed).random(samples))]:
            self.residuals(np.asarray(point))
        first = apart([(seen[1], seen) for seen in sorted(self.seen, key=lambda seen: seen[0])], MEMBERS_APART)
        for _, point, trial in first[:searches]:
            self.starts = trial.starts
            least_squares(self.residuals, np.clip(point, 0.02, 0.98), bounds=(0.0, 1.0), diff_step=0.04,
                          max_nfev=steps, x_scale=0.3)  # fmt: skip


def apart(ranked: list[tuple[Floats, T]], distance: float) -> list[T]:
    """Return what is ranked without whatever comes near a better one: in every knob, in shares of ranges."""
    points: list[Floats] = []
    kept: list[T] = []
    for point, each in ranked:
        if all(float(np.abs(point - other).max()) > distance for other in points):
            points.append(point)
            kept.append(each)
    return kept


def refined(problem: Problem, shares: Floats, starts: Starts) -> Trial:
    """Return a trial solved for until the first year's shares come out well."""
    return problem.trial(shares, starts, rounds=10)


def write(problem: Problem, search: Search, minutes: float, most: int, earlier: int) -> None:
    """Write the best members as fit.yaml."""
    ranked = sorted(search.seen, key=lambda seen: seen[0])
    near = [seen for seen in ranked if seen[0] <= ranked[0][0] + MEMBERS_WITHIN]
    far = apart([(shares, (shares, trial)) for _, shares, trial in near], MEMBERS_APART)
    chosen = [(shares, refined(problem, shares, trial.starts)) for shares, trial in far[:most]]
    chosen.sort(key=lambda each: each[1].loss)
    values = [problem.values(shares, trial.starts) for shares, trial in chosen]
    spread = [problem.values(shares, trial.starts) for _, shares, trial in near]
    widest = {name: problem.design["knobs"][name] for name in problem.knobs}
    fields: dict[str, Any] = {}
    for name in values[0]:
        low = min(each[name] for each in [*spread, *values])
        high = max(each[name] for each in [*spread, *values])
        given = next((knob["range"] for knob in widest.values() if name in knob.get("fields", ())), None)
        step = 0.02 * max(abs(low), abs(high), 0.01)
        low, high = (low - step, high + step) if high - low < step else (low, high)
        limits = [float(min(given[0], low)), float(max(given[1], high))] if given else [low - 3 * step, high + 3 * step]
        fields[name] = {"unit": unit_of(name), "range": [rounded(each) for each in limits],
                        "interval": [rounded(low), rounded(high)]}  # fmt: skip
    first, last = problem.design["solved_for"], problem.design["fitted_to"][1]
    content = {
        "fitted": date.today().isoformat(), "code": commit(), "data": ["us-cbp"],
        "period": [f"{first - 1}-10", f"{last}-09"], "loss": rounded(chosen[0][1].loss),
        "how": f"experiments/us-mexico: {len(search.seen)} trials, {problem.runs_done} runs, {minutes:.0f} minutes, "
               f"begun with the best of {earlier} earlier trials; sizes of sectors and levels of origins solved for "
               "1992 in each",
        "fields": fields,
        "members": [{"loss": rounded(trial.loss), "values": {name: rounded(value) for name, value in each.items()}}
                    for (_, trial), each in zip(chosen, values, strict=True)],
    }  # fmt: skip
    for field in fields.values():
        values_in = field["range"]
        field["range"] = [min(values_in[0], field["interval"][0]), max(values_in[1], field["interval"][1])]
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 120
    with FIT.open("w", encoding="utf-8") as file:
        file.write("# What the fit found. Written by experiments/us-mexico/fit.py; do not edit by hand.\n\n")
        yaml.dump(content, file)


def unit_of(name: str) -> str:
    """Return the unit of a fitted field."""
    if name.endswith("_per_week"):
        return "person/week"
    if name.endswith(("halflife", "memory")):
        return "day"
    return "utility" if ".jobs." in name or name.endswith(("departure_level", "_weight", "news.weight")) else "1"


def rounded(value: float) -> float:
    """Return a number to six figures."""
    return float(f"{value:.6g}")


def commit() -> str:
    """Return the commit of the code."""
    return subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True,
                          cwd=HERE).stdout.strip()  # fmt: skip


def main() -> None:
    """Fit, and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=128, help="points drawn before the search")
    parser.add_argument("--searches", type=int, default=3)
    parser.add_argument("--steps", type=int, default=10, help="steps of each search; each takes a trial a knob")
    parser.add_argument("--members", type=int, default=4)
    parser.add_argument("--log", type=Path, default=HERE / "trials.jsonl")
    parser.add_argument("--seed-from", type=Path, help="trials of an earlier search to begin with")
    parser.add_argument("--dry", action="store_true", help="write no fit.yaml")
    parser.add_argument("--seed", type=int, default=1, help="of the points of the Sobol sequence")
    parser.add_argument(
        "--fitted-to",
        type=int,
        metavar="YEAR",
        help="read nothing after this fiscal year, log what comes of the others, write no fit.yaml",
    )
    asked = parser.parse_args()
    began = time.monotonic()
    problem = Problem(last=asked.fitted_to)
    search = Search(problem, asked.log)
    lines = asked.seed_from.read_text(encoding="utf-8").splitlines() if asked.seed_from else []
    earlier = sorted((json.loads(line) for line in lines), key=lambda trial: float(trial["loss"]))
    points = [np.array(trial["shares"]) for trial in earlier]
    fixed = apart([(point, point) for point in points], MEMBERS_APART / 2)[:TRIED_AGAIN]
    search.run(asked.samples, asked.searches, asked.steps, fixed, asked.seed)
    if not asked.dry and asked.fitted_to is None:
        write(problem, search, (time.monotonic() - began) / 60, asked.members, len(earlier))


if __name__ == "__main__":
    main()
