"""Folders and files that are written whole or not at all.

They are written beside their place under a hidden name, synced to disk, and renamed, so that a run that is cut off, or
a full disk, leaves what stood there as it was.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a hidden folder beside `folder` to write into, and put it in its place when all went well.

    What stood there goes away; whether it may is for the caller to say.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".tmp", dir=folder.parent))
    try:
        temporary.chmod(0o777 & ~_umask())
        yield temporary
        for path in files_in(temporary):
            _sync(path)
        for path in sorted(temporary.rglob("*")):
            if path.is_dir():
                _sync(path)
        _sync(temporary)
        _put(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _put(temporary: Path, folder: Path) -> None:
    """Rename `temporary` to `folder`; what stood there goes away only once the new run is in place."""
    old = temporary.with_suffix(".old")
    replaced = folder.is_dir() and any(folder.iterdir())
    if replaced:
        folder.rename(old)
    try:
        temporary.rename(folder)
    except BaseException:
        if replaced:
            old.rename(folder)
        raise
    _sync(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot sync a folder
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def files_in(folder: Path) -> list[Path]:
    """Return all files of a folder and those in it, in order of their names."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def whole_file(path: Path, text: str) -> Path:
    """Write a text file, and return its path; what stood there goes away only once the new one is in place."""
    path.absolute().parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.absolute().parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
