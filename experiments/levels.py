"""Solve for the departure levels of a small corridor, so that arrivals of each origin are as many as were counted.

The levels of ``scenarios/canada-us`` and ``scenarios/australia`` hang on the behavioural values, which are the
Mediterranean corridor's: solve for them again when these are fitted anew. ``python experiments/levels.py canada-us``
prints a level an origin; nothing is written. What is to be met stands in the experiment's ``known.csv`` (use: solved).
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import simulator
from simulator.outputs.result import Result

FOLDERS = {"canada-us": "safe-third-country", "australia": "australia-boats"}
HALVINGS = 9
STEP_DAYS = 14


@dataclass(frozen=True)
class Target:
    """Arrivals of an origin on routes, from one month to another, both counted."""

    origin: str
    routes: tuple[str, ...]
    since: str
    until: str
    people: float


def targets(scenario: str) -> list[Target]:
    """Return what the levels of a scenario are solved for."""
    path = Path(__file__).parent / FOLDERS[scenario] / "known.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(line for line in file if not line.startswith("#"))]
    return [Target(row["origin"], tuple(row["route"].split(";")), row["from"], row["to"], float(row["people"]))
            for row in rows if row["use"] == "solved"]  # fmt: skip


def arrivals(result: Result, target: Target) -> float:
    """Return what a run has of a target."""
    frame = result.frame("arrivals", by=["month"], where={"origin": target.origin, "route": target.routes})
    return float(frame.loc[frame["month"].between(target.since, target.until), "arrivals"].sum())


def run(scenario: str, levels: dict[str, float], wanted: list[Target], member: int, seed: int, people: int) -> Result:
    """Run a scenario at given levels, to the end of the last target."""
    last = date.fromisoformat(max(target.until for target in wanted) + "-01") + timedelta(days=31)
    settings = {f"origins.{origin}.departure_level": level for origin, level in levels.items()}
    return simulator.run(scenario, seed=seed, fit_member=member, persons_per_agent=people, end=str(last.replace(day=1)),
                         set={"step_days": STEP_DAYS, **settings})  # fmt: skip


def solve(scenario: str, member: int, seed: int, people: int, low: float, high: float) -> None:
    """Halve the limits of all levels at once, and print where they end."""
    wanted = targets(scenario)
    limits = {target.origin: (low, high) for target in wanted}
    for _ in range(HALVINGS):
        middle = {origin: sum(pair) / 2 for origin, pair in limits.items()}
        result = run(scenario, middle, wanted, member, seed, people)
        for target in wanted:
            below, above = limits[target.origin]
            enough = arrivals(result, target) >= target.people
            limits[target.origin] = (below, middle[target.origin]) if enough else (middle[target.origin], above)
    levels = {origin: round(sum(pair) / 2, 2) for origin, pair in limits.items()}
    result = run(scenario, levels, wanted, member, seed, people)
    for target in wanted:
        found = arrivals(result, target)
        print(f"{scenario}, member {member}: {target.origin} departure_level {levels[target.origin]:.2f}, "
              f"{found:,.0f} people of {target.people:,.0f}")  # fmt: skip


def main() -> None:
    """Print the levels of a scenario for each member asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("scenario", choices=sorted(FOLDERS))
    parser.add_argument("--members", type=int, nargs="+", default=[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--persons-per-agent", type=int, default=2)
    parser.add_argument("--limits", type=float, nargs=2, default=(-8.0, -1.0))
    asked = parser.parse_args()
    for member in asked.members:
        solve(asked.scenario, member, asked.seed, asked.persons_per_agent, *asked.limits)


if __name__ == "__main__":
    main()
