"""Figures of a comparison: differences with intervals, shares of draws, the trade-off, and what common luck saves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill, shorten
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from simulator.analysis import style
from simulator.analysis.findings import Findings
from simulator.analysis.panels import colour_key, grid, heading, sheet, side
from simulator.numbers import FEW, FEW_WORDS, amount, percent

ROW: Final = 0.34
"""Height of a row in inches."""
GAIN, LOSS, UNCLEAR = style.OKABE_ITO["blue"], style.OKABE_ITO["vermilion"], style.MUTED
WORSE_TO_BETTER: Final = LinearSegmentedColormap.from_list("shares", ["#F3B48F", "#FFFFFF", "#8FC1E3"])
"""Of a share of draws: worse in all, as often as not, better in all."""
REGRET: Final = LinearSegmentedColormap.from_list("regret", ["#FFFFFF", "#F3B48F"])
"""Of regret: none, and the most of any arm."""
DPI: Final = 110
"""Figures are as fine as they need to be on a page."""
ROOMY: Final = 5
"""Arms up to which a cell has room for the share of draws that are the same; the table of pairs has it in any case."""
NAME: Final = 34
"""Letters of an arm's name that fit beside its row."""


def draw(findings: Findings, folder: Path) -> dict[str, tuple[Path, str]]:
    """Draw the figures of every case and return the PNG files with what they show in words, by name."""
    made: dict[str, tuple[Path, str]] = {}
    cases = list(findings.content["cases"])
    for case in cases:
        after = "" if len(cases) == 1 else f"-{case}"
        drawn = {
            "differences": differences_figure(findings, case),
            "shares": shares_figure(findings, case),
            "trade-off": trade_off_figure(findings, case),
            "luck": luck_figure(findings, case),
        }
        for name, (figure, said) in drawn.items():
            if figure is not None:
                path = folder / f"{name}{after}.png"
                figure.savefig(path, dpi=DPI, metadata={"Title": said.split(":")[0], "Software": None})
                made[f"{name}{after}"] = (path, said)
    return made


def _source(findings: Findings, case: str, seeds: int | None = None) -> str:
    """Return the source line; `seeds` of the best values alone, for what was made of those."""
    content = findings.content
    about = content["cases"][case]
    drawn = f"{about['draws']} draws" if about["draws"] and seeds is None else "best values"
    seeds = content["replicates"] if seeds is None else seeds
    return (
        f"Simulated: Corridor {content['versions']['corridor']}, experiment {content['experiment']}, scenario "
        f"{about['scenario']}, {about['period'][0]} to {about['period'][1]}, {drawn}, {seeds} "
        f"{'seed' if seeds == 1 else 'seeds'} each, {about['persons_per_agent']:,} people a row."
    )


def _title(findings: Findings, case: str, said: str) -> str:
    cases = findings.content["cases"]
    return said if len(cases) == 1 else f"{said}: {cases[case]['label']}"


def differences_figure(findings: Findings, case: str) -> tuple[Figure | None, str]:
    """Return the paired differences from the baseline by measure, and what they say in words."""
    content = findings.content
    baseline = content["baseline"]
    against = content["arms"][baseline]["label"]
    others = [arm for arm in content["arms"] if arm != baseline]
    table = findings.tables["differences"]
    table = table[(table["case"] == case) & (table["against"] == baseline)].set_index(["measure", "arm"])
    over = str(table["over"].iloc[0]) if len(table) else "draws"
    title = _title(findings, case, f"What each arm changes against \N{LEFT DOUBLE QUOTATION MARK}{against}"
                   "\N{RIGHT DOUBLE QUOTATION MARK}")  # fmt: skip
    subtitle = (
        f"Differences within {over}, on common luck; scales differ. Dot: mean; thick line: 95% interval of the mean; "
        f"thin line: where 90% of {over} lie."
    )
    measures = content["measures"]
    figure, cells = grid(len(measures), 2, (ROW * len(others) + 0.08, 1.75, 1.55, 0.78), title, subtitle,
                          _source(findings, case))  # fmt: skip
    judged = findings.tables["shares"]
    small = dict(judged[judged["case"] == case].groupby("measure")["least"].first())
    said = []
    for axes, (name, measure) in zip(cells, measures.items(), strict=True):
        rows = [table.loc[(name, arm)] for arm in others]
        _difference_panel(axes, rows, [content["arms"][arm]["label"] for arm in others], measure, small.get(name, 0.0))
        parts = "; ".join(
            f"{content['arms'][arm]['label']} {amount(row['mean'])} ({amount(row['low'])} to {amount(row['high'])})"
            for arm, row in zip(others, rows, strict=True)
        )
        said.append(f"{heading(measure)}: {parts}")
    _difference_key(figure)
    return figure, f"{title}: mean and 95% interval. " + ". ".join(said) + "."


def _difference_panel(
    axes: Axes, rows: Sequence[Any], labels: Sequence[str], measure: dict[str, Any], least: float
) -> None:
    axes.axvline(0, color=style.INK, linewidth=0.9, zorder=1)
    for place, row in enumerate(rows):
        colour = difference_colour(row["mean"], row["low"], row["high"], measure["better"], least)
        axes.plot([row["p5"], row["p95"]], [place, place], color=colour, linewidth=1.1, alpha=0.55, zorder=2)
        axes.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=4.0, alpha=0.6, zorder=3,
                  solid_capstyle="butt")  # fmt: skip
        axes.plot([row["mean"]], [place], "o", color=colour, markersize=5.5, markeredgecolor="white", zorder=4)
        text = f"{amount(row['mean'])}"
        if math.isfinite(row["low"]):
            text += f"\n{amount(row['low'])} to {amount(row['high'])}"
        axes.annotate(text, (1, place), (8, 0), ("axes fraction", "data"), "offset points", va="center",
                      size=style.SMALL_SIZE - 1, color=style.INK, linespacing=0.95, annotation_clip=False)  # fmt: skip
    shown = (value for row in rows for value in row[["mean", "low", "high", "p5", "p95"]])
    ends = [0.0, *(value for value in shown if math.isfinite(value))]
    room = 0.06 * (max(ends) - min(ends)) or 1.0
    axes.set_xlim(min(ends) - room, max(ends) + room)
    axes.set_ylim(len(rows) - 0.45, -0.55)
    style.dress(axes, shorten(heading(measure), 62, placeholder=" ..."), side(measure["better"]), gap=4)
    names = [fill(shorten(label, 2 * NAME - 22, placeholder=" ..."), NAME - 8) for label in labels]
    axes.set_yticks(range(len(rows)), names, size=style.SMALL_SIZE - 0.5)
    axes.grid(False, axis="y")
    axes.grid(True, axis="x", color=style.RULE, linewidth=0.7)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: amount(value)))
    axes.tick_params(axis="x", labelsize=style.SMALL_SIZE - 1)


def difference_colour(mean: float, low: float, high: float, better: str | None, least: float = 0.0) -> str:
    """Return the colour of a difference: whether its interval lies on the better side, the worse, or neither.

    Parameters
    ----------
    least : least difference that matters: a smaller one is neither, however surely it is told apart from zero.
    """
    if better is None or not (low > 0 or high < 0) or abs(mean) < least:
        return UNCLEAR
    return GAIN if (mean > 0) == (better == "more") else LOSS


def _difference_key(figure: Figure) -> None:
    handles = [
        Patch(color=GAIN, label="better, interval clear of zero"),
        Patch(color=LOSS, label="worse, interval clear of zero"),
        Patch(color=UNCLEAR, label="not told apart from zero, too small to matter, or not judged"),
    ]
    colour_key(figure, handles)


def shares_figure(findings: Findings, case: str) -> tuple[Figure | None, str]:
    """Return the share of draws in which each arm does better than each other, a square a measure; and in words."""
    content, table = findings.content, findings.tables["shares"]
    table = table[table["case"] == case]
    measures = {name: each for name, each in content["measures"].items() if each["better"]}
    over = str(table["over"].iloc[0]) if len(table) else "draws"
    title = _title(findings, case, f"In what share of {over} each arm does better than each other")
    if not measures:
        return None, title
    arms = list(content["arms"])
    labels = [content["arms"][arm]["label"] for arm in arms]
    subtitle = (
        f"Row against column: share of {int(table['n'].max())} {over} in which the row's arm does better. Half and "
        "half is no evidence for either; ties, and differences too small to matter, count for neither."
    )
    figure, cells = grid(len(measures), 2, (0.4 * len(arms) + 0.1, 2.45, 0.5, 0.92), title, subtitle,
                          _source(findings, case))  # fmt: skip
    said = []
    for axes, (name, measure) in zip(cells, measures.items(), strict=True):
        found = {(each["arm"], each["against"]): each
                 for each in table[table["measure"] == name].to_dict(orient="records")}  # fmt: skip
        _share_panel(axes, found, arms, labels)
        axes.annotate(heading(measure), (0, 1), (0, 34), "axes fraction", textcoords="offset points",
                      size=style.TEXT_SIZE + 1, weight="bold", color=style.INK)  # fmt: skip
        axes.annotate(side(measure["better"]), (0, 1), (0, 21), "axes fraction", textcoords="offset points",
                      size=style.SMALL_SIZE, color=style.MUTED)  # fmt: skip
        base = content["baseline"]
        parts = [
            f"{content['arms'][arm]['label']} {percent(found[arm, base]['better'])}" for arm in arms
            if arm != base
        ]  # fmt: skip
        said.append(f"{heading(measure)}, better than {content['arms'][base]['label']}: {', '.join(parts)}")
    handles = [Patch(facecolor=WORSE_TO_BETTER(share), edgecolor=style.RULE, label=text) for share, text in
               ((0.0, f"worse in all {over}"), (0.5, "as often as not"), (1.0, f"better in all {over}"))]  # fmt: skip
    colour_key(figure, handles)
    return figure, f"{title}. " + ". ".join(said) + "."


def _share_panel(
    axes: Axes, found: Mapping[tuple[str, str], Mapping[Any, Any]], arms: Sequence[str], labels: Sequence[str]
) -> None:
    axes.set_xlim(0, len(arms))
    axes.set_ylim(len(arms), 0)
    for line, arm in enumerate(arms):
        for column, other in enumerate(arms):
            if arm == other:
                axes.add_patch(Rectangle((column, line), 1, 1, facecolor="#EFEFEF", edgecolor="white", linewidth=1.5))
                continue
            better, worse, same = (float(found[arm, other][key]) for key in ("better", "worse", "same"))
            shade = 0.5 + (better - worse) / 2 if math.isfinite(better) else 0.5
            axes.add_patch(Rectangle((column, line), 1, 1, facecolor=WORSE_TO_BETTER(shade), edgecolor="white",
                                     linewidth=1.5))  # fmt: skip
            always = same == 1
            text = "same" if always else percent(better)
            text += f"\n{percent(same)} same" if 0 < same < 1 and len(arms) <= ROOMY else ""
            axes.text(column + 0.5, line + 0.5, text, ha="center", va="center", size=style.SMALL_SIZE - 0.5,
                      color=style.INK, linespacing=0.95)  # fmt: skip
    numbers = [str(place + 1) for place in range(len(arms))]
    axes.set_xticks(np.arange(len(arms)) + 0.5, [f"than {number}" for number in numbers], size=style.SMALL_SIZE)
    axes.set_yticks(np.arange(len(arms)) + 0.5,
                    [fill(f"{number}  {shorten(label, 2 * NAME - 10, placeholder=' ...')}", NAME) for number, label in
                     zip(numbers, labels, strict=True)], size=style.SMALL_SIZE)  # fmt: skip
    axes.tick_params(length=0, top=False, bottom=False, labeltop=True, labelbottom=False, pad=3)
    for spine in axes.spines.values():
        spine.set_visible(False)


def trade_off_figure(findings: Findings, case: str) -> tuple[Figure | None, str]:
    """Return all measures of all arms side by side, shaded by regret; and what it says in words."""
    content = findings.content
    arms, measures = list(content["arms"]), content["measures"]
    rows = {(each["measure"], each["arm"]): each for each in findings.summary(case)}
    first = next(iter(rows.values()))
    title = _title(findings, case, "Every measure of every arm: no single number decides")
    subtitle = (
        "Mean of each measure. Shade: mean regret, which is how much worse than the best arm of the same "
        f"{first['over'][:-1]}; white is none, or where arms do not differ by what matters; the deepest of a column "
        f"is the most. Best in: share of {first['n']} {first['over']} in which no arm is better by what "
        "matters."
    )
    if any(each["few"] for each in rows.values()):
        subtitle += f" {FEW_WORDS}"
    high, head = 0.62 * len(arms), 0.85
    figure, bottom, _ = sheet(high + head + 0.1, title, subtitle, _source(findings, case))
    height, left = float(figure.get_size_inches()[1]), 2.6 / style.WIDTH
    axes = figure.add_axes((left, (bottom + 0.1) / height, 0.985 - left, high / height))
    axes.set_xlim(0, len(measures))
    axes.set_ylim(len(arms), 0)
    said = []
    for column, (name, measure) in enumerate(measures.items()):
        column_rows = [rows[name, arm] for arm in arms]
        most = most_regret(column_rows)
        for line, each in enumerate(column_rows):
            _trade_off_cell(axes, column, line, each, most)
        letters = max(12, int(104 / len(measures)))
        axes.text(column + 0.5, -0.12, f"{fill(heading(measure), letters)}\n{side(measure['better'])}", ha="center",
                  va="bottom", size=style.SMALL_SIZE - 0.5, color=style.INK, linespacing=1.1)  # fmt: skip
        said.append(f"{heading(measure)}: " + ", ".join(
            f"{each['arm_label']} {amount(each['mean'])}" for each in column_rows))  # fmt: skip
    axes.set_yticks(np.arange(len(arms)) + 0.5, [fill(content["arms"][arm]["label"], NAME) for arm in arms],
                    size=style.TEXT_SIZE)  # fmt: skip
    axes.set_xticks([])
    axes.tick_params(length=0, pad=6)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure, f"{title}. " + ". ".join(said) + "."


def most_regret(rows: Sequence[Mapping[str, Any]]) -> float:
    """Return the regret that is shaded deepest: the most of any arm; nothing where arms tie as far as matters.

    Arms that tie are no worst arms, whatever each loses in the draws in which the other does better.
    """
    found = [each["mean_regret"] for each in rows if math.isfinite(each["mean_regret"])]
    least = max((each["least"] for each in rows if math.isfinite(each["least"])), default=0.0)
    apart = max(found) - min(found) if found else 0.0
    return max(found) if apart > 0 and apart >= least else 0.0


def _trade_off_cell(axes: Axes, column: int, line: int, each: dict[str, Any], most: float) -> None:
    judged = math.isfinite(each["mean_regret"])
    colour: Any = REGRET(each["mean_regret"] / most if most else 0.0) if judged else "#F7F7F7"
    axes.add_patch(Rectangle((column, line), 1, 1, facecolor=colour, edgecolor=style.RULE, linewidth=0.8))
    mean = f"{amount(each['mean'])}{FEW if each['few'] else ''}"
    axes.text(column + 0.5, line + (0.28 if judged else 0.5), mean, ha="center", va="center",
              size=style.TEXT_SIZE + 0.5, color=style.INK)  # fmt: skip
    if judged:
        said = f"best in {percent(each['best'])}\nregret {amount(each['mean_regret'])}"
        axes.text(column + 0.5, line + 0.69, said, ha="center", va="center", size=style.SMALL_SIZE - 1.5,
                  color=style.INK, linespacing=1.1)  # fmt: skip


def luck_figure(findings: Findings, case: str) -> tuple[Figure | None, str]:
    """Return how many times fewer replicates common luck needs, by measure and route; and in words."""
    content = findings.content
    table = findings.tables.get("luck", pd.DataFrame(columns=["case"]))
    table = table[table["case"] == case]
    title = _title(findings, case, "How many times fewer replicates common luck needs")
    if not len(table):
        return None, title
    seeds = content["luck"]["replicates"]
    subtitle = (
        f"Variance of a difference over pairs of differing seeds against that over pairs of one seed, {seeds} seeds at "
        "the best values; line: 95% bootstrap interval. 1: common luck saves nothing. Scale: powers of ten."
    )
    arms = content["luck"]["arms"]
    n = int(table.groupby("arm").size().max())
    figure, cells = grid(len(arms), 1, (0.27 * n, 3.6, 1.9, 0.6), title, subtitle, _source(findings, case, seeds))
    said = []
    for axes, arm in zip(cells, arms, strict=True):
        rows: list[dict[str, Any]] = table[table["arm"] == arm].to_dict(orient="records")
        _luck_panel(axes, rows, [luck_label(content, case, each) for each in rows])
        pair = f"{content['arms'][arm]['label']} against {content['arms'][content['baseline']]['label']}"
        style.dress(axes, pair, gap=4)
        axes.grid(False, axis="y")
        said.append(f"{pair}: " + ", ".join(f"{luck_label(content, case, each)} {amount(each['ratio'])}"
                                            for each in rows if not math.isnan(each["ratio"])))  # fmt: skip
    colours = (("blue", "all routes, or a route on which no policy differs"),
               ("vermilion", "a route on which a policy differs"))  # fmt: skip
    colour_key(figure, [Line2D([], [], color=style.OKABE_ITO[name], marker="o", label=text) for name, text in colours])
    return figure, f"{title}. " + ". ".join(said) + "."


def luck_label(content: Any, case: str, each: dict[str, Any]) -> str:
    """Return what a ratio of luck is of, in words."""
    if each["route"]:
        said = "touched" if each["touched"] else "untouched"
        return f"Arrivals, {content['cases'][case]['routes'][each['route']]} ({said})"
    known = content["measures"].get(each["measure"])
    return str(known["label"]) if known else str(each["measure"]).capitalize()


def _luck_panel(axes: Axes, rows: Sequence[dict[str, Any]], labels: Sequence[str]) -> None:
    shown = [value for each in rows for value in (each["ratio"], each["low"], each["high"])
             if math.isfinite(value) and value > 0]  # fmt: skip
    low, high = min([0.7, *shown]) / 1.3, max([10.0, *shown]) * 1.6
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.axvline(1, color=style.INK, linewidth=0.9, zorder=1)
    for place, each in enumerate(rows):
        text = "does not vary"
        if not math.isnan(each["ratio"]):
            colour = style.OKABE_ITO["vermilion"] if each["touched"] else style.OKABE_ITO["blue"]
            ends = [min(max(each[key], low), high) for key in ("low", "high")]
            axes.plot(ends, [place, place], color=colour, linewidth=2.0, zorder=2)
            axes.plot([min(each["ratio"], high)], [place], "o" if math.isfinite(each["ratio"]) else ">", color=colour,
                      markersize=5.5, markeredgecolor="white", zorder=3, clip_on=False)  # fmt: skip
            text = f"{amount(each['ratio'])}  ({amount(each['low'])} to {amount(each['high'])})"
        axes.annotate(text, (1, place), (10, 0), ("axes fraction", "data"), "offset points", va="center",
                      size=style.SMALL_SIZE - 0.5, color=style.INK, annotation_clip=False)  # fmt: skip
    axes.set_yticks(range(len(rows)), [shorten(label, 60, placeholder=" ...") for label in labels])
    axes.xaxis.set_major_formatter(FuncFormatter(style.thousands))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(True, axis="x", color=style.RULE, linewidth=0.7)
