"""The map of a corridor: how many got through each leg, and where people died."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox

from simulator.analysis import style
from simulator.analysis.deaths import ANYWHERE
from simulator.analysis.geography import (
    BORDER,
    CORNERS,
    Corner,
    Frame,
    Points,
    emptiest_corners,
    frame_of,
    label_places,
    map_axes,
)
from simulator.analysis.metrics import amounts
from simulator.numbers import count, people

if TYPE_CHECKING:
    from simulator.outputs.result import Result
    from simulator.scenario.schema import Scenario

MODES: Final[dict[str, dict[str, Any]]] = {
    "land": {"color": style.OKABE_ITO["vermilion"], "dash": None, "label": "by land"},
    "sea": {"color": style.OKABE_ITO["blue"], "dash": None, "label": "by sea"},
    "air": {"color": style.OKABE_ITO["green"], "dash": (5.0, 2.5), "label": "by air"},
}
FEWEST: Final = 0.001
"""Legs with a smaller share of the busiest leg's people are left out."""
WIDEST: Final = 13.0
"""Width of the leg with most people, in points."""
LARGEST: Final = 24.0
"""Diameter of the circle of the leg with most deaths, in points."""


def flows_by_leg(result: Result) -> pd.DataFrame:
    """Return crossings, deaths, mode and ends of each leg that anyone tried, busiest last."""
    legs = {leg.leg: leg for leg in result.scenario.legs}
    table = pd.DataFrame(
        {
            measure: amounts(result, measure, ["leg"]).groupby("leg")["value"].sum()
            for measure in ("crossings", "deaths", "attempts")
        }
    ).fillna(0.0)
    table = table[table["attempts"] > 0]
    for name in ("mode", "tail", "head"):
        table[name] = [getattr(legs[str(leg)], name) for leg in table.index]
    return table.sort_values("crossings")


def bend(tail: Points, head: Points, share: float = 0.12, n: int = 24) -> Points:
    """Return a curve (n, 2) from tail to head that bows to the right, so that both ways can be seen."""
    chord = head - tail
    control = (tail + head) / 2 + share * np.array([chord[1], -chord[0]])
    t = np.linspace(0.0, 1.0, n)[:, None]
    return np.asarray((1 - t) ** 2 * tail + 2 * t * (1 - t) * control + t**2 * head)


def leg_width(people: float, most: float) -> float:
    """Return the width of a leg in points: area-like, with the square root of the people."""
    return max(0.5, WIDEST * float(np.sqrt(people / most)))


def draw_legs(
    axes: Axes, table: pd.DataFrame, places: dict[str, Points], frame: Frame, most: float
) -> dict[str, Points]:
    """Draw legs, busiest on top, with an arrow head on each that is wide enough; return their curves."""
    curves = {}
    for order, (leg, row) in enumerate(table.iterrows()):
        ends = frame.project(np.array([places[row["tail"]], places[row["head"]]]))
        curve = bend(ends[0], ends[1])
        curves[str(leg)] = curve
        look, width = MODES[str(row["mode"])], leg_width(float(row["crossings"]), most)
        zorder = 2 + order / (len(table) + 1)
        # Dashes of one length on the page, whatever the width of the line.
        dashes = "-" if look["dash"] is None else (0, tuple(length / width for length in look["dash"]))
        axes.add_collection(
            LineCollection(
                [curve],
                linewidths=width,
                colors=look["color"],
                alpha=0.8,
                linestyles=[dashes],
                capstyle="butt",
                zorder=zorder,
            )
        )
        if width > 2.2:
            _arrow(axes, curve, width, zorder + 0.001)
    return curves


def _arrow(axes: Axes, curve: Points, width: float, zorder: float) -> None:
    """Draw the head of an arrow past the middle of a curve: white on wide lines."""
    at = int(len(curve) * 0.72)
    way = curve[at] - curve[at - 1]
    angle = float(np.rad2deg(np.arctan2(way[1], way[0]))) - 90.0
    axes.plot(
        *curve[at],
        marker=(3, 0, angle),
        markersize=min(max(3.2, width * 0.72), 8.0),
        color="white",
        markeredgecolor=style.INK,
        markeredgewidth=0.4,
        zorder=zorder,
    )


@dataclass(eq=False)
class Circle:
    """Deaths at one spot of the map: its place in pixels, and how many."""

    centre: Points
    deaths: float


def circle_size(deaths: float, most: float) -> float:
    """Return the diameter of a circle in points: its area is proportional to the deaths."""
    return max(2.4, LARGEST * float(np.sqrt(deaths / most)))


def death_circles(axes: Axes, deaths: pd.Series[float], curves: dict[str, Points]) -> list[Circle]:
    """Return circles at the middle of legs, those that would hide each other merged into one, largest first."""
    circles = [
        Circle(axes.transData.transform(curves[str(leg)][10]), float(count))
        for leg, count in deaths.sort_values(ascending=False).items()
        if count > 0 and str(leg) in curves
    ]
    scale = axes.figure.dpi / 72.0
    merged = True
    while merged:
        merged = False
        circles.sort(key=lambda circle: -circle.deaths)
        most = circles[0].deaths if circles else 1.0
        for i, first in enumerate(circles):
            for second in circles[i + 1 :]:
                reach = (circle_size(first.deaths, most) + circle_size(second.deaths, most)) / 2 * scale
                if float(np.hypot(*(first.centre - second.centre))) < 0.8 * reach:
                    total = first.deaths + second.deaths
                    first.centre = (first.centre * first.deaths + second.centre * second.deaths) / total
                    first.deaths = total
                    circles.remove(second)
                    merged = True
                    break
            if merged:
                break
    return circles


def draw_circles(axes: Axes, circles: list[Circle], most: float) -> list[Bbox]:
    """Draw circles and return their boxes in pixels."""
    boxes = []
    for circle in circles:
        size = circle_size(circle.deaths, most)
        axes.plot(
            *axes.transData.inverted().transform(circle.centre),
            marker="o",
            markersize=size,
            linestyle="",
            zorder=4,
            **DEATHS,
        )
        half = size * axes.figure.dpi / 144.0
        boxes.append(Bbox([circle.centre - half, circle.centre + half]))
    return boxes


DEATHS: Final[dict[str, Any]] = {
    "markerfacecolor": (0.0, 0.0, 0.0, 0.45),
    "markeredgecolor": "black",
    "markeredgewidth": 0.9,
}


def important_places(scenario: Scenario, table: pd.DataFrame) -> list[str]:
    """Return places by the people who passed, most first."""
    passed = table.groupby("head")["crossings"].sum().add(table.groupby("tail")["crossings"].sum(), fill_value=0.0)
    known = {place.place for place in scenario.places}
    return [str(place) for place in passed[passed > 0].sort_values(ascending=False).index if place in known]


def nice_steps(most: float, n: int = 3) -> list[float]:
    """Return `n` round numbers up to `most`, each a tenth of the one before."""
    if most < 1:
        return [1.0]
    power = 10.0 ** np.floor(np.log10(most))
    top = power * max(step for step in (1, 2, 5) if step * power <= most)
    return [top / 10**i for i in range(n) if top / 10**i >= 1]


def legend(axes: Axes, table: pd.DataFrame, people: float, dead: float, anchor: Corner) -> Bbox:
    """Draw the key to modes, widths (of up to `people`) and circles (of up to `dead`); return its box in pixels."""
    modes = [look for mode, look in MODES.items() if (table["mode"] == mode).any()]
    handles = [
        *(
            Line2D(
                [],
                [],
                color=look["color"],
                linestyle="-" if look["dash"] is None else (0, (2.1, 1.05)),
                linewidth=2.4,
                alpha=0.8,
                label=look["label"],
            )
            for look in modes
        ),
        *(
            Line2D(
                [],
                [],
                color=style.MUTED,
                linewidth=leg_width(step, people),
                alpha=0.8,
                solid_capstyle="butt",
                label=f"{style.thousands(step)} people got through",
            )
            for step in nice_steps(people)
        ),
    ]
    if dead > 0:
        handles += [
            Line2D(
                [],
                [],
                marker="o",
                linestyle="",
                markersize=circle_size(step, dead),
                **DEATHS,
                label=f"{style.thousands(step)} {'death' if step == 1 else 'deaths'}",
            )
            for step in nice_steps(dead)
        ]
    key = axes.legend(
        handles=handles,
        loc=anchor,
        fontsize=style.SMALL_SIZE,
        frameon=True,
        facecolor="white",
        framealpha=0.95,
        edgecolor=BORDER,
        labelspacing=1.15,
        handlelength=2.6,
        borderpad=0.8,
        title="Width grows with the square root of people,\ncircles with deaths by area",
        title_fontsize=style.SMALL_SIZE - 0.5,
        alignment="left",
    )
    key.set_zorder(9)
    box: Bbox = key.get_window_extent(axes.figure.canvas.get_renderer())  # type: ignore[attr-defined]
    return box


INSET: Final = (0.22, 0.335)
"""Share of the map's width and height that an inset takes at most."""


def crowded_frame(scenario: Scenario, table: pd.DataFrame, frame: Frame) -> Frame | None:
    """Return a frame around the crossings of the busiest route, if they are too close together to read."""
    legs = {leg.leg: leg for leg in scenario.legs if leg.counted and leg.leg in table.index}
    by_route = table.loc[list(legs), "crossings"].groupby(lambda leg: legs[str(leg)].route).sum()
    if by_route.empty or by_route.max() <= 0:
        return None
    route = by_route.idxmax()
    ends = {end for leg in legs.values() if leg.route == route for end in (leg.tail, leg.head)}
    points = np.array([[place.lon, place.lat] for place in scenario.places if place.place in ends])
    room = frame.size[0] * INSET[0], frame.size[1] * INSET[1]
    close = frame_of(points, room[0] / room[1])
    return close if close.size[1] < room[1] / 1.8 else None


@dataclass(frozen=True)
class Sheet:
    """What the main map and an inset draw alike.

    Attributes
    ----------
    table : legs to draw.
    places : longitude and latitude of each place.
    names : label of each place, most important first.
    most : people on the busiest leg.
    """

    table: pd.DataFrame
    places: dict[str, Points]
    names: dict[str, str]
    most: float

    def fill(
        self,
        axes: Axes,
        frame: Frame,
        taken: list[Bbox],
        limit: int,
        without: Frame | None = None,
        most_deaths: float = 0.0,
    ) -> float:
        """Draw legs, deaths, and labels but those within `without`; return the deaths of the largest circle."""
        curves = draw_legs(axes, self.table, self.places, frame, self.most)
        circles = death_circles(axes, self.table["deaths"], curves)
        most_deaths = most_deaths or max((circle.deaths for circle in circles), default=1.0)
        taken += draw_circles(axes, circles, most_deaths)
        points = {name: self.places[name] for name in self.names}
        shown = [
            (label, frame.project(points[name][None])[0])
            for name, label in self.names.items()
            if frame.holds(points[name]) and not (without is not None and without.holds(points[name]))
        ]
        label_places(axes, shown, taken, limit)
        return most_deaths


def _sheet(result: Result) -> tuple[Sheet, float]:
    """Return what to draw, and the people under which a leg is left out."""
    scenario, table = result.scenario, flows_by_leg(result)
    most = float(max(table["crossings"].max(), 1.0)) if len(table) else 1.0
    least = FEWEST * most
    drawn = table[(table["crossings"] >= max(least, 1.0)) | (table["deaths"] > 0)]
    places = {place.place: np.array([place.lon, place.lat]) for place in scenario.places}
    labels = {place.place: place.name.split(" (")[0] for place in scenario.places}
    names = {name: labels[name] for name in important_places(scenario, drawn)}
    return Sheet(drawn, places, names, most), least


def map_figure(result: Result) -> tuple[Figure, str]:
    """Return the map of a run and its title."""
    scenario = result.scenario
    sheet, least = _sheet(result)
    title = f"Where people travelled and died, {style.period_words(scenario)} (simulated)"
    died = float(flows_by_leg(result)["deaths"].sum())
    subtitle = (
        f"{scenario.title}. People who got through each leg in the whole period, and {count(died)} deaths "
        f"{ANYWHERE}; deaths close together share a circle. "
        f"Legs with fewer than {people(max(least, 1.0))} people and no deaths are left out. "
        "Lines are not tracks."
    )
    source = style.source_line([result], more="Outlines: Natural Earth (public domain); borders imply no opinion.")
    height = 8.5
    figure, bottom, top = style.new_figure(height, title, subtitle, source)
    box = (0.35 / style.WIDTH, bottom, 1 - 0.7 / style.WIDTH, top - bottom)
    used = sorted(set(sheet.table["tail"]) | set(sheet.table["head"])) or sorted(sheet.places)
    points = np.array([sheet.places[name] for name in used])
    frame = frame_of(points, box[2] * style.WIDTH / (box[3] * height))
    axes = map_axes(figure, box, frame)
    ends = [bend(sheet.places[row["tail"]], sheet.places[row["head"]]) for _, row in sheet.table.iterrows()]
    corners = emptiest_corners(frame, np.concatenate(ends) if ends else points)
    close = crowded_frame(scenario, sheet.table, frame)
    taken: list[Bbox] = []
    inset = _inset(figure, axes, box, frame, close, corners[1]) if close is not None else None
    if inset is not None:
        taken.append(inset.get_window_extent())
    first = death_circles(axes, sheet.table["deaths"], _curves(sheet, frame))
    most_deaths = max((circle.deaths for circle in first), default=0.0)
    taken.append(legend(axes, sheet.table, sheet.most, most_deaths, corners[0]))
    sheet.fill(axes, frame, taken, 34, close)
    if inset is not None and close is not None:
        sheet.fill(inset, close, [], 14, None, most_deaths)
    return figure, title


def _curves(sheet: Sheet, frame: Frame) -> dict[str, Points]:
    ends = {
        str(leg): frame.project(np.array([sheet.places[row["tail"]], sheet.places[row["head"]]]))
        for leg, row in sheet.table.iterrows()
    }
    return {leg: bend(pair[0], pair[1]) for leg, pair in ends.items()}


def _inset(
    figure: Figure, axes: Axes, box: tuple[float, float, float, float], frame: Frame, close: Frame, corner: Corner
) -> Axes:
    """Return axes in a corner for a part of the map at a larger scale, whose place on the map is outlined."""
    wide, high = box[2] * INSET[0], box[3] * INSET[1]
    pad = 0.1 / style.WIDTH, 0.1 / float(figure.get_figheight())
    right, upper = CORNERS[corner]
    x = box[0] + box[2] - wide - pad[0] if right else box[0] + pad[0]
    y = box[1] + box[3] - high - pad[1] if upper else box[1] + pad[1]
    inset = map_axes(figure, (x, y, wide, high), close)
    for spine in inset.spines.values():
        spine.set(color=style.INK, linewidth=1.0)
    inset.set_zorder(axes.get_zorder() + 1)
    low, size = frame.project(np.array([close.low, close.high])), close.size
    axes.add_patch(
        Rectangle(
            tuple(low[0]), low[1][0] - low[0][0], size[1], fill=False, edgecolor=style.INK, linewidth=1.0, zorder=8
        )
    )
    scale = "enlarged: the crossings with most arrivals"
    inset.set_title(
        scale,
        size=style.SMALL_SIZE,
        color=style.INK,
        pad=-10,
        y=0.985,
        zorder=9,
        path_effects=[withStroke(linewidth=2.2, foreground="white")],
    )
    return inset


def draw_map(result: Result, folder: Path) -> list[Path]:
    """Draw the map and return the paths of what was written."""
    figure, title = map_figure(result)
    return style.save(figure, folder, "map", title)
