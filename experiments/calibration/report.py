"""What the data pin down: the table in docs/calibration.md, made from the fit (run this file to renew it)."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs" / "calibration.md"
BEGIN, END = "<!-- pinned: begin -->", "<!-- pinned: end -->"
SURE, LOOSE = 0.5, 0.1
"""Rise of the loss, as a share of the best, that counts as pinned down, and below which a side counts as open."""


def pinned(low: float, high: float) -> str:
    """Say what rises of the loss towards the two ends of a range mean."""
    if min(low, high) >= SURE:
        return "both sides"
    if max(low, high) < LOOSE:
        return "hardly"
    if low >= SURE:
        return "from below"
    if high >= SURE:
        return "from above"
    return "weakly"


def table() -> str:
    """Return the table, in Markdown."""
    yaml = YAML(typ="safe")
    fit: dict[str, Any] = yaml.load((ROOT / "scenarios" / "mediterranean" / "fit.yaml").read_text(encoding="utf-8"))
    design: dict[str, Any] = yaml.load((HERE / "design.yaml").read_text(encoding="utf-8"))
    along: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with (HERE / "records" / "slices.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            along[row["parameter"]].append((float(row["value"]), float(row["loss"])))
    best = float(fit["loss"])
    lines = [
        "| parameter | range searched | best | members | loss near the low end | near the high end | pinned down |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, given in design["parameters"].items():
        field = fit["fields"][given["fields"][0]]
        ends = sorted(along[name])
        rise = [max(loss / best - 1.0, 0.0) for _, loss in (ends[0], ends[-1])]
        value = fit["members"][0]["values"][given["fields"][0]]
        low, high = field["interval"]
        lines.append(
            f"| {name} | {given['range'][0]:g} to {given['range'][1]:g} | {value:.3g} | {low:.3g} to {high:.3g} | "
            f"{rise[0]:+.0%} | {rise[1]:+.0%} | {pinned(*rise)} |"
        )
    return "\n".join(lines)


def page(text: str) -> str:
    """Return the page with the table of the present fit."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
