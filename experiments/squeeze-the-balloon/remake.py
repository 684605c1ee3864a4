"""Remake the sweep, what is kept of it, its figures, and who falls and who rises by origin.

python experiments/squeeze-the-balloon/remake.py
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import Final

import pandas as pd

from simulator import api
from simulator.analysis.diversion import balloon
from simulator.analysis.diversion.estimates import Estimate, mean_of
from simulator.analysis.diversion.figures.common import base_of
from simulator.analysis.diversion.within import within
from simulator.analysis.report.from_sweep import design_of
from simulator.api.pictures import _swept

HERE: Final = Path(__file__).resolve().parent
KEPT: Final = HERE.parents[1] / "results" / "reference" / HERE.name
FIGURES: Final = ("at-a-glance", "balloon", "deaths", "matrix")
LEAST: Final = 1_000
"""People by whom an origin's arrivals change on the squeezed route or elsewhere, in the mean, to be listed."""


def keep(sweep: Path) -> None:
    """Copy the tables of a sweep to where they are kept: no scenarios, and no part of a run."""
    KEPT.mkdir(parents=True, exist_ok=True)
    for old in KEPT.glob("*.parquet"):
        old.unlink()
    for path in sorted(sweep.iterdir()):
        if path.is_file() and path.suffix in (".parquet", ".json") and path.name != "plan.parquet":
            shutil.copy(path, KEPT / path.name)


def draw() -> None:
    """Draw the figures that are kept."""
    with tempfile.TemporaryDirectory() as folder:
        for path in api.plot(KEPT, folder):
            if path.suffix == ".png" and path.stem in FIGURES:
                shutil.copy(path, KEPT / path.name)


def by_origin() -> pd.DataFrame:
    """Return what the highest effort on each route does to each origin: means over draws with 95% intervals.

    ``squeezed origin change_here change_elsewhere moved`` with ``_low`` and ``_high``; ``moved`` is within need.
    """
    swept = _swept(KEPT)
    design, table = design_of(swept), swept.table
    people, rows = design["people"], []
    for squeezed, base in balloon.base_efforts(table, base_of(design)).items():
        others = [route for route in design["labels"] if route != squeezed and route not in design["onward"][squeezed]]
        of_route = people[people["squeezed"] == squeezed]
        sides = [of_route[of_route["effort"] == at].assign(sign=sign)
                 for at, sign in ((base, -1.0), (of_route["effort"].max(), 1.0))]  # fmt: skip
        changes = pd.concat(sides)
        changes["change"] = changes["sign"] * changes["arrivals"]
        draws = sorted(changes["draw"].unique())
        for origin, part in changes.groupby("origin"):
            found = {"change_here": _mean(part[part["route"] == squeezed], draws),
                     "change_elsewhere": _mean(part[part["route"].isin(others)], draws)}  # fmt: skip
            # Draws in which nobody of this origin came are observations, too.
            none = part.head(1).assign(change=0.0)
            every = pd.concat([part, *(none.assign(draw=draw_) for draw_ in draws)])
            found["moved"] = within(every, [squeezed], others).moved
            if max(abs(each.mean) for each in found.values()) >= LEAST:
                rows.append({"squeezed": squeezed, "origin": origin, **{
                    f"{name}{end}": round(value) for name, each in found.items()
                    for end, value in (("", each.mean), ("_low", each.low), ("_high", each.high))}})  # fmt: skip
    return pd.DataFrame(rows).sort_values(["squeezed", "change_here"], ignore_index=True)


def _mean(part: pd.DataFrame, draws: list[int]) -> Estimate:
    return mean_of(part.groupby("draw")["change"].sum().reindex(draws, fill_value=0.0).to_numpy())


def main() -> None:
    """Make everything anew, or from a sweep that was made."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sweep", type=Path, help="folder of a sweep that was made; by default it is made")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    sweep = given.sweep or HERE.parents[1] / "results" / f"{HERE.name}-sweep"
    if given.sweep is None:
        api.sweep(HERE.name, out=sweep, workers=given.workers, overwrite=True)
    keep(sweep)
    draw()
    table = by_origin()
    table.to_csv(KEPT / "by-origin.csv", index=False)
    swept = _swept(KEPT)
    design = design_of(swept)
    print(table.to_string())
    moved = balloon.diversion_by_effort(swept.table, design["people"], design["onward"], base_of(design))
    print(moved[moved["effort"] == moved["effort"].max()].round(3).T.to_string())


if __name__ == "__main__":
    main()
