"""The state of a run: everything that stages and governments read and write, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.clock import Clock
from simulator.scenario.parameters import Parameters, Switches
from simulator.world.fields import NEEDS, RECORDED
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
    claimed : people who claimed asylum so far, by need, on top of a prior, shape (n_origins, 2).
    left : people who left each pool and are not yet replaced by others as ready to leave, shape of `pools`.
    relatives : of those in each pool, relatives of people who made it and who mean to follow; shape of `pools`.
    closed : people in a closed state, shape (n_states, n_countries, n_origins).
    entered : net people born or moved into the pools since the start.
    levers : value of each lever in this step, by name, the mean of its days; shapes (n_legs,), (n_countries,) or
        (n_origins, n_countries).
    spells : parts of the step in which no lever changes: share of its days, and the levers there, as `levers`.
    gdp, unemployment, fragility, conflict : drivers now, shape (n_countries,).
    diaspora, visa : shape (n_origins, n_countries).
    value : value of standing at a place, utility, shape (n_classes, n_places).
    stay : value of staying in a pool, utility, shape (n_origins, n_countries, 2, n_wealth).
    journey_price : mean price of the journeys chosen from a place, euros, shape (n_classes, n_places).
    share_limits : limits on 32-bit draws between options, shape (n_options, n_places, n_classes).
    outcome_limits : limits between dead, intercepted, put off and through, shape (3, n_legs + n_exits).
    unrescued : risk of death if nobody were rescued, shape (n_legs,).
    stopped : chance of one who tries to live and be intercepted, shape (n_legs,).
    hazard, caught, risk, open : hazard and chance of interception, risk of death, chance that the leg is
        passable, shape (n_legs,).
    prior_caught, prior_risk : what people believe before anything is seen, shape (n_legs,).
    seen, seen_caught, seen_dead : discounted observations, people, shape (n_origins, n_legs).
    news : discounted arrivals, people, shape (n_origins, n_routes).
    price, crowding, smuggled : now, shape (n_legs,).
    flow : smoothed attempts a week, shape (n_legs,); flow_year the same over a year.
    capacity : people a week whom smugglers can take across a leg, inf where no vessel is needed, shape (n_legs,).
    by_sea : share who would leave a place by each sea, shape (n_seas, n_places, n_classes).
    days_to_sea : mean days until then, shape (n_places, n_classes).
    demand : people ready for it a week, those put off included, 0 where no vessel is needed, shape (n_legs,).
    vacancy : share of those ready for a leg who find a place, shape (n_legs,).
    claim_flow : claims a year, smoothed over a month and over a year, shape (2, n_countries).
    way_back : what coming back cost at the first step, utility, shape (n_classes, n_countries).
    lag_governance : lagged fall of fragility by help to institutions, FSI points, shape (n_stages, n_countries).
    queue : claims waiting, first in first out, by country.
    carry : unspent parts of capacities, by name.
    ledger : what the step recorded, by field name.
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
    diaspora: Floats
    visa: Floats
    cooperation: Floats
    base_gdp: Floats
    pool_keys: NDArray[np.uint64]
    queue: list[ClaimQueue]
    step: int = 0
    entered: int = 0
    initial: int = 0
    gdp: Floats = field(default_factory=lambda: np.zeros(0))
    unemployment: Floats = field(default_factory=lambda: np.zeros(0))
    fragility: Floats = field(default_factory=lambda: np.zeros(0))
    conflict: Floats = field(default_factory=lambda: np.zeros(0))
    value: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    stay: Floats = field(default_factory=lambda: np.zeros(0))
    journey_price: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    share_limits: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, dtype=np.uint32))
    outcome_limits: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, dtype=np.uint32))
    hazard: Floats = field(default_factory=lambda: np.zeros(0))
    caught: Floats = field(default_factory=lambda: np.zeros(0))
    claimed: Floats = field(default_factory=lambda: np.zeros(0))
    by_sea: Floats = field(default_factory=lambda: np.zeros(0))
    days_to_sea: Floats = field(default_factory=lambda: np.zeros(0))
    relatives: Floats = field(default_factory=lambda: np.zeros(0))
    left: Floats = field(default_factory=lambda: np.zeros(0))
    unrescued: Floats = field(default_factory=lambda: np.zeros(0))
    stopped: Floats = field(default_factory=lambda: np.zeros(0))
    risk: Floats = field(default_factory=lambda: np.zeros(0))
    open: Floats = field(default_factory=lambda: np.zeros(0))
    prior_caught: Floats = field(default_factory=lambda: np.zeros(0))
    prior_risk: Floats = field(default_factory=lambda: np.zeros(0))
    seen: Floats = field(default_factory=lambda: np.zeros(0))
    seen_caught: Floats = field(default_factory=lambda: np.zeros(0))
    seen_dead: Floats = field(default_factory=lambda: np.zeros(0))
    news: Floats = field(default_factory=lambda: np.zeros(0))
    price: Floats = field(default_factory=lambda: np.zeros(0))
    crowding: Floats = field(default_factory=lambda: np.zeros(0))
    smuggled: Floats = field(default_factory=lambda: np.zeros(0))
    flow: Floats = field(default_factory=lambda: np.zeros(0))
    flow_year: Floats = field(default_factory=lambda: np.zeros(0))
    capacity: Floats = field(default_factory=lambda: np.zeros(0))
    demand: Floats = field(default_factory=lambda: np.zeros(0))
    vacancy: Floats = field(default_factory=lambda: np.zeros(0))
    lag_gain: Floats = field(default_factory=lambda: np.zeros(0))
    lag_loss: Floats = field(default_factory=lambda: np.zeros(0))
    lag_governance: Floats = field(default_factory=lambda: np.zeros(0))
    claim_flow: Floats = field(default_factory=lambda: np.zeros(0))
    way_back: Floats = field(default_factory=lambda: np.zeros(0))
    carry: dict[str, Floats] = field(default_factory=dict)
    ledger: dict[str, NDArray[Any]] = field(default_factory=dict)

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
        from simulator.world.fields import OUTCOMES, RETURN_KINDS

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
            for name, recorded in RECORDED.items():
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
