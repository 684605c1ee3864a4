"""What governments see: late, and with error."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
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
        # As numbers of legs: a few, of many.
        self._near = np.flatnonzero(self._inward | self._controlled)
        self._inward, self._controlled = np.flatnonzero(self._inward), np.flatnonzero(self._controlled)
        kinds = ("arrivals", "attempts", "deaths")
        self._keys = np.array([name_key(world.seed, "government", code, kind) for kind in kinds], dtype=np.uint64)
        self._late: deque[Observation] = deque()

    def look(self, world: World, totals: Mapping[str, Floats]) -> Observation | None:
        """Take in the step just run, and return the newest observation that is old enough to be known, without error.

        `totals` holds the step's crossings, attempts and deaths by leg, shape (n_legs,).
        """
        backlog = world.ledger["backlog"]
        self._late.append(
            Observation(
                world.step,
                float(totals["crossings"][self._inward].sum()),
                float(totals["attempts"][self._controlled].sum()),
                float(backlog[self._country]) if self._country >= 0 else float(backlog.sum()),
                float(totals["deaths"][self._near].sum()),
            )
        )
        seen = None
        age = world.parameters.governance.observation_lag.value
        while self._late and world.clock.edges[self._late[0].step + 1] <= world.end_day - age:
            seen = self._late.popleft()
        return seen

    def with_error(self, world: World, seen: Observation) -> Observation:
        """Return an observation as the government has it: with the error of its step; its own books have none."""
        noise = world.parameters.governance.observation_noise.value
        error = np.exp(noise * ndtri(uniforms(self._keys, Decision.OBSERVE, seen.step)))
        arrivals, attempts, deaths = np.array([seen.arrivals, seen.attempts, seen.deaths]) * error
        return Observation(seen.step, float(arrivals), float(attempts), seen.backlog, float(deaths))
