"""Charts of the page: plotly figures that fit a phone, each with words and the numbers behind it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from simulator.analysis import style
from simulator.analysis.diversion.figures.common import FEWER, MORE, between, signed
from simulator.analysis.diversion.figures.sankey import COLOURS, NO_DESTINATION, lumped, order_of, outcomes
from simulator.analysis.diversion.figures.time_course import times_words
from simulator.analysis.diversion.pairs import Pairs
from simulator.analysis.diversion.study import Diversion
from simulator.analysis.diversion.within import MEANS
from simulator.analysis.report.content import Chart, Table
from simulator.numbers import people, whole

DASHES: Final = ("solid", "dash", "dot", "longdash", "dashdot", "longdashdot", "dash")
LAYOUT: Final[Mapping[str, Any]] = {
    "margin": {"l": 56, "r": 12, "t": 10, "b": 44}, "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "white",
    "font": {"family": "system-ui, sans-serif", "size": 13, "color": style.INK}, "hovermode": "x unified",
    "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"}, "dragmode": False,
    "xaxis": {"gridcolor": style.RULE, "zeroline": False}, "yaxis": {"gridcolor": style.RULE, "rangemode": "tozero"},
}  # fmt: skip


def colours(n: int) -> list[str]:
    """Return a colour for each of n routes."""
    return [style.ROUTE_STYLES[place % len(style.ROUTE_STYLES)]["color"] for place in range(n)]


def wrapped(name: str) -> str:
    """Return a name on lines that fit the legend of a phone."""
    return "<br>".join(textwrap.wrap(name, 38))


def plain(data: Sequence[Any], **layout: Any) -> dict[str, Any]:
    """Return a figure of plotly objects as JSON values, with the page's layout."""
    import plotly.graph_objects as go

    merged = {**LAYOUT, **layout}
    found: dict[str, Any] = json.loads(str(go.Figure(data=list(data), layout=merged).to_json(engine="json")))
    found["layout"].pop("template", None)
    return found


def hover(values: Iterable[float], words: Callable[[float], str] = people) -> dict[str, Any]:
    """Return what a trace says where it is touched: its numbers as the text and tables have them."""
    return {"customdata": [words(float(value)) for value in values], "hovertemplate": "%{customdata}"}


def band(x: Sequence[Any], low: Sequence[float], high: Sequence[float], colour: str) -> list[Any]:
    """Return an interval as a shaded band; none where there is no interval."""
    import plotly.graph_objects as go

    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        return []
    shape = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    tint = f"rgba({red},{green},{blue},0.16)"
    return [go.Scatter(x=list(x), y=list(high), **shape),
            go.Scatter(x=list(x), y=list(low), fill="tonexty", fillcolor=tint, **shape)]  # fmt: skip


def change_chart(study: Diversion) -> Chart:
    """Return the change of arrivals by route as bars with intervals."""
    import plotly.graph_objects as go

    rows = study.tables["routes"].query("measure == 'arrivals' and role != 'none'").iloc[::-1]
    labels = [study.content["labels"][route] + (" (counted again)" if role == "onward" else "")
              for route, role in zip(rows["route"], rows["role"], strict=True)]  # fmt: skip
    change = rows["change"].to_numpy(dtype=float)
    known = bool(np.isfinite(rows["low"]).all())
    error = {"type": "data", "symmetric": False, "array": (rows["high"] - rows["change"]).tolist(),
             "arrayminus": (rows["change"] - rows["low"]).tolist(), "color": style.INK} if known else None  # fmt: skip
    bars = go.Bar(x=change.tolist(), y=labels, orientation="h", error_x=error, showlegend=False,
                  marker={"color": [FEWER if value < 0 else MORE for value in change]},
                  **{**hover(change), "hovertemplate": "%{customdata}<extra></extra>"})  # fmt: skip
    ends = zip(labels, change, rows["low"], rows["high"], strict=True)
    words = "; ".join(f"{label} {signed(float(value))} ({between(float(low), float(high))})"
                      for label, value, low, high in [*ends][::-1])  # fmt: skip
    table = Table("numbers-change", "Arrivals by route", ("route", "part", "without", "with", "change", "low", "high"),
                  tuple((study.content["labels"][row["route"]], row["role"], row["without"], row["with_"],
                         row["change"], row["low"], row["high"])
                        for row in rows.iloc[::-1].to_dict(orient="records")))  # fmt: skip
    figure = plain([bars], margin={"l": 8, "r": 12, "t": 10, "b": 40}, hovermode="closest",
                   yaxis={"automargin": True, "gridcolor": "white"},
                   xaxis={"title": {"text": "arrivals, with less without"}, "gridcolor": style.RULE, "zeroline": True,
                          "zerolinecolor": style.INK, "nticks": 5})  # fmt: skip
    return Chart("change", "Change of arrivals by route", figure, f"Change of arrivals by route, with 95% interval: "
                 f"{words}.", table, "Counted again: the same people are counted another time there.",
                 height=110 + 44 * len(rows))  # fmt: skip


def course_chart(study: Diversion) -> Chart:
    """Return the fall, what moved and others added up month by month."""
    import plotly.graph_objects as go

    course, data = study.tables["course"], []
    moved = (course[["fall", "moved", "others"]] != 0).any(axis=1).to_numpy()
    course = course.iloc[max(int(moved.argmax()) - 3, 0) :]
    x = course["month"].tolist()
    for name, colour, label, dash in (("fall", FEWER, "fewer on the squeezed route", "solid"),
                                      ("moved", MORE, "matched on other routes", "dash"),
                                      ("others", "#009E73", "others more there", "dot")):  # fmt: skip
        data += band(x, course[f"{name}_low"].tolist(), course[f"{name}_high"].tolist(), colour)
        data.append(go.Scatter(x=x, y=course[name].tolist(), name=label, mode="lines",
                               line={"color": colour, "width": 3, "dash": dash},
                               **hover(course[name])))  # fmt: skip
    said = times_words(study)
    columns = ["month", *(f"{name}{end}" for name in ("fall", "moved", "others") for end in ("", "_low", "_high"))]
    head = ("month", "fewer", "low", "high", "matched", "low ", "high ", "others more", "low  ", "high  ")
    table = Table("numbers-course", "Added up since the start", head,
                  tuple(tuple(row) for row in course[columns].itertuples(index=False)))  # fmt: skip
    figure = plain(data, yaxis={"title": {"text": "people, added up"}, "gridcolor": style.RULE},
                   xaxis={"gridcolor": style.RULE, "nticks": 5, "type": "date", "tickangle": 0})  # fmt: skip
    return Chart("course", "How long it takes", figure, f"{said[0].upper()}{said[1:]}.", table,
                 "Parts are of what had happened by the end of the run. Matched: by more of the same origin and "
                 f"need. {MEANS}")  # fmt: skip


def monthly_chart(label: str, route: str, arms: Mapping[str, pd.Series[float]]) -> Chart:
    """Return arrivals on a route by month, a line an arm.

    Parameters
    ----------
    label, route : name and id of the route.
    arms : arrivals by month, by the name of the arm.
    """
    import plotly.graph_objects as go

    looks = (style.SIMULATED, *style.OTHERS)
    data = [
        go.Scatter(x=[str(month) for month in series.index], y=series.tolist(), name=wrapped(arm), mode="lines",
                   line={"color": look["color"], "width": 2.2, "dash": DASHES[place]}, **hover(series))
        for place, ((arm, series), look) in enumerate(zip(arms.items(), looks, strict=False))
    ]  # fmt: skip
    totals = "; ".join(f"{arm} {people(float(series.sum()))}" for arm, series in arms.items())
    peaks = "; ".join(f"{arm} most in {series.idxmax()}" for arm, series in arms.items() if series.sum() > 0)
    figure = plain(
        data,
        yaxis={"title": {"text": "arrivals a month"}, "gridcolor": style.RULE, "rangemode": "tozero"},
        xaxis={"gridcolor": style.RULE, "nticks": 5, "type": "date", "tickangle": 0},
    )
    first = next(iter(arms.values()))
    table = Table(f"numbers-{route}", f"Arrivals by month, {label}", ("month", *arms),
                  tuple((str(month), *(float(series.loc[month]) for series in arms.values()))
                        for month in first.index))  # fmt: skip
    alt = f"Arrivals by month on the {label}. In all: {totals}. {peaks}."
    return Chart(f"monthly-{route}", f"Arrivals by month: {label}", figure, alt, table, height=300)  # fmt: skip


def outcome_charts(pairs: Pairs) -> list[Chart]:
    """Return diagrams from origin over country to outcome, without and with."""
    tables = lumped([outcomes(pairs, "without"), outcomes(pairs, "with_")])
    orders = {column: order_of(tables, column) for column in ("origin", "place", "outcome")}
    made = []
    for side, words, table in zip(("without", "with"), ("without the policy", "with the policy"), tables, strict=True):
        made.append(_outcomes(side, words, table, orders))
    return made


def _outcomes(side: str, words: str, table: pd.DataFrame, orders: Mapping[str, Sequence[str]]) -> Chart:
    import plotly.graph_objects as go

    nodes = [(column, label) for column in ("origin", "place", "outcome") for label in orders[column]]
    place_of = {node: place for place, node in enumerate(nodes)}
    source, target, value, tint = [], [], [], []
    for one, two in (("origin", "place"), ("place", "outcome")):
        for row in table.groupby([one, two])[["people"]].sum().reset_index().to_dict(orient="records"):
            source.append(place_of[one, row[one]])
            target.append(place_of[two, row[two]])
            value.append(whole(float(row["people"])))
            tint.append(_faint(COLOURS.get(row[two], "#9AA3AA")))
    shown = {*source, *target}
    # Where people are is not named where what came of it says the same.
    ends = {label for _, label in nodes[-len(orders["outcome"]) :]}
    names = [label if place in shown and not (column == "place" and label in ends) else ""
             for place, (column, label) in enumerate(nodes)]  # fmt: skip
    sankey = go.Sankey(
        node={"label": names, "customdata": [label for _, label in nodes],
              "hovertemplate": "%{customdata}: %{value}<extra></extra>", "pad": 8, "thickness": 12,
              "line": {"width": 0},
              "color": [COLOURS.get(label, "#6E7880") for _, label in nodes]},
        link={"source": source, "target": target, "value": value, "color": tint}, valueformat=",.0f",
    )  # fmt: skip
    outcome = table.groupby("outcome")["people"].sum().sort_values(ascending=False)
    inside = table[~table["place"].isin(NO_DESTINATION)].groupby("place")["people"].sum().sort_values(ascending=False)
    alt = (f"People who set out, {words}, at the end: "
           + "; ".join(f"{label} {people(float(many))}" for label, many in outcome.items())
           + ". In destination countries: "
           + "; ".join(f"{label} {people(float(many))}" for label, many in inside.items()) + ".")  # fmt: skip
    rows = table.sort_values("people", ascending=False).to_dict(orient="records")
    numbers = Table(f"numbers-outcome-{side}", f"People by origin, country and outcome, {words}",
                    ("origin", "where they are", "outcome", "people"),
                    tuple((row["origin"], row["place"], row["outcome"], row["people"]) for row in rows))  # fmt: skip
    figure = plain([sankey], margin={"l": 4, "r": 4, "t": 8, "b": 8}, hovermode="closest",
                   font={"size": 11, "family": "system-ui, sans-serif", "color": style.INK})  # fmt: skip
    return Chart(f"outcome-{side}", f"From origin to outcome, {words}", figure, alt, numbers,
                 "People who set out and are followed, at the end. Left: origin; middle: where they are; right: what "
                 "came of it.", height=460)  # fmt: skip


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.4)"
