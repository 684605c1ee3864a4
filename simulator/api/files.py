"""Check, explain, list and begin the files that scenarios are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from simulator.api.runs import Runs, opened, warn
from simulator.errors import InputError, Problem
from simulator.outputs.contents import explain_record
from simulator.outputs.store import RECORD, read_record, read_run
from simulator.outputs.whole import put_back
from simulator.scenario.library import listed
from simulator.scenario.schema import json_schema


def check(paths: Sequence[str | Path] | str | Path) -> list[Path]:
    """Check scenarios, corridors, overrides and designs of experiments, one or several, and return their files.

    Parameters
    ----------
    paths : names, files or folders, or one of them.

    Raises
    ------
    InputError
        With every problem of every file.

    Warns
    -----
    InputWarning
        For each order, payment or bargain that changes nothing in the run of its scenario, or counts twice, and for
        what is ignored in a table; of a
        design, for each arm, factor, level and drawn number that changes nothing, too.
    """
    from simulator.effects.doubts import doubtful
    from simulator.scenario.check_files import check as check_files
    from simulator.scenario.load import unique

    given = listed(paths)
    found: list[Problem] = []
    wrong: list[Problem] = []
    designs = {str(path): file for path in given if (file := _design_file(Path(path))) is not None}
    others = [path for path in given if str(path) not in designs]
    files: list[Path] = []
    checks: list[Callable[[], object]] = [
        lambda: files.extend(check_files(others, lambda made: found.extend(doubtful(made.scenario, made.draft)))),
        *(partial(_check_design, file, found) for file in designs.values()),
    ]
    for each in checks:
        try:
            each()
        except InputError as error:
            wrong.extend(error.problems)
    if wrong:
        raise InputError(unique(wrong))
    warn(found)
    return [*files, *designs.values()]


def _design_file(path: Path) -> Path | None:
    """Return the file of a design, if a path is one: a folder that holds one, or a file of that form."""
    from simulator.scenario.yaml_file import read_yaml
    from simulator.sweeps.experiment import DESIGN

    if path.is_dir():
        return path / DESIGN if (path / DESIGN).is_file() else None
    if not path.is_file() or path.suffix not in (".yaml", ".yml"):
        return None
    try:
        content = read_yaml(path).value
    except InputError:
        return path if path.name == DESIGN else None
    return path if isinstance(content, dict) and {"question", "measures"} <= set(content) else None


def _check_design(file: Path, found: list[Problem]) -> None:
    """Check every scenario of a design, and add what changes nothing in its runs."""
    from simulator.sweeps.doubts import of_sweep
    from simulator.sweeps.plan import make_sweep_plan
    from simulator.sweeps.reading import read_design

    plan = make_sweep_plan(read_design(file))
    for _ in plan.check(lambda _: ""):
        pass
    found.extend(of_sweep(plan))


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
    put_back(path)
    record = path / RECORD if path.is_dir() else path
    if record.suffix == ".json" and record.is_file():
        given = [name for name, value in changes.items() if value or value == 0]
        if given:
            advice = "explain the scenario instead"
            raise InputError([Problem(str(path), name, "cannot change what ran", advice=advice) for name in given])
        content = read_run(path).record if path.is_dir() else read_record(record)
        return explain_record(content, str(record), field)
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
    """Return kind, name, title and file of what is found by name, from scenarios to experiments and regimes."""
    from simulator.scenario.library import FileKind, find, names
    from simulator.scenario.yaml_file import read_yaml, shown
    from simulator.sweeps import reading

    kinds: tuple[FileKind, ...] = ("scenario", "corridor", "override")
    files: list[tuple[str, str, Path]] = [(kind, name, find(name, kind)) for kind in kinds for name in names(kind)]
    files += [("experiment", name, reading.find(name)) for name in reading.names()]
    found = []
    for kind, name, path in files:
        try:
            content = read_yaml(path).value
            title = str(content.get("title") or content.get("summary") or content.get("question") or "")
        except (InputError, AttributeError):
            title = f"cannot be read: try 'corridor check {shown(path)}'"
        found.append({"kind": kind, "name": name, "title": title, "file": shown(path)})
    return [*found, *_regimes()]


def _regimes() -> list[dict[str, str]]:
    """Return the regimes of the library, which any bargain may name."""
    from simulator.scenario.library import library_folder
    from simulator.scenario.yaml_file import read_yaml, shown

    path = library_folder() / "scenarios" / "regimes.yaml"
    regimes = read_yaml(path).value["regimes"]
    return [{"kind": "regime", "name": name, "title": str(each["label"]), "file": shown(path)}
            for name, each in regimes.items()]  # fmt: skip


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
