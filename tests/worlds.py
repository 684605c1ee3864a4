"""Helpers for tests of single stages: people put into a world by hand, and the width of a band."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.world.people import State
from simulator.world.world import World


def half_width(p: float, n: int, z: float = 4.0) -> float:
    """Return the half-width within which a share of `n` draws lies but for 1 time in 16,000 (z = 4)."""
    return z * float(np.sqrt(p * (1 - p) / n))


def settle_step(world: World, *stages: Any) -> World:
    for stage in stages:
        stage(world)
    return world


def add_people(world: World, n: int, place: int, state: State, person_class: int = 0, **columns: Any) -> np.ndarray:
    """Add people with keys of their own; they count as entered, so that the world stays in balance."""
    world.entered += n * world.weight
    key = np.random.default_rng(len(world.people.key) + 17).integers(2**64, size=n, dtype=np.uint64)
    plain = {"money": np.full(n, 1e9), "ready": np.full(n, np.inf)}
    return world.people.add(
        key=key,
        place=np.full(n, place),
        state=np.full(n, state),
        person_class=np.full(n, person_class),
        **{**plain, **columns},
    )
