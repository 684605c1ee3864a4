"""Bargains: what a donor lays on the table, what a partner may do, and what a destination may answer; all as data.

A *regime* is a list of items, each with when it is due: always, in proportion to what the partner does, or in
proportion to what it does not do. Less-for-less is aid withdrawn where it does not comply; positive incentives are
visas, training and help with returns where it does. Nothing in the program knows a regime by name.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from simulator.scenario.evidence import CountryCode, Day, Finite, Frozen, Identifier, Label, Quantity, Text, after
from simulator.scenario.levers import LEVERS
from simulator.scenario.parameters import Budget, Factor, Fraction

Due = Literal["always", "compliance", "refusal"]
Interest = Literal["money", "jobs", "mobility", "remittances", "returnees", "security"]

INTERESTS: Final[dict[str, Interest]] = {
    "aid": "money",
    "root_cause_investment": "jobs",
    "legal_pathways": "mobility",
    "visa_requirement": "mobility",
    "remittance_facilitation": "remittances",
    "reintegration_support": "returnees",
    "capacity_building": "security",
}
"""Levers that a partner can be offered, and which interest of its own each serves."""


OF_CITIZENS: Final = ("legal_pathways", "visa_requirement", "reintegration_support")
"""Of these, those that act on the partner's citizens on the move: nothing to a partner none of whose citizens are."""


class Item(Frozen):
    """One thing that a donor gives, promises, or threatens to take away."""

    lever: Literal[
        "aid", "root_cause_investment", "legal_pathways", "visa_requirement", "remittance_facilitation",
        "reintegration_support", "capacity_building",
    ]  # fmt: skip
    """A lever that acts on the partner, or between its citizens and the destinations of the bargain."""
    due: Due
    """always; in proportion to compliance (a promise); or in proportion to refusal (a threat)."""
    amount: Quantity
    """Amount in full, in the lever's unit, or as a share of the bargain's yearly aid or of the people asked for."""
    of_aid: bool = False
    """Whether `amount` is a share of the bargain's yearly aid."""
    of_asked: bool = False
    """Whether `amount` is a share of the people whom the donor asks to take back in a year: places, one for one."""
    rises: bool = False
    """Whether the partner can raise the price of it."""

    @model_validator(mode="after")
    def _sound(self) -> Item:
        lever = LEVERS[self.lever]
        wanted = "1" if self.of_aid or self.of_asked else lever.unit
        if self.of_asked and lever.unit != "person/year":
            raise ValueError(f"of_asked stands for people a year; {self.lever} is measured in {lever.unit}")
        if self.of_aid and lever.unit != "million_eur/year":
            raise ValueError(f"of_aid stands for money a year; {self.lever} is measured in {lever.unit}")
        if self.amount.unit != wanted:
            raise ValueError(f"amount is in {self.amount.unit!r}; here it must be in {wanted!r}")
        if self.rises and self.due != "compliance":
            raise ValueError("only what is due for compliance has a price that can rise")
        return self


class Regime(Frozen):
    """A way to deal with a partner: what is given, promised and threatened, and how loudly."""

    label: Label
    """Short name for figures and tables."""
    summary: Text
    """What it is, in a sentence or two."""
    source: str
    """Id of a source that describes it, or ``assumed``."""
    items: tuple[Item, ...] = ()
    """What is on the table; nothing if empty."""
    publicity: Fraction
    """How public it is, 0 (quiet) to 1."""
    shared_priorities: Fraction
    """How far it serves what the partner itself wants, 0 to 1; trust grows with it."""


def offered(regime: Regime, *, citizens: bool) -> Regime:
    """Return a regime with what of it can be given to a partner.

    Parameters
    ----------
    citizens : whether citizens of the partner are among the people of the corridor.
    """
    items = tuple(item for item in regime.items if citizens or item.lever not in OF_CITIZENS)
    return regime if len(items) == len(regime.items) else regime.model_copy(update={"items": items})


class Act(Frozen):
    """One thing that a partner may do."""

    compliance: Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]
    """How much of what is asked it amounts to, 0 (nothing) to 1 (all of it); below 0 it works against it."""
    compliance_range: tuple[Finite, Finite] | None = None
    """Lowest and highest that is plausible; null where the number is an end of the scale or 0."""
    public: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    """How public it is, 0 (quiet) to 1: a signed agreement is, an arrangement between offices is not."""
    public_range: tuple[Finite, Finite] | None = None
    """Lowest and highest that is plausible; null where the number is an end of the scale."""
    value: Factor
    """Value of the lever that it works through."""


class Bargain(Frozen):
    """A standing question between two governments, decided anew each decision interval."""

    label: Label
    """Short name for figures and tables."""
    summary: Text
    """What is asked of whom."""
    source: str
    """Id of a source that documents the relation, or ``assumed``."""
    active: bool = False
    """Whether it is decided by a rule; while false, the timetable alone says what happens."""
    donor: CountryCode
    """Who asks: a destination's government, or EU."""
    partner: CountryCode
    """Who is asked."""
    about: Literal["readmission", "border"]
    """What is asked: to take citizens back, or to hold people at a border."""
    from_: Annotated[Day, Field(alias="from")]
    """First day on which it is decided."""
    until: Day | None = None
    """Day from which it is no longer on the table; null if it stays."""
    regime: Identifier
    """The regime that the donor follows."""
    destinations: Annotated[tuple[CountryCode, ...], Field(min_length=1)]
    """Destinations for which the donor asks."""
    legs: tuple[str, ...] = ()
    """Legs or routes that the partner is asked to hold, where it is about a border."""
    aid: Quantity | None = None
    """What the donor gives in a year as it is; conditions bear on it. Million euros a year; null where none does."""
    income: Quantity | None = None
    """Income of the whole country at market rates, million euros a year; null for its share of income at purchasing
    power parity that the parameters take."""
    asked: Quantity | None = None
    """People whom the donor asks to take back in a year; null for those ordered to leave and found. People a year."""
    interests: dict[Interest, Factor] = Field(default_factory=dict)
    """What each kind of offer is worth to the partner, 1 for its worth in money; 1 where nothing is said."""

    @model_validator(mode="after")
    def _sound(self) -> Bargain:
        problems = []
        if self.aid is not None and self.aid.unit != "million_eur/year":
            problems.append(f"aid is in {self.aid.unit!r}; it must be in million_eur/year")
        if self.income is not None and self.income.unit != "million_eur/year":
            problems.append(f"income is in {self.income.unit!r}; it must be in million_eur/year")
        if self.asked is not None and self.asked.unit != "person/year":
            problems.append(f"asked is in {self.asked.unit!r}; it must be in person/year")
        if self.about == "border" and not self.legs:
            problems.append("about border: say which legs or routes with 'legs'")
        if self.about == "readmission" and self.legs:
            problems.append("about readmission: leave 'legs' out")
        if self.until is not None and self.until <= self.from_:
            problems.append(after("until", self.until, "from", self.from_))
        if problems:
            raise ValueError("; ".join(problems))
        return self


class AnswerLever(Frozen):
    """One lever that an answer moves."""

    lever: str
    """A lever of the register."""
    at: tuple[str, ...] = ()
    """Legs or routes, or origins, for levers that act on them; country levers act on the government's own country."""
    do: Literal["add", "multiply"] = "add"
    """How the value combines with all else on the lever."""
    value: Quantity
    """Value, in the lever's unit (a factor where it multiplies)."""


class Answer(Frozen):
    """One thing that a destination may do about arrivals."""

    relief: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    """How far it is expected to lower the pressure on the asylum system, 0 to 1."""
    relief_range: tuple[Finite, Finite] | None = None
    """Lowest and highest that is plausible; null where the number is an end of the scale."""
    cost: Budget
    """What it costs in a year; million euros a year."""
    harm: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.0
    """How far it goes against the duty to protect, 0 to 1."""
    harm_range: tuple[Finite, Finite] | None = None
    """Lowest and highest that is plausible; null where the number is an end of the scale."""
    levers: tuple[AnswerLever, ...] = ()
    """What it moves; nothing for things as they are."""


class Response(Frozen):
    """A destination's standing question: what to do about arrivals."""

    label: Label
    """Short name."""
    source: str
    """Id of a source, or ``assumed``."""
    active: bool = False
    """Whether it is decided by a rule."""
    government: CountryCode
    """Who decides."""
    from_: Annotated[Day, Field(alias="from")]
    """First day on which it is decided."""
    answers: Annotated[dict[Identifier, Answer], Field(min_length=2)]
    """What it may do."""


class Acts(Frozen):
    """What partners may do, for each thing that they can be asked."""

    readmission: Annotated[dict[Identifier, Act], Field(min_length=2)]
    """Taking citizens back: values are shares of those found who are given papers."""
    border: Annotated[dict[Identifier, Act], Field(min_length=2)]
    """Holding people at a border: values are factors on the effort there."""


class RegimesFile(Frozen):
    """Regimes and acts, the same for all corridors."""

    acts: Acts
    """What partners may do."""
    regimes: dict[Identifier, Regime]
    """Ways to deal with a partner."""
