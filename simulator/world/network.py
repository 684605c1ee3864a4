"""Places and legs as arrays, and what a person may do at each place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from simulator.scenario.schema import Scenario
from simulator.world.options import Level, OptionList, list_options

Ints = NDArray[np.int16]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Exit(IntEnum):
    """Ways to end a journey at a place; coded after the legs: leg number n_legs + exit."""

    CLAIM = 0
    SETTLE = 1
    HOME = 2


@dataclass(frozen=True)
class Network:
    """The graph of a corridor. Numbers of countries index `World.countries`; -1 stands for none.

    Attributes
    ----------
    places, legs, seas, routes : names.
    country : country of each place, shape (n_places,).
    wait : mean days between reaching a place and setting out again, shape (n_places,).
    capacity : people a week whom guides, houses and drivers at a place can take on, inf if none, shape (n_places,).
    claim, settle : whether that exit is open at a place, shape (n_places,).
    tail, head : places, shape (n_legs,).
    days, price, death : baseline days, euros, and risk of death of a leg, shape (n_legs,).
    log_size : natural log of the number of ways that a leg stands for, shape (n_legs,).
    departure_control, arrival_control : countries, shape (n_legs,).
    effort_departure, effort_arrival : baseline efforts, shape (n_legs,).
    surge : attempts a week at which controls act at half strength, inf if none, shape (n_legs,).
    sea, route : numbers, shape (n_legs,).
    visa, counted, by_sea : shape (n_legs,).
    vessel : whether a leg needs a smuggler's vessel: at sea, from a guarded coast, shape (n_legs,).
    options : legs and exits open at each place, -1 padded, shape (n_places, n_options).
    last_again : the same, with the last option of a place again as padding.
    on_the_way : whether a place is one that people come to on their journey, not one where they live at home,
        shape (n_places,).
    sea_departure : whether any sea leg leaves a place, shape (n_places,).
    listed : the options as a list, in the order in which values are found.
    told : routes of which news spreads, shape (n_routes,).
    """

    places: tuple[str, ...]
    legs: tuple[str, ...]
    seas: tuple[str, ...]
    routes: tuple[str, ...]
    country: Ints
    wait: NDArray[np.float32]
    capacity: Floats
    claim: Bools
    settle: Bools
    tail: Ints
    head: Ints
    days: NDArray[np.float32]
    price: Floats
    death: Floats
    log_size: Floats
    departure_control: Ints
    arrival_control: Ints
    effort_departure: Floats
    effort_arrival: Floats
    surge: Floats
    sea: Ints
    route: Ints
    visa: Bools
    counted: Bools
    by_sea: Bools
    vessel: Bools
    options: Ints
    last_again: Ints
    on_the_way: Bools
    sea_departure: Bools
    listed: OptionList
    told: Bools

    @property
    def n_places(self) -> int:
        """Number of places."""
        return len(self.places)

    @property
    def n_legs(self) -> int:
        """Number of legs."""
        return len(self.legs)


def _options(n_places: int, tail: Ints, claim: Bools, settle: Bools, home: Bools) -> Ints:
    """Return the legs and exits of each place, -1 padded."""
    n_legs = len(tail)
    rows: list[list[int]] = [[] for _ in range(n_places)]
    for leg, place in enumerate(tail):
        rows[place].append(leg)
    for place in range(n_places):
        rows[place] += [n_legs + Exit.CLAIM] * int(claim[place])
        rows[place] += [n_legs + Exit.SETTLE] * int(settle[place])
        rows[place] += [n_legs + Exit.HOME] * int(home[place])
    table = np.full((n_places, max(len(row) for row in rows)), -1, dtype=np.int16)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table


def _last_again(options: Ints) -> Ints:
    """Return options with the last of each place again in place of padding."""
    last = np.maximum(np.count_nonzero(options >= 0, axis=1) - 1, 0)
    column = np.minimum(np.arange(options.shape[1]), last[:, None])
    return np.take_along_axis(options, column, axis=1)


def sweep_order(n_places: int, tail: Ints, head: Ints) -> tuple[Level, ...]:
    """Order the places so that each comes after all that its legs lead to, save those it can return from.

    Places that can be reached from one another form one level, marked as a cycle; the other levels hold
    places that do not depend on one another.
    """
    graph = coo_array((np.ones(len(tail)), (tail, head)), shape=(n_places, n_places))
    n_groups, group = connected_components(graph, directed=True, connection="strong")
    depth = np.zeros(n_groups, dtype=np.intp)
    across = group[tail] != group[head]
    before, after = group[tail[across]], group[head[across]]
    for _ in range(n_groups):
        deeper = depth.copy()
        np.maximum.at(deeper, before, depth[after] + 1)
        if np.array_equal(deeper, depth):
            break
        depth = deeper
    size = np.bincount(group, minlength=n_groups)
    levels: list[Level] = []
    for level in range(int(depth.max()) + 1):
        here = np.flatnonzero(depth == level)
        single = np.flatnonzero(np.isin(group, here[size[here] == 1]))
        if single.size:
            levels.append(Level(single, False))
        levels += [Level(np.flatnonzero(group == number), True) for number in here[size[here] > 1]]
    return tuple(levels)


def build_network(scenario: Scenario, countries: dict[str, int]) -> Network:
    """Build the network of a scenario; `countries` numbers the countries by code."""
    places = {row.place: number for number, row in enumerate(scenario.places)}
    routes = {name: number for number, name in enumerate(scenario.corridor.routes)}
    seas = {name: number for number, name in enumerate(sorted({row.sea for row in scenario.seasons}))}
    legs = scenario.legs
    tail = np.array([places[leg.tail] for leg in legs], dtype=np.int16)
    head = np.array([places[leg.head] for leg in legs], dtype=np.int16)
    claim = np.array([row.claim for row in scenario.places], dtype=bool)
    settle = np.array([row.settle for row in scenario.places], dtype=bool)
    by_sea = np.array([leg.mode == "sea" for leg in legs], dtype=bool)
    sea_departure = np.zeros(len(places), dtype=bool)
    sea_departure[tail[by_sea]] = True
    guarded = np.array([leg.departure_control in countries and leg.route in routes for leg in legs], dtype=bool)
    origin_role = np.array([row.role == "origin" for row in scenario.places], dtype=bool)
    options = _options(len(places), tail, claim, settle, ~origin_role)
    is_leg = (options >= 0) & (options < len(tail))
    heads = np.where(is_leg, head[np.where(is_leg, options, 0)], -1).astype(np.intp)
    return Network(
        places=tuple(places),
        legs=tuple(leg.leg for leg in legs),
        seas=tuple(seas),
        routes=tuple(routes),
        country=np.array([countries[row.country] for row in scenario.places], dtype=np.int16),
        wait=np.array([row.wait_days for row in scenario.places], dtype=np.float32),
        capacity=np.array([row.capacity_per_week or np.inf for row in scenario.places], dtype=np.float64),
        claim=claim,
        settle=settle,
        tail=tail,
        head=head,
        days=np.array([leg.days for leg in legs], dtype=np.float32),
        price=np.array([leg.price_eur for leg in legs], dtype=np.float64),
        death=np.array([leg.p_death for leg in legs], dtype=np.float64),
        log_size=np.log([leg.size or 1.0 for leg in legs]),
        departure_control=np.array([countries.get(leg.departure_control, -1) for leg in legs], dtype=np.int16),
        arrival_control=np.array([countries.get(leg.arrival_control, -1) for leg in legs], dtype=np.int16),
        effort_departure=np.array([leg.effort_departure for leg in legs], dtype=np.float64),
        effort_arrival=np.array([leg.effort_arrival for leg in legs], dtype=np.float64),
        surge=np.array([leg.surge_per_week or np.inf for leg in legs], dtype=np.float64),
        sea=np.array([seas.get(leg.sea, -1) for leg in legs], dtype=np.int16),
        route=np.array([routes.get(leg.route, -1) for leg in legs], dtype=np.int16),
        visa=np.array([leg.visa for leg in legs], dtype=bool),
        counted=np.array([leg.counted for leg in legs], dtype=bool),
        by_sea=by_sea,
        vessel=by_sea & guarded,
        options=options,
        last_again=_last_again(options),
        on_the_way=np.array([row.role != "origin" for row in scenario.places], dtype=bool),
        sea_departure=sea_departure,
        listed=list_options(options, heads, sweep_order(len(places), tail, head)),
        told=np.array([route.news for route in scenario.corridor.routes.values()], dtype=bool),
    )
