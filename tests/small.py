"""Small made-up corridors with keyword knobs, for tests of the simulator's core.

Behavioural parameters are those of the corridor ``mediterranean``, but for a few that are held at plain values so
that calibrating the corridor does not move the tests of how the machine works. Places, legs and countries are made up,
by the same builder as those of the facts (`simulator.validation.builder`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from simulator.model import CorridorModel
from simulator.scenario.parameters import Parameters
from simulator.scenario.schema import Scenario
from simulator.stages.schedule import STAGES
from simulator.validation import builder
from simulator.validation.builder import change, country, leg, payment, place, policy, seasons, years
from simulator.world.build import build_world
from simulator.world.world import World

__all__ = ["change", "country", "leg", "payment", "place", "policy", "seasons", "years"]

PARAMETERS = Path(__file__).parents[1] / "scenarios" / "mediterranean" / "parameters.yaml"

PLAIN: Mapping[str, float] = {
    "choice.scale": 1.0,
    "choice.transit_scale": 1.0,
    "choice.sea_scale": 0.7,
    "choice.leg_loss": 0.8,
    "choice.price_weight": 1.5,
    "choice.interception_weight": 2.0,
    "choice.death_weight": 0.3,
    "choice.diaspora_weight": 0.3,
    "choice.protection_weight": 2.0,
    "choice.backlog_weight": 0.3,
    "choice.homecoming_loss": 2.0,
    "news.weight": 0.3,
    "news.reference": 200,
    "news.halflife": 60,
    "beliefs.memory": 45,
    "beliefs.prior_strength": 200,
    "choice.day_weight": 0.01,
    "departure.highest_rate": 6.0,
    "departure.renewal": 5.0,
    "departure.relatives": 0.0,
    "departure.foresight": 60,
    "departure.threshold": 6.0,
    "departure.spread": 0.7,
    "departure.host_income_share": 0.35,
    "departure.wealth_share": 0.6,
    "departure.wealth_spread": 1.0,
    "crossing.effectiveness": 0.3,
    "crossing.evasion_risk": 1.0,
    "crossing.crowding_risk": 0.5,
    "crossing.rescue_effect": 0.7,
    "crossing.season_sharpness": 1.0,
    "crossing.retry_delay": 10,
    "crossing.sea_hazard_noise": 0.2,
    "crossing.give_up_share": 0.15,
    "smuggling.smuggled_share": 0.9,
    "smuggling.adjustment": 60,
    "smuggling.capacity_growth": 8,
    "smuggling.capacity_fall": 180,
    "smuggling.capacity_floor": 2000,
    "governance.capacity_at_zero_fragility": 1.0,
}
"""Values at which tests hold parameters that calibration moves."""


@cache
def _parameter_file() -> dict[str, Any]:
    return dict(YAML(typ="safe").load(PARAMETERS.read_text(encoding="utf-8")))


def parameters(changes: Mapping[str, float] | None = None, *, shipped: bool = False) -> Parameters:
    """Return the parameters of the Mediterranean corridor, but for `changes`, such as ``{"choice.scale": 2}``.

    A changed value is in the unit of the parameter's field, not of the file. Unless the `shipped` ones are asked for,
    the values of `PLAIN` come first.
    """
    groups = Parameters.model_validate(_parameter_file())
    updates: dict[str, dict[str, Any]] = {}
    for name, value in {**({} if shipped else PLAIN), **(changes or {})}.items():
        group, field = name.split(".")
        quantity = getattr(getattr(groups, group), field)
        updates.setdefault(group, {})[field] = quantity.model_copy(update={"value": float(value)})
    return groups.model_copy(
        update={group: getattr(groups, group).model_copy(update=fields) for group, fields in updates.items()}
    )


def scenario(*, parameter: Mapping[str, float] | None = None, shipped: bool = False, **knobs: Any) -> Scenario:
    """Return a validated scenario with the parameters of `parameters`; see `simulator.validation.builder.scenario`."""
    return builder.scenario(parameters(parameter, shipped=shipped), **knobs)


EAST, WEST = 3, 4
"""The two sea legs of the corridor below."""


def corridor(
    population: float = 60_000, *, parameter: Mapping[str, float] | None = None, shipped: bool = False, **knobs: Any
) -> Scenario:
    """Return the corridor of two seas; see `simulator.validation.builder.two_seas`."""
    return builder.two_seas(parameters(parameter, shipped=shipped), population, **knobs)


EVERYTHING = {
    "deal": policy(
        change("border_effort_departure", "TRA", ["eastern"], [("2016-03-01", 3.0, 30)]),
        change("safe_third_country", "DEB", ["eastern"], [("2016-03-05", 0.3)]),
        change("sanctions", "DEB", ["eastern"], [("2016-03-05", 0.5)]),
        change("legal_pathways", "DEA", ["ORA"], [("2016-02-01", 500.0)], to=["DEA"], unit="person/year"),
        change("voluntary_return_support", "DEA", ["DEA"], [("2016-02-01", 4.0)], do="multiply"),
        change("governance_support", "EU", ["TRB"], [("2016-01-01", 5.0)], unit="fsi"),
        change("aid", "EU", ["ORB"], [("2016-01-01", 20.0)], unit="million_eur/year"),
        change("aid", "DEA", ["ORA"], [("2016-02-01", -5.0)], unit="million_eur/year"),
        change("organised_transit", "TRB", ["port-west--port-east"], [("2016-01-20", 0.5)]),
        payments=[payment("EU", "TRA", "2016-03-01", "2016-09-01", 50.0)],
    )
}
"""Policies that set most stages to work."""


def lively(**knobs: Any) -> Scenario:
    """Return a corridor where all that can happen to people does."""
    return corridor(
        **{"population": 20_000, "policies": EVERYTHING, "origins": {"ORA": (0.8, 0.5), "ORB": (0.25, 5.0)}, **knobs}
    )


def world(**knobs: Any) -> World:
    """Return the world of `corridor` at its first day, with the step's ledger ready."""
    return begun(corridor(**knobs))


def begun(made: Scenario) -> World:
    """Return the world of a scenario at its first day, with the state of all stages and the step's ledger ready."""
    built = build_world(made)
    STAGES.begin(built)
    built.new_ledger()
    return built


def run(made: Scenario) -> CorridorModel:
    """Run a scenario and return the model."""
    model = CorridorModel(made)
    model.run()
    return model


def total(model: CorridorModel, name: str) -> float:
    """Return a recorded flow's total over the run."""
    return float(np.sum(model.recorder.tables()[name]["value"].to_numpy()))
