"""Asylum: claim, queue, first decision, appeal, and claims declared inadmissible."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.draws import Decision, exponential, halves, stream, uniforms, words
from simulator.stages import transit
from simulator.stages.smoothing import MONTH_DAYS, follow
from simulator.stages.stage import Stage, Variable
from simulator.units import DAYS_PER_YEAR
from simulator.world.fields import OUTCOMES, RETURN_KINDS
from simulator.world.people import State
from simulator.world.world import World

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

_NOBODY: Rows = np.zeros(0, dtype=np.intp)

PROTECTION, REFUSAL, ON_APPEAL, REFUSED_ON_APPEAL, INADMISSIBLE = range(len(OUTCOMES))


def positive_chance(world: World) -> Floats:
    """Return the chance of a positive first decision; shape (n_origins, n_countries, 2), the last axis need.

    The recognition rate of an origin in a country is shared out so that people in need come first: the rate
    of all claims from the origin is the observed one. The share in need among claims is that of the run so far,
    not that of the people at home: those in need leave more readily.
    """
    rate = np.clip(world.plan.recognition[world.step] + world.levers["recognition_shift"], 0.0, 1.0)
    need = (world.claimed[:, 0] / world.claimed.sum(axis=1))[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        in_need = np.where(need > 0, np.minimum(rate / need, 1.0), 0.0)
        other = np.where(need < 1, np.maximum((rate - need) / (1.0 - need), 0.0), 0.0)
    return np.asarray(np.stack([in_need, other], axis=2), dtype=np.float64)


def yearly_capacity(world: World) -> Floats:
    """Return first decisions a year; shape (n_countries,)."""
    return np.asarray(world.plan.decisions[world.step] * world.levers["asylum_capacity"])


def waiting_years(world: World) -> Floats:
    """Return years that a claim made today would wait; shape (n_countries,), 0 where nobody waits."""
    waiting = np.array([len(queue) for queue in world.queue], dtype=np.float64) * world.weight
    capacity = yearly_capacity(world)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(waiting > 0, waiting / capacity, 0.0)


def send_to_third_country(world: World, landed: list[tuple[Rows, NDArray[np.int16]]]) -> None:
    """Send part of those who landed back to the country that they came from, as inadmissible."""
    people, network, share = world.people, world.network, world.levers["safe_third_country"]
    for rows, leg in landed:
        luck = uniforms(people.key[rows], Decision.THIRD_COUNTRY, world.step)
        still_there = (people.state[rows] == State.MOVING) & (people.leg[rows] == leg)
        sent = (luck < share[leg]) & still_there
        rows, leg = rows[sent], leg[sent]
        if not rows.size:
            continue
        origin, need = _groups(world, rows)
        country = network.country[network.head[leg]]
        np.add.at(world.ledger["decisions"][..., INADMISSIBLE], (country, origin, need), world.weight)
        np.add.at(world.ledger["returns"][..., RETURN_KINDS.index("readmission")], (country, origin), world.weight)
        transit.to_pool(world, rows, network.country[network.tail[leg]])


def _groups(world: World, rows: Rows) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    of = world.people.person_class[rows]
    return world.groups.origin[of], world.groups.need[of]


def receive(world: World, rows: Rows) -> None:
    """Take the claims of people who stop in a destination; those who do not claim stay undocumented."""
    if not rows.size:
        return
    people, rules = world.people, world.parameters.asylum
    origin, need = _groups(world, rows)
    share = np.where(need == 0, rules.claim_share_need.value, rules.claim_share_other.value)
    claims = uniforms(people.key[rows], Decision.CLAIM, world.step) < share
    country = world.network.country[people.place[rows]]
    np.add.at(world.claimed, (origin[claims], need[claims]), world.weight)
    people.since[rows] = world.end_day
    people.ready[rows] = np.inf
    people.state[rows] = np.where(claims, State.AWAITING, State.UNDOCUMENTED)
    np.add.at(world.ledger["claims"], (country[claims], origin[claims], need[claims]), world.weight)
    for number in np.unique(country[claims]):
        world.queue[number].append(rows[claims & (country == number)])


def update(world: World) -> None:
    """Decide the oldest claims as far as capacity goes, then the appeals that are due."""
    follow_claims(world)
    decide(world)
    decide_appeals(world)
    world.ledger["backlog"][...] = [len(queue) * world.weight for queue in world.queue]


def follow_claims(world: World) -> None:
    """Follow the claims of each country, smoothed over a month and over a year: a surge is the one above the other."""
    yearly = world.ledger["claims"].sum(axis=(1, 2)) / world.years
    share = np.array([follow(world, span) for span in (MONTH_DAYS, DAYS_PER_YEAR)])[:, None]
    world.claim_flow = world.claim_flow + share * (yearly - world.claim_flow)


def reserve_used(world: World) -> Floats:
    """Return the decisions a year drawn from reserves: what a surge needs, as far as they go; shape (n_countries,)."""
    month, year = world.claim_flow
    return np.asarray(np.clip(month - year, 0.0, world.levers["early_warning_reserve"]))


def decide(world: World) -> None:
    """Take first decisions, oldest claims first."""
    people, rules = world.people, world.parameters.asylum
    world.decisions_due += (yearly_capacity(world) + reserve_used(world)) * world.years
    chance = positive_chance(world)
    rows, country = _take(world, world.decisions_due)
    if not rows.size:
        return
    origin, need = _groups(world, rows)
    positive = uniforms(people.key[rows], Decision.DECIDE, world.step) < chance[origin, country, need]
    outcome = np.where(positive, PROTECTION, REFUSAL)
    np.add.at(world.ledger["decisions"], (country, origin, need, outcome), world.weight)
    _protect(world, rows[positive])
    refused = rows[~positive]
    first, second = halves(words(people.key[refused], stream(Decision.APPEAL, world.step)))
    appeals = first < np.uint32(min(rules.appeal_share.value * 2.0**32, 2.0**32 - 1))
    people.since[refused] = world.end_day
    people.state[refused] = np.where(appeals, State.APPEALING, State.ORDERED)
    time = (rules.appeal_time.value / world.levers["appeal_speed"]).astype(np.float32)[country[~positive]]
    due = np.float32(world.end_day) + time * exponential(second)
    people.ready[refused] = np.where(appeals, due, np.inf)
    _count_orders(world, refused[~appeals])


def _take(world: World, due: Floats) -> tuple[Rows, NDArray[np.intp]]:
    """Take the oldest claims of each queue as far as `due` goes, and count their wait; return rows and countries."""
    taken: list[Rows] = []
    wait, rows_of = world.ledger["decided_wait"], (due // world.weight).tolist()
    for country, queue in enumerate(world.queue):
        rows = queue.take(int(rows_of[country])) if len(queue) else _NOBODY
        taken.append(rows)
        if rows.size:
            due[country] -= rows.size * world.weight
            wait[country] += float((world.end_day - world.people.since[rows]).sum()) * world.weight
    empty = np.array([len(queue) == 0 for queue in world.queue])
    due[empty] = np.minimum(due[empty], world.weight)
    return np.concatenate(taken), np.repeat(np.arange(len(taken)), [rows.size for rows in taken])


def decide_appeals(world: World) -> None:
    """Decide the appeals whose time has come."""
    people = world.people
    rows = np.flatnonzero((people.ready < np.float32(world.end_day)) & (people.state == State.APPEALING))
    if not rows.size:
        return
    won = uniforms(people.key[rows], Decision.APPEAL, world.step, 1) < world.parameters.asylum.appeal_success.value
    country = world.network.country[people.place[rows]]
    origin, need = _groups(world, rows)
    outcome = np.where(won, ON_APPEAL, REFUSED_ON_APPEAL)
    np.add.at(world.ledger["decisions"], (country, origin, need, outcome), world.weight)
    _protect(world, rows[won])
    lost = rows[~won]
    people.state[lost] = State.ORDERED
    people.since[lost] = world.end_day
    people.ready[lost] = np.inf
    _count_orders(world, lost)


def _protect(world: World, rows: Rows) -> None:
    country = world.network.country[world.people.place[rows]]
    np.add.at(world.closed[State.PROTECTED], (country, _groups(world, rows)[0]), world.weight)
    world.people.close(rows, State.PROTECTED)


def _count_orders(world: World, rows: Rows) -> None:
    country = world.network.country[world.people.place[rows]]
    np.add.at(world.ledger["orders"], (country, _groups(world, rows)[0]), world.weight)


STAGE = Stage(
    "asylum",
    update,
    reads=("people", "plan", "levers", "queue", "closed", "claimed", "claim_flow", "decisions_due"),
    changes=("people", "queue", "closed"),
    owns=(
        Variable(
            "claim_flow",
            ("span", "country"),
            "person/year",
            "Claims, smoothed over a month and over a year.",
            first=lambda world: np.zeros((2, len(world.countries))),
        ),
        Variable("decisions_due", ("country",), "person", "First decisions that capacity allows and nobody has had."),
    ),
    records=("decisions", "orders", "backlog", "decided_wait"),
    reason="the oldest claims are decided, those of this step included",
)
