"""Paired statistics on made-up tables whose answers are known, and what must hold of any table."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.analysis import paired
from simulator.analysis.experiment_figures import difference_colour, most_regret

ARMS = ("none", "soft", "hard")
T_2 = 4.302652729696142
"""97.5% quantile of Student's t with 2 degrees of freedom."""


def table(values: dict[str, list[list[float]]], case: str = "one") -> pd.DataFrame:
    """Return runs of a measure `x`: for each arm a list of draws, each a list of replicates."""
    return pd.DataFrame([
        {"case": case, "arm": arm, "draw": draw + 1, "replicate": replicate, "failed": "", "x": x}
        for arm, draws in values.items()
        for draw, replicates in enumerate(draws)
        for replicate, x in enumerate(replicates)
    ])  # fmt: skip


RUNS = table({
    "none": [[10.0, 20.0], [30.0, 50.0], [60.0, 60.0]],
    "soft": [[9.0, 19.0], [26.0, 46.0], [60.0, 60.0]],
    "hard": [[12.0, 12.0], [20.0, 20.0], [58.0, 60.0]],
})  # fmt: skip


def row(found: pd.DataFrame, **keys: object) -> pd.Series:
    for name, value in keys.items():
        found = found[found[name] == value]
    assert len(found) == 1
    return found.iloc[0]


def test_differences_are_of_draw_means() -> None:
    found = row(paired.differences(RUNS, ["x"], ARMS), arm="soft", against="none")
    # Draws differ by -1, -4 and 0: mean -5/3, standard deviation sqrt(13/3).
    assert found["mean"] == pytest.approx(-5 / 3)
    half = T_2 * math.sqrt(13 / 3) / math.sqrt(3)
    assert (found["low"], found["high"]) == (pytest.approx(-5 / 3 - half), pytest.approx(-5 / 3 + half))
    assert found["relative"] == pytest.approx(-5 / 3 / (115 / 3))
    assert (found["over"], found["n"], found["n_pairs"]) == ("draws", 3, 6)
    assert (found["p5"], found["p95"]) == (pytest.approx(-3.7), pytest.approx(-0.1))


def test_replicates_do_not_count_as_draws() -> None:
    """Ten copies of a replicate say no more than one."""
    once = table({"none": [[1.0], [2.0], [4.0]], "soft": [[0.0], [0.0], [5.0]]})
    often = table({"none": [[1.0] * 10, [2.0] * 10, [4.0] * 10], "soft": [[0.0] * 10, [0.0] * 10, [5.0] * 10]})
    one, ten = (row(paired.differences(runs, ["x"], ARMS[:2]), arm="soft") for runs in (once, often))
    assert (one["low"], one["high"]) == (pytest.approx(ten["low"]), pytest.approx(ten["high"]))
    assert (one["n"], ten["n"], ten["n_pairs"]) == (3, 3, 30)


def test_with_one_draw_the_interval_is_over_replicates_and_says_so() -> None:
    runs = table({"none": [[1.0, 2.0, 3.0]], "soft": [[2.0, 4.0, 3.0]]})
    found = row(paired.differences(runs, ["x"], ARMS[:2]), arm="soft")
    assert (found["over"], found["n"], found["mean"]) == ("replicates", 3, pytest.approx(1.0))
    assert found["high"] - found["mean"] == pytest.approx(T_2 / math.sqrt(3))
    single = row(paired.differences(runs[runs["replicate"] == 0], ["x"], ARMS[:2]), arm="soft")
    assert single["mean"] == 1.0
    assert math.isnan(single["low"])


def test_shares_count_draws_and_ties_count_for_neither() -> None:
    found = paired.shares(RUNS, {"x": "less"}, ARMS)
    soft = row(found, arm="soft", against="none")
    assert (soft["better"], soft["worse"], soft["same"], soft["n"]) == (pytest.approx(2 / 3), 0.0, pytest.approx(1 / 3),
                                                                       3)  # fmt: skip
    more = row(paired.shares(RUNS, {"x": "more"}, ARMS), arm="soft", against="none")
    assert (more["better"], more["worse"]) == (soft["worse"], soft["better"])
    assert paired.shares(RUNS, {"x": None}, ARMS).empty


def test_regret_is_against_the_best_arm_of_the_same_draw() -> None:
    # Draw means: none 15 40 60, soft 14 36 60, hard 12 20 59; the best are 12, 20, 59.
    found = paired.regret(RUNS, {"x": "less"}, ARMS)
    none, hard = row(found, arm="none"), row(found, arm="hard")
    assert none["mean"] == pytest.approx((3 + 20 + 1) / 3)
    assert none["p90"] == pytest.approx(np.quantile([3, 20, 1], 0.9))
    assert (none["highest"], none["best"]) == (20.0, 0.0)
    assert (hard["mean"], hard["highest"], hard["best"]) == (0.0, 0.0, 1.0)
    best = row(paired.regret(RUNS, {"x": "more"}, ARMS), arm="none")
    assert (best["mean"], best["best"]) == (0.0, 1.0)


def test_arms_that_are_the_same_are_both_best() -> None:
    runs = table({"none": [[1.0], [2.0]], "soft": [[1.0], [2.0]]})
    assert list(paired.regret(runs, {"x": "less"}, ARMS[:2])["best"]) == [1.0, 1.0]
    assert list(paired.shares(runs, {"x": "less"}, ARMS[:2])["same"]) == [1.0, 1.0]


def test_a_draw_of_which_a_run_failed_is_left_out() -> None:
    runs = RUNS.copy()
    runs.loc[(runs["arm"] == "hard") & (runs["draw"] == 3), "failed"] = "no"
    found = row(paired.differences(runs, ["x"], ARMS), arm="soft", against="none")
    assert (found["n"], found["mean"]) == (2, pytest.approx(-2.5))


def test_a_measure_that_an_arm_lacks_is_compared_where_all_have_it() -> None:
    runs = RUNS.copy()
    runs.loc[(runs["arm"] == "hard") & (runs["draw"] == 1) & (runs["replicate"] == 0), "x"] = np.nan
    found = row(paired.differences(runs, ["x"], ARMS), arm="hard", against="none")
    assert (found["n"], found["n_pairs"]) == (3, 5)
    assert found["mean"] == pytest.approx((12 - 20 + 20 - 40 + 59 - 60) / 3)
    none = row(paired.differences(runs.assign(x=np.nan), ["x"], ARMS), arm="soft", against="none")
    assert math.isnan(none["mean"])


def test_cases_are_kept_apart() -> None:
    both = pd.concat([RUNS, table({arm: [[1.0], [1.0]] for arm in ARMS}, "two")])
    alone = paired.differences(RUNS, ["x"], ARMS)
    found = paired.differences(both, ["x"], ARMS)
    pd.testing.assert_frame_equal(found[found["case"] == "one"].reset_index(drop=True), alone)
    assert set(found[found["case"] == "two"]["mean"]) == {0.0}


def test_common_luck_worked_by_hand() -> None:
    base, arm = np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 5.0])
    # Variances 1 and 7/3 apart; differences 1, 1, 2 with variance 1/3.
    apart, common, ratio = paired.luck_ratio(base, arm)
    assert (apart, common, ratio) == (pytest.approx(10 / 3), pytest.approx(1 / 3), pytest.approx(10.0))
    assert paired.luck_ratio(base, base + 7.0)[2] == math.inf
    assert math.isnan(paired.luck_ratio(np.ones(3), np.ones(3))[2])


def test_independent_luck_saves_nothing() -> None:
    """Ratio near 1 where pairs share nothing: with 4,000 seeds its standard error is below 0.03, so that 0.15 is five
    of them; luck half of which is shared gives 2."""
    rng = np.random.default_rng(5)
    one, two, shared = rng.normal(size=(3, 4000))
    assert paired.luck_ratio(one, two)[2] == pytest.approx(1.0, abs=0.15)
    assert paired.luck_ratio(one + shared, two + shared)[2] == pytest.approx(2.0, abs=0.3)


def test_table_of_luck_has_medians_and_intervals() -> None:
    rng = np.random.default_rng(1)
    shared = rng.normal(size=30)
    runs = pd.concat([
        pd.DataFrame({"case": "one", "arm": arm, "draw": 0, "replicate": range(30), "failed": "",
                      "x": shared + 0.5 * rng.normal(size=30), "y": shared, "z": 1.0})
        for arm in ("none", "soft")
    ])  # fmt: skip
    found = paired.luck(runs, ["x", "y", "z"], "none", "soft", {"both": ["x", "y"]}).set_index("measure")
    assert 1.0 < found.loc["x", "low"] < found.loc["x", "ratio"] < found.loc["x", "high"] < 25.0
    assert found.loc["y", "ratio"] == math.inf
    assert math.isnan(found.loc["z", "ratio"])
    assert found.loc["both", "ratio"] == math.inf, "the median of a number and of infinity lies between them"
    assert list(found["n"]) == [30] * 4
    again = paired.luck(runs, ["x"], "none", "soft", {})
    assert tuple(again.iloc[0][["low", "high"]]) == tuple(found.loc["x", ["low", "high"]])


def test_bootstrap_of_a_mean_is_near_what_theory_says() -> None:
    """Half a width of 1.96 standard errors; 2,000 resamples give it within a tenth with room to spare."""
    values = np.random.default_rng(2).normal(size=200)
    low, high = paired.bootstrap(lambda kept: float(values[kept].mean()), 200, 0)
    assert (high - low) / 2 == pytest.approx(1.96 * values.std(ddof=1) / math.sqrt(200), rel=0.1)


numbers = st.integers(-1000, 1000).map(float)


@st.composite
def runs_of_all_arms(draw: st.DrawFn) -> pd.DataFrame:
    n = draw(st.integers(2, 4))
    return table({arm: [[draw(numbers), draw(numbers)] for _ in range(n)] for arm in ARMS})


@settings(max_examples=30, deadline=None)
@given(runs_of_all_arms(), st.randoms(use_true_random=False))
def test_the_order_of_rows_plays_no_part(runs: pd.DataFrame, random: object) -> None:
    order = list(range(len(runs)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = runs.iloc[order]
    for made in (paired.levels, paired.differences):
        pd.testing.assert_frame_equal(made(runs, ["x"], ARMS), made(shuffled, ["x"], ARMS), check_exact=True)
    for judged in (paired.shares, paired.regret):
        pd.testing.assert_frame_equal(judged(runs, {"x": "less"}, ARMS), judged(shuffled, {"x": "less"}, ARMS),
                                      check_exact=True)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(runs_of_all_arms(), st.integers(-10_000, 10_000))
def test_a_constant_added_to_a_measure_changes_no_difference(runs: pd.DataFrame, constant: int) -> None:
    moved = runs.assign(x=runs["x"] + constant)
    columns = ["mean", "low", "high", "p5", "p95"]
    pd.testing.assert_frame_equal(paired.differences(runs, ["x"], ARMS)[columns],
                                  paired.differences(moved, ["x"], ARMS)[columns], atol=1e-6)  # fmt: skip
    pd.testing.assert_frame_equal(paired.shares(runs, {"x": "less"}, ARMS), paired.shares(moved, {"x": "less"}, ARMS))
    pd.testing.assert_frame_equal(paired.regret(runs, {"x": "less"}, ARMS), paired.regret(moved, {"x": "less"}, ARMS),
                                  atol=1e-6)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(runs_of_all_arms())
def test_each_pair_mirrors_itself(runs: pd.DataFrame) -> None:
    found = paired.differences(runs, ["x"], ARMS).set_index(["arm", "against"])
    shared = paired.shares(runs, {"x": "more"}, ARMS).set_index(["arm", "against"])
    lost = paired.regret(runs, {"x": "more"}, ARMS).set_index("arm")
    for one, other in ((a, b) for a in ARMS for b in ARMS if a < b):
        assert found.loc[(one, other), "mean"] == pytest.approx(-found.loc[(other, one), "mean"])
        assert found.loc[(one, other), "low"] == pytest.approx(-found.loc[(other, one), "high"])
        assert shared.loc[(one, other), "better"] == shared.loc[(other, one), "worse"]
        assert shared.loc[(one, other), ["better", "worse", "same"]].sum() == pytest.approx(1.0)
        difference = lost.loc[other, "mean"] - lost.loc[one, "mean"]
        assert difference == pytest.approx(found.loc[(one, other), "mean"]), "regret differs as the measure does"
    assert (lost[["mean", "p90", "highest"]] >= 0).to_numpy().all()
    assert lost["best"].sum() >= 1.0 - 1e-9, "some arm is best in every draw"


def test_differences_too_small_to_matter_are_ties() -> None:
    runs = pd.DataFrame([
        {"case": "one", "arm": arm, "draw": draw, "replicate": 0, "x": 100.0 * draw + by}
        for draw in range(4) for arm, by in (("none", 0.0), ("hard", 0.5 if draw % 2 else -0.5))
    ])  # fmt: skip

    def least(_: str, table: pd.DataFrame) -> float:
        return 0.01 * float(table.abs().to_numpy().mean())

    assert least("x", runs.pivot(index="draw", columns="arm", values="x")) == pytest.approx(1.5, abs=0.01)
    shares = paired.shares(runs, {"x": "less"}, ["none", "hard"], least)
    assert shares["same"].tolist() == [1.0, 1.0]
    lost = paired.regret(runs, {"x": "less"}, ["none", "hard"], least)
    assert lost["best"].tolist() == [1.0, 1.0]
    assert most_regret([{"mean_regret": each, "least": 1.5} for each in lost["mean"]]) == 0.0


def test_arms_that_tie_are_not_shaded_as_the_worst() -> None:
    """Each of two arms is best in half of the draws: their mean regrets are the same, and neither is the worst."""
    assert most_regret([{"mean_regret": 40.0, "least": 1.0}, {"mean_regret": 40.0, "least": 1.0}]) == 0.0
    assert most_regret([{"mean_regret": 40.0, "least": 1.0}, {"mean_regret": 40.5, "least": 1.0}]) == 0.0
    assert most_regret([{"mean_regret": 0.0, "least": 1.0}, {"mean_regret": 40.0, "least": 1.0}]) == 40.0
    assert most_regret([{"mean_regret": float("nan"), "least": float("nan")}]) == 0.0
    assert difference_colour(-5.0, -6.0, -4.0, "less", 10.0) == difference_colour(0.0, -1.0, 1.0, "less")
    assert difference_colour(-5.0, -6.0, -4.0, "less") != difference_colour(0.0, -1.0, 1.0, "less")
