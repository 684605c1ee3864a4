"""The vectorised movement core equals its readable twin, draw for draw."""

from __future__ import annotations

from collections import Counter
from typing import Any

import dense
import numpy as np
import pytest
import small
import twin
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import draws
from simulator.model import CorridorModel
from simulator.stages import crossing, movement, transit
from simulator.stages.movement import N_EXITS, Passage
from simulator.world.network import Exit
from simulator.world.people import People, State

OUTCOMES = ("dead", "intercepted", "put off", "through")
EXITS = tuple(way.name for way in Exit)
STATES = {"moving": State.MOVING, "detained": State.DETAINED, "dead": State.DEAD, "awaiting": State.AWAITING}


def random_corridor(rng: np.random.Generator, n_places: int, n_legs: int, n_classes: int) -> twin.Corridor:
    """Return a small corridor with shares of 0 and 1, closed seas, hopeless prices and cycles among it."""
    legs = [
        twin.Leg(
            head=int(rng.integers(n_places)),
            days=float(rng.choice([0.0, 0.3, 1.0, 4.0])),
            price=float(rng.choice([0.0, 10.0, 500.0, 1e6])),
            opening=float(rng.choice([0.0, 0.4, 1.0])),
            risk=float(rng.choice([0.0, 0.05, 1.0], p=[0.4, 0.5, 0.1])),
            caught=float(rng.choice([0.0, 0.3, 0.9])),
            give_up=float(rng.choice([1e-12, 0.2, 0.6])),
            detained=float(rng.choice([0.0, 0.5, 1.0])),
        )
        for _ in range(n_legs)
    ]
    tails = rng.integers(n_places, size=n_legs)
    places = []
    for number in range(n_places):
        options: list[int | str] = [leg for leg in range(n_legs) if tails[leg] == number]
        options += [way for way in EXITS if rng.random() < 0.3 or (way == EXITS[-1] and not options)]
        shares = rng.dirichlet(np.ones(len(options)), size=n_classes)
        shares[rng.random(n_classes) < 0.2] = np.eye(len(options))[0]
        places.append(
            twin.Place(options, shares.tolist(), float(rng.choice([0.0, 0.2, 3.0])), float(rng.choice([0.0, 50.0])))
        )
    cells = rng.integers(3, size=n_classes).tolist()
    return twin.Corridor(legs, places, float(rng.choice([0.5, 10.0])), float(rng.choice([2.0, 30.0])), cells)


def random_people(rng: np.random.Generator, n: int, n_places: int, n_classes: int, day: float) -> list[twin.Person]:
    return [
        twin.Person(
            key=int(rng.integers(2**64, dtype=np.uint64)),
            ready=np.float32(day + rng.choice([-1.0, 0.0, 2.5, 6.9, 8.0, np.inf])),
            money=np.float32(rng.choice([0.0, 700.0, 1e5])),
            person_class=int(rng.integers(n_classes)),
            place=int(rng.integers(n_places)),
            leg=-1,
            n_caught=0,
            state=str(rng.choice(["moving", "detained", "awaiting"], p=[0.7, 0.2, 0.1])),
        )
        for _ in range(n)
    ]


def passage_of(corridor: twin.Corridor) -> Passage:
    """Return the same corridor in the tables that movement works with."""
    n_legs, n_places, n_classes = len(corridor.legs), len(corridor.places), len(corridor.cell)
    width = max(len(place.options) for place in corridor.places)
    options = np.zeros((n_places, width), dtype=np.int16)
    shares = np.zeros((n_classes, n_places, width))
    for number, place in enumerate(corridor.places):
        codes = [option if isinstance(option, int) else n_legs + EXITS.index(option) for option in place.options]
        options[number] = codes + [codes[-1]] * (width - len(codes))
        shares[:, number, : len(codes)] = place.shares
    column: dict[str, Any] = {
        name: np.array([getattr(leg, name) for leg in corridor.legs])
        for name in ("head", "days", "price", "opening", "risk", "caught", "give_up", "detained")
    }
    exits = np.zeros(N_EXITS)
    return Passage(
        options=options.ravel(),
        n_options=width,
        share_limits=draws.thresholds(np.cumsum(shares, axis=2)).transpose(2, 1, 0).reshape(width, -1),
        outcome_limits=crossing.outcome_limits(
            column["opening"], column["risk"], (1.0 - column["risk"]) * column["caught"]
        ),
        head=np.concatenate([column["head"], exits]).astype(np.int16),
        days=np.concatenate([column["days"], exits]).astype(np.float32),
        price=np.concatenate([column["price"], exits]).astype(np.float32),
        wait=np.array([place.wait for place in corridor.places], dtype=np.float32),
        saving=np.array([place.saving for place in corridor.places], dtype=np.float32),
        give_up=draws.thresholds(column["give_up"]),
        detain=draws.thresholds(column["give_up"] + (1 - column["give_up"]) * column["detained"]),
        retry_days=corridor.retry_days,
        detention_days=corridor.detention_days,
        cell=np.array(corridor.cell, dtype=np.int32),
        n_cells=3,
    )


def table_of(persons: list[twin.Person]) -> People:
    people = People(capacity=1)
    people.add(
        key=np.array([p.key for p in persons], dtype=np.uint64),
        ready=np.array([p.ready for p in persons], dtype=np.float32),
        money=np.array([p.money for p in persons], dtype=np.float32),
        leg=np.array([p.leg for p in persons], dtype=np.int16),
        person_class=np.array([p.person_class for p in persons], dtype=np.int16),
        place=np.array([p.place for p in persons], dtype=np.int16),
        n_caught=np.array([p.n_caught for p in persons], dtype=np.int16),
        state=np.array([STATES[p.state] for p in persons], dtype=np.int8),
    )
    return people


def persons_of(people: People) -> list[twin.Person]:
    names = {state: name for name, state in STATES.items()}
    return [
        twin.Person(
            int(people.key[i]),
            people.ready[i],
            people.money[i],
            int(people.person_class[i]),
            int(people.place[i]),
            int(people.leg[i]),
            int(people.n_caught[i]),
            names.get(State(people.state[i]), "awaiting"),
        )
        for i in range(people.n)
    ]


def story_of(events: movement.Events, n_legs: int) -> twin.Story:
    """Return what movement reports in the twin's words (events in order, but without the round)."""

    def name(code: int) -> int | str:
        return code if code < n_legs else EXITS[code - n_legs]

    counts = Counter({(OUTCOMES[o], name(c), k): int(events.counts[o, c, k]) for o, c, k in np.argwhere(events.counts)})
    return twin.Story(
        counts,
        [(0, int(row), EXITS[way]) for rows, ways in events.exits for row, way in zip(rows, ways, strict=True)],
        [(0, int(row)) for rows in events.gave_up for row in rows],
        [(0, int(row), int(leg)) for rows, legs in events.landed for row, leg in zip(rows, legs, strict=True)],
        events.decisions,
    )


def assert_equal(
    people: People, events: movement.Events, persons: list[twin.Person], story: twin.Story, n_legs: int
) -> None:
    """Check that table and persons, events and story are the same, to the last bit."""
    wanted = table_of(persons)
    for name in ("key", "ready", "money", "person_class", "place", "leg", "n_caught", "state"):
        np.testing.assert_array_equal(getattr(people, name), getattr(wanted, name), err_msg=name)
    told = story_of(events, n_legs)
    assert told.counts == story.counts
    assert told.decisions == story.decisions
    assert [event[1:] for event in told.exits] == [event[1:] for event in story.exits]
    assert [event[1:] for event in told.gave_up] == [event[1:] for event in story.gave_up]
    assert [event[1:] for event in told.landed] == [event[1:] for event in story.landed]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_people=st.integers(1, 40),
    n_places=st.integers(1, 6),
    n_legs=st.integers(1, 12),
    n_classes=st.integers(1, 4),
    step=st.integers(0, 5000),
    block=st.sampled_from([1, 7, draws.BLOCK]),
)
def test_movement_equals_its_twin(
    seed: int, n_people: int, n_places: int, n_legs: int, n_classes: int, step: int, block: int
) -> None:
    """Same places, states, ready days, money, captures, counts and events, in blocks of any size."""
    rng = np.random.default_rng(seed)
    corridor = random_corridor(rng, n_places, n_legs, n_classes)
    day = 7.0 * step
    persons = random_people(rng, n_people, n_places, n_classes, day)
    people = table_of(persons)
    watched = np.ones(n_legs, dtype=bool)
    events = movement.move(people, passage_of(corridor), step, day + 7.0, watched, block=block)
    story = twin.move(persons, corridor, step, day + 7.0)
    assert_equal(people, events, persons, story, n_legs)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), block=st.sampled_from([1, 7, draws.BLOCK]))
def test_the_order_of_rows_plays_no_part(seed: int, block: int) -> None:
    rng = np.random.default_rng(seed)
    corridor = random_corridor(rng, 5, 9, 3)
    persons = random_people(rng, 60, 5, 3, 0.0)
    order = rng.permutation(len(persons))
    straight, shuffled = table_of(persons), table_of([persons[i] for i in order])
    passage = passage_of(corridor)
    one = movement.move(straight, passage, 0, 7.0)
    other = movement.move(shuffled, passage, 0, 7.0, block=block)
    np.testing.assert_array_equal(one.counts, other.counts)
    for name in ("key", "ready", "money", "place", "leg", "n_caught", "state"):
        np.testing.assert_array_equal(getattr(straight, name)[order], getattr(shuffled, name), err_msg=name)


def corridor_of(model: CorridorModel) -> twin.Corridor:
    """Return what people of a model meet in its present step, put together from the world's own numbers."""
    world, parameters = model.world, model.world.parameters
    network, groups = world.network, world.groups
    shares = dense.shares_of(world)
    odds = parameters.crossing.give_up_share.value / (1 - parameters.crossing.give_up_share.value)
    odds = odds * np.exp(parameters.crossing.sanction_effect.value * world.levers["sanctions"])
    eased = 1.0 - world.levers["organised_transit"]
    legs = [
        twin.Leg(
            int(network.head[n]),
            float(network.days[n] * eased[n]),
            world.price[n],
            world.p_open[n],
            world.p_death[n],
            world.p_caught[n],
            odds[n] / (1 + odds[n]),
            parameters.crossing.detained_share.value,
        )
        for n in range(network.n_legs)
    ]
    places = []
    for number, row in enumerate(network.options):
        codes = [int(code) for code in row if code >= 0]
        options = [code if code < network.n_legs else EXITS[code - network.n_legs] for code in codes]
        places.append(
            twin.Place(
                options,
                shares[:, number, : len(codes)].tolist(),
                transit.waits(world)[number],
                transit.saving_rates(world)[number],
            )
        )
    cells = (groups.origin * 2 + groups.need).tolist()
    return twin.Corridor(
        legs, places, parameters.crossing.retry_delay.value, parameters.crossing.detention.value, cells
    )


def test_a_run_moves_as_the_twin_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step of a model's run, policies and all: movement from the world's tables equals the twin."""
    policies = {
        "deal": small.policy(
            small.change("sanctions", "TRA", ["eastern"], [("2016-02-01", 1.0)]),
            small.change("organised_transit", "TRB", ["port-west--port-east"], [("2016-01-20", 0.5)]),
            small.change("safe_third_country", "DEB", ["eastern"], [("2016-02-10", 0.5)]),
        )
    }
    model = CorridorModel(small.corridor(population=4000, end="2016-03-15", policies=policies))
    real, seen = movement.move, []

    def both(people: People, passage: Passage, step: int, end_day: float, watched: Any, **rest: Any) -> movement.Events:
        persons = persons_of(people)
        corridor = corridor_of(model)
        events = real(people, passage, step, end_day, np.ones(passage.n_legs, dtype=bool), **rest)
        story = twin.move(persons, corridor, step, end_day)
        states = people.state.copy()
        people.state[states > State.DETAINED] = np.where(
            states[states > State.DETAINED] == State.DEAD, State.DEAD, State.AWAITING
        )
        assert_equal(people, events, persons, story, passage.n_legs)
        people.state[:] = states
        seen.append(story.decisions)
        return events

    monkeypatch.setattr(movement, "move", both)
    model.run()
    assert len(seen) == model.world.clock.n_steps
    assert sum(seen) > 3000
