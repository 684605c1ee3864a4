"""The evidence shipped with the package: publishers of data, and findings of documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import JsonValue, ValidationError

from simulator.errors import InputError, Problem
from simulator.scenario.evidence import DateText, Frozen, Kind, Source
from simulator.scenario.library import library_folder
from simulator.scenario.messages import problems_of
from simulator.scenario.yaml_file import Document, parse_yaml, read_text, shown

_TOP_KEY = re.compile(r"""^["']?([^\s#"'][^:"']*)["']?\s*:""")


class Finding(Frozen):
    """A figure or finding of a document, in own words."""

    document: str
    """Title of the document."""
    section: str | int | float = ""
    """Section or page."""
    date: DateText = ""
    """Date of the document, or of what it speaks of."""
    finding: str
    """What it says."""
    value: JsonValue = None
    """The figure, where there is one."""
    unit: str | None = None
    """Unit of the figure."""
    kind: Kind
    """measured, estimated, or assumed."""
    used_by: str | tuple[str, ...] = ()
    """Where it is used."""
    note: str = ""
    """What to mind."""

    def as_source(self) -> Source:
        """Return the finding as a source."""
        title = f"{self.document}, {self.section}" if self.section != "" else self.document
        return Source(publisher=self.document, title=title, date=self.date, note=self.finding)


def _folder() -> Path:
    return library_folder() / "seeds"


def _file(name: str) -> Path:
    return _folder() / f"{name}.yaml"


@lru_cache(maxsize=8)
def _blocks_cached(path: Path, _modified: int, _size: int) -> dict[str, tuple[int, str]]:
    blocks: dict[str, tuple[int, str]] = {}
    key, first, lines = "", 1, list[str]()
    for number, line in enumerate(read_text(path).splitlines(keepends=True), start=1):
        found = _TOP_KEY.match(line)
        if found:
            if key:
                blocks[key] = (first, "".join(lines))
            key, first, lines = found[1].strip(), number, []
        lines.append(line)
    if key:
        blocks[key] = (first, "".join(lines))
    return blocks


def _blocks(name: str) -> dict[str, tuple[int, str]]:
    """Return first line and text of each entry of a seeds file, so that a run reads only what it names."""
    path = _file(name)
    if not path.is_file():
        return {}
    stat = path.stat()
    return _blocks_cached(path, stat.st_mtime_ns, stat.st_size)


def known_sources() -> list[str]:
    """Return the id of every publisher and finding."""
    return [*_blocks("publishers"), *_blocks("evidence")]


def read_sources(wanted: Iterable[str]) -> tuple[dict[str, Source], list[Problem]]:
    """Return the sources of the ids that seeds know, and the problems of their entries."""
    publishers, findings = _blocks("publishers"), _blocks("evidence")
    sources: dict[str, Source] = {}
    problems: list[Problem] = []
    for identifier in wanted:
        for name, blocks, model in (("publishers", publishers, Source), ("evidence", findings, Finding)):
            if identifier not in blocks:
                continue
            first, text = blocks[identifier]
            try:
                document = parse_yaml(text, shown(_file(name)), first)
                entry = _entry(document, identifier, model)
            except InputError as error:
                problems.extend(error.problems)
                continue
            sources[identifier] = entry.as_source() if isinstance(entry, Finding) else entry
            break
    return sources, problems


def _entry(document: Document, identifier: str, model: type[Source] | type[Finding]) -> Source | Finding:
    value: Any = document.value[identifier]
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise InputError(problems_of(error, model, value, document.marks, (identifier,))) from None


def check_seeds() -> list[Problem]:
    """Return every problem of the files of evidence, read in full."""
    problems: list[Problem] = []
    seen: Mapping[str, str] = {}
    for name, model in (("publishers", Source), ("evidence", Finding)):
        try:
            document = parse_yaml(read_text(_file(name)), shown(_file(name)))
        except InputError as error:
            problems.extend(error.problems)
            continue
        for identifier in document.value:
            if identifier in seen:
                where = document.marks[identifier,]
                problems.append(Problem(where.file, identifier, f"is also an entry of {seen[identifier]}",
                                        line=where.line))  # fmt: skip
            try:
                _entry(document, identifier, model)
            except InputError as error:
                problems.extend(error.problems)
        seen = {**seen, **dict.fromkeys(document.value, shown(_file(name)))}
    return problems
