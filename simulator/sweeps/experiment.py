"""Experiments as files: a question, what is varied and compared, what is drawn, what is measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import Field, JsonValue

from simulator.errors import Problem
from simulator.outputs.frames import MEASURES
from simulator.outputs.provenance import json_hash
from simulator.scenario.evidence import Frozen, Identifier
from simulator.scenario.messages import mark_of
from simulator.scenario.tables import Month
from simulator.scenario.yaml_file import Document, KeyPath, dotted
from simulator.sweeps.factors import Factor, Laid, Sampling, Stopping

DESIGN: Final = "design.yaml"
SHORTHANDS: Final[dict[str, tuple[str, dict[str, tuple[str, ...]]]]] = {
    "protection": ("decisions", {"outcome": ("protection", "protection_on_appeal")}),
    "cost": ("spending", {}),
}
"""Measures by another name: the recorded one, and what is kept of it."""
ASKABLE: Final = (*MEASURES, *SHORTHANDS)
COLUMNS: Final = ("case", "arm", "draw", "replicate", "seed", "member", "failed")
"""Columns of a comparison's table of runs."""
RESERVED: Final = (*COLUMNS, "id", "row", "point", "status", "error", "seconds", "again", "scenario")
"""Columns of tables of runs that no measure and no factor may be named as."""
FEWEST_SEEDS: Final = 3
"""That a variance of differences can be told from."""
TOLD: Final = "docs/compare.md tells how to write one"
DRAWN: Final = "."
"""What the columns of drawn values have in their names."""
SHARED: Final = ("seed", "persons_per_agent", "step_days", "period", "fit_member")
"""Fields that the arms of a case share, or their runs could not be set against each other."""


Asked = TypeVar("Asked", "Measured", "Tabled")


class Arm(Laid):
    """One of the things that are compared."""

    summary: str = ""
    """What it means, in a sentence or two."""


class Case(Laid):
    """A setting in which all arms are compared."""

    scenario: str
    """Name or path of a scenario."""
    persons_per_agent: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """People that a row stands for; by default that of the experiment, or of the scenario."""
    names: dict[Identifier, str] = Field(default_factory=dict)
    """What ``{NAME}`` stands for in the fields that arms set and the labels that measures keep, where cases differ: so
    that one arm can lay a regime over the bargain of each case."""
    start: date | None = None
    """First day, in place of the scenario's own."""
    end: date | None = None
    """Day after the last, in place of the scenario's own."""


def in_case(settings: Mapping[str, JsonValue], names: Mapping[str, str]) -> dict[str, JsonValue]:
    """Return what an arm sets in a case: ``{NAME}`` in a field is what the case says that it stands for."""
    found = dict(settings)
    for name, meant in names.items():
        found = {field.replace(f"{{{name}}}", meant): value for field, value in found.items()}
    return found


def measures_in(measures: Mapping[str, Asked], names: Mapping[str, str]) -> dict[str, Asked]:
    """Return measures (or tables) as a case takes them: ``{NAME}`` in a label is what the case says it stands for."""

    def meant(label: str) -> str:
        for name, word in names.items():
            label = label.replace(f"{{{name}}}", word)
        return label

    return {
        key: each.model_copy(
            update={
                "where": {
                    dim: meant(given) if isinstance(given, str) else tuple(meant(label) for label in given)
                    for dim, given in each.where.items()
                }
            }
        )
        for key, each in measures.items()
    }


class Draws(Frozen):
    """Draws from the ranges of uncertain numbers; every arm of a draw has the same values."""

    number: Annotated[int, Field(ge=0, le=100_000)] = 0
    """How many; 0 or 1 draws nothing and keeps the best values."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    """Seed of the draws; it has nothing to do with the luck of runs."""
    members: bool = True
    """Whether to draw the member of the corridor's fit, where it has one: members hold fitted values together."""
    fields: tuple[str, ...] = ()
    """Dotted fields to draw, with ``*`` for any text: ``parameters.news.weight``, ``parameters.feedback.*``,
    ``policies.NAME.levers.0.factor``, ``policies.NAME.payments.0.factor``, ``partnerships.0.trust``."""


class Measured(Frozen):
    """A number that is taken of each run."""

    measure: str
    """A recorded field, ``arrivals``, ``protection`` (people granted it) or ``cost`` (all governments' spending)."""
    where: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    """Labels to keep, by dimension."""
    at: Literal["total", "end", "mean"] | None = None
    """``total`` of a flow; of a level the ``end`` (its last month) or the ``mean``. By default the total of a flow, the
    end of a count of people, the mean of any other level."""
    since: Month | None = None
    """First month that counts, YYYY-MM; by default all."""
    until: Month | None = None
    """Last month that counts."""
    better: Literal["less", "more"] | None = None
    """Which is better; left out for a measure that is shown but judges nothing."""
    label: str = ""
    """Name in tables and figures; by default its key."""


class Tabled(Frozen):
    """A table that is kept of each run of a sweep: a recorded measure added up by some of its dimensions."""

    measure: str
    """A recorded field, or ``arrivals``."""
    by: Annotated[tuple[str, ...], Field(min_length=1)]
    """Dimensions: ``route``, ``origin``, ``month``, ``year`` ... ; ``corridor explain`` lists none, an error does."""
    where: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    """Labels to keep, by dimension."""
    when: dict[Identifier, Annotated[tuple[JsonValue, ...], Field(min_length=1)]] = Field(default_factory=dict)
    """Values of factors at which it is kept; by default of every run. A table by leg and month is large."""

    def kept(self, factors: Mapping[str, Any]) -> bool:
        """Return whether it is kept of a run with these values of factors, as they stand in the plan or in a design."""
        return all(any(_same(factors.get(name), value) for value in values) for name, values in self.when.items())


def _same(one: Any, other: Any) -> bool:
    """Return whether two values of a factor are the same: the plan holds them as numbers, or as texts."""
    return bool(one == other or str(one) == str(other))


class Luck(Frozen):
    """How many times fewer replicates common luck needs: measured at the best values."""

    replicates: Annotated[int, Field(ge=FEWEST_SEEDS, le=10_000)] = 20
    """Seeds; each arm is run with all of them."""
    arms: tuple[str, ...] = ()
    """Arms to set against the baseline; by default the first other arm."""


class Experiment(Frozen):
    """Runs of arms and factors, over draws and replicates, on common luck."""

    question: str
    """What it is to answer."""
    scenario: str | None = None
    """Name or path of the one scenario; or give `cases`."""
    cases: dict[Identifier, Case] = Field(default_factory=dict)
    """Settings in which all arms are compared, each by itself."""
    persons_per_agent: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """People that a row stands for, in every case that does not say."""
    arms: Annotated[dict[Identifier, Arm], Field(min_length=1)]
    """What is compared; a sweep may leave them out, and then has one, the scenario as it is."""
    baseline: str
    """The arm that the others are set against first."""
    factors: dict[Identifier, Factor] = Field(default_factory=dict)
    """What a sweep varies on purpose."""
    sampling: Sampling = Sampling()
    """How points are taken from the factors."""
    draws: Draws = Draws()
    """Draws of uncertain numbers."""
    replicates: Annotated[int, Field(ge=1, le=10_000)] = 1
    """Seeds for each draw, the same for every arm of it."""
    measures: Annotated[dict[Identifier, Measured], Field(min_length=1)]
    """What is measured."""
    tables: dict[Identifier, Tabled] = Field(default_factory=dict)
    """Tables that are kept of each run of a sweep."""
    stopping: Stopping | None = None
    """When a sweep has made enough replicates; without it each has `replicates`."""
    luck: Luck | None = None
    """Measurement of what common luck saves."""
    least: dict[Identifier, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(default_factory=dict)
    """By measure, the least difference between arms that matters, in its unit; by default a hundredth of its mean size.
    Arms that lie nearer to each other do equally well."""
    reading: str = ""
    """What the results say and do not say, in plain words, once somebody has read them."""
    reading_of: Annotated[str, Field(pattern=r"^([0-9a-f]{12,})?$")] = ""
    """Hash, or its first 12 digits or more, of the runs that the reading is of (``hash`` in their record): it is shown
    over no others."""

    @property
    def asked_hash(self) -> str:
        """Hash of what is asked; see `asked_hash`."""
        return asked_hash(self.model_dump(mode="json"))


def asked_hash(design: Mapping[str, Any]) -> str:
    """Return the hash of what a design asks, as JSON holds it: all but which runs a reading is of.

    Without a least difference it is what it was before a design could have one, so that older sweeps can be gone on
    with.
    """
    left_out = {"reading_of", *(() if design.get("least") else ("least",))}
    return json_hash({name: value for name, value in design.items() if name not in left_out})


@dataclass(frozen=True)
class Design:
    """An experiment as read.

    Attributes
    ----------
    name : of the experiment: its folder's, or its file's.
    experiment : what it says.
    document : its plain values, and the lines that they stand on.
    path : its file.
    """

    name: str
    experiment: Experiment
    document: Document
    path: Path

    @property
    def cases(self) -> dict[str, Case]:
        """Every case by name; the one scenario is a case of its own name."""
        made = self.experiment
        if made.cases:
            return made.cases
        assert made.scenario is not None
        return {Path(made.scenario).stem: Case(scenario=made.scenario)}

    def problem(
        self, path: KeyPath, message: str, value: object = None, allowed: str = "", advice: str = ""
    ) -> Problem:
        """Return a problem of something that the design says, with the line that says it."""
        return problem(self.document, path, message, value, allowed, advice)


def problem(
    document: Document, path: KeyPath, message: str, value: object = None, allowed: str = "", advice: str = ""
) -> Problem:
    """Return a problem of a value of a document, with its line."""
    where = mark_of(document.marks, path)
    return Problem(where.file, dotted(path), message, value, where.line, allowed, advice)
