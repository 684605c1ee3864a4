"""Controls: the effort that acts at each leg, for those who cross it and for those who sell the crossing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.world.world import Levers, World

Floats = NDArray[np.float64]


def efforts(world: World, levers: Levers) -> tuple[Floats, Floats]:
    """Return the effort that smugglers meet at each leg now, and at the start; each of shape (n_legs,).

    Only effort that acts counts: the departure side's is scaled by cooperation, joint patrols need only that there is
    any, and none acts where the state itself organises transit.
    """
    network = world.network
    here, there = network.departure_control, network.arrival_control
    willing = np.clip(world.cooperation * levers["border_cooperation"], 0.0, 1.0)
    base = np.where(here >= 0, network.effort_departure * world.cooperation[here], 0.0)
    base = base + np.where(there >= 0, network.effort_arrival, 0.0)
    posture = levers["border_posture"] * willing[here]
    departure = (network.effort_departure + levers["border_effort_departure"]) * posture
    departure = departure + levers["joint_patrols"] * (willing[here] > 0.0)
    now = np.where(here >= 0, departure, 0.0)
    now = now + np.where(there >= 0, network.effort_arrival + levers["border_effort_arrival"], 0.0)
    return now * (1.0 - levers["organised_transit"]), base
