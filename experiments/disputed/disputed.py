"""How far the conclusions about the EU-Turkey Statement move with what is disputed.

For each disputed switch turned off, departure levels are solved for again, so that the arrivals of each nationality
over the fitted years stay what was observed (all else stays as fitted). Then the scenario is run with and without the
Statement and the closure, on common luck. ``python experiments/disputed/disputed.py`` writes ``records/disputed.csv``.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "calibration"))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import problem as calibration  # noqa: E402
from ruamel.yaml import YAML  # noqa: E402

from simulator.analysis.diversion.within import share_within  # noqa: E402
from simulator.outputs.provenance import mark  # noqa: E402
from simulator.scenario.load import load  # noqa: E402
from simulator.scenario.values import with_values  # noqa: E402

SETTINGS = {
    "as fitted": (),
    "income does not enable (hump off)": ("no-hump",),
    "rescue does not draw": ("no-rescue-pull",),
    "news does not spread": ("no-diffusion",),
    "people know today's chances": ("no-learning",),
    "aid enables people to leave": ("aid-enables",),
}
FIRST_ENTRY = ("eastern-mediterranean", "central-mediterranean", "western-mediterranean", "western-african")
ROUNDS = 4
"""Rounds of levels; the loss of a setting says how far they bring it back."""


class Setting(NamedTuple):
    """One setting of the switches, one member of the fit, one seed."""

    name: str
    overrides: tuple[str, ...]
    member: int
    seed: int
    persons_per_agent: int


def refit_levels(setting: Setting, fit: dict[str, Any]) -> tuple[calibration.Problem, calibration.Trial]:
    """Return the levels that bring each nationality's total back, and the loss that is left."""
    values = fit["members"][setting.member]["values"]
    problem = calibration.read_problem(HERE.parent / "calibration" / "design.yaml", setting.overrides, step_days=7)
    problem.base_levels = {code: values[f"origins.{code}.departure_level"] for code in problem.origins}
    problem.scenario = with_values(problem.scenario, calibration.fields_of(problem.base_levels))
    shares = np.array([knob.share(values[knob.fields[0]]) for knob in problem.knobs])
    plain = calibration.read_problem(HERE.parent / "calibration" / "design.yaml", step_days=7)
    fitted = with_values(plain.scenario, {**plain.values(shares), **calibration.fields_of(problem.base_levels)})
    rates = calibration.log_rates(*calibration.readiness(plain, fitted), fitted.parameters.departure.spread.value)
    best = None
    for _ in range(ROUNDS if setting.overrides else 1):
        trial = calibration.try_out(problem, shares, rates)
        if best is None or trial.loss < best.loss:
            best = trial
        rates = trial.rates
    assert best is not None
    return problem, best


def monthly(setting: Setting, problem: calibration.Problem, levels: dict[str, float], without: bool) -> pd.DataFrame:
    """Run the scenario and return arrivals by month (rows) and ``route origin need``, of the routes of first entry.

    Need is not kept here: those of one origin are one group.
    """
    overrides = [*setting.overrides, *(["without-statement-and-closure"] if without else [])]
    scenario = load(
        "eu-turkey-2016", seed=setting.seed, persons_per_agent=setting.persons_per_agent, overrides=overrides,
        fit_member=setting.member,
    )  # fmt: skip
    found = calibration.arrivals(problem, with_values(scenario, calibration.fields_of(levels)))
    months = pd.period_range(scenario.period.start, periods=found.shape[2], freq="M")
    names = ["route", "origin", "need"]
    columns = pd.MultiIndex.from_product([problem.routes, map(str, range(found.shape[1])), ["all"]], names=names)
    table = pd.DataFrame(found.reshape(-1, found.shape[2]).T, columns=columns, index=months)
    return table.loc[:, table.columns.get_level_values("route").isin(FIRST_ENTRY)]


def conclusions(setting: Setting) -> dict[str, Any]:
    """Return what the pair of runs says about the Statement and the closure."""
    fit = YAML(typ="safe").load((ROOT / "scenarios" / "mediterranean" / "fit.yaml").read_text(encoding="utf-8"))
    problem, trial = refit_levels(setting, fit)
    groups = [monthly(setting, problem, trial.levels, without) for without in (False, True)]
    real, other = (table.T.groupby("route").sum().T for table in groups)
    east, year = "eastern-mediterranean", slice("2016-04", "2017-03")
    fewer = other.loc[year, east].sum() - real.loc[year, east].sum()
    elsewhere = [route for route in FIRST_ENTRY if route != east]
    matched = share_within(groups[1].loc[year].sum(), groups[0].loc[year].sum(), [east], elsewhere)
    return {
        "setting": setting.name, "member": setting.member, "seed": setting.seed, "loss": trial.loss,
        "fall_february_to_april": 1 - real.loc["2016-04", east] / real.loc["2016-02", east],
        "without_april_december_a_month": other.loc["2016-04":"2016-12", east].mean(),
        "fall_in_12_months": fewer / other.loc[year, east].sum(),
        "share_within_origin": matched,
        "fewer_in_total": (other - real).loc[year].to_numpy().sum() / other.loc[year].to_numpy().sum(),
    }  # fmt: skip


def main() -> None:
    """Run all settings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--members", type=int, default=3)
    parser.add_argument("--persons-per-agent", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=HERE / "records" / "disputed.csv")
    given = parser.parse_args()
    settings = [
        Setting(name, overrides, member, 1 + member, given.persons_per_agent)
        for name, overrides in SETTINGS.items()
        for member in range(given.members)
    ]
    with ProcessPoolExecutor(given.workers, mp_context=get_context("spawn")) as pool:
        table = pd.DataFrame(list(pool.map(conclusions, settings)))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(given.out, index=False, float_format="%.4g")
    mark(given.out.parent, f"python experiments/disputed/disputed.py --persons-per-agent {given.persons_per_agent}")
    print(table.groupby("setting", sort=False).mean(numeric_only=True).drop(columns=["member", "seed"]).to_string())


if __name__ == "__main__":
    main()
