"""The environment that Flee runs in, and the pipe to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from setting import BURN_IN, Counts

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE / ".venv-flee"
FLEE = "flee==3.1"
BESIDE = ("numpy", "pandas", "networkx", "matplotlib", "beartype", "seaborn", "pyyaml")
"""What Flee imports. Its package also asks for MPI and MUSCLE3, which a run on one core does not use."""


class FleeMissing(RuntimeError):
    """Flee cannot be installed or started, so that nothing can be said of it."""


def python_of_flee() -> Path:
    """Return the Python that Flee is installed for, installing it first if it is not there."""
    python = ENVIRONMENT / "bin" / "python"
    done = ENVIRONMENT / "installed"
    if done.exists() and python.exists():
        return python
    print(f"Installing {FLEE} into {ENVIRONMENT} ...", file=sys.stderr)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)],
        [*pip, "--no-deps", FLEE],
        [*pip, *BESIDE],
    ):
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            raise FleeMissing(f"{' '.join(command)}\n{(result.stderr or result.stdout).strip()}")
    done.write_text(FLEE, encoding="utf-8")
    return python


def versions() -> dict[str, str]:
    """Return the versions of Flee and of what it stands on."""
    code = "import json, sys; from importlib.metadata import version as v; print(json.dumps({'python': " \
        "sys.version.split()[0], 'flee': v('flee'), 'numpy': v('numpy')}))"  # fmt: skip
    out = subprocess.run([str(python_of_flee()), "-c", code], capture_output=True, text=True, check=True).stdout
    found: dict[str, str] = json.loads(out)
    return found


class FleeEngine:
    """A process that runs Flee's steps when asked to."""

    name = "Flee 3.1"

    def __init__(self, n: int, seed: int, burn_in: int = BURN_IN):
        self._folder = tempfile.TemporaryDirectory()
        request = Path(self._folder.name) / "request.json"
        request.write_text(json.dumps({"people": n, "seed": seed, "burn_in": burn_in}), encoding="utf-8")
        self._log = Path(self._folder.name) / "log"
        with self._log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [str(python_of_flee()), str(HERE / "flee_same.py"), str(request)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=self._folder.name,
                env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
            )  # fmt: skip
        self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise FleeMissing("Flee stopped:\n" + self._log.read_text(encoding="utf-8")[-2000:])
        answer: dict[str, Any] = json.loads(line)
        return answer

    def run(self, steps: int) -> Counts:
        """Run steps; return what happened."""
        assert self._process.stdin is not None
        print(steps, file=self._process.stdin, flush=True)
        answer = self._answer()
        made = np.array(answer["attempts"], dtype=np.int64)
        return Counts(person_steps=answer["person_steps"], attempts=made, seconds=answer["seconds"])

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._folder.cleanup()
