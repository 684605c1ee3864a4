"""A run as one row of numbers: what an experiment asks for, taken from the run's result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pandas as pd

from simulator.errors import nearest
from simulator.outputs.frames import LEG_DIMS, dims_of, field_of, leg_label
from simulator.outputs.periods import TIME, is_count
from simulator.outputs.result import Result
from simulator.scenario.schema import Scenario
from simulator.sweeps.experiment import SHORTHANDS, Measured, Tabled

UNITS: Final = {"person": "people", "eur": "euros", "1": "", "day": "person-days"}
"""Units of measures in words."""
ARRIVALS_BY: Final = "arrivals, "
"""How the column of a route's arrivals begins."""

Labels = Mapping[str, Sequence[str]]


def recorded(asked: Measured) -> tuple[str, dict[str, str | tuple[str, ...]]]:
    """Return the recorded measure that is meant, and what is kept of it."""
    name, kept = SHORTHANDS.get(asked.measure, (asked.measure, {}))
    return name, {**kept, **asked.where}


def taken(asked: Measured) -> str:
    """Return which value of its months a measure takes: total, end or mean."""
    field = field_of(recorded(asked)[0])
    return asked.at or ("total" if field.kind == "flow" else "end" if is_count(field) else "mean")


def unit(asked: Measured) -> str:
    """Return the unit of a measure, in words; empty for shares and indices."""
    name = field_of(recorded(asked)[0]).unit
    return UNITS.get(name, name)


def value(result: Result, asked: Measured) -> float:
    """Return the number that a measure takes of a run; NaN where nothing was recorded."""
    measure, where = recorded(asked)
    how, field = taken(asked), field_of(measure)
    # The mean of a level weighs days, as the frame does; only a part of the run, or an end, needs its months.
    whole = asked.since is None and asked.until is None
    if whole and (how == "total" or (how == "mean" and not is_count(field)) or (how == "end" and is_count(field))):
        return _only(result.frame(measure, by=[], where=where)[measure])
    months = result.frame(measure, by=["month"], where=where)
    inside = (months["month"] >= (asked.since or "")) & (months["month"] <= (asked.until or "9999-12"))
    values = months.loc[inside, measure]
    if not len(values):
        return float("nan")
    return float(values.sum() if how == "total" else values.iloc[-1] if how == "end" else values.mean())


def _only(values: pd.Series) -> float:
    return float(values.iloc[0]) if len(values) else float("nan")


def row(result: Result, measures: Mapping[str, Measured], *, routes: bool) -> dict[str, float]:
    """Return the measures of a run by name.

    Parameters
    ----------
    routes : whether to add the arrivals of each route.
    """
    found = {name: value(result, asked) for name, asked in measures.items()}
    if routes:
        table = result.frame("arrivals", by=["route"])
        found.update({f"{ARRIVALS_BY}{route}": float(n) for route, n in zip(table["route"], table["arrivals"],
                                                                            strict=True) if route})  # fmt: skip
    return found


def problems(
    asked: Measured, scenario: Scenario, labels: Labels, months: Sequence[str]
) -> Iterator[tuple[str, str, object, str, str]]:
    """Yield what a scenario cannot answer: the field of the measure, what is wrong, the value, what is allowed, advice.

    Parameters
    ----------
    labels : labels along each recorded dimension.
    months : months of the run, YYYY-MM.
    """
    name, _ = recorded(asked)
    field = field_of(name)
    allowed = dims_of(field)[len(TIME) :]
    yield from _where_problems(name, asked.where, allowed, scenario, labels)
    fits = ("total",) if field.kind == "flow" else ("end", "mean")
    if asked.at is not None and asked.at not in fits:
        yield "at", f"cannot be taken of {name!r}, which is a {field.kind}", asked.at, ", ".join(fits), ""
    for key, month in (("since", asked.since), ("until", asked.until)):
        if month is not None and month not in months:
            yield key, "is not a month of the run", month, f"{months[0]} to {months[-1]}", ""


def table_problems(asked: Tabled, scenario: Scenario, labels: Labels) -> Iterator[tuple[str, str, object, str, str]]:
    """Yield what a scenario cannot answer of a table, as `problems` does of a measure."""
    allowed = dims_of(field_of(asked.measure))
    for dim in asked.by:
        if dim not in allowed:
            yield "by", f"is no dimension of {asked.measure!r}", dim, ", ".join(allowed), nearest(dim, allowed)
    yield from _where_problems(asked.measure, asked.where, allowed[len(TIME) :], scenario, labels)


def _where_problems(
    name: str, where: Mapping[str, str | tuple[str, ...]], allowed: Sequence[str], scenario: Scenario, labels: Labels
) -> Iterator[tuple[str, str, object, str, str]]:
    """Yield what is wrong with the labels to keep."""
    for dim, wanted in where.items():
        if dim not in allowed:
            yield f"where.{dim}", f"is no dimension of {name!r}", None, ", ".join(allowed), nearest(dim, allowed)
            continue
        known = _known(dim, scenario, labels)
        for label in (wanted,) if isinstance(wanted, str) else wanted:
            if label not in known:
                yield f"where.{dim}", "is not a label of this dimension", label, ", ".join(known), nearest(label, known)


def _known(dim: str, scenario: Scenario, labels: Labels) -> list[str]:
    if dim in LEG_DIMS and dim != "leg":
        return [label for label in dict.fromkeys(leg_label(leg, dim) for leg in scenario.legs) if label]
    return list(labels[dim])
