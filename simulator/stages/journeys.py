"""Journeys: people move, and those whose journey ends are handed to asylum, transit or home."""

from __future__ import annotations

import numpy as np

from simulator.stages import asylum, movement, transit
from simulator.stages.stage import Stage, Variable
from simulator.world.world import Floats, World


def update(world: World) -> None:
    """Move everybody who is ready, and end the journeys that end in this step."""
    events = movement.update(world)
    asylum.send_to_third_country(world, events.landed)
    asylum.receive(world, transit.finish(world, events.exits, events.gave_up))


def prior_claims(world: World) -> Floats:
    """Return claims of each need that the share in need is reckoned with before any is made, (n_origins, 2)."""
    shares = np.stack([world.groups.need_share, 1.0 - world.groups.need_share], axis=1)
    return np.asarray(world.parameters.beliefs.prior_strength.value * shares)


STAGE = Stage(
    "journeys",
    update,
    reads=(
        "people",
        "pools",
        "closed",
        "levers",
        "price",
        "gdp",
        "conflict",
        "share_limits",
        "outcome_limits",
        "queue",
        "claimed",
    ),
    changes=("people", "pools", "closed", "queue", "ledger.decisions", "ledger.returns"),
    owns=(
        Variable(
            "claimed",
            ("origin", "need"),
            "person",
            "People who claimed asylum so far, on top of a prior.",
            first=prior_claims,
        ),
    ),
    records=("attempts", "crossings", "interceptions", "deaths", "put_off", "claims", "settlements"),
    reason="everybody who is ready travels; journeys end in a claim, a stay, or the way home",
)
