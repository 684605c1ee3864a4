"""YAML files as plain values, with the file and line of every key and item.

The text is YAML 1.2 (so that the country code ``NO`` stays text and ``6e9`` a number), read down to its
nodes, each of which knows its line; the values are made here, because only plain ones go further.
"""

from __future__ import annotations

import copy
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

_MOST_NODES: Final = 500_000
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
        return Document(copy.deepcopy(self.value), dict(self.marks))


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
        data = path.read_bytes()
    except OSError as error:
        raise InputError([Problem(name, "", f"cannot be read: {error.strerror or error}")]) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError([
            Problem(name, "", "is not UTF-8 text", line=line, value=data[error.start : error.start + 1],
                    advice="save the file as UTF-8")
        ]) from None  # fmt: skip
    if not text.strip():
        raise InputError([Problem(name, "", "is empty", line=1)])
    return text


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
    return _read_cached(path.resolve(), shown(path), stat.st_mtime_ns, stat.st_size).copy()


@lru_cache(maxsize=64)
def _read_cached(path: Path, name: str, _modified: int, _size: int) -> Document:
    return parse_yaml(read_text(path), name)


def parse_yaml(text: str, name: str, first_line: int = 1) -> Document:
    """Return the document in `text`, which starts on line `first_line` of the file called `name`.

    Raises
    ------
    InputError
        With every problem of the text.
    """
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + first_line
        said = " ".join(part for part in (error.context, error.problem) if part)
        raise InputError([Problem(name, "", f"is not YAML: {said}", line=line)]) from None
    except YAMLError as error:
        raise InputError([Problem(name, "", f"is not YAML: {str(error).splitlines()[0]}")]) from None
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
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
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

    def _problem(self, path: KeyPath, line: int, message: str, value: object, **more: str) -> None:
        self.problems.append(Problem(self.name, dotted(path), message, value=value, line=line, **more))


class _Refused(ValueError):
    """A scalar that YAML has and scenarios do not."""

    def __init__(self, message: str, allowed: str):
        self.allowed = allowed
        super().__init__(message)


def _integer(text: str) -> int:
    plain = text.replace("_", "")
    sign, digits = (-1, plain[1:]) if plain[:1] == "-" else (1, plain.lstrip("+"))
    for prefix, base in (("0x", 16), ("0o", 8), ("0b", 2)):
        if digits.lower().startswith(prefix):
            return sign * int(digits[2:], base)
    return sign * int(digits)


def _number(text: str) -> float:
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
    _TAG + "str": str,
    _TAG + "int": _integer,
    _TAG + "float": _number,
    _TAG + "bool": lambda text: text.lower() == "true",
    _TAG + "null": lambda _text: None,
    _TAG + "timestamp": _date,
}


def dotted(path: KeyPath) -> str:
    """Return a path as it is written on the command line: keys and positions joined by dots."""
    return ".".join(str(part) for part in path)
