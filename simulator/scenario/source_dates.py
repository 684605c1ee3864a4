"""Whether a source can know what it is cited for: one that is older than an event cannot say that it happened."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from simulator.errors import Problem
from simulator.scenario.evidence import Source
from simulator.scenario.parts import Parts, bargained, columns, quantities
from simulator.scenario.policies import LeverChange, Policy
from simulator.scenario.seeds import read_finding, read_publisher
from simulator.scenario.yaml_file import KeyPath

_DAY: Final = re.compile(r"(?<!\d)(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?(?!\d)")
_AHEAD: Final = timedelta(days=62)
"""A law, decision or statement tells what begins within weeks of it; what comes later it can only hope."""
_OWNED: Final = re.compile(r"(?i)hindsight")
"""What a note says of values that were set by somebody who knew what came."""
_FILLED: Final = re.compile(r"(?i)\b(held|assumed)\b")
"""What a note says of a row that no source gives."""
_ADVICE: Final = (
    "name a source that is as young, or leave it out, mark it assumed, and say in 'note': set with hindsight"
)


def last_day(text: str) -> date | None:
    """Return the last day that a date in words can mean, the end of 2017 for ``2014 to 2017``; None if it has none."""
    days = [day for found in _DAY.findall(text) if (day := _end(*found))]
    return max(days, default=None)


def _end(year: str, month: str, day: str) -> date | None:
    """Return the last day of a year or month, or the day; None for what is no day of the calendar."""
    number = int(month or 12)
    try:
        if day:
            return date(int(year), number, int(day))
        return date(int(year) + number // 12, number % 12 + 1, 1) - timedelta(days=1)
    except (ValueError, OverflowError):
        return None


def published(identifier: str, own: Mapping[str, Source]) -> date | None:
    """Return the last day on which a source can have been written: of a finding, that of its document."""
    if identifier in own:
        return last_day(own[identifier].date)
    finding = read_finding(identifier)
    publisher = read_publisher(finding.content.document if finding is not None else identifier)
    return None if publisher is None else last_day(publisher.content.date)


def sources_too_old(parts: Parts) -> Iterator[Problem]:
    """Yield each source of a corridor that is older than what it is cited for.

    Values of levers that are assumed may be younger than the source of their policy if their note says that they were
    set with hindsight. Rows may be younger than their source if their note says that they are held or assumed.
    """
    own = {} if "sources" in parts.broken else parts.corridor.sources
    if "policies" not in parts.broken:
        for key, policy in parts.corridor.policies.items():
            yield from _of_policy(parts, ("policies", key), policy, own)
    if "partnerships" not in parts.broken:
        for index, partner in enumerate(parts.corridor.partnerships):
            days = [partner.since] if partner.since else []
            yield from _older(parts, ("partnerships", index), "since", partner.source, days, own)
    dated = [*((path, q.source, q.date, False) for path, q in (*quantities(parts), *bargained(parts))),
             *((path, column.source, column.date, True) for path, column in columns(parts))]  # fmt: skip
    for path, source, text, to_the_end in dated:
        years = [int(found[0]) for found in _DAY.findall(text or "")]
        if years:  # what is promised may run on; what a column tells of must have been
            day = date(years[-1] if to_the_end else years[0], 1, 1)
            yield from _older(parts, path, "date", source, [day], own)
    yield from _of_rows(parts, own)


def _of_policy(parts: Parts, path: KeyPath, policy: Policy, own: Mapping[str, Source]) -> Iterator[Problem]:
    yield from _older(parts, path, "announced", policy.source, [policy.announced], own)
    for index, payment in enumerate(policy.payments):
        at = (*path, "payments", index)
        yield from _older(parts, at, "from", payment.source, [payment.from_], own)
    for index, change in enumerate(policy.levers):
        yield from _of_lever(parts, (*path, "levers", index), change, policy.source, own)


def _of_lever(
    parts: Parts, path: KeyPath, change: LeverChange, of_policy: str, own: Mapping[str, Source]
) -> Iterator[Problem]:
    """Check a lever's values against their own source, and else, unless their note owns up, against their policy's."""
    if change.source or not _OWNED.search(change.note):
        days = [value.from_ for value in change.values]
        yield from _older(parts, path, "values", change.source or of_policy, days, own)


def _older(
    parts: Parts, path: KeyPath, field: str, source: str | None, days: Iterable[date], own: Mapping[str, Source]
) -> Iterator[Problem]:
    """Yield the problem of a source that is older than the last of some days."""
    known = published(source, own) if source and source != "assumed" else None
    day = max(days, default=None)
    if known is not None and day is not None and day - known > _AHEAD:
        message = f"is later than the source cited for it, {source}, which ends on {known}"
        yield parts.problem((*path, field), message, str(day), advice=_ADVICE)


def _of_rows(parts: Parts, own: Mapping[str, Source]) -> Iterator[Problem]:
    """Yield the problems of rows that name a source of their own and are younger than it."""
    for table, rows in parts.rows.items():
        for index, row in enumerate(rows):
            when = getattr(row, "year", None) or getattr(row, "month", None)
            known = published(row.source, own) if row.source and when else None
            if known is not None and int(str(when)[:4]) > known.year and not _FILLED.search(row.note):
                message = f"is later than the source cited for it, {row.source}, which ends on {known}"
                yield parts.row_problem(table, index, "source", message, str(when), advice=_ADVICE)


__all__ = ["last_day", "published", "sources_too_old"]
