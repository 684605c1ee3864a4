"""The shape of corridors, overrides and scenarios as files, and of the scenario that they resolve to."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, JsonValue, model_validator

from simulator.scenario import tables as rows
from simulator.scenario.bargains import Bargain, RegimesFile, Response
from simulator.scenario.costs import Costs
from simulator.scenario.evidence import ColumnEvidence, Day, Finite, Frozen, Identifier, Label, Source, Text
from simulator.scenario.parameters import Parameters, Switches
from simulator.scenario.policies import Partnership, Policy


class TableFile(Frozen):
    """A table of the corridor: its file, and the evidence of its numeric columns."""

    file: str
    """CSV file, relative to the corridor's folder."""
    columns: dict[str, ColumnEvidence] = Field(default_factory=dict)
    """Evidence of each numeric column."""


class WealthClass(Frozen):
    """A wealth class: a slice of the wealth distribution, from the poorest up."""

    name: Identifier
    """Name in tables and figures."""
    share: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
    """Share of people; the shares add up to 1."""


class Route(Frozen):
    """A named migration route, as the field counts it."""

    label: Label
    """Name in figures."""
    news: bool = True
    """Whether news of it draws others; false for a route that only goes on from another."""


class ObservedSeries(Frozen):
    """A monthly series to set beside the simulated one."""

    label: Label
    """Name in figures."""
    measure: Literal["arrivals", "deaths"]
    """What it counts."""
    routes: tuple[Identifier, ...] = ()
    """Routes that it counts on; empty for all."""
    legs: tuple[Identifier, ...] = ()
    """Legs that it counts on, where it is narrower than its routes."""
    origin: str | None = None
    """Origin that it counts, or null for all."""
    source: str
    """Id of its source."""
    note: Text = ""
    """What to mind."""


class TablesFile(Frozen):
    """The tables of a corridor."""

    countries: TableFile
    """Countries."""
    places: TableFile
    """Places."""
    legs: TableFile
    """Legs between places."""
    country_years: TableFile
    """Drivers by country and year."""
    origins: TableFile
    """Origins' citizens as groups."""
    displaced: TableFile
    """People displaced in host countries."""
    diaspora: TableFile
    """Diasporas."""
    recognition: TableFile
    """Asylum decisions by origin."""
    asylum_years: TableFile
    """Asylum and return systems by year."""
    visas: TableFile
    """Visa requirements."""
    seasons: TableFile
    """Seasons at sea."""
    observed: TableFile
    """Observed monthly figures."""
    observed_origins: TableFile | None = None
    """Observed yearly figures by route and origin; null where a corridor has none."""
    observed_periods: TableFile | None = None
    """Observed figures of several months by route; null where a corridor has none."""


class CorridorFile(Frozen):
    """A corridor as its corridor.yaml describes it."""

    corridor: Identifier
    """Name of the corridor, the same as its folder."""
    title: Text
    """Title in figures."""
    summary: Text
    """What the corridor covers."""
    available: tuple[Day, Day]
    """First and last day that its inputs cover."""
    reference_year: rows.Year
    """Year whose incomes all weigh prices against when the hump is switched off."""
    routes: dict[Identifier, Route]
    """Named routes."""
    wealth_classes: Annotated[tuple[WealthClass, ...], Field(min_length=1)]
    """Wealth classes, from the poorest up."""
    tables: TablesFile
    """Tables."""
    observed: dict[Identifier, ObservedSeries] = Field(default_factory=dict)
    """Observed series."""
    parameters: Parameters
    """Behavioural parameters."""
    switches: Switches = Switches()
    """Switches for what is disputed."""
    policies: dict[Identifier, Policy] = Field(default_factory=dict)
    """Dated timetable of what governments did."""
    partnerships: tuple[Partnership, ...] = ()
    """Relations between governments."""
    regimes: RegimesFile | None = None
    """Ways to deal with a partner, and what partners may do; null where nothing is bargained for."""
    bargains: dict[Identifier, Bargain] = Field(default_factory=dict)
    """Standing questions between a donor and a partner; only those that are active are decided by rule."""
    responses: dict[Identifier, Response] = Field(default_factory=dict)
    """Standing questions of destinations about arrivals; only those that are active are decided by rule."""
    costs: Costs | None = None
    """What instruments cost a unit; null where nothing is known of it, and nothing is counted."""
    fit: str | None = None
    """Fit file, relative to the corridor's folder: values that calibration found; null where there is none."""
    fit_only: tuple[str, ...] = ()
    """Beginnings of the fitted fields that hold here, such as ``parameters``; empty for all. For a corridor that takes
    over what was fitted elsewhere."""
    sources: dict[Identifier, Source] = Field(default_factory=dict)
    """Sources beyond those in seeds/."""


CommitText = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)]


class Fit(Frozen):
    """What a calibration says of itself."""

    fitted: Day
    """Day of the fit."""
    code: Annotated[CommitText, Field(min_length=1)]
    """Commit of the code that made it, in quotes."""
    data: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    """Ids of the sources of the data that it was fitted to."""
    period: tuple[rows.Month, rows.Month]
    """First and last month that it was fitted to."""
    loss: Finite
    """Loss of the best member; the lower the better."""
    how: Text
    """How it was made: the program, the loss, the starts."""


class FittedField(Frozen):
    """One number that was fitted."""

    unit: str
    """Unit of its values, here and in the members."""
    range: tuple[Finite, Finite]
    """Range that was searched."""
    interval: tuple[Finite, Finite]
    """Range that the data leave; as wide as `range` where they say nothing."""

    @model_validator(mode="after")
    def _ordered(self) -> FittedField:
        problems = [
            f"{name} {list(limits)} does not run from low to high"
            for name, limits in (("range", self.range), ("interval", self.interval))
            if not limits[0] < limits[1]
        ]
        if not problems and not self.range[0] <= self.interval[0] <= self.interval[1] <= self.range[1]:
            problems.append(f"interval {list(self.interval)} reaches beyond the range {list(self.range)}")
        if problems:
            raise ValueError("; ".join(problems))
        return self


class FitMember(Frozen):
    """One set of values that fits."""

    loss: Finite
    """Its loss."""
    values: dict[str, Finite]
    """Value of each fitted field."""


class FitFile(Fit):
    """The values that calibration found for a corridor."""

    fields: Annotated[dict[str, FittedField], Field(min_length=1)]
    """What was fitted, by dotted field, such as ``parameters.news.weight`` or ``origins.SYR.departure_level``."""
    members: Annotated[tuple[FitMember, ...], Field(min_length=1)]
    """Sets of values that fit about as well as each other; the first is the best."""

    def about(self) -> Fit:
        """Return what the fit says of itself, without its values."""
        return Fit.model_validate(self.model_dump(include=set(Fit.model_fields)))


class Override(Frozen):
    """One policy, one shock or one uncertainty laid over a corridor."""

    override: Identifier
    """Its name."""
    summary: Text
    """What it changes and why."""
    set: dict[str, JsonValue] = Field(default_factory=dict)
    """Dotted field and its new value, such as ``parameters.news.weight.value: 0``."""
    remove: tuple[str, ...] = ()
    """Dotted fields to remove, such as ``policies.eu-turkey-statement``."""
    add: dict[str, JsonValue] = Field(default_factory=dict)
    """Dotted fields that must not exist yet, and their values."""


class Period(Frozen):
    """What time is simulated."""

    start: Day
    """First day."""
    end: Day
    """Day after the last."""
    warm_up_days: Annotated[int, Field(ge=0, le=3660)] = 0
    """Days simulated before the start and not recorded, so that people are on their way when it begins. Figures
    earlier than a table's first are held at it."""


class ScenarioFile(Frozen):
    """A scenario: a base corridor, named overrides, and a period."""

    scenario: Identifier
    """Its name, the same as its file."""
    title: Text
    """Title in figures."""
    summary: Text
    """The question that it asks."""
    base: str
    """Corridor: a name, or a folder relative to this file."""
    period: Period
    """What time is simulated."""
    step_days: Annotated[int, Field(ge=1, le=92)] | Literal["month"] = 7
    """Length of a step in days, or ``month`` for calendar months."""
    persons_per_agent: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    """People that a row stands for."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    """Seed of all draws."""
    fit_member: Annotated[int, Field(ge=0, strict=True)] | None = 0
    """Member of the corridor's fit whose values hold, where it has a fit: 0 is the best; null leaves the values that
    the corridor's files write."""
    overrides: tuple[str, ...] = ()
    """Overrides laid over the base, by name."""
    wins: dict[str, str] = Field(default_factory=dict)
    """Field that two overrides touch, and the one that wins."""
    compare: tuple[str, ...] = ()
    """Override to leave out or lay over for the with-and-without figure."""


class Scenario(Frozen):
    """A scenario resolved: everything that a run needs, and nothing that it does not."""

    name: Identifier
    """Name."""
    title: Text
    """Title in figures."""
    summary: Text
    """The question that it asks."""
    base: Identifier
    """Corridor."""
    period: Period
    """What time is simulated."""
    step_days: int | Literal["month"]
    """Length of a step in days, or ``month``."""
    persons_per_agent: int
    """People that a row stands for."""
    seed: int
    """Seed of all draws."""
    overrides: tuple[str, ...]
    """Overrides laid over the base."""
    compare: tuple[str, ...]
    """Overrides of the with-and-without figure."""
    fit_member: int | None = None
    """Member of the fit whose values hold; null where none was laid over the corridor."""
    fit: Fit | None = None
    """That fit."""
    corridor: CorridorFile
    """The corridor after overrides."""
    countries: tuple[rows.CountryRow, ...]
    """Countries, in file order."""
    places: tuple[rows.PlaceRow, ...]
    """Places, in file order."""
    legs: tuple[rows.LegRow, ...]
    """Legs, in file order."""
    country_years: tuple[rows.CountryYearRow, ...]
    """Drivers by country and year."""
    origins: tuple[rows.OriginRow, ...]
    """Origins' citizens."""
    displaced: tuple[rows.DisplacedRow, ...]
    """People displaced in host countries."""
    diaspora: tuple[rows.DiasporaRow, ...]
    """Diasporas."""
    recognition: tuple[rows.RecognitionRow, ...]
    """Asylum decisions."""
    asylum_years: tuple[rows.AsylumYearRow, ...]
    """Asylum and return systems."""
    visas: tuple[rows.VisaRow, ...]
    """Visa requirements."""
    seasons: tuple[rows.SeasonRow, ...]
    """Seasons at sea."""
    observed: tuple[rows.ObservedRow, ...]
    """Observed figures."""
    observed_origins: tuple[rows.ObservedOriginRow, ...] = ()
    """Observed yearly figures by route and origin."""
    observed_periods: tuple[rows.ObservedPeriodRow, ...] = ()
    """Observed figures of several months by route."""
    sources: dict[Identifier, Source]
    """Every source that a number of the scenario names."""

    @property
    def parameters(self) -> Parameters:
        """Behavioural parameters."""
        return self.corridor.parameters

    @property
    def switches(self) -> Switches:
        """Switches for what is disputed."""
        return self.corridor.switches


def json_schema(kind: Literal["corridor", "scenario", "override"]) -> dict[str, Any]:
    """Return the JSON Schema of a kind of file, for editors."""
    models: dict[str, type[Frozen]] = {"corridor": CorridorFile, "scenario": ScenarioFile, "override": Override}
    return models[kind].model_json_schema(by_alias=True)
