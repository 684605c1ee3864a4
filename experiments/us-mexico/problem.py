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
class Yearly:
    """What a run says of each fiscal year; a row each.

    Those expected to be stopped by sector and by origin, attempts, attempts over open country, and expected deaths.
    """

    sectors: Floats
    origins: Floats
    attempts: Floats
    open_attempts: Floats
    deaths: Floats


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
    """A fit: the design, the scenario, and what was observed.

    With `last`, a fiscal year before the end of the years fitted, the loss reads no later year; what comes of those in
    between is the part ``ahead``. So structures are told apart without the years that are held back.
    """

    def __init__(self, path: Path = HERE / "design.yaml", last: int | None = None, **runs: Any):
        self.design: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        self.read = (last or self.design["fitted_to"][1]) - self.design["solved_for"] + 1
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
        died = {
            year: sum(row.people for row in self.scenario.observed_periods
                      if row.measure == "deaths" and row.last == f"{year}-09") for year in self.years
        }  # fmt: skip
        self.died = {year: people for year, people in died.items() if people}
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
        for number, value in enumerate(self.scenario.corridor.policies["jobs"].levers[0].values):
            fields[f"policies.jobs.levers.0.values.{number}.value"] = value.value * at["jobs"]
        for row in self.legs:
            assert row.surge_per_week is not None
            assert row.size is not None
            fields[f"legs.{row.leg}.surge_per_week"] = row.surge_per_week * at["surge"]
            home = float(np.exp(starts.size[self.routes.index(row.route)]))
            fields[f"legs.{row.leg}.size"] = row.size * (at["open-country"] if row.leg in self.design["open"] else home)
        for place in self.scenario.places:
            if place.capacity_per_week is not None:
                fields[f"places.{place.place}.capacity_per_week"] = place.capacity_per_week * at["hubs"]
        for code, level in zip(self.origins, starts.level, strict=True):
            fields[f"origins.{code}.departure_level"] = float(level)
        return fields

    def run(self, fields: dict[str, float], until: int) -> Yearly:
        """Return what a run says of the fiscal years up to `until`.

        Stopped is the attempts times their chance, which has less noise than the count.
        """
        scenario = with_values(self.scenario, fields)
        period = scenario.period.model_copy(update={"end": scenario.period.end.replace(year=until)})
        model = CorridorModel(scenario.model_copy(update={"period": period}))
        world = model.world
        route = world.network.route
        legs = np.flatnonzero(route >= 0)
        stopped = np.zeros((until - self.years[0] + 1, len(self.routes), len(self.origins)))
        attempts, over_open, deaths = (np.zeros(len(stopped)) for _ in range(3))
        open_legs = np.isin([row.leg for row in scenario.legs if row.route], self.design["open"])
        for step in range(world.clock.n_steps):
            world.step = step
            model.step()
            day = world.clock.date_of(world.clock.edges[step])
            year = day.year + (day.month >= FISCAL_MONTH) - self.years[0]
            if year < 0:
                continue
            tried = world.ledger["attempts"][legs].sum(axis=2)
            np.add.at(stopped[year], route[legs], tried * (world.p_stopped)[legs, None])
            attempts[year] += tried.sum()
            over_open[year] += tried[open_legs].sum()
            deaths[year] += float(tried.sum(axis=1) @ world.p_death[legs])
        self.runs_done += 1
        return Yearly(stopped.sum(axis=2), stopped.sum(axis=1), attempts, over_open, deaths)

    def solve(self, shares: Floats, starts: Starts, rounds: int) -> Starts:
        """Move sizes and levels until the first year's shares of sectors and origins come out."""
        starts = starts.copy()
        target = self.observed[0] / self.observed[0].sum()
        spread = self.scenario.parameters.departure.spread.value
        for _ in range(rounds):
            first = self.run(self.values(shares, starts), self.years[0])
            found = np.maximum(first.sectors[0] / max(first.sectors[0].sum(), 1.0), FLOOR)
            starts.size += np.clip(0.6 * np.log(target / found), -1.5, 1.5)
            starts.size -= starts.size.mean()
            people = np.maximum(first.origins[0], 1.0)
            wanted = self.wanted * self.observed[0].sum()
            starts.level += spread * np.clip(0.7 * np.log(wanted / people), -1.5, 1.5)
        return starts

    def trial(self, shares: Floats, starts: Starts, rounds: int | None = None) -> Trial:
        """Return what comes of knobs at shares of their ranges."""
        solved = self.solve(shares, starts, self.design["rounds"] if rounds is None else rounds)
        return self.judge(self.run(self.values(shares, solved), self.years[-1]), solved)

    def judge(self, yearly: Yearly, starts: Starts) -> Trial:
        """Return the loss of a run."""
        sectors, attempts = yearly.sectors, np.maximum(yearly.attempts, 1.0)
        totals = np.maximum(sectors.sum(axis=1), 1.0)
        found, wanted = sectors / totals[:, None], self.observed / self.observed.sum(axis=1, keepdims=True)
        away, moved = (found - wanted) ** 2, (wanted - wanted[0]) ** 2
        n = self.read
        gap = np.log(totals / self.observed.sum(axis=1))[1:n]
        stopped = (totals / attempts)[:n]
        # How many die in all sectors moves with the country that people cross; its level is that of the risks.
        known = [year for year in self.died if year < self.years[0] + n]
        dying = np.array([np.log(max(yearly.deaths[year - self.years[0]], 1.0) / self.died[year]) for year in known])
        dying -= dying.mean() if len(dying) else 0.0
        by_open = yearly.open_attempts[0] / attempts[0]
        low, high = self.design["stopped"]
        outside = (np.maximum(low - stopped, 0.0) + np.maximum(stopped - high, 0.0)) * 10.0
        weights = self.design["weights"]
        residuals = np.concatenate([
            ((found - wanted)[:n] / np.sqrt(moved[:n].sum())).ravel(),
            (found - wanted)[n - 1] * np.sqrt(weights["last"] / moved[n - 1].sum()),
            gap * np.sqrt(weights["total"] / len(gap)),
            outside * np.sqrt(weights["risk"] / len(outside)),
            dying * np.sqrt(weights["deaths"] / max(len(dying), 1)),
            [max(by_open - self.design["open_in_first"], 0.0) * 10.0 * np.sqrt(weights["open"])],
        ])  # fmt: skip
        parts = {"unexplained": float(away[:n].sum() / moved[:n].sum()), "total": float((gap**2).mean()),
                 "last": float(away[n - 1].sum() / moved[n - 1].sum()),
                 "first": float(np.abs(found[0] - wanted[0]).max()), "stopped": float(stopped.mean()),
                 "open": float(by_open), "deaths": float((dying**2).mean()) if len(dying) else 0.0}  # fmt: skip
        if n < len(found):
            parts["ahead"] = float(away[n:].sum() / moved[n:].sum())
        return Trial(float((residuals**2).sum()), parts, starts, found, totals, residuals)
