"""A government: a Mesa agent that observes, weighs, decides and acts on levers."""

from __future__ import annotations

from collections.abc import Mapping

import mesa
import numpy as np
from numpy.typing import NDArray

from simulator.governments.bargaining import BargainState, Laid
from simulator.governments.choice import Choice
from simulator.governments.levers import LeverTable
from simulator.governments.observation import Observation, Observer, Watch
from simulator.governments.partnership import PartnershipState
from simulator.governments.response import ResponseState
from simulator.governments.timetable import Order, orders_of, paid, payments_of
from simulator.scenario.schema import Scenario
from simulator.world.world import World

Floats = NDArray[np.float64]
Question = tuple[BargainState | ResponseState, str]
"""What a government decides, and its role in it."""


class Government(mesa.Agent):  # type: ignore[misc]
    """A government that follows its timetable, and decides by rule what it is asked.

    Attributes
    ----------
    code : ISO 3166 code, or EU.
    known : newest observation that has reached it; None at first.
    orders : what its timetable makes it do.
    questions : what it decides by rule.
    idle : whether it never acts, having neither orders nor questions.
    decided : choices of this step that are not yet in force.
    """

    def __init__(
        self,
        model: mesa.Model,
        code: str,
        scenario: Scenario,
        world: World,
        table: LeverTable,
        partnerships: Mapping[tuple[str, str], PartnershipState],
        questions: tuple[Question, ...] = (),
    ):
        super().__init__(model)
        self.code = code
        self.known: Observation | None = None
        self.orders = orders_of(code, scenario, world.clock)
        self._by_step: dict[int, list[Order]] = {}
        for order in self.orders:
            for step in np.flatnonzero(order.active > 0).tolist():
                self._by_step.setdefault(step, []).append(order)
        self.questions = questions
        self.decided: list[tuple[BargainState | ResponseState, Choice]] = []
        self._due: dict[int, list[tuple[str, float]]] = {}
        for payment in payments_of(code, scenario):
            amounts = paid(payment, world.clock)
            for step in np.flatnonzero(amounts).tolist():
                self._due.setdefault(step, []).append((payment.recipient or code, float(amounts[step])))
        self._observer = Observer(world, code)
        self.idle = not self.orders and not questions
        self._world, self._table, self._partnerships = world, table, partnerships

    def observe(self, watch: Watch) -> None:
        """Take stock, by the newest step that can be known; it is late and seen with errors."""
        if watch.newest is not None:
            self.known = self._observer.look(self._world, watch.newest)

    def decide(self) -> list[Order]:
        """Return the orders for this step: those of the timetable that act in it."""
        return self._by_step.get(self._world.step, [])

    def laid(self) -> list[Laid]:
        """Return what its decisions by rule lay on the table in this step."""
        return [laid for question, role in self.questions for laid in question.laid(role)]

    def act(self) -> None:
        """Lay the orders for this step on the common table, those of the timetable and those decided by rule."""
        step = self._world.step
        for order in self.decide():
            value, active = float(order.value[step]), float(order.active[step])
            self._table.lay(order.lever, order.where, order.do, value, active, order.days.get(step))
        for laid in self.laid():
            self._table.lay(laid.lever, laid.where, laid.do, laid.value, 1.0)

    def weigh(self, due: Mapping[str, int]) -> None:
        """Decide what is due, by what is known before anybody else's decision of this step is in force.

        Parameters
        ----------
        due : number of the decision, by question.
        """
        self.decided = [
            (question, question.weigh(role, due[question.name]))
            for question, role in self.questions
            if question.name in due
        ]

    def commit(self) -> None:
        """Let its decisions hold from the next step."""
        for question, choice in self.decided:
            question.commit(choice)

    def pay(self) -> None:
        """Spend what falls due in this step."""
        world = self._world
        due = self._due.get(world.step, [])
        if not due and not self.questions:
            return
        codes = world.governments
        mine = codes.index(self.code)
        for recipient, amount in due:
            world.ledger["spending"][mine, codes.index(recipient)] += amount
            state = self._partnerships.get((self.code, recipient))
            if state is not None:
                state.paid += amount
        for question, role in self.questions:
            if isinstance(question, ResponseState):
                world.ledger["spending"][mine, mine] += question.spend()
            elif role == "donor":
                spent, diverted = question.spend()
                partner = codes.index(question.bargain.partner)
                world.ledger["spending"][mine, partner] += spent
                world.ledger["diverted"][mine, partner] += diverted
                question.relation.paid += spent
