"""F6: aid acts slowly and weakly on emigration (Dreher, Fuchs and Langlotz 2019; Lanati and Thiele 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from simulator.model import simulate
from simulator.scenario import tables as rows
from simulator.scenario.parameters import Parameters
from simulator.scenario.schema import Period, Scenario
from simulator.validation.builder import (
    asylum,
    change,
    country,
    leg,
    place,
    policy,
    recognition,
    scenario,
    years,
)
from simulator.validation.estimate import Estimate, level_for, over_seeds

SEEDS: Final = (1, 2, 3)
INCOME: Final = 4000.0
"""Income a head of the origin, in PPP dollars: about the middle of the origins of the Mediterranean corridor."""
PEOPLE: Final = 3e7
AID_SHARE: Final = 0.05
"""Aid as a share of the origin's income before it doubles: what a poor country may receive. It is in its income."""
AID: Final = AID_SHARE * INCOME * PEOPLE / 1e6
"""What doubling it adds, in million euros a year."""
FIRST, LATER, LAST = (2001, 2005), (2006, 2010), (2011, 2015)
"""Years after the doubling: the first five, the next five, and the five after a decade."""
LEAVE: Final = 50_000
"""Departures in the year before aid doubles: one or two in a thousand."""
LEVELS: Final = (-12.0, 12.0)
"""Levels of departure between which that many leave."""
PEOPLE_PER_ROW, COARSE = 5, 100


def receiver(
    parameters: Parameters, *, more: float, seed: int, level: float, persons: int = PEOPLE_PER_ROW
) -> Scenario:
    """Return one origin over sixteen years; from the second year on it receives so many more million euros a year."""
    doubled = {"aid": policy(change("aid", "EU", ["ORA"], [("2001-01-01", more)], unit="million_eur/year"))}
    return scenario(
        parameters,
        countries=[country("ORA", "home", origin=True), country("DEA", "city", destination=True)],
        places=[place("home", "ORA", "origin", 0.0), place("city", "DEA", "destination", 1.0, claim=True)],
        legs=[leg("home", "city", route="way", counted=True, days=10.0, price_eur=2000.0, p_death=0.005)],
        country_years=[
            years("ORA", population=PEOPLE, gdp_per_head=INCOME),
            years("DEA", gdp_per_head=45_000, fragility=25),
        ],
        origins={"ORA": (0.2, level)},
        recognition=recognition("ORA", country="DEA"),
        asylum_years=[asylum("DEA")],
        diaspora=[rows.DiasporaRow(origin="ORA", country="DEA", year=2016, people=50_000)],
        # News multiplies whatever difference there is, and the studies are of emigration over years.
        switches={"diffusion": False},
        policies=doubled,
        start="2000-01-01",
        end="2016-01-01",
        step_days="month",
        seed=seed,
        persons_per_agent=persons,
    )


def departures(made: Scenario) -> dict[int, float]:
    """Return departures by year."""
    frame = simulate(made).frame("departures", by=["year"])
    return {int(year): float(people) for year, people in zip(frame["year"], frame["departures"], strict=True)}


@dataclass(frozen=True)
class Effect:
    """Relative change of departures when aid doubles, by years after it."""

    first: Estimate
    later: Estimate
    last: Estimate


def doubling(parameters: Parameters, seeds: Sequence[int] = SEEDS) -> Effect:
    """Run the origin with aid as it was and doubled, with the same luck, and compare departures."""

    def before_it(level: float) -> float:
        tried = receiver(parameters, more=0.0, seed=SEEDS[0], level=level, persons=COARSE)
        first = Period(start=tried.period.start, end=date(FIRST[0], 1, 1))
        return sum(departures(tried.model_copy(update={"period": first})).values())

    level = level_for(before_it, LEAVE, *LEVELS)
    changes: dict[tuple[int, int], list[float]] = {FIRST: [], LATER: [], LAST: []}
    for seed in seeds:
        plain, doubled = (departures(receiver(parameters, more=more, seed=seed, level=level)) for more in (0.0, AID))
        for (begin, end), found in changes.items():
            before, after = (sum(left[year] for year in range(begin, end + 1)) for left in (plain, doubled))
            found.append(after / before - 1.0 if before else float("nan"))
    return Effect(*(over_seeds(found) for found in changes.values()))
