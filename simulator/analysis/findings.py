"""What came out of an experiment: all tables, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from simulator.analysis.deaths import labelled
from simulator.analysis.least import least_of
from simulator.analysis.paired import ARRIVALS_BY, UNTOUCHED, Better, differences, levels, luck, regret, shares, whole
from simulator.analysis.regions import where_best
from simulator.numbers import few_rows

DRAWN = "."
"""What the columns of drawn values have in their names."""


@dataclass(frozen=True)
class Findings:
    """What came out of an experiment.

    Attributes
    ----------
    content : what was asked and run, as JSON values; see `simulator.sweeps.run.content_of`.
    tables : ``runs``, ``levels``, ``differences``, ``shares``, ``regret``, ``regions``, and where it was measured
        ``luck`` and ``luck-runs``.
    """

    content: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]

    def summary(self, case: str) -> list[dict[str, Any]]:
        """Return a row for each measure and arm of a case: all that is known of it, side by side."""
        asked, baseline = self.content["measures"], self.content["baseline"]
        keys = ["case", "measure", "arm"]

        def of(table: str, columns: Sequence[str]) -> pd.DataFrame:
            found = self.tables[table]
            mask = found["case"] == case
            if "against" in found:
                mask &= found["against"] == baseline
            return found.loc[mask, [*keys, *columns]]

        rows = of("levels", ["mean", "over", "n"])
        rows = rows.merge(of("differences", ["mean", "low", "high", "p5", "p95"]), "left", keys,
                          suffixes=("", "_difference"))  # fmt: skip
        rows = rows.merge(of("shares", ["better", "worse", "same", "least"]), "left", keys)
        rows = rows.merge(of("regret", ["mean", "p90", "best"]), "left", keys, suffixes=("", "_regret"))
        made: list[dict[str, Any]] = rows.to_dict(orient="records")  # type: ignore[assignment]
        for each in made:
            runs = each["n"] * (self.content["replicates"] if each["over"] == "draws" else 1)
            each["few"] = asked[each["measure"]]["unit"] == "people" and few_rows(
                each["mean"], self.content["cases"][case]["persons_per_agent"], runs)  # fmt: skip
            each["label"] = labelled(asked[each["measure"]])
            each["arm_label"] = self.content["arms"][each["arm"]]["label"]
        return made

    def luck(self) -> list[dict[str, Any]]:
        """Return what common luck saves, a row a measure; none where it was not measured."""
        found: list[dict[str, Any]] = []
        if "luck" in self.tables:
            found = self.tables["luck"].to_dict(orient="records")  # type: ignore[assignment]
        return found

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {**self.content, **{name: table.to_dict(orient="records") for name, table in self.tables.items()}}


def judge(content: Mapping[str, Any], runs: pd.DataFrame, luck_runs: pd.DataFrame) -> Findings:
    """Return what the runs of an experiment say.

    Parameters
    ----------
    content : what was asked.
    runs, luck_runs : a row a run; of the latter none if luck is not measured.
    """
    arms, measures = list(content["arms"]), list(content["measures"])
    better: dict[str, Better | None] = {name: each["better"] for name, each in content["measures"].items()}
    least = partial(least_of, content)
    tables = {
        "runs": runs,
        "levels": levels(runs, measures, arms),
        "differences": differences(runs, measures, arms),
        "shares": shares(runs, better, arms, least),
        "regret": regret(runs, better, arms, least),
        "regions": where_best(runs, better, arms, [name for name in runs.columns if DRAWN in name], least),
    }
    if len(luck_runs):
        tables["luck"] = _luck_table(content, luck_runs, measures)
        tables["luck-runs"] = luck_runs
    return Findings(content, tables)


def _luck_table(content: Mapping[str, Any], runs: pd.DataFrame, measures: Sequence[str]) -> pd.DataFrame:
    """Return what common luck saves, by case, arm and measure, and for the arrivals of each route."""
    parts = []
    for name, case in content["cases"].items():
        for arm in content["luck"]["arms"]:
            routes = {f"{ARRIVALS_BY}{route}": route for route in case["routes"]}
            touched = case["touched"][arm]
            untouched = [column for column, route in routes.items() if route not in touched]
            medians = {UNTOUCHED: untouched} if untouched else {}
            of_case = whole(runs[runs["case"] == name])
            found = luck(of_case, [*measures, *routes], content["baseline"], arm, medians)
            found.insert(0, "case", name)
            found.insert(1, "arm", arm)
            found["route"] = found["measure"].map(routes).fillna("")
            found["touched"] = found["route"].isin(touched)
            parts.append(found)
    return pd.concat(parts, ignore_index=True)
