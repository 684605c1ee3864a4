"""What a record says of the scenario that ran, value by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from simulator.errors import InputError, Problem, nearest
from simulator.scenario.evidence import Source

EVIDENCE = ("unit", "kind", "range", "source", "note")


def explain_record(record: Mapping[str, Any], file: str, field: str | None = None) -> list[dict[str, Any]]:
    """Return the values of a recorded scenario with their evidence, as `explain` does for a scenario's files.

    Parameters
    ----------
    file : where the record stands, as the user knows it.
    field : dotted field, or its beginning; without it, tables are summed up by their number of rows.

    Raises
    ------
    InputError
        If no field starts so.
    """
    try:
        return _explained(record, file, field)
    except (ValidationError, AttributeError, TypeError, KeyError, RecursionError) as error:
        said = f"holds a scenario that this version of Corridor cannot explain: {str(error).splitlines()[0]}"
        raise InputError([Problem(file, "scenario", said, advice="use the version that ran it")]) from None


def _explained(record: Mapping[str, Any], file: str, field: str | None) -> list[dict[str, Any]]:
    rows = [row for row in _leaves(record["scenario"], "", file, whole=field is not None)]
    chosen = [row for row in rows if field is None or f"{row['field']}.".startswith(f"{field}.")]
    if not chosen:
        known = sorted({str(row["field"]) for row in rows})
        raise InputError([Problem(file, str(field), "there is no such field", advice=nearest(str(field), known))])
    sources = record["scenario"].get("sources", {})
    for row in chosen:
        identifier = row["value"] if row["field"].endswith(".source") else row["source"]
        said = sources.get(identifier) if isinstance(identifier, str) else None
        row["evidence"] = Source.model_validate(said).cite() if said else ""
    return chosen


def _leaves(content: Any, path: str, file: str, *, whole: bool) -> Iterator[dict[str, Any]]:
    if isinstance(content, Mapping) and content:
        if {"value", "unit", "kind"} <= set(content):
            yield _row(path, content["value"], file, content)
            return
        for key, value in content.items():
            yield from _leaves(value, _join(path, key), file, whole=whole)
    elif isinstance(content, list) and content and isinstance(content[0], Mapping):
        if not whole:
            yield _row(path, f"{len(content)} rows", file, {})
            return
        for index, value in enumerate(content):
            name = next((str(value[key]) for key in ("place", "leg") if key in value and key in path), str(index))
            yield from _leaves(value, _join(path, name), file, whole=whole)
    else:
        yield _row(path, content, file, {})


def _join(path: str, key: object) -> str:
    """Return a dotted field; what the corridor's file holds is named as it is there."""
    return str(key) if path in ("", "corridor") else f"{path}.{key}"


def _row(path: str, value: Any, file: str, evidence: Mapping[str, Any]) -> dict[str, Any]:
    said = {key: evidence.get(key) or "" for key in EVIDENCE} | {"range": evidence.get("range")}
    return {"field": path, "value": value, **said, "file": file, "line": None, "override": None}
