"""The table on which governments lay their orders for a step, and how the orders combine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.scenario.levers import LEVERS
from simulator.world.world import World

Floats = NDArray[np.float64]


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
        # Most levers are at rest in most steps: those that orders touch are worked out, the others copied from here.
        self._at_rest = {
            name: np.clip(array, LEVERS[name].low, LEVERS[name].high) for name, array in self._neutral.items()
        }
        self._set = {name: np.zeros_like(array) for name, array in self._neutral.items()}
        self._part_set = {name: np.zeros_like(array) for name, array in self._neutral.items()}
        self._added = {name: np.zeros_like(array) for name, array in self._neutral.items()}
        self._factor = {name: np.ones_like(array) for name, array in self._neutral.items()}
        self._touched: set[str] = set()
        self.by = ""
        self.clear()

    def clear(self) -> None:
        """Forget all orders."""
        for lever in self._touched:
            for table in (self._set, self._part_set, self._added):
                table[lever].fill(0.0)
            self._factor[lever].fill(1.0)
        self._touched.clear()
        self.raised: dict[str, list[tuple[str, tuple[NDArray[np.intp], ...], float]]] = {}

    def lay(self, lever: str, where: tuple[NDArray[np.intp], ...], do: str, value: float, active: float) -> None:
        """Lay one order: `value` at `where`, acting for the share `active` of the step."""
        self._touched.add(lever)
        if do == "set":
            self._set[lever][where] += active * value
            self._part_set[lever][where] += active
        elif do == "add":
            self._added[lever][where] += active * value
        else:
            self._factor[lever][where] *= 1.0 + active * (value - 1.0)
        by_how_far = active * (value - {"set": LEVERS[lever].neutral, "add": 0.0, "multiply": 1.0}[do])
        if by_how_far > 0:
            self.raised.setdefault(lever, []).append((self.by, where, by_how_far))

    def apply(self, world: World) -> None:
        """Write the combined orders into the world's levers, within each lever's limits."""
        for name, target in world.levers.items():
            if name not in self._touched:
                target[...] = self._at_rest[name]
                continue
            spec, part = LEVERS[name], self._part_set[name]
            base = self._neutral[name] * np.maximum(1.0 - part, 0.0) + self._set[name] / np.maximum(part, 1.0)
            value = (base + self._added[name]) * self._factor[name]
            np.minimum(np.maximum(value, spec.low), spec.high, out=target)
