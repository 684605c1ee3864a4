"""Queries read the results of the sweeps that they name, and nothing else; damaged sweeps are left out by name."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from click.testing import Result
from sweeping import Serial, serial
from typer.testing import CliRunner

from simulator import api
from simulator.cli import app
from simulator.outputs.locks import held
from simulator.outputs.provenance import with_hash
from simulator.sweeps import engine as engines
from simulator.sweeps.results import open_sweep
from simulator.sweeps.store import STATE, SWEEP

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))
import damage

SECRET = "the-secret-of-somebody"
ATTACKS = (
    "COPY runs TO 'stolen.csv'",
    "COPY (SELECT 1) TO 'results/sea-sweep/runs.parquet' (FORMAT parquet)",
    "COPY runs FROM 'secret.csv'",
    "EXPLAIN ANALYZE COPY runs TO 'stolen.csv'",
    "ATTACH 'stolen.db'",
    "ATTACH 'results/sea-sweep/stolen.db' AS x",
    "EXPORT DATABASE 'results/sea-sweep/stolen'",
    "IMPORT DATABASE 'results/sea-sweep'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD 'secret.csv'",
    "SET enable_external_access = true",
    "RESET allowed_directories",
    "SET lock_configuration = false",
    "PRAGMA enable_external_access = true",
    "CREATE TABLE x AS SELECT * FROM runs",
    "CREATE OR REPLACE VIEW runs AS SELECT 1",
    "CREATE SECRET (TYPE s3, KEY_ID 'x', SECRET 'y')",
    "DROP VIEW runs",
    "DELETE FROM runs",
    "INSERT INTO sweeps SELECT 1",
    "WITH x AS (INSERT INTO sweeps VALUES ('x') RETURNING *) SELECT * FROM x",
    "CALL pragma_version()",
    "CHECKPOINT",
    "SELECT 1; SELECT 2",
    "SELECT 1; COPY runs TO 'stolen.csv'",
    "",
    "/* nothing */",
    "SELECT * FROM 'secret.csv'",
    "SELECT * FROM read_csv('secret.csv')",
    "SELECT * FROM read_text('secret.csv')",
    "SELECT * FROM read_text('results/sea-sweep/../../secret.csv')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM read_json('secret.csv')",
    "SELECT * FROM read_parquet('other.parquet')",
    "SELECT * FROM parquet_metadata('other.parquet')",
    "SELECT * FROM sniff_csv('secret.csv')",
    "SELECT * FROM glob('*')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM query('COPY runs TO ''stolen.csv''')",
    "SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')",
    "SELECT * FROM 's3://bucket/x.parquet'",
    "SELECT * FROM sql",
    "SELECT * FROM rows",
    "SELECT " + "(" * 5000 + "1" + ")" * 5000,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a working folder with a run and a sweep, as `tools/damage.py` makes them, and things beside them."""
    made = tmp_path_factory.mktemp("queries")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        patch.setattr(engines, "engine", serial(Serial()))
        damage.made(made)
        (made / "results").mkdir()
        (made / "sweep").rename(made / "results" / "sea-sweep")
        (made / "secret.csv").write_text(f"word\n{SECRET}\n", encoding="utf-8")
        shutil.copy(made / "results" / "sea-sweep" / "runs.parquet", made / "other.parquet")
    return made


@pytest.fixture(autouse=True)
def there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def corridor(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def refused(ended: Result) -> bool:
    return ended.exit_code == 2 and "; nothing was written" in ended.stderr and "Traceback" not in ended.output


@pytest.mark.parametrize("sql", ATTACKS)
def test_a_query_can_do_nothing_but_read_what_it_names(folder: Path, sql: str) -> None:
    before = damage.stand(folder)
    ended = corridor("query", sql)
    assert refused(ended), ended.output
    assert SECRET not in ended.output
    assert damage.stand(folder) == before


@pytest.mark.parametrize(
    "sql",
    ["SELECT * FROM runs", "FROM runs", "DESCRIBE runs", "SUMMARIZE runs", "SHOW TABLES",
     "WITH x AS (FROM runs) SELECT 1",
     'SELECT * FROM "sea-sweep"."by-route"', "FROM sweeps",
     "PIVOT (SELECT arm, arrivals FROM runs) ON arm IN ('made', 'none') USING avg(arrivals)"],
)  # fmt: skip
def test_what_reads_is_answered(sql: str) -> None:
    ended = corridor("query", sql)
    assert ended.exit_code == 0, ended.output


def test_names_that_somebody_else_chose_are_names_and_no_sql(folder: Path, tmp_path: Path) -> None:
    """A sweep that was sent: its file says what it likes, and its folder is called what it likes."""
    evil = "x\" AS SELECT 1; COPY (SELECT 1) TO 'stolen.csv'; --"
    sent = folder / "results" / evil.replace("/", "")
    shutil.copytree(folder / "results" / "sea-sweep", sent)
    before = damage.stand(folder)
    try:
        assert corridor("query", "SELECT count(*) FROM runs", "--sweep", str(sent)).exit_code == 0
        content = json.loads((sent / SWEEP).read_text())
        content["measures"][evil] = content["measures"].pop("arrivals")
        (sent / SWEEP).write_text(json.dumps(with_hash(content)))
        before = damage.stand(folder)
        assert refused(corridor("query", "SELECT 1", "--sweep", str(sent)))
        assert damage.stand(folder) == before
    finally:
        shutil.rmtree(sent)


@pytest.mark.parametrize(
    ("name", "field"), [(SWEEP, "measures"), (SWEEP, "made_by"), (STATE, "done"), (STATE, "files")]
)
def test_no_word_of_a_sweep_can_be_changed_unseen(folder: Path, tmp_path: Path, name: str, field: str) -> None:
    """A label, a version, a number of runs: what has no other hash, and is printed as true."""
    shutil.copytree(folder / "results" / "sea-sweep", tmp_path / "sweep")
    content = json.loads((tmp_path / "sweep" / name).read_text())
    content[field] = {
        "measures": {name: {**each, "label": "Deaths"} for name, each in content.get("measures", {}).items()},
        "made_by": {**content.get("made_by", {}), "numpy": "9.9"}, "done": 5, "files": {},
    }[field]  # fmt: skip
    (tmp_path / "sweep" / name).write_text(json.dumps(content))
    ended = corridor("results", str(tmp_path / "sweep"))
    assert refused(ended) and "its own hash differs" in ended.stderr
    del content["content_hash"]
    (tmp_path / "sweep" / name).write_text(json.dumps(content))
    assert refused(corridor("results", str(tmp_path / "sweep")))


def test_one_damaged_sweep_is_named_and_left_out(folder: Path) -> None:
    bad = folder / "results" / "bad-sweep"
    shutil.copytree(folder / "results" / "sea-sweep", bad)
    try:
        (bad / SWEEP).write_text("{", encoding="utf-8")
        listed = corridor("results", "--json")
        assert listed.exit_code == 0
        ends = {row["name"]: row["ended"] for row in json.loads(listed.stdout)}
        assert ends["bad-sweep"].startswith("damaged: is not JSON") and ends["sea-sweep"].startswith("20")
        asked = corridor("query", "SELECT count(*) AS n FROM runs", "--json")
        assert json.loads(asked.stdout) == [{"n": 4}]
        assert "bad-sweep: is not JSON" in asked.stderr and "left out" in asked.stderr
        named = corridor("query", 'SELECT * FROM "bad-sweep".runs')
        assert refused(named) and "bad-sweep: is not JSON" in named.stderr
        assert refused(corridor("query", "SELECT 1", "--sweep", str(bad)))
    finally:
        shutil.rmtree(bad)


def test_a_table_with_one_bit_changed_is_answered_by_nothing(folder: Path) -> None:
    """Its length is the same, and DuckDB would read it: what names it refuses, all else leaves it out."""
    bad = folder / "results" / "bit-sweep"
    shutil.copytree(folder / "results" / "sea-sweep", bad)
    try:
        data = bytearray((bad / "runs.parquet").read_bytes())
        data[len(data) // 3] ^= 1
        (bad / "runs.parquet").write_bytes(data)
        for command in (("results", str(bad)), ("query", "SELECT * FROM runs", "--sweep", str(bad)),
                        ("query", 'SELECT * FROM "bit-sweep".runs')):  # fmt: skip
            ended = corridor(*command)
            assert refused(ended) and "is not what it was when the sweep ended" in ended.stderr
        assert json.loads(corridor("query", "SELECT count(*) AS n FROM runs", "--json").stdout) == [{"n": 4}]
    finally:
        shutil.rmtree(bad)


def test_lists_are_answered_as_lists(folder: Path) -> None:
    asked = corridor("query", "SELECT [1, 2] AS x, list(arm) AS arms FROM runs", "--json")
    assert asked.exit_code == 0
    row = json.loads(asked.stdout)[0]
    assert row["x"] == [1, 2] and len(row["arms"]) == 4
    assert corridor("query", "SELECT [1, 2] AS x").exit_code == 0


def test_a_sweep_that_runs_says_so_and_how_many_of_its_runs_are_there(folder: Path) -> None:
    half = folder / "results" / "half-sweep"
    shutil.copytree(folder / "results" / "sea-sweep", half)
    try:
        for name in ("state.json", "runs.parquet", "by-route.parquet"):
            (half / name).unlink()
        for ended, wanted in ((True, "running"), (False, "cut off")):
            if ended:
                with held(half):
                    rows = json.loads(corridor("results", "--json").stdout)
                    asked = corridor("query", "SELECT count(*) AS n FROM runs", "--sweep", str(half))
            else:
                rows = json.loads(corridor("results", "--json").stdout)
                asked = corridor("query", "SELECT count(*) AS n FROM runs", "--sweep", str(half))
            assert {row["name"]: row["ended"] for row in rows}["half-sweep"] == wanted
            assert f"half-sweep is {wanted}: 4 of 4 planned runs are there" in asked.stderr
    finally:
        shutil.rmtree(half)


@pytest.mark.parametrize("number", range(20))
def test_damaged_folders_are_one_error_and_nothing_is_written(folder: Path, number: int) -> None:
    """A sample of what `tools/damage.py` does a hundred times."""
    if not (folder / "sweep").exists():
        (folder / "sweep").symlink_to(folder / "results" / "sea-sweep")
    how, found = damage.one(folder, 1000 + number)
    assert not found, how


def test_a_sweep_that_a_killed_command_moved_aside_is_listed(folder: Path) -> None:
    """Between two renames, where a system cannot exchange two folders in one step."""
    place = folder / "results" / "aside-sweep"
    shutil.copytree(folder / "results" / "sea-sweep", place.with_name(".aside-sweep.planned.old"))
    try:
        assert place.name in {row["name"] for row in json.loads(corridor("results", "--json").stdout)}
        assert corridor("query", "SELECT * FROM sweeps").exit_code == 0
    finally:
        shutil.rmtree(place)


def test_parts_of_no_length_are_made_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inline = Serial()
    monkeypatch.setattr(engines, "engine", serial(inline))
    whole = open_sweep("sea-sweep").state["hash"]
    for table in ("runs", "by-route"):
        copy = folder / "torn"
        shutil.copytree(folder / "results" / "sea-sweep", copy)
        (fold,) = (copy / "parts" / table).glob("fold-*.parquet")
        os.truncate(fold, 0)
        inline.ids.clear()
        assert api.sweep("sea", out=copy, resume=True).state["hash"] == whole
        assert len(inline.ids) == 4
        shutil.rmtree(copy)
