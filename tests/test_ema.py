"""A scenario as a model of the EMA workbench."""

from __future__ import annotations

import math
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.connectors.ema import CorridorFunction, ema_model
from simulator.errors import ChoiceError, InputError
from simulator.scenario.load import load
from simulator.scenario.new import new
from simulator.sweeps.draws import lay

SHORT: dict[str, Any] = {"end": "2016-07-01", "persons_per_agent": 1000, "set": {"step_days": "month"}}
MEASURES: dict[str, Any] = {
    "arrivals": {"measure": "arrivals", "better": "less"},
    "sea": {"measure": "arrivals", "where": {"route": "narrow-sea"}},
    "protected": {"measure": "protection", "better": "more"},
    "cost": "cost",
}
FIELDS = ("parameters.choice.scale", "policies.sea-agreement.payments.0.factor", "partnerships.0.trust")
NAMES = ("parameters_choice_scale", "policies_sea_agreement_payments_0_factor", "partnerships_0_trust")
LEVERS: dict[str, Any] = {
    "agreement": {"levels": {"made": {}, "none": {"overrides": ["no-agreement"]}}},
    "money": {"field": "policies.sea-agreement.payments.0.million_eur", "low": 0, "high": 240},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    new("mine")
    return tmp_path


def workbench() -> Any:
    return pytest.importorskip("ema_workbench", reason="the EMA workbench is not installed (extra 'ema')")


def test_ranges_are_those_of_the_scenario(folder: Path) -> None:
    workbench()
    made = ema_model("mine", MEASURES, uncertainties=FIELDS, levers=LEVERS, **SHORT)
    scenario = load("mine", **SHORT)
    scale = scenario.corridor.parameters.choice.scale
    by_name = {one.name: one for one in made.uncertainties}
    assert set(by_name) == set(NAMES), "names that later releases take, too"
    assert (by_name[NAMES[0]].lower_bound, by_name[NAMES[0]].upper_bound) == scale.range
    assert by_name[NAMES[0]].default == scale.value
    factor = by_name[NAMES[1]]
    middle = math.sqrt(factor.lower_bound * factor.upper_bound)
    assert factor.dist.ppf(0.5) == pytest.approx(middle), "of a factor every ratio is as likely"
    assert {one.name for one in made.levers} == set(LEVERS)
    kinds = {one.name: one.kind for one in made.outcomes}
    assert (kinds["arrivals"], kinds["sea"], kinds["protected"]) == (-1, 0, 1)


def test_experiments_run_and_are_the_runs_of_the_scenario(folder: Path) -> None:
    ema = workbench()
    made = ema_model("mine", MEASURES, uncertainties=FIELDS[:2], levers={"agreement": LEVERS["agreement"]}, **SHORT)
    experiments, outcomes = ema.perform_experiments(made, scenarios=3, policies=2)
    assert len(experiments) == 6
    assert set(outcomes) == set(MEASURES)
    row = experiments.iloc[4]
    options = {"overrides": ["no-agreement"]} if str(row["agreement"]) == "none" else {}
    laid = lay(load("mine", **SHORT, **options), dict(zip(FIELDS[:2], map(float, row[list(NAMES[:2])]), strict=True)))
    assert outcomes["arrivals"][4] == measured(laid)
    made_so = experiments["agreement"].astype(str) == "made"
    assert len(set(outcomes["cost"][made_so])) == 3, "each experiment has a payment of its own"
    assert not outcomes["cost"][~made_so].any()


def measured(scenario: Any) -> float:
    from simulator.api import run

    return float(run(scenario).frame("arrivals", by=[])["arrivals"].iloc[0])


def test_the_workbench_finds_boxes_in_the_outcomes(folder: Path) -> None:
    ema = workbench()
    from ema_workbench.analysis import prim

    made = ema_model("mine", {"cost": "cost"}, uncertainties=FIELDS, **{**SHORT, "end": "2016-04-01"})
    experiments, outcomes = ema.perform_experiments(made, scenarios=20)
    high = outcomes["cost"] > np.median(outcomes["cost"])  # which hangs on the factor of the payment
    inputs = experiments[list(NAMES)].astype(float)
    threshold = {} if ema.__version__ >= "3" else {"threshold": 0.5}
    box = prim.Prim(inputs, high, mass_min=0.2, **threshold).find_box()
    assert box.density == 1, "whichever experiments were drawn"
    low = box.box_lims[-1][NAMES[1]].iloc[0]
    assert low > inputs[NAMES[1]].min(), "the payment bounds the box"


# What needs no workbench ---------------------------------------------------------------------------------------------


def function_of(folder: Path, **more: Any) -> CorridorFunction:
    from simulator.connectors.ema import _asked_levers, _asked_measures

    options = tuple({"overrides": (), "without": (), "start": None, **SHORT}.items())
    return CorridorFunction("mine", options, _asked_levers(LEVERS)[0], _asked_measures(MEASURES)[0], **more)


def test_the_function_runs_averages_and_can_be_sent_elsewhere(folder: Path) -> None:
    function = pickle.loads(pickle.dumps(function_of(folder, replicates=2)))
    both = function(**{FIELDS[0]: 0.5}, agreement="made", money=100.0)
    one = function_of(folder, replicates=1)(**{FIELDS[0]: 0.5}, agreement="made", money=100.0)
    set_ = {**SHORT["set"], FIELDS[0] + ".value": 0.5, LEVERS["money"]["field"]: 100.0}
    first = load("mine", **{**SHORT, "set": set_})
    assert one["arrivals"] == measured(first)
    second = measured(first.model_copy(update={"seed": first.seed + 1}))
    assert both["arrivals"] == pytest.approx((one["arrivals"] + second) / 2)
    assert function(agreement="none")["cost"] == 0 < function(agreement="made")["cost"]


def test_values_that_make_no_sense_give_no_number(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_: Any, progress: Any = None) -> None:
        raise ChoiceError("no finite value")

    monkeypatch.setattr("simulator.model.CorridorModel.run", run)
    assert all(math.isnan(each) for each in function_of(folder, replicates=1)().values())


def test_every_problem_at_once(folder: Path) -> None:
    workbench()
    measures = {
        "sea": {"measure": "arrivals", "where": {"route": "nowhere"}},
        "bad": {"measure": "arrivals", "better": "perhaps"},
    }
    levers = {
        "half": {"field": "x", "low": 1},
        "two words": LEVERS["agreement"],
        "lost": {"levels": {"a": {}, "b": {"overrides": ["no-such"]}}},
    }
    with pytest.raises(InputError) as caught:
        ema_model("mine", measures, uncertainties=["parameters.choice.scael"], levers=levers, name="my model", **SHORT)
    assert [problem.field for problem in caught.value.problems] == [
        "measures.bad.better",
        "levers.half",
        "levers.lost=b",
        "uncertainties.0",
        "measures.sea.where.route",
        "name",
        "levers.two words",
    ]


def test_without_the_workbench_it_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ema_workbench", None)
    with pytest.raises(InputError, match=r"corridor\[ema\]"):
        ema_model("mine", MEASURES)
