"""Smoothing: what is followed over a month or a year, by smugglers, controls and those who decide claims."""

from __future__ import annotations

from typing import Final

import numpy as np

from simulator.units import DAYS_PER_YEAR
from simulator.world.world import World

MONTH_DAYS: Final = DAYS_PER_YEAR / 12.0


def follow(world: World, span_days: float) -> float:
    """Return by how much of its distance a smoothed figure moves in this step towards that of the step.

    Until a span has passed it is the mean since the start, so that the first weeks are no boom and no slump.
    """
    return float(max(-np.expm1(-world.days / span_days), world.days / world.end_day))
