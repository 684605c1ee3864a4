"""What is on the table of a bargain: worth to the partner, cost to the donor, and the levers that it moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.scenario.bargains import INTERESTS, Bargain, Item, Regime
from simulator.scenario.levers import LEVERS
from simulator.scenario.parameters import Parameters
from simulator.units import convert

Floats = NDArray[np.float64]
Where = tuple[NDArray[np.intp], ...]
MONEY: Final = ("aid", "root_cause_investment")
"""Levers that are money a year: part of it goes to other ends where governance is weak."""
PERCENT: Final = 100.0
MILLION: Final = 1e6


@dataclass(frozen=True)
class Economy:
    """What the worth of an offer depends on.

    Attributes
    ----------
    income : of the whole country, euros a year.
    remittances : money sent home, euros a year.
    asked : people whom the donor asks to take back in a year.
    """

    income: float
    remittances: float
    asked: float

    @property
    def salience(self) -> float:
        """Money sent home as a share of income."""
        return self.remittances / self.income


def yearly_aid(bargain: Bargain) -> float:
    """Return what the donor gives in a year as it is; million euros."""
    return 0.0 if bargain.aid is None else bargain.aid.value


def amount(item: Item, bargain: Bargain, asked: float) -> float:
    """Return an item's amount in full, in its lever's unit.

    Parameters
    ----------
    asked : people whom the donor asks to take back in a year.
    """
    if item.of_asked:
        return item.amount.value * convert(asked, "person/year", LEVERS[item.lever].unit)
    if item.of_aid:
        return item.amount.value * yearly_aid(bargain)
    return convert(item.amount.value, item.amount.unit, LEVERS[item.lever].unit)


def worth(item: Item, bargain: Bargain, economy: Economy, parameters: Parameters) -> float:
    """Return what an item in full is worth to the partner; per cent of its income a year.

    Money counts as it is; a place to move legally as what such a person sends home in a year, for as long as people
    do; easier transfers as what is saved on them; help with people who return as what they would have sent; all times
    what that kind of thing is worth to this partner.
    """
    rules, feedback = parameters.bargaining, parameters.feedback
    full = amount(item, bargain, economy.asked)
    lasting = rules.remittance_years.value / convert(1.0, "year", "day")
    sent = feedback.remittance_per_person.value * lasting
    euros = {
        "aid": full * MILLION,
        "root_cause_investment": full * MILLION,
        "legal_pathways": convert(full, LEVERS["legal_pathways"].unit, "person/year") * sent,
        "visa_requirement": -full * rules.visa_worth.value * economy.income,
        "remittance_facilitation": full * feedback.remittance_cost.value * economy.remittances,
        "reintegration_support": full * economy.asked * sent,
        "capacity_building": full * rules.security_worth.value * economy.income,
    }[item.lever]
    interest = bargain.interests.get(INTERESTS[item.lever])
    return PERCENT * euros / economy.income * (1.0 if interest is None else interest.value)


def total_worth(
    regime: Regime, due: str, bargain: Bargain, economy: Economy, parameters: Parameters, price: float = 1.0
) -> float:
    """Return what all items that are due alike are worth to the partner; per cent of its income a year.

    Parameters
    ----------
    price : of what rises, as a factor of its amount at first.
    """
    items = [item for item in regime.items if item.due == due]
    return sum(worth(item, bargain, economy, parameters) * (price if item.rises else 1.0) for item in items)


def money(regime: Regime, due: str, bargain: Bargain, price: float = 1.0) -> float:
    """Return what all items that are due alike cost the donor; million euros a year, negative where money is saved.

    Parameters
    ----------
    price : of what rises, as a factor of its amount at first.
    """
    items = [item for item in regime.items if item.due == due and item.lever in MONEY]
    return sum(amount(item, bargain, 0.0) * (price if item.rises else 1.0) for item in items)


@dataclass(frozen=True)
class Delivery:
    """How much of each kind of item is delivered.

    Attributes
    ----------
    always, promise, threat : shares delivered.
    price : paid for what rises, as a factor of its amount at first.
    """

    always: float
    promise: float
    threat: float
    price: float = 1.0

    def of(self, item: Item) -> float:
        """Return the share of an item that is delivered, above 1 where its price rose."""
        share = {"always": self.always, "compliance": self.promise, "refusal": self.threat}[item.due]
        return share * (self.price if item.rises else 1.0)


def lay_items(regime: Regime, bargain: Bargain, delivery: Delivery, asked: float) -> dict[str, float]:
    """Return the amount of each lever that is delivered, in the lever's unit."""
    sums: dict[str, float] = {}
    for item in regime.items:
        sums[item.lever] = sums.get(item.lever, 0.0) + amount(item, bargain, asked) * delivery.of(item)
    return {lever: value for lever, value in sums.items() if value != 0.0}
