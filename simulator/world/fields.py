"""The register of what a run records: name, dimensions, unit, long name.

Stages and governments write these arrays in `World.ledger`; the recorder reads them after each step.
A *flow* counts what happened in the step and starts each step at zero; a *level* is what stands at its
end (or, for prices and chances, in it).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

DIMENSIONS: Final[dict[str, str]] = {
    "origin": "country of citizenship",
    "residence": "country where people lived before they set out",
    "need": "need of international protection",
    "wealth": "wealth class",
    "leg": "leg of a journey",
    "country": "country",
    "place": "place",
    "outcome": "outcome of a decision",
    "kind": "kind of return",
    "state": "state of a person",
    "government": "government",
    "recipient": "government or country that receives",
    "lever": "lever that policies move",
}

OUTCOMES: Final = ("protection", "refusal", "protection_on_appeal", "refusal_on_appeal", "inadmissible")
RETURN_KINDS: Final = ("removal", "voluntary", "border", "readmission", "gave_up")
NEEDS: Final = ("in_need", "other")


@dataclass(frozen=True)
class Field:
    """One recorded quantity."""

    name: str
    dims: tuple[str, ...]
    unit: str
    long_name: str
    kind: Literal["flow", "level"] = "flow"
    every: Literal["step", "month"] = "step"


_BY_LEG = ("leg", "origin", "need")

_ALL = (
    Field("departures", ("origin", "residence", "need", "wealth"), "person", "people who set out"),
    Field("attempts", _BY_LEG, "person", "attempts to travel a leg"),
    Field("crossings", _BY_LEG, "person", "people who got through a leg"),
    Field("interceptions", _BY_LEG, "person", "people intercepted on a leg"),
    Field("deaths", _BY_LEG, "person", "deaths on a leg"),
    Field("put_off", ("leg",), "person", "times that people were put off: bad weather, no place on a vessel, no money"),
    Field("claims", ("country", "origin", "need"), "person", "asylum claims"),
    Field("decisions", ("country", "origin", "need", "outcome"), "person", "decisions on asylum claims"),
    Field("orders", ("country", "origin"), "person", "orders to leave"),
    Field("returns", ("country", "origin", "kind"), "person", "returns, by country returned from and kind"),
    Field("settlements", ("country", "origin"), "person", "people who stopped in a transit country"),
    Field("pathways", ("country", "origin"), "person", "people who moved by a legal pathway"),
    Field("stocks", ("state", "country", "origin"), "person", "people, by state and country", "level", "month"),
    Field("waiting", ("country", "need"), "person", "people on the way or held, by country", "level", "month"),
    Field("prices", ("leg",), "eur", "smuggler's price or fare", "level"),
    Field("smuggled", ("leg",), "person", "attempts made with a smuggler"),
    Field("revenue", ("leg",), "eur", "smugglers' revenue"),
    Field("vacancy", ("leg",), "1", "share of those ready for a leg who find a place", "level"),
    Field("crowding", ("leg",), "1", "crowding of vessels and vehicles, 1 at the start", "level"),
    Field("interception_chance", ("leg",), "1", "chance that an attempt is intercepted", "level"),
    Field("death_risk", ("leg",), "1", "risk of death of an attempt", "level"),
    Field("backlog", ("country",), "person", "claims waiting for a first decision", "level"),
    Field("decided_wait", ("country",), "day", "days waited by those decided, summed"),
    Field("remittances", ("origin",), "eur", "money sent home by those who settled in the run"),
    Field("spending", ("government", "recipient"), "eur", "governments' spending on policies"),
    Field("fragility", ("country",), "fsi", "fragility, Fragile States Index", "level"),
    Field("diverted", ("government", "recipient"), "eur", "part of what is paid that the partner puts to other ends"),
    Field("instrument_costs", ("government", "lever"), "eur", "estimated costs of instruments, apart from payments"),
    Field("trust", ("government", "recipient"), "1", "trust in a partnership", "level"),
    Field(
        "compliance",
        ("government", "recipient"),
        "1",
        "how much of what the donor asks the partner does, -1 to 1, where that is decided by rule",
        "level",
    ),
    Field("backlash", ("government", "recipient"), "1", "protest in the partner's country against it", "level"),
    Field("price_asked", ("government", "recipient"), "1", "price asked for compliance, 1 at first", "level"),
    Field("aspiration", ("origin", "residence"), "1", "share who want to leave, mean over people", "level"),
    Field(
        "capability",
        ("origin", "residence"),
        "1",
        "share who can pay the journey they would choose, mean over people",
        "level",
    ),
)

CHOICES: Final = "choices"
"""Name of the table of what governments decided by rule, beside those of the recorded fields."""

RECORDED: Final[dict[str, Field]] = {field.name: field for field in _ALL}
LATER: Final = ("waiting",)
"""Recorded fields that runs of earlier versions lack, and can be read without."""
