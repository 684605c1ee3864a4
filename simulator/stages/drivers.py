"""Drivers: what pushes people to leave, what pulls them to each country, and who lives where."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.stages.asylum import positive_chance, waiting_years
from simulator.stages.stage import Stage, Variable
from simulator.units import DAYS_PER_YEAR
from simulator.world.world import World

Floats = NDArray[np.float64]


def update(world: World) -> None:
    """Set this step's drivers, move the displaced, and let populations grow."""
    plan, step = world.plan, world.step
    gain, loss = world.lag_gain[-1], world.lag_loss[-1]
    change = gain - loss
    effect = world.parameters.feedback.unemployment_effect.value
    world.gdp = plan.gdp[step] * np.exp(change)
    felt = effect if world.switches.aid_deters else 0.0
    world.unemployment = np.clip(plan.unemployment[step] - felt * change, 0.0, 1.0)
    world.fragility = np.maximum(plan.fragility[step] - world.lag_governance[-1], 0.0)
    world.ledger["fragility"][...] = world.fragility
    world.conflict = plan.conflict[step]
    displace(world)
    grow(world)
    world.stay = staying(world)


def displace(world: World) -> None:
    """Move newly displaced people from home to hosts, and those who went back the other way."""
    moves, home = world.plan.displacement[world.step], world.groups.origin_country
    origin, host = np.nonzero(moves.any(axis=2))
    moved, there, at_home = moves[origin, host], world.pools[origin, host, 0], world.pools[origin, home[origin], 0]
    out = np.zeros((len(home), moves.shape[2]), dtype=np.int64)
    np.add.at(out, origin, np.maximum(moved, 0))
    if (moved >= -there).all() and (out[origin] <= at_home).all() and (host != home[origin]).all():
        world.pools[origin, host, 0] += moved
        np.subtract.at(world.pools[:, :, 0], (origin, home[origin]), moved)
        return
    # Somewhere there are too few people: one host takes after the other, as long as there are any.
    for one, country in zip(origin, host, strict=True):
        there, at_home = world.pools[one, country, 0], world.pools[one, home[one], 0]
        people = np.clip(moves[one, country], -there, at_home)
        there += people
        at_home -= people


def grow(world: World) -> None:
    """Add births less deaths to the pools at home; a pool never falls below zero."""
    at_home = np.arange(len(world.groups.origins)), world.groups.origin_country
    change = np.maximum(world.plan.growth[world.step], -world.pools[at_home])
    world.pools[at_home] += change
    world.entered += int(change.sum())


def staying(world: World) -> Floats:
    """Return the utility of staying in each pool; shape (n_origins, n_countries, 2, n_wealth).

    At home, people lose by conflict (if in need), unemployment and fragility; in a host country they live
    on a share of its income, and gain by support to hosts.
    """
    choice, departure = world.parameters.choice, world.parameters.departure
    groups = world.groups
    income = np.log(world.gdp[:, None] * groups.income_factor)
    hosted = choice.income_weight.value * (income + np.log(departure.host_income_share.value))
    hosted += world.levers["host_support"][:, None]
    value = np.broadcast_to(hosted[None, :, None, :], world.pools.shape).copy()
    strain = departure.unemployment_weight.value * world.unemployment
    strain = (
        strain
        + departure.fragility_weight.value * np.clip(world.fragility - departure.fragility_base.value, 0.0, None) / 10.0
    )
    conflict = departure.conflict_weight.value * np.log1p(world.conflict)
    lived = world.gdp if world.switches.aid_deters else world.plan.gdp[world.step]
    at_home_income = np.log(lived[:, None] * groups.income_factor)
    home = groups.origin_country
    at_home = choice.income_weight.value * at_home_income[home] - strain[home, None]
    value[np.arange(len(home)), home] = np.stack([at_home - conflict[home, None], at_home], axis=1)
    return value


def pull(world: World) -> Floats:
    """Return the utility of claiming asylum in each country; shape (n_origins, n_countries, 2)."""
    choice = world.parameters.choice
    value = choice.income_weight.value * np.log(world.gdp)
    value = value + world.levers["reception"] + world.levers["reception_by_origin"]
    value = value - choice.backlog_weight.value * np.minimum(
        waiting_years(world), choice.longest_wait.value / DAYS_PER_YEAR
    )
    diaspora = choice.diaspora_weight.value * np.log1p(world.diaspora / 1000.0)
    protection = choice.protection_weight.value * positive_chance(world)
    return np.asarray((value + diaspora)[:, :, None] + protection)


STAGE = Stage(
    "drivers",
    update,
    reads=(
        "plan",
        "levers",
        "pools",
        "lag_gain",
        "lag_loss",
        "lag_governance",
        "gdp",
        "unemployment",
        "fragility",
        "conflict",
        "entered",
    ),
    changes=("pools", "entered"),
    owns=(
        Variable(
            "gdp",
            ("country",),
            "int$",
            "Income a head, with what investment made of it.",
            first=lambda world: world.plan.gdp[0].copy(),
        ),
        Variable(
            "unemployment",
            ("country",),
            "1",
            "Share of the young without work.",
            first=lambda world: world.plan.unemployment[0].copy(),
        ),
        Variable(
            "fragility",
            ("country",),
            "fsi",
            "Fragility, with what help to institutions took from it.",
            first=lambda world: world.plan.fragility[0].copy(),
        ),
        Variable(
            "conflict",
            ("country",),
            "1",
            "Battle deaths a year, of 100,000 people.",
            first=lambda world: world.plan.conflict[0].copy(),
        ),
        Variable("stay", ("origin", "country", "need", "wealth"), "1", "Utility of staying in a pool."),
    ),
    records=("fragility",),
    reason="conditions first: all that follows weighs them",
)
