"""Where results go, and what stands behind output: refused before the work, one command at a time, quiet ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import Result
from fake_run import fake_result
from sweeping import ROOT, children, start
from typer.testing import CliRunner

from simulator.cli import app
from simulator.errors import InputError
from simulator.outputs import whole
from simulator.outputs.locks import held, life, lock_file
from simulator.outputs.result import Result as Run

sys.path.insert(0, str(ROOT / "tools"))
import kill_saves

WITH_OUT = (
    ("run", "mine/two-ways.yaml"), ("validate", "mine/two-ways.yaml", "--no-facts"), ("compare", "sea"),
    ("sweep", "sea", "--workers", "1"), ("rerun", "run"), ("plot", "run"), ("diversion", "run", "--with", "run"),
)  # fmt: skip
"""Commands that write a folder."""
DESIGN = """question: Does the agreement lower arrivals?
scenario: mine/two-ways.yaml
persons_per_agent: 1000
arms: {made: {}, none: {overrides: [no-agreement]}}
baseline: made
replicates: 40
measures: {arrivals: {measure: arrivals, better: less}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("places")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        assert corridor("new", "mine").exit_code == 0
        (made / "experiments" / "sea").mkdir(parents=True)
        (made / "experiments" / "sea" / "design.yaml").write_text(DESIGN, encoding="utf-8")
        fake_result()[0].save(made / "run")
        (made / "file").write_text("mine", encoding="utf-8")
    return made


def corridor(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("command", WITH_OUT, ids=lambda command: command[0])
@pytest.mark.parametrize("out", ["x" * 300, "file", "file/below", "/proc/below/it", "y" * 240])
def test_what_cannot_be_written_is_refused_before_the_work(
    folder: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], out: str
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr("simulator.model.CorridorModel.run", lambda *_: pytest.fail("simulated"))
    before = sorted(folder.iterdir())
    ended = corridor(*command, "--out", out)
    assert ended.exit_code == 2 and "Traceback" not in ended.output, ended.output
    assert "; nothing was written" in ended.stderr
    assert sorted(folder.iterdir()) == before
    assert (folder / "file").read_text(encoding="utf-8") == "mine"


def test_two_commands_on_one_folder_are_one_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    code = ("import sys, time; from pathlib import Path; from simulator.outputs.locks import held\n"
            "with held(Path('busy')):\n    print('held', flush=True); time.sleep(60)")  # fmt: skip
    other = subprocess.Popen([sys.executable, "-c", code], cwd=folder, stdout=subprocess.PIPE, text=True,
                             env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip
    assert other.stdout is not None and other.stdout.readline() == "held\n"
    assert life(Path("busy")) == "running"
    for command in (("run", "mine/two-ways.yaml"), ("sweep", "sea", "--workers", "1")):
        ended = corridor(*command, "--out", "busy")
        assert ended.exit_code == 2 and "is being written by another command" in ended.stderr
    other.kill()  # nothing of it is left that could be in the way
    other.communicate()
    assert life(Path("busy")) == "free"
    with held(Path("busy")), held(Path("busy")):
        assert life(Path("busy")) == "running"
    assert not lock_file(Path("busy")).exists()


def test_what_a_killed_command_left_is_cleared_and_what_it_hid_is_put_back(tmp_path: Path) -> None:
    run = fake_result()[0].save(tmp_path / "run")
    run.rename(tmp_path / ".run.x1.old")
    (tmp_path / ".run.x2.tmp").mkdir()
    (tmp_path / ".run.b.x2.tmp").mkdir()  # that of another folder, "run.b"
    assert Run.load(run).seed == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [".run.b.x2.tmp", "run"]


@pytest.mark.parametrize(("moment", "calls", "plain"), [
    (20, kill_saves.WATCHED, True), (0, ("rename",), True), (1, ("rename",), True), (120, kill_saves.WATCHED, False),
])  # fmt: skip
def test_a_kill_while_a_run_is_replaced_hides_nothing(
    tmp_path: Path, moment: int, calls: tuple[str, ...], plain: bool
) -> None:
    """A sample of what `tools/kill_saves.py` does sixty times."""
    fake_result(seed=1)[0].save(tmp_path / "run")
    assert kill_saves.killed_run(tmp_path / "run", moment, 1, plain=plain, calls=calls) == (True, "")


def test_a_system_that_cannot_exchange_folders_replaces_them_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_result(seed=1)[0].save(tmp_path / "run")
    monkeypatch.setattr(whole, "exchange", lambda *_: False)
    fake_result(seed=2)[0].save(tmp_path / "run", overwrite=True)
    assert Run.load(tmp_path / "run").seed == 2
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_record_whose_format_or_seed_was_changed_is_refused(tmp_path: Path) -> None:
    import json

    run = fake_result()[0].save(tmp_path / "run")
    record = json.loads((run / "record.json").read_text())
    for changes, said in (({"seed": 7}, "seed: is not that of the scenario"), ({"format": 99}, "format: "),
                          ({"result_hash": "0" * 64}, "tables: are not those of the result")):  # fmt: skip
        (run / "record.json").write_text(json.dumps({**record, **changes}))
        with pytest.raises(InputError, match=said):
            Run.load(run)


def shell(folder: Path, line: str, **more: str) -> subprocess.CompletedProcess[str]:
    line = line.replace("corridor", f"{sys.executable} -m simulator")
    return subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True,
                          errors="replace", env={**os.environ, "PYTHONPATH": str(ROOT), **more})  # fmt: skip


@pytest.mark.parametrize(
    ("line", "status", "more"),
    [
        ("set -o pipefail; corridor --help | true", 141, {}),
        ("corridor check nothing 2>/dev/full", 2, {}),
        ("corridor schema >/dev/full", 1, {}),
        ("corridor schema >&-", 0, {}),
        ("corridor explain mine/two-ways.yaml title", 0, {"PYTHONIOENCODING": "ascii"}),
        ("corridor explain mine/two-ways.yaml --set 'title=a \u2013 b' title", 0, {"PYTHONIOENCODING": "ascii"}),
        ("corridor check 'a \u2013 ü' 2>&1", 2, {"PYTHONIOENCODING": "cp1252"}),
        ("corridor check 'a \u2013 ü' 2>&1", 2, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    ],
)
def test_output_that_is_closed_full_or_narrow(folder: Path, line: str, status: int, more: dict[str, str]) -> None:
    done = shell(folder, line, **more)
    assert "Traceback" not in done.stdout + done.stderr and "Exception ignored" not in done.stderr
    assert done.returncode == status, done.stderr


@pytest.mark.parametrize(("command", "when"), [
    ("sweep", "workers start"),
    *(pytest.param(*each, marks=pytest.mark.slow)
      for each in (("sweep", "they run"), ("compare", "workers start"), ("compare", "they run"))),
])  # fmt: skip
def test_an_interrupt_with_workers_ends_all_at_once(folder: Path, command: str, when: str) -> None:
    out = folder / f"{command}-{when[0]}"
    process = start(folder, command, "sea", "--workers", "2", "--out", out.name)
    until = time.monotonic() + 120
    below: list[int] = []
    while len(below) < 2 and process.poll() is None and time.monotonic() < until:
        below = children(process.pid)  # the tracker of resources, then workers
        time.sleep(0.02)
    if when == "they run":
        time.sleep(4)
    below = children(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted" in err and "Traceback" not in err and "KeyboardInterrupt" not in err
    while any(Path(f"/proc/{pid}").exists() and " Z " not in Path(f"/proc/{pid}/stat").read_text() for pid in below):
        assert time.monotonic() < until, "a worker lives on"
        time.sleep(0.05)


def test_a_cluster_that_does_not_answer_is_told_before_anything_is_written(folder: Path) -> None:
    done = shell(folder, "corridor sweep sea --cluster tcp://127.0.0.1:1 --out dead")
    assert done.returncode == 2 and "no scheduler answers" in done.stderr and "Traceback" not in done.stderr
    assert not (folder / "dead").exists()
