"""Tables of a run as plain arrays: codes along each dimension, and values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Columns:
    """The columns of one table.

    Attributes
    ----------
    step : index of the step, shape (n_rows,).
    codes : position of each row's label along each dimension, shape (n_rows,).
    labels : labels along each dimension.
    value : shape (n_rows,).
    """

    step: Codes
    codes: dict[str, Codes]
    labels: dict[str, tuple[str, ...]]
    value: NDArray[np.int64] | NDArray[np.float64]

    def keep(self, rows: NDArray[np.bool_]) -> Columns:
        """Return the rows that are marked, shape (n_rows,)."""
        codes = {dim: code[rows] for dim, code in self.codes.items()}
        return Columns(self.step[rows], codes, self.labels, self.value[rows])


def columns_of(table: pa.Table) -> Columns:
    """Take a table apart; its labels need not be the same, nor in the same order, in every chunk."""
    table = table.unify_dictionaries()
    codes, labels = {}, {}
    for dim in table.column_names[1:-1]:
        column = table.column(dim).combine_chunks()
        codes[dim] = column.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        labels[dim] = tuple(column.dictionary.to_pylist())
    return Columns(table.column("step").to_numpy().astype(np.int64), codes, labels, table.column("value").to_numpy())


def canonical(columns: Columns) -> list[tuple[str, bytes, bytes]]:
    """Return each column as name, labels in use (sorted) and little-endian bytes.

    Two tables that say the same in the same order of rows give the same, however they were stored.
    """
    parts = [("step", b"", columns.step.astype("<i4").tobytes())]
    for dim, code in columns.codes.items():
        names = np.array(columns.labels[dim], dtype=object)
        used = np.unique(code)
        order = np.argsort(names[used]) if len(used) else np.empty(0, dtype=np.int64)
        rank = np.zeros(len(names), dtype="<i4")
        rank[used[order]] = np.arange(len(used))
        text = "\x1f".join(names[used[order]]).encode()
        parts.append((dim, text, rank[code].tobytes()))
    kind = "<i8" if columns.value.dtype.kind == "i" else "<f8"
    parts.append(("value", kind.encode(), columns.value.astype(kind).tobytes()))
    return parts
