"""Mutate input files, check them, and run some of those that pass: nothing may break, hang, or run to nonsense.

``python tools/fuzz.py --count 3000 --seed 1`` mutates files of every kind that is read (`mutated.KINDS`), one mutation
(or two) each, and asks for what a user would: the check of the scenario, of its overrides or of a design, or the table
of evidence. It reports every traceback, everything that takes 20 seconds of a processor or 500 MB more than the
unmutated files, and every file that is written. Of those that pass, ``--runs`` are run at a coarse scale, under the
same limits; nothing that is negative or not finite may come out, and where nobody sets out, the run has to say so.

The mutations of a case depend on the seed and the number of the case alone. ``--only NUMBER --keep FOLDER`` makes one
again and keeps its files; ``--first NUMBER`` begins with a later one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from mutated import KINDS, Base  # noqa: E402
from mutations import mutate  # noqa: E402

MOST_SECONDS: Final = 20.0
"""Of a processor, more than the unmutated files take: what else the machine does counts for nothing."""
MOST_TIMES: Final = 50.0
"""As many times what the unmutated files take are allowed, too: a slow machine is no fault."""
MOST_MORE_MB: Final = 500.0
MEMORY: Final = 6 * 2**30
"""Address space of a worker, so that a mutation cannot take the machine down; libraries map over 2 GB of it."""
SCALE: Final = 2000
"""People a row in runs; the smallest corridor has millions."""
COUNTS: Final = (
    "departures", "attempts", "crossings", "interceptions", "deaths", "claims", "decisions", "returns", "stocks",
    "prices", "revenue", "backlog", "remittances", "spending", "death_risk",
)  # fmt: skip
"""Measures that are finite and not negative, whatever the corridor."""


@dataclass(frozen=True)
class Outcome:
    """What became of a case."""

    number: int
    base: str
    what: str
    verdict: str
    """``refused``, ``passed``, or what is wrong: ``traceback``, ``slow``, ``memory``, ``wrote``, ``nonsense``."""
    said: str
    seconds: float
    more_mb: float
    ran: bool = False


class TooLong(BaseException):
    """What is raised in a check or run that does not end."""


# --- cases ------------------------------------------------------------------------------------------------------------
def _listing(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*"))


def _resident_mb(which: str) -> float:
    """Return the memory that this process has (``VmRSS``), or had at its peak (``VmHWM``)."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith(which)) / 1024
    except OSError:  # no Linux: the peak of all cases so far
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def measured(found: list[float], most: float) -> Iterator[None]:
    """Put the processor seconds and the MB that something takes into a list; end it if it goes on and on."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TooLong

    try:
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    except OSError:
        pass
    began, before = time.process_time(), _resident_mb("VmRSS")
    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, most)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        found[:] = [time.process_time() - began, _resident_mb("VmHWM") - before]


@contextmanager
def evidence_in(folder: Path) -> Iterator[None]:
    """Let the library be a folder, with the evidence in it."""
    from simulator.scenario import library, references, regimes, seeds

    modules = (library, seeds, references, regimes)
    kept = [module.library_folder for module in modules]  # type: ignore[attr-defined]
    for module in modules:
        module.library_folder = lambda: folder  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for module, real in zip(modules, kept, strict=True):
            module.library_folder = real  # type: ignore[attr-defined]


def ask(base: Base, changed: Sequence[Path]) -> None:
    """Ask what a user would ask of mutated files; warnings are an answer."""
    from simulator import api

    if base.kind != "seeds":
        api.check(base.asked(changed))
        return
    with evidence_in(base.work):
        rows = api.evidence()
        for name in ("jmdi-mind-the-gap-2017", *(row["id"] for row in rows[:2])):
            api.evidence(name)
        api.check(base.work / "scenarios" / "canada-us.yaml")


def nonsense(base: Base, changed: Sequence[Path]) -> str:
    """Run a scenario at a coarse scale and return what is nonsense about it, or an empty string."""
    import numpy as np

    from simulator import api

    names = {path.name for path in changed}
    laid = ["delta-decides"] if names & {"delta-decides.yaml", "bargains.yaml"} else []
    laid += ["no-agreement"] if "no-agreement.yaml" in names else []
    result = api.run(base.scenario, overrides=laid, persons_per_agent=SCALE)
    for name in COUNTS:
        values = result.tables[name]["value"].to_numpy()
        if not np.isfinite(values).all():
            return f"{name} is not finite"
        if (values < 0).any():
            return f"{name} is negative"
    if not result.tables["departures"]["value"].sum() and not result.words:
        return "nobody sets out, and nothing is said"
    return ""


def _limit(usual: float) -> float:
    return usual + max(MOST_SECONDS, MOST_TIMES * usual)


def _call(done: Callable[[], str], usual: tuple[float, float]) -> tuple[str, str, float, float]:
    """Call something; return the verdict, what is said, and the seconds and MB that it took beyond the usual."""
    from simulator.errors import InputError

    took = [0.0, 0.0]
    verdict, said = "passed", ""
    try:
        with measured(took, _limit(usual[0])):
            said = done()
        verdict = "nonsense" if said else verdict
    except InputError as error:
        verdict, said = "refused", str(error)[:300]
    except TooLong:
        verdict, said = "slow", traceback.format_exc()[-1500:]
    except BaseException:
        verdict, said = "traceback", traceback.format_exc()[-1500:]
    more = took[1] - usual[1]
    return ("memory" if verdict in ("passed", "refused") and more > MOST_MORE_MB else verdict), said, took[0], more


def _usual(base: Base, what: str, done: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds and MB that something takes with the unmutated files."""
    if what not in base.usual:
        took = [0.0, 0.0]
        if not base.usual:
            done()  # what it imports is no part of it
        with measured(took, 600.0):
            done()
        base.usual[what] = took[0], took[1]
    return base.usual[what]


def case(base: Base, number: int, luck: random.Random, run_it: bool) -> Outcome:
    """Mutate files of a base, ask for them, run them if they pass and it is asked for, and put them back."""
    changed: list[Path] = []
    told = []
    chosen = [base.choose(luck) for _ in range(luck.choice((1, 1, 1, 2)))]
    _usual(base, "run", lambda: nonsense(base, ())) if run_it else None
    usual = _usual(base, "" if base.kind == "seeds" else base.asked(chosen)[-1].name, lambda: ask(base, chosen))
    for path in chosen:
        if path.is_file():
            told.append(f"{path.relative_to(base.work)}: {mutate(path, luck)}")
            changed.append(path)
    before = _listing(base.work)
    verdict, said, seconds, more = _call(lambda: ask(base, changed) or "", usual)
    ran = False
    if verdict == "passed" and run_it:
        ran = True
        verdict, said, seconds, more = _call(lambda: nonsense(base, changed), base.usual["run"])
    wrote = _listing(base.work) != before or len(list(base.folder.iterdir())) != 1
    if verdict in ("passed", "refused") and wrote:
        verdict = "wrote"
    base.restore(changed, whole=wrote)
    return Outcome(number, base.kind, "; ".join(told), verdict, said, seconds, more, ran)


_BASES: dict[str, Base] = {}
"""Those of this worker."""
_PLACE: list[Path] = []


def one(number: int, seed: int, run_it: bool) -> Outcome:
    """Make the case of a number."""
    luck = random.Random(f"{seed} {number}")
    kind = luck.choice(KINDS)
    if kind not in _BASES:
        _BASES[kind] = Base(kind, _PLACE[0] / f"{os.getpid()}.{kind}").make()
    base = _BASES[kind]
    os.chdir(base.folder)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return case(base, number, luck, run_it and kind == "strait")
    finally:
        os.chdir(_PLACE[0])


def _start(place: str) -> None:
    """Say where a worker's files go, and hold its memory back."""
    _PLACE[:] = [Path(place)]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def outcomes(count: int, seed: int, runs: int, workers: int, first: int = 0) -> Iterator[Outcome]:
    """Yield what became of each case; of about `runs` of those that pass, a run is made."""
    # About one case in eight passes and can be run; the others need no run.
    share = min(1.0, 8 * runs / count) if count else 0.0
    numbers = range(first, count)
    asked = [random.Random(f"run {seed} {number}").random() < share for number in numbers]
    with (
        tempfile.TemporaryDirectory(prefix="fuzz.") as place,
        ProcessPoolExecutor(workers, initializer=_start, initargs=(place,)) as pool,
    ):
        yield from pool.map(one, numbers, [seed] * len(numbers), asked, chunksize=4)


def again(number: int, seed: int, folder: Path) -> Outcome:
    """Make a case once more, and keep its files."""
    folder.mkdir(parents=True, exist_ok=True)
    _PLACE[:] = [folder.resolve()]
    Base.restore = lambda self, changed, *, whole: None  # type: ignore[method-assign]
    return one(number, seed, True)


def main() -> int:
    """Make the cases and report; return 1 if anything broke."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--only", type=int, help="make this one case alone, and show what is said")
    parser.add_argument("--keep", default="", help="with --only: a new folder for its files")
    parser.add_argument("--out", default="", help="file to which every outcome is added, one line of JSON each")
    given = parser.parse_args()
    if given.only is not None:
        with tempfile.TemporaryDirectory(prefix="fuzz.") as place:
            print(json.dumps(asdict(again(given.only, given.seed, Path(given.keep or place))), indent=1))
            os.chdir("/")
        return 0
    counts: Counter[str] = Counter()
    bad: list[dict[str, Any]] = []
    ran, slowest = 0, 0.0
    lines = Path(given.out).open("a", encoding="utf-8") if given.out else None
    for made in outcomes(given.count, given.seed, given.runs, given.workers, given.first):
        counts[made.verdict] += 1
        ran += made.ran
        slowest = max(slowest, made.seconds)
        if made.verdict not in ("passed", "refused"):
            bad.append(asdict(made))
            print(f"{made.number} ({made.base}) {made.what}: {made.verdict}\n{made.said}", flush=True)
        if lines is not None:
            lines.write(json.dumps(asdict(made)) + "\n")
            lines.flush()
    said = ", ".join(f"{n} {verdict}" for verdict, n in counts.most_common())
    print(f"cases {given.first} to {given.count - 1}, seed {given.seed}: {said}")
    print(f"{ran} of those that pass were run; the slowest took {slowest:.1f} processor seconds")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
