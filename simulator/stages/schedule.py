"""The step, in order. Why each stage stands where it does is in its own file."""

from __future__ import annotations

from typing import Final

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
from simulator.stages.stage import Stage, Stages

STAGES: Final = Stages(
    module.STAGE
    for module in (
        drivers, smuggling, crossing, route_choice, departure, transit, journeys, asylum, circulation, returns,
        takings, feedback,
    )
)  # fmt: skip
"""The stages of a step. Governments have set the levers before; the model checks and records after."""


def foreign(stages: Stages) -> list[Stage]:
    """Return those of some stages that are not Corridor's own."""
    return [stage for stage in stages if stage not in tuple(STAGES)]
