"""Stateless random draws keyed by person, decision point, step and round.

A draw is a function of its key alone: the same person meets the same luck at the same decision under
every policy, whatever others do and however the work is split. The mixing function is the finalizer of
SplitMix64 (Steele, Lea & Flood 2014, doi:10.1145/2714064.2660195) over the person's key plus a constant
of the decision point; a 64-bit word gives two independent 32-bit draws.
"""

from __future__ import annotations

import hashlib
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Halves = NDArray[np.uint32]
Floats = NDArray[np.float64]

_MASK: Final = (1 << 64) - 1
_GAMMA: Final = 0x9E3779B97F4A7C15
_M1: Final = 0xBF58476D1CE4E5B9
_M2: Final = 0x94D049BB133111EB
_MIXING: Final = ((np.uint64(30), np.uint64(_M1)), (np.uint64(27), np.uint64(_M2)))
_LAST_SHIFT: Final = np.uint64(31)
ROUNDS: Final = 64
"""Decisions that a person may take within one step; part of the key."""

BLOCK: Final = 1 << 14
"""Rows worked at a time, so that a block's arrays stay in the processor's cache; it never changes a result."""


class Decision(IntEnum):
    """Decision points; a number is never reused, so that luck stays with its decision."""

    CHOOSE = 1
    AFTER = 2
    DEPART = 3
    SETTING_OUT = 4
    WEALTH = 5
    CLAIM = 6
    DECIDE = 7
    APPEAL = 8
    LEAVE = 9
    REMIGRATE = 10
    WEATHER = 11
    THIRD_COUNTRY = 12
    ROUNDING = 13
    OBSERVE = 14
    PATHWAY = 15
    GOVERN = 16
    HOMEWARD = 17


def mix(word: int) -> int:
    """Mix one 64-bit integer; the scalar twin of `words`."""
    word = ((word ^ (word >> 30)) * _M1) & _MASK
    word = ((word ^ (word >> 27)) * _M2) & _MASK
    return word ^ (word >> 31)


def stream(decision: Decision, step: int, turn: int = 0) -> int:
    """Return the constant of a decision point in a step, and turn within the step."""
    return mix(((int(decision) << 40) + step * ROUNDS + turn + 1) * _GAMMA & _MASK)


def name_key(seed: int, *names: str) -> int:
    """Return a key for a named group of people, independent of what other groups exist."""
    digest = hashlib.blake2b("\x1f".join(names).encode(), digest_size=8).digest()
    return mix((int.from_bytes(digest, "little") ^ mix((seed * _GAMMA + 1) & _MASK)) & _MASK)


def person_keys(group: int, step: int, first: int, n: int) -> Words:
    """Return keys of `n` people of a group who set out in a step, ordinals from `first`; shape (n,)."""
    ordinals = np.arange(first, first + n, dtype=np.uint64)
    base = np.uint64(mix((group + (step + 1) * _GAMMA) & _MASK))
    return words(base + ordinals * np.uint64(_GAMMA), 0)


def cohort_keys(groups: Words, step: int, count: NDArray[np.int64]) -> Words:
    """Return keys of the people of several groups who set out in a step, one group after the other.

    The first `count[k]` of group k, as `person_keys` has them; shape (sum of `count`,).
    """
    base = words(groups, (step + 1) * _GAMMA & _MASK)
    ordinals = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return words(np.repeat(base, count) + ordinals.astype(np.uint64) * np.uint64(_GAMMA), 0)


def words(keys: Words, constant: int) -> Words:
    """Mix each key with a decision's constant into a 64-bit word; shape of `keys`."""
    word = keys + np.uint64(constant)
    for shift, factor in _MIXING:
        word ^= word >> shift
        word *= factor
    word ^= word >> _LAST_SHIFT
    return word


def halves(word: Words) -> tuple[Halves, Halves]:
    """Split words into their high and low 32 bits: two independent draws each."""
    return (word >> np.uint64(32)).astype(np.uint32), word.astype(np.uint32)


def uniform(half: Halves) -> Floats:
    """Turn 32-bit draws into numbers strictly between 0 and 1."""
    return (half.astype(np.float64) + 0.5) * 2.0**-32


def uniforms(keys: Words, decision: Decision, step: int, turn: int = 0) -> Floats:
    """Draw one number strictly between 0 and 1 for each key, with 53 bits; shape of `keys`."""
    word = words(keys, stream(decision, step, turn))
    return ((word >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def exponential(half: Halves) -> NDArray[np.float32]:
    """Turn 32-bit draws into exponential variates of mean 1, shape of `half`.

    The logarithm is taken in double precision and rounded: NumPy takes that of single precision by other means on
    processors with wide vectors, a fifth of all waits then differ in the last bit, and now and then somebody is a step
    later there.
    """
    unit = half.astype(np.float32)
    unit += np.float32(0.5)
    unit *= np.float32(2.0**-32)
    return -np.log(unit, dtype=np.float64).astype(np.float32)


def thresholds(shares: Floats) -> NDArray[np.uint32]:
    """Turn cumulative shares into limits on 32-bit draws: a draw below the limit falls within the share."""
    limits = np.multiply(shares, 2.0**32)
    np.rint(limits, out=limits)
    np.maximum(limits, 0.0, out=limits)
    np.minimum(limits, 2.0**32 - 1.0, out=limits)
    return limits.astype(np.uint32)
