"""The runs behind a scorecard: one after another, or in several processes; the results are the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context

from simulator.scenario.parameters import Parameters
from simulator.scenario.schema import Scenario
from simulator.validation.estimate import Estimate, simulate
from simulator.validation.facts.register import FACTS
from simulator.validation.measures import RunPair, measure

Told = Callable[[int, int, str], None]
"""Told of each job that is done: how many are, how many there are, and what it was."""


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


def _do(job: Job) -> Done:
    return job.do()


def do_all(jobs: Sequence[Job], workers: int, told: Told | None = None) -> list[Done]:
    """Do jobs and return what came of each, in their order.

    Parameters
    ----------
    workers : processes; with one, this process does them.
    """
    say = told or (lambda *_: None)
    if workers == 1 or len(jobs) < 2:
        done = []
        for count, job in enumerate(jobs, start=1):
            done.append(job.do())
            say(count, len(jobs), job.words)
        return done
    results: dict[int, Done] = {}
    # Fresh processes: a copy of this one may hold locks of threads that it does not have.
    with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=get_context("spawn")) as pool:
        waiting: dict[Future[Done], int] = {pool.submit(_do, job): place for place, job in enumerate(jobs)}
        try:
            for count, future in enumerate(as_completed(waiting), start=1):
                place = waiting[future]
                results[place] = future.result()
                say(count, len(jobs), jobs[place].words)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [results[place] for place in range(len(jobs))]
