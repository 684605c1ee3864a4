"""Journeys: people move, and those whose journey ends are handed to asylum, transit or home."""

from __future__ import annotations

from simulator.stages import asylum, movement, transit
from simulator.world.world import World


def update(world: World) -> None:
    """Move everybody who is ready, and end the journeys that end in this step."""
    events = movement.update(world)
    asylum.send_to_third_country(world, events.landed)
    asylum.receive(world, transit.finish(world, events.exits, events.gave_up))
