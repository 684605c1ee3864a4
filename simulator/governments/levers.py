"""The table on which governments lay their orders for a step, and how the orders combine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.scenario.levers import LEVERS
from simulator.world.world import World

Floats = NDArray[np.float64]
Where = tuple[NDArray[np.intp], ...]
Laid = tuple[str, Where, str, float, float, Floats | None]
"""An order for a lever: by whom, where, what it does (set, add or multiply), mean value on the days on which it acts,
share of the step, and, if it changes within the step, the value on each day (NaN where it does not act)."""


class LeverTable:
    """Collects orders of all governments for one step; their order plays no part.

    A lever starts at its neutral value. What is *set* replaces it, what is *added* comes on top, and what
    is *multiplied* scales the sum. Where orders change within a step they are combined day by day: the step falls into
    spells in which no order changes, and a lever's value in the step is the mean of its days.

    Attributes
    ----------
    by : government that lays the orders which come now.
    raised : by lever, who raised it, where, and by how far, counted from what changes nothing.
    """

    def __init__(self, world: World):
        self._neutral = {name: np.full_like(array, LEVERS[name].neutral) for name, array in world.levers.items()}
        self._orders: dict[str, list[Laid]] = {}
        # By lever, the orders as last combined, and what came of them. In most steps those of most levers stay as they
        # are. A place is known by its identity; that it is held in `_places` keeps the identity from being used again.
        self._known: dict[str, list[tuple[str, int, str, float, float]]] = {}
        self._places: dict[str, list[Where]] = {}
        self._combined: dict[str, Floats] = {}
        self.by = ""
        self.raised: dict[str, list[tuple[str, Where, float]]] = {}

    def clear(self) -> None:
        """Forget all orders."""
        self._orders = {}

    def lay(self, lever: str, where: Where, do: str, value: float, active: float, days: Floats | None = None) -> None:
        """Lay one order: `value` at `where`, acting for the share `active` of the step; see `Laid` for `days`."""
        self._orders.setdefault(lever, []).append((self.by, where, do, value, active, days))

    def apply(self, world: World) -> None:
        """Write the combined orders into the world's levers and spells, within each lever's limits."""
        spells = self._spells()
        values: list[dict[str, Floats]] = [{} for _ in spells]
        for lever, target in world.levers.items():
            orders = self._orders.get(lever, [])
            if any(order[-1] is not None for order in orders):
                self._known.pop(lever, None)
                self._note(lever, orders)
                each = self._in_spells(lever, orders, spells)
                for found, value in zip(values, each, strict=True):
                    found[lever] = value
                target[...] = _over_spells(each, spells)
                continue
            known = [(by, id(where), do, value, active) for by, where, do, value, active, _ in orders]
            if known != self._known.get(lever):
                self._note(lever, orders)
                self._combined[lever] = self._combine(lever, orders)
                self._known[lever], self._places[lever] = known, [order[1] for order in orders]
            target[...] = self._combined[lever]
        world.spells = [
            (share, {**world.levers, **found} if found else world.levers)
            for (_, share), found in zip(spells, values, strict=True)
        ]

    def value(self, lever: str) -> Floats:
        """Return what the orders that were laid make of one lever, whatever they make of others."""
        orders, spells = self._orders.get(lever, []), self._spells()
        return _over_spells(self._in_spells(lever, orders, spells), spells)

    def _in_spells(self, lever: str, orders: list[Laid], spells: list[tuple[int, float]]) -> list[Floats]:
        """Return the value of a lever in each spell of the step."""
        return [self._combine(lever, _on(orders, day)) for day, _ in spells]

    def _spells(self) -> list[tuple[int, float]]:
        """Return a day of the step for each set of orders that hold together on some of its days, and their share."""
        changing = [days for orders in self._orders.values() for *_, days in orders if days is not None]
        if not changing:
            return [(0, 1.0)]
        table = np.stack(changing, axis=1)  # a row a day
        first: dict[bytes, int] = {}
        alike = [first.setdefault(row.tobytes(), day) for day, row in enumerate(table)]
        return [(day, alike.count(day) / len(alike)) for day in first.values()]

    def _note(self, lever: str, orders: list[Laid]) -> None:
        """Note who raised a lever in the step, where, and by how far."""
        self.raised.pop(lever, None)
        unmoved = {"set": LEVERS[lever].neutral, "add": 0.0, "multiply": 1.0}
        for by, where, do, value, active, _ in orders:
            by_how_far = active * (value - unmoved[do])
            if by_how_far > 0:
                self.raised.setdefault(lever, []).append((by, where, by_how_far))

    def _combine(self, lever: str, orders: list[Laid]) -> Floats:
        """Return the value of a lever under some orders."""
        spec, neutral = LEVERS[lever], self._neutral[lever]
        set_to, part, added, factor = (np.full_like(neutral, start) for start in (0.0, 0.0, 0.0, 1.0))
        for _, where, do, value, active, _ in orders:
            if do == "set":
                set_to[where] += active * value
                part[where] += active
            elif do == "add":
                added[where] += active * value
            else:
                factor[where] *= 1.0 + active * (value - 1.0)
        base = neutral * np.maximum(1.0 - part, 0.0) + set_to / np.maximum(part, 1.0)
        return np.asarray(np.clip((base + added) * factor, spec.low, spec.high))


def _over_spells(values: list[Floats], spells: list[tuple[int, float]]) -> Floats:
    """Return the mean over spells, so that what is the same in all of them stays so to the bit."""
    found = values[0].copy()
    for (_, share), value in zip(spells[1:], values[1:], strict=True):
        found += share * (value - values[0])
    return found


def _on(orders: list[Laid], day: int) -> list[Laid]:
    """Return orders as they stand on a day of the step; those that do not act on it are left out."""
    found: list[Laid] = []
    for by, where, do, value, active, days in orders:
        if days is None:
            found.append((by, where, do, value, active, None))
        elif not np.isnan(days[day]):
            found.append((by, where, do, float(days[day]), 1.0, None))
    return found
