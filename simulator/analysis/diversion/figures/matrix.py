"""The diversion matrix: of a hundred fewer on a route, how many more of the same origin and need on each other."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from simulator.analysis import style
from simulator.analysis.diversion.figures.common import Drawn, between, labels_of, source_of
from simulator.analysis.diversion.figures.glance import hundred
from simulator.analysis.diversion.within import MEANS
from simulator.numbers import count

SHADES: Final = LinearSegmentedColormap.from_list("diversion", ["#FFFFFF", "#F3B48F"])
"""From none to a hundred."""


def matrix_figure(found: pd.DataFrame, design: Mapping[str, Any] | None = None) -> Drawn:
    """Return the matrix of diversion ratios as a figure.

    Parameters
    ----------
    found : ``squeezed route ratio low high n``, as the functions called `matrix` return it.
    design : as for `against_effort.balloon_figure`.
    """
    squeezed = list(dict.fromkeys(map(str, found["squeezed"])))
    routes = list(dict.fromkeys([*(design or {}).get("labels", {}), *squeezed, *map(str, found["route"])]))
    routes = [route for route in routes if route in {*squeezed, *map(str, found["route"])}]
    squeezed = [route for route in routes if route in squeezed]
    labels = labels_of(design, routes)
    title = "Of every 100 fewer on a squeezed route, how many more of the same origin and need come on each other"
    subtitle = ("Rows: the route on which effort rises. Columns: the route on which as many more match them; rows add "
                f"up to what is matched in all. In small: 95% interval. Grey: no alternative, as the same people are "
                f"counted another time there. {MEANS}")  # fmt: skip
    row, wide = 0.62, (style.WIDTH - 2.9) / len(routes)
    height = 2.15 + row * len(squeezed)
    figure, bottom, _ = style.new_figure(height, title, subtitle, source_of(design))
    base = bottom + 0.05 / height
    axes = figure.add_axes((2.5 / style.WIDTH, base, (style.WIDTH - 2.9) / style.WIDTH, row * len(squeezed) / height))
    cells = {(str(each["squeezed"]), str(each["route"])): each for each in found.to_dict(orient="records")}
    said = []
    for y, one in enumerate(squeezed):
        row_ratios = {other: float(each["ratio"]) for (here, other), each in cells.items() if here == one}
        counts = hundred(row_ratios)
        for x, other in enumerate(routes):
            cell = cells.get((one, other))
            if cell is None:
                colour, text, small = "#EDEFF1", "squeezed" if one == other else "", ""
                _cell(axes, x, y, colour, text, small, style.MUTED)
                continue
            ratio = float(cell["ratio"])
            shade = SHADES(ratio) if math.isfinite(ratio) else "white"
            limits = between(cell["low"], cell["high"], 100) if not math.isnan(cell["low"]) else ""
            many = count(counts.get(other, 0) if math.isfinite(ratio) else math.nan)
            _cell(axes, x, y, shade, many, limits, style.INK)
            said.append(f"{labels[one]} to {labels[other]}: {many}"
                        f"{f' ({limits})' if limits else ''}")  # fmt: skip
    axes.set_xlim(-0.5, len(routes) - 0.5)
    axes.set_ylim(len(squeezed) - 0.5, -0.5)
    axes.set_xticks(range(len(routes)), ["\n".join(textwrap.wrap(labels[name], int(wide / 0.085))) for name in routes],
                    size=style.SMALL_SIZE)  # fmt: skip
    axes.set_yticks(range(len(squeezed)), ["\n".join(textwrap.wrap(labels[name], 24)) for name in squeezed],
                    size=style.SMALL_SIZE)  # fmt: skip
    axes.xaxis.tick_top()
    axes.tick_params(length=0, pad=5)
    for spine in axes.spines.values():
        spine.set_visible(False)
    alt = "Of every hundred fewer on the first route, how many are matched by more of the same origin and need on "
    alt += f"the second, with the 95% interval. {MEANS} "
    return Drawn(figure, title, f"{alt}{'; '.join(said)}.")


def _cell(axes: Axes, x: int, y: int, colour: Any, text: str, small: str, ink: str) -> None:
    axes.add_patch(Rectangle((x - 0.49, y - 0.47), 0.98, 0.94, facecolor=colour, linewidth=0))
    axes.text(
        x,
        y - (0.1 if small else 0),
        text,
        ha="center",
        va="center",
        color=ink,
        size=style.TEXT_SIZE + 2 if small else style.SMALL_SIZE,
        weight="bold" if small else "normal",
    )
    if small:
        axes.text(x, y + 0.27, small, ha="center", va="center", color=ink, size=style.SMALL_SIZE - 1)
