"""What governments see: late, and with error."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from simulator.draws import Decision, name_key, uniforms
from simulator.world.world import World

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Observation:
    """What a government sees of one step.

    Attributes
    ----------
    step : the step seen.
    arrivals : people who got through the legs that lead into the country, with error.
    attempts : attempts on the legs whose departure side it controls, with error.
    backlog : claims waiting in the country (its own books: no error).
    deaths : deaths on legs that leave or reach the country, with error.
    """

    step: int
    arrivals: float
    attempts: float
    backlog: float
    deaths: float


@dataclass(frozen=True)
class Sight:
    """One step as it was.

    Attributes
    ----------
    step : the step.
    totals : its crossings, attempts and deaths by leg, each of shape (n_legs,).
    backlog : claims waiting at its end, shape (n_countries,).
    """

    step: int
    totals: Mapping[str, Floats]
    backlog: Floats


@dataclass
class Watch:
    """Keeps the last steps for all governments until they are old enough to be known.

    Attributes
    ----------
    newest : the newest step that can be known by now.
    take_stock : whether a decision interval has passed, so that governments look.
    """

    newest: Sight | None = None
    take_stock: bool = False
    _stock_day: float | None = None
    _late: deque[Sight] = field(default_factory=deque)

    def take_in(self, world: World) -> None:
        """Take in the step just run."""
        totals = {name: world.ledger[name].sum(axis=(1, 2)) for name in ("crossings", "attempts", "deaths")}
        self._late.append(Sight(world.step, totals, world.ledger["backlog"].copy()))
        rules = world.parameters.governance
        known = world.end_day - rules.observation_lag.value
        while self._late and world.clock.edges[self._late[0].step + 1] <= known:
            self.newest = self._late.popleft()
        self._stock_day = rules.decision_interval.value if self._stock_day is None else self._stock_day
        self.take_stock = world.end_day >= self._stock_day
        if self.take_stock:
            self._stock_day = world.end_day + rules.decision_interval.value


class Observer:
    """Makes noisy observations for one government."""

    def __init__(self, world: World, code: str):
        network = world.network
        self._code = code
        self._country = world.countries.index(code) if code in world.countries else -1
        mine = self._country if self._country >= 0 else None
        heads, tails = network.country[network.head], network.country[network.tail]
        self._inward = (heads == mine) & (tails != mine) if mine is not None else network.counted
        self._controlled = network.departure_control == mine if mine is not None else network.counted
        # As numbers of legs: a few, of many.
        self._near = np.flatnonzero(self._inward | self._controlled)
        self._inward, self._controlled = np.flatnonzero(self._inward), np.flatnonzero(self._controlled)
        kinds = ("arrivals", "attempts", "deaths")
        self._keys = np.array([name_key(world.seed, "government", code, kind) for kind in kinds], dtype=np.uint64)

    def look(self, world: World, seen: Sight) -> Observation:
        """Return a step as the government sees it: with an error of that step; its own books have none."""
        noise = world.parameters.governance.observation_noise.value
        error = np.exp(noise * ndtri(uniforms(self._keys, Decision.OBSERVE, seen.step)))
        figures = [
            seen.totals["crossings"][self._inward].sum(),
            seen.totals["attempts"][self._controlled].sum(),
            seen.totals["deaths"][self._near].sum(),
        ]
        arrivals, attempts, deaths = np.array(figures, dtype=np.float64) * error
        backlog = seen.backlog[self._country] if self._country >= 0 else seen.backlog.sum()
        return Observation(seen.step, float(arrivals), float(attempts), float(backlog), float(deaths))
