"""Where deaths are counted, in words: every figure of deaths says which it has, by these words and no others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

ANYWHERE: Final = "anywhere on the way"
"""On every leg, those of no route too."""
ALL_LEGS: Final = "on all legs of the route"
COUNTED: Final = "on the legs where arrivals are counted"
RISK: Final = "deaths per 1,000 attempts"
"""The one rate: of deaths and attempts on the legs where arrivals are counted."""
MEASURES: Final = {"deaths": f"deaths {ALL_LEGS}", "deaths_on_counted_legs": f"deaths {COUNTED}"}
"""Measures of a table by route, in words."""


def measure_words(name: str) -> str:
    """Return a measure of a table by route, in words."""
    return MEASURES.get(name, name.replace("_", " "))


def labelled(measure: Mapping[str, Any]) -> str:
    """Return the name of what an experiment measures, with where deaths are counted unless the name says it."""
    label, there = str(measure["label"]), scope(measure)
    return f"{label} {there}" if there and there not in label else label


def scope(measure: Mapping[str, Any]) -> str:
    """Return where the deaths that an experiment measures are counted, in words; empty for any other measure.

    Parameters
    ----------
    measure : of a comparison or a sweep: ``of`` (what is recorded) and ``where`` (labels that are kept).
    """
    if measure.get("of") != "deaths":
        return ""
    where = dict(measure.get("where") or {})
    if not where:
        return ANYWHERE
    if where.get("border") in ("counted", ["counted"], ("counted",)):
        return COUNTED
    return "on all legs of its route" if set(where) == {"route"} else ""
