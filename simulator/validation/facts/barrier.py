"""F2: a barrier on one of several ways: fewer there, more next door, and more change their way than stay at home.

Feigenberg (2020) on the fence at the border between Mexico and the United States; Allen, Dobbin and Morten (2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from simulator.analysis.diversion.within import share_within
from simulator.scenario import tables as rows
from simulator.scenario.parameters import Parameters
from simulator.scenario.schema import Scenario
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
from simulator.validation.estimate import Estimate, level_for, over_seeds, simulate

SEEDS: Final = (1, 2, 3)
SECTORS: Final = ("west", "middle", "east", "far-east")
"""Sectors of the border, each next to the one before."""
FENCED: Final = "middle"
NEXT_DOOR: Final = ("west", "east")
DAYS: Final = {"west": 2.0, "middle": 1.0, "east": 1.5, "far-east": 3.0}
"""Days from the crossroads to each sector: people differ in what suits them, and most take the middle."""
EFFORT: Final = 2.4
"""Effort in each sector, at which about one in three attempts is stopped."""
FALL: Final = 0.25
"""By how much the fence lowers arrivals in its sector, as in the study: its effort is chosen so."""
EFFORTS: Final = (0.0, 6.0)
"""Efforts of the fence between which arrivals fall by that much."""
SECOND_YEAR: Final = "2017"
ARRIVALS: Final = 60_000
"""Arrivals in a year without the fence."""
LEVELS: Final = (-4.0, 8.0)
"""Levels of departure between which that many arrive."""
PEOPLE_PER_ROW, COARSE = 2, 50


def border(parameters: Parameters, *, fence: float, seed: int, level: float, persons: int = PEOPLE_PER_ROW) -> Scenario:
    """Return a corridor whose last leg crosses one border in any of four sectors; a fence adds effort in one.

    All sectors are of one route: people hear of the border, not of each stretch of it.
    """
    effort = change("border_effort_arrival", "DEA", [f"{FENCED}--city"], [("2017-01-01", fence)])
    return scenario(
        parameters,
        countries=[
            country("ORA", "home", origin=True),
            country("TRA", "crossroads", host=True),
            country("DEA", "city", destination=True),
        ],
        places=[
            place("home", "ORA", "origin", 0.0),
            place("crossroads", "TRA", "hub", 3.0),
            *(place(sector, "TRA", "border", 3.0) for sector in SECTORS),
            place("city", "DEA", "destination", 1.0, claim=True),
        ],
        legs=_legs(),
        country_years=[
            years("ORA", population=3e6, gdp_per_head=8000),
            years("TRA", gdp_per_head=10_000),
            years("DEA", gdp_per_head=50_000, fragility=25),
        ],
        origins={"ORA": (0.3, level)},
        recognition=recognition("ORA", country="DEA"),
        asylum_years=[asylum("DEA")],
        diaspora=[rows.DiasporaRow(origin="ORA", country="DEA", year=2016, people=200_000)],
        policies={"fence": policy(effort)},
        end="2018-01-01",
        seed=seed,
        persons_per_agent=persons,
    )


def _legs() -> list[rows.LegRow]:
    return [
        leg("home", "crossroads", price_eur=200.0, days=2.0),
        *(leg("crossroads", sector, price_eur=50.0, days=DAYS[sector]) for sector in SECTORS),
        *(
            leg(sector, "city", route="border", counted=True, price_eur=1500.0, days=2.0, p_death=0.002,
                arrival_control="DEA", effort_arrival=EFFORT)
            for sector in SECTORS
        ),
    ]  # fmt: skip


def people(made: Scenario) -> pd.Series[float]:
    """Return arrivals in the second year by sector (as ``route``), origin and need."""
    frame = simulate(made).frame("arrivals", by=["year", "tail", "origin", "need"])
    frame = frame.astype({name: str for name in ("year", "tail", "origin", "need")}).rename(columns={"tail": "route"})
    second = frame[frame["year"] == SECOND_YEAR]
    return second.groupby(["route", "origin", "need"])["arrivals"].sum().astype(float)


def arrivals(made: Scenario) -> dict[str, float]:
    """Return arrivals by sector in the second year."""
    return by_sector(people(made))


def by_sector(found: pd.Series[float]) -> dict[str, float]:
    """Return people by sector."""
    sums = found.groupby("route").sum()
    return {sector: float(sums.get(sector, 0.0)) for sector in SECTORS}


@dataclass(frozen=True)
class Diversion:
    """What the fence did to arrivals.

    Attributes
    ----------
    effort : effort that the fence adds.
    treated : relative change in its sector.
    next_door : relative change in the sectors beside it.
    changed_way : of those fewer in its sector, the share matched by more of the same need in another.
    """

    effort: float
    treated: Estimate
    next_door: Estimate
    changed_way: Estimate


def sizes(parameters: Parameters) -> tuple[float, float]:
    """Return the level of departures, and the effort of the fence, at which flow and fall are as they should be."""

    def sectors(level: float, fence: float) -> dict[str, float]:
        return arrivals(border(parameters, fence=fence, seed=SEEDS[0], level=level, persons=COARSE))

    level = level_for(lambda tried: sum(sectors(tried, 0.0).values()), ARRIVALS, *LEVELS)
    before = sectors(level, 0.0)[FENCED]
    return level, level_for(lambda tried: 1.0 - sectors(level, tried)[FENCED] / before, FALL, *EFFORTS)


def diversion(parameters: Parameters, seeds: Sequence[int] = SEEDS) -> Diversion:
    """Run the border with and without the fence, with the same luck, and compare."""
    level, effort = sizes(parameters)
    treated, beside, moved = [], [], []
    for seed in seeds:
        sides = [people(border(parameters, fence=fence, seed=seed, level=level)) for fence in (0.0, effort)]
        without, with_ = (by_sector(side) for side in sides)
        treated.append(with_[FENCED] / without[FENCED] - 1.0)
        beside.append(sum(with_[s] for s in NEXT_DOOR) / sum(without[s] for s in NEXT_DOOR) - 1.0)
        moved.append(share_within(sides[0], sides[1], [FENCED], [s for s in SECTORS if s != FENCED]))
    return Diversion(effort, over_seeds(treated), over_seeds(beside), over_seeds(moved))
