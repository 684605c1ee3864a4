"""Dated values of levers: what a government did, from when, how fast, and until when."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from simulator.scenario.evidence import CountryCode, Day, Finite, Frozen, Identifier, Kind, Label, Text, after
from simulator.scenario.levers import LEVERS
from simulator.units import convert


class DatedValue(Frozen):
    """A value from a date on, reached over a ramp."""

    from_: Annotated[Day, Field(alias="from")]
    """First day on which the value acts."""
    value: Finite
    """The value, in the lever's unit."""
    ramp_days: Annotated[float, Field(ge=0, le=3660, allow_inf_nan=False)] = 0.0
    """Days over which the value is reached, linearly from the value before."""


class LeverChange(Frozen):
    """What one government does with one lever, at some places, over time."""

    lever: str
    """A lever of the register (simulator/scenario/levers.py)."""
    government: CountryCode
    """Who does it: an ISO 3166 code, or EU."""
    at: Annotated[tuple[str, ...], Field(min_length=1)]
    """Legs or routes (leg levers), countries (country levers), or origins (pair levers)."""
    to: tuple[CountryCode, ...] = ()
    """For pair levers: the countries in which it acts."""
    do: Literal["add", "multiply", "set"] = "add"
    """How the value combines with the baseline and with other policies on the same lever."""
    values: Annotated[tuple[DatedValue, ...], Field(min_length=1)]
    """Dated values, in order of date; before the first the lever is untouched."""
    until: Day | None = None
    """First day on which the change no longer acts; null if it never ends."""
    unit: str
    """Unit of the values."""
    kind: Kind
    """measured, estimated, assumed, or fitted (to the source)."""
    factor: tuple[Finite, Finite] | None = None
    """Range as factors of the values; required unless measured."""
    source: str | None = None
    """Id of a source for the values; required unless assumed."""
    note: Text = ""
    """How the values were obtained, or why assumed so."""

    @model_validator(mode="after")
    def _sound(self) -> LeverChange:
        problems = []
        lever = LEVERS.get(self.lever)
        if lever is not None:
            try:
                convert(1.0, self.unit, lever.unit)
            except ValueError as error:
                problems.append(str(error))
            if lever.acts == "pair" and not self.to:
                problems.append(f"lever {self.lever!r} acts between two countries: say which with 'to'")
            if lever.acts != "pair" and self.to:
                problems.append(f"lever {self.lever!r} acts on one {lever.acts}: leave 'to' out")
        dates = [value.from_ for value in self.values]
        if dates != sorted(set(dates)):
            problems.append("values must be in order of date, each date once")
        if self.until is not None and self.until <= dates[0]:
            problems.append(after("until", self.until, "the first value's date", dates[0]))
        if self.kind != "assumed" and not self.source:
            problems.append(f"a value of kind {self.kind!r} needs a source; or mark it assumed and give its range")
        if self.kind != "measured" and self.factor is None:
            problems.append(f"a value of kind {self.kind!r} needs a range: factor: [low, high]")
        if self.factor is not None and not 0 <= self.factor[0] <= 1 <= self.factor[1]:
            problems.append(f"factor {self.factor!r} must run from at most 1 to at least 1")
        if problems:
            raise ValueError("; ".join(problems))
        return self


class Payment(Frozen):
    """Money that a policy costs, or that it promises to a partner."""

    payer: CountryCode
    """Who pays."""
    recipient: CountryCode | None = None
    """Whom it is paid to; null for spending at home."""
    from_: Annotated[Day, Field(alias="from")]
    """First day of the spending."""
    until: Day
    """Day on which the spending ends."""
    million_eur: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
    """Total over the period, in million euros, spread evenly."""
    kind: Kind
    """measured, estimated, assumed, or fitted (to the source)."""
    source: str | None = None
    """Id of a source; required unless assumed."""
    factor: tuple[Finite, Finite] | None = None
    """Range as factors; required unless measured."""

    @model_validator(mode="after")
    def _sound(self) -> Payment:
        if self.until <= self.from_:
            raise ValueError(after("until", self.until, "from", self.from_))
        if self.kind != "assumed" and not self.source:
            raise ValueError(f"a payment of kind {self.kind!r} needs a source")
        if self.kind != "measured" and self.factor is None:
            raise ValueError(f"a payment of kind {self.kind!r} needs a range: factor: [low, high]")
        return self


class Policy(Frozen):
    """Something that governments did, or might do: levers, money, and where it is written down."""

    label: Label
    """Short name for figures and tables."""
    summary: Text
    """What it was, in a sentence or two."""
    announced: Day
    """Date by which it is known; drawn in figures."""
    source: str
    """Id of the source that says that it happened; for a what-if, ``assumed``."""
    mark: bool = True
    """Whether figures draw its date."""
    routes: tuple[Identifier, ...] = ()
    """Routes whose figures show its date; empty for all."""
    levers: tuple[LeverChange, ...] = ()
    """What changes."""
    payments: tuple[Payment, ...] = ()
    """What it costs."""


class Partnership(Frozen):
    """The relation between two governments, as it stands at the start."""

    donor: CountryCode
    """The destination-side government, or EU."""
    partner: CountryCode
    """The origin or transit government."""
    agreement: Text = ""
    """Agreement in force, in the field's words; empty if none."""
    since: Day | None = None
    """Date of the agreement."""
    trust: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    """Trust between 0 and 1 at the start."""
    trust_range: tuple[Finite, Finite]
    """Range of the trust (assumed: nobody measures it)."""
    source: str
    """Id of the source that documents the relation; or ``assumed``."""
