"""The smuggling market: prices, crowding, and who finds a place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.stages.controls import against_first
from simulator.stages.stage import Stage, Variable
from simulator.world.world import Levers, World, mean_of_spells

Floats = NDArray[np.float64]


def update(world: World) -> None:
    """Move prices and crowding towards what enforcement and demand make of them."""
    rules = world.parameters.smuggling
    price, crowding = mean_of_spells(world, lambda levers: _sought(world, levers))
    follow = -np.expm1(-world.days / rules.adjustment.value)
    world.price = world.price + follow * (price - world.price)
    world.crowding = world.crowding + follow * (crowding - world.crowding)
    world.vacancy = vacancy(world)
    world.ledger["prices"][...] = world.price
    world.ledger["vacancy"][...] = world.vacancy
    world.ledger["crowding"][...] = world.crowding


def _sought(world: World, levers: Levers) -> Floats:
    """Return the price and the crowding that levers and demand make, shape (2, n_legs)."""
    rules = world.parameters.smuggling
    enforcement = against_first(world, levers)
    fight = levers["anti_smuggling"]
    demand = np.where(world.flow_year > 0, world.flow / np.where(world.flow_year > 0, world.flow_year, 1.0), 1.0)
    demand = np.clip(demand, 0.1, 10.0)
    price = world.network.price * enforcement**rules.price_elasticity.value * demand**rules.demand_elasticity.value
    price = price * np.exp(rules.anti_smuggling_effect.value * fight) * (1.0 - levers["organised_transit"])
    return np.stack([price, (enforcement * np.exp(fight)) ** rules.crowding_elasticity.value])


def vacancy(world: World) -> Floats:
    """Return the share of those ready for a leg who find a place, by demand in the step before; shape (n_legs,)."""
    vessel = world.network.vessel
    share = np.ones(vessel.shape)
    np.divide(world.capacity, np.maximum(world.demand, world.capacity), out=share, where=vessel)
    return share


STAGE = Stage(
    "smuggling",
    update,
    reads=("spells", "cooperation", "flow", "flow_year", "price", "crowding", "capacity", "demand", "vacancy"),
    owns=(
        Variable(
            "price", ("leg",), "eur", "Smugglers' price, or fare.", first=lambda world: world.network.price.copy()
        ),
        Variable("crowding", ("leg",), "1", "Crowding of vessels and vehicles, 1 at the start.", first=1.0),
        Variable("vacancy", ("leg",), "1", "Share of those ready for a leg who find a place.", first=1.0),
    ),
    records=("prices", "crowding", "vacancy"),
    reason="prices and places answer this step's controls and the demand of the steps before",
)
