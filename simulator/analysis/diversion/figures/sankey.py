"""Where people who set out are at the end: from origin over place to outcome, without and with the policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Curve
from matplotlib.patheffects import withStroke

from simulator.analysis import style
from simulator.analysis.diversion.figures.common import Drawn
from simulator.analysis.diversion.pairs import Pairs
from simulator.numbers import people

OUTCOMES: Final = {
    "protected": "protection", "admitted": "legal pathway", "awaiting": "decision pending",
    "appealing": "decision pending", "ordered": "ordered to leave", "undocumented": "undocumented",
    "moving": "on the way or held", "detained": "on the way or held", "returned": "back home",
    "dead": "died",
}  # fmt: skip
"""Outcome by state; people who live somewhere and never set out have none."""
NO_DESTINATION: Final = ("on the way or held", "back home", "died")
COLOURS: Final = {
    "protection": style.OKABE_ITO["green"], "legal pathway": style.OKABE_ITO["sky"],
    "decision pending": style.OKABE_ITO["yellow"], "ordered to leave": style.OKABE_ITO["orange"],
    "undocumented": style.OKABE_ITO["purple"], "on the way or held": style.OKABE_ITO["blue"],
    "back home": "#9AA3AA", "died": style.OKABE_ITO["black"],
}  # fmt: skip
MOST: Final = 7
"""Origins and destinations that are named; the rest stand together."""


def outcomes(pairs: Pairs, side: str) -> pd.DataFrame:
    """Return people by where they are from, where they are and what came of it: ``origin place outcome people``.

    People are those who have set out and are followed, at the end of the last month, mean over pairs.

    Parameters
    ----------
    side : ``without`` or ``with_``.
    """
    stocks = pairs.stocks(["state", "country", "origin"])
    stocks = stocks[[str(state) in OUTCOMES for state in stocks["state"]]]
    outcome = [OUTCOMES[str(state)] for state in stocks["state"]]
    names = {row.country: row.name for row in pairs.scenario.countries}
    place = [words if words in NO_DESTINATION else names.get(str(country), str(country))
             for words, country in zip(outcome, stocks["country"], strict=True)]  # fmt: skip
    origin = [names.get(str(code), str(code)) for code in stocks["origin"]]
    people = stocks[side].to_numpy() / len(pairs.with_)
    return _summed(pd.DataFrame({"origin": origin, "place": place, "outcome": outcome, "people": people}))


def _summed(table: pd.DataFrame) -> pd.DataFrame:
    found = table.groupby(["origin", "place", "outcome"])[["people"]].sum().reset_index()
    return found[found["people"] > 0].reset_index(drop=True)


def lumped(tables: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    """Return tables in which the smaller origins and destinations of all of them stand together."""
    every = pd.concat(tables)
    kept: dict[str, set[str]] = {}
    for column in ("origin", "place"):
        sizes = every[~every[column].isin(NO_DESTINATION)].groupby(column)["people"].sum()
        kept[column] = {*sizes.sort_values(ascending=False).head(MOST).index, *NO_DESTINATION}
    made = []
    for table in tables:
        other = table.assign(**{column: table[column].where(table[column].isin(names), "others")
                                for column, names in kept.items()})  # fmt: skip
        made.append(_summed(other))
    return made


def order_of(tables: Sequence[pd.DataFrame], column: str) -> list[str]:
    """Return labels from the most people down, with those that are no destination, and the others, last."""
    sizes = pd.concat(tables).groupby(column)["people"].sum().sort_values(ascending=False)
    last = ["others", *NO_DESTINATION]
    return [*(str(name) for name in sizes.index if name not in last), *(name for name in last if name in sizes.index)]


def sankey_figure(pairs: Pairs) -> Drawn:
    """Return two diagrams side by side, without and with, on one scale."""
    scenario = pairs.scenario
    tables = lumped([outcomes(pairs, "without"), outcomes(pairs, "with_")])
    orders = {column: order_of(tables, column) for column in ("origin", "place", "outcome")}
    orders["outcome"] = [name for name in COLOURS if name in orders["outcome"]]
    title = "Where people who set out are at the end, and what came of it"
    subtitle = (
        f"{scenario.title}. Simulated, end of {pairs.months[-1].strftime('%B %Y')}, mean of {len(pairs.with_)} "
        "pairs of runs. From origin, over the country where they are, to outcome; one scale for both."
    )
    high = 6.6
    figure, bottom, top = style.new_figure(high, title, subtitle, style.source_line(pairs.with_))
    totals = [float(table["people"].sum()) for table in tables]
    for place, (name, table) in enumerate(zip(("Without the policy", "With the policy"), tables, strict=True)):
        axes = figure.add_axes(((0.35 + place * 5.72) / style.WIDTH, bottom + 0.05 / high, 5.5 / style.WIDTH,
                                top - bottom - 0.5 / high))  # fmt: skip
        _diagram(axes, table, orders, max(totals))
        axes.set_title(f"{name}: {people(totals[place])} people", loc="left", size=style.TEXT_SIZE + 1.5, weight="bold",
                       color=style.INK)  # fmt: skip
    return Drawn(figure, title, _alternative(tables))


def _diagram(axes: Axes, table: pd.DataFrame, orders: Mapping[str, Sequence[str]], whole: float) -> None:
    axes.set_axis_off()
    axes.set_xticks([])
    axes.set_yticks([])
    gap = 0.022 * whole
    columns = {"origin": 0.17, "place": 0.46, "outcome": 0.76}
    rooms = {name: max(len(orders[name]) - 1, 0) * gap for name in columns}
    tall = whole + max(rooms.values())
    starts: dict[str, dict[str, float]] = {}
    for column, x in columns.items():
        sizes = table.groupby(column)["people"].sum()
        y, starts[column] = tall, {}
        labels, ends = [], []
        for label in orders[column]:
            size = float(sizes.get(label, 0.0))
            starts[column][label] = y
            if size > 0:
                colour = COLOURS.get(label, "#6E7880") if column != "origin" else "#6E7880"
                axes.add_patch(Rectangle((x, y - size), 0.018, size, color=colour, linewidth=0, zorder=3))
                labels.append((label, size))
                ends.append(y - size / 2)
                y -= size + gap
        _labels(axes, x, labels, ends, tall, left=column == "origin")
    for one, two in (("origin", "place"), ("place", "outcome")):
        _ribbons(axes, table, (one, two), (columns[one] + 0.018, columns[two]), orders, starts)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, tall)


def _labels(
    axes: Axes, x: float, labels: Sequence[tuple[str, float]], wanted: Sequence[float], tall: float, *, left: bool
) -> None:
    places = style.spread(list(wanted)[::-1], 0.034 * tall, 0.0, tall)[::-1]
    for (label, size), y in zip(labels, places, strict=True):
        axes.text(x - 0.008 if left else x + 0.026, y, f"{label}  {people(size)}", va="center", zorder=5,
                  ha="right" if left else "left", size=style.SMALL_SIZE - 1, color=style.INK,
                  path_effects=[withStroke(linewidth=2.4, foreground="white", alpha=0.85)])  # fmt: skip


def _ribbons(
    axes: Axes, table: pd.DataFrame, columns: tuple[str, str], xs: tuple[float, float],
    orders: Mapping[str, Sequence[str]], starts: Mapping[str, Mapping[str, float]],
) -> None:  # fmt: skip
    """Draw the flows between two columns; coloured by what came of people, or where they are if nothing did."""
    flows = table.groupby(list(columns))["people"].sum()
    here, there = dict(starts[columns[0]]), dict(starts[columns[1]])
    for one in orders[columns[0]]:
        for two in orders[columns[1]]:
            size = float(flows.get((one, two), 0.0))
            if size <= 0:
                continue
            a, b = here[one], there[two]
            here[one], there[two] = a - size, b - size
            middle = (xs[0] + xs[1]) / 2
            points = [(xs[0], a), (middle, a), (middle, b), (xs[1], b), (xs[1], b - size), (middle, b - size),
                      (middle, a - size), (xs[0], a - size), (xs[0], a)]  # fmt: skip
            codes = [Curve.MOVETO, *[Curve.CURVE4] * 3, Curve.LINETO, *[Curve.CURVE4] * 3, Curve.CLOSEPOLY]
            colour = COLOURS.get(two, "#9AA3AA")
            axes.add_patch(PathPatch(Curve(np.array(points), codes), facecolor=colour, alpha=0.42, linewidth=0))


def _alternative(tables: Sequence[pd.DataFrame]) -> str:
    parts = []
    for words, table in zip(("Without the policy", "With it"), tables, strict=True):
        said = "; ".join(f"{label} {people(float(size))}" for label, size
                         in table.groupby("outcome")["people"].sum().sort_values(ascending=False).items())  # fmt: skip
        inside = table[~table["place"].isin(NO_DESTINATION)].groupby("place")["people"].sum()
        where = "; ".join(f"{label} {people(float(size))}" for label, size
                          in inside.sort_values(ascending=False).items())  # fmt: skip
        parts.append(f"{words}, outcomes: {said}. In destination countries: {where}.")
    return " ".join(parts)
