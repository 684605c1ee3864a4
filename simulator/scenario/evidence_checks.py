"""What must hold of evidence: no number without source or range, no entry without document or use, no loose end."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from simulator.errors import Problem, nearest
from simulator.scenario.evidence_uses import ASSUMED, stated
from simulator.scenario.references import Corridors, kind_of, places
from simulator.scenario.seeds import Entry, Finding, Publisher
from simulator.scenario.tables import KEYS, TABLES

SETTINGS: Final = frozenset({
    "period.warm_up_days", "step_days", "persons_per_agent", "seed", "fit_member", "fit.loss",
    "corridor.reference_year", "corridor.wealth_classes.share",
})  # fmt: skip
"""Numbers that say how to run and how finely to cut, not how the world is."""
_OWNERS: Final = ("kind", "trust_range")
"""A mapping that has one of these says where its numbers come from."""
_BESIDE: Final = "_range"
"""A number may have its range beside it, under its own name with this at its end."""
_ENDS: Final = (-1.0, 0.0, 1.0)
"""Nothing, all, and the opposite of all: what the ends of a scale mean, which nobody measures."""
_TABLES: Final = "corridor.tables"
_LACKS: Final = re.compile(r"(?i)no corridor|not built|later than")
"""Words of a note by which corridors lack something: true until somebody writes the corridor."""


def check_findings(
    findings: Mapping[str, Entry[Finding]], publishers: Collection[str], cited: Collection[str], corridors: Corridors
) -> list[Problem]:
    """Return the problems of findings: documents, uses, and what they refer to.

    Parameters
    ----------
    findings : every finding, by id.
    publishers : ids that a finding may name as its document.
    cited : ids that scenarios name as sources.
    corridors : where fields that findings name are looked for.
    """
    problems: list[Problem] = []
    for name, entry in findings.items():
        finding = entry.content
        if finding.document not in publishers:
            advice = nearest(finding.document, list(publishers))
            problems.append(
                _problem(entry, name, "document", "is no entry of publishers.yaml", finding.document, advice)
            )
        if name.rpartition(".")[0] != finding.document:
            problems.append(_problem(entry, name, "document", "is not what the id starts with", finding.document))
        problems.extend(_loose_ends(name, entry, corridors))
        problems.extend(_use(name, entry, name in cited or bool(stated(finding))))
        problems.extend(_carried(name, entry))
        problems.extend(_stale(name, entry, corridors))
    return problems


def _stale(name: str, entry: Entry[Finding], corridors: Corridors) -> Iterator[Problem]:
    """Check that corridors still lack what an entry says that they lack, and that it says so in a field."""
    finding = entry.content
    for corridor, draft in corridors.items():
        raw = draft.tables.get("countries")
        countries = {str(row.get("country")) for row in raw.rows} if raw is not None else set()
        for code in sorted(countries.intersection(finding.no_corridor_has)):
            message = f"says that no corridor has {code}, but the corridor {corridor} has it"
            yield _problem(entry, name, "no_corridor_has", message, code)
    if finding.later_than and finding.later_than not in corridors:
        message = "names a corridor that is not there"
        yield _problem(
            entry, name, "later_than", message, finding.later_than, nearest(finding.later_than, list(corridors))
        )
    elif finding.later_than:
        last = str(corridors[finding.later_than].corridor.value["available"][1])
        if finding.date[:4] <= last[:4]:
            message = f"does not lie behind the corridor's last day, {last}"
            yield _problem(entry, name, "later_than", message, finding.date)
    said = _LACKS.search(finding.unused)
    if said and not (finding.no_corridor_has or finding.later_than):
        yield _problem(entry, name, "unused", f"says {said[0]!r}, which nothing checks", finding.unused,
                       "name the countries in 'no_corridor_has', or the corridor in 'later_than'")  # fmt: skip


def _carried(name: str, entry: Entry[Finding]) -> Iterator[Problem]:
    """Check that a mechanism is something that can carry a finding, and that a test holds it to that."""
    for reference in entry.content.mechanism:
        if kind_of(reference) != "code" and reference.partition(".")[0] not in ("parameters", "switches"):
            message = "is neither a function nor a parameter or switch"
            yield _problem(entry, name, "mechanism", message, reference)
    if entry.content.mechanism and not entry.content.test:
        yield _problem(entry, name, "test", "is missing: a mechanism needs a test that carries it")
    for reference in entry.content.test:
        if kind_of(reference) != "test":
            yield _problem(entry, name, "test", "is not written as tests/FILE.py::NAME", reference)


def check_publishers(
    publishers: Mapping[str, Entry[Publisher]], documents: Collection[str], cited: Collection[str], corridors: Corridors
) -> list[Problem]:
    """Return the problems of publishers: that something uses each, or that it says why nothing does.

    Parameters
    ----------
    publishers : every publisher, by id.
    documents : ids of those that have findings.
    cited : ids that scenarios name as sources.
    corridors : where fields that they name are looked for.
    """
    problems: list[Problem] = []
    for name, entry in publishers.items():
        problems.extend(_loose_ends(name, entry, corridors))
        used = name in cited or name in documents or bool(entry.content.used_by)
        problems.extend(_use(name, entry, used))
    return problems


def _problem(entry: Entry[Any], name: str, field: str, message: str, value: object = None, advice: str = "") -> Problem:
    return Problem(entry.mark.file, f"{name}.{field}", message, value, entry.mark.line, advice=advice)


def _use(name: str, entry: Entry[Finding] | Entry[Publisher], used: bool) -> Iterator[Problem]:
    """Check that something uses an entry or that it says why nothing does, and not both."""
    if not used and not entry.content.unused:
        yield _problem(entry, name, "unused", "nothing uses this entry, and it does not say why",
                       advice="name what uses it, or say in 'unused' why nothing does")  # fmt: skip
    if used and entry.content.unused:
        yield _problem(
            entry, name, "unused", "says why nothing uses the entry, but something does", entry.content.unused
        )


def _loose_ends(name: str, entry: Entry[Finding] | Entry[Publisher], corridors: Corridors) -> Iterator[Problem]:
    """Check that what an entry refers to exists."""
    for how, reference in stated(entry.content):
        if not places(reference, corridors):
            what = {"test": "a test", "code": "a function", "file": "a file", "field": "a field"}[kind_of(reference)]
            yield _problem(entry, name, how.replace(" ", "_"), f"names {what} that is not there", reference)


def unsupported_numbers(scenario: Mapping[str, Any], name: str) -> list[Problem]:
    """Return the problem of each number of a resolved scenario that has no source or no range, tables by column.

    Every number is looked at, wherever it stands, so that one in a field that is new does not slip through.

    Parameters
    ----------
    scenario : resolved scenario as plain values, as a record holds it.
    name : what to call it in problems.
    """
    sources: Mapping[str, Any] = scenario["sources"]
    problems = [
        Problem(name, field, message)
        for key, value in scenario.items()
        if key not in (*TABLES, "sources")
        for field, message in _numbers(value, key, sources)
    ]
    columns: Mapping[str, Any] = scenario["corridor"]["tables"]
    for table in TABLES:
        problems.extend(_column_problems(table, scenario.get(table) or (), columns.get(table) or {}, sources, name))
    return problems


def _numbers(value: Any, field: str, sources: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with each number at or below a field."""
    if field == _TABLES:  # with their rows
        return
    if isinstance(value, Mapping):
        if any(key in value for key in _OWNERS):
            yield from ((field, message) for message in _support(value, sources))
            return
        source = value.get("source")
        if source is not None and source != ASSUMED and source not in sources:
            yield field, f"names a source that does not exist: {source}"
        for key, item in value.items():
            if f"{key}{_BESIDE}" in value:
                yield from ((f"{field}.{key}", message) for message in _beside(item, value[f"{key}{_BESIDE}"]))
            elif key.removesuffix(_BESIDE) == key or key.removesuffix(_BESIDE) not in value:
                yield from _numbers(item, f"{field}.{key}", sources)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _numbers(item, field, sources)
    elif _is_number(value) and field not in SETTINGS:
        yield field, f"is a number without source or range: {value!r}"


def _beside(value: float, limits: Sequence[float] | None) -> Iterator[str]:
    """Yield what is wrong with a number on a scale, given the range that stands beside it."""
    if limits is None and value not in _ENDS:
        yield f"is a number without source or range: {value!r}"
    elif limits is not None and not limits[0] < limits[1]:
        yield f"is assumed, but its range has no width: {list(limits)}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _support(owner: Mapping[str, Any], sources: Collection[str]) -> Iterator[str]:
    """Yield what is missing of the evidence of one or several numbers."""
    source, kind = owner.get("source"), owner.get("kind", ASSUMED)
    may_assume = "trust_range" in owner
    if kind != ASSUMED and not source:
        yield f"is {kind}, but has no source"
    if source and source not in sources and not (may_assume and source == ASSUMED):
        yield f"names a source that does not exist: {source}"
    limits = owner.get("trust_range") or owner.get("range") or owner.get("factor")
    if kind != "measured" and limits is None:
        yield f"is {kind}, but has no range"
    if kind != "measured" and limits is not None and limits[0] == limits[1] and not _is_nothing(owner):
        yield f"is {kind}, but its range has no width: {list(limits)}"


def _is_nothing(owner: Mapping[str, Any]) -> bool:
    """Return whether all the numbers are zero by what they mean, such as a factor that ends something."""
    return all(dated["value"] == 0 for dated in owner.get("values", [{"value": owner.get("value", 1)}]))


def _column_problems(
    table: str, rows: Sequence[Mapping[str, Any]], file: Mapping[str, Any], sources: Collection[str], name: str
) -> Iterator[Problem]:
    """Yield the problems of the numeric columns of a table, and of the sources that its rows name."""
    evidence: Mapping[str, Any] = file.get("columns", {})
    numeric = {column for row in rows for column, value in row.items() if _is_number(value)} - {*KEYS[table]}
    for column in sorted(numeric | set(evidence)):
        if column not in evidence:
            yield Problem(name, f"{table}.{column}", "is a column of numbers without source or range")
        else:
            yield from (Problem(name, f"{table}.{column}", said) for said in _support(evidence[column], sources))
    for row in rows:
        if row.get("source") and row["source"] not in sources:
            key = ".".join((table, *(str(row[part]) for part in KEYS[table])))
            yield Problem(name, key, f"names a source that does not exist: {row['source']}")
