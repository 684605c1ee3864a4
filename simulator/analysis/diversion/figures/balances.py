"""One figure of a sweep for ten seconds: of every hundred fewer on a route, how many are matched on which other."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from simulator.analysis import style
from simulator.analysis.diversion.balance import Balance
from simulator.analysis.diversion.figures.balance_words import (
    CONTROL,
    EDGE,
    FALL,
    INSTEAD,
    ORDER,
    STRESS,
    UNKNOWN,
    WHOLE,
    Part,
    balances_of,
    deaths_where,
    deaths_words,
    fall_words,
    headline,
    lead_words,
    notes,
    nothing_words,
    parts_of,
    sentence,
    spans,
    under_words,
)
from simulator.analysis.diversion.figures.common import NOWHERE, Drawn, labels_of, look_of, rise_words, source_of

BAR: Final = 0.46
LINE: Final = 0.2
"""Heights of the bar and of a line under it, in inches."""
LEFT, MIDDLE, RIGHT, END = 0.35, 3.35, 9.1, 11.75
"""Inches at which the columns begin, and at which the last ends."""
UNIT: Final = 0.05
"""Inches that one of a hundred is wide, on every row of every figure."""
LETTER: Final = 0.0078
"""Inches that a letter is wide, for each point of its size: wider than most are."""
DEATHS_WIDE, NOTHING_WIDE, NAME_WIDE = 36, 70, 30
"""Letters of a line in the columns."""

Looks = Mapping[str, Mapping[str, Any]]


def balances_figure(table: pd.DataFrame, design: Mapping[str, Any] | None = None) -> Drawn:
    """Return the figure that says how much was stopped, how much a rise elsewhere matches, a row a squeezed route.

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
    subtitle = (f"{when}{CONTROL} rises on one route at a time {rises}, all else as it was: {STRESS}. "
                f"{ORDER}")  # fmt: skip
    rows = [_height(each, labels) for each in found]
    unknown = any(not each.known for each in found)
    source = f"{source_of(design)} {' '.join(notes(found, table, design))}"
    # Known before the figure is made: title, subtitle, source, heads, and the head of those that are not known.
    height = 2.35 + 0.155 * (len(textwrap.wrap(source, 178)) - 1) + sum(rows) + 0.36 * unknown
    figure, bottom, top = style.new_figure(height, title, subtitle, source)
    axes = figure.add_axes((0, bottom, 1, top - bottom))
    axes.set_axis_off()
    axes.set_xlim(0, style.WIDTH)
    high = (top - bottom) * height
    axes.set_ylim(0, high)
    _heads(axes, high, deaths_where(design))
    y = high - 0.5
    for place, (each, room) in enumerate(zip(found, rows, strict=True)):
        if not each.known and (place == 0 or found[place - 1].known):
            axes.plot([LEFT, END], [y, y], color=style.MUTED, linewidth=0.8)
            _say(axes, LEFT, y - 0.19, UNKNOWN, weight="bold", color=style.MUTED)
            y -= 0.36
        _row(axes, y, each, labels, looks)
        y -= room
    where = deaths_where(design)
    said = " ".join(sentence(each, labels, where) for each in found)
    return Drawn(figure, title, f"{subtitle} {said} {' '.join(notes(found, table, design))}")


def _say(axes: Axes, x: float, y: float, words: str, more: float = 0.0, **look: Any) -> None:
    """Write words whose middle stands at a height, in inches."""
    axes.text(x, y, words, **{"size": style.TEXT_SIZE + more, "color": style.INK, "va": "center", **look})


def _heads(axes: Axes, high: float, where: str) -> None:
    """Write the heads of the columns, and the scale of the bars under the middle one."""
    _say(axes, LEFT, high - 0.14, "Where control rises", color=style.MUTED)
    _say(axes, LEFT, high - 0.34, FALL, color=style.MUTED)
    _say(axes, MIDDLE, high - 0.14, f"{INSTEAD} (line: range of the total)", color=style.MUTED)
    for line, words in enumerate(where.split(", ")):
        _say(axes, RIGHT, high - 0.14 - 0.2 * line, words, color=style.MUTED)
    for count in (0, WHOLE // 2, WHOLE):
        _say(axes, MIDDLE + count * UNIT, high - 0.36, str(count), -1.0, color=style.MUTED, ha="center")


def _chip(axes: Axes, x: float, y: float, colour: str) -> None:
    axes.add_patch(Rectangle((x, y - 0.065), 0.13, 0.13, color=colour, linewidth=0))


def _wide(words: str, size: float = style.TEXT_SIZE) -> float:
    """Return about how wide words are, in inches."""
    return len(words) * size * LETTER


def _inside(part: Part) -> bool:
    """Return whether the words of a part stand in the bar."""
    return max(_wide(part.short, style.TEXT_SIZE + 0.5), _wide(part.more)) + 0.16 < part.count * UNIT


def _height(each: Balance, labels: Mapping[str, str]) -> float:
    """Return the height of a row in inches."""
    deaths = 0.42 + 0.185 * len(_deaths_lines(each, labels))
    names = 0.22 * (len(_name_lines(each, labels)) - 1)
    if not each.known:
        return max(0.34 + LINE * len(textwrap.wrap(nothing_words(each), NOTHING_WIDE)), deaths, 0.34 + names)
    under = [part for part in parts_of(each, labels) if not _inside(part)]
    lines = len(under) + len(under_words(each))
    return max(1.06 + LINE * lines, deaths, 1.0 + names) + 0.04


def _name_lines(each: Balance, labels: Mapping[str, str]) -> list[str]:
    return textwrap.wrap(labels[each.squeezed], NAME_WIDE)


def _deaths_lines(each: Balance, labels: Mapping[str, str]) -> list[str]:
    return [line for words in deaths_words(each, labels)[1] for line in textwrap.wrap(words, DEATHS_WIDE)]


def _row(axes: Axes, top: float, each: Balance, labels: Mapping[str, str], looks: Looks) -> None:
    """Draw a route's row: the fall, the hundred, the deaths."""
    axes.plot([LEFT, END], [top, top], color=style.RULE, linewidth=0.8)
    y = top - 0.2
    _chip(axes, LEFT, y, str(looks[each.squeezed]["color"]))
    for line in _name_lines(each, labels):
        _say(axes, LEFT + 0.2, y, line, 1.5, weight="bold")
        y -= 0.22
    change, _ = deaths_words(each, labels)
    _say(axes, RIGHT, top - 0.2, change, 1.5, weight="bold", color=style.INK if each.deaths.told else style.MUTED)
    axes.text(RIGHT, top - 0.34, "\n".join(_deaths_lines(each, labels)), size=style.TEXT_SIZE, color=style.INK,
              va="top", linespacing=1.25)  # fmt: skip
    if not each.known:
        words = textwrap.wrap(nothing_words(each), NOTHING_WIDE)
        axes.text(MIDDLE, top - 0.12, "\n".join(words), size=style.TEXT_SIZE, color=style.INK, va="top",
                  linespacing=1.3)  # fmt: skip
        return
    fall, limits = fall_words(each)
    _say(axes, LEFT, y - 0.06, fall, 6.5, weight="bold")
    _say(axes, LEFT, y - 0.34, limits)
    _say(axes, MIDDLE, top - 0.2, lead_words(each), 1.5, weight="bold")
    _range(axes, top - 0.4, each)
    _bar(axes, top - 0.48, each, labels, looks)


def _x(count: float) -> float:
    """Return where a number of a hundred lies, in inches; at the edge if it lies beyond."""
    return MIDDLE + UNIT * min(max(count, -2.0), EDGE)


def _range(axes: Axes, y: float, each: Balance) -> None:
    """Draw the interval of all who are matched elsewhere, with a point at the mean."""
    low, mean, high = (WHOLE * end for end in (each.ratio.low, each.ratio.mean, each.ratio.high))
    if math.isfinite(low) and math.isfinite(high):
        axes.plot([_x(low), _x(high)], [y, y], color=style.INK, linewidth=1.3, gid="range")
        for end in (low, high):
            axes.plot([_x(end)] * 2, [y - 0.04, y + 0.04], color=style.INK, linewidth=1.3)
    axes.plot([_x(mean)], [y], marker="o", markersize=4, color=style.INK)


def _bar(axes: Axes, top: float, each: Balance, labels: Mapping[str, str], looks: Looks) -> None:
    """Draw a hundred people as a bar of parts, with the words of each in it, or under it with a line to it."""
    parts, under = parts_of(each, labels), list[tuple[float, Part]]()
    for part, (start, end) in zip(parts, spans(parts), strict=True):
        colour = str(looks[part.route]["color"]) if part.route else NOWHERE
        left, right = _x(start), _x(end)
        axes.add_patch(Rectangle((left, top - BAR), right - left, BAR, color=colour, linewidth=0, gid="part"))
        if _inside(part):
            _say(axes, left + 0.08, top - 0.15, part.short, 0.5, weight="bold", color=_on(colour))
            _say(axes, left + 0.08, top - 0.33, part.more, color=_on(colour))
        else:
            under.append(((left + right) / 2, part))
    y = top - BAR - 0.15
    for place, part in _stacked(under):
        _under(axes, place, top - BAR, y, part)
        y -= LINE
    for words in under_words(each):
        _say(axes, MIDDLE, y, words)
        y -= LINE


def _stacked(under: Sequence[tuple[float, Part]]) -> list[tuple[float, Part]]:
    """Return the words under a bar from the top down, so that no line to one of them crosses another's words."""
    left = [each for each in under if not _leftwards(*each)]
    right = [each for each in under if _leftwards(*each)]
    return [*reversed(left), *right]


def _leftwards(place: float, part: Part) -> bool:
    """Return whether the words of a part end at it, since they would not fit after it."""
    return place + 0.08 + _wide(part.said) > RIGHT - 0.1


def _under(axes: Axes, place: float, bar: float, y: float, part: Part) -> None:
    axes.plot([place, place], [bar, y], color=style.MUTED, linewidth=0.8)
    leftwards, wide = _leftwards(place, part), _wide(part.said)
    if leftwards and place - 0.08 - wide < MIDDLE:
        # On neither side of the line to it: across it, and in front of what passes.
        _say(axes, MIDDLE, y, part.said, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6}, zorder=5)
        return
    axes.plot([place, place - 0.05 if leftwards else place + 0.05], [y, y], color=style.MUTED, linewidth=0.8)
    _say(axes, place - 0.08 if leftwards else place + 0.08, y, part.said, ha="right" if leftwards else "left")


def _on(colour: str) -> str:
    """Return the colour in which text can be read on another."""
    red, green, blue = to_rgb(colour)
    return style.INK if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.45 else "white"
