"""F1: where enforcement trebles, the smuggler's price rises a little (Gathmann 2008)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from simulator.model import simulate
from simulator.scenario.parameters import Parameters
from simulator.scenario.schema import Scenario
from simulator.validation.builder import change, policy, two_seas
from simulator.validation.estimate import Estimate, over_seeds

SEEDS: Final = (1, 2, 3, 4, 5)
LEG: Final = "port-east--island"
LEVELS: Final = {"ORA": (0.8, -3.0), "ORB": (0.25, 4.0)}
"""Levels at which a few per cent of each origin leave in a year."""
LAST_STEPS: Final = 13
"""Steps of the last quarter."""
TREBLED: Final = policy(
    # Both sides together are at 1 x 0.8 + 0.5 at the start: what is added makes them three times that.
    change("border_effort_departure", "TRA", [LEG], [("2016-03-01", 2.0)]),
    change("border_effort_arrival", "DEB", [LEG], [("2016-03-01", 1.0)]),
)
RISE: Final = 3.0


def price_elasticity(parameters: Parameters, seeds: Sequence[int] = SEEDS) -> Estimate:
    """Return the elasticity of a crossing's price to enforcement that trebles, from pairs of runs that share luck."""
    found = []
    for seed in seeds:
        prices = [
            price_at_the_end(two_seas(parameters, end="2017-03-01", seed=seed, policies=policies, origins=LEVELS))
            for policies in ({}, {"treble": TREBLED})
        ]
        found.append(float(np.log(prices[1] / prices[0]) / np.log(RISE)))
    return over_seeds(found)


def price_at_the_end(scenario: Scenario) -> float:
    """Return the mean price of the eastern sea over the last quarter of a run."""
    result = simulate(scenario)
    prices = result.tables["prices"]
    last = prices[(prices.leg == LEG) & (prices.step >= result.clock.n_steps - LAST_STEPS)]
    return float(last.value.mean())
