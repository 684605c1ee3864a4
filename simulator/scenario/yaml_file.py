"""YAML files as plain values, with the file and line of every key and item.

The text is YAML 1.2 (so that the country code ``NO`` stays text and ``6e9`` a number), read down to its
nodes, each of which knows its line; the values are made here, because only plain ones go further.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import Node, ScalarNode, SequenceNode

from simulator.errors import InputError, Problem

KeyPath = tuple[str | int, ...]
"""Keys and list positions that lead from the top of a document to a value."""

_MOST_NODES: Final = 100_000
"""Values in a file, those that aliases repeat included; the longest file of the library has a tenth of it."""
_MOST_BYTES: Final = 500_000
"""Of a YAML file, which is read at some 50,000 a second; the longest of a corridor of the library has a tenth of it."""
_MOST_BYTES_TABLE: Final = 100_000_000
_MOST_DEPTH: Final = 50
_LONGEST: Final = 20_000
"""Characters of one text."""
_LONGEST_KEY: Final = 500
"""Characters of a key: a dotted field joins several names."""
_LONGEST_NUMBER: Final = 40
"""Characters of a number: more than any number that a computer holds needs."""
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Characters that no text needs, and that would move about the screen that shows it."""
_KINDS: Final = (
    (b"PK\x03\x04", "a zip archive, such as an Excel or LibreOffice file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file"), (b"\x1f\x8b", "a gzip archive"), (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"), (b"7z\xbc\xaf", "a 7z archive"), (b"%PDF", "a PDF file"),
    (b"PAR1", "a Parquet file"), (b"SQLite format 3", "an SQLite database"), (b"\x89HDF", "an HDF5 file"),
    (b"\xff\xfe\x00\x00", "UTF-32 text"), (b"\x00\x00\xfe\xff", "UTF-32 text"),
    (b"\xff\xfe", "UTF-16 text"), (b"\xfe\xff", "UTF-16 text"),
)  # fmt: skip
_TAG: Final = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Mark:
    """Where a value was written.

    Attributes
    ----------
    file : file as the user knows it, or a name such as ``--set``.
    line : 1-based line, or None where there are no lines.
    override : override that laid it over the corridor, or None.
    """

    file: str
    line: int | None
    override: str | None = None


@dataclass
class Document:
    """A YAML file's plain values, and where each was written.

    Attributes
    ----------
    value : dicts, lists, text, numbers, dates, true or false, None.
    marks : line of every key and list item, by its path; the empty path is the first line.
    """

    value: Any
    marks: dict[KeyPath, Mark]

    def copy(self) -> Document:
        """Return a copy that can be changed."""
        return Document(_copied(self.value), dict(self.marks))


def _copied(value: Any) -> Any:
    """Return plain values with dicts and lists of their own; all else in them cannot be changed."""
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value


def shown(path: Path) -> str:
    """Return `path` as the user would write it: relative where that is shorter."""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # another drive
        return str(path)
    return relative if not relative.startswith("..") else str(path)


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file.

    Raises
    ------
    InputError
        If it cannot be read, is not UTF-8, or is empty.
    """
    name = shown(path)
    try:
        if path.exists() and not path.is_file():
            raise InputError([Problem(name, "", "is not a file")])
        most = _MOST_BYTES_TABLE if path.suffix == ".csv" else _MOST_BYTES
        if path.exists() and path.stat().st_size > most:
            raise InputError([Problem(name, "", "is too long to read", f"{path.stat().st_size} bytes", None,
                                      f"at most {most} bytes")])  # fmt: skip
        data = path.read_bytes()
    except OSError as error:
        raise InputError([Problem(name, "", f"cannot be read: {error.strerror or error}")]) from None
    except ValueError:
        raise InputError([Problem(name, "", "is no name of a file")]) from None
    text = _text(data, name)
    if not text.strip():
        raise InputError([Problem(name, "", "is empty", line=1)])
    return text


def _text(data: bytes, name: str) -> str:
    """Return the text in the bytes of a file, or say what the file is instead."""
    save = "save it as comma-separated values (CSV), UTF-8" if name.endswith(".csv") else "save the file as UTF-8"
    for start, what in _KINDS:
        if data.startswith(start):
            raise InputError([Problem(name, "", f"is {what}, not UTF-8 text", line=1, advice=save)])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError([Problem(name, "", "is not UTF-8 text", line=line, value=data[error.start : error.start + 1],
                                  advice=save)]) from None  # fmt: skip
    found = _CONTROL.search(text)
    if found:
        what = "binary, not text" if found[0] == "\0" else "not plain text: it has a control character"
        line = text.count("\n", 0, found.start()) + 1
        raise InputError([Problem(name, "", f"is {what}", found[0], line, advice="take it out")])
    return text


def is_there(path: Path) -> bool:
    """Return whether there is something of this name; a name that no file can have names nothing."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def read_yaml(path: Path) -> Document:
    """Read a YAML file.

    Raises
    ------
    InputError
        With every problem of the file: syntax, duplicate keys, numbers that are not finite.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise InputError([Problem(shown(path), "", f"cannot be read: {error.strerror or error}")]) from None
    except ValueError:
        raise InputError([Problem(shown(path), "", "is no name of a file")]) from None
    return _read_cached(path.resolve(), shown(path), stat.st_mtime_ns, stat.st_size).copy()


@lru_cache(maxsize=64)
def _read_cached(path: Path, name: str, _modified: int, _size: int) -> Document:
    return parse_yaml(read_text(path), name)


_BRACKETS: Final = re.compile(r"[\[\]{}]")
_DEEP: Final = "is nested too deeply"


def _deep(text: str) -> bool:
    """Return whether brackets nest far deeper than anything does here: the parser would take minutes over them."""
    depth = 0
    for bracket in _BRACKETS.findall(text):
        depth = depth + 1 if bracket in "[{" else max(0, depth - 1)
        if depth > 2 * _MOST_DEPTH:
            return True
    return False


def parse_yaml(text: str, name: str, first_line: int = 1) -> Document:
    """Return the document in `text`, which starts on line `first_line` of the file called `name`.

    Raises
    ------
    InputError
        With every problem of the text.
    """
    if _deep(text):
        raise InputError([Problem(name, "", _DEEP, allowed=f"{_MOST_DEPTH} levels")])
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + first_line
        said = " ".join(part for part in (error.context, error.problem) if part)
        raise InputError([Problem(name, "", f"is not YAML: {said}", line=line)]) from None
    except YAMLError as error:
        raise InputError([Problem(name, "", f"is not YAML: {str(error).splitlines()[0]}")]) from None
    except RecursionError:
        raise InputError([Problem(name, "", _DEEP, allowed=f"{_MOST_DEPTH} levels")]) from None
    except Exception as error:
        raise InputError([Problem(name, "", f"is not YAML: {type(error).__name__}")]) from None
    builder = _Builder(name, first_line)
    value = None if node is None else builder.build(node, (), first_line)
    if builder.problems:
        raise InputError(builder.problems)
    return Document(value, builder.marks)


def parse_scalar(text: str) -> Any:
    """Return the value of one YAML 1.2 scalar or flow collection, as given on a command line.

    Raises
    ------
    InputError
        If it is not YAML, or not a finite number.
    """
    return parse_yaml(text, "--set").value if text.strip() else ""


@dataclass
class _Builder:
    """Makes plain values of nodes, and collects marks and problems."""

    name: str
    first_line: int
    marks: dict[KeyPath, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    nodes: int = 0
    open_nodes: set[int] = field(default_factory=set)

    def build(self, node: Node, path: KeyPath, line: int) -> Any:
        """Return the value of `node`, whose key or item stands on `line`."""
        self.marks[path] = Mark(self.name, line)
        self.nodes += 1
        if self.nodes > _MOST_NODES or id(node) in self.open_nodes:
            raise InputError([Problem(self.name, dotted(path), "repeats itself without end", line=line)])
        if len(path) > _MOST_DEPTH:
            raise InputError([Problem(self.name, dotted(path[:3]), _DEEP, line=line, allowed=f"{_MOST_DEPTH} levels")])
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        if str(node.tag) not in (_TAG + "seq", _TAG + "map"):
            self._problem(path, line, f"has the tag {node.tag!s}, which is not read here", None)
            return None
        self.open_nodes.add(id(node))
        try:
            if isinstance(node, SequenceNode):
                return self._sequence(node, path)
            return self._mapping(node, path)
        finally:
            self.open_nodes.discard(id(node))

    def _line(self, node: Node) -> int:
        return int(node.start_mark.line) + self.first_line

    def _sequence(self, node: SequenceNode, path: KeyPath) -> list[Any]:
        return [self.build(item, (*path, index), self._line(item)) for index, item in enumerate(node.value)]

    def _mapping(self, node: Node, path: KeyPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = self._line(key_node)
            if not isinstance(key_node, ScalarNode) or key_node.tag == _TAG + "merge":
                self._problem(path, line, "a key must be plain text", None)
                continue
            key = str(key_node.value)
            if len(key) > _LONGEST_KEY or _CONTROL.search(key):
                what = "is too long" if len(key) > _LONGEST_KEY else "has a control character"
                self._problem(path, line, f"a key {what}", key, allowed=f"at most {_LONGEST_KEY} characters")
                continue
            if key in values:
                self._problem((*path, key), line, f"key {key!r} is given twice; first on line {lines[key]}", None,
                              advice="keep one of them")  # fmt: skip
                continue
            lines[key] = line
            values[key] = self.build(value_node, (*path, key), line)
        return values

    def _scalar(self, node: ScalarNode, path: KeyPath) -> Any:
        make = _SCALARS.get(str(node.tag))
        text = str(node.value)
        line = self._line(node)
        if make is None:
            self._problem(path, line, f"has the tag {node.tag!s}, which is not read here", text)
            return None
        try:
            return make(text)
        except _Refused as refusal:
            self._problem(path, line, str(refusal), text, allowed=refusal.allowed)
            return None
        except (ValueError, OverflowError):  # a tag that the text belies, such as !!float abc
            self._problem(path, line, "is not what its tag says", text, allowed=str(node.tag).removeprefix(_TAG))
            return None

    def _problem(self, path: KeyPath, line: int, message: str, value: object, **more: str) -> None:
        self.problems.append(Problem(self.name, dotted(path), message, value=value, line=line, **more))


class _Refused(ValueError):
    """A scalar that YAML has and scenarios do not."""

    def __init__(self, message: str, allowed: str):
        self.allowed = allowed
        super().__init__(message)


def _plain_text(text: str) -> str:
    if len(text) > _LONGEST:
        raise _Refused("is too long", f"at most {_LONGEST} characters")
    if _CONTROL.search(text):
        raise _Refused("has a control character", "plain text")
    return text


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise _Refused("is neither true nor false", "true or false")
    return text.lower() == "true"


def _null(text: str) -> None:
    if text.lower() not in ("", "~", "null"):
        raise _Refused("is not null", "null")


def _short(text: str) -> None:
    if len(text) > _LONGEST_NUMBER:
        raise _Refused(f"is a number of {len(text)} characters", f"at most {_LONGEST_NUMBER}")


def _integer(text: str) -> int:
    _short(text)
    plain = text.replace("_", "")
    sign, digits = (-1, plain[1:]) if plain[:1] == "-" else (1, plain.lstrip("+"))
    for prefix, base in (("0x", 16), ("0o", 8), ("0b", 2)):
        if digits.lower().startswith(prefix):
            return sign * int(digits[2:], base)
    return sign * int(digits)


def _number(text: str) -> float:
    _short(text)
    plain = text.replace("_", "").lower().lstrip("+")
    value = float(plain.replace(".inf", "inf").replace(".nan", "nan"))
    if not math.isfinite(value):
        raise _Refused("is not a finite number", "a finite number")
    return value


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        looks = re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", text)
        message = "is no day of the calendar" if looks else "is not a plain date"
        raise _Refused(message, "a date, YYYY-MM-DD") from None


_SCALARS: Final[dict[str, Callable[[str], Any]]] = {
    _TAG + "str": _plain_text,
    _TAG + "int": _integer,
    _TAG + "float": _number,
    _TAG + "bool": _boolean,
    _TAG + "null": _null,
    _TAG + "timestamp": _date,
}


def dotted(path: KeyPath) -> str:
    """Return a path as it is written on the command line: keys and positions joined by dots."""
    return ".".join(str(part) for part in path)
