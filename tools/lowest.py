"""Print the lowest versions that pyproject.toml allows, as a constraints file for pip: one line a dependency.

python tools/lowest.py [extra ...] > lowest.txt
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BOUND = re.compile(r"^\s*([A-Za-z0-9._-]+)\s*(?:\[[^]]*\])?\s*>=\s*([0-9][0-9a-z.]*)\s*(?:,.*)?$")


def lowest(extras: list[str], file: Path = ROOT / "pyproject.toml") -> dict[str, str]:
    """Return the lowest version of each dependency, by name; of two bounds the higher."""
    project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(one for extra in extras for one in project["optional-dependencies"][extra])]
    found: dict[str, str] = {}
    for one in asked:
        match = BOUND.match(one)
        if match is None:
            raise SystemExit(f"{file.name}: {one!r} names no lowest version")
        name, version = match[1].lower(), match[2]
        found[name] = max(found.get(name, version), version, key=_parts)
    return found


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


if __name__ == "__main__":
    print("\n".join(f"{name}=={version}" for name, version in lowest(sys.argv[1:]).items()))
