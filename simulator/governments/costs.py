"""What instruments cost: unit costs of the scenario times what policies make of each lever, by who laid it.

An estimate, apart from the payments of timetables, which are on record: the two may speak of the same thing.
Only what is above the neutral value costs; what a policy saves is not set off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.governments.levers import LeverTable
from simulator.scenario.costs import Costs
from simulator.scenario.levers import LEVERS
from simulator.units import convert
from simulator.world.fields import RETURN_KINDS
from simulator.world.world import World

Floats = NDArray[np.float64]

BY_PEOPLE: Final = ("decision", "removal", "voluntary_return", "reintegration", "legal_pathway", "border_return")
"""Costs that are paid for each person: a lever that reaches nobody costs nothing."""
_AT_HOME: Final = [kind for kind, name in enumerate(RETURN_KINDS) if name != "readmission"]
"""Kinds of return that bring people to their country of origin, where they can be helped."""


def prices(costs: Costs | None) -> dict[str, float]:
    """Return what one unit costs in euros, by entry of `Costs`; a lever that is money costs its own value."""
    if costs is None:
        return {}
    of_units = {name: float(getattr(costs, name).value) for name in Costs.model_fields}
    return {**of_units, "value": convert(1.0, "million_eur", "eur")}


def bought(world: World, lever: str) -> Floats:
    """Return what a lever buys in the step, in units that its cost prices: units times years, or people.

    Shape of the lever.
    """
    value = world.levers[lever]
    more = np.maximum(value - LEVERS[lever].neutral, 0.0)
    beyond = 1.0 - 1.0 / np.maximum(value, 1.0)
    match LEVERS[lever].cost:
        case "decision":
            return np.asarray(more * world.plan.decisions[world.step] * world.years)
        case "removal":
            return np.asarray(_returned(world, "removal") * beyond)
        case "voluntary_return":
            return np.asarray(_returned(world, "voluntary") * beyond)
        case "reintegration":
            return np.asarray(_came_home(world) * more)
        case "legal_pathway":
            return world.ledger["pathways"].T.astype(np.float64)
        case "border_return":
            return _sent_back(world)
        case _:
            return np.asarray(more * world.years)


def _returned(world: World, kind: str) -> Floats:
    """Return people returned from each country in a way; shape (n_countries,)."""
    return np.asarray(world.ledger["returns"][:, :, RETURN_KINDS.index(kind)].sum(axis=1), dtype=np.float64)


def _came_home(world: World) -> Floats:
    """Return people who came back to each country as their own; shape (n_countries,)."""
    people = np.zeros(len(world.countries))
    np.add.at(people, world.groups.origin_country, world.ledger["returns"][:, :, _AT_HOME].sum(axis=(0, 2)))
    return people


def _sent_back(world: World) -> Floats:
    """Return people sent back over each leg as inadmissible, those of a country shared out by arrivals; (n_legs,)."""
    country = world.network.country[world.network.head]
    liable = world.levers["safe_third_country"] * world.ledger["crossings"].sum(axis=(1, 2))
    of_country = np.bincount(country, weights=liable, minlength=len(world.countries))[country]
    share = np.divide(liable, of_country, out=np.zeros(liable.shape), where=of_country > 0)
    return np.asarray(share * _returned(world, "readmission")[country])


def count(world: World, table: LeverTable, price: Mapping[str, float]) -> None:
    """Write what the step's levers cost into the ledger, shared out among those who raised each, by how far."""
    levers = list(LEVERS)
    for lever, laid in table.raised.items():
        if LEVERS[lever].cost not in price:
            continue
        euros = price[LEVERS[lever].cost] * bought(world, lever)
        total = np.zeros_like(euros)
        for _, where, by_how_far in laid:
            np.add.at(total, where, by_how_far)
        each = np.divide(euros, total, out=np.zeros_like(euros), where=total > 0)
        for government, where, by_how_far in laid:
            row = world.governments.index(government)
            world.ledger["instrument_costs"][row, levers.index(lever)] += by_how_far * each[where].sum()
