"""What governments see: late, and with error."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

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


class Observer:
    """Makes lagged, noisy observations for one government."""

    def __init__(self, world: World, code: str):
        network = world.network
        self._code = code
        self._country = world.countries.index(code) if code in world.countries else -1
        mine = self._country if self._country >= 0 else None
        heads, tails = network.country[network.head], network.country[network.tail]
        self._inward = (heads == mine) & (tails != mine) if mine is not None else network.counted
        self._controlled = network.departure_control == mine if mine is not None else network.counted
        self._key = np.full(1, name_key(world.seed, "government", code), dtype=np.uint64)
        self._late: deque[Observation] = deque()

    def look(self, world: World) -> Observation | None:
        """Take in the step just run, and return the newest observation that is old enough to be known."""
        ledger = world.ledger
        by_leg = {name: ledger[name].sum(axis=(1, 2)) for name in ("crossings", "attempts", "deaths")}
        noise = world.parameters.governance.observation_noise.value
        errors = [
            float(np.exp(noise * ndtri(uniforms(self._key, Decision.OBSERVE, world.step, turn)[0]))) for turn in range(3)
        ]
        backlog = float(ledger["backlog"][self._country]) if self._country >= 0 else float(ledger["backlog"].sum())
        self._late.append(
            Observation(
                world.step,
                float(by_leg["crossings"][self._inward].sum()) * errors[0],
                float(by_leg["attempts"][self._controlled].sum()) * errors[1],
                backlog,
                float(by_leg["deaths"][self._inward | self._controlled].sum()) * errors[2],
            )
        )
        seen = None
        age = world.parameters.governance.observation_lag.value
        while self._late and world.clock.edges[self._late[0].step + 1] <= world.end_day - age:
            seen = self._late.popleft()
        return seen
