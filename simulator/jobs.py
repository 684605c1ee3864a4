"""Jobs one after another, or in several processes; the results are the same."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process, resource_tracker
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


@contextmanager
def deaf_children() -> Iterator[None]:
    """Start processes that a Ctrl-C in the terminal does not reach: this one ends them when it has tidied up.

    One that comes in the meantime is not lost: it reaches this process at the end of the block.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # lest it be begun within, which ends the blocking
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_worker() -> None:
    """Let a worker end when the process does that started it, however that ended."""
    parent = parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


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
    others = set(active_children())
    pool = ProcessPoolExecutor(min(workers, len(jobs)), get_context("spawn"), _begin_worker)
    with pool:
        try:
            with deaf_children():
                waiting: dict[Future[Done], int] = {pool.submit(_do, job): place for place, job in enumerate(jobs)}
            for count, future in enumerate(as_completed(waiting), start=1):
                place = waiting[future]
                results[place] = future.result()
                say(count, len(jobs), jobs[place].words)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in set(active_children()) - others:
                child.terminate()  # nobody waits for what it does
            raise
    return [results[place] for place in range(len(jobs))]
