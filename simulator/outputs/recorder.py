"""Record what happens in each step: dense arrays in, tidy tables out.

Most cells of most steps are zero, so only the cells that say something are kept while the run goes on,
as positions and values; labels are put on once, at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from simulator.clock import Clock
from simulator.errors import CorridorError
from simulator.scenario.schema import Scenario
from simulator.world.fields import CHOICES, RECORDED, Field

CHOICE_LABELS: Final = ("date", "government", "partner", "question", "role", "option", "term")
"""Columns of the table of choices between ``step`` and ``value``."""

Coords = Mapping[str, Sequence[str]]


def is_sparse(field: Field) -> bool:
    """Return whether a cell that is not in the table of `field` is zero, rather than unknown."""
    return field.kind == "flow" or field.unit == "person"


def value_type(field: Field) -> np.dtype[np.int64] | np.dtype[np.float64]:
    """Return the type of a field's values: whole numbers for people, else floating point."""
    return np.dtype(np.int64) if field.unit == "person" else np.dtype(np.float64)


class Recorder:
    """Rows of the recorded fields, filled step by step.

    Parameters
    ----------
    scenario : the scenario that runs.
    clock : its steps.
    coords : labels along each dimension of the recorded fields, in the order of the arrays.
    fields : the recorded fields by name; those of the register, and what stages of one's own record.
    """

    def __init__(self, scenario: Scenario, clock: Clock, coords: Coords, fields: Mapping[str, Field] = RECORDED):
        missing = sorted({dim for field in fields.values() for dim in field.dims} - set(coords))
        if missing:
            raise CorridorError(f"no labels were given for the recorded dimensions {', '.join(missing)}")
        self.scenario = scenario
        self.clock = clock
        self.fields = dict(fields)
        self.coords: dict[str, tuple[str, ...]] = {dim: tuple(names) for dim, names in coords.items()}
        self._shapes = {name: tuple(len(self.coords[dim]) for dim in field.dims) for name, field in self.fields.items()}
        self.choices: Sequence[tuple[Any, ...]] = ()
        self._steps: list[int] = []
        self._positions: dict[str, list[NDArray[np.int32]]] = {name: [] for name in self.fields}
        self._values: dict[str, list[NDArray[np.generic]]] = {name: [] for name in self.fields}
        self._row_steps: dict[str, list[int]] = {name: [] for name in self.fields}

    def record(self, step: int, ledger: Mapping[str, NDArray[np.generic]]) -> None:
        """Keep the cells of one step that say something.

        A flow, or a count of people, keeps its nonzero cells; any other level keeps its finite ones.

        Parameters
        ----------
        step : index of the step; steps come in order, each once.
        ledger : a dense array for each recorded field, of the shape of its dimensions.

        Raises
        ------
        CorridorError
            If a step comes twice or out of order, a field is missing or of another shape, or a
            count of people is not a whole number. These are defects of the simulator.
        """
        if self._steps and step <= self._steps[-1]:
            raise CorridorError(f"step {step} was recorded after step {self._steps[-1]}")
        self._steps.append(step)
        month_ends = self.clock.ends_month(step)
        for name, field in self.fields.items():
            if field.every == "month" and not month_ends:
                continue
            array = ledger.get(name)
            if array is None or array.shape != self._shapes[name]:
                found = "missing" if array is None else f"of shape {array.shape}"
                raise CorridorError(f"recorded field {name!r} is {found}; expected shape {self._shapes[name]}")
            self._keep(field, step, array.ravel())

    def _keep(self, field: Field, step: int, flat: NDArray[np.generic]) -> None:
        # NumPy finds what is true several times as fast as what is not zero.
        where = np.flatnonzero(flat != 0 if is_sparse(field) else np.isfinite(flat))
        if not where.size:
            return
        values = flat[where].astype(value_type(field))
        if field.unit == "person" and flat.dtype.kind == "f" and not np.array_equal(values, flat[where]):
            raise CorridorError(f"recorded field {field.name!r} counts people, but step {step} has fractions of them")
        self._positions[field.name].append(where.astype(np.int32))
        self._values[field.name].append(values)
        self._row_steps[field.name].append(step)

    def tables(self) -> dict[str, pa.Table]:
        """Return one table a recorded field: step, its dimensions as labels, value; and that of what governments chose.

        Rows are in order of step, then of the labels along each dimension.
        """
        return {**{name: self._table(field) for name, field in self.fields.items()}, CHOICES: self._choices()}

    def _choices(self) -> pa.Table:
        """Return what governments decided by rule: a row for each option and payoff term, its chance, and if taken."""
        columns = list(zip(*self.choices, strict=True)) or [()] * (len(CHOICE_LABELS) + 2)
        labels = {
            name: pa.array(column, type=pa.string()).dictionary_encode()
            for name, column in zip(CHOICE_LABELS, columns[1:-1], strict=True)
        }
        step, value = pa.array(columns[0], type=pa.int32()), pa.array(columns[-1], type=pa.float64())
        return pa.table({"step": step, **labels, "value": value})

    def _table(self, field: Field) -> pa.Table:
        parts = self._positions[field.name]
        lengths = [len(part) for part in parts]
        steps = np.repeat(np.array(self._row_steps[field.name], dtype=np.int32), lengths)
        positions = np.concatenate(parts) if parts else np.empty(0, dtype=np.int32)
        values = np.concatenate(self._values[field.name]) if parts else np.empty(0, dtype=value_type(field))
        columns = {"step": pa.array(steps, type=pa.int32())}
        columns.update(self._labels(field, positions))
        columns["value"] = pa.array(values)
        return pa.table(columns)

    def _labels(self, field: Field, positions: NDArray[np.int32]) -> dict[str, pa.DictionaryArray]:
        shape = self._shapes[field.name]
        indices: Sequence[NDArray[Any]] = [positions] * len(shape)
        if len(positions):
            indices = np.unravel_index(positions, shape)
        return {
            dim: pa.DictionaryArray.from_arrays(
                pa.array(index.astype(np.int32)), pa.array(self.coords[dim], type=pa.string())
            )
            for dim, index in zip(field.dims, indices, strict=True)
        }
