"""In which part of the drawn ranges an arm does best."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simulator.analysis.regions import where_best

ARMS = ("stay", "go")


def runs(n: int = 12) -> pd.DataFrame:
    """Arm ``go`` is better exactly where ``a.x`` is above a half; ``a.y`` plays no part."""
    x = (np.arange(n) + 0.5) / n
    y = np.random.default_rng(1).permutation(x)
    rows = [
        {"case": "one", "arm": arm, "draw": draw, "replicate": 1, "a.x": x[draw], "a.y": y[draw], "a.fixed": 1.0,
         "lost": 1.0 if arm == "stay" else 2.0 * (1.0 - x[draw])}
        for draw in range(n)
        for arm in ARMS
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_the_field_that_decides_comes_first() -> None:
    found = where_best(runs(), {"lost": "less"}, ARMS, ["a.x", "a.y", "a.fixed"])
    go = found[found["arm"] == "go"]
    assert go["field"].iloc[0] == "a.x"
    first = go.iloc[0]
    assert first["higher"] == 1.0
    assert (first["low"], first["high"]) == pytest.approx((6.5 / 12, 11.5 / 12))
    assert first["best"] == 0.5
    assert first["fields"] == 2, "what does not vary is not looked at"
    # Six of twelve, all above: 2 / C(12, 6) by the exact distribution of Mann and Whitney.
    assert first["p"] == pytest.approx(2 / 924)


def test_the_other_arm_is_the_mirror_and_sides_turn_round() -> None:
    less = where_best(runs(), {"lost": "less"}, ARMS, ["a.x"]).set_index("arm")
    more = where_best(runs(), {"lost": "more"}, ARMS, ["a.x"]).set_index("arm")
    assert less.loc["stay", "higher"] == 0.0
    assert more.loc["stay", "higher"] == less.loc["go", "higher"]


def test_what_judges_nothing_or_hardly_varies_is_left_out() -> None:
    assert where_best(runs(), {"lost": None}, ARMS, ["a.x"]).empty
    few = runs()
    few.loc[few["arm"] == "go", "lost"] = np.where(few.loc[few["arm"] == "go", "draw"] < 2, 0.0, 3.0)
    assert set(where_best(few, {"lost": "less"}, ARMS, ["a.x"])["arm"]) == set()


def test_the_order_of_rows_plays_no_part() -> None:
    table = runs()
    again = table.sample(frac=1.0, random_state=3)
    one, other = (where_best(each, {"lost": "less"}, ARMS, ["a.x", "a.y"]) for each in (table, again))
    pd.testing.assert_frame_equal(one, other)
