"""What two legs that hardly anybody took decide of fact F3b: Bodrum and Mersin to Crotone, open and shut.

``python experiments/statement/legs.py`` runs `eu-turkey-2016` with and without the Statement alone, closure held,
in both, with nothing fitted again, and keeps in results/reference/statement-legs people more on the Central
Mediterranean and deaths more on the routes of first entry, April to December 2016, by seed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd

from simulator.model import simulate
from simulator.outputs.provenance import mark
from simulator.scenario.load import load
from simulator.scenario.schema import Scenario
from simulator.validation.facts import deal
from simulator.validation.measures import measure

KEPT: Final = Path(__file__).parents[2] / "results" / "reference" / "statement-legs"
LEGS: Final = ("bodrum--crotone", "mersin--crotone")
SEEDS: Final = (1, 2)
PEOPLE_PER_ROW: Final = 200


def change(shut: tuple[str, ...], seed: int) -> tuple[float, float]:
    """Return people more on the Central Mediterranean, and deaths more, by the Statement alone."""
    pair = [load("eu-turkey-2016", persons_per_agent=PEOPLE_PER_ROW, overrides=each)
            for each in ((), (deal.WITHOUT_STATEMENT,))]  # fmt: skip
    with_, without = (measure(simulate(_without(made, shut, seed))) for made in pair)
    months, first = deal.months_after(deal.STATEMENT, deal.HIGH), deal.first_entry(pair[0])
    people = (with_.arrivals - without.arrivals).loc[months, deal.CENTRAL].sum()
    deaths = (with_.deaths - without.deaths).loc[months].reindex(columns=first, fill_value=0.0).to_numpy().sum()
    return float(people), float(deaths)


def _without(made: Scenario, shut: tuple[str, ...], seed: int) -> Scenario:
    legs = tuple(leg for leg in made.legs if leg.leg not in shut)
    return made.model_copy(update={"seed": seed, "legs": legs})


def main() -> None:
    """Make, print and keep the figures."""
    rows = [(words, seed, *change(shut, seed)) for words, shut in (("open", ()), ("shut", LEGS)) for seed in SEEDS]
    found = pd.DataFrame(rows, columns=["legs", "seed", "people more", "deaths more"])
    print(found.to_string(index=False))
    KEPT.mkdir(parents=True, exist_ok=True)
    found.to_csv(KEPT / "legs.csv", index=False, float_format="%.6g")
    mark(KEPT, "python experiments/statement/legs.py")


if __name__ == "__main__":
    main()
