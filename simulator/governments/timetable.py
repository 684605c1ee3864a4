"""Timetables: the levers that policies set, with dates, ramps and ends, as values for each step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulator.clock import Clock
from simulator.scenario.levers import LEVERS
from simulator.scenario.policies import LeverChange, Payment
from simulator.scenario.schema import Scenario
from simulator.units import convert

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Order:
    """One lever change, ready to apply.

    Attributes
    ----------
    policy : id of the policy that it belongs to.
    lever : name of the lever.
    where : index of the legs, countries, or (origins, countries) that it acts on.
    do : add, multiply, or set.
    value : mean value over each step's active days in the lever's unit; 0 where it does not act, shape (n_steps,).
    active : share of each step in which it acts, shape (n_steps,).
    days : for steps within which it changes, its value on each of their days; NaN where it does not act.
    """

    policy: str
    lever: str
    where: tuple[NDArray[np.intp], ...]
    do: str
    value: Floats
    active: Floats
    days: Mapping[int, Floats] = field(default_factory=dict)


def _daily(change: LeverChange, clock: Clock) -> Floats:
    """Return the change's value on each day of the run; NaN where it does not act; shape (n_days,)."""
    first = min(0, clock.day_of(change.values[0].from_))
    days = np.arange(first, int(clock.edges[-1]), dtype=np.float64)
    value = np.full(len(days), np.nan)
    before = _before(change)
    for dated in change.values:
        start = clock.day_of(dated.from_)
        if start > days[-1]:
            break
        if start > first and not np.isnan(value[start - first - 1]):
            before = value[start - first - 1]
        share = np.clip((days - start + 1.0) / dated.ramp_days, 0.0, 1.0) if dated.ramp_days > 0 else np.ones(len(days))
        value = np.where(days >= start, before + share * (dated.value - before), value)
    if change.until is not None:
        value[days >= clock.day_of(change.until)] = np.nan
    return value[-first:]


def _before(change: LeverChange) -> float:
    """Return the value from which a first ramp starts, in the change's unit: the one that changes nothing."""
    if change.do == "multiply":
        return 1.0
    lever = LEVERS[change.lever]
    return lever.neutral / convert(1.0, change.unit, lever.unit) if change.do == "set" else 0.0


def by_step(change: LeverChange, clock: Clock) -> tuple[Floats, Floats]:
    """Return the mean value over the active days of each step, in the lever's unit, and the active share."""
    daily = _daily(change, clock)
    acts = ~np.isnan(daily)
    first = clock.edges[:-1].astype(np.intp)
    active = np.add.reduceat(acts.astype(np.float64), first)
    total = np.add.reduceat(np.where(acts, daily, 0.0), first)
    mean = np.divide(total, active, out=np.zeros(len(total)), where=active > 0) * _unit(change)
    return mean, active / clock.days


def within_steps(change: LeverChange, clock: Clock) -> dict[int, Floats]:
    """Return the change's value on each day of those steps within which it changes, in the lever's unit, by step."""
    daily = _daily(change, clock) * _unit(change)
    same = (daily[1:] == daily[:-1]) | (np.isnan(daily[1:]) & np.isnan(daily[:-1]))
    edges = clock.edges.astype(np.intp)
    changes = np.flatnonzero(~same) + 1  # days that differ from the day before
    steps = np.searchsorted(edges, changes, side="right") - 1
    inside = steps[changes != edges[steps]]
    return {int(step): daily[edges[step] : edges[step + 1]] for step in np.unique(inside)}


def _unit(change: LeverChange) -> float:
    """Return by what a change's values are multiplied to be in the lever's unit."""
    return 1.0 if change.do == "multiply" else convert(1.0, change.unit, LEVERS[change.lever].unit)


def places_of(change: LeverChange, scenario: Scenario) -> tuple[NDArray[np.intp], ...]:
    """Return the index of the legs, countries, or (origins, countries) that a change acts on."""
    acts = LEVERS[change.lever].acts
    countries = {row.country: number for number, row in enumerate(scenario.countries)}
    if acts == "country":
        return (np.array([countries[code] for code in change.at], dtype=np.intp),)
    if acts == "pair":
        origins = {row.origin: number for number, row in enumerate(scenario.origins)}
        grid = np.meshgrid(
            [origins[code] for code in change.at], [countries[code] for code in change.to], indexing="ij"
        )
        return tuple(axis.ravel().astype(np.intp) for axis in grid)
    names = set(change.at)
    legs = [n for n, leg in enumerate(scenario.legs) if leg.leg in names or (leg.route and leg.route in names)]
    return (np.array(legs, dtype=np.intp),)


def order_of(policy: str, change: LeverChange, scenario: Scenario, clock: Clock) -> Order:
    """Return a change of a policy, ready to apply."""
    value, active = by_step(change, clock)
    where = places_of(change, scenario)
    return Order(policy, change.lever, where, change.do, value, active, within_steps(change, clock))


def orders_of(government: str, scenario: Scenario, clock: Clock) -> list[Order]:
    """Return what a government does in the run, in the order of the timetable."""
    return [
        order_of(name, change, scenario, clock)
        for name, policy in scenario.corridor.policies.items()
        for change in policy.levers
        if change.government == government
    ]


def payments_of(government: str, scenario: Scenario) -> list[Payment]:
    """Return what a government pays in the run."""
    return [pay for policy in scenario.corridor.policies.values() for pay in policy.payments if pay.payer == government]


def paid(payment: Payment, clock: Clock) -> Floats:
    """Return the euros of a payment that fall in each step; shape (n_steps,)."""
    start, end = clock.day_of(payment.from_), clock.day_of(payment.until)
    overlap = np.minimum(end, clock.edges[1:]) - np.maximum(start, clock.edges[:-1])
    return np.asarray(np.maximum(overlap, 0.0) / (end - start) * payment.million_eur * 1e6)
