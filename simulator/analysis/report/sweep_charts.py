"""Charts of a sweep: arrivals on all routes against the effort on one, stacked, and deaths per thousand attempts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from simulator.analysis import style
from simulator.analysis.diversion.figures.against_effort import bounded, risk_axis
from simulator.analysis.diversion.figures.common import base_of, effort_axis, rise_words
from simulator.analysis.report.charts import DASHES, band, colours, hover, plain
from simulator.analysis.report.content import Cell, Chart, Table
from simulator.numbers import people, rate

Design = Mapping[str, Any]


def curve_of(curves: pd.DataFrame, squeezed: str, route: str, measure: str) -> pd.DataFrame:
    """Return one curve of `balloon.curves`, by effort."""
    mask = curves["squeezed"].eq(squeezed) & curves["route"].eq(route) & curves["measure"].eq(measure)
    return curves[mask].sort_values("effort")


def charts_of(
    curves: pd.DataFrame, squeezed: str, base: float, labels: Mapping[str, str], design: Design
) -> list[Chart]:
    """Return the charts of a squeezed route.

    Parameters
    ----------
    curves : of `balloon.curves`.
    base : effort that is compared with.
    labels : of all routes, in order.
    design : see `from_table`.
    """
    efforts = sorted(curve_of(curves, squeezed, squeezed, "arrivals")["effort"])
    rises = rise_words(design, base, efforts[-1])
    return [draw(curves, squeezed, base, rises, labels, design) for draw in (_lines, _stack, _deaths)]


def steps(efforts: Sequence[float]) -> list[str]:
    """Return the efforts as steps of an axis: what was run, not to scale."""
    return [f"{effort:g}" for effort in efforts]


def _layout(efforts: Sequence[float], title: str, design: Design) -> dict[str, Any]:
    """Return axes of efforts, a step each, with a line at the one that changes nothing."""
    base = base_of(design)
    found: dict[str, Any] = {
        "xaxis": {"title": {"text": effort_axis(design)}, "gridcolor": style.RULE, "type": "category",
                  "range": [-0.2, len(efforts) - 0.8], "tickangle": 0},
        "yaxis": {"title": {"text": title}, "gridcolor": style.RULE, "rangemode": "tozero", "zeroline": False,
                  "nticks": 6},
    }  # fmt: skip
    if base in list(efforts):
        at = list(efforts).index(float(base or 0.0))
        line = {"color": style.MUTED, "width": 1, "dash": "dot"}
        found["shapes"] = [{"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper", "line": line}]
        found["annotations"] = [
            {
                "x": at,
                "y": 1,
                "yref": "paper",
                "text": "as it was",
                "showarrow": False,
                "xshift": 4,
                "xanchor": "left",
                "yanchor": "top",
                "font": {"size": 11, "color": style.MUTED},
            }
        ]
    return found


def _from_zero(layout: dict[str, Any], *parts: pd.DataFrame) -> dict[str, Any]:
    """Return a layout whose vertical axis begins at zero, below which no count lies, and holds means and intervals."""
    ends = pd.concat([part[["mean", "high"]] for part in parts]).to_numpy(dtype=float) if parts else np.zeros(1)
    top = float(ends[np.isfinite(ends)].max(initial=0.0))
    layout["yaxis"]["range"] = [0.0, 1.05 * top or 1.0]
    return layout


def _at(part: pd.DataFrame, effort: float) -> float:
    return float(part.loc[part["effort"] == effort, "mean"].iloc[0])


def _lines(
    curves: pd.DataFrame, squeezed: str, base: float, rises: str, labels: Mapping[str, str], design: Design
) -> Chart:
    import plotly.graph_objects as go

    data: list[Any] = []
    rows: list[tuple[Cell, ...]] = []
    words, efforts, parts = [], [base], []
    for place, (route, colour) in enumerate(zip(labels, colours(len(labels)), strict=True)):
        part = curve_of(curves, squeezed, route, "arrivals")
        parts.append(part)
        efforts = part["effort"].tolist()
        x = steps(efforts)
        data += band(x, part["low"].tolist(), part["high"].tolist(), colour)
        data.append(go.Scatter(x=x, y=part["mean"].tolist(), name=labels[route], mode="lines+markers",
                               line={"color": colour, "width": 4 if route == squeezed else 2,
                                     "dash": DASHES[place % len(DASHES)]}, **hover(part["mean"])))  # fmt: skip
        rows += [(labels[route], *row) for row in part[["effort", "mean", "low", "high"]].itertuples(index=False)]
        words.append(f"{labels[route]} from {people(_at(part, base))} to {people(_at(part, efforts[-1]))}")
    figure = plain(data, **_from_zero(_layout(efforts, "arrivals", design), *parts))
    table = Table(f"numbers-balloon-{squeezed}", f"Arrivals, effort on the {labels[squeezed]}",
                  ("route", "effort", "arrivals", "low", "high"), tuple(rows))  # fmt: skip
    return Chart(f"balloon-{squeezed}", f"{labels[squeezed]}: arrivals by route as effort there rises", figure,
                 f"Arrivals as effort on the {labels[squeezed]} rises {rises}: {'; '.join(words)}.", table,
                 "Shaded: 95% interval. Steps of effort are those that were run, not to scale.")  # fmt: skip


def _stack(
    curves: pd.DataFrame, squeezed: str, base: float, rises: str, labels: Mapping[str, str], design: Design
) -> Chart:
    import plotly.graph_objects as go

    out = set(dict(design.get("onward", {})).get(squeezed, ()))
    routes = [squeezed, *(route for route in labels if route != squeezed and route not in out)]
    tints = dict(zip(labels, colours(len(labels)), strict=True))
    parts = {route: curve_of(curves, squeezed, route, "arrivals") for route in routes}
    efforts = parts[squeezed]["effort"].tolist()
    data = [go.Scatter(x=steps(efforts), y=part["mean"].tolist(), name=labels[route], stackgroup="one",
                       line={"color": tints[route], "width": 1}, **hover(part["mean"]))
            for route, part in parts.items()]  # fmt: skip
    total = np.sum([part["mean"].to_numpy() for part in parts.values()], axis=0)
    figure = plain(data, **_layout(efforts, "arrivals, stacked", design))
    return Chart(f"stack-{squeezed}", f"{labels[squeezed]}: all routes in one stack", figure,
                 f"Arrivals on all routes but onward ones, stacked, as effort on the {labels[squeezed]} rises {rises}: "
                 f"{people(float(total[efforts.index(base)]))} to {people(float(total[-1]))} in all.", None,
                 "Height that is lost arrives nowhere. Means; the intervals are in the figure before.")  # fmt: skip


def _deaths(
    curves: pd.DataFrame, squeezed: str, base: float, rises: str, labels: Mapping[str, str], design: Design
) -> Chart:
    import plotly.graph_objects as go

    data: list[Any] = []
    rows: list[tuple[Cell, ...]] = []
    words, efforts, parts = [], [base], []
    for route, name, colour, dash in ((squeezed, f"on the {labels[squeezed]}", "#D55E00", "solid"),
                                      ("all", "on all routes together", "#1A1A1A", "dash")):  # fmt: skip
        whole = curve_of(curves, squeezed, route, "deaths_per_thousand")
        efforts = whole["effort"].tolist()
        part = bounded(whole).dropna(subset=["mean"])
        parts.append(part)
        rows += [(name, *row) for row in whole[["effort", "mean", "low", "high"]].itertuples(index=False)]
        if part.empty:
            words.append(f"{name} too few attempts to tell")
            continue
        x = steps(part["effort"].tolist())
        data += band(x, part["low"].tolist(), part["high"].tolist(), colour)
        data.append(go.Scatter(x=x, y=part["mean"].tolist(), name=name, mode="lines+markers",
                               line={"color": colour, "width": 3, "dash": dash},
                               **hover(part["mean"], rate)))  # fmt: skip
        ends = [rate(_at(part, effort)) if effort in set(part["effort"]) else "too few to tell"
                for effort in (base, efforts[-1])]  # fmt: skip
        words.append(f"{name} from {ends[0]} to {ends[1]}")
    axis = risk_axis(design)
    layout = _from_zero(_layout(efforts, axis, design), *parts)
    layout["xaxis"] |= {"categoryorder": "array", "categoryarray": steps(efforts)}
    layout["yaxis"]["title"]["text"] = axis.replace(" attempts", " attempts<br>", 1)
    figure = plain(data, **layout)
    table = Table(f"numbers-deaths-{squeezed}", f"{axis[:1].upper()}{axis[1:]}, effort on the {labels[squeezed]}",
                  ("where", "effort", "mean", "low", "high"), tuple(rows))  # fmt: skip
    return Chart(f"deaths-{squeezed}", f"{labels[squeezed]}: deaths per thousand attempts", figure,
                 f"{axis[:1].upper()}{axis[1:]} as effort rises {rises}: {'; '.join(words)}.", table,
                 "Nothing is drawn where attempts are too few to set limits.")  # fmt: skip
