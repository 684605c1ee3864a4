"""Solve for the departure levels of a small corridor, so that arrivals of each origin are as many as were counted.

The levels of ``scenarios/canada-us`` and ``scenarios/australia`` hang on the behavioural values, which are those of the
Mediterranean corridor's fit: solve for them again when it is fitted anew. ``python experiments/levels.py canada-us``
writes the corridor's own ``fit.yaml``: each member holds the behavioural values of a member of that fit, and the levels
that go with them. What is to be met stands in the experiment's ``known.csv`` (use: solved).
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import simulator
from simulator.outputs.result import Result
from simulator.scenario.yaml_file import read_yaml

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
THEIRS = SCENARIOS / "mediterranean" / "fit.yaml"
BEHAVIOUR = "parameters."
RANGE = (-25.0, 25.0)
FOLDERS = {"canada-us": "safe-third-country", "australia": "australia-boats"}
HALVINGS = 12
STEP_DAYS = 14


@dataclass(frozen=True)
class Target:
    """Arrivals of an origin on routes, from one month to another, both counted."""

    origin: str
    routes: tuple[str, ...]
    since: str
    until: str
    people: float
    source: str


def targets(scenario: str) -> list[Target]:
    """Return what the levels of a scenario are solved for."""
    path = Path(__file__).parent / FOLDERS[scenario] / "known.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(line for line in file if not line.startswith("#"))]
    return [Target(row["origin"], tuple(row["route"].split(";")), row["from"], row["to"], float(row["people"]),
                   row["source"])
            for row in rows if row["use"] == "solved"]  # fmt: skip


def arrivals(result: Result, target: Target) -> float:
    """Return what a run has of a target."""
    frame = result.frame("arrivals", by=["month"], where={"origin": target.origin, "route": target.routes})
    return float(frame.loc[frame["month"].between(target.since, target.until), "arrivals"].sum())


def behaviour(member: dict[str, Any]) -> dict[str, float]:
    """Return the behavioural values of a member of the Mediterranean corridor's fit, by field."""
    return {field: value for field, value in member["values"].items() if field.startswith(BEHAVIOUR)}


def run(scenario: str, values: dict[str, float], wanted: list[Target], seed: int, people: int) -> Result:
    """Run a scenario at given values, to the end of the last target."""
    last = date.fromisoformat(max(target.until for target in wanted) + "-01") + timedelta(days=31)
    settings = {(f"{field}.value" if field.startswith(BEHAVIOUR) else field): value for field, value in values.items()}
    return simulator.run(scenario, seed=seed, persons_per_agent=people, end=str(last.replace(day=1)),
                         set={"step_days": STEP_DAYS, **settings})  # fmt: skip


def solve(scenario: str, member: dict[str, Any], seed: int, people: int, low: float, high: float) -> dict[str, float]:
    """Halve the limits of all levels at once; return where they end, by field."""
    wanted, fixed = targets(scenario), behaviour(member)
    limits = {f"origins.{target.origin}.departure_level": (low, high) for target in wanted}
    for _ in range(HALVINGS):
        middle = {field: sum(pair) / 2 for field, pair in limits.items()}
        result = run(scenario, fixed | middle, wanted, seed, people)
        for field, target in zip(limits, wanted, strict=True):
            below, above = limits[field]
            enough = arrivals(result, target) >= target.people
            limits[field] = (below, middle[field]) if enough else (middle[field], above)
    levels = {field: round(sum(pair) / 2, 3) for field, pair in limits.items()}
    result = run(scenario, fixed | levels, wanted, seed, people)
    for target in wanted:
        print(f"  {target.origin}: {arrivals(result, target):,.0f} people of {target.people:,.0f}", flush=True)
    return levels


def fit(scenario: str, theirs: dict[str, Any], levels: list[dict[str, float]]) -> str:
    """Return the text of a fit: their behavioural values, and the levels that were solved for."""
    wanted = targets(scenario)
    lines = [
        "# Behavioural values of the Mediterranean corridor's fit, member by member, and the departure levels solved",
        "# for with each. Written by experiments/levels.py; do not edit by hand. The loss is the Mediterranean's.",
        "",
        f"fitted: {theirs['fitted']}",
        f"code: '{theirs['code']}'",
        f"data: [{', '.join(dict.fromkeys(target.source for target in wanted))}]",
        f"period: [{min(target.since for target in wanted)}, {max(target.until for target in wanted)}]",
        f"loss: {theirs['loss']}",
        "how: 'experiments/levels.py: levels by halving; behaviour from scenarios/mediterranean/fit.yaml'",
        "fields:",
    ]
    for field, about in theirs["fields"].items():
        if field.startswith(BEHAVIOUR):
            lines.append(
                f"  {field}: {{unit: '{about['unit']}', range: {about['range']}, interval: {about['interval']}}}"
            )
    for field in levels[0]:
        found = sorted(each[field] for each in levels)
        lines.append(f"  {field}: {{unit: utility, range: {list(RANGE)}, interval: {[found[0], found[-1]]}}}")
    lines.append("members:")
    for member, own in zip(theirs["members"], levels, strict=True):
        lines += [f"- loss: {member['loss']}", "  values:"]
        lines += [f"    {field}: {value}" for field, value in (behaviour(member) | own).items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Solve for each member of the Mediterranean corridor's fit, and write the corridor's own."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("scenario", choices=sorted(FOLDERS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--persons-per-agent", type=int, default=5)
    parser.add_argument("--limits", type=float, nargs=2, default=(-10.0, 0.0))
    asked = parser.parse_args()
    theirs = read_yaml(THEIRS).value
    levels = []
    for number, member in enumerate(theirs["members"]):
        print(f"member {number}", flush=True)
        levels.append(solve(asked.scenario, member, asked.seed, asked.persons_per_agent, *asked.limits))
    (SCENARIOS / asked.scenario / "fit.yaml").write_text(fit(asked.scenario, theirs, levels), encoding="utf-8")


if __name__ == "__main__":
    main()
