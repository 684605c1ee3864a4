"""Whether two scenarios run alike: a hash of what a run reads, and the parameters that no stage of a corridor reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

import numpy as np

from simulator.effects.orders import Timetable, decided_levers
from simulator.scenario.bargains import Bargain, Response, offered
from simulator.scenario.evidence import Quantity
from simulator.scenario.schema import Scenario
from simulator.world.build import build_world
from simulator.world.world import World

SAID: Final = frozenset(
    {"label", "summary", "source", "note", "kind", "range", "factor", "announced", "mark", "trust_range",
     "compliance_range", "public_range", "relief_range", "harm_range"}
)  # fmt: skip
"""Keys that say something of a value, and are no value."""


class Reader:
    """What decides whether a parameter is read: the world, what is laid on levers, and what is decided by rule."""

    def __init__(self, scenario: Scenario, world: World):
        corridor = scenario.corridor
        self.world, self.network, self.switches = world, world.network, scenario.switches
        self.levers = {change.lever for policy in corridor.policies.values() for change in policy.levers}
        self.levers |= decided_levers(scenario)
        self.decides = bool(decided(scenario))


def decided(scenario: Scenario) -> dict[str, Bargain | Response]:
    """Return the bargains and responses that are decided by rule."""
    every: dict[str, Bargain | Response] = {**scenario.corridor.bargains, **scenario.corridor.responses}
    return {name: each for name, each in every.items() if each.active}


Holds = Callable[[Reader], bool]


def _laid(*levers: str) -> Holds:
    return lambda reader: bool(reader.levers & set(levers))


_DECIDED: Final = ("nothing is decided by a rule", lambda r: r.decides)
_NEWS: Final = ("no news spreads", lambda r: r.switches.diffusion and bool(r.network.told.any()))
_LEARNING: Final = ("the switch 'learning' is off", lambda r: r.switches.learning)
_SEA: Final = ("no leg has a sea", lambda r: bool((r.network.sea >= 0).any()))
_VESSEL: Final = ("no leg needs a vessel", lambda r: bool(r.network.vessel.any()))
_MONEY: Final = ("no aid or investment is laid", _laid("aid", "root_cause_investment"))
_GROWTH: Final = ("no aid, investment or trade is laid", _laid("aid", "root_cause_investment", "trade_access"))
_LATER: Final = (
    "no aid, investment, trade or governance support is laid",
    _laid("aid", "root_cause_investment", "trade_access", "governance_support"),
)
_HOMEWARD: Final = ("circulation.home_rate is 0", lambda r: r.world.parameters.circulation.home_rate.value > 0)

READ: Final[Mapping[str, tuple[str, Holds]]] = {
    "bargaining.": _DECIDED,
    "governance.decision_interval": _DECIDED,
    "governance.observation_lag": _DECIDED,
    "governance.observation_noise": _DECIDED,
    "news.": _NEWS,
    "beliefs.memory": _LEARNING,
    "beliefs.in_sight": _LEARNING,
    "choice.visa_penalty": ("no leg is legal travel that a visa bars", lambda r: bool(r.network.visa.any())),
    "choice.sea_scale": ("no leg goes by sea", lambda r: bool(r.network.by_sea.any())),
    "choice.crowding_weight": ("no place has a capacity", lambda r: bool(np.isfinite(r.network.capacity).any())),
    "crossing.sea_hazard_noise": _SEA,
    "crossing.season_sharpness": _SEA,
    "crossing.sanction_effect": ("no sanctions are laid", _laid("sanctions")),
    "crossing.rescue_effect": ("no rescue is laid", _laid("rescue")),
    "transit.reintegration_effect": ("no support for reintegration is laid", _laid("reintegration_support")),
    "circulation.deterrence": _HOMEWARD,
    "circulation.savings_share": _HOMEWARD,
    "smuggling.anti_smuggling_effect": ("no effort against smuggling is laid", _laid("anti_smuggling")),
    "smuggling.capacity_growth": _VESSEL,
    "smuggling.capacity_fall": _VESSEL,
    "smuggling.capacity_floor": _VESSEL,
    "returns.interior_effect": ("no interior controls are laid", _laid("interior_controls")),
    "feedback.investment_effect": _MONEY,
    "feedback.investment_half": _MONEY,
    "feedback.withdrawal_lag": _MONEY,
    "feedback.investment_lag": _LATER,
    "feedback.unemployment_effect": _GROWTH,
}
"""Parameters that not every corridor reads, or groups of them: what is so where they are not, and when they are."""


def unread(scenario: Scenario, world: World | None = None) -> dict[str, str]:
    """Return the parameters that nothing in the run reads, as ``parameters.GROUP.NAME``, each with why."""
    reader = Reader(scenario, world if world is not None else build_world(scenario))
    found = {}
    for group in type(scenario.parameters).model_fields:
        for name in type(getattr(scenario.parameters, group)).model_fields:
            why = READ.get(f"{group}.{name}") or READ.get(f"{group}.")
            # A rule weighs with these what it is offered, whatever is laid.
            weighed = reader.decides and group in ("feedback", "transit")
            if why is not None and not weighed and not why[1](reader):
                found[f"parameters.{group}.{name}"] = why[0]
    return found


def fingerprint(scenario: Scenario, timetable: Timetable | None = None) -> str:
    """Return a hash of all that a run reads: two scenarios of the same hash and seed have the same run.

    What is said of values (labels, sources, ranges), orders that change nothing, and parameters that nothing reads play
    no part. The other way round nothing follows: two that differ may run alike.

    Parameters
    ----------
    timetable : of the scenario, where it was made already.
    """
    timetable = timetable if timetable is not None else Timetable(scenario)
    timetable.look()
    corridor, world = scenario.corridor, timetable.world
    found = hashlib.blake2b(digest_size=16)
    for part in (world.plan, world.network, world.groups):
        for each in fields(part):
            _feed(found, each.name, getattr(part, each.name))
    for name in (
        "home_place", "pools", "first_diaspora", "visa", "cooperation", "base_gdp", "weight", "seed", "n_warm_up",
    ):  # fmt: skip
        _feed(found, name, getattr(world, name))
    _feed(found, "edges", world.clock.edges)
    left_out = unread(scenario, world)
    for group in type(scenario.parameters).model_fields:
        for name, quantity in getattr(scenario.parameters, group):
            if f"parameters.{group}.{name}" not in left_out:
                _feed(found, f"{group}.{name}", quantity.value)
    for entry in sorted(_orders(timetable)):
        found.update(entry)
    regimes, origins = corridor.regimes, world.groups.origins
    followed = {
        name: _plain(offered(regimes.regimes[each.regime], citizens=each.partner in origins))
        for name, each in corridor.bargains.items() if each.active and regimes is not None
    }  # fmt: skip
    first, last = scenario.period.start, scenario.period.end
    paid = [_plain(pay) for policy in corridor.policies.values() for pay in policy.payments
            if pay.until > first and pay.from_ < last and pay.million_eur > 0]  # fmt: skip
    rest = {
        "switches": _plain(scenario.switches), "period": [str(first), str(last)], "costs": _plain(corridor.costs),
        "partnerships": _plain(corridor.partnerships),
        "decided": {name: _plain(each) for name, each in decided(scenario).items()},
        "followed": followed, "acts": _plain(regimes.acts) if followed and regimes is not None else None,
        "paid": sorted(json.dumps(each, sort_keys=True) for each in paid),
    }  # fmt: skip
    for each in rest["decided"].values():
        each.pop("regime", None)  # what it offers counts, not its name
    found.update(json.dumps(rest, sort_keys=True).encode())
    return found.hexdigest()


def _orders(timetable: Timetable) -> Iterator[bytes]:
    """Yield what each order that acts does, where it does; of priced levers those that cost something, too."""
    priced = timetable.scenario.corridor.costs is not None
    for entry in timetable.entries:
        acting = [part.cells for part in entry.parts if part.acts]
        if not acting and not (priced and timetable.costs(entry)):
            continue
        cells = timetable.cells(entry.change.lever, entry.order.where)
        if acting and not priced:
            cells = cells & np.logical_or.reduce(acting)
        government = entry.change.government if priced else ""
        head = f"{entry.change.lever} {entry.change.do} {government}".encode()
        yield b"|".join((head, cells.tobytes(), entry.order.value.tobytes(), entry.order.active.tobytes()))


def _feed(found: Any, name: str, value: Any) -> None:
    """Add a value to a hash: an array, text, number, or a dataclass of these."""
    found.update(f"\x1f{name}\x1f".encode())
    if isinstance(value, np.ndarray):
        found.update(f"{value.dtype}{value.shape}".encode())
        found.update(np.ascontiguousarray(value).tobytes())
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            _feed(found, each.name, getattr(value, each.name))
    elif isinstance(value, tuple | list):
        for number, each in enumerate(value):
            _feed(found, str(number), each)
    else:
        found.update(repr(value).encode())


def _plain(value: Any) -> Any:
    """Return a part of a scenario as JSON values, without what is only said of it."""
    if isinstance(value, Quantity):
        return [value.value, value.unit]
    if hasattr(value, "model_dump"):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields if name not in SAID}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
