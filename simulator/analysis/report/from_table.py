"""The content of a report, from the table of a sweep that squeezes each route in turn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from simulator import __version__
from simulator.analysis.diversion import balloon
from simulator.analysis.diversion.estimates import Estimate, verdict
from simulator.analysis.diversion.figures.common import between, labels_of, number, signed
from simulator.analysis.diversion.figures.glance import hundred
from simulator.analysis.report.charts import DASHES, band, colours, plain
from simulator.analysis.report.content import Card, Cell, Chart, Finding, ReportContent, Table, Waffle

LIMITS: Final = (
    "Differences, not forecasts: the model compares efforts under stated assumptions and does not foretell totals.",
    "The 95% interval is over draws of what is not known, or, where there is one draw, over seeds alone.",
    "A person is counted on each route entered. Onward routes are left out of what moved.",
)  # fmt: skip
Design = Mapping[str, Any]


def from_table(table: pd.DataFrame, design: Design) -> ReportContent:
    """Return what a report says about a sweep.

    Parameters
    ----------
    table : see `simulator.analysis.diversion.balloon`.
    design : all optional: ``title question scenario name persons_per_agent version``, ``labels`` of routes, ``onward``
        (routes that others lead on to), ``effort`` (name of the axis), ``about`` (pairs of what was run), ``evidence``
        and ``assumptions`` (lists of rows as dicts, shown as they are), ``limits``, ``remake`` (pairs of command and
        what it makes), ``map`` (as `map_data` returns it).

    Raises
    ------
    InputError
        If the table is not what it should be.
    """
    table = balloon.check(table)
    known = [str(route) for route in design.get("labels", {}) if route in set(table["route"])]
    routes = [*known, *(route for route in dict.fromkeys(map(str, table["route"])) if route not in known)]
    squeezed = [route for route in routes if route in set(table["squeezed"])]
    labels = labels_of(design, routes)
    moved = balloon.diversion_by_effort(table, dict(design.get("onward", {})))
    full: dict[str, dict[Any, Any]] = {
        name: dict(moved[moved["squeezed"] == name].sort_values("effort").to_dict(orient="records")[-1])
        for name in squeezed
    }
    largest = max(squeezed, key=lambda name: full[name]["fall"])
    curves, axis = balloon.curves(table), str(design.get("effort", "effort"))
    charts = [chart for name in squeezed for chart in (
        _lines(curves, name, routes, labels, axis), _stack(curves, name, _stacked(design, name, routes), labels, axis),
        _deaths(curves, name, labels, axis),
    )]  # fmt: skip
    return ReportContent(
        title=str(design.get("title", "Squeeze the balloon")),
        question=str(design.get("question", "If control rises on one route, how many are stopped, how many move, and "
                                            "where do they go?")),
        answer=_answer(labels[largest], full[largest]), about=_about(table, design, squeezed, labels),
        cards=_cards(labels[largest], full[largest]), waffle=_waffle(table, design, largest, labels),
        findings=_findings(full, labels, curves),
        map=design.get("map"), charts=tuple(charts), comparison=(
            _by_effort(moved, labels), _matrix(table, design, labels), _elasticities(table, labels)),
        evidence=tuple(_rows(name, design[name]) for name in ("evidence", "assumptions") if design.get(name)),
        limits=(*LIMITS, *map(str, design.get("limits", ()))),
        remake=tuple((str(a), str(b)) for a, b in design.get("remake", ())),
        versions={"Corridor": str(design.get("version", __version__))},
    )  # fmt: skip


def _answer(label: str, row: Mapping[Any, Any]) -> str:
    if not row["fall"] > 0:
        return f"Full effort on the {label} does not lower arrivals there."
    if not row["fall_low"] > 0:
        return (f"Full effort on the {label}: {number(row['fall'])} fewer arrive there in the mean, but no fall can be "
                f"told apart from zero ({between(row['fall_low'], row['fall_high'])}).")  # fmt: skip
    return (
        f"Full effort on the {label}: {number(row['fall'])} fewer arrive there, and of every 100 of them "
        f"{number(100 * row['ratio'])} turn up on other routes ({between(row['low'], row['high'], 100)})."
    )


def _cards(label: str, row: Mapping[Any, Any]) -> tuple[Card, ...]:
    rest = row["fall"] - row["rise"]
    return (
        Card(f"{number(abs(row['fall']))} {'fewer' if row['fall'] >= 0 else 'more'}", f"arrive on the {label} at full "
             f"effort; 95% interval {between(row['fall_low'], row['fall_high'])}", "fewer"),
        Card(f"{number(abs(row['rise']))} {'more' if row['rise'] >= 0 else 'fewer'}",
             f"arrive on other routes; 95% interval {between(row['rise_low'], row['rise_high'])}", "more"),
        Card(f"{number(abs(rest))} {'fewer' if rest >= 0 else 'more'}", "arrive in all, whichever the route"),
    )  # fmt: skip


def _waffle(table: pd.DataFrame, design: Design, squeezed: str, labels: Mapping[str, str]) -> Waffle | None:
    """Return where those fewer on a route turn up, of every hundred; None where that cannot be told."""
    found = balloon.matrix(table, onward=dict(design.get("onward", {})))
    chosen_rows = found["squeezed"].eq(squeezed) & found["role"].eq("elsewhere")
    chosen = found[chosen_rows].set_index("route")["ratio"]
    if not np.isfinite(found.loc[chosen_rows, ["ratio", "low", "high"]].to_numpy()).all():
        return None
    counts = hundred({str(route): float(ratio) for route, ratio in chosen.items()})
    parts = [(f"on the {labels[route]}", count, f"m{min(place, 4)}")
             for place, (route, count) in enumerate(counts.items(), start=1)]  # fmt: skip
    parts.append(("on no other route", max(100 - sum(count for _, count, _ in parts), 0), "m0"))
    return Waffle(f"Of every 100 people fewer on the {labels[squeezed]}, at full effort", tuple(parts))


def _about(
    table: pd.DataFrame, design: Design, squeezed: list[str], labels: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    runs = table[["squeezed", "effort", "draw", "replicate"]].drop_duplicates()
    efforts = ", ".join(f"{effort:g}" for effort in sorted(table["effort"].unique()))
    rows = [("scenario", str(design["scenario"]))] if "scenario" in design else []
    rows += [("squeezed in turn", ", ".join(labels[name] for name in squeezed)), ("efforts", efforts),
             ("runs", f"{len(runs):,}: {table['draw'].nunique()} draws, {table['replicate'].nunique()} seeds each")]
    if "persons_per_agent" in design:
        rows.append(("people a row", f"{design['persons_per_agent']:,}"))
    return (*rows, *((str(a), str(b)) for a, b in design.get("about", ())))


def _findings(
    full: Mapping[str, Mapping[Any, Any]], labels: Mapping[str, str], curves: pd.DataFrame
) -> tuple[Finding, ...]:
    found = []
    for name, row in full.items():
        fall = Estimate(row["fall"], row["fall_low"], row["fall_high"], row["n"])
        judged = verdict(fall, Estimate(row["ratio"], row["low"], row["high"], row["n"]))
        deaths = curves.query("measure == 'deaths' and route == 'all' and squeezed == @name").sort_values("effort")
        first, last = float(deaths["mean"].iloc[0]), float(deaths["mean"].iloc[-1])
        found.append(Finding(_answer(labels[name], row), f"{judged.said.capitalize()}. Deaths on all routes go from "
                             f"{number(first)} to {number(last)} ({signed(last - first)})."))  # fmt: skip
    return tuple(found)


def _curve(curves: pd.DataFrame, squeezed: str, route: str, measure: str) -> pd.DataFrame:
    mask = curves["squeezed"].eq(squeezed) & curves["route"].eq(route) & curves["measure"].eq(measure)
    return curves[mask].sort_values("effort")


def _lines(curves: pd.DataFrame, squeezed: str, routes: list[str], labels: Mapping[str, str], axis: str) -> Chart:
    import plotly.graph_objects as go

    data: list[Any] = []
    rows: list[tuple[Cell, ...]] = []
    words = []
    for place, (route, colour) in enumerate(zip(routes, colours(len(routes)), strict=True)):
        part = _curve(curves, squeezed, route, "arrivals")
        x = part["effort"].tolist()
        data += band(x, part["low"].tolist(), part["high"].tolist(), colour)
        data.append(go.Scatter(x=x, y=part["mean"].tolist(), name=labels[route], mode="lines+markers",
                               line={"color": colour, "width": 4 if route == squeezed else 2,
                                     "dash": DASHES[place % len(DASHES)]}, hovertemplate="%{y:,.0f}"))  # fmt: skip
        rows += [(labels[route], *row) for row in part[["effort", "mean", "low", "high"]].itertuples(index=False)]
        words.append(f"{labels[route]} from {number(float(part['mean'].iloc[0]))} to "
                     f"{number(float(part['mean'].iloc[-1]))}")  # fmt: skip
    figure = plain(data, xaxis=_effort(axis), yaxis=_count("arrivals"))
    table = Table(f"numbers-balloon-{squeezed}", f"Arrivals, effort on the {labels[squeezed]}",
                  ("route", "effort", "arrivals", "low", "high"), tuple(rows))  # fmt: skip
    return Chart(f"balloon-{squeezed}", f"Squeeze the {labels[squeezed]}: arrivals by route", figure,
                 f"Arrivals as effort on the {labels[squeezed]} rises from least to full: {'; '.join(words)}.",
                 table)  # fmt: skip


def _stacked(design: Design, squeezed: str, routes: list[str]) -> list[str]:
    out = set(dict(design.get("onward", {})).get(squeezed, ()))
    return [squeezed, *(route for route in routes if route != squeezed and route not in out)]


def _stack(curves: pd.DataFrame, squeezed: str, routes: list[str], labels: Mapping[str, str], axis: str) -> Chart:
    import plotly.graph_objects as go

    every = list(labels)
    tints = dict(zip(every, colours(len(every)), strict=True))
    data, total = [], np.zeros(0)
    for route in routes:
        part = _curve(curves, squeezed, route, "arrivals")
        total = part["mean"].to_numpy() + (total if len(total) else 0.0)
        data.append(go.Scatter(x=part["effort"].tolist(), y=part["mean"].tolist(), name=labels[route], stackgroup="one",
                               line={"color": tints[route], "width": 1}, hovertemplate="%{y:,.0f}"))  # fmt: skip
    figure = plain(data, xaxis=_effort(axis), yaxis=_count("arrivals, stacked"))
    return Chart(f"stack-{squeezed}", f"Squeeze the {labels[squeezed]}: what is lost in height was stopped", figure,
                 f"Arrivals on all routes but onward ones, stacked: from {number(float(total[0]))} at least effort to "
                 f"{number(float(total[-1]))} at full effort on the {labels[squeezed]}.")  # fmt: skip


def _deaths(curves: pd.DataFrame, squeezed: str, labels: Mapping[str, str], axis: str) -> Chart:
    import plotly.graph_objects as go

    data: list[Any] = []
    rows: list[tuple[Cell, ...]] = []
    words = []
    for route, name, colour, dash in ((squeezed, f"on the {labels[squeezed]}", "#D55E00", "solid"),
                                      ("all", "on all routes together", "#1A1A1A", "dash")):  # fmt: skip
        part = _curve(curves, squeezed, route, "deaths_per_thousand").dropna(subset=["mean"])
        if part.empty:
            continue
        x = part["effort"].tolist()
        data += band(x, part["low"].tolist(), part["high"].tolist(), colour)
        data.append(go.Scatter(x=x, y=part["mean"].tolist(), name=name, mode="lines+markers",
                               line={"color": colour, "width": 3, "dash": dash}, hovertemplate="%{y:.2f}"))  # fmt: skip
        rows += [(name, *row) for row in part[["effort", "mean", "low", "high"]].itertuples(index=False)]
        words.append(f"{name} from {part['mean'].iloc[0]:.3g} to {part['mean'].iloc[-1]:.3g}")
    figure = plain(data, xaxis=_effort(axis), yaxis=_count("deaths per 1,000 attempts"))
    table = Table(f"numbers-deaths-{squeezed}", f"Deaths per thousand attempts, effort on the {labels[squeezed]}",
                  ("where", "effort", "mean", "low", "high"), tuple(rows))  # fmt: skip
    return Chart(f"deaths-{squeezed}", f"Squeeze the {labels[squeezed]}: deaths per thousand attempts", figure,
                 f"Deaths per thousand attempts as effort rises: {'; '.join(words)}.", table, height=320)  # fmt: skip


def _effort(axis: str) -> dict[str, Any]:
    return {"title": {"text": axis}, "gridcolor": "#D9D9D9", "zeroline": False}


def _count(title: str) -> dict[str, Any]:
    return {"title": {"text": title}, "gridcolor": "#D9D9D9", "rangemode": "tozero", "zeroline": False}


def _by_effort(moved: pd.DataFrame, labels: Mapping[str, str]) -> Table:
    rows = tuple(
        (labels[row["squeezed"]], row["effort"], row["fall"], row["rise"], *(_hundred(row[name]) for name in
         ("ratio", "low", "high"))) for row in moved.to_dict(orient="records"))  # fmt: skip
    head = ("squeezed route", "effort", "fewer there", "more elsewhere", "of every 100, elsewhere", "low", "high")
    return Table("comparison", "What each effort moves", head, rows, True, "Against the least effort, on common luck.")


def _matrix(table: pd.DataFrame, design: Design, labels: Mapping[str, str]) -> Table:
    found = balloon.matrix(table, onward=dict(design.get("onward", {})))
    rows = tuple((labels[row["squeezed"]], labels[row["route"]], row["role"], *(_hundred(row[name]) for name in
                  ("ratio", "low", "high"))) for row in found.to_dict(orient="records"))  # fmt: skip
    head = ("squeezed route", "other route", "part", "of every 100 fewer, there", "low", "high")
    return Table("matrix", "Diversion matrix, at full effort", head, rows, True,
                 "Onward routes: the same people are counted again there.")  # fmt: skip


def _elasticities(table: pd.DataFrame, labels: Mapping[str, str]) -> Table:
    found = balloon.elasticities(table)
    rows = tuple((labels[row["squeezed"]], labels[row["route"]], f"{row['effort_from']:g} to {row['effort_to']:g}",
                  *(_finite(row[name]) for name in ("elasticity", "low", "high")))
                 for row in found.to_dict(orient="records"))  # fmt: skip
    head = ("squeezed route", "flow on", "effort", "arc elasticity", "low", "high")
    return Table("elasticities", "Elasticities of arrivals to effort", head, rows, True,
                 "Changes relative to the mean of both ends, so that an effort of zero is no obstacle.")  # fmt: skip


def _hundred(value: float) -> float | None:
    return 100 * value if math.isfinite(value) else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _rows(name: str, rows: list[Mapping[str, Any]]) -> Table:
    head = tuple(dict.fromkeys(key for row in rows for key in row))
    return Table(name, name.capitalize(), head, tuple(tuple(row.get(key) for key in head) for row in rows))
