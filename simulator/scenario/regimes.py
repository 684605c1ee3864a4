"""The library's regimes, which serve any corridor, and what a corridor adds to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from simulator.errors import Problem
from simulator.scenario.library import library_folder
from simulator.scenario.messages import mark_of
from simulator.scenario.yaml_file import Document, KeyPath, dotted, read_yaml

NAMED: Final[tuple[KeyPath, ...]] = (("regimes",), ("acts", "readmission"), ("acts", "border"))
"""Where entries with names of their own stand in a file of regimes."""


def library_regimes() -> Path:
    """Return the file of the library's regimes."""
    return library_folder() / "scenarios" / "regimes.yaml"


def add_regimes(corridor: Document, *, laid_over: bool = False) -> list[Problem]:
    """Put the library's regimes and acts beside those of a corridor that bargains, or has some; changes `corridor`.

    A corridor may hold a copy of one of the library's regimes; another one of the same name is a problem, since a name
    would mean two things. Acts of its own on a subject stand in place of the library's.

    Parameters
    ----------
    laid_over : whether overrides were laid over the corridor already, which may change what has the library's names.
    """
    value, file = corridor.value, library_regimes()
    if not isinstance(value, dict) or not file.is_file() or not (value.get("regimes") or value.get("bargains")):
        return []
    own = value.get("regimes")
    if own is None:
        own = value["regimes"] = {}
    if not isinstance(own, dict) or not all(isinstance(_at(own, path), dict | None) for path in _above(NAMED)):
        return []  # what has the wrong form is left to the schema
    library = read_yaml(file)
    problems: list[Problem] = []
    for path in NAMED:
        mine, ours = _made(own, path), _at(library.value, path)
        if not isinstance(mine, dict) or not isinstance(ours, dict) or (path[0] == "acts" and mine):
            continue  # acts are what a partner chooses between: a corridor that has its own has those alone
        for name, entry in ours.items():
            where: KeyPath = ("regimes", *path, name)
            there = mark_of(library.marks, where[1:])
            if name not in mine:
                mine[name] = entry
                marks = {known: mark for known, mark in library.marks.items() if known[: len(where) - 1] == where[1:]}
                corridor.marks.update({("regimes", *known): mark for known, mark in marks.items()})
            elif mine[name] != entry and not laid_over:
                mark = mark_of(corridor.marks, where)
                problems.append(Problem(
                    mark.file, dotted(where), f"has the name of another in the library ({there.file}:{there.line})",
                    None, mark.line, "", "give it a name of its own; the library's stand beside it",
                ))  # fmt: skip
    return problems


def _above(paths: tuple[KeyPath, ...]) -> set[KeyPath]:
    return {path[:length] for path in paths for length in range(len(path) + 1)}


def _at(value: Any, path: KeyPath) -> Any:
    """Return what stands at a path, or None."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _made(value: dict[str, Any], path: KeyPath) -> Any:
    """Return what stands at a path, made empty where nothing does."""
    here: Any = value
    for key in path:
        if here.get(key) is None:
            here[key] = {}
        here = here[key]
    return here
