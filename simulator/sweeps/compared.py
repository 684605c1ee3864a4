"""The runs of a sweep as a comparison takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from simulator.errors import InputError, Problem
from simulator.sweeps.experiment import COLUMNS, Design
from simulator.sweeps.results import open_sweep
from simulator.sweeps.run import content_of, make_plan


def compared_sweep(design: Design, sweep: str | Path) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return what an experiment asks, and the runs of a sweep of it, as `simulator.sweeps.run.run` returns them.

    Raises
    ------
    InputError
        If the sweep is of another design, or was made with other options, or is not complete.
    """
    made = open_sweep(sweep)
    found = []
    if made.content["design_hash"] != design.experiment.asked_hash:
        advice = "compare with the draws and replicates that it was made with"
        found.append(Problem(str(sweep), "", f"is no sweep of {design.name} as it stands", made.content["experiment"],
                             advice=advice))  # fmt: skip
    runs = made.runs
    missing = int((runs["status"] == "missing").sum())
    if missing:
        found.append(Problem(str(sweep), "", f"has {missing:,} runs that are missing",
                             advice="go on with it: corridor sweep ... --resume"))  # fmt: skip
    if found:
        raise InputError(found)
    content = content_of(make_plan(design))
    drawn = dict.fromkeys(one["field"] for case in content["cases"].values() for one in case["drawn"])
    runs = runs[runs["status"] != "not needed"].rename(columns={"error": "failed"})
    columns = [*COLUMNS, *drawn, *content["measures"]]
    content["sweep"] = {"hash": made.state.get("hash"), "made_by": made.content["made_by"]}
    content["hash"] = made.state.get("hash")
    return content, runs[columns].reset_index(drop=True)
