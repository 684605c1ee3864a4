"""Find and read experiments: every problem of a design at once, with its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from simulator.errors import InputError, Problem, nearest
from simulator.outputs.frames import MEASURES
from simulator.scenario.library import check_name, library_folder
from simulator.scenario.messages import problems_of
from simulator.scenario.yaml_file import Document, KeyPath, Mark, read_yaml, shown
from simulator.sweeps.experiment import (
    ASKABLE,
    DESIGN,
    DRAWN,
    FEWEST_SEEDS,
    RESERVED,
    SHARED,
    TOLD,
    Design,
    Experiment,
    problem,
)
from simulator.sweeps.factors import wrong

ONLY: Final = "scenario"
"""Name of the one arm of a design that compares none."""
FEWEST_ARMS: Final = 2
"""That can be compared."""
TABLES: Final = ("runs", "plan", "design", "sweeps")
"""Tables that every sweep has, or the catalogue."""
STARTS: Final = ("arms", "factors")
"""A design has one of these, at least."""


def folders() -> list[Path]:
    """Return the folders in which experiments are found by name: ./experiments, and that of the library."""
    found = {path.resolve(): path for path in (library_folder() / "experiments", Path("experiments")) if path.is_dir()}
    return list(reversed(found.values()))


def names() -> list[str]:
    """Return the names of all experiments that can be compared or swept, sorted."""
    known = set()
    for folder in folders():
        for path in folder.glob(f"*/{DESIGN}"):
            try:
                content = read_yaml(path).value
            except InputError:
                content = {"arms": None}  # it cannot be read, and reading it says why
            if isinstance(content, dict) and any(key in content for key in STARTS):
                known.add(path.parent.name)
    return sorted(known)


def find(name: str | Path) -> Path:
    """Return the file of an experiment.

    Parameters
    ----------
    name : a file, a folder that holds ``design.yaml``, the name of a folder of ``experiments``, or ``FOLDER/FILE`` for
        another design in it.

    Raises
    ------
    InputError
        If there is none; the problem names the nearest that there is.
    """
    check_name(str(name), "experiment")
    given = Path(name)
    if given.is_file() and given.suffix in (".yaml", ".yml"):
        return given
    looked = [given, *(folder / name for folder in folders())]
    for folder in looked:
        if str(name) and (folder / DESIGN).is_file():
            return folder / DESIGN
    for folder in folders():
        if str(name) and (other := folder / f"{name}.yaml").is_file():
            return other
    empty = next((folder for folder in looked if str(name) and folder.is_dir()), None)
    known = names()
    if empty is not None:
        said = f"has no {DESIGN}, and is no experiment to compare"
        raise InputError([Problem(shown(empty), "", said, allowed=", ".join(known), advice=TOLD)])
    advice = nearest(str(name), known) or f"give a folder with a {DESIGN}, or its name in experiments/"
    raise InputError([Problem(str(name), "", "there is no experiment of this name, and no such file", None, None,
                              ", ".join(known), advice)])  # fmt: skip


def name_of(path: Path) -> str:
    """Return the name of the experiment in a file: its folder's, with its own if it is not the folder's only design."""
    path = path.resolve()
    if path.name == DESIGN:
        return path.parent.name
    return f"{path.parent.name}-{path.stem}" if (path.parent / DESIGN).is_file() else path.stem


def read_design(
    name: str | Path, *, draws: int | None = None, replicates: int | None = None, luck: int | None = None
) -> Design:
    """Read an experiment; one without arms gets the scenario as it is for its only arm.

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
    if not keys & set(STARTS) and not {"question", "measures"} <= keys:
        said = "is not an experiment: it has neither 'arms' to compare nor 'factors' to vary"
        raise InputError([Problem(shown(path), "", said, line=1, allowed=", ".join(Experiment.model_fields),
                                  advice=TOLD)])  # fmt: skip
    value = _as_json(content)
    if "arms" not in keys and keys & {"factors", "draws"}:
        value.update(arms={ONLY: {}}, baseline=ONLY)
    found = [*_asked(document, value, draws, replicates, luck), *_crossed(value, document)]
    try:
        experiment = Experiment.model_validate(value)
    except ValidationError as error:
        raise InputError([*problems_of(error, Experiment, value, document.marks), *found]) from None
    found += [problem(document, ("least", name), "is no measure of this design", name, ", ".join(experiment.measures))
              for name in experiment.least if name not in experiment.measures]  # fmt: skip
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
    yield from _varied(value, part("factors"), part("measures"), document)
    chosen = part("luck").get("arms", [])
    for index, name in enumerate(chosen if isinstance(chosen, list) else []):
        if arms and isinstance(name, str) and (name not in arms or name == baseline):
            others = [arm for arm in arms if arm != baseline]
            said = "is the baseline itself" if name == baseline else "is not one of the arms"
            yield at(("luck", "arms", index), said, name, ", ".join(others), nearest(name, others))


def _varied(
    value: Mapping[str, Any], factors: dict[str, Any], measures: dict[str, Any], document: Document
) -> Iterator[Problem]:
    """Yield what is wrong with factors, sampling, tables and stopping, as far as no scenario is needed to say so."""
    sampling, stopping, tables = (value.get(key) for key in ("sampling", "stopping", "tables"))
    for at, message, shown_, allowed in wrong(factors, sampling if isinstance(sampling, dict) else {}):
        path = tuple(int(part) if part.isdigit() else part for part in at)
        yield problem(document, path, message, shown_, allowed)
    for name in factors:
        if name in RESERVED or name in measures or DRAWN in name:
            yield problem(document, ("factors", name), "is a name that tables of runs use already",
                          advice="give the factor another name")  # fmt: skip
    for name, asked in (tables if isinstance(tables, dict) else {}).items():
        measure = asked.get("measure") if isinstance(asked, dict) else None
        if isinstance(measure, str) and measure not in MEASURES:
            yield problem(document, ("tables", name, "measure"), "no such measure", measure, ", ".join(MEASURES),
                          nearest(measure, MEASURES))  # fmt: skip
        when = asked.get("when") if isinstance(asked, dict) else None
        for factor, values in when.items() if isinstance(when, dict) else ():
            yield from _when_problems(name, factor, values, factors, document)
        if name in TABLES:
            yield problem(document, ("tables", name), "is the name of a table that every sweep has",
                          advice="give the table another name")  # fmt: skip
    if isinstance(stopping, dict):
        judged = stopping.get("measure")
        if isinstance(judged, str) and judged not in measures:
            yield problem(document, ("stopping", "measure"), "is not one of the measures", judged, ", ".join(measures),
                          nearest(judged, list(measures)))  # fmt: skip
        if len(value.get("arms") or ()) < FEWEST_ARMS:
            yield problem(document, ("stopping",), "needs two arms, whose difference it judges", allowed="arms")


def _when_problems(
    table: str, name: str, values: Any, factors: Mapping[str, Any], document: Document
) -> Iterator[Problem]:
    """Yield what is wrong with the values of a factor at which a table is kept."""
    at: KeyPath = ("tables", table, "when", name)
    factor = factors.get(name)
    if not isinstance(factor, dict):
        said = "is no factor of this design"
        yield problem(document, at, said, None, ", ".join(factors), nearest(name, list(factors)))
        return
    known = list(factor.get("levels") or factor.get("values") or ())
    for value in values if isinstance(values, list) else ():
        if value not in known:
            said = "is not a value of this factor" if known else "belongs to a factor of levels or values, not a range"
            yield problem(document, at, said, value, ", ".join(map(str, known)))


def _measure_problems(measures: Mapping[str, Any], document: Document) -> Iterator[Problem]:
    """Yield what is wrong with the names of measures, as far as no scenario is needed to say so."""
    for name, asked in measures.items():
        if name in RESERVED or DRAWN in name:
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


def check_comparable(design: Design) -> None:
    """Check that the arms of a design can be compared as they stand.

    Raises
    ------
    InputError
        If it has fewer than two arms, or factors, whose points are no arms.
    """
    asked = design.experiment
    found = []
    if len(asked.arms) < FEWEST_ARMS:
        found.append(design.problem(("arms",), "are fewer than two: nothing to compare", allowed="two arms or more",
                                    advice=f"run it with 'corridor sweep {design.name}'"))  # fmt: skip
    if asked.factors:
        found.append(design.problem(("factors",), "cannot be compared as arms are",
                                    advice=f"run it with 'corridor sweep {design.name}'"))  # fmt: skip
    if found:
        raise InputError(found)
