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
    assert table.loc["east", "deaths_on_all_legs"] == pytest.approx(15.0)
    assert table.loc["east", "per_thousand"] == pytest.approx(10.0)
    assert np.isnan(table.loc["west", "per_thousand"])


def test_differences_add_up_to_the_difference_of_totals() -> None:
    a, b = result_of({"izmir--lesbos": 30.0}), result_of({"tangier--tarifa": 12.0})
    difference = difference_by_route(a, b)
    assert difference["east"].sum() == 360.0
    assert difference["west"].sum() == -144.0
