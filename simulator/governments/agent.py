"""A government: a Mesa agent that observes, decides and acts on levers."""

from __future__ import annotations

from collections.abc import Mapping

import mesa
import numpy as np
from numpy.typing import NDArray

from simulator.governments.levers import LeverTable
from simulator.governments.observation import Observation, Observer
from simulator.governments.partnership import PartnershipState
from simulator.governments.timetable import Order, orders_of, paid, payments_of
from simulator.scenario.schema import Scenario
from simulator.world.world import World

Floats = NDArray[np.float64]


class Government(mesa.Agent):  # type: ignore[misc]
    """A government that follows its timetable.

    Attributes
    ----------
    code : ISO 3166 code, or EU.
    known : newest observation that has reached it; None at first.
    orders : what its timetable makes it do.
    """

    def __init__(
        self,
        model: mesa.Model,
        code: str,
        scenario: Scenario,
        world: World,
        table: LeverTable,
        partnerships: Mapping[tuple[str, str], PartnershipState],
    ):
        super().__init__(model)
        self.code = code
        self.known: Observation | None = None
        self._newest: Observation | None = None
        self._next_stock = world.parameters.governance.decision_interval.value
        self.orders = orders_of(code, scenario, world.clock)
        self._payments = payments_of(code, scenario)
        self._observer = Observer(world, code)
        self._world, self._table, self._partnerships = world, table, partnerships

    def observe(self, totals: Mapping[str, Floats]) -> None:
        """Take in the step just run, given its totals by leg; stock is taken each decision interval.

        What is seen is late and has errors.
        """
        seen = self._observer.look(self._world, totals)
        if seen is not None:
            self._newest = seen
        if self._world.end_day >= self._next_stock:
            self.known = self._newest
            self._next_stock = self._world.end_day + self._world.parameters.governance.decision_interval.value

    def decide(self) -> list[Order]:
        """Return the orders for this step: those of the timetable that act in it."""
        step = self._world.step
        return [order for order in self.orders if order.active[step] > 0]

    def act(self) -> None:
        """Lay the orders for this step on the common table, and pay what is due in it."""
        step = self._world.step
        for order in self.decide():
            self._table.lay(order.lever, order.where, order.do, float(order.value[step]), float(order.active[step]))

    def pay(self) -> None:
        """Spend what falls due in this step."""
        world = self._world
        codes = world.governments
        for payment in self._payments:
            amount = paid(payment, world.clock, world.step)
            recipient = payment.recipient or payment.payer
            world.ledger["spending"][codes.index(self.code), codes.index(recipient)] += amount
            state = self._partnerships.get((self.code, recipient))
            if state is not None:
                state.paid += amount
