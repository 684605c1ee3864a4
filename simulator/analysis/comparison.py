"""With and without: runs that differ in something, against each other and against what was observed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from simulator.analysis import style
from simulator.analysis.diversion.within import share_within
from simulator.analysis.metrics import (
    counted_again,
    difference_by_route,
    monthly_arrivals_by_route,
    months_of,
    onward_routes,
)
from simulator.analysis.series import draw_observed, grid_for, route_observations
from simulator.analysis.validation import observed_series
from simulator.numbers import count, people, signed

if TYPE_CHECKING:
    from simulator.outputs.result import Result
    from simulator.scenario.policies import Policy

MOST_RUNS = 1 + len(style.OTHERS)
"""Runs that one figure can tell apart."""


@dataclass(frozen=True)
class Contrast:
    """What a figure compares.

    Attributes
    ----------
    results : runs, the one compared with first.
    labels : their names.
    policies : policies that the first run has and another lacks, or the other way round.
    with_without : whether it is one run with those policies and one without.
    """

    results: tuple[Result, ...]
    labels: tuple[str, ...]
    policies: dict[str, Policy]
    with_without: bool

    @property
    def what(self) -> str:
        """Return what differs, in words."""
        return " and ".join(policy.label for policy in self.policies.values()) or " and ".join(self.labels[1:])

    @property
    def months(self) -> pd.PeriodIndex:
        """Return the whole months that all runs share."""
        return _shared_months(self.results)

    @property
    def seeds(self) -> str:
        """Return what the runs share of luck, in words."""
        same = len({result.seed for result in self.results}) == 1
        return "The runs share all other luck." if same else "The runs differ in seed: part of a difference is luck."


def _shared_months(runs: Sequence[Result]) -> pd.PeriodIndex:
    """Return the whole months that all runs simulate."""
    months: pd.Index[Any] = months_of(runs[0].scenario)
    for run in runs[1:]:
        months = months.intersection(months_of(run.scenario))
    return pd.PeriodIndex(months, freq="M")


def contrast(results: Sequence[Result], labels: Sequence[str] | None = None) -> Contrast:
    """Return what `results` compare: which policies differ, and which run is the one with them."""
    runs = list(results)
    if not 2 <= len(runs) <= MOST_RUNS:
        raise ValueError(f"a comparison needs 2 to {MOST_RUNS} runs; it was given {len(runs)}")
    routes = [tuple(run.scenario.corridor.routes) for run in runs]
    if len(set(routes)) > 1:
        raise ValueError("the runs do not have the same routes; compare runs of one corridor")
    if labels is not None and len(labels) != len(runs):
        raise ValueError(f"{len(labels)} labels for {len(runs)} runs; give one for each")
    if not len(_shared_months(runs)):
        raise ValueError("the runs share no whole month; compare runs of one period")
    names = list(labels) if labels is not None else None
    have = [dict(run.scenario.corridor.policies) for run in runs]
    if len(runs) == 2 and set(have[0]) < set(have[1]):
        runs, have = runs[::-1], have[::-1]
        names = names[::-1] if names is not None else None
    differing = {
        name: policy
        for policies in have
        for name, policy in policies.items()
        if not all(name in other for other in have)
    }
    ordered = dict(sorted(differing.items(), key=lambda item: (item[1].announced, item[0])))
    with_without = len(runs) == 2 and bool(ordered) and set(ordered) <= set(have[0])
    if names is None:
        names = ["simulated with", "simulated without"] if with_without else _names(runs)
    return Contrast(tuple(runs), tuple(names), ordered, with_without)


def _names(runs: Sequence[Result]) -> list[str]:
    """Return a name for each run: its overrides if they tell runs apart, else scenario and seed."""
    for names in (
        [", ".join(run.scenario.overrides) or "no override" for run in runs],
        [run.scenario.name for run in runs],
        [f"{run.scenario.name}, seed {run.seed}" for run in runs],
    ):
        if len(set(names)) == len(names):
            return names
    return [f"run {number}" for number in range(1, len(runs) + 1)]


def headline(compared: Contrast, differences: pd.DataFrame) -> str:
    """Return the title: what fell, and how much of it more people of the same origin and need elsewhere match.

    Totals of all people side by side would read as if those who are more elsewhere were those who are fewer here.
    """
    months = pd.PeriodIndex(differences.index)
    last = months[-1]
    if not compared.with_without:
        period = style.period_words(compared.results[0].scenario)
        return f"Arrivals by route and month, {period}: {' against '.join(compared.labels)}"
    totals = differences.sum()
    routes = compared.results[0].scenario.corridor.routes
    named = [route for policy in compared.policies.values() for route in policy.routes if route in routes]
    scenario = compared.results[0].scenario
    later = onward_routes(scenario)
    first = [route for route in named or list(routes) if route not in later]
    treated = str(totals[first or named or list(routes)].abs().idxmax())
    change = float(totals[treated])
    if change == 0.0:
        return f"{compared.what}: no change in simulated arrivals by {last.strftime('%B %Y')}"
    fewer = "fewer" if change < 0 else "more"
    words = f"{people(abs(change))} {fewer} arrivals on the {routes[treated].label}"
    said = f"{compared.what}: {words} by {last.strftime('%B %Y')} (simulated)"
    share = matched(compared, treated)
    if not np.isfinite(share):
        return said
    return f"{said}; {people(100 * share)} of 100 of them matched elsewhere by more of the same origin and need"


def matched(compared: Contrast, treated: str) -> float:
    """Return the share of a route's fall that more of the same origin and need match elsewhere; NaN where none fell."""
    scenario, keys = compared.results[0].scenario, ["route", "origin", "need"]
    out = {treated, *counted_again(scenario, [treated])}
    inside = {str(month) for month in compared.months}
    sides = []
    for result in compared.results[:2]:
        frame = result.frame("arrivals", by=[*keys, "month"])
        frame = frame[frame["month"].astype(str).isin(inside)].astype(dict.fromkeys(keys, str))
        sides.append(frame.groupby(keys)["arrivals"].sum().astype(float))
    elsewhere = [route for route in scenario.corridor.routes if route not in out]
    return share_within(sides[1], sides[0], [treated], elsewhere)


def _route_panel(
    axes: Axes, compared: Contrast, tables: Sequence[pd.DataFrame], route: str, months: pd.PeriodIndex
) -> list[str]:
    """Draw arrivals on a route in each run and as observed; return the sources used."""
    scenario = compared.results[0].scenario
    names = route_observations(scenario, route)[:1]
    looks = (style.SIMULATED, *style.OTHERS)
    for table, look in reversed(list(zip(tables, looks, strict=False))):
        axes.plot(style.middles(months), table.loc[months, route].to_numpy(), **look)
    draw_observed(axes, [observed_series(scenario, name).reindex(months) for name in names])
    axes.set_ylim(bottom=0)
    style.month_axis(axes, months)
    totals = [count(float(table.loc[months, route].sum())) for table in tables]
    note = f"with {totals[0]}; without {totals[1]}" if compared.with_without else f"totals: {'; '.join(totals)}"
    style.dress(axes, scenario.corridor.routes[route].label, note)
    style.count_axis(axes, "arrivals a month")
    style.mark_policies(axes, compared.policies, (route,))
    return [scenario.corridor.observed[name].source for name in names]


def _difference_lines(axes: Axes, compared: Contrast, differences: pd.DataFrame, looks: dict[str, Any]) -> None:
    """Draw the monthly difference by route on one scale."""
    months = pd.PeriodIndex(differences.index)
    for route in reversed(list(differences.columns)):
        if differences[route].abs().max() > 0:
            axes.plot(style.middles(months), differences[route].to_numpy(), **looks[str(route)])
    axes.axhline(0, color=style.INK, linewidth=0.8, zorder=1.5)
    style.month_axis(axes, months)
    style.dress(axes, "Difference by month and route", _sign(compared))
    style.count_axis(axes, "arrivals a month")
    style.mark_policies(axes, compared.policies, ())


def _sign(compared: Contrast) -> str:
    """Return which run is taken from which, in words."""
    if compared.with_without:
        return "with less without: below zero fell, above zero rose"
    return f"{compared.labels[0]} less {compared.labels[1]}"


def _difference_bars(axes: Axes, compared: Contrast, differences: pd.DataFrame, looks: dict[str, Any]) -> None:
    """Draw the difference by route over the whole period, with the numbers at the bars."""
    totals = differences.sum()
    routes = compared.results[0].scenario.corridor.routes
    places = np.arange(len(totals))[::-1].astype(float)
    low, high = min(float(totals.min()), 0.0), max(float(totals.max()), 0.0)
    room = 0.5 * max(high - low, 1.0)
    across = axes.get_yaxis_transform()
    for place, (route, total) in zip(places, totals.items(), strict=True):
        look = looks[str(route)]
        axes.barh(place, total, height=0.5, color=look["color"], edgecolor=style.INK, linewidth=0.5)
        axes.plot([-1.1, -0.98], [place, place], transform=across, clip_on=False, solid_capstyle="butt", **look)
        axes.text(
            -0.94, place, routes[str(route)].label, transform=across, size=style.TEXT_SIZE, va="center", color=style.INK
        )
        text = signed(people(float(total)), float(total))
        axes.annotate(
            text,
            (float(total), place),
            (5 if total >= 0 else -5, 0),
            textcoords="offset points",
            size=style.SMALL_SIZE + 0.5,
            va="center",
            ha="left" if total >= 0 else "right",
            color=style.INK,
        )
    # Room for a number on the sides that have bars.
    axes.set_xlim(low - (room if low < 0 else 0.0), high + room)
    axes.axvline(0, color=style.INK, linewidth=0.8)
    style.dress(axes)
    axes.grid(False)
    axes.set_yticks([])
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.set_xlabel("arrivals, whole period", size=style.SMALL_SIZE, color=style.INK)


def comparison_figure(compared: Contrast) -> tuple[Figure, str]:
    """Return the figure of a comparison and its title."""
    results, months = compared.results, compared.months
    scenario = results[0].scenario
    tables = [monthly_arrivals_by_route(result) for result in results]
    routes = list(scenario.corridor.routes)
    differences = difference_by_route(results[0], results[1]).loc[months]
    title = headline(compared, differences)
    used = [scenario.corridor.observed[name].source for route in routes for name in route_observations(scenario, route)]
    alone = "One pair of runs: no interval. " if compared.with_without else ""
    subtitle = (
        f"{scenario.title}. {compared.seeds} Totals, not persons: those more on one route need not be those "
        f"fewer on another. {alone}Vertical scales differ; one person may be counted on two routes."
    )
    grid = grid_for(len(routes), 1 + len(results), compared.policies)
    height = 1.3 + grid.height + 3.4
    figure, bottom, top = style.new_figure(height, title, subtitle, style.source_line(results, dict.fromkeys(used)))
    cells, keys = grid.add(figure, top)
    split = top - grid.height / height
    for axes, route in zip(cells, routes, strict=True):
        _route_panel(axes, compared, tables, route, months)
    _key(keys, compared)
    looks = {route: style.ROUTE_STYLES[i % len(style.ROUTE_STYLES)] for i, route in enumerate(routes)}
    base, tall = bottom + 0.42 / height, split - bottom - 1.15 / height
    lines = figure.add_axes((0.85 / style.WIDTH, base, 6.1 / style.WIDTH, tall))
    bars = figure.add_axes((9.75 / style.WIDTH, base, 2.0 / style.WIDTH, tall))
    head = figure.add_axes((7.55 / style.WIDTH, base, 4.15 / style.WIDTH, tall))
    head.set_axis_off()
    period = f"{months[0].strftime('%B %Y')} to {months[-1].strftime('%B %Y')}"
    style.dress(head, "Difference by route, whole period", period)
    _difference_lines(lines, compared, differences, looks)
    _difference_bars(bars, compared, differences, looks)
    return figure, title


def _key(cells: Sequence[Axes], compared: Contrast) -> None:
    """Fill the free panels with the key to lines and dates."""
    looks = (style.SIMULATED, *style.OTHERS)
    handles = [Line2D([], [], label="observed", **style.OBSERVED)]
    handles += [Line2D([], [], label=label, **look) for label, look in zip(compared.labels, looks, strict=False)]
    style.key(cells, handles, compared.policies)


def draw_with_and_without(results: Sequence[Result], folder: Path, labels: Sequence[str] | None = None) -> list[Path]:
    """Draw the figure of a comparison and return the paths of what was written."""
    figure, title = comparison_figure(contrast(results, labels))
    return style.save(figure, folder, "comparison", title)
