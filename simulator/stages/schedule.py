"""The step, in order. Why each stage stands where it does is in its own file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from simulator.errors import InputError, Problem
from simulator.stages import (
    asylum,
    circulation,
    crossing,
    departure,
    drivers,
    feedback,
    journeys,
    returns,
    route_choice,
    smuggling,
    takings,
    transit,
)
from simulator.stages.stage import Stages

STAGES: Final = Stages(
    module.STAGE
    for module in (
        drivers, smuggling, crossing, route_choice, departure, transit, journeys, asylum, circulation, returns,
        takings, feedback,
    )
)  # fmt: skip
"""The stages of a step. Governments have set the levers before; the model checks and records after."""


def made_of(stages: Stages) -> dict[str, Any] | None:
    """Return what a record says of the stages of a run: their order, and where those come from that are not ours.

    None where they are `STAGES`.
    """
    if stages == STAGES:
        return None
    own = [stage.origin() for stage in stages if stage not in tuple(STAGES)]
    return {"order": list(stages.names), "own": own}


def check_same(stages: Stages, recorded: Mapping[str, Any] | None, file: str) -> None:
    """Check that stages are those with which a run was made.

    Raises
    ------
    InputError
        Naming the functions that made it, and what differs.
    """
    have = made_of(stages)
    if have == recorded:
        return
    if recorded is None:
        said, advice = "was made with Corridor's own stages", "leave out stages"
    else:
        ours = {one["name"]: one["sha256"] for one in (have or {"own": []})["own"]}
        own = ", ".join(
            f"{one['name']} by {one['function']}" + ("" if ours.get(one["name"]) in (None, one["sha256"])
                                                     else ", whose code has changed since")
            for one in recorded["own"]
        )  # fmt: skip
        said = f"was made with other stages: {own or 'those of Corridor'}; in order {', '.join(recorded['order'])}"
        advice = "from Python, give the stages that made it: stages=..."
    raise InputError([Problem(file, "stages", said, advice=advice)])
