"""What all figures share: colours, axes, policy dates, titles, source lines, and saving.

Figures are made from `matplotlib.figure.Figure` and the Agg canvas alone, so that drawing leaves no
state behind and works in threads and without a screen. Sizes are in inches, text in points.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter
from matplotlib.transforms import Transform

from simulator import __version__
from simulator.numbers import count, figure

if TYPE_CHECKING:
    from simulator.outputs.result import Result
    from simulator.scenario.policies import Policy
    from simulator.scenario.schema import Scenario

OKABE_ITO: Final = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
}
"""Eight colours that stay apart for colour-blind readers (Okabe and Ito 2008)."""

INK, MUTED, RULE = "#1A1A1A", "#595959", "#D9D9D9"
TITLE_SIZE, TEXT_SIZE, SMALL_SIZE = 15.0, 9.5, 8.5
WIDTH: Final = 12.0
"""Width of every figure in inches: a page across."""
DPI: Final = 150

OBSERVED: Final[dict[str, Any]] = {
    "color": OKABE_ITO["black"],
    "linewidth": 0.9,
    "marker": "o",
    "markersize": 2.6,
    "linestyle": "-",
    "zorder": 4,
}
SIMULATED: Final[dict[str, Any]] = {"color": OKABE_ITO["blue"], "linewidth": 2.2, "linestyle": "-", "zorder": 3}
WITHOUT: Final[dict[str, Any]] = {
    "color": OKABE_ITO["vermilion"],
    "linewidth": 1.9,
    "linestyle": (0, (4, 1.6)),
    "zorder": 3,
}
OTHERS: Final[tuple[dict[str, Any], ...]] = (
    WITHOUT,
    {"color": OKABE_ITO["green"], "linewidth": 1.9, "linestyle": (0, (1, 1.2)), "zorder": 3},
    {"color": OKABE_ITO["orange"], "linewidth": 1.9, "linestyle": (0, (6, 1.5, 1, 1.5)), "zorder": 3},
    {"color": OKABE_ITO["purple"], "linewidth": 1.2, "linestyle": "-", "zorder": 3},
)
"""Line of the run compared with, and of further ones: each has its own dash too, for grey print."""

ROUTE_STYLES: Final[tuple[dict[str, Any], ...]] = tuple(
    {"color": OKABE_ITO[name], "linestyle": dash, "linewidth": 2.0}
    for name, dash in (
        ("blue", "-"),
        ("vermilion", (0, (5, 1.5))),
        ("green", (0, (1.2, 1.2))),
        ("purple", "-"),
        ("orange", (0, (6, 1.5, 1, 1.5))),
        ("sky", (0, (3, 1, 1, 1, 1, 1))),
        ("black", (0, (2, 2))),
    )
)
"""Line of each route where routes share a panel: colour and dash."""


def new_figure(height: float, title: str, subtitle: str, source: str) -> tuple[Figure, float, float]:
    """Return a figure with its texts, and the lower and upper edge of the room left for panels (0 to 1)."""
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    left, inch = 0.35 / WIDTH, 1.0 / height
    title_lines, sub_lines = textwrap.wrap(title, 88), textwrap.wrap(subtitle, 145)
    source_lines = textwrap.wrap(source, 178)
    top = 1.0 - 0.22 * inch
    figure.text(left, top, "\n".join(title_lines), size=TITLE_SIZE, weight="bold", color=INK, va="top", gid="title")
    top -= 0.27 * inch * len(title_lines)
    figure.text(
        left, top, "\n".join(sub_lines), size=TEXT_SIZE + 0.5, color=MUTED, va="top", gid="subtitle", linespacing=1.25
    )
    top -= (0.19 * len(sub_lines) + 0.1) * inch
    figure.text(
        left,
        0.13 * inch,
        "\n".join(source_lines),
        size=SMALL_SIZE - 0.5,
        color=MUTED,
        va="bottom",
        gid="source",
        linespacing=1.3,
    )
    return figure, (0.3 + 0.155 * len(source_lines)) * inch, top


def source_line(results: Sequence[Result], used: Iterable[str] = (), more: str = "") -> str:
    """Return the source line: publishers of the observed data, then what was simulated, and with what.

    Parameters
    ----------
    used : ids of the sources of what the figure shows.
    more : what to add, such as the source of outlines.
    """
    first = results[0]
    known = first.scenario.sources
    publishers = list(dict.fromkeys(known[name].publisher for name in used if name in known))
    parts = [f"Observed: {'; '.join(publishers)}."] if publishers else []
    rows = first.scenario.persons_per_agent
    names = " and ".join(dict.fromkeys(_name(result.scenario) for result in results))
    seeds = ", ".join(dict.fromkeys(str(result.seed) for result in results))
    parts.append(
        f"Simulated: Corridor {versions(results)}, scenario {names}, seed {seeds}, "
        f"{rows:,} {'person' if rows == 1 else 'persons'} a row."
    )
    return " ".join([*parts, more]).strip()


def _name(scenario: Scenario) -> str:
    """Return a scenario's name and what is laid over it."""
    return f"{scenario.name} ({', '.join(scenario.overrides)})" if scenario.overrides else scenario.name


def version(result: Result) -> str:
    """Return the version of Corridor that made a result: the one on record, or for a fresh run this one."""
    record = getattr(result, "record", None) or {}
    return str(record.get("versions", {}).get("corridor", __version__))


def versions(results: Iterable[Result]) -> str:
    """Return the versions of Corridor that made results, in words: usually one."""
    return " and ".join(dict.fromkeys(map(version, results)))


def period_words(scenario: Scenario) -> str:
    """Return the period of a run in words: years, or days where it does not begin or end with a year."""
    start, last = scenario.period.start, scenario.period.end - timedelta(days=1)
    if (start.month, start.day, last.month, last.day) == (1, 1, 12, 31):
        return f"{start.year} to {last.year}" if start.year < last.year else f"{start.year}"
    return f"{start.day} {start:%B %Y} to {last.day} {last:%B %Y}"


def thousands(value: float, _position: object = None) -> str:
    """Return where a tick of an axis lies: thousands apart, no needless decimals, and a true minus."""
    return count(value) if float(value).is_integer() else figure(value)


def dress(axes: Axes, title: str = "", note: str = "", gap: float = 19.0) -> None:
    """Give a panel its title, a note under it, light rules, and no box.

    Parameters
    ----------
    gap : room in points between the panel and the text above it; the numbers of policies stand there.
    """
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(MUTED)
    axes.tick_params(colors=INK, labelsize=SMALL_SIZE, length=0, pad=3)
    axes.grid(True, axis="y", color=RULE, linewidth=0.7)
    axes.set_axisbelow(True)
    above = gap + 13 if note else gap
    if title:
        axes.annotate(
            title,
            (0, 1),
            (0, above),
            "axes fraction",
            textcoords="offset points",
            size=TEXT_SIZE + 1,
            weight="bold",
            color=INK,
            va="bottom",
            annotation_clip=False,
        )
    if note:
        axes.annotate(
            note,
            (0, 1),
            (0, gap),
            "axes fraction",
            textcoords="offset points",
            size=SMALL_SIZE,
            color=MUTED,
            va="bottom",
            annotation_clip=False,
        )


def count_axis(axes: Axes, label: str) -> None:
    """Make the vertical axis one of counts with thousands separators, or of millions where they are many."""
    millions = max(abs(limit) for limit in axes.get_ylim()) >= 1e6
    axes.set_ylabel(f"million {label}" if millions else label, size=SMALL_SIZE, color=INK)
    # The same distance from every panel, however many digits its numbers have.
    axes.yaxis.set_label_coords(-0.61 / (axes.get_position().width * WIDTH), 0.5)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True, min_n_ticks=2))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: thousands(value / 1e6 if millions else value)))


def middles(months: pd.PeriodIndex) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return where months lie on a month axis: months since 1970 at mid-month."""
    return np.asarray(months.asi8, dtype=np.float64) + 0.5


def place_of_date(when: object) -> float:
    """Return where a date lies on a month axis."""
    day = pd.Timestamp(str(when))
    return float(day.to_period("M").ordinal) + (day.day - 1) / day.days_in_month


def month_axis(axes: Axes, months: pd.PeriodIndex) -> None:
    """Make the horizontal axis one of months: a tick where a year begins, its number in the middle."""
    low, high = float(months[0].ordinal), float(months[-1].ordinal + 1)
    axes.set_xlim(low, high)
    years = range(months[0].year, months[-1].year + 1)
    starts = [pd.Period(f"{year}-01", "M").ordinal for year in years]
    axes.xaxis.set_major_locator(FixedLocator([start for start in starts if low <= start <= high]))
    axes.xaxis.set_major_formatter(NullFormatter())
    centres = [(max(low, start) + min(high, start + 12)) / 2 for start in starts]
    axes.xaxis.set_minor_locator(FixedLocator(centres))
    names = {centre: str(year) for centre, year in zip(centres, years, strict=True)}
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda x, _: names.get(x, "")))
    axes.tick_params(axis="x", which="major", length=5, color=MUTED)
    axes.tick_params(axis="x", which="minor", length=0, labelsize=SMALL_SIZE, labelcolor=INK)
    axes.set_xlabel("month", size=SMALL_SIZE, color=MUTED, labelpad=1)


def marked_policies(scenario: Scenario) -> dict[str, Policy]:
    """Return the policies whose dates figures draw, within the period and in order of date."""
    start, end = scenario.period.start, scenario.period.end
    policies = {
        name: policy
        for name, policy in scenario.corridor.policies.items()
        if policy.mark and start <= policy.announced < end
    }
    return dict(sorted(policies.items(), key=lambda item: (item[1].announced, item[0])))


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return positions near the `wanted` ones (in rising order), at least `gap` apart, within limits."""
    if not wanted:
        return []
    gap = min(gap, (high - low) / len(wanted))
    places = list(wanted)
    for _ in range(200):
        moved = False
        for i in range(len(places) - 1):
            short = gap - (places[i + 1] - places[i])
            if short > 1e-9:
                places[i] -= short / 2
                places[i + 1] += short / 2
                moved = True
        places[0], places[-1] = max(places[0], low), min(places[-1], high)
        if not moved:
            break
    return places


def mark_policies(axes: Axes, policies: dict[str, Policy], routes: Sequence[str]) -> None:
    """Mark the dates of the policies of a panel's routes by numbered lines; the key spells the numbers out.

    Parameters
    ----------
    policies : all policies of the key, in its order.
    routes : routes of the panel; none marks all policies.
    """
    chosen = [
        (number, policy)
        for number, policy in enumerate(policies.values(), start=1)
        if not routes or not policy.routes or set(routes) & set(policy.routes)
    ]
    low, high = axes.get_xlim()
    unit = (high - low) / (axes.get_position().width * WIDTH * 72.0)
    dates = [place_of_date(policy.announced) for _, policy in chosen]
    tags = spread(dates, 11.5 * unit, low + 5 * unit, high - 5 * unit)
    across = axes.get_xaxis_transform()
    above = 1.0 + 10.0 / (axes.get_position().height * float(axes.figure.get_size_inches()[1]) * 72.0)  # type: ignore[union-attr]
    for (number, _), date, tag in zip(chosen, dates, tags, strict=True):
        axes.plot(
            [date, date], [0.0, 1.0], transform=across, color=MUTED, linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=1
        )
        axes.plot([date, tag], [1.0, above], transform=across, color=MUTED, linewidth=0.6, clip_on=False, zorder=1)
        number_tag(axes, tag, above, number, across)


def number_tag(axes: Axes, x: float, y: float, number: int, transform: Transform) -> None:
    """Draw the number of a policy in a disc."""
    axes.text(
        x,
        y,
        str(number),
        transform=transform,
        size=6.6 if number < 10 else 5.8,
        color="white",
        weight="bold",
        ha="center",
        va="center_baseline",
        zorder=6,
        clip_on=False,
        gid="policy",
    )
    axes.plot(
        [x],
        [y],
        marker="o",
        markersize=10,
        color=MUTED,
        markeredgecolor="white",
        markeredgewidth=0.6,
        transform=transform,
        clip_on=False,
        zorder=5,
    )


def key_lines(policy: Policy, wide: float) -> list[str]:
    """Return the lines of a policy's label in a key `wide` inches across."""
    return textwrap.wrap(policy.label, int((wide - 0.92) / 0.068))


def key_height(policies: dict[str, Policy], wide: float) -> float:
    """Return how high a list of policies is, in inches."""
    return sum(0.155 * len(key_lines(policy, wide)) + 0.035 for policy in policies.values())


def policy_key(axes: Axes, policies: dict[str, Policy], first: int = 1, top: float = 0.0) -> None:
    """List numbered policies with their dates in a panel without axes.

    Parameters
    ----------
    first : number of the first of them.
    top : where the list begins, in inches under the panel's upper edge.
    """
    box, page = axes.get_position(), axes.figure.get_size_inches()  # type: ignore[union-attr]
    wide, high = box.width * float(page[0]), box.height * float(page[1])
    for number, policy in enumerate(policies.values(), start=first):
        y = 1 - top / high
        number_tag(axes, 0.08 / wide, y, number, axes.transAxes)
        axes.text(
            0.24 / wide,
            y,
            f"{policy.announced:%b %Y}",
            transform=axes.transAxes,
            size=SMALL_SIZE,
            color=MUTED,
            va="center_baseline",
        )
        for words in key_lines(policy, wide):
            axes.text(
                0.92 / wide,
                1 - top / high,
                words,
                transform=axes.transAxes,
                size=SMALL_SIZE,
                color=INK,
                va="center_baseline",
                gid="policy label",
            )
            top += 0.155
        top += 0.035


def legend_height(n_handles: int) -> float:
    """Return how high the key to so many lines is, in inches."""
    return 0.195 * n_handles + 0.1


def key(cells: Sequence[Axes], handles: Sequence[Artist], policies: dict[str, Policy]) -> None:
    """Fill one or more panels with the key to lines and that to policy dates, which runs on from panel to panel."""
    heights = [axes.get_position().height * axes.figure.get_size_inches()[1] for axes in cells]  # type: ignore[union-attr]
    for axes in cells:
        axes.set_axis_off()
        axes.set_gid("key")
    legend = cells[0].legend(
        handles=list(handles),
        loc="upper left",
        bbox_to_anchor=(-0.01, 1.0),
        frameon=False,
        fontsize=TEXT_SIZE,
        handlelength=3.2,
        borderpad=0,
        borderaxespad=0,
        labelspacing=0.35,
    )
    legend.set_gid("legend")
    entries = [
        ({name: policy}, key_height({name: policy}, cells[0].get_position().width * WIDTH))
        for name, policy in policies.items()
    ]
    top, column, limit = legend_height(len(handles)) + 0.08, 0, heights[0] + 0.1
    for number, (entry, height) in enumerate(entries, start=1):
        if top + height > limit and column + 1 < len(cells):
            column, top = column + 1, 0.08
            # Share what is left among the columns that are left, so that they end alike.
            share = sum(height for _, height in entries[number - 1 :]) / (len(cells) - column)
            limit = min(heights[column] + 0.1, share + 0.2)
        policy_key(cells[column], entry, number, top)
        top += height


def save(figure: Figure, folder: Path, name: str, title: str, alt: str = "") -> list[Path]:
    """Write a figure as PNG and SVG and return the paths; the same figure gives the same bytes.

    Parameters
    ----------
    alt : what it shows, in words; kept in both files as their description.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.png", folder / f"{name}.svg"]
    said = {"Description": alt} if alt else {}
    figure.savefig(paths[0], dpi=DPI, metadata={"Title": title, "Software": None, **said})
    with matplotlib.rc_context({"svg.hashsalt": "corridor"}):
        figure.savefig(paths[1], metadata={"Title": title, "Date": None, **said})
    return paths
