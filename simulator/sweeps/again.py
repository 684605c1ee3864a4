"""Whether a run of a sweep that is made again says what the sweep kept of it."""

from __future__ import annotations

import numpy as np

from simulator.outputs.result import Result
from simulator.outputs.sameness import Figures, Sameness, apart
from simulator.sweeps.experiment import Measured, measures_in
from simulator.sweeps.measures import UNITS, row, unit
from simulator.sweeps.results import SweepResult


def against_kept(made: SweepResult, run: str, result: Result) -> Sameness | None:
    """Compare the measures of a run with those in its sweep, as `corridor rerun` does: people exactly, figures to 1e-9.

    Parameters
    ----------
    run : its whole id.

    Returns
    -------
    Sameness, with measures in place of tables; None where the sweep kept nothing of the run.
    """
    runs = made.runs
    kept = runs[(runs["id"] == run) & (runs["status"] == "done")]
    if kept.empty:
        return None
    then = kept.iloc[0]
    asked = {name: Measured.model_validate(each) for name, each in made.content["design"]["measures"].items()}
    now = row(result, measures_in(asked, made.content["cases"][then["case"]]["names"]), routes=False)
    people, far, inexact, largest, where = [], [], [], 0.0, ""
    for name, measure in asked.items():
        part, near = apart(np.array([float(then[name])]), np.array([now[name]]))
        if part == 0.0:
            continue
        if unit(measure) == UNITS["person"]:
            people.append(name)
            continue
        inexact.append(name)
        largest, where = max((part, name), (largest, where))
        if not near:
            far.append(name)
    figures: Figures = "different" if far else "near" if inexact else "exact"
    return Sameness(not people, figures, (*people, *far), tuple(inexact), largest if inexact else None, where)
