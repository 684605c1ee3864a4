"""What figures of tables share: panels in a grid, a key under them, and numbers and names in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from simulator.analysis import style
from simulator.analysis.deaths import labelled

KEY: Final = 0.5
"""Room for the key to colours under the panels, in inches."""


def side(better: str | None) -> str:
    """Return which is better, in words."""
    return f"{better} is better" if better else "not judged"


def heading(measure: dict[str, Any]) -> str:
    """Return a measure's name, where deaths are counted, and its unit where the name does not say it."""
    label, unit = labelled(measure), str(measure["unit"])
    return label if not unit or unit in label.lower() else f"{label} ({unit})"


def sheet(inner: float, title: str, subtitle: str, source: str) -> tuple[Figure, float, float]:
    """Return a figure with room of `inner` inches between its texts, and where it begins and ends in inches."""
    trial, bottom, top = style.new_figure(1.0, title, subtitle, source)
    figure, _, _ = style.new_figure(inner + 1.0 - top + bottom, title, subtitle, source)
    del trial
    return figure, bottom, bottom + inner


def grid(
    n: int, columns: int, cell: tuple[float, float, float, float], title: str, subtitle: str, source: str
) -> tuple[Figure, list[Axes]]:
    """Return a figure with n panels and room for a key under them.

    Parameters
    ----------
    cell : inches of each panel's height, and of the room left of it, right of it, and above it.
    """
    high, left, right, above = cell
    lines = math.ceil(n / columns)
    figure, _, top = sheet(lines * (high + above) + KEY, title, subtitle, source)
    height = float(figure.get_size_inches()[1])
    wide = (style.WIDTH - 0.3) / columns
    made = []
    for place in range(n):
        line, column = divmod(place, columns)
        x, y = 0.2 + column * wide + left, top - (line + 1) * (high + above)
        made.append(figure.add_axes((x / style.WIDTH, y / height, (wide - left - right) / style.WIDTH, high / height)))
    return figure, made


def colour_key(figure: Figure, handles: Sequence[Patch | Line2D]) -> None:
    """Put a key to colours above the source line."""
    source = next(text for text in figure.texts if text.get_gid() == "source")
    lines = source.get_text().count("\n") + 1
    height = float(figure.get_size_inches()[1])
    figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.02, (0.17 + 0.155 * lines) / height),
                  ncols=len(handles), frameon=False, fontsize=style.SMALL_SIZE, handlelength=1.4)  # fmt: skip
