"""The import rule: data flows one way, and so do imports; read from syntax trees, so that none hides in a function."""

from __future__ import annotations

import ast
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "simulator"
CORE = {"errors", "numbers", "units", "clock", "draws", "jobs"}
BELOW_MODEL = {"core", "scenario", "world"}
MAY_IMPORT: dict[str, set[str]] = {
    "core": set(),
    "scenario": {"core"},
    "world": {"core", "scenario"},
    "stages": BELOW_MODEL,
    "governments": BELOW_MODEL,
    "effects": BELOW_MODEL | {"governments"},
    "outputs": BELOW_MODEL,
    "model": BELOW_MODEL | {"stages", "governments", "outputs"},
    "sweeps": {"core", "scenario", "effects", "outputs", "stages", "model"},
    "analysis": {"core", "scenario", "outputs"},
    "validation": {"core", "scenario", "outputs", "analysis", "model"},
    "connectors": {"core", "scenario", "outputs", "model", "sweeps"},
    "api": BELOW_MODEL | {"stages", "governments", "effects", "outputs", "model", "analysis", "validation", "sweeps"},
    "terminal": {"core"},
    "cli_sweeps": {"core", "sweeps", "api", "terminal"},
    "cli_reports": {"core", "outputs", "analysis", "api", "terminal"},
    "cli": BELOW_MODEL
    | {"stages", "governments", "effects", "outputs", "model", "analysis", "validation", "sweeps", "api"}
    | {"terminal", "cli_reports", "cli_sweeps"},
    "__init__": {"core", "api"},
    "__main__": {"cli"},
}
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "library" not in path.parts)
IDS = [str(path.relative_to(PACKAGE)) for path in FILES]


def part_of(module: str) -> str:
    """Return the part of the house that a module such as simulator.world.build belongs to."""
    names = module.split(".")
    first = names[1] if len(names) > 1 else "__init__"
    return "core" if first in CORE else first


def module_of(path: Path) -> str:
    names = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(names[:-1] if names[-1] == "__init__" else names)


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def imports(path: Path, *, types_too: bool = True) -> Iterator[str]:
    """Yield the modules that a file imports, anywhere in it; of ours by their full names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = set()
    if not types_too:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                skipped |= {id(inner) for child in node.body for inner in ast.walk(child)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative imports hide where they lead"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner.startswith("simulator.") and is_module(inner) else str(node.module)


def arrows(path: Path, *, types_too: bool = True) -> set[str]:
    """Return our modules that a file imports; ``from simulator import __version__`` is no arrow."""
    return {name for name in imports(path, types_too=types_too) if name.startswith("simulator.")}


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_imports_go_one_way(path: Path) -> None:
    part = part_of(module_of(path))
    assert part in MAY_IMPORT, f"{path} belongs to no part of the house; say in this test what it may import"
    wrong = {name for name in arrows(path) if part_of(name) != part and part_of(name) not in MAY_IMPORT[part]}
    assert not wrong, f"{module_of(path)} ({part}) must not import {', '.join(sorted(wrong))}"


def test_core_modules_do_not_lean_on_the_calendar() -> None:
    for name in ("errors", "units"):
        assert arrows(PACKAGE / f"{name}.py") <= {"simulator.errors"}


def test_no_cycles() -> None:
    graph = {module_of(path): arrows(path, types_too=False) for path in FILES}
    done: set[str] = set()

    def visit(module: str, above: tuple[str, ...]) -> None:
        assert module not in above, "cycle: " + " -> ".join((*above[above.index(module) :], module))
        if module not in done:
            for below in sorted(graph.get(module, ())):
                visit(below, (*above, module))
            done.add(module)

    for module in sorted(graph):
        visit(module, ())


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_only_governments_and_model_import_mesa(path: Path) -> None:
    if part_of(module_of(path)) not in ("governments", "model"):
        assert not [name for name in imports(path) if name.split(".")[0] == "mesa"]


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_only_the_engine_imports_dask(path: Path) -> None:
    names = [name for name in imports(path) if name.split(".")[0] in ("dask", "distributed")]
    assert not names or module_of(path) == "simulator.sweeps.engine"


def test_the_rule_is_able_to_fail(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("def f():\n    from simulator import model\n    import mesa.agent\n")
    assert arrows(bad) == {"simulator.model"}
    assert "mesa.agent" in set(imports(bad))


def test_import_simulator_is_cheap() -> None:
    code = (
        "import sys, simulator; heavy = {'numpy', 'pandas', 'mesa', 'scipy', 'xarray', 'pyarrow', 'matplotlib', "
        "'pydantic', 'typer'} & set(sys.modules); assert not heavy, heavy; print(simulator.__version__); "
        "assert 'run' in dir(simulator)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


def test_public_names_load_when_used() -> None:
    import simulator

    assert callable(simulator.run)
    assert simulator.InputError.__module__ == "simulator.errors"
    with pytest.raises(AttributeError, match="has no attribute 'runn'"):
        _ = simulator.runn


def test_help_is_quick() -> None:
    code = (
        "import sys; sys.argv = ['corridor', '--help']\nfrom simulator.cli import main\n"
        "try:\n    main()\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'pandas', 'mesa', 'scipy', 'xarray', 'pyarrow', 'matplotlib', 'pydantic'}\n"
        "heavy &= set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        assert done.returncode == 0, done.stderr
    # Half a second is what is promised. Processor time, since other tests share the machine.
    assert min(times) < 0.5
