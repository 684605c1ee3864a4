"""Feedback: what migration and money change later - news, beliefs, diaspora, remittances, investment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.stages.stage import Stage, Variable
from simulator.world.people import State
from simulator.world.world import World, of_both_needs

Floats = NDArray[np.float64]

ERLANG_STAGES = 3
"""Compartments of the lag kernels; three give the hump-shaped delay that investments show."""


def update(world: World) -> None:
    """Pass the step's experience on to those who come after."""
    learn(world)
    spread_news(world)
    settle_diaspora(world)
    leave_behind(world)
    send_remittances(world)
    invest(world)


def learn(world: World) -> None:
    """Discount what was seen, and add what happened to people of each origin on each leg in this step.

    All people of a row share one fate, which says less than as many fates. With more than one person a row,
    those who tried are taken to have met the chances of the step, so that beliefs are no noisier than with one.
    """
    keep = np.exp(-world.days / world.parameters.beliefs.memory.value)
    tried: Floats = of_both_needs(world.ledger["attempts"]).T
    if world.weight == 1:
        caught, dead = (of_both_needs(world.ledger[name]).T for name in ("interceptions", "deaths"))
    else:
        caught, dead = tried * world.p_stopped, tried * world.p_death
    for seen, new in ((world.n_seen, tried), (world.n_seen_caught, caught), (world.n_seen_dead, dead)):
        seen *= keep
        seen += new


def spread_news(world: World) -> None:
    """Discount news, and add those of each origin who arrived by each route in this step.

    While the run warms up, the arrivals that were observed in that year count, where there are figures.
    """
    network = world.network
    world.news *= 0.5 ** (world.days / world.parameters.news.halflife.value)
    counted = np.flatnonzero(network.counted & (network.route >= 0))
    arrived = of_both_needs(world.ledger["crossings"][counted])
    told = np.zeros(world.news.shape)
    np.add.at(told.T, network.route[counted], arrived)
    if world.step < world.n_warm_up:
        earlier = world.plan.earlier[:, :, world.step] * world.years
        told = np.where(np.isnan(earlier), told, earlier)
    world.news += told


def settle_diaspora(world: World) -> None:
    """Count those who claimed asylum among the diaspora of their country."""
    world.diaspora += (of_both_needs(world.ledger["claims"]) + world.ledger["pathways"]).T
    world.diaspora -= np.minimum(np.einsum("cok->oc", world.ledger["returns"]), world.diaspora)


def leave_behind(world: World) -> None:
    """Count the relatives who mean to follow those who claimed asylum or were admitted in this step.

    They live where people of the origin set out of late: relatives are shared out over pools as departures not yet
    replaced are.
    """
    arrived = (of_both_needs(world.ledger["claims"]) + world.ledger["pathways"]).sum(axis=0)
    of_origin = world.left.sum(axis=(1, 2, 3), keepdims=True)
    share = world.left / np.where(of_origin > 0, of_origin, 1.0)
    more = world.parameters.departure.relatives.value * arrived[:, None, None, None] * share
    world.relatives = np.minimum(world.relatives + more, world.pools)


def send_remittances(world: World) -> None:
    """Count money sent home by people who were protected or admitted in this run, less the cost of sending."""
    rules = world.parameters.feedback
    settled = world.closed[State.PROTECTED].sum(axis=0) + world.closed[State.ADMITTED].sum(axis=0)
    eased = world.levers["remittance_facilitation"][world.groups.origin_country]
    arrives = 1.0 - rules.remittance_cost.value * (1.0 - eased)
    world.ledger["remittances"][...] = settled * rules.remittance_per_person.value * arrives * world.years


def invest(world: World) -> None:
    """Pass investment and aid through Erlang lags: gains come slowly, and what is withdrawn is felt sooner.

    Money counts per head against income per head, and saturates in scale. What open markets add to income, and help to
    institutions takes from fragility, comes as slowly.
    """
    rules = world.parameters.feedback
    people = np.maximum(world.plan.population[world.step], 1.0)
    money = (world.levers["aid"] + world.levers["root_cause_investment"]) * 1e6 / people / world.gdp
    gain, loss = np.maximum(money, 0.0), np.maximum(-money, 0.0)
    half = rules.investment_half.value
    raised = rules.investment_effect.value * gain / (gain + half) + world.levers["trade_access"]
    _pass_on(world.lag_gain, raised, rules.investment_lag.value, world.days)
    _pass_on(world.lag_governance, world.levers["governance_support"], rules.investment_lag.value, world.days)
    _pass_on(
        world.lag_loss, rules.investment_effect.value * loss / (loss + half), rules.withdrawal_lag.value, world.days
    )


def _pass_on(stages: Floats, inflow: Floats, lag_days: float, days: float) -> None:
    """Relax a chain of compartments one towards the next; the last is the lagged inflow; changes `stages`."""
    follow = -np.expm1(-days * len(stages) / lag_days)
    before = inflow
    for stage in stages:
        previous = stage.copy()
        stage += follow * (before - stage)
        before = previous


def _lag(world: World) -> Floats:
    return np.zeros((ERLANG_STAGES, len(world.countries)))


STAGE = Stage(
    "feedback",
    update,
    reads=(
        "n_seen",
        "n_seen_caught",
        "n_seen_dead",
        "p_stopped",
        "p_death",
        "news",
        "diaspora",
        "closed",
        "levers",
        "plan",
        "gdp",
        "lag_gain",
        "lag_loss",
        "lag_governance",
        "n_warm_up",
        "pools",
        "left",
        "relatives",
    ),
    changes=("relatives",),
    owns=(
        Variable("n_seen", ("origin", "leg"), "person", "Attempts that people of an origin know of, discounted."),
        Variable("n_seen_caught", ("origin", "leg"), "person", "Of these, people who were intercepted."),
        Variable("n_seen_dead", ("origin", "leg"), "person", "Of these, people who died."),
        Variable("news", ("origin", "route"), "person", "Arrivals that people of an origin know of, discounted."),
        Variable(
            "diaspora",
            ("origin", "country"),
            "person",
            "People of an origin who live in a country.",
            first=lambda world: world.first_diaspora.copy(),
        ),
        Variable("lag_gain", ("lag", "country"), "1", "Gain of income on its way, by compartment.", first=_lag),
        Variable("lag_loss", ("lag", "country"), "1", "Loss of income on its way, by compartment.", first=_lag),
        Variable(
            "lag_governance", ("lag", "country"), "fsi", "Fall of fragility on its way, by compartment.", first=_lag
        ),
    ),
    records=("remittances",),
    reason="what happened becomes news, belief, diaspora and money",
)
