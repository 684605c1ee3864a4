"""The runs and measurements behind a scorecard."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.model import simulate
from simulator.scenario.parameters import Parameters
from simulator.scenario.schema import Scenario
from simulator.validation.estimate import Estimate
from simulator.validation.facts.register import FACTS
from simulator.validation.measures import RunPair, measure


@dataclass(frozen=True)
class PairJob:
    """A run and its comparison, of one member and seed.

    Attributes
    ----------
    with_, without, alone : resolved scenarios; their seed is the job's. See `RunPair`.
    """

    member: int | None
    seed: int
    with_: Scenario
    without: Scenario | None
    alone: Scenario | None = None

    @property
    def words(self) -> str:
        """What it is, for progress."""
        with_what = "with and without" if self.without is not None else "run"
        return f"{'file values' if self.member is None else f'member {self.member}'}, seed {self.seed}: {with_what}"

    def do(self) -> RunPair:
        """Run it."""
        of, beside, alone = (
            None if each is None else measure(simulate(each.model_copy(update={"seed": self.seed})))
            for each in (self.with_, self.without, self.alone)
        )
        assert of is not None
        return RunPair(self.member, self.seed, of, beside, alone)


@dataclass(frozen=True)
class FactJob:
    """A fact put to a small corridor with one member's parameters."""

    member: int | None
    fact: str
    parameters: Parameters

    @property
    def words(self) -> str:
        """What it is, for progress."""
        return f"{'file values' if self.member is None else f'member {self.member}'}: {self.fact.upper()}"

    def do(self) -> tuple[int | None, dict[str, Estimate]]:
        """Measure it."""
        return self.member, FACTS[self.fact][0](self.parameters)


Job = PairJob | FactJob
Done = RunPair | tuple[int | None, dict[str, Estimate]]
