"""A destination's standing question: what to do about arrivals."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulator.governments import payoffs
from simulator.governments.bargaining import Calendar, Laid
from simulator.governments.choice import Choice, chances, luck_of, take
from simulator.governments.stakes import MILLION
from simulator.scenario.bargains import Answer, AnswerLever, Response
from simulator.scenario.levers import LEVERS
from simulator.scenario.schema import Scenario
from simulator.units import convert
from simulator.world.world import World

DESTINATION = "destination"


class ResponseState:
    """What a destination does about arrivals as a run goes.

    Attributes
    ----------
    answer : number of the answer in force, -1 before the first decision.
    """

    def __init__(self, name: str, scenario: Scenario, world: World):
        self.name = name
        self.response: Response = scenario.corridor.responses[name]
        # From the one that relieves most down, so that the same draw does no less where pressure is higher.
        ordered = sorted(self.response.answers.items(), key=lambda pair: -pair[1].relief)
        self.names = tuple(key for key, _ in ordered)
        self.answers: tuple[Answer, ...] = tuple(answer for _, answer in ordered)
        self.answer = -1
        self.calendar = Calendar(world, world.clock.day_of(self.response.from_))
        self._seed, self._world, self._scenario = scenario.seed, world, scenario
        self._country = world.countries.index(self.response.government)

    def pressure(self) -> float:
        """Return the years that claims wait in the country; its own books, so neither late nor wrong."""
        world = self._world
        decided = float((world.plan.decisions[world.step] * world.levers["asylum_capacity"])[self._country])
        return float(world.ledger["backlog"][self._country]) / decided if decided > 0 else 0.0

    def weigh(self, _role: str, number: int) -> Choice:
        """Return what the government decides; nothing changes."""
        parameters = self._world.parameters
        terms = payoffs.of_destination(self.answers, self.answer, self.pressure(), parameters)
        chance = chances(terms, parameters.bargaining.choice_scale.value)
        taken = take(chance, luck_of(self._seed, self.name, DESTINATION, number))
        return Choice(
            self.name, self.response.government, "", DESTINATION, self._world.end_day, self.names, terms, chance, taken
        )

    def commit(self, choice: Choice) -> None:
        """Let a decision hold from the next step."""
        self.answer = choice.taken

    def laid(self, _role: str) -> Iterator[Laid]:
        """Yield the levers that the answer moves in this step."""
        if not self.calendar.open(self._world.day):
            return
        for moved in self.answers[self.answer].levers:
            value = convert(moved.value.value, moved.value.unit, LEVERS[moved.lever].unit if moved.do == "add" else "1")
            yield Laid(moved.lever, self._where(moved), moved.do, value)

    def _where(self, moved: AnswerLever) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], ...]:
        acts, world = LEVERS[moved.lever].acts, self._world
        if acts == "country":
            return (np.array([self._country]),)
        if acts == "pair":
            origins = np.array([world.groups.origins.index(code) for code in moved.at])
            return origins, np.full(len(origins), self._country)
        routes = {leg.leg: leg.route for leg in self._scenario.legs}
        legs = [n for n, leg in enumerate(world.network.legs) if leg in moved.at or routes[leg] in moved.at]
        return (np.array(legs, dtype=np.intp),)

    def spend(self) -> float:
        """Return what the answer costs in this step; euros."""
        if not self.calendar.open(self._world.day):
            return 0.0
        cost = self.answers[self.answer].cost
        return convert(cost.value, cost.unit, "million_eur/year") * MILLION * self._world.years
