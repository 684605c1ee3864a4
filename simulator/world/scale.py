"""Whether the rows of a run are fine enough for its people: a pool that fills no row sends nobody."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.numbers import count
from simulator.world.world import World

NAMED = 6
"""Origins that are named."""


def too_coarse(world: World) -> Iterator[str]:
    """Yield who sets out from nowhere since a row stands for more people than there are; nothing where rows are fine.

    Parameters
    ----------
    world : as it begins.
    """
    if world.weight == 1:
        return
    largest = world.pools.max(axis=(1, 2, 3))
    whole = world.pools.sum(axis=(1, 2, 3))
    a_row, origins = count(world.weight), world.groups.origins
    small = [code for code, people in zip(origins, whole, strict=True) if people < world.weight]
    empty = [code for code, people in zip(origins, largest, strict=True) if people < world.weight and code not in small]
    if small:
        yield (f"lets nobody set out from there at first: a row stands for {a_row} people, which is more than all "
               f"people of {_named(small)}")  # fmt: skip
    if empty:
        yield (f"lets nobody set out from there at first: a row stands for {a_row} people, and of {_named(empty)} no "
               "pool (people of one residence, need and wealth) holds as many")  # fmt: skip


def _named(codes: list[str]) -> str:
    rest = f" and {len(codes) - NAMED} more" if len(codes) > NAMED else ""
    return ", ".join(codes[:NAMED]) + rest
