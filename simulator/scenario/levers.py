"""The instruments that governments hold: name, where each acts, unit, limits, delay, cost and evidence.

Timetables in a scenario set levers by name; stages read them by name. A lever that is not on this list
does not exist, and a value outside its limits is an error of the scenario. An instrument of policy, in the
words of the field, may be made of several levers; docs/instruments.md tells them together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Acts = Literal["leg", "country", "pair"]

INSTRUMENTS: Final[dict[str, str]] = {
    "border control": "effort at a border or at chosen stretches of it (hotspots), penalties, how far partners join in",
    "capacity building": "training and equipment for a partner's border control",
    "joint patrols": "patrols that a partner lets others run from its side",
    "rescue": "search and rescue",
    "action against smuggling": "work against the networks",
    "organised transit": "passage that states run, or wave through",
    "interior controls": "finding people without permission to stay",
    "asylum capacity and speed": "first decisions and appeals",
    "asylum rules": "who is recognised, who is heard at all, how a country receives",
    "early-warning reserve": "means held ready for a surge",
    "removal capacity": "removals that a country can carry out",
    "readmission": "agreement, or informal arrangement, on taking citizens back",
    "return and reintegration": "help to go home, and to stay there",
    "visas and legal pathways": "who may travel, and places for those who may not",
    "aid": "development aid; what it hangs on is a rule of the government that gives it",
    "root-cause investment": "jobs, training, government and trade",
    "remittances": "cheaper ways to send money home",
    "support to refugee hosts": "life of refugees in countries next to war",
    "information": "official news about a way",
}
"""Instruments of policy, and what each is."""


@dataclass(frozen=True)
class Lever:
    """One lever, and the instrument of policy that it belongs to.

    Attributes
    ----------
    name : its name in files.
    acts : ``leg`` (named legs or routes), ``country``, or ``pair`` (origins ``at``, countries ``to``).
    unit : unit of its value.
    neutral : value when nothing is said (for efforts: added to the leg's own baseline).
    low, high : limits of the resulting value.
    doc : what it does, and to what.
    instrument : entry of `INSTRUMENTS`.
    lag : where the delay of its first effect comes from: ``none``; ``ramp`` of the order, where it takes time to build;
        or the parameter that holds it.
    cost : entry of `simulator.scenario.costs.Costs` that prices it, ``value`` where it is money itself, or empty.
    evidence : ids of findings or publishers in seeds that speak of its effect.
    no_cost, no_evidence : why none is given, where none is.
    needs : columns of the table legs of which a leg must fill one, or the lever can do nothing there.
    """

    name: str
    acts: Acts
    unit: str
    neutral: float
    low: float
    high: float
    doc: str
    instrument: str = ""
    lag: str = "none"
    cost: str = ""
    evidence: tuple[str, ...] = ()
    no_cost: str = ""
    no_evidence: str = ""
    needs: tuple[str, ...] = ()


def _statement(*findings: str) -> tuple[str, ...]:
    """Return ids of findings of the Council Statement on migration partnerships."""
    return tuple(f"mpi-council-statement-2017.{finding}" for finding in findings)


_RELEASE: Final = "mpi-press-release-2017"
_BARGAIN: Final = "its price is what the partner is paid, which stands among payments"
_RULE: Final = "a rule, not a programme: no spending is counted"

_BORDERS = (
    Lever(
        "border_effort_departure", "leg", "1", 0.0, 0.0, 100.0,
        "Effort of the departure side at a leg, added to the leg's baseline; 1 is the corridor's reference effort.",
        "border control", cost="border_effort",
        evidence=(*_statement("deterrence", "enforcement-diverts", "harder-to-cross-alone"), "gathmann-2008"),
        needs=("departure_control",),
    ),
    Lever(
        "border_effort_arrival", "leg", "1", 0.0, 0.0, 100.0,
        "Effort of the arrival side at a leg, added to the leg's baseline.",
        "border control", cost="border_effort",
        evidence=(*_statement("enforcement-diverts", "hotspots-us"), "feigenberg-2020", "allen-dobbin-morten-2019"),
        needs=("arrival_control",),
    ),
    Lever(
        "border_posture", "leg", "1", 1.0, 0.0, 20.0,
        "Factor on the departure side's whole effort at a leg: how hard its government works the border.",
        "border control", no_cost=_BARGAIN, evidence=_statement("bargaining-chip", "shared-priorities"),
        needs=("departure_control",),
    ),
    Lever(
        "border_cooperation", "country", "1", 1.0, 0.0, 1.0,
        "Share of its departure-side effort that a country really lets act.",
        "border control", no_cost=_BARGAIN,
        evidence=_statement("divergent-priorities", "capable-and-willing-partner"),
    ),
    Lever(
        "sanctions", "leg", "1", 0.0, 0.0, 10.0,
        "Penalty laid on the intercepted at a leg; raises the chance that they give up.",
        "border control", no_cost="courts and prisons are not in the model", evidence=("bazzi-et-al-2021",),
        needs=("departure_control", "arrival_control"),
    ),
    Lever(
        "capacity_building", "country", "1", 0.0, 0.0, 1.0,
        "Added to the governance-limited capacity of a country's border control.",
        "capacity building", lag="ramp", cost="capacity_building",
        evidence=_statement("capacity-building", "capacity-takes-time", "capacity-limits-partners"),
    ),
    Lever(
        "joint_patrols", "leg", "1", 0.0, 0.0, 100.0,
        "Effort on the departure side of a leg by others' crews and ships: it hangs on neither the capacity of the "
        "country there nor on how far it joins in, but ends where its cooperation is 0, since it needs consent.",
        "joint patrols", cost="joint_patrols",
        evidence=_statement("four-forms-of-border-work", "italy-libya-before-2011", "sea-patrols-two-purposes"),
        needs=("departure_control",),
    ),
    Lever(
        "rescue", "leg", "1", 0.0, 0.0, 1.0,
        "Share of boats, and of people on land, in distress that search and rescue reaches.",
        "rescue", cost="rescue",
        evidence=(*_statement("rescue-saves", "rescue-dilemma"), "italian-navy-mare-nostrum"),
        needs=("p_death",),
    ),
    Lever(
        "anti_smuggling", "leg", "1", 0.0, 0.0, 10.0,
        "Effort against smuggling networks; raises price and crowding, lowers the share who use smugglers.",
        "action against smuggling", lag="smuggling.adjustment", cost="anti_smuggling",
        evidence=_statement("smuggling-crackdown", "smuggling-crackdown-deaths"),
    ),
    Lever(
        "organised_transit", "leg", "1", 0.0, 0.0, 1.0,
        "Share of the leg's price, days and controls that state-organised passage removes.",
        "organised transit", no_cost="buses and trains through the Balkans were not accounted for as policy",
        no_evidence="its size is read off the months in which it was practised; nobody measured its effect",
    ),
    Lever(
        "information_campaign", "leg", "1", 0.0, -10.0, 10.0,
        "Weight of official news about a leg: believed attempts a head of earlier travellers, warning of capture.",
        "information", cost="information_campaign",
        no_evidence="none of the documents in seeds says what campaigns do; they may well do nothing",
    ),
)  # fmt: skip

_ENTRY = (
    Lever(
        "visa_requirement", "pair", "1", 0.0, -1.0, 1.0,
        "Added to the visa requirement of an origin's citizens in a country (0 none, 1 required).",
        "visas and legal pathways", no_cost=_RULE, evidence=_statement("other-pressure"),
    ),
    Lever(
        "legal_pathways", "pair", "person/year", 0.0, 0.0, 1e7,
        "Places a year for people of an origin to move legally to a country.",
        "visas and legal pathways", cost="legal_pathway", evidence=_statement("trust-by-coupling", "positive-package"),
    ),
    Lever(
        "recognition_shift", "pair", "1", 0.0, -1.0, 1.0,
        "Added to the recognition rate of an origin's citizens in a country.",
        "asylum rules", no_cost=_RULE,
        no_evidence="a rule of law whose first effect is itself; what it does to choices is fitted, not documented",
    ),
    Lever(
        "reception", "country", "utility", 0.0, -10.0, 10.0,
        "How welcoming a country is seen to be: family reunification, support, public words.",
        "asylum rules", no_cost="a utility has no price; what was paid stands among payments",
        evidence=("echr-mss-2011", "sweden-law-2016-752"),
    ),
    Lever(
        "reception_by_origin", "pair", "utility", 0.0, -10.0, 10.0,
        "The same for people of an origin alone: rules and public words that speak of one nationality.",
        "asylum rules", no_cost="a utility has no price", evidence=("bamf-dublin-2015-08",),
    ),
    Lever(
        "safe_third_country", "leg", "1", 0.0, 0.0, 1.0,
        "Share of those who arrive by a leg who are sent back to its tail country.",
        "asylum rules", cost="border_return",
        evidence=("eu-turkey-statement-2016-03-18", *_statement("border-returns-cheaper")),
    ),
    Lever(
        "asylum_capacity", "country", "1", 1.0, 0.0, 20.0, "Factor on a country's first-instance decisions a year.",
        "asylum capacity and speed", lag="ramp", cost="decision",
        evidence=(*_statement("border-goals", "removals-signal"), f"{_RELEASE}.fast-decisions"),
    ),
    Lever(
        "appeal_speed", "country", "1", 1.0, 0.05, 20.0,
        "Factor by which appeals are decided sooner; holds for appeals made from then on.",
        "asylum capacity and speed", no_cost="the same appeals are decided, sooner",
        evidence=(*_statement("due-process", "removals-signal"), f"{_RELEASE}.fast-decisions"),
    ),
    Lever(
        "early_warning_reserve", "country", "person/year", 0.0, 0.0, 1e7,
        "First-instance decisions a year held ready; as many are used as claims of the last month are above the mean "
        "of the last year.",
        "early-warning reserve", cost="reserve",
        evidence=(*_statement("early-warning", "border-goals"), f"{_RELEASE}.look-ahead"),
    ),
)  # fmt: skip

_RETURN = (
    Lever(
        "interior_controls", "country", "1", 0.0, 0.0, 10.0,
        "Effort to find people without permission to stay; raises the rate of identification.",
        "interior controls", lag="ramp", cost="interior_controls", evidence=_statement("interior-controls"),
    ),
    Lever(
        "removal_capacity", "country", "1", 1.0, 0.0, 20.0, "Factor on a country's removals a year.",
        "removal capacity", lag="ramp", cost="removal",
        evidence=_statement("removals-signal", "border-returns-cheaper", "return-rate-2016"),
    ),
    Lever(
        "readmission_cooperation", "pair", "1", 0.0, -1.0, 1.0,
        "Added to the share of an origin's citizens in a country who are given papers by their state.",
        "readmission", lag="ramp", no_cost=_BARGAIN,
        evidence=(*_statement("documents-needed", "implementation-slow", "norway-ethiopia"), "stutz-trauner-2022"),
    ),
    Lever(
        "voluntary_return_support", "country", "1", 1.0, 0.0, 20.0, "Factor on a country's rate of voluntary return.",
        "return and reintegration", cost="voluntary_return", evidence=_statement("three-forms-of-return-work"),
    ),
    Lever(
        "reintegration_support", "country", "1", 0.0, 0.0, 1.0,
        "Share of people returned to a country who get training and help to find work.",
        "return and reintegration", cost="reintegration",
        evidence=_statement("reintegration-helps", "reintegration-short"),
    ),
)  # fmt: skip

_CAUSES = (
    Lever(
        "host_support", "country", "utility", 0.0, -10.0, 10.0,
        "Support to refugees in a host country: food, schooling, the right to work.",
        "support to refugee hosts", no_cost="a utility has no price; what is paid to hosts stands among payments",
        evidence=("wfp-2015-07", "unhcr-3rp-2015", *_statement("displaced-stay-near")),
    ),
    Lever(
        "aid", "country", "million_eur/year", 0.0, -1e5, 1e5,
        "Development aid to a country above (or below) what it had.",
        "aid", lag="feedback.investment_lag", cost="value",
        evidence=("lanati-thiele-2018", "dreher-fuchs-langlotz-2019", *_statement("aid-cut-worsens-fragile")),
    ),
    Lever(
        "root_cause_investment", "country", "million_eur/year", 0.0, 0.0, 1e5,
        "Investment in jobs and training.",
        "root-cause investment", lag="feedback.investment_lag", cost="value",
        evidence=_statement("investment-needs-scale", "investment-takes-time", "development-first-raises"),
    ),
    Lever(
        "governance_support", "country", "fsi", 0.0, 0.0, 60.0,
        "Points of the Fragile States Index by which help to a state's institutions lowers its fragility, in the end.",
        "root-cause investment", lag="feedback.investment_lag", cost="governance_support",
        evidence=_statement("investment-needs-governance", "capacity-takes-time"),
    ),
    Lever(
        "trade_access", "country", "1", 0.0, 0.0, 0.5,
        "Log rise of a country's income a head that open markets bring, in the end.",
        "root-cause investment", lag="feedback.investment_lag",
        no_cost="no government pays for it; duties forgone are not counted",
        evidence=_statement("later-transition-partners", "investment-needs-governance"),
    ),
    Lever(
        "remittance_facilitation", "country", "1", 0.0, 0.0, 1.0,
        "Share of the cost of sending money home that is removed, for money sent to a country.",
        "remittances", no_cost="those who send pay less; who bears that is not in the model",
        evidence=("world-bank-remittance-prices", *_statement("positive-package")),
    ),
)  # fmt: skip

LEVERS: Final[dict[str, Lever]] = {lever.name: lever for lever in (*_BORDERS, *_ENTRY, *_RETURN, *_CAUSES)}
