"""Mutate input files, check them, and run some of those that pass: nothing may break, hang, or run to nonsense.

``python tools/fuzz.py --count 3000 --seed 1`` mutates files of small corridors, one mutation (or two) each, and checks
each result in a process of its own pool, whose memory is held back. It reports every traceback, every check that takes
longer than 20 seconds or 500 MB more than that of the unmutated files, and every file that it writes. Of those that
pass, ``--runs`` are run at a coarse scale; nothing that is negative or not finite may come out, and where nobody sets
out, the run has to say so.

The mutations of a case depend on the seed and the number of the case alone. ``--only NUMBER --keep FOLDER`` makes one
again and keeps its files.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

MOST_SECONDS: Final = 20.0
MOST_MORE_MB: Final = 500.0
MEMORY: Final = 6 * 2**30
"""Address space of a worker, so that a mutation cannot take the machine down; libraries map over 2 GB of it."""
SCALE: Final = 2000
"""People a row in runs; the smallest corridor has millions."""
COUNTS: Final = (
    "departures", "attempts", "crossings", "interceptions", "deaths", "claims", "decisions", "returns", "stocks",
    "prices", "revenue", "backlog", "remittances", "spending", "death_risk",
)  # fmt: skip
"""Measures that are finite and not negative, whatever the corridor."""
BASES: Final = (*["strait"] * 8, "experiment", "experiment", "norway-ethiopia", "canada-us")
RUN: Final = "strait"
"""Base that is run: the others take several seconds each."""
DESIGN: Final = """question: Does the agreement turn people to the long way?
scenario: two-ways
persons_per_agent: 1000
arms:
  without: {summary: Nothing new., overrides: [no-agreement]}
  with: {summary: The agreement.}
baseline: without
factors:
  effort: {set: policies.sea-agreement.levers.0.values.0.value, values: [1, 4]}
replicates: 2
measures:
  arrivals: {measure: arrivals, better: less}
"""
FIT: Final = """fitted: 2020-01-01
code: "abc1234"
data: [invented]
period: [2014-01, 2016-12]
loss: 0.4
how: Made up.
fields:
  parameters.news.weight: {unit: utility, range: [0.05, 0.9], interval: [0.1, 0.8]}
members:
  - {loss: 0.4, values: {parameters.news.weight: 0.35}}
  - {loss: 0.5, values: {parameters.news.weight: 0.45}}
"""
ODD: Final = (
    "", "0", "-1", "-0", "1e300", "1e-300", "-1e300", "1e15", "1e9", "nan", "inf", "-inf", ".nan", ".inf", "1,5",
    "1.000.000", "0x10", "1_000", "true", "null", "~", "yes", "NO", "x" * 300, "9" * 10_000, "0." + "1" * 5000, "2016",
    "2016-02-30", "0001-01-01", "9999-12-31", "2016-01-01T00:00:00Z", "12/31/2016", "2016-1", "\u0661\u0662",
    "../../etc/passwd", "a b", "'", '"', "#", ": ", "- x", "[", "{", "}", "[]", "{}", "[1, 2", "*a", "&a", "!!float x",
    "!!int x", "!!bool x", "!!binary x", "!!set {a}", "!!python/name:os.system x", "<<: *a", "%YAML 1.1", "|", ">", "?",
    '"\\x1b[31m"', '"\\ud800"', '"\\0"', "A" * 20, "é", "NOR", "XHI", "no-such-id", "eu", "EU", "month", "1e400",
    "-9223372036854775809", "18446744073709551616", "1" + "0" * 400,
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What became of a case."""

    number: int
    base: str
    what: str
    verdict: str
    """``refused``, ``passed``, or what is wrong: ``traceback``, ``slow``, ``memory``, ``wrote``, ``nonsense``."""
    said: str
    seconds: float
    more_mb: float
    ran: bool = False


def make_base(base: str, folder: Path) -> Path:
    """Write the files of a base into a folder and return what is checked."""
    from simulator.scenario.new import new

    if base in ("strait", "experiment"):
        new(folder)
        corridor = folder / "strait" / "corridor.yaml"
        corridor.write_text(corridor.read_text(encoding="utf-8") + "fit: fit.yaml\n", encoding="utf-8")
        (folder / "strait" / "fit.yaml").write_text(FIT, encoding="utf-8")
        if base == "experiment":
            (folder / "design.yaml").write_text(DESIGN, encoding="utf-8")
            return folder / "design.yaml"
        return folder / "two-ways.yaml"
    library = ROOT / "scenarios"
    shutil.copytree(library / base, folder / base, copy_function=shutil.copyfile)
    shutil.copyfile(library / "regimes.yaml", folder / "regimes.yaml")
    (folder / "mediterranean").mkdir()
    for name in ("parameters.yaml", "fit.yaml", "costs.yaml"):
        if (library / "mediterranean" / name).is_file():
            shutil.copyfile(library / "mediterranean" / name, folder / "mediterranean" / name)
    shutil.copyfile(library / f"{base}.yaml", folder / f"{base}.yaml")
    return folder / f"{base}.yaml"


# --- mutations of text, lines and cells -------------------------------------------------------------------------------
def _line(lines: list[str], luck: random.Random) -> int:
    return luck.randrange(len(lines))


def drop_line(text: str, luck: random.Random) -> str:
    """Leave out a line."""
    lines = text.splitlines(keepends=True)
    del lines[_line(lines, luck)]
    return "".join(lines)


def repeat_line(text: str, luck: random.Random) -> str:
    """Write a line twice."""
    lines = text.splitlines(keepends=True)
    at = _line(lines, luck)
    return "".join([*lines[: at + 1], *lines[at:]])


def swap_lines(text: str, luck: random.Random) -> str:
    """Swap two lines."""
    lines = text.splitlines(keepends=True)
    one, other = _line(lines, luck), _line(lines, luck)
    lines[one], lines[other] = lines[other], lines[one]
    return "".join(lines)


def cut_off(text: str, luck: random.Random) -> str:
    """End the file somewhere."""
    return text[: luck.randrange(len(text))]


def odd_character(text: str, luck: random.Random) -> str:
    """Put a character in that has no business there."""
    at = luck.randrange(len(text))
    return text[:at] + luck.choice("\0\x1b\t;\"'{}[]&*!|>%@`#:\u00a0\u202e\ufeff\r") + text[at:]


def many_repeats(text: str, luck: random.Random) -> str:
    """Write a line many times."""
    lines = text.splitlines(keepends=True)
    at = _line(lines, luck)
    return "".join([*lines[:at], lines[at] * min(2000, 60_000 // len(lines[at])), *lines[at:]])


def odd_number(text: str, luck: random.Random) -> str:
    """Put something odd in place of a number."""
    found = list(re.finditer(r"(?<![\w.-])-?\d+(\.\d+)?(e[+-]?\d+)?(?![\w.-])", text))
    return _replaced(text, found, luck, luck.choice(ODD)) if found else text


def scale_number(text: str, luck: random.Random) -> str:
    """Multiply a number: a wrong unit, or a digit too many; it may well pass."""
    found = list(re.finditer(r"(?<![\w.-])\d+(\.\d+)?(?![\w.-])", text))
    if not found:
        return text
    hit = luck.choice(found)
    value = float(hit[0]) * luck.choice((0, -1, 0.001, 0.1, 10, 1000, 1e6))
    return text[: hit.start()] + f"{value:g}" + text[hit.end() :]


def odd_date(text: str, luck: random.Random) -> str:
    """Put another date in place of one."""
    found = list(re.finditer(r"\d{4}-\d\d(-\d\d)?", text))
    new = luck.choice(("2016-02-30", "0001-01-01", "9999-12-31", "1949-12-31", "2016-13", "2014-01-01", "2018-12-31",
                       "2015-01-01", "2100-12", "20160101", "today", "2016-06"))  # fmt: skip
    return _replaced(text, found, luck, new) if found else text


def unknown_name(text: str, luck: random.Random) -> str:
    """Misspell a word."""
    found = list(re.finditer(r"[A-Za-z][\w-]{2,}", text))
    if not found:
        return text
    hit = luck.choice(found)
    word = hit[0]
    new = luck.choice((word[:-1], word.upper(), word + "x", word[::-1], luck.choice(found)[0], "x" * 300, ""))
    return text[: hit.start()] + new + text[hit.end() :]


def _replaced(text: str, found: list[re.Match[str]], luck: random.Random, new: str) -> str:
    hit = luck.choice(found)
    return text[: hit.start()] + new + text[hit.end() :]


def _cells(text: str) -> list[list[str]]:
    return [line.split(",") for line in text.splitlines()]


def _joined(cells: list[list[str]]) -> str:
    return "".join(",".join(row) + "\n" for row in cells)


def odd_cell(text: str, luck: random.Random) -> str:
    """Put something odd into a cell."""
    cells = _cells(text)
    row = luck.choice(cells)
    row[luck.randrange(len(row))] = luck.choice(ODD)
    return _joined(cells)


def copy_cell(text: str, luck: random.Random) -> str:
    """Copy a cell over its neighbour, or over one of another row."""
    cells = _cells(text)
    row, other = luck.choice(cells), luck.choice(cells)
    row[luck.randrange(len(row))] = luck.choice(other)
    return _joined(cells)


def drop_column(text: str, luck: random.Random) -> str:
    """Leave out a column."""
    cells = _cells(text)
    at = luck.randrange(len(cells[0]))
    return _joined([row[:at] + row[at + 1 :] for row in cells])


def repeat_column(text: str, luck: random.Random) -> str:
    """Write a column twice."""
    cells = _cells(text)
    at = luck.randrange(len(cells[0]))
    return _joined([row[: at + 1] + row[at:] for row in cells])


def swap_columns(text: str, luck: random.Random) -> str:
    """Swap the cells of two columns, but not their names."""
    cells = _cells(text)
    one, other = luck.randrange(len(cells[0])), luck.randrange(len(cells[0]))
    for row in cells[1:]:
        if max(one, other) < len(row):
            row[one], row[other] = row[other], row[one]
    return _joined(cells)


def scale_column(text: str, luck: random.Random) -> str:
    """Multiply a column of numbers."""
    cells = _cells(text)
    at, factor = luck.randrange(len(cells[0])), luck.choice((0, -1, 1e-3, 100, 1e6, 1e12))
    for row in cells[1:]:
        if at < len(row) and re.fullmatch(r"-?\d+(\.\d+)?", row[at]):
            row[at] = f"{float(row[at]) * factor:g}"
    return _joined(cells)


def only_header(text: str, luck: random.Random) -> str:
    """Leave the header, and no row or few."""
    return "".join(text.splitlines(keepends=True)[: luck.choice((1, 1, 2, 3))])


def other_separator(text: str, luck: random.Random) -> str:
    """Separate cells by another sign."""
    return text.replace(",", luck.choice(";\t|: "))


def unnamed_column(text: str, luck: random.Random) -> str:
    """Add a column without a name, empty or not."""
    first, *rest = text.splitlines()
    return "\n".join([first + ",", *(line + "," + luck.choice(("", "", "7")) for line in rest)])


def odd_value(text: str, luck: random.Random) -> str:
    """Put something odd after a colon."""
    found = list(re.finditer(r"(?<=: )[^\n,}\]]+", text))
    return _replaced(text, found, luck, luck.choice(ODD)) if found else text


def nest(text: str, luck: random.Random) -> str:
    """Put a value that is nested deeply, or that repeats itself, after a colon."""
    bomb = (
        "["
        + ", ".join(
            ["&a [x, x]", *(f"&{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True))]
        )
        + "]"
    )
    new = luck.choice(("[" * 1000 + "]" * 1000, "{a: " * 300 + "1" + "}" * 300, bomb, "&a [*a]", "[" * 5000))
    found = list(re.finditer(r"(?<=: )[^\n,}\]]+", text))
    return _replaced(text, found, luck, new) if found else text


def indent(text: str, luck: random.Random) -> str:
    """Move a line to the right or left."""
    lines = text.splitlines(keepends=True)
    at = _line(lines, luck)
    lines[at] = luck.choice(("  " + lines[at], lines[at].removeprefix("  "), "\t" + lines[at]))
    return "".join(lines)


def add_key(text: str, luck: random.Random) -> str:
    """Add a key that is not known, or too long."""
    return text + luck.choice(
        ("unknown: 1\n", "k" * 300 + ": 1\n", "1: 2\n", "null: 1\n", "? [a]\n: 1\n", "<<: {a: 1}\n")
    )


def encode(data: bytes, luck: random.Random) -> bytes:
    """Write the file in another encoding, or as another kind of file."""
    text = data.decode("utf-8", "replace")
    kinds: tuple[Callable[[], bytes], ...] = (
        lambda: text.encode("utf-16"), lambda: text.encode("utf-16-le"), lambda: text.encode("utf-32"),
        lambda: b"\xef\xbb\xbf" + data, lambda: (text + "é").encode("latin-1", "replace"),
        lambda: data.replace(b"\n", b"\r\n"), lambda: data.replace(b"\n", b"\r"), lambda: b"PK\x03\x04" + data,
        lambda: b"\x1f\x8b\x08" + data, lambda: b"", lambda: b" \n", lambda: b"\0" * 100, lambda: luck.randbytes(500),
        lambda: b"\xd0\xcf\x11\xe0" + data,
    )  # fmt: skip
    return luck.choice(kinds)()


BOTH: Final = (drop_line, repeat_line, swap_lines, cut_off, odd_character, many_repeats, odd_number, scale_number,
               scale_number, odd_date, unknown_name)  # fmt: skip
OF_TABLES: Final = (odd_cell, odd_cell, copy_cell, drop_column, repeat_column, swap_columns, scale_column, only_header,
                    other_separator, unnamed_column)  # fmt: skip
OF_YAML: Final = (odd_value, odd_value, nest, indent, add_key)


def mutate(folder: Path, base: str, luck: random.Random) -> str:
    """Mutate a file of a folder and return what was done."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if base == "experiment":
        files = [path for path in files if path.name in ("design.yaml", "two-ways.yaml", "no-agreement.yaml")]
    path = luck.choice(files)
    data = path.read_bytes()
    name = str(path.relative_to(folder))
    if not data or luck.random() < 0.06:
        path.write_bytes(encode(data, luck))
        return f"{name}: encode"
    if luck.random() < 0.02:
        path.unlink()
        return f"{name}: removed"
    how = luck.choice(BOTH + (OF_TABLES if path.suffix == ".csv" else OF_YAML))
    text = how(data.decode("utf-8", "surrogateescape"), luck)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return f"{name}: {how.__name__}"


# --- cases ------------------------------------------------------------------------------------------------------------
def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _listing(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*"))


def check_case(target: Path, folder: Path) -> None:
    """Check what was mutated, overrides with it."""
    from simulator.scenario.load import check

    if target.name == "design.yaml":
        from simulator.sweeps.plan import make_sweep_plan
        from simulator.sweeps.reading import read_design

        make_sweep_plan(read_design(target))
        return
    check([target, *sorted(folder.glob("overrides/*.yaml"))])


def nonsense(target: Path) -> str:
    """Run a scenario at a coarse scale and return what is nonsense about it, or an empty string."""
    import numpy as np

    from simulator.api import run
    from simulator.scenario.load import load

    scenario = load(target)
    result = run(scenario, persons_per_agent=max(SCALE, scenario.persons_per_agent))
    for name in COUNTS:
        values = result.tables[name]["value"].to_numpy()
        if not np.isfinite(values).all():
            return f"{name} is not finite"
        if (values < 0).any():
            return f"{name} is negative"
    if not result.tables["departures"]["value"].sum() and not result.words:
        return "nobody sets out, and nothing is said"
    return ""


def one(number: int, seed: int, run_it: bool, keep: str = "") -> Outcome:
    """Make a case, check it, and run it if it passes and is asked for."""
    from simulator.errors import CorridorError, InputError

    luck = random.Random(f"{seed} {number}")
    base = luck.choice(BASES)
    folder = Path(keep or tempfile.mkdtemp(prefix="fuzz."))
    work = folder / "work"
    here = os.getcwd()
    target = make_base(base, work)
    what = "; ".join(mutate(work, base, luck) for _ in range(luck.choice((1, 1, 1, 2))))
    verdict, said, ran = "passed", "", False
    before, began, peak = _listing(work), time.perf_counter(), _peak_mb()
    try:
        os.chdir(folder)
        try:
            check_case(target, work)
        except InputError as error:
            verdict, said = "refused", str(error)[:300]
        seconds, more = time.perf_counter() - began, _peak_mb() - peak
        if verdict == "passed" and run_it and base == RUN:
            ran = True
            try:
                said = nonsense(target)
            except CorridorError as error:
                said = "" if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
            verdict = "nonsense" if said else verdict
    except BaseException:
        seconds, more = time.perf_counter() - began, _peak_mb() - peak
        verdict, said = "traceback", traceback.format_exc()[-1500:]
    finally:
        os.chdir(here)
    if verdict in ("passed", "refused"):
        if seconds > MOST_SECONDS:
            verdict = "slow"
        elif more > MOST_MORE_MB:
            verdict = "memory"
        elif _listing(work) != before or len(list(folder.iterdir())) != 1:
            verdict = "wrote"
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
    return Outcome(number, base, what, verdict, said, seconds, more, ran)


def _start() -> None:
    """Hold a worker's memory back, and load what every check needs, so that it counts for no case."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with tempfile.TemporaryDirectory() as folder:
        check_case(make_base("canada-us", Path(folder) / "work"), Path(folder) / "work")


def outcomes(count: int, seed: int, runs: int, workers: int) -> Iterator[Outcome]:
    """Yield what became of each case; of about the first `runs` that pass, a run is made."""
    each = runs / count if count else 0.0
    with ProcessPoolExecutor(workers, initializer=_start) as pool:
        # About one case in six passes; the others need no run.
        asked = [random.Random(f"run {seed} {number}").random() < min(1.0, 8 * each) for number in range(count)]
        yield from pool.map(one, range(count), [seed] * count, asked, chunksize=8)


def main() -> int:
    """Make the cases and report; return 1 if anything broke."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--only", type=int, help="make this one case alone, and show what is said")
    parser.add_argument("--keep", default="", help="with --only: a new folder for its files")
    parser.add_argument("--out", default="", help="file for every outcome, one line of JSON each")
    given = parser.parse_args()
    if given.only is not None:
        print(json.dumps(asdict(one(given.only, given.seed, given.runs > 0, given.keep)), indent=1))
        return 0
    counts: Counter[str] = Counter()
    bad: list[dict[str, Any]] = []
    ran, slowest = 0, 0.0
    lines = Path(given.out).open("w", encoding="utf-8") if given.out else None
    for made in outcomes(given.count, given.seed, given.runs, given.workers):
        counts[made.verdict] += 1
        ran += made.ran
        slowest = max(slowest, made.seconds)
        if made.verdict not in ("passed", "refused"):
            bad.append(asdict(made))
            print(f"{made.number} ({made.base}) {made.what}: {made.verdict}\n{made.said}", flush=True)
        if lines is not None:
            lines.write(json.dumps(asdict(made)) + "\n")
            lines.flush()
    print(
        f"{given.count} cases, seed {given.seed}: " + ", ".join(f"{n} {verdict}" for verdict, n in counts.most_common())
    )
    print(f"{ran} of those that pass were run; the slowest check took {slowest:.1f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
