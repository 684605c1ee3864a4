"""Shares of routes over periods of several months, such as the sectors of a border by fiscal year."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter

from simulator.analysis import style
from simulator.analysis.metrics import months_of
from simulator.analysis.series import AHEAD, grid_for

if TYPE_CHECKING:
    from simulator.outputs.result import Result

WORDS: Final = {"interceptions": "people intercepted", "deaths": "deaths"}
"""What is shared out, in the words of a figure."""
YEARS_APART: Final = 5
"""Years between two ticks."""


def observed_periods(result: Result, measure: str) -> pd.DataFrame:
    """Return what was counted by route and period; columns route, first, last (months) and people."""
    rows = [(row.route, row.first, row.last, float(row.people)) for row in result.scenario.observed_periods
            if row.measure == measure]  # fmt: skip
    return pd.DataFrame(rows, columns=["route", "first", "last", "people"])


def counts(result: Result, measure: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return observed and simulated counts over the periods that were observed.

    Returns
    -------
    observed, simulated : pandas.DataFrame
        A row for each period, by its last month, and a column for each route, in the corridor's order; people.
        Simulated are expected counts: attempts of each step times the chance that held in it, which scatters less
        than the count, and says the same in the mean. Periods that the run does not cover are left out.
    """
    known = observed_periods(result, measure)
    by_month = expected(result, measure)
    months = {str(month) for month in months_of(result.scenario)}
    known = known[known["first"].isin(months) & known["last"].isin(months)]
    order = [route for route in result.scenario.corridor.routes if route in set(known["route"])]
    observed = known.pivot(index="last", columns="route", values="people").reindex(columns=order)
    spans = known.drop_duplicates("last").set_index("last")["first"].sort_index()
    simulated = pd.DataFrame({last: by_month.loc[first:last, order].sum() for last, first in spans.items()}).T
    simulated.index.name = "last"
    return observed.sort_index(), simulated.reindex(columns=order)


def expected(result: Result, measure: str) -> pd.DataFrame:
    """Return expected interceptions or deaths by month and route: attempts times the chance of the month."""
    table = result.frame("attempts", by=["month", "leg"])
    for name in ("interception_chance", "death_risk"):
        # A leg that nobody tried has a chance all the same, so that the tables differ in their rows.
        table = table.merge(result.frame(name, by=["month", "leg"]), on=["month", "leg"], how="left")
    caught, risk = (table[name].fillna(0.0) for name in ("interception_chance", "death_risk"))
    share = risk if measure == "deaths" else (1.0 - risk) * caught
    route = {leg.leg: leg.route for leg in result.scenario.legs}
    table = table.assign(people=table["attempts"] * share, route=table["leg"].astype(str).map(route))
    return table[table["route"] != ""].pivot_table(index="month", columns="route", values="people", aggfunc="sum",
                                                   observed=True)  # fmt: skip


def shares(table: pd.DataFrame) -> pd.DataFrame:
    """Return each route's share of its period's sum."""
    return table.div(table.sum(axis=1), axis=0)


def explained(observed: pd.DataFrame, simulated: pd.DataFrame, base: str, periods: Sequence[str]) -> float:
    """Return the share of the squared change in shares that is explained, against shares that stay those of a period.

    Parameters
    ----------
    observed, simulated : counts, as from `counts`.
    base : the period (its last month) whose observed shares a constant forecast would keep.
    periods : those that are judged.

    Returns
    -------
    float
        1 where every share is met, 0 where constant shares do as well; below 0 where they do better.
    """
    seen, made = shares(observed), shares(simulated)
    wrong = ((made.loc[list(periods)] - seen.loc[list(periods)]) ** 2).to_numpy().sum()
    moved = ((seen.loc[list(periods)] - seen.loc[base]) ** 2).to_numpy().sum()
    return float(1.0 - wrong / moved)


def shares_figure(results: Sequence[Result], measure: str = "interceptions") -> tuple[Figure, str]:
    """Return the figure of shares observed and simulated by route and period, and its title.

    Parameters
    ----------
    results : runs of one scenario that differ in their seeds or members of the fit; more than one are drawn as a band.
    """
    first = results[0]
    scenario = first.scenario
    pairs = [counts(result, measure) for result in results]
    observed = shares(pairs[0][0])
    made = np.stack([shares(simulated).to_numpy() for _, simulated in pairs])
    title = f"Shares of routes in {WORDS[measure]}, observed and simulated"
    subtitle = f"{scenario.title}. Vertical scales differ. Numbers mark policy dates."
    at = [pd.Period(last, "M").ordinal - 5.5 for last in observed.index]
    limits = (at[0] - 8.0, at[-1] + 8.0)
    policies = {name: policy for name, policy in style.marked_policies(scenario).items()
                if limits[0] <= style.place_of_date(policy.announced) <= limits[1]}  # fmt: skip
    grid = grid_for(observed.shape[1], 3, policies)
    used = {row.source for row in scenario.observed_periods if row.source} | _source(first)
    figure, _, top = style.new_figure(1.22 + grid.height, title, subtitle, style.source_line(results, sorted(used)))
    cells, keys = grid.add(figure, top)
    fit_end = scenario.fit.period[1] if scenario.fit is not None and measure == "interceptions" else None
    touched = _routes_of(first)
    for number, (axes, route) in enumerate(zip(cells, observed.columns, strict=True)):
        values = made[:, :, number] * 100.0
        for part in _unbroken(at) if len(results) > 1 else ():
            axes.fill_between([at[i] for i in part], values.min(axis=0)[part], values.max(axis=0)[part],
                              color=style.SIMULATED["color"], alpha=0.2, linewidth=0)  # fmt: skip
        _lines(axes, at, np.median(values, axis=0), style.SIMULATED)
        _lines(axes, at, observed[route].to_numpy() * 100.0, {**style.OBSERVED, "markersize": 3.4})
        axes.set_xlim(*limits)
        axes.set_ylim(bottom=0, top=max(axes.get_ylim()[1], 2.0))
        if fit_end is not None:
            axes.axvspan(pd.Period(fit_end, "M").ordinal + 0.5, limits[1], color=AHEAD, zorder=0, linewidth=0)
        _year_axis(axes, observed.index)
        style.dress(axes, scenario.corridor.routes[route].label)
        axes.set_ylabel(f"% of {WORDS[measure]}", size=style.SMALL_SIZE, color=style.INK)
        here = {name: policy if route in touched[name] else policy.model_copy(update={"routes": ("none",)})
                for name, policy in policies.items()}  # fmt: skip
        style.mark_policies(axes, here, [route])
    handles: list[Line2D | Patch] = [
        Line2D([], [], label="observed", **style.OBSERVED), Line2D([], [], label="simulated", **style.SIMULATED)
    ]  # fmt: skip
    if len(results) > 1:
        words = f"lowest to highest of {len(results)} runs"
        handles.append(Patch(color=style.SIMULATED["color"], alpha=0.2, label=words))
    if fit_end is not None:
        handles.append(Patch(color=AHEAD, label="after the years that were fitted"))
    style.key(keys, handles, policies)
    return figure, title


def _unbroken(at: Sequence[float]) -> list[np.ndarray]:
    """Return the indices of spans in which no year is missing."""
    breaks = [i + 1 for i in range(len(at) - 1) if at[i + 1] - at[i] > 12.5]
    return np.split(np.arange(len(at)), breaks)


def _lines(axes: Axes, at: Sequence[float], values: np.ndarray, look: dict[str, object]) -> None:
    """Draw a line that breaks where more than a year is missing."""
    for part in _unbroken(at):
        axes.plot([at[i] for i in part], values[part], **look)  # type: ignore[arg-type]


def _source(result: Result) -> set[str]:
    """Return the source of what was counted, as the corridor gives it."""
    table = result.scenario.corridor.tables.observed_periods
    return set() if table is None else {each.source for each in table.columns.values() if each.source}


def _routes_of(result: Result) -> dict[str, set[str]]:
    """Return the routes that each policy of a scenario acts on: all, where it acts on none by name."""
    route = {leg.leg: leg.route for leg in result.scenario.legs}
    every = set(result.scenario.corridor.routes)
    found = {}
    for name, policy in result.scenario.corridor.policies.items():
        named = {route.get(where, where) for change in policy.levers for where in change.at} & every
        found[name] = named or every
    return found


def _year_axis(axes: Axes, periods: pd.Index) -> None:
    """Mark every fifth year on an axis of months."""
    years = [year for year in range(int(periods[0][:4]), int(periods[-1][:4]) + 1) if year % YEARS_APART == 0]
    axes.xaxis.set_major_locator(FixedLocator([pd.Period(f"{year}-09", "M").ordinal - 5.5 for year in years]))
    names = {pd.Period(f"{year}-09", "M").ordinal - 5.5: str(year) for year in years}
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: names.get(x, "")))
    axes.tick_params(axis="x", length=4, color=style.MUTED, labelsize=style.SMALL_SIZE)
    axes.set_xlabel("year in which the period ends", size=style.SMALL_SIZE, color=style.MUTED, labelpad=1)


def draw_shares(results: Sequence[Result], folder: Path) -> list[Path]:
    """Draw shares of each measure that was counted by period; return the paths of what was written."""
    measures = dict.fromkeys(row.measure for row in results[0].scenario.observed_periods)
    paths: list[Path] = []
    for measure in measures:
        if counts(results[0], measure)[0].empty:
            continue
        figure, title = shares_figure(results, measure)
        paths += style.save(figure, Path(folder), f"shares-{measure}", title)
    return paths
