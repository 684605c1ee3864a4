"""What an exploration says, in sentences: what is told apart from luck or chance, and that the rest is not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from simulator.analysis.conditions import arm_label
from simulator.analysis.discovery import Exploration
from simulator.analysis.discovery_figures import measure_label, outcome_words, shown_outcomes
from simulator.analysis.panels import heading
from simulator.analysis.sweep_units import records
from simulator.numbers import amount, figure, fixed, percent

NAMED: Final = 4
"""Inputs that a sentence names."""
MUCH: Final = 0.1
"""Share of interactions that is told."""
LIMITS: Final = (
    "Indices and conditions are of the ranges that were drawn from, and of this model. A number that does not matter "
    "here may matter outside its range, and a wide range makes a number matter more than a narrow one.",
    "Ranges say what is plausible, not how likely: a share of draws is a count, and no probability.",
    "What is called told apart from chance holds over everything that was looked at for that question in one case "
    "together: in one such table in twenty something would be told where there is nothing. What is not told apart may "
    "still matter; with more draws more can be told.",
    "A condition describes draws that were made. It was found by looking: its share inside is that of the draws it was "
    "found in, and the share of left-out draws whose best arm the tree names is what to expect of new ones.",
)
"""What every page says of what it shows."""


def sections(made: Exploration, case: str) -> dict[str, list[str]]:
    """Return what an exploration says of a case: sentences by the name of the table that they are of."""
    found: dict[str, list[str]] = {}
    for name, say in (("sobol", _sobol), ("sobol-pairs", _pairs), ("morris", _morris), ("luck", _luck),
                      ("blocks", _blocks), ("sizes", _sizes),
                      ("decides-level", _level), ("decides-best", _best), ("decides", _decides), ("trees", _trees),
                      ("boxes", _boxes)):  # fmt: skip
        table = made.found.get(name)
        if table is not None:
            said = list(say(made, table[table["case"] == case]))
            if said:
                found[name] = said
    return found


def _named(made: Exploration, row: Mapping[Any, Any]) -> str:
    """Return measure and outcome of a row."""
    content = made.content
    return f"**{measure_label(content, row['measure'])}**, {outcome_words(content, row['arm'], row.get('against', ''))}"


def _outcomes(made: Exploration, table: pd.DataFrame) -> Iterator[list[dict[Any, Any]]]:
    """Yield the rows of each outcome that is told, measure by measure."""
    for measure in made.content["measures"]:
        for arm, against in shown_outcomes(made.content):
            part = table[(table["measure"] == measure) & (table["arm"] == arm) & (table["against"] == against)]
            if len(part):
                yield records(part)


def _span(low: float, high: float) -> str:
    return f"{percent(low)} to {percent(high)}"


def _sobol(made: Exploration, table: pd.DataFrame) -> Iterator[str]:
    for rows in _outcomes(made, table):
        moving = sorted((row for row in rows if row["moves"]), key=lambda row: -row["total"])
        if not moving:
            yield f"{_named(made, rows[0])}: no factor is told apart from luck."
            continue
        said = "; ".join(
            f"`{row['factor']}` {percent(row['total'])} ({_span(row['total_low'], row['total_high'])}), alone "
            f"{percent(row['first'])}" for row in moving[:NAMED]
        )  # fmt: skip
        alone = sum(row["first"] for row in rows)
        together = "" if 1 - alone < MUCH else f" Interactions hold about {percent(1 - alone)} of the variance."
        rest = len(rows) - len(moving)
        others = f" {rest} of {len(rows)} factors are not told apart from luck." if rest else ""
        yield f"{_named(made, rows[0])}: total share of the variance {said}.{together}{others}"


def _pairs(made: Exploration, table: pd.DataFrame) -> Iterator[str]:
    for rows in _outcomes(made, table):
        clear = sorted((row for row in rows if row["found"]), key=lambda row: -row["second"])[:NAMED]
        if clear:
            said = "; ".join(f"`{row['factor']}` and `{row['other']}` {percent(row['second'])} "
                             f"({_span(row['low'], row['high'])})" for row in clear)  # fmt: skip
            yield f"{_named(made, rows[0])}, by two together beyond each alone: {said}."


def _morris(made: Exploration, table: pd.DataFrame) -> Iterator[str]:
    for rows in _outcomes(made, table):
        moving = sorted((row for row in rows if row["moves"]), key=lambda row: -row["effect"])
        if not moving:
            yield f"{_named(made, rows[0])}: no factor is told apart from luck."
            continue
        said = "; ".join(
            f"`{row['factor']}` {amount(row['effect'])} ({amount(row['low'])} to {amount(row['high'])}"
            f"{', up and down' if abs(row['mean']) < row['effect'] / 2 else ', up' if row['mean'] > 0 else ', down'})"
            for row in moving[:NAMED]
        )  # fmt: skip
        rest = len(rows) - len(moving)
        others = f" {rest} of {len(rows)} factors are not told apart from luck." if rest else ""
        yield f"{_named(made, rows[0])}: mean size of the change over a factor's whole range {said}.{others}"


def _luck(made: Exploration, table: pd.DataFrame) -> Iterator[str]:
    if table["luck"].isna().all():
        yield ("What share of the variance is luck cannot be told from one replicate: what luck there is counts as "
               "interactions and lifts every total index and effect.")  # fmt: skip
        return
    for rows in _outcomes(made, table):
        row = rows[0]
        if not math.isnan(row["luck"]):
            drawn = f", {percent(row['draws'])} what was drawn beside the factors" if row["draws"] > 0 else ""
            yield (f"{_named(made, row)}: luck is {percent(row['luck'])} of the variance of single runs{drawn}; "
                   f"{percent(row['left'])} of what is left between points once {figure(row['replicates'])} replicates "
                   "are averaged.")  # fmt: skip


def _blocks(made: Exploration, table: pd.DataFrame) -> Iterator[str]:
    for rows in _outcomes(made, table):
        row = rows[0]
        if row["dropped"]:
            yield (f"{_named(made, row)}: {row['dropped']} of {row['blocks']} blocks left out whole, since points "
                   f"{row['points']} have no number.")  # fmt: skip
        if row["note"]:
            yield f"{_named(made, row)}: no index ({row['note']})."


def _found(row: Mapping[Any, Any]) -> str:
    """Return an input that decides something, with its index."""
    side = row.get("rank_correlation", float("nan"))
    turn = "" if math.isnan(side) else (", rising with it" if side > 0 else ", falling with it")
    span = f"{fixed(row['low'], 2)} to {fixed(row['high'], 2)}; chance {fixed(row['chance'], 2)}{turn}"
    return f"`{row['field']}` {fixed(row['index'], 2)} ({span})"


def _nothing(table: pd.DataFrame) -> str:
    looked = f"{table['field'].nunique()} inputs and {len(table)} indices were looked at"
    return f"No input is told apart from chance ({looked}, over {int(table['units'].max())} units)."


def _decides(made: Exploration, table: pd.DataFrame) -> Iterator[str]:
    if len(table) and not table["found"].any():
        yield _nothing(table)
        return
    for rows in _outcomes(made, table):
        clear = [row for row in rows if row["found"]]
        if clear:
            yield f"{_named(made, rows[0])}: {'; '.join(map(_found, clear[:NAMED]))}."


def _sizes(made: Exploration, table: pd.DataFrame) -> Iterator[str]:
    for row in records(table):
        least = f"the least that matters is {amount(row['least'])}"
        if not row["matter"]:
            said = f"no difference that matters in any of {row['units']} units; {least}"
        elif abs(row["mean"]) < row["least"]:
            said = f"no difference that matters in the mean, and in {percent(row['matter'])} of units one; {least}"
        else:
            said = f"it matters in {percent(row['matter'])} of {row['units']} units; {least}"
        yield (f"{_named(made, row)}: {amount(row['mean'])} in the mean, {amount(row['p5'])} to {amount(row['p95'])} "
               f"in 90% of units, at a level of {amount(row['level'])}: {said}.")  # fmt: skip


def _level(made: Exploration, table: pd.DataFrame) -> Iterator[str]:
    if len(table) and not table["found"].any():
        yield _nothing(table)
        return
    for measure in dict.fromkeys(table["measure"]):
        clear = records(table[(table["measure"] == measure) & table["found"]])
        if clear:
            yield f"{_named(made, clear[0])}: {'; '.join(map(_found, clear[:NAMED]))}."


def _best(made: Exploration, table: pd.DataFrame) -> Iterator[str]:
    if len(table) and not table["found"].any():
        yield _nothing(table)
        return
    for measure in dict.fromkeys(table["measure"]):
        clear = records(table[(table["measure"] == measure) & table["found"]])
        if clear:
            yield f"**{measure_label(made.content, measure)}**: {'; '.join(map(_found, clear[:NAMED]))}."


def _labels(made: Exploration) -> dict[str, str]:
    return {arm: str(each["label"]) for arm, each in made.content["arms"].items()}


def _trees(made: Exploration, table: pd.DataFrame) -> Iterator[str]:
    labels, leaves = _labels(made), made.found["leaves"]
    for tree in records(table):
        name = f"**{measure_label(made.content, tree['measure'])}**"
        always = f"always naming {arm_label(tree['commonest'], labels)} {percent(tree['always'])}"
        if not tree["found"]:
            yield (f"{name}: no condition is told apart from chance. The tree names the best arm of "
                   f"{percent(tree['accuracy'])} of left-out units, {always}.")  # fmt: skip
            continue
        mine = leaves[(leaves["case"] == tree["case"]) & (leaves["measure"] == tree["measure"])]
        said = [_leaf(row, labels) for row in records(mine.sort_values("units", ascending=False, kind="stable"))]
        p = f"p = {fixed(tree['p_any'], 2)} over all trees of the case"
        yield (f"{name}: the tree names the best arm of {percent(tree['accuracy'])} of left-out units, {always} ({p}). "
               + " ".join(said))  # fmt: skip


def _leaf(row: Mapping[Any, Any], labels: Mapping[str, str]) -> str:
    if row["where"] == "everywhere":
        return f"Everywhere {arm_label(row['arm'], labels)} does best most often, by a difference that matters."
    best = f"{labels[row['arm']]} does best in" if row["arm"] else "no arm does best alone in"
    return (f"Where {row['where']}, {best} {percent(row['inside'])} of {row['units']} units; "
            f"{percent(row['outside'])} elsewhere.")  # fmt: skip


def _boxes(made: Exploration, table: pd.DataFrame) -> Iterator[str]:
    labels, rest = _labels(made), 0
    for row in records(table):
        if not row["found"]:
            rest += 1
            continue
        name = f"**{measure_label(made.content, row['measure'])}**, {labels[row['arm']]}"
        yield (f"{name}: in the box where {row['where']} it does best in {percent(row['density'])} of "
               f"{row['inside']} units ({percent(row['share'])} of all); "
               f"the box holds {percent(row['coverage'])} of the units in which it does.")  # fmt: skip
    if rest:
        yield f"{rest} of {len(table)} boxes are not told apart from those of shuffled inputs."


def judged(content: Mapping[str, Any]) -> Sequence[str]:
    """Return what is measured and which side is better, in words."""
    return [f"{heading(each)}: {each['better'] + ' is better' if each['better'] else 'judges nothing'}"
            for each in content["measures"].values()]  # fmt: skip
