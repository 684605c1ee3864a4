"""The instruments that governments hold: name, where each acts, unit, neutral value and limits.

Timetables in a scenario set levers by name; stages read them by name. A lever that is not on this list
does not exist, and a value outside its limits is an error of the scenario.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Acts = Literal["leg", "country", "pair"]


@dataclass(frozen=True)
class Lever:
    """One instrument.

    Attributes
    ----------
    name : its name in files.
    acts : ``leg`` (named legs or routes), ``country``, or ``pair`` (origins ``at``, countries ``to``).
    unit : unit of its value.
    neutral : value when nothing is said (for efforts: added to the leg's own baseline).
    low, high : limits of the resulting value.
    doc : what it does, and to what.
    """

    name: str
    acts: Acts
    unit: str
    neutral: float
    low: float
    high: float
    doc: str


_ALL = (
    Lever(
        "border_effort_departure",
        "leg",
        "1",
        0.0,
        0.0,
        100.0,
        "Effort of the departure side at a leg, added to the leg's baseline; 1 is the corridor's reference effort.",
    ),
    Lever(
        "border_effort_arrival",
        "leg",
        "1",
        0.0,
        0.0,
        100.0,
        "Effort of the arrival side at a leg, added to the leg's baseline.",
    ),
    Lever(
        "border_posture",
        "leg",
        "1",
        1.0,
        0.0,
        20.0,
        "Factor on the departure side's whole effort at a leg: how hard its government works the border.",
    ),
    Lever(
        "border_cooperation",
        "country",
        "1",
        1.0,
        0.0,
        1.0,
        "Share of its departure-side effort that a country really lets act.",
    ),
    Lever(
        "capacity_building",
        "country",
        "1",
        0.0,
        0.0,
        1.0,
        "Added to the governance-limited capacity of a country's border control.",
    ),
    Lever("rescue", "leg", "1", 0.0, 0.0, 1.0, "Share of boats in distress that search and rescue reaches."),
    Lever(
        "anti_smuggling",
        "leg",
        "1",
        0.0,
        0.0,
        10.0,
        "Effort against smuggling networks; raises price and crowding, lowers the share who use smugglers.",
    ),
    Lever(
        "organised_transit",
        "leg",
        "1",
        0.0,
        0.0,
        1.0,
        "Share of the leg's price, days and controls that state-organised passage removes.",
    ),
    Lever(
        "visa_requirement",
        "pair",
        "1",
        0.0,
        -1.0,
        1.0,
        "Added to the visa requirement of an origin's citizens in a country (0 none, 1 required).",
    ),
    Lever(
        "legal_pathways",
        "pair",
        "person/year",
        0.0,
        0.0,
        1e7,
        "Places a year for people of an origin to move legally to a country.",
    ),
    Lever(
        "recognition_shift",
        "pair",
        "1",
        0.0,
        -1.0,
        1.0,
        "Added to the recognition rate of an origin's citizens in a country.",
    ),
    Lever(
        "reception",
        "country",
        "utility",
        0.0,
        -10.0,
        10.0,
        "How welcoming a country is seen to be: family reunification, support, public words.",
    ),
    Lever(
        "reception_by_origin",
        "pair",
        "utility",
        0.0,
        -10.0,
        10.0,
        "The same for people of an origin alone: rules and public words that speak of one nationality.",
    ),
    Lever("asylum_capacity", "country", "1", 1.0, 0.0, 20.0, "Factor on a country's first-instance decisions a year."),
    Lever(
        "safe_third_country",
        "leg",
        "1",
        0.0,
        0.0,
        1.0,
        "Share of those who arrive by a leg who are sent back to its tail country.",
    ),
    Lever(
        "interior_controls",
        "country",
        "1",
        0.0,
        0.0,
        10.0,
        "Effort to find people without permission to stay; raises the rate of identification.",
    ),
    Lever("removal_capacity", "country", "1", 1.0, 0.0, 20.0, "Factor on a country's removals a year."),
    Lever(
        "readmission_cooperation",
        "pair",
        "1",
        0.0,
        -1.0,
        1.0,
        "Added to the share of an origin's citizens in a country who are given papers by their state.",
    ),
    Lever(
        "voluntary_return_support", "country", "1", 1.0, 0.0, 20.0, "Factor on a country's rate of voluntary return."
    ),
    Lever(
        "reintegration_support",
        "country",
        "1",
        0.0,
        0.0,
        1.0,
        "Share of people returned to a country who get training and help to find work.",
    ),
    Lever(
        "sanctions",
        "leg",
        "1",
        0.0,
        0.0,
        10.0,
        "Penalty laid on the intercepted at a leg; raises the chance that they give up.",
    ),
    Lever(
        "host_support",
        "country",
        "utility",
        0.0,
        -10.0,
        10.0,
        "Support to refugees in a host country: food, schooling, the right to work.",
    ),
    Lever(
        "aid",
        "country",
        "million_eur/year",
        0.0,
        -1e5,
        1e5,
        "Development aid to a country above (or below) what it had.",
    ),
    Lever(
        "root_cause_investment",
        "country",
        "million_eur/year",
        0.0,
        0.0,
        1e5,
        "Investment in jobs, training and governance.",
    ),
    Lever(
        "remittance_facilitation",
        "country",
        "1",
        0.0,
        0.0,
        1.0,
        "Share of the cost of sending money home that is removed, for money sent to a country.",
    ),
    Lever(
        "information_campaign",
        "leg",
        "1",
        0.0,
        -10.0,
        10.0,
        "Weight of official news about a leg: believed attempts a head of earlier travellers, warning of capture.",
    ),
)

LEVERS: Final[dict[str, Lever]] = {lever.name: lever for lever in _ALL}
