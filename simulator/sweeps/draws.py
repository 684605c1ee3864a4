"""Draws of uncertain numbers: which there are, what is drawn of them, and a scenario with a draw's values."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from fnmatch import fnmatchcase
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy.stats.qmc import LatinHypercube

from simulator.errors import nearest
from simulator.scenario.evidence import Quantity
from simulator.scenario.policies import Partnership, Policy
from simulator.scenario.schema import FitFile, Scenario

MEMBER: Final = "fit_member"
"""What the draw of a fit's member is keyed by."""


def within(low: float, high: float, share: float, *, log: bool) -> float:
    """Return the value at a share of a range, 0 to 1: every value of it alike, or every ratio."""
    if log:
        return float(math.exp(math.log(low) + share * (math.log(high) - math.log(low))))
    return float(low + share * (high - low))


@dataclass(frozen=True)
class Uncertain:
    """A number of a scenario that is not known exactly.

    Attributes
    ----------
    field : its dotted field; of a lever change or a payment, the factor that multiplies all its values.
    low, high : its range, in `unit`.
    best : its value where nothing is drawn.
    scale : ``linear``: every value of the range alike; ``log``: every ratio alike, as befits a factor.
    what : what it is of, so that two arms cannot mean different things by one field.
    """

    field: str
    low: float
    high: float
    best: float
    unit: str
    scale: Literal["linear", "log"]
    kind: str
    what: str = ""
    source: str = attribute(default="", compare=False)
    note: str = attribute(default="", compare=False)

    def at(self, share: float) -> float:
        """Return the value at a share of the range, 0 to 1."""
        return within(self.low, self.high, share, log=self.scale == "log")


@dataclass(frozen=True)
class Draw:
    """One draw: the same in every arm.

    Attributes
    ----------
    number : 1 and on; 0 is the best values, of which nothing is drawn.
    member : member of the fit; None for the scenario's own.
    values : drawn value by field.
    """

    number: int
    member: int | None = None
    values: Mapping[str, float] = attribute(default_factory=dict)


def uncertain(scenario: Scenario) -> dict[str, Uncertain]:
    """Return every number of a scenario that has a range, measured or not, by field.

    These are all quantities of the corridor, the factors of lever changes and payments, and trust; not the cells of
    tables, whose ranges are those of whole columns.
    """
    found: dict[str, Uncertain] = {}
    for path, quantity in _quantities(scenario.corridor, ()):
        if quantity.range is not None:
            low, high = quantity.range
            one = Uncertain(".".join(path), low, high, quantity.value, quantity.unit, "linear", quantity.kind, "",
                            quantity.source or "", quantity.note)  # fmt: skip
            found[one.field] = one
    for one in (*_factors(scenario), *_trust(scenario.corridor.partnerships)):
        found[one.field] = one
    return found


def _quantities(thing: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Quantity]]:
    """Yield every quantity at or below a part of a scenario, with the keys and positions that lead to it."""
    if isinstance(thing, Quantity):
        yield path, thing
        return
    inner: Iterable[tuple[Any, Any]] = ()
    if isinstance(thing, BaseModel):
        inner = thing
    elif isinstance(thing, Mapping):
        inner = thing.items()
    elif isinstance(thing, tuple):
        inner = enumerate(thing)
    for key, value in inner:
        yield from _quantities(value, (*path, str(key)))


def _factors(scenario: Scenario) -> Iterator[Uncertain]:
    """Yield the factors of lever changes and payments."""
    for name, policy in scenario.corridor.policies.items():
        for part, carriers in (("levers", policy.levers), ("payments", policy.payments)):
            carrier: Any
            for index, carrier in enumerate(carriers):
                if carrier.factor is None:
                    continue
                low, high = carrier.factor
                what = (
                    f"{carrier.lever} by {carrier.government} at {', '.join(carrier.at)}"
                    if part == "levers"
                    else f"{carrier.payer} pays {carrier.recipient or 'at home'}"
                )
                yield Uncertain(f"policies.{name}.{part}.{index}.factor", low, high, 1.0, "1",
                                "log" if low > 0 else "linear", carrier.kind, what, carrier.source or "")  # fmt: skip


def _trust(partnerships: Sequence[Partnership]) -> Iterator[Uncertain]:
    for index, each in enumerate(partnerships):
        low, high = each.trust_range
        yield Uncertain(f"partnerships.{index}.trust", low, high, each.trust, "1", "linear", "assumed",
                        f"{each.donor} and {each.partner}", each.source)  # fmt: skip


@dataclass(frozen=True)
class Wrong:
    """A field of `draws.fields` that cannot be drawn: its position there, and why."""

    place: int
    message: str
    value: str
    allowed: str = ""
    advice: str = ""


def choose(
    patterns: Sequence[str], arms: Mapping[str, Scenario], fit: FitFile | None, *, members: bool
) -> tuple[list[Uncertain], list[str], list[Wrong]]:
    """Return what is drawn, what is left out with the reason, and what is wrong.

    Parameters
    ----------
    patterns : fields, with ``*`` for any text.
    arms : scenario of each arm of a case; a policy that only some arms have counts, too.
    fit : the corridor's fit, where it has one.
    members : whether members of the fit are drawn, which then hold the fitted values.
    """
    of_arm = {name: uncertain(scenario) for name, scenario in arms.items()}
    known: dict[str, Uncertain] = {}
    for found in of_arm.values():
        for name, one in found.items():
            known.setdefault(name, one)
    held = set(fit.fields) if fit is not None and members else set()
    chosen: dict[str, Uncertain] = {}
    notes: list[str] = []
    wrong: list[Wrong] = []
    for place, pattern in enumerate(patterns):
        matched = [name for name in known if fnmatchcase(name, pattern)]
        drawable = []
        for name in matched:
            why = _why_not(name, known[name], held, of_arm)
            if why is None:
                drawable.append(name)
            elif len(matched) == 1 or why.startswith("differs"):
                wrong.append(Wrong(place, why, name if name != pattern else pattern))
            else:
                notes.append(f"{name} {why}")
        if not matched:
            allowed, advice = "", nearest(pattern, list(known)) or "'corridor explain SCENARIO' lists fields and ranges"
            wrong.append(Wrong(place, "names no number that has a range", pattern, allowed, advice))
        elif not drawable and len(matched) > 1:
            wrong.append(Wrong(place, "names nothing that can be drawn", pattern, "", "; ".join(notes)))
        chosen.update({name: known[name] for name in drawable})
    return list(chosen.values()), list(dict.fromkeys(notes)), wrong


def _why_not(
    name: str, one: Uncertain, held: Iterable[str], of_arm: Mapping[str, Mapping[str, Uncertain]]
) -> str | None:
    """Return why a number is not drawn, or None if it can be."""
    if one.kind == "measured":
        return "is measured: nothing is drawn of it"
    within = name.removesuffix("factor")
    if name in held or (within != name and any(fitted.startswith(within) for fitted in held)):
        return "is fitted: the members of the fit hold it, and nothing is drawn on top; or set draws.members: false"
    if not one.low < one.high:
        return "has a range of one value"
    others = [arm for arm, found in of_arm.items() if name in found and found[name] != one]
    if others:
        return f"differs between arms ({', '.join(others)}), and every arm of a draw has the same values"
    return None


def sample(fields: Sequence[Uncertain], members: int, number: int, seed: int) -> list[Draw]:
    """Return draws from the ranges: a Latin hypercube, one column a field, each with luck of its own.

    A field's values depend on the seed, the number of draws and the field's name alone, so that they stay the same
    when other fields are added.

    Parameters
    ----------
    members : members of the fit to draw from; 0 draws none.
    """
    columns = {one.field: column(one.field, number, seed) for one in fields}
    drawn = np.floor(column(MEMBER, number, seed) * members).astype(int)
    return [
        Draw(place + 1, int(min(drawn[place], members - 1)) if members else None,
             {one.field: one.at(float(columns[one.field][place])) for one in fields})
        for place in range(number)
    ]  # fmt: skip


def column(name: str, number: int, seed: int) -> NDArray[np.float64]:
    """Return shares of a range, one in each of `number` equal slices in random order; shape (number,)."""
    key = hashlib.blake2b(f"{seed}\x1f{name}".encode(), digest_size=8).digest()
    # Newer versions of SciPy call it `rng`, which 1.14 does not know; all know `seed`.
    sampler = LatinHypercube(1, seed=np.random.default_rng(int.from_bytes(key, "little")))
    shares: NDArray[np.float64] = sampler.random(number)[:, 0]
    return shares


def lay(scenario: Scenario, values: Mapping[str, float]) -> Scenario:
    """Return a scenario with drawn values; what belongs to a policy that it does not have is left out.

    Parameters
    ----------
    values : value by field, as `Uncertain` names and means them.
    """
    corridor = scenario.corridor
    for path, quantity in list(_quantities(corridor, ())):
        value = values.get(".".join(path))
        if value is not None:
            corridor = _put(corridor, path, quantity.model_copy(update={"value": value}))
    policies = {name: _multiplied(name, policy, values) for name, policy in corridor.policies.items()}
    trusted = [
        each.model_copy(update={"trust": values.get(f"partnerships.{index}.trust", each.trust)})
        for index, each in enumerate(corridor.partnerships)
    ]
    changes = {"policies": policies, "partnerships": tuple(trusted)}
    return scenario.model_copy(update={"corridor": corridor.model_copy(update=changes)})


def _put(thing: Any, path: tuple[str, ...], new: Quantity) -> Any:
    """Return a copy of a part of a scenario with another quantity at the end of `path`."""
    if not path:
        return new
    name, rest = path[0], path[1:]
    if isinstance(thing, Mapping):
        return {key: _put(value, rest, new) if str(key) == name else value for key, value in thing.items()}
    if isinstance(thing, tuple):
        return tuple(_put(value, rest, new) if str(place) == name else value for place, value in enumerate(thing))
    return thing.model_copy(update={name: _put(getattr(thing, name), rest, new)})


def _multiplied(name: str, policy: Policy, values: Mapping[str, float]) -> Policy:
    """Return a policy with the drawn factors of its lever changes and payments."""
    levers, payments = list(policy.levers), list(policy.payments)
    for index, change in enumerate(levers):
        factor = values.get(f"policies.{name}.levers.{index}.factor")
        if factor is not None:
            dated = tuple(each.model_copy(update={"value": each.value * factor}) for each in change.values)
            levers[index] = change.model_copy(update={"values": dated})
    for index, payment in enumerate(payments):
        factor = values.get(f"policies.{name}.payments.{index}.factor")
        if factor is not None:
            payments[index] = payment.model_copy(update={"million_eur": payment.million_eur * factor})
    return policy.model_copy(update={"levers": tuple(levers), "payments": tuple(payments)})
