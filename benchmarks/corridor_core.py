"""Corridor's movement core, called directly on the benchmark's setting."""

from __future__ import annotations

import time

import numpy as np
from setting import BURN_IN, DEGREE, N_CLASSES, N_PLACES, Counts, Graph, Rules, make_shares

from simulator import draws
from simulator.stages.crossing import DEAD, INTERCEPTED, PUT_OFF, outcome_limits
from simulator.stages.movement import Passage, move
from simulator.world.network import Exit
from simulator.world.people import People

N_WEALTH = 3
"""Classes are origin x need x wealth; as in the model, people are counted by origin and need."""


def make_passage(graph: Graph, rules: Rules) -> Passage:
    """Return the setting as movement's tables, with a step of one day.

    Time is continuous here. Who leaves in step t does so `leaves_at` into it on average, and a leg of k steps
    leads to a place where one can leave from the start of step t + k, so it takes k - `leaves_at` days.
    """
    n_legs = N_PLACES * DEGREE
    exits = np.zeros(len(Exit))
    opening = np.ones(n_legs)
    caught = np.full(n_legs, rules.intercepted / (1.0 - rules.dying))
    never = np.zeros(n_legs, dtype=np.uint32)
    limits = draws.thresholds(np.cumsum(make_shares(graph, rules), axis=-1))
    return Passage(
        options=np.arange(n_legs, dtype=np.int16),
        n_options=DEGREE,
        share_limits=limits.transpose(2, 1, 0).reshape(DEGREE, -1),
        outcome_limits=outcome_limits(opening, np.full(n_legs, rules.dying), caught),
        head=np.concatenate([graph.head.ravel(), exits]).astype(np.int16),
        days=np.concatenate([graph.steps.ravel() - rules.leaves_at, exits]).astype(np.float32),
        price=np.zeros(n_legs + len(Exit), dtype=np.float32),
        wait=np.full(N_PLACES, rules.mean_wait, dtype=np.float32),
        saving=np.ones(N_PLACES, dtype=np.float32),
        give_up=never,
        detain=never,
        retry_days=1.0 / rules.leave,
        detention_days=0.0,
        cell=(np.arange(N_CLASSES) // N_WEALTH).astype(np.int32),
        n_cells=N_CLASSES // N_WEALTH,
    )


def make_people(n: int, rules: Rules, seed: int) -> People:
    """Return `n` people of all classes, waiting at all places; made piece by piece, so that memory is the rows'."""
    rng = np.random.default_rng(seed)
    group = draws.name_key(seed, "benchmark")
    people = People(capacity=n)
    piece = 1 << 18
    for first in range(0, n, piece):
        count = min(piece, n - first)
        people.add(
            key=draws.person_keys(group, 0, first, count),
            ready=rng.exponential(rules.mean_wait, count).astype(np.float32),
            person_class=rng.integers(N_CLASSES, size=count).astype(np.int16),
            place=rng.integers(N_PLACES, size=count).astype(np.int16),
        )
    return people


EPISODE = 200
"""Steps after which 2% of the people have died."""


class CorridorEngine:
    """People and their movement, step by step."""

    name = "Corridor"

    def __init__(self, n: int, graph: Graph, rules: Rules, seed: int, burn_in: int = BURN_IN):
        self.passage = make_passage(graph, rules)
        self.people = make_people(n, rules, seed)
        self.alive = n
        self.step = 0
        self.run(burn_in)

    def run(self, steps: int) -> Counts:
        """Run steps, dropping the rows of the dead as the model does; return what happened."""
        counts = Counts()
        began = time.process_time()
        happened = np.zeros((4, self.passage.n_legs + len(Exit), self.passage.n_cells), dtype=np.int64)
        for _ in range(steps):
            counts.person_steps += self.alive
            events = move(self.people, self.passage, self.step, self.step + 1.0)
            happened += events.counts
            self.alive -= int(events.counts[DEAD].sum())
            self.people.compact()
            self.step += 1
        counts.seconds = time.process_time() - began
        by_leg = happened[:, : self.passage.n_legs].sum(axis=2)
        counts.attempts = by_leg.sum(axis=0) - by_leg[PUT_OFF]
        counts.interceptions = int(by_leg[INTERCEPTED].sum())
        counts.deaths = int(by_leg[DEAD].sum())
        return counts


class RenewedEngine:
    """The same, with new people every `EPISODE` steps, so that deaths do not thin out a long run."""

    name = "Corridor"

    def __init__(self, n: int, graph: Graph, rules: Rules, seed: int, settle: int = 10):
        self.n, self.graph, self.rules, self.seed, self.settle = n, graph, rules, seed, settle

    def run(self, steps: int) -> Counts:
        """Run steps; return what happened. Making people and letting them settle is not timed."""
        counts = Counts()
        for first in range(0, steps, EPISODE):
            self.seed += 1
            engine = CorridorEngine(self.n, self.graph, self.rules, self.seed, self.settle)
            counts += engine.run(min(EPISODE, steps - first))
        return counts
