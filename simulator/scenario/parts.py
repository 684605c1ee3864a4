"""A draft turned into validated parts, as far as each can be, so that all problems show at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from simulator.errors import Problem
from simulator.scenario.csv_file import rows_of
from simulator.scenario.draft import Draft
from simulator.scenario.evidence import ColumnEvidence, Quantity
from simulator.scenario.messages import mark_of, problems_of
from simulator.scenario.schema import CorridorFile, ScenarioFile
from simulator.scenario.tables import TABLES, CountryRow, LegRow, PlaceRow, Row
from simulator.scenario.yaml_file import KeyPath, Mark, dotted

Model = TypeVar("Model", bound=BaseModel)


@dataclass
class Parts:
    """The validated parts of a scenario.

    Attributes
    ----------
    draft : the values as read, with their marks.
    file : the scenario's own fields; those in `broken` are missing.
    corridor : the corridor; those of its fields in `broken` are missing.
    broken : fields and tables that could not be validated: checks that need them wait.
    problems : why.
    """

    draft: Draft
    file: ScenarioFile
    corridor: CorridorFile
    broken: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    rows: dict[str, tuple[Row, ...]] = field(default_factory=dict)

    @property
    def countries(self) -> tuple[CountryRow, ...]:
        """Countries."""
        return self.rows.get("countries", ())  # type: ignore[return-value]

    @property
    def places(self) -> tuple[PlaceRow, ...]:
        """Places."""
        return self.rows.get("places", ())  # type: ignore[return-value]

    @property
    def legs(self) -> tuple[LegRow, ...]:
        """Legs."""
        return self.rows.get("legs", ())  # type: ignore[return-value]

    def mark(self, *path: str | int) -> Mark:
        """Return where a field of the corridor was written."""
        return mark_of(self.draft.corridor.marks, path)

    def problem(
        self, path: KeyPath, message: str, value: object = None, allowed: str = "", advice: str = ""
    ) -> Problem:
        """Return a problem of a field of the corridor."""
        where = self.mark(*path)
        return Problem(where.file, dotted(path), message, value, where.line, allowed, advice)

    def row_problem(
        self, table: str, index: int, column: str, message: str, value: object = None, allowed: str = "",
        advice: str = "",
    ) -> Problem:  # fmt: skip
        """Return a problem of a cell of a table."""
        raw = self.draft.tables[table]
        where = raw.mark(index, column)
        name = ".".join((table, *raw.key(raw.rows[index]), *([column] if column else [])))
        return Problem(where.file, name, message, value, where.line, allowed, advice)

    def table_problem(self, table: str, message: str, value: object = None, advice: str = "") -> Problem:
        """Return a problem of a whole table."""
        return Problem(self.draft.tables[table].file, table, message, value, None, "", advice)


def _validate(
    model: type[Model], value: Any, marks: dict[KeyPath, Mark], broken: set[str]
) -> tuple[Model, list[Problem]]:
    """Return a model of `value`, without the fields that it refuses, and why it refuses them."""
    try:
        return model.model_validate(value), []
    except ValidationError as error:
        problems = problems_of(error, model, value, marks)
    given = value if isinstance(value, dict) else {}
    whole: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        if name not in given:
            if info.is_required():
                broken.add(name)
            continue
        try:
            whole[name] = TypeAdapter(info.rebuild_annotation()).validate_python(given[name])
        except ValidationError:
            broken.add(name)
    return model.model_construct(None, **whole), problems


def make_parts(draft: Draft) -> Parts:
    """Validate a draft's fields and tables."""
    broken: set[str] = set()
    file, problems = _validate(ScenarioFile, draft.scenario.value, draft.scenario.marks, broken)
    corridor, more = _validate(CorridorFile, draft.corridor.value, draft.corridor.marks, broken)
    more = [problem for problem in more if problem.field.split(".")[0] not in draft.unread]
    parts = Parts(draft, file, corridor, broken, [*problems, *more])
    for name in TABLES:
        if name not in draft.tables:
            broken.add(f"{name}.csv")
            continue
        parts.rows[name], more = rows_of(draft.tables[name])
        if more:
            broken.add(f"{name}.csv")
            parts.problems.extend(more)
    return parts


def bargained(parts: Parts) -> Iterator[tuple[KeyPath, Quantity]]:
    """Yield every number of regimes, bargains and responses, and its path."""
    for name in ("regimes", "bargains", "responses"):
        if name not in parts.broken:
            yield from _within((name,), getattr(parts.corridor, name))


def _within(path: KeyPath, value: Any) -> Iterator[tuple[KeyPath, Quantity]]:
    if isinstance(value, Quantity):
        yield path, value
    elif isinstance(value, BaseModel):
        for name, info in type(value).model_fields.items():
            yield from _within((*path, info.alias or name), getattr(value, name))
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _within((*path, key), each)
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            yield from _within((*path, index), each)


def quantities(parts: Parts) -> Iterator[tuple[KeyPath, Quantity]]:
    """Yield every behavioural parameter and its path."""
    if "parameters" in parts.broken:
        return
    for group in type(parts.corridor.parameters).model_fields:
        of_group = getattr(parts.corridor.parameters, group)
        for name in type(of_group).model_fields:
            yield ("parameters", group, name), getattr(of_group, name)


def columns(parts: Parts) -> Iterator[tuple[KeyPath, ColumnEvidence]]:
    """Yield the evidence of every column and its path."""
    if "tables" in parts.broken:
        return
    for name in TABLES:
        table = getattr(parts.corridor.tables, name)
        for column, evidence in table.columns.items() if table is not None else ():  # one that may be left out
            yield ("tables", name, "columns", column), evidence


def named_sources(parts: Parts) -> Iterator[tuple[str, Problem]]:
    """Yield every source that something names, with the problem to report if it does not exist."""
    yield from _sources_of_fit(parts)
    yield from _sources_of_fields(parts)
    for name, table in parts.rows.items():
        raw = parts.draft.tables[name]
        for index, row in enumerate(table):
            if row.source:
                where = raw.mark(index, "source")
                field_name = ".".join((name, *raw.key(raw.rows[index]), "source"))
                yield row.source, Problem(where.file, field_name, "", row.source, where.line)


def _sources_of_fit(parts: Parts) -> Iterator[tuple[str, Problem]]:
    """Yield the sources of the data that a corridor was fitted to, if a member of its fit holds."""
    fit = parts.draft.fit
    data = fit.value.get("data") if fit is not None and isinstance(fit.value, dict) else None
    if fit is None or not isinstance(data, list) or parts.draft.scenario.value.get("fit_member", 0) is None:
        return
    for index, source in enumerate(data):
        where = mark_of(fit.marks, ("data", index))
        yield str(source), Problem(where.file, f"data.{index}", "", source, where.line)


def _sources_of_fields(parts: Parts) -> Iterator[tuple[str, Problem]]:
    given: list[tuple[KeyPath, str | None]] = [
        *((path, quantity.source) for path, quantity in quantities(parts)),
        *((path, quantity.source) for path, quantity in bargained(parts)),
        *((path, column.source) for path, column in columns(parts)),
    ]
    corridor, broken = parts.corridor, parts.broken
    if "costs" not in broken and corridor.costs is not None:
        given.extend((("costs", name), quantity.source) for name, quantity in corridor.costs)
    for name in ("bargains", "responses"):
        if name not in broken:
            given.extend(((name, key), each.source) for key, each in getattr(corridor, name).items())
    if "regimes" not in broken and corridor.regimes is not None:
        given.extend((("regimes", "regimes", key), each.source) for key, each in corridor.regimes.regimes.items())
    if "observed" not in broken:
        given.extend((("observed", key), series.source) for key, series in corridor.observed.items())
    if "partnerships" not in broken:
        given.extend((("partnerships", i), p.source) for i, p in enumerate(corridor.partnerships))
    if "policies" not in broken:
        for key, policy in corridor.policies.items():
            given.append((("policies", key), policy.source))
            given.extend((("policies", key, "levers", i), c.source) for i, c in enumerate(policy.levers))
            given.extend((("policies", key, "payments", i), p.source) for i, p in enumerate(policy.payments))
    for path, source in given:
        may_assume = path[0] in ("partnerships", "policies", "bargains", "responses", "regimes") and len(path) <= 3
        if source is not None and not (may_assume and source == "assumed"):
            yield source, parts.problem((*path, "source"), "", source)
