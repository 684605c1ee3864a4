"""The step, in order: each stage with what it reads and writes, and why it stands where it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from simulator.stages import (
    asylum,
    circulation,
    crossing,
    departure,
    drivers,
    feedback,
    journeys,
    returns,
    route_choice,
    smuggling,
    transit,
)
from simulator.world.world import World


@dataclass(frozen=True)
class Stage:
    """One stage of the step.

    Attributes
    ----------
    name : its name; its rules are in the module of that name.
    run : what it does to the world.
    reads : attributes of the world that it may read, besides calendar, parameters, network and groups.
    writes : attributes of the world that it may change; `ledger` entries by name, as ``ledger.deaths``.
    reason : why it stands here.
    """

    name: str
    run: Callable[[World], None]
    reads: frozenset[str]
    writes: frozenset[str]
    reason: str


CONTEXT: Final = frozenset(
    {
        "clock", "parameters", "switches", "network", "groups", "countries", "weight", "step", "seed",
        "day", "end_day", "days", "years", "home_place", "ledger", "carry",
    }
)  # fmt: skip
"""What every stage may read: fixed facts of the run, and the places where it records."""


def _names(*names: str) -> frozenset[str]:
    return frozenset(names)


ORDER: Final = (
    Stage(
        "drivers",
        drivers.update,
        _names(
            "plan", "levers", "pools", "lag_gain", "lag_loss", "lag_governance", "gdp", "unemployment", "fragility",
            "conflict", "entered",
        ),
        _names("gdp", "unemployment", "fragility", "conflict", "pools", "entered", "stay", "ledger.fragility"),
        "conditions first: all that follows weighs them",
    ),
    Stage(
        "smuggling",
        smuggling.update,
        _names("spells", "cooperation", "flow", "flow_year", "price", "crowding", "capacity", "demand", "vacancy"),
        _names("price", "crowding", "vacancy", "ledger.prices", "ledger.crowding", "ledger.vacancy"),
        "prices and places answer this step's controls and the demand of the steps before",
    ),
    Stage(
        "crossing",
        crossing.update,
        _names(
            "spells", "cooperation", "fragility", "flow", "plan", "crowding", "caught", "risk", "stopped",
            "open", "prior_caught", "prior_risk", "vacancy",
        ),
        _names(
            "hazard", "caught", "risk", "unrescued", "stopped", "open", "prior_caught", "prior_risk",
            "outcome_limits", "ledger.interception_chance", "ledger.death_risk",
        ),
        "chances of the step, from controls, weather and load",
    ),
    Stage(
        "route_choice",
        route_choice.update,
        _names(
            "levers", "plan", "gdp", "diaspora", "visa", "queue", "stay", "price", "news", "seen", "seen_caught",
            "seen_dead", "caught", "risk", "unrescued", "prior_caught", "prior_risk", "value", "base_gdp", "vacancy",
            "claimed", "by_sea", "flow",
        ),
        _names("value", "share_limits", "journey_price", "by_sea", "days_to_sea"),
        "values of journeys, from prices, beliefs and news",
    ),
    Stage(
        "departure",
        departure.update,
        _names(
            "levers", "pools", "pool_keys", "value", "stay", "gdp", "journey_price", "people", "closed", "left", "plan",
            "relatives", "by_sea", "days_to_sea",
        ),
        _names(
            "pools", "left", "relatives", "people", "closed", "carry", "ledger.departures", "ledger.pathways",
            "ledger.aspiration", "ledger.capability",
        ),
        "who sets out depends on the value of the journey; they can travel in the same step",
    ),
    Stage(
        "transit",
        transit.leave_again,
        _names("people", "pools"),
        _names("people", "pools"),
        "those returned whose time has come set out again, before movement",
    ),
    Stage(
        "journeys",
        journeys.update,
        _names(
            "people", "pools", "closed", "levers", "price", "gdp", "conflict", "share_limits", "outcome_limits",
            "queue", "claimed",
        ),
        _names(
            "people", "pools", "closed", "queue", "ledger.attempts", "ledger.crossings", "ledger.interceptions",
            "ledger.deaths", "ledger.put_off", "ledger.claims", "ledger.decisions", "ledger.returns",
            "ledger.settlements", "claimed",
        ),
        "everybody who is ready travels; journeys end in a claim, a stay, or the way home",
    ),
    Stage(
        "asylum",
        asylum.update,
        _names("people", "plan", "levers", "queue", "closed", "claimed", "claim_flow"),
        _names(
            "people", "queue", "closed", "carry", "claim_flow", "ledger.decisions", "ledger.orders", "ledger.backlog",
            "ledger.decided_wait",
        ),
        "the oldest claims are decided, those of this step included",
    ),
    Stage(
        "circulation",
        circulation.update,
        _names("people", "levers", "queue", "claimed", "plan", "gdp", "diaspora", "value", "way_back"),
        _names("people", "diaspora", "way_back", "ledger.returns"),
        "those who stopped without a claim settle in, and of those before them some go home",
    ),
    Stage(
        "returns",
        returns.update,
        _names("people", "plan", "levers"),
        _names("people", "ledger.orders", "ledger.returns"),
        "orders made in the step can be carried out in it",
    ),
    Stage(
        "smuggling",
        smuggling.collect,
        _names("spells", "cooperation", "price", "flow", "flow_year", "capacity", "demand"),
        _names("smuggled", "flow", "flow_year", "capacity", "demand", "ledger.smuggled", "ledger.revenue"),
        "attempts of the step become revenue, and load on the controls of the next",
    ),
    Stage(
        "feedback",
        feedback.update,
        _names(
            "seen", "seen_caught", "seen_dead", "stopped", "risk", "news", "diaspora", "closed", "levers", "plan",
            "gdp", "lag_gain", "lag_loss", "lag_governance", "n_warm_up", "pools", "left", "relatives",
        ),
        _names(
            "seen", "seen_caught", "seen_dead", "news", "diaspora", "relatives", "lag_gain", "lag_loss",
            "lag_governance", "ledger.remittances",
        ),
        "what happened becomes news, belief, diaspora and money",
    ),
)  # fmt: skip
"""The stages of a step, in order. Governments have set the levers before; the model checks and records after."""


def run_step(world: World) -> None:
    """Run one step of all stages."""
    for stage in ORDER:
        stage.run(world)
