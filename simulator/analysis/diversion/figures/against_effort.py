"""Squeeze the balloon: flows on all routes, and deaths a thousand attempts, against the effort on one."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from simulator.analysis import style
from simulator.analysis.deaths import RISK
from simulator.analysis.diversion import balloon
from simulator.analysis.diversion.balance import Balance
from simulator.analysis.diversion.figures.balance_words import (
    balances_of,
    deaths_where,
    headline,
    nothing_words,
    over_words,
    sentence,
    share_words,
)
from simulator.analysis.diversion.figures.common import (
    Drawn,
    base_of,
    effort_axis,
    join,
    labels_of,
    look_of,
    rise_words,
    source_of,
)
from simulator.analysis.diversion.within import MEANS
from simulator.numbers import people, rate

ALL: Final[dict[str, Any]] = {"color": style.INK, "linestyle": "-", "linewidth": 2.4}


RISKS: Final = 2
"""Panels of risk in a line."""


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
    design : ``people`` (arrivals by origin and need: see `balloon.PEOPLE`), ``labels`` (name of each route), ``onward``
        (routes on which people are counted another time, by squeezed route), ``effort`` (name of the axis),
        ``effort_unit``, ``as_it_was`` (the effort that changes nothing), ``attempts`` (where attempts are counted),
        ``deaths`` (deaths anywhere, see `balance.balances`), and what the source line names: ``name scenario
        persons_per_agent version``. Onward routes are left out of the stack, since people are counted there again.
    """
    found = balloon.curves(table).query("measure == 'arrivals' and route != 'all'")
    routes = _routes(table, design)
    labels, looks = labels_of(design, routes), look_of(routes)
    every = balances_of(table, design)
    title = headline(every, labels)
    subtitle = (f"Simulated arrivals as control on one route rises. Left: each route, mean and 95% interval over "
                f"{over_words(table)}; the route under control is thick. Right: all routes in one stack: height that "
                "is lost arrives by no route. Matched: by more people of the same origin and need. Steps of "
                "effort are those that were run, not to scale.")  # fmt: skip
    cell, above = 2.35, 0.95
    height = 2.0 + len(every) * (cell + above)
    figure, _, top = style.new_figure(height, title, subtitle, f"{source_of(design)} {MEANS}")
    for place, each in enumerate(every):
        name = each.squeezed
        base = top - ((place + 1) * (cell + above) - 0.3) / height
        lines = figure.add_axes((0.85 / style.WIDTH, base, 3.2 / style.WIDTH, cell / height))
        stack = figure.add_axes((7.05 / style.WIDTH, base, 2.8 / style.WIDTH, cell / height))
        part = found[found["squeezed"] == name]
        efforts = sorted(part["effort"].unique())
        out = set(_onward(design).get(name, ()))
        _lines(lines, part, name, routes, looks, labels)
        _stack(stack, part, [name, *(route for route in routes if route != name and route not in out)], looks, labels)
        style.dress(lines, f"Effort on: {labels[name]}", _sentence(each), gap=6)
        style.dress(stack, gap=6)
        for axes in (lines, stack):
            style.count_axis(axes, "arrivals")
            _steps(axes, efforts, design)
            axes.set_xlabel(effort_axis(design), size=style.SMALL_SIZE, color=style.INK)
    said = " ".join(sentence(each, labels, deaths_where(design)) for each in every)
    rises = rise_words(design, every[0].base, every[0].effort)
    return Drawn(figure, title, f"Arrivals as effort rises {rises}. {said}")


def _sentence(each: Balance) -> str:
    """Return what full effort on a route does, in words."""
    if not each.known:
        return nothing_words(each)
    return f"{people(each.fall.mean)} fewer there; of every 100 of them {share_words(each)} are matched elsewhere"


def _steps(axes: Axes, efforts: Sequence[float], design: Mapping[str, Any] | None) -> None:
    """Make the horizontal axis one of the efforts that were run, a step each, and mark the one as it was."""
    axes.set_xticks(range(len(efforts)), [f"{effort:g}" for effort in efforts])
    base = base_of(design)
    if base in efforts:
        at = efforts.index(float(base or 0.0))
        axes.axvline(at, color=style.MUTED, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
        axes.annotate("as it was", (at, 1.0), (3, -1), ("data", "axes fraction"), "offset points", va="top",
                      size=style.SMALL_SIZE - 0.5, color=style.MUTED)  # fmt: skip


def _beside(
    axes: Axes, ends: Mapping[str, float], high: float, first: str, looks: Mapping[str, Mapping[str, Any]],
    labels: Mapping[str, str],
) -> None:  # fmt: skip
    """Write the name of each route beside where it ends, in an order that keeps them apart."""
    order = sorted(ends, key=lambda route: ends[route])
    places = style.spread([ends[route] for route in order], 0.095 * high, 0.0, high)
    for route, place in zip(order, places, strict=True):
        words = labels[route]
        axes.annotate(words, (1.0, place / high), (12, 0), "axes fraction", textcoords="offset points",
                      va="center", size=style.SMALL_SIZE, color=style.INK, annotation_clip=False,
                      weight="bold" if route == first else "normal")  # fmt: skip
        axes.plot([1.012, 1.036], [place / high] * 2, transform=axes.transAxes, clip_on=False, linewidth=5,
                  color=looks[route]["color"], solid_capstyle="butt")  # fmt: skip


def _lines(
    axes: Axes, part: pd.DataFrame, squeezed: str, routes: Sequence[str], looks: Mapping[str, Mapping[str, Any]],
    labels: Mapping[str, str],
) -> None:  # fmt: skip
    ends = {}
    for route in routes:
        rows = part[part["route"] == route].sort_values("effort")
        look, x = {**looks[route], "linewidth": 3.0 if route == squeezed else 1.7}, np.arange(len(rows))
        axes.plot(x, rows["mean"], **look, zorder=3, marker="o", markersize=3.2)
        low, high = rows["low"].to_numpy(), rows["high"].to_numpy()
        if np.isfinite(low).all():
            axes.fill_between(x, low, high, color=looks[route]["color"], alpha=0.18, linewidth=0, zorder=2)
        ends[route] = float(rows["mean"].iloc[-1])
    axes.set_ylim(bottom=0)
    _beside(axes, ends, axes.get_ylim()[1], squeezed, looks, labels)


def _stack(
    axes: Axes, part: pd.DataFrame, routes: Sequence[str], looks: Mapping[str, Mapping[str, Any]],
    labels: Mapping[str, str],
) -> None:  # fmt: skip
    wide = part.pivot(index="effort", columns="route", values="mean").sort_index()
    wide = wide.reindex(columns=list(routes)).fillna(0.0)
    tops = wide.cumsum(axis=1)
    colours = [looks[route]["color"] for route in routes]
    axes.stackplot(np.arange(len(wide)), wide.to_numpy().T, colors=colours, alpha=0.85, edgecolor="white",
                   linewidth=0.7)  # fmt: skip
    axes.set_xlim(0, len(wide) - 1)
    high = 1.08 * float(tops.to_numpy().max()) or 1.0
    axes.set_ylim(0, high)
    ends = (tops - wide / 2).iloc[-1]
    _beside(axes, {route: float(ends[route]) for route in routes}, high, routes[0], looks, labels)


def risk_axis(design: Mapping[str, Any] | None) -> str:
    """Return the name of the axis of risk: deaths per thousand attempts, which deaths, and which attempts."""
    where, there = (design or {}).get("attempts", ""), (design or {}).get("deaths_there")
    tail = f" {where}" if where else ""
    return f"{RISK}{tail}" if there else f"deaths on all legs of a route per 1,000 attempts{tail}"


def deaths_figure(table: pd.DataFrame, design: Mapping[str, Any] | None = None) -> Drawn:
    """Return deaths per thousand attempts against effort: on the squeezed route and on all, a panel a squeezed route.

    Parameters
    ----------
    table, design : as for `balloon_figure`.
    """
    found = balloon.curves(table).query("measure == 'deaths_per_thousand'")
    routes = _routes(table, design)
    labels, looks = labels_of(design, routes), look_of(routes)
    every = balances_of(table, design)
    words = {each.squeezed: _risk_words(found, each) for each in every}
    rises = rise_words(design, every[0].base, every[0].effort)
    title = f"How dangerous an attempt is as control on one route rises {rises}"
    subtitle = (f"Simulated {risk_axis(design)}, mean and 95% interval over {over_words(table)}. Coloured: the route "
                "under control; black: all routes together, whose risk moves also because people change to routes "
                "that are more or less dangerous. Scales differ. Nothing is drawn where attempts are too few to set "
                "limits.")  # fmt: skip
    columns = min(RISKS, len(every))
    rows = math.ceil(len(every) / columns)
    cell, above = 2.2, 1.15
    height = 1.75 + rows * (cell + above)
    figure, _, top = style.new_figure(height, title, subtitle, source_of(design))
    wide = (style.WIDTH - 0.3) / columns
    for place, each in enumerate(every):
        line, column = divmod(place, columns)
        base = top - ((line + 1) * (cell + above) - 0.45) / height
        axes = figure.add_axes(((0.85 + column * wide) / style.WIDTH, base, (wide - 2.7) / style.WIDTH, cell / height))
        part, name = found[found["squeezed"] == each.squeezed], each.squeezed
        ends = {}
        for route in (name, "all"):
            curve = bounded(part[part["route"] == route]).sort_values("effort")
            look = ALL if route == "all" else {**looks[route], "linewidth": 3.0}
            x = np.arange(len(curve))
            axes.plot(x, curve["mean"], **look, marker="o", markersize=3.2, zorder=3)
            axes.fill_between(x, curve["low"], curve["high"], color=look["color"], alpha=0.15, linewidth=0)
            if np.isfinite(curve["mean"]).any():
                ends[route] = float(curve["mean"].dropna().iloc[-1])
        axes.set_ylim(bottom=0)
        names = {**labels, "all": "all routes together"}
        _beside(axes, ends, axes.get_ylim()[1], name, {**looks, "all": ALL}, names)
        style.dress(axes, f"Effort on: {labels[name]}", words[name], gap=6)
        _steps(axes, sorted(part["effort"].unique()), design)
        axes.set_xlabel(effort_axis(design), size=style.SMALL_SIZE, color=style.INK)
        if column == 0:
            axes.set_ylabel("\n".join(textwrap.wrap(risk_axis(design), 34)), size=style.SMALL_SIZE, color=style.INK)
    said = " ".join(f"Effort on the {labels[name]}: {risk}." for name, risk in words.items())
    return Drawn(figure, title, f"{risk_axis(design).capitalize()}, {rises}. {said}")


def bounded(curve: pd.DataFrame) -> pd.DataFrame:
    """Return a curve without points of which the observations say nothing: those whose interval has no ends."""
    return curve.assign(**{name: curve[name].where(~np.isinf(curve["low"])) for name in ("mean", "low", "high")})


def _risk_words(found: pd.DataFrame, each: Balance) -> str:
    """Return how the risk moves from the base to the highest effort, in words."""
    parts = []
    for route, words in ((each.squeezed, "there"), ("all", "on all routes")):
        rows = bounded(found[(found["squeezed"] == each.squeezed) & (found["route"] == route)]).set_index("effort")
        one, other = (float(rows["mean"].loc[effort]) for effort in (each.base, each.effort))
        known = math.isfinite(one) and math.isfinite(other)
        parts.append(f"{rate(one)} to {rate(other)} {words}" if known else f"too few attempts {words} to tell")
    return join(parts)
