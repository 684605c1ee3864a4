"""One figure of a sweep for ten seconds: of every hundred people fewer on a route, how many took which other."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from simulator.analysis import style
from simulator.analysis.diversion.balance import Balance, balances
from simulator.analysis.diversion.estimates import Estimate
from simulator.analysis.diversion.figures.common import (
    FEWER,
    NOWHERE,
    Drawn,
    base_of,
    between,
    labels_of,
    look_of,
    more_words,
    number,
    rise_words,
    source_of,
)
from simulator.analysis.diversion.figures.glance import hundred

BAR: Final = 0.34
LINE: Final = 0.205
"""Heights of the bar and of a line under it, in inches."""
LEFT, MIDDLE, RIGHT, END = 0.35, 3.55, 9.35, 11.75
"""Inches at which the columns begin, and at which the last ends."""
INSIDE: Final = 5
"""People whose part of the bar is wide enough for their number."""
NAMED: Final = 2
"""Routes that the title names."""
WHOLE: Final = 100


def headline(found: Sequence[Balance], labels: Mapping[str, str]) -> str:
    """Return what moved, in a sentence: of the route most of whose people took another, and of that fewest did."""
    told = sorted((each for each in found if each.told), key=lambda each: -each.ratio.mean)
    if not told:
        return "When control rises on one route, no fall there can be told apart from zero"
    named = told if len(told) <= NAMED else [told[0], told[-1]]
    # An interval stays on its line.
    words = "; ".join(f"{labels[each.squeezed]} " + share_words(each).replace(" ", "\N{NO-BREAK SPACE}")
                      for each in named)  # fmt: skip
    return f"When control rises on one route, how many of every 100 people fewer there take another? {words}"


def share_words(each: Balance) -> str:
    """Return how many of a hundred turn up elsewhere, with the interval."""
    mean = each.ratio.mean
    count = number(100 * mean) if mean >= 0 else "none"
    return f"{count} ({between(each.ratio.low, each.ratio.high, 100)})"


@dataclass(frozen=True)
class Part:
    """Where some of a hundred people fewer turn up: a route (empty for none), in words, with the interval."""

    route: str
    words: str
    count: int
    limits: str

    @property
    def said(self) -> str:
        """Return the part in words."""
        return f"{self.count} {self.words}" + (f" ({self.limits})" if self.limits else "")


def parts_of(each: Balance, labels: Mapping[str, str]) -> list[Part]:
    """Return where each hundred fewer turn up, as whole people."""
    counts = hundred({route: share.mean for route, share in each.shares.items()})
    found = [Part(route, labels[route], count, _limits(each, route)) for route, count in counts.items()]
    rest = WHOLE - sum(counts.values())
    return [*found, *([Part("", "arrive on no other route", rest, "")] if rest > 0 else [])]


def _limits(each: Balance, route: str) -> str:
    return between(each.shares[route].low, each.shares[route].high, 100)


def fewer_words(each: Balance, labels: Mapping[str, str]) -> list[str]:
    """Return the other routes on which fewer turn up, too, in words."""
    found = []
    for route, share in each.shares.items():
        if round(100 * share.mean) < 0:
            fewer, limits = more_words(Estimate(100 * share.mean, 100 * share.low, 100 * share.high, share.n))
            found.append(f"{labels[route]}: {fewer}, too ({limits})")
    return found


def nothing_words(each: Balance) -> str:
    """Return why nothing is said of where people went."""
    if each.fall.mean == each.fall.low == each.fall.high == 0:
        return "Nothing to tell: as many came in every run as before."
    fewer, limits = more_words(Estimate(-each.fall.mean, -each.fall.high, -each.fall.low, each.fall.n))
    return f"Too few came to tell: {fewer} in the mean, but no fall can be told apart from zero ({limits})."


def sentence(each: Balance, labels: Mapping[str, str], where: str) -> str:
    """Return a row in words.

    Parameters
    ----------
    where : where deaths are counted.
    """
    label = labels[each.squeezed]
    if not each.told:
        return f"{label}: {nothing_words(each)}"
    parts = "; ".join([*(part.said for part in parts_of(each, labels)), *fewer_words(each, labels)])
    deaths, limits = more_words(each.deaths)
    return (f"{label}: {number(each.fall.mean)} fewer arrive there ({between(each.fall.low, each.fall.high)}); of "
            f"every 100 of them {share_words(each)} take another route: {parts}. {where}: {deaths} "
            f"({limits}).")  # fmt: skip


def deaths_where(design: Mapping[str, Any] | None) -> str:
    """Return where deaths are counted, in words."""
    return "Deaths, anywhere on the way" if (design or {}).get("deaths") is not None else "Deaths on all routes"


def balances_of(table: pd.DataFrame, design: Mapping[str, Any] | None) -> tuple[Balance, ...]:
    """Return the balances of a table with what its design says: onward routes, base effort, deaths anywhere."""
    about = dict(design or {})
    return balances(table, dict(about.get("onward", {})), base_of(about), about.get("deaths"))


def balances_figure(table: pd.DataFrame, design: Mapping[str, Any] | None = None) -> Drawn:
    """Return the figure that says how much was stopped, how much moved, and where, a row a squeezed route.

    Parameters
    ----------
    table, design : as for `against_effort.balloon_figure`.
    """
    about = dict(design or {})
    found = balances_of(table, design)
    routes = [*about.get("labels", {}), *dict.fromkeys(map(str, table["route"]))]
    routes = list(dict.fromkeys(route for route in routes if route in set(table["route"])))
    labels, looks = labels_of(design, routes), look_of(routes)
    title = headline(found, labels)
    when = f"{about['when']}. " if about.get("when") else ""
    rises = rise_words(design, found[0].base, found[0].effort)
    subtitle = (f"{when}Simulated: control on one route at a time rises {rises}, everything else as it was. In "
                f"brackets: 95% interval over {over_words(table)}.")  # fmt: skip
    rows = [_height(each, labels) for each in found]
    # Known before the figure is made: the lines of the title, and the room of source and heads.
    height = 2.05 + sum(rows)
    figure, bottom, top = style.new_figure(
        height, title, subtitle, f"{source_of(design)} Routes that people go on to after arriving are left out: the "
        "same people are counted again there.")  # fmt: skip
    axes = figure.add_axes((0, bottom, 1, top - bottom))
    axes.set_axis_off()
    axes.set_xlim(0, style.WIDTH)
    high = (top - bottom) * height
    axes.set_ylim(0, high)
    where = deaths_where(design)
    for x, words in ((LEFT, "Route where control rises"), (MIDDLE, "Of every 100 people fewer there"), (RIGHT, where)):
        axes.text(x, high - 0.14, words, size=style.TEXT_SIZE, color=style.MUTED, va="center")
    y = high - 0.32
    for each, room in zip(found, rows, strict=True):
        _row(axes, y, each, labels, looks)
        y -= room
    said = " ".join(sentence(each, labels, where) for each in found)
    return Drawn(figure, title, f"Control rises {rises} on one route at a time. {said}")


def over_words(table: pd.DataFrame) -> str:
    """Return what intervals are over, in words."""
    draws, seeds = table["draw"].nunique(), table["replicate"].nunique()
    return f"{draws} draws of what is uncertain" if draws > 1 else f"{seeds} seeds" if seeds > 1 else "nothing: one run"


def _height(each: Balance, labels: Mapping[str, str]) -> float:
    """Return the height of a row in inches."""
    if not each.told:
        return 0.72
    return max(0.86 + LINE * (len(parts_of(each, labels)) + len(fewer_words(each, labels))), 1.12)


def _row(
    axes: Axes, top: float, each: Balance, labels: Mapping[str, str], looks: Mapping[str, Mapping[str, Any]]
) -> None:
    """Draw a route's row: the fall, the hundred, the deaths."""
    axes.plot([LEFT, END], [top, top], color=style.RULE, linewidth=0.8)
    axes.text(LEFT, top - 0.2, labels[each.squeezed], size=style.TEXT_SIZE + 1.5, weight="bold", color=style.INK,
              va="center")  # fmt: skip
    if not each.told:
        words = textwrap.wrap(nothing_words(each), 82)
        axes.text(MIDDLE, top - 0.13, "\n".join(words), size=style.TEXT_SIZE, color=style.MUTED, va="top",
                  linespacing=1.3)  # fmt: skip
        return
    axes.text(LEFT, top - 0.5, f"{number(each.fall.mean)} fewer", size=16, weight="bold", color=FEWER, va="center")
    axes.text(LEFT, top - 0.78, f"arrive there ({between(each.fall.low, each.fall.high)})", size=style.TEXT_SIZE,
              color=style.INK, va="center")  # fmt: skip
    axes.text(MIDDLE, top - 0.2, f"{share_words(each)} take another route", size=style.TEXT_SIZE + 1.5, weight="bold",
              color=style.INK, va="center")  # fmt: skip
    _bar(axes, top - 0.36, parts_of(each, labels), fewer_words(each, labels), looks)
    deaths, limits = more_words(each.deaths)
    told = "" if each.deaths.told else "; not told apart from none"
    axes.text(RIGHT, top - 0.2, deaths, size=style.TEXT_SIZE + 1.5, weight="bold", va="center",
              color=style.INK if each.deaths.told else style.MUTED)  # fmt: skip
    axes.text(RIGHT, top - 0.37, "\n".join(textwrap.wrap(f"({limits}{told})", 34)), size=style.TEXT_SIZE,
              color=style.INK, va="top", linespacing=1.25)  # fmt: skip


def _bar(
    axes: Axes, top: float, parts: Sequence[Part], more: Sequence[str], looks: Mapping[str, Mapping[str, Any]]
) -> None:
    """Draw a hundred people as a bar of parts, with the words of each part under it."""
    whole = max(sum(part.count for part in parts), WHOLE)
    wide = (RIGHT - 0.45 - MIDDLE) / whole
    x, y = MIDDLE, top - BAR - 0.17
    for part in parts:
        colour = str(looks[part.route]["color"]) if part.route else NOWHERE
        axes.add_patch(Rectangle((x, top - BAR), part.count * wide, BAR, color=colour, linewidth=0, gid="part"))
        if part.count >= INSIDE:
            axes.text(x + part.count * wide / 2, top - BAR / 2, str(part.count), size=style.TEXT_SIZE + 1,
                      weight="bold", ha="center", va="center_baseline", color=_on(colour))  # fmt: skip
        x += part.count * wide
        axes.add_patch(Rectangle((MIDDLE, y - 0.055), 0.12, 0.12, color=colour, linewidth=0))
        axes.text(MIDDLE + 0.18, y, part.said, size=style.TEXT_SIZE, color=style.INK, va="center")
        y -= LINE
    for words in more:
        axes.text(MIDDLE + 0.18, y, words, size=style.TEXT_SIZE, color=style.INK, va="center")
        y -= LINE
    if whole > WHOLE:
        axes.plot([MIDDLE + WHOLE * wide] * 2, [top - BAR - 0.05, top + 0.05], color=style.INK, linewidth=1.3)


def _on(colour: str) -> str:
    """Return the colour in which text can be read on another."""
    red, green, blue = to_rgb(colour)
    return style.INK if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.45 else "white"
