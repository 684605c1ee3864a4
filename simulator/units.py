"""The closed list of units, and the one place where a number changes unit.

A unit has a dimension and a factor to that dimension's canonical unit. Files may use any unit of the
right dimension; everything inside the simulator is canonical. Nothing is converted in place elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulator.errors import nearest


@dataclass(frozen=True)
class Unit:
    """A unit: its name in files, dimension, factor to the canonical unit, and long name."""

    name: str
    dimension: str
    factor: float
    long_name: str


DAYS_PER_YEAR: Final = 365.25
FULL_FRAGILITY: Final = 120.0
"""Top of the Fragile States Index: twelve indicators of 0 to 10."""

_ALL = (
    Unit("1", "number", 1.0, "dimensionless"),
    Unit("percent", "number", 0.01, "per cent"),
    Unit("permille", "number", 0.001, "per thousand"),
    Unit("person", "people", 1.0, "people"),
    Unit("thousand_persons", "people", 1000.0, "thousand people"),
    Unit("person/week", "flow", 1.0 / 7.0, "people a week"),
    Unit("person/day", "flow", 1.0, "people a day"),
    Unit("person/year", "flow", 1.0 / DAYS_PER_YEAR, "people a year"),
    Unit("day", "time", 1.0, "days"),
    Unit("week", "time", 7.0, "weeks"),
    Unit("month", "time", DAYS_PER_YEAR / 12.0, "months"),
    Unit("year", "time", DAYS_PER_YEAR, "years"),
    Unit("1/year", "rate", 1.0, "a year"),
    Unit("1/month", "rate", 12.0, "a month"),
    Unit("1/day", "rate", DAYS_PER_YEAR, "a day"),
    Unit("km", "distance", 1.0, "kilometres"),
    Unit("eur", "money", 1.0, "euros"),
    Unit("million_eur", "money", 1e6, "million euros"),
    Unit("eur/year", "spending", 1.0, "euros a year"),
    Unit("million_eur/year", "spending", 1e6, "million euros a year"),
    Unit("usd_ppp_2021", "income", 1.0, "international dollars of 2021"),
    Unit("usd", "dollars", 1.0, "US dollars"),
    Unit("utility", "utility", 1.0, "utility units"),
    Unit("fsi", "fragility", 1.0, "Fragile States Index points"),
    Unit("degree", "angle", 1.0, "degrees"),
)

UNITS: Final[dict[str, Unit]] = {unit.name: unit for unit in _ALL}

CANONICAL: Final[dict[str, str]] = {unit.dimension: unit.name for unit in reversed(_ALL) if unit.factor == 1.0}


def unit(name: str) -> Unit:
    """Return the unit called `name`.

    Raises
    ------
    ValueError
        If the unit is not on the list; the message names the nearest one.
    """
    try:
        return UNITS[name]
    except KeyError:
        advice = nearest(name, list(UNITS))
        raise ValueError(
            f"unknown unit {name!r}; known: {', '.join(UNITS)}" + (f"; {advice}" if advice else "")
        ) from None


def convert(value: float, source: str, target: str) -> float:
    """Convert `value` from unit `source` to unit `target`.

    Raises
    ------
    ValueError
        If either unit is unknown or the dimensions differ.
    """
    have, want = unit(source), unit(target)
    if have.dimension != want.dimension:
        raise ValueError(
            f"unit {source!r} measures {have.dimension}, not {want.dimension}; "
            f"allowed: {', '.join(u.name for u in _ALL if u.dimension == want.dimension)}"
        )
    return value * (have.factor / want.factor)
