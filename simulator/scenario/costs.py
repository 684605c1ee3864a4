"""What instruments cost a unit: numbers of a corridor, each with its evidence, that no equation of behaviour reads."""

from __future__ import annotations

from simulator.scenario.evidence import Frozen
from simulator.scenario.parameters import Euros, Spending


class Costs(Frozen):
    """What one unit of an instrument costs, beyond what a country does without any policy.

    What is paid to partners stands among `payments`; both may speak of the same thing, and must not be added up.
    """

    border_effort: Spending
    """One unit of effort at one leg, on either side, for a year."""
    joint_patrols: Spending
    """One unit of joint patrols at one leg, for a year."""
    rescue: Spending
    """Search and rescue that reaches all boats in distress on one leg, for a year."""
    anti_smuggling: Spending
    """One unit of effort against smuggling at one leg, for a year."""
    information_campaign: Spending
    """News about one leg that counts as much as what is believed without it, for a year."""
    capacity_building: Spending
    """Help that raises a country's capacity to control its borders from none to full, for a year."""
    interior_controls: Spending
    """One unit of interior controls in a country, for a year."""
    governance_support: Spending
    """Help to institutions that lowers a country's fragility by a point in the end, for a year."""
    reserve: Euros
    """A first decision that could be made, held ready, used or not."""
    decision: Euros
    """A first decision beyond those that a country makes anyway, made or only possible."""
    removal: Euros
    """A removal beyond those that a country carries out anyway."""
    border_return: Euros
    """A person sent back to a safe third country."""
    voluntary_return: Euros
    """A voluntary return beyond those that happen anyway."""
    reintegration: Euros
    """A person who is helped to find a footing after coming home."""
    legal_pathway: Euros
    """A person who moves by a legal pathway."""
