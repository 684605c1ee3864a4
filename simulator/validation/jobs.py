"""The runs and measurements behind a scorecard."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.scenario.parameters import Parameters
from simulator.scenario.schema import Scenario
from simulator.validation.estimate import Estimate, simulate
from simulator.validation.facts.register import FACTS
from simulator.validation.measures import RunPair, measure


@dataclass(frozen=True)
class PairJob:
    """A run and its comparison, of one member and seed.

    Attributes
    ----------
    with_, without : resolved scenarios; their seed is the job's.
    """

    member: int | None
    seed: int
    with_: Scenario
    without: Scenario | None

    @property
    def words(self) -> str:
        """What it is, for progress."""
        with_what = "with and without" if self.without is not None else "run"
        return f"{'file values' if self.member is None else f'member {self.member}'}, seed {self.seed}: {with_what}"

    def do(self) -> RunPair:
        """Run it."""
        made, compared = self.with_, self.without
        of = measure(simulate(made.model_copy(update={"seed": self.seed})))
        beside = None if compared is None else measure(simulate(compared.model_copy(update={"seed": self.seed})))
        return RunPair(self.member, self.seed, of, beside)


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
