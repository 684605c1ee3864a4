"""The time course of a diversion: fall and what moved, added up, and when half and most of them had happened."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from simulator.analysis import style
from simulator.analysis.diversion.figures.common import FEWER, MORE, Drawn, between
from simulator.analysis.diversion.figures.glance import treated_words
from simulator.analysis.diversion.study import Diversion
from simulator.analysis.diversion.within import MEANS
from simulator.numbers import count, people
from simulator.scenario.policies import Policy

BEFORE: Final = 3
"""Months shown before anything moves."""


def times_of(study: Diversion) -> dict[tuple[str, str], dict[Any, Any]]:
    """Return the rows of the table of times by what moved and which part of it."""
    return {(row["what"], row["part"]): dict(row) for row in study.tables["times"].to_dict(orient="records")}


def times_words(study: Diversion) -> str:
    """Return how long the fall, and what moved, took, in words."""
    rows = times_of(study)
    parts = []
    for what, words in (("fall", "of the fall"), ("moved", "of what is matched elsewhere")):
        half, most = rows[what, "half"], rows[what, "most"]
        if math.isfinite(half["months"]):
            parts.append(f"half {words} had happened after {count(half['months'])} months "
                         f"({between(half['low'], half['high'])}), "
                         f"nine tenths after {count(most['months'])}")  # fmt: skip
    return "; ".join(parts) or "nothing moved"


def _title(study: Diversion) -> str:
    fall, moved = (times_of(study)[what, "half"]["months"] for what in ("fall", "moved"))
    if not math.isfinite(fall):
        return "How long it takes: nothing fell"
    later = f", half of what is matched elsewhere after {count(moved)}" if math.isfinite(moved) else ""
    return f"How long it takes: half of the fall had happened after {count(fall)} months{later}"


def course_figure(study: Diversion, policies: dict[str, Policy] | None = None) -> Drawn:
    """Return the fall, what moved and others added up month by month, with their intervals.

    Parameters
    ----------
    policies : whose dates to mark; by default none.
    """
    course = study.tables["course"]
    months = pd.PeriodIndex(course["month"], freq="M")
    said = times_words(study)
    title = _title(study)
    first = int((course[["fall", "moved", "others"]] != 0).any(axis=1).to_numpy().argmax())
    course, months = course.iloc[max(first - BEFORE, 0) :], months[max(first - BEFORE, 0) :]
    subtitle = (f"Simulated arrivals since the start, with less without: fewer on the {treated_words(study)}; of them, "
                "matched by more of the same origin and need on other routes; and others more there. Mean of "
                f"{study.content['pairs']} pairs and 95% interval. Parts are of what had happened by "
                f"{months[-1].strftime('%B %Y')}; a longer run may find more.")  # fmt: skip
    height = 5.4
    source = (f"Simulated: Corridor, scenario {study.content['scenario']}, "
              f"{study.content['persons_per_agent']:,} people a row.")  # fmt: skip
    figure, bottom, top = style.new_figure(height, title, subtitle, source)
    axes = figure.add_axes((0.95 / style.WIDTH, bottom + 0.45 / height, 9.2 / style.WIDTH,
                            top - bottom - 0.95 / height))  # fmt: skip
    x = style.middles(months)
    ends: dict[str, float] = {}
    looks: dict[str, tuple[str, str]] = {}
    for name, colour, words in (("fall", FEWER, f"fewer on the\n{treated_words(study)}"),
                                ("moved", MORE, "matched\nelsewhere"),
                                ("others", style.OKABE_ITO["green"], "others more\nelsewhere")):  # fmt: skip
        axes.plot(x, course[name], color=colour, linewidth=2.4, linestyle="-" if name == "fall" else (0, (5, 1.5)))
        if course[f"{name}_low"].notna().all():
            axes.fill_between(x, course[f"{name}_low"], course[f"{name}_high"], color=colour, alpha=0.16, linewidth=0)
        ends[name], looks[name] = float(course[name].iloc[-1]), (colour, words)
        if name != "others":
            _mark(axes, study, name, colour)
    low, high = axes.get_ylim()
    order = sorted(ends, key=lambda name: ends[name])
    places = style.spread([ends[name] for name in order], 0.13 * (high - low), low, high)
    for name, place in zip(order, places, strict=True):
        axes.annotate(f"{people(ends[name])} {looks[name][1]}", (x[-1], place), (22, 0), textcoords="offset points",
                      color=looks[name][0], size=style.TEXT_SIZE, weight="bold", va="center",
                      annotation_clip=False)  # fmt: skip
    axes.axhline(0, color=style.INK, linewidth=0.8)
    style.month_axis(axes, months)
    style.dress(axes, "", "")
    style.count_axis(axes, "people, added up")
    if policies:
        style.mark_policies(axes, policies, ())
    words = (f"By the end: {people(study.fall.mean)} fewer on the {treated_words(study)}, {people(study.moved.mean)} "
             f"matched by more of the same origin and need on other routes, {people(study.others.mean)} others more "
             f"there. {MEANS}")  # fmt: skip
    return Drawn(figure, title, f"{said[0].upper()}{said[1:]}. {words}")


def _mark(axes: Axes, study: Diversion, name: str, colour: str) -> None:
    """Mark when half and nine tenths had happened."""
    course = study.tables["course"]
    ends = style.middles(pd.PeriodIndex(course["month"], freq="M")) + 0.5
    moved = (course[["fall", "moved", "others"]] != 0).any(axis=1).to_numpy()
    start = ends[int(np.argmax(moved))] - 1.0
    for row in study.tables["times"].query("what == @name").itertuples():
        months = float(row.months)  # type: ignore[arg-type]
        if math.isfinite(months):
            height = float(np.interp(start + months, ends, course[name].to_numpy()))
            axes.plot([start + months], [height], marker="o" if row.part == "half" else "D", markersize=7, color=colour,
                      markeredgecolor="white", zorder=5)  # fmt: skip
            words = f"{'half' if row.part == 'half' else 'nine tenths'}: {count(months)} months"
            axes.annotate(words, (start + months, height), (0, -15) if name == "moved" else (-8, 6),
                          textcoords="offset points", ha="center" if name == "moved" else "right",
                          size=style.SMALL_SIZE, color=style.INK)  # fmt: skip
