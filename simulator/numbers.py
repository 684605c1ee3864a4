"""Numbers in words: the one place in which a figure is rounded, so that it reads the same wherever it stands.

A tie is rounded away from zero, as a reader does it, and from the number that is shown: what sums of floats leave in
the last of its digits is taken off first, so that a mean reads the same whatever the order of its runs. Two roundings
are all there is. A **count** (of a run, or observed) is whole. Anything else (a mean, a difference, an estimate) has
three significant figures; from a hundred up it has no decimals. The same number has the same rounding in the text,
table, figure and page.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

MINUS: Final = "\N{MINUS SIGN}"
FIGURES: Final = 3
"""Significant figures of what is no count."""
DIGITS: Final = 12
"""Digits of a float that mean anything after sums over runs: what lies beyond is left by the order of adding."""
WHOLE_FROM: Final = 100
"""Size from which nothing has decimals."""
THOUSAND: Final = 1000
SIZES: Final = ((10**9, " bn"), (10**6, " m"))
"""Words for many, where there is little room."""
NOTHING: Final = 1e-9
"""Size under which a number is what sums of floats leave of nothing."""
NONE: Final = "-"
"""What stands for a number that does not exist."""
FEWEST_ROWS: Final = 25
"""Rows of people from which a number is printed without a word: of a count of n rows the coefficient of variation is
1 / sqrt(n), a fifth for 25."""
FEW: Final = "*"
FEW_WORDS: Final = f"{FEW} rests on fewer than {FEWEST_ROWS} rows of people: luck alone moves it by more than a fifth."
"""Mark of a number that rests on few rows, and what it means."""


def _exact(value: float) -> Decimal:
    """Return a finite number without what sums of floats leave in its last digits."""
    return Decimal(value) if isinstance(value, int) else Decimal(f"{value:.{DIGITS - 1}e}")


def _to(number: Decimal, place: int) -> Decimal:
    """Return a number rounded to a power of ten, ties away from zero."""
    return number.quantize(Decimal(1).scaleb(place), rounding=ROUND_HALF_UP)


def whole(value: float) -> int:
    """Return the nearest whole number, ties away from zero."""
    return int(_to(_exact(value), 0))


def _three(value: float, figures: int = FIGURES) -> Decimal:
    """Return a number with three significant figures, ties away from zero."""
    number = _exact(value)
    return _to(number, number.adjusted() - figures + 1) if number else number


def _signed(text: str) -> str:
    """Return digits with a true minus, and none before nothing."""
    return MINUS + text[1:] if text.startswith("-") and text.strip("-0.,") else text.removeprefix("-")


def count(value: float) -> str:
    """Return a count: whole, thousands apart, a true minus; a dash where there is none."""
    return _signed(f"{whole(value):,}") if math.isfinite(value) else NONE


def people(value: float) -> str:
    """Return a number of people that is a mean or a difference: whole, of three figures from a thousand up."""
    if not math.isfinite(value):
        return NONE
    return _signed(f"{int(_three(value)):,}") if abs(_exact(value)) >= THOUSAND else count(value)


def figure(value: float) -> str:
    """Return any number of three significant figures, thousands apart: decimals only under a hundred."""
    if not math.isfinite(value):
        return NONE
    if abs(value) < NOTHING:
        return "0"
    if abs(_exact(value)) >= WHOLE_FROM:
        return people(value)
    number = _three(value)
    small = number.adjusted() < -4  # as 'g' has it: 0.0001 in full, less by its power of ten
    return _signed(f"{float(number):.2e}" if small else f"{number.normalize():f}")


def amount(value: float) -> str:
    """Return any number where there is little room: as `figure`, with a word for millions and billions."""
    if math.isinf(value):
        return "\N{INFINITY}" if value > 0 else NONE
    if not math.isfinite(value):
        return NONE
    for size, word in SIZES:
        if abs(_three(value)) >= size:
            return _signed(f"{(_three(value) / size).normalize():,f}{word}")
    return figure(value)


def rate(value: float) -> str:
    """Return deaths per thousand attempts, or another rate: two figures under a hundred; a dash where there is none."""
    if not math.isfinite(value):
        return NONE
    if abs(value) >= WHOLE_FROM or not value:
        return people(value)
    return _signed(f"{_three(value, 2).normalize():f}")


def percent(share: float) -> str:
    """Return a share in whole per cent; a dash where there is none."""
    return f"{count(100 * share)}%" if math.isfinite(share) else NONE


def fixed(value: float, decimals: int) -> str:
    """Return a number with so many decimals, such as an index between 0 and 1; a dash where there is none."""
    return _signed(f"{_to(_exact(value), -decimals):,f}") if math.isfinite(value) else NONE


def few_rows(number: float, a_row: int, runs: int = 1) -> bool:
    """Return whether a number of people rests on few rows: of nobody there is nothing to say.

    Parameters
    ----------
    number : people, in the mean over the runs.
    a_row : people that a row stands for.
    runs : how many runs the mean is over.
    """
    return math.isfinite(number) and 0 < abs(number) * runs < FEWEST_ROWS * a_row


def marked(value: float, a_row: int, runs: int = 1) -> float | str:
    """Return a number for a table, or its words with a mark where it rests on few rows."""
    if not few_rows(value, a_row, runs):
        return value
    return f"{count(value) if isinstance(value, int) else figure(value)}{FEW}"


def signed(text: str, value: float) -> str:
    """Return the words of a change, with a plus before a rise."""
    return f"+{text}" if value > 0 and text.strip("0.,") else text


def apportioned(parts: dict[str, float], total: int) -> dict[str, int]:
    """Return parts as whole numbers that add up to a total, each within one of itself, by the largest remainder.

    Parameters
    ----------
    parts : of which each may lie below zero.
    total : what the parts come to, as it is shown elsewhere.
    """
    found = {name: math.floor(value) for name, value in parts.items()}
    rest = total - sum(found.values())
    by_remainder = sorted(parts, key=lambda name: found[name] - parts[name])
    for name in by_remainder[: max(rest, 0)]:
        found[name] += 1
    return found
