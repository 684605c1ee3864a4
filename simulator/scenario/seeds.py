"""The evidence shipped with the package: publishers of data, and findings of documents.

Publishers stand in ``seeds/publishers.yaml``. Findings stand in ``seeds/evidence``, in a file or a folder of files
called like their document. Both are found by the first word of each entry, so that a run parses only what it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from simulator.errors import InputError, Problem
from simulator.scenario.evidence import CountryCode, DateText, Finite, Frozen, Identifier, Source
from simulator.scenario.library import library_folder
from simulator.scenario.messages import problems_of
from simulator.scenario.yaml_file import Document, Mark, parse_yaml, read_text, shown
from simulator.units import unit

_TOP_KEY: Final = re.compile(r"""^["']?([^\s#"'][^:"']*)["']?\s*:""")

_ENTRIES: Final = "ids, each with its fields below it: ID: {document: ..., section: ..., ...}"
LONGEST_ID: Final = 200
"""Characters of an id, at most: longer ones can be no name of a file, which every document has."""

Names = Annotated[tuple[str, ...], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)]


class Publisher(Source):
    """A publisher of figures or of findings."""

    used_by: Names = ()
    """Where it is used without being named as source: paths, fields, or tests."""
    unused: str = ""
    """Why nothing uses it yet."""

    def as_source(self) -> Source:
        """Return the publisher as a scenario holds it."""
        return Source.model_validate(self.model_dump(include=set(Source.model_fields)))


class Finding(Frozen):
    """A figure or finding of a document, in own words."""

    document: Identifier
    """Id of the document, an entry of publishers.yaml."""
    section: Annotated[str, Field(min_length=1)]
    """Section, footnote or page."""
    date: DateText
    """Date that it speaks of; that of the document where it speaks of none."""
    finding: Annotated[str, Field(min_length=1)]
    """What it says."""
    value: int | Finite | tuple[int | Finite, ...] | None = None
    """The figure, where there is one; two for a pair or a range."""
    unit: str | None = None
    """Unit of the figure."""
    kind: Literal["measured", "estimated", "assumed"]
    """measured: counted, or on record; estimated: worked out or judged; assumed: foretold or planned."""
    used_by: Names = ()
    """What uses it without naming it as source: paths in the repository, fields of scenarios, or tests."""
    mechanism: Names = ()
    """Functions and parameters that carry a finding, by dotted name."""
    test: Names = ()
    """Tests that hold the project to it, as ``tests/FILE.py::NAME``."""
    unused: str = ""
    """Why nothing uses it yet."""
    no_corridor_has: tuple[CountryCode, ...] = ()
    """Countries that it speaks of, where nothing uses it because no corridor has them."""
    later_than: str = ""
    """Corridor in whose time it does not lie, where nothing uses it because it is too late for that corridor."""
    note: str = ""
    """What to mind."""

    @model_validator(mode="after")
    def _figure(self) -> Finding:
        if (self.value is None) != (self.unit is None):
            raise ValueError("a value needs a unit, and a unit a value")
        if (self.no_corridor_has or self.later_than) and not self.unused:
            raise ValueError("no_corridor_has and later_than give reasons for 'unused', which is missing")
        if self.unit is not None:
            unit(self.unit)
        return self

    def as_source(self, publisher: Source) -> Source:
        """Return the finding as a scenario holds it."""
        return publisher.model_copy(update={
            "title": f"{publisher.title}, {self.section}", "date": self.date, "note": self.note,
            "finding": self.said(),
        })  # fmt: skip

    def said(self) -> str:
        """Return what it says, the figure included."""
        if self.value is None:
            return self.finding
        figures = self.value if isinstance(self.value, tuple) else (self.value,)
        measured_in = "" if self.unit == "1" else f" {self.unit}"
        return f"{self.finding.rstrip('.')}: {' to '.join(f'{figure:,}' for figure in figures)}{measured_in}."


Content = TypeVar("Content", bound=Frozen)


@dataclass(frozen=True)
class Entry(Generic[Content]):
    """An entry of the seeds, and where it stands."""

    content: Content
    mark: Mark


def _folder() -> Path:
    return library_folder() / "seeds"


def _publishers() -> Path:
    return _folder() / "publishers.yaml"


def _files_of(document: str) -> list[Path]:
    """Return the files that hold the findings of a document."""
    folder = _folder() / "evidence"
    return [path for path in (folder / f"{document}.yaml", *sorted((folder / document).glob("*.yaml")))
            if path.is_file()]  # fmt: skip


def _documents() -> list[str]:
    """Return the documents that have findings."""
    folder = _folder() / "evidence"
    return sorted({path.stem for path in folder.glob("*") if path.is_dir() or path.suffix == ".yaml"})


@lru_cache(maxsize=32)
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


def _blocks(path: Path) -> dict[str, tuple[int, str]]:
    """Return first line and text of each entry of a file."""
    if not path.is_file():
        return {}
    stat = path.stat()
    return _blocks_cached(path, stat.st_mtime_ns, stat.st_size)


def known_sources() -> list[str]:
    """Return the id of every publisher and finding."""
    files = [_publishers(), *(path for document in _documents() for path in _files_of(document))]
    return [identifier for path in files for identifier in _blocks(path)]


def read_sources(wanted: Iterable[str]) -> tuple[dict[str, Source], list[Problem]]:
    """Return the sources of the ids that seeds know, and the problems of their entries."""
    sources: dict[str, Source] = {}
    problems: list[Problem] = []
    for identifier in wanted:
        try:
            publisher = read_publisher(identifier)
            finding = read_finding(identifier) if publisher is None else None
            if publisher is not None:
                sources[identifier] = publisher.content.as_source()
            elif finding is not None:
                document = read_publisher(finding.content.document)
                if document is not None:
                    sources[identifier] = finding.content.as_source(document.content.as_source())
        except InputError as error:
            problems.extend(error.problems)
    return sources, problems


def read_publisher(identifier: str) -> Entry[Publisher] | None:
    """Return a publisher, or None if there is none of this id.

    Raises
    ------
    InputError
        With every problem of the entry.
    """
    return _read(_publishers(), identifier, Publisher)


def read_finding(identifier: str) -> Entry[Finding] | None:
    """Return a finding, or None if there is none of this id.

    Raises
    ------
    InputError
        With every problem of the entry.
    """
    document, _, name = identifier.rpartition(".")
    if not (document and name):
        return None
    for path in _files_of(document) if document in _documents() else ():
        found = _read(path, identifier, Finding)
        if found is not None:
            return found
    return None


def publisher_names() -> list[str]:
    """Return the id of every publisher."""
    return list(_blocks(_publishers()))


def finding_names(document: str | None = None) -> list[str]:
    """Return the id of every finding, or of every finding of a document."""
    wanted = _documents() if document is None else [document] if document in _documents() else []
    return [identifier for each in wanted for path in _files_of(each) for identifier in _blocks(path)]


def _read(path: Path, identifier: str, model: type[Content]) -> Entry[Content] | None:
    if identifier not in _blocks(path):
        return None
    first, text = _blocks(path)[identifier]
    return _parsed(text, shown(path), first, identifier, model)


@lru_cache(maxsize=4096)
def _parsed(text: str, file: str, first: int, identifier: str, model: type[Content]) -> Entry[Content]:
    """Return the entry that a text holds; entries are frozen, so that scenarios of one process can share them."""
    document = parse_yaml(text, file, first)
    if not isinstance(document.value, dict) or identifier not in document.value:
        raise InputError([Problem(file, identifier, "is not an entry", line=first, allowed=_ENTRIES)])
    return Entry(_entry(document, identifier, model), document.marks[identifier,])


def _entry(document: Document, identifier: str, model: type[Content]) -> Content:
    value: Any = document.value[identifier]
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise InputError(problems_of(error, model, value, document.marks, (identifier,))) from None


def check_seeds() -> list[Problem]:
    """Return every problem of the files of evidence, read in full: their form, and that each entry can be found."""
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    kinds: list[tuple[Path, str, type[Publisher] | type[Finding]]] = [(_publishers(), "", Publisher)]
    kinds.extend((path, name, Finding) for name in _documents() for path in _files_of(name))
    for path, name, model in kinds:
        try:
            document = parse_yaml(read_text(path), shown(path))
        except InputError as error:
            problems.extend(error.problems)
            continue
        if not isinstance(document.value, dict):
            problems.append(Problem(shown(path), "", "is not a set of entries", line=1, allowed=_ENTRIES))
            continue
        for identifier in document.value:
            line = document.marks[identifier,].line
            if len(identifier) > LONGEST_ID:
                problems.append(Problem(shown(path), identifier[:40] + "...", "is too long an id", line=line,
                                        allowed=f"at most {LONGEST_ID} characters"))  # fmt: skip
            if identifier in seen:
                problems.append(Problem(shown(path), identifier, f"is also an entry of {seen[identifier]}", line=line))
            seen[identifier] = shown(path)
            document_, _, own = identifier.rpartition(".")
            if name and not (document_ == name and own):
                problems.append(Problem(shown(path), identifier, "is not looked for in this file", line=line,
                                        allowed=f"{name}.NAME"))  # fmt: skip
            try:
                _entry(document, identifier, model)
            except InputError as error:
                problems.extend(error.problems)
    return problems
