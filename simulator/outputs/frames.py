"""Add up a recorded field by any of its dimensions, and by those derived from legs and steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.clock import Clock
from simulator.errors import InputError, Problem, nearest
from simulator.outputs.columns import Columns
from simulator.outputs.periods import TIME, Cells, cells_for
from simulator.outputs.recorder import is_sparse
from simulator.scenario.schema import Scenario
from simulator.world.fields import RECORDED, Field

if TYPE_CHECKING:
    from simulator.scenario.tables import LegRow

LEG_DIMS: Final = ("leg", "route", "mode", "tail", "head", "border")
BORDER: Final = {True: "counted", False: "other"}
"""Whether getting through a leg counts as an arrival on its route."""
ARRIVALS: Final = "arrivals"
MEASURES: Final = (ARRIVALS, *RECORDED)
MOST_ROWS: Final = 20_000_000
Where = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Group:
    """Dimensions that go together, such as a leg's route and mode.

    Attributes
    ----------
    dims : their names.
    keys : combinations of labels that rows may have.
    of_code : position in `keys` of each label along the dimension they derive from; -1 for none.
    """

    source: str
    dims: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    of_code: NDArray[np.int64]


def field_of(measure: str, fields: Mapping[str, Field] = RECORDED) -> Field:
    """Return the recorded field behind a measure, of those that a run has.

    Raises
    ------
    InputError
        If there is no such measure.
    """
    if measure == ARRIVALS:
        return fields["crossings"]
    if measure in fields:
        return fields[measure]
    known = (ARRIVALS, *fields)
    raise InputError(
        [Problem("frame", "measure", "no such measure", measure, None, ", ".join(known), nearest(measure, known))]
    )


def dims_of(field: Field) -> tuple[str, ...]:
    """Return the dimensions that a field can be added up by."""
    return (*TIME, *field.dims, *(LEG_DIMS[1:] if "leg" in field.dims else ()))


def check_dims(measure: str, dims: Sequence[str], argument: str, allowed: Sequence[str]) -> None:
    """Check that `dims` are dimensions of a measure, each once.

    Raises
    ------
    InputError
        Naming every one that is not.
    """
    problems = [
        Problem(
            "frame",
            argument,
            f"{measure!r} has no such dimension",
            dim,
            None,
            ", ".join(allowed),
            nearest(dim, allowed),
        )
        for dim in dims
        if dim not in allowed
    ]
    problems += [
        Problem("frame", argument, "dimension given twice", dim)
        for dim in dict.fromkeys(dims)
        if list(dims).count(dim) > 1
    ]
    if problems:
        raise InputError(problems)


def leg_label(leg: LegRow, dim: str) -> str:
    """Return a leg's label along a dimension that derives from legs."""
    return BORDER[leg.counted] if dim == "border" else str(getattr(leg, dim))


def build_frame(
    scenario: Scenario, clock: Clock, columns: Columns, measure: str, field: Field, by: tuple[str, ...], where: Where
) -> pd.DataFrame:
    """Return `measure`, of `field`, added up by `by`, over the rows that `where` keeps; see `Result.frame`."""
    check_dims(measure, by, "by", dims_of(field))
    check_dims(measure, list(where), "where", dims_of(field)[len(TIME) :])
    columns = _filter(scenario, columns, measure, where)
    cells = cells_for(field, clock, tuple(dim for dim in by if dim in TIME))
    groups = _groups(scenario, columns, tuple(dim for dim in by if dim not in TIME), where)
    shape = (len(cells.keys), *(len(group.keys) for group in groups))
    if prod(shape) > MOST_ROWS:
        advice = "ask for fewer dimensions, or keep fewer labels with where"
        raise InputError([Problem("frame", "by", f"{prod(shape):,} rows are too many", list(by), None, "", advice)])
    value, known = _add_up(field, clock, columns, cells, groups, shape)
    return _assemble(measure, by, cells, groups, shape, value, known)


def _filter(scenario: Scenario, columns: Columns, measure: str, where: Where) -> Columns:
    """Keep the rows of counted legs for arrivals, and those whose labels `where` names."""
    legs = {leg.leg: leg for leg in scenario.legs}
    rows = np.ones(len(columns.step), dtype=bool)
    if measure == "arrivals":
        counted = np.array([legs[label].counted for label in columns.labels["leg"]], dtype=bool)
        rows &= counted[columns.codes["leg"]]
    for dim, wanted in where.items():
        labels = {wanted} if isinstance(wanted, str) else set(wanted)
        source = "leg" if dim in LEG_DIMS else dim
        have = [leg_label(legs[label], dim) if source == "leg" else label for label in columns.labels[source]]
        rows &= np.array([label in labels for label in have], dtype=bool)[columns.codes[source]]
    return columns if rows.all() else columns.keep(rows)


def _groups(scenario: Scenario, columns: Columns, dims: tuple[str, ...], where: Where) -> list[Group]:
    groups = []
    leg_dims = tuple(dim for dim in dims if dim in LEG_DIMS)
    if leg_dims:
        groups.append(_leg_group(scenario, columns, leg_dims, where))
    for dim in dims:
        if dim not in LEG_DIMS:
            labels = columns.labels[dim]
            used = np.unique(columns.codes[dim])
            of_code = np.full(len(labels), -1, dtype=np.int64)
            of_code[used] = np.arange(len(used))
            groups.append(Group(dim, (dim,), tuple((labels[code],) for code in used), of_code))
    return groups


def _leg_group(scenario: Scenario, columns: Columns, dims: tuple[str, ...], where: Where) -> Group:
    legs = {leg.leg: leg for leg in scenario.legs}
    labels = columns.labels["leg"]
    keys: dict[tuple[str, ...], int] = {}
    if dims == ("route",) and not set(where) & set(LEG_DIMS):
        keys = {(route,): index for index, route in enumerate(scenario.corridor.routes)}
    of_code = np.full(len(labels), -1, dtype=np.int64)
    for code in np.unique(columns.codes["leg"]):
        key = tuple(leg_label(legs[labels[code]], dim) for dim in dims)
        of_code[code] = keys.setdefault(key, len(keys))
    return Group("leg", dims, tuple(keys), of_code)


def _add_up(
    field: Field, clock: Clock, columns: Columns, cells: Cells, groups: list[Group], shape: tuple[int, ...]
) -> tuple[NDArray[np.int64] | NDArray[np.float64], NDArray[np.bool_]]:
    """Return the value of each combination, and whether it has one; both of shape (prod(shape),)."""
    rest = np.zeros(len(columns.step), dtype=np.int64)
    for group in groups:
        rest = rest * len(group.keys) + group.of_code[columns.codes[group.source]]
    first, count = cells.per_step(clock.n_steps)
    repeats = count[columns.step]
    row = np.repeat(np.arange(len(columns.step)), repeats)
    within = np.arange(len(row)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    cell = first[columns.step[row]] + within
    target = cells.group[cell] * prod(shape[1:]) + rest[row]
    weight = cells.weight[cell]
    total = np.bincount(target, weights=columns.value[row] * weight, minlength=prod(shape))
    if not is_sparse(field):
        base = np.bincount(target, weights=weight, minlength=prod(shape))
        known = base > 0
        return np.divide(total, base, out=np.zeros_like(total), where=known), known
    known = np.ones(prod(shape), dtype=bool)
    whole = field.unit == "person" and bool((cells.weight == 1.0).all())
    return (np.rint(total).astype(np.int64) if whole else total), known


def _assemble(
    measure: str,
    by: tuple[str, ...],
    cells: Cells,
    groups: list[Group],
    shape: tuple[int, ...],
    value: NDArray[np.int64] | NDArray[np.float64],
    known: NDArray[np.bool_],
) -> pd.DataFrame:
    """Label the combinations that have a value and sort them by `by`."""
    rows = np.flatnonzero(known)
    index = np.unravel_index(rows, shape) if rows.size else [rows] * len(shape)
    parts: list[tuple[tuple[str, ...], Sequence[tuple[object, ...]]]] = [
        (tuple(dim for dim in by if dim in TIME), cells.keys),
        *((group.dims, group.keys) for group in groups),
    ]
    ranks, labels = {}, {}
    for (dims, keys), position in zip(parts, index, strict=True):
        for place, dim in enumerate(dims):
            column = pd.Index([key[place] for key in keys])
            labels[dim] = column.unique().sort_values()
            ranks[dim] = labels[dim].get_indexer(column)[position]
    order = np.lexsort([ranks[dim] for dim in reversed(by)]) if by else np.arange(len(rows))
    data: dict[str, object] = {dim: labels[dim].take(ranks[dim][order]) for dim in by}
    return pd.DataFrame({**data, measure: value[rows][order]})
