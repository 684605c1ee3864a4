"""Made-up sweeps in the form in which a finished sweep is read, for tests of what is looked for in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats.qmc import LatinHypercube

Floats = NDArray[np.float64]
Outcome = Callable[[Mapping[str, Floats], str, str], Floats]
"""From the values that varied, by name, an arm and a measure, the measure of each run."""


def content(
    measures: Mapping[str, str | None],
    arms: Sequence[str] = ("scenario",),
    factors: Sequence[str] = (),
    drawn: Sequence[str] = (),
    **more: Any,
) -> dict[str, Any]:
    """Return what a sweep of one case was asked for.

    Parameters
    ----------
    measures : which is better, by name.
    factors : names of those that are numbers from 0 to 1; `more` may give others.
    drawn : fields drawn from 0 to 1.
    """
    return {
        "experiment": "made-up",
        "question": "What decides?",
        "baseline": arms[0] if len(arms) > 1 else None,
        "arms": {arm: {"label": arm.replace("-", " ").capitalize(), "summary": ""} for arm in arms},
        "measures": {name: {"label": name.capitalize(), "unit": "people", "better": side}
                     for name, side in measures.items()},
        "cases": {"one": {"label": "One", "drawn": [
            {"field": name, "what": "", "unit": "1", "best": 0.5, "low": 0.0, "high": 1.0, "scale": "linear",
             "kind": "assumed", "source": ""} for name in drawn]}},
        "factors": {name: {"label": name, "kind": "number", "unit": "", "low": 0.0, "high": 1.0, "scale": "linear",
                           "levels": [], "best": 0.5} for name in factors},
        "sampling": {"method": "list", "number": 1, "seed": 1, "second_order": False, "levels": 4},
        "replicates": 1,
        **more,
    }  # fmt: skip


def sweep(
    asked: Mapping[str, Any],
    outcome: Outcome,
    design: Floats | None = None,
    drawn: Floats | None = None,
    *,
    replicates: int = 1,
    luck: float = 0.0,
    seed: int = 1,
) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
    """Return a finished sweep: every point with every draw, every arm, every replicate.

    Parameters
    ----------
    outcome : what each run measures, without luck.
    design : places of factors, shape (n_points, n_factors); levels are whole numbers times 1 / n.
    drawn : drawn values, shape (n_draws, n_fields).
    luck : standard deviation of what each run, in every arm by itself, adds.
    """
    factors, fields = list(asked["factors"]), [each["field"] for each in asked["cases"]["one"]["drawn"]]
    places = np.zeros((1, 0)) if design is None else design
    values = np.zeros((1, 0)) if drawn is None else drawn
    point, draw, replicate = (
        each.ravel()
        for each in np.meshgrid(np.arange(len(places)), np.arange(len(values)), np.arange(replicates), indexing="ij")
    )
    rng = np.random.default_rng(seed)
    varied: dict[str, Any] = {}
    for place, name in enumerate(factors):
        levels, at = asked["factors"][name]["levels"], places[point, place]
        varied[name] = np.array(levels)[np.floor(at * len(levels)).astype(int)] if levels else at
    varied.update({name: values[draw, place] for place, name in enumerate(fields)})
    parts = []
    for arm in asked["arms"]:
        part = pd.DataFrame(
            {
                "id": [f"{arm}-{number}" for number in range(len(point))],
                "case": "one",
                "arm": arm,
                "point": point,
                "draw": draw + (1 if fields else 0),
                "replicate": replicate,
                "seed": replicate + 1,
                "member": pd.array([pd.NA] * len(point), dtype="Int64"),
                "status": "done",
                "error": "",
                "seconds": 0.1,
                **varied,
            }
        )
        for measure in asked["measures"]:
            part[measure] = outcome(varied, arm, measure) + luck * rng.normal(size=len(point))
        parts.append(part)
    runs = pd.concat(parts, ignore_index=True)
    return dict(asked), runs, pd.DataFrame(places, columns=factors)


def hypercube(n: int, columns: int, seed: int = 1) -> Floats:
    """Return a Latin hypercube, shape (n, columns)."""
    drawn: Floats = LatinHypercube(columns, seed=np.random.default_rng(seed)).random(n)
    return drawn


def lose(runs: pd.DataFrame, points: Sequence[int], arm: str | None = None, status: str = "failed") -> pd.DataFrame:
    """Return runs of which those of some points failed or are missing."""
    hit = runs["point"].isin(points) & (True if arm is None else runs["arm"] == arm)
    changed = runs.copy()
    changed.loc[hit, "status"] = status
    changed.loc[hit, "error"] = "ChoiceError: no finite value" if status == "failed" else ""
    measures = list(runs.columns[runs.columns.get_loc("seconds") + 1 :])  # type: ignore[operator]
    changed.loc[hit, [name for name in measures if changed[name].dtype == float]] = np.nan
    return changed
