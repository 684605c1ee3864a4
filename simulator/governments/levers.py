"""The table on which governments lay their orders for a step, and how the orders combine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.scenario.levers import LEVERS
from simulator.world.world import World

Floats = NDArray[np.float64]
Where = tuple[NDArray[np.intp], ...]
Laid = tuple[str, Where, str, float, float]
"""An order for a lever: by whom, where, what it does (set, add or multiply), value, and share of the step."""


class LeverTable:
    """Collects orders of all governments for one step; their order plays no part.

    A lever starts at its neutral value. What is *set* replaces it, what is *added* comes on top, and what
    is *multiplied* scales the sum; an order that acts for part of a step counts for that part. Orders that
    set a lever one after the other within a step count by their parts.

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

    def lay(self, lever: str, where: Where, do: str, value: float, active: float) -> None:
        """Lay one order: `value` at `where`, acting for the share `active` of the step."""
        self._orders.setdefault(lever, []).append((self.by, where, do, value, active))

    def apply(self, world: World) -> None:
        """Write the combined orders into the world's levers, within each lever's limits."""
        for lever, target in world.levers.items():
            orders = self._orders.get(lever, [])
            known = [(by, id(where), do, value, active) for by, where, do, value, active in orders]
            if known != self._known.get(lever):
                self._combined[lever] = self._combine(lever, orders)
                self._known[lever], self._places[lever] = known, [order[1] for order in orders]
            target[...] = self._combined[lever]

    def _combine(self, lever: str, orders: list[Laid]) -> Floats:
        """Return the value of a lever under some orders, and note who raised it."""
        spec, neutral = LEVERS[lever], self._neutral[lever]
        set_to, part, added, factor = (np.full_like(neutral, start) for start in (0.0, 0.0, 0.0, 1.0))
        self.raised.pop(lever, None)
        for by, where, do, value, active in orders:
            if do == "set":
                set_to[where] += active * value
                part[where] += active
            elif do == "add":
                added[where] += active * value
            else:
                factor[where] *= 1.0 + active * (value - 1.0)
            by_how_far = active * (value - {"set": spec.neutral, "add": 0.0, "multiply": 1.0}[do])
            if by_how_far > 0:
                self.raised.setdefault(lever, []).append((by, where, by_how_far))
        base = neutral * np.maximum(1.0 - part, 0.0) + set_to / np.maximum(part, 1.0)
        return np.asarray(np.clip((base + added) * factor, spec.low, spec.high))
