"""Figures of the scorecard: monthly series with the band of all runs, and each criterion with its band."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from simulator.analysis import style
from simulator.analysis.series import AHEAD, grid_for, shade_test
from simulator.validation.criteria import Line, number
from simulator.validation.scorecard import Scorecard

BAND_LOOK: Final[dict[str, Any]] = {"color": style.OKABE_ITO["sky"], "alpha": 0.45, "linewidth": 0}
STATUS_COLOURS: Final = {"passes": style.OKABE_ITO["blue"], "fails": style.OKABE_ITO["vermilion"]}
MARKS: Final = {"tested": "o", "seen": "v", "hindsight": "^", "fitted": "s", "set from": "D"}
ROW: Final = 0.31
"""Height of a criterion in inches."""
MARGIN: Final = 0.2
"""Room beside what a row shows, as a share of its extent."""
THIN: Final = 0.012
"""Width of a band that is a single number, as a share of the row."""
WORDS: Final = 92
"""Letters of a criterion that fit beside its row."""
DPI: Final = 110
"""Both figures are kept with the code: as fine as they need to be."""


def draw(scorecard: Scorecard, folder: Path) -> list[Path]:
    """Draw both figures and return the PNG files."""
    paths = []
    for name, (figure, title) in (("monthly", monthly_figure(scorecard)), ("criteria", criteria_figure(scorecard))):
        if figure is not None:
            figure.savefig(folder / f"{name}.png", dpi=DPI, metadata={"Title": title, "Software": None})
            paths.append(folder / f"{name}.png")
    return paths


def _source(scorecard: Scorecard) -> str:
    members, seeds = scorecard.members, scorecard.seeds
    who = "values of the files" if members == (None,) else f"{len(members)} members of the fit"
    return (
        f"Simulated: Corridor, scenario {scorecard.scenario.name}, {who}, seeds {', '.join(map(str, seeds))}, "
        f"{scorecard.scenario.persons_per_agent:,} people a row."
    )


def monthly_figure(scorecard: Scorecard) -> tuple[Figure | None, str]:
    """Return observed and simulated arrivals by route and month, and the title; no figure without a whole month."""
    scenario, table = scorecard.scenario, scorecard.tables["monthly"]
    title = f"Arrivals by route and month, observed and simulated, {style.period_words(scenario)}"
    months = scorecard.fitting.months
    if not len(months):
        return None, title
    subtitle = f"{scenario.title}. Vertical scales differ. The band holds all members of the fit and all seeds."
    routes = list(scenario.corridor.routes)
    grid = grid_for(len(routes), 4, {})
    figure, _, top = style.new_figure(1.22 + grid.height, title, subtitle, _source(scorecard))
    cells, keys = grid.add(figure, top)
    for axes, route in zip(cells, routes, strict=True):
        _month_panel(axes, table[table["route"] == route], months, str(scorecard.fitting.end))
        style.dress(axes, scenario.corridor.routes[route].label)
        style.count_axis(axes, "arrivals a month")
    handles: list[Line2D | Patch] = [
        Line2D([], [], label="observed", **style.OBSERVED),
        Line2D([], [], label="simulated, best fit", **style.SIMULATED),
        Patch(label="simulated, all runs", **BAND_LOOK),
        Patch(color=AHEAD, label="after the fitted months"),
    ]
    style.key(keys, handles, {})
    return figure, title


def _month_panel(axes: Axes, table: pd.DataFrame, months: pd.PeriodIndex, fit_end: str) -> None:
    x = style.middles(months)
    axes.fill_between(x, table["lowest"].to_numpy(), table["highest"].to_numpy(), zorder=2, **BAND_LOOK)
    axes.plot(x, table["best"].to_numpy(), **style.SIMULATED)
    axes.plot(x, table["observed"].to_numpy(), **style.OBSERVED)
    axes.set_ylim(bottom=0)
    style.month_axis(axes, months)
    if shade_test(axes, months, fit_end):
        axes.axvline(pd.Period(fit_end, freq="M").ordinal + 1, color=style.MUTED, linewidth=0.9, zorder=1.5)


def criteria_figure(scorecard: Scorecard) -> tuple[Figure | None, str]:
    """Return each criterion that has a band with its value and interval, each on a scale of its own; and the title."""
    lines = [line for line in scorecard.lines if line.criterion.band is not None and line.status in STATUS_COLOURS]
    title = f"What {scorecard.scenario.name} gets right and what it does not"
    if not lines:
        return None, title
    subtitle = (
        "Each row has a scale of its own; the shade is the band in which the figure should lie. Mark: best fit; line: "
        "all members and seeds."
    )
    height = 1.75 + ROW * len(lines)
    figure, bottom, top = style.new_figure(height, title, subtitle, _source(scorecard))
    left, wide = 6.65 / style.WIDTH, 2.9 / style.WIDTH
    axes = figure.add_axes((left, bottom + 0.1 / height, wide, top - bottom - 0.55 / height))
    axes.set_xlim(0, 1)
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.set_axis_off()
    for place, line in enumerate(lines):
        _criterion_row(axes, place, line)
    _criteria_key(axes)
    return figure, title


def scale_of(line: Line) -> tuple[float, float]:
    """Return the ends of a row's scale: all that it shows, with some room."""
    band = line.criterion.band
    assert band is not None
    shown = [x for x in (band.low, band.high, line.value, line.low, line.high) if np.isfinite(x)]
    low, high = min(shown), max(shown)
    room = MARGIN * (high - low) or MARGIN * max(abs(high), 1.0)
    return low - room, high + room


def _criterion_row(axes: Axes, place: int, line: Line) -> None:
    band, unit = line.criterion.band, line.criterion.unit
    assert band is not None
    low, high = scale_of(line)

    def at(value: float) -> float:
        return float(np.clip((value - low) / (high - low), 0.0, 1.0))

    axes.plot([0, 1], [place, place], color=style.RULE, linewidth=0.7, zorder=0)
    wide = max(at(band.high) - at(band.low), THIN)
    axes.barh(place, wide, left=at(band.low) - (THIN / 2 if wide == THIN else 0.0), height=0.62, color="#DDEBF5",
              zorder=1)  # fmt: skip
    colour = STATUS_COLOURS[line.status]
    if np.isfinite(line.low):
        axes.plot([at(line.low), at(line.high)], [place, place], color=colour, linewidth=1.8, zorder=2)
    if np.isfinite(line.value):
        axes.plot([at(line.value)], [place], marker=MARKS[line.criterion.role], markersize=5.5, color=colour, zorder=3,
                  markeredgecolor="white", markeredgewidth=0.6)  # fmt: skip
    what = fill(line.criterion.what, WORDS)
    axes.annotate(what, (0, place), (-8, 0), textcoords="offset points", ha="right", va="center",
                  linespacing=0.95, size=style.SMALL_SIZE - 1.0, color=style.INK, annotation_clip=False)  # fmt: skip
    said = f"{number(line.value, unit)}   ({band.words(unit)})"
    axes.annotate(said, (1, place), (8, 0), textcoords="offset points", va="center", size=style.SMALL_SIZE - 0.5,
                  color=colour, annotation_clip=False)  # fmt: skip


def _criteria_key(axes: Axes) -> None:
    handles: Sequence[Line2D] = [
        *(Line2D([], [], color=colour, marker="o", linewidth=1.8, label=status)
          for status, colour in STATUS_COLOURS.items()),
        *(Line2D([], [], color=style.MUTED, marker=mark, linestyle="", label=role) for role, mark in MARKS.items()),
    ]  # fmt: skip
    axes.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(handles), frameon=False,
                fontsize=style.SMALL_SIZE, handletextpad=0.4, columnspacing=1.2)  # fmt: skip
