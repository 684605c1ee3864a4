"""A small working corridor and scenario to start from."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Final

from simulator.errors import InputError, Problem

TEMPLATE: Final = Path(__file__).with_name("template")


def new(folder: str | Path) -> list[Path]:
    """Write a small working scenario into a new folder and return its files.

    The files appear all at once or not at all, and nothing is ever written over.

    Raises
    ------
    InputError
        If something stands there already, or the folder cannot be written.
    """
    target = Path(folder)
    if target.is_symlink() or (target.exists() and not (target.is_dir() and not any(target.iterdir()))):
        raise InputError([Problem(str(target), "", "is there already, and is not written over",
                                  advice="name a folder that does not exist")])  # fmt: skip
    hidden: Path | None = None
    try:
        target.absolute().parent.mkdir(parents=True, exist_ok=True)
        hidden = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.absolute().parent))
        shutil.copytree(TEMPLATE, hidden, dirs_exist_ok=True, copy_function=shutil.copyfile,
                        ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
        hidden.chmod(0o755)
        hidden.rename(target)  # onto an empty folder or nothing; fails on anything else
    except OSError as error:
        raise InputError([Problem(str(target), "", f"cannot be written: {error.strerror or error}")]) from None
    finally:
        if hidden is not None:
            shutil.rmtree(hidden, ignore_errors=True)
    return sorted(path for path in target.rglob("*") if path.is_file())
