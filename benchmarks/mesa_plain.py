"""Mesa models of the same rules: one object a person, which decides for itself in each step.

`MesaEngine` is plain: written the way Mesa's own tutorials write a model (`shuffle_do`, one `step` a person, a
weighted choice by the standard library). `TunedMesaEngine` is the fastest that we could make of it with the same
objects: no shuffling, shares summed beforehand, the step of arrival remembered. Both are measured; the plain one is
the yardstick.
"""

from __future__ import annotations

import time
from bisect import bisect_right

import mesa
import numpy as np
from setting import BURN_IN, DEGREE, N_CLASSES, N_PLACES, Counts, Graph, Rules, make_shares


class Person(mesa.Agent):  # type: ignore[misc]
    """Somebody who waits at a place or is under way to it."""

    def __init__(self, model: PlainModel, place: int, person_class: int):
        super().__init__(model)
        self.place = place
        self.person_class = person_class
        self.steps_left = 0

    def step(self) -> None:
        """Travel on, or leave with the given chance by a leg drawn from the class's shares."""
        if self.steps_left > 0:
            self.steps_left -= 1
        if self.steps_left > 0 or self.random.random() >= self.model.leave:
            return
        legs, weights = self.model.legs[self.place], self.model.shares[self.person_class][self.place]
        self.attempt(self.random.choices(legs, weights=weights)[0])

    def attempt(self, leg: int) -> None:
        """Meet a leg's outcome: death, interception, or the way to the next place."""
        model = self.model
        model.attempts[leg] += 1
        luck = self.random.random()
        if luck < model.dying:
            model.deaths += 1
            self.remove()
        elif luck < model.caught:
            model.interceptions += 1
            self.steps_left = 1
        else:
            self.steps_left = model.steps_of[leg]
            self.place = model.head[leg]


class PlainModel(mesa.Model):  # type: ignore[misc]
    """The people and the graph, held in lists, which plain Python reads fastest."""

    person_type: type[Person] = Person

    def __init__(self, n: int, graph: Graph, rules: Rules, seed: int):
        super().__init__(rng=seed)
        shares = make_shares(graph, rules)
        self.leave = rules.leave
        self.dying = rules.dying
        self.caught = rules.dying + rules.intercepted
        self.shares = shares.tolist()
        self.limits = np.cumsum(shares, axis=-1)[..., :-1].tolist()
        self.legs = np.arange(N_PLACES * DEGREE).reshape(N_PLACES, DEGREE).tolist()
        self.head = graph.head.ravel().tolist()
        self.steps_of = graph.steps.ravel().tolist()
        self.now = 0
        self.attempts = [0] * (N_PLACES * DEGREE)
        self.interceptions = 0
        self.deaths = 0
        place = self.rng.integers(N_PLACES, size=n).tolist()
        person_class = self.rng.integers(N_CLASSES, size=n).tolist()
        self.person_type.create_agents(self, n, place=place, person_class=person_class)

    def step(self) -> None:
        """Let everybody act once, in random order."""
        self.agents.shuffle_do("step")


class TunedPerson(Person):
    """A person who remembers the step of arrival; does nothing else until then."""

    def step(self) -> None:
        """Leave with the given chance by a leg found among summed shares."""
        model = self.model
        if model.now < self.steps_left:
            return
        draw = model.random.random
        if draw() >= model.leave:
            return
        option = bisect_right(model.limits[self.person_class][self.place], draw())
        self.attempt(self.place * DEGREE + option)
        self.steps_left += model.now


class TunedModel(PlainModel):
    """The same model; people do not meet, so the order in which they act changes nothing."""

    person_type = TunedPerson

    def step(self) -> None:
        """Let everybody act once, in the order of their creation."""
        self.agents.do("step")
        self.now += 1


class MesaEngine:
    """The plain model, step by step."""

    name = "Mesa, plain"
    model_type: type[PlainModel] = PlainModel

    def __init__(self, n: int, graph: Graph, rules: Rules, seed: int, burn_in: int = BURN_IN):
        self.model = self.model_type(n, graph, rules, seed)
        self.run(burn_in)

    def run(self, steps: int) -> Counts:
        """Run steps; return what happened."""
        model = self.model
        model.attempts = [0] * len(model.attempts)
        model.interceptions = model.deaths = 0
        counts = Counts()
        began = time.process_time()
        for _ in range(steps):
            counts.person_steps += len(model.agents)
            model.step()
        counts.seconds = time.process_time() - began
        counts.attempts = np.array(model.attempts, dtype=np.int64)
        counts.interceptions, counts.deaths = model.interceptions, model.deaths
        return counts


class TunedMesaEngine(MesaEngine):
    """The tuned model, step by step."""

    name = "Mesa, tuned"
    model_type = TunedModel
