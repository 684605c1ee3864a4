"""Factors of a design: what is varied on purpose, over which values, and how points are taken from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, JsonValue

from simulator.scenario.evidence import Frozen, Identifier

Wrong = tuple[tuple[str, ...], str, object, str]
"""Where something is wrong, what, the value, and what is allowed."""
Method = Literal["grid", "list", "latin-hypercube", "sobol", "morris"]
KINDS: Final = ("field", "fields", "set", "levels", "members")
"""What a factor varies: one of these."""
NUMBERED: Final = ("latin-hypercube", "sobol", "morris")
"""Methods that need to be told how many."""


class Laid(Frozen):
    """What is laid over a scenario."""

    label: str = ""
    """Name in tables and figures; by default its key."""
    overrides: tuple[str, ...] = ()
    """Overrides to lay over, after the scenario's own: by name, or in ``overrides/`` beside the design."""
    without: tuple[str, ...] = ()
    """Overrides of the scenario's own to leave out."""
    set: dict[str, JsonValue] = Field(default_factory=dict)
    """Dotted fields and their values, set last of all."""


class Factor(Frozen):
    """Something that is varied on purpose: exactly one of `field`, `fields`, `set`, `levels` and `members`."""

    label: str = ""
    """Name in tables and figures; by default its key."""
    field: str | None = None
    """An uncertain number of the scenario, over its own range, or from `low` to `high`."""
    fields: tuple[str, ...] = ()
    """Many of them, each a factor of its own, with ``*`` for any text: ``parameters.feedback.*``."""
    set: str | tuple[str, ...] | None = None
    """Dotted field that is set to the factor's value, or several that all are."""
    levels: dict[str, Laid] = Field(default_factory=dict)
    """Overrides, regimes, fields: what is laid over the scenario at each level."""
    members: bool = False
    """The member of the corridor's fit, from the best on."""
    values: tuple[JsonValue, ...] = ()
    """Values of `set`, one a level."""
    low: float | None = None
    """Lowest value, of `set` or in place of a field's own."""
    high: float | None = None
    """Highest value."""
    scale: Literal["linear", "log"] = "linear"
    """Of a range from `low` to `high`: every value alike, or every ratio."""
    whole: bool = False
    """Whether values are rounded to whole numbers."""
    steps: Annotated[int, Field(ge=2, le=10_000)] | None = None
    """Values that a grid takes of a range, its ends among them."""
    unit: str = ""
    """Unit of the values; of a field, its own."""
    as_it_was: JsonValue = None
    """Which of `values` changes nothing: what figures and pages compare the others with; by default the least."""


class Sampling(Frozen):
    """How points are taken from the factors."""

    method: Method = "grid"
    """``grid``: every combination; ``list``: the given points; ``latin-hypercube``; ``sobol`` and ``morris``: designs
    from which indices of sensitivity are worked out."""
    number: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    """Points of a Latin hypercube; of ``sobol`` the base sample, which takes (factors + 2) points each; of ``morris``
    the trajectories, of (factors + 1) points each."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 1
    """Seed of the points; it has nothing to do with the luck of runs."""
    second_order: bool = False
    """Whether ``sobol`` is to tell interactions of two factors, too: (2 x factors + 2) points each."""
    levels: Annotated[int, Field(ge=2, le=100)] = 4
    """Steps that ``morris`` cuts each range into."""
    points: tuple[dict[Identifier, JsonValue], ...] = ()
    """Of a ``list``: the value or level of every factor."""


class Stopping(Frozen):
    """When enough replicates were made: when paired differences are known well enough, or the budget is spent."""

    measure: str
    """Which measure decides."""
    width: Annotated[float, Field(gt=0)]
    """Widest interval that will do, from end to end: in the unit of the measure, or see `relative`."""
    relative: bool = False
    """Whether `width` is a share of the baseline's mean."""
    level: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """Level of the interval."""
    least: Annotated[int, Field(ge=2)] = 4
    """Replicates before anything is judged."""
    most: Annotated[int, Field(ge=2, le=100_000)] = 64
    """Replicates at most: the budget."""
    step: Annotated[int, Field(ge=1)] = 4
    """Replicates added at a time."""


def wrong(factors: Mapping[str, Any], sampling: Mapping[str, Any]) -> Iterator[Wrong]:
    """Yield what is wrong between parts of factors and sampling: where, what, the value, what is allowed.

    Parameters
    ----------
    factors, sampling : as the file has them; what has the wrong form is left to the schema.
    """
    method = sampling.get("method", "grid")
    for name, factor in factors.items():
        if isinstance(factor, Mapping):
            yield from _wrong_factor(name, factor, method)
    if not factors and sampling:
        yield ("sampling",), "has no factors to take points from", None, "factors, or no sampling"
    if method in NUMBERED and factors and sampling.get("number") is None:
        yield ("sampling", "number"), f"is missing: {method} must be told how many", None, "a whole number"
    if method == "sobol" and isinstance(number := sampling.get("number"), int) and number & (number - 1):
        yield ("sampling", "number"), "does not balance a Sobol sequence", number, "a power of two: 64, 128, 256 ..."
    points = sampling.get("points", [])
    if (method == "list") != bool(points):
        said = "are missing" if method == "list" else f"belong to method 'list', not {method!r}"
        yield ("sampling", "points"), said, None, "a list of points, each with every factor"
    for place, point in enumerate(points if method == "list" and isinstance(points, list) else []):
        if isinstance(point, Mapping) and set(point) != set(factors):
            at = ("sampling", "points", str(place))
            yield at, "must give every factor and no other", ", ".join(map(str, point)), ", ".join(factors)


def _wrong_factor(name: str, factor: Mapping[str, Any], method: str) -> Iterator[Wrong]:
    """Yield what is wrong with one factor."""
    at = ("factors", name)
    given = [kind for kind in KINDS if factor.get(kind)]
    if len(given) != 1:
        yield at, "must vary exactly one thing", ", ".join(given) or None, "one of: " + ", ".join(KINDS)
        return
    kind, ends = given[0], [key for key in ("low", "high") if factor.get(key) is not None]
    if factor.get("values") and kind != "set":
        yield (*at, "values"), "belong to 'set'", None, "levels, or set with values"
    if kind in ("levels", "members", "fields") and ends:
        yield (*at, ends[0]), f"has no meaning for {kind!r}", factor[ends[0]], "'field' or 'set' with low and high"
    if len(ends) == 1:
        yield at, "needs both ends of its range", ends[0], "low and high"
    low, high = factor.get("low"), factor.get("high")
    if isinstance(low, int | float) and isinstance(high, int | float):
        if not low < high:
            yield (*at, "high"), "is not above 'low'", high, f"more than {low}"
        if factor.get("scale") == "log" and low <= 0:
            yield (*at, "low"), "has no logarithm", low, "more than 0"
    was, values = factor.get("as_it_was"), factor.get("values")
    if was is not None and (not isinstance(values, list) or was not in values):
        among = ", ".join(map(str, values)) if isinstance(values, list) else "a value of 'set' with values"
        yield (*at, "as_it_was"), "is not one of the values", was, among
    if kind == "set" and bool(factor.get("values")) == bool(ends):
        yield at, "'set' needs either values or a range", None, "values: [...], or low and high"
    ranged = kind in ("field", "fields") or (kind == "set" and bool(ends))
    if method == "grid" and ranged and factor.get("steps") is None:
        yield (*at, "steps"), "is missing: a grid takes so many values of a range", None, "a whole number, 2 or more"
