"""Sweeps with worker processes: killed, interrupted, out of room, on a cluster; the real command line."""

from __future__ import annotations

import os
import random
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import psutil
import pytest
from sweeping import ROOT, RUNS, Serial, children, ended, kill, make_folder, serial, start

from simulator import api
from simulator.sweeps import engine as engines
from simulator.sweeps.results import open_sweep
from simulator.sweeps.store import Place

LONG = 240
"""Seconds after which a process hangs."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("workers")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        make_folder(made)
    return made


@pytest.fixture(scope="module")
def whole(folder: Path) -> Path:
    """Return a sweep that was made in one process without a break."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(engines, "engine", serial(Serial()))
        api.sweep("sea", out=folder / "whole")
    return folder / "whole"


def assert_same(out: Path, whole: Path) -> None:
    """Check that no run is lost, none is there twice, and every number is that of the sweep without a break."""
    found, expected = open_sweep(out), open_sweep(whole)
    assert (found.state["done"], found.state["missing"], found.state["failed"]) == (RUNS, 0, 0)
    assert found.runs["id"].is_unique
    pd.testing.assert_frame_equal(found.runs.drop(columns="seconds"), expected.runs.drop(columns="seconds"),
                                  check_exact=True)  # fmt: skip
    pd.testing.assert_frame_equal(found.table("by-route"), expected.table("by-route"), check_exact=True)
    assert found.state["hash"] == expected.state["hash"]
    left = [path for path in out.rglob("*") if path.name.endswith(".tmp")]
    assert not left, "nothing half-written is left"


def wait_for(out: Path, runs: int, process: subprocess.Popen[str]) -> None:
    """Wait until some runs ended, or the process did."""
    until = time.monotonic() + LONG
    while len(ended(out)) < runs and process.poll() is None:
        assert time.monotonic() < until, "no runs end"
        time.sleep(0.01)


def test_one_worker_gives_the_bits_of_none_and_nothing_but_this_machine_can_reach_it(folder: Path, whole: Path) -> None:
    process = start(folder, "sweep", "sea", "--out", "with-1", "--workers", "1")
    wait_for(folder / "with-1", 1, process)
    heard = {
        connection.laddr.ip
        for pid in (process.pid, *children(process.pid))
        for connection in psutil.Process(pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    out, err = process.communicate(timeout=LONG)
    assert process.returncode == 0, err
    assert heard == {"127.0.0.1"}
    assert f"{RUNS} runs done, 0 failed, 0 missing" in out
    assert_same(folder / "with-1", whole)


@pytest.mark.slow
def test_killed_at_random_moments_and_resumed(folder: Path, whole: Path) -> None:
    """A worker, then all processes at once; benchmarks/sweeps.py kills twenty times, the coordinator alone, too."""
    luck = random.Random(5)
    for victim in ("worker", "both"):
        out = folder / f"killed-{victim}"
        process = start(folder, "sweep", "sea", "--out", out.name, "--workers", "2")
        wait_for(out, luck.randrange(1, RUNS - 8), process)
        below = children(process.pid)
        workers = [pid for pid in below if pid != process.pid]
        # Workers only: the tracker of resources is a child as well.
        for pid in workers if victim == "both" else [pid for pid in workers if _is_worker(pid)][:1]:
            kill(pid)
        if victim == "both":
            kill(process.pid)
        process.communicate(timeout=LONG)
        for pid in below:  # those of a coordinator that is gone end by themselves
            until = time.monotonic() + LONG
            while _alive(pid):
                assert time.monotonic() < until, "a worker lives on without its coordinator"
                time.sleep(0.05)
        if victim == "worker":
            assert process.returncode == 0, "a worker that dies is replaced"
        else:
            assert process.returncode == -signal.SIGKILL
            again = start(folder, "sweep", "sea", "--out", out.name, "--resume", "--workers", "2")
            _, err = again.communicate(timeout=LONG)
            assert again.returncode == 0, err
        assert_same(out, whole)


def _is_worker(pid: int) -> bool:
    try:
        return "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.slow
def test_interrupted_it_says_how_to_go_on(folder: Path, whole: Path) -> None:
    process = start(folder, "sweep", "sea", "--out", "interrupted", "--workers", "2")
    out = folder / "interrupted"
    wait_for(out, 5, process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the command and all its workers
    _, err = process.communicate(timeout=LONG)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    told = re.search(r"go on with: corridor (.*)", err)
    assert told, err
    kept = len(ended(out))
    assert 5 <= kept < RUNS
    again = start(folder, *told[1].split())
    _, err = again.communicate(timeout=LONG)
    assert again.returncode == 0, err
    assert_same(out, whole)


@pytest.mark.slow
def test_a_full_disk_is_one_clear_error_and_what_was_done_stays(folder: Path, whole: Path) -> None:
    def little() -> None:
        # No file may grow over 6 kB: what the plan takes, and less than what the table of all runs will.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (6_000, resource.RLIM_INFINITY))

    out = folder / "full"
    first = start(folder, "sweep", "sea", "--out", "full", "--workers", "2")
    wait_for(out, 5, first)
    kill(first.pid)
    first.communicate(timeout=LONG)
    process = start(folder, "sweep", "sea", "--out", "full", "--resume", "--workers", "1", preexec_fn=little)
    _, err = process.communicate(timeout=LONG)
    assert process.returncode == 1, err
    assert "Traceback" not in err
    assert "what was done is kept in full" in err
    assert "corridor sweep sea --resume --out full" in err
    assert len(ended(out)) >= 5
    again = start(folder, "sweep", "sea", "--out", "full", "--resume", "--workers", "2")
    _, err = again.communicate(timeout=LONG)
    assert again.returncode == 0, err
    assert_same(out, whole)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="not even root can write to Linux's /proc")
def test_a_folder_that_cannot_be_written_to_is_one_clear_error(folder: Path) -> None:
    process = start(folder, "sweep", "sea", "--out", "/proc/sea")
    _, err = process.communicate(timeout=LONG)
    assert process.returncode == 2, err
    assert "Traceback" not in err
    assert "/proc/sea" in err


# A cluster -----------------------------------------------------------------------------------------------------------


def _port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Start a scheduler and two workers as processes of their own, on loopback."""
    port = _port()
    address = f"tcp://127.0.0.1:{port}"
    options = {"cwd": tmp_path, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL,
               "env": {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}}  # fmt: skip
    dask = [sys.executable, "-m", "dask"]
    scheduler = subprocess.Popen(
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"],
        **options,  # type: ignore[call-overload]
    )
    until = time.monotonic() + LONG
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    workers = [
        subprocess.Popen([*dask, "worker", address, "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny",
                          "--no-dashboard", "--name", f"w{number}"], **options)  # type: ignore[call-overload]
        for number in range(2)
    ]  # fmt: skip
    yield address, workers
    for process in (*workers, scheduler):
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_cluster_gives_the_same_bits_and_survives_a_killed_worker(
    folder: Path, whole: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    address, workers = cluster
    from distributed import Client

    with Client(address, timeout=LONG) as client:
        client.wait_for_workers(2, timeout=LONG)
    out = folder / "cluster"
    process = start(folder, "sweep", "sea", "--out", f"file://{out}", "--cluster", address)
    wait_for(out, 6, process)
    workers[0].kill()
    _, err = process.communicate(timeout=LONG)
    assert process.returncode == 0, err
    assert_same(out, whole)


def test_no_scheduler_and_no_workers_are_clear_errors(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "WAIT_SECONDS", 1)
    from simulator.errors import InputError

    with (
        pytest.raises(InputError, match="no scheduler answers"),
        engines.engine(f"tcp://127.0.0.1:{_port()}", 1),
    ):
        pass


def test_a_place_writes_whole_files_or_none(tmp_path: Path) -> None:
    place = Place(str(tmp_path))
    place.write(b"one", "a", "b.parquet")
    (tmp_path / "a" / "c.parquet").mkdir()
    with pytest.raises(OSError):
        place.write(b"two", "a", "c.parquet")
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["b.parquet", "c.parquet"]
    assert place.names("a") == ["b.parquet", "c.parquet"]
    assert place.names("nothing") == []
