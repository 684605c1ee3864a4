"""Do the engines run the same rules? Compared with what the rules imply before any speed is quoted."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any, Protocol

from setting import Counts, Expected, Rules

MOST_ERRORS = 4.0
"""Standard errors by which a rate may differ. They are those of independent events; departures vary less."""
MOST_SPREAD = 1.7
"""Chi-square of leg use over its degrees of freedom; over 1, as people go back and forth on short legs."""


class Engine(Protocol):
    """What every engine can do."""

    name: str

    def run(self, steps: int) -> Counts:
        """Run steps and return what happened."""


@dataclass(frozen=True)
class Check:
    """One rate of one engine against what the rules imply; `errors` is their distance in standard errors, if any."""

    rules: str
    engine: str
    what: str
    found: float
    implied: float
    errors: float | None

    @property
    def agrees(self) -> bool:
        """Whether the difference can be chance."""
        return self.found <= MOST_SPREAD if self.errors is None else bool(abs(self.errors) <= MOST_ERRORS)

    def record(self) -> dict[str, Any]:
        """Return the check for JSON."""
        return {**self.__dict__, "agrees": self.agrees}


def compare(title: str, engine: str, counts: Counts, rules: Rules, implied: Expected) -> list[Check]:
    """Set an engine's rates against those that the rules imply."""
    made = counts.departures

    def check(what: str, found: int, of: int, chance: float) -> Check:
        error = sqrt(chance * (1.0 - chance) * of) if what != "departures / person-step" else sqrt(chance * of)
        return Check(title, engine, what, found / of, chance, (found - chance * of) / error)

    checks = [check("departures / person-step", made, counts.person_steps, implied.departures)]
    if rules.intercepted > 0.0:
        checks.append(check("interceptions / attempt", counts.interceptions, made, rules.intercepted))
        checks.append(check("deaths / attempt", counts.deaths, made, rules.dying))
    of_leg = made * implied.legs
    spread = float(((counts.attempts - of_leg) ** 2 / of_leg).sum() / (of_leg.size - 1))
    return [*checks, Check(title, engine, "leg use", spread, 1.0, None)]
