"""Figures of what matters: indices, what decides between arms, and conditions under which one does best."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import fill, shorten
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from simulator.analysis import style
from simulator.analysis.conditions import REGRET, arm_label
from simulator.analysis.deaths import labelled
from simulator.analysis.discovery import Exploration
from simulator.analysis.panels import colour_key, grid, heading, sheet
from simulator.analysis.sweep_units import records
from simulator.numbers import amount, fixed, percent

DPI: Final = 110
MOST: Final = 12
"""Inputs of a panel; the tables have them all."""
ROW: Final = 0.27
NAME: Final = 34
"""Letters of an input's name that fit beside its row."""
CLEAR, FAINT, ALONE = style.OKABE_ITO["blue"], "#9A9A9A", style.OKABE_ITO["orange"]
CHANCE: Final = "#E4E4E4"
"""What luck or shuffled inputs alone would show."""
ARMS: Final = ("blue", "vermilion", "green", "purple", "orange", "sky", "yellow", "black")
"""Colours of arms, in their order."""
NOBODY: Final = "#BBBBBB"
"""Where no arm does best alone."""
LIGHT: Final = (style.OKABE_ITO["yellow"], style.OKABE_ITO["sky"], style.OKABE_ITO["orange"], NOBODY)
"""Colours on which dark letters are read better."""
Drawn = tuple[str, Figure, str]


def index_words(row: Mapping[Any, Any]) -> str:
    """Return an input with its index, the interval, and what chance alone would show."""
    return (f"{row['field']} {fixed(row['index'], 2)} ({fixed(row['low'], 2)} to {fixed(row['high'], 2)}; chance "
            f"{fixed(row['chance'], 2)})")  # fmt: skip


def draw(made: Exploration, folder: Path) -> dict[str, tuple[Path, str]]:
    """Draw every figure of an exploration and return the PNG files with what they show in words, by name."""
    files = {}
    for case in made.content["cases"]:
        after = "" if len(made.content["cases"]) == 1 else f"-{case}"
        for name, figure, said in _figures(made, str(case)):
            path = folder / f"{name}{after}.png"
            figure.savefig(path, dpi=DPI, metadata={"Title": said.split(":")[0], "Software": None})
            files[f"{name}{after}"] = (path, said)
    return files


def _figures(made: Exploration, case: str) -> Iterator[Drawn]:
    """Yield name, figure and words of each figure of a case."""
    for kind in ("sobol", "morris"):
        for key, table in _outcomes(made, kind, case):
            yield _index_figure(made, case, kind, key, table)
    for name, of in (("decides", _matrix_figure), ("decides-best", _best_figure), ("trees", _conditions_figure)):
        table = made.found.get(name, pd.DataFrame(columns=["case"]))
        table = table[table["case"] == case]
        if len(table):
            drawn = of(made, case, table)
            if drawn is not None:
                yield drawn


def source(made: Exploration, case: str) -> str:
    """Return the source line."""
    content = made.content
    version = (content.get("made_by") or content.get("versions") or {}).get("corridor")
    about = content["cases"][case]
    scenario = f", scenario {about['scenario']}" if about.get("scenario") else ""
    sampling = content.get("sampling") or {}
    how = f", points by {sampling['method']}" if content.get("factors") and sampling.get("method") else ""
    runs = made.found["runs-lost"]
    of_case = runs[runs["case"] == case]
    lost = int(of_case["failed"].sum() + of_case["missing"].sum())
    by = f"Corridor {version}, " if version else ""
    without = f", {lost:,} failed or missing" if lost else ""
    done = int(of_case["done"].sum())
    return f"Simulated: {by}sweep {content['experiment']}{scenario}{how}, {done:,} runs{without}."


def title_of(made: Exploration, case: str, said: str) -> str:
    """Return a title with the case where there are several."""
    cases = made.content["cases"]
    return said if len(cases) == 1 else f"{said}: {cases[case]['label']}"


def outcome_words(content: Mapping[str, Any], arm: str, against: str) -> str:
    """Return which outcome is meant: the difference between two arms, or the level of one."""
    arms = content["arms"]
    if against:
        return f"{arms[arm]['label']} against {arms[against]['label']}"
    return str(arms[arm]["label"]) if len(arms) > 1 else "the scenario"


def shown_outcomes(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the outcomes that are drawn and told: differences from the baseline, and the level of the baseline."""
    baseline = content.get("baseline")
    if len(content["arms"]) == 1 or baseline not in content["arms"]:
        return [(str(arm), "") for arm in content["arms"]]
    return [(str(baseline), ""), *((str(arm), str(baseline)) for arm in content["arms"] if arm != baseline)]


def _outcomes(made: Exploration, kind: str, case: str) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    if kind not in made.found:
        return
    table = made.found[kind]
    table = table[table["case"] == case]
    for arm, against in shown_outcomes(made.content):
        part = table[(table["arm"] == arm) & (table["against"] == against)]
        if len(part):
            yield (arm, against), part


def _index_figure(made: Exploration, case: str, kind: str, key: tuple[str, str], table: pd.DataFrame) -> Drawn:
    """Return the indices of an outcome, a panel a measure."""
    content, (arm, against) = made.content, key
    of = outcome_words(content, arm, against)
    sobol = kind == "sobol"
    title = title_of(made, case, f"What moves the difference: {of}" if against else f"What moves {of}")
    subtitle = (
        "Share of the variance that each factor accounts for, alone (first order) and with all its interactions "
        "(total); lines: 95% intervals. What lies in the grey is no more than luck leaves."
        if sobol else
        "Mean size of what a step over the factor's whole range changes, with its 95% interval; hollow: its standard "
        "deviation, high where the effect bends or hangs on other factors. Scales differ. Grey: luck alone."
    )  # fmt: skip
    order = "total" if sobol else "effect"
    parts = {name: part.sort_values(order, ascending=False).head(MOST)
             for name in content["measures"] if len(part := table[table["measure"] == name])}  # fmt: skip
    n = max(len(part) for part in parts.values())
    figure, cells = grid(len(parts), 2, (ROW * n + 0.08, 2.2, 0.3, 0.7), title, subtitle, source(made, case))
    said = []
    for axes, (name, part) in zip(cells, parts.items(), strict=True):
        rows = records(part)
        (_sobol_rows if sobol else _morris_rows)(axes, rows)
        _names(axes, [content["factors"][row["factor"]].get("label") or row["factor"] for row in rows], n)
        measure = content["measures"][name]
        about = f"{rows[0]['blocks']} whole blocks"
        style.dress(axes, shorten(labelled(measure) if sobol else heading(measure), 58, placeholder=" ..."), about,
                    gap=4)  # fmt: skip
        axes.grid(False, axis="y")
        axes.grid(True, axis="x", color=style.RULE, linewidth=0.7)
        said.append(f"{measure['label']}: " + "; ".join(
            f"{row['factor']} {_number(row[order], sobol)} ({_number(row['total_low' if sobol else 'low'], sobol)} to "
            f"{_number(row['total_high' if sobol else 'high'], sobol)})" for row in rows))  # fmt: skip
    handles = [
        Line2D([], [], color=CLEAR, marker="o", label="total" if sobol else "mean size of the effect"),
        Line2D([], [], color=FAINT, marker="o", label="the same, not told apart from luck"),
        Line2D([], [], color=ALONE, marker="D", markerfacecolor="white", linestyle="none",
               label="first order" if sobol else "standard deviation"),
    ]  # fmt: skip
    colour_key(figure, handles)
    words = "total indices" if sobol else "mean absolute effects"
    name = "-".join((kind, *([arm] if len(content["arms"]) > 1 else []), *(["difference"] if against else [])))
    return name, figure, f"{title}: {words} and 95% intervals. " + ". ".join(said) + "."


def _number(value: float, share: bool) -> str:
    return fixed(value, 2) if share else amount(value)


def _names(axes: Axes, labels: Sequence[str], n: int) -> None:
    """Name the rows of a panel that has room for n."""
    axes.set_yticks(range(len(labels)), [_tail(label) for label in labels], size=style.SMALL_SIZE - 0.5)
    axes.set_ylim(n - 0.45, -0.55)


def _tail(label: str) -> str:
    """Return the end of a long name: fields that begin alike differ there."""
    label = label.removeprefix("parameters.")
    return label if len(label) <= NAME else "..." + label[-NAME + 3 :]


def _floor(axes: Axes, at: float) -> None:
    if math.isfinite(at) and at > 0:
        axes.axvspan(0, at, color=CHANCE, zorder=0, linewidth=0)


def _sobol_rows(axes: Axes, rows: Sequence[Mapping[Any, Any]]) -> None:
    _floor(axes, rows[0]["floor"])
    for place, row in enumerate(rows):
        colour = CLEAR if row["moves"] else FAINT
        for name, nudge, shade in (("total", -0.13, colour), ("first", 0.17, ALONE)):
            ends = [row[f"{name}_low"], row[f"{name}_high"]]
            axes.plot(ends, [place + nudge] * 2, color=shade, linewidth=1.4, zorder=2)
        axes.plot([row["total"]], [place - 0.13], "o", color=colour, markersize=5.5, markeredgecolor="white", zorder=3)
        axes.plot([row["first"]], [place + 0.17], "D", color=ALONE, markersize=4, markerfacecolor="white", zorder=3)
    axes.axvline(0, color=style.INK, linewidth=0.9, zorder=1)
    shown = [row[name] for row in rows for name in ("total_high", "first_high", "first_low")]
    axes.set_xlim(min(-0.03, *shown) - 0.01, max(1.0, *shown) + 0.02)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value).replace("-", "\N{MINUS SIGN}")))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5))


def _morris_rows(axes: Axes, rows: Sequence[Mapping[Any, Any]]) -> None:
    _floor(axes, rows[0]["floor"])
    for place, row in enumerate(rows):
        colour = CLEAR if row["moves"] else FAINT
        axes.plot([row["low"], row["high"]], [place - 0.1] * 2, color=colour, linewidth=1.8, zorder=2)
        axes.plot([row["effect"]], [place - 0.1], "o", color=colour, markersize=5.5, markeredgecolor="white", zorder=3)
        axes.plot([row["sigma"]], [place + 0.15], "D", color=ALONE, markersize=4, markerfacecolor="white", zorder=3)
    axes.axvline(0, color=style.INK, linewidth=0.9, zorder=1)
    most = max(max(row["high"], row["sigma"]) for row in rows)
    axes.set_xlim(-0.02 * most, 1.06 * most)
    _amounts(axes)


def _amounts(axes: Axes) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: amount(value)))


def _matrix_figure(made: Exploration, case: str, table: pd.DataFrame) -> Drawn:
    """Return which inputs decide each outcome: a panel an arm, inputs down, measures across."""
    content = made.content
    several = len(content["arms"]) > 1
    base = content["arms"][content["baseline"]]["label"] if several else ""
    title = title_of(made, case, f"Which uncertain numbers decide how arms differ from {base}" if several else
                     "Which uncertain numbers decide what the scenario comes to")  # fmt: skip
    subtitle = (
        "PAWN index: how far the outcome's distribution moves over the input's range, 0 to 1. Numbers: above what 95 "
        "of 100 shuffles of that input stay under. Arrows: the outcome rises or falls with the input."
    )
    excess = (table["index"] - table["chance"]).groupby(table["field"]).max()
    fields = list(excess.sort_values(ascending=False, kind="stable").index[:MOST])
    measures = [name for name in content["measures"] if (table["measure"] == name).any()]
    arms = list(dict.fromkeys(table["arm"]))
    labels = [shorten(str(content["measures"][name]["label"]), 26, placeholder=" ...") for name in measures]
    above = 16 + 4.3 * max(map(len, labels)) * math.sin(math.radians(_turn(measures)))
    figure, cells = grid(len(arms), min(2, len(arms)), (ROW * len(fields) + 0.05, 2.3, 0.5, above / 72 + 0.35), title,
                         subtitle, source(made, case))  # fmt: skip
    for axes, arm in zip(cells, arms, strict=True):
        rows = {(row["field"], row["measure"]): row for row in records(table[table["arm"] == arm])}
        _matrix(axes, rows, fields, measures, labels)
        if several:
            axes.annotate(content["arms"][arm]["label"], (0, 1), (0, above), "axes fraction", size=style.TEXT_SIZE + 1,
                          textcoords="offset points", weight="bold", color=style.INK)  # fmt: skip
    handles: list[Patch | Line2D]
    handles = [Patch(facecolor=CLEAR, label="told apart from chance over all that was looked at"),
               Patch(facecolor="#CFE3F1", label="of this input alone only: one in twenty is so by chance"),
               Patch(facecolor="white", edgecolor=style.RULE, label="no more than chance")]  # fmt: skip
    colour_key(figure, handles)
    found = [f"{content['measures'][row['measure']]['label']}, {outcome_words(content, row['arm'], row['against'])}: "
             f"{index_words(row)}"
             for row in records(table[table["found"]])]  # fmt: skip
    said = ". ".join(found) if found else "Nothing is told apart from chance"
    return "decides", figure, f"{title}: {said}."


def _turn(measures: Sequence[str]) -> float:
    """Return how steep the names of columns stand, in degrees: the steeper, the more there are."""
    return 35.0 if len(measures) <= 5 else 55.0


def _matrix(
    axes: Axes, rows: Mapping[Any, Mapping[Any, Any]], fields: Sequence[str], measures: Sequence[str],
    labels: Sequence[str],
) -> None:  # fmt: skip
    axes.set_xlim(0, len(measures))
    for line, name in enumerate(fields):
        for column, measure in enumerate(measures):
            row = rows.get((name, measure))
            colour, ink, text = "white", style.INK, "" if row else "-"
            if row and row["index"] > row["chance"]:
                arrow = "" if math.isnan(row["rank_correlation"]) else (
                    "\N{UPWARDS ARROW}" if row["rank_correlation"] > 0 else "\N{DOWNWARDS ARROW}")  # fmt: skip
                colour, ink = (CLEAR, "white") if row["found"] else ("#CFE3F1", style.INK)
                text = fixed(row["index"], 2).removeprefix("0") + arrow  # cells are narrow
            axes.add_patch(Rectangle((column, line - 0.5), 1, 1, facecolor=colour, edgecolor=style.RULE, linewidth=0.6))
            axes.text(column + 0.5, line, text, ha="center", va="center", size=style.SMALL_SIZE - 1.5, color=ink)
    _names(axes, fields, len(fields))
    axes.set_ylim(len(fields) - 0.5, -0.5)
    axes.set_xticks(np.arange(len(measures)) + 0.5, labels, size=style.SMALL_SIZE - 1, rotation=_turn(measures),
                    ha="left", rotation_mode="anchor")  # fmt: skip
    axes.tick_params(length=0, top=False, bottom=False, labeltop=True, labelbottom=False, pad=3)
    for spine in axes.spines.values():
        spine.set_visible(False)


def measure_label(content: Mapping[str, Any], name: str) -> str:
    """Return the name of a measure, with where deaths are counted, or of all together."""
    return REGRET.capitalize() if name == REGRET else labelled(content["measures"][name])


def _best_figure(made: Exploration, case: str, table: pd.DataFrame) -> Drawn:
    """Return which inputs decide which arm does best, a panel a measure."""
    content = made.content
    title = title_of(made, case, "Which uncertain numbers decide which arm does best")
    subtitle = (
        "How far the shares of arms that do best move over the input's range (mean total variation, 0 to 1), with its "
        "95% interval. Grey: what 95 of 100 shuffles of the input stay under."
    )
    parts = {name: part.head(MOST) for name in dict.fromkeys(table["measure"])
             if len(part := table[table["measure"] == name])}  # fmt: skip
    n = max(len(part) for part in parts.values())
    figure, cells = grid(len(parts), 2, (ROW * n + 0.08, 2.2, 0.3, 0.55), title, subtitle, source(made, case))
    for axes, (name, part) in zip(cells, parts.items(), strict=True):
        rows = records(part)
        for place, row in enumerate(rows):
            colour = CLEAR if row["found"] else FAINT
            axes.add_patch(Rectangle((0, place - 0.36), row["chance"], 0.72, color=CHANCE, linewidth=0, zorder=1))
            axes.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=1.8, zorder=2)
            axes.plot([row["index"]], [place], "o", color=colour, markersize=5.5, markeredgecolor="white", zorder=3)
        axes.set_xlim(0, max(0.5, *(1.04 * row["high"] for row in rows)))
        _names(axes, [str(row["field"]) for row in rows], n)
        style.dress(axes, shorten(measure_label(content, name), 58, placeholder=" ..."), gap=4)
        axes.grid(False, axis="y")
        axes.grid(True, axis="x", color=style.RULE, linewidth=0.7)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
    handles: list[Patch | Line2D]
    handles = [Line2D([], [], color=CLEAR, marker="o", label="told apart from chance over all that was looked at"),
               Line2D([], [], color=FAINT, marker="o", label="not told apart"),
               Patch(color=CHANCE, label="chance, of each input by itself")]  # fmt: skip
    colour_key(figure, handles)
    found = [f"{measure_label(content, row['measure'])}: {index_words(row)}"
             for row in records(table[table["found"]])]  # fmt: skip
    said = ". ".join(found) if found else "Nothing is told apart from chance"
    return "decides-best", figure, f"{title}: {said}."


def _conditions_figure(made: Exploration, case: str, table: pd.DataFrame) -> Drawn | None:
    """Return where which arm does best: a panel a tree that holds, a row a leaf; nothing where none holds."""
    content = made.content
    trees = {row["measure"]: row for row in records(table[table["found"]])}
    if not trees:
        return None
    parts = {name: _of_tree(made, case, name) for name in trees}
    labels = {arm: str(each["label"]) for arm, each in content["arms"].items()}
    colours = {arm: style.OKABE_ITO[ARMS[place % len(ARMS)]] for place, arm in enumerate(content["arms"])}
    colours[""] = NOBODY
    title = title_of(made, case, "Where which arm does best")
    others = len(table) - len(trees)
    subtitle = (
        "Shares of arms in the units that each condition holds of. Only trees that name the best arm of left-out units "
        f"better than trees on shuffled inputs do{f'; {others} more did not' if others else ''}."
    )
    high, above, left = 0.44, 0.62, 4.1
    inner = sum(high * len(rows) + above for rows, _ in parts.values()) + 0.5
    figure, _, top = sheet(inner, title, subtitle, source(made, case))
    height = float(figure.get_size_inches()[1])
    said = []
    for name, (rows, shares) in parts.items():
        top -= high * len(rows) + above
        axes = figure.add_axes((left / style.WIDTH, top / height, (style.WIDTH - left - 1.3) / style.WIDTH,
                                high * len(rows) / height))  # fmt: skip
        _leaf_rows(axes, rows, shares, colours)
        tree = trees[name]
        note = (f"names the best arm of {percent(tree['accuracy'])} of left-out units; always the commonest: "
                f"{percent(tree['always'])}")  # fmt: skip
        style.dress(axes, measure_label(content, name), note, gap=3)
        axes.grid(False)
        said.append(f"{measure_label(content, name)}: " + "; ".join(
            f"where {row['where']}, {arm_label(row['arm'], labels)} in {percent(row['inside'])} of {row['units']}"
            for row in rows))  # fmt: skip
    shown = [arm for arm in ("", *content["arms"]) if any(arm in of for _, shares in parts.values() for of in shares)]
    colour_key(figure, [Patch(color=colours[arm], label=shorten(arm_label(arm, labels), 30, placeholder=" ..."))
                        for arm in shown])  # fmt: skip
    return "conditions", figure, f"{title}: " + ". ".join(said) + "."


def _of_tree(made: Exploration, case: str, measure: str) -> tuple[list[dict[Any, Any]], list[dict[str, float]]]:
    """Return the leaves of a tree, and the share of each arm in each."""
    leaves, arms = (table[(table["case"] == case) & (table["measure"] == measure)]
                    for table in (made.found["leaves"], made.found["leaf-arms"]))  # fmt: skip
    rows = records(leaves)
    shares = [dict(zip(part["arm"], part["share"], strict=True)) for row in rows
              if len(part := arms[arms["leaf"] == row["leaf"]])]  # fmt: skip
    return rows, shares


def _leaf_rows(
    axes: Axes, rows: Sequence[Mapping[Any, Any]], shares: Sequence[Mapping[str, float]], colours: Mapping[str, str]
) -> None:
    for place, (row, of) in enumerate(zip(rows, shares, strict=True)):
        at = 0.0
        for arm, share in sorted(of.items(), key=lambda item: -item[1]):
            axes.add_patch(Rectangle((at, place - 0.32), share, 0.64, facecolor=colours[arm], edgecolor="white"))
            if share >= 0.08:
                ink = style.INK if colours[arm] in LIGHT else "white"
                axes.text(at + share / 2, place, percent(share), ha="center", va="center", size=style.SMALL_SIZE - 1,
                          color=ink)  # fmt: skip
            at += share
        axes.annotate(f"{row['units']} of {row['of']}", (1, place), (8, 0), ("axes fraction", "data"), "offset points",
                      va="center", size=style.SMALL_SIZE - 0.5, annotation_clip=False)  # fmt: skip
    axes.set_xlim(0, 1)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [fill(shorten(row["where"], 128, placeholder=" ..."), 56) for row in rows],
                    size=style.SMALL_SIZE - 0.5)  # fmt: skip
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
