"""Yearly figures of a scenario as arrays over the steps of a run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Key = TypeVar("Key", bound=Hashable)
MID_YEAR = 0.5
END_OF_YEAR = 1.0


def gather(figures: Iterable[tuple[Key, int, float | None]]) -> dict[Key, list[tuple[int, float]]]:
    """Group (key, year, value) by key, in order of year, leaving out what is not known."""
    groups: dict[Key, list[tuple[int, float]]] = defaultdict(list)
    for key, year, value in figures:
        if value is not None:
            groups[key].append((year, float(value)))
    return {key: sorted(pairs) for key, pairs in groups.items()}


def interpolate(pairs: list[tuple[int, float]], when: Floats, at: float) -> Floats:
    """Interpolate linearly between yearly figures, held at both ends; shape of `when`.

    Parameters
    ----------
    pairs : (year, figure), in order.
    when : decimal years.
    at : part of the year that a figure speaks of: its middle or its end.
    """
    years = np.array([year + at for year, _ in pairs])
    return np.asarray(np.interp(when, years, np.array([value for _, value in pairs])), dtype=np.float64)


def in_year(pairs: list[tuple[int, float]], when: Floats) -> Floats:
    """Return the figure of the year itself, held at both ends; shape of `when`."""
    years = np.array([year for year, _ in pairs])
    values = np.array([value for _, value in pairs])
    index = np.clip(np.searchsorted(years, np.floor(when), side="right") - 1, 0, len(years) - 1)
    return np.asarray(values[index])


def whole(cumulative: Floats) -> NDArray[np.int64]:
    """Turn a cumulative series into whole increments that never drift; first axis is time."""
    floors = np.floor(cumulative + 0.5).astype(np.int64)
    return np.diff(floors, axis=0)
