"""Mutations of input files: of text, lines and cells, of numbers, dates and names, of the file as a whole."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

ODD: Final = (
    "", "0", "-1", "-0", "1e300", "1e-300", "-1e300", "1e15", "1e9", "nan", "inf", "-inf", ".nan", ".inf", "1,5",
    "1.000.000", "0x10", "1_000", "true", "null", "~", "yes", "NO", "x" * 300, "9" * 10_000, "0." + "1" * 5000, "2016",
    "2016-02-30", "0001-01-01", "9999-12-31", "2016-01-01T00:00:00Z", "12/31/2016", "2016-1", "\u0661\u0662",
    "../../etc/passwd", "a b", "'", '"', "#", ": ", "- x", "[", "{", "}", "[]", "{}", "[1, 2", "*a", "&a", "!!float x",
    "!!int x", "!!bool x", "!!binary x", "!!set {a}", "!!python/name:os.system x", "<<: *a", "%YAML 1.1", "|", ">", "?",
    '"\\x1b[31m"', '"\\ud800"', '"\\0"', "A" * 20, "é", "NOR", "XHI", "no-such-id", "eu", "EU", "month", "1e400",
    "-9223372036854775809", "18446744073709551616", "1" + "0" * 400,
)  # fmt: skip


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


def mutate(path: Path, luck: random.Random) -> str:
    """Mutate a file and return what was done."""
    data = path.read_bytes()
    if not data or luck.random() < 0.06:
        path.write_bytes(encode(data, luck))
        return "encode"
    if luck.random() < 0.02:
        path.unlink()
        return "removed"
    how = luck.choice(BOTH + (OF_TABLES if path.suffix == ".csv" else OF_YAML))
    text = how(data.decode("utf-8", "surrogateescape"), luck)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return how.__name__
