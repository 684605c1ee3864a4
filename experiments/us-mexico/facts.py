"""What the border says beside what is known, over members of the fit and seeds; tests hold it to the same figures.

``python experiments/us-mexico/facts.py --seeds 3`` runs the scenario for every member of the fit and seed, and prints a
line a figure: what is wanted, whether it was fitted, held back or is a test, the best member's mean over seeds, and the
lowest and highest of all runs. ``--keep`` writes them to results/reference/us-mexico, with the version that made
them, and to the page. ``--figure FOLDER`` draws sector shares instead. Where people die, those caught again and the
barrier are read by no fit.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

import simulator
from simulator.analysis.diversion.within import share_within
from simulator.analysis.shares import counts, draw_shares, expected, explained, shares
from simulator.model import CorridorModel
from simulator.outputs.provenance import mark
from simulator.outputs.result import Result
from simulator.scenario.load import load

SCENARIO: Final = "us-mexico"
BASE: Final = "1992-09"
FITTED: Final = tuple(f"{year}-09" for year in range(1992, 2001))
LAST_FITTED: Final = "2000-09"
HELD_BACK: Final = tuple(f"{year}-09" for year in range(2001, 2006))
CENTRAL_AMERICA: Final = ("GTM", "HND", "SLV")
FOLLOWED_DAYS: Final = 548
"""Eighteen months, over which the study of those caught again followed people."""
SOON_DAYS: Final = 91
"""Three months, over which the study found sanctions to act most."""
KEPT: Final = Path(__file__).parents[2] / "results" / "reference" / SCENARIO
PAGE: Final = Path(__file__).parents[2] / "docs" / "us-mexico.md"
BEGIN, END = "<!-- facts: begin -->", "<!-- facts: end -->"
INFINITE: Final = float("inf")
ABOVE_ZERO: Final = 1e-9
"""Better than standing still."""


@dataclass(frozen=True)
class Figure:
    """A figure, how it came to be what it is, what is wanted of it, and how to take it from a run."""

    name: str
    kind: str
    low: float
    high: float
    take: Callable[[Result], float]


def kept_members() -> range:
    """Return the numbers of the members that the fit keeps."""
    path = Path(__file__).parents[2] / "scenarios" / SCENARIO / "fit.yaml"
    return range(len(YAML(typ="safe").load(path.read_text(encoding="utf-8"))["members"]))


def fiscal(frame: pd.DataFrame) -> pd.Series:
    """Return the fiscal year of each month of a frame."""
    return frame["month"].str[:4].astype(int) + (frame["month"].str[5:].astype(int) >= 10)


def f9(result: Result, periods: tuple[str, ...], base: str = BASE) -> float:
    """Return the share of the squared change in sector shares that is explained, against the base's shares."""
    return explained(*counts(result, "interceptions"), base, periods)


def standing_still(result: Result) -> float:
    """Return what the shares of 2000, standing still, explain of 2001 to 2005, against those of 1992."""
    seen, _ = counts(result, "interceptions")
    still = seen.copy()
    still.loc[:] = seen.loc[LAST_FITTED].to_numpy()
    return explained(seen, still, BASE, HELD_BACK)


def share(result: Result, measure: str, sector: str, year: int) -> float:
    """Return a sector's share of expected interceptions or deaths in a fiscal year."""
    return float(shares(counts(result, measure)[1]).loc[f"{year}-09", sector])


def moved_beyond(result: Result, sector: str) -> float:
    """Return how far the change of a sector's share from 1992 to 2000 is from that which was counted."""
    seen, made = (shares(table)[sector] for table in counts(result, "interceptions"))
    return float((made["2000-09"] - made[BASE]) - (seen["2000-09"] - seen[BASE]))


def risk_of_an_attempt(result: Result, year: int) -> float:
    """Return expected deaths over attempts of a fiscal year, over the line."""
    frame = result.frame("attempts", by=["month", "route"])
    frame = frame[frame["route"] != ""]
    died = expected(result, "deaths").sum(axis=1).rename("died").reset_index()
    tried = frame.loc[fiscal(frame) == year, "attempts"].sum()
    return float(died.loc[fiscal(died) == year, "died"].sum() / tried)


def stopped(result: Result, year: int, by: str) -> pd.Series:
    """Return people stopped at the line in a fiscal year, by origin or by route."""
    frame = result.frame("interceptions", by=["month", "route", "origin"])
    frame = frame[(frame["route"] != "") & (fiscal(frame) == year)]
    if by == "route":
        frame = frame[frame["origin"].isin(CENTRAL_AMERICA)]
    return frame.groupby(by, observed=True)["interceptions"].sum()


def of_central_america(result: Result, year: int) -> float:
    """Return the share of people stopped in a year who are of Central America."""
    table = stopped(result, year, "origin")
    return float(table.reindex(list(CENTRAL_AMERICA)).sum() / table.sum())


def homeward(result: Result, year: int) -> float:
    """Return those who went home in a calendar year, over those who lived in the country without papers in it."""
    went = result.frame("returns", by=["year"], where={"kind": "voluntary"})
    there = result.frame("stocks", by=["month"], where={"state": "undocumented"})
    mean = there.loc[there["month"].str[:4] == str(year), "stocks"].mean()
    return float(went.loc[went["year"] == year, "returns"].iloc[0]) / float(mean)


def against_counted(result: Result, year: int) -> float:
    """Return expected interceptions in all sectors over those counted, in a fiscal year."""
    seen, made = counts(result, "interceptions")
    return float(made.loc[f"{year}-09"].sum() / seen.loc[f"{year}-09"].sum())


FIGURES: Final = (
    Figure("F9, 1992 to 2000", "fitted", 0.88, INFINITE, lambda run: f9(run, FITTED)),
    Figure("F9, 2001 to 2005, against the shares of 2000 standing still", "no fit read it; seen", ABOVE_ZERO, INFINITE,
           lambda run: f9(run, HELD_BACK, LAST_FITTED)),
    Figure("F9, 2001 to 2005, against the shares of 1992", "no band: see standing still", -INFINITE, INFINITE,
           lambda run: f9(run, HELD_BACK)),
    Figure("what the shares of 2000, standing still, explain of it", "no model", -INFINITE, INFINITE, standing_still),
    Figure("change of San Diego's share to 2000, less that counted", "fitted", -0.08, 0.08,
           lambda run: moved_beyond(run, "san-diego")),
    Figure("change of Tucson's share to 2000, less that counted", "fitted", -0.08, 0.08,
           lambda run: moved_beyond(run, "tucson")),
    Figure("Tucson's share of deaths in 1998", "tested", 0.0, 0.10, lambda run: share(run, "deaths", "tucson", 1998)),
    Figure("Tucson's share of deaths in 2005", "tested", 1 / 3, 1.0, lambda run: share(run, "deaths", "tucson", 2005)),
    Figure("deaths an attempt, 2000 over 1993", "tested", 1.5, 3.0,
           lambda run: risk_of_an_attempt(run, 2000) / risk_of_an_attempt(run, 1993)),
    Figure("deaths an attempt, 2005 over 1998", "tested", 1.5, 3.0,
           lambda run: risk_of_an_attempt(run, 2005) / risk_of_an_attempt(run, 1998)),
    Figure("of those without papers, went home, 2005 over 1993", "tested", 0.0, 0.85,
           lambda run: homeward(run, 2005) / homeward(run, 1993)),
    Figure("of those stopped, of Central America, 2014", "tested", 0.3, 0.6,
           lambda run: of_central_america(run, 2014)),
    Figure("people stopped in all sectors over those counted, 2000", "fitted", 0.8, 1.25,
           lambda run: against_counted(run, 2000)),
    Figure("people stopped in all sectors over those counted, 2005", "tested", 0.5, 2.0,
           lambda run: against_counted(run, 2005)),
    Figure("people stopped in all sectors over those counted, 2013", "tested", 0.5, 2.0,
           lambda run: against_counted(run, 2013)),
)  # fmt: skip

# A barrier, and who is caught again ----------------------------------------------------------------------------------

BARRIER_STRENGTH: Final = 1.25
"""What a barrier on Tucson multiplies the hazard of being caught by, so that F2's fall there comes out."""
WITHOUT_PROSECUTION: Final = str(Path(__file__).parent / "overrides" / "without-prosecution.yaml")
BARRIER: Final = """override: barrier
summary: From October 1997 the towns and deserts of one sector are harder to pass.
add:
  policies.barrier:
    label: Barrier
    summary: A fence.
    announced: 1997-10-01
    source: assumed
    levers:
      - lever: border_posture
        government: USA
        at: [tucson]
        do: multiply
        values: [{from: 1997-10-01, value: STRENGTH}]
        unit: "1"
        kind: assumed
        factor: [0.5, 1.5]
"""


@cache
def through(strength: float, member: int, seed: int = 1) -> pd.Series:
    """Return who got through by sector, origin and need in the two years after a barrier on Tucson; none at one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "barrier.yaml"
        path.write_text(BARRIER.replace("STRENGTH", str(strength)), encoding="utf-8")
        result = simulator.run(SCENARIO, overrides=[str(path)] if strength != 1.0 else [], end="1999-10-01",
                               persons_per_agent=500, fit_member=member, seed=seed)  # fmt: skip
    by = ["route", "origin", "need"]
    frame = result.frame("arrivals", by=["month", *by])
    frame = frame[(frame["route"] != "") & (frame["month"] >= "1997-10")]
    return frame.groupby(by, observed=True)["arrivals"].sum()


def elsewhere(strength: float, member: int, seed: int = 1) -> tuple[float, float]:
    """Return the change of those who get through Tucson, and the part matched elsewhere within origin and need (F2)."""
    without, there = through(1.0, member, seed), through(strength, member, seed)
    before, after = (float(each.groupby("route", observed=True).sum()["tucson"]) for each in (without, there))
    others = sorted({*map(str, without.index.get_level_values("route"))} - {"tucson"})
    return after / before - 1.0, share_within(without, there, ["tucson"], others)


class Watched(CorridorModel):
    """A run that notes when each row was stopped."""

    def __init__(self, *args: object):
        super().__init__(*args)  # type: ignore[arg-type]
        self.days: dict[int, list[float]] = {}

    def _compact(self) -> None:
        people = self.world.people
        rows = np.flatnonzero(people.n_caught > 0)
        for key, times in zip(people.key[rows].tolist(), people.n_caught[rows].tolist(), strict=True):
            known = self.days.setdefault(key, [])
            known += [self.world.end_day] * (times - len(known))
        super()._compact()


@cache
def caught_again(
    first: int, last: int, member: int, overrides: tuple[str, ...] = (), within: float = FOLLOWED_DAYS
) -> tuple[float, int]:
    """Return the share of people first stopped in fiscal years who were stopped again within some days; of how many.

    How many is counted in rows, which stand for `persons_per_agent` people each.
    """
    model = Watched(load(SCENARIO, overrides=overrides, end=f"{last + 2}-04-01", fit_member=member))
    model.run()
    begin, end = (model.world.clock.day_of(pd.Timestamp(f"{year}-10-01").date()) for year in (first - 1, last))
    followed = [days for days in model.days.values() if begin < days[0] <= end]
    again = [days for days in followed if len(days) > 1 and days[1] - days[0] <= within]
    return len(again) / len(followed), len(followed)


def report(seeds: int) -> pd.DataFrame:
    """Return a row for each figure, over all members of the fit and seeds."""
    members = kept_members()
    runs = {(member, seed): simulator.run(SCENARIO, fit_member=member, seed=seed)
            for member in members for seed in range(1, seeds + 1)}  # fmt: skip
    rows = []
    for figure in FIGURES:
        found = {key: figure.take(run) for key, run in runs.items()}
        rows.append((figure.name, figure.kind, figure.low, figure.high, found))
    barriers = {(m, s): elsewhere(BARRIER_STRENGTH, m, s) for m in members for s in range(1, seeds + 1)}
    rows.append(("F2, change of those who get through Tucson", "its size is chosen", -INFINITE, INFINITE,
                 {key: value[0] for key, value in barriers.items()}))  # fmt: skip
    rows.append(("F2b, of them, who get through elsewhere", "tested", 0.5, 1.0,
                 {key: value[1] for key, value in barriers.items()}))  # fmt: skip
    for years, kind, low, high in (((1993, 1993), "no band of its own", -INFINITE, INFINITE),
                                   ((2008, 2010), "tested", 0.20, 0.30)):  # fmt: skip
        found = {(m, 1): caught_again(*years, m)[0] for m in members}
        rows.append((f"F7, caught again within 18 months, {years[0]} to {years[1]}", kind, low, high, found))
    less = {(m, 1): caught_again(2008, 2010, m, (WITHOUT_PROSECUTION,))[0] - caught_again(2008, 2010, m)[0]
            for m in members}  # fmt: skip
    rows.append(("F7, less by prosecution, 2008 to 2010", "tested", 0.04, 0.08, less))
    soon = {(m, 1): caught_again(2008, 2010, m, (WITHOUT_PROSECUTION,), SOON_DAYS)[0]
            - caught_again(2008, 2010, m, (), SOON_DAYS)[0] for m in members}  # fmt: skip
    rows.append(("F7, less by prosecution within 3 months, 2008 to 2010", "tested", 0.06, 0.09, soon))
    table = []
    for name, kind, low, high, found in rows:
        best = float(np.mean([value for (member, _), value in found.items() if member == 0]))
        table.append((name, kind, low, high, best, min(found.values()), max(found.values()), low <= best <= high))
    return pd.DataFrame(table, columns=["figure", "kind", "from", "to", "best member", "lowest", "highest", "within"])


def page(text: str) -> str:
    """Return the page with the table of the figures that are kept."""
    found = pd.read_csv(KEPT / "facts.csv")
    about = json.loads((KEPT / "record.json").read_text(encoding="utf-8"))
    lines = [f"Corridor {about['versions']['corridor']}, `{about['command']}`:", "",
             "| figure | kind | wanted | best member | lowest to highest | |", "|---|---|---|---|---|---|"]  # fmt: skip
    for row in found.to_dict(orient="records"):
        low, high = row["from"], row["to"]
        wanted = ("-" if low == -INFINITE and high == INFINITE else f"at least {low:.3g}" if high == INFINITE
                  else f"{low:.3g} to {high:.3g}")  # fmt: skip
        wanted = "above 0" if low == ABOVE_ZERO else wanted
        spread = f"{row['lowest']:.3g} to {row['highest']:.3g} | {'' if row['within'] else '**fails**'}"
        lines.append(f"| {row['figure']} | {row['kind']} | {wanted} | {row['best member']:.3g} | {spread} |")
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{rest.partition(END)[2]}"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--figure", type=Path, metavar="FOLDER", help="draw sector shares of all members there")
    parser.add_argument("--keep", action="store_true", help=f"write the figures to {KEPT.name}/facts.csv in results")
    asked = parser.parse_args()
    if asked.figure is not None:
        print(*draw_shares([simulator.run(SCENARIO, fit_member=member) for member in kept_members()], asked.figure))
        return
    with pd.option_context("display.width", 200, "display.max_colwidth", 70):
        found = report(asked.seeds)
        print(found.round(3).to_string(index=False))
    if asked.keep:
        keep(found, asked.seeds)


def keep(found: pd.DataFrame, seeds: int) -> None:
    """Write the figures, and what made them."""
    KEPT.mkdir(parents=True, exist_ok=True)
    found.to_csv(KEPT / "facts.csv", index=False, float_format="%.6g")
    mark(KEPT, f"python experiments/{SCENARIO}/facts.py --seeds {seeds} --keep")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
