"""Squeeze the balloon: flows on all routes, and deaths a thousand attempts, against the effort on one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from simulator.analysis import style
from simulator.analysis.diversion import balloon
from simulator.analysis.diversion.figures.common import (
    Drawn,
    between,
    join,
    labels_of,
    look_of,
    number,
    source_of,
)

ALL: Final[dict[str, Any]] = {"color": style.INK, "linestyle": "-", "linewidth": 2.4}


def _routes(table: pd.DataFrame, design: Mapping[str, Any] | None) -> list[str]:
    """Return the routes in the order of the design, then as they come."""
    there = list(dict.fromkeys(map(str, table["route"])))
    ordered = [route for route in (design or {}).get("labels", {}) if route in there]
    return [*ordered, *(route for route in there if route not in ordered)]


def _onward(design: Mapping[str, Any] | None) -> Mapping[str, Sequence[str]]:
    return dict((design or {}).get("onward", {}))


def balloon_figure(table: pd.DataFrame, design: Mapping[str, Any] | None = None) -> Drawn:
    """Return arrivals on all routes against the effort on one: as lines with intervals, and stacked.

    Parameters
    ----------
    table : see `simulator.analysis.diversion.balloon`.
    design : ``labels`` (name of each route), ``onward`` (routes that others lead on to), ``effort`` (name of the axis),
        and what the source line names: ``name scenario persons_per_agent version``. Onward routes are left out of the
        stack, since people are counted there again.
    """
    found = balloon.curves(table).query("measure == 'arrivals' and route != 'all'")
    routes, squeezed = _routes(table, design), list(dict.fromkeys(table["squeezed"]))
    labels, looks = labels_of(design, routes), look_of(routes)
    moved = balloon.diversion_by_effort(table, _onward(design))
    full = moved.loc[moved.groupby("squeezed", sort=False)["effort"].idxmax()].set_index("squeezed")
    sentences = [_sentence(labels[name], full.loc[name]) for name in squeezed]
    title = f"Squeeze the balloon: {sentences[0]}" if len(squeezed) == 1 else (
        "Squeeze the balloon: what falls on one route as effort rises there, and what rises on the others")  # fmt: skip
    subtitle = ("Simulated arrivals against the effort on one route. Left: mean and 95% interval by route; the "
                "squeezed one is thick. Right: the same, stacked: what is lost in height was stopped.")  # fmt: skip
    cell, above = 2.35, 0.72
    height = 2.05 + len(squeezed) * (cell + above)
    figure, _, top = style.new_figure(height, title, subtitle, source_of(design))
    for place, name in enumerate(squeezed):
        base = top - (place + 1) * (cell + above) / height
        lines = figure.add_axes((0.85 / style.WIDTH, base, 4.3 / style.WIDTH, cell / height))
        stack = figure.add_axes((5.95 / style.WIDTH, base, 3.9 / style.WIDTH, cell / height))
        part = found[found["squeezed"] == name]
        _lines(lines, part, name, routes, looks)
        out = set(_onward(design).get(name, ()))
        _stack(stack, part, [name, *(route for route in routes if route != name and route not in out)], looks, labels)
        style.dress(lines, f"Effort on the {labels[name]}", sentences[place].replace(f"{labels[name]}: ", ""), gap=6)
        style.dress(stack, gap=6)
        for axes in (lines, stack):
            style.count_axis(axes, "arrivals")
            if place == len(squeezed) - 1:
                axes.set_xlabel(str((design or {}).get("effort", "effort")), size=style.SMALL_SIZE, color=style.INK)
        stack.set_ylabel("")
    alt = "Arrivals as effort rises from least to full. " + " ".join(f"{said.capitalize()}." if said[0].islower() else
                                                                     f"{said}." for said in sentences)  # fmt: skip
    return Drawn(figure, title, alt)


def _sentence(label: str, row: Any) -> str:
    """Return what full effort on a route does, in words."""
    if not row["fall"] > 0:
        return f"{label}: full effort lowers nothing there"
    if not math.isfinite(row["ratio"]):
        return f"{label}: full effort stops {number(row['fall'])} there"
    turned = 100 * row["ratio"]
    more = f"{number(turned)} of every 100 turn up elsewhere" if turned >= 0 else (
        f"and {number(-turned)} fewer elsewhere for every 100")  # fmt: skip
    return f"{label}: {number(row['fall'])} fewer there, {more} ({between(row['low'], row['high'], 100)})"


def _lines(
    axes: Axes, part: pd.DataFrame, squeezed: str, routes: Sequence[str], looks: Mapping[str, Mapping[str, Any]]
) -> None:
    for route in routes:
        rows = part[part["route"] == route].sort_values("effort")
        look = {**looks[route], "linewidth": 3.0 if route == squeezed else 1.7}
        axes.plot(rows["effort"], rows["mean"], **look, zorder=3, marker="o", markersize=3.2)
        low, high = rows["low"].to_numpy(), rows["high"].to_numpy()
        if np.isfinite(low).all():
            axes.fill_between(rows["effort"], low, high, color=looks[route]["color"], alpha=0.18, linewidth=0, zorder=2)
    axes.set_ylim(bottom=0)


def _stack(
    axes: Axes, part: pd.DataFrame, routes: Sequence[str], looks: Mapping[str, Mapping[str, Any]],
    labels: Mapping[str, str],
) -> None:  # fmt: skip
    wide = part.pivot(index="effort", columns="route", values="mean").sort_index()
    wide = wide.reindex(columns=list(routes)).fillna(0.0)
    tops = wide.cumsum(axis=1)
    colours = [looks[route]["color"] for route in routes]
    axes.stackplot(wide.index, wide.to_numpy().T, colors=colours, alpha=0.85, edgecolor="white", linewidth=0.7)
    axes.axhline(float(tops.to_numpy()[0, -1]), color=style.INK, linewidth=0.9, linestyle=(0, (2, 2)))
    axes.set_xlim(wide.index[0], wide.index[-1])
    high = float(tops.to_numpy().max())
    axes.set_ylim(0, 1.08 * high)
    ends = (tops - wide / 2).iloc[-1]
    places = style.spread([float(ends[route]) for route in routes], 0.09 * high, 0.0, 1.08 * high)
    for route, place in zip(routes, places, strict=True):
        axes.annotate(labels[route], (1.0, place / (1.08 * high)), (8, 0), "axes fraction", textcoords="offset points",
                      va="center", size=style.SMALL_SIZE, color=style.INK, annotation_clip=False,
                      weight="bold" if route == routes[0] else "normal")  # fmt: skip
        axes.plot([1.008, 1.02], [place / (1.08 * high)] * 2, transform=axes.transAxes, clip_on=False, linewidth=5,
                  color=looks[route]["color"], solid_capstyle="butt")  # fmt: skip


def deaths_figure(table: pd.DataFrame, design: Mapping[str, Any] | None = None) -> Drawn:
    """Return deaths per thousand attempts against effort: on the squeezed route and on all, a panel a squeezed route.

    Parameters
    ----------
    table, design : as for `balloon_figure`.
    """
    found = balloon.curves(table).query("measure == 'deaths_per_thousand'")
    deaths = balloon.curves(table).query("measure == 'deaths' and route == 'all'")
    routes, squeezed = _routes(table, design), list(dict.fromkeys(table["squeezed"]))
    labels, looks = labels_of(design, routes), look_of(routes)
    words = {name: _risk_words(found, deaths, name) for name in squeezed}
    title = "Deaths per thousand attempts as effort rises on one route"
    subtitle = ("Simulated, with 95% intervals. Thick: the squeezed route; black: all routes together, whose risk also "
                "moves because people change to routes that are more or less dangerous.")  # fmt: skip
    columns = min(3, len(squeezed))
    lines = math.ceil(len(squeezed) / columns)
    cell, above = 2.3, 0.8
    height = 2.15 + lines * (cell + above)
    figure, bottom, top = style.new_figure(height, title, subtitle, source_of(design))
    wide = (style.WIDTH - 0.5) / columns
    for place, name in enumerate(squeezed):
        line, column = divmod(place, columns)
        axes = figure.add_axes(((0.85 + column * wide) / style.WIDTH, top - (line + 1) * (cell + above) / height,
                                (wide - 0.95) / style.WIDTH, cell / height))  # fmt: skip
        part = found[found["squeezed"] == name]
        for route in [name, "all"]:
            rows = part[part["route"] == route].sort_values("effort")
            look = ALL if route == "all" else {**looks[route], "linewidth": 3.0}
            axes.plot(rows["effort"], rows["mean"], **look, marker="o", markersize=3.2, zorder=3)
            if np.isfinite(rows["low"]).all():
                axes.fill_between(rows["effort"], rows["low"], rows["high"], color=look["color"], alpha=0.15,
                                  linewidth=0)  # fmt: skip
        axes.set_ylim(bottom=0)
        risk, total = words[name]
        style.dress(axes, f"Effort on the {labels[name]}", risk, gap=6)
        axes.set_xlabel(f"{(design or {}).get('effort', 'effort')}\n{total} on all routes", size=style.SMALL_SIZE,
                        color=style.INK)  # fmt: skip
        if column == 0:
            axes.set_ylabel("deaths per 1,000 attempts", size=style.SMALL_SIZE, color=style.INK)
    handles = [Line2D([], [], label="on the squeezed route", color=style.MUTED, linewidth=3.0),
               Line2D([], [], label="on all routes together", **ALL)]  # fmt: skip
    figure.legend(handles=handles, loc="lower right", ncols=2, frameon=False, fontsize=style.SMALL_SIZE,
                  bbox_to_anchor=(0.98, bottom - 0.13 / height))  # fmt: skip
    alt = "Deaths per thousand attempts from least to full effort. " + " ".join(
        f"Effort on the {labels[name]}: {risk}; {total} in all." for name, (risk, total) in words.items())  # fmt: skip
    return Drawn(figure, title, alt)


def _risk_words(found: pd.DataFrame, deaths: pd.DataFrame, name: str) -> tuple[str, str]:
    """Return how the risk moves, and how deaths do, in words."""
    parts = []
    for route, words in ((name, "there"), ("all", "on all")):
        rows = found[(found["squeezed"] == name) & (found["route"] == route)].sort_values("effort")["mean"]
        parts.append(f"{rows.iloc[0]:.2g} to {rows.iloc[-1]:.2g} {words}")
    total = deaths[deaths["squeezed"] == name].sort_values("effort")["mean"]
    return f"{join(parts)}", f"deaths {number(total.iloc[0])} to {number(total.iloc[-1])}"
