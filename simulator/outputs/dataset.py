"""The whole of a run as one xarray Dataset, with units, long names and dates."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from simulator.clock import Clock
from simulator.outputs.columns import Columns
from simulator.outputs.periods import month_end_steps
from simulator.outputs.recorder import is_sparse
from simulator.scenario.schema import Scenario
from simulator.world.fields import DIMENSIONS, RECORDED, Field


def build_dataset(
    scenario: Scenario,
    clock: Clock,
    coords: Mapping[str, tuple[str, ...]],
    columns: Mapping[str, Columns],
    fields: Mapping[str, Field] = RECORDED,
) -> xr.Dataset:
    """Return all recorded fields, dense over step (stocks: month) and their dimensions.

    A level that was not known in a cell is NaN there.
    """
    variables = {
        name: _variable(field, clock, coords, columns[name]) for name, field in fields.items() if name in columns
    }
    dataset = xr.Dataset(variables, coords=_coordinates(scenario, clock, coords, fields))
    dataset.attrs = {
        "title": scenario.title,
        "scenario": scenario.name,
        "corridor": scenario.base,
        "overrides": ", ".join(scenario.overrides),
        "seed": str(scenario.seed),
        "persons_per_agent": scenario.persons_per_agent,
    }
    return dataset


def _variable(
    field: Field, clock: Clock, coords: Mapping[str, tuple[str, ...]], columns: Columns
) -> tuple[tuple[str, ...], NDArray[np.generic], dict[str, str]]:
    """Return dimensions, dense values and attributes of one field."""
    ends = month_end_steps(clock)
    time, n_times = ("month", len(ends)) if field.every == "month" else ("step", clock.n_steps)
    shape = (n_times, *(len(coords[dim]) for dim in field.dims))
    fill = 0 if is_sparse(field) else np.nan
    dense = np.full(shape, fill, dtype=columns.value.dtype)
    position = tuple(_positions(columns.labels[dim], coords[dim])[columns.codes[dim]] for dim in field.dims)
    if time == "step":
        dense[(columns.step, *position)] = columns.value
    else:
        for month, step in enumerate(ends):
            rows = columns.step == step
            dense[(month, *(part[rows] for part in position))] = columns.value[rows]
    attributes = {"units": field.unit, "long_name": field.long_name, "kind": field.kind}
    return (time, *field.dims), dense, attributes


def _positions(labels: tuple[str, ...], coordinate: tuple[str, ...]) -> NDArray[np.int64]:
    where = {label: index for index, label in enumerate(coordinate)}
    return np.array([where[label] for label in labels], dtype=np.int64)


def _coordinates(
    scenario: Scenario, clock: Clock, coords: Mapping[str, tuple[str, ...]], fields: Mapping[str, Field]
) -> dict[str, tuple[str, object, dict[str, str]]]:
    legs = {leg.leg: leg for leg in scenario.legs}
    used = {dim for field in fields.values() for dim in field.dims}
    found: dict[str, tuple[str, object, dict[str, str]]] = {
        "step": ("step", np.arange(clock.n_steps, dtype=np.int32), {"long_name": "step of the run"}),
        "date": ("step", np.array(clock.starts, dtype="datetime64[s]"), {"long_name": "first day of the step"}),
        "days": ("step", clock.days, {"long_name": "length of the step", "units": "day"}),
        "month": ("month", np.array(clock.months, dtype=object), {"long_name": "calendar month"}),
    }
    for dim in coords:
        if dim in used:
            found[dim] = (dim, np.array(coords[dim], dtype=object), {"long_name": DIMENSIONS[dim]})
    of_leg = {"route": "named route", "mode": "mode of travel", "tail": "place left", "head": "place reached"}
    for name, long_name in of_leg.items():
        labels = [getattr(legs[leg], name) for leg in coords["leg"]]
        found[name] = ("leg", np.array(labels, dtype=object), {"long_name": long_name})
    counted = np.array([legs[leg].counted for leg in coords["leg"]], dtype=np.int8)
    found["counted"] = ("leg", counted, {"long_name": "1 where getting through is an arrival on the route"})
    return found
