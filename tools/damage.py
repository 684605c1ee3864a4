"""Damage copies of a run folder and of a sweep, and see that every command says so: `python tools/damage.py [NUMBER]`.

Each copy is damaged in one way, the same for the same number. Every command that reads it must end with status 2 (or 0
or 1, where what is damaged is nothing that it reads), show no traceback, and leave every file as it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import re
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from click.testing import Result as Ended
from typer.testing import CliRunner

from simulator.cli import app

DESIGN = """question: Does the agreement lower arrivals?
cases:
  short: {scenario: mine/two-ways.yaml, end: 2015-03-01, persons_per_agent: 4000, set: {step_days: month}}
arms:
  made: {label: As made}
  none: {label: No agreement, overrides: [no-agreement]}
baseline: made
factors:
  wait: {set: parameters.crossing.retry_delay, values: [4, 12]}
sampling: {method: grid}
measures: {arrivals: {measure: arrivals, better: less, label: Arrivals}}
tables: {by-route: {measure: arrivals, by: [route, month]}}
"""
STRANGE: tuple[Any, ...] = (None, "x", -1, 2**70, 1.5, [], {}, ["x"], {"x": 1}, True, "../../x", 'a"b', "",
                            float("nan"))  # fmt: skip
OUT = "out"


def made(folder: Path) -> None:
    """Make a small run and a small sweep in the working folder, which must be this one."""
    ok(call("new", "mine"))
    ok(call("run", "mine/two-ways.yaml", "--end", "2015-06-01", "--persons-per-agent", "4000", "--out", "run",
            "--no-figures"))  # fmt: skip
    (folder / "experiments" / "sea").mkdir(parents=True)
    (folder / "experiments" / "sea" / "design.yaml").write_text(DESIGN, encoding="utf-8")
    ok(call("sweep", "sea", "--workers", "1", "--out", "sweep"))


def call(*arguments: str) -> Ended:
    return CliRunner().invoke(app, list(arguments))


def ok(ended: Ended) -> None:
    assert ended.exit_code == 0, ended.output


def edited(change: Callable[[Any, random.Random], None]) -> Callable[[Path, random.Random], str]:
    """Return a damage that changes the JSON of a file."""

    def damage(file: Path, luck: random.Random) -> str:
        before = content = json.loads(file.read_text(encoding="utf-8"))
        while content == before:  # what is replaced may be what it is replaced with
            content = json.loads(file.read_text(encoding="utf-8"))
            change(content, luck)
        file.write_text(json.dumps(content), encoding="utf-8")
        return f"{change.__name__} in {file.name}"

    return damage


def places(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield every place in JSON values, down to the third level."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in items:
        yield (*path, key)
        if len(path) < 2:
            yield from places(value, (*path, key))


def _inner(content: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        content = content[key]
    return content


def value_replaced(content: Any, luck: random.Random) -> None:
    path = luck.choice(sorted(places(content), key=str))
    _inner(content, path)[path[-1]] = luck.choice(STRANGE)


def top_replaced(content: Any, luck: random.Random) -> None:
    content[luck.choice(sorted(content))] = luck.choice(STRANGE)


def key_removed(content: Any, luck: random.Random) -> None:
    del content[luck.choice(sorted(content))]


def key_renamed(content: Any, luck: random.Random) -> None:
    path = luck.choice([path for path in sorted(places(content), key=str) if isinstance(path[-1], str)])
    inner = _inner(content, path)
    inner[luck.choice(("x'; COPY (SELECT 1) TO 'z.csv'; --", 'a"b', "../../../x", "", "x" * 300))] = inner.pop(path[-1])


def cut(file: Path, luck: random.Random) -> str:
    data = file.read_bytes()
    file.write_bytes(data[: luck.randrange(len(data))])
    return f"{file.name} cut off"


def emptied(file: Path, luck: random.Random) -> str:
    file.write_bytes(b"")
    return f"{file.name} of no length"


def garbled(file: Path, luck: random.Random) -> str:
    data = bytearray(file.read_bytes())
    for _ in range(30):
        data[luck.randrange(len(data))] = luck.randrange(256)
    file.write_bytes(bytes(data))
    return f"{file.name} garbled"


def noise(file: Path, luck: random.Random) -> str:
    file.write_bytes(luck.randbytes(500))
    return f"{file.name} of noise"


def removed(file: Path, luck: random.Random) -> str:
    file.unlink()
    return f"{file.name} removed"


def folder_instead(file: Path, luck: random.Random) -> str:
    file.unlink()
    file.mkdir()
    return f"{file.name} is a folder"


def link_to_nothing(file: Path, luck: random.Random) -> str:
    file.unlink()
    file.symlink_to("nothing")
    return f"{file.name} is a link to nothing"


def link_to_itself(file: Path, luck: random.Random) -> str:
    file.unlink()
    file.symlink_to(file.name)
    return f"{file.name} is a link to itself"


def other_table(file: Path, luck: random.Random) -> str:
    pq.write_table(pa.table({"strange": [1, 2]}), file)
    return f"{file.name} of other columns"


def other_kinds(file: Path, luck: random.Random) -> str:
    table = pq.read_table(file)
    pq.write_table(pa.table({name: ["x"] * max(table.num_rows, 1) for name in table.column_names}), file)
    return f"{file.name} of text alone"


def other_rows(file: Path, luck: random.Random) -> str:
    table = pq.read_table(file)
    pq.write_table(table.slice(0, table.num_rows // 2), file)
    return f"{file.name} with half its rows"


ANY = (cut, emptied, garbled, noise, removed, folder_instead, link_to_nothing, link_to_itself)
JSON = tuple(edited(each) for each in (value_replaced, top_replaced, key_removed, key_renamed, value_replaced))
TABLE = (other_table, other_kinds, other_rows)


def damage(folder: Path, luck: random.Random) -> str:
    """Damage one file of a folder, and say how; a run's table may be made to fit its record, too."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    kinds = {"json": [p for p in files if p.suffix == ".json"], "table": [p for p in files if p.suffix == ".parquet"]}
    kind = luck.choice(("json", "json", "table", "any"))
    if kind == "json":
        return luck.choice((*JSON, *JSON, *ANY))(luck.choice(kinds["json"]), luck)
    if kind == "any":
        return luck.choice(ANY)(luck.choice(files), luck)
    file = luck.choice(kinds["table"])
    said = luck.choice((*TABLE, *TABLE, *ANY))(file, luck)
    if (folder / "record.json").exists() and file.is_file() and luck.random() < 0.5:
        record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
        entry = {"bytes": file.stat().st_size, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
        record["files"][str(file.relative_to(folder))] = entry
        (folder / "record.json").write_text(json.dumps(record), encoding="utf-8")
        said += ", and the record made to fit"
    return said


RUN = (
    ("score", "FOLDER"), ("plot", "FOLDER"), ("plot", "FOLDER", "--out", OUT), ("plot", "run", "FOLDER", "--out", OUT),
    ("report", "FOLDER", "--out", "out.html"), ("explain", "FOLDER"), ("explain", "FOLDER", "--government", "EU"),
    ("diversion", "run", "--with", "FOLDER", "--out", OUT),
    ("run", "mine/two-ways.yaml", "--seed", "5", "--out", "FOLDER"), ("rerun", "FOLDER"),
)  # fmt: skip
"""Commands on a run folder."""
SWEEP = (
    ("results", "FOLDER"), ("results", "FOLDER", "--out", "out.csv"), ("results", "FOLDER", "--run", "0", "--out", OUT),
    ("query", "SELECT * FROM runs", "--sweep", "FOLDER"), ("explore", "FOLDER", "--out", OUT, "--no-conditions"),
    ("compare", "sea", "--sweep", "FOLDER", "--out", OUT), ("plot", "FOLDER", "--out", OUT),
    ("report", "FOLDER", "--out", "out.html"), ("sweep", "sea", "--out", "FOLDER"),
)  # fmt: skip
"""Commands on a sweep."""
UNREAD = re.compile(r"\.gz|[0-9a-f]{16}\.parquet|fold-|(state.json|plan.parquet) removed")
"""Damages that some commands need not see: of resolved scenarios and of parts, which are read by who makes a run again
or goes on with a sweep; a sweep without its state has not ended, and says so; a copy to be read needs no plan."""
OF_RECORD = re.compile(r"record\.json|the record made to fit")
RECORD_ALONE = ("rerun",)
"""Commands that make a run anew, from its record: they are the way out where another file is damaged."""


def stand(folder: Path) -> dict[str, object]:
    """Return what lies in a folder: every path and what it holds."""
    return {
        str(path.relative_to(folder)): os.readlink(path) if path.is_symlink() else
        hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in sorted(folder.rglob("*"))
    }  # fmt: skip


def faults(folder: Path, commands: tuple[tuple[str, ...], ...], damaged: str, how: str) -> Iterator[str]:
    """Call commands on a damaged folder of the working folder, and yield what each does wrong."""
    before = stand(folder)
    taken = []
    for command in commands:
        arguments = tuple(damaged if part == "FOLDER" else part for part in command)
        with contextlib.redirect_stderr(None):
            ended = call(*arguments)
        where = f"{how}: {' '.join(arguments)}"
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            error = ended.exception
            frame = traceback.extract_tb(error.__traceback__)[-1]
            yield f"{where}: traceback {type(error).__name__}: {str(error)[:150]} ({frame.filename}:{frame.lineno})"
        elif "Traceback" in ended.output:
            yield f"{where}: traceback in what is said"
        elif ended.exit_code not in (0, 2):
            yield f"{where}: status {ended.exit_code}: {ended.output[:300]}"
        elif ended.exit_code == 2 and "; nothing was written" not in ended.stderr:
            yield f"{where}: no error of its own: {ended.output[:300]}"
        if ended.exit_code != 2 and (command[0] not in RECORD_ALONE or OF_RECORD.search(how)):
            taken.append(command[0])
        after = stand(folder)
        if ended.exit_code == 2 and after != before:
            yield f"{where}: wrote {sorted(name for name in {*after, *before} if after.get(name) != before.get(name))}"
        for left in (OUT, "out.html", "out.csv"):
            path = folder / left
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        shutil.rmtree(folder / damaged / "figures", ignore_errors=True)
    if taken and not UNREAD.search(how):
        yield f"{how}: taken as if it were whole by {', '.join(taken)}"


def one(folder: Path, number: int) -> tuple[str, list[str]]:
    """Damage one copy in the working folder, call every command on it, and return how, and what went wrong."""
    luck = random.Random(number)
    kind, commands = (("run", RUN), ("sweep", SWEEP))[number % 2]
    copy = folder / "damaged"
    shutil.copytree(folder / kind, copy)
    try:
        how = f"{number}: {kind}: {damage(copy, luck)}"
        return how, list(faults(folder, commands, copy.name, how))
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def main(count: int = 100) -> int:
    found: list[str] = []
    with tempfile.TemporaryDirectory(prefix="corridor-damage-") as name:
        os.chdir(name)
        np.seterr(all="ignore")
        made(Path(name))
        for number in range(count):
            how, more = one(Path(name), number)
            found += more
            print(f"{'FAULTS' if more else 'ok    '} {how}", *more, sep="\n    ", flush=True)
        os.chdir("/")
    print(f"{count} damaged folders, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
