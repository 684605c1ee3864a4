"""What must hold of policies and partnerships: known names, sane dates, no two masters of one lever."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Final

from simulator.errors import Problem, nearest
from simulator.scenario.levers import LEVERS, Lever
from simulator.scenario.parts import Parts
from simulator.scenario.policies import LeverChange
from simulator.scenario.yaml_file import KeyPath
from simulator.units import convert

_MOST_FACTOR: Final = 1e6
"""By which a lever can be multiplied."""
_UNION: Final = "EU"


def _changes(parts: Parts) -> Iterator[tuple[KeyPath, str, LeverChange]]:
    """Yield each change of a lever: its path, its policy, and the change."""
    for name, policy in parts.corridor.policies.items():
        for index, change in enumerate(policy.levers):
            yield ("policies", name, "levers", index), name, change


def lever_names(parts: Parts) -> Iterator[Problem]:
    """Check that each lever exists and that its values lie within its limits."""
    for path, _, change in _changes(parts):
        lever = LEVERS.get(change.lever)
        if lever is None:
            yield parts.problem((*path, "lever"), "is an unknown lever", change.lever, ", ".join(LEVERS),
                                nearest(change.lever, list(LEVERS)))  # fmt: skip
            continue
        low, high = reach(lever, change.do)
        said = "" if lever.unit == "1" else f" {lever.unit}"
        for index, dated in enumerate(change.values):
            value = dated.value if change.do == "multiply" else convert(dated.value, change.unit, lever.unit)
            if not low <= value <= high:
                yield parts.problem((*path, "values", index, "value"), f"is out of the reach of {change.lever!r}",
                                    dated.value, f"{low:g} to {high:g}{said} to {change.do}")  # fmt: skip


def reach(lever: Lever, do: str) -> tuple[float, float]:
    """Return the lowest and highest value that an order on a lever may have, in the lever's unit or as a factor."""
    span = lever.high - lever.low
    return {"set": (lever.low, lever.high), "add": (-span, span), "multiply": (0.0, _MOST_FACTOR)}[do]


def lever_targets(parts: Parts) -> Iterator[Problem]:
    """Check that policies name known countries, legs, routes and origins."""
    countries = [row.country for row in parts.countries]
    origins = [row.country for row in parts.countries if row.origin]
    legs = [*(row.leg for row in parts.legs), *parts.corridor.routes]
    known = {"leg": ("leg or route", legs), "country": ("country", countries), "pair": ("origin", origins)}
    governments = [*countries, _UNION]
    for path, _, change in _changes(parts):
        if change.lever in LEVERS:
            what, names = known[LEVERS[change.lever].acts]
            yield from _unknown(parts, (*path, "at"), change.at, what, names)
            yield from powerless(parts, (*path, "at"), LEVERS[change.lever], change.at)
        yield from _unknown(parts, (*path, "to"), change.to, "country", countries)
        yield from _unknown(parts, (*path, "government"), (change.government,), "government", governments)
    for name, policy in parts.corridor.policies.items():
        yield from _unknown(parts, ("policies", name, "routes"), policy.routes, "route", list(parts.corridor.routes))
        for index, payment in enumerate(policy.payments):
            path = ("policies", name, "payments", index)
            yield from _unknown(parts, (*path, "payer"), (payment.payer,), "government", governments)
            recipients = () if payment.recipient is None else (payment.recipient,)
            yield from _unknown(parts, (*path, "recipient"), recipients, "country", governments)


def powerless(parts: Parts, path: KeyPath, lever: Lever, names: Iterable[str]) -> Iterator[Problem]:
    """Check that each leg or route that a lever is to act at has what the lever works through, on one leg at least."""
    for index, name in enumerate(names if lever.needs else ()):
        legs = [leg for leg in parts.legs if name in (leg.leg, leg.route)]
        if legs and not any(getattr(leg, column) for leg in legs for column in lever.needs):
            what = "this leg has no" if legs[0].leg == name else "no leg of this route has"
            columns = " or ".join(lever.needs)
            yield parts.problem((*path, index), f"{what} {columns}, so that {lever.name!r} can do nothing there", name,
                                advice=f"fill {columns} in legs.csv, or choose another place or lever")  # fmt: skip


def _unknown(parts: Parts, path: KeyPath, names: Iterable[str], what: str, known: list[str]) -> Iterator[Problem]:
    for name in names:
        if name not in known:
            yield parts.problem(path, f"names an unknown {what}", name, ", ".join(known) if len(known) <= 40 else "",
                                nearest(name, known))  # fmt: skip


def policy_dates(parts: Parts) -> Iterator[Problem]:
    """Check that the dates of policies can be."""
    for name, policy in parts.corridor.policies.items():
        ends = [change.until for change in policy.levers]
        last = max((end for end in ends if end is not None), default=None)
        if last is not None and None not in ends and policy.announced >= last:
            yield parts.problem(("policies", name, "announced"), "comes after all its changes have ended",
                                str(policy.announced), f"before {last}")  # fmt: skip
    for path, _, change in _changes(parts):
        for index, dated in enumerate(change.values):
            at = (*path, "values", index, "from")
            if index and change.until is not None and dated.from_ >= change.until:
                yield parts.problem(at, f"comes when the change has ended, {change.until}", str(dated.from_))


def _targets(parts: Parts, change: LeverChange) -> frozenset[str]:
    """Return what a change acts on: legs, countries, or pairs of them."""
    lever = LEVERS[change.lever]
    if lever.acts == "leg":
        return frozenset(leg.leg for leg in parts.legs if leg.leg in change.at or leg.route in change.at)
    if lever.acts == "pair":
        return frozenset(f"{origin} {country}" for origin in change.at for country in change.to)
    return frozenset(change.at)


def _meet(one: LeverChange, other: LeverChange) -> bool:
    """Return whether two changes act at a common time."""
    ends_before = one.until is not None and one.until <= other.values[0].from_
    starts_after = other.until is not None and other.until <= one.values[0].from_
    return not (ends_before or starts_after)


def overlapping_sets(parts: Parts) -> Iterator[Problem]:
    """Check that no two policies set one lever of one target at one time."""
    setting = [entry for entry in _changes(parts) if entry[2].do == "set" and entry[2].lever in LEVERS]
    for (path, first, one), (again, second, other) in combinations(setting, 2):
        if one.lever != other.lever or path == again or not _meet(one, other):
            continue
        both = sorted(_targets(parts, one) & _targets(parts, other))
        if both:
            where = parts.mark(*path)
            yield parts.problem(
                again, f"sets {one.lever!r} of {', '.join(both[:3])} while {first!r} does ({where.file}:{where.line})",
                second, advice="end one before the other begins ('until'), or add instead of setting",
            )  # fmt: skip


def partnerships(parts: Parts) -> Iterator[Problem]:
    """Check that partnerships are between two known governments, once each, with trust in its range."""
    governments = [*(row.country for row in parts.countries), _UNION]
    seen: set[tuple[str, str]] = set()
    for index, each in enumerate(parts.corridor.partnerships):
        path = ("partnerships", index)
        yield from _unknown(parts, (*path, "donor"), (each.donor,), "government", governments)
        yield from _unknown(parts, (*path, "partner"), (each.partner,), "government", governments)
        if each.donor == each.partner:
            yield parts.problem((*path, "partner"), "is the donor itself", each.partner)
        if (each.donor, each.partner) in seen:
            yield parts.problem(path, "is given twice", f"{each.donor} and {each.partner}")
        seen.add((each.donor, each.partner))
        low, high = each.trust_range
        if not 0 <= low <= each.trust <= high <= 1:
            yield parts.problem((*path, "trust_range"), "does not hold the trust, or leaves 0 to 1", [low, high])
