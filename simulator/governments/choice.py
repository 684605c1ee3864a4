"""How a government chooses: logit quantal response among discrete options, each with its payoff term by term.

McKelvey and Palfrey (1995, doi:10.1006/game.1995.1023): better options are chosen more often, and none never.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.draws import Decision, name_key, uniforms

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Choice:
    """One decision: what could be done, why, and what was done.

    Attributes
    ----------
    question : name of the bargain or response.
    government : who decided.
    partner : the other side, empty for a response.
    role : partner, donor, or destination.
    day : day of the decision, since the start of the run.
    options : what could be done.
    terms : payoff terms by name, utility, each of shape (n_options,).
    chances : chance of each option, shape (n_options,).
    taken : number of the option taken.
    """

    question: str
    government: str
    partner: str
    role: str
    day: float
    options: tuple[str, ...]
    terms: Mapping[str, Floats]
    chances: Floats
    taken: int

    @property
    def option(self) -> str:
        """Name of the option taken."""
        return self.options[self.taken]


def chances(terms: Mapping[str, Floats], scale: float) -> Floats:
    """Return the chance of each option by quantal response; shape (n_options,).

    Parameters
    ----------
    terms : payoff terms, utility, each of shape (n_options,).
    scale : scale of the unobserved part of the payoff, utility.
    """
    utility = np.sum(list(terms.values()), axis=0) / scale
    odds = np.exp(utility - utility.max())
    return np.asarray(odds / odds.sum())


def take(chance: Floats, luck: float) -> int:
    """Return the option that a draw takes, where options stand from the most compliant down.

    A draw that takes an option takes one at least as compliant where those have become likelier: the same luck, met
    under another policy, does not turn a partner round.
    """
    return min(int(np.searchsorted(np.cumsum(chance), luck, side="right")), len(chance) - 1)


def luck_of(seed: int, question: str, role: str, number: int) -> float:
    """Return the draw of a decision; it hangs on seed, question, role and number of the decision alone."""
    key = np.array([name_key(seed, "decision", question, role)], dtype=np.uint64)
    return float(uniforms(key, Decision.GOVERN, number)[0])
