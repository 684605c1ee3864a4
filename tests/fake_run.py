"""A small valid scenario made without files, and a made-up run of it, for tests of what comes after a run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from simulator.clock import Clock
from simulator.outputs.recorder import Recorder
from simulator.outputs.result import Result
from simulator.scenario.parameters import Parameters
from simulator.scenario.schema import CorridorFile, Scenario
from simulator.scenario.tables import TABLES
from simulator.units import CANONICAL
from simulator.world.fields import NEEDS, OUTCOMES, RECORDED, RETURN_KINDS

UNITS = tuple(CANONICAL.values())
COORDS = {
    "origin": ("SYR", "AFG", "MLI"),
    "residence": ("SYR", "TUR", "AFG", "MLI"),
    "need": NEEDS,
    "wealth": ("poor", "rich"),
    "leg": ("home--coast", "coast--island", "island--city", "desert--shore"),
    "country": ("TUR", "GRC", "DEU", "ITA"),
    "place": ("home", "coast", "island", "city", "desert", "shore"),
    "outcome": OUTCOMES,
    "kind": RETURN_KINDS,
    "state": ("moving", "awaiting", "resident"),
    "government": ("EU", "TUR"),
    "recipient": ("TUR", "MLI"),
    "lever": ("rescue", "aid"),
}


def plain_parameters() -> Parameters:
    """Return parameters that are all 1, each in the first unit that its equation takes."""
    units: dict[tuple[str, str], int] = {}
    while True:
        sections = {
            section: {
                name: {"value": 1, "unit": UNITS[units.get((section, name), 0)], "kind": "assumed", "range": [1, 1]}
                for name in field.annotation.model_fields  # type: ignore[union-attr]
            }
            for section, field in Parameters.model_fields.items()
        }
        try:
            return Parameters.model_validate(sections)
        except ValidationError as error:
            for detail in error.errors():
                key = (str(detail["loc"][0]), str(detail["loc"][1]))
                units[key] = units.get(key, 0) + 1


def fake_scenario(start: date = date(2014, 1, 1), end: date = date(2014, 7, 1), **changes: Any) -> Scenario:
    """Return a scenario with two routes, of which one has arrivals observed."""
    legs = [
        ("home--coast", "land", "", False),
        ("coast--island", "sea", "east", True),
        ("island--city", "land", "east", False),
        ("desert--shore", "sea", "centre", True),
    ]
    corridor = CorridorFile.model_validate(
        {
            "corridor": "fake",
            "title": "Fake",
            "summary": "Made up.",
            "available": [start, end],
            "reference_year": 2014,
            "routes": {"centre": {"label": "Centre"}, "east": {"label": "East"}, "unused": {"label": "Unused"}},
            "wealth_classes": [{"name": "poor", "share": 0.5}, {"name": "rich", "share": 0.5}],
            "tables": {table: {"file": f"{table}.csv"} for table in TABLES},
            "observed": {"east-arrivals": {"label": "East", "measure": "arrivals", "routes": ["east"], "source": "s"}},
            "parameters": plain_parameters(),
        }
    )
    content: dict[str, Any] = {
        **{table: () for table in TABLES},
        "name": "fake",
        "title": "A fake scenario",
        "summary": "Made up.",
        "base": "fake",
        "period": {"start": start, "end": end},
        "step_days": 7,
        "persons_per_agent": 1,
        "seed": 1,
        "overrides": (),
        "compare": (),
        "corridor": corridor,
        "legs": [
            {
                "leg": leg,
                "tail": leg.split("--")[0],
                "head": leg.split("--")[1],
                "mode": mode,
                "route": route,
                "counted": counted,
                "distance_km": 10,
                "days": 1,
                "price_eur": 100,
                "p_death": 0.01,
            }
            for leg, mode, route, counted in legs
        ],
        "observed": [
            {"series": "east-arrivals", "month": f"2014-0{month}", "value": 100 * month} for month in range(1, 5)
        ],
        "sources": {},
    }
    return Scenario.model_validate({**content, **changes})


def fake_ledger(rng: np.random.Generator) -> dict[str, NDArray[Any]]:
    """Return one step's arrays: thin flows, and levels of which some are unknown."""
    ledger: dict[str, NDArray[Any]] = {}
    for name, field in RECORDED.items():
        shape = tuple(len(COORDS[dim]) for dim in field.dims)
        if field.unit == "person":
            ledger[name] = rng.poisson(0.7, shape)
        elif field.kind == "flow":
            ledger[name] = rng.poisson(0.5, shape) * rng.random(shape)
        else:
            ledger[name] = np.where(rng.random(shape) < 0.2, np.nan, rng.random(shape))
    got_through = np.minimum(ledger["attempts"], ledger["crossings"])
    ledger["crossings"] = got_through
    ledger["interceptions"] = ledger["attempts"] - got_through
    ledger["attempts"][3] = ledger["crossings"][3] = ledger["interceptions"][3] = 0
    return ledger


class FakeModel:
    """Something that runs, and records what its seed says, as the real model would."""

    pause: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self, scenario: Scenario):
        clock = Clock(scenario.period.start, scenario.period.end, scenario.step_days)
        self.clock = clock
        self.recorder = Recorder(scenario, clock, COORDS)
        self.stats: dict[str, Any] = {}
        self.ledgers: list[dict[str, NDArray[Any]]] = []

    def run(self, progress: Callable[[int, int, int], None] | None = None) -> None:
        """Record every step."""
        rng = np.random.default_rng(self.recorder.scenario.seed)
        for step in range(self.clock.n_steps):
            self.ledgers.append(fake_ledger(rng))
            self.recorder.record(step, self.ledgers[-1])
            if progress is not None:
                progress(step + 1, self.clock.n_steps, 100)
            self.pause()
        self.stats = {"run_seconds": 0.1, "rows": 10, "peak_rows": 12}


def fake_result(**changes: Any) -> tuple[Result, FakeModel]:
    """Return the result of a made-up run, and the model with its dense arrays."""
    model = FakeModel(fake_scenario(**changes))
    model.run()
    return Result.of_run(model.recorder, model.stats), model


def simulate(scenario: Scenario, stages: Any = None, progress: Callable[[int, int, int], None] | None = None) -> Result:
    """Stand in place of `simulator.model.simulate`."""
    model = FakeModel(scenario)
    model.run(progress)
    return Result.of_run(model.recorder, model.stats)
