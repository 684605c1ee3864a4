"""What a scorecard asks: a figure, the band that it should lie in, and what was known of it beforehand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from simulator.numbers import figure, fixed

Role = Literal["fitted", "set from", "hindsight", "seen", "tested"]
Status = Literal["passes", "fails", "reported", "not tested"]
RunKey = tuple[int | None, int]
"""Member of the fit (None for the values of the files) and seed."""

ROLES: Final[Mapping[Role, str]] = {
    "fitted": "the figure was used in the fit",
    "set from": "a value was set from it, so that it proves nothing",
    "hindsight": "held back from the fit, but with inputs of those months set with hindsight: no test of a forecast",
    "seen": "nothing was fitted to it, but what the model says of it was known before the band was set",
    "tested": "held back: nothing was fitted to it or set from it",
}


class NotTested(Exception):
    """A figure cannot be had, for a reason that is no fault of the model."""


@dataclass(frozen=True)
class Band:
    """Where a figure should lie; both ends belong to it."""

    low: float = -math.inf
    high: float = math.inf

    def holds(self, value: float) -> bool:
        """Return whether a value lies in it; what is no number does not."""
        return self.low <= value <= self.high

    def words(self, unit: str = "") -> str:
        """Return it in words."""
        if math.isinf(self.high):
            return f"at least {number(self.low, unit)}"
        if math.isinf(self.low):
            return f"at most {number(self.high, unit)}"
        if self.low == self.high:
            return number(self.low, unit)
        return f"{number(self.low, unit)} to {number(self.high, unit)}"


def number(value: float, unit: str = "") -> str:
    """Return a figure as the scorecard shows it; shares of 1 in per cent where the unit says so."""
    if not math.isfinite(value):
        return "-"
    if unit == "%":
        return f"{fixed(100.0 * value, 1)}%"
    return figure(value)


@dataclass(frozen=True)
class Criterion:
    """What is asked.

    Attributes
    ----------
    id : name, such as ``series.eastern-mediterranean.fitted.correlation``.
    group : section of the scorecard.
    what : the figure, in words.
    sources : ids of what it is set against.
    role : whether it was used in the fit, something was set from it, or it was held back, and from what: see `ROLES`.
    band : where it should lie; None where it is only reported.
    unit : ``%`` for shares shown in per cent; else only said.
    set_from : fields that were set from it.
    note : what to mind.
    """

    id: str
    group: str
    what: str
    sources: tuple[str, ...]
    role: Role
    band: Band | None = None
    unit: str = ""
    set_from: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Line:
    """A criterion and what came out.

    Attributes
    ----------
    value : mean over the seeds of the best member.
    low, high : lowest and highest over all members and seeds.
    inside : share of members and seeds that lie in the band.
    status : passes, fails, reported (there is no band), or not tested.
    why : why it was not tested, or why there is no value.
    values : by member and seed.
    """

    criterion: Criterion
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    n: int = 0
    inside: float = math.nan
    status: Status = "not tested"
    why: str = ""
    values: Mapping[RunKey, float] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values, and in words under ``shown``; numbers that do not exist become None."""
        about = self.criterion
        band, unit = about.band, about.unit
        several = self.n > 1 and math.isfinite(self.low)
        limits = f"{number(self.low, unit)} to {number(self.high, unit)}" if several else "-"
        return {
            "id": about.id, "group": about.group, "what": about.what, "sources": list(about.sources),
            "band": None if band is None else [finite(band.low), finite(band.high)], "unit": about.unit,
            "value": finite(self.value), "interval": [finite(self.low), finite(self.high)], "n": self.n,
            "inside": finite(self.inside), "status": self.status, "why": self.why, "role": about.role,
            "set_from": list(about.set_from), "note": about.note,
            "shown": {"band": "none" if band is None else band.words(unit), "value": number(self.value, unit),
                      "interval": limits},
        }  # fmt: skip


def finite(value: float) -> float | None:
    """Return a number, or None if it is none."""
    return float(value) if math.isfinite(value) else None


def judge(criterion: Criterion, values: Mapping[RunKey, float], best: int | None, why: str = "") -> Line:
    """Return the line of a criterion.

    Parameters
    ----------
    values : the figure by member and seed; nan where it does not exist in a run.
    best : the best member.
    why : why a run has no figure.
    """
    if not values:
        raise ValueError("no run was given")
    of_best = [value for (member, _), value in values.items() if member == best]
    known = [value for value in values.values() if math.isfinite(value)]
    value = sum(of_best) / len(of_best) if of_best and all(map(math.isfinite, of_best)) else math.nan
    band = criterion.band
    line = Line(criterion, value=value, n=len(values), values=dict(values))
    if known:
        line = replace(line, low=min(known), high=max(known))
    if not math.isfinite(value):
        line = replace(line, why=why or "the runs have no such figure")
    if band is None:
        return replace(line, status="reported")
    inside = sum(band.holds(each) for each in values.values()) / len(values)
    return replace(line, status="passes" if band.holds(value) else "fails", inside=inside)


def untested(criterion: Criterion, why: str) -> Line:
    """Return the line of a criterion that could not be tested."""
    return Line(criterion, why=why)
