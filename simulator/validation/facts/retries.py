"""F7: of those intercepted a quarter are intercepted again within 18 months; sanctions lower it, most at first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.model import CorridorModel, simulate
from simulator.outputs.result import Result
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
from simulator.validation.estimate import Estimate, level_for

FIRST_DAYS: Final = 365
"""People first stopped within so many days are followed."""
FOLLOWED_DAYS: Final = 548
"""Eighteen months."""
SOON_DAYS: Final = 91
"""Three months: in the study sanctions lower the share by more here, so that they partly put off."""
UNIT_OF_SANCTIONS: Final = 1.0
"""One unit of sanctions is the programme of the study."""


STOPPED: Final = 0.30
"""Share of attempts that the border stops: about what is reported of the border between Mexico and the United States.
Its effort is chosen so."""
EFFORTS: Final = (0.2, 12.0)
"""Efforts between which it stops that many."""
PEOPLE_PER_ROW, COARSE = 5, 100
"""People that a row stands for, in the runs and in the search for the effort. Rows are followed, and counted."""


def border(
    parameters: Parameters, *, effort: float, sanctions: float = 0.0, seed: int = 1, persons: int = PEOPLE_PER_ROW
) -> Scenario:
    """Return a chain with one controlled border."""
    return scenario(
        parameters,
        countries=[
            country("ORA", "home", origin=True),
            country("TRA", "town", host=True),
            country("DEA", "city", destination=True),
        ],
        places=[
            place("home", "ORA", "origin", 0.0),
            place("town", "TRA", "border", 5.0),
            place("city", "DEA", "destination", 1.0, claim=True),
        ],
        legs=[
            leg("home", "town", price_eur=300.0, days=3.0),
            leg("town", "city", route="border", counted=True, price_eur=1000.0, p_death=0.005,
                departure_control="TRA", effort_departure=effort),
        ],
        country_years=[
            years("ORA", population=900_000, gdp_per_head=5000),
            years("TRA", gdp_per_head=12_000),
            years("DEA", gdp_per_head=45_000, fragility=25),
        ],
        origins={"ORA": (0.3, 4.0)},
        recognition=recognition("ORA", country="DEA"),
        asylum_years=[asylum("DEA")],
        policies={"sanctions": policy(change("sanctions", "DEA", ["border"], [("2016-01-01", sanctions)]))},
        end="2018-07-01",
        seed=seed,
        persons_per_agent=persons,
    )  # fmt: skip


class Watched(CorridorModel):
    """A run that notes when each person was stopped for the first and for the second time.

    Attributes
    ----------
    first, second : day at the end of the step, by key of the person.
    """

    def __init__(self, scenario: Scenario):
        super().__init__(scenario)
        self.first: dict[int, float] = {}
        self.second: dict[int, float] = {}

    def _compact(self) -> None:
        # Before rows are dropped: here everybody who travelled in the step still has one.
        people = self.world.people
        for times, day_of in ((1, self.first), (2, self.second)):
            for key in people.key[np.flatnonzero(people.n_caught >= times)].tolist():
                day_of.setdefault(key, self.world.end_day)
        super()._compact()


@dataclass(frozen=True)
class Recidivism:
    """What became of people who were stopped.

    Attributes
    ----------
    again : share of those first stopped in the first year who are stopped again within 18 months.
    soon : the same within three months.
    n : their number.
    stopped : share of attempts that are stopped.
    """

    again: Estimate
    soon: Estimate
    n: int
    stopped: float


def effort_for(parameters: Parameters) -> float:
    """Return the effort at which the border stops the share that it should."""
    return level_for(
        lambda effort: _stopped(simulate(border(parameters, effort=effort, persons=COARSE))), STOPPED, *EFFORTS
    )


def _stopped(result: Result) -> float:
    there = {"leg": "town--city"}
    attempts, stopped = (float(result.frame(name, where=there)[name].iloc[0]) for name in ("attempts", "interceptions"))
    return stopped / attempts if attempts else float("nan")


def caught_again(parameters: Parameters, effort: float, sanctions: float = 0.0) -> Recidivism:
    """Run the border, follow those who are stopped in the first year, and say how many are stopped again."""
    model = Watched(border(parameters, effort=effort, sanctions=sanctions))
    model.run()
    followed = [key for key, day in model.first.items() if day <= FIRST_DAYS]
    n = len(followed)
    found = []
    for days in (FOLLOWED_DAYS, SOON_DAYS):
        again = [key for key in followed if key in model.second and model.second[key] - model.first[key] <= days]
        share = len(again) / n if n else float("nan")
        found.append(Estimate(share, float(np.sqrt(share * (1.0 - share) / n)) if n else float("nan")))
    return Recidivism(found[0], found[1], n, _stopped(Result.of_run(model.recorder, model.stats)))


def fall_by_sanctions(free: Estimate, punished: Estimate) -> Estimate:
    """Return by how much sanctions lower a share caught again."""
    return Estimate(free.value - punished.value, float(np.hypot(free.error, punished.error)))
