"""Check whole files of scenarios, corridors and overrides, and of folders of them; all problems at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from simulator.errors import InputError, Problem
from simulator.scenario.library import check_name, find, listed
from simulator.scenario.load import SPLIT, Resolved, kind_of, resolve, shared_file, unique
from simulator.scenario.overrides import read_override
from simulator.scenario.parts import make_parts
from simulator.scenario.source_dates import sources_too_old
from simulator.scenario.yaml_file import read_yaml


def check(paths: Sequence[str | Path] | str | Path, look: Callable[[Resolved], object] = lambda _: None) -> list[Path]:
    """Check scenarios, corridors and overrides, and return their files.

    Parameters
    ----------
    paths : files, names, or folders, of which every file of the three kinds is checked; or one of them.
    look : called with each scenario that has no problem, and with each of its with-and-without variants.

    Raises
    ------
    InputError
        With every problem of every file.
    """
    problems: list[Problem] = []
    files: dict[Path, Path] = {}
    for path in listed(paths):
        try:
            files.update({file.resolve(): file for file in _files_of(path)})
        except InputError as error:
            problems.extend(error.problems)
    for file in files.values():
        problems.extend(_check_file(file, look))
    if problems:
        raise InputError(unique(problems))
    return list(files.values())


def _files_of(path: str | Path) -> list[Path]:
    """Return the files to check for a path or name."""
    check_name(str(path), "scenario")
    folder = Path(path)
    if folder.is_dir() and not (folder / "corridor.yaml").is_file():
        corridors = sorted(folder.glob("*/corridor.yaml"))
        found = [*folder.glob("*.yaml"), *folder.glob("overrides/*.yaml"), *corridors]
        shared = {part for corridor in corridors for part in _parts_of(corridor)}
        if found:
            return sorted(file for file in found if file.resolve() not in shared)
    try:
        return [find(path, "scenario")]
    except InputError as error:
        try:
            return [find(path, "override")]
        except InputError:
            raise error from None


def _parts_of(corridor: Path) -> Iterator[Path]:
    """Yield the files that a corridor is split into, as far as it can be read: they are checked with it."""
    try:
        content = read_yaml(corridor).value
    except InputError:
        return
    for key in SPLIT:
        name = content.get(key) if isinstance(content, dict) else None
        if isinstance(name, str):
            file = corridor.parent / name
            yield (shared_file(file) if key == "regimes" else file).resolve()


def _check_file(file: Path, look: Callable[[Resolved], object]) -> Sequence[Problem]:
    """Return the problems of a file, and of its with-and-without variants."""
    try:
        document = read_yaml(file)
        if kind_of(document, file) == "override":
            read_override(file, file.stem)
            return []
        made = resolve(file)
        look(made)
        for name in made.scenario.compare:
            without = name in made.scenario.overrides
            look(resolve(file, without=(name,)) if without else resolve(file, overrides=(name,)))
    except InputError as error:
        return error.problems
    return list(sources_too_old(make_parts(made.draft)))
