"""All questions that governments decide by rule in a run: who decides which, when they fall due, what was decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from simulator.governments.bargaining import DONOR, PARTNER, BargainState
from simulator.governments.choice import Choice
from simulator.governments.partnership import PartnershipState
from simulator.governments.response import DESTINATION, ResponseState
from simulator.scenario.schema import Scenario
from simulator.world.world import World

CHANCE, TAKEN = "chance", "taken"
"""What is noted of an option beside its payoff terms."""


class Cabinet:
    """The questions of a run.

    Attributes
    ----------
    bargains, responses : those that are decided by rule.
    record : what was decided, a row for each option and term.
    """

    def __init__(self, scenario: Scenario, world: World, partnerships: Mapping[tuple[str, str], PartnershipState]):
        self._world = world
        self.bargains = [
            BargainState(name, scenario, world, partnerships[bargain.donor, bargain.partner])
            for name, bargain in scenario.corridor.bargains.items()
            if bargain.active
        ]
        self.responses = [
            ResponseState(name, scenario, world)
            for name, response in scenario.corridor.responses.items()
            if response.active
        ]
        self.record: list[tuple[int, str, str, str, str, str, str, str, float]] = []

    def questions_of(self, code: str) -> tuple[tuple[BargainState | ResponseState, str], ...]:
        """Return what a government decides, with its role in each."""
        asked = [(each, PARTNER) for each in self.bargains if each.bargain.partner == code]
        asks = [(each, DONOR) for each in self.bargains if each.bargain.donor == code]
        at_home = [(each, DESTINATION) for each in self.responses if each.response.government == code]
        return (*asked, *asks, *at_home)

    def observe(self) -> dict[str, int]:
        """Take in the step just run, and return the questions that fall due, each with the number of its decision."""
        day, due = self._world.end_day, {}
        if self.bargains:
            ledger = self._world.ledger
            crossed, held = (ledger[name].sum(axis=(1, 2)) for name in ("crossings", "interceptions"))
            for bargain in self.bargains:
                bargain.observe(crossed, held)
        questions: list[BargainState | ResponseState] = [*self.bargains, *self.responses]
        for question in questions:
            number = question.calendar.due(day)
            if number is not None:
                due[question.name] = number
        return due

    def settle(self, due: Mapping[str, int], decided: Iterable[Choice]) -> None:
        """Let relations follow, once all have decided, and note what was decided."""
        for bargain in self.bargains:
            if bargain.name in due:
                bargain.settle(due[bargain.name])
        for choice in sorted(decided, key=lambda each: (each.question, each.role)):
            self._note(choice)

    def _note(self, choice: Choice) -> None:
        """Note a decision, unless it belongs to the warm-up."""
        step = self._world.step - self._world.n_warm_up
        if step < 0:
            return
        taken = np.arange(len(choice.options)) == choice.taken
        columns = {**choice.terms, CHANCE: choice.chances, TAKEN: taken.astype(np.float64)}
        when = self._world.clock.date_of(choice.day)
        for number, option in enumerate(choice.options):
            head = (choice.government, choice.partner, choice.question, choice.role, option)
            self.record += [(step, f"{when:%Y-%m-%d}", *head, term, float(of[number])) for term, of in columns.items()]

    def note_relations(self) -> None:
        """Write compliance, backlash and prices of each pair into the step's ledger; unknown where nobody bargains."""
        world = self._world
        fields = ("compliance", "backlash", "price_asked")
        for field in fields:
            world.ledger[field][...] = np.nan
        pairs: dict[tuple[int, int], list[BargainState]] = {}
        for each in self.bargains:
            if each.calendar.open(world.end_day):
                pair = world.governments.index(each.bargain.donor), world.governments.index(each.bargain.partner)
                pairs.setdefault(pair, []).append(each)
        for pair, states in pairs.items():
            world.ledger["compliance"][pair] = np.mean([state.compliance for state in states])
            world.ledger["backlash"][pair] = states[0].relation.backlash
            world.ledger["price_asked"][pair] = np.mean([state.asked_price for state in states])
