"""The world of a run: who is where, what was built of its scenario, and the state that stages own.

What a stage owns is declared in its module and set by `Stages.begin`; here is what none of them owns alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulator.clock import Clock
from simulator.scenario.parameters import Parameters, Switches
from simulator.world.fields import NEEDS, OUTCOMES, RECORDED, RETURN_KINDS, Field
from simulator.world.network import Network
from simulator.world.people import People, State
from simulator.world.queue import ClaimQueue

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Levers = Mapping[str, Floats]
"""Values of all levers, by name."""


@dataclass(frozen=True)
class Groups:
    """How people are grouped: origins, need of protection, wealth classes.

    A class numbers origin x need x wealth: ``(origin * 2 + need) * n_wealth + wealth``.

    Attributes
    ----------
    origins : codes; origin_country : their country numbers, shape (n_origins,).
    origin, need, wealth : of each class, shape (n_classes,).
    wealth_names : names; wealth_bounds : quantiles that bound the classes, shape (n_wealth + 1,).
    income_factor : mean income of a wealth class against the mean of all, shape (n_wealth,).
    need_share : share in need among an origin's people, shape (n_origins,).
    level : level of departures, utility, shape (n_origins,).
    """

    origins: tuple[str, ...]
    origin_country: NDArray[np.int16]
    origin: NDArray[np.int16]
    need: NDArray[np.int16]
    wealth: NDArray[np.int16]
    wealth_names: tuple[str, ...]
    wealth_bounds: Floats
    income_factor: Floats
    need_share: Floats
    level: Floats

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.origin)

    @property
    def n_wealth(self) -> int:
        """Number of wealth classes."""
        return len(self.wealth_names)


def of_both_needs(counts: NDArray[Any]) -> NDArray[Any]:
    """Add up a table over its last axis, need; a sum over an axis of two takes ten times as long."""
    return np.asarray(counts[..., 0] + counts[..., 1])


@dataclass
class Plan:
    """Driver series over the run, read by the drivers stage; first axis is the step.

    Attributes
    ----------
    population, gdp, unemployment, fragility, conflict : shape (n_steps, n_countries); conflict is battle
        deaths a 100,000 people a year.
    growth : people born, died or moved outside the corridor, net, shape (n_steps, n_origins, 2, n_wealth).
    displacement : people displaced from home to a host, shape (n_steps, n_origins, n_countries, n_wealth).
    recognition : recognition rate, shape (n_steps, n_origins, n_countries).
    decisions, removals : a year, shape (n_steps, n_countries).
    sea_open, sea_risk : by sea, weather included in the first, shape (n_steps, n_seas).
    earlier : observed arrivals a year while the run warms up, NaN where none are known, shape (n_origins, n_routes,
        n_warm_up).
    sea_usual : openness of each sea in each month of the year, shape (12, n_seas).
    """

    population: Floats
    gdp: Floats
    unemployment: Floats
    fragility: Floats
    conflict: Floats
    growth: Counts
    displacement: Counts
    recognition: Floats
    decisions: Floats
    removals: Floats
    sea_open: Floats
    sea_risk: Floats
    sea_usual: Floats
    earlier: Floats


@dataclass
class World:
    """The state of a run.

    Attributes
    ----------
    n_warm_up : steps at the start that are not recorded.
    step : number of the step, the warm-up included.
    countries, governments : codes.
    pools : people not on the move, shape (n_origins, n_countries, 2, n_wealth); the second axis is residence.
    pool_keys : key of the luck of each pool, shape of `pools`.
    people : rows of those who have set out and whose case is open.
    closed : people in a closed state, shape (n_states, n_countries, n_origins).
    queue : claims waiting, first in first out, by country.
    entered : net people born or moved into the pools since the start; `initial`, all people at the start.
    levers : value of each lever in this step, by name, the mean of its days; shapes (n_legs,), (n_countries,) or
        (n_origins, n_countries).
    spells : parts of the step in which no lever changes: share of its days, and the levers there, as `levers`.
    visa : whether a visa is required, shape (n_origins, n_countries).
    first_diaspora : people from each origin in each country on the first day, shape (n_origins, n_countries).
    cooperation : of each country with controls on its side, 0 to 1, shape (n_countries,).
    base_gdp : income a head in the reference year, shape (n_countries,).
    records : what is recorded, by name; `ledger`, what the step recorded, by the same names.
    """

    clock: Clock
    n_warm_up: int
    parameters: Parameters
    switches: Switches
    seed: int
    weight: int
    network: Network
    groups: Groups
    plan: Plan
    countries: tuple[str, ...]
    governments: tuple[str, ...]
    home_place: NDArray[np.int16]
    people: People
    pools: Counts
    closed: Counts
    levers: dict[str, Floats]
    spells: list[tuple[float, dict[str, Floats]]]
    visa: Floats
    first_diaspora: Floats
    cooperation: Floats
    base_gdp: Floats
    pool_keys: NDArray[np.uint64]
    queue: list[ClaimQueue]
    initial: int
    step: int = 0
    entered: int = 0
    records: dict[str, Field] = field(default_factory=lambda: dict(RECORDED))
    ledger: dict[str, NDArray[Any]] = field(default_factory=dict)

    if TYPE_CHECKING:
        # What stages own: arrays under the names that they declare.
        def __getattr__(self, name: str) -> NDArray[Any]: ...
        def __setattr__(self, name: str, value: object) -> None: ...

    @classmethod
    def built(cls) -> frozenset[str]:
        """Return the names of what is there before any stage has set its state."""
        return frozenset(each.name for each in fields(cls))

    @property
    def sizes(self) -> dict[str, int]:
        """Length of each axis that state and records may have, by name."""
        network, groups = self.network, self.groups
        return {
            **{name: len(labels) for name, labels in self.coords().items()},
            "class": groups.n_classes,
            "route": len(network.routes),
            "sea": len(network.seas),
            "option": network.last_again.shape[1],
        }

    @property
    def day(self) -> float:
        """Day on which the step begins."""
        return float(self.clock.edges[self.step])

    @property
    def end_day(self) -> float:
        """Day on which the step ends."""
        return float(self.clock.edges[self.step + 1])

    @property
    def years(self) -> float:
        """Length of the step in years."""
        return float(self.clock.years[self.step])

    @property
    def days(self) -> float:
        """Length of the step in days."""
        return float(self.clock.days[self.step])

    def coords(self) -> dict[str, tuple[str, ...]]:
        """Return the names along each recorded dimension."""
        return {
            "origin": self.groups.origins,
            "residence": self.countries,
            "need": NEEDS,
            "wealth": self.groups.wealth_names,
            "leg": self.network.legs,
            "country": self.countries,
            "place": self.network.places,
            "outcome": OUTCOMES,
            "kind": RETURN_KINDS,
            "state": tuple(state.name.lower() for state in State),
            "government": self.governments,
            "recipient": self.governments,
            "lever": tuple(self.levers),
        }

    def new_ledger(self) -> None:
        """Start the step's ledger with zeros."""
        if not self.ledger:
            sizes = {name: len(names) for name, names in self.coords().items()}
            for name, recorded in self.records.items():
                dtype = np.int64 if recorded.unit == "person" else np.float64
                self.ledger[name] = np.zeros([sizes[dim] for dim in recorded.dims], dtype=dtype)
        else:
            for array in self.ledger.values():
                array.fill(0)

    def total(self) -> int:
        """Return all people: in pools, in rows, and in closed states."""
        open_rows = int(np.count_nonzero(self.people.state < State.PROTECTED))
        return int(self.pools.sum()) + open_rows * self.weight + int(self.closed.sum())


def mean_of_spells(world: World, figure: Callable[[Levers], Floats]) -> Floats:
    """Return the mean over the days of the step of a figure that hangs on levers, which may change within it.

    Where a figure is the same in all spells its mean is that to the bit, so that orders elsewhere touch nothing.
    """
    first = total = figure(world.spells[0][1])
    for share, levers in world.spells[1:]:
        total = total + share * (figure(levers) - first)
    return total
