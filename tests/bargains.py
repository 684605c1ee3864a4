"""Bargains, regimes and responses put together in Python, over the corridor of two seas, for tests of governments.

Acts, regimes and weights are held at plain values, so that a better figure in `scenarios` does not move the tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import small
from ruamel.yaml import YAML

from simulator.governments.bargaining import BargainState
from simulator.governments.partnership import build_partnerships
from simulator.model import CorridorModel
from simulator.scenario.bargains import Act, Acts, Answer, Bargain, Item, Regime, RegimesFile, Response
from simulator.scenario.evidence import Quantity
from simulator.scenario.policies import Partnership
from simulator.scenario.schema import Scenario
from simulator.stages import drivers

REGIMES = Path(__file__).parents[1] / "scenarios" / "regimes.yaml"


@cache
def shipped() -> RegimesFile:
    """Return the regimes and acts that are shipped."""
    return RegimesFile.model_validate(YAML(typ="safe").load(REGIMES.read_text(encoding="utf-8")))


def quantity(value: float, unit: str = "1") -> Quantity:
    return Quantity(value=value, unit=unit, kind="assumed", range=(value - 1, value + 1))


def item(lever: str, due: str, amount: float, unit: str = "1", **more: bool) -> Item:
    return Item.model_validate({"lever": lever, "due": due, "amount": quantity(amount, unit), **more})


def regime(*items: Item, publicity: float = 0.0, shared: float = 0.0) -> Regime:
    return Regime(label="A regime", summary="Made up.", source="assumed", items=items,
                  publicity=quantity(publicity), shared_priorities=quantity(shared))  # fmt: skip


def act(compliance: float, public: float, value: float) -> Act:
    return Act(compliance=compliance, public=public, value=quantity(value))


ACTS = Acts(
    readmission={"refuse": act(0.0, 0.0, 0.1), "case-by-case": act(0.4, 0.1, 0.4), "agree": act(1.0, 1.0, 0.7)},
    border={"open": act(-1.0, 0.5, 0.1), "look-away": act(0.0, 0.0, 0.6), "hold": act(0.5, 0.2, 1.0),
            "press": act(1.0, 0.4, 1.8)},
)  # fmt: skip
PLAIN = {
    "nothing": regime(publicity=0.3),
    "threat": regime(item("aid", "refusal", -0.5, of_aid=True), publicity=0.8),
    "promise": regime(item("aid", "compliance", 0.5, of_aid=True, rises=True), publicity=0.5, shared=0.3),
    "price": regime(item("aid", "compliance", 1.0, of_aid=True, rises=True), publicity=0.4, shared=0.2),
    "package": regime(
        item("root_cause_investment", "compliance", 0.2, of_aid=True),
        item("legal_pathways", "compliance", 1.0, of_asked=True),
        item("remittance_facilitation", "compliance", 0.5),
        item("reintegration_support", "compliance", 0.6),
        item("capacity_building", "compliance", 0.05),
        publicity=0.2, shared=0.8,
    ),
}  # fmt: skip
"""Regimes that tests may name."""
WEIGHTS = {
    "bargaining.choice_scale": 0.5, "bargaining.money_weight": 1.0, "bargaining.trust_weight": 1.5,
    "bargaining.remittance_years": 5 * 365.25, "bargaining.backlash_weight": 1.2,
    "bargaining.salience_reference": 0.05, "bargaining.backlash_memory": 1.5 * 365.25, "bargaining.task_cost": 0.15,
    "bargaining.labour_weight": 0.5, "bargaining.order_weight": 0.5, "bargaining.burden_weight": 0.3,
    "bargaining.habit": 0.4, "bargaining.first_belief": 0.5, "bargaining.learning": 1.0, "bargaining.trust_gain": 0.2,
    "bargaining.trust_loss": 0.6, "bargaining.price_rise": 0.5, "bargaining.leverage_weight": 3.0,
    "bargaining.market_income": 0.3, "bargaining.diverted_share": 0.6, "bargaining.visa_worth": 0.01,
    "bargaining.security_worth": 0.02, "bargaining.donor_money_weight": 0.5, "bargaining.donor_concern_weight": 1.0,
    "bargaining.donor_relation_weight": 1.0, "bargaining.protection_weight": 1.0,
    "feedback.remittance_per_person": 1000.0, "feedback.remittance_cost": 0.07, "returns.papers_share": 0.5,
    "governance.decision_interval": 91, "governance.observation_lag": 45, "governance.observation_noise": 0.1,
}  # fmt: skip
"""Weights and rates of bargains."""


def bargain(partner: str, regime: str, about: str = "readmission", **fields: Any) -> Bargain:
    """Return an active bargain with the EU; `aid` and `income` are million euros a year, `asked` people a year."""
    units = {"aid": "million_eur/year", "income": "million_eur/year", "asked": "person/year"}
    return Bargain.model_validate({
        "label": "A bargain", "summary": "Made up.", "source": "assumed", "active": True, "donor": "EU",
        "partner": partner, "about": about, "from": "2016-01-01", "regime": regime, "destinations": ["DEA", "DEB"],
        **{name: quantity(value, units[name]) if name in units else value for name, value in fields.items()},
    })  # fmt: skip


def border(partner: str, regime: str, **fields: Any) -> Bargain:
    return bargain(partner, regime, "border", **{"legs": ["eastern"], **fields})


def response(government: str, **answers: Mapping[str, Any]) -> Response:
    """Return an active response; each answer is its relief, yearly cost in million euros, harm and levers."""
    return Response.model_validate({
        "label": "A response", "source": "assumed", "active": True, "government": government, "from": "2016-01-01",
        "answers": {name.replace("_", "-"): Answer.model_validate(
            {**answer, "cost": quantity(answer.get("cost", 0.0), "million_eur/year")}
        ) for name, answer in answers.items()},
    })  # fmt: skip


def scenario(
    bargains: Mapping[str, Bargain], regimes: Mapping[str, Regime] | None = None, *,
    responses: Mapping[str, Response] | None = None, trust: float = 0.5, remittances: float = 0.0,
    parameter: Mapping[str, float] | None = None, **knobs: Any,
) -> Scenario:  # fmt: skip
    """Return the corridor of two seas with these bargains; `regimes` come beside those of `PLAIN`.

    Parameters
    ----------
    remittances : money sent to ORA and ORB in a year, as a share of their incomes in the corridor's tables.
    """
    pairs = dict.fromkeys((each.donor, each.partner) for each in bargains.values())
    partnerships = [
        Partnership(donor=donor, partner=partner, trust=trust, trust_range=(0, 1), source="assumed")
        for donor, partner in pairs
    ]
    weights = {**WEIGHTS, **(parameter or {})}
    made = small.corridor(**{"partnerships": partnerships, "parameter": weights, **knobs})
    market = made.parameters.bargaining.market_income.value
    rows = [
        row.model_copy(update={"remittances": remittances * row.population * row.gdp_per_head * market})
        if row.country in ("ORA", "ORB") else row for row in made.country_years
    ]  # fmt: skip
    file = RegimesFile(acts=ACTS, regimes={**PLAIN, **(regimes or {})})
    corridor = made.corridor.model_copy(
        update={"regimes": file, "bargains": dict(bargains), "responses": dict(responses or {})}
    )
    return made.model_copy(update={"corridor": corridor, "country_years": tuple(rows)})


def state(made: Scenario, name: str = "question") -> BargainState:
    """Return the state of a bargain in a world at its first day."""
    world = small.begun(made)
    drivers.update(world)
    bargain = made.corridor.bargains[name]
    return BargainState(name, made, world, build_partnerships(made)[bargain.donor, bargain.partner])


def stand(bargaining: BargainState, act: int, stance: int = 0) -> None:
    """Let both sides stand as numbered, and their relation follow, as if they had just decided so."""
    bargaining.act, bargaining.stance = act, stance
    bargaining.settle(0)


def pass_steps(bargaining: BargainState, steps: int = 2) -> None:
    """Let steps pass that end with what the ledger holds: the first with what is in it now, the others with nothing."""
    world = bargaining._world
    for step in range(steps):
        if step:
            world.step += 1
            world.new_ledger()
        crossed, held = (world.ledger[name].sum(axis=(1, 2)) for name in ("crossings", "interceptions"))
        bargaining.observe(crossed, held)


def decide(bargaining: BargainState, numbers: Sequence[int]) -> list[tuple[str, str]]:
    """Let both sides decide again and again in a world that stands still; return act and stance of each time."""
    taken = []
    for number in numbers:
        partner, donor = bargaining.weigh("partner", number), bargaining.weigh("donor", number)
        bargaining.commit(partner)
        bargaining.commit(donor)
        bargaining.settle(number)
        taken.append((partner.option, donor.option))
    return taken


def tables(made: Scenario) -> dict[str, Any]:
    """Run a scenario and return its recorded tables."""
    return tables_of(small.run(made))


def tables_of(model: CorridorModel) -> dict[str, Any]:
    return {name: table.to_pandas() for name, table in model.recorder.tables().items()}
