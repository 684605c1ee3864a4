"""Every instrument alone: each lever laid by itself over a small corridor, with its first effect, sign, delay and cost.

With and without share the seed, hence the luck: the same person draws the same number at the same decision, so that a
higher chance cannot come out lower by accident until journeys part. The corridor sees some 11,000 departures, 11,000
attempts at the eastern sea, 1,100 interceptions and 140 deaths in half a year. Effects are set large (a chance at least
halved or raised by half); for the rarest of what is counted, deaths, independent runs would already tell 0.3 of the
risk from the whole of it with power above 0.999 (Poisson, one-sided, 0.01). What is priced, waits or is believed has no
luck of its own at all. Every case held with five other seeds, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small
from ruamel.yaml import YAML
from small import EAST

from simulator.governments.costs import prices
from simulator.model import CorridorModel
from simulator.scenario import seeds
from simulator.scenario import tables as rows
from simulator.scenario.costs import Costs
from simulator.scenario.levers import INSTRUMENTS, LEVERS
from simulator.scenario.parameters import Parameters
from simulator.scenario.schema import Scenario
from simulator.stages import controls, crossing, drivers
from simulator.validation.builder import asylum

COSTS = Costs.model_validate(
    YAML(typ="safe").load((small.PARAMETERS.parent / "costs.yaml").read_text(encoding="utf-8"))
)
PAYER = "EU"
START = "2016-01-01"
EAST_LEG = "port-east--island"
EARLY, WHOLE = 2, None
"""Steps until three weeks are over, and all of them."""

Measure = Callable[[CorridorModel, int | None], float]


def counted(name: str, upto: int | None = WHOLE, **where: str) -> Callable[[CorridorModel], float]:
    """Return a reader of a flow's total up to a step, where labels are as given."""

    def read(model: CorridorModel) -> float:
        table = model.recorder.tables()[name].to_pandas()
        for dim, label in where.items():
            table = table[table[dim] == label]
        return float(table["value"][table["step"] < upto].sum() if upto is not None else table["value"].sum())

    return read


def flow(name: str, **where: str) -> Measure:
    return lambda model, upto: counted(name, upto, **where)(model)


def level(name: str, **where: str) -> Measure:
    """Return a reader of a level as it stands at a step, by default the last; 0 where there is nothing."""

    def read(model: CorridorModel, step: int | None) -> float:
        table = model.recorder.tables()[name].to_pandas()
        for dim, label in where.items():
            table = table[table[dim] == label]
        at = table["step"].max() if step is None else step
        return float(table["value"][table["step"] == at].sum())

    return read


def ratio(of: Measure, to: Measure) -> Measure:
    return lambda model, upto: of(model, upto) / to(model, upto)


@dataclass(frozen=True)
class Case:
    """One lever alone: where it is laid, by how much, what it moves and which way.

    Attributes
    ----------
    at, to, value, do : the change of the lever.
    measure : what its first effect is read from, at a step, or up to it.
    up : whether that rises.
    by : by how much at least, as a factor of the value without it.
    knobs : what the corridor needs for the instrument to have something to act on.
    """

    at: tuple[str, ...]
    value: float
    measure: Measure
    up: bool
    by: float = 1.5
    do: str = "add"
    to: tuple[str, ...] = ()
    knobs: Mapping[str, Any] = field(default_factory=dict)


SEA, COAST, LAND, HOME = ("eastern",), ("TRA",), ("DEA",), ("ORA",)
STOPPED = ratio(flow("interceptions", leg=EAST_LEG), flow("attempts", leg=EAST_LEG))
DIED = ratio(flow("deaths", leg=EAST_LEG), flow("attempts", leg=EAST_LEG))
WISH = level("aspiration", origin="ORA", residence="ORA")
SLOW = {"asylum_years": [asylum("DEA", 500.0), asylum("DEB", 500.0)]}
"""Asylum systems that cannot keep up."""
FAST = {
    "parameter": {
        "feedback.investment_lag": 180.0, "departure.highest_rate": 0.05, "choice.diaspora_weight": 0.0,
        "choice.backlog_weight": 0.0, "choice.protection_weight": 0.0, "choice.price_weight": 0.0,
    },
    "switches": {"learning": False, "diffusion": False},
    "end": "2017-07-01",
}  # fmt: skip
"""Investment that shows within a run of a year and a half, among people of whom few leave, and who weigh nothing that
hangs on the luck of those before them: what they wish then differs by the lever alone, small as that may be. They do
not weigh prices either, which income makes easier to bear: that is what lets more leave at first (the hump, F4)."""
STRICT = {
    "recognition": [rows.RecognitionRow(origin=o, country=c, year=2016, rate=0.05, decisions=1)
                    for o in ("ORA", "ORB") for c in ("DEA", "DEB")],
    "asylum_years": [asylum("DEA"), asylum("DEB")],
}  # fmt: skip
"""Asylum systems that decide at once, and refuse nearly all."""
SHORT = {**STRICT, "asylum_years": [asylum("DEA", removals=40.0), asylum("DEB", removals=40.0)]}
"""The same, with few removals; and with as many as can be."""
AMPLE = {**STRICT, "asylum_years": [asylum("DEA", removals=1e6), asylum("DEB", removals=1e6)]}
OPEN = {"visas": ()}
ALWAYS_AWAY = {**AMPLE, "parameter": {"transit.remigration_rate": 6.0, "transit.return_memory": 1000.0}}
"""People who were returned and are likely to leave again, and who are followed to the end of the run."""

CASES: dict[str, Case] = {
    "border_effort_departure": Case(SEA, 6.0, STOPPED, up=True),
    "border_effort_arrival": Case(SEA, 6.0, STOPPED, up=True),
    "border_posture": Case(SEA, 8.0, STOPPED, up=True, do="multiply"),
    "border_cooperation": Case(COAST, 0.0, STOPPED, up=False, do="set", by=1.2),
    "sanctions": Case(SEA, 4.0, ratio(flow("returns", kind="gave_up"), flow("interceptions")), up=True),
    "capacity_building": Case(COAST, 0.5, STOPPED, up=True, by=1.2),
    "joint_patrols": Case(SEA, 3.0, STOPPED, up=True),
    "rescue": Case(SEA, 1.0, DIED, up=False, by=2.0),
    "anti_smuggling": Case(SEA, 2.0, level("prices", leg=EAST_LEG), up=True, by=1.15),
    "organised_transit": Case(SEA, 0.8, STOPPED, up=False),
    "information_campaign": Case(SEA, 5.0, flow("attempts", leg=EAST_LEG), up=False, by=1.1),
    "visa_requirement": Case(
        HOME, 1.0, flow("crossings", leg="alpha--city-a"), up=False, to=LAND, knobs=OPEN,
    ),
    "legal_pathways": Case(HOME, 1000.0, flow("pathways", country="DEA"), up=True, to=LAND),
    "recognition_shift": Case(
        HOME, 0.6, level("stocks", state="protected", origin="ORA"), up=True, to=("DEA", "DEB"), knobs=STRICT,
    ),
    "reception": Case(LAND, 2.0, ratio(flow("claims", country="DEA"), flow("claims")), up=True),
    "reception_by_origin": Case(
        HOME, 2.0, ratio(flow("claims", country="DEA", origin="ORA"), flow("claims", origin="ORA")), up=True, to=LAND,
    ),
    "safe_third_country": Case(SEA, 0.5, flow("returns", kind="readmission"), up=True),
    "asylum_capacity": Case(LAND, 6.0, level("backlog", country="DEA"), up=False, by=1.3, do="multiply", knobs=SLOW),
    "appeal_speed": Case(
        LAND, 8.0, level("stocks", state="appealing", country="DEA"), up=False, do="multiply", knobs=STRICT,
    ),
    "early_warning_reserve": Case(("DEB",), 1e5, level("backlog", country="DEB"), up=False, by=1.05, knobs=SLOW),
    "interior_controls": Case(LAND, 4.0, flow("returns", kind="removal", country="DEA"), up=True, knobs=AMPLE),
    "removal_capacity": Case(
        LAND, 4.0, flow("returns", kind="removal", country="DEA"), up=True, do="multiply", knobs=SHORT,
    ),
    "readmission_cooperation": Case(
        HOME, 0.5, flow("returns", kind="removal", country="DEA", origin="ORA"), up=True, to=LAND, by=1.2, knobs=AMPLE,
    ),
    "voluntary_return_support": Case(
        LAND, 4.0, flow("returns", kind="voluntary", country="DEA"), up=True, do="multiply", knobs=STRICT,
    ),
    "reintegration_support": Case(
        ("ORA", "ORB"), 1.0, ratio(level("stocks", state="returned"), flow("returns")), up=True, by=1.1,
        knobs=ALWAYS_AWAY,
    ),
    "host_support": Case(COAST, 1.5, flow("departures", origin="ORA", residence="TRA"), up=False),
    "aid": Case(HOME, 20.0, WISH, up=False, by=1.05, knobs=FAST),
    "root_cause_investment": Case(HOME, 20.0, WISH, up=False, by=1.05, knobs=FAST),
    "governance_support": Case(HOME, 20.0, WISH, up=False, by=1.05, knobs=FAST),
    "trade_access": Case(HOME, 0.3, WISH, up=False, by=1.05, knobs=FAST),
    "remittance_facilitation": Case(HOME, 1.0, flow("remittances", origin="ORA"), up=True, by=1.05),
}  # fmt: skip
"""A case for every lever; one that is missing fails the test below."""


def made(knobs: Mapping[str, Any]) -> Scenario:
    """Return the corridor of two seas, with unit costs of instruments."""
    scenario = small.corridor(**{"population": 20_000, **knobs})
    return scenario.model_copy(update={"corridor": scenario.corridor.model_copy(update={"costs": COSTS})})


def change_of(lever: str, value: float | None = None, do: str | None = None) -> Any:
    case = CASES[lever]
    unit = LEVERS[lever].unit
    given = case.value if value is None else value
    return small.change(lever, PAYER, case.at, [(START, given)], do=do or case.do, unit=unit, to=case.to)


BRIEF = {"end": "2016-03-01", "population": 2000}


@cache
def without(lever: str, brief: bool = False) -> CorridorModel:
    """Return the run without the lever, all of it or eight weeks; cases that need the same corridor share one."""
    knobs = CASES[lever].knobs
    first = next(name for name, case in CASES.items() if case.knobs is knobs or not (case.knobs or knobs))
    return small.run(made({**knobs, **(BRIEF if brief else {})})) if first == lever else without(first, brief)


@cache
def alone(lever: str) -> CorridorModel:
    """Return the run with the lever and nothing else."""
    return small.run(made({**CASES[lever].knobs, "policies": {"alone": small.policy(change_of(lever))}}))


@pytest.mark.parametrize("lever", LEVERS)
def test_a_lever_alone_has_its_first_effect(lever: str) -> None:
    assert lever in CASES, f"say in CASES what {lever!r} does when it is laid alone"
    case = CASES[lever]
    before, after = case.measure(without(lever), WHOLE), case.measure(alone(lever), WHOLE)
    if case.up:
        assert after > before * case.by
        assert after > 0
    else:
        assert after < before / case.by


def test_there_is_no_case_without_a_lever() -> None:
    assert set(CASES) == set(LEVERS)


@pytest.mark.parametrize("lever", [name for name, lever in LEVERS.items() if "." in lever.lag])
def test_what_is_delayed_comes_late(lever: str) -> None:
    """After three weeks, less than half of what there is at the end of the run."""
    measure = CASES[lever].measure
    change = [measure(alone(lever), step) / measure(without(lever), step) - 1.0 for step in (EARLY, WHOLE)]
    assert abs(change[0]) < abs(change[1]) / 2.0


def test_what_is_legal_comes_to_its_places() -> None:
    """A thousand a year: as many in half a year as its days allow, but for the fraction of a place that is kept."""
    years = without("legal_pathways").world.clock.years.sum()
    assert counted("pathways")(alone("legal_pathways")) == np.floor(1000 * years)
    assert counted("pathways")(without("legal_pathways")) == 0


# What is peculiar to some ------------------------------------------------------------------------------------------


def hazard(patrols: float, cooperation: float, fragility: float = 60.0) -> float:
    world = small.world()
    world.plan.fragility[:, 2] = fragility
    drivers.update(world)
    world.levers["joint_patrols"][EAST], world.levers["border_cooperation"][2] = patrols, cooperation
    return float(crossing.hazards(world, world.levers)[0][EAST])


def test_joint_patrols_need_consent_and_nothing_else_of_the_partner() -> None:
    """They add effectiveness x effort, whatever the partner can and wants to do, and nothing where it wants nothing."""
    added = small.world().parameters.crossing.effectiveness.value * 2.0
    for cooperation, fragility in ((1.0, 0.0), (0.5, 60.0), (0.01, 110.0)):
        more = hazard(2.0, cooperation, fragility) - hazard(0.0, cooperation, fragility)
        assert more == pytest.approx(added)
    assert hazard(2.0, 0.0) == 0


def test_smugglers_price_joint_patrols_as_the_effort_that_they_are() -> None:
    worlds = small.world(), small.world()
    worlds[0].levers["joint_patrols"][EAST] = 0.8
    worlds[1].levers["border_effort_departure"][EAST] = 1.0
    now = [controls.against_first(world, world.levers)[EAST] for world in worlds]
    assert now[0] == pytest.approx(now[1])  # 0.8 is the cooperation of the country there


# Carries mpi-council-statement-2017.early-warning
# Carries mpi-press-release-2017.look-ahead
def test_a_reserve_is_used_in_a_surge_only_and_as_far_as_it_goes() -> None:
    """Steady claims use none of it; a rise uses as much as the last month is above the last year, then no more."""
    from simulator.stages import asylum as stage

    world = small.world(end="2017-07-01")
    world.levers["early_warning_reserve"][4] = 2000.0
    used, above = [], []
    for step in range(70):
        world.step = step
        world.ledger["claims"][4, 0, 0] = 100 if step < 40 else 130
        stage.follow_claims(world)
        used.append(stage.reserve_used(world)[4])
        above.append(world.claim_flow[0, 4] - world.claim_flow[1, 4])
    assert max(used[:40]) == pytest.approx(0.0, abs=1e-6)
    assert 0 < max(used) <= 2000.0
    assert used == pytest.approx(np.clip(above, 0.0, 2000.0).tolist())
    assert used[-1] < max(used)  # what goes on is no surge any more
    world.levers["early_warning_reserve"][4] = 1.0
    assert stage.reserve_used(world)[4] == 1.0


@pytest.mark.parametrize("lever", LEVERS)
def test_a_neutral_lever_changes_nothing_and_costs_nothing(lever: str) -> None:
    """Set to its neutral value for the whole run: eight weeks that are the same to the last bit, for no money."""
    neutral = small.policy(change_of(lever, LEVERS[lever].neutral, "set"))
    run = small.run(made({**CASES[lever].knobs, **BRIEF, "policies": {"neutral": neutral}}))
    plain, laid = without(lever, brief=True).recorder.tables(), run.recorder.tables()
    assert all(plain[name].equals(laid[name]) for name in plain)
    assert laid["instrument_costs"].num_rows == 0


# Money -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lever", LEVERS)
def test_a_lever_costs_those_who_lay_it_if_it_has_a_price(lever: str) -> None:
    table = alone(lever).recorder.tables()["instrument_costs"].to_pandas()
    assert (table["value"].sum() > 0) == bool(LEVERS[lever].cost)
    assert set(table["government"]) <= {PAYER}
    assert set(table["lever"]) <= {lever}
    assert counted("instrument_costs")(without(lever)) == 0


def test_costs_are_what_is_bought_times_the_price() -> None:
    """A year's effort on one leg, aid at its own value, a person admitted or sent back, decisions made possible."""
    paid = {lever: counted("instrument_costs")(alone(lever)) for lever in CASES}
    half = without("rescue").world.clock.years.sum()
    assert paid["border_effort_departure"] == pytest.approx(6.0 * COSTS.border_effort.value * half)
    assert paid["rescue"] == pytest.approx(COSTS.rescue.value * half)
    assert paid["aid"] == pytest.approx(20e6 * without("aid").world.clock.years.sum())
    assert paid["legal_pathways"] == counted("pathways")(alone("legal_pathways")) * COSTS.legal_pathway.value
    sent_back = counted("returns", kind="readmission")(alone("safe_third_country"))
    assert paid["safe_third_country"] == pytest.approx(sent_back * COSTS.border_return.value)
    assert paid["asylum_capacity"] == pytest.approx(5.0 * 500.0 * half * COSTS.decision.value)
    removed = counted("returns", kind="removal", country="DEA")(alone("removal_capacity"))
    assert paid["removal_capacity"] == pytest.approx(0.75 * removed * COSTS.removal.value)


def test_those_who_share_an_instrument_share_its_cost() -> None:
    """Two parts of three by one, one by the other; who lowers it pays nothing; without prices nothing is counted."""
    lays = [
        small.change("rescue", government, ["eastern"], [(START, value)])
        for government, value in (("EU", 0.4), ("DEB", 0.2), ("DEA", -0.1))
    ]
    scenario = made({**BRIEF, "policies": {"shared": small.policy(*lays)}})
    model = small.run(scenario)
    table = model.recorder.tables()["instrument_costs"].to_pandas().groupby("government", observed=True)["value"].sum()
    whole = 0.5 * COSTS.rescue.value * model.world.clock.years.sum()
    assert table.to_dict() == pytest.approx({"EU": whole * 2 / 3, "DEB": whole / 3})
    unpriced = scenario.model_copy(update={"corridor": scenario.corridor.model_copy(update={"costs": None})})
    assert small.run(unpriced).recorder.tables()["instrument_costs"].num_rows == 0


# What is said of each ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lever", LEVERS.values(), ids=lambda lever: lever.name)
def test_a_lever_says_what_it_belongs_to_costs_and_stands_on(lever: Any) -> None:
    """Instrument, delay, cost and evidence are given, or it says why not."""
    assert lever.instrument in INSTRUMENTS
    parameters = {f"{group}.{name}" for group, info in Parameters.model_fields.items()
                  for name in info.annotation.model_fields}  # type: ignore[union-attr]  # fmt: skip
    assert lever.lag in {"none", "ramp"} | parameters
    assert bool(lever.cost) != bool(lever.no_cost)
    assert bool(lever.evidence) != bool(lever.no_evidence)
    assert not lever.cost or lever.cost in prices(COSTS)
    known = {*seeds.finding_names(), *seeds.publisher_names()}
    assert set(lever.evidence) <= known
    assert lever.low <= lever.neutral <= lever.high


def test_the_page_of_instruments_names_every_lever() -> None:
    page = (Path(__file__).parents[1] / "docs" / "instruments.md").read_text(encoding="utf-8")
    assert not [name for name in LEVERS if f"`{name}`" not in page]


def test_every_instrument_has_a_lever_and_every_price_a_use() -> None:
    assert {lever.instrument for lever in LEVERS.values()} == set(INSTRUMENTS)
    assert set(Costs.model_fields) <= {lever.cost for lever in LEVERS.values()}
