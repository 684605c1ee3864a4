"""The real command line, as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simulator.outputs.provenance import result_hash, with_hash

ROOT = Path(__file__).resolve().parents[1]
WITH_FAKE = f"""
import sys, time, types
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests")!r}]
import fake_run, simulator.scenario.load as load
module = types.ModuleType("simulator.model")
module.simulate = fake_run.simulate
sys.modules["simulator.model"] = module
made = lambda changes: fake_run.fake_scenario(**{{"seed": changes["seed"] or 1}})
load.resolve = lambda name, **changes: types.SimpleNamespace(scenario=made(changes), draft=None)
if "--slow" in sys.argv:
    sys.argv.remove("--slow")
    fake_run.FakeModel.pause = staticmethod(lambda: (print("step", flush=True), time.sleep(0.2)))
sys.argv[0] = "corridor"
from simulator.cli import main
main()
"""


def corridor(*arguments: str, cwd: Path, fake: bool = False) -> subprocess.CompletedProcess[str]:
    start = ["-c", WITH_FAKE] if fake else ["-m", "simulator"]
    return subprocess.run(
        [sys.executable, *start, *arguments], capture_output=True, text=True, cwd=cwd, check=False, timeout=300,
        stdin=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_run_writes_a_folder_and_prints_a_table(tmp_path: Path) -> None:
    done = corridor("run", "fake", "--no-figures", cwd=tmp_path, fake=True)
    assert done.returncode == 0, done.stderr
    assert "observed arrivals" in done.stdout
    assert "Observed for part of the period only: East." in done.stdout
    assert done.stderr == ""
    (folder,) = (tmp_path / "results").iterdir()
    assert folder.name.startswith("fake-1-")
    assert f"results: results/{folder.name}" in done.stdout
    again = corridor("rerun", str(folder), "--json", cwd=tmp_path, fake=True)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["same"] is True


def test_json_holds_what_the_table_shows(tmp_path: Path) -> None:
    done = corridor("run", "fake", "--no-figures", "--seed", "3", "--out", "here", "--json", cwd=tmp_path, fake=True)
    content = json.loads(done.stdout)
    assert content["folder"] == "here"
    assert content["seed"] == 3
    assert content["routes"]["east"]["observed_arrivals"] == 1000
    explained = corridor("explain", "here", "parameters.news", "--json", cwd=tmp_path)
    assert json.loads(explained.stdout)[0]["field"] == "parameters.news.weight"
    table = corridor("explain", "here", "legs.coast--island.price_eur", cwd=tmp_path)
    assert "100" in table.stdout
    assert "None" not in table.stdout


def test_another_run_is_not_overwritten_unless_said(tmp_path: Path) -> None:
    run = ("run", "fake", "--no-figures", "--out", "here")
    assert corridor(*run, cwd=tmp_path, fake=True).returncode == 0
    refused = corridor(*run, "--seed", "2", cwd=tmp_path, fake=True)
    assert refused.returncode == 2
    assert "holds another run" in refused.stderr
    assert corridor(*run, "--seed", "2", "--overwrite", cwd=tmp_path, fake=True).returncode == 0


def test_a_rerun_that_differs_exits_1_and_names_the_table(tmp_path: Path) -> None:
    corridor("run", "fake", "--no-figures", "--out", "here", cwd=tmp_path, fake=True)
    record = json.loads((tmp_path / "here" / "record.json").read_text())
    deaths = record["tables"]["deaths"]
    deaths["sha256"] = deaths["people"] = "0" * 64
    record["result_hash"] = result_hash({name: entry["sha256"] for name, entry in record["tables"].items()})
    record["versions"]["scipy"] = "0.1"
    (tmp_path / "record.json").write_text(json.dumps(with_hash(record)))
    done = corridor("rerun", "record.json", cwd=tmp_path, fake=True)
    assert done.returncode == 1
    assert "the first table that differs is 'deaths'" in done.stdout
    assert "warning: scipy was 0.1, now" in done.stderr


@pytest.mark.parametrize(("signal_number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_leaves_nothing(tmp_path: Path, signal_number: int, status: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WITH_FAKE, "run", "fake", "--slow"], cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "step\n"
    time.sleep(0.1)
    process.send_signal(signal_number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == status
    assert "Traceback" not in errors
    assert not list(tmp_path.rglob("*"))


WRONG = [
    (("run", "no-such-scenario"), "no-such-scenario"),
    (("run", "eu-turkey-2061"), "did you mean 'eu-turkey-2016'"),
    (("run", "eu-turkey-2016", "--override", "without-statment"), "without-statement"),
    (("run", "eu-turkey-2016", "--set", "parameters.news.wieght.value=1"), "weight"),
    (("run", "eu-turkey-2016", "--set", "nonsense"), "FIELD=VALUE"),
    (("run", "eu-turkey-2016", "--start", "2016-02-30"), "2016-02-30"),
    (("run", "eu-turkey-2016", "--seed", "-1"), "seed"),
    (("run", "eu-turkey-2016", "--persons-per-agent", "0"), "persons"),
    (("run",), "Missing argument"),
    (("check", "nothing.yaml"), "nothing.yaml"),
    (("explain", "nothing"), "nothing"),
    (("explain", "eu-turkey-2016", "parameters.newz"), "did you mean 'parameters.news'"),
    (("score", "nothing"), "no such run or record"),
    (("plot", "nothing"), "no such run or record"),
    (("rerun", "nothing"), "no such run or record"),
    (("schema", "policy"), "policy"),
]


@pytest.mark.parametrize(("arguments", "text"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_wrong_input_exits_2_and_writes_nothing(tmp_path: Path, arguments: tuple[str, ...], text: str) -> None:
    done = corridor(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert text in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not list(tmp_path.iterdir())


def test_a_full_or_forbidden_disk_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file where a folder should be")
    done = corridor("schema", "--out", "results/schema.json", cwd=tmp_path)
    assert done.returncode == 2
    assert "results" in done.stderr
    run = corridor("run", "fake", "--no-figures", cwd=tmp_path, fake=True)
    assert run.returncode == 2, "told before anything is simulated"
    assert "Traceback" not in run.stderr
    assert "1 problem; nothing was written" in run.stderr


def test_schema_list_check_new(tmp_path: Path) -> None:
    schema = json.loads(corridor("schema", "corridor", cwd=tmp_path).stdout)
    assert "parameters" in schema["properties"]
    listed = json.loads(corridor("list", "--json", cwd=tmp_path).stdout)
    assert ("scenario", "eu-turkey-2016") in {(each["kind"], each["name"]) for each in listed}
    made = corridor("new", "mine", "--json", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)
    checked = corridor("check", "mine", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert "no problems" in checked.stdout
    assert corridor("new", "mine", cwd=tmp_path).returncode == 2


def test_version_and_help(tmp_path: Path) -> None:
    from simulator import __version__

    assert corridor("--version", cwd=tmp_path).stdout == f"corridor {__version__}\n"
    for command in ("run", "check", "explain", "evidence", "score", "plot", "schema", "new", "rerun", "list"):
        assert corridor(command, "--help", cwd=tmp_path).returncode == 0
