"""Movement: everybody who is ready chooses, travels and waits, as often as fits in the step.

The loop over rounds and cache-sized blocks lives here; the rules are in `route_choice` (which way),
`crossing` (what happens on it) and `transit` (what comes after). All draws are keyed by person, so that
blocks and rounds change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulator import draws
from simulator.draws import Decision
from simulator.stages import crossing, transit
from simulator.stages.crossing import DEAD, INTERCEPTED, PUT_OFF, THROUGH
from simulator.world.network import Exit
from simulator.world.people import People, State
from simulator.world.world import World, of_both_needs

Rows = NDArray[np.intp]

N_EXITS = len(Exit)


@dataclass(frozen=True)
class Passage:
    """All that movement needs to know in a step, ready for use on arrays.

    Attributes
    ----------
    options : legs and exits of each place, the last repeated as padding, shape (n_places * n_options,).
    n_options : options a place.
    share_limits : limits on 32-bit draws between options, shape (n_options, n_places * n_classes).
    outcome_limits : limits between outcomes, shape (3, n_legs + n_exits).
    head : place that a leg leads to, shape (n_legs + n_exits,); unused for exits.
    days : days under way, shape (n_legs + n_exits,).
    price : euros, shape (n_legs + n_exits,).
    wait : mean days of waiting at a place, shape (n_places,).
    saving : euros that a person can save a day, shape (n_places,).
    give_up, detain : limits on the draw after an interception, shape (n_legs,).
    retry_days, detention_days : means.
    cell : number under which a class is counted, shape (n_classes,); n_cells of them.
    """

    options: NDArray[np.int16]
    n_options: int
    share_limits: NDArray[np.uint32]
    outcome_limits: NDArray[np.uint32]
    head: NDArray[np.int16]
    days: NDArray[np.float32]
    price: NDArray[np.float32]
    wait: NDArray[np.float32]
    saving: NDArray[np.float32]
    give_up: NDArray[np.uint32]
    detain: NDArray[np.uint32]
    retry_days: float
    detention_days: float
    cell: NDArray[np.int32]
    n_cells: int

    @property
    def n_legs(self) -> int:
        """Number of legs."""
        return len(self.give_up)

    @property
    def n_places(self) -> int:
        """Number of places."""
        return len(self.wait)


@dataclass
class Events:
    """What movement hands to other stages: row numbers, in order of round and row.

    Attributes
    ----------
    counts : rows by outcome, leg or exit, and cell, shape (4, n_legs + n_exits, n_cells).
    exits : rows that left the journey, and the exit that each took.
    gave_up : rows that gave up after an interception.
    landed : rows that got through a watched leg, with the leg.
    decisions : number of decisions taken.
    """

    counts: NDArray[np.int64]
    exits: list[tuple[Rows, NDArray[np.int16]]] = field(default_factory=list)
    gave_up: list[Rows] = field(default_factory=list)
    landed: list[tuple[Rows, NDArray[np.int16]]] = field(default_factory=list)
    decisions: int = 0


def move(
    people: People,
    passage: Passage,
    step: int,
    end_day: float,
    watched: NDArray[np.bool_] | None = None,
    block: int = draws.BLOCK,
) -> Events:
    """Move everybody who is ready before `end_day`, round after round, until nobody is.

    Parameters
    ----------
    people : the rows; changed in place.
    passage : the step's tables.
    step : number of the step, part of each draw's key.
    end_day : day on which the step ends.
    watched : legs whose landings are wanted, shape (n_legs,).
    block : rows worked at a time; never changes a result.
    """
    n_codes = passage.n_legs + N_EXITS
    shape = 4, n_codes, passage.n_cells
    events = Events(np.zeros(shape, dtype=np.int64))
    end = np.float32(end_day)
    rows = np.flatnonzero((people.ready < end) & (people.state <= State.DETAINED))
    counted: list[NDArray[np.int32]] = []
    for turn in range(draws.ROUNDS):
        if not rows.size:
            break
        keys = draws.stream(Decision.CHOOSE, step, turn), draws.stream(Decision.AFTER, step, turn)
        again: list[Rows] = []
        for first in range(0, rows.size, block):
            part = rows[first : first + block]
            counted.append(_move_block(people, passage, part, keys, events, watched))
            again.append(part[people.ready.take(part) < end])
        events.decisions += rows.size
        rows = np.concatenate(again)
    if counted:
        codes = np.concatenate(counted)
        events.counts = np.bincount(codes, minlength=events.counts.size).reshape(shape)
    return events


def choose(
    passage: Passage, draw: draws.Halves, person_class: NDArray[np.int16], place: NDArray[np.int16]
) -> NDArray[np.int16]:
    """Return the leg or exit that each person takes; shape of `draw`."""
    at = place.astype(np.int32)
    limits = passage.share_limits[:-1].take(at * np.int32(len(passage.cell)) + person_class, axis=1)
    passed_by: NDArray[np.int32] = np.add.reduce(draw >= limits, axis=0, dtype=np.int32)
    return passage.options.take(at * np.int32(passage.n_options) + passed_by)


def _move_block(
    people: People,
    passage: Passage,
    rows: Rows,
    keys: tuple[int, int],
    events: Events,
    watched: NDArray[np.bool_] | None,
) -> NDArray[np.int32]:
    """Take one decision for each row of a block; return the number under which each is counted."""
    key, person_class, place = people.key.take(rows), people.person_class.take(rows), people.place.take(rows)
    which_way, what_happens = draws.halves(draws.words(key, keys[0]))
    how_long, afterwards = draws.halves(draws.words(key, keys[1]))
    leg = choose(passage, which_way, person_class, place)
    result = crossing.outcome(what_happens, leg, passage.outcome_limits)
    money, price = people.money.take(rows), passage.price.take(leg)
    short = (money < price).nonzero()[0]
    result[short] = PUT_OFF
    through = result == THROUGH

    reached = np.where(through, passage.head.take(leg), place)
    waited = draws.exponential(how_long)
    ready = people.ready.take(rows)
    ready += np.where(through, passage.days.take(leg), np.float32(0.0))
    ready += waited * np.where(through, passage.wait.take(reached), np.float32(passage.retry_days))
    money -= np.where(through, price, np.float32(0.0))
    state = np.zeros(rows.size, dtype=np.int8)

    if short.size:
        lacking = price[short] - money[short]
        ready[short] = people.ready[rows[short]] + transit.saving_days(lacking, passage.saving.take(place[short]))
        money[short] = price[short]
    intercepted = (result == INTERCEPTED).nonzero()[0]
    if intercepted.size:
        where = leg[intercepted]
        fate = transit.after_interception(afterwards[intercepted], passage.give_up[where], passage.detain[where])
        held = intercepted[fate == transit.DETAINED]
        ready[held] += waited[held] * np.float32(passage.detention_days - passage.retry_days)
        state[held] = State.DETAINED
        gone = intercepted[fate == transit.GAVE_UP]
        ready[gone] = np.inf
        events.gave_up.append(rows[gone])
        people.n_caught[rows[intercepted]] += 1
    dead = (result == DEAD).nonzero()[0]
    ready[dead] = np.inf
    state[dead] = State.DEAD
    leaving = (leg >= passage.n_legs).nonzero()[0]
    if leaving.size:
        ready[leaving] = np.inf
        reached[leaving] = place[leaving]
        events.exits.append((rows[leaving], leg[leaving] - np.int16(passage.n_legs)))

    people.ready[rows], people.place[rows] = ready, reached
    people.money[rows], people.state[rows] = money, state
    travelled = (through & (leg < passage.n_legs)).nonzero()[0]
    people.leg[rows[travelled]] = leg[travelled]
    if watched is not None:
        landed = travelled[watched[leg[travelled]]]
        events.landed.append((rows[landed], leg[landed]))
    code = (result * np.int32(passage.n_legs + N_EXITS) + leg) * np.int32(passage.n_cells)
    return code + passage.cell.take(person_class)


def prepare(world: World) -> Passage:
    """Make the step's tables from the world."""
    network, groups, parameters = world.network, world.groups, world.parameters
    options = network.last_again
    organised = 1.0 - world.levers["organised_transit"]
    give_up, detain = transit.interception_limits(world)
    exits = np.zeros(N_EXITS)
    return Passage(
        options=options.ravel(),
        n_options=options.shape[1],
        share_limits=world.share_limits.reshape(options.shape[1], -1),
        outcome_limits=world.outcome_limits,
        head=np.concatenate([network.head, exits]).astype(np.int16),
        days=np.concatenate([network.days * organised, exits]).astype(np.float32),
        price=np.concatenate([world.price, exits]).astype(np.float32),
        wait=transit.waits(world).astype(np.float32),
        saving=transit.saving_rates(world).astype(np.float32),
        give_up=give_up,
        detain=detain,
        retry_days=parameters.crossing.retry_delay.value,
        detention_days=parameters.crossing.detention.value,
        cell=(groups.origin * np.int32(2) + groups.need).astype(np.int32),
        n_cells=2 * len(groups.origins),
    )


def update(world: World) -> Events:
    """Move everybody who is ready in this step, and count what happened on each leg."""
    watched = world.levers["safe_third_country"] > 0
    events = move(world.people, prepare(world), world.step, world.end_day, watched if watched.any() else None)
    n_legs = world.network.n_legs
    by_leg = events.counts[:, :n_legs].reshape(4, n_legs, -1, 2) * world.weight
    ledger = world.ledger
    ledger["deaths"] += by_leg[DEAD]
    died = of_both_needs(by_leg[DEAD])
    deadly = np.flatnonzero(died.any(axis=1))
    np.add.at(world.closed[State.DEAD], world.network.country[world.network.tail[deadly]], died[deadly])
    ledger["interceptions"] += by_leg[INTERCEPTED]
    ledger["crossings"] += by_leg[THROUGH]
    ledger["put_off"] += by_leg[PUT_OFF].sum(axis=(1, 2))
    ledger["attempts"] += by_leg[DEAD] + by_leg[INTERCEPTED] + by_leg[THROUGH]
    return events
