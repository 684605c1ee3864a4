"""Partnerships: what two governments have promised each other, and how far they trust it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.scenario.parameters import Bargaining
from simulator.scenario.schema import Scenario
from simulator.units import DAYS_PER_YEAR


@dataclass
class PartnershipState:
    """The relation of a donor to a partner as the run goes.

    Attributes
    ----------
    donor, partner : governments.
    agreement : agreement in force, in the field's words.
    trust : between 0 and 1. It moves only where the two bargain by rule.
    backlash : protest at home against working with the donor; 0 is none, 1 that of a fully public act kept up for as
        long as it is remembered.
    kept, carried_out : chance that the donor keeps a promise, and carries out a threat, as the partner sees it.
    promised, paid : euros.
    """

    donor: str
    partner: str
    agreement: str
    trust: float
    backlash: float = 0.0
    kept: float = 0.0
    carried_out: float = 0.0
    promised: float = 0.0
    paid: float = 0.0

    def move_trust(self, rules: Bargaining, years: float, gained: float, lost: float) -> None:
        """Let trust grow towards 1 by what was gained, and fall towards 0 by what was lost, in so many years.

        Parameters
        ----------
        gained, lost : strengths, 1 for a promise kept in full or a threat of all aid carried out.
        """
        up = rules.trust_gain.value * gained
        down = rules.trust_loss.value * lost
        if up + down > 0:
            towards = up / (up + down)
            self.trust += (towards - self.trust) * -float(np.expm1(-(up + down) * years))

    def move_backlash(self, rules: Bargaining, years: float, public: float) -> None:
        """Let backlash follow how public the work with the donor is."""
        follow = -float(np.expm1(-years * DAYS_PER_YEAR / rules.backlash_memory.value))
        self.backlash += follow * (public - self.backlash)

    def learn(self, rules: Bargaining, years: float, *, kept: bool | None, carried_out: bool | None) -> None:
        """Let beliefs follow what the donor did; None where nothing was due."""
        follow = -float(np.expm1(-rules.learning.value * years))
        if kept is not None:
            self.kept += follow * (float(kept) - self.kept)
        if carried_out is not None:
            self.carried_out += follow * (float(carried_out) - self.carried_out)


def build_partnerships(scenario: Scenario) -> dict[tuple[str, str], PartnershipState]:
    """Return all partnerships of a scenario, with what was promised in its timetable."""
    belief = scenario.parameters.bargaining.first_belief.value
    states = {
        (row.donor, row.partner): PartnershipState(
            row.donor, row.partner, row.agreement, row.trust, kept=belief, carried_out=belief
        )
        for row in scenario.corridor.partnerships
    }
    for policy in scenario.corridor.policies.values():
        for payment in policy.payments:
            state = states.get((payment.payer, payment.recipient or ""))
            if state is not None:
                state.promised += payment.million_eur * 1e6
    return states
