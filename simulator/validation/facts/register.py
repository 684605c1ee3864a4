"""The facts that are put to small corridors: what each asks, and what comes out for a set of parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from simulator.scenario.parameters import Parameters
from simulator.validation.criteria import Band, Criterion
from simulator.validation.estimate import Estimate
from simulator.validation.facts import aid, barrier, hump, prices, rescue, retries

GROUP: Final = "Facts"

F1: Final = Criterion(
    "f1.elasticity", GROUP, "F1: elasticity of the smuggler's price to enforcement that trebles", ("gathmann-2008",),
    "set from", Band(0.10, 0.30), set_from=("parameters.smuggling.price_elasticity",),
    note="What is left to test is that the market around it does not carry the price out of the band.",
)  # fmt: skip
F2: Final = (
    Criterion(
        "f2.near", GROUP, "F2a: a barrier on one of four sectors of a border: change of departures of residents near",
        ("feigenberg-2020",), "set from", Band(-0.35, -0.15), "%",
        note="The size of the barrier is chosen so that 27% fewer of them leave, as in the study.",
    ),
    Criterion(
        "f2.beside", GROUP, "F2a: the same of residents of the sectors beside it", ("feigenberg-2020",), "tested",
        Band(-0.25, -0.05), "%", note="They live half a day from the barrier, and cross in any sector.",
    ),
    Criterion(
        "f2.interior", GROUP, "F2a: the same of people of the interior", ("feigenberg-2020",), "tested",
        Band(-0.35, 0.0), "%", note="Up to -35% where people used to cross behind the barrier.",
    ),
    Criterion(
        "f2.treated", GROUP, "F2: change of arrivals behind the barrier", ("feigenberg-2020",), "tested", None, "%",
        note="The study does not count crossings.",
    ),
    Criterion(
        "f2.next-door", GROUP, "F2b: change of arrivals in the sectors next to it", ("allen-dobbin-morten-2019",),
        "tested", Band(low=0.0), "%",
    ),
    Criterion(
        "f2.changed-way", GROUP, "F2b: of those fewer behind the barrier, the share who arrive in another sector",
        ("allen-dobbin-morten-2019",), "seen", Band(low=0.5), "%",
        note="Disputed: a later version of the paper has a third of the decline explained by walls.",
    ),
)  # fmt: skip
F4: Final = (
    Criterion(
        "f4.below", GROUP, "F4: elasticity of emigration to income up to 10,000 PPP dollars a head",
        ("clemens-2014", "clemens-2020"), "tested", Band(0.2, 0.9), note="With news switched off.",
    ),
    Criterion(
        "f4.above", GROUP, "F4: elasticity of emigration to income above that", ("clemens-2014", "clemens-2020"),
        "tested", Band(high=0.0), note="With news switched off.",
    ),
    Criterion(
        "f4.top", GROUP, "F4: income at which most leave, PPP dollars a head", ("clemens-2014", "clemens-2020"),
        "tested", Band(6500, 15_000), note="With news switched off; known to the steps of the ladder of incomes.",
    ),
    Criterion(
        "f4.off", GROUP, "F4, switched off: largest rise of emigration from one income to the next, on the log scale",
        ("world-bank-wps-9518",), "tested", Band(high=0.0),
        note="The hump is disputed; with the switch off emigration only falls with income.",
    ),
)  # fmt: skip
F6: Final = (
    Criterion(
        "f6.first", GROUP, "F6: aid doubles: change of departures in the first five years",
        ("dreher-fuchs-langlotz-2019",), "set from", Band(-0.03, 0.03), "%",
        set_from=("parameters.feedback.investment_lag",),
        note="No effect for about a decade. Disputed: others find fewer claims within two years, by hope and not by "
        "income; the model has nothing that would do that.",
    ),
    Criterion(
        "f6.last", GROUP, "F6: aid doubles: change of departures from the eleventh to the fifteenth year",
        ("lanati-thiele-2018", "dreher-fuchs-langlotz-2019"), "tested", Band(-0.15, 0.0), "%",
        note="Aid of 5% of income, doubled; assumed. With news switched off.",
    ),
)  # fmt: skip
F7: Final = (
    Criterion(
        "f7.again", GROUP, "F7: of those stopped at a border that stops three in ten, stopped again within 18 months",
        ("bazzi-et-al-2021",), "tested", Band(0.20, 0.30), "%", note="24.2% in the study.",
    ),
    Criterion(
        "f7.soon", GROUP, "F7: the same within 3 months", ("bazzi-et-al-2021",), "tested", None, "%",
        note="22.6% in the study, nearly all of those of 18 months.",
    ),
    Criterion(
        "f7.sanctions", GROUP, "F7: fall of the share of 18 months by sanctions", ("bazzi-et-al-2021",), "set from",
        Band(0.04, 0.08), "%", set_from=("parameters.crossing.sanction_effect",),
        note="4.6 to 6.1 points in the study.",
    ),
    Criterion(
        "f7.sanctions-soon", GROUP, "F7: fall of the share of 3 months by sanctions", ("bazzi-et-al-2021",), "tested",
        Band(0.06, 0.09), "%", note="6.6 to 8.1 points in the study: more than at 18 months, so partly put off.",
    ),
)  # fmt: skip
F8: Final = (
    Criterion(
        "f8.risk", GROUP, "F8: interception up, rescue as before: deaths an attempt, against before",
        ("iom-missing-migrants", "unhcr-operational-data"), "tested", Band(0.8, 1.25),
        note="About the same, here within a quarter: 1 in 40 in 2016 and 1 in 42 in 2017, while control rose. The "
        " direction of crossing.evasion_risk had an earlier reading of this fact in mind, by which it doubled.",
    ),
    Criterion(
        "f8.withdrawn", GROUP, "F8: rescue withdrawn: deaths an attempt, against before",
        ("iom-missing-migrants",), "tested", Band(2.0, 4.0),
        note="From 85% of boats in distress to none.",
    ),
    Criterion(
        "f8.deaths", GROUP, "F8: rescue withdrawn: change of all deaths", ("iom-missing-migrants",), "tested", None,
        "%", note="They may fall, says the fact: no band.",
    ),
)  # fmt: skip

MARGINS: Final[Mapping[str, float]] = {
    "f1.elasticity": 0.01, "f2.near": 0.05, "f2.beside": 0.05, "f2.interior": 0.02, "f2.next-door": 0.03,
    "f2.changed-way": 0.1, "f4.below": 0.05, "f4.above": 0.05, "f4.off": 0.05, "f6.first": 0.01, "f6.last": 0.01,
    "f7.again": 0.02, "f7.sanctions": 0.015, "f7.sanctions-soon": 0.015, "f8.risk": 0.12, "f8.withdrawn": 0.4,
}  # fmt: skip
"""How far outside its band a truth lies that each fact should surely notice."""

Estimates = dict[str, Estimate]


def f1(parameters: Parameters) -> Estimates:
    """Return what F1 asks."""
    return {F1.id: prices.price_elasticity(parameters)}


def f2(parameters: Parameters) -> Estimates:
    """Return what F2 asks."""
    found = barrier.diversion(parameters)
    values = (found.near, found.beside, found.interior, found.treated, found.next_door, found.changed_way)
    return dict(zip((c.id for c in F2), values, strict=True))


def f4(parameters: Parameters) -> Estimates:
    """Return what F4 asks."""
    left = hump.emigration(parameters, hump=True)
    top = float(hump.income_of_the_most(left))
    return {
        "f4.below": hump.income_elasticity(left, 0, hump.TURN),
        "f4.above": hump.income_elasticity(left, hump.TURN, hump.INCOMES[-1]),
        "f4.top": Estimate(top, 0.0),
        "f4.off": hump.steepest_rise(hump.emigration(parameters, hump=False)),
    }


def f6(parameters: Parameters) -> Estimates:
    """Return what F6 asks."""
    found = aid.doubling(parameters)
    return {"f6.first": found.first, "f6.last": found.last}


def f7(parameters: Parameters) -> Estimates:
    """Return what F7 asks."""
    effort = retries.effort_for(parameters)
    free, punished = (
        retries.caught_again(parameters, effort, sanctions) for sanctions in (0.0, retries.UNIT_OF_SANCTIONS)
    )
    return {
        "f7.again": free.again,
        "f7.soon": free.soon,
        "f7.sanctions": retries.fall_by_sanctions(free.again, punished.again),
        "f7.sanctions-soon": retries.fall_by_sanctions(free.soon, punished.soon),
    }


def f8(parameters: Parameters) -> Estimates:
    """Return what F8 asks."""
    level = rescue.level_of_2016(parameters)
    before, control, withdrawn = (
        rescue.at_sea(parameters, policies, level)
        for policies in (rescue.MUCH_RESCUE, rescue.CONTROL, rescue.WITHDRAWN)
    )
    return {
        "f8.risk": rescue.risk_ratio(before, control),
        "f8.withdrawn": rescue.risk_ratio(before, withdrawn),
        "f8.deaths": rescue.change_of_deaths(before, withdrawn),
    }


FACTS: Final[Mapping[str, tuple[Callable[[Parameters], Estimates], tuple[Criterion, ...]]]] = {
    "f1": (f1, (F1,)), "f2": (f2, F2), "f4": (f4, F4), "f6": (f6, F6), "f7": (f7, F7), "f8": (f8, F8),
}  # fmt: skip
"""Each fact: what measures it, and what it asks."""
