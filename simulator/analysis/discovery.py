"""What a sweep says of what matters: indices, what decides between arms, and conditions, in tables and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from simulator.analysis.boxes import boxes, need_prim
from simulator.analysis.conditions import conditions, need_sklearn
from simulator.analysis.given_data import best_questions, decides, difference_questions, level_questions, varies
from simulator.analysis.indices import independent_points, indices
from simulator.analysis.paired import OUTER
from simulator.analysis.sweep_units import Units, cases, check_form, lost, records, units
from simulator.errors import InputError, Problem
from simulator.numbers import FEWEST_ROWS, few_rows

FEWEST_ARMS: Final = 2
"""Between which something can be decided."""
FEWEST_UNITS: Final = 2
"""Of which it can be said that they are alike."""


@dataclass(frozen=True)
class Exploration:
    """What was found in a sweep.

    Attributes
    ----------
    content : what the sweep was asked for.
    found : tables by name, of those that the sweep's design allows: ``runs-lost``; ``sobol``, ``sobol-pairs``,
        ``morris``, ``blocks``, ``luck``; ``sizes`` of differences; ``decides`` (differences, or the level of
        the only arm), ``decides-level`` (of the baseline), ``decides-best``; ``trees``, ``leaves``, ``leaf-arms``;
        ``boxes``.
    notes : what was not looked for, and why.
    """

    content: Mapping[str, Any]
    found: Mapping[str, pd.DataFrame]
    notes: Sequence[str] = field(default_factory=tuple)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return all tables by name."""
        return dict(self.found)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        keys = ("experiment", "question", "baseline", "arms", "measures", "factors", "sampling", "replicates")
        asked = {key: self.content.get(key) for key in keys}
        return {**asked, "notes": list(self.notes), **{name: records(table) for name, table in self.found.items()}}


def explore(
    content: Mapping[str, Any],
    runs: pd.DataFrame,
    design: pd.DataFrame,
    *,
    with_conditions: bool | None = None,
    with_boxes: bool = False,
) -> Exploration:
    """Return what a sweep says of what matters.

    Parameters
    ----------
    content, runs, design : a finished sweep, as `simulator.sweeps.results.read_sweep` returns it.
    with_conditions : grow trees; by default where scikit-learn is installed and arms are compared.
    with_boxes : look for boxes with PRIM, too, which takes longest.

    Raises
    ------
    InputError
        If the tables do not fit each other, nothing whole is left of a Sobol or Morris design, the sweep says nothing
        of what matters, or a library that was asked for is not installed.
    """
    check_form(content, runs, design)
    _need(with_conditions, with_boxes)
    runs = runs.sort_values(["case", "arm", "point", "draw", "replicate"], kind="stable")
    found: dict[str, pd.DataFrame] = {"runs-lost": lost(runs), **indices(content, runs, design)}
    notes: list[str] = []
    parts: dict[str, list[pd.DataFrame]] = {}
    points = independent_points(content, design)
    for case in cases(content) if len(points) else ():
        for name, table in _of_case(content, runs, case, points, with_conditions, with_boxes, notes).items():
            parts.setdefault(name, []).append(table)
    found.update({name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()})
    if not len(points):
        notes.append("A Morris design says which factors move what is measured, not what decides between arms: its "
                     "points are steps of walks, and no independent draws.")  # fmt: skip
    if not any(len(found.get(name, ())) for name in ("sobol", "morris", "decides", "decides-best", "decides-level")):
        said = "says nothing of what matters: " + " ".join(dict.fromkeys(notes))
        raise InputError([Problem(f"sweep {content['experiment']}", "", said, advice=_advice(content))])
    return Exploration(content, found, tuple(dict.fromkeys(notes)))


def _varied(content: Mapping[str, Any]) -> bool:
    """Return whether a sweep varied anything besides its arms: factors, drawn fields, or members of the fit."""
    of_cases = content["cases"].values()
    several = any(len(case.get("members") or ()) > 1 for case in of_cases)
    return bool(content["factors"]) or several or any(case["drawn"] for case in of_cases)


def _advice(content: Mapping[str, Any]) -> str:
    """Return what to do with a sweep that says nothing of what matters."""
    if _varied(content):
        return ("measure what the arms and the values that varied act on, or draw more (at least 20), and sweep anew; "
                "'corridor query' shows what there is")  # fmt: skip
    anew = "draw uncertain fields (draws: at least 20) or give the design factors, and sweep anew"
    if len(content["arms"]) < FEWEST_ARMS:
        return anew
    return (f"set the arms against each other with 'corridor compare {content['experiment']} --sweep FOLDER'; to learn "
            f"what decides between them, {anew}")  # fmt: skip


def _need(with_conditions: bool | None, with_boxes: bool) -> None:
    """Check that libraries that were asked for are installed, before anything is worked out; all at once."""
    problems: list[Problem] = []
    for wanted, need in ((with_conditions, need_sklearn), (with_boxes, need_prim)):
        if wanted:
            try:
                need()
            except InputError as error:
                problems += error.problems
    if problems:
        raise InputError(problems)


def _of_case(
    content: Mapping[str, Any], runs: pd.DataFrame, case: str, points: Any, with_conditions: bool | None,
    with_boxes: bool, notes: list[str],
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """Return what is found in one case from independent units, and add what was not looked for to the notes."""
    arms, baseline = list(content["arms"]), content.get("baseline")
    label = content["cases"][case]["label"]
    groups = {measure: units(content, runs, case, measure, arms, points) for measure in content["measures"]}
    better = {name: each["better"] for name, each in content["measures"].items()}
    _note_units(content, groups, label, notes)
    notes += _alike(content, groups, case)
    if len(arms) < FEWEST_ARMS:
        return {"decides": decides(case, level_questions(groups, arms[0]))}
    made = {
        "sizes": sizes(case, groups, str(baseline), arms),
        "decides-level": decides(case, level_questions(groups, str(baseline))),
        "decides": decides(case, difference_questions(groups, str(baseline), arms)),
        "decides-best": decides(case, best_questions(groups, better)),
    }
    if with_conditions is None:
        try:
            need_sklearn()
            with_conditions = True
        except InputError:
            notes.append("No conditions were looked for: scikit-learn is not installed (corridor[discovery]).")
    if with_conditions:
        made["trees"], made["leaves"], made["leaf-arms"] = conditions(case, groups, better)
    if with_boxes:
        made["boxes"] = boxes(case, groups, better)
    return made


def sizes(case: str, groups: Mapping[str, Units], baseline: str, arms: Sequence[str]) -> pd.DataFrame:
    """Return how large the differences from the baseline are, and in how many units they matter.

    Returns
    -------
    pandas.DataFrame
        ``case measure arm against``; ``level``, the mean of the baseline; ``mean`` difference, ``p5 p95`` of the units;
        ``least`` that matters; share of units in which the difference is as large (``matter``); ``units``.
    """
    rows = []
    for measure, group in groups.items():
        for arm in arms:
            if arm == baseline or not len(group):
                continue
            change = (group.table[arm] - group.table[baseline]).to_numpy(dtype=float)
            low, high = np.quantile(change, OUTER)
            matter = float(((np.abs(change) >= group.least) & (change != 0)).mean())
            rows.append((case, measure, arm, baseline, float(group.table[baseline].mean()), float(change.mean()),
                         float(low), float(high), group.least, matter, len(group)))  # fmt: skip
    return pd.DataFrame(rows, columns=["case", "measure", "arm", "against", "level", "mean", "p5", "p95", "least",
                                       "matter", "units"])  # fmt: skip


def _note_units(content: Mapping[str, Any], groups: Mapping[str, Units], label: str, notes: list[str]) -> None:
    """Add what is missing of the units of a case."""
    from simulator.analysis.given_data import FEWEST

    if not _varied(content):
        arms = "only the arms differ" if len(content["arms"]) >= FEWEST_ARMS else "every run is of the same values"
        notes.append(f"{arms[:1].upper()}{arms[1:]}: no factor and no uncertain number was varied, so that nothing can "
                     "be said to decide.")  # fmt: skip
        return
    for measure, group in groups.items():
        named = f"{content['measures'][measure]['label']}, {label}"
        if group.dropped:
            notes.append(f"{named}: {group.dropped} of {group.dropped + len(group)} units (points and draws) are left "
                         "out, since not every arm has a run of them with a number.")  # fmt: skip
        if len(group) < FEWEST:
            notes.append(f"{named}: {len(group)} units are too few to tell what decides; {FEWEST} are the least.")
        elif not group.inputs:
            notes.append(f"{named}: every unit has the same values of all factors and drawn fields.")


def _alike(content: Mapping[str, Any], groups: Mapping[str, Units], case: str) -> list[str]:
    """Return which measures tell no arms apart, do not move at all, whatever varied, or rest on few rows."""
    label = content["cases"][case]["label"]
    arms, baseline = list(content["arms"]), content.get("baseline")
    found = []
    a_row = content["cases"][case].get("persons_per_agent")
    for measure, group in groups.items():
        size = float(group.table.abs().to_numpy().mean()) if len(group) else 0.0
        if a_row and content["measures"][measure].get("unit") == "people" and few_rows(
                size, a_row, int(content.get("replicates") or 1)):  # fmt: skip
            found.append(f"{content['measures'][measure]['label']}, {label}: a unit rests on fewer than {FEWEST_ROWS} "
                         "rows of people in the mean, so that luck alone moves it by more than a fifth.")  # fmt: skip
        if len(group) < FEWEST_UNITS:
            continue
        named, table = f"{content['measures'][measure]['label']}, {label}", group.table
        if len(arms) < FEWEST_ARMS:
            if not varies(table[arms[0]].to_numpy(float)):
                found.append(f"{named}: it is {float(table[arms[0]].iloc[0]):g} in all {len(group)} units, so that "
                             "nothing that varied moves it.")  # fmt: skip
            continue
        for arm in arms:
            change = table[arm] - table[baseline]
            if arm != baseline and not varies(change.to_numpy(float)):
                by = float(change.mean())
                how = "do not differ" if by == 0 else f"differ by {by:g}, no more and no less,"
                one, other = (content["arms"][each]["label"] for each in (arm, baseline))
                found.append(f"{named}: {one} and {other} {how} in all {len(group)} units, so that nothing can decide "
                             "by how much they do.")  # fmt: skip
    return found
