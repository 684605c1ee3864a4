"""An estimate from simulated luck, how sure it is, and how surely a test on it would notice a model that is off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr


@dataclass(frozen=True)
class Estimate:
    """A number measured in simulated runs.

    Attributes
    ----------
    value : the number.
    error : its standard error, from the spread between seeds or from the counts behind it.
    """

    value: float
    error: float

    def power(self, margin: float) -> float:
        """Return the chance that the estimate misses a band when the truth lies `margin` outside it."""
        return float(ndtr(margin / self.error)) if self.error > 0 else 1.0


def over_seeds(values: Sequence[float]) -> Estimate:
    """Return the mean of values from independent seeds, and its standard error."""
    return Estimate(float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values))))


def ratio_error(*counts: float) -> float:
    """Return the relative standard error of a ratio of counts of independent events."""
    return float(np.sqrt(sum(1.0 / count for count in counts))) if all(counts) else float("inf")


def level_for(flow: Callable[[float], float], target: float, low: float, high: float, steps: int = 9) -> float:
    """Return the level of departures at which a corridor has a given flow, by halving the interval.

    Small corridors have no departures to be set against, and news multiplies whatever flow there is: where a fact is
    about a flow of a certain size, its size has to hold whatever the behavioural parameters are.

    Parameters
    ----------
    flow : people in a run of the corridor at a level; grows with the level.
    target : people that there should be.
    low, high : levels to look between.
    steps : times that the interval is halved.
    """
    for _ in range(steps):
        middle = (low + high) / 2.0
        low, high = (middle, high) if flow(middle) < target else (low, middle)
    return (low + high) / 2.0
