"""Circulation: people who live in a destination without a claim go home of their own accord, and may come back.

Going home is put off where coming back has become harder: a border that is held against those who come also holds
those who would leave (Massey, Durand & Pren 2016, doi:10.1086/684200).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.clock import chance
from simulator.draws import Decision, uniforms
from simulator.stages import drivers, transit
from simulator.stages.stage import Stage, Variable
from simulator.units import DAYS_PER_YEAR
from simulator.world.people import State
from simulator.world.world import World

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


def update(world: World) -> None:
    """Count those who stopped without a claim among the diaspora, and let some of those before them go home."""
    rules = world.parameters.circulation
    if not (rules.home_rate.value or rules.joins.value):
        return
    rows = np.flatnonzero(world.people.state == State.UNDOCUMENTED)
    new = world.people.since[rows] >= np.float32(world.end_day)
    join(world, rows[new])
    rate = homeward_rates(world)
    go_home(world, rows[~new], rate)


def join(world: World, rows: Rows) -> None:
    """Count people who stopped in this step without a claim among the diaspora of their country."""
    country, origin = _where(world, rows)
    more = np.zeros(world.diaspora.shape)
    np.add.at(more, (origin, country), world.weight)
    world.diaspora = world.diaspora + world.parameters.circulation.joins.value * more


def homeward_rates(world: World) -> Floats:
    """Return the rate a year at which people go home from each country; shape (n_classes, n_countries).

    What coming back costs is the worth of being in the country over the worth of standing at home about to leave; it
    is set against what it was at the first step.
    """
    rules, groups = world.parameters.circulation, world.groups
    there = drivers.pull(world)[groups.origin, :, groups.need]
    home = world.home_place[groups.origin_country[groups.origin]]
    cost = there - world.value[np.arange(groups.n_classes), home][:, None]
    if world.step == 0:
        world.way_back = cost.copy()
    dearer = np.nan_to_num(cost - world.way_back, posinf=np.inf, neginf=-np.inf)
    return np.asarray(rules.home_rate.value * np.exp(-rules.deterrence.value * np.clip(dearer, -50.0, 50.0)))


def go_home(world: World, rows: Rows, rate: Floats) -> None:
    """Let people go home at their class's rate, with what they put by of their earnings."""
    people, rules = world.people, world.parameters.circulation
    country, _ = _where(world, rows)
    p_leave = chance(rate[people.person_class[rows], country], world.years)
    leaving = uniforms(people.key[rows], Decision.HOMEWARD, world.step) < p_leave
    rows, country = rows[leaving], country[leaving]
    if not rows.size:
        return
    earned = world.parameters.departure.host_income_share.value * world.gdp[country]
    years = (world.end_day - people.since[rows]) / DAYS_PER_YEAR
    people.money[rows] += (rules.savings_share.value * earned * years).astype(np.float32)
    transit.send_home(world, rows, "voluntary", world.end_day)


def _where(world: World, rows: Rows) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    people = world.people
    return world.network.country[people.place[rows]], world.groups.origin[people.person_class[rows]]


STAGE = Stage(
    "circulation",
    update,
    reads=("people", "levers", "queue", "claimed", "plan", "gdp", "diaspora", "value", "way_back"),
    changes=("people", "diaspora", "ledger.returns"),
    owns=(Variable("way_back", ("class", "country"), "1", "What coming back cost at the first step, utility."),),
    reason="those who stopped without a claim settle in, and of those before them some go home",
)
