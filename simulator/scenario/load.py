"""Scenarios by name: files read, overrides laid over, validated and checked, all problems at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from simulator.errors import InputError, Problem, nearest
from simulator.scenario.checks import check_parts
from simulator.scenario.csv_file import RawTable, read_table
from simulator.scenario.draft import Draft
from simulator.scenario.evidence import LAST_DAY, Source
from simulator.scenario.fits import lay_fit
from simulator.scenario.library import FileKind, find, listed
from simulator.scenario.messages import mark_of
from simulator.scenario.overrides import Change, lay_over, lay_settings, parse_settings, read_override
from simulator.scenario.parts import Parts, make_parts, named_sources
from simulator.scenario.regimes import add_regimes, library_regimes
from simulator.scenario.schema import FitFile, Scenario
from simulator.scenario.seeds import known_sources, read_sources
from simulator.scenario.tables import TABLES
from simulator.scenario.yaml_file import Document, KeyPath, Mark, dotted, is_there, read_yaml, shown

SPLIT: Final = (
    "parameters", "policies", "partnerships", "regimes", "bargains", "responses", "costs", "observed", "sources",
)  # fmt: skip
_KINDS: Final[tuple[FileKind, ...]] = ("scenario", "corridor", "override")


@dataclass(frozen=True)
class Resolved:
    """A scenario, and the draft that says where each of its values came from.

    Attributes
    ----------
    scenario : the scenario.
    draft : the values as read, overrides laid over, with their marks.
    path : the scenario's file.
    fit : the corridor's fit with all its members, where it has one.
    """

    scenario: Scenario
    draft: Draft
    path: Path
    fit: FitFile | None = None


def load(
    name_or_path: str | Path,
    *,
    seed: int | None = None,
    persons_per_agent: int | None = None,
    overrides: Sequence[str] = (),
    without: Sequence[str] = (),
    set: Mapping[str, Any] | Sequence[str] | None = None,
    start: date | str | None = None,
    end: date | str | None = None,
    fit_member: int | str | None = None,
) -> Scenario:
    """Return the scenario of a name or path, with everything laid over it, validated and checked.

    Parameters
    ----------
    name_or_path : a scenario (or a corridor, for all the time that it covers).
    seed, persons_per_agent : in place of the scenario's own.
    overrides : laid over after the scenario's own.
    without : overrides of the scenario's own to leave out.
    set : fields and values, set last; or texts ``field=value``.
    start, end : first day, and day after the last, in place of the scenario's own.
    fit_member : member of the corridor's fit whose values hold, or ``none`` for the values that its files write; by
        default the scenario's own, which is the best unless it says otherwise.

    Raises
    ------
    InputError
        With every problem of every file.
    """
    return resolve(
        name_or_path, seed=seed, persons_per_agent=persons_per_agent, overrides=overrides, without=without, set=set,
        start=start, end=end, fit_member=fit_member,
    ).scenario  # fmt: skip


def resolve(
    name_or_path: str | Path,
    *,
    seed: int | None = None,
    persons_per_agent: int | None = None,
    overrides: Sequence[str] = (),
    without: Sequence[str] = (),
    set: Mapping[str, Any] | Sequence[str] | None = None,
    start: date | str | None = None,
    end: date | str | None = None,
    fit_member: int | str | None = None,
) -> Resolved:
    """Return a scenario together with where its values came from; see `load`."""
    path = find(name_or_path)
    overrides, without = listed(overrides), listed(without)
    scenario_document = _scenario_document(path)
    draft, problems = read_draft(path, scenario_document)
    fit, more = lay_fit(draft, fit_member)
    problems.extend(more)
    names = _override_names(scenario_document, overrides, without, problems)
    problems.extend(_lay_overrides(draft, names, path, scenario_document))
    if isinstance(draft.scenario.value.get("overrides", []), list):
        draft.scenario.value["overrides"] = [_plain_name(name) for name in names]
    problems.extend(_lay_arguments(draft, seed, persons_per_agent, start, end, set))
    if "regimes" not in draft.unread:
        problems.extend(add_regimes(draft.corridor, laid_over=True))  # for bargains that an override added
    parts = make_parts(draft)
    problems.extend(parts.problems)
    problems.extend(check_parts(parts, path))
    sources, more = _sources(parts)
    problems.extend(more)
    if problems:
        raise InputError(unique(problems))
    return Resolved(_assemble(parts, sources, fit), draft, path, fit)


def unique(problems: Sequence[Problem]) -> list[Problem]:
    """Return the problems, each once, in order."""
    return list({str(problem): problem for problem in problems}.values())


def kind_of(document: Document, path: Path) -> FileKind:
    """Return what kind of file a document is, by the key that names it.

    Raises
    ------
    InputError
        If it has none of the three.
    """
    keys = list(document.value) if isinstance(document.value, dict) else []
    for kind in _KINDS:
        if kind in keys:
            return kind
    advice = next((said for key in keys if (said := nearest(key, _KINDS))), "")
    raise InputError([Problem(shown(path), "", "is not a scenario, corridor or override", line=1, advice=advice,
                              allowed="a file with the key 'scenario', 'corridor' or 'override'")])  # fmt: skip


def _scenario_document(path: Path) -> Document:
    """Return the scenario in a file; a corridor stands for itself over all the time that it covers."""
    document = read_yaml(path)
    kind = kind_of(document, path)
    if kind == "override":
        raise InputError([Problem(shown(path), "", "is an override, not a scenario", line=1,
                                  advice="lay it over a scenario with --override")])  # fmt: skip
    if kind == "scenario":
        return document
    given = document.value
    marks: dict[KeyPath, Mark] = {(): Mark(shown(path), 1)}
    value = {"scenario": given["corridor"], "base": str(path.resolve().parent), "title": given.get("title", ""),
             "summary": given.get("summary", "")}  # fmt: skip
    match given.get("available"):
        case [date() as first, date() as last] if last < LAST_DAY:
            value["period"] = {"start": first, "end": last + timedelta(days=1)}
        case _:  # the corridor's own validation says what is wrong with it
            value["period"] = {"start": date(2000, 1, 1), "end": date(2000, 1, 2)}
    for key in value:
        marks[key,] = mark_of(document.marks, (key,))
    marks["scenario",] = mark_of(document.marks, ("corridor",))
    return Document(value, marks)


def read_draft(path: Path, scenario: Document) -> tuple[Draft, list[Problem]]:
    """Read the corridor that a scenario stands on; problems of the form of its files come back.

    Raises
    ------
    InputError
        If there is no corridor to read.
    """
    base = scenario.value.get("base")
    if not isinstance(base, str):
        where = mark_of(scenario.marks, ("base",))
        raise InputError([Problem(where.file, "base", "is missing or not text", line=where.line,
                                  allowed="the name or folder of a corridor")])  # fmt: skip
    try:
        corridor_path = find(base, "corridor", path.parent)
    except InputError as error:
        where = scenario.marks["base",]
        raise InputError([Problem(where.file, "base", f"{base!r}: {p.message}", None, where.line, p.allowed, p.advice)
                          for p in error.problems]) from None  # fmt: skip
    corridor = read_yaml(corridor_path)
    if kind_of(corridor, corridor_path) != "corridor":
        raise InputError([Problem(shown(corridor_path), "", "is not a corridor", line=1)])
    problems, unread = _join_splits(corridor, corridor_path.parent)
    tables, more = _read_tables(corridor, corridor_path.parent)
    draft = Draft(scenario, corridor, tables, unread)
    return draft, [*problems, *more, *_read_fit(draft, corridor_path.parent)]


def _read_fit(draft: Draft, folder: Path) -> Sequence[Problem]:
    """Read the fit file that a corridor names, if it does, and return the problems of its form."""
    name = draft.corridor.value.get("fit")
    if not isinstance(name, str):
        return ()
    try:
        draft.fit = read_yaml(folder / name)
    except InputError as error:
        draft.unread.add("fit")
        return _named_here(error, draft.corridor.marks["fit",], "fit", folder / name)
    return ()


def _join_splits(corridor: Document, folder: Path) -> tuple[list[Problem], set[str]]:
    """Put the contents of the files that a corridor is split into in their places; say which could not be read."""
    problems: list[Problem] = []
    unread: set[str] = set()
    for key in SPLIT:
        name = corridor.value.get(key)
        if not isinstance(name, str):
            continue
        file = shared_file(folder / name) if key == "regimes" else folder / name
        try:
            part = read_yaml(file)
        except InputError as error:
            found = _named_here(error, corridor.marks[key,], key, file)
            problems.extend(p if p.field == key else replace(p, field=f"{key}.{p.field}".strip(".")) for p in found)
            corridor.value[key] = None
            unread.add(key)
            continue
        corridor.value[key] = part.value
        corridor.marks.update({(key, *below): mark for below, mark in part.marks.items()})
    if "regimes" not in unread:
        problems += add_regimes(corridor)
    return problems, unread


def shared_file(file: Path) -> Path:
    """Return the library's regimes for a path that means them where a corridor has none of its own there."""
    ours = library_regimes()
    return ours if not file.exists() and file.name == ours.name and ours.is_file() else file


def _named_here(error: InputError, where: Mark, field: str, path: Path) -> Sequence[Problem]:
    """Return the problems of a file, or where it is named if it is not there."""
    if is_there(path):
        return error.problems
    beside = [known.name for known in path.parent.glob(f"*{path.suffix}")]
    return [Problem(where.file, field, "names a file that is not there", path.name, where.line,
                    "a file in the corridor's folder", nearest(path.name, beside))]  # fmt: skip


def _read_tables(corridor: Document, folder: Path) -> tuple[dict[str, RawTable], list[Problem]]:
    tables: dict[str, RawTable] = {}
    problems: list[Problem] = []
    given = corridor.value.get("tables")
    for name in TABLES:
        entry = given.get(name) if isinstance(given, dict) else None
        file = entry.get("file") if isinstance(entry, dict) else None
        if not isinstance(file, str):
            continue
        try:
            tables[name] = read_table(folder / file, name)
        except InputError as error:
            path: KeyPath = ("tables", name, "file")
            problems.extend(_named_here(error, mark_of(corridor.marks, path), dotted(path), folder / file))
    return tables, problems


def _override_names(
    scenario: Document, extra: Sequence[str], without: Sequence[str], problems: list[Problem]
) -> list[str]:
    """Return the overrides to lay over, in order: the scenario's own, then those asked for."""
    given = scenario.value.get("overrides")
    own = [name for name in given if isinstance(name, str)] if isinstance(given, list) else []
    allowed = ", ".join(own) or "nothing: the scenario has none"
    problems.extend(
        Problem("--without", "", "is not an override of the scenario", name, None, allowed, nearest(name, own))
        for name in without
        if name not in own
    )
    wanted = [*(name for name in own if name not in without), *extra]
    for position, name in enumerate(wanted):
        if name in wanted[:position]:
            where = mark_of(scenario.marks, ("overrides",))
            problems.append(Problem(where.file, "overrides", "is laid over twice", name, where.line,
                                    advice="name it once"))  # fmt: skip
    return list(dict.fromkeys(wanted))


def _plain_name(name: str) -> str:
    """Return the name of an override that may be given as a path."""
    return Path(name).stem if name.endswith((".yaml", ".yml")) else name


def _lay_overrides(draft: Draft, names: Sequence[str], path: Path, scenario: Document) -> list[Problem]:
    problems: list[Problem] = []
    changes: dict[str, list[Change]] = {}
    for position, name in enumerate(names):
        try:
            file = find(name, "override", path.parent)
        except InputError as error:
            listed = ("overrides", position)
            where = mark_of(scenario.marks, listed) if listed in scenario.marks else Mark("--override", None)
            problems.extend(Problem(where.file, "overrides", p.message, name, where.line, p.allowed, p.advice)
                            for p in error.problems)  # fmt: skip
            continue
        try:
            changes[_plain_name(name)] = read_override(file, _plain_name(name))
        except InputError as error:
            problems.extend(error.problems)
    wins = scenario.value.get("wins")
    return problems + lay_over(draft, changes, wins if isinstance(wins, dict) else {})


def _lay_arguments(
    draft: Draft, seed: int | None, persons_per_agent: int | None, start: date | str | None, end: date | str | None,
    settings: Mapping[str, Any] | Sequence[str] | None,
) -> list[Problem]:  # fmt: skip
    """Set what the caller gives, and return the problems."""
    problems: list[Problem] = []
    arguments = {"seed": ("seed", seed), "persons_per_agent": ("persons-per-agent", persons_per_agent),
                 "period.start": ("start", start), "period.end": ("end", end)}  # fmt: skip
    for field, (option, value) in arguments.items():
        if value is not None:
            problems.extend(lay_settings(draft, {field: value}, f"--{option}"))
    if settings:
        try:
            given = settings if isinstance(settings, Mapping) else parse_settings(listed(settings))
        except InputError as error:
            return [*problems, *error.problems]
        problems.extend(lay_settings(draft, given))
    return problems


def _sources(parts: Parts) -> tuple[dict[str, Source], list[Problem]]:
    """Return every source that the scenario names, and the problems of those that do not exist."""
    own = {} if "sources" in parts.broken else parts.corridor.sources
    named = list(named_sources(parts))
    wanted = dict.fromkeys(identifier for identifier, _ in named)
    shipped, problems = read_sources(identifier for identifier in wanted if identifier not in own)
    sources = {**shipped, **{identifier: own[identifier] for identifier in wanted if identifier in own}}
    known: list[str] = []
    for identifier, at in named:
        if identifier not in sources and "sources" not in parts.broken:
            known = known or [*own, *known_sources()]
            problems.append(Problem(at.file, at.field, "names a source that does not exist", at.value, at.line,
                                    "an entry of seeds/, or of the corridor's sources",
                                    nearest(identifier, known)))  # fmt: skip
    return sources, problems


def _assemble(parts: Parts, sources: dict[str, Source], fit: FitFile | None) -> Scenario:
    """Return the scenario of parts that have no problem."""
    file = parts.file
    laid = fit is not None and file.fit_member is not None
    return Scenario(
        name=file.scenario, title=file.title, summary=file.summary, base=parts.corridor.corridor, period=file.period,
        step_days=file.step_days, persons_per_agent=file.persons_per_agent, seed=file.seed, overrides=file.overrides,
        compare=file.compare, fit_member=file.fit_member if laid else None,
        fit=fit.about() if fit is not None and laid else None, corridor=parts.corridor, sources=sources, **parts.rows,
    )  # fmt: skip
