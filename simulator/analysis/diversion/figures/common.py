"""What the figures of diversion share: numbers in words, intervals, colours by route, saving with a description."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from matplotlib.figure import Figure

from simulator import __version__
from simulator.analysis import style
from simulator.analysis.diversion.estimates import Estimate
from simulator.numbers import people
from simulator.numbers import signed as signed_text

FEWER: Final = style.OKABE_ITO["blue"]
MORE: Final = style.OKABE_ITO["vermilion"]
NO_INTERVAL: Final = "no interval from a single pair"
NOWHERE: Final = "#B9C0C6"
"""Colours of what fell, what rose, and what reappeared nowhere."""


@dataclass(frozen=True)
class Drawn:
    """A figure with its title and a text alternative.

    Attributes
    ----------
    alt : what the figure shows, in words and numbers, for those who do not see it.
    """

    figure: Figure
    title: str
    alt: str

    def save(self, folder: Path, name: str) -> list[Path]:
        """Write it as PNG and SVG with its description in both, and the description as text; return the files."""
        paths = style.save(self.figure, folder, name, self.title, self.alt)
        text = folder / f"{name}.txt"
        text.write_text(f"{self.title}\n\n{self.alt}\n", encoding="utf-8")
        return [*paths, text]


def signed(value: float) -> str:
    """Return a change with its sign."""
    return signed_text(people(value), value)


def between(low: float, high: float, scale: float = 1.0) -> str:
    """Return an interval in words; what it leaves open is said."""
    if math.isnan(low) or math.isnan(high):
        return NO_INTERVAL
    if math.isinf(low) or math.isinf(high):
        return "no limits"
    return f"{people(scale * low)} to {people(scale * high)}"


def bracketed(limits: str) -> str:
    """Return an interval in words in brackets after a space; empty where a single pair has none."""
    return "" if limits == NO_INTERVAL else f" ({limits})"


def signed_between(low: float, high: float, scale: float = 1.0) -> str:
    """Return the interval of a change in words, each end with its sign."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return between(low, high)
    return f"{signed(scale * low)} to {signed(scale * high)}"


def said(estimate: Estimate, scale: float = 1.0) -> str:
    """Return an estimate with its interval in words."""
    return f"{people(scale * estimate.mean)} ({between(estimate.low, estimate.high, scale)})"


def more_words(change: Estimate) -> tuple[str, str]:
    """Return a change as ``900 fewer``, and its interval as ``800 to 1,000``, both signs named where it has both."""
    low, high = change.low, change.high
    if change.mean < 0:
        low, high = -high, -low
    many, other = ("more", "fewer") if change.mean >= 0 else ("fewer", "more")
    limits = between(low, high)
    if math.isfinite(low) and low < 0:
        limits = f"{people(-low)} {other} to {people(high)} {many}"
    return f"{people(abs(change.mean))} {many}", limits


def look_of(routes: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the line of each route: colour and dash, the same in all figures of these routes."""
    return {route: style.ROUTE_STYLES[place % len(style.ROUTE_STYLES)] for place, route in enumerate(routes)}


def source_of(design: Mapping[str, Any] | None) -> str:
    """Return the source line of a figure that is drawn from a table of runs."""
    about = dict(design or {})
    named = f", {about['name']}" if about.get("name") else ""
    scenario = f", scenario {about['scenario']}" if about.get("scenario") else ""
    if scenario and about.get("ran"):
        scenario += f" (of which {about['ran']} was run)"
    return f"Simulated: Corridor {about.get('version', __version__)}{named}{scenario}{row_words(about)}."


def row_words(about: Mapping[str, Any]) -> str:
    """Return how many people a row of a run stands for, in words; empty where that is not said."""
    people = about.get("persons_per_agent")
    return f"; a simulated row stands for {people:,} {'person' if people == 1 else 'people'}" if people else ""


def labels_of(design: Mapping[str, Any] | None, routes: Sequence[str]) -> dict[str, str]:
    """Return the name of each route in figures: that of the design, or its own."""
    known = dict((design or {}).get("labels", {}))
    return {route: str(known.get(route, route.replace("-", " ").title() if "-" in route else route))
            for route in routes}  # fmt: skip


def base_of(design: Mapping[str, Any] | None) -> float | None:
    """Return the effort of a design that changes nothing, where it says so."""
    was = (design or {}).get("as_it_was")
    return float(was) if isinstance(was, int | float) and not isinstance(was, bool) else None


def effort_axis(design: Mapping[str, Any] | None) -> str:
    """Return the name of the axis of efforts, with their unit."""
    about = dict(design or {})
    unit = str(about.get("effort_unit", ""))
    return f"{about.get('effort', 'effort')}, {unit}" if unit else str(about.get("effort", "effort"))


def effort_at(design: Mapping[str, Any] | None, effort: float) -> str:
    """Return an effort in words: ``as it was``, or the number with its unit."""
    if effort == base_of(design):
        return "as it was"
    return f"{effort:g} {(design or {}).get('effort_unit', '')}".strip()


def rise_words(design: Mapping[str, Any] | None, low: float, high: float) -> str:
    """Return from what to what effort goes, in words."""
    return f"from {effort_at(design, low)} to {effort_at(design, high)}"


def join(parts: Sequence[str]) -> str:
    """Return parts as a list in a sentence."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
