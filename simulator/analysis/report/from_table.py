"""The content of a report, from the table of a sweep that squeezes each route in turn."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from simulator import __version__
from simulator.analysis.diversion import balloon
from simulator.analysis.diversion.balance import Balance
from simulator.analysis.diversion.figures.balance_words import (
    CONTROL,
    FALL,
    INSTEAD,
    ORDER,
    STRESS,
    UNKNOWN,
    WHOLE,
    balances_of,
    deaths_where,
    deaths_words,
    fall_words,
    headline,
    lead_words,
    notes,
    nothing_words,
    parts_of,
    share_words,
    spans,
    under_words,
)
from simulator.analysis.diversion.figures.common import (
    NOWHERE,
    base_of,
    between,
    effort_axis,
    join,
    labels_of,
    more_words,
    rise_words,
)
from simulator.analysis.diversion.figures.glance import MATCHED
from simulator.analysis.diversion.within import MEANS
from simulator.analysis.report.charts import colours
from simulator.analysis.report.content import Bar, Finding, ReportContent, Table
from simulator.analysis.report.sweep_charts import charts_of
from simulator.numbers import people

LIMITS: Final = (
    "Differences, not forecasts: the model compares efforts under stated assumptions and does not foretell totals.",
    "The 95% interval is over draws of what is not known, or, where there is one draw, over seeds alone.",
    "A person is counted on each route entered. Routes on which people are counted another time are left out.",
    MEANS,
)  # fmt: skip
Design = Mapping[str, Any]


def from_table(table: pd.DataFrame, design: Design) -> ReportContent:
    """Return what a report says about a sweep.

    Parameters
    ----------
    table : see `simulator.analysis.diversion.balloon`.
    design : ``people`` (arrivals by origin and need: see `balloon.PEOPLE`); all else optional: ``title question
        scenario name persons_per_agent version versions``, ``labels`` of routes,
        ``onward`` (routes that others lead on to), ``effort`` (name of the axis), ``effort_unit``, ``as_it_was`` (the
        effort that changes nothing), ``attempts`` (where attempts are counted, in words), ``deaths`` (deaths anywhere:
        see `simulator.analysis.diversion.balance.balances`), ``about`` (pairs of what was run), ``evidence`` and
        ``assumptions`` (lists of rows as dicts, shown as they are), ``limits``, ``remake`` (pairs of command and what
        it makes), ``map`` (as `map_of` returns it), ``map_note`` (what it shows, or why there is none).

    Raises
    ------
    InputError
        If the table is not what it should be.
    """
    table = balloon.check(table)
    known = [str(route) for route in design.get("labels", {}) if route in set(table["route"])]
    routes = [*known, *(route for route in dict.fromkeys(map(str, table["route"])) if route not in known)]
    labels = labels_of(design, routes)
    found = balances_of(table, design)
    base = base_of(design)
    curves = balloon.curves(table)
    charts = [chart for each in found for chart in charts_of(curves, each.squeezed, each.base, labels, design)]
    return ReportContent(
        title=str(design.get("title", "Squeeze the balloon")),
        question=str(design.get("question", "If control rises on one route, how many are stopped, and how many more "
                                            "of the same origin and need come elsewhere?")),
        answer=_answer(found, labels), about=_about(table, design, [each.squeezed for each in found], labels),
        bars=tuple(_bar(each, labels) for each in found), bars_note=_bars_note(found[0], design),
        bars_more=tuple(notes(found, table, design)), bars_heads=(FALL, INSTEAD, deaths_where(design), UNKNOWN),
        findings=_findings(found, labels, design), map=design.get("map"), map_note=str(design.get("map_note", "")),
        charts=tuple(charts), comparison=(
            _by_effort(balloon.diversion_by_effort(table, design.get("people"), dict(design.get("onward", {})), base),
                       labels, design),
            _matrix(table, design, labels), _elasticities(table, labels)),
        evidence=tuple(_rows(name, design[name]) for name in ("evidence", "assumptions") if design.get(name)),
        limits=(*LIMITS, *map(str, design.get("limits", ()))),
        remake=tuple((str(a), str(b)) for a, b in design.get("remake", ())),
        versions=design.get("versions") or {"Corridor": str(design.get("version", __version__))},
    )  # fmt: skip


def _answer(found: Sequence[Balance], labels: Mapping[str, str]) -> str:
    """Return the answer in a sentence: how many of a hundred are matched elsewhere, and of which nothing is known."""
    left = [labels[each.squeezed] for each in found if not each.known]
    rest = f" {join(left)}: cannot be told from these runs." if left and len(left) < len(found) else ""
    return f"{headline(found, labels)}.{rest}"


def _bars_note(each: Balance, design: Design) -> str:
    when = f"{design['when']}. " if design.get("when") else ""
    rises = rise_words(design, each.base, each.effort)
    return f"{when}{CONTROL} rises on one route at a time {rises}, all else as it was: {STRESS}. {ORDER}"


def _bar(each: Balance, labels: Mapping[str, str]) -> Bar:
    """Return a squeezed route's row of the summary."""
    tints = dict(zip(labels, colours(len(labels)), strict=True))
    label, colour = labels[each.squeezed], tints[each.squeezed]
    deaths, more = deaths_words(each, labels)
    if not each.known:
        return Bar(label, colour, nothing_words(each), deaths=deaths, deaths_small=tuple(more))
    parts = parts_of(each, labels)
    drawn = tuple((part.said, end - start, tints.get(part.route, NOWHERE))
                  for part, (start, end) in zip(parts, spans(parts), strict=True))  # fmt: skip
    total = tuple(WHOLE * end for end in (each.ratio.low, each.ratio.mean, each.ratio.high))
    said = tuple(under_words(each))
    return Bar(label, colour, lead_words(each), *fall_words(each), drawn,
               total if all(map(math.isfinite, total)) else (), said, deaths, tuple(more))  # fmt: skip


def _about(
    table: pd.DataFrame, design: Design, squeezed: list[str], labels: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    runs = table[["squeezed", "effort", "draw", "replicate"]].drop_duplicates()
    efforts = ", ".join(f"{effort:g}" for effort in sorted(table["effort"].unique()))
    draws, seeds = table["draw"].nunique(), table["replicate"].nunique()
    rows = [("scenario", str(design["scenario"]))] if "scenario" in design else []
    rows += [("routes, one at a time", ", ".join(labels[name] for name in squeezed)),
             (effort_axis(design).lower(), efforts),
             ("runs", f"{len(runs):,}: {draws} draw{'s' if draws > 1 else ''}, {seeds} seed{'s' if seeds > 1 else ''} "
                      "each")]  # fmt: skip
    if "persons_per_agent" in design:
        rows.append(("people a row", f"{design['persons_per_agent']:,}"))
    return (*rows, *((str(a), str(b)) for a, b in design.get("about", ())))


def _findings(found: Sequence[Balance], labels: Mapping[str, str], design: Design) -> tuple[Finding, ...]:
    made = []
    for each in found:
        label = labels[each.squeezed]
        change, more = deaths_words(each, labels)
        died = f"{deaths_where(design)}: {change}: {'; '.join(more)}."
        if each.known:
            made.append(Finding(
                f"{label}: {people(each.fall.mean)} fewer arrive there ({between(each.fall.low, each.fall.high)}); of "
                f"every 100 of them, {share_words(each)} are {MATCHED}.",
                f"All together, {more_words(each.rise)[0]} come by other routes ({more_words(each.rise)[1]}); "
                f"{people(each.moved.mean)} match the fall. {each.verdict.said.capitalize()}. {died}"))  # fmt: skip
        else:
            made.append(Finding(f"{label}: {nothing_words(each)}", died))
    return tuple(made)


def _by_effort(moved: pd.DataFrame, labels: Mapping[str, str], design: Design) -> Table:
    rows = tuple(
        (labels[row["squeezed"]], row["effort"], row["fall"], row["fallen"], row["moved"], row["others"], row["rise"],
         *(_hundred(row[name]) for name in
         ("ratio", "low", "high"))) for row in moved.to_dict(orient="records"))  # fmt: skip
    head = ("squeezed route", "effort", "fewer there, all together", "fewer, of origins and needs that fell",
            "of them matched elsewhere", "others more elsewhere", "more elsewhere, all together",
            "of every 100 fewer, matched", "low", "high")  # fmt: skip
    return Table("comparison", "What each effort makes fall and rise", head, rows, True, f"{_against(design)} {MEANS}")


def _matrix(table: pd.DataFrame, design: Design, labels: Mapping[str, str]) -> Table:
    found = balloon.matrix(table, design.get("people"), None, dict(design.get("onward", {})), base_of(design))
    rows = tuple((labels[row["squeezed"]], labels[row["route"]], *(_hundred(row[name]) for name in
                  ("ratio", "low", "high")), row["people"]) for row in found.to_dict(orient="records"))  # fmt: skip
    head = ("squeezed route", "other route", "of every 100 fewer, matched by it", "low", "high", "people")
    return Table("matrix", "Diversion matrix, at full effort", head, rows, True,
                 f"{_against(design)} {MEANS}")  # fmt: skip


def _against(design: Design) -> str:
    return f"Against effort {'as it was' if base_of(design) is not None else 'at its least'}, on common luck."


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
    # A column that says nothing is left out.
    head = tuple(dict.fromkeys(key for row in rows for key in row if any(each.get(key) for each in rows)))
    return Table(name, name.capitalize(), head, tuple(tuple(row.get(key) for key in head) for row in rows))
