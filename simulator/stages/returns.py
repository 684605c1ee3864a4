"""Returns: orders to leave, removals, voluntary returns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.clock import chance
from simulator.draws import Decision, halves, stream, uniform, words
from simulator.stages import transit
from simulator.stages.stage import Stage
from simulator.world.people import State
from simulator.world.world import World

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

_TRAIT_STEP = 0
"""Whether a person can be found and identified is a trait: drawn once, under the key of step 0."""


def update(world: World) -> None:
    """Order people to leave, and return those who are removed or choose to go."""
    order(world)
    rows = np.flatnonzero(world.people.state == State.ORDERED)
    if not rows.size:
        return
    removed = remove(world, rows)
    transit.send_home(world, rows[removed], "removal", world.end_day)
    rest = rows[~removed]
    transit.send_home(world, rest[volunteers(world, rest)], "voluntary", world.end_day)


def order(world: World) -> None:
    """Order part of those to leave who are in a destination without a claim."""
    people = world.people
    rows = np.flatnonzero(people.state == State.UNDOCUMENTED)
    p_order = chance(world.parameters.returns.order_rate.value, world.years)
    rows = rows[_draw(world, rows, Decision.LEAVE, 1) < p_order]
    if not rows.size:
        return
    people.state[rows] = State.ORDERED
    people.since[rows] = world.end_day
    country, origin = _where(world, rows)
    np.add.at(world.ledger["orders"], (country, origin), world.weight)


def _draw(world: World, rows: Rows, decision: Decision, turn: int) -> Floats:
    return uniform(halves(words(world.people.key[rows], stream(decision, world.step, turn)))[0])


def _where(world: World, rows: Rows) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    people = world.people
    return world.network.country[people.place[rows]], world.groups.origin[people.person_class[rows]]


def identified_share(world: World) -> Floats:
    """Return the share who can be removed: found, identified, and given papers; shape (n_origins, n_countries)."""
    rules = world.parameters.returns
    share = np.clip(rules.identification.value, 1e-9, 1.0 - 1e-9)
    odds = np.log(share / (1.0 - share)) + rules.interior_effect.value * world.levers["interior_controls"]
    found = 1.0 / (1.0 + np.exp(-odds))
    papers = np.clip(rules.papers_share.value + world.levers["readmission_cooperation"], 0.0, 1.0)
    return np.asarray(found * papers)


def remove(world: World, rows: Rows) -> NDArray[np.bool_]:
    """Return who of the people ordered to leave is removed: up to capacity, among those who can be.

    Each removable person meets the same hazard, capacity over the removable stock, so that removals in a
    step add up to capacity in the mean and never exceed the stock.
    """
    country, origin = _where(world, rows)
    trait = uniform(halves(words(world.people.key[rows], stream(Decision.LEAVE, _TRAIT_STEP)))[0])
    removable = trait < identified_share(world)[origin, country]
    stock = np.bincount(country[removable], minlength=len(world.countries)) * world.weight
    capacity = world.plan.removals[world.step] * world.levers["removal_capacity"] * world.years
    p_removal = np.divide(capacity, stock, out=np.zeros(len(stock)), where=stock > 0)
    luck = _draw(world, rows, Decision.LEAVE, 2)
    return np.asarray(removable & (luck < np.minimum(p_removal, 1.0)[country]))


def volunteers(world: World, rows: Rows) -> NDArray[np.bool_]:
    """Return who of the people ordered to leave goes home by choice."""
    rate = world.parameters.returns.voluntary_rate.value * world.levers["voluntary_return_support"]
    country, _ = _where(world, rows)
    return np.asarray(_draw(world, rows, Decision.LEAVE, 3) < chance(rate, world.years)[country])


STAGE = Stage(
    "returns",
    update,
    reads=("people", "plan", "levers"),
    changes=("people", "ledger.orders"),
    records=("returns",),
    reason="orders made in the step can be carried out in it",
)
