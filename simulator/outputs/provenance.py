"""What a run was made from: enough to say where a number came from, and to make it again."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from simulator import __version__
from simulator.outputs.sameness import digests, overall
from simulator.scenario.schema import Scenario

PACKAGES: Final = ("numpy", "scipy", "pandas", "mesa", "pyarrow", "xarray", "pydantic")
FORMAT: Final = 3
"""Version of the layout of record.json and of the run folder; 2 has hashes of people and of figures apart, and says
more of the processor; 3 has a hash of the record itself. Earlier ones are read."""
HASHED: Final = 3
"""From this format on a record has a hash of itself."""
CONTENT_HASH: Final = "content_hash"
"""Key, in a JSON file of a run or a sweep, of the hash of all else that it says."""


def scenario_json(scenario: Scenario) -> dict[str, Any]:
    """Return a resolved scenario as plain JSON values; `Scenario.model_validate` reads it back."""
    return scenario.model_dump(mode="json", by_alias=True)


def json_hash(content: object) -> str:
    """Return the SHA-256 of JSON values, whatever the order of keys."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def with_hash(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a JSON file with the hash of all of it, by which a changed word is told."""
    rest = {key: value for key, value in content.items() if key != CONTENT_HASH}
    written = json.loads(json.dumps(rest, allow_nan=False, default=plain))
    return {**rest, CONTENT_HASH: json_hash(written)}


def hash_holds(content: Mapping[str, Any]) -> bool:
    """Return whether a JSON file says what it said when it was written."""
    rest = {key: value for key, value in content.items() if key != CONTENT_HASH}
    try:
        return bool(content.get(CONTENT_HASH) == json_hash(rest))
    except RecursionError:
        return False


def plain(value: object) -> object:
    """Return a number of NumPy as one that JSON has."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def scenario_hash(scenario: Scenario) -> str:
    """Return the SHA-256 of a resolved scenario."""
    return json_hash(scenario_json(scenario))


def table_hash(table: pa.Table) -> str:
    """Return the SHA-256 of what a table says: column names, labels, and values in order of rows."""
    return str(digests(table)["sha256"])


def result_hash(table_hashes: Mapping[str, str]) -> str:
    """Return the SHA-256 of a result from those of its tables."""
    return overall({name: {"sha256": value} for name, value in table_hashes.items()}, "sha256")


def versions() -> dict[str, str]:
    """Return the versions of Corridor, Python and the libraries that make results."""
    found = {"corridor": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not found"
    return found


def mark(folder: Path, command: str) -> None:
    """Write into a folder of kept results which command made them, and by which versions."""
    about = {"command": command, "versions": versions()}
    (folder / "record.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def processor() -> dict[str, Any]:
    """Return what decides the last digits of figures here: machine, vector instructions in use, BLAS and C library."""
    about: Any = np.show_config(mode="dicts")
    simd = about.get("SIMD Extensions", {})
    blas = about.get("Build Dependencies", {}).get("blas", {})
    return {
        "system": platform.platform(),
        "machine": platform.machine(),
        "features": [*simd.get("baseline", []), *simd.get("found", [])],
        "blas": f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip(),
        "libc": " ".join(platform.libc_ver()).strip() or "unknown",
    }


def processor_in_words(known: Mapping[str, Any]) -> str:
    """Return a processor as a record has it, in a line; records before format 2 name the machine alone."""
    features = known.get("features")
    said = f"with {' '.join(map(str, features))}" if features else "vector instructions not recorded"
    return ", ".join(str(part) for part in (known.get("machine", "unknown machine"), said, known.get("libc"),
                                            known.get("blas")) if part)  # fmt: skip


def git_state() -> dict[str, Any] | None:
    """Return the commit of the checkout that the package runs from, or None if there is none."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        commit = _git(root, "rev-parse", "HEAD")
        changed = bool(_git(root, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return None
    return {"commit": commit, "changed": changed}


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()


def version_changes(record: Mapping[str, Any]) -> list[str]:
    """Return one line for each version that differs between a record and what runs now."""
    then, now = record.get("versions", {}), versions()
    return [
        f"{name} was {then.get(name, 'not recorded')}, now {now[name]}" for name in now if then.get(name) != now[name]
    ]


def build_record(
    scenario: Scenario,
    coords: Mapping[str, tuple[str, ...]],
    tables: Mapping[str, pa.Table],
    stats: Mapping[str, Any],
    stages: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the record of a run, without the sizes and hashes of its files.

    Parameters
    ----------
    stages : which stages made it, where they are not Corridor's own in their order.
    """
    said = {name: digests(table) for name, table in tables.items()}
    return {
        "format": FORMAT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "remake": "corridor rerun record.json",
        "name": scenario.name,
        "overrides": list(scenario.overrides),
        "seed": scenario.seed,
        "persons_per_agent": scenario.persons_per_agent,
        "scenario_hash": scenario_hash(scenario),
        "result_hash": overall(said, "sha256"),
        "people_hash": overall(said, "people"),
        "figures_hash": overall(said, "figures"),
        "versions": versions(),
        "platform": processor(),
        "git": git_state(),
        **({} if stages is None else {"stages": dict(stages)}),
        "tables": said,
        "coordinates": {dim: list(labels) for dim, labels in coords.items()},
        "stats": dict(stats),
        "scenario": scenario_json(scenario),
    }
