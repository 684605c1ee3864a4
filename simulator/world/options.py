"""The options of all places as one list, in the order in which values are found.

Tables of options hold a row for each entry of the list and a column for each class of people. The options of a level
lie together: first the first options of its places, then the second ones, and so on. A level is then a view of a
table, and sums over options run along rows. Places with fewer options than others of their level get empty entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]


class Level(NamedTuple):
    """Places whose values are found together; `cycle` if they can be reached from one another."""

    places: Rows
    cycle: bool


class Block(NamedTuple):
    """A level in the list.

    Attributes
    ----------
    places : its places, as positions in the order in which places are found.
    entries : its entries of the list.
    heads : position that each option leads to, that behind the last place for exits and empty entries; shape
        (n_options, n_places_of_level).
    cycle : whether its places can be reached from one another.
    """

    places: slice
    entries: slice
    heads: Rows
    cycle: bool

    def of(self, table: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the level's part of a table, as a view; shape (n_options, n_places_of_level, n_classes)."""
        return table[self.entries].reshape(*self.heads.shape, -1)


class OptionList(NamedTuple):
    """The options of all places.

    Attributes
    ----------
    blocks : the levels in the order in which they are found.
    order : place at each position; position : the other way round; each of shape (n_places,).
    place, column : place of each entry, and its column in the table of places and options; shape (n_entries,).
    codes : leg or exit of each entry, -1 if it is empty, shape (n_entries,).
    ranks : entries in use: all first options, then all second ones ..., places with most options first.
    starts : where the first, second ... options begin in `ranks`, and its length.
    padded : where each option of each place stands in `ranks`: its last one again if there is none, and the length of
        `ranks` for a place without options; shape (n_options, n_places).
    """

    blocks: tuple[Block, ...]
    order: Rows
    position: Rows
    place: Rows
    column: Rows
    codes: Rows
    ranks: Rows
    starts: tuple[int, ...]
    padded: Rows

    @property
    def n_places(self) -> int:
        """Number of places."""
        return len(self.order)


def list_options(options: NDArray[np.int16], heads: Rows, levels: Sequence[Level]) -> OptionList:
    """Return the list.

    Parameters
    ----------
    options : legs and exits open at each place, -1 padded at the end, shape (n_places, n_options).
    heads : place that each leads to, -1 for exits and padding, shape (n_places, n_options).
    levels : all places, in the order in which values are found.
    """
    n_places = len(options)
    count = np.count_nonzero(options >= 0, axis=1)
    order = np.concatenate([level.places for level in levels])
    position = np.empty(n_places + 1, dtype=np.intp)
    position[order], position[-1] = np.arange(n_places), n_places
    blocks: list[Block] = []
    place, column = [], []
    found, listed = 0, 0
    for level in levels:
        n, most = len(level.places), max(int(count[level.places].max()), 1)
        block = slice(found, found + n), slice(listed, listed + n * most)
        blocks.append(Block(*block, np.ascontiguousarray(position[heads[level.places, :most].T]), level.cycle))
        place.append(np.tile(level.places, most))
        column.append(np.repeat(np.arange(most), n))
        found, listed = found + n, listed + n * most
    at, nth = np.concatenate(place), np.concatenate(column)
    entry = np.empty(options.shape, dtype=np.intp)
    entry[at, nth] = np.arange(listed)
    ranks, starts, padded = _ranked(entry, count)
    codes = options[at, nth].astype(np.intp)
    return OptionList(tuple(blocks), order, position[:-1], at, nth, codes, ranks, starts, padded)


def _ranked(entry: Rows, count: Rows) -> tuple[Rows, tuple[int, ...], Rows]:
    """Return `ranks`, `starts` and `padded` of a list, given the entry of each option and how many each place has."""
    by_count = np.argsort(-count, kind="stable")
    rows = [entry[by_count[count[by_count] > nth], nth] for nth in range(entry.shape[1])]
    starts = np.cumsum([0, *map(len, rows)])
    rank = np.empty_like(by_count)
    rank[by_count] = np.arange(len(by_count))
    last = np.minimum(np.arange(entry.shape[1])[:, None], count - 1)
    padded = np.where(last >= 0, starts[last] + rank, starts[-1])
    return np.concatenate(rows), tuple(starts.tolist()), padded
