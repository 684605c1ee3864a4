"""The data of the map with a time slider: outlines and legs in map coordinates, people by leg and period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from simulator.analysis.geography import Frame, Points, frame_of, outlines
from simulator.analysis.map import FEWEST, bend
from simulator.analysis.metrics import amounts, months_of
from simulator.analysis.paired import LEVEL
from simulator.analysis.report.arms import Arm, shared

if TYPE_CHECKING:
    from simulator.outputs.result import Result
    from simulator.scenario.schema import Scenario

BY_MONTH: Final = 24
"""Months up to which the slider goes by month; then by quarter, and by year where there are too many quarters."""
BY_QUARTER: Final = 40
"""Quarters up to which the slider goes by quarter."""
GRAIN: Final = 900
"""Points across the page that outlines are fine to."""
SHAPES: Final = (1.0, 2.9)
"""Width over height of the narrowest and the widest map on screens."""
NAMED: Final = 24
"""Places that may be named; the page names those for which it has room."""
FRAMED: Final = 0.02
"""Share of the busiest leg's people from which a leg decides what the map shows; readers can drag it for the rest."""
FEWEST_GIVE: Final = 2
"""Observations that an interval can be told from."""


@dataclass(frozen=True)
class View:
    """Something the map can show: the people of runs, or a difference.

    Attributes
    ----------
    label : its name.
    difference : whether it is one, so that lines are fewer or more.
    people : people who got through by period (rows) and leg (columns), a table an observation: a run, or a draw.
    """

    label: str
    difference: bool
    people: Sequence[pd.DataFrame]


def map_data(arms: Sequence[Arm]) -> dict[str, Any]:
    """Return what the page's script draws of runs: see `map_of`."""
    scenario = arms[0].first.scenario
    freq, periods = periods_of(months_of(scenario))
    tables = [{key: _people(run, freq) for key, run in arm.runs.items()} for arm in arms]
    views = [View(arm.label, False, list(table.values())) for arm, table in zip(arms, tables, strict=True)]
    for arm, table in zip(arms[1:], tables[1:], strict=True):
        change = [table[key].sub(tables[0][key], fill_value=0.0) for key in shared(arms[0], arm)]
        if change:
            views.append(View(f"difference: {arm.label} less {arms[0].label}", True, change))
    over = "runs" if max(len(view.people) for view in views) > 1 else ""
    return map_of(views, scenario, periods, over)


def map_of(views: Sequence[View], scenario: Scenario, periods: Mapping[str, str], over: str) -> dict[str, Any]:
    """Return what the page's script draws.

    Parameters
    ----------
    scenario : for legs and places.
    periods : name on the page by label in the tables, in order.
    over : what means and intervals are over: ``runs``, ``draws``; empty where there is one observation.

    Returns
    -------
    dict
        ``land`` (rings with gaps: x and y), ``legs`` (name, curve, middle), ``places``, ``periods`` (the whole first),
        ``views`` (label, whether it is a difference, people by period and leg, and ``give``: half of the 95% interval,
        or null), ``over``, ``range``.
    """
    whole = pd.concat([sum_of(view) for view in views], axis=1).fillna(0.0)
    most = float(whole.abs().to_numpy().max(initial=1.0))
    legs = [str(leg) for leg in whole.index[whole.abs().max(axis=1) > FEWEST * most]]
    ends = {leg.leg: (leg.tail, leg.head) for leg in scenario.legs}
    where = {place.place: np.array([place.lon, place.lat]) for place in scenario.places}
    busy = [leg for leg in legs if float(whole.abs().max(axis=1).loc[leg]) >= FRAMED * most]
    used = list(dict.fromkeys(end for leg in busy for end in ends[leg])) or list(where)
    points = np.array([where[name] for name in used])
    frame = frame_of(points, _shape(points))
    names = {place.place: place.name.split(" (")[0] for place in scenario.places}
    low, high = frame.project(np.array([frame.low, frame.high]))
    return {
        "land": _land(frame, points), "range": [low.round(3).tolist(), high.round(3).tolist()],
        "legs": [_leg(names, ends[leg], where, frame) for leg in legs],
        "places": _places(names, ends, where, whole.reindex(legs), frame),
        "periods": ["whole period", *periods.values()], "over": over,
        "views": [{"label": view.label, "difference": view.difference, **_numbers(view, list(periods), legs)}
                  for view in views],
    }  # fmt: skip


def sum_of(view: View) -> pd.Series:
    """Return the people of a view by leg, mean over observations."""
    found: pd.Series = pd.concat([table.sum(axis=0) for table in view.people], axis=1).fillna(0.0).mean(axis=1)
    return found.rename(view.label)


def periods_of(months: pd.PeriodIndex) -> tuple[str, dict[str, str]]:
    """Return how long the periods of the slider are, and their names by label: months, quarters or years."""
    freq = "M" if len(months) <= BY_MONTH else "Q" if len(months) <= 3 * BY_QUARTER else "Y"
    found = [str(each) for each in months.asfreq(freq).unique()]
    return freq, {each: each.replace("Q", " quarter ") if freq == "Q" else each for each in found}


def _people(run: Result, freq: str) -> pd.DataFrame:
    """Return the people who got through in a run, by period (rows) and leg (columns)."""
    frame = amounts(run, "crossings", ["leg", "month"])
    frame = frame[frame["month"].isin(months_of(run.scenario))]
    wide = frame.pivot_table(index="month", columns="leg", values="value", aggfunc="sum", observed=True)
    table = wide.groupby(pd.PeriodIndex(wide.index).asfreq(freq)).sum()
    table.index, table.columns = table.index.astype(str), table.columns.astype(str)
    return table.fillna(0.0)


def _numbers(view: View, periods: Sequence[str], legs: Sequence[str]) -> dict[str, Any]:
    """Return the people of a view by period, the whole first, and half of their interval, in whole people."""
    tables = [table.reindex(index=list(periods), columns=list(legs)).fillna(0.0).to_numpy() for table in view.people]
    values = np.stack([np.vstack([table.sum(axis=0, keepdims=True), table]) for table in tables])
    n = len(values)
    give = None if n < FEWEST_GIVE else stdtrit(n - 1, (1 + LEVEL) / 2) * values.std(axis=0, ddof=1) / np.sqrt(n)
    return {"people": _whole(values.mean(axis=0)), "give": None if give is None else _whole(give)}


def _whole(values: np.ndarray[Any, np.dtype[np.float64]]) -> list[list[int]]:
    found: list[list[int]] = np.rint(values).astype(int).tolist()
    return found


def _leg(names: dict[str, str], ends: tuple[str, str], where: dict[str, Points], frame: Frame) -> dict[str, Any]:
    points = frame.project(np.array([where[ends[0]], where[ends[1]]]))
    curve = bend(points[0], points[1], n=10)
    return {"name": f"{names[ends[0]]} to {names[ends[1]]}", "x": curve[:, 0].round(3).tolist(),
            "y": curve[:, 1].round(3).tolist()}  # fmt: skip


def _places(
    names: dict[str, str], ends: dict[str, tuple[str, str]], where: dict[str, Points], whole: pd.DataFrame, frame: Frame
) -> dict[str, list[Any]]:
    """Return the busiest places, the busiest first."""
    size = whole.abs().max(axis=1)
    weight: dict[str, float] = {}
    for leg, people in size.items():
        for end in ends[str(leg)]:
            weight[end] = weight.get(end, 0.0) + float(people)
    kept = sorted(weight, key=lambda each: -weight[each])[:NAMED]
    points = frame.project(np.array([where[name] for name in kept]).reshape(-1, 2))
    return {"name": [names[name] for name in kept], "x": points[:, 0].round(3).tolist(),
            "y": points[:, 1].round(3).tolist()}  # fmt: skip


def _shape(points: Points) -> float:
    """Return width over height of what points span, so that the frame is no larger than it must be."""
    wide, high = np.ptp(points, axis=0) + 2.0
    return float(wide * np.cos(np.deg2rad(points[:, 1].mean())) / high)


def _land(frame: Frame, points: Points) -> dict[str, list[float | None]]:
    """Return the outlines around a frame, thinned to what a page shows, with a gap after each ring.

    They reach as far as the narrowest and the widest screen show.
    """
    around = [frame_of(points, shape) for shape in SHAPES]
    low = np.min([each.low for each in around], axis=0) - 1.0
    high = np.max([each.high for each in around], axis=0) + 1.0
    grain = (frame.high[0] - frame.low[0]) / GRAIN
    x: list[float | None] = []
    y: list[float | None] = []
    for ring in outlines():
        if (ring.max(axis=0) > low).all() and (ring.min(axis=0) < high).all():
            cells = np.rint(np.clip(ring, low, high) / grain)
            keep = np.concatenate([[True], (np.diff(cells, axis=0) != 0).any(axis=1)])
            if keep.sum() > 3:
                points = frame.project(cells[keep] * grain).round(2)
                x += [*points[:, 0].tolist(), None]
                y += [*points[:, 1].tolist(), None]
    return {"x": x, "y": y}
