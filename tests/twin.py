"""A slow, readable twin of the movement core: one object a person, one person at a time, one decision at a time.

It is written from the description of the model and not from the code of the stages, and draws its own luck with
whole numbers of Python. Times and money are single precision, as in the table of people.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from simulator.draws import ROUNDS, Decision, mix, stream

WORD = 1 << 64
HALF = 1 << 32
F = np.float32


@dataclass
class Leg:
    """A leg of the graph, with the chances of the step."""

    head: int
    days: float
    price: float
    opening: float
    risk: float
    caught: float
    give_up: float
    detained: float


@dataclass
class Place:
    """A place: its options, each the number of a leg or the name of an exit, and shares by class of person."""

    options: list[int | str]
    shares: list[list[float]]
    wait: float
    saving: float


@dataclass
class Person:
    key: int
    ready: np.float32
    money: np.float32
    person_class: int
    place: int
    leg: int
    n_caught: int
    state: str


@dataclass
class Corridor:
    """All that people meet in one step."""

    legs: list[Leg]
    places: list[Place]
    retry_days: float
    detention_days: float
    cell: list[int]


@dataclass
class Story:
    """What happened: counts by (outcome, option, cell), and who left or gave up or landed, in order of decision."""

    counts: Counter[tuple[str, int | str, int]] = field(default_factory=Counter)
    exits: list[tuple[int, int, str]] = field(default_factory=list)
    gave_up: list[tuple[int, int]] = field(default_factory=list)
    landed: list[tuple[int, int, int]] = field(default_factory=list)
    decisions: int = 0


def limit(share: float) -> int:
    """Return the whole number below which a 32-bit draw falls within a cumulative share."""
    return min(max(round(share * HALF), 0), HALF - 1)


def luck(person: Person, decision: Decision, step: int, turn: int) -> tuple[int, int]:
    """Return the two 32-bit draws of a person at a decision."""
    word = mix((person.key + stream(decision, step, turn)) % WORD)
    return word >> 32, word % HALF


def exponential(draw: int) -> np.float32:
    """Return an exponential variate of mean 1, in single precision."""
    unit = (F(draw) + F(0.5)) * F(2.0**-32)
    return F(-math.log(float(unit)))


def choose(place: Place, person_class: int, draw: int) -> int | str:
    """Return the option that a draw points at; the last takes what rounding leaves."""
    total = 0.0
    for option, share in zip(place.options, place.shares[person_class], strict=True):
        total += share
        if draw < limit(total):
            return option
    return place.options[-1]


def what_happens(leg: Leg, draw: int) -> str:
    """Return how an attempt ends: weather first, then death, then interception."""
    dead = leg.opening * leg.risk
    intercepted = dead + leg.opening * ((1.0 - leg.risk) * leg.caught)
    put_off = intercepted + (1.0 - leg.opening)
    if draw < limit(dead):
        return "dead"
    if draw < limit(intercepted):
        return "intercepted"
    return "put off" if draw < limit(put_off) else "through"


def decide(person: Person, corridor: Corridor, step: int, turn: int, number: int, story: Story) -> None:
    """Take one decision of one person and live with it."""
    place = corridor.places[person.place]
    which_way, fate = luck(person, Decision.CHOOSE, step, turn)
    how_long, afterwards = luck(person, Decision.AFTER, step, turn)
    option = choose(place, person.person_class, which_way)
    cell, waited = corridor.cell[person.person_class], exponential(how_long)
    story.decisions += 1
    person.state = "moving"
    if isinstance(option, str):
        story.counts["through", option, cell] += 1
        story.exits.append((turn, number, option))
        person.ready = F(math.inf)
        return
    leg = corridor.legs[option]
    if person.money < F(leg.price):
        story.counts["put off", option, cell] += 1
        lacking = F(leg.price) - person.money
        person.ready = person.ready + (lacking / F(place.saving) if place.saving > 0 else F(math.inf))
        person.money = F(leg.price)
        return
    outcome = what_happens(leg, fate)
    story.counts[outcome, option, cell] += 1
    if outcome == "through":
        person.money -= F(leg.price)
        person.place, person.leg = leg.head, option
        person.ready = person.ready + F(leg.days) + waited * F(corridor.places[leg.head].wait)
        story.landed.append((turn, number, option))
    elif outcome == "dead":
        person.state, person.ready = "dead", F(math.inf)
    else:
        person.ready = person.ready + waited * F(corridor.retry_days)
    if outcome == "intercepted":
        person.n_caught += 1
        if afterwards < limit(leg.give_up):
            person.ready = F(math.inf)
            story.gave_up.append((turn, number))
        elif afterwards < limit(leg.give_up + (1.0 - leg.give_up) * leg.detained):
            person.state = "detained"
            person.ready = person.ready + waited * F(corridor.detention_days - corridor.retry_days)


def move(people: list[Person], corridor: Corridor, step: int, end_day: float) -> Story:
    """Move each person in turn until the person's time is up."""
    story = Story()
    for number, person in enumerate(people):
        turn = 0
        while turn < ROUNDS and person.state in ("moving", "detained") and person.ready < F(end_day):
            decide(person, corridor, step, turn, number, story)
            turn += 1
    story.exits.sort(key=lambda event: event[:2])
    story.gave_up.sort()
    story.landed.sort()
    return story
