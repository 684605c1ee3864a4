"""The setting that every engine runs: the graph, the rules, and what they imply.

Sixty places on a ring, each joined to six others (Flee's links run both ways, so the graph does too). In a step,
30% of those who wait at a place leave it, by one of its six legs. A leg takes 1 to 5 steps: who leaves in step t by
a leg of k steps may leave the next place in step t + k. Of attempts, 10% are intercepted: the person is
back at the tail, and may try again from the next step on. Of attempts, 0.05% end in death.

Only NumPy is needed here, so that the module also works where Flee is installed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

N_PLACES = 60
OFFSETS = (1, 7, 19)
"""A place is joined to those at these distances along the ring, both ways: out-degree 6."""
DEGREE = 2 * len(OFFSETS)
N_CLASSES = 24
LONGEST = 5
"""Most steps that a leg takes; the least is 1."""
KM_PER_STEP = 360.0
SOFTENING_KM = 10.0
"""Flee's own daily distance, and the distance it adds to each link when it weighs links."""
BURN_IN = 60
"""Steps before anything is counted: everybody starts out waiting, and the mix of waiting and travelling settles."""


@dataclass(frozen=True)
class Rules:
    """Chances that the engines share.

    Attributes
    ----------
    leave : share of those waiting at a place who leave it in a step.
    intercepted, dying : shares of attempts.
    spread : how much classes differ in the weight they give to a leg (standard deviation of its logarithm).
    """

    leave: float = 0.3
    intercepted: float = 0.1
    dying: float = 0.0005
    spread: float = 0.5

    @property
    def mean_wait(self) -> float:
        """Mean of the exponential wait, in steps, with which `leave` of those waiting leave within a step."""
        return -1.0 / float(np.log1p(-self.leave))

    @property
    def leaves_at(self) -> float:
        """Part of a step that has passed, on average, when somebody who leaves in it does so."""
        return self.mean_wait - (1.0 - self.leave) / self.leave


FULL = Rules()
"""All rules: what Corridor and the Mesa model run."""
PLAIN = Rules(intercepted=0.0, dying=0.0, spread=0.0)
"""What Flee can do of them: nobody is intercepted or dies, and there are no classes."""


@dataclass(frozen=True)
class Graph:
    """Places and legs; leg number = place * DEGREE + option.

    Attributes
    ----------
    head : place that each leg leads to, shape (N_PLACES, DEGREE).
    steps : steps under way, shape (N_PLACES, DEGREE).
    """

    head: Ints
    steps: Ints

    @property
    def km(self) -> Floats:
        """Length of each leg for Flee, which arrives in the first step that carries a person beyond it."""
        return np.asarray(self.steps * KM_PER_STEP, dtype=np.float64)


def make_graph(seed: int = 7) -> Graph:
    """Return the graph: a ring with chords, legs of 1 to 5 steps, as long in one direction as in the other."""
    rng = np.random.default_rng(seed)
    ahead = rng.integers(1, LONGEST + 1, size=(N_PLACES, len(OFFSETS)))
    place = np.arange(N_PLACES)
    head, steps = [], []
    for column, offset in enumerate(OFFSETS):
        head += [(place + offset) % N_PLACES, (place - offset) % N_PLACES]
        steps += [ahead[:, column], ahead[(place - offset) % N_PLACES, column]]
    return Graph(np.stack(head, axis=1), np.stack(steps, axis=1))


def make_shares(graph: Graph, rules: Rules, seed: int = 11) -> Floats:
    """Return each class's shares between the legs of a place, shape (N_CLASSES, N_PLACES, DEGREE).

    The weight of a leg is Flee's, one over its softened length; classes spread around it.
    """
    rng = np.random.default_rng(seed)
    taste = np.exp(rules.spread * rng.standard_normal((N_CLASSES, N_PLACES, DEGREE)))
    weight = taste / (SOFTENING_KM + graph.km)
    return np.asarray(weight / weight.sum(axis=-1, keepdims=True))


@dataclass
class Counts:
    """What happened in the steps that were counted.

    Attributes
    ----------
    person_steps : living people, summed over steps.
    attempts : departures on a leg, whatever their outcome; shape (N_PLACES * DEGREE,).
    interceptions, deaths : in all.
    seconds : processor time that the steps took.
    """

    person_steps: int = 0
    attempts: Ints = field(default_factory=lambda: np.zeros(N_PLACES * DEGREE, dtype=np.int64))
    interceptions: int = 0
    deaths: int = 0
    seconds: float = 0.0

    def __iadd__(self, other: Counts) -> Counts:
        self.person_steps += other.person_steps
        self.attempts = self.attempts + other.attempts
        self.interceptions += other.interceptions
        self.deaths += other.deaths
        self.seconds += other.seconds
        return self

    @property
    def departures(self) -> int:
        """Attempts on all legs."""
        return int(self.attempts.sum())

    @property
    def speed(self) -> float:
        """Person-steps a second of processor time."""
        return self.person_steps / self.seconds


@dataclass(frozen=True)
class Expected:
    """What the rules imply once the start is forgotten, worked out instead of simulated.

    Attributes
    ----------
    departures : departures a person-step.
    legs : share of departures on each leg, shape (N_PLACES * DEGREE,).
    """

    departures: float
    legs: Floats


def expected(graph: Graph, rules: Rules) -> Expected:
    """Work out rates from the places' Markov chain and the mean time from one departure to the next.

    Who gets through waits at the head, (1 - leave) / leave steps on average beyond the leg's own; who is intercepted
    waits at the tail for 1 / leave steps. Deaths are left out: they take away people and their departures alike.
    """
    shares = make_shares(graph, rules)
    caught = rules.intercepted / (1.0 - rules.dying)
    wait = (1.0 - rules.leave) / rules.leave
    rate = 0.0
    legs = np.zeros((N_PLACES, DEGREE))
    for share in shares:
        chain = np.eye(N_PLACES) * caught
        np.add.at(chain, (np.arange(N_PLACES)[:, None], graph.head), (1.0 - caught) * share)
        system = np.vstack([chain.T - np.eye(N_PLACES), np.ones(N_PLACES)])
        at = np.linalg.lstsq(system, np.append(np.zeros(N_PLACES), 1.0), rcond=None)[0]
        cycle = caught / rules.leave + (1.0 - caught) * (at[:, None] * share * (graph.steps + wait)).sum()
        rate += float(1.0 / cycle) / len(shares)
        legs += at[:, None] * share / cycle
    return Expected(rate, (legs / legs.sum()).ravel())
