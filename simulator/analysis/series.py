"""Figures over time and by route: arrivals observed and simulated, and deaths."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator

from simulator.analysis import style
from simulator.analysis.metrics import deaths_per_thousand_attempts, monthly_arrivals_by_route, months_of
from simulator.analysis.validation import FIT_END, observed_series, simulated_series
from simulator.numbers import count
from simulator.numbers import rate as shown_rate

if TYPE_CHECKING:
    from simulator.outputs.result import Result
    from simulator.scenario.policies import Policy
    from simulator.scenario.schema import Scenario

SECOND: Final[dict[str, Any]] = {"color": style.MUTED, "markerfacecolor": "white", "zorder": 3.5}
"""How a second observed series differs from the first: grey, with open marks."""
HALO: Final = [withStroke(linewidth=2.5, foreground="white")]
"""White around numbers, so that rules do not cross them."""
AHEAD: Final = "#EFEFEF"
"""Ground of the months after the fitting period."""


@dataclass
class Panel:
    """One panel: what it shows, what was simulated, what was observed (by source), and the routes it is about."""

    title: str
    simulated: pd.Series[float]
    observed: list[pd.Series[float]] = field(default_factory=list)
    routes: tuple[str, ...] = ()


def route_observations(scenario: Scenario, route: str, measure: str = "arrivals") -> list[str]:
    """Return the names of the observed series of one publisher that count all of a route and nothing else."""
    whole = {
        name: series
        for name, series in scenario.corridor.observed.items()
        if series.measure == measure and series.routes == (route,) and not series.legs and series.origin is None
    }
    first = next(iter(whole.values()), None)
    return [name for name, series in whole.items() if first is not None and series.source == first.source]


def second_label(scenario: Scenario, names: list[str]) -> str:
    """Return what the second of two observed series is: what its label adds to that of the first."""
    first, second = (scenario.corridor.observed[name].label for name in names[:2])
    more = second.removeprefix(first).lstrip(",; ") if second.startswith(first) else ""
    return f"observed, {more}" if more else "observed, second series"


def arrival_panels(result: Result) -> tuple[list[Panel], list[str]]:
    """Return a panel for each route, then one for each narrower observed series, and the sources used."""
    scenario, panels, used = result.scenario, [], []
    arrivals, months = monthly_arrivals_by_route(result), months_of(result.scenario)
    shown: set[str] = set()
    for route, about in scenario.corridor.routes.items():
        names = route_observations(scenario, route)
        shown.update(names)
        used += [scenario.corridor.observed[name].source for name in names]
        observed = [observed_series(scenario, name).reindex(months) for name in names]
        panels.append(Panel(about.label, arrivals[route], observed, (route,)))
    routes_of = {leg.leg: leg.route for leg in scenario.legs}
    for name, series in scenario.corridor.observed.items():
        if series.measure == "arrivals" and series.origin is None and name not in shown:
            used.append(series.source)
            observed = [observed_series(scenario, name).reindex(months)]
            routes = series.routes or tuple(dict.fromkeys(routes_of[leg] for leg in series.legs))
            panels.append(Panel(series.label, simulated_series(result, series), observed, routes))
    return panels, list(dict.fromkeys(used))


@dataclass(frozen=True)
class Grid:
    """Panels in rows of three across a figure; the cells left over, or a row of their own, hold the key.

    Attributes
    ----------
    n_panels : panels besides the key.
    key_height : room that the key needs in one column, in inches.
    """

    n_panels: int
    key_height: float

    COLUMNS: ClassVar[int] = 3
    ROW: ClassVar[float] = 2.54
    HEAD: ClassVar[float] = 0.66
    FOOT: ClassVar[float] = 0.42

    @property
    def n_rows(self) -> int:
        """Rows of panels."""
        return math.ceil(self.n_panels / self.COLUMNS)

    @property
    def free(self) -> int:
        """Cells left over in the last row."""
        return -self.n_panels % self.COLUMNS

    @property
    def strip(self) -> float:
        """Height of a row for what the cells left over cannot hold of the key, in inches."""
        # Entries do not split across columns, hence the allowance.
        rest = self.key_height - self.free * (self.ROW - 0.3)
        return rest / self.COLUMNS + 0.6 if rest > 0 else 0.0

    @property
    def height(self) -> float:
        """Height of it all in inches."""
        return self.n_rows * self.ROW + self.strip

    def add(self, figure: Figure, top: float) -> tuple[list[Axes], list[Axes]]:
        """Add panels under `top` (0 to 1) and return them, and those for the key."""
        high = float(figure.get_figheight())
        left, right, between = 0.85 / style.WIDTH, 1.0 - 0.3 / style.WIDTH, 0.8 / style.WIDTH
        wide = (right - left - between * (self.COLUMNS - 1)) / self.COLUMNS
        xs = [left + column * (wide + between) for column in range(self.COLUMNS)]
        row = self.ROW / high
        cells = []
        for i in range(self.n_panels):
            y = top - (i // self.COLUMNS + 1) * row + self.FOOT / high
            cells.append(figure.add_axes((xs[i % self.COLUMNS], y, wide, row - (self.HEAD + self.FOOT) / high)))
        y = top - self.n_rows * row
        keys = [figure.add_axes((x, y + 0.12 / high, wide, row - 0.24 / high)) for x in xs[self.COLUMNS - self.free :]]
        if self.strip:
            y -= self.strip / high
            keys += [figure.add_axes((x, y + 0.15 / high, wide, (self.strip - 0.2) / high)) for x in xs]
        return cells, keys

    @classmethod
    def column_inches(cls) -> float:
        """Return the width of a panel in inches."""
        return (style.WIDTH - 0.85 - 0.3 - 0.8 * (cls.COLUMNS - 1)) / cls.COLUMNS


def grid_for(n_panels: int, n_handles: int, policies: dict[str, Policy]) -> Grid:
    """Return a grid of panels with room for a key to so many lines and these policies."""
    return Grid(n_panels, style.legend_height(n_handles) + style.key_height(policies, Grid.column_inches()))


def shade_test(axes: Axes, months: pd.PeriodIndex, fit_end: str | None) -> bool:
    """Shade the months after the fitting period; return whether there are any beside fitted ones."""
    if fit_end is None:
        return False
    end = pd.Period(fit_end, freq="M")
    if not months[0] <= end < months[-1]:
        return False
    axes.axvspan(end.ordinal + 1, months[-1].ordinal + 1, color=AHEAD, zorder=0, linewidth=0)
    return True


def _agreement(panel: Panel) -> str:
    """Return the totals of a panel over the months that were observed."""
    if not panel.observed:
        return f"simulated {count(panel.simulated.sum())}; no observed series"
    known = panel.observed[0].dropna()
    if known.empty:
        return f"simulated {count(panel.simulated.sum())}; not observed in these years"
    return f"observed {count(known.sum())}; simulated {count(panel.simulated[known.index].sum())}"


def draw_observed(axes: Axes, observed: list[pd.Series[float]]) -> None:
    """Draw observed series; the second in grey with open marks, as a second opinion."""
    for order, series in enumerate(observed):
        marks = {} if order == 0 else SECOND
        axes.plot(style.middles(pd.PeriodIndex(series.index)), series.to_numpy(), **{**style.OBSERVED, **marks})


def arrivals_figure(result: Result, fit_end: str | None = FIT_END) -> tuple[Figure, str]:
    """Return the figure of observed and simulated arrivals by route and month, and its title."""
    panels, used = arrival_panels(result)
    scenario, months = result.scenario, months_of(result.scenario)
    title = f"Arrivals by route and month, observed and simulated, {style.period_words(scenario)}"
    subtitle = (
        f"{scenario.title}. Arrivals are crossings that are counted; one person may be counted on two "
        "routes. Vertical scales differ. Numbers mark policy dates."
    )
    policies = style.marked_policies(scenario)
    grid = grid_for(len(panels), 4, policies)
    figure, _, top = style.new_figure(1.22 + grid.height, title, subtitle, style.source_line([result], used))
    cells, keys = grid.add(figure, top)
    tested = False
    for axes, panel in zip(cells, panels, strict=True):
        axes.plot(style.middles(months), panel.simulated.to_numpy(), **style.SIMULATED)
        draw_observed(axes, panel.observed)
        axes.set_ylim(bottom=0)
        style.month_axis(axes, months)
        tested = shade_test(axes, months, fit_end) or tested
        style.dress(axes, panel.title, _agreement(panel))
        style.count_axis(axes, "arrivals a month")
        style.mark_policies(axes, policies, panel.routes)
    handles: list[Line2D | Patch] = [
        Line2D([], [], label="observed", **style.OBSERVED),
        Line2D([], [], label="simulated", **style.SIMULATED),
    ]
    double = [names for route in scenario.corridor.routes if len(names := route_observations(scenario, route)) > 1]
    if double:
        handles.insert(1, Line2D([], [], label=second_label(scenario, double[0]), **{**style.OBSERVED, **SECOND}))
    if tested:
        handles.append(Patch(color=AHEAD, label="after the fitting period"))
    style.key(keys, handles, policies)
    return figure, title


def deaths_figure(result: Result) -> tuple[Figure, str]:
    """Return the figure of deaths, and of deaths per thousand attempts, by route, and its title."""
    scenario = result.scenario
    table = deaths_per_thousand_attempts(result)
    title = f"Deaths, and deaths per thousand attempts, by route, {style.period_words(scenario)}"
    subtitle = (
        f"{scenario.title}. Deaths are those on all legs of a route; the rate is that of the legs on which an "
        "arrival is counted. Observed deaths are a lower bound."
    )
    observed, used = _observed_deaths(result)
    rows = max(len(table), 2)  # one bar alone would leave no room between title and foot
    figure, bottom, top = style.new_figure(1.7 + 0.52 * rows, title, subtitle, style.source_line([result], used))
    height = float(figure.get_figheight())
    box = (bottom + 0.42 / height, top - bottom - 0.42 / height - 0.42 / height)
    left = figure.add_axes((2.15 / style.WIDTH, box[0], 4.6 / style.WIDTH, box[1]))
    right = figure.add_axes((7.6 / style.WIDTH, box[0], 4.0 / style.WIDTH, box[1]))
    places = np.arange(len(table))[::-1].astype(float)
    labels = [scenario.corridor.routes[str(route)].label for route in table.index]
    _death_bars(left, places, table, observed)
    left.set_yticks(places, labels)
    left.tick_params(axis="y", labelsize=style.TEXT_SIZE, pad=9)
    _rate_bars(right, places, table)
    return figure, title


def _observed_deaths(result: Result) -> tuple[pd.Series[float], list[str]]:
    """Return observed deaths by route over the run's months (NaN where nobody counts), and sources."""
    scenario, months, used = result.scenario, months_of(result.scenario), []
    totals = pd.Series(np.nan, index=pd.Index(list(scenario.corridor.routes)), dtype=float)
    for route in totals.index:
        for name in route_observations(scenario, str(route), "deaths")[:1]:
            used.append(scenario.corridor.observed[name].source)
            totals[route] = observed_series(scenario, name).reindex(months).sum(min_count=1)
    return totals, used


def _death_bars(axes: Axes, places: np.ndarray, table: pd.DataFrame, observed: pd.Series[float]) -> None:
    """Draw simulated deaths as bars and observed ones as marks, with their numbers."""
    reach = float(max(table["deaths_on_all_legs"].max(), observed.max() if observed.notna().any() else 0.0, 1.0))
    died = table["deaths_on_all_legs"]
    axes.barh(places, died, height=0.55, color=style.OKABE_ITO["blue"], label="simulated", zorder=2)
    for place, route in zip(places, table.index, strict=True):
        dead, seen = float(died[route]), float(observed[route])
        end = max(dead, seen) if seen == seen else dead
        text = count(dead) + (f"  (observed {count(seen)})" if seen == seen else "")
        axes.annotate(
            text,
            (end, place),
            (7, 0),
            textcoords="offset points",
            size=style.SMALL_SIZE,
            va="center",
            color=style.INK,
            path_effects=HALO,
        )
    if observed.notna().any():
        axes.plot(
            observed.to_numpy(),
            places,
            linestyle="",
            marker="D",
            markersize=6.5,
            zorder=3,
            clip_on=False,
            markerfacecolor=style.OKABE_ITO["orange"],
            markeredgecolor="black",
            label="observed (dead and missing)",
        )
    axes.set_xlim(0, reach * 1.5)
    _dress_bars(axes, "Deaths on all legs of the route", "people, whole period")
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles[::-1],
        labels[::-1],
        loc="lower right",
        bbox_to_anchor=(1.02, 1.0),
        ncols=2,
        frameon=False,
        fontsize=style.SMALL_SIZE,
        columnspacing=1.2,
        handletextpad=0.5,
        borderpad=0.2,
    )


def _rate_bars(axes: Axes, places: np.ndarray, table: pd.DataFrame) -> None:
    """Draw deaths per thousand attempts, with the attempts behind them."""
    rates = table["per_thousand"]
    axes.barh(
        places,
        rates.fillna(0.0),
        height=0.55,
        color=style.OKABE_ITO["sky"],
        edgecolor=style.INK,
        linewidth=0.6,
        zorder=2,
    )
    for place, route in zip(places, table.index, strict=True):
        rate, attempts = float(rates[route]), float(table["attempts"][route])
        text = f"{shown_rate(rate)}  (of {count(attempts)} attempts)" if rate == rate else "no attempts"
        axes.annotate(
            text,
            (rate if rate == rate else 0.0, place),
            (5, 0),
            textcoords="offset points",
            size=style.SMALL_SIZE,
            va="center",
            color=style.INK,
            path_effects=HALO,
        )
    axes.set_xlim(0, max(float(rates.max()) if rates.notna().any() else 1.0, 1e-9) * 1.9)
    axes.set_yticks(places, [""] * len(places))
    _dress_bars(axes, "Deaths per thousand attempts, on counted legs", "deaths per 1,000 attempts")


def _dress_bars(axes: Axes, title: str, label: str) -> None:
    style.dress(axes, title, gap=5.0)
    axes.grid(False, axis="y")
    axes.grid(True, axis="x", color=style.RULE, linewidth=0.7)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.xaxis.set_major_formatter(FuncFormatter(style.thousands))
    axes.set_xlabel(label, size=style.SMALL_SIZE, color=style.INK)


def draw_series(result: Result, folder: Path, fit_end: str | None = FIT_END) -> list[Path]:
    """Draw deaths, and arrivals if the run has a whole month; return the paths of what was written."""
    paths = []
    if len(months_of(result.scenario)):
        arrivals, title = arrivals_figure(result, fit_end)
        paths += style.save(arrivals, folder, "arrivals", title)
    deaths, title = deaths_figure(result)
    return [*paths, *style.save(deaths, folder, "deaths", title)]
