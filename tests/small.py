"""Small made-up corridors with keyword knobs, for tests of the simulator's core.

Behavioural parameters are those of the corridor ``mediterranean``, but for a few that are held at plain values so
that calibrating the corridor does not move the tests of how the machine works; tests of facts ask for the shipped
ones. Places, legs and countries are made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from simulator.model import CorridorModel
from simulator.scenario import tables as rows
from simulator.scenario.parameters import Parameters, Switches
from simulator.scenario.policies import LeverChange, Partnership, Payment, Policy
from simulator.scenario.schema import CorridorFile, Period, Route, Scenario, TableFile, TablesFile, WealthClass
from simulator.scenario.tables import TABLES
from simulator.world.build import build_world
from simulator.world.world import World

PARAMETERS = Path(__file__).parents[1] / "scenarios" / "mediterranean" / "parameters.yaml"
WEALTH = (("poorer", 0.4), ("middle", 0.4), ("richer", 0.2))


PLAIN: Mapping[str, float] = {
    "choice.scale": 1.0,
    "choice.sea_scale": 0.7,
    "choice.leg_loss": 0.8,
    "choice.price_weight": 1.5,
    "choice.interception_weight": 2.0,
    "choice.death_weight": 0.3,
    "choice.diaspora_weight": 0.3,
    "choice.protection_weight": 2.0,
    "choice.backlog_weight": 0.3,
    "choice.homecoming_loss": 2.0,
    "news.weight": 0.3,
    "news.reference": 200,
    "news.halflife": 60,
    "beliefs.memory": 45,
    "beliefs.prior_strength": 200,
    "choice.day_weight": 0.01,
    "departure.highest_rate": 6.0,
    "departure.renewal": 5.0,
    "departure.foresight": 60,
    "departure.threshold": 6.0,
    "departure.spread": 0.7,
    "departure.host_income_share": 0.35,
    "departure.wealth_share": 0.6,
    "departure.wealth_spread": 1.0,
    "crossing.effectiveness": 0.3,
    "crossing.evasion_risk": 1.0,
    "crossing.crowding_risk": 0.5,
    "crossing.rescue_effect": 0.7,
    "crossing.season_sharpness": 1.0,
    "crossing.retry_delay": 10,
    "crossing.sea_hazard_noise": 0.2,
    "crossing.give_up_share": 0.15,
    "smuggling.smuggled_share": 0.9,
    "smuggling.adjustment": 60,
    "smuggling.capacity_growth": 8,
    "smuggling.capacity_fall": 180,
    "smuggling.capacity_floor": 2000,
    "governance.capacity_at_zero_fragility": 1.0,
}
"""Values at which tests hold parameters that calibration moves."""


@cache
def _parameter_file() -> dict[str, Any]:
    return dict(YAML(typ="safe").load(PARAMETERS.read_text(encoding="utf-8")))


def parameters(changes: Mapping[str, float] | None = None, *, shipped: bool = False) -> Parameters:
    """Return the parameters of the Mediterranean corridor, but for `changes`, such as ``{"choice.scale": 2}``.

    A changed value is in the unit of the parameter's field, not of the file. Unless the `shipped` ones are asked for,
    the values of `PLAIN` come first.
    """
    groups = Parameters.model_validate(_parameter_file())
    updates: dict[str, dict[str, Any]] = {}
    for name, value in {**({} if shipped else PLAIN), **(changes or {})}.items():
        group, field = name.split(".")
        quantity = getattr(getattr(groups, group), field)
        updates.setdefault(group, {})[field] = quantity.model_copy(update={"value": float(value)})
    return groups.model_copy(
        update={group: getattr(groups, group).model_copy(update=fields) for group, fields in updates.items()}
    )


def country(code: str, place: str, **fields: Any) -> rows.CountryRow:
    return rows.CountryRow(country=code, name=code, place=place, **fields)


def place(name: str, of: str, role: str, wait: float = 1.0, **fields: Any) -> rows.PlaceRow:
    return rows.PlaceRow(place=name, name=name, country=of, lat=0, lon=0, role=role, wait_days=wait, **fields)  # type: ignore[arg-type]


def leg(tail: str, head: str, mode: str = "land", **fields: Any) -> rows.LegRow:
    plain: dict[str, Any] = {"distance_km": 100, "days": 1.0, "price_eur": 100.0, "p_death": 0.0}
    name = fields.pop("name", f"{tail}--{head}")
    return rows.LegRow(leg=name, tail=tail, head=head, mode=mode, **{**plain, **fields})  # type: ignore[arg-type]


def years(code: str, year: int = 2016, **figures: float | None) -> rows.CountryYearRow:
    plain: dict[str, Any] = {
        "population": 1e6,
        "gdp_per_head": 10_000,
        "youth_unemployment": 0.2,
        "fragility": 60,
        "battle_deaths": 0,
        "remittances": 0,
    }
    return rows.CountryYearRow(country=code, year=year, **{**plain, **figures})


def change(
    lever: str,
    government: str,
    at: Sequence[str],
    values: Iterable[tuple[str, float] | tuple[str, float, float]],
    *,
    do: str = "add",
    until: str | None = None,
    unit: str = "1",
    to: Sequence[str] = (),
) -> LeverChange:
    dated = [{"from": date.fromisoformat(v[0]), "value": v[1], "ramp_days": v[2] if len(v) > 2 else 0} for v in values]
    return LeverChange.model_validate(
        {
            "lever": lever,
            "government": government,
            "at": at,
            "to": to,
            "do": do,
            "values": dated,
            "unit": unit,
            "until": until and date.fromisoformat(until),
            "kind": "assumed",
            "factor": (0.5, 2),
        }
    )


def payment(payer: str, recipient: str | None, start: str, until: str, million_eur: float) -> Payment:
    return Payment.model_validate(
        {
            "payer": payer,
            "recipient": recipient,
            "from": start,
            "until": until,
            "million_eur": million_eur,
            "kind": "assumed",
            "factor": (0.5, 2),
        }
    )


def policy(*levers: LeverChange, payments: Sequence[Payment] = (), announced: str = "2016-01-01") -> Policy:
    return Policy(
        label="A policy",
        summary="For a test.",
        announced=date.fromisoformat(announced),
        source="assumed",
        levers=levers,
        payments=tuple(payments),
    )


def scenario(
    *,
    countries: Sequence[rows.CountryRow],
    places: Sequence[rows.PlaceRow],
    legs: Sequence[rows.LegRow],
    country_years: Sequence[rows.CountryYearRow],
    origins: Mapping[str, tuple[float, float]],
    start: str = "2016-01-01",
    end: str = "2016-07-01",
    step_days: int | str = 7,
    persons_per_agent: int = 1,
    seed: int = 1,
    parameter: Mapping[str, float] | None = None,
    shipped: bool = False,
    switches: Mapping[str, bool] | None = None,
    policies: Mapping[str, Policy] | None = None,
    partnerships: Sequence[Partnership] = (),
    wealth: Sequence[tuple[str, float]] = WEALTH,
    **tables: Any,
) -> Scenario:
    """Return a validated scenario; `origins` gives each origin's share in need and level of departures."""
    named = {name: TableFile(file=f"{name}.csv") for name in TABLES}
    corridor = CorridorFile(
        corridor="small",
        title="Small corridor",
        summary="Made up.",
        available=(date(2000, 1, 1), date(2040, 1, 1)),
        reference_year=2016,
        routes={row.route: Route(label=row.route) for row in legs if row.route},
        wealth_classes=tuple(WealthClass(name=name, share=share) for name, share in wealth),
        tables=TablesFile(**named),
        parameters=parameters(parameter, shipped=shipped),
        switches=Switches(**(switches or {})),
        policies=dict(policies or {}),
        partnerships=tuple(partnerships),
    )
    given = {
        name: tuple(tables.pop(name, ()))
        for name in ("displaced", "diaspora", "recognition", "asylum_years", "visas", "seasons", "observed")
    }
    assert not tables, f"unknown tables {sorted(tables)}"
    return Scenario(
        name="small",
        title="Small",
        summary="Made up.",
        base="small",
        step_days=step_days,  # type: ignore[arg-type]
        period=Period(start=date.fromisoformat(start), end=date.fromisoformat(end)),
        seed=seed,
        overrides=(),
        compare=(),
        persons_per_agent=persons_per_agent,
        corridor=corridor,
        countries=tuple(countries),
        places=tuple(places),
        legs=tuple(legs),
        country_years=tuple(country_years),
        sources={},
        **given,
        origins=tuple(
            rows.OriginRow(origin=code, need_share=need, departure_level=level)
            for code, (need, level) in origins.items()
        ),
    )


def seasons(
    sea: str, opening: float | Sequence[float] = 1.0, risk: float | Sequence[float] = 1.0
) -> list[rows.SeasonRow]:
    opens, risks = np.broadcast_to(opening, 12), np.broadcast_to(risk, 12)
    return [rows.SeasonRow(sea=sea, month=m + 1, open=float(opens[m]), risk=float(risks[m])) for m in range(12)]


EAST, WEST = 3, 4
"""The two sea legs of the corridor below."""


def corridor(population: float = 60_000, **knobs: Any) -> Scenario:
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
        "legs": [
            leg("alpha", "port-east", days=4.0, price_eur=300.0, p_death=0.001),
            leg("alpha", "port-west", days=9.0, price_eur=900.0, p_death=0.004),
            leg("beta", "port-west", days=3.0, price_eur=250.0, p_death=0.002),
            leg(
                "port-east",
                "island",
                "sea",
                route="eastern",
                counted=True,
                days=0.5,
                price_eur=1000.0,
                p_death=0.01,
                departure_control="TRA",
                arrival_control="DEB",
                effort_departure=1.0,
                effort_arrival=0.5,
                surge_per_week=400.0,
                sea="east",
            ),
            leg(
                "port-west",
                "coast",
                "sea",
                route="western",
                counted=True,
                days=2.0,
                price_eur=1500.0,
                p_death=0.03,
                departure_control="TRB",
                effort_departure=0.8,
                surge_per_week=300.0,
                sea="west",
            ),
            leg("port-east", "port-west", days=6.0, price_eur=200.0),
            leg("port-west", "port-east", days=6.0, price_eur=200.0),
            leg("island", "city-b", days=1.0, price_eur=50.0),
            leg("coast", "city-b", days=1.0, price_eur=40.0),
            leg("city-b", "city-a", days=2.0, price_eur=200.0),
            leg("city-a", "city-b", days=2.0, price_eur=100.0),
            leg("alpha", "city-a", "air", days=0.5, price_eur=400.0, visa=True),
        ],
        "country_years": [
            years(
                "ORA",
                population=population,
                gdp_per_head=4000,
                youth_unemployment=0.35,
                fragility=105,
                battle_deaths=60,
            ),
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
            rows.RecognitionRow(origin=o, country=c, year=2016, rate=r, decisions=100)
            for o, c, r in (("ORA", "DEA", 0.7), ("ORA", "DEB", 0.6), ("ORB", "DEA", 0.2), ("ORB", "DEB", 0.3))
        ],
        "asylum_years": [
            rows.AsylumYearRow(country=c, year=2016, decisions=d, removals=r)
            for c, d, r in (("DEA", 6000, 500), ("DEB", 4000, 300))
        ],
        "visas": [rows.VisaRow(origin=o, country="DEA", required=1.0) for o in ("ORA", "ORB")],
        "diaspora": [rows.DiasporaRow(origin="ORA", country="DEA", year=2015, people=3000)],
        "seasons": [
            *seasons("east", 0.8),
            *seasons("west", [0.3, 0.3, 0.5, 0.7, 0.9, 1, 1, 1, 0.8, 0.6, 0.4, 0.3], 1.1),
        ],
    }
    return scenario(**{**plain, **knobs})


EVERYTHING = {
    "deal": policy(
        change("border_effort_departure", "TRA", ["eastern"], [("2016-03-01", 3.0, 30)]),
        change("safe_third_country", "DEB", ["eastern"], [("2016-03-05", 0.3)]),
        change("sanctions", "DEB", ["eastern"], [("2016-03-05", 0.5)]),
        change("legal_pathways", "DEA", ["ORA"], [("2016-02-01", 500.0)], to=["DEA"], unit="person/year"),
        change("voluntary_return_support", "DEA", ["DEA"], [("2016-02-01", 4.0)], do="multiply"),
        change("aid", "EU", ["ORB"], [("2016-01-01", 20.0)], unit="million_eur/year"),
        change("aid", "DEA", ["ORA"], [("2016-02-01", -5.0)], unit="million_eur/year"),
        change("organised_transit", "TRB", ["port-west--port-east"], [("2016-01-20", 0.5)]),
        payments=[payment("EU", "TRA", "2016-03-01", "2016-09-01", 50.0)],
    )
}
"""Policies that set most stages to work."""


def lively(**knobs: Any) -> Scenario:
    """Return a corridor where all that can happen to people does."""
    return corridor(
        **{"population": 20_000, "policies": EVERYTHING, "origins": {"ORA": (0.8, 0.5), "ORB": (0.25, 5.0)}, **knobs}
    )


def world(**knobs: Any) -> World:
    """Return the world of `corridor` at its first day, with the step's ledger ready."""
    built = build_world(corridor(**knobs))
    built.new_ledger()
    return built


def run(made: Scenario) -> CorridorModel:
    """Run a scenario and return the model."""
    model = CorridorModel(made)
    model.run()
    return model


def total(model: CorridorModel, name: str) -> float:
    """Return a recorded flow's total over the run."""
    return float(np.sum(model.recorder.tables()[name]["value"].to_numpy()))
