"""The data of the map with a time slider: outlines and legs in map coordinates, people by leg and period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from simulator.analysis.geography import Frame, Points, frame_of, outlines
from simulator.analysis.map import FEWEST, bend
from simulator.analysis.metrics import amounts, months_of
from simulator.analysis.report.arms import Arm, shared

BY_MONTH: Final = 24
"""Months up to which the slider goes by month; then by quarter, and by year where there are too many quarters."""
BY_QUARTER: Final = 40
"""Quarters up to which the slider goes by quarter."""
GRAIN: Final = 900
"""Points across the page that outlines are fine to."""
SHAPES: Final = (1.0, 2.9)
"""Width over height of the narrowest and the widest map on screens."""
NAMED: Final = 12
"""Places that are named."""


def map_data(arms: Sequence[Arm]) -> dict[str, Any]:
    """Return what the page's script draws.

    Returns
    -------
    dict
        ``land`` (rings with gaps: x and y), ``legs`` (name, curve, middle), ``places``, ``periods`` (the whole first),
        ``views`` (an arm or a difference: label, whether it is a difference, people by period and leg), ``range``.
    """
    scenario = arms[0].first.scenario
    months = months_of(scenario)
    freq, periods = _periods(months)
    views = []
    tables = [_people(arm, list(arm.runs), freq, periods) for arm in arms]
    for arm, table in zip(arms, tables, strict=True):
        views.append((arm.label, False, table))
    for arm in arms[1:]:
        keys = shared(arms[0], arm)
        if keys:
            change = _people(arm, keys, freq, periods).sub(_people(arms[0], keys, freq, periods), fill_value=0.0)
            views.append((f"difference: {arm.label} less {arms[0].label}", True, change))
    whole = pd.concat([table.sum(axis=0).rename(str(place)) for place, (_, _, table) in enumerate(views)], axis=1)
    whole = whole.fillna(0.0)
    most = float(whole.abs().to_numpy().max(initial=1.0))
    legs = [str(leg) for leg in whole.index[whole.abs().max(axis=1) > FEWEST * most]]
    ends = {leg.leg: (leg.tail, leg.head) for leg in scenario.legs}
    where = {place.place: np.array([place.lon, place.lat]) for place in scenario.places}
    used = list(dict.fromkeys(end for leg in legs for end in ends[leg])) or list(where)
    points = np.array([where[name] for name in used])
    frame = frame_of(points, _shape(points))
    names = {place.place: place.name.split(" (")[0] for place in scenario.places}
    low, high = frame.project(np.array([frame.low, frame.high]))
    return {
        "land": _land(frame, points), "range": [low.round(3).tolist(), high.round(3).tolist()],
        "legs": [_leg(names, ends[leg], where, frame) for leg in legs],
        "places": _places(names, ends, where, whole.reindex(legs), frame),
        "periods": ["whole period", *periods],
        "views": [{"label": label, "difference": difference,
                   "people": _matrix(table, legs)} for label, difference, table in views],
    }  # fmt: skip


def _periods(months: pd.PeriodIndex) -> tuple[str, list[str]]:
    freq = "M" if len(months) <= BY_MONTH else "Q" if len(months) <= 3 * BY_QUARTER else "Y"
    found = [str(each) for each in months.asfreq(freq).unique()]
    return freq, [each.replace("Q", " quarter ") if freq == "Q" else each for each in found]


def _people(arm: Arm, keys: Sequence[Any], freq: str, periods: Sequence[str]) -> pd.DataFrame:
    """Return the people who got through, by period (rows) and leg (columns), mean over runs."""
    tables = []
    for key in keys:
        run = arm.runs[key]
        frame = amounts(run, "crossings", ["leg", "month"])
        frame = frame[frame["month"].isin(months_of(run.scenario))]
        wide = frame.pivot_table(index="month", columns="leg", values="value", aggfunc="sum", observed=True)
        tables.append(wide.groupby(pd.PeriodIndex(wide.index).asfreq(freq)).sum())
    table = pd.concat(tables).groupby(level=0).sum() / len(tables)
    table.columns = table.columns.astype(str)
    assert len(table) <= len(periods)
    return table.fillna(0.0)


def _matrix(table: pd.DataFrame, legs: Sequence[str]) -> list[list[int]]:
    values = table.reindex(columns=list(legs)).fillna(0.0).to_numpy()
    return [np.rint(row).astype(int).tolist() for row in [values.sum(axis=0), *values]]


def _leg(names: dict[str, str], ends: tuple[str, str], where: dict[str, Points], frame: Frame) -> dict[str, Any]:
    points = frame.project(np.array([where[ends[0]], where[ends[1]]]))
    curve = bend(points[0], points[1], n=10)
    return {"name": f"{names[ends[0]]} to {names[ends[1]]}", "x": curve[:, 0].round(3).tolist(),
            "y": curve[:, 1].round(3).tolist()}  # fmt: skip


def _places(
    names: dict[str, str], ends: dict[str, tuple[str, str]], where: dict[str, Points], whole: pd.DataFrame, frame: Frame
) -> dict[str, list[Any]]:
    """Return the busiest places that are far enough apart to be named."""
    size = whole.abs().max(axis=1)
    weight: dict[str, float] = {}
    for leg, people in size.items():
        for end in ends[str(leg)]:
            weight[end] = weight.get(end, 0.0) + float(people)
    kept: list[str] = []
    room = 0.07 * frame.size[0]
    for name in sorted(weight, key=lambda each: -weight[each]):
        point = frame.project(where[name][None])[0]
        near = any(np.abs(point - frame.project(where[other][None])[0]) @ [0.35, 1.0] < room / 2 for other in kept)
        if not near and len(kept) < NAMED:
            kept.append(name)
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
