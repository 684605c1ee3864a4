"""Remake the sweep, what is kept of it, its figures, and the tables of the page: by route, and by origin.

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
from simulator.analysis.diversion.figures.balance_words import balances_of, share_words
from simulator.analysis.diversion.figures.common import base_of, number, said, signed, signed_between
from simulator.analysis.diversion.within import within
from simulator.analysis.report.from_sweep import design_of
from simulator.api.pictures import _swept

HERE: Final = Path(__file__).resolve().parent
KEPT: Final = HERE.parents[1] / "results" / "reference" / HERE.name
FIGURES: Final = ("at-a-glance", "balloon", "deaths", "matrix")
LEAST, MANY = 1_000, 5_000
BEGIN, END = "<!-- tables of remake.py -->", "<!-- end -->"
"""People by whom an origin's arrivals change, to be kept, and to be shown (in words in `tables`, too); marks."""


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


def balance() -> pd.DataFrame:
    """Return the first table of the page: a row a route, means over draws with 95% intervals; ``matched`` of 100."""
    swept = _swept(KEPT)
    rows = []
    for each in balances_of(swept.table, design_of(swept)):
        found = {"fewer": each.fall, "others": each.others, "deaths": each.deaths, "moved": each.moved}
        rows.append({"squeezed": each.squeezed, "effort": each.effort, "before": each.before, **{
            f"{name}{end}": value for name, of in found.items()
            for end, value in (("", of.mean), ("_low", of.low), ("_high", of.high))},
            "matched": each.ratio.mean * 100, "matched_low": each.ratio.low * 100,
            "matched_high": each.ratio.high * 100})  # fmt: skip
    return pd.DataFrame(rows)


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
    balance().to_csv(KEPT / "balance.csv", index=False, float_format="%.6g")
    page = HERE / "README.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n{tables(table)}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def tables(origins: pd.DataFrame) -> str:
    """Return what stands in the page: each route's balance, and who falls and rises by origin."""
    swept = _swept(KEPT)
    design = design_of(swept)
    found, labels = balances_of(swept.table, design), design["labels"]
    n = swept.table["draw"].nunique()
    lines = [f"Effort from as it was to {found[0].effort:g} times; means over {n} draws, 95% "
             "intervals. Deaths anywhere on the way.", "",
             "| where control rises | fewer there | of every 100 of them, matched elsewhere | others more elsewhere "
             "| change in deaths |", "|---|---|---|---|---|"]  # fmt: skip
    for each in found:
        matched = f"{share_words(each)}: about {number(each.moved.mean)} people" if each.known else "cannot be told"
        lines.append(f"| {labels[each.squeezed]} | {said(each.fall)}, of {number(each.before)} | {matched} "
                     f"| {said(each.others)} | {signed(each.deaths.mean)} "
                     f"({signed_between(each.deaths.low, each.deaths.high)}) |")  # fmt: skip
    lines += [
        "",
        "By origin, those that change by five thousand people or more (from a thousand on: `by-origin.csv` there):",
        "",
        "| where control rises | origin | change there | change elsewhere | matched |",
        "|---|---|---|---|---|",
    ]
    for row in origins.to_dict(orient="records"):
        ends = [(row[name], row[f"{name}_low"], row[f"{name}_high"]) for name in ("change_here", "change_elsewhere")]
        words = " | ".join(f"{signed(mean)} ({signed_between(low, high)})" for mean, low, high in ends)
        moved = f"{number(row['moved'])} ({number(row['moved_low'])} to {number(row['moved_high'])})"
        if max(abs(mean) for mean, _, _ in ends) >= MANY:
            lines.append(f"| {labels[row['squeezed']]} | {row['origin']} | {words} | {moved} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
