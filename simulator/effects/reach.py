"""Where each lever reaches: what must hold of a place, a corridor and the other levers for it to change anything.

Every statement here is on the safe side: where a lever might act at some time in some run, its gate stands open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.scenario.schema import Scenario
from simulator.world.world import World

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Facts:
    """What can be told of a world before it runs.

    Attributes
    ----------
    used : legs that somebody can come to, shape (n_legs,).
    claims : countries where somebody can come to a place where asylum is claimed, shape (n_countries,).
    origin, lived : countries whose citizens are modelled; where people of other countries may live.
    reached : countries with a place that somebody can come to.
    """

    used: Bools
    claims: Bools
    origin: Bools
    lived: Bools
    reached: Bools


@dataclass
class Setting:
    """A world at one of its steps, with the levers as all orders make them.

    Attributes
    ----------
    levers : value by lever; one that governments may move as the run goes has a value that shuts no gate.
    """

    world: World
    facts: Facts
    step: int
    levers: Mapping[str, Floats]


class Gate(NamedTuple):
    """One thing that must hold where a lever is to act.

    Attributes
    ----------
    holds : where it holds; broadcasts against the lever's shape.
    message : what is said where it does not.
    advice : what would work.
    """

    holds: Callable[[Setting], Bools]
    message: str
    advice: str = ""


@dataclass(frozen=True)
class Reach:
    """Where a lever acts, and what it comes to there.

    Attributes
    ----------
    gates : all must hold; the first that does not is the reason that is given.
    seen : what its value comes to in the equations, where they cut it off.
    """

    gates: tuple[Gate, ...]
    seen: Callable[[Setting, Floats], Floats] = field(default=lambda _, value: value)


def facts_of(scenario: Scenario, world: World) -> Facts:
    """Return what can be told of a world before it runs."""
    network, countries = world.network, len(world.countries)
    hosts = np.array([row.host for row in scenario.countries], dtype=bool)
    origin = np.zeros(countries, dtype=bool)
    origin[world.groups.origin_country] = True
    settle, claims = (np.zeros(countries, dtype=bool) for _ in range(2))
    settle[network.country[network.settle]] = True
    others = world.pools.sum(axis=(2, 3))
    others[np.arange(len(others)), world.groups.origin_country] = 0
    lived = hosts | settle | (others.sum(axis=0) > 0)
    # Whoever is sent back over a leg lives in the country that it leaves from.
    lived[network.country[network.tail]] |= _may_send_back(scenario)
    there = np.zeros(network.n_places, dtype=bool)
    there[world.home_place[origin | lived]] = True
    for _ in range(network.n_places):
        there[network.head[there[network.tail]]] = True
    reached = np.zeros(countries, dtype=bool)
    reached[network.country[there]] = True
    claims[network.country[there & network.claim]] = True
    return Facts(there[network.tail], claims, origin, lived, reached)


def _may_send_back(scenario: Scenario) -> bool:
    corridor, lever = scenario.corridor, "safe_third_country"
    by_plan = any(change.lever == lever for policy in corridor.policies.values() for change in policy.levers)
    return by_plan or any(
        moved.lever == lever
        for response in corridor.responses.values()
        for answer in response.answers.values()
        for moved in answer.levers
    )


def _everywhere(holds: Callable[[World], bool]) -> Callable[[Setting], Bools]:
    """Return a gate's condition on parameters and switches alone."""
    return lambda s: np.array([holds(s.world)])


def _willing(s: Setting) -> Bools:
    """Return whether the country in control of the departure side lets any of its effort act; shape (n_legs,)."""
    willing = np.clip(s.world.cooperation * s.levers["border_cooperation"], 0.0, 1.0) > 0
    here = s.world.network.departure_control
    return np.asarray((here >= 0) & willing[here])


def _own_effort(s: Setting) -> Bools:
    """Return whether the country of departure makes any effort of its own; shape (n_legs,)."""
    effort = s.world.network.effort_departure + s.levers["border_effort_departure"] > 0
    return np.asarray(effort | (s.world.parameters.crossing.effort_saturation.value >= 1))


def _guarded(s: Setting) -> Bools:
    """Return whether anybody can be stopped on a leg; shape (n_legs,)."""
    network, levers = s.world.network, s.levers
    own = _own_effort(s) & (levers["border_posture"] > 0)
    departure = _willing(s) & (own | (levers["joint_patrols"] > 0))
    arrival = (network.arrival_control >= 0) & (network.effort_arrival + levers["border_effort_arrival"] > 0)
    return (departure | arrival) & (s.world.parameters.crossing.effectiveness.value > 0) & _unorganised(s)


def _unorganised(s: Setting) -> Bools:
    return np.asarray(s.levers["organised_transit"] < 1)


def _priced(s: Setting) -> Bools:
    """Return whether effort moves prices or crowding on a leg; shape (n_legs,)."""
    rules, crossing, network = s.world.parameters.smuggling, s.world.parameters.crossing, s.world.network
    price = (network.price > 0) & (rules.price_elasticity.value > 0)
    crowd = (network.death > 0) & (rules.crowding_elasticity.value > 0) & (crossing.crowding_risk.value > 0)
    return np.asarray(price | crowd | (network.price > 0) & (rules.smuggled_share.value > 0))


def _able(s: Setting) -> Bools:
    """Return whether a country can have any capacity to control; shape (n_countries,)."""
    top = s.world.parameters.governance.capacity_at_zero_fragility.value
    return np.asarray((s.levers["capacity_building"] > 0) | (top > 0))


def _stops(s: Setting) -> Bools:
    """Return whether effort on either side stops people, or makes passage dearer; shape (n_legs,)."""
    return np.asarray((s.world.parameters.crossing.effectiveness.value > 0) | _priced(s))


def _controls(s: Setting) -> Bools:
    """Return whether a country's capacity bears on any leg that is used; shape (n_countries,)."""
    network, levers = s.world.network, s.levers
    live = s.facts.used & _unorganised(s)
    departure = live & _willing(s) & _own_effort(s) & (levers["border_posture"] > 0)
    arrival = live & (network.arrival_control >= 0) & (network.effort_arrival + levers["border_effort_arrival"] > 0)
    found = np.zeros(len(s.world.countries), dtype=bool)
    found[network.departure_control[departure]] = True
    found[network.arrival_control[arrival]] = True
    return found


def _lets(s: Setting) -> Bools:
    """Return whether a country has departure-side effort to let act on any leg that is used; shape (n_countries,)."""
    network, levers = s.world.network, s.levers
    effort = _own_effort(s) & (levers["border_posture"] > 0) | (levers["joint_patrols"] > 0)
    legs = s.facts.used & _unorganised(s) & (network.departure_control >= 0) & effort
    found = np.zeros(len(s.world.countries), dtype=bool)
    found[network.departure_control[legs]] = True
    return found & (s.world.cooperation > 0)


def _visa_legs(s: Setting) -> Bools:
    network = s.world.network
    found = np.zeros(len(s.world.countries), dtype=bool)
    found[network.country[network.head[network.visa & s.facts.used]]] = True
    return found


def _need(s: Setting) -> Bools:
    """Return whether an origin has anybody in need of protection; shape (n_origins, 1)."""
    world = s.world
    people = world.pools[:, :, 0].sum(axis=(1, 2)) + np.abs(world.plan.growth[:, :, 0]).sum(axis=(0, 2))
    return np.asarray(people > 0)[:, None]


def _removes(s: Setting) -> Bools:
    rules = s.world.parameters.returns
    can = (s.world.plan.removals[s.step] > 0) & s.facts.claims & (s.levers["removal_capacity"] > 0)
    return np.asarray(can & (rules.identification.value > 0))


_USED: Final = Gate(
    lambda s: s.facts.used, "nobody of this corridor can come to this leg",
    "name a leg that leads on from where people live or pass",
)  # fmt: skip
_DEPARTURE: Final = Gate(
    lambda s: s.world.network.departure_control >= 0, "nobody controls this leg on the departure side",
    "give departure_control in legs.csv, or set border_effort_arrival if it is the arrival side that is meant",
)  # fmt: skip
_ARRIVAL: Final = Gate(
    lambda s: s.world.network.arrival_control >= 0, "nobody controls this leg on the arrival side",
    "give arrival_control in legs.csv, or set border_effort_departure if it is the departure side that is meant",
)  # fmt: skip
_CONSENT: Final = Gate(
    _willing, "the country in control lets none of its effort act: its cooperation is 0",
    "raise border_cooperation in countries.csv, or by a policy",
)  # fmt: skip
_FREE: Final = Gate(_unorganised, "the state itself carries everybody over this leg: organised_transit is 1")
_EFFECT: Final = Gate(
    _stops, "effort has no effect here: crossing.effectiveness is 0, and no price or crowding answers it"
)
_OWN: Final = Gate(
    _own_effort, "it multiplies the departure side's effort, which is 0 here",
    "give effort_departure in legs.csv, or add border_effort_departure",
)  # fmt: skip
_CLAIMS: Final = Gate(
    lambda s: s.facts.claims, "nobody can claim asylum in this country", "name a destination of this corridor"
)
_ORIGIN: Final = Gate(
    lambda s: s.facts.origin, "none of the people of this corridor are citizens of this country",
    "name one that the table countries marks as origin",
)  # fmt: skip
_DECIDES: Final = Gate(
    lambda s: s.world.plan.decisions[s.step] > 0, "this country decides no claims in that time",
    "give its decisions in asylum_years.csv",
)  # fmt: skip
_REMOVES: Final = Gate(_removes, "this country removes nobody in that time", "give its removals in asylum_years.csv")
_GROWS: Final = Gate(
    lambda s: s.facts.origin | s.facts.lived | s.facts.reached,
    "nobody of this corridor lives in this country or passes",
)
_INVESTS: Final = Gate(
    _everywhere(lambda w: w.parameters.feedback.investment_effect.value > 0),
    "feedback.investment_effect is 0: money moves no income",
)  # fmt: skip


def _rate(s: Setting, value: Floats) -> Floats:
    return np.asarray(np.clip(s.world.plan.recognition[s.step] + value, 0.0, 1.0))


REACH: Final[dict[str, Reach]] = {
    "border_effort_departure": Reach((
        _DEPARTURE, _USED, _FREE, _CONSENT,
        Gate(lambda s: s.levers["border_posture"] > 0, "border_posture is 0 here: none of the effort is worked"),
        _EFFECT,
    )),
    "border_effort_arrival": Reach((_ARRIVAL, _USED, _FREE, _EFFECT)),
    "border_posture": Reach((_DEPARTURE, _USED, _FREE, _CONSENT, _OWN, _EFFECT)),
    "border_cooperation": Reach((
        Gate(_lets, "this country has no departure-side effort on any leg that people use",
             "name a country that stands under departure_control in legs.csv, with an effort"),
    )),
    "sanctions": Reach((
        _USED, Gate(_guarded, "nobody is intercepted on this leg", "give it controls, or name a leg that has some"),
        Gate(_everywhere(lambda w: w.parameters.crossing.sanction_effect.value != 0), "crossing.sanction_effect is 0"),
    )),
    "capacity_building": Reach((
        Gate(_controls, "this country works no border control on any leg that people use",
             "name a country that stands under departure_control or arrival_control in legs.csv, with an effort"),
        Gate(_everywhere(lambda w: w.parameters.crossing.effectiveness.value > 0), "crossing.effectiveness is 0"),
    )),
    "joint_patrols": Reach((_DEPARTURE, _USED, _FREE, _CONSENT, _EFFECT)),
    "rescue": Reach((
        Gate(lambda s: s.world.network.death > 0, "nobody dies on this leg: its p_death is 0",
             "give its p_death in legs.csv, or name a leg that has one"),
        _USED,
        Gate(_everywhere(lambda w: w.parameters.crossing.rescue_effect.value > 0), "crossing.rescue_effect is 0"),
    )),
    "anti_smuggling": Reach((
        _USED, _FREE, Gate(_priced, "nobody pays a smuggler on this leg", "give its price_eur in legs.csv"),
    )),
    "organised_transit": Reach((_USED,)),
    "information_campaign": Reach((
        _USED,
        Gate(_everywhere(lambda w: w.switches.learning), "the switch 'learning' is off: people know today's chances"),
        Gate(_everywhere(lambda w: w.parameters.choice.interception_weight.value != 0
                         and w.parameters.beliefs.prior_strength.value > 0 and w.parameters.beliefs.in_sight.value < 1),
             "no choice follows what is believed of interception (choice.interception_weight, beliefs)"),
    )),
    "visa_requirement": Reach((
        Gate(_visa_legs, "no leg of legal travel leads to this country", "mark one as 'visa' in legs.csv"),
        Gate(_everywhere(lambda w: w.parameters.choice.visa_penalty.value != 0), "choice.visa_penalty is 0"),
    ), lambda s, value: np.clip(s.world.visa + value, 0.0, 1.0)),
    "legal_pathways": Reach((
        Gate(_need, "nobody of this origin is in need of protection", "see need_share in origins.csv"),
    )),
    "recognition_shift": Reach((_CLAIMS,), _rate),
    "reception": Reach((_CLAIMS,)),
    "reception_by_origin": Reach((_CLAIMS,)),
    "safe_third_country": Reach((_USED,)),
    "asylum_capacity": Reach((_CLAIMS, _DECIDES)),
    "appeal_speed": Reach((
        _CLAIMS,
        Gate(_everywhere(lambda w: w.parameters.asylum.appeal_share.value > 0), "asylum.appeal_share is 0: no appeals"),
    )),
    "early_warning_reserve": Reach((_CLAIMS,)),
    "interior_controls": Reach((
        _CLAIMS, _REMOVES,
        Gate(_everywhere(lambda w: w.parameters.returns.interior_effect.value > 0), "returns.interior_effect is 0"),
    )),
    "removal_capacity": Reach((
        _CLAIMS, Gate(lambda s: s.world.plan.removals[s.step] > 0, "this country removes nobody in that time",
                      "give its removals in asylum_years.csv"),
    )),
    "readmission_cooperation": Reach(
        (_CLAIMS, _REMOVES),
        lambda s, value: np.clip(s.world.parameters.returns.papers_share.value + value, 0.0, 1.0),
    ),
    "voluntary_return_support": Reach((
        _CLAIMS,
        Gate(_everywhere(lambda w: w.parameters.returns.voluntary_rate.value > 0), "returns.voluntary_rate is 0"),
    )),
    "reintegration_support": Reach((
        _ORIGIN,
        Gate(_everywhere(lambda w: w.parameters.transit.remigration_rate.value > 0
                         and w.parameters.transit.reintegration_effect.value > 0),
             "transit.remigration_rate or transit.reintegration_effect is 0"),
    )),
    "host_support": Reach((
        Gate(lambda s: s.facts.lived, "nobody of another country lives or may settle in this one",
             "name a country that the table countries marks as host"),
    )),
    "aid": Reach((_GROWS, _INVESTS)),
    "root_cause_investment": Reach((_GROWS, _INVESTS)),
    "governance_support": Reach((
        Gate(lambda s: s.facts.origin | _controls(s) | s.facts.lived,
             "neither the people nor the controls of this corridor depend on this country's institutions"),
    )),
    "trade_access": Reach((_GROWS,)),
    "remittance_facilitation": Reach((
        _ORIGIN,
        Gate(_everywhere(lambda w: w.parameters.feedback.remittance_cost.value > 0
                         and w.parameters.feedback.remittance_per_person.value > 0),
             "feedback.remittance_cost or feedback.remittance_per_person is 0"),
    )),
}  # fmt: skip
"""Where each lever of the register reaches."""
