"""Draw a run, or several runs against each other, as PNG and SVG figures for a briefing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.analysis.comparison import draw_with_and_without
from simulator.analysis.map import draw_map
from simulator.analysis.series import draw_series
from simulator.analysis.shares import draw_shares
from simulator.analysis.validation import FIT_END

if TYPE_CHECKING:
    from simulator.outputs.result import Result


def draw_run(result: Result, folder: Path, fit_end: str | None = FIT_END) -> list[Path]:
    """Draw a run: arrivals observed and simulated, the map, deaths, and shares of routes where they were counted.

    Parameters
    ----------
    fit_end : last month of the fitting period, YYYY-MM; the months after it are shaded. None shades none.

    Returns
    -------
    list of pathlib.Path
        PNG and SVG of each figure.
    """
    folder = Path(folder)
    return [*draw_series(result, folder, fit_end), *draw_shares([result], folder), *draw_map(result, folder)]


def draw_comparison(results: Sequence[Result], folder: Path, labels: Sequence[str] | None = None) -> list[Path]:
    """Draw runs against the first of them: arrivals by route with each, and what fell here and rose there.

    Parameters
    ----------
    results : two or more runs over the same routes and period; the first is the one compared with.
        With the same seed they share all luck, so that differences are what the change did.
    labels : a name for each run in the figure; by default from what differs between them.

    Returns
    -------
    list of pathlib.Path
        PNG and SVG of the figure.

    Raises
    ------
    ValueError
        If there are fewer than two runs, too many to tell apart, or runs of different routes.
    """
    return draw_with_and_without(results, Path(folder), labels)
