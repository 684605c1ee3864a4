"""Hold the numbers that documents print to kept files.

A comment names the source of what stands above it, back to the comment before it or the heading::

    <!-- numbers: results/reference/rescue/differences.parquet; corridor compare rescue -->

names kept files, and after a semicolon the command that makes them; every number above it must be a figure of one of
them, to the digits printed. Three other kinds: ``<!-- numbers: input FILE, ... -->`` (observed, or set: the file says
where it is from), ``<!-- numbers: by COMMAND -->`` (that command writes the text between its marks, and a test holds it
to that) and ``<!-- numbers: none, because ... -->`` (not checked). A document that prints results of another version of
Corridor has to say so: ``Corridor 0.1.0``.

It tells that a number is among a file's figures, not that it is the one that the sentence speaks of.
``python docs/check_numbers.py [DOCUMENT ...]`` prints what does not hold.
"""

from __future__ import annotations

import csv
import json
import math
import re
import sys
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pandas as pd
from ruamel.yaml import YAML

ROOT: Final = Path(__file__).resolve().parents[1]
MADE: Final = ("docs/reference.md", "docs/inputs.md", "docs/scorecard.md")
"""Pages that a command writes whole, which a test holds to it."""
UNCHECKED: Final = {
    "docs/odd.md": "the model's equations and the values of its parameters; parameters are held to the code by a test",
    "docs/scenarios.md": "how files are written: all numbers are examples",
    "docs/instruments.md": "what levers do and cost: values are those of scenario files",
}
MARKS: Final = (("record.json", "versions"), ("sweep.json", "made_by"), ("scorecard.json", "versions"),
                ("reference.json", "versions"))  # fmt: skip
"""Where a folder of kept results says which version made it."""
COMMENT: Final = re.compile(r"<!-- numbers: (.*?) -->", re.DOTALL)
NUMBER: Final = re.compile(r"(?<![\w.,/#-])[-+\u2212]?(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(?![\w/]|\.\d|,\d{3})")
MONTHS: Final = "January|February|March|April|May|June|July|August|September|October|November|December"
LEFT_OUT: Final = tuple(re.compile(pattern, flags) for pattern, flags in (
    (r"^```.*?^```", re.S | re.M), (r"<!--.*?-->", re.S), (r"`[^`]*`", 0), (r"\]\([^)]*\)", 0),
    (r"\d+\.\d+\.\d+|\bPython 3\.\d+|\bLicense 2\.0", 0),
    (rf"\b\d{{1,2}}\s(?={MONTHS})", 0),
    (r"(?<![\d,.])(19|20)\d\d(-\d\d){0,2}(?![\d%]|[,.]\d)(?! people)", 0),
    (r"\b95% (?=interval|confidence)", 0), (r"\b(19|20)\d\d/\d\d\b", 0),
    (r"^\s*\d+\. ", re.M), (r"(?<=[Ss]eed )\d+", 0),
))  # fmt: skip
"""What holds no result: code, comments, addresses, versions, dates, years, the name of an interval, numbering."""
WRITTEN: Final = re.compile(r"<!--=.*?<!--/-->|<!-- (\w+): begin -->.*?<!-- \1: end -->"
                            r"|<!-- scorecard.*?<!-- end of scorecard -->", re.DOTALL)  # fmt: skip
"""What commands write into documents, between marks."""
RESULT_LIKE: Final = re.compile(
    r"\d%|\d,\d{3}|\d\.\d|\d of a hundred|\d (to|of|and) [-+]?\d|\d (people|deaths|persons)")  # fmt: skip
SCALES: Final = {"million": 1e6, "thousand": 1e3}
COLUMNS: Final = ("mean", "low", "high", "relative", "better", "worse", "same", "best", "ratio", "p", "n")
"""Columns of figures in tables of comparisons; of other tables all are taken."""


@dataclass(frozen=True)
class Part:
    """What a comment covers: text, the line that it begins at, and what the comment says (None: there is none)."""

    document: str
    line: int
    text: str
    source: str | None


def documents() -> list[Path]:
    """Return the documents whose numbers are checked."""
    found = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "experiments").glob("*/README.md"),
             ROOT / "benchmarks" / "README.md"]  # fmt: skip
    return sorted(path for path in found if path.relative_to(ROOT).as_posix() not in (*MADE, *UNCHECKED))


def parts(path: Path) -> Iterator[Part]:
    """Yield the parts of a document: each ends with a comment, a heading, or the document."""
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    bare = re.sub(r"^```.*?^```", lambda code: "\n" * code[0].count("\n"), text, flags=re.S | re.M)
    start = 0
    for end in re.finditer(r"<!-- numbers: .*?-->|^#+ [^\n]*$|\Z", bare, re.S | re.M):
        comment = COMMENT.fullmatch(end[0])
        piece = bare[start : end.start()]
        lead = len(piece) - len(piece.lstrip())
        said = " ".join(comment[1].split()) if comment else None
        yield Part(name, bare.count("\n", 0, start + lead) + 1, piece, said)
        start = end.start() if end[0].startswith("#") else end.end()


def plain(text: str) -> str:
    """Return a text without what holds no result."""
    for pattern in LEFT_OUT:
        text = pattern.sub(" ", text)
    text = re.sub(r"\b(of|in) (every )?100\b", "of a hundred", text)
    return re.sub(r"^#+ .*$", "", text, flags=re.M)


def needs_source(part: Part) -> bool:
    """Return whether a part prints what looks like a result."""
    return RESULT_LIKE.search(plain(part.text)) is not None


def printed(text: str) -> Iterator[tuple[str, float, float, tuple[float, ...]]]:
    """Yield each number: as printed, its value, by how much a figure may differ, and in which units files have it."""
    text = plain(text)
    for found in NUMBER.finditer(text):
        digits, decimals = found[1].replace(",", ""), found[2] or ""
        value = float(digits + decimals)
        rest = text[found.end() : found.end() + 40]
        zeros = len(digits) - len(digits.rstrip("0")) if not decimals and value else 0
        unit = 10.0 ** (1 - len(decimals) if decimals else min(zeros, max(len(digits) - 2, 0)))
        scale = next((by for word, by in SCALES.items() if re.match(rf"( to [\d.,]+)?\s{word}", rest)), 1.0)
        hundredths = re.match(r"%|[^.;|]{0,12}?(to|and|or)\s+[-+]?[\d.]+%|\s(per cent|points|of a hundred)", rest)
        yield found[0], value, unit / 2, (100.0, 1.0) if hundredths else (1.0,) if scale == 1 else (1.0, 1 / scale)


@cache
def figures(source: str) -> tuple[float, ...]:
    """Return the figures of a kept file, without their signs."""
    path = ROOT / source
    found: list[float] = []
    if path.suffix == ".parquet":
        table = pd.read_parquet(path)
        chosen = [name for name in COLUMNS if name in table] or list(table)
        found = table[chosen].select_dtypes("number").to_numpy(dtype=float).ravel().tolist()
    elif path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            found = [value for row in csv.reader(file) for cell in row for value in leaves(cell)]
    elif path.suffix == ".json":
        found = list(leaves(json.loads(path.read_text(encoding="utf-8"))))
    elif path.suffix in (".yaml", ".yml"):
        found = list(leaves(YAML(typ="safe").load(path.read_text(encoding="utf-8"))))
    else:
        found = list(leaves(path.read_text(encoding="utf-8")))
    return tuple(sorted({abs(value) for value in found if math.isfinite(value)}))


def leaves(content: Any) -> Iterator[float]:
    """Yield the numbers of a file's content."""
    if isinstance(content, dict):
        content = content.values()
    if isinstance(content, bool) or content is None:
        return
    if isinstance(content, int | float):
        yield float(content)
    elif isinstance(content, str):
        try:
            yield float(content)
        except ValueError:
            for found in NUMBER.finditer(content):
                value = float(found[1].replace(",", "") + (found[2] or ""))
                yield from (value, value / 100) if content[found.end() : found.end() + 1] == "%" else (value,)
    elif isinstance(content, Iterable):
        for each in content:
            yield from leaves(each)


def holds(value: float, half: float, scales: tuple[float, ...], known: Sequence[float]) -> bool:
    """Return whether a printed number is one of the figures (sorted), to the digits printed."""
    near = half * (1 + 1e-9)
    places = ((bisect_left(known, (value - near) / by), by) for by in scales)
    return any(place < len(known) and known[place] * by <= value + near for place, by in places)


def version_of(folder: Path) -> str | None:
    """Return the version of Corridor that made a folder of kept results; None if it does not say."""
    for name, key in MARKS:
        if (folder / name).is_file():
            content = json.loads((folder / name).read_text(encoding="utf-8"))
            return str(content.get(key, {}).get("corridor", "")) or None
    return None


def source_problems(part: Part) -> list[str]:
    """Return what does not hold in what a comment says, and in the numbers that it covers."""
    said = str(part.source)
    if said.startswith("none"):
        reason = said.partition("because")[2].strip()
        return [] if len(reason) >= 15 else ["'none' without a reason"]
    if said.startswith("by "):
        like = RESULT_LIKE.search(plain(WRITTEN.sub("", part.text)))
        outside = [f"prints {like[0]} outside of the marks of what the command writes"] if like else []
        return command_problems(said.removeprefix("by ")) + outside
    named, _, command = (each.strip() for each in said.partition(";"))
    is_input = named.startswith("input ")
    files = [each.strip() for each in named.removeprefix("input ").split(",")]
    files = [file.relative_to(ROOT).as_posix() for each in files for file in sorted(ROOT.glob(each))] or files
    if missing := [file for file in files if not (ROOT / file).is_file()]:
        return [f"no such file: {', '.join(missing)}"]
    found = [] if is_input else command_problems(command)
    known = sorted(figure for file in files for figure in figures(file))
    found += [f"{shown} is no figure of {', '.join(files)}" for shown, value, half, scales in printed(part.text)
              if not holds(value, half, scales, known)]  # fmt: skip
    return found


def command_problems(command: str) -> list[str]:
    """Return what is wrong with the command that makes a source."""
    words = command.split()
    if words[:1] == ["python"] and len(words) > 1 and (ROOT / words[1].removeprefix("-m")).is_file():
        return []
    known = words[:1] in (["corridor"], ["make"]) or words[:3] == ["python", "-m", "pytest"]
    return [] if known and len(words) > 1 else [f"no command makes it: {command!r}"]


def versions_told(path: Path) -> list[str]:
    """Return the versions whose results a document prints, other than the present one, and does not tell of."""
    from simulator import __version__

    text = path.read_text(encoding="utf-8")
    made = {version_of((ROOT / file.strip()).parent) for said in COMMENT.findall(text)
            if not said.startswith(("none", "input", "by ")) for file in said.partition(";")[0].split(",")}  # fmt: skip
    every = {each for said in made if said for each in said.split(" and ")}
    return sorted(each for each in every - {__version__} if f"Corridor {each}" not in text)


def problems(path: Path) -> list[str]:
    """Return everything that does not hold in a document."""
    found = []
    for part in parts(path):
        if part.source is not None:
            found += [f"{part.document}:{part.line}: {said}" for said in source_problems(part)]
        elif needs_source(part):
            like = RESULT_LIKE.search(plain(part.text))
            found.append(f"{part.document}:{part.line}: prints results ({like[0] if like else ''}) without a source")
    name = path.relative_to(ROOT)
    return [*found, *(f"{name}: prints results of Corridor {each} and does not say so" for each in versions_told(path))]


def main() -> int:
    """Print what does not hold; return the exit status."""
    asked = [Path(each).resolve() for each in sys.argv[1:]] or documents()
    found = [said for path in asked for said in problems(path)]
    print(*found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
