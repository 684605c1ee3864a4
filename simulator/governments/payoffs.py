"""Payoff terms: what a government weighs, one function a side, each term by name.

A partner that is asked to take its citizens back, or to hold people at a border, weighs in per cent of its income:
what is promised and threatened times the chance that it happens; the relation; money that those returned would have
sent; protest; the labour market; and what the task costs a state of its capacity. A two-level game (Putnam 1988,
doi:10.1017/S0020818300027697): foreign payoff against cost at home. No term knows the name of a regime.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.governments.partnership import PartnershipState
from simulator.governments.stakes import PERCENT, Economy
from simulator.scenario.bargains import Act, Answer, Regime
from simulator.scenario.parameters import Parameters
from simulator.units import convert

Floats = NDArray[np.float64]
LEAST_CAPACITY = 0.05
"""Capacity below which a task costs no more: nothing is done by nobody."""


@dataclass(frozen=True)
class Seen:
    """What both sides know when they decide: late, and with errors of their own.

    Attributes
    ----------
    asked : people a year whom the donor asks to take back.
    importance : share of the donor's arrivals who came over the partner's legs.
    burden : people a year held back by the partner's controls, a thousand residents.
    pressure : years that claims wait in the donor's destinations.
    """

    asked: float
    importance: float
    burden: float
    pressure: float


@dataclass(frozen=True)
class Table:
    """What is on the table: worths in per cent of the partner's income a year.

    Attributes
    ----------
    promise, threat : worth of what is due for compliance, at the price paid, and of what is withdrawn for refusal
        (negative).
    promise_money, asked_money : cost of what is due for compliance at the price paid, and at the price asked; million
        euros a year.
    threat_money : what is saved by withdrawing what is threatened (negative), million euros a year.
    asked_price, paid_price : of what rises, as factors of its amount at first.
    """

    promise: float
    threat: float
    promise_money: float
    asked_money: float
    threat_money: float
    asked_price: float
    paid_price: float


def of_partner(
    acts: Sequence[Act], now: int, about: str, seen: Seen, table: Table, regime: Regime, relation: PartnershipState,
    economy: Economy, capacity: float, unemployment: float, parameters: Parameters,
) -> dict[str, Floats]:  # fmt: skip
    """Return a partner's payoff terms for what it may do; utility, each of shape (n_acts,).

    Parameters
    ----------
    now : number of the act in force.
    about : readmission or border.
    """
    rules = parameters.bargaining
    comply = np.array([act.compliance for act in acts])
    public = np.array([act.public for act in acts])
    done = np.maximum(comply, 0.0)
    refused = 1.0 - np.clip(comply, 0.0, 1.0)
    money = rules.money_weight.value
    protest = economy.salience / rules.salience_reference.value
    terms = {
        "promise": money * relation.kept * table.promise * done,
        "threat": money * relation.carried_out * table.threat * refused,
        "relation": rules.trust_weight.value * relation.trust * comply,
        "task": -rules.task_cost.value * done / max(capacity, LEAST_CAPACITY),
        "habit": rules.habit.value * (np.arange(len(acts)) == now),
    }
    loud = public * (1.0 + regime.publicity.value)
    if about == "readmission":
        lasting = rules.remittance_years.value / convert(1.0, "year", "day")
        lost = seen.asked * np.array([act.value.value for act in acts])
        lost = lost * parameters.feedback.remittance_per_person.value * lasting / economy.income
        terms["remittances lost"] = -money * PERCENT * lost
        terms["backlash"] = -rules.backlash_weight.value * protest * (loud + relation.backlash * done)
        terms["labour"] = -rules.labour_weight.value * unemployment * done
        return terms
    terms["backlash"] = -rules.backlash_weight.value * relation.backlash * done
    terms["order"] = rules.order_weight.value * comply
    terms["burden"] = -rules.burden_weight.value * np.log1p(max(seen.burden, 0.0)) * done
    unpaid = max(table.asked_price - table.paid_price, 0.0)
    terms["leverage"] = rules.leverage_weight.value * seen.importance * unpaid * np.maximum(-comply, 0.0)
    return terms


@dataclass(frozen=True)
class Stance:
    """One thing that a donor may do.

    Attributes
    ----------
    keeps : whether it delivers what it promised.
    carries_out : whether it withdraws what it threatened to.
    pays_more : whether it pays the price asked.
    """

    keeps: bool
    carries_out: bool
    pays_more: bool

    @property
    def name(self) -> str:
        """What it is, in words."""
        words = ["keeps its promise" if self.keeps else "keeps nothing"]
        words += ["carries out its threat"] if self.carries_out else []
        words += ["pays the price asked"] if self.pays_more else []
        return ", ".join(words)


def stances(regime: Regime) -> tuple[Stance, ...]:
    """Return what a donor may do, from the most forthcoming down; one thing if nothing is conditional."""
    promises = any(item.due == "compliance" for item in regime.items)
    threats = any(item.due == "refusal" for item in regime.items)
    rises = any(item.rises for item in regime.items)
    return tuple(
        Stance(keeps, carries, more)
        for keeps in ((True, False) if promises else (True,))
        for carries in ((False, True) if threats else (False,))
        for more in ((True, False) if rises and keeps else (False,))
    )


def of_donor(
    options: Sequence[Stance], now: int, complied: float, seen: Seen, table: Table, relation: PartnershipState,
    parameters: Parameters,
) -> dict[str, Floats]:  # fmt: skip
    """Return a donor's payoff terms for what it may do; utility, each of shape (n_options,).

    Parameters
    ----------
    complied : compliance that it last saw, -1 to 1.
    """
    rules = parameters.bargaining
    keeps, carries, more = (
        np.array([getattr(option, name) for option in options], dtype=np.float64)
        for name in ("keeps", "carries_out", "pays_more")
    )
    done, refused = max(complied, 0.0), 1.0 - float(np.clip(complied, 0.0, 1.0))
    promised = table.promise_money + more * (table.asked_money - table.promise_money)
    spent = promised * done * keeps + table.threat_money * refused * carries
    stake = rules.donor_concern_weight.value * seen.pressure
    return {
        "money": -rules.donor_money_weight.value * spent / 1000.0,
        "compliance kept": stake * done * keeps,
        "seen to act": stake * refused * carries,
        "border at stake": stake * seen.importance * more * (table.asked_price > table.paid_price),
        "relation": -rules.donor_relation_weight.value * (relation.trust * refused * carries + done * (1.0 - keeps)),
        "habit": rules.habit.value * (np.arange(len(options)) == now),
    }


def of_destination(answers: Sequence[Answer], now: int, pressure: float, parameters: Parameters) -> dict[str, Floats]:
    """Return a destination's payoff terms for its answers to arrivals; utility, each of shape (n_answers,)."""
    rules = parameters.bargaining
    cost = np.array([convert(answer.cost.value, answer.cost.unit, "million_eur/year") for answer in answers])
    return {
        "relief": rules.donor_concern_weight.value * pressure * np.array([answer.relief for answer in answers]),
        "money": -rules.donor_money_weight.value * cost / 1000.0,
        "duty to protect": -rules.protection_weight.value * np.array([answer.harm for answer in answers]),
        "habit": rules.habit.value * (np.arange(len(answers)) == now),
    }
