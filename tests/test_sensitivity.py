"""Sobol and Morris indices of sweeps: against closed forms, with luck, with missing points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from SALib.sample import morris as morris_sample
from SALib.sample import sobol as sobol_sample
from sweep_tables import Floats, content, lose, sweep

from simulator.analysis.indices import indices, is_clear
from simulator.analysis.luck_share import split
from simulator.errors import InputError

FIRST = {"a": 0.3139, "b": 0.4424, "c": 0.0}
TOTAL = {"a": 0.5576, "b": 0.4424, "c": 0.2437}
"""Of the Ishigami function with a = 7 and b = 0.1 (Ishigami and Homma 1990)."""


def problem(names: str) -> dict[str, Any]:
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}


def design(
    method: str, names: str, number: int, *, pairs: bool = False, seed: int = 1
) -> tuple[dict[str, Any], Floats]:
    """Return how points are taken, and the points, as SALib takes them."""
    if method == "sobol":
        points = sobol_sample.sample(problem(names), number, calc_second_order=pairs, seed=seed)
    else:
        points = morris_sample.sample(problem(names), number, num_levels=4, seed=seed)
    return {"method": method, "number": number, "seed": seed, "second_order": pairs, "levels": 4}, points


def ishigami(varied: Mapping[str, Floats], arm: str, measure: str) -> Floats:
    """Return the Ishigami function; in another arm ten times as much, and 3 times `d` besides."""
    a, b, c = ((2 * varied[name] - 1) * np.pi for name in "abc")
    value = np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a)
    return value if arm in ("scenario", "base") else 10 * value + 3 * varied["d"]


def g_function(varied: Mapping[str, Floats], arm: str, measure: str) -> Floats:
    """Return Sobol's g-function of `a` to `d` with coefficients 0, 1, 9 and 99."""
    value = np.ones(1)
    for name, weight in zip("abcd", (0.0, 1.0, 9.0, 99.0), strict=True):
        value = value * (np.abs(4 * varied[name] - 2) + weight) / (1 + weight)
    return value


def test_ishigami_indices_lie_in_their_intervals() -> None:
    sampling, points = design("sobol", "abc", 1024, pairs=True)
    found = indices(*sweep(content({"y": None}, factors="abc", sampling=sampling), ishigami, points))
    table = found["sobol"].set_index("factor")
    for name in "abc":
        row = table.loc[name]
        assert row["first_low"] < FIRST[name] < row["first_high"]
        assert row["total_low"] < TOTAL[name] < row["total_high"]
        assert row["total_high"] - row["total_low"] < 0.25, "an interval that holds anything would hold these"
    pairs = found["sobol-pairs"].set_index(["factor", "other"])
    assert pairs.loc[("a", "c"), "low"] < TOTAL["c"] < pairs.loc[("a", "c"), "high"]
    assert list(pairs["found"]) == [False, True, False], "only a and c work together"
    assert found["blocks"].loc[0, ["whole", "dropped", "note"]].tolist() == [1024, 0, ""]


def test_g_function_indices_lie_in_their_intervals() -> None:
    sampling, points = design("sobol", "abcd", 1024)
    found = indices(*sweep(content({"y": None}, factors="abcd", sampling=sampling), g_function, points))
    table = found["sobol"].set_index("factor")
    parts = np.array([1 / (3 * (1 + weight) ** 2) for weight in (0.0, 1.0, 9.0, 99.0)])
    whole = np.prod(1 + parts) - 1
    for place, name in enumerate("abcd"):
        others = np.prod(np.delete(1 + parts, place))
        assert table.loc[name, "first_low"] < parts[place] / whole < table.loc[name, "first_high"]
        assert table.loc[name, "total_low"] < parts[place] * others / whole < table.loc[name, "total_high"]
    assert "sobol-pairs" not in found


def test_a_paired_difference_has_indices_of_its_own() -> None:
    """Arms share a and b; their difference is d alone, whatever a does to each of them."""
    sampling, points = design("sobol", "ad", 256)

    def outcome(varied: Mapping[str, Floats], arm: str, measure: str) -> Floats:
        return 100 * varied["a"] + (varied["d"] if arm == "policy" else 0.0)

    asked = content({"y": "less"}, arms=("base", "policy"), factors="ad", sampling=sampling)
    table = indices(*sweep(asked, outcome, points))["sobol"].set_index(["arm", "against", "factor"])
    assert len(table) == 6
    assert table.loc[("policy", "", "a"), "total"] == pytest.approx(1, abs=0.02)
    assert table.loc[("policy", "base", "d"), "total"] == pytest.approx(1, abs=0.02)
    assert table.loc[("policy", "base", "a"), "total"] == pytest.approx(0, abs=1e-12)
    assert not table.loc[("policy", "base", "a"), "moves"]


def test_morris_effects_of_a_plane_are_its_slopes() -> None:
    sampling, points = design("morris", "abc", 20)

    def plane(varied: Mapping[str, Floats], arm: str, measure: str) -> Floats:
        return 5 * varied["a"] - 2 * varied["b"] + varied["a"] * varied["c"]

    found = indices(*sweep(content({"y": None}, factors="abc", sampling=sampling), plane, points))
    table = found["morris"].set_index("factor")
    assert table.loc["b", ["effect", "low", "high"]].tolist() == pytest.approx([2, 2, 2])
    assert table.loc["b", "mean"] == pytest.approx(-2)
    assert table.loc["b", "sigma"] == pytest.approx(0, abs=1e-9)
    assert table.loc["a", "low"] <= 5.5 <= table.loc["a", "high"]
    assert table.loc["a", "sigma"] > 0.1, "its effect hangs on c"
    assert found["blocks"].loc[0, "whole"] == 20


@pytest.mark.parametrize("method", ["sobol", "morris"])
def test_luck_is_not_read_as_an_effect(method: str) -> None:
    """Of eight factors two matter, and luck is as large; power: both are told in each of ten designs."""
    names = "abcdefgh"

    def two(varied: Mapping[str, Floats], arm: str, measure: str) -> Floats:
        return 4 * varied["a"] + 4 * varied["b"]

    false = 0
    for seed in range(10):
        sampling, points = design(method, names, 64, seed=seed + 1)
        asked = content({"y": None}, factors=names, sampling=sampling)
        found = indices(*sweep(asked, two, points, replicates=2, luck=1.0, seed=seed))
        table = found[method].set_index("factor")
        assert table.loc[["a", "b"], "moves"].all()
        false += int(table["moves"].sum()) - 2
        lifted = table.loc[list("cdefgh"), "low" if method == "morris" else "total_low"] > 0
        assert lifted.any(), "luck lifts them all"
    assert false <= 2, "of sixty factors that do nothing"


def test_without_replicates_the_least_factor_stands_for_luck() -> None:
    sampling, points = design("sobol", "abcd", 128)

    def one(varied: Mapping[str, Floats], arm: str, measure: str) -> Floats:
        return 4 * varied["a"]

    asked = content({"y": None}, factors="abcd", sampling=sampling)
    found = indices(*sweep(asked, one, points, luck=1.0))
    table = found["sobol"].set_index("factor")
    assert table["floor"].iloc[0] == table["total"].min()
    assert table.index[table["moves"]].tolist() == ["a"]
    assert found["luck"]["luck"].isna().all()


def test_shares_of_variance_are_those_that_were_put_in() -> None:
    """Points have variance 1, draws 0.5, luck 0.25; luck of one seed moves all points alike, and is not left."""
    rng = np.random.default_rng(2)
    n, draws, replicates = 400, 6, 4
    points = rng.normal(size=(n, 1, 1)) + np.sqrt(0.5) * rng.normal(size=(n, draws, 1))
    levels = [range(n), range(draws), range(replicates)]
    index = pd.MultiIndex.from_product(levels, names=["point", "draw", "replicate"])
    apart = points + 0.5 * rng.normal(size=(n, draws, replicates))
    of_points, of_draws, luck, left, number, runs = split(pd.Series(apart.ravel(), index))
    assert (of_points, of_draws, luck) == pytest.approx((1 / 1.75, 0.5 / 1.75, 0.25 / 1.75), abs=0.04)
    assert of_points + of_draws + luck == pytest.approx(1)
    assert left == pytest.approx(0.25 / (draws * replicates) / (1 + 0.5 / 6), rel=0.25)
    assert (number, runs) == (replicates, n * draws * replicates)
    together = points + 0.5 * rng.normal(size=(1, draws, replicates))
    assert split(pd.Series(together.ravel(), index))[3] == pytest.approx(0, abs=1e-9)


def test_blocks_with_a_missing_point_are_left_out_and_named() -> None:
    sampling, points = design("sobol", "abcd", 64)
    asked = content({"y": None}, arms=("base", "policy"), factors="abcd", sampling=sampling)
    made, runs, places = sweep(asked, ishigami, points)
    broken = lose(lose(runs, [0, 13], "policy"), [14], "base", "missing")  # blocks 0, 2 and 2 again
    found = indices(made, broken, places)
    blocks = found["blocks"].set_index(["arm", "against"])
    assert blocks["dropped"].tolist() == [1, 2, 2]
    assert blocks.loc[("policy", ""), "points"] == "0, 13"
    assert blocks.loc[("policy", "base"), "points"] == "0, 13, 14"
    whole = places.drop(index=[*range(0, 6), *range(12, 18)]).reset_index(drop=True)
    again = runs[runs["point"].isin([*range(6, 12), *range(18, len(places))])].copy()
    again["point"] = again["point"].rank(method="dense").astype(int) - 1
    clean = indices(made, again, whole)["sobol"]
    mine = found["sobol"]
    pd.testing.assert_frame_equal(
        mine[mine["arm"] == "policy"].drop(columns="blocks").reset_index(drop=True),
        clean[clean["arm"] == "policy"].drop(columns="blocks").reset_index(drop=True),
    )


def test_a_point_keeps_its_mean_while_any_replicate_is_there() -> None:
    sampling, points = design("morris", "abc", 10)
    made, runs, places = sweep(content({"y": None}, factors="abc", sampling=sampling), ishigami, points, replicates=3)
    runs.loc[(runs["point"] == 2) & (runs["replicate"] == 1), "status"] = "failed"
    runs.loc[(runs["point"] == 5) & (runs["replicate"] == 2), "status"] = "not needed"
    assert indices(made, runs, places)["blocks"]["dropped"].tolist() == [0]


def test_nothing_whole_left_is_one_clear_error() -> None:
    sampling, points = design("sobol", "abc", 16)
    made, runs, places = sweep(content({"y": None, "z": None}, factors="abc", sampling=sampling), ishigami, points)
    with pytest.raises(InputError, match="has 3 whole blocks of 16 in its best arm and measure") as caught:
        indices(made, lose(runs, range(0, 65, 5)), places)
    said = str(caught.value)
    assert len(caught.value.problems) == 1
    assert "26 runs failed" not in said
    assert "13 runs failed and 0 are missing" in said
    assert "ChoiceError: no finite value" in said
    assert "--resume" in said


def test_a_design_of_other_blocks_is_refused() -> None:
    sampling, points = design("sobol", "abc", 16)
    made, runs, places = sweep(content({"y": None}, factors="abc", sampling=sampling), ishigami, points)
    with pytest.raises(InputError, match="is no sobol design of 3 factors: it must have blocks of 5 points"):
        indices(made, runs, places.iloc[:-1])


def test_a_measure_that_is_constant_or_never_there_says_so() -> None:
    sampling, points = design("sobol", "abc", 16)

    def outcome(varied: Mapping[str, Floats], arm: str, measure: str) -> Floats:
        return {"y": varied["a"], "same": 0 * varied["a"] + 7.0, "never": 0 * varied["a"] + np.nan}[measure]

    asked = content({"y": None, "same": None, "never": None}, factors="abc", sampling=sampling)
    found = indices(*sweep(asked, outcome, points))
    assert found["blocks"].set_index("measure")["note"].to_dict() == {
        "y": "",
        "same": "does not vary",
        "never": "0 whole blocks: too few",
    }
    assert set(found["sobol"]["measure"]) == {"y"}


def test_levels_are_factors_too_and_order_of_rows_plays_no_part() -> None:
    """A factor of two levels that adds 1, and one of three that does nothing."""
    sampling, points = design("sobol", "ab", 64)
    factors = {
        "a": {"label": "a", "kind": "levels", "levels": ["off", "on"]},
        "b": {"label": "b", "kind": "levels", "levels": ["x", "y", "z"]},
    }
    asked = content({"y": None}, factors="ab", sampling=sampling) | {"factors": factors}
    made, runs, places = sweep(asked, lambda varied, *_: (varied["a"] == "on").astype(float), points)
    found = indices(made, runs, places)["sobol"]
    assert found["total"].tolist() == pytest.approx([1, 0], abs=0.03)
    again = indices(made, runs.sample(frac=1.0, random_state=1), places)["sobol"]
    pd.testing.assert_frame_equal(found, again)


def test_other_designs_have_no_indices_and_wider_intervals_are_wider() -> None:
    assert indices(*sweep(content({"y": None}, factors="abc"), ishigami, np.full((8, 3), 0.5))) == {}
    assert is_clear(1.0, 0.9, 0.0, 1)
    assert not is_clear(1.0, 0.9, 0.0, 20)
