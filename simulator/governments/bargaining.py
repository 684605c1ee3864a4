"""A bargain as a run goes: what both sides see, what each decides, and what comes of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from simulator.governments import payoffs, stakes
from simulator.governments.choice import Choice, chances, luck_of, take
from simulator.governments.partnership import PartnershipState
from simulator.governments.payoffs import Seen, Stance, Table
from simulator.governments.stakes import Delivery, Economy, Where
from simulator.scenario.bargains import Act, Bargain, Regime, offered
from simulator.scenario.levers import LEVERS
from simulator.scenario.schema import Scenario
from simulator.units import DAYS_PER_YEAR, FULL_FRAGILITY
from simulator.world.series import MID_YEAR, gather, interpolate
from simulator.world.world import World

Floats = NDArray[np.float64]
PARTNER, DONOR = "partner", "donor"


@dataclass(frozen=True)
class Laid:
    """One lever as a decision lays it."""

    lever: str
    where: Where
    do: str
    value: float


class Calendar:
    """Says when a question is decided: on its first day, and each decision interval after it."""

    def __init__(self, world: World, first: float, last: float = np.inf):
        self._first, self._last = first, last
        self.interval = world.parameters.governance.decision_interval.value
        self._number = -1

    @property
    def years(self) -> float:
        """Length of the interval, years."""
        return self.interval / DAYS_PER_YEAR

    def due(self, day: float) -> int | None:
        """Return the number of the decision that falls due by a day, or None."""
        number = int((day - self._first) // self.interval)
        if day < self._first or day >= self._last or number <= self._number:
            return None
        self._number = number
        return number

    def open(self, day: float) -> bool:
        """Return whether something decided holds on a day."""
        return self._number >= 0 and day < self._last


class Tracker:
    """Yearly rates of some flows, smoothed over a decision interval and known late."""

    def __init__(self, world: World):
        rules = world.parameters.governance
        self._over, self._lag = rules.decision_interval.value, rules.observation_lag.value
        self._rate: Floats | None = None
        self._late: deque[tuple[float, Floats]] = deque()
        self.known: Floats | None = None

    def push(self, world: World, flows: Floats) -> None:
        """Take in the flows of the step just run."""
        now = flows / world.years
        follow = -np.expm1(-world.days / self._over)
        self._rate = now if self._rate is None else self._rate + follow * (now - self._rate)
        self._late.append((world.end_day, self._rate.copy()))
        while self._late and self._late[0][0] <= world.end_day - self._lag:
            self.known = self._late.popleft()[1]


class BargainState:
    """A bargain between a donor and a partner.

    Attributes
    ----------
    act : number of the partner's act in force, -1 before its first decision.
    stance : number of the donor's stance in force, -1 before its first decision.
    asked_price, paid_price : of what rises, as factors of its amount at first.
    asked : people whom the donor asks to take back in a year, as it last saw.
    """

    def __init__(self, name: str, scenario: Scenario, world: World, relation: PartnershipState):
        regimes = scenario.corridor.regimes
        assert regimes is not None  # checked with the scenario
        self.name = name
        self.bargain: Bargain = scenario.corridor.bargains[name]
        self.regime: Regime = offered(
            regimes.regimes[self.bargain.regime], citizens=self.bargain.partner in world.groups.origins
        )
        acts: dict[str, Act] = getattr(regimes.acts, self.bargain.about)
        ordered = sorted(acts.items(), key=lambda pair: -pair[1].compliance)
        self.act_names, self.acts = tuple(key for key, _ in ordered), tuple(act for _, act in ordered)
        self.stances: tuple[Stance, ...] = payoffs.stances(self.regime)
        self.relation = relation
        self.act = self.stance = -1
        self.asked_price = self.paid_price = 1.0
        self.asked = 0.0
        until = self.bargain.until
        self.calendar = Calendar(
            world, world.clock.day_of(self.bargain.from_), np.inf if until is None else world.clock.day_of(until)
        )
        self._seed, self._market = scenario.seed, 0.0
        self._laid: dict[str, tuple[Laid, ...]] = {}
        self._yearly: float | None = None
        self._world, self._tracker = world, Tracker(world)
        self._find(scenario, world)
        figures = gather((row.country, row.year, row.remittances) for row in scenario.country_years)
        self._remittances = figures.get(self.bargain.partner, [(0, 0.0)])

    def _find(self, scenario: Scenario, world: World) -> None:
        """Find the partner, its citizens, the destinations and the legs among the world's arrays."""
        network, groups = world.network, world.groups
        self._partner = world.countries.index(self.bargain.partner)
        self._destinations = np.array([world.countries.index(code) for code in self.bargain.destinations])
        self._origin = groups.origins.index(self.bargain.partner) if self.bargain.partner in groups.origins else -1
        routes = {leg.leg: leg.route for leg in scenario.legs}
        chosen = [leg in self.bargain.legs or routes[leg] in self.bargain.legs for leg in network.legs]
        self._legs = np.flatnonzero(chosen)
        self._all = np.flatnonzero(network.counted & (network.route >= 0))

    @property
    def compliance(self) -> float:
        """Compliance in force, -1 to 1; 0 before anything was decided."""
        return self.acts[self.act].compliance if self.act >= 0 else 0.0

    def observe(self, crossed: Floats, held: Floats) -> None:
        """Take in the step just run, given its crossings and interceptions by leg, each of shape (n_legs,)."""
        world = self._world
        ordered = world.ledger["orders"][self._destinations, self._origin].sum() if self._origin >= 0 else 0.0
        flows = [ordered, crossed[self._legs].sum(), crossed[self._all].sum(), held[self._legs].sum()]
        self._tracker.push(world, np.array(flows, dtype=np.float64))

    def _economy(self, asked: float) -> Economy:
        """Return the partner's economy at market rates: that is what it can buy with what it is offered."""
        world, given = self._world, self.bargain.income
        people = float(world.plan.population[world.step, self._partner])
        income = float(world.gdp[self._partner]) * people * world.parameters.bargaining.market_income.value
        if given is not None:
            # As it grows with income at purchasing power parity, of which the figure is a share at the start.
            self._market = self._market or given.value * stakes.MILLION / income
            income *= self._market
        year = np.array([world.clock.decimal_year(world.clock.start.toordinal() + world.day)])
        sent = float(interpolate(self._remittances, year, MID_YEAR)[0])
        return Economy(income, sent, asked)

    def _asked(self, ordered: float) -> float:
        found = self._world.parameters.returns.identification.value
        return ordered * found if self.bargain.asked is None else self.bargain.asked.value

    def seen(self, role: str, number: int) -> Seen:
        """Return what a side knows: late, with an error of its own."""
        world = self._world
        known = self._tracker.known if self._tracker.known is not None else np.zeros(4)
        noise = world.parameters.governance.observation_noise.value
        luck = [luck_of(self._seed, self.name, f"{role} sees {what}", number) for what in range(4)]
        ordered, over, everywhere, held = known * np.exp(noise * ndtri(np.array(luck)))
        people = float(world.plan.population[world.step, self._partner])
        waiting = world.ledger["backlog"][self._destinations].sum()
        decided = (world.plan.decisions[world.step] * world.levers["asylum_capacity"])[self._destinations].sum()
        return Seen(
            asked=self._asked(float(ordered)),
            importance=float(min(over / everywhere, 1.0)) if everywhere > 0 else 0.0,
            burden=float(held) / people * 1000.0,
            pressure=float(waiting / decided) if decided > 0 else 0.0,
        )

    def table(self, economy: Economy) -> Table:
        """Return what is on the table."""
        parameters, regime, bargain = self._world.parameters, self.regime, self.bargain
        return Table(
            promise=stakes.total_worth(regime, "compliance", bargain, economy, parameters, self.paid_price),
            threat=stakes.total_worth(regime, "refusal", bargain, economy, parameters),
            promise_money=stakes.money(regime, "compliance", bargain, self.paid_price),
            asked_money=stakes.money(regime, "compliance", bargain, self.asked_price),
            threat_money=stakes.money(regime, "refusal", bargain),
            asked_price=self.asked_price,
            paid_price=self.paid_price,
        )

    def weigh(self, role: str, number: int) -> Choice:
        """Return what a side decides; nothing changes."""
        world, rules = self._world, self._world.parameters.bargaining
        seen = self.seen(role, number)
        economy = self._economy(seen.asked)
        table = self.table(economy)
        if role == PARTNER:
            capacity = 1.0 - float(world.fragility[self._partner]) / FULL_FRAGILITY
            terms = payoffs.of_partner(
                self.acts, self.act, self.bargain.about, seen, table, self.regime, self.relation, economy, capacity,
                float(world.unemployment[self._partner]), world.parameters,
            )  # fmt: skip
            names, who, other = self.act_names, self.bargain.partner, self.bargain.donor
        else:
            terms = payoffs.of_donor(
                self.stances, self.stance, self.compliance, seen, table, self.relation, world.parameters
            )
            names, who, other = tuple(each.name for each in self.stances), self.bargain.donor, self.bargain.partner
        chance = chances(terms, rules.choice_scale.value)
        taken = take(chance, luck_of(self._seed, self.name, role, number))
        return Choice(self.name, who, other, role, world.end_day, names, terms, chance, taken)

    def commit(self, choice: Choice) -> None:
        """Let a decision hold from the next step."""
        if choice.role == PARTNER:
            self.act = choice.taken
        else:
            self.stance = choice.taken

    def settle(self, number: int) -> None:
        """Let the relation follow what both sides have decided."""
        self._laid.clear()
        self._yearly = None
        self.asked = self.seen(DONOR, number).asked
        rules, years = self._world.parameters.bargaining, self.calendar.years
        act, stance, regime = self.acts[self.act], self.stances[self.stance], self.regime
        done, refused = max(act.compliance, 0.0), 1.0 - float(np.clip(act.compliance, 0.0, 1.0))
        promises = any(item.due == "compliance" for item in regime.items)
        threats = any(item.due == "refusal" for item in regime.items)
        size = min(abs(stakes.money(regime, "refusal", self.bargain)) / max(stakes.yearly_aid(self.bargain), 1.0), 1.0)
        gained = regime.shared_priorities.value + done * promises * stance.keeps
        lost = size * (regime.publicity.value + refused * stance.carries_out) + done * promises * (not stance.keeps)
        self.relation.move_trust(rules, years, gained, lost)
        protest = self._economy(0.0).salience / rules.salience_reference.value
        self.relation.move_backlash(rules, years, act.public * (1.0 + regime.publicity.value) * protest)
        self.relation.learn(
            rules, years, kept=stance.keeps if promises and done > 0 else None,
            carried_out=stance.carries_out if threats and refused > 0 else None,
        )  # fmt: skip
        if any(item.rises for item in regime.items):
            if stance.pays_more:
                self.paid_price = self.asked_price
            importance = self.seen(PARTNER, number).importance
            self.asked_price *= float(np.exp(rules.price_rise.value * years * importance * done))

    def delivery(self) -> Delivery:
        """Return how much of each kind of item is delivered as things stand."""
        stance = self.stances[max(self.stance, 0)]
        done, refused = max(self.compliance, 0.0), 1.0 - float(np.clip(self.compliance, 0.0, 1.0))
        return Delivery(1.0, done * stance.keeps, refused * stance.carries_out, self.paid_price)

    @property
    def diverted(self) -> float:
        """Share of money that goes to other ends, by the partner's fragility."""
        world = self._world
        return world.parameters.bargaining.diverted_share.value * float(world.fragility[self._partner] / FULL_FRAGILITY)

    def laid(self, role: str) -> tuple[Laid, ...]:
        """Return the levers that a side's decision moves in this step; the same until the next decision."""
        if not self.calendar.open(self._world.day):
            return ()
        if role not in self._laid:
            self._laid[role] = tuple(self._lay(role))
        return self._laid[role]

    def _lay(self, role: str) -> Iterator[Laid]:
        pairs = np.full(len(self._destinations), self._origin), self._destinations
        if role == PARTNER:
            value = self.acts[self.act].value.value
            if self.bargain.about == "border":
                yield Laid("border_posture", (self._legs,), "multiply", value)
            else:
                base = self._world.parameters.returns.papers_share.value
                yield Laid("readmission_cooperation", pairs, "add", value - base)
            return
        for lever, value in stakes.lay_items(self.regime, self.bargain, self.delivery(), self.asked).items():
            if lever in stakes.MONEY:
                value *= 1.0 - self.diverted
            if LEVERS[lever].acts == "pair":
                share = value / len(self._destinations) if lever == "legal_pathways" else value
                yield Laid(lever, pairs, "add", share)
            else:
                yield Laid(lever, (np.array([self._partner]),), "add", value)

    def spend(self) -> tuple[float, float]:
        """Return what the donor pays in this step, less what it withholds, and how much of it is diverted; euros."""
        if not self.calendar.open(self._world.day):
            return 0.0, 0.0
        if self._yearly is None:
            laid = stakes.lay_items(self.regime, self.bargain, self.delivery(), self.asked)
            self._yearly = sum(laid.get(lever, 0.0) for lever in stakes.MONEY) * stakes.MILLION
        paid = self._yearly * self._world.years
        return paid, max(paid, 0.0) * self.diverted
