"""F4: emigration rises with income up to about 10,000 PPP dollars a head, then falls (Clemens 2014, 2020)."""

from __future__ import annotations

from string import ascii_uppercase
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.model import simulate
from simulator.scenario import tables as rows
from simulator.scenario.parameters import Parameters
from simulator.scenario.schema import Scenario
from simulator.validation.builder import asylum, country, leg, place, recognition, scenario, years
from simulator.validation.estimate import Estimate, level_for

Floats = NDArray[np.float64]

INCOMES: Final = (1000, 1500, 2500, 4000, 6500, 10_000, 15_000, 22_000, 30_000)
"""Incomes a head of the origins, in PPP dollars."""
TURN: Final = 10_000
"""Income at which emigration is highest, by the study."""
PEOPLE: Final = 3e7
"""People in each origin."""
LEAVE: Final = {True: 400_000, False: 2_500_000}
"""Departures from all of them in nine months, with the hump and without it: some in a thousand. Without
it nearly all are of the poorest, and the richer have to be enough to be counted."""
LEVELS: Final = (-12.0, 12.0)
"""Levels of departure between which that many leave."""
COARSE: Final = 200


def ladder(parameters: Parameters, *, hump: bool, level: float, persons: int = 1) -> Scenario:
    """Return a corridor of nine origins that differ in income alone; a journey costs 2000 euros; 50,000 went before."""
    codes = ["O" + letter * 2 for letter in ascii_uppercase[: len(INCOMES)]]
    return scenario(
        parameters,
        countries=[
            *(country(code, code.lower(), origin=True) for code in codes),
            country("DEA", "city", destination=True),
        ],
        places=[
            *(place(code.lower(), code, "origin", 0.0) for code in codes),
            place("city", "DEA", "destination", 1.0, claim=True),
        ],
        legs=[
            leg(code.lower(), "city", route="way", counted=True, days=10.0, price_eur=2000.0, p_death=0.005)
            for code in codes
        ],
        country_years=[
            *(years(code, population=PEOPLE, gdp_per_head=income) for code, income in zip(codes, INCOMES, strict=True)),
            years("DEA", gdp_per_head=45_000, fragility=25),
        ],
        origins=dict.fromkeys(codes, (0.2, level)),
        recognition=recognition(*codes, country="DEA"),
        # News multiplies whatever difference there is between origins.
        switches={"hump": hump, "diffusion": False},
        diaspora=[rows.DiasporaRow(origin=code, country="DEA", year=2016, people=50_000) for code in codes],
        asylum_years=[asylum("DEA")],
        end="2016-10-01",
        persons_per_agent=persons,
    )  # fmt: skip


def emigration(parameters: Parameters, *, hump: bool) -> Floats:
    """Return departures from each origin of the ladder over nine months; shape (n_incomes,)."""

    def everybody(level: float) -> float:
        return float(departures(ladder(parameters, hump=hump, level=level, persons=COARSE)).sum())

    return departures(ladder(parameters, hump=hump, level=level_for(everybody, LEAVE[hump], *LEVELS)))


def departures(made: Scenario) -> Floats:
    """Return departures from each origin in a run; shape (n_incomes,)."""
    result = simulate(made)
    left = result.frame("departures", by=["origin"]).set_index("origin")["departures"]
    return left.reindex([row.origin for row in made.origins]).fillna(0.0).to_numpy(dtype=float)


def income_elasticity(left: Floats, low: float, high: float) -> Estimate:
    """Return the elasticity of emigration to income between two incomes, and its standard error from counting."""
    income = np.array(INCOMES, dtype=float)
    some = (income >= low) & (income <= high)
    x = np.log(income[some]) - np.log(income[some]).mean()
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = float(x @ np.log(left[some]) / (x @ x))
        return Estimate(slope, float(np.sqrt((x**2 / left[some]).sum()) / (x @ x)))


def income_of_the_most(left: Floats) -> int:
    """Return the income at which most leave."""
    return INCOMES[int(np.argmax(left))]


def steepest_rise(left: Floats) -> Estimate:
    """Return the largest rise, on the log scale, from one income of the ladder to the next."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rises = np.diff(np.log(left))
        return Estimate(float(rises.max()), float(np.sqrt(2.0 / left.min())))
