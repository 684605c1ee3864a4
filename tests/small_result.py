"""A small made-up result with the interface of `simulator.outputs.result.Result`, for tests of the analysis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from simulator.scenario.evidence import Source
from simulator.scenario.policies import Policy
from simulator.scenario.schema import CorridorFile, ObservedSeries, Period, Route, Scenario
from simulator.scenario.tables import LegRow, ObservedRow, PlaceRow

ROUTES = {
    "east": "Eastern Mediterranean",
    "balkan": "Western Balkans",
    "centre": "Central Mediterranean",
    "west": "Western Mediterranean",
}

_PLACES = (
    ("damascus", "Damascus", 36.3, 33.5, "origin"),
    ("izmir", "Izmir", 27.1, 38.4, "departure"),
    ("lesbos", "Lesbos", 26.5, 39.1, "landing"),
    ("skopje", "Skopje", 21.4, 42.0, "transit"),
    ("budapest", "Budapest", 19.0, 47.5, "border"),
    ("munich", "Munich", 11.6, 48.1, "destination"),
    ("tripoli", "Tripoli", 13.2, 32.9, "departure"),
    ("lampedusa", "Lampedusa", 12.6, 35.5, "landing"),
    ("agadez", "Agadez", 8.0, 17.0, "hub"),
    ("tangier", "Tangier", -5.8, 35.8, "departure"),
    ("tarifa", "Tarifa", -5.6, 36.0, "landing"),
    ("khartoum", "Khartoum", 32.5, 15.6, "hub"),
)
_LEGS = (
    ("damascus--izmir", "land", "", False),
    ("izmir--lesbos", "sea", "east", True),
    ("lesbos--skopje", "land", "", False),
    ("skopje--budapest", "land", "balkan", True),
    ("budapest--munich", "land", "", False),
    ("agadez--tripoli", "land", "", False),
    ("khartoum--tripoli", "land", "", False),
    ("tripoli--lampedusa", "sea", "centre", True),
    ("agadez--tangier", "land", "", False),
    ("tangier--tarifa", "sea", "west", True),
)


def small_scenario(
    start: date = date(2014, 1, 1),
    end: date = date(2018, 1, 1),
    policies: Sequence[str] = ("deal", "closure"),
    observed: dict[str, dict[str, float]] | None = None,
    **changes: Any,
) -> Scenario:
    """Return a scenario with four routes; `observed` maps a series (named as its route) to its months."""
    known = {
        "closure": Policy(
            label="Closure of the Balkan route",
            summary=".",
            announced=date(2016, 3, 9),
            source="s",
            routes=("balkan", "east"),
        ),
        "deal": Policy(
            label="Statement with Turkey", summary=".", announced=date(2016, 3, 18), source="s", routes=("east",)
        ),
        "quiet": Policy(label="Never drawn", summary=".", announced=date(2015, 3, 9), source="s", mark=False),
    }
    cells = observed or {}
    corridor = CorridorFile.model_construct(
        corridor="small",
        title="Small corridor",
        summary=".",
        routes={k: Route(label=v) for k, v in ROUTES.items()},
        policies={name: known[name] for name in (*policies, "quiet")},
        observed={
            name: ObservedSeries(label=f"{name} observed", measure="arrivals", routes=(name,), source="frontex")
            for name in cells
        },
    )
    fields: dict[str, Any] = {
        "name": "small",
        "title": "A small corridor",
        "summary": ".",
        "base": "small",
        "period": Period(start=start, end=end),
        "step_days": 7,
        "persons_per_agent": 10,
        "seed": 1,
        "overrides": (),
        "compare": ("no-deal",),
        "corridor": corridor,
        "places": tuple(
            PlaceRow(place=i, name=n, country="TUR", lon=x, lat=y, role=r, wait_days=1)  # type: ignore[arg-type]
            for i, n, x, y, r in _PLACES
        ),
        "legs": tuple(
            LegRow(
                leg=leg,
                tail=leg.split("--")[0],
                head=leg.split("--")[1],
                mode=mode,  # type: ignore[arg-type]
                route=route,
                counted=counted,
                distance_km=1,
                days=1,
                price_eur=1,
                p_death=0,
            )
            for leg, mode, route, counted in _LEGS
        ),
        "observed": tuple(
            ObservedRow(series=name, month=month, value=value)
            for name, months in cells.items()
            for month, value in months.items()
        ),
        "sources": {
            "frontex": Source(publisher="Frontex", title="Detections", date="2018"),
            "iom": Source(publisher="IOM Missing Migrants Project", title="Deaths", date="2018"),
        },
    }
    return Scenario.model_construct(**{**fields, **changes})


class SmallResult:
    """A result held as one table of flows by leg, origin and month."""

    def __init__(self, scenario: Scenario, flows: pd.DataFrame):
        self.scenario, self.seed, self.flows = scenario, scenario.seed, flows

    def frame(
        self, measure: str, by: Sequence[str], where: Mapping[str, str | Sequence[str]] | None = None
    ) -> pd.DataFrame:
        """Return a measure by some of its dimensions; rows of zero are left out."""
        legs = {leg.leg: leg for leg in self.scenario.legs}
        rows = self.flows[self.flows["measure"] == ("crossings" if measure == "arrivals" else measure)].copy()
        rows["route"] = rows["leg"].map(lambda leg: legs[leg].route)
        rows["need"] = "in_need"
        if measure == "arrivals":
            rows = rows[rows["leg"].map(lambda leg: legs[leg].counted).astype(bool)]
        for dim, labels in (where or {}).items():
            rows = rows[rows[dim].isin([labels] if isinstance(labels, str) else list(labels))]
        table = rows.groupby(list(by), as_index=False)["value"].sum()
        return table[table["value"] > 0].rename(columns={"value": measure})


def flat_flows(scenario: Scenario, crossings: dict[str, Callable[[int], float] | float]) -> pd.DataFrame:
    """Return flows in which `crossings` maps legs to people a month, or to a function of the month's number."""
    months = pd.period_range(str(scenario.period.start)[:7], periods=120, freq="M")
    months = months[months < pd.Period(str(scenario.period.end)[:7], "M")]
    rows = []
    for leg, amount in crossings.items():
        for i, month in enumerate(months):
            people = amount(i) if callable(amount) else amount
            for measure, share in (("crossings", 1.0), ("attempts", 1.25), ("deaths", 0.0125)):
                rows.append((measure, leg, "SYR", str(month), people * share))
    return pd.DataFrame(rows, columns=["measure", "leg", "origin", "month", "value"])


def lively_result(deal: bool = True) -> SmallResult:
    """Return four years on all legs, with a deal that closes the east in March 2016 and sends some to the centre."""

    def wave(i: int) -> float:
        return 2000 + 170_000 * float(np.exp(-((i - 21) ** 2) / 14))

    def east(i: int) -> float:
        late = 26_000 * (1 + np.sin(i)) / 2
        return wave(i) + (late if i < 27 or not deal else 1500.0)

    def centre(i: int) -> float:
        return 9000 * (1.2 + np.sin((i - 4) / 12 * 2 * np.pi)) + (1200 if deal and i > 29 else 0)

    def west(i: int) -> float:
        return 600 + 12 * i

    observed = {
        name: {
            str(month): round(call(i) * (0.8 + 0.4 * ((i * 7) % 10) / 10), 0)
            for i, month in enumerate(pd.period_range("2014-01", "2017-12", freq="M"))
        }
        for name, call in (("east", east), ("balkan", lambda i: 0.8 * wave(i)), ("centre", centre))
    }
    scenario = small_scenario(
        policies=("deal", "closure") if deal else ("closure",),
        observed=observed,
        name="small" if deal else "small-without-deal",
    )
    flows = flat_flows(
        scenario,
        {
            "damascus--izmir": east,
            "izmir--lesbos": east,
            "lesbos--skopje": east,
            "skopje--budapest": wave,
            "budapest--munich": wave,
            "agadez--tripoli": centre,
            "khartoum--tripoli": lambda i: centre(i) / 3,
            "tripoli--lampedusa": centre,
            "agadez--tangier": west,
            "tangier--tarifa": west,
        },
    )
    return SmallResult(scenario, flows)
