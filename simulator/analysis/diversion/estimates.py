"""Means, ratios and shares over pairs of runs, each with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from simulator.analysis.paired import LEVEL, interval

Floats = NDArray[np.float64]
Kind = Literal["nothing fell", "not told apart", "none", "partial", "full"]

MARGIN: Final = 0.1
"""How far from 0 or 1 a diversion ratio may lie and still count as none or full: a convention, not an estimate."""

SAID: Final[Mapping[Kind, str]] = {
    "nothing fell": "no fall can be told apart from zero, so that nothing can be said of what moved",
    "not told apart": "these runs cannot tell how much of it a rise on other routes matches",
    "none": "hardly any of those fewer are matched by more of the same origin and need on other routes",
    "partial": "part of those fewer are matched by more of the same origin and need on other routes",
    "full": "about all of those fewer are matched by more of the same origin and need on other routes",
}
"""What each outcome means, in words."""
PARTS: Final[Mapping[Kind, str]] = {
    "none": "hardly any",
    "partial": "part",
    "full": "about all",
}
"""How much of a fall turns up on other routes, in words."""


@dataclass(frozen=True)
class Estimate:
    """A number over pairs of runs.

    Attributes
    ----------
    mean : of a difference, the mean over pairs; of a ratio, that of the means. NaN where it does not exist.
    low, high : ends of the 95% interval; NaN for a single pair, infinite where the pairs set no limit.
    n : pairs behind it.
    """

    mean: float
    low: float
    high: float
    n: int

    @property
    def told(self) -> bool:
        """Whether the interval is clear of zero."""
        return self.low > 0 or self.high < 0

    def plain(self) -> dict[str, float | int | None]:
        """Return it as JSON values; what does not exist or has no limit is None."""
        ends = {name: float(getattr(self, name)) for name in ("mean", "low", "high")}
        return {**{name: value if math.isfinite(value) else None for name, value in ends.items()}, "n": self.n}


def mean_of(values: ArrayLike) -> Estimate:
    """Return the mean of independent values with its t interval; NaN among them are left out."""
    found = np.asarray(values, dtype=np.float64)
    found = found[np.isfinite(found)]
    if not len(found):
        return Estimate(math.nan, math.nan, math.nan, 0)
    return Estimate(float(found.mean()), *interval(found), len(found))


def ratio_of(top: ArrayLike, bottom: ArrayLike, level: float = LEVEL) -> Estimate:
    """Return the ratio of two paired means with its interval after Fieller (1954, doi:10.1111/j.2517-6161.1954.tb00159.x).

    The interval holds every ratio r for which the mean of ``top - r * bottom`` cannot be told apart from zero. Where
    `bottom` itself cannot, any ratio would do, and the interval has no ends.

    Parameters
    ----------
    top, bottom : one value a pair, shape (n,).
    """  # noqa: E501
    y, x = np.asarray(top, dtype=np.float64), np.asarray(bottom, dtype=np.float64)
    n, across = len(x), float(x.mean()) if len(x) else 0.0
    middle = float(y.mean()) / across if across else math.nan
    if n < 2:
        return Estimate(middle, math.nan, math.nan, n)
    scale = max(float(np.abs(x).max()), float(np.abs(y).max())) or 1.0
    y, x = y / scale, x / scale
    t2 = float(stdtrit(n - 1, (1 + level) / 2)) ** 2 / n
    (s_yy, s_xy), (_, s_xx) = np.cov(y, x, ddof=1)
    a = float(x.mean() ** 2 - t2 * s_xx)
    b = float(x.mean() * y.mean() - t2 * s_xy)
    c = float(y.mean() ** 2 - t2 * s_yy)
    if a <= 0:
        return Estimate(middle, -math.inf, math.inf, n)
    half = math.sqrt(max(b * b - a * c, 0.0))
    return Estimate(middle, (b - half) / a, (b + half) / a, n)


@dataclass(frozen=True)
class Verdict:
    """What the pairs say of the size of a diversion.

    Attributes
    ----------
    kind : none, partial or full; that nothing fell; or that it cannot be told.
    may_be : the kinds that the interval leaves open.
    said : what it means, in words.
    """

    kind: Kind
    may_be: tuple[Kind, ...]
    said: str

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"kind": self.kind, "may_be": list(self.may_be), "said": self.said}


def verdict(fall: Estimate, ratio: Estimate, margin: float = MARGIN) -> Verdict:
    """Return what a fall and the share of it that a rise elsewhere matches (0 to 1) amount to.

    A kind is given only if the whole interval of the ratio lies within it: up to ``margin`` there is none, up to
    ``1 - margin`` it is partial, above full. That other routes fall too, or that more come there than fell away here,
    a share within groups cannot say; totals by route do.

    Parameters
    ----------
    margin : how far from 0 or 1 counts as that.
    """
    if not fall.low > 0:
        kinds: tuple[Kind, ...] = ("nothing fell",) if fall.n > 1 else ("not told apart",)
        return Verdict(kinds[0], kinds, SAID[kinds[0]])
    bounds: tuple[tuple[Kind, float, float], ...] = (
        ("none", -math.inf, margin),
        ("partial", margin, 1 - margin),
        ("full", 1 - margin, math.inf),
    )
    open_ = tuple(kind for kind, low, high in bounds if ratio.low < high and ratio.high > low)
    if len(open_) == 1:
        return Verdict(open_[0], open_, SAID[open_[0]])
    parts = [PARTS[each] for each in open_]
    which = f"{', '.join(parts[:-1])} or {parts[-1]} of those fewer are matched on other routes" if parts else ""
    said = f"these runs leave open whether {which}" if which else SAID["not told apart"]
    return Verdict("not told apart", open_, said)
