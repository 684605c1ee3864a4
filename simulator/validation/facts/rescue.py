"""F8: deaths an attempt stay about the same under interception while rescue holds, and double or more without rescue.

By the counts of arrivals and deaths on the Central Mediterranean (UNHCR, IOM) 1 in 40 died in 2016 and 1 in 42 in 2017.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from simulator.model import simulate
from simulator.scenario.parameters import Parameters
from simulator.scenario.policies import Policy
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
    seasons,
    years,
)
from simulator.validation.estimate import Estimate, level_for, ratio_error

SEEDS: Final = (1, 2, 3)
LEG: Final = "port--island"
SECOND_YEAR: Final = "2017"
MUCH, NONE = 0.85, 0.0
"""Rescue while it holds, and when it is withdrawn."""
ATTEMPTS: Final = 180_000
"""Attempts in a year with much rescue: about as many as on the Central Mediterranean in 2016."""
LEVELS: Final = (-6.0, 6.0)
"""Levels of departure between which that many try."""
PEOPLE_PER_ROW, COARSE = 2, 100
"""People that a row stands for, in the runs and in the search for the level."""


def _rescue(*values: tuple[str, float]) -> Policy:
    return policy(change("rescue", "EU", ["central"], values))


MUCH_RESCUE: Final[Mapping[str, Policy]] = {"rescue": _rescue(("2015-01-01", MUCH))}
WITHDRAWN: Final[Mapping[str, Policy]] = {"rescue": _rescue(("2015-01-01", MUCH), ("2017-01-01", NONE))}
CONTROL: Final[Mapping[str, Policy]] = {
    **MUCH_RESCUE,
    "control": policy(
        change("border_effort_departure", "LBX", ["central"], [("2017-01-01", 6.0)]),
        change("capacity_building", "EU", ["LBX"], [("2017-01-01", 0.1)]),
    ),
}
"""Controls on the departure side go from 3 to 9 units, with more capacity, while rescue holds."""


def central(
    parameters: Parameters, policies: Mapping[str, Policy], seed: int, level: float, rows: int = PEOPLE_PER_ROW
) -> Scenario:
    """Return a corridor like the Central Mediterranean in 2016 and 2017: weak controls, much rescue, a deadly sea."""
    return scenario(
        parameters,
        countries=[
            country("ORA", "home", origin=True),
            country("LBX", "port", host=True, border_cooperation=0.4),
            country("ITX", "island", destination=True),
        ],
        places=[
            place("home", "ORA", "origin", 0.0),
            place("port", "LBX", "hub", 20.0, settle=True),
            place("island", "ITX", "landing", 3.0, claim=True),
        ],
        legs=[
            leg("home", "port", price_eur=800.0, days=8.0, p_death=0.005),
            leg("port", "island", "sea", route="central", counted=True, price_eur=1100.0, days=1.5, p_death=0.036,
                departure_control="LBX", arrival_control="ITX", effort_departure=3.0, surge_per_week=12_000.0,
                sea="sea"),
        ],
        country_years=[
            years("ORA", population=4e7, gdp_per_head=5000, fragility=90),
            years("LBX", gdp_per_head=13_000, fragility=96),
            years("ITX", gdp_per_head=40_000, fragility=40),
        ],
        origins={"ORA": (0.3, level)},
        recognition=recognition("ORA", country="ITX", rate=0.4),
        asylum_years=[asylum("ITX", 1e5)],
        seasons=seasons("sea"),
        policies=policies,
        end="2018-01-01",
        seed=seed,
        persons_per_agent=rows,
    )  # fmt: skip


@dataclass(frozen=True)
class Sea:
    """What happened at sea in the second year."""

    attempts: float
    interceptions: float
    deaths: float

    @property
    def risk(self) -> float:
        """Deaths an attempt."""
        return self.deaths / self.attempts if self.attempts else float("nan")

    @property
    def stopped(self) -> float:
        """Share of attempts that are intercepted."""
        return self.interceptions / self.attempts if self.attempts else float("nan")


def second_year(scenario_: Scenario) -> Sea:
    """Run a corridor and return what happened at sea in its second year."""
    result, found = simulate(scenario_), []
    for name in ("attempts", "interceptions", "deaths"):
        by_year = result.frame(name, by=["year"], where={"leg": LEG}).astype({"year": str})
        found.append(float(by_year.loc[by_year["year"] == SECOND_YEAR, name].sum()))
    return Sea(*found)


def level_of_2016(parameters: Parameters) -> float:
    """Return the level of departures at which as many try in the second year as did in 2016, with much rescue."""

    def attempts(level: float) -> float:
        return second_year(central(parameters, MUCH_RESCUE, SEEDS[0], level, COARSE)).attempts

    return level_for(attempts, ATTEMPTS, *LEVELS)


def at_sea(parameters: Parameters, policies: Mapping[str, Policy], level: float, seeds: Sequence[int] = SEEDS) -> Sea:
    """Return what happened at sea in the second year, added up over seeds."""
    years_ = [second_year(central(parameters, policies, seed, level)) for seed in seeds]
    return Sea(*(sum(getattr(year, name) for year in years_) for name in ("attempts", "interceptions", "deaths")))


def risk_ratio(before: Sea, after: Sea) -> Estimate:
    """Return deaths an attempt after against before, with the error of counting rows that died."""
    ratio = after.risk / before.risk if before.risk else float("nan")
    return Estimate(ratio, _relative_error(before, after) * ratio)


def change_of_deaths(before: Sea, after: Sea) -> Estimate:
    """Return the relative change of all deaths."""
    ratio = after.deaths / before.deaths if before.deaths else float("nan")
    return Estimate(ratio - 1.0, _relative_error(before, after) * ratio)


def _relative_error(before: Sea, after: Sea) -> float:
    return ratio_error(before.deaths / PEOPLE_PER_ROW, after.deaths / PEOPLE_PER_ROW)
