"""Takings: what of the step's attempts becomes smugglers' revenue, and load on controls and vessels of the next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.stages.controls import against_first
from simulator.stages.smoothing import MONTH_DAYS, follow
from simulator.stages.stage import Stage, Variable
from simulator.units import DAYS_PER_YEAR
from simulator.world.world import Levers, World, mean_of_spells

Floats = NDArray[np.float64]


def update(world: World) -> None:
    """Count the step's smuggled attempts and revenue, and follow the flow of attempts."""
    equip(world)
    attempts = world.ledger["attempts"].sum(axis=(1, 2)).astype(np.float64)
    share = share_smuggled(world)
    through = world.ledger["crossings"].sum(axis=(1, 2))
    world.smuggled = share
    world.ledger["smuggled"][...] = np.rint(attempts * share)
    world.ledger["revenue"][...] = through * share * world.price
    weekly = attempts * 7.0 / world.days
    first = world.flow_year == 0
    month, year = follow(world, MONTH_DAYS), follow(world, DAYS_PER_YEAR)
    world.flow = np.where(first, weekly, world.flow + month * (weekly - world.flow))
    world.flow_year = np.where(first, weekly, world.flow_year + year * (weekly - world.flow_year))


def equip(world: World) -> None:
    """Let capacity follow demand: it grows no faster than smugglers can equip themselves, and lasts for a time.

    Demand is all who were ready, those put off included, so that people waiting on a coast draw smugglers.
    """
    rules, network = world.parameters.smuggling, world.network
    tries = world.ledger["attempts"].sum(axis=(1, 2)) + world.ledger["put_off"]
    world.demand = np.where(network.vessel, tries * 7.0 / world.days, 0.0)
    most = world.capacity * np.exp(rules.capacity_growth.value * world.years)
    least = np.maximum(world.capacity * np.exp(-world.days / rules.capacity_fall.value), rules.capacity_floor.value)
    grown = np.clip(world.demand, least, most)
    world.capacity = np.where(network.vessel, grown, np.inf)


def share_smuggled(world: World) -> Floats:
    """Return the share of attempts made with a smuggler; shape (n_legs,).

    Controls drive people to smugglers, and effort against smuggling drives them away: the odds follow both.
    """
    return mean_of_spells(world, lambda levers: _share_smuggled(world, levers))


def _share_smuggled(world: World, levers: Levers) -> Floats:
    rules = world.parameters.smuggling
    share = np.clip(rules.smuggled_share.value, 1e-9, 1.0 - 1e-9)
    odds = share / (1.0 - share) * against_first(world, levers)
    odds = odds * np.exp(-rules.anti_smuggling_effect.value * levers["anti_smuggling"])
    paid = (world.network.price > 0) & ~world.network.visa
    return np.where(paid, odds / (1.0 + odds), 0.0) * (1.0 - levers["organised_transit"])


def _first_capacity(world: World) -> Floats:
    return np.where(world.network.vessel, world.parameters.smuggling.capacity_floor.value, np.inf)


STAGE = Stage(
    "takings",
    update,
    reads=("spells", "cooperation", "price", "flow", "flow_year", "capacity", "demand"),
    owns=(
        Variable("smuggled", ("leg",), "1", "Share of attempts made with a smuggler."),
        Variable("flow", ("leg",), "person/week", "Attempts, smoothed over a month."),
        Variable("flow_year", ("leg",), "person/week", "Attempts, smoothed over a year."),
        Variable(
            "capacity",
            ("leg",),
            "person/week",
            "People whom smugglers can take across, infinite where no vessel is needed.",
            first=_first_capacity,
        ),
        Variable(
            "demand",
            ("leg",),
            "person/week",
            "People ready for a vessel, those put off included; 0 where none is needed.",
        ),
    ),
    records=("smuggled", "revenue"),
    reason="attempts of the step become revenue, and load on the controls of the next",
)
