"""Run folders: whole or not there, and never taken for a result unless whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import xarray as xr
from fake_run import FakeModel, fake_result, fake_scenario, simulate

from simulator import api
from simulator.errors import InputError
from simulator.outputs import store, whole
from simulator.outputs.provenance import result_hash, with_hash
from simulator.outputs.result import Result
from simulator.world.fields import CHOICES, LATER, RECORDED


@pytest.fixture(scope="module")
def result() -> Result:
    return fake_result()[0]


@pytest.fixture
def folder(result: Result, tmp_path: Path) -> Path:
    return result.save(tmp_path / "run")


@pytest.fixture
def fake_model(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[FakeModel]]:
    module = ModuleType("simulator.model")
    module.simulate = simulate  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, "simulator.model", module)
    monkeypatch.setattr(FakeModel, "pause", staticmethod(lambda: None))
    monkeypatch.setattr("simulator.api.runs.doubtful", lambda _: [])  # a fake scenario has no places to build
    yield FakeModel


def edit_record(folder: Path, **changes: Any) -> None:
    record = json.loads((folder / "record.json").read_text())
    record.update(changes)
    (folder / "record.json").write_text(json.dumps(with_hash({k: v for k, v in record.items() if v is not None})))


def test_what_is_saved_is_what_is_loaded(result: Result, folder: Path) -> None:
    again = Result.load(folder)
    assert again.scenario == result.scenario
    assert again.hash == result.hash
    assert again.summary == result.summary == json.loads((folder / "summary.json").read_text())
    assert again.frame("deaths", by=["route", "month"]).equals(result.frame("deaths", by=["route", "month"]))
    assert xr.testing.assert_identical(again.dataset, result.dataset) is None
    assert {path.name for path in folder.iterdir()} == {"record.json", "summary.json", "dataset.nc", "tables"}
    assert not list(folder.parent.glob(".*"))


def test_dataset_file_says_units(folder: Path) -> None:
    with xr.open_dataset(folder / "dataset.nc", engine="scipy") as dataset:
        assert dataset["prices"].attrs["units"] == "eur"
        assert dataset["deaths"].attrs["long_name"] == "deaths on a leg"
        assert str(dataset["date"].values[1])[:10] == "2014-01-08"
        assert dataset["route"].values.tolist() == ["", "east", "east", "centre"]


def test_record_holds_what_it_takes_to_remake(folder: Path) -> None:
    record = json.loads((folder / "record.json").read_text())
    assert set(store.REQUIRED) <= set(record)
    assert set(record["versions"]) >= {"corridor", "python", "numpy", "scipy", "pandas", "mesa", "pyarrow", "xarray"}
    assert set(record["tables"]) == {*RECORDED, CHOICES}
    assert record["tables"]["claims"]["rows"] > 0
    assert record["remake"] == "corridor rerun record.json"
    assert str(Path.home()) not in (folder / "record.json").read_text()


def as_before(folder: Path, name: str) -> None:
    """Make a run folder as a version wrote it that did not record something."""
    record = json.loads((folder / "record.json").read_text())
    (folder / "tables" / f"{name}.parquet").unlink()
    del record["tables"][name], record["files"][f"tables/{name}.parquet"]
    hashes = {table: entry["sha256"] for table, entry in record["tables"].items()}
    edit_record(folder, tables=record["tables"], files=record["files"], result_hash=result_hash(hashes))


@pytest.mark.parametrize("name", LATER)
def test_a_run_of_an_earlier_version_is_read_without_what_came_later(folder: Path, name: str) -> None:
    as_before(folder, name)
    again = Result.load(folder)
    assert name not in again.tables
    assert again.hash == json.loads((folder / "record.json").read_text())["result_hash"]
    assert name not in again.dataset
    with pytest.raises(InputError, match="was not recorded by the version that made this run"):
        again.frame(name)


def test_a_rerun_compares_what_was_recorded_then(folder: Path, fake_model: type[FakeModel]) -> None:
    assert api.rerun(folder).same
    for name in LATER:
        as_before(folder, name)
    assert api.rerun(folder).same
    as_before(folder, "deaths")
    assert api.rerun(folder).different == ("deaths",)


@pytest.mark.parametrize("name", ["record.json", "dataset.nc", "summary.json", "tables/claims.parquet"])
def test_a_folder_with_a_file_missing_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(InputError, match=name.replace(".", r"\.")):
        Result.load(folder)


def test_a_changed_file_is_refused(folder: Path) -> None:
    path = folder / "tables" / "deaths.parquet"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InputError, match=r"deaths\.parquet: is not what the record says"):
        Result.load(folder)


@pytest.mark.parametrize("key", ["scenario", "files", "result_hash"])
def test_an_incomplete_record_is_refused_by_name(folder: Path, key: str) -> None:
    edit_record(folder, **{key: None})
    with pytest.raises(InputError, match=f"not a complete record: {key} missing"):
        Result.load(folder)


@pytest.mark.parametrize("field", ["coordinates", "stats", "versions", "name", "platform", "files", "content_hash"])
def test_no_word_of_a_record_can_be_changed_unseen(folder: Path, field: str) -> None:
    """Labels, versions and counts of memory have no other hash, and are printed as true."""
    record = json.loads((folder / "record.json").read_text())
    for key, inner in record.items():
        if key == field:
            record[key] = {**inner, "other": inner[next(iter(inner))]} if isinstance(inner, dict) else inner[::-1]
    (folder / "record.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match=r"record\.json: .*(its own hash differs|other)"):
        Result.load(folder)
    del record["content_hash"]
    (folder / "record.json").write_text(json.dumps(record))
    with pytest.raises(InputError):
        Result.load(folder)


def test_a_record_of_a_format_without_a_hash_of_its_own_is_read(folder: Path) -> None:
    record = json.loads((folder / "record.json").read_text())
    del record["content_hash"]
    (folder / "record.json").write_text(json.dumps({**record, "format": 2}))
    assert Result.load(folder).hash == record["result_hash"]


def test_a_torn_record_is_refused(folder: Path) -> None:
    text = (folder / "record.json").read_text()
    (folder / "record.json").write_text(text[: len(text) // 2])
    with pytest.raises(InputError, match="is not JSON"):
        Result.load(folder)


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such run or record"):
        Result.load(tmp_path / "nothing")


@pytest.mark.parametrize("stage", ["store.pq.write_table", "store._write_json", "whole.sync", "whole.put"])
def test_a_failure_while_writing_leaves_nothing(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"simulator.outputs.{stage}", fail)
    with pytest.raises(OSError, match="No space left"):
        result.save(tmp_path / "run")
    assert not list(tmp_path.iterdir())


def test_an_interrupt_while_writing_keeps_the_run_that_was_there(
    result: Result, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(whole, "sync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        result.save(folder)
    assert Result.load(folder).hash == result.hash
    assert [path.name for path in folder.parent.iterdir()] == ["run"]


def test_the_same_run_is_replaced_and_another_only_when_said(result: Result, folder: Path) -> None:
    assert result.save(folder) == folder
    other = fake_result(seed=2)[0]
    with pytest.raises(InputError, match=r"holds another run(.|\n)*--overwrite"):
        other.save(folder)
    other.save(folder, overwrite=True)
    assert Result.load(folder).seed == 2
    assert not list(folder.parent.glob(".*"))


def test_a_folder_that_is_no_run_is_never_overwritten(result: Result, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="not a run folder"):
        result.save(tmp_path / "mine", overwrite=True)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    (tmp_path / "empty").mkdir()
    result.save(tmp_path / "empty")


def test_figures_come_with_the_run_or_the_run_without_them(result: Result, tmp_path: Path) -> None:
    def draw(_: Result, target: Path) -> None:
        (target / "a.png").write_bytes(b"png")

    def fail(_: Result, target: Path) -> None:
        (target / "half.png").write_bytes(b"p")
        raise RuntimeError("no font")

    result.save(tmp_path / "drawn", figures=draw)
    assert (tmp_path / "drawn" / "figures" / "a.png").exists()
    Result.load(tmp_path / "drawn")
    with pytest.raises(RuntimeError, match="no font"):
        result.save(tmp_path / "bare", figures=fail)
    Result.load(tmp_path / "bare")
    assert not (tmp_path / "bare" / "figures").exists()


def test_rerun_from_the_record_alone(fake_model: type[FakeModel], tmp_path: Path) -> None:
    api.run(fake_scenario(), out=tmp_path / "run")
    record = tmp_path / "elsewhere.json"
    shutil.copy(tmp_path / "run" / "record.json", record)
    shutil.rmtree(tmp_path / "run")
    again = api.rerun(record)
    assert (again.same, again.different, again.version_changes) == (True, (), ())
    assert again.found == again.expected


def test_rerun_names_the_first_table_that_differs(
    fake_model: type[FakeModel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.run(fake_scenario(), out=tmp_path / "run")
    record = json.loads((tmp_path / "run" / "record.json").read_text())
    edit_record(tmp_path / "run", versions={**record["versions"], "numpy": "1.0"})

    def other(scenario: Any, *_: Any) -> Result:
        model = FakeModel(scenario)
        model.run()
        model.recorder._values["claims"][3][0] += 1  # type: ignore[misc]
        return Result.of_run(model.recorder, model.stats)

    monkeypatch.setattr(__import__("sys").modules["simulator.model"], "simulate", other)
    again = api.rerun(tmp_path / "run")
    assert (again.same, again.different) == (False, ("claims",))
    assert again.version_changes[0].startswith("numpy was 1.0, now ")


def test_rerun_refuses_a_scenario_changed_in_the_record(fake_model: type[FakeModel], tmp_path: Path) -> None:
    api.run(fake_scenario(), out=tmp_path / "run")
    record = json.loads((tmp_path / "run" / "record.json").read_text())
    edit_record(tmp_path / "run", scenario={**record["scenario"], "seed": 7})
    with pytest.raises(InputError, match="it was changed"):
        api.rerun(tmp_path / "run")


def test_a_run_that_may_not_be_written_is_not_simulated(
    fake_model: type[FakeModel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setattr(fake_model, "run", lambda *_: pytest.fail("simulated"))
    with pytest.raises(InputError, match="is a file"):
        api.run(fake_scenario(), out=tmp_path / "file")


def test_a_resolved_scenario_changes_only_in_seed_and_scale(fake_model: type[FakeModel]) -> None:
    result = api.run(fake_scenario(), seed=5, persons_per_agent=3)
    assert (result.seed, result.scenario.persons_per_agent) == (5, 3)
    with pytest.raises(InputError, match="overrides: cannot change a resolved scenario"):
        api.run(fake_scenario(), overrides=["x"])
    with pytest.raises(ValueError, match="seed"):
        api.run(fake_scenario(), seed="x")  # type: ignore[arg-type]


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "page.html"
    whole.whole_file(target, "first")

    def fail(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("simulator.outputs.whole.os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        whole.whole_file(target, "second")
    assert target.read_text(encoding="utf-8") == "first"
    assert list(tmp_path.iterdir()) == [target]
