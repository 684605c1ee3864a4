"""F2: a barrier on one of several ways: residents near it leave less, those beside it too, and ways are changed.

Feigenberg (2020) on the fence at the border between Mexico and the United States counts migration *from* places at the
border and behind it, not crossings; Allen, Dobbin and Morten (2019) on the ways that people take.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from simulator.analysis.diversion.within import share_within
from simulator.model import simulate
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
from simulator.validation.estimate import Estimate, level_for, over_seeds

SEEDS: Final = (1, 2, 3)
SECTORS: Final = ("west", "middle", "east", "far-east")
"""Sectors of the border, each next to the one before."""
FENCED: Final = "middle"
NEXT_DOOR: Final = ("west", "east")
DAYS: Final = {"west": 2.0, "middle": 1.0, "east": 1.5, "far-east": 3.0}
"""Days from the crossroads to each sector: people differ in what suits them, and most take the middle."""
EFFORT: Final = 2.4
"""Effort in each sector, at which about one in three attempts is stopped."""
FALL: Final = 0.27
"""By how much the fence lowers migration of residents near it, as in the study: its effort is chosen so."""
EFFORTS: Final = (0.0, 24.0)
"""Efforts of the fence between which they leave less by that much. The study does not say how hard it made crossing."""
RESIDENTS: Final[Mapping[str, str]] = {"middle": "ORM", "west": "ORW", "east": "ORE"}
"""People who live at a sector, by origin; as ready to leave, and as rich, as those of the interior."""
INTERIOR: Final = "ORA"
AT_THE_LINE: Final = 300_000
"""Residents of each of these sectors. The interior has ten times as many."""
ALONG, TO_THE_ROAD = 0.5, 3.0
"""Days from the line to the sector next to one's own, and to the crossroads (assumed)."""
SECOND_YEAR: Final = "2017"
ARRIVALS: Final = 60_000
"""Arrivals in a year without the fence."""
LEVELS: Final = (-4.0, 8.0)
"""Levels of departure between which that many arrive."""
PEOPLE_PER_ROW, COARSE = 5, 50


def border(parameters: Parameters, *, fence: float, seed: int, level: float, persons: int = PEOPLE_PER_ROW) -> Scenario:
    """Return a corridor whose last leg crosses one border in any of four sectors; a fence adds effort in one.

    All sectors are of one route: people hear of the border, not of each stretch of it.
    """
    effort = change("border_effort_arrival", "DEA", [f"{FENCED}--city"], [("2017-01-01", fence)])
    return scenario(
        parameters,
        countries=[
            country("ORA", "home", origin=True),
            *(country(code, f"home-{sector}", origin=True) for sector, code in RESIDENTS.items()),
            country("TRA", "crossroads", host=True),
            country("DEA", "city", destination=True),
        ],
        places=[
            place("home", "ORA", "origin", 0.0),
            *(place(f"home-{sector}", code, "origin", 0.0) for sector, code in RESIDENTS.items()),
            place("crossroads", "TRA", "hub", 3.0),
            *(place(sector, "TRA", "border", 3.0) for sector in SECTORS),
            place("city", "DEA", "destination", 1.0, claim=True),
        ],
        legs=_legs(),
        country_years=[
            years("ORA", population=3e6, gdp_per_head=8000),
            *(years(code, population=AT_THE_LINE, gdp_per_head=8000) for code in RESIDENTS.values()),
            years("TRA", gdp_per_head=10_000),
            years("DEA", gdp_per_head=50_000, fragility=25),
        ],
        origins=dict.fromkeys((INTERIOR, *RESIDENTS.values()), (0.3, level)),
        recognition=recognition(INTERIOR, *RESIDENTS.values(), country="DEA"),
        asylum_years=[asylum("DEA")],
        diaspora=[
            rows.DiasporaRow(origin=INTERIOR, country="DEA", year=2016, people=200_000),
            *(rows.DiasporaRow(origin=code, country="DEA", year=2016, people=20_000) for code in RESIDENTS.values()),
        ],
        policies={"fence": policy(effort)},
        end="2018-01-01",
        seed=seed,
        persons_per_agent=persons,
    )


def _legs() -> list[rows.LegRow]:
    return [
        leg("home", "crossroads", price_eur=200.0, days=2.0),
        *_from_the_line(),
        *(leg("crossroads", sector, price_eur=50.0, days=DAYS[sector]) for sector in SECTORS),
        *(
            leg(sector, "city", route="border", counted=True, price_eur=1500.0, days=2.0, p_death=0.002,
                arrival_control="DEA", effort_arrival=EFFORT)
            for sector in SECTORS
        ),
    ]  # fmt: skip


def _from_the_line() -> Iterator[rows.LegRow]:
    """Yield the ways of residents of the line: to their own sector, to those next to it, and inland to the road."""
    for sector in RESIDENTS:
        place_ = SECTORS.index(sector)
        yield leg(f"home-{sector}", sector, price_eur=10.0, days=0.1)
        yield leg(f"home-{sector}", "crossroads", price_eur=100.0, days=TO_THE_ROAD)
        for other in SECTORS[max(place_ - 1, 0) : place_] + SECTORS[place_ + 1 : place_ + 2]:
            yield leg(f"home-{sector}", other, price_eur=30.0, days=ALONG)


def second_year(made: Scenario) -> Year:
    """Return arrivals by sector and departures by origin in the second year."""
    result = simulate(made)
    people, left = (
        result.frame(name, by=["year", *by]).astype(str).query("year == @SECOND_YEAR").set_index(by)[name].astype(float)
        for name, by in (("arrivals", ["tail", "origin", "need"]), ("departures", ["origin"]))
    )
    came = people.groupby("tail").sum()
    return Year(
        {sector: float(came.get(sector, 0.0)) for sector in SECTORS},
        {origin: float(left.get(origin, 0.0)) for origin in (INTERIOR, *RESIDENTS.values())},
        people.rename_axis(["route", "origin", "need"]),
    )


@dataclass(frozen=True)
class Year:
    """Arrivals by sector, departures by origin, and arrivals by sector (as ``route``), origin and need in a year."""

    arrivals: dict[str, float]
    departures: dict[str, float]
    people: pd.Series[float]


@dataclass(frozen=True)
class Diversion:
    """What the fence did.

    Attributes
    ----------
    effort : effort that the fence adds.
    near, beside, interior : relative change of departures of residents near it, in the sectors beside it, and inland.
    treated : relative change of arrivals in its sector.
    next_door : relative change of arrivals in the sectors beside it.
    changed_way : of those fewer in its sector, the share matched by more of the same origin and need in another.
    """

    effort: float
    near: Estimate
    beside: Estimate
    interior: Estimate
    treated: Estimate
    next_door: Estimate
    changed_way: Estimate


def sizes(parameters: Parameters) -> tuple[float, float]:
    """Return the level of departures, and the effort of the fence, at which flow and fall are as they should be."""

    def year(level: float, fence: float) -> Year:
        return second_year(border(parameters, fence=fence, seed=SEEDS[0], level=level, persons=COARSE))

    level = level_for(lambda tried: sum(year(tried, 0.0).arrivals.values()), ARRIVALS, *LEVELS)
    before = year(level, 0.0).departures[RESIDENTS[FENCED]]
    return level, level_for(
        lambda tried: 1.0 - year(level, tried).departures[RESIDENTS[FENCED]] / before, FALL, *EFFORTS
    )


def diversion(parameters: Parameters, seeds: Sequence[int] = SEEDS) -> Diversion:
    """Run the border with and without the fence, with the same luck, and compare."""
    level, effort = sizes(parameters)
    found: dict[str, list[float]] = {name: [] for name in ("near", "beside", "interior", "treated", "next", "moved")}
    for seed in seeds:
        without, with_ = (
            second_year(border(parameters, fence=fence, seed=seed, level=level)) for fence in (0.0, effort)
        )
        beside = [RESIDENTS[sector] for sector in NEXT_DOOR]
        for name, origins in (("near", [RESIDENTS[FENCED]]), ("beside", beside), ("interior", [INTERIOR])):
            found[name].append(_change(with_.departures, without.departures, origins))
        found["treated"].append(_change(with_.arrivals, without.arrivals, [FENCED]))
        found["next"].append(_change(with_.arrivals, without.arrivals, NEXT_DOOR))
        others = [sector for sector in SECTORS if sector != FENCED]
        found["moved"].append(share_within(without.people, with_.people, [FENCED], others))
    return Diversion(effort, *(over_seeds(values) for values in found.values()))


def _change(with_: Mapping[str, float], without: Mapping[str, float], of: Sequence[str]) -> float:
    return sum(with_[each] for each in of) / sum(without[each] for each in of) - 1.0
