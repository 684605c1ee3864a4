"""What a scenario resolves to, value by value, and where each value came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypedDict

from simulator.errors import InputError, Problem, nearest
from simulator.scenario.csv_file import RawTable
from simulator.scenario.draft import SCENARIO_FIELDS, FittedCell
from simulator.scenario.evidence import ColumnEvidence, Quantity
from simulator.scenario.load import Resolved, resolve
from simulator.scenario.messages import mark_of
from simulator.scenario.tables import COLUMN_UNITS, TABLES, Row
from simulator.scenario.yaml_file import Document, KeyPath, Mark, dotted

_OF_NUMBERS: Final = ("value", "million_eur", "trust")
_OF_EVIDENCE: Final = ("unit", "kind", "factor", "range", "source", "note", "trust_range")


class Explanation(TypedDict):
    """One value of a scenario.

    Attributes
    ----------
    field : dotted field; ``TABLE.COLUMN`` sums up a column of a table.
    value, unit : the value, in canonical units for parameters.
    kind, range, source, note : its evidence; empty where it is no number from the world.
    evidence : what the source is, and what it says if it is a finding; of a field that names a source, too.
    file, line : where it was written; ``default`` for what the files leave out.
    override : override that laid it over, or an option of the command line, or None.
    """

    field: str
    value: Any
    unit: str
    kind: str
    range: tuple[float, float] | None
    source: str
    evidence: str
    note: str
    file: str
    line: int | None
    override: str | None


def explain(scenario: str | Path | Resolved, field: str | None = None, **changes: Any) -> list[Explanation]:
    """Return every value of a scenario, with its evidence and where it came from.

    Parameters
    ----------
    scenario : name or path, or what `resolve` returned.
    field : dotted field, or its beginning; with the key of a table's row, that row's cells.
    changes : as for `load`: seed, overrides, set ...

    Raises
    ------
    InputError
        If the scenario has problems, or no field starts so.
    """
    resolved = scenario if isinstance(scenario, Resolved) else resolve(scenario, **changes)
    found = [*_own_fields(resolved), *_parameters(resolved), *_corridor_fields(resolved), *_columns(resolved)]
    if field is None:
        return _cited(found, resolved)
    chosen = [each for each in found if each["field"] == field or each["field"].startswith(field + ".")]
    chosen.extend(each for each in _cells(resolved, field))
    if chosen:
        return _cited(chosen, resolved)
    known = {each["field"] for each in found}
    known.update(name.rsplit(".", 1)[0] for name in list(known))
    for name, table in resolved.draft.tables.items():
        known.update(".".join((name, *table.key(row))) for row in table.rows)
    raise InputError([Problem("explain", field, "there is no such field", advice=nearest(field, sorted(known)))])


def _cited(rows: list[Explanation], resolved: Resolved) -> list[Explanation]:
    """Fill in what the source of each value is, and return the rows."""
    for row in rows:
        identifier = row["value"] if row["field"].endswith(".source") else row["source"]
        source = resolved.scenario.sources.get(str(identifier))
        row["evidence"] = source.cite() if source else ""
    return rows


def _row(
    field: str, value: Any, mark: Mark, unit: str = "", kind: str = "", low_high: tuple[float, float] | None = None,
    source: str | None = "", note: str = "",
) -> Explanation:  # fmt: skip
    return Explanation(field=field, value=value, unit=unit, kind=kind, range=low_high, source=source or "",
                       evidence="", note=note, file=mark.file, line=mark.line, override=mark.override)  # fmt: skip


def _written(document: Document, path: KeyPath) -> Mark:
    """Return where a field was written, or that it was left out."""
    return document.marks.get(path, Mark("default", None))


def _own_fields(resolved: Resolved) -> Iterator[Explanation]:
    """Yield the scenario's own fields."""
    scenario, document = resolved.scenario, resolved.draft.scenario
    yield _row("scenario", scenario.name, _written(document, ("scenario",)))
    yield _row("base", scenario.base, _written(document, ("base",)))
    yield _row("overrides", list(scenario.overrides), _written(document, ("overrides",)))
    for name in SCENARIO_FIELDS:
        if name == "period":
            for edge in ("start", "end"):
                mark = _written(document, ("period", edge))
                yield _row(f"period.{edge}", getattr(scenario.period, edge), mark)
        else:
            value = getattr(scenario, name)
            shown_value = list(value) if isinstance(value, tuple) else value
            yield _row(name, shown_value, _written(document, (name,)))
    yield _row("fit_member", scenario.fit_member, _written(document, ("fit_member",)))
    if scenario.fit is not None and resolved.draft.fit is not None:
        for name, value in scenario.fit:
            shown_value = list(value) if isinstance(value, tuple) else value
            yield _row(f"fit.{name}", shown_value, _written(resolved.draft.fit, (name,)))


def _parameters(resolved: Resolved) -> Iterator[Explanation]:
    """Yield behavioural parameters and switches."""
    corridor, document = resolved.scenario.corridor, resolved.draft.corridor
    for group in type(corridor.parameters).model_fields:
        for name, quantity in getattr(corridor.parameters, group):
            assert isinstance(quantity, Quantity)
            path: KeyPath = ("parameters", group, name)
            yield _row(dotted(path), quantity.value, mark_of(document.marks, path), quantity.unit, quantity.kind,
                       quantity.range, quantity.source, quantity.note)  # fmt: skip
    for name, value in corridor.switches:
        yield _row(f"switches.{name}", value, _written(document, ("switches", name)))


def _corridor_fields(resolved: Resolved) -> Iterator[Explanation]:
    """Yield the corridor's other fields as its files have them, overrides laid over."""
    document = resolved.draft.corridor
    for key, value in document.value.items():
        if key not in ("parameters", "switches", "tables", "title", "summary"):
            yield from _leaves(document, value, (key,), None)


def _leaves(document: Document, value: Any, path: KeyPath, owner: Mapping[str, Any] | None) -> Iterator[Explanation]:
    """Yield every value below a path; `owner` is the nearest thing above that carries evidence."""
    if isinstance(value, dict) and value:
        owner = value if "kind" in value or "trust_range" in value else owner
        for key, item in value.items():
            if not (value is owner and key in _OF_EVIDENCE):
                yield from _leaves(document, item, (*path, key), owner)
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(document, item, (*path, index), owner)
    elif owner is not None and path[-1] in _OF_NUMBERS and isinstance(value, int | float):
        mark = mark_of(document.marks, path)
        unit = {"million_eur": "million_eur", "trust": "1"}.get(str(path[-1]), str(owner.get("unit", "")))
        low_high = owner.get("trust_range") or owner.get("range") or _spread(value, owner.get("factor"))
        yield _row(dotted(path), value, mark, unit, str(owner.get("kind", "assumed")),
                   None if low_high is None else (low_high[0], low_high[1]), owner.get("source"),
                   str(owner.get("note", "")))  # fmt: skip
    else:
        yield _row(dotted(path), value, mark_of(document.marks, path))


def _spread(value: float, factor: Any) -> tuple[float, float] | None:
    """Return the range of a value whose range is given as factors."""
    if factor is None:
        return None
    low, high = sorted((value * factor[0], value * factor[1]))
    return low, high


def _columns(resolved: Resolved) -> Iterator[Explanation]:
    """Yield one line a numeric column: how many values, from where to where, and their evidence."""
    for name in TABLES:
        file = getattr(resolved.scenario.corridor.tables, name)
        if file is None:
            continue
        table: tuple[Row, ...] = getattr(resolved.scenario, name)
        for column in COLUMN_UNITS[name]:
            evidence = file.columns.get(column)
            if evidence is None:
                continue
            values = [value for row in table if (value := getattr(row, column)) is not None]
            said = f"{len(values)} values" + (f", {min(values):g} to {max(values):g}" if values else "")
            mark = mark_of(resolved.draft.corridor.marks, ("tables", name, "columns", column))
            yield _row(f"{name}.{column}", f"{said}, in {file.file}", mark, evidence.unit, evidence.kind,
                       evidence.factor, evidence.source, evidence.note)  # fmt: skip


def _cells(resolved: Resolved, field: str) -> Iterator[Explanation]:
    """Yield the cells of the rows that a field names by their key, or by its beginning."""
    name, _, rest = field.partition(".")
    raw = resolved.draft.tables.get(name)
    if raw is None or not rest:
        return
    columns = getattr(resolved.scenario.corridor.tables, name).columns
    for index, row in enumerate(getattr(resolved.scenario, name)):
        key = ".".join(raw.key(raw.rows[index]))
        if f"{rest}.".startswith(f"{key}.") or key.startswith(f"{rest}."):
            for column in type(row).model_fields:
                cell = f"{name}.{key}.{column}"
                if cell == field or cell.startswith(field + "."):
                    fitted = resolved.draft.fitted.get((name, *raw.key(raw.rows[index]), column))
                    yield _cell(raw, index, row, column, cell, columns.get(column), fitted)


def _cell(
    raw: RawTable, index: int, row: Row, column: str, field: str, evidence: ColumnEvidence | None,
    fitted: FittedCell | None,
) -> Explanation:  # fmt: skip
    value, mark = getattr(row, column), raw.mark(index, column)
    if evidence is None or value is None:
        return _row(field, value, mark)
    if fitted is not None and fitted.mark == mark:
        return _row(field, value, mark, evidence.unit, "fitted", fitted.limits, fitted.source, row.note)
    return _row(field, value, mark, evidence.unit, "assumed" if mark.override else evidence.kind,
                _spread(value, evidence.factor), row.source or evidence.source, row.note or evidence.note)  # fmt: skip
