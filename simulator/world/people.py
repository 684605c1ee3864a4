"""Everybody who has set out and whose case is open: one row each, in a structure of arrays.

No object stands for a person. A row stands for `weight` people (`persons_per_agent`). Closed rows (dead,
protected, settled) are counted elsewhere and their rows are reused after compaction, which changes no
draw, since draws are keyed by person and not by row.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError, Problem

Rows = NDArray[np.intp]


class State(IntEnum):
    """State of a person."""

    MOVING = 0
    """Under way on a leg or waiting at a place for the next."""
    DETAINED = 1
    """Held after an interception."""
    AWAITING = 2
    """Claimed asylum; waits for the first decision."""
    APPEALING = 3
    """Refused; appeals."""
    ORDERED = 4
    """Ordered to leave."""
    UNDOCUMENTED = 5
    """In a destination country without a claim and without an order."""
    RETURNED = 6
    """Back in the country of origin; followed, since many leave again."""
    PROTECTED = 7
    """Granted protection; closed."""
    ADMITTED = 8
    """Moved by a legal pathway; closed."""
    DEAD = 9
    """Died on the way; closed."""
    RESIDENT = 10
    """Not on the move: at home or living in a host country; held as counts, never as a row."""


TRANSITIONS: Final[dict[State, frozenset[State]]] = {
    State.MOVING: frozenset(
        {State.MOVING, State.DETAINED, State.AWAITING, State.UNDOCUMENTED, State.RETURNED, State.DEAD, State.RESIDENT}
    ),
    State.DETAINED: frozenset({State.MOVING}),
    State.AWAITING: frozenset({State.PROTECTED, State.APPEALING, State.ORDERED}),
    State.APPEALING: frozenset({State.PROTECTED, State.ORDERED}),
    State.ORDERED: frozenset({State.RETURNED}),
    State.UNDOCUMENTED: frozenset({State.ORDERED, State.RETURNED}),
    State.RETURNED: frozenset({State.MOVING, State.RESIDENT}),
    State.RESIDENT: frozenset({State.MOVING, State.ADMITTED}),
    State.PROTECTED: frozenset(),
    State.ADMITTED: frozenset(),
    State.DEAD: frozenset(),
}
"""Which state may follow which."""

CLOSED: Final = (State.PROTECTED, State.ADMITTED, State.DEAD, State.RESIDENT)
"""States in which a person has no row."""

COLUMNS: Final[dict[str, Any]] = {
    "key": np.uint64,
    "ready": np.float32,
    "since": np.float32,
    "money": np.float32,
    "person_class": np.int16,
    "place": np.int16,
    "leg": np.int16,
    "n_caught": np.int16,
    "state": np.int8,
}
"""Columns and their types: 29 bytes a row."""

MOST_ROWS: Final = 200_000_000
"""Rows in use at a time, at most: 6 gigabytes, and as much again while they grow. A run that needs more stops with a
word before the machine does."""


class People:
    """The rows of people, in the order in which they set out.

    Attributes
    ----------
    key : key of all the person's draws, shape (n,).
    ready : day of the next event (next leg, release, end of appeal ...), inf if none is due, shape (n,).
    since : day on which the state was entered, shape (n,).
    money : euros left for the journey, shape (n,).
    person_class : class (origin x need x wealth), shape (n,).
    place : place where the person is, or is heading, shape (n,).
    leg : last leg travelled, -1 before the first, shape (n,).
    n_caught : interceptions so far, shape (n,).
    state : `State`, shape (n,).
    n : rows in use.
    peak : most rows ever in use.
    """

    key: NDArray[np.uint64]
    ready: NDArray[np.float32]
    since: NDArray[np.float32]
    money: NDArray[np.float32]
    person_class: NDArray[np.int16]
    place: NDArray[np.int16]
    leg: NDArray[np.int16]
    n_caught: NDArray[np.int16]
    state: NDArray[np.int8]

    def __init__(self, capacity: int = 1024):
        self.n = 0
        self.peak = 0
        self._store = {name: np.zeros(capacity, dtype=dtype) for name, dtype in COLUMNS.items()}
        self._expose()

    def _expose(self) -> None:
        for name, column in self._store.items():
            setattr(self, name, column[: self.n])

    def add(self, **columns: NDArray[Any]) -> Rows:
        """Append rows and return their numbers; columns left out are zero, but `leg` is -1."""
        count = len(columns["key"])
        first, last = self.n, self.n + count
        capacity = len(self._store["key"])
        if last > MOST_ROWS:
            raise InputError([Problem("persons_per_agent", "", f"is too fine: more than {MOST_ROWS:,} rows are in use",
                                      advice="run at ten times as many people a row")])  # fmt: skip
        if last > capacity:
            room = max(last, int(capacity * 1.5))
            for name, column in self._store.items():
                grown = np.zeros(room, dtype=column.dtype)
                grown[: self.n] = column[: self.n]
                self._store[name] = grown
        for name, column in self._store.items():
            column[first:last] = columns.get(name, -1 if name == "leg" else 0)
        self.n = last
        self.peak = max(self.peak, last)
        self._expose()
        return np.arange(first, last)

    def close(self, rows: Rows, state: State) -> None:
        """Put rows in a closed state; they are dropped at the next compaction."""
        self.state[rows] = state
        self.ready[rows] = np.inf

    def compact(self) -> NDArray[np.int32] | None:
        """Drop closed rows when they are over a quarter; return old row to new (-1 if dropped), or None."""
        if self.n < 1024:
            return None
        keep = self.state < State.PROTECTED
        kept = int(np.count_nonzero(keep))
        if kept > 0.75 * self.n:
            return None
        renumbered = np.where(keep, np.cumsum(keep, dtype=np.int32) - 1, -1).astype(np.int32)
        for column in self._store.values():
            column[:kept] = column[: self.n][keep]
        self.n = kept
        self._expose()
        return renumbered


def bytes_per_row() -> int:
    """Return the bytes that one row takes."""
    return sum(np.dtype(dtype).itemsize for dtype in COLUMNS.values())
