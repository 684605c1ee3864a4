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
        "f2.treated", GROUP, "F2: a barrier on one of four sectors of a border: change of arrivals there",
        ("feigenberg-2020",), "set from", Band(-0.35, -0.15), "%",
        note="The size of the barrier is chosen so that a quarter fewer arrive there.",
    ),
    Criterion(
        "f2.next-door", GROUP, "F2: change of arrivals in the sectors next to it", ("feigenberg-2020",), "tested",
        Band(low=0.0), "%",
    ),
    Criterion(
        "f2.changed-way", GROUP, "F2: of those fewer behind the barrier, the share who arrive in another sector",
        ("feigenberg-2020", "allen-dobbin-morten-2019"), "tested", Band(low=0.5), "%",
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
        note="No effect for about a decade.",
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
        ("bazzi-et-al-2021",), "tested", Band(0.20, 0.30), "%",
    ),
    Criterion(
        "f7.sanctions", GROUP, "F7: fall of that share by sanctions", ("bazzi-et-al-2021",), "set from",
        Band(0.04, 0.08), "%", set_from=("parameters.crossing.sanction_effect",),
    ),
)  # fmt: skip
F8: Final = (
    Criterion(
        "f8.risk", GROUP, "F8: interception up and rescue down: deaths an attempt, against before",
        ("iom-missing-migrants",), "tested", Band(1.5, 3.0),
        note="The direction of crossing.evasion_risk had this fact in mind, not its size.",
    ),
    Criterion(
        "f8.deaths", GROUP, "F8: change of all deaths", ("iom-missing-migrants",), "tested", Band(high=0.0), "%",
        note="The fact says that they may fall.",
    ),
)  # fmt: skip

MARGINS: Final[Mapping[str, float]] = {
    "f1.elasticity": 0.01, "f2.treated": 0.05, "f2.next-door": 0.02, "f2.changed-way": 0.1, "f4.below": 0.05,
    "f4.above": 0.05, "f4.off": 0.05, "f6.first": 0.01, "f6.last": 0.01, "f7.again": 0.02, "f7.sanctions": 0.015,
    "f8.risk": 0.225, "f8.deaths": 0.15,
}  # fmt: skip
"""How far outside its band a truth lies that each fact should surely notice."""

Estimates = dict[str, Estimate]


def f1(parameters: Parameters) -> Estimates:
    """Return what F1 asks."""
    return {F1.id: prices.price_elasticity(parameters)}


def f2(parameters: Parameters) -> Estimates:
    """Return what F2 asks."""
    found = barrier.diversion(parameters)
    return dict(zip((c.id for c in F2), (found.treated, found.next_door, found.changed_way), strict=True))


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
    return {"f7.again": free.again, "f7.sanctions": retries.fall_by_sanctions(free, punished)}


def f8(parameters: Parameters) -> Estimates:
    """Return what F8 asks."""
    level = rescue.level_of_2016(parameters)
    before, after = (rescue.at_sea(parameters, policies, level) for policies in (rescue.MUCH_RESCUE, rescue.CONTROL))
    return {"f8.risk": rescue.risk_ratio(before, after), "f8.deaths": rescue.change_of_deaths(before, after)}


FACTS: Final[Mapping[str, tuple[Callable[[Parameters], Estimates], tuple[Criterion, ...]]]] = {
    "f1": (f1, (F1,)), "f2": (f2, F2), "f4": (f4, F4), "f6": (f6, F6), "f7": (f7, F7), "f8": (f8, F8),
}  # fmt: skip
"""Each fact: what measures it, and what it asks."""
