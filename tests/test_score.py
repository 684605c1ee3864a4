"""The scorecard against cases worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_result import SmallResult, flat_flows, small_scenario

from simulator.analysis.validation import COLUMNS, last_year_forecast, score, simulated_series
from simulator.scenario.schema import ObservedSeries

MONTHS = [str(month) for month in pd.period_range("2016-01", "2017-12", freq="M")]


def scored(observed: dict[str, float], simulated: Any, fit_end: str = "2016-12", **period: Any) -> pd.DataFrame:
    """Return the scorecard of one series on the route ``east``, by period."""
    scenario = small_scenario(**{"start": date(2016, 1, 1), "observed": {"east": observed}, **period})
    result: Any = SmallResult(scenario, flat_flows(scenario, {"izmir--lesbos": simulated}))
    return score(result, fit_end).set_index("period")


def test_perfect_run_scores_perfectly() -> None:
    table = scored({month: 100.0 + 10 * i for i, month in enumerate(MONTHS)}, lambda i: 100.0 + 10 * i)
    assert list(table.index) == ["fitted", "tested", "whole"]
    assert list(table["n_months"]) == [12, 12, 24]
    np.testing.assert_allclose(table["correlation"].astype(float), 1.0)
    np.testing.assert_allclose(table["error_of_total"].astype(float), 0.0)
    np.testing.assert_allclose(table["mae"].astype(float), 0.0)
    assert table.loc["tested", "skill_last_month"] == 1.0
    assert table.loc["tested", "skill_last_year"] == 1.0


def test_numbers_of_a_case_worked_by_hand() -> None:
    # Observed 100 a month in 2016 but 40 in December; 60 a month in 2017. Simulated 90 throughout.
    observed = {month: 60.0 if month > "2016-12" else 40.0 if month == "2016-12" else 100.0 for month in MONTHS}
    tested = scored(observed, 90.0).loc["tested"]
    assert tested["observed_total"] == 720.0
    assert tested["simulated_total"] == 1080.0
    assert tested["error_of_total"] == pytest.approx(0.5)
    assert tested["mae"] == pytest.approx(30.0)
    # December carried forward misses by 20 a month; the year repeated by 40 eleven times and 20 once.
    assert tested["skill_last_month"] == pytest.approx(1 - 30 / 20)
    assert tested["skill_last_year"] == pytest.approx(1 - 30 / ((11 * 40 + 20) / 12))


def test_skill_exists_after_the_fitting_period_only() -> None:
    table = scored({month: 100.0 + i for i, month in enumerate(MONTHS)}, 90.0)
    for period in ("fitted", "whole"):
        assert np.isnan(table.loc[period, "skill_last_month"])
        assert "after the fitting period only" in table.loc[period, "reason"]


def test_series_without_variance_has_no_correlation() -> None:
    table = scored(dict.fromkeys(MONTHS, 50.0), lambda i: 50.0 + i)
    assert np.isnan(table.loc["whole", "correlation"])
    assert "observed series does not vary" in table.loc["whole", "reason"]
    # A naive forecast without error leaves nothing to improve on: not zero, not infinite.
    assert np.isnan(table.loc["tested", "skill_last_month"])
    assert "no error to improve on" in table.loc["tested", "reason"]
    flat = scored({month: 50.0 + i for i, month in enumerate(MONTHS)}, 50.0)
    assert "simulated series does not vary" in flat.loc["whole", "reason"]


def test_missing_months_are_left_out_and_said() -> None:
    observed = {month: 100.0 + i for i, month in enumerate(MONTHS) if month not in ("2016-03", "2017-03", "2017-05")}
    table = scored(observed, 90.0)
    assert list(table["n_months"]) == [11, 10, 21]
    assert table.loc["tested", "observed_total"] == sum(v for month, v in observed.items() if month > "2016-12")
    assert table.loc["tested", "simulated_total"] == 900.0
    assert "2 months not observed" in table.loc["tested", "reason"]
    assert "1 month not observed" in table.loc["fitted", "reason"]


def test_year_with_a_gap_is_judged_on_the_months_it_forecasts() -> None:
    observed = {month: 100.0 + i for i, month in enumerate(MONTHS) if month != "2016-03"}
    tested = scored(observed, 90.0).loc["tested"]
    assert "skill against last year: over 11 of 12 months" in tested["reason"]
    ahead = np.array([10.0 + 12 + i for i in range(12) if i != 2])
    assert tested["skill_last_year"] == pytest.approx(1 - ahead.mean() / 12.0)


def test_nothing_observed_before_the_forecast() -> None:
    observed = {month: 100.0 + i for i, month in enumerate(MONTHS) if month > "2016-12"}
    table = scored(observed, 90.0)
    assert table.loc["fitted", "n_months"] == 0
    assert np.isnan(table.loc["fitted", "observed_total"])
    assert "no month is both observed and simulated" in table.loc["fitted", "reason"]
    assert np.isnan(table.loc["tested", "skill_last_month"])
    assert "not observed before the forecast" in table.loc["tested", "reason"]


def test_total_of_nothing_has_no_relative_error() -> None:
    table = scored(dict.fromkeys(MONTHS, 0.0), lambda i: 5.0 + i)
    assert np.isnan(table.loc["whole", "error_of_total"])
    assert "nothing was observed" in table.loc["whole", "reason"]


def test_months_that_the_run_covers_in_part_are_not_scored() -> None:
    observed = {month: 100.0 + i for i, month in enumerate(MONTHS)}
    table = scored(observed, 90.0, start=date(2016, 1, 15), end=date(2017, 6, 10))
    assert list(table["n_months"]) == [11, 5, 16]


def test_fit_end_moves_the_forecasts() -> None:
    observed = {month: 100.0 + i for i, month in enumerate(MONTHS)}
    table = scored(observed, 90.0, fit_end="2017-06")
    assert list(table["n_months"]) == [18, 6, 24]
    assert table.loc["tested", "skill_last_month"] == pytest.approx(1 - np.mean([28, 29, 30, 31, 32, 33]) / 3.5)


def test_last_year_is_repeated_for_longer_than_a_year() -> None:
    observed = pd.Series(range(12), index=pd.period_range("2016-01", "2016-12", freq="M"), dtype=float)
    ahead = pd.period_range("2017-01", "2019-02", freq="M")
    forecast = last_year_forecast(observed, pd.Period("2016-12", "M"), ahead)
    assert list(forecast) == [*range(12), *range(12), 0, 1]


def test_series_of_legs_routes_and_origins_count_what_they_name() -> None:
    scenario = small_scenario()
    flows = flat_flows(scenario, {"izmir--lesbos": 100.0, "tripoli--lampedusa": 10.0, "lesbos--skopje": 5.0})
    other = flows[flows["leg"] == "izmir--lesbos"].assign(origin="AFG", value=lambda rows: rows["value"] / 10)
    result: Any = SmallResult(scenario, pd.concat([flows, other]))

    def first(**fields: Any) -> float:
        series = ObservedSeries(label="x", source="s", **{"measure": "arrivals", **fields})
        return float(simulated_series(result, series).iloc[0])

    assert first() == 120.0
    assert first(routes=("east",)) == 110.0
    assert first(routes=("east", "centre"), origin="SYR") == 110.0
    assert first(origin="AFG") == 10.0
    assert first(legs=("lesbos--skopje",)) == 5.0
    assert first(routes=("west",)) == 0.0
    assert first(measure="deaths", routes=("centre",)) == pytest.approx(0.125)


def test_columns_are_the_documented_ones() -> None:
    table = scored({month: 1.0 for month in MONTHS}, 1.0).reset_index()
    assert set(table.columns) == set(COLUMNS)
    assert table["label"].unique().tolist() == ["east observed"]
