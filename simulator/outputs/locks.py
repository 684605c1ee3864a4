"""One command on a folder at a time, told by a lock that the system gives back when its process dies."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Literal

from simulator.errors import InputError, Problem

try:
    import fcntl
except ImportError:  # Windows: two commands on one folder are not told apart there
    fcntl = None  # type: ignore[assignment]

Life = Literal["free", "running", "unknown"]

_HELD: Final[dict[Path, tuple[int, int]]] = {}
"""Locks of this process: the thread that holds each, and how many times."""
_GUARD: Final = threading.Lock()


def real(folder: Path) -> Path:
    """Return where a folder lies, links followed, so that a folder that is reached by two names is one."""
    return Path(os.path.realpath(folder))


def lock_file(folder: Path) -> Path:
    """Return the file beside a folder that is locked while a command writes it."""
    place = real(folder)
    return place.with_name(f".{place.name}.lock")


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder while it is written; its parent is there.

    Raises
    ------
    InputError
        If another command, or another thread, is writing it.
    """
    file = lock_file(folder)
    with _GUARD:
        thread, times = _HELD.get(file, (threading.get_ident(), 0))
        if thread != threading.get_ident():
            raise _taken(folder)
        descriptor = _open(file, folder) if times == 0 else -1
        _HELD[file] = (thread, times + 1)
    try:
        yield
    finally:
        with _GUARD:
            _HELD[file] = (thread, times)
            if times == 0:
                del _HELD[file]
                with suppress(OSError):
                    file.unlink()  # while it is locked: who opens it before this finds that it is gone
                os.close(descriptor)


def _open(file: Path, folder: Path) -> int:
    """Open and lock a file, and return its descriptor."""
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if fcntl is not None:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise _taken(folder) from None
                except OSError:
                    pass  # a file system without locks
            if not _is(file, descriptor):
                os.close(descriptor)
                continue
            os.ftruncate(descriptor, 0)
            os.write(descriptor, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode())
            return descriptor
        except BaseException:
            os.close(descriptor)
            raise


def _is(file: Path, descriptor: int) -> bool:
    """Return whether a file still stands under its name: another may have removed it before we had its lock."""
    try:
        return os.path.samestat(os.stat(file), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _taken(folder: Path) -> InputError:
    advice = "wait until it ends, or choose another folder with --out"
    return InputError([Problem(str(folder), "", "is being written by another command", advice=advice)])


def life(folder: Path) -> Life:
    """Return whether a command is writing a folder; unknown if it was begun on another machine and left its file."""
    file = lock_file(folder)
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except OSError:
        return "free"
    try:
        if fcntl is not None:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return "running"
            except OSError:
                return "unknown"
        try:
            said = json.loads(os.read(descriptor, 1000) or b"{}")
        except ValueError:
            return "unknown"
        here = isinstance(said, dict) and said.get("host") == socket.gethostname()
        return "free" if here and fcntl is not None else "unknown"
    finally:
        os.close(descriptor)
