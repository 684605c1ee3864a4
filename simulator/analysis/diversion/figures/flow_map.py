"""Maps of what people travelled without the policy, with it, and the difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from simulator.analysis import style
from simulator.analysis.diversion.figures.common import FEWER, MORE, Drawn, signed
from simulator.analysis.diversion.pairs import Pairs
from simulator.analysis.geography import Frame, Points, frame_of, label_places, map_axes
from simulator.analysis.map import FEWEST, bend, leg_width, nice_steps
from simulator.numbers import people

if TYPE_CHECKING:
    from simulator.scenario.schema import Scenario

FLOW: Final = "#5A5A5A"
LEAST, MOST = 2.2, 4.6
"""Height of a map in inches, by the shape of the corridor."""


def leg_flows(pairs: Pairs) -> pd.DataFrame:
    """Return the people who got through each leg, mean over pairs: ``leg tail head without with_ change``."""
    flows = pairs.flows("crossings", ["leg"])
    table = flows.groupby("leg", observed=True)[["without", "with_", "change"]].mean()
    table.index = table.index.astype(str)
    legs = {leg.leg: leg for leg in pairs.scenario.legs}
    table.insert(0, "tail", [legs[leg].tail for leg in table.index])
    table.insert(1, "head", [legs[leg].head for leg in table.index])
    return table


def frame_for(scenario: Scenario, table: pd.DataFrame, shape: float) -> Frame:
    """Return the frame around the legs that carry all but a thousandth of the busiest leg's people."""
    return frame_of(_points(scenario, table), shape)


def shape_of(scenario: Scenario, table: pd.DataFrame) -> float:
    """Return width over height of the part of the world that those legs span."""
    points = _points(scenario, table)
    wide, high = np.ptp(points, axis=0) + 2.0
    return float(wide * np.cos(np.deg2rad(points[:, 1].mean())) / high)


def _points(scenario: Scenario, table: pd.DataFrame) -> Points:
    most = float(table[["without", "with_"]].to_numpy().max(initial=1.0))
    busy = table[table[["without", "with_"]].max(axis=1) > FEWEST * most]
    used = set(busy["tail"]) | set(busy["head"])
    return np.array([[place.lon, place.lat] for place in scenario.places if place.place in used or not used])


def flow_map_figure(pairs: Pairs) -> Drawn:
    """Return three maps side by side: without, with, and with less without."""
    scenario, table = pairs.scenario, leg_flows(pairs)
    most = float(max(table[["without", "with_"]].to_numpy().max(initial=0.0), 1.0))
    wide = (style.WIDTH - 0.9) / 3
    high = min(max(wide / shape_of(scenario, table), LEAST), MOST)
    frame = frame_for(scenario, table, wide / high)
    places = {place.place: np.array([place.lon, place.lat]) for place in scenario.places}
    title = "Where people travelled without the policy, with it, and what it changed"
    subtitle = (f"{scenario.title}. People who got through each leg, {pairs.months[0]} to {pairs.months[-1]}, "
                f"simulated, mean of {len(pairs.with_)} pairs of runs. Widths grow with the square root of people and "
                "mean the same in all three. Lines are not tracks.")  # fmt: skip
    source = style.source_line(pairs.with_, more="Outlines: Natural Earth (public domain); borders imply no opinion.")
    trial = 2.05 + high
    figure, bottom, top = style.new_figure(trial, title, subtitle, source)
    boxes = [((0.3 + place * (wide + 0.15)) / style.WIDTH, bottom + 0.3 / trial, wide / style.WIDTH,
              top - bottom - 0.62 / trial) for place in range(3)]  # fmt: skip
    names = ("Without", "With", "Difference")
    for box, name, column in zip(boxes, names, ("without", "with_", "change"), strict=True):
        axes = map_axes(figure, box, frame)
        axes.set_title(name, loc="left", size=style.TEXT_SIZE + 1.5, weight="bold", color=style.INK)
        _legs(axes, table, column, places, frame, most)
        if column == "change":
            label_places(axes, _names(scenario, table, frame), [], 14, 7.0)
        else:
            label_places(axes, _names(scenario, table, frame, "role"), [], 6, 7.0)
    _key(figure, most)
    return Drawn(figure, title, _alternative(pairs, table))


def _legs(axes: Axes, table: pd.DataFrame, column: str, places: dict[str, Points], frame: Frame, most: float) -> None:
    """Draw legs with the largest on top; of differences, fewer and more in two colours and two dashes."""
    rows = table[table[column].abs() > FEWEST * most]
    for _, row in rows.reindex(rows[column].abs().sort_values().index).iterrows():
        ends = frame.project(np.array([places[row["tail"]], places[row["head"]]]))
        value = float(row[column])
        colour = FLOW if column != "change" else MORE if value > 0 else FEWER
        width = leg_width(abs(value), most)
        dash = (0, (6 / width, 3 / width)) if column == "change" and value < 0 else "-"
        axes.add_collection(LineCollection([bend(ends[0], ends[1])], linewidths=width, colors=colour, alpha=0.82,
                                           linestyles=[dash], capstyle="butt", zorder=3))  # fmt: skip


def _names(scenario: Scenario, table: pd.DataFrame, frame: Frame, by: str = "change") -> list[tuple[str, Points]]:
    """Return the places to label, those where most passed (or changed) first."""
    values = table["change"].abs() if by == "change" else table[["without", "with_"]].max(axis=1)
    weight = values.groupby(table["head"]).sum().add(values.groupby(table["tail"]).sum(), fill_value=0.0)
    known = {place.place: place for place in scenario.places}
    found = []
    for name in weight[weight > 0].sort_values(ascending=False).index:
        point = np.array([known[str(name)].lon, known[str(name)].lat])
        if frame.holds(point):
            found.append((known[str(name)].name.split(" (")[0], frame.project(point[None])[0]))
    return found


def _key(figure: object, most: float) -> None:
    handles = [Line2D([], [], color=FLOW, linewidth=leg_width(step, most), label=f"{style.thousands(step)} people")
               for step in nice_steps(most)]  # fmt: skip
    handles += [Line2D([], [], color=FEWER, linewidth=4, linestyle=(0, (1.5, 0.75)), label="fewer with the policy"),
                Line2D([], [], color=MORE, linewidth=4, label="more with the policy")]  # fmt: skip
    figure.legend(handles=handles, loc="lower center", ncols=len(handles), frameon=False,  # type: ignore[attr-defined]
                  fontsize=style.SMALL_SIZE, bbox_to_anchor=(0.5, 0.06), handlelength=3.0)  # fmt: skip


def _alternative(pairs: Pairs, table: pd.DataFrame) -> str:
    names = {place.place: place.name for place in pairs.scenario.places}
    words = []
    for sign, what in ((1.0, "more"), (-1.0, "fewer")):
        rows = table[sign * table["change"] > 0]
        rows = rows.reindex((sign * rows["change"]).sort_values(ascending=False).index).head(4)
        if len(rows):
            legs = "; ".join(f"{names[row['tail']]} to {names[row['head']]} {signed(float(row['change']))}"
                             for _, row in rows.iterrows())  # fmt: skip
            words.append(f"Most {what}: {legs}.")
    busiest = "".join(
        f"Without the policy, most people, {people(float(row['without']))}, went from {names[row['tail']]} to "
        f"{names[row['head']]}. " for _, row in table.nlargest(1, "without").iterrows())  # fmt: skip
    return busiest + " ".join(words)
