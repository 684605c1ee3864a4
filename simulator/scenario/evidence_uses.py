"""What depends on each piece of evidence: everything that names it as source, and what an entry says of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypedDict

from simulator.errors import InputError, Problem, nearest
from simulator.scenario.evidence import Source
from simulator.scenario.library import FileKind, find, names
from simulator.scenario.load import resolve
from simulator.scenario.parts import Parts, make_parts, named_sources
from simulator.scenario.references import Corridors, Place, places
from simulator.scenario.seeds import (
    Entry,
    Finding,
    Publisher,
    check_seeds,
    finding_names,
    publisher_names,
    read_finding,
    read_publisher,
)
from simulator.scenario.yaml_file import KeyPath, Mark, dotted, read_yaml

ASSUMED: Final = "assumed"
"""What stands in place of a source where there is none."""


class Use(TypedDict):
    """One thing that depends on an entry.

    Attributes
    ----------
    how : ``source`` where a scenario names the entry, else ``used by``, ``mechanism`` or ``test``.
    what : field, path, dotted name or test.
    within : corridor, override or scenario; empty for what belongs to none.
    file, line : where it stands.
    """

    how: str
    what: str
    within: str
    file: str
    line: int | None


class Row(TypedDict):
    """A finding in short, with the number of things that depend on it."""

    id: str
    section: str
    date: str
    finding: str
    value: Any
    unit: str
    kind: str
    uses: int


def read_corridors() -> dict[str, Parts]:
    """Return every corridor that is found by name, as its files have it; those that read another's files come last.

    Raises
    ------
    InputError
        With every problem of every corridor.
    """
    read: dict[str, Parts] = {}
    problems: list[Problem] = []
    for name in sorted(names("corridor"), key=_borrows):
        try:
            read[name] = make_parts(resolve(find(name, "corridor")).draft)
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return read


def _borrows(name: str) -> bool:
    """Return whether a corridor takes its parameters from another's folder."""
    corridor = read_yaml(find(name, "corridor")).value
    return isinstance(corridor, dict) and str(corridor.get("parameters", "")).startswith("..")


def drafts_of(corridors: Mapping[str, Parts]) -> Corridors:
    """Return the drafts of corridors, in which fields can be looked up."""
    return {name: parts.draft for name, parts in corridors.items()}


def citations(corridors: Mapping[str, Parts]) -> dict[str, list[Use]]:
    """Return where each source is named, over the corridors and every override and scenario found by name.

    What stands in a file that several corridors read counts once, for the first of them.
    """
    found: dict[str, list[Use]] = {}
    seen: set[tuple[str, str, str, int | None]] = set()
    for name, parts in corridors.items():
        for identifier, at in named_sources(parts):
            what = at.field.removesuffix(".source")
            if (identifier, what, at.file, at.line) not in seen:
                seen.add((identifier, what, at.file, at.line))
                use = _use("source", what, f"corridor {name}", Mark(at.file, at.line))
                found.setdefault(identifier, []).append(use)
    kinds: tuple[FileKind, ...] = ("override", "scenario")
    for kind in kinds:
        for name in names(kind):
            document = read_yaml(find(name, kind))
            for path, identifier in _named(document.value, ()):
                what = dotted(path[1:] if path[0] in ("set", "add") else path).removesuffix(".source")
                use = _use("source", what, f"{kind} {name}", document.marks[path])
                found.setdefault(identifier, []).append(use)
    return found


def _use(how: str, what: str, within: str, mark: Mark) -> Use:
    return Use(how=how, what=what, within=within, file=mark.file, line=mark.line)


def _named(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Yield every source that a document names, and the path of its name."""
    if isinstance(value, str):
        if path and str(path[-1]).rpartition(".")[2] == "source" and value != ASSUMED:
            yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _named(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _named(item, (*path, index))


def stated(content: Finding | Publisher) -> list[tuple[str, str]]:
    """Return what an entry says that it is used by: how, and the reference."""
    given: list[tuple[str, Sequence[str]]] = [("used by", content.used_by)]
    if isinstance(content, Finding):
        given.extend((("mechanism", content.mechanism), ("test", content.test)))
    return [(how, reference) for how, references in given for reference in references]


def _stated_uses(content: Finding | Publisher, corridors: Corridors) -> Iterator[Use]:
    """Yield what an entry says that it is used by, each with where it stands."""
    for how, reference in stated(content):
        for place in places(reference, corridors) or [Place("is not there", None)]:
            within = f"corridor {place.within}" if place.within else ""
            yield _use(how, reference, within, Mark(place.file, place.line))


def table(document: str | None = None) -> list[Row]:
    """Return every finding in short, or those of one document.

    Raises
    ------
    InputError
        If there is no such document, or with every problem of corridors and entries.
    """
    problems = check_seeds()
    if problems:
        raise InputError(problems)
    documents = list(dict.fromkeys(name.rpartition(".")[0] for name in finding_names()))
    if document is not None and document not in documents:
        raise _unknown("--document", document, documents, "is no document with findings")
    cited = citations(read_corridors())
    return [_row(name, _finding(name).content, cited) for name in finding_names(document)]


def _finding(name: str) -> Entry[Finding]:
    entry = read_finding(name)
    if entry is None:  # listed, but not where it is looked for: the check of the files says which, and why
        raise InputError(check_seeds() or [Problem("seeds", name, "cannot be found by its id")])
    return entry


def _row(name: str, content: Finding, cited: Mapping[str, Sequence[Use]]) -> Row:
    value = list(content.value) if isinstance(content.value, tuple) else content.value
    uses = len(cited.get(name, ())) + len(stated(content))
    return Row(id=name, section=content.section, date=content.date, finding=content.finding, value=value,
               unit=content.unit or "", kind=content.kind, uses=uses)  # fmt: skip


def detail(identifier: str) -> dict[str, Any]:
    """Return an entry in full, and everything that depends on it.

    Parameters
    ----------
    identifier : id of a finding, of a publisher, or of a source that a corridor brings itself.

    Raises
    ------
    InputError
        If there is no such entry, or with every problem of corridors and entries.
    """
    corridors = read_corridors()
    own = _own_sources(corridors)
    entry: Entry[Finding] | Entry[Publisher] | None = read_finding(identifier) or read_publisher(identifier)
    if entry is None and identifier in own:
        entry = own[identifier]
    if entry is None:
        known = [*finding_names(), *publisher_names(), *own]
        raise _unknown("evidence", identifier, known, "is neither a finding nor a publisher")
    cited = citations(corridors)
    content = entry.content
    found: dict[str, Any] = {"id": identifier, **content.model_dump(mode="json")}
    if isinstance(content, Finding):
        publisher = read_publisher(content.document)
        found["publisher"] = publisher.content.cite() if publisher else ""
    else:
        found["findings"] = [_row(name, _finding(name).content, cited) for name in finding_names(identifier)]
    uses = [*cited.get(identifier, ()), *_stated_uses(content, drafts_of(corridors))]
    return {**found, "file": entry.mark.file, "line": entry.mark.line, "uses": uses}


def _own_sources(corridors: Mapping[str, Parts]) -> dict[str, Entry[Publisher]]:
    """Return the sources that corridors bring themselves."""
    found = {}
    for parts in corridors.values():
        for name, source in parts.corridor.sources.items():
            content = Publisher.model_validate(source.model_dump(include=set(Source.model_fields)))
            found[name] = Entry(content, parts.mark("sources", name))
    return found


def _unknown(where: str, given: str, known: Sequence[str], message: str) -> InputError:
    advice = nearest(given, known) or "corridor evidence lists them"
    return InputError([Problem(where, given, message, advice=advice)])
