"""Mutate input files, check them, and run some of those that pass: nothing may break, hang, or run to nonsense.

``python tools/fuzz.py --count 3000 --seed 1`` mutates files of every kind that is read (`KINDS`), one mutation (or two)
each, and asks for what a user would: the check of the scenario, of its overrides or of a design, or the table of
evidence. It reports every traceback, everything that takes 20 seconds of a processor or 500 MB more than the unmutated
files, and every file that is written. Of those that pass, ``--runs`` are run at a coarse scale, under the same limits;
nothing that is negative or not finite may come out, and where nobody sets out, the run has to say so.

The mutations of a case depend on the seed and the number of the case alone. ``--only NUMBER --keep FOLDER`` makes one
again and keeps its files; ``--first NUMBER`` begins with a later one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
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
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

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
DESIGN: Final = """question: Does the agreement turn people to the long way?
cases:
  two-ways:
    {scenario: ../../two-ways.yaml, persons_per_agent: 1000, start: 2016-01-01, end: 2016-07-01, names: {which: narrow}}
arms:
  with: {label: The agreement, summary: As it was.}
  no-news: {summary: Nobody hears of the way of others., set: {switches.diffusion: false}}
baseline: with
factors:
  effort: {set: policies.sea-agreement.levers.0.values.0.value, values: [1, 4], as_it_was: 1}
  news: {field: parameters.news.weight, low: 0.1, high: 0.8, scale: log, steps: 2}
  ways: {levels: {as-is: {}, decided: {overrides: [delta-decides]}}}
sampling: {method: list, seed: 3, points: [{effort: 1, news: 0.2, ways: as-is}, {effort: 4, news: 0.3, ways: decided}]}
draws: {number: 2, seed: 4, members: true, fields: [parameters.crossing.*]}
replicates: 2
measures:
  arrivals: {measure: arrivals, better: less, label: Arrivals}
  sea: {measure: arrivals, where: {route: "{which}-sea"}, since: 2016-02, until: 2016-05}
tables:
  by-route: {measure: arrivals, by: [route, month], when: {effort: [4]}}
stopping: {measure: arrivals, width: 100, least: 2, most: 4, step: 2}
luck: {replicates: 3, arms: [no-news]}
"""
"""A design with nearly everything that one can say."""
FIT: Final = """fitted: 2020-01-01
code: "abc1234"
data: [invented]
period: [2014-01, 2016-12]
loss: 0.4
how: Made up.
fields:
  parameters.news.weight: {unit: utility, range: [0.05, 0.9], interval: [0.1, 0.8]}
members:
  - {loss: 0.4, values: {parameters.news.weight: 0.35}}
  - {loss: 0.5, values: {parameters.news.weight: 0.45}}
"""
STATEMENT: Final = """scenario: statement
title: Three months of the Mediterranean
summary: So short that it is checked quickly.
base: mediterranean
period: {start: 2016-03-01, end: 2016-06-01}
step_days: month
persons_per_agent: 10000
seed: 1
overrides: [destinations-answer, turkey-decides]
"""
LIBRARY: Final = ("canada-us", "norway-ethiopia")
KINDS: Final = (
    *["strait"] * 19, *["design"] * 4, *["canada-us"] * 2, *["norway-ethiopia"] * 2, "mediterranean", "experiment",
    "seeds",
)  # fmt: skip
"""Where the mutated file lies: a corridor of a user's own; its designs; corridors of the library, with regimes, costs
and fit; the largest of them, with observed series, responses and overrides; an experiment of the library; the evidence.
"""


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


# --- what is mutated --------------------------------------------------------------------------------------------------
def _strait(work: Path) -> None:
    from simulator.scenario.new import new

    new(work)
    corridor = work / "strait" / "corridor.yaml"
    corridor.write_text(corridor.read_text(encoding="utf-8") + "fit: fit.yaml\n", encoding="utf-8")
    (work / "strait" / "fit.yaml").write_text(FIT, encoding="utf-8")
    (work / "experiments" / "wide").mkdir()
    (work / "experiments" / "wide" / "design.yaml").write_text(DESIGN, encoding="utf-8")


def _library(work: Path, *names: str) -> None:
    """Copy corridors, and the files of the largest that others read."""
    library = ROOT / "scenarios"
    for name in names:
        shutil.copytree(library / name, work / name, copy_function=shutil.copyfile)
        if (library / f"{name}.yaml").is_file():
            shutil.copyfile(library / f"{name}.yaml", work / f"{name}.yaml")
    (work / "mediterranean").mkdir(exist_ok=True)
    for file in ("regimes.yaml", *(f"mediterranean/{name}.yaml" for name in ("parameters", "fit", "costs"))):
        shutil.copyfile(library / file, work / file)


def _seeds(work: Path) -> None:
    """Copy some of the evidence, and one corridor that cites it: parsing all of it takes seconds."""
    _library(work / "scenarios", "canada-us")
    evidence = work / "seeds" / "evidence"
    evidence.mkdir(parents=True)
    text = (ROOT / "seeds" / "publishers.yaml").read_text(encoding="utf-8")
    cited = "".join(file.read_text(encoding="utf-8") for file in (work / "scenarios").rglob("*.yaml"))
    blocks = [block + "\n" for block in text.split("\n\n") if ":" in block]
    kept = [block for block in blocks if block.split(":")[0] in cited or block.startswith(("jmdi", "mpi"))]
    (work / "seeds" / "publishers.yaml").write_text("\n".join(kept), encoding="utf-8")
    whole = ROOT / "seeds" / "evidence"
    shutil.copyfile(whole / "jmdi-mind-the-gap-2017.yaml", evidence / "jmdi-mind-the-gap-2017.yaml")
    statement = "mpi-council-statement-2017"
    (evidence / statement).mkdir()
    shutil.copyfile(whole / statement / "conditions.yaml", evidence / statement / "conditions.yaml")


def _mediterranean(work: Path) -> None:
    _library(work, "mediterranean")
    (work / "statement.yaml").write_text(STATEMENT, encoding="utf-8")
    shutil.copytree(ROOT / "scenarios" / "overrides", work / "overrides", copy_function=shutil.copyfile)


def _experiment(work: Path) -> None:
    (work / "scenarios").mkdir(parents=True)
    _library(work / "scenarios", "canada-us")
    shutil.copytree(ROOT / "experiments" / "safe-third-country", work / "experiments" / "mine",
                    copy_function=shutil.copyfile)  # fmt: skip
    design = work / "experiments" / "mine" / "design.yaml"
    text = design.read_text(encoding="utf-8").replace("scenario: canada-us", "scenario: ../../scenarios/canada-us.yaml")
    design.write_text(text, encoding="utf-8")


MADE: Final[dict[str, Callable[[Path], None]]] = {
    "strait": _strait, "design": _strait, "mediterranean": _mediterranean, "experiment": _experiment, "seeds": _seeds,
    **{name: lambda work, name=name: _library(work, name) for name in LIBRARY},  # type: ignore[misc]
}  # fmt: skip


@dataclass
class Base:
    """Files of a kind in a folder, as they are unmutated; a case mutates some and puts them back.

    What is read again and again, and not mutated, is thus parsed once.
    """

    kind: str
    folder: Path
    kept: dict[Path, tuple[bytes, int]] = field(default_factory=dict)
    usual: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Seconds and MB that the unmutated files take, by what is asked for."""

    @property
    def work(self) -> Path:
        """The folder of the files, alone in its own."""
        return self.folder / "work"

    def make(self) -> Base:
        """Write the files."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.work.mkdir(parents=True)
        MADE[self.kind](self.work)
        files = sorted(path for path in self.work.rglob("*") if path.is_file())
        self.kept = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}
        return self

    def restore(self, changed: Sequence[Path], *, whole: bool) -> None:
        """Put back what was changed; or everything, if something else was written."""
        if whole:
            self.make()
        for path in changed:
            data, at = self.kept[path]
            path.write_bytes(data)
            os.utime(path, ns=(at, at))

    def choose(self, luck: random.Random) -> Path:
        """Return a file to mutate."""
        files = [path for path in self.kept if path.suffix in (".yaml", ".csv") and path.name != "known.csv"]
        within = {"design": "experiments", "experiment": "experiments", "seeds": "seeds"}.get(self.kind)
        if within:
            files = [path for path in files if path.relative_to(self.work).parts[0] == within]
        return luck.choice(files)

    def asked(self, changed: Sequence[Path]) -> list[Path]:
        """Return what is checked: the design that reads a file, or the scenario and its overrides."""
        work = self.work
        found: dict[Path, None] = {}
        for path in changed:
            parts = path.relative_to(work).parts
            if parts[0] == "experiments":
                found[work / "experiments" / parts[1]] = None
            elif self.kind == "strait" and path.name == "delta-decides.yaml":
                found.update({path: None, work / "experiments" / "bargain": None})
            elif parts[0] == "overrides":
                found.update({path: None, self.scenario: None})
            else:
                found[self.scenario] = None
        return [path for path in found if path.exists()] or [self.scenario]

    @property
    def scenario(self) -> Path:
        """The file of the scenario."""
        names = {"strait": "two-ways", "design": "two-ways", "mediterranean": "statement"}
        return self.work / f"{names.get(self.kind, self.kind)}.yaml"


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
    # About one case in five passes and can be run; the others need no run.
    share = min(1.0, 6 * runs / count) if count else 0.0
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
