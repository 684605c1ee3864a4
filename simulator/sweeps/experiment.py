"""Experiments as files: a question, the arms that are compared, what is drawn, what is measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, JsonValue, ValidationError

from simulator.errors import InputError, Problem, nearest
from simulator.outputs.frames import MEASURES
from simulator.scenario.evidence import Frozen, Identifier
from simulator.scenario.library import library_folder
from simulator.scenario.messages import mark_of, problems_of
from simulator.scenario.tables import Month
from simulator.scenario.yaml_file import Document, KeyPath, Mark, dotted, read_yaml, shown

DESIGN: Final = "design.yaml"
SHORTHANDS: Final[dict[str, tuple[str, dict[str, tuple[str, ...]]]]] = {
    "protection": ("decisions", {"outcome": ("protection", "protection_on_appeal")}),
    "cost": ("spending", {}),
}
"""Measures by another name: the recorded one, and what is kept of it."""
ASKABLE: Final = (*MEASURES, *SHORTHANDS)
COLUMNS: Final = ("case", "arm", "draw", "replicate", "seed", "member", "failed")
"""Columns of a table of runs that no measure may be named as."""
FEWEST_SEEDS: Final = 3
"""That a variance of differences can be told from."""
TOLD: Final = "docs/compare.md tells how to write one"
DRAWN: Final = "."
"""What the columns of drawn values have in their names."""
SHARED: Final = ("seed", "persons_per_agent", "step_days", "period", "fit_member")
"""Fields that the arms of a case share, or their runs could not be set against each other."""


class Laid(Frozen):
    """What is laid over a scenario."""

    label: str = ""
    """Name in tables and figures; by default its key."""
    overrides: tuple[str, ...] = ()
    """Overrides to lay over, after the scenario's own: by name, or in ``overrides/`` beside the design."""
    without: tuple[str, ...] = ()
    """Overrides of the scenario's own to leave out."""
    set: dict[str, JsonValue] = Field(default_factory=dict)
    """Dotted fields and their values, set last of all."""


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


def measures_in(measures: Mapping[str, Measured], names: Mapping[str, str]) -> dict[str, Measured]:
    """Return measures as a case takes them: ``{NAME}`` in a label is what the case says that it stands for."""

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


class Luck(Frozen):
    """How many times fewer replicates common luck needs: measured at the best values."""

    replicates: Annotated[int, Field(ge=FEWEST_SEEDS, le=10_000)] = 20
    """Seeds; each arm is run with all of them."""
    arms: tuple[str, ...] = ()
    """Arms to set against the baseline; by default the first other arm."""


class Experiment(Frozen):
    """A comparison of arms, over draws and replicates, on common luck."""

    question: str
    """What it is to answer."""
    scenario: str | None = None
    """Name or path of the one scenario; or give `cases`."""
    cases: dict[Identifier, Case] = Field(default_factory=dict)
    """Settings in which all arms are compared, each by itself."""
    persons_per_agent: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """People that a row stands for, in every case that does not say."""
    arms: Annotated[dict[Identifier, Arm], Field(min_length=2)]
    """What is compared."""
    baseline: str
    """The arm that the others are set against first."""
    draws: Draws = Draws()
    """Draws of uncertain numbers."""
    replicates: Annotated[int, Field(ge=1, le=10_000)] = 1
    """Seeds for each draw, the same for every arm of it."""
    measures: Annotated[dict[Identifier, Measured], Field(min_length=1)]
    """What is measured."""
    luck: Luck | None = None
    """Measurement of what common luck saves."""
    reading: str = ""
    """What the results say and do not say, in plain words, once somebody has read them."""


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


def folders() -> list[Path]:
    """Return the folders in which experiments are found by name: ./experiments, and that of the checkout."""
    found = {path.resolve(): path for path in (library_folder() / "experiments", Path("experiments")) if path.is_dir()}
    return list(reversed(found.values()))


def names() -> list[str]:
    """Return the names of all experiments that can be compared, sorted."""
    known = set()
    for folder in folders():
        for path in folder.glob(f"*/{DESIGN}"):
            try:
                content = read_yaml(path).value
            except InputError:
                content = {"arms": None}  # it cannot be read, and reading it says why
            if isinstance(content, dict) and "arms" in content:
                known.add(path.parent.name)
    return sorted(known)


def find(name: str | Path) -> Path:
    """Return the file of an experiment.

    Parameters
    ----------
    name : a file, a folder that holds ``design.yaml``, or the name of a folder of ``experiments``.

    Raises
    ------
    InputError
        If there is none; the problem names the nearest that there is.
    """
    given = Path(name)
    if given.is_file() and given.suffix in (".yaml", ".yml"):
        return given
    looked = [given, *(folder / name for folder in folders())]
    for folder in looked:
        if str(name) and (folder / DESIGN).is_file():
            return folder / DESIGN
    empty = next((folder for folder in looked if str(name) and folder.is_dir()), None)
    known = names()
    if empty is not None:
        said = f"has no {DESIGN}, and is no experiment to compare"
        raise InputError([Problem(shown(empty), "", said, allowed=", ".join(known), advice=TOLD)])
    advice = nearest(str(name), known) or f"give a folder with a {DESIGN}, or its name in experiments/"
    raise InputError([Problem(str(name), "", "there is no experiment of this name, and no such file", None, None,
                              ", ".join(known), advice)])  # fmt: skip


def name_of(path: Path) -> str:
    """Return the name of the experiment in a file."""
    return path.resolve().parent.name if path.name == DESIGN else path.stem


def read_design(
    name: str | Path, *, draws: int | None = None, replicates: int | None = None, luck: int | None = None
) -> Design:
    """Read an experiment.

    Parameters
    ----------
    name : as for `find`.
    draws, replicates : in place of its own.
    luck : seeds to measure luck with, in place of its own; 0 measures none.

    Raises
    ------
    InputError
        With every problem of its file and of what is asked for in its place.
    """
    path = find(name)
    document = read_yaml(path)
    content = document.value
    keys = set(content) if isinstance(content, dict) else set()
    if "arms" not in keys and not {"question", "measures"} <= keys:
        said = "is not an experiment to compare: it has no 'arms'"
        raise InputError([Problem(shown(path), "", said, line=1, allowed=", ".join(Experiment.model_fields),
                                  advice=TOLD)])  # fmt: skip
    value = _as_json(content)
    found = [*_asked(document, value, draws, replicates, luck), *_crossed(value, document)]
    try:
        experiment = Experiment.model_validate(value)
    except ValidationError as error:
        raise InputError([*problems_of(error, Experiment, value, document.marks), *found]) from None
    if found:
        raise InputError(found)
    return Design(name_of(path), experiment, document, path)


def _asked(
    document: Document, value: dict[str, Any], draws: int | None, replicates: int | None, luck: int | None
) -> Iterator[Problem]:
    """Put what the caller asks for in place of what a design says, and yield what is wrong with it."""
    for option, given, least, path in (
        ("--draws", draws, 0, ("draws", "number")), ("--replicates", replicates, 1, ("replicates",)),
        ("--luck", luck, FEWEST_SEEDS, ("luck", "replicates")),
    ):  # fmt: skip
        if given is None:
            continue
        if option == "--luck" and given == 0:
            value.pop("luck", None)
        elif given < least:
            yield Problem(option, "", "is too small", given, allowed=f"at least {least}")
        else:
            inner = value if len(path) == 1 else value.setdefault(path[0], {})
            if isinstance(inner, dict):  # what is none is a problem of the file
                inner[path[-1]] = given
                document.marks[path] = Mark(option, None)


def _as_json(value: Any) -> Any:
    """Return a value with dates as text, which is how settings carry them."""
    if isinstance(value, Mapping):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _crossed(value: Mapping[str, Any], document: Document) -> Iterator[Problem]:
    """Yield what is wrong between parts of a design, as far as each has the right form."""

    def part(key: str) -> dict[str, Any]:
        found = value.get(key)
        return found if isinstance(found, dict) else {}

    def at(path: KeyPath, message: str, value: object = None, allowed: str = "", advice: str = "") -> Problem:
        return problem(document, path, message, value, allowed, advice)

    arms = list(part("arms"))
    baseline = value.get("baseline")
    if arms and isinstance(baseline, str) and baseline not in arms:
        yield at(("baseline",), "is not one of the arms", baseline, ", ".join(arms), nearest(baseline, arms))
    if ("scenario" in value) == ("cases" in value):
        said = "are both given" if "cases" in value else "are both missing"
        yield at(("cases",), f"{said}: scenario and cases", allowed="one of them")
    if "cases" in value and value["cases"] == {}:
        yield at(("cases",), "has no case", allowed="at least one")
    for name, arm in part("arms").items():
        for field in arm.get("set", {}) if isinstance(arm, dict) and isinstance(arm.get("set", {}), dict) else ():
            if field.split(".")[0] in SHARED:
                advice = "set it for a case"
                yield at(("arms", name, "set", field), "must be the same in every arm", None, "", advice)
    yield from _measure_problems(part("measures"), document)
    chosen = part("luck").get("arms", [])
    for index, name in enumerate(chosen if isinstance(chosen, list) else []):
        if arms and isinstance(name, str) and (name not in arms or name == baseline):
            others = [arm for arm in arms if arm != baseline]
            said = "is the baseline itself" if name == baseline else "is not one of the arms"
            yield at(("luck", "arms", index), said, name, ", ".join(others), nearest(name, others))


def _measure_problems(measures: Mapping[str, Any], document: Document) -> Iterator[Problem]:
    """Yield what is wrong with the names of measures, as far as no scenario is needed to say so."""
    for name, asked in measures.items():
        if name in COLUMNS or DRAWN in name:
            yield problem(document, ("measures", name), "is a name that tables of runs use already",
                          advice="give the measure another name")  # fmt: skip
        if not isinstance(asked, dict):
            continue
        measure = asked.get("measure")
        if isinstance(measure, str) and measure not in ASKABLE:
            yield problem(document, ("measures", name, "measure"), "no such measure", measure, ", ".join(ASKABLE),
                          nearest(measure, ASKABLE))  # fmt: skip
        since, until = asked.get("since"), asked.get("until")
        if isinstance(since, str) and isinstance(until, str) and until < since:
            yield problem(document, ("measures", name, "until"), "comes before 'since'", until, f"from {since} on")
