"""Crossing: the chances of getting through a leg, being intercepted, or dying, and the draw between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.draws import Halves, thresholds
from simulator.stages.controls import acting
from simulator.stages.stage import Stage, Variable
from simulator.units import FULL_FRAGILITY
from simulator.world.network import Exit
from simulator.world.world import Levers, World, mean_of_spells

Floats = NDArray[np.float64]
DEAD, INTERCEPTED, PUT_OFF, THROUGH = range(4)
"""Outcomes of one decision to travel a leg, in the order of the limits on its draw."""

FIRST_KNOWN_DAYS = 28.0
"""What people believe at first is the mean of the chances of so many days, four whole weeks."""


def update(world: World) -> None:
    """Set this step's chances on every leg: the means of the chances of its days.

    A chance is not that of the mean hazard: a leg that is shut on one day of seven stops a seventh of those who try,
    however firmly it is shut.
    """
    world.hazard, world.p_caught, world.p_death, world.p_death_unrescued, world.p_stopped = mean_of_spells(
        world, lambda levers: _chances(world, levers)
    )
    world.p_open = openness(world)
    if world.day < FIRST_KNOWN_DAYS:
        # A running mean over days, so that the first days' chances count the same whatever the step.
        part = world.days / world.end_day
        world.prior_p_caught = world.prior_p_caught + part * (world.p_caught - world.prior_p_caught)
        world.prior_p_death = world.prior_p_death + part * (world.p_death - world.prior_p_death)
    world.outcome_limits = outcome_limits(world.p_open, world.p_death, world.p_stopped)
    world.ledger["interception_chance"][...] = world.p_caught
    world.ledger["death_risk"][...] = world.p_death


def _chances(world: World, levers: Levers) -> Floats:
    """Return what levers make of each leg, shape (5, n_legs).

    Hazard of interception, chance of it among those who live, risk of death, that without rescue, and the chance to
    live and be caught.
    """
    departure, arrival = hazards(world, levers)
    controlled = 1.0 - levers["organised_transit"]
    hazard = (departure + arrival) * controlled
    caught = -np.expm1(-hazard)
    risk, unrescued = (death_risk(world, departure * controlled, levers, rescued=each) for each in (True, False))
    return np.stack([hazard, caught, risk, unrescued, (1.0 - risk) * caught])


def capacity(world: World, levers: Levers) -> Floats:
    """Return each country's capacity to control its borders, 0 to 1; shape (n_countries,)."""
    top = world.parameters.governance.capacity_at_zero_fragility.value
    governed = top * (1.0 - world.fragility / FULL_FRAGILITY)
    return np.clip(governed + levers["capacity_building"], 0.0, 1.0)


def hazards(world: World, levers: Levers) -> tuple[Floats, Floats]:
    """Return the hazards of interception on the departure and the arrival side; each of shape (n_legs,).

    Hazard = effectiveness x effort that acts x capacity / load, with load = 1 + attempts / surge; joint patrols bring
    capacity of their own.
    """
    network, crossing = world.network, world.parameters.crossing
    able, effort = capacity(world, levers), acting(world, levers, 1.0 - crossing.effort_saturation.value)
    scale = crossing.effectiveness.value / (1.0 + world.flow / network.surge)
    departure = scale * (effort.departure * able[network.departure_control] + effort.patrols)
    return departure, scale * effort.arrival * able[network.arrival_control]


def death_risk(world: World, departure: Floats, levers: Levers, *, rescued: bool) -> Floats:
    """Return the risk of death of an attempt; shape (n_legs,).

    Evading controls and crowding raise it, rescue lowers it, and weather at sea moves it.
    """
    crossing, network = world.parameters.crossing, world.network
    weather = _at_sea(network.sea, world.plan.sea_risk[world.step])
    risk = network.death * weather
    risk = risk * (1.0 + departure) ** crossing.evasion_risk.value
    risk = risk * world.crowding**crossing.crowding_risk.value
    if rescued:
        risk = risk * (1.0 - crossing.rescue_effect.value * levers["rescue"])
    return np.clip(risk, 0.0, 1.0)


def openness(world: World) -> Floats:
    """Return the chance that a leg is passable when somebody is ready for it; shape (n_legs,).

    At sea the weather must allow it, and smugglers must have a place.
    """
    return np.asarray(_at_sea(world.network.sea, world.plan.sea_open[world.step]) * world.vacancy)


def _at_sea(sea: NDArray[np.int16], figure: Floats) -> Floats:
    """Return the figure of each leg's sea, 1 on land; shape of `sea`."""
    return np.append(figure, 1.0)[sea]  # -1, no sea, is the last


def outcome_limits(opening: Floats, risk: Floats, stopped: Floats) -> NDArray[np.uint32]:
    """Return limits on a 32-bit draw between the outcomes; shape (3, n_legs + n_exits).

    An attempt is made with chance `opening`, else put off. Of attempts, `risk` die and `stopped` live and are
    intercepted. An exit is always "through".
    """
    dead = opening * risk
    intercepted = dead + opening * stopped
    put_off = intercepted + (1.0 - opening)
    limits = np.zeros((3, len(opening) + len(Exit)), dtype=np.uint32)
    limits[:, : len(opening)] = thresholds(np.stack([dead, intercepted, put_off]))
    return limits


def outcome(draw: Halves, leg: NDArray[np.int16], limits: NDArray[np.uint32]) -> NDArray[np.int8]:
    """Return DEAD, INTERCEPTED, PUT_OFF or THROUGH for each person who would travel a leg; shape of `draw`."""
    result: NDArray[np.int8] = (draw >= limits[0].take(leg)).astype(np.int8)
    result += draw >= limits[1].take(leg)
    result += draw >= limits[2].take(leg)
    return result


STAGE = Stage(
    "crossing",
    update,
    reads=(
        "spells",
        "cooperation",
        "fragility",
        "flow",
        "plan",
        "crowding",
        "p_caught",
        "p_death",
        "p_stopped",
        "p_open",
        "prior_p_caught",
        "prior_p_death",
        "vacancy",
    ),
    owns=(
        Variable("hazard", ("leg",), "1", "Hazard of interception, both sides' controls."),
        Variable("p_caught", ("leg",), "1", "Chance that one who tries and lives is intercepted."),
        Variable("p_stopped", ("leg",), "1", "Chance that one who tries lives and is intercepted."),
        Variable("p_death", ("leg",), "1", "Risk of death of an attempt."),
        Variable("p_death_unrescued", ("leg",), "1", "That risk if nobody were rescued."),
        Variable("p_open", ("leg",), "1", "Chance that a leg is passable when somebody is ready for it."),
        Variable("prior_p_caught", ("leg",), "1", "What people believe of interception before anything is seen."),
        Variable("prior_p_death", ("leg",), "1", "What people believe of death before anything is seen."),
        Variable(
            "outcome_limits",
            ("outcome_limit", "way"),
            "1",
            "Limits on 32-bit draws between dead, intercepted, put off and through, legs and exits.",
            first=lambda world: outcome_limits(*np.zeros((3, world.network.n_legs))),
        ),
    ),
    records=("interception_chance", "death_risk"),
    reason="chances of the step, from controls, weather and load",
)
