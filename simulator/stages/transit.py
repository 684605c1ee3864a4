"""Transit: waiting, saving, being held, giving up, settling, going home."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.draws import Decision, Halves, thresholds, uniforms
from simulator.stages.stage import Stage
from simulator.units import DAYS_PER_YEAR
from simulator.world.fields import RETURN_KINDS
from simulator.world.network import Exit
from simulator.world.people import State
from simulator.world.world import World

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

PUSHED_BACK, DETAINED, GAVE_UP = range(3)
"""What follows an interception."""


def waits(world: World) -> Floats:
    """Return the mean wait at each place, shortened by violence there; days, shape (n_places,)."""
    violence = np.log1p(world.conflict) * world.parameters.transit.violence_weight.value
    return np.asarray(world.network.wait / (1.0 + violence[world.network.country]))


def saving_rates(world: World) -> Floats:
    """Return what a person in transit can save at each place; euros a day, shape (n_places,)."""
    local = world.gdp * world.parameters.departure.host_income_share.value
    return np.asarray((local * world.parameters.transit.saving_share.value / DAYS_PER_YEAR)[world.network.country])


def saving_days(lacking: NDArray[np.float32], rate: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the days it takes to save what is lacking; inf where nothing can be saved."""
    with np.errstate(divide="ignore"):
        return lacking / rate


def interception_limits(world: World) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return limits on the draw after an interception: to give up, and to be detained; each shape (n_legs,)."""
    crossing = world.parameters.crossing
    share = np.clip(crossing.give_up_share.value, 1e-12, 1.0 - 1e-12)
    odds = np.log(share / (1.0 - share)) + crossing.sanction_effect.value * world.levers["sanctions"]
    give_up = 1.0 / (1.0 + np.exp(-odds))
    return thresholds(give_up), thresholds(give_up + (1.0 - give_up) * crossing.detained_share.value)


def after_interception(draw: Halves, give_up: Halves, detain: Halves) -> NDArray[np.int8]:
    """Return PUSHED_BACK, DETAINED or GAVE_UP for each intercepted person; shape of `draw`."""
    return np.where(draw < give_up, GAVE_UP, np.where(draw < detain, DETAINED, PUSHED_BACK)).astype(np.int8)


def settle(world: World, rows: Rows) -> None:
    """Let people stay where they are: they become residents of the host country."""
    to_pool(world, rows, world.network.country[world.people.place[rows]])
    country = world.network.country[world.people.place[rows]]
    origin = world.groups.origin[world.people.person_class[rows]]
    np.add.at(world.ledger["settlements"], (country, origin), world.weight)


def to_pool(world: World, rows: Rows, country: NDArray[np.int16]) -> None:
    """Close rows and count their people as residents of a country."""
    groups, people = world.groups, world.people
    of = people.person_class[rows]
    np.add.at(world.pools, (groups.origin[of], country, groups.need[of], groups.wealth[of]), world.weight)
    people.close(rows, State.RESIDENT)


def send_home(world: World, rows: Rows, kind: str, start: NDArray[np.float32] | float) -> None:
    """Return people to their country of origin, where they are followed for a time.

    Whether and when each leaves again is drawn on return, by the support for reintegration at that time.
    """
    if not rows.size:
        return
    people, groups, rules = world.people, world.groups, world.parameters.transit
    origin = groups.origin[people.person_class[rows]]
    home = groups.origin_country[origin]
    country = world.network.country[people.place[rows]]
    np.add.at(world.ledger["returns"][:, :, RETURN_KINDS.index(kind)], (country, origin), world.weight)
    support = world.levers["reintegration_support"][home] * rules.reintegration_effect.value
    rate = rules.remigration_rate.value * (1.0 - support) / DAYS_PER_YEAR
    luck = uniforms(people.key[rows], Decision.REMIGRATE, world.step)
    with np.errstate(divide="ignore"):
        stay = -np.log(luck) / rate
    people.state[rows] = State.RETURNED
    people.place[rows] = world.home_place[home]
    people.since[rows] = start
    people.ready[rows] = start + np.minimum(stay, rules.return_memory.value).astype(np.float32)


def leave_again(world: World) -> None:
    """Let returned people whose time has come set out again; those who stayed long enough become residents."""
    people = world.people
    rows = np.flatnonzero((people.ready < np.float32(world.end_day)) & (people.state == State.RETURNED))
    if not rows.size:
        return
    memory = np.float32(world.parameters.transit.return_memory.value)
    stayed = people.ready[rows] >= people.since[rows] + memory
    settled, leaving = rows[stayed], rows[~stayed]
    origin = world.groups.origin[people.person_class[settled]]
    to_pool(world, settled, world.groups.origin_country[origin])
    people.state[leaving] = State.MOVING
    people.leg[leaving] = -1


def finish(world: World, exits: list[tuple[Rows, NDArray[np.int16]]], gave_up: list[Rows]) -> Rows:
    """End the journeys of those who settled or went home; return the rows that stopped to claim."""
    nobody: Rows = np.zeros(0, dtype=np.intp)
    rows: Rows = np.concatenate([nobody, *(leaving for leaving, _ in exits)])
    way_out = np.concatenate([nobody, *(way for _, way in exits)])
    here = world.people.state[rows] == State.MOVING
    rows, way_out = rows[here], way_out[here]
    settle(world, rows[way_out == Exit.SETTLE])
    homeward = np.concatenate([nobody, *gave_up])
    homeward = homeward[world.people.state[homeward] == State.MOVING]
    send_home(world, np.concatenate([rows[way_out == Exit.HOME], homeward]), "gave_up", world.end_day)
    claiming: Rows = rows[way_out == Exit.CLAIM]
    return claiming


STAGE = Stage(
    "transit",
    leave_again,
    reads=("people", "pools"),
    changes=("people", "pools"),
    reason="those returned whose time has come set out again, before movement",
)
