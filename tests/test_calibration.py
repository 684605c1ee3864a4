"""The calibration: what is read, the loss, and the levels that are solved for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

HERE = Path(__file__).parents[1] / "experiments" / "calibration"
sys.path.insert(0, str(HERE))

import problem as calibration  # noqa: E402

DESIGN = HERE / "design.yaml"


@pytest.fixture(scope="module")
def problem() -> Any:
    return calibration.read_problem(DESIGN, persons_per_agent=2000, step_days=28)


def test_nothing_after_2016_is_read(problem: Any) -> None:
    """2017 is held back: 36 months and three years of targets, and a run that ends with 2016."""
    assert problem.target.monthly.shape == (len(problem.routes), 36)
    assert problem.target.yearly.shape[2] == 3
    assert f"{problem.scenario.period.end}" == "2017-01-01"


def test_the_observed_fits_itself_and_anything_else_less(problem: Any) -> None:
    months, years = problem.target.monthly, problem.target.yearly
    # Arrivals whose months are the observed ones: the first origin takes them all, so that only `yearly` is left.
    made = np.zeros((len(problem.routes), len(problem.origins), 36))
    made[:, 0] = np.nan_to_num(months)
    parts = calibration.loss(problem, made)
    assert all(value == pytest.approx(0.0, abs=1e-12) for name, value in parts.items() if not name.startswith("yearly"))
    spread = np.repeat(years, 12, axis=2) / 12.0
    flat = calibration.loss(problem, spread)
    assert all(value == pytest.approx(0.0, abs=1e-12) for name, value in flat.items() if name.startswith("yearly"))
    assert all(flat[name] > parts[name] + 0.01 for name in parts if name.startswith(("monthly", "raw")))


def test_a_part_is_cut_at_the_ceiling(problem: Any) -> None:
    huge = np.full((len(problem.routes), len(problem.origins), 36), 1e7)
    parts = calibration.loss(problem, huge)
    ceiling = problem.design["loss"]["ceiling"]
    assert parts["raw.eastern-mediterranean"] == problem.design["loss"]["raw"]["eastern-mediterranean"] * ceiling


def test_levels_give_the_rates_asked_for(problem: Any) -> None:
    rng = np.random.default_rng(1)
    n = len(problem.origins)
    gains, people = rng.normal(-4, 1, (n, 3, 10)), rng.uniform(1e4, 1e6, (n, 3, 10))
    want = calibration.log_rates(gains, people, 0.6) + rng.normal(0, 2, n)
    levels = calibration.solve_levels(problem, gains, people, 0.6, want)
    shift = np.array([levels[code] - problem.base_levels[code] for code in problem.origins])
    assert calibration.log_rates(gains, people, 0.6, shift) == pytest.approx(want, abs=1e-6)


def test_a_rate_beyond_the_people_there_takes_the_end_of_the_reach(problem: Any) -> None:
    n = len(problem.origins)
    gains, people = np.full((n, 1, 1), -4.0), np.full((n, 1, 1), 1000.0)
    levels = calibration.solve_levels(problem, gains, people, 0.6, np.full(n, np.log(1e9)))
    reach = problem.design["levels"]["reach"]
    assert all(levels[code] == pytest.approx(problem.base_levels[code] + reach) for code in problem.origins)


def test_knobs_span_their_ranges_and_start_inside(problem: Any) -> None:
    for knob in problem.knobs:
        assert knob.value(0.0) == pytest.approx(knob.low)
        assert knob.value(1.0) == pytest.approx(knob.high)
        assert knob.value(knob.share(knob.start)) == pytest.approx(knob.start)
        assert 0.0 <= knob.share(knob.start) <= 1.0


def test_a_trial_runs_and_repeats_bit_for_bit(problem: Any) -> None:
    rates = calibration.first_rates(problem, problem.start())
    one, other = (calibration.try_out(problem, problem.start(), rates) for _ in range(2))
    assert one.loss == other.loss
    assert one.loss == pytest.approx(sum(one.parts.values()))
    assert set(one.levels) == set(problem.origins)


def test_flows_that_explode_are_given_up(problem: Any) -> None:
    rates = calibration.first_rates(problem, problem.start()) + 12.0
    trial = calibration.try_out(problem, problem.start(), rates)
    assert trial.loss == problem.design["loss"]["given_up"]
    assert (trial.rates < rates).all()


def test_the_shipped_fit_is_of_this_design() -> None:
    """Every fitted field of the design is in the fit, within its range, and nothing else but the levels is."""
    yaml = YAML(typ="safe")
    design = yaml.load(DESIGN.read_text(encoding="utf-8"))
    fit = yaml.load((HERE.parents[1] / "scenarios" / "mediterranean" / "fit.yaml").read_text(encoding="utf-8"))
    ranges = {name: given["range"] for given in design["parameters"].values() for name in given["fields"]}
    levels = {name for name in fit["fields"] if name.endswith(".departure_level")}
    assert set(fit["fields"]) - levels == set(ranges)
    assert fit["period"] == ["2014-01", "2016-12"]
    assert len(fit["members"]) >= 5
    for member in fit["members"]:
        assert fit["loss"] <= member["loss"] <= float(design["ensemble"]["within"]) * fit["loss"] + 1e-6
        assert all(low - 1e-6 <= member["values"][name] <= high + 1e-6 for name, (low, high) in ranges.items())
