"""Small made-up corridors, put together in Python: for facts that need no real place, and for tests.

Places, legs and countries are made up; behavioural parameters are given, so that a fact can be put to those of any
corridor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, Literal

import numpy as np

from simulator.scenario import tables as rows
from simulator.scenario.parameters import Parameters, Switches
from simulator.scenario.policies import LeverChange, Partnership, Payment, Policy
from simulator.scenario.schema import CorridorFile, Period, Route, Scenario, TableFile, TablesFile, WealthClass
from simulator.scenario.tables import TABLES

WEALTH: Final = (("poorer", 0.4), ("middle", 0.4), ("richer", 0.2))
YEAR: Final = 2016
"""Year of figures that are given for one year only; they hold in all years."""
PLENTY: Final = 1e6
"""Decisions a year that no queue can use up."""
_OPTIONAL: Final = ("displaced", "diaspora", "recognition", "asylum_years", "visas", "seasons", "observed")


def country(code: str, place: str, **fields: Any) -> rows.CountryRow:
    """Return a country whose residents set out from `place`."""
    return rows.CountryRow(country=code, name=code, place=place, **fields)


def place(name: str, of: str, role: str, wait: float = 1.0, **fields: Any) -> rows.PlaceRow:
    """Return a place in the country `of`, where people wait so many days."""
    return rows.PlaceRow.model_validate(
        {"place": name, "name": name, "country": of, "lat": 0, "lon": 0, "role": role, "wait_days": wait, **fields}
    )


def leg(tail: str, head: str, mode: str = "land", **fields: Any) -> rows.LegRow:
    """Return a leg: by default a safe day's journey for 100 euros."""
    plain: dict[str, Any] = {"distance_km": 100, "days": 1.0, "price_eur": 100.0, "p_death": 0.0}
    name = fields.pop("name", f"{tail}--{head}")
    return rows.LegRow.model_validate({"leg": name, "tail": tail, "head": head, "mode": mode, **plain, **fields})


def years(code: str, year: int = YEAR, **figures: float | None) -> rows.CountryYearRow:
    """Return the drivers of a country."""
    plain: dict[str, Any] = {
        "population": 1e6, "gdp_per_head": 10_000, "youth_unemployment": 0.2, "fragility": 60, "battle_deaths": 0,
        "remittances": 0,
    }  # fmt: skip
    return rows.CountryYearRow(country=code, year=year, **{**plain, **figures})


def recognition(*origins: str, country: str, rate: float = 0.3) -> list[rows.RecognitionRow]:
    """Return the same rate of recognition for each origin."""
    return [rows.RecognitionRow(origin=code, country=country, year=YEAR, rate=rate, decisions=100) for code in origins]


def asylum(country: str, decisions: float = PLENTY, removals: float = 0.0) -> rows.AsylumYearRow:
    """Return the asylum system of a country: by default one that decides at once and removes nobody."""
    return rows.AsylumYearRow(country=country, year=YEAR, decisions=decisions, removals=removals)


def seasons(
    sea: str, opening: float | Sequence[float] = 1.0, risk: float | Sequence[float] = 1.0
) -> list[rows.SeasonRow]:
    """Return the twelve months of a sea."""
    opens, risks = np.broadcast_to(opening, 12), np.broadcast_to(risk, 12)
    return [rows.SeasonRow(sea=sea, month=m + 1, open=float(opens[m]), risk=float(risks[m])) for m in range(12)]


def change(
    lever: str, government: str, at: Sequence[str],
    values: Iterable[tuple[str, float] | tuple[str, float, float]], *, do: str = "add", until: str | None = None,
    unit: str = "1", to: Sequence[str] = (),
) -> LeverChange:  # fmt: skip
    """Return a lever change; `values` are dates with values, and with days of ramp where there is one."""
    dated = [{"from": date.fromisoformat(v[0]), "value": v[1], "ramp_days": v[2] if len(v) > 2 else 0} for v in values]
    return LeverChange.model_validate({
        "lever": lever, "government": government, "at": at, "to": to, "do": do, "values": dated, "unit": unit,
        "until": until and date.fromisoformat(until), "kind": "assumed", "factor": (0.5, 2),
    })  # fmt: skip


def payment(payer: str, recipient: str | None, start: str, until: str, million_eur: float) -> Payment:
    """Return a payment, spread evenly between two dates."""
    return Payment.model_validate({
        "payer": payer, "recipient": recipient, "from": start, "until": until, "million_eur": million_eur,
        "kind": "assumed", "factor": (0.5, 2),
    })  # fmt: skip


def policy(*levers: LeverChange, payments: Sequence[Payment] = (), announced: str = "2016-01-01") -> Policy:
    """Return a policy of these changes and payments."""
    return Policy(
        label="A policy", summary="Made up.", announced=date.fromisoformat(announced), source="assumed", levers=levers,
        payments=tuple(payments),
    )  # fmt: skip


def scenario(
    parameters: Parameters,
    *,
    countries: Sequence[rows.CountryRow],
    places: Sequence[rows.PlaceRow],
    legs: Sequence[rows.LegRow],
    country_years: Sequence[rows.CountryYearRow],
    origins: Mapping[str, tuple[float, float]],
    start: str = "2016-01-01",
    end: str = "2016-07-01",
    step_days: int | Literal["month"] = 7,
    persons_per_agent: int = 1,
    seed: int = 1,
    switches: Mapping[str, bool] | None = None,
    policies: Mapping[str, Policy] | None = None,
    partnerships: Sequence[Partnership] = (),
    wealth: Sequence[tuple[str, float]] = WEALTH,
    **tables: Any,
) -> Scenario:
    """Return a validated scenario.

    Parameters
    ----------
    origins : share in need, and level of departures, of each origin.
    wealth : names and shares of the wealth classes.
    tables : rows of further tables; those left out are empty.
    """
    named = {name: TableFile(file=f"{name}.csv") for name in TABLES}
    corridor = CorridorFile(
        corridor="small", title="Small corridor", summary="Made up.", available=(date(2000, 1, 1), date(2040, 1, 1)),
        reference_year=YEAR, routes={row.route: Route(label=row.route) for row in legs if row.route},
        wealth_classes=tuple(WealthClass(name=name, share=share) for name, share in wealth),
        tables=TablesFile(**named), parameters=parameters, switches=Switches(**(switches or {})),
        policies=dict(policies or {}), partnerships=tuple(partnerships),
    )  # fmt: skip
    given = {name: tuple(tables.pop(name, ())) for name in _OPTIONAL}
    if tables:
        raise TypeError(f"there are no tables {sorted(tables)}")
    levels = tuple(rows.OriginRow(origin=code, need_share=need, departure_level=level)
                   for code, (need, level) in origins.items())  # fmt: skip
    return Scenario(
        name="small", title="Small", summary="Made up.", base="small", step_days=step_days,
        period=Period(start=date.fromisoformat(start), end=date.fromisoformat(end)), seed=seed, overrides=(),
        compare=(), persons_per_agent=persons_per_agent, corridor=corridor, countries=tuple(countries),
        places=tuple(places), legs=tuple(legs), country_years=tuple(country_years), sources={}, **given,
        origins=levels,
    )  # fmt: skip


def two_seas(parameters: Parameters, population: float = 60_000, **knobs: Any) -> Scenario:
    """Return a corridor with two origins, two transit countries, two sea routes and two destinations.

    People of the poor, warring ORA go by either sea; people of ORB go by the western sea only. TRA hosts refugees
    from ORA. Everything that stages do happens in it: detention, saving, settling, claims, appeals, removals,
    voluntary returns, deaths, pathways.
    """
    plain: dict[str, Any] = {
        "countries": [
            country("ORA", "alpha", origin=True),
            country("ORB", "beta", origin=True),
            country("TRA", "port-east", host=True, border_cooperation=0.8),
            country("TRB", "port-west", host=True, border_cooperation=0.9),
            country("DEA", "city-a", destination=True),
            country("DEB", "city-b", destination=True),
        ],
        "places": [
            place("alpha", "ORA", "origin", 0.0),
            place("beta", "ORB", "origin", 0.0),
            place("port-east", "TRA", "hub", 12.0, settle=True),
            place("port-west", "TRB", "hub", 9.0, settle=True),
            place("island", "DEB", "landing", 3.0, claim=True),
            place("coast", "DEB", "landing", 2.0),
            place("city-a", "DEA", "destination", 4.0, claim=True),
            place("city-b", "DEB", "destination", 4.0, claim=True),
        ],
        "legs": _legs_of_two_seas(),
        "country_years": [
            years("ORA", population=population, gdp_per_head=4000, youth_unemployment=0.35, fragility=105,
                  battle_deaths=60),
            years("ORB", population=population, gdp_per_head=5000, youth_unemployment=0.3, fragility=85),
            years("TRA", gdp_per_head=18_000),
            years("TRB", gdp_per_head=8000, fragility=75),
            years("DEA", gdp_per_head=50_000, fragility=25),
            years("DEB", gdp_per_head=40_000, fragility=35),
        ],
        "origins": {"ORA": (0.8, 0.5), "ORB": (0.25, -0.5)},
        "displaced": [
            rows.DisplacedRow(origin="ORA", host="TRA", year=y, people=p) for y, p in ((2015, 8000), (2016, 9000))
        ],
        "recognition": [
            rows.RecognitionRow(origin=o, country=c, year=YEAR, rate=r, decisions=100)
            for o, c, r in (("ORA", "DEA", 0.7), ("ORA", "DEB", 0.6), ("ORB", "DEA", 0.2), ("ORB", "DEB", 0.3))
        ],
        "asylum_years": [asylum("DEA", 6000, 500), asylum("DEB", 4000, 300)],
        "visas": [rows.VisaRow(origin=o, country="DEA", required=1.0) for o in ("ORA", "ORB")],
        "diaspora": [rows.DiasporaRow(origin="ORA", country="DEA", year=2015, people=3000)],
        "seasons": [
            *seasons("east", 0.8),
            *seasons("west", [0.3, 0.3, 0.5, 0.7, 0.9, 1, 1, 1, 0.8, 0.6, 0.4, 0.3], 1.1),
        ],
    }  # fmt: skip
    return scenario(parameters, **{**plain, **knobs})


def _legs_of_two_seas() -> list[rows.LegRow]:
    return [
        leg("alpha", "port-east", days=4.0, price_eur=300.0, p_death=0.001),
        leg("alpha", "port-west", days=9.0, price_eur=900.0, p_death=0.004),
        leg("beta", "port-west", days=3.0, price_eur=250.0, p_death=0.002),
        leg(
            "port-east", "island", "sea", route="eastern", counted=True, days=0.5, price_eur=1000.0, p_death=0.01,
            departure_control="TRA", arrival_control="DEB", effort_departure=1.0, effort_arrival=0.5,
            surge_per_week=400.0, sea="east",
        ),
        leg(
            "port-west", "coast", "sea", route="western", counted=True, days=2.0, price_eur=1500.0, p_death=0.03,
            departure_control="TRB", effort_departure=0.8, surge_per_week=300.0, sea="west",
        ),
        leg("port-east", "port-west", days=6.0, price_eur=200.0),
        leg("port-west", "port-east", days=6.0, price_eur=200.0),
        leg("island", "city-b", days=1.0, price_eur=50.0),
        leg("coast", "city-b", days=1.0, price_eur=40.0),
        leg("city-b", "city-a", days=2.0, price_eur=200.0),
        leg("city-a", "city-b", days=2.0, price_eur=100.0),
        leg("alpha", "city-a", "air", days=0.5, price_eur=400.0, visa=True),
    ]  # fmt: skip
