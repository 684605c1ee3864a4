"""How many Ethiopians claim asylum in Norway at a departure level, and the level at which it is as many as published.

The level of ``scenarios/norway-ethiopia`` hangs on the behavioural values, which are the Mediterranean corridor's:
solve for it again when these are fitted anew. ``python experiments/conditionality/level.py`` prints a level a member
of the fit; nothing is written.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import simulator

KNOWN = Path(__file__).with_name("known.csv")
FIRST, LAST = 2012, 2016
LEVEL = "origins.ETH.departure_level"


def published() -> float:
    """Return the claims of Ethiopians in Norway over the years simulated."""
    with KNOWN.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return sum(float(row["people"]) for row in rows
                   if row["quantity"] == "claims" and FIRST <= int(row["from"]) <= LAST)  # fmt: skip


def claims(level: float, member: int, seeds: int) -> float:
    """Return the claims of a run, mean over seeds."""
    runs = (simulator.run("norway-ethiopia", seed=seed, fit_member=member, set={LEVEL: level})
            for seed in range(1, seeds + 1))  # fmt: skip
    return sum(float(run.frame("claims", by=["year"])["claims"].sum()) for run in runs) / seeds


def solve(member: int, seeds: int, low: float, high: float) -> tuple[float, float]:
    """Return the level within its limits at which claims are as published, by halving, and the claims there."""
    wanted, level, found = published(), low, 0.0
    for _ in range(6):
        level = (low + high) / 2
        found = claims(level, member, seeds)
        low, high = (level, high) if found < wanted else (low, level)
    return level, found


def main() -> None:
    """Print a level for each member asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--members", type=int, nargs="+", default=[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--limits", type=float, nargs=2, default=(-8.0, -2.0))
    asked = parser.parse_args()
    print(f"published: {published():,.0f} claims, {FIRST} to {LAST}")
    for member in asked.members:
        level, found = solve(member, asked.seeds, *asked.limits)
        print(f"member {member}: departure_level {level:.2f}, {found:,.0f} claims")


if __name__ == "__main__":
    main()
