"""Rows of a corridor's tables: one class a table, one field a column, units in the corridor's evidence."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simulator.scenario.evidence import CountryCode, Frozen, Identifier, Label, Text

# Limits are what can be, with room to spare: beyond them a number is a slip of the pen, or in another unit.
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[float, Field(ge=0, le=1e10, allow_inf_nan=False)]
"""People: no more than live on Earth, and some."""
Weekly = Annotated[float, Field(ge=0.01, le=1e8, allow_inf_nan=False)]
"""People a week; never 0, by which nothing can be divided."""
Effort = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
Year = Annotated[int, Field(ge=1950, le=2100)]
Month = Annotated[str, Field(pattern=r"^(19[5-9]\d|20\d\d|2100)-(0[1-9]|1[0-2])$")]


class Row(Frozen):
    """Base of all rows; any row may name its own source and note over its column's."""

    source: Text = ""
    """Id of a source for this row, where it differs from the column's."""
    note: Text = ""
    """What to mind about this row."""


class CountryRow(Row):
    """A country of the corridor."""

    country: CountryCode
    """ISO 3166-1 alpha-3 code."""
    name: Label
    """Name in English."""
    place: Identifier
    """Place where its residents set out from."""
    origin: bool = False
    """Whether its citizens are among the people modelled."""
    host: bool = False
    """Whether people of other origins may live or settle there."""
    destination: bool = False
    """Whether its asylum system is modelled: its places take claims."""
    border_cooperation: Share = 1.0
    """Share of its departure-side effort that it lets act, at the start."""


class PlaceRow(Row):
    """A place: a hub, a departure or landing point, a border town, a city."""

    place: Identifier
    """Id, lower case with hyphens."""
    name: Label
    """Name as on maps."""
    country: CountryCode
    """Country that it belongs to."""
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    """Latitude, degrees north."""
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    """Longitude, degrees east."""
    role: Literal["origin", "hub", "transit", "departure", "landing", "border", "destination"]
    """What it is in the field's terms."""
    wait_days: Annotated[float, Field(ge=0, le=3660, allow_inf_nan=False)]
    """Mean days between reaching it and setting out again."""
    claim: bool = False
    """Whether asylum is claimed there."""
    capacity_per_week: Weekly | None = None
    """People a week whom guides, houses and drivers there can take on; empty where that plays no part."""
    settle: bool = False
    """Whether people stay there without going on (its country must be a host)."""


class LegRow(Row):
    """A leg: the way from one place to the next, by one mode."""

    leg: Identifier
    """Id, usually tail--head."""
    tail: Identifier
    """Place it leaves from."""
    head: Identifier
    """Place it reaches."""
    mode: Literal["land", "sea", "air"]
    """How people travel."""
    route: Label = ""
    """Named route that it belongs to (Eastern Mediterranean ...), or empty."""
    counted: bool = False
    """Whether getting through counts as an arrival on its route."""
    distance_km: Annotated[float, Field(ge=0.01, le=41_000, allow_inf_nan=False)]
    """Distance travelled."""
    days: Annotated[float, Field(ge=0.001, le=3660, allow_inf_nan=False)]
    """Days under way."""
    price_eur: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
    """Smuggler's price or fare at the start."""
    p_death: Share
    """Risk of death a crossing, in the mean of the seasons, without rescue."""
    departure_control: str = ""
    """Country whose forces may stop people on the departure side, or empty."""
    arrival_control: str = ""
    """Country whose forces may stop people on the arrival side, or empty."""
    effort_departure: Effort = 0.0
    """Baseline effort of the departure side; 1 is the reference."""
    effort_arrival: Effort = 0.0
    """Baseline effort of the arrival side."""
    surge_per_week: Weekly | None = None
    """Attempts a week at which controls act at half strength; empty if they cannot be overloaded."""
    sea: str = ""
    """Sea whose seasons open and close it, or empty."""
    visa: bool = False
    """Whether it is legal travel that a visa requirement bars."""
    size: Annotated[float, Field(ge=1e-3, le=1e6, allow_inf_nan=False)] | None = None
    """How many ways of one kind it stands for: crossing points, guides, roads; a larger one is chosen more often. Empty
    for one."""


class CountryYearRow(Row):
    """Drivers of a country in a year; an empty cell is not known."""

    country: CountryCode
    year: Year
    population: Annotated[float, Field(ge=1, le=1e10, allow_inf_nan=False)] | None = None
    """People at mid-year."""
    gdp_per_head: Annotated[float, Field(ge=10, le=1e6, allow_inf_nan=False)] | None = None
    """GDP per head, purchasing power parity, international dollars of 2021."""
    youth_unemployment: Share | None = None
    """Share of the labour force aged 15 to 24 without work."""
    fragility: Annotated[float, Field(ge=0, le=120, allow_inf_nan=False)] | None = None
    """Fragile States Index, 0 to 120."""
    battle_deaths: Count | None = None
    """Battle-related deaths in the year."""
    remittances: Annotated[float, Field(ge=0, le=1e13, allow_inf_nan=False)] | None = None
    """Remittances received, US dollars of the year."""


class OriginRow(Row):
    """An origin's citizens as a group."""

    origin: CountryCode
    need_share: Share
    """Share in need of international protection, among those who set out."""
    departure_level: Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)]
    """Level of departures beyond what the drivers explain (networks, habit); utility units."""


class DisplacedRow(Row):
    """People of an origin displaced in a host country."""

    origin: CountryCode
    host: CountryCode
    year: Year
    people: Count
    """Refugees and asylum seekers at the end of the year."""


class DiasporaRow(Row):
    """People born in an origin who live in a country."""

    origin: CountryCode
    country: CountryCode
    year: Year
    people: Count
    """Stock at mid-year."""


class RecognitionRow(Row):
    """Asylum decisions on an origin's citizens in a country."""

    origin: CountryCode
    country: CountryCode
    year: Year
    rate: Share
    """Positive share of substantive decisions."""
    decisions: Count
    """Substantive decisions behind the rate."""


class AsylumYearRow(Row):
    """A destination's asylum and return system in a year."""

    country: CountryCode
    year: Year
    decisions: Count
    """First-instance decisions on the modelled origins."""
    removals: Count
    """Forced returns of the modelled origins to outside Europe."""


class VisaRow(Row):
    """Visa requirement of an origin's citizens in a country."""

    origin: CountryCode
    country: CountryCode
    required: Share
    """0 none, 1 required; between for a requirement that is often waived."""


class SeasonRow(Row):
    """A sea in a month of the year."""

    sea: Identifier
    month: Annotated[int, Field(ge=1, le=12)]
    """Month, 1 to 12."""
    open: Share
    """Share of days on which small boats put out."""
    risk: Annotated[float, Field(ge=0.001, le=100, allow_inf_nan=False)]
    """Factor on the risk of death."""


class ObservedRow(Row):
    """One observed figure of a month."""

    series: Identifier
    """Id of the series."""
    month: Month
    """Month, YYYY-MM."""
    value: Count
    """The figure, in the series' unit."""


class ObservedOriginRow(Row):
    """Arrivals of an origin's citizens that were counted on a route in a year, to judge a run against."""

    route: Identifier
    """Named route on which they were counted."""
    origin: CountryCode
    """Their nationality."""
    year: Year
    """Calendar year."""
    people: Count
    """Arrivals counted in the year; a pair without a row was not seen."""


class ObservedPeriodRow(Row):
    """What was counted on a route over some months, such as a fiscal year, to judge a run against."""

    route: Identifier
    """Named route on which it was counted."""
    measure: Literal["interceptions", "deaths"]
    """What was counted."""
    first: Month
    """First month, YYYY-MM."""
    last: Month
    """Last month, YYYY-MM."""
    people: Count
    """The count."""


TABLES: dict[str, type[Row]] = {
    "countries": CountryRow,
    "places": PlaceRow,
    "legs": LegRow,
    "country_years": CountryYearRow,
    "origins": OriginRow,
    "displaced": DisplacedRow,
    "diaspora": DiasporaRow,
    "recognition": RecognitionRow,
    "asylum_years": AsylumYearRow,
    "visas": VisaRow,
    "seasons": SeasonRow,
    "observed": ObservedRow,
    "observed_origins": ObservedOriginRow,
    "observed_periods": ObservedPeriodRow,
}
"""Each table of a corridor and the class of its rows."""

COLUMN_UNITS: dict[str, dict[str, str]] = {
    "countries": {"border_cooperation": "1"},
    "places": {"lat": "degree", "lon": "degree", "wait_days": "day", "capacity_per_week": "person/week"},
    "legs": {
        "distance_km": "km",
        "days": "day",
        "price_eur": "eur",
        "p_death": "1",
        "effort_departure": "1",
        "effort_arrival": "1",
        "surge_per_week": "person/week",
        "size": "1",
    },
    "country_years": {
        "population": "person",
        "gdp_per_head": "usd_ppp_2021",
        "youth_unemployment": "1",
        "fragility": "fsi",
        "battle_deaths": "person",
        "remittances": "usd",
    },
    "origins": {"need_share": "1", "departure_level": "utility"},
    "displaced": {"people": "person"},
    "diaspora": {"people": "person"},
    "recognition": {"rate": "1", "decisions": "person"},
    "asylum_years": {"decisions": "person/year", "removals": "person/year"},
    "visas": {"required": "1"},
    "seasons": {"open": "1", "risk": "1"},
    "observed": {"value": "person"},
    "observed_origins": {"people": "person"},
    "observed_periods": {"people": "person"},
}
"""The unit that each numeric column is in; the corridor's evidence must name the same dimension and unit."""

KEYS: dict[str, tuple[str, ...]] = {
    "countries": ("country",),
    "places": ("place",),
    "legs": ("leg",),
    "country_years": ("country", "year"),
    "origins": ("origin",),
    "displaced": ("origin", "host", "year"),
    "diaspora": ("origin", "country", "year"),
    "recognition": ("origin", "country", "year"),
    "asylum_years": ("country", "year"),
    "visas": ("origin", "country"),
    "seasons": ("sea", "month"),
    "observed": ("series", "month"),
    "observed_origins": ("route", "origin", "year"),
    "observed_periods": ("route", "measure", "first"),
}
"""The columns that name a row of each table; no two rows may share them."""
