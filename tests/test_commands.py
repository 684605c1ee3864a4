"""Every command and block of Python in the documents runs, at a tiny size, in the order in which it is told of.

What takes long (comparisons, sweeps, scorecards, figures) is run by `make test-all` alone; `make test` leaves it out.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from simulator.cli import app

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "benchmarks" / "README.md",
                    *(ROOT / "docs").glob("*.md"), *(ROOT / "experiments").glob("*/README.md")])  # fmt: skip
BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"(?<!`)`corridor ([a-z][^`]*)`")
SLOW = ("compare", "sweep", "validate", "explore", "query", "results", "plot", "diversion", "report")
"""Commands that take minutes, need what such a command makes, or draw many figures."""
COARSE = {"my-corridor": "200", "us-mexico": "20000"}
USUAL_COARSE = "2000"
SMALL: dict[str, dict[str, str]] = {
    "compare": {"--draws": "1", "--replicates": "1", "--workers": "2"},
    "sweep": {"--draws": "1", "--replicates": "1", "--workers": "2"},
    "validate": {"--members": "1", "--replicates": "1", "--persons-per-agent": USUAL_COARSE},
    "diversion": {},
}


def blocks(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the language and the text of each block, in order."""
    for found in BLOCK.finditer(path.read_text(encoding="utf-8")):
        yield found[1], found[2]


def lines(block: str) -> list[list[str]]:
    """Return the words of each command of `corridor` in a block of shell commands."""
    words = [shlex.split(line, comments=True) for line in block.replace("\\\n", " ").splitlines()]
    return [each[1:] for each in words if each[:1] == ["corridor"]]


def small(words: list[str]) -> list[str]:
    """Return a command at a tiny size: coarse rows, one draw, one seed, no figures of single runs."""
    settings = dict(SMALL.get(words[0], {}))
    if words[0] == "run":
        settings["--persons-per-agent"] = COARSE.get(words[1], USUAL_COARSE)
    kept: list[str] = []
    given = iter(words)
    for word in given:
        if word in settings:
            next(given)
        else:
            kept.append(word)
    made = [*kept, *(part for pair in settings.items() for part in pair)]
    return [*made, "--no-figures"] if words[0] == "run" else made


def tell(path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, left_out: tuple[str, ...]) -> int:
    """Run what a document shows, in an empty folder, and return how many commands and blocks that were."""
    monkeypatch.chdir(folder)
    count = 0
    for language, block in blocks(path):
        if language == "python":
            if re.search(r"^from ema_workbench", block, flags=re.MULTILINE):
                pytest.importorskip("ema_workbench", reason="the EMA workbench is not installed (extra ema)")
            code = re.sub(r"persons_per_agent=\d+", f"persons_per_agent={USUAL_COARSE}", block)
            exec(compile(re.sub(r"scenarios=\d+", "scenarios=1", code), str(path), "exec"), {})
            count += 1
            continue
        for words in lines(block):
            if words[0] in left_out:
                continue
            done = CliRunner().invoke(app, small(words))
            assert done.exit_code == 0, f"{path.name}: corridor {shlex.join(words)}\n{done.output}\n{done.exception!r}"
            count += 1
    return count


def shows(path: Path, slow: bool) -> bool:
    """Return whether a document shows commands (slow: of those that take minutes)."""
    every = [words[0] for language, block in blocks(path) if language == "bash" for words in lines(block)]
    return any((command in SLOW) == slow for command in every)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def without_ema(path: Path) -> bool:
    return "ema_workbench import" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if shows(path, slow=False)], ids=named)
def test_the_commands_of_a_document_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tell(path, tmp_path, monkeypatch, SLOW) > 0


@pytest.mark.slow
@pytest.mark.parametrize("path", [path for path in DOCUMENTS if shows(path, slow=True)], ids=named)
def test_all_commands_of_a_document_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tell(path, tmp_path, monkeypatch, ()) > 0


def spans() -> list[tuple[str, str]]:
    """Return every command that stands in running text, with its document."""
    return [
        (named(path), re.sub(r"\s+", " ", span))
        for path in DOCUMENTS
        for span in SPAN.findall(re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.S | re.M))
    ]


def test_commands_in_running_text_and_their_options_exist() -> None:
    group: Any = typer.main.get_command(app)
    wrong = []
    for document, span in spans():
        words = [word for word in span.split() if not word.startswith("[")]
        command = group.commands.get(words[0])
        params = [] if command is None else command.params
        known = {name for each in params for name in (*each.opts, *each.secondary_opts)}
        options = [word for word in words if word.startswith("--")]
        if command is None or not set(options) <= known:
            wrong.append(f"{document}: corridor {span}")
    assert not wrong
    assert len(spans()) > 30
