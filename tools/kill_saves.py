"""Kill commands while they save and replace a run and a sweep: `python tools/kill_saves.py [NUMBER]`.

Each time a process is killed at a moment of its own, told by how many calls that touch the disk it has made. What
stands there then must be the old whole, or the new whole, once the next command has looked; and nothing may be left
beside it once the next command has written. Every third kill is of a machine that cannot exchange two folders in one
step, and half of those fall before one of its two renames; every fifth is of a sweep that is replaced.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WATCHED = ("rename", "replace", "mkdir", "fsync", "unlink", "rmdir", "open")
"""Calls of the system before each of which a process may be killed."""
RUN_CALLS, SWEEP_CALLS = 140, 82
"""A few more than replacing a run takes, and planning a sweep over another and ending it."""


def die_at(moment: int, calls: tuple[str, ...]) -> None:
    """Let this process be killed before one of its calls of some kinds, counted from now."""
    left = [moment]

    def counted(name: str) -> None:
        real = getattr(os, name)

        def call(*arguments: object, **named: object) -> object:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **named)

        setattr(os, name, call)

    for name in calls:
        counted(name)


def child(what: str, folder: Path, moment: int, *, seed: int, plain: bool, calls: tuple[str, ...]) -> None:
    """Save a run or plan a sweep over the one that is there, and be killed in it; only in a process of its own."""
    from simulator.outputs import whole

    if plain:
        whole.exchange = lambda *_: False
    if what == "run":
        from fake_run import fake_result

        result = fake_result(seed=seed)[0]
        die_at(moment, calls)
        result.save(folder, overwrite=True)
        return
    from sweeping import Serial, serial

    from simulator import api
    from simulator.sweeps import engine as engines

    engines.engine = serial(Serial())  # type: ignore[assignment]
    os.chdir(folder.parent)
    die_at(moment, calls)
    api.sweep("sea", out=folder, overwrite=True)


def start(what: str, folder: Path, moment: int, *, seed: int, plain: bool, calls: tuple[str, ...]) -> bool:
    """Do it in a process of its own, which begins with what this one has read, and return whether it was killed."""
    process = os.fork()
    if not process:
        status = 1
        try:
            child(what, folder, moment, seed=seed, plain=plain, calls=calls)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    ended = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert ended in (0, -signal.SIGKILL), ended
    return ended != 0


def killed_run(folder: Path, moment: int, turn: int, *, plain: bool, calls: tuple[str, ...]) -> tuple[bool, str]:
    """Replace a run and be killed in it; return whether it was killed, and what is wrong then, if anything."""
    from fake_run import fake_result

    from simulator.outputs.result import Result

    killed = start("run", folder, moment, seed=turn + 2, plain=plain, calls=calls)
    try:
        seed = Result.load(folder).seed
    except Exception as error:
        return killed, f"the run is hidden or torn: {error}"
    if seed not in (1, turn + 2):
        return killed, f"another run stands there, of seed {seed}"
    fake_result(seed=1)[0].save(folder, overwrite=True)
    left = [path.name for path in folder.parent.iterdir() if path.name.startswith(f".{folder.name}.")]
    return killed, f"left behind: {left}" if left else ""


def killed_sweep(folder: Path, moment: int, *, plain: bool, calls: tuple[str, ...]) -> tuple[bool, str]:
    """Replace a sweep and be killed in it; return whether it was killed, and what is wrong then, if anything."""
    from simulator import api
    from simulator.sweeps.results import open_sweep, sweep_folders

    expected = (folder.parent / "expected").read_text()
    killed = start("sweep", folder, moment, seed=1, plain=plain, calls=calls)
    if sweep_folders(folder.parent) != [folder]:
        return killed, "the sweep is not listed"
    try:
        state = open_sweep(folder).state
        # Replaced, planned anew and cut off: it can be gone on with.
        made = api.sweep("sea", out=folder, resume=True).state if not state.get("ended") else state
    except Exception as error:
        return killed, f"the sweep is hidden or torn: {error}"
    left = [path.name for path in folder.parent.iterdir() if path.name.startswith(f".{folder.name}.")]
    if state.get("ended"):  # the next command that writes clears what is left
        made, left = api.sweep("sea", out=folder, resume=True).state, [
            path.name for path in folder.parent.iterdir() if path.name.startswith(f".{folder.name}.")]  # fmt: skip
    return killed, "" if made["hash"] == expected and not left else f"other results, or left behind: {left}"


def prepare(folder: Path) -> None:
    """Save a run and make a sweep to replace; the working folder must be this one."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tools")]
    from damage import DESIGN
    from fake_run import fake_result
    from sweeping import Serial, serial

    from simulator import api
    from simulator.scenario.new import new
    from simulator.sweeps import engine as engines

    fake_result(seed=1)[0].save(folder / "run")
    new("mine")
    (folder / "experiments" / "sea").mkdir(parents=True)
    (folder / "experiments" / "sea" / "design.yaml").write_text(DESIGN, encoding="utf-8")
    engines.engine = serial(Serial())  # type: ignore[assignment]
    (folder / "expected").write_text(api.sweep("sea", out=folder / "sweep").state["hash"])


def main(count: int = 60) -> int:
    luck = random.Random(1)
    killed = faults = 0
    with tempfile.TemporaryDirectory(prefix="corridor-kills-") as name:
        os.chdir(name)
        prepare(Path(name))
        for turn in range(count):
            plain = turn % 3 == 0
            of_sweep = turn % 5 == 4
            calls = ("rename",) if turn % 6 == 3 else WATCHED
            most = 2 if turn % 6 == 3 else SWEEP_CALLS if of_sweep else RUN_CALLS
            moment = luck.randrange(most)
            if of_sweep:
                was, said = killed_sweep(Path(name) / "sweep", moment, plain=plain, calls=calls)
            else:
                was, said = killed_run(Path(name) / "run", moment, turn, plain=plain, calls=calls)
            killed += was
            faults += bool(said)
            print(f"{turn + 1}: {'sweep' if of_sweep else 'run'}, {'rename' if most == 2 else 'call'} {moment}, "
                  f"{'killed' if was else 'ended before'}: {said or 'whole'}", flush=True)  # fmt: skip
        os.chdir("/")
    print(f"{count} saves, {killed} killed, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
