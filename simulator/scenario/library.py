"""Where scenarios, corridors, overrides and evidence are found by name."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from simulator.errors import InputError, Problem, nearest

FileKind = Literal["scenario", "corridor", "override"]

_PATTERNS: Final[dict[FileKind, tuple[str, str]]] = {
    "scenario": ("", ".yaml"),
    "corridor": ("", "/corridor.yaml"),
    "override": ("overrides/", ".yaml"),
}

_LONGEST_PATH: Final = 2000
_LONGEST_FILE: Final = 200
"""Characters of a name of a file: file systems end at 255 bytes, an ending of its own included."""


def listed(given: Iterable[Any] | str | Path | None) -> tuple[Any, ...]:
    """Return what was given as a list; one name alone is a list of one, not of its letters."""
    if given is None:
        return ()
    return (given,) if isinstance(given, str | Path) else tuple(given)


def check_name(text: str, kind: str) -> None:
    """Refuse what can be the name of no file.

    Raises
    ------
    InputError
        If it is too long, or has characters that cannot be seen.
    """
    long = len(text) > _LONGEST_PATH or any(len(part) > _LONGEST_FILE for part in Path(text).parts)
    if long or not text.isprintable():
        raise InputError([Problem(text[:80], "", f"is no name of a {kind}", text if len(text) > 80 else None, None,
                                  f"plain text of at most {_LONGEST_FILE} characters")])  # fmt: skip


@cache
def library_folder() -> Path:
    """Return the folder that holds the ``scenarios`` and ``seeds`` shipped with the package."""
    package = Path(__file__).resolve().parents[1]
    shipped = package / "library"
    return shipped if shipped.is_dir() else package.parent


def folders(beside: Path | None = None) -> list[Path]:
    """Return the folders searched for names, in order: beside a scenario, ./scenarios, the library."""
    wanted = [*([beside] if beside else []), Path("scenarios"), library_folder() / "scenarios"]
    unique: dict[Path, Path] = {}
    for folder in wanted:
        if folder.is_dir():
            unique.setdefault(folder.resolve(), folder)
    return list(unique.values())


def names(kind: FileKind, beside: Path | None = None) -> list[str]:
    """Return the names of every known file of a kind, sorted."""
    before, after = _PATTERNS[kind]
    found = set()
    for folder in folders(beside):
        for path in folder.glob(f"{before}*{after}"):
            if kind != "scenario" or _is_scenario(path):
                found.add(path.parent.name if kind == "corridor" else path.stem)
    return sorted(found)


def _is_scenario(path: Path) -> bool:
    """Return whether a file says that it is a scenario: other files, such as regimes, may lie beside scenarios."""
    return any(line.startswith("scenario:") for line in path.read_text(encoding="utf-8", errors="replace").splitlines())


def find(name: str | Path, kind: FileKind = "scenario", beside: Path | None = None) -> Path:
    """Return the file of a scenario, corridor or override.

    Parameters
    ----------
    name : a path, or a name known beside the scenario, in ./scenarios, or in the library.
    kind : what is looked for.
    beside : folder of the file that names it.

    Raises
    ------
    InputError
        If there is none; the problem names the nearest known name.
    """
    text = str(name)
    check_name(text, kind)
    before, after = _PATTERNS[kind]
    for start in [Path(), *([beside] if beside else [])]:
        found = _as_path(start / text, kind)
        if found is not None:
            return found
    for folder in folders(beside):
        path = folder / f"{before}{text}{after}"
        if text and path.is_file():
            return path
        if text and kind == "corridor" and path.parent.is_dir():  # not that of the same name further on
            raise InputError([Problem(str(path.parent), "", f"is the folder of this {kind}, and has no {path.name}",
                                      advice="put it back, or take the folder away")])  # fmt: skip
    if kind == "scenario":
        for folder in folders(beside):
            if text and (path := folder / text / "corridor.yaml").is_file():
                return path
    known = names(kind, beside)
    raise InputError([
        Problem(text, "", f"there is no {kind} of this name, and no such file", allowed=", ".join(known),
                advice=nearest(text, known) or f"give the path of a {kind} file, or one of the names known")
    ])  # fmt: skip


def _as_path(path: Path, kind: FileKind) -> Path | None:
    """Return the file that a path means, if it means one."""
    if path.is_file() and path.suffix in (".yaml", ".yml"):
        return path
    if not path.is_dir():
        return None
    if kind == "corridor" or (path / "corridor.yaml").is_file():
        return path / "corridor.yaml" if (path / "corridor.yaml").is_file() else None
    if kind == "scenario" and any(path.glob("*/corridor.yaml")):
        files = sorted(file for file in path.glob("*.yaml") if _is_scenario(file))
        return files[0] if len(files) == 1 else None
    return None
