"""Measures of a run and of two runs against each other, on cases worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest
from small_result import ROUTES, SmallResult, flat_flows, small_scenario

from simulator.analysis.metrics import (
    deaths_per_thousand_attempts,
    difference_by_route,
    monthly_arrivals_by_route,
    onward_routes,
    paired_difference,
)


def result_of(crossings: dict[str, Callable[[int], float] | float], **period: Any) -> Any:
    """Return a run of 2016 with these crossings a month."""
    scenario = small_scenario(**{"start": date(2016, 1, 1), "end": date(2017, 1, 1), **period})
    return SmallResult(scenario, flat_flows(scenario, crossings))


def test_arrivals_have_every_route_and_every_whole_month() -> None:
    table = monthly_arrivals_by_route(result_of({"izmir--lesbos": lambda i: 100.0 * (i == 3), "lesbos--skopje": 7.0}))
    assert list(table.columns) == list(ROUTES)
    assert table.shape == (12, 4)
    assert table.loc["2016-04", "east"] == 100.0
    assert table.to_numpy().sum() == 100.0


def test_a_month_cut_short_is_left_out() -> None:
    run = result_of({"izmir--lesbos": 100.0}, start=date(2016, 1, 5), end=date(2016, 4, 20))
    table = monthly_arrivals_by_route(run)
    assert [str(month) for month in table.index] == ["2016-02", "2016-03"]


def test_deaths_per_thousand_attempts() -> None:
    table = deaths_per_thousand_attempts(result_of({"izmir--lesbos": 100.0}))
    assert table.loc["east", "attempts"] == pytest.approx(1500.0)
    assert table.loc["east", "deaths"] == pytest.approx(15.0)
    assert table.loc["east", "per_thousand"] == pytest.approx(10.0)
    assert np.isnan(table.loc["west", "per_thousand"])


def test_route_reached_only_through_another_is_onward() -> None:
    scenario = small_scenario()
    assert onward_routes(scenario, ["east"]) == ["balkan"]
    assert onward_routes(scenario, ["centre"]) == []
    assert onward_routes(scenario, ["balkan"]) == []


def test_fall_rise_and_share() -> None:
    without = result_of({"izmir--lesbos": 100.0, "tripoli--lampedusa": 50.0, "skopje--budapest": 80.0})
    with_ = result_of({
        "izmir--lesbos": lambda i: 100.0 if i < 3 else 20.0,
        "skopje--budapest": lambda i: 80.0 if i < 3 else 10.0,
        "tripoli--lampedusa": lambda i: 50.0 if i < 6 else 70.0,
    })
    table = paired_difference(with_, without, ["east"])
    assert list(table["fall"]) == [0.0] * 3 + [80.0] * 9
    assert list(table["rise"]) == [0.0] * 6 + [20.0] * 6, "the onward Balkan route must not count"
    assert table["share"].isna().sum() == 3
    assert table["share"].iloc[-1] == pytest.approx(0.25)
    assert table["share_so_far"].iloc[-1] == pytest.approx(120 / 720)
    quarters = paired_difference(with_, without, ["east"], freq="Q")
    assert list(quarters["fall"]) == [0.0, 240.0, 240.0, 240.0]
    assert list(quarters["rise"]) == [0.0, 0.0, 60.0, 60.0]
    late = paired_difference(with_, without, ["east"], since="2016-07", freq="Y")
    assert late["share"].iloc[0] == pytest.approx(0.25)
    assert paired_difference(with_, without, ["east"], elsewhere=["balkan"])["rise"].sum() == -630.0


def test_differences_add_up_to_the_difference_of_totals() -> None:
    a, b = result_of({"izmir--lesbos": 30.0}), result_of({"tangier--tarifa": 12.0})
    difference = difference_by_route(a, b)
    assert difference["east"].sum() == 360.0
    assert difference["west"].sum() == -144.0


def test_unknown_route_is_named() -> None:
    run = result_of({"izmir--lesbos": 1.0})
    with pytest.raises(ValueError, match="north"):
        paired_difference(run, run, ["north"])
