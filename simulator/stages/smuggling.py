"""The smuggling market: price, crowding, the share who use smugglers, and revenue."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.units import DAYS_PER_YEAR
from simulator.world.world import Levers, World, mean_of_spells

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
    now, base = efforts(world, levers)
    floor = rules.effort_floor.value
    enforcement = np.maximum(now, floor) / np.maximum(base, floor)
    fight = levers["anti_smuggling"]
    demand = np.where(world.flow_year > 0, world.flow / np.where(world.flow_year > 0, world.flow_year, 1.0), 1.0)
    demand = np.clip(demand, 0.1, 10.0)
    price = world.network.price * enforcement**rules.price_elasticity.value * demand**rules.demand_elasticity.value
    price = price * np.exp(rules.anti_smuggling_effect.value * fight) * (1.0 - levers["organised_transit"])
    return np.stack([price, (enforcement * np.exp(fight)) ** rules.crowding_elasticity.value])


def vacancy(world: World) -> Floats:
    """Return the share of those ready for a leg who find a place, by demand in the step before; shape (n_legs,)."""
    vessel = world.network.vessel
    return np.divide(world.capacity, np.maximum(world.demand, world.capacity), out=np.ones(vessel.shape), where=vessel)


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
    now, base = efforts(world, levers)
    floor = rules.effort_floor.value
    share = np.clip(rules.smuggled_share.value, 1e-9, 1.0 - 1e-9)
    odds = share / (1.0 - share) * np.maximum(now, floor) / np.maximum(base, floor)
    odds = odds * np.exp(-rules.anti_smuggling_effect.value * levers["anti_smuggling"])
    paid = (world.network.price > 0) & ~world.network.visa
    return np.where(paid, odds / (1.0 + odds), 0.0) * (1.0 - levers["organised_transit"])


def collect(world: World) -> None:
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
    # Until a month, or a year, has passed, the mean since the start: the first weeks are no boom and no slump.
    since_start = world.days / world.end_day
    month = max(-np.expm1(-world.days / (DAYS_PER_YEAR / 12.0)), since_start)
    year = max(-np.expm1(-world.days / DAYS_PER_YEAR), since_start)
    world.flow = np.where(first, weekly, world.flow + month * (weekly - world.flow))
    world.flow_year = np.where(first, weekly, world.flow_year + year * (weekly - world.flow_year))
