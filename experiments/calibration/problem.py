"""What is fitted to what: parameters in their ranges, the run of one trial, and its loss.

How ready people of each origin are to leave, which no data give, is not searched for with the other parameters. It is
set inside: each origin has a *rate*, people who would set out in a year as things stood before the period; the
departure levels that give those rates are solved for, and the rates themselves move towards what makes the arrivals
of each nationality right in total, step by step (as mean utilities are found in demand models: Berry 1994,
doi:10.2307/2555829). So a trial of other parameters starts at the same flows.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML
from scipy.optimize import elementwise

from simulator.model import CorridorModel
from simulator.scenario.load import load
from simulator.scenario.schema import Scenario
from simulator.scenario.values import with_values
from simulator.stages import departure
from simulator.world.world import World

Floats = NDArray[np.float64]
LEVEL = "departure_level"


class TooManyPeople(Exception):
    """A trial whose flows explode: it is given up at once, since it can only be bad and slow."""


@dataclass(frozen=True)
class Knob:
    """A fitted parameter: the fields that it sets, its range and the scale on which it is searched."""

    name: str
    fields: tuple[str, ...]
    low: float
    high: float
    start: float
    log: bool

    def value(self, share: float) -> float:
        """Return the value at a share of the range, 0 to 1."""
        share = min(max(share, 0.0), 1.0)
        return float(
            self.low * (self.high / self.low) ** share if self.log else self.low + (self.high - self.low) * share
        )

    def share(self, value: float) -> float:
        """Return where in the range a value lies, 0 to 1."""
        if self.log:
            return float(np.log(value / self.low) / np.log(self.high / self.low))
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Target:
    """What was observed: months by route, and years by route and origin.

    Attributes
    ----------
    monthly : shape (n_routes, n_months).
    yearly : shape (n_routes, n_origins, n_years).
    total : of each origin over the counted routes of first entry, shape (n_origins,).
    """

    monthly: Floats
    yearly: Floats
    total: Floats


@dataclass(frozen=True)
class Trial:
    """One run: its loss, the parts of it, the levels it used, and rates that would have fitted better."""

    loss: float
    parts: dict[str, float]
    levels: dict[str, float]
    rates: Floats


@dataclass
class Problem:
    """A calibration: design, scenario, knobs and targets."""

    design: dict[str, Any]
    scenario: Scenario
    knobs: tuple[Knob, ...]
    target: Target
    base_levels: dict[str, float] = field(default_factory=dict)

    @property
    def routes(self) -> list[str]:
        """Routes that are fitted."""
        return list(self.design["loss"]["monthly"])

    @property
    def origins(self) -> list[str]:
        """Origins, in the order of all arrays."""
        return [row.origin for row in self.scenario.origins]

    def values(self, shares: Sequence[float] | Floats) -> dict[str, float]:
        """Return the fields that shares of the knobs' ranges set."""
        return {
            name: knob.value(float(share))
            for knob, share in zip(self.knobs, shares, strict=True)
            for name in knob.fields
        }

    def start(self) -> Floats:
        """Return the shares of the knobs' starting values."""
        return np.array([knob.share(knob.start) for knob in self.knobs])


def read_problem(path: Path, overrides: Sequence[str] = (), **changes: Any) -> Problem:
    """Read a design, with overrides laid over it; `changes` replace entries of its ``runs``, such as ``step_days``."""
    design: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    runs = {**design["runs"], **changes}
    scenario = load(
        design["scenario"],
        seed=runs["seed"],
        persons_per_agent=runs["persons_per_agent"],
        start=design["period"]["start"],
        end=design["period"]["end"],
        set={"step_days": runs["step_days"]},
        overrides=overrides,
        fit_member="none",
    )
    knobs = tuple(
        Knob(
            name,
            tuple(given["fields"]),
            *map(float, given["range"]),
            float(given["start"]),
            given.get("scale") == "log",
        )
        for name, given in design["parameters"].items()
    )
    levels = {row.origin: row.departure_level for row in scenario.origins}
    return Problem(design, scenario, knobs, read_target(design, scenario), levels)


def read_target(design: Mapping[str, Any], scenario: Scenario) -> Target:
    """Return the observed figures of the fitted period; nothing after it is read."""
    routes, origins = list(design["loss"]["monthly"]), [row.origin for row in scenario.origins]
    months, years = _months(scenario), _years(scenario)
    monthly = np.full((len(routes), len(months)), np.nan)
    for row in scenario.observed:
        if row.series.removeprefix("detections-") in routes and row.month in months:
            monthly[routes.index(row.series.removeprefix("detections-")), months.index(row.month)] = row.value
    yearly = np.zeros((len(routes), len(origins), len(years)))
    for cell in scenario.observed_origins:
        if cell.route in routes and cell.year in years:
            yearly[routes.index(cell.route), origins.index(cell.origin), years.index(cell.year)] = cell.people
    first = [routes.index(name) for name in design["levels"]["routes"]]
    return Target(monthly, yearly, yearly[first].sum(axis=(0, 2)))


def _months(scenario: Scenario) -> list[str]:
    first, last = scenario.period.start, scenario.period.end
    return [
        f"{n // 12}-{n % 12 + 1:02d}" for n in range(first.year * 12 + first.month - 1, last.year * 12 + last.month - 1)
    ]


def _years(scenario: Scenario) -> list[int]:
    return list(range(scenario.period.start.year, scenario.period.end.year))


def arrivals(problem: Problem, scenario: Scenario) -> Floats:
    """Run a scenario and return its arrivals; shape (n_routes, n_origins, n_months).

    Raises
    ------
    TooManyPeople
        If more people are on the move than the design allows.
    """
    most = float(problem.design["runs"]["most_people_moving"])

    def stop_early(_step: int, _steps: int, moving: int) -> None:
        if moving > most:
            raise TooManyPeople

    gc.collect()  # a model holds arrays in cycles, which Python would keep for long
    model = CorridorModel(scenario)
    model.run(stop_early)
    table = model.recorder.tables()["crossings"].to_pandas()
    route_of = {
        leg.leg: problem.routes.index(leg.route) for leg in scenario.legs if leg.counted and leg.route in problem.routes
    }
    route = table["leg"].astype(str).map(route_of)
    counted = route.notna().to_numpy()
    origin = table["origin"].astype(str).map({code: number for number, code in enumerate(problem.origins)})
    by_step = np.zeros((len(problem.routes), len(problem.origins), model.recorder.clock.n_steps))
    where = (route[counted].astype(int).to_numpy(), origin[counted].to_numpy(), table["step"].to_numpy()[counted])
    np.add.at(by_step, where, table["value"].to_numpy()[counted])
    return np.asarray(by_step @ model.recorder.clock.month_shares)


def loss(problem: Problem, simulated: Floats) -> dict[str, float]:
    """Return the parts of the loss, each with its weight: unexplained share of the variation of what was observed.

    ``monthly`` and ``yearly`` compare square roots of counts, so that small and large months both weigh (the noise of
    a count grows with its root); ``raw`` compares the counts of months, and ``log`` their logs, with `least` added so
    that the difference between few and none does not rule. A part is cut at the design's ceiling.
    """
    weights, ceiling, target = problem.design["loss"], float(problem.design["loss"]["ceiling"]), problem.target
    least = float(weights["least"])
    months = simulated.sum(axis=1)
    years = simulated.reshape(*simulated.shape[:2], -1, 12).sum(axis=3)
    parts: dict[str, float] = {}
    for number, route in enumerate(problem.routes):
        pairs = {
            "monthly": (np.sqrt(months[number]), np.sqrt(target.monthly[number])),
            "raw": (months[number], target.monthly[number]),
            "log": (np.log(months[number] + least), np.log(target.monthly[number] + least)),
            "yearly": (np.sqrt(years[number]), np.sqrt(target.yearly[number])),
        }
        for kind, (made, seen) in pairs.items():
            weight = float(weights[kind].get(route, 0.0))
            if weight:
                known = ~np.isnan(seen)
                left = ((made - seen)[known] ** 2).sum() / ((seen[known] - seen[known].mean()) ** 2).sum()
                parts[f"{kind}.{route}"] = weight * min(float(left), ceiling)
    return parts


def readiness(problem: Problem, scenario: Scenario) -> tuple[Floats, Floats]:
    """Return how much people gain by leaving, and how many could leave at most, through the warm-up.

    Returns
    -------
    Gain over the threshold in units of utility, and people a year who can pay, each of shape
    (n_origins, n_moments, n_pools).
    """
    model = CorridorModel(scenario)
    world = model.world
    every = int(problem.design["levels"]["every_steps"])
    gains, people = [], []
    for step in range(world.n_warm_up):
        world.step = step
        model.step()
        if step % every == every - 1:
            gains.append(departure.gain(world).reshape(len(problem.origins), -1))
            people.append(_able(world).reshape(len(problem.origins), -1))
    return np.stack(gains, axis=1), np.stack(people, axis=1)


def _able(world: World) -> Floats:
    return np.asarray(departure.capability(world) * world.pools * world.parameters.departure.highest_rate.value)


def log_rates(gains: Floats, people: Floats, spread: float, shift: Floats | float = 0.0) -> Floats:
    """Return the log of people who would set out in a year, were levels higher by `shift`; shape (n_origins,)."""
    shift = np.broadcast_to(shift, (len(gains),))[:, None, None]
    share = 1.0 / (1.0 + np.exp(-np.clip((gains + shift) / spread, -500.0, 500.0)))
    return np.asarray(np.log((people * share).sum(axis=2).mean(axis=1) + 1e-9))


def solve_levels(problem: Problem, gains: Floats, people: Floats, spread: float, rates: Floats) -> dict[str, float]:
    """Return the departure levels at which each origin's rate is the one asked for, as far as its people allow."""
    reach = float(problem.design["levels"]["reach"])
    low, high = np.full(len(rates), -reach), np.full(len(rates), reach)

    def excess(shift: Floats, number: Floats) -> Floats:
        every = np.zeros(len(rates))
        index = number.astype(int)
        every[index] = shift
        return (log_rates(gains, people, spread, every) - rates)[index]

    ends = [log_rates(gains, people, spread, edge) - rates for edge in (low, high)]
    inside = (ends[0] < 0) & (ends[1] > 0)
    shift = np.where(ends[1] <= 0, high, low)
    if inside.any():
        numbers = np.flatnonzero(inside).astype(float)
        found = elementwise.find_root(excess, (low[inside], high[inside]), args=(numbers,))
        shift[inside] = found.x
    return {code: problem.base_levels[code] + float(move) for code, move in zip(problem.origins, shift, strict=True)}


def try_out(problem: Problem, shares: Floats, rates: Floats) -> Trial:
    """Run one trial: levels for the rates, the run, its loss, and rates moved towards the observed totals."""
    values = problem.values(shares)
    base = with_values(problem.scenario, values)
    spread = base.parameters.departure.spread.value
    rules = problem.design["levels"]
    levels = dict(problem.base_levels)
    try:
        gains, people = readiness(problem, base)
        levels = solve_levels(problem, gains, people, spread, rates)
        simulated = arrivals(problem, with_values(base, fields_of(levels)))
    except TooManyPeople:
        return Trial(float(problem.design["loss"]["given_up"]), {}, levels, rates - float(rules["given_up"]))
    parts = loss(problem, simulated)
    first = [problem.routes.index(name) for name in rules["routes"]]
    have = np.maximum(simulated[first].sum(axis=(0, 2)), float(rules["fewest"]))
    want = np.maximum(problem.target.total, float(rules["fewest"]))
    move = np.clip(np.log(want / have), -float(rules["longest_move"]), float(rules["longest_move"]))
    return Trial(sum(parts.values()), parts, levels, rates + float(rules["gain"]) * move)


def first_rates(problem: Problem, shares: Floats) -> Floats:
    """Return the rates that the levels written in the scenario's files give."""
    base = with_values(problem.scenario, problem.values(shares))
    return log_rates(*readiness(problem, base), base.parameters.departure.spread.value)


def fields_of(levels: Mapping[str, float]) -> dict[str, float]:
    """Return levels by dotted field."""
    return {f"origins.{code}.{LEVEL}": value for code, value in levels.items()}
