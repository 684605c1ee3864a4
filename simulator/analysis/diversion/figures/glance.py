"""One figure for ten seconds: how much was stopped, how much of it a rise elsewhere matches, and where."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from simulator.analysis import style
from simulator.analysis.deaths import ANYWHERE
from simulator.analysis.diversion.balance import sharp
from simulator.analysis.diversion.estimates import Estimate
from simulator.analysis.diversion.figures.common import (
    FEWER,
    MORE,
    NOWHERE,
    Drawn,
    between,
    bracketed,
    join,
    row_words,
    said,
    signed,
    signed_between,
)
from simulator.analysis.diversion.study import Diversion
from simulator.analysis.diversion.within import MEANS
from simulator.numbers import apportioned, people, percent, whole

HEIGHT: Final = 6.9
DOTS: Final = 100
MATCHED: Final = "matched elsewhere by more of the same origin and need"
UNMATCHED: Final = "not matched"
"""What is said of those of a hundred fewer to whom as many more elsewhere answer, and of the rest."""
SHORT: Final = 60
"""Letters of the names of policies that fit in a title."""


def treated_words(study: Diversion) -> str:
    """Return the treated routes in words."""
    return join([study.content["labels"][route] for route in study.content["treated"]])


def policy_words(study: Diversion) -> str:
    """Return the policies in words, or that it is the change between the runs."""
    names = join(list(study.content["policies"].values())) if study.content["policies"] else ""
    return names if names and len(names) <= SHORT else "The policies together" if names else "The change"


def headline(study: Diversion) -> str:
    """Return what happened in one sentence."""
    route, ratio, policy = treated_words(study), study.ratio, policy_words(study)
    if not study.fall.mean > 0:
        return f"Simulated, {policy}: no fewer people arrived by the {route}"
    if study.fall.n > 1 and not study.fall.told:
        return f"Simulated, {policy}: no fall of arrivals by the {route} can be told apart from zero"
    if not sharp(ratio):
        return (f"Simulated, {policy}: fewer people arrive by the {route}; how much of that a rise on other routes "
                "matches cannot be told from these runs")  # fmt: skip
    many = people(DOTS * ratio.mean)
    return (f"Simulated, {policy}: of 100 fewer arrivals by the {route}, {many} {'is' if many == '1' else 'are'} "
            f"{MATCHED}")  # fmt: skip


def limits_words(study: Diversion) -> str:
    """Return the interval of how many of a hundred are matched on other routes."""
    return between(study.ratio.low, study.ratio.high, DOTS)


def deaths_words(study: Diversion) -> str:
    """Return deaths anywhere without it, and their change."""
    change, was = study.deaths, f"{people(study.content['deaths_without'])} without it"
    if change.n > 1 and not change.told:
        was = f"no clear change; {was}"
    return f"{was}, {signed(change.mean)} ({signed_between(change.low, change.high)})"


def alternative(study: Diversion) -> str:
    """Return what the figure shows, in words."""
    routes = study.tables["routes"].query("measure == 'arrivals'")
    changes = "; ".join(
        f"{study.content['labels'].get(str(row.route), row.route)} {signed(float(row.change))} "  # type: ignore[arg-type]
        f"({between(float(row.low), float(row.high))})"  # type: ignore[arg-type]
        for row in routes.itertuples()
    )
    return (
        f"Fewer arrive by the {treated_words(study)}: {said(study.fall)}. Of every 100 of them "
        f"{said(study.ratio, 100)} are {MATCHED}: {said(study.moved)}. Others more there: {said(study.others)}. "
        f"{study.verdict.said.capitalize()}. {MEANS} Change of "
        f"arrivals by route, with 95% intervals: {changes}. Deaths {ANYWHERE}: {deaths_words(study)}."
    )


def glance_figure(study: Diversion) -> Drawn:
    """Return the figure that says how much was stopped, how much moved, and where."""
    content = study.content
    title = headline(study)
    first, last = content["months"]
    n = content["pairs"]
    of = (f"mean of {n} pairs of runs; in brackets the 95% range over them" if n > 1
          else "one pair, so that nothing says how much is luck")  # fmt: skip
    subtitle = (f"{content['title']}. Arrivals {first} to {last}, in runs with what changed compared with "
                f"runs without it: {of}.")  # fmt: skip
    source = (f"Simulated: Corridor, scenario {content['scenario']}{row_words(content)}. Ranges say nothing of how "
              f"well the model matches the world. {MEANS} Others: of origins and needs that fell less here, drawn by "
              "news or by crowding elsewhere. Left out: arrivals by routes on which the same people are counted "
              "another time.")  # fmt: skip
    figure, bottom, top = style.new_figure(HEIGHT, title, subtitle, source)
    numbers_high = 1.18 / HEIGHT
    _numbers(figure, study, top - numbers_high, numbers_high)
    room = top - numbers_high - bottom - 0.1 / HEIGHT
    dots = figure.add_axes((0.35 / style.WIDTH, bottom, 4.3 / style.WIDTH, room - 0.42 / HEIGHT))
    _waffle(dots, study)
    bars = figure.add_axes((7.5 / style.WIDTH, bottom + 0.55 / HEIGHT, 4.0 / style.WIDTH, room - 0.9 / HEIGHT))
    _bars(bars, study)
    return Drawn(figure, title, alternative(study))


def _numbers(figure: Figure, study: Diversion, base: float, high: float) -> None:
    """Write the three numbers to take away."""
    fall, moved, others = study.fall, study.moved, study.others
    nowhere = fall.mean - study.rise.mean
    before = study.tables["routes"].query("measure == 'arrivals' and role == 'treated'")["without"].sum()
    share = f", {percent(fall.mean / before)} fewer" if before > 0 else ""
    rest = f"{people(nowhere)} fewer" if nowhere >= 0 else f"{people(-nowhere)} more"
    texts = (
        (f"{people(fall.mean)} fewer" if fall.mean >= 0 else f"{people(-fall.mean)} more",
         f"arrive by the {treated_words(study)}{share} ({between(fall.low, fall.high)})"),
        (f"{people(moved.mean)} matched",
         f"by more people of the same origin and need on other routes ({between(moved.low, moved.high)}); others more "
         f"there: {people(others.mean)} ({between(others.low, others.high)})"),
        (rest, f"arrive in all, whichever the route. Deaths {ANYWHERE}: {deaths_words(study)}"),
    )  # fmt: skip
    for place, (big, small) in enumerate(texts):
        x = (0.35 + 3.85 * place) / style.WIDTH
        figure.text(x, base + high - 0.16 / HEIGHT, big, size=25, weight="bold", color=style.INK, va="top")
        figure.text(x, base + high - 0.66 / HEIGHT, "\n".join(textwrap.wrap(small, 46)), size=style.TEXT_SIZE + 0.5,
                    color=style.INK, va="top", linespacing=1.25)  # fmt: skip


def shares(study: Diversion) -> dict[str, int]:
    """Return how many of every hundred fewer are matched on each other route, in whole people, most first."""
    rows = study.tables["matrix"]
    return hundred(dict(zip(rows["route"].astype(str), rows["ratio"].astype(float), strict=True)))


def hundred(ratios: Mapping[str, float]) -> dict[str, int]:
    """Return ratios as whole people of a hundred, most first, that come to what the text says of all routes together.

    Routes of none, and of which nothing can be told, are left out.
    """
    wanted = {route: DOTS * ratio for route, ratio in sorted(ratios.items(), key=lambda item: -item[1]) if ratio > 0}
    found = apportioned(wanted, whole(sum(wanted.values())))
    return {route: number for route, number in found.items() if number}


def _waffle(axes: Axes, study: Diversion) -> None:
    """Draw a hundred squares: on which route more of the same origin and need match those who are fewer here."""
    axes.set_axis_off()
    if not (study.fall.mean > 0 and sharp(study.ratio)):
        axes.text(0, 1, "\n".join(textwrap.wrap(unknown_words(study), 46)), size=style.TEXT_SIZE + 1, color=style.INK,
                  va="top", linespacing=1.3, transform=axes.transAxes)  # fmt: skip
        return
    found = shares(study)
    limits = {str(row["route"]): between(row["low"], row["high"], DOTS)
              for row in study.tables["matrix"].to_dict(orient="records")}  # fmt: skip
    counts = [(f"by the {study.content['labels'][route]}{bracketed(limits[route])}", count, _shade(place))
              for place, (route, count) in enumerate(found.items())]  # fmt: skip
    moved = sum(count for _, count, _ in counts)
    rest = f"{UNMATCHED}{bracketed(rest_limits(study.ratio))}: no more of their origin and need elsewhere"
    counts.append((rest, max(DOTS - moved, 0), NOWHERE))
    colours = [colour for _, count, colour in counts for _ in range(count)]
    rows = 10
    for place, colour in enumerate(colours):
        column, row = place % 10, place // 10
        axes.add_patch(Rectangle((column, rows - 1 - row), 0.86, 0.86, color=colour, linewidth=0, gid="person"))
    axes.set_xlim(-0.1, 16.2)
    axes.set_ylim(-0.2, rows + 0.2)
    axes.set_aspect("equal", anchor="NW")
    axes.annotate(
        "Of every 100 of them, how many are matched, and where",
        (0, rows + 0.35),
        size=style.TEXT_SIZE + 1,
        weight="bold",
        color=style.INK,
        va="bottom",
        annotation_clip=False,
    )
    y = rows - 0.6
    for label, count, colour in counts:
        if count:
            axes.add_patch(Rectangle((10.5, y - 0.3), 0.6, 0.6, color=colour, linewidth=0))
            axes.text(11.4, y, f"{count}", size=17, weight="bold", va="center", color=style.INK)
            axes.text(10.5, y - 0.85, "\n".join(textwrap.wrap(label, 22)), size=style.TEXT_SIZE, va="top",
                      color=style.INK, linespacing=1.15)  # fmt: skip
            y -= 2.3 + 0.75 * len(textwrap.wrap(label, 22))


def rest_limits(ratio: Estimate) -> str:
    """Return the interval of those who are not matched: what the others leave of a hundred."""
    low, high = DOTS * (1 - ratio.high), DOTS * (1 - ratio.low)
    return f"none to {people(high)}" if math.isfinite(low) and whole(low) <= 0 else between(low, high)


def unknown_words(study: Diversion) -> str:
    """Return why no hundred is drawn."""
    if not study.fall.mean > 0:
        return "No fewer arrive here: nobody to follow to other routes."
    if study.fall.n > 1 and not study.fall.told:
        return "No fall can be told apart from zero, so that nothing can be said of other routes."
    return f"Too uncertain to say how many of them are matched on other routes ({limits_words(study)} of 100)."


def _shade(place: int) -> str:
    return (MORE, style.OKABE_ITO["orange"], style.OKABE_ITO["purple"], style.OKABE_ITO["green"])[min(place, 3)]


def _bars(axes: Axes, study: Diversion) -> None:
    """Draw the change of arrivals by route with its interval."""
    rows = study.tables["routes"].query("measure == 'arrivals' and role != 'none'").reset_index(drop=True)
    order = {"treated": 0, "elsewhere": 1, "onward": 2}
    rows = rows.assign(_order=rows["role"].map(order)).sort_values(["_order", "change"], ascending=[True, False])
    places = np.arange(len(rows))[::-1]
    for place, row in zip(places, rows.itertuples(), strict=True):
        change, low, high = float(row.change), float(row.low), float(row.high)  # type: ignore[arg-type]
        onward = row.role == "onward"
        colour = FEWER if change < 0 else MORE
        axes.barh(place, change, height=0.56, color="white" if onward else colour, edgecolor=colour,
                  hatch="////" if onward else None, linewidth=1.0)  # fmt: skip
        if np.isfinite(low):
            axes.plot([low, high], [place, place], color=style.INK, linewidth=1.3, zorder=4)
        label = study.content["labels"][str(row.route)] + (" (counted again)" if onward else "")
        axes.annotate("\n".join(textwrap.wrap(label, 24)), (0, place), (-8, 0), ("axes fraction", "data"),
                      "offset points", ha="right", va="center", size=style.TEXT_SIZE, color=style.INK,
                      annotation_clip=False)  # fmt: skip
        end = max(change, high if np.isfinite(high) else change, 0.0)
        axes.annotate(signed(change), (end, place), (5, 0), textcoords="offset points", color=style.INK,
                      va="bottom" if np.isfinite(low) else "center", size=style.TEXT_SIZE,
                      annotation_clip=False)  # fmt: skip
        if np.isfinite(low):
            axes.annotate(f"({between(low, high)})", (end, place), (5, -1), textcoords="offset points", va="top",
                          size=style.SMALL_SIZE - 0.5, color=style.MUTED, annotation_clip=False)  # fmt: skip
    axes.axvline(0, color=style.INK, linewidth=0.9)
    style.dress(axes, "Change of arrivals by route", "line: 95% range", gap=6)
    axes.grid(False)
    axes.set_yticks([])
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    low, high = axes.get_xlim()
    axes.set_xlim(low, high + 0.26 * (high - low))
    axes.set_ylim(-0.6, len(rows) - 0.4)
