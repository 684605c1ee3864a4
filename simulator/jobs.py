"""Jobs one after another, or in several processes; the results are the same."""

from __future__ import annotations

import ast
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process, resource_tracker
from pathlib import Path
from typing import Protocol, TypeVar

from simulator.errors import InputError, Problem

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


def check_entry() -> None:
    """Check that the script that is running can be loaded by other processes without starting all over again.

    Processes of their own load the script that was started, up to what stands under ``if __name__ == "__main__":``; a
    script that starts them outside of it would start others, in each of them, on every system.

    Raises
    ------
    InputError
        If a script starts work from a line outside of that block.
    """
    main = sys.modules.get("__main__")
    if main is None or getattr(getattr(main, "__spec__", None), "name", "").endswith("__main__"):
        return  # python -m PACKAGE, which processes do not load again
    frame = sys._getframe()
    while frame.f_back is not None and not (
        frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") in ("__main__", "__mp_main__")
    ):
        frame = frame.f_back
    file, line = Path(frame.f_code.co_filename), frame.f_lineno
    if frame.f_code.co_name != "<module>" or not getattr(main, "__file__", None) or not file.is_file():
        return  # a notebook, or python -c: there is nothing to load
    try:
        statements = ast.parse(file.read_bytes()).body
    except (SyntaxError, ValueError):
        return
    under = [each for each in statements if isinstance(each, ast.If) and "__name__" in ast.unparse(each.test)]
    if not any(each.lineno <= line <= (each.end_lineno or each.lineno) for each in under):
        advice = 'put it, and all that is to be done once, under: if __name__ == "__main__":'
        said = "starts worker processes, each of which would load this script and start others"
        raise InputError([Problem(str(file), "", said, None, line, "", advice)])


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

    Raises
    ------
    InputError
        If a script starts several without a guarded entry; see `check_entry`.
    """
    say = told or (lambda *_: None)
    if workers == 1 or len(jobs) < 2:
        done = []
        for count, job in enumerate(jobs, start=1):
            done.append(job.do())
            say(count, len(jobs), job.words)
        return done
    check_entry()
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
