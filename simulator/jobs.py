"""Jobs one after another, or in several processes; the results are the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Protocol, TypeVar

Done = TypeVar("Done", covariant=True)
Told = Callable[[int, int, str], None]
"""Told of each job that is done: how many are, how many there are, and what it was."""


class Job(Protocol[Done]):
    """Something to do, that can be sent to another process."""

    @property
    def words(self) -> str:
        """What it is, for progress."""

    def do(self) -> Done:
        """Do it."""


def _do(job: Job[Done]) -> Done:
    return job.do()


def do_all(jobs: Sequence[Job[Done]], workers: int, told: Told | None = None) -> list[Done]:
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
