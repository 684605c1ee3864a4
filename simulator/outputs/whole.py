"""Folders and files that are written whole or not at all.

They are written beside their place under a hidden name, synced to disk, and put in place at once, so that a run that is
cut off, or a full disk, leaves what stood there as it was. What a killed command left is cleared by the next one.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from simulator.errors import InputError, Problem
from simulator.outputs.locks import held, life, real

LONGEST: Final = 220
"""Bytes of a name: file systems take 255, and hidden names beside it are longer than the name."""
TEMPORARY, OLD = ".tmp", ".old"


def _refuse(path: Path, message: str, advice: str = "choose another place with --out", allowed: str = "") -> InputError:
    shown = str(path) if len(str(path)) <= LONGEST else f"{str(path)[:60]}... ({len(os.fsencode(path)):,} bytes)"
    return InputError([Problem(shown, "", message, allowed=allowed, advice=advice)])


def check_place(path: Path, *, folder: bool = True) -> None:
    """Check that a folder or file can be made, before the work begins whose results it is for; nothing is left there.

    Raises
    ------
    InputError
        If its name is too long, a file is in the way, or the disk or folder cannot be written to.
    """
    if len(os.fsencode(path.name)) > LONGEST:
        raise _refuse(path, "has a name that is too long", allowed=f"at most {LONGEST} bytes")
    try:
        place = real(path)
        if folder and place.is_dir() and os.path.ismount(place):
            raise _refuse(path, "is where a disk is mounted, and cannot be replaced", "name a folder inside it")
        if place.exists() and place.is_dir() != folder:
            raise _refuse(path, "is a file" if folder else "is a folder")
        above = place.parent
        while not above.exists():
            above = above.parent
        if not above.is_dir():
            raise _refuse(path, f"cannot be made: {above} is a file")
        Path(tempfile.mkdtemp(prefix=".corridor.", suffix=TEMPORARY, dir=above)).rmdir()
    except OSError as error:
        raise _refuse(path, f"cannot be written: {error.strerror or error}") from None


@contextmanager
def taken(folder: Path) -> Iterator[None]:
    """Hold a folder for a command that will write it: from before its work begins until it is written.

    What earlier commands left beside it when they were killed is put back or cleared.

    Raises
    ------
    InputError
        If the folder cannot be made, or another command is writing it.
    """
    check_place(folder)
    place = real(folder)
    made = _make_parents(place.parent)
    try:
        with held(place):
            recover(place)
            yield
    finally:
        for parent in made:  # those that were made here and hold nothing after all
            try:
                parent.rmdir()
            except OSError:
                break


def _make_parents(parent: Path) -> list[Path]:
    """Make a folder and those above it, and return those that were not there, the lowest first."""
    missing = [each for each in (parent, *parent.parents) if not each.exists()]
    parent.mkdir(parents=True, exist_ok=True)
    return missing


def recover(folder: Path) -> None:
    """Put back a folder that a killed command had moved aside, and clear what it left; whoever calls holds it."""
    left = leftovers(folder)
    aside = [path for path in left if path.name.endswith(OLD)]
    if aside and not folder.exists():
        aside.pop(aside.index(max(aside, key=lambda path: path.stat().st_mtime))).rename(folder)
    for path in left:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def put_back(folder: Path) -> None:
    """Put back a folder that a killed command had moved aside, before it is read."""
    place = real(folder)
    if place.exists() or not any(path.name.endswith(OLD) for path in leftovers(place)) or life(place) != "free":
        return
    try:
        with held(place):
            recover(place)
    except OSError:
        return  # it cannot be written to; whoever reads it says that it is not there


def put_all_back(root: Path) -> None:
    """Put back every folder below `root` that a killed command had moved aside, before they are listed."""
    form = re.compile(rf"\.(.+)\.[^.]+{re.escape(OLD)}")
    for path in sorted(root.rglob(f".*{OLD}")):
        if match := form.fullmatch(path.name):
            put_back(path.parent / match[1])


def leftovers(folder: Path) -> list[Path]:
    """Return the hidden folders and files beside a folder or file that commands wrote it in."""
    form = re.compile(rf"\.{re.escape(folder.name)}\.[^.]+(\.tmp|\.old)")
    try:
        return sorted(path for path in folder.parent.iterdir() if form.fullmatch(path.name))
    except OSError:
        return []


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a hidden folder beside `folder` to write into, and put it in its place when all went well.

    What stood there goes away; whether it may is for the caller to say.
    """
    with taken(folder):
        place = real(folder)
        temporary = Path(tempfile.mkdtemp(prefix=f".{place.name}.", suffix=TEMPORARY, dir=place.parent))
        try:
            temporary.chmod(0o777 & ~_umask())
            yield temporary
            for path in files_in(temporary):
                sync(path)
            for path in sorted(temporary.rglob("*")):
                if path.is_dir():
                    sync(path)
            sync(temporary)
            put(temporary, place)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def put(temporary: Path, folder: Path) -> None:
    """Put `temporary` in the place of `folder`, which is held; what stood there goes away only once that is done."""
    if not folder.exists() or not any(folder.iterdir()):
        temporary.rename(folder)
        sync(folder.parent)
        return
    if exchange(temporary, folder):
        sync(folder.parent)
        return
    old = temporary.with_suffix(OLD)
    folder.rename(old)  # killed from here on, `recover` puts it back
    try:
        temporary.rename(folder)
    except BaseException:
        old.rename(folder)
        raise
    sync(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


_HERE: Final = -100
_EXCHANGE: Final = 2
"""AT_FDCWD and RENAME_EXCHANGE of Linux."""


def exchange(one: Path, other: Path) -> bool:
    """Let two folders trade places in one step, and return whether the system can."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    return bool(rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def sync(path: Path) -> None:
    """Let a file or folder reach the disk."""
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


@contextmanager
def whole_path(path: Path) -> Iterator[Path]:
    """Give a hidden path beside `path` to write a file to, and put it in its place when all went well."""
    check_place(path, folder=False)
    place = real(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    with held(place):
        recover(place)
        yield from _beside(place)


def _beside(place: Path) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(prefix=f".{place.name}.", suffix=TEMPORARY, dir=place.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        sync(temporary)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(place)
    finally:
        temporary.unlink(missing_ok=True)


def whole_file(path: Path, text: str) -> Path:
    """Write a text file, and return its path; what stood there goes away only once the new one is in place."""
    with whole_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path
