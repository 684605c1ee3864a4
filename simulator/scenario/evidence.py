"""Numbers from the world: what they are, where they come from, how sure they are."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from simulator.units import UNITS, unit

Kind = Literal["measured", "estimated", "assumed", "fitted"]
LONGEST_NAME: Final = 100
"""Characters of an id or label: names of files, which hold ids, end at 255 bytes."""
LONGEST_TEXT: Final = 10_000
"""Characters of any other text: a page or two."""

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=LONGEST_NAME)]
Label = Annotated[str, Field(max_length=LONGEST_NAME)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
FIRST_DAY: Final = date(1950, 1, 1)
LAST_DAY: Final = date(2101, 1, 1)
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
"""A day of the time that can be simulated, or the one after the last."""
CountryCode = Annotated[str, Field(pattern=r"^([A-Z]{3}|EU)$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]


def _date_text(value: Any) -> Any:
    """Return a year or a day of the calendar as text: YAML reads ``2016`` as a number, ``2016-03-18`` as a date."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if whole or isinstance(value, date) else value


def after(name: str, until: date, what: str, first: date) -> str:
    """Return what is wrong with an end that does not come after a beginning, and how to write a single day."""
    said = f"{name} {until} is not after {what}, {first}: {name} is the first day without it"
    if until != first:
        return said
    return f"{said}; or write {first + timedelta(days=1)} for that one day alone"


DateText = Annotated[str, BeforeValidator(_date_text, json_schema_input_type=str | int)]


class Frozen(BaseModel):
    """Base of everything in a scenario: frozen, and closed to unknown keys."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, populate_by_name=True, strict=False
    )


class Source(Frozen):
    """A publication or dataset that numbers come from."""

    publisher: str
    """Who publishes it."""
    title: str
    """Title of the publication or dataset."""
    date: DateText
    """Year or date of publication or of access."""
    url: Text = ""
    """Address of the publisher's page."""
    doi: str = ""
    """DOI, where there is one."""
    licence: str = ""
    """Terms of use."""
    note: Text = ""
    """What to mind."""
    finding: Text = ""
    """What it says, where the source is one finding of a document."""

    def cite(self) -> str:
        """Return the source in one line: who, what and where, and what it says."""
        where = f"{self.publisher}: {self.title}"
        return f"{where}: {self.finding}" if self.finding else where


def _check_support(kind: str, source: str | None, has_range: bool) -> None:
    if kind != "assumed" and not source:
        raise ValueError(f"a number of kind {kind!r} needs a source; or mark it assumed and give its range")
    if kind != "measured" and not has_range:
        raise ValueError(f"a number of kind {kind!r} needs a range")


class Quantity(Frozen):
    """One number from the world, with its unit, kind, source and range."""

    value: Finite
    """The number, in `unit`."""
    unit: str
    """A unit of the closed list (simulator/units.py)."""
    kind: Kind
    """measured, estimated, assumed, or fitted (to the source)."""
    range: tuple[Finite, Finite] | None = None
    """Lowest and highest plausible value; required unless measured."""
    source: str | None = None
    """Id of an entry of seeds/ or of a source; required unless assumed."""
    date: DateText | None = None
    """Year or date that the number speaks of."""
    note: Text = ""
    """How it was obtained, or why it was assumed so."""

    @model_validator(mode="after")
    def _supported(self) -> Quantity:
        unit(self.unit)
        _check_support(self.kind, self.source, self.range is not None)
        if self.range is not None:
            low, high = self.range
            if not low <= self.value <= high:
                raise ValueError(f"value {self.value!r} lies outside its range [{low!r}, {high!r}]")
        return self


class ColumnEvidence(Frozen):
    """Where one numeric column of a table comes from."""

    unit: str
    """A unit of the closed list."""
    kind: Kind
    """measured, estimated, assumed, or fitted (to the source)."""
    source: str | None = None
    """Id of a source; required unless assumed."""
    factor: tuple[Finite, Finite] | None = None
    """Range as factors of each value, such as [0.5, 2]; required unless measured."""
    date: DateText | None = None
    """Year or years that the column speaks of."""
    note: Text = ""
    """How it was obtained, and how gaps were filled."""

    @model_validator(mode="after")
    def _supported(self) -> ColumnEvidence:
        unit(self.unit)
        _check_support(self.kind, self.source, self.factor is not None)
        if self.factor is not None and not 0 <= self.factor[0] <= 1 <= self.factor[1]:
            raise ValueError(f"factor {self.factor!r} must run from at most 1 to at least 1")
        return self


__all__ = [
    "UNITS",
    "ColumnEvidence",
    "CountryCode",
    "DateText",
    "Day",
    "Finite",
    "Frozen",
    "Identifier",
    "Kind",
    "Label",
    "Quantity",
    "Source",
    "Text",
]
