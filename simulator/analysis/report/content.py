"""What a report says, before it is a page: texts, findings, charts, tables, a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

Cell = str | float | int | None
SENTENCE: Final = 48
"""Letters from which a cell is a sentence, and no name."""


@dataclass(frozen=True)
class Table:
    """A table of the page.

    Attributes
    ----------
    id : its anchor.
    caption : what it shows.
    head : names of columns.
    rows : cells; numbers are shown rounded and sorted by their value.
    sortable : whether readers may sort it.
    note : what to mind, under it.
    """

    id: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    sortable: bool = False
    note: str = ""

    @cached_property
    def prose(self) -> bool:
        """Whether it holds sentences, so that on a phone its rows stand one under the other."""
        return any(isinstance(cell, str) and len(cell) > SENTENCE for row in self.rows for cell in row)


@dataclass(frozen=True)
class Chart:
    """A chart, as plotly's JavaScript takes it, with words and numbers for those who do not see it.

    Attributes
    ----------
    figure : ``data`` and ``layout``.
    alt : what it shows, in words.
    table : the numbers behind it.
    height : pixels.
    """

    id: str
    title: str
    figure: Mapping[str, Any]
    alt: str
    table: Table | None = None
    note: str = ""
    height: int = 360


@dataclass(frozen=True)
class Finding:
    """A main finding: a sentence, and what stands behind it."""

    text: str
    detail: str = ""


@dataclass(frozen=True)
class Card:
    """A number to take away: ``tone`` is fewer, more or plain."""

    big: str
    small: str
    tone: str = "plain"


@dataclass(frozen=True)
class Waffle:
    """Of every hundred people fewer: parts with their label, count and tone (a class of the page)."""

    title: str
    parts: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True)
class Bar:
    """Of every hundred who no longer arrive by a route, where they arrive instead: a row of the ten-second summary.

    Attributes
    ----------
    title, colour : the route, and its colour wherever it is drawn.
    big, small : how many fewer, and the interval.
    lead : how many of a hundred arrive by another route; why nothing is said, where there are no parts.
    parts : words, width in people of a hundred and colour of each part.
    total : of a hundred, low end, mean and high end of all who arrive by another route; empty without an interval.
    more : what else to say of the hundred.
    deaths, deaths_small : change of deaths, and what to know of it, line by line.
    """

    title: str
    colour: str
    lead: str
    big: str = ""
    small: str = ""
    parts: tuple[tuple[str, float, str], ...] = ()
    total: tuple[float, ...] = ()
    more: tuple[str, ...] = ()
    deaths: str = ""
    deaths_small: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportContent:
    """All that a report says.

    Attributes
    ----------
    title, question : of the page.
    answer : the answer in one sentence.
    cards, waffle : the ten-second summary of runs.
    bars, bars_note, bars_more : that of a sweep, a row a route; what was done, and what to know to read it.
    bars_heads : heads of the columns of known routes, and of the rows of which nothing is known.
    about : what was run, as pairs of name and value.
    findings : main findings, with intervals.
    map : data of the map with its slider, or None; see `simulator.analysis.report.map_data`.
    map_note : what the map shows, or why there is none.
    charts : charts in order.
    comparison : the sortable table, or tables.
    evidence : tables of evidence and assumptions.
    limits : what to mind.
    remake : commands, with what each does.
    versions : what made it.
    """

    title: str
    question: str
    answer: str
    about: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]
    charts: tuple[Chart, ...]
    comparison: tuple[Table, ...]
    evidence: tuple[Table, ...]
    limits: tuple[str, ...]
    remake: tuple[tuple[str, str], ...]
    cards: tuple[Card, ...] = ()
    waffle: Waffle | None = None
    bars: tuple[Bar, ...] = ()
    bars_note: str = ""
    bars_more: tuple[str, ...] = ()
    bars_heads: tuple[str, ...] = ()
    map: Mapping[str, Any] | None = None
    map_note: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def text_alternatives(self) -> Sequence[str]:
        """What every chart says in words."""
        return [chart.alt for chart in self.charts]
