"""Controls: the effort that acts at each leg, for those who cross it and for those who sell the crossing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.world.world import Levers, World

Floats = NDArray[np.float64]


class Effort(NamedTuple):
    """Effort that acts at each leg, 0 where nobody has controls there; each of shape (n_legs,).

    Attributes
    ----------
    departure : of the country that people leave, as far as it is willing.
    patrols : joint patrols there, which bring capacity and will of their own, but need its consent.
    arrival : of the country that people reach.
    """

    departure: Floats
    patrols: Floats
    arrival: Floats


def acting(world: World, levers: Levers, power: float = 1.0) -> Effort:
    """Return the effort that acts under some levers.

    Parameters
    ----------
    power : exponent of the departure side's effort, below 1 where it saturates.
    """
    network = world.network
    here, there = network.departure_control, network.arrival_control
    willing = np.clip(world.cooperation * levers["border_cooperation"], 0.0, 1.0)[here]
    effort = levers["border_posture"] * (network.effort_departure + levers["border_effort_departure"]) ** power
    return Effort(
        np.where(here >= 0, effort * willing, 0.0),
        np.where(here >= 0, levers["joint_patrols"] * (willing > 0.0), 0.0),
        np.where(there >= 0, network.effort_arrival + levers["border_effort_arrival"], 0.0),
    )


def against_first(world: World, levers: Levers) -> Floats:
    """Return the effort that smugglers meet at each leg over that of the first day; shape (n_legs,).

    None acts where the state itself organises transit. Below a floor effort makes no difference.
    """
    network, floor = world.network, world.parameters.smuggling.effort_floor.value
    here, there = network.departure_control, network.arrival_control
    base = np.where(here >= 0, network.effort_departure * world.cooperation[here], 0.0)
    base = base + np.where(there >= 0, network.effort_arrival, 0.0)
    now = sum(acting(world, levers)) * (1.0 - levers["organised_transit"])
    return np.asarray(np.maximum(now, floor) / np.maximum(base, floor))
