"""The files that are mutated, by kind: a corridor of a user's own, corridors of the library, designs, evidence."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
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
