"""Validation errors as problems that a reader of the file understands: where, what, what is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from simulator.errors import Problem, nearest
from simulator.scenario.shape import known_keys
from simulator.scenario.yaml_file import KeyPath, Mark, dotted

_PATTERNS: Final[dict[str, str]] = {
    r"^[a-z0-9][a-z0-9._-]*$": "lower-case letters, digits, dots, hyphens and underscores, such as eu-turkey-2016",
    r"^([A-Z]{3}|EU)$": "a country's three capital letters (ISO 3166-1 alpha-3), or EU",
    r"^(19[5-9]\d|20\d\d|2100)-(0[1-9]|1[0-2])$": "a month, YYYY-MM, from 1950 to 2100",
}

_NOT_A: Final[tuple[tuple[tuple[str, ...], str, str], ...]] = (
    (("float_parsing", "float_type", "decimal_parsing"), "is not a number", "a number"),
    (("int_parsing", "int_type", "int_from_float", "int_parsing_size"), "is not a whole number", "a whole number"),
    (("finite_number",), "is not a finite number", "a finite number"),
    (("bool_parsing", "bool_type"), "is neither true nor false", "true or false"),
    (("string_type",), "is not text", "text"),
    (("date_parsing", "date_type", "date_from_datetime_parsing", "date_from_datetime_inexact"),
     "is not a date", "a date, YYYY-MM-DD"),
    (("tuple_type", "list_type"), "is not a list", "a list"),
    (("dict_type", "model_type", "model_attributes_type", "mapping_type"), "is not a set of keys", "key: value pairs"),
)  # fmt: skip

_BOUNDS: Final[tuple[tuple[str, str, str], ...]] = (
    ("greater_than_equal", "ge", "at least"),
    ("less_than_equal", "le", "at most"),
    ("greater_than", "gt", "more than"),
    ("less_than", "lt", "less than"),
)


def describe(error: ErrorDetails) -> tuple[str, str]:
    """Return what is wrong and what is allowed, in plain words."""
    kind: str = error["type"]
    context: Mapping[str, Any] = error.get("ctx", {})
    for kinds, message, allowed in _NOT_A:
        if kind in kinds:
            return message, allowed
    for name, key, words in _BOUNDS:
        if kind == name:
            side = "small" if name.startswith("greater") else "large"
            limit = context[key]
            if isinstance(limit, date | str):  # of a day
                return f"is too {'early' if side == 'small' else 'late'}", f"{words} {limit}"
            return f"is too {side}", f"{words} {limit:g}"
    if kind == "value_error":
        return str(context["error"]), ""
    if kind == "missing":
        return "is missing", ""
    if kind == "extra_forbidden":
        return "is not a known key", ""
    if kind == "literal_error":
        return "is not one of the values allowed", str(context["expected"])
    if kind == "string_pattern_mismatch":
        return "is not written as it must be", _PATTERNS.get(context["pattern"], f"text like {context['pattern']}")
    if kind in ("string_too_short", "string_too_long"):
        short = kind == "string_too_short"
        bound = f"at least {context['min_length']}" if short else f"at most {context['max_length']}"
        return f"is too {'short' if short else 'long'}", f"{bound} characters"
    if kind in ("too_short", "too_long"):
        few, key = ("few", "min_length") if kind == "too_short" else ("many", "max_length")
        return f"has too {few} items", f"{'at least' if few == 'few' else 'at most'} {context[key]}"
    return str(error["msg"]).lower(), ""


def problems_of(
    error: ValidationError, model: type[BaseModel], given: Any, marks: Mapping[KeyPath, Mark], prefix: KeyPath = ()
) -> list[Problem]:
    """Return the problems of a value that `model` refused.

    Parameters
    ----------
    error : what the model said.
    model : the model.
    given : the value, as read.
    marks : where its parts were written.
    prefix : path of the value within its file's document.
    """
    merged: dict[tuple[KeyPath, str], tuple[ErrorDetails, list[str]]] = {}
    for detail in error.errors(include_url=False):
        path = _clean(detail["loc"], given, detail["type"])
        message, allowed = describe(detail)
        # The branches of a union each complain about the same value: one problem, all that is allowed.
        family = "union" if len(path) < len(detail["loc"]) else detail["type"]
        key = (path, family if family == "union" else f"{family} {message}")
        _, allowances = merged.setdefault(key, (detail, []))
        if allowed and allowed not in allowances:
            allowances.append(allowed)
    return [
        _problem(detail, path, " or ".join(allowances), model, marks, prefix)
        for (path, _), (detail, allowances) in merged.items()
    ]


def _problem(
    detail: ErrorDetails, path: KeyPath, allowed: str, model: type[BaseModel], marks: Mapping[KeyPath, Mark],
    prefix: KeyPath,
) -> Problem:  # fmt: skip
    message, _ = describe(detail)
    advice = ""
    if detail["type"] == "value_error":
        message, told, advice = _told(message)
        allowed = allowed or told
    value: object = None if detail["type"] == "missing" else detail["input"]
    if detail["type"] == "extra_forbidden":
        known = known_keys(model, path[:-1])
        advice = nearest(str(path[-1]), known)
        allowed, value = ", ".join(known), None
    if isinstance(value, Mapping | BaseModel) or (isinstance(value, list) and len(repr(value)) > 80):
        value = None
    where = mark_of(marks, (*prefix, *path))
    return Problem(where.file, dotted((*prefix, *path)), message, value=value, line=where.line, allowed=allowed,
                   advice=advice)  # fmt: skip


def _told(message: str) -> tuple[str, str, str]:
    """Return a message without what it says is allowed and advises, then these two."""
    said, allowed, advice = [], "", ""
    for part in message.split("; "):
        if part.startswith(("allowed: ", "known: ")):
            allowed = part.partition(": ")[2]
        elif part.startswith(("did you mean ", "or mark it ")):
            advice = part.removeprefix("or ")
        else:
            said.append(part)
    return "; ".join(said), allowed, advice


def mark_of(marks: Mapping[KeyPath, Mark], path: KeyPath) -> Mark:
    """Return the mark of a path, or of the nearest thing above it that was written."""
    while path not in marks:
        if not path:
            return Mark("?", None)
        path = path[:-1]
    return marks[path]


def _clean(loc: Sequence[str | int], given: Any, kind: str) -> KeyPath:
    """Return the parts of an error's location that are keys or positions in the value itself."""
    path: list[str | int] = []
    here = given
    for index, part in enumerate(loc):
        if isinstance(here, Mapping) and part in here:
            here = here[part]
        elif isinstance(here, Sequence) and not isinstance(here, str) and isinstance(part, int) and part < len(here):
            here = here[part]
        elif not (kind == "missing" and index == len(loc) - 1):
            continue
        path.append(part)
    return tuple(path)
