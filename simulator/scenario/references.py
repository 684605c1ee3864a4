"""What an entry of the evidence points to: a test, a function, a file or a field of a scenario; and where it stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from simulator.errors import InputError
from simulator.scenario.draft import Draft
from simulator.scenario.library import library_folder
from simulator.scenario.messages import mark_of
from simulator.scenario.tables import COLUMN_UNITS
from simulator.scenario.yaml_file import KeyPath, Mark, read_text, shown

Kind = Literal["test", "code", "file", "field"]
Corridors = Mapping[str, Draft]
"""Corridors by name, as their files have them."""

_PACKAGE: Final = Path(__file__).resolve().parents[1]
_ASKING: Final = Mark("", None)


@dataclass(frozen=True)
class Place:
    """Where something that is referred to stands.

    Attributes
    ----------
    file : file as the user knows it.
    line : 1-based line, or None for a whole file.
    within : corridor that the field is of, or empty.
    """

    file: str
    line: int | None
    within: str = ""


def kind_of(reference: str) -> Kind:
    """Return what kind of thing a reference is to, by the way it is written."""
    if "::" in reference:
        return "test"
    if "/" in reference:
        return "file"
    return "code" if reference.startswith(f"{_PACKAGE.name}.") else "field"


def places(reference: str, corridors: Corridors) -> list[Place]:
    """Return where a reference leads; nowhere if there is no such thing.

    Tests and documents do not come with an installed package: what lies in a folder that is not there at all is
    taken to exist.

    Parameters
    ----------
    reference : ``tests/FILE.py::NAME``; a path in the repository; a dotted name in the package; or a dotted field of a
        scenario, such as ``parameters.news.weight``, ``policies.NAME``, ``TABLE.KEY.COLUMN`` or ``TABLE.COLUMN``.
    corridors : where fields are looked for.
    """
    kind = kind_of(reference)
    if kind == "field":
        return list(_fields(reference, corridors))
    found = _code(reference) if kind == "code" else _path(reference)
    return [] if found is None else [found]


def _path(reference: str) -> Place | None:
    """Return the place of a file or folder of the repository, or of a definition in it."""
    name, _, definition = reference.partition("::")
    root = _PACKAGE.parent if name.startswith(f"{_PACKAGE.name}/") else library_folder()
    path = root / name
    if not (root / Path(name).parts[0]).exists():
        return Place(name, None)
    if ".." in Path(name).parts or not path.exists():
        return None
    if not definition:
        return Place(shown(path), None)
    line = _line_of(path, definition.split("::"))
    return None if line is None else Place(shown(path), line)


def _code(reference: str) -> Place | None:
    """Return the place of a module, or of a function, class or constant in it."""
    parts = reference.split(".")
    for length in range(len(parts), 0, -1):
        stem = _PACKAGE.parent.joinpath(*parts[:length])
        path = stem / "__init__.py" if stem.is_dir() else stem.with_suffix(".py")
        if path.is_file():
            line = _line_of(path, parts[length:])
            return None if line is None else Place(shown(path), line)
    return None


def _line_of(path: Path, names: Sequence[str]) -> int | None:
    """Return the line on which a definition starts; `names` leads through classes to it."""
    stat = path.stat()
    try:
        body: Sequence[ast.stmt] = _tree(path, stat.st_mtime_ns, stat.st_size).body
    except (SyntaxError, InputError):
        return None
    line = 1
    for name in names:
        node = next((node for node in body if name in _defines(node)), None)
        if node is None:
            return None
        body, line = node.body if isinstance(node, ast.ClassDef) else (), node.lineno
    return line


@lru_cache(maxsize=64)
def _tree(path: Path, _modified: int, _size: int) -> ast.Module:
    return ast.parse(read_text(path))


def _defines(node: ast.stmt) -> list[str]:
    """Return the names that a statement defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _fields(field: str, corridors: Corridors) -> Iterator[Place]:
    """Yield the place of a field in each corridor that has it, and once where several read one file."""
    seen: set[Mark] = set()
    for name, draft in corridors.items():
        mark = _column(field, draft) or _field(field, draft)
        if mark is not None and mark not in seen:
            seen.add(mark)
            yield Place(mark.file, mark.line, name)


def _column(field: str, draft: Draft) -> Mark | None:
    """Return where the evidence of ``TABLE.COLUMN`` was written."""
    table, _, column = field.partition(".")
    path: KeyPath = ("tables", table, "columns", column)
    return draft.corridor.marks.get(path) if column in COLUMN_UNITS.get(table, {}) else None


def _field(field: str, draft: Draft) -> Mark | None:
    """Return where any other field was written; of one that the file leaves out, where it would stand."""
    try:
        target = draft.locate(field, _ASKING, in_scenario=False)
    except InputError:
        return None
    if not (target.exists or target.declared):
        return None
    if target.table is not None:
        return None if target.row is None else target.table.mark(target.row, str(target.path[-1]))
    return mark_of(draft.corridor.marks, target.path)
