"""What a user gets who installs the package: the wheel and the source archive, tried outside of the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from simulator import api

ROOT = Path(__file__).parents[1]
LIBRARY = "simulator/library"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the contents of the wheel, as they lie once it is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    (built,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def installed(wheel: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command from the wheel, where no checkout is."""
    code = ("import sys, simulator, pathlib; from simulator.cli import main; "
            f"assert pathlib.Path(simulator.__file__).is_relative_to({str(wheel)!r}); main()")  # fmt: skip
    return subprocess.run([sys.executable, "-c", code, *arguments], cwd=cwd, text=True, capture_output=True,
                          env={**os.environ, "PYTHONPATH": str(wheel)}, check=False)  # fmt: skip


def test_the_wheel_carries_all_that_is_found_by_name(wheel: Path, tmp_path: Path) -> None:
    """The same scenarios, overrides, experiments and regimes as in a checkout, and every file that they name."""
    here = {(row["kind"], row["name"], row["title"]) for row in api.list_files()}
    done = installed(wheel, "list", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {(row["kind"], row["name"], row["title"]) for row in json.loads(done.stdout)} == here
    kinds = {kind for kind, _, _ in here}
    assert kinds == {"scenario", "corridor", "override", "experiment", "regime"}
    for folder in ("scenarios", "seeds", "experiments"):
        for path in (ROOT / folder).rglob("*.yaml"):
            assert (wheel / LIBRARY / path.relative_to(ROOT)).is_file(), path
    assert list((wheel / LIBRARY / "experiments").rglob("known.csv"))
    assert not list((wheel / LIBRARY / "experiments").rglob("*.py")), "scripts belong to a checkout"
    assert not list(wheel.glob("results*"))


def test_experiments_and_regimes_work_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """Every design is read, and all arms of one resolved; a sweep is planned; a new corridor's bargain is compared."""
    code = (
        "from simulator.sweeps import reading; from simulator.sweeps.resolving import resolve_arms\n"
        "designs = {name: reading.read_design(name) for name in reading.names()}\n"
        "for name in ('conditionality', 'squeeze-the-balloon'):\n"
        "    made, found = resolve_arms(designs[name], list(designs[name].cases)[0], None)\n"
        "    assert not found, (name, found)\n"
        "    print(name, len(made))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, text=True, capture_output=True,
                          env={**os.environ, "PYTHONPATH": str(wheel)}, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "conditionality 7" in done.stdout
    assert installed(wheel, "new", "mine", cwd=tmp_path).returncode == 0
    checked = installed(wheel, "check", "mine", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    compared = installed(wheel, "compare", "mine/experiments/bargain", "--draws", "1", cwd=tmp_path)
    assert compared.returncode == 0, compared.stderr
    assert "Positive incentives" in compared.stdout
    swept = installed(wheel, "sweep", "mine/experiments/squeeze", "--draws", "0", "--dry-run", cwd=tmp_path)
    assert swept.returncode == 0, swept.stderr
    assert "4 runs" in swept.stdout


def test_the_source_archive_carries_docs_and_experiments(tmp_path: Path) -> None:
    (built,) = SdistBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with tarfile.open(built) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    for folder, ends in (("docs", "*.md"), ("experiments", "*"), ("scenarios", "*"), ("tests", "*.py"),
                         ("tools", "*.py")):  # fmt: skip
        for path in (ROOT / folder).rglob(ends):
            if path.is_file() and "__pycache__" not in path.parts:
                assert str(path.relative_to(ROOT)) in names, path
    assert {"README.md", "LICENSE", "Makefile", "pyproject.toml", "requirements.lock", "CONTRIBUTING.md"} <= names
