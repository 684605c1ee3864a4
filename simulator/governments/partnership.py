"""Partnerships: what two governments have promised each other, and how far they trust it."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.scenario.schema import Scenario


@dataclass
class PartnershipState:
    """The relation of a donor to a partner as the run goes.

    Attributes
    ----------
    donor, partner : governments.
    agreement : agreement in force, in the field's words.
    trust : between 0 and 1. It stays at its start while governments follow timetables.
    promised, paid : euros.
    """

    donor: str
    partner: str
    agreement: str
    trust: float
    promised: float = 0.0
    paid: float = 0.0


def build_partnerships(scenario: Scenario) -> dict[tuple[str, str], PartnershipState]:
    """Return all partnerships of a scenario, with what was promised in its timetable."""
    states = {
        (row.donor, row.partner): PartnershipState(row.donor, row.partner, row.agreement, row.trust)
        for row in scenario.corridor.partnerships
    }
    for policy in scenario.corridor.policies.values():
        for payment in policy.payments:
            state = states.get((payment.payer, payment.recipient or ""))
            if state is not None:
                state.promised += payment.million_eur * 1e6
    return states
