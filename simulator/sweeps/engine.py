"""Where runs are made: Dask, on this machine or on a cluster that is there already. The only module that imports it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from simulator.errors import InputError, Problem
from simulator.jobs import deaf_children
from simulator.outputs.provenance import processor, processor_in_words
from simulator.stages.stage import Stages
from simulator.sweeps.work import FAILED, Ended, Task, differences, do, made_by

LOOPBACK: Final = "127.0.0.1"
AHEAD: Final = 3
"""Tasks sent for each thread at a time: enough that none waits, few enough that the scheduler's memory stays flat."""
WORKERS: Final = {
    # One thread inside the mathematics: there is a process for each core already.
    "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    # Dask has workers hand memory back at once (64 kB). A run asks for the same tables in every step, and takes a fifth
    # longer then; memory is bounded by the size of a run.
    "MALLOC_TRIM_THRESHOLD_": str(2**30), "MALLOC_MMAP_THRESHOLD_": str(2**25), "MALLOC_ARENA_MAX": "1",
}  # fmt: skip
"""Environment of the workers that are started here."""
WAIT_SECONDS: Final = 5
"""For a scheduler to answer."""


@dataclass
class Engine:
    """Workers that make runs.

    Attributes
    ----------
    processors : those of the workers that were there at the start, in words, each once.
    """

    client: Any
    processors: tuple[str, ...] = ()

    @property
    def threads(self) -> int:
        """Runs that are made at a time."""
        return sum(self.client.nthreads().values())

    def memory(self) -> tuple[int, int]:
        """Return the bytes that the workers take together, and the most that one takes."""
        info = self.client.scheduler_info(n_workers=-1)["workers"].values()
        used = [int(each.get("metrics", {}).get("memory", 0)) for each in info]
        return sum(used), max(used, default=0)

    def check(self) -> None:
        """Check that every worker makes results as this process does, before any work starts; note their processors.

        Versions and code must be the same. Processors may differ, as for `corridor rerun`: people come out the same on
        all of them, and figures to 1e-9.

        Raises
        ------
        InputError
            Naming each worker and what it has instead.
        """
        mine = made_by()
        if not self.client.nthreads():
            raise InputError([Problem("--cluster", "", "the scheduler has no workers", self.client.scheduler.address,
                                      advice="start some: dask worker ADDRESS --nthreads 1")])  # fmt: skip
        theirs = self.client.run(_made_by, on_error="return")
        found = []
        for address, has in theirs.items():
            if isinstance(has, tuple):
                said = differences(mine, has[0])
                said = f"this worker has {said}" if said else ""
            else:
                said = f"this worker cannot load Corridor: {has}"
            if said:
                found.append(Problem("--cluster", "", said, address, advice="install the same versions everywhere"))
        if found:
            raise InputError(found)
        self.processors = tuple(sorted({has[1] for has in theirs.values()}))

    def run(self, url: str, tasks: Iterator[Task], ended: Callable[[Ended], None], stages: Stages) -> None:
        """Make runs, a few ahead of what is free, and tell of each that ended.

        A worker that dies is replaced, and what it was doing is done again; a run that has cost several workers their
        lives is told of as failed.

        Raises
        ------
        OSError
            If a worker cannot write what came out.
        """
        from distributed import as_completed

        waiting = as_completed(raise_errors=False)
        flying: dict[str, Task] = {}

        def send() -> bool:
            task = next(tasks, None)
            if task is None:
                return False
            flying[task.id] = task
            # Pure: no. A key of its own, so that a run of an earlier call is never taken for this one.
            waiting.add(self.client.submit(do, url, task, stages, pure=False, key=f"run-{task.id}-{os.getpid()}"))
            return True

        while len(flying) < AHEAD * max(self.threads, 1) and send():
            pass
        try:
            for future in waiting:
                made = future.key.split("-")[1]
                task = flying.pop(made)
                error = future.exception()
                if error is None:
                    ended(future.result())
                elif type(error).__name__ == "KilledWorker":
                    said = f"several workers died of this run: {error}"
                    ended(Ended(task.id, FAILED, said, float("nan")))
                else:
                    raise error
                future.release()
                while len(flying) < AHEAD * max(self.threads, 1) and send():
                    pass
        finally:
            with suppress(Exception):
                self.client.cancel([future for future in waiting.futures])


def _made_by() -> tuple[dict[str, str], str]:
    """Return what makes results in this process, and its processor in words."""
    return made_by(), processor_in_words(processor())


@contextmanager
def engine(cluster: str | None, workers: int) -> Iterator[Engine]:
    """Start workers on this machine, or join those of a scheduler; local ones end with the block.

    Parameters
    ----------
    cluster : address of a scheduler, such as ``tcp://10.0.0.5:8786``; None starts processes on this machine, which
        nothing but this machine can reach, each with one thread and no threads inside its mathematics.
    workers : processes to start.

    Raises
    ------
    InputError
        If the scheduler does not answer, or a worker has other versions.
    """
    import dask
    from distributed import Client, LocalCluster

    settings = {
        "distributed.scheduler.allowed-failures": 3,
        "distributed.worker.daemon": True,
        "distributed.nanny.pre-spawn-environ": WORKERS,
        # Dask looks a hundred times a second at what its workers do, and stops them for it.
        "distributed.worker.profile.enabled": False,
        "distributed.admin.tick.interval": "1s",
        "distributed.admin.log-format": "%(message)s",
        "distributed.comm.timeouts.connect": f"{WAIT_SECONDS}s",
    }
    with dask.config.set(settings):
        if cluster is None:
            with deaf_children():
                made = LocalCluster(
                    n_workers=workers, threads_per_worker=1, processes=True, host=LOOPBACK,
                    dashboard_address=f"{LOOPBACK}:0", worker_dashboard_address=f"{LOOPBACK}:0", silence_logs=50,
                    memory_limit="auto",
                )  # fmt: skip
            client = Client(made)
        else:
            try:
                made, client = None, Client(cluster, timeout=WAIT_SECONDS, name="corridor")
            except (OSError, ValueError) as error:
                advice = "start one with 'dask scheduler', and give the address that it prints"
                raise InputError([Problem("--cluster", "", f"no scheduler answers: {error}", cluster,
                                          advice=advice)]) from None  # fmt: skip
        try:
            found = Engine(client)
            found.check()
            yield found
        finally:
            with suppress(Exception):
                client.close(timeout=5)
            if made is not None:
                with suppress(Exception):
                    made.close(timeout=10)
