"""What is fitted to what on the border between Mexico and the United States: knobs, the run of a trial, its loss.

Sizes of sectors and departure levels of origins are not searched for. They are solved for inside every trial, so that
the shares of sectors and of origins in fiscal year 1992 come out (as mean utilities are found in demand models: Berry
1994, doi:10.2307/2555829). What is left to be fitted is what changed after 1992.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML

from simulator.model import CorridorModel
from simulator.scenario.load import load
from simulator.scenario.schema import Scenario
from simulator.scenario.values import with_values

Floats = NDArray[np.float64]
HERE = Path(__file__).parent
FISCAL_MONTH = 10
"""The fiscal year begins in October of the year before."""
FLOOR = 1e-5
"""Smallest share that a sector or origin is taken to have, so that its logarithm exists."""


@dataclass
class Starts:
    """What is solved for: log size of each sector, and level of each origin."""

    size: Floats
    level: Floats

    def copy(self) -> Starts:
        """Return a copy."""
        return Starts(self.size.copy(), self.level.copy())


@dataclass(frozen=True)
class Trial:
    """A trial: its loss, the parts, what was solved for, simulated shares of fiscal years, and what is to vanish.

    The squares of `residuals` add up to the loss.
    """

    loss: float
    parts: dict[str, float]
    starts: Starts
    shares: Floats
    totals: Floats
    residuals: Floats


class Problem:
    """A fit: the design, the scenario, and what was observed."""

    def __init__(self, path: Path = HERE / "design.yaml", **runs: Any):
        self.design: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        given = {**self.design["runs"], **runs}
        self.scenario: Scenario = load(
            self.design["scenario"], seed=given["seed"], persons_per_agent=given["persons_per_agent"],
            end=f"{self.design['fitted_to'][1]}-10-01", set={"period.warm_up_days": given["warm_up_days"]},
            fit_member="none",
        )  # fmt: skip
        self.routes = list(self.scenario.corridor.routes)
        self.years = list(range(self.design["solved_for"], self.design["fitted_to"][1] + 1))
        counted = [row for row in self.scenario.observed_periods if row.measure == "interceptions"]
        self.observed = np.array([
            [next(row.people for row in counted if row.route == route and row.last == f"{year}-09")
             for route in self.routes] for year in self.years
        ])  # fmt: skip
        self.legs = [row for row in self.scenario.legs if row.counted]
        self.origins = [row.origin for row in self.scenario.origins]
        self.wanted = np.array([self.design["origins"][code] for code in self.origins])
        self.wanted = self.wanted / self.wanted.sum()
        self.knobs = list(self.design["knobs"])
        self.runs_done = 0

    def first_starts(self) -> Starts:
        """Return the sizes and levels that the corridor's files write."""
        return Starts(np.zeros(len(self.routes)), np.array([row.departure_level for row in self.scenario.origins]))

    def knob(self, name: str, share: float) -> float:
        """Return a knob's value at a share of its range."""
        given = self.design["knobs"][name]
        low, high = map(float, given["range"])
        share = min(max(share, 0.0), 1.0)
        return float(low * (high / low) ** share) if given.get("log") else low + (high - low) * share

    def values(self, shares: Floats, starts: Starts) -> dict[str, float]:
        """Return every fitted field and its value."""
        at = {name: self.knob(name, float(share)) for name, share in zip(self.knobs, shares, strict=True)}
        fields = {field: at[name] for name in self.knobs for field in self.design["knobs"][name].get("fields", ())}
        for field, part in self.design["postures"].items():
            times = sum(at[name] * share for name, share in part.items()) if isinstance(part, dict) else part
            fields[field] = 1.0 + times * (at["posture"] - 1.0)
        for row in self.legs:
            assert row.surge_per_week is not None
            assert row.size is not None
            fields[f"legs.{row.leg}.surge_per_week"] = row.surge_per_week * at["surge"]
            ways = at["open-country"] if row.leg in self.design["open"] else 1.0
            fields[f"legs.{row.leg}.size"] = row.size * ways * float(np.exp(starts.size[self.routes.index(row.route)]))
        for place in self.scenario.places:
            if place.capacity_per_week is not None:
                fields[f"places.{place.place}.capacity_per_week"] = place.capacity_per_week * at["hubs"]
        for code, level in zip(self.origins, starts.level, strict=True):
            fields[f"origins.{code}.departure_level"] = float(level)
        return fields

    def run(self, fields: dict[str, float], until: int) -> tuple[Floats, Floats, Floats]:
        """Return what is expected to be stopped by fiscal year, sector and origin, and attempts by year and sector.

        Stopped is the attempts times their chance, which has less noise than the count.
        """
        scenario = with_values(self.scenario, fields)
        period = scenario.period.model_copy(update={"end": scenario.period.end.replace(year=until)})
        model = CorridorModel(scenario.model_copy(update={"period": period}))
        world = model.world
        route = world.network.route
        legs = np.flatnonzero(route >= 0)
        stopped = np.zeros((until - self.years[0] + 1, len(self.routes), len(self.origins)))
        attempts = np.zeros(stopped.shape[:2])
        for step in range(world.clock.n_steps):
            world.step = step
            model.step()
            day = world.clock.date_of(world.clock.edges[step])
            year = day.year + (day.month >= FISCAL_MONTH) - self.years[0]
            if year < 0:
                continue
            tried = world.ledger["attempts"][legs].sum(axis=2)
            np.add.at(stopped[year], route[legs], tried * (world.caught * (1.0 - world.risk))[legs, None])
            np.add.at(attempts[year], route[legs], tried.sum(axis=1))
        self.runs_done += 1
        return stopped.sum(axis=2), stopped.sum(axis=1), attempts

    def solve(self, shares: Floats, starts: Starts, rounds: int) -> Starts:
        """Move sizes and levels until the first year's shares of sectors and origins come out."""
        starts = starts.copy()
        target = self.observed[0] / self.observed[0].sum()
        spread = self.scenario.parameters.departure.spread.value
        for _ in range(rounds):
            sectors, origins, _ = self.run(self.values(shares, starts), self.years[0])
            found = np.maximum(sectors[0] / max(sectors[0].sum(), 1.0), FLOOR)
            starts.size += np.clip(0.6 * np.log(target / found), -1.5, 1.5)
            starts.size -= starts.size.mean()
            people = np.maximum(origins[0], 1.0)
            wanted = self.wanted * self.observed[0].sum()
            starts.level += spread * np.clip(0.7 * np.log(wanted / people), -1.5, 1.5)
        return starts

    def trial(self, shares: Floats, starts: Starts, rounds: int | None = None) -> Trial:
        """Return what comes of knobs at shares of their ranges."""
        solved = self.solve(shares, starts, self.design["rounds"] if rounds is None else rounds)
        sectors, _, attempts = self.run(self.values(shares, solved), self.years[-1])
        return self.judge(sectors, attempts, solved)

    def judge(self, sectors: Floats, attempts: Floats, starts: Starts) -> Trial:
        """Return the loss of a run."""
        totals = np.maximum(sectors.sum(axis=1), 1.0)
        found, wanted = sectors / totals[:, None], self.observed / self.observed.sum(axis=1, keepdims=True)
        change = np.sqrt(((wanted - wanted[0]) ** 2).sum())
        gap = np.log(totals / self.observed.sum(axis=1))[1:]
        stopped = totals / np.maximum(attempts.sum(axis=1), 1.0)
        low, high = self.design["stopped"]
        outside = (np.maximum(low - stopped, 0.0) + np.maximum(stopped - high, 0.0)) * 10.0
        weights = self.design["weights"]
        residuals = np.concatenate([
            ((found - wanted) / change).ravel(), gap * np.sqrt(weights["total"] / len(gap)),
            outside * np.sqrt(weights["risk"] / len(outside)),
        ])  # fmt: skip
        parts = {"unexplained": float((((found - wanted) / change) ** 2).sum()), "total": float((gap**2).mean()),
                 "first": float(np.abs(found[0] - wanted[0]).max()), "stopped": float(stopped.mean())}  # fmt: skip
        return Trial(float((residuals**2).sum()), parts, starts, found, totals, residuals)
