"""Points of a design: which values each factor takes together, and what that lays over the scenario."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.scenario.schema import FitFile, Scenario
from simulator.sweeps.draws import MEMBER, Uncertain, Wrong, choose, column, within
from simulator.sweeps.factors import Factor, Laid, Sampling

Floats = NDArray[np.float64]

AS_IT_IS: Final = Laid()


@dataclass(frozen=True)
class Axis:
    """One factor, as points are taken from it.

    Attributes
    ----------
    levels : values, or names of levels; empty for a range.
    laid : what each level lays over the scenario, where levels do.
    field : uncertain number that the value is laid on.
    targets : dotted fields that are set to the value.
    member : whether the value is a member of the fit.
    best : the scenario's own value, where that is known.
    """

    name: str
    label: str
    unit: str
    levels: tuple[Any, ...] = ()
    laid: Mapping[str, Laid] = field(default_factory=dict)
    low: float = 0.0
    high: float = 0.0
    scale: str = "linear"
    whole: bool = False
    steps: int = 0
    field: str | None = None
    targets: tuple[str, ...] = ()
    member: bool = False
    best: float | None = None

    def at(self, share: float) -> Any:
        """Return the value at a share of the range, 0 to 1."""
        if self.levels:
            return self.levels[min(int(share * len(self.levels)), len(self.levels) - 1)]
        value = within(self.low, self.high, share, log=self.scale == "log")
        return float(round(value)) if self.whole else value

    def share(self, value: Any) -> float:
        """Return the share of the range at which a value lies: of levels, the middle of its part."""
        if self.levels:
            return (self.levels.index(value) + 0.5) / len(self.levels)
        if self.scale == "log":
            return math.log(value / self.low) / math.log(self.high / self.low)
        return float((value - self.low) / (self.high - self.low))

    def grid(self) -> list[float]:
        """Return the shares of the range at which a grid takes values; of levels, the middle of each one's part."""
        if self.levels:
            return [(place + 0.5) / len(self.levels) for place in range(len(self.levels))]
        return [step / (self.steps - 1) for step in range(self.steps)]


def axes(
    factors: Mapping[str, Factor], arms: Mapping[str, Scenario], fit: FitFile | None
) -> tuple[list[Axis], list[str], list[tuple[str, Wrong]]]:
    """Return the factors of a case as axes, notes on what was left out, and what is wrong with which factor.

    Parameters
    ----------
    arms : scenario of each arm of the case at its best values.
    fit : the corridor's fit, where it has one.
    """
    found: list[Axis] = []
    notes: list[str] = []
    bad: list[tuple[str, Wrong]] = []
    for name, factor in factors.items():
        label = factor.label or name.replace("-", " ").replace("_", " ")
        if factor.field is not None or factor.fields:
            patterns = factor.fields or (str(factor.field),)
            # Points of their own ranges are not what members of the fit hold: nothing is held here.
            chosen, left, wrong = choose(patterns, arms, fit, members=False)
            notes += left
            bad += [(name, one) for one in wrong]
            found += [_uncertain(name if factor.field else one.field, factor, one) for one in chosen]
        elif factor.members:
            n = len(fit.members) if fit is not None else 0
            if n < 1:
                bad.append((name, Wrong(0, "has no fit whose members could be taken", name)))
            found.append(Axis(name, label, "", tuple(range(n)), member=True))
        elif factor.levels:
            found.append(Axis(name, label, factor.unit, tuple(factor.levels), factor.levels))
        else:
            targets = (factor.set,) if isinstance(factor.set, str) else tuple(factor.set or ())
            found.append(Axis(name, label, factor.unit, factor.values, {}, factor.low or 0.0, factor.high or 0.0,
                              factor.scale, factor.whole, factor.steps or 0, None, targets))  # fmt: skip
    return found, notes, bad


def _uncertain(name: str, factor: Factor, one: Uncertain) -> Axis:
    """Return an uncertain number as an axis: over the range that the factor gives, or its own."""
    own = factor.low is None
    low, high = (one.low, one.high) if own else (float(factor.low or 0.0), float(factor.high or 0.0))
    label = factor.label or (one.field if not one.what else f"{one.field} ({one.what})")
    return Axis(name, label, factor.unit or one.unit, (), {}, low, high, one.scale if own else factor.scale,
                factor.whole, factor.steps or 0, one.field, best=one.best)  # fmt: skip


def shares(axes: Sequence[Axis], sampling: Sampling) -> Floats:
    """Return the points of a design in the unit cube, shape (n_points, n_axes); one point where nothing is varied.

    A Latin hypercube takes each factor's places from the seed, the number and the factor's name alone; ``sobol`` and
    ``morris`` are SALib's designs, in its order, so that its analyses fit them.
    """
    if not axes:
        return np.zeros((1, 0))
    if sampling.method == "grid":
        return np.array(list(itertools.product(*(axis.grid() for axis in axes))))
    if sampling.method == "list":
        return np.array([[axis.share(point[axis.name]) for axis in axes] for point in sampling.points])
    assert sampling.number is not None
    if sampling.method == "latin-hypercube":
        return np.column_stack([column(axis.name, sampling.number, sampling.seed) for axis in axes])
    problem = {"num_vars": len(axes), "names": [axis.name for axis in axes], "bounds": [[0.0, 1.0]] * len(axes)}
    if sampling.method == "sobol":
        from SALib.sample import sobol

        made = sobol.sample(problem, sampling.number, calc_second_order=sampling.second_order, seed=sampling.seed)
    else:
        from SALib.sample import morris

        made = morris.sample(problem, sampling.number, num_levels=sampling.levels, seed=sampling.seed)
    return np.asarray(made, dtype=np.float64)


def count(axes: Sequence[Axis], sampling: Sampling) -> int:
    """Return how many points a design has, without making them."""
    n = len(axes)
    number = sampling.number or 0
    if not n:
        return 1
    if sampling.method == "grid":
        return math.prod(len(axis.grid()) for axis in axes)
    return {"list": len(sampling.points), "latin-hypercube": number, "morris": number * (n + 1),
            "sobol": number * (2 * n + 2 if sampling.second_order else n + 2)}[sampling.method]  # fmt: skip


@dataclass(frozen=True)
class Point:
    """What one point lays over a scenario.

    Attributes
    ----------
    values : value by factor, for tables.
    laid : overrides, what is left out and what is set, in the order of the factors.
    drawn : value by uncertain number.
    member : member of the fit, where that is a factor.
    """

    values: Mapping[str, Any]
    laid: tuple[Laid, ...]
    drawn: Mapping[str, float]
    member: int | None


def point(axes: Sequence[Axis], places: Floats, given: Mapping[str, Any] | None = None) -> Point:
    """Return a point from its place in the unit cube, shape (n_axes,); `given` are exact values of a list."""
    if given is None:
        values = {axis.name: axis.at(float(place)) for axis, place in zip(axes, places, strict=True)}
    else:
        values = {axis.name: given[axis.name] for axis in axes}
    laid: list[Laid] = []
    drawn: dict[str, float] = {}
    member = None
    for axis in axes:
        value = values[axis.name]
        if axis.laid:
            laid.append(axis.laid[value])
        elif axis.field is not None:
            drawn[axis.field] = float(value)
        elif axis.member:
            member = int(value)
        else:
            laid.append(Laid(set=dict.fromkeys(axis.targets, value)))
    return Point(values, tuple(laid), drawn, member)


def list_problems(axes: Sequence[Axis], sampling: Sampling) -> list[tuple[int, str, str, object, str]]:
    """Return what is wrong with the points of a list: position, factor, what, the value, what is allowed."""
    found: list[tuple[int, str, str, object, str]] = []
    for place, given in enumerate(sampling.points):
        for axis in axes:
            value = given.get(axis.name)
            if axis.levels and value not in axis.levels:
                found.append((place, axis.name, "is no level of this factor", value, ", ".join(map(str, axis.levels))))
            elif not axis.levels and not (isinstance(value, int | float) and axis.low <= value <= axis.high):
                found.append((place, axis.name, "is outside the range", value, f"{axis.low:g} to {axis.high:g}"))
    return found


__all__ = ["AS_IT_IS", "MEMBER", "Axis", "Point", "axes", "count", "list_problems", "point", "shares"]
