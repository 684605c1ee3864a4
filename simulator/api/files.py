"""Check, explain, list and begin the files that scenarios are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from simulator.api.runs import Runs, opened
from simulator.errors import InputError, Problem
from simulator.outputs.contents import explain_record
from simulator.outputs.store import RECORD, read_record
from simulator.scenario.schema import json_schema


def check(paths: Sequence[str | Path] | str | Path, *, notes: list[Problem] | None = None) -> list[Path]:
    """Check scenarios, corridors and overrides, by name or path, one or several, and return their files.

    Parameters
    ----------
    paths : names, files or folders, or one of them.
    notes : where given, what is no problem but is ignored is added to it.

    Raises
    ------
    InputError
        With every problem of every file.
    """
    from simulator.scenario.load import check as check_files

    return check_files(paths, notes)


def explain(scenario: str | Path, field: str | None = None, **changes: Any) -> Sequence[Mapping[str, Any]]:
    """Say what a scenario resolves to, and where each value came from.

    Parameters
    ----------
    scenario : name or path of a scenario; or a run folder or record, for what ran.
    field : dotted field, or its beginning; by default all.
    changes : as for `run`, for a scenario: seed, overrides, set, fit_member ...

    Returns
    -------
    list of dict
        ``field``, ``value``, ``unit``, ``kind``, ``range``, ``source``, ``evidence`` (what the source is, and what it
        says), ``note``, ``file``, ``line``, ``override``.

    Raises
    ------
    InputError
        If the scenario has problems, or no field starts so.
    """
    path = Path(scenario)
    record = path / RECORD if path.is_dir() else path
    if record.suffix == ".json" and record.is_file():
        given = [name for name, value in changes.items() if value or value == 0]
        if given:
            advice = "explain the scenario instead"
            raise InputError([Problem(str(path), name, "cannot change what ran", advice=advice) for name in given])
        return explain_record(read_record(record), str(record), field)
    from simulator.scenario.explain import explain as explain_scenario

    return explain_scenario(scenario, field, **changes)


def choices(run: Runs, government: str | None = None, date: str | None = None) -> list[dict[str, Any]]:
    """Say what governments decided by rule in a run, and why; see `simulator.outputs.choices.choices_of`.

    Parameters
    ----------
    run : a result, or a run folder.
    government : code or name; by default all.
    date : YYYY, YYYY-MM or YYYY-MM-DD; where nothing was decided then, what was in force.

    Raises
    ------
    InputError
        If the run cannot be read, or no such decision was taken in it.
    """
    from simulator.outputs.choices import choices_of

    return choices_of(opened(run), government, date)


def evidence(id: str | None = None, *, document: str | None = None) -> list[dict[str, Any]] | dict[str, Any]:
    """Say what a piece of evidence is, and what depends on it.

    Parameters
    ----------
    id : a finding, a publisher, or a source that a corridor brings itself; by default every finding, in short.
    document : for all findings: those of this document only.

    Returns
    -------
    list of dict
        Without `id`: ``id``, ``section``, ``date``, ``finding``, ``value``, ``unit``, ``kind``, and the number of
        ``uses``.
    dict
        With `id`: the entry in full, where it stands, and its ``uses``, each with ``how`` (source, used by, mechanism,
        test), ``what``, ``within``, ``file`` and ``line``; of a publisher its ``findings``, too.

    Raises
    ------
    InputError
        If there is no such entry or document, or a corridor or an entry has problems.
    """
    from simulator.scenario.evidence_uses import detail, table

    if id is None:
        return [dict(row) for row in table(document)]
    if document is not None:
        raise InputError([Problem("--document", "", "chooses among all findings", document, advice="leave out the id")])
    return detail(id)


def list_files() -> list[dict[str, str]]:
    """Return kind, name, title and file of every scenario, corridor and override that is found by name."""
    from simulator.scenario.library import FileKind, find, names
    from simulator.scenario.yaml_file import read_yaml, shown

    kinds: tuple[FileKind, ...] = ("scenario", "corridor", "override")
    found = []
    for kind in kinds:
        for name in names(kind):
            path = find(name, kind)
            try:
                content = read_yaml(path).value
                title = str(content.get("title") or content.get("summary") or "")
            except (InputError, AttributeError):
                title = f"cannot be read: try 'corridor check {shown(path)}'"
            found.append({"kind": kind, "name": name, "title": title, "file": shown(path)})
    return found


def schema(kind: Literal["corridor", "scenario", "override"] = "scenario") -> dict[str, Any]:
    """Return the JSON Schema of a kind of file, from which editors complete."""
    return json_schema(kind)


def new(folder: str | Path) -> list[Path]:
    """Write a small working scenario to start from, and return its files.

    Raises
    ------
    InputError
        If the folder exists and is not empty.
    """
    from simulator.scenario.new import new as write_new

    return write_new(Path(folder))
