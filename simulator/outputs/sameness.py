"""Whether two runs say the same: people exactly, figures to a billionth.

What a run records falls into two parts. *People* are all counts, and which rows there are: whole numbers, which come
out the same on every processor. *Figures* are prices, chances, revenue, spending: floating point, whose last digits
depend on how the processor, the C library and BLAS round.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from simulator.outputs.columns import canonical, columns_of

NEAR: Final = 1e-9
"""Figures that differ by no more than this part of the larger are the same."""
NEAR_ZERO: Final = 1e-12
"""... or by no more than this part of the largest of their table: what is left of two large numbers has few digits."""
SUMS: Final = 2
"""Sums of a table of figures that a record keeps: of sizes, and of sizes by a weight that differs from row to row."""

Figures = Literal["exact", "near", "sums", "different", "unknown"]
IN_WORDS: Final[dict[Figures, str]] = {
    "exact": "figures the same, bit for bit",
    "near": f"figures the same to {NEAR:g}",
    "sums": f"figures the same to {NEAR:g} as far as sums of each table tell, which is what a record alone holds",
    "different": "figures differ",
    "unknown": "figures differ in some bits; by how much, this record cannot tell",
}
"""What holds of figures. ``sums`` and ``unknown`` are all that can be said where the tables of then are gone."""


def of_people(table: pa.Table) -> bool:
    """Return whether the values of a table are whole numbers: people."""
    return bool(pa.types.is_integer(table.schema.field("value").type))


def digests(table: pa.Table) -> dict[str, Any]:
    """Return what a record says of a table: its rows, and hashes of its people and figures.

    ``sha256`` is over everything; ``people`` over steps, labels, and values where they count people; a table of figures
    has ``figures``, the hash of its values, and their ``sums``.
    """
    parts = canonical(columns_of(table))
    found: dict[str, Any] = {"rows": table.num_rows, "sha256": _digest(parts)}
    if of_people(table):
        return {**found, "people": found["sha256"]}
    values = table.column("value").to_numpy().astype(np.float64)
    return {**found, "people": _digest(parts[:-1]), "figures": _digest(parts[-1:]), "sums": sums(values)}


def _digest(parts: Iterable[tuple[str, bytes, bytes]]) -> str:
    digest = hashlib.sha256()
    for name, labels, data in parts:
        for part in (name.encode(), labels, data):
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(part)
    return digest.hexdigest()


def sums(values: NDArray[np.float64]) -> list[float]:
    """Return two sums over the sizes of values, shape (n,), that tell most changes; NaN and infinity count as 1."""
    sizes = np.where(np.isfinite(values), np.abs(values), 1.0)
    golden = (math.sqrt(5.0) - 1.0) / 2.0
    weights = np.arange(1, len(sizes) + 1) * golden % 1.0
    return [math.fsum(sizes), math.fsum(sizes * weights)]


def overall(tables: Mapping[str, Mapping[str, Any]], part: str) -> str:
    """Return the hash of one part of a run, ``people``, ``figures`` or ``sha256``, from those of its tables."""
    text = "\n".join(f"{name} {tables[name][part]}" for name in sorted(tables) if part in tables[name])
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Sameness:
    """Whether two runs say the same.

    Attributes
    ----------
    people : whether all counts and rows are the same.
    figures : what holds of the figures; see `IN_WORDS`.
    different : tables that are not the same by these measures, in order.
    inexact : tables of figures that are not the same to the bit.
    largest : largest difference of a figure, as a part of the larger; None where the tables of then are not there.
    where : the table that it is in.
    """

    people: bool
    figures: Figures
    different: tuple[str, ...] = ()
    inexact: tuple[str, ...] = ()
    largest: float | None = None
    where: str = ""

    @property
    def holds(self) -> bool:
        """Whether the runs count as the same: people exactly, figures as near as can be told."""
        return self.people and self.figures in ("exact", "near", "sums")

    def __str__(self) -> str:
        people = "people the same" if self.people else "people differ"
        size = f" (largest difference {self.largest:.1e}, in {self.where})" if self.largest else ""
        return f"{people}; {IN_WORDS[self.figures]}{size}"


def apart(then: NDArray[np.float64], now: NDArray[np.float64]) -> tuple[float, bool]:
    """Return the largest difference of two arrays of a shape, as a part of the larger, and whether all are near.

    Figures that are not numbers are the same as each other, and as nothing else.
    """
    same = (then == now) | (np.isnan(then) & np.isnan(now))
    if same.all():
        return 0.0, True
    with np.errstate(invalid="ignore", over="ignore"):
        difference, size = np.abs(then - now)[~same], np.maximum(np.abs(then), np.abs(now))[~same]
    finite = np.isfinite(difference) & np.isfinite(size)
    if not finite.all():
        return math.inf, False
    finite_then = np.abs(then[np.isfinite(then)])
    floor = NEAR_ZERO * float(finite_then.max(initial=0.0))
    counted = difference > floor
    part = float((difference[counted] / size[counted]).max(initial=0.0))
    return part, part <= NEAR


def compare(
    record: Mapping[str, Mapping[str, Any]],
    now: Mapping[str, pa.Table],
    old: Mapping[str, pa.Table] | None = None,
    later: Iterable[str] = (),
) -> Sameness:
    """Compare the tables of a run with what a record says of those of another.

    Parameters
    ----------
    record : what the record says of each table; records before format 2 have one hash for all of a table.
    now : the tables to compare.
    old : the tables of the recorded run, where they are there: figures are then compared one by one.
    later : tables that are not compared where the record does not have them.
    """
    skipped = {name for name in later if name not in record}
    people, judged, inexact = [], {}, []
    largest, where = 0.0, ""
    for name in dict.fromkeys([*now, *record]):
        if name in skipped:
            continue
        if name not in now or name not in record:
            people.append(name)
            continue
        found, then = digests(now[name]), record[name]
        if found["sha256"] == then["sha256"]:
            continue
        table = None if old is None else old.get(name)
        before = digests(table) if table is not None else then
        rows = found["rows"] == before["rows"] and found["people"] == before.get("people", found["people"])
        if "figures" not in found or not rows:
            people.append(name)
            continue
        inexact.append(name)
        if table is not None:
            size, near = apart(*(one.column("value").to_numpy().astype(np.float64) for one in (table, now[name])))
            judged[name] = "near" if near else "different"
            largest, where = max((largest, where), (size, name))
        else:
            judged[name] = _by_sums(then.get("sums"), found["sums"])
    order: tuple[Figures, ...] = ("different", "unknown", "sums", "near")
    figures: Figures = next((word for word in order if word in judged.values()), "exact")
    different = (*people, *(name for name, word in judged.items() if word in ("different", "unknown")))
    known = old is not None and inexact
    return Sameness(not people, figures, different, tuple(inexact), largest if known else None, where)


def _by_sums(then: list[float] | None, now: list[float]) -> Figures:
    if then is None or len(then) != SUMS:
        return "unknown"
    near = all(math.isclose(a, b, rel_tol=NEAR) for a, b in zip(then, now, strict=True))
    return "sums" if near else "different"
