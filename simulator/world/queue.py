"""Claims waiting for a decision: first in, first out."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]


class ClaimQueue:
    """Row numbers in the order of their claims."""

    def __init__(self) -> None:
        self._parts: deque[Rows] = deque()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def append(self, rows: Rows) -> None:
        """Add claims at the end, in the order given."""
        if rows.size:
            self._parts.append(rows)
            self._length += rows.size

    def take(self, n: int) -> Rows:
        """Remove and return the `n` oldest claims, or all if there are fewer."""
        taken: list[Rows] = []
        while n > 0 and self._parts:
            part = self._parts.popleft()
            if part.size > n:
                self._parts.appendleft(part[n:])
                part = part[:n]
            taken.append(part)
            n -= part.size
            self._length -= part.size
        return np.concatenate(taken) if taken else np.zeros(0, dtype=np.intp)

    def renumber(self, new: NDArray[np.int32]) -> None:
        """Follow rows through a compaction of the table of people."""
        self._parts = deque(new[part].astype(np.intp) for part in self._parts)
