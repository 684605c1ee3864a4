"""Recorder, frames, dataset and summary: nothing recorded is lost, doubled, or put into another month."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fake_run import COORDS, FakeModel, fake_ledger, fake_result, fake_scenario
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.clock import Clock
from simulator.errors import CorridorError, InputError
from simulator.outputs.periods import month_end_steps
from simulator.outputs.recorder import Recorder, is_sparse
from simulator.outputs.result import Result
from simulator.world.fields import CHOICES, RECORDED

FLOWS = [name for name, field in RECORDED.items() if field.kind == "flow"]


@pytest.fixture(scope="module")
def run() -> tuple[Result, FakeModel]:
    return fake_result()


def dense(model: FakeModel, name: str) -> Any:
    return np.stack([ledger[name] for ledger in model.ledgers])


@pytest.mark.parametrize("name", RECORDED)
def test_tables_hold_what_was_recorded(run: tuple[Result, FakeModel], name: str) -> None:
    result, model = run
    field, columns = RECORDED[name], result.columns(name)
    steps = [s for s in range(model.clock.n_steps) if field.every == "step" or model.clock.ends_month(s)]
    truth = dense(model, name)[steps]
    fill = 0 if is_sparse(field) else np.nan
    back = np.full(truth.shape, fill, dtype=columns.value.dtype)
    places = tuple(
        np.array([COORDS[dim].index(label) for label in columns.labels[dim]])[columns.codes[dim]] for dim in field.dims
    )
    back[(np.searchsorted(steps, columns.step), *places)] = columns.value
    np.testing.assert_array_equal(back, truth)
    assert len(columns.value) == ((truth != 0).sum() if is_sparse(field) else np.isfinite(truth).sum())
    order = np.lexsort([*reversed(places), columns.step])
    assert (order == np.arange(len(order))).all()


def test_columns_of_tables(run: tuple[Result, FakeModel]) -> None:
    table = run[0].tables["decisions"]
    assert list(table.columns) == ["step", "country", "origin", "need", "outcome", "value"]
    assert table["step"].dtype == np.int32
    assert table["value"].dtype == np.int64
    assert run[0].tables["prices"]["value"].dtype == np.float64
    assert list(run[0].tables) == [*RECORDED, CHOICES]
    with pytest.raises(KeyError):
        _ = run[0].tables["arrivals"]


@pytest.mark.parametrize("name", FLOWS)
@pytest.mark.parametrize("time_dim", ["step", "date", "month", "year"])
def test_flows_add_up_to_their_total(run: tuple[Result, FakeModel], name: str, time_dim: str) -> None:
    result, model = run
    by_time = result.frame(name, by=[RECORDED[name].dims[0], time_dim])
    assert by_time[name].sum() == pytest.approx(dense(model, name).sum())
    assert result.frame(name)[name].item() == pytest.approx(dense(model, name).sum())


@settings(max_examples=25, deadline=None)
@given(
    step_days=st.one_of(st.integers(1, 92), st.just("month")),
    start=st.dates(date(2014, 1, 1), date(2014, 3, 1)),
    length=st.integers(1, 200),
)
def test_months_share_out_every_flow(step_days: Any, start: date, length: int) -> None:
    end = date.fromordinal(start.toordinal() + length)
    result, model = fake_result(start=start, end=end, step_days=step_days)
    monthly = result.frame("attempts", by="month")
    expected = model.clock.month_shares.T @ dense(model, "attempts").sum(axis=(1, 2, 3))
    np.testing.assert_allclose(monthly["attempts"], expected)
    assert monthly["month"].tolist() == list(model.clock.months)
    stocks = result.frame("stocks", by="month")
    ends = month_end_steps(model.clock)
    np.testing.assert_array_equal(stocks["stocks"], dense(model, "stocks").sum(axis=(1, 2, 3))[ends])
    assert result.frame("backlog")["backlog"].item() == dense(model, "backlog")[-1].sum()


def test_a_step_over_two_months_is_split_by_days() -> None:
    result, model = fake_result(start=date(2014, 1, 29), end=date(2014, 2, 5))
    flow = result.frame("departures", by="month")["departures"]
    total = dense(model, "departures").sum()
    np.testing.assert_allclose(flow, [total * 3 / 7, total * 4 / 7])


def test_prices_are_means_by_days() -> None:
    result, model = fake_result(start=date(2014, 1, 1), end=date(2014, 1, 11))
    truth = dense(model, "prices")
    days = np.array([7.0, 3.0])[:, None] * np.isfinite(truth)
    expected = (np.nan_to_num(truth) * days).sum(axis=0) / days.sum(axis=0)
    frame = result.frame("prices", by=["leg"]).set_index("leg")["prices"]
    np.testing.assert_allclose(frame.reindex(COORDS["leg"]), expected)


def test_arrivals_are_crossings_of_counted_legs(run: tuple[Result, FakeModel]) -> None:
    result, model = run
    counted = dense(model, "crossings")[:, [1, 3]].sum()
    assert result.frame("arrivals")["arrivals"].item() == counted
    by_leg = result.frame("arrivals", by="leg")
    assert set(by_leg["leg"]) <= {"coast--island", "desert--shore"}


def test_nothing_disappears_by_route_and_month(run: tuple[Result, FakeModel]) -> None:
    frame = run[0].frame("arrivals", by=["route", "month"])
    assert list(frame.columns) == ["route", "month", "arrivals"]
    assert len(frame) == 3 * 6
    assert frame.loc[frame["route"] == "unused", "arrivals"].tolist() == [0.0] * 6
    pd.testing.assert_frame_equal(frame, frame.sort_values(["route", "month"], ignore_index=True))
    deaths = run[0].frame("deaths", by="route")
    assert deaths["route"].tolist() == ["", "centre", "east", "unused"]
    assert deaths["deaths"].dtype == np.int64


def test_dimensions_of_legs_go_together(run: tuple[Result, FakeModel]) -> None:
    frame = run[0].frame("deaths", by=["mode", "leg", "need", "route", "tail", "head"])
    assert len(frame) == 4 * 2
    row = frame[frame["leg"] == "coast--island"].iloc[0]
    assert (row["mode"], row["route"], row["tail"], row["head"]) == ("sea", "east", "coast", "island")


def test_where_keeps_labels(run: tuple[Result, FakeModel]) -> None:
    result, model = run
    frame = result.frame("deaths", by="month", where={"origin": "SYR", "mode": ["sea", "air"]})
    assert frame["deaths"].sum() == pytest.approx(dense(model, "deaths")[:, [1, 3], 0].sum())
    assert len(result.frame("deaths", by="month", where={"origin": "XXX"})) == 6


def test_years_steps_and_dates(run: tuple[Result, FakeModel]) -> None:
    result, model = run
    assert result.frame("claims", by="year")["year"].tolist() == [2014]
    steps = result.frame("claims", by=["step", "date"])
    assert steps["claims"].tolist() == dense(model, "claims").sum(axis=(1, 2, 3)).tolist()
    assert steps["date"].iloc[1] == pd.Timestamp("2014-01-08")
    assert result.frame("stocks", by="year")["stocks"].item() == dense(model, "stocks")[-1].sum()
    assert result.frame("stocks", by="step")["step"].tolist() == [int(s) for s in month_end_steps(model.clock)]


@pytest.mark.parametrize(
    ("measure", "by", "text"),
    [
        ("arivals", [], r"'arivals'.*did you mean 'arrivals'"),
        ("deaths", ["rout"], r"'rout'.*did you mean 'route'"),
        ("claims", ["route"], r"no such dimension"),
        ("claims", ["origin", "origin"], r"given twice"),
    ],
)
def test_wrong_questions_are_answered_with_what_is_known(
    run: tuple[Result, FakeModel], measure: str, by: list[str], text: str
) -> None:
    with pytest.raises(InputError, match=rf"(?s){text}"):
        run[0].frame(measure, by=by)
    with pytest.raises(InputError, match="where"):
        run[0].frame("deaths", where={"month": "2014-01"})


def test_dataset_is_dense_and_says_its_units(run: tuple[Result, FakeModel]) -> None:
    result, model = run
    dataset = result.dataset
    for name, field in RECORDED.items():
        truth = dense(model, name)
        truth = truth[month_end_steps(model.clock)] if field.every == "month" else truth
        np.testing.assert_array_equal(dataset[name].values, truth)
        assert dataset[name].attrs["units"] == field.unit
        assert dataset[name].attrs["long_name"] == field.long_name
    assert dataset["date"].dims == ("step",)
    assert dataset["route"].sel(leg="coast--island").item() == "east"
    assert dataset["attempts"].groupby("route").sum().sel(route="centre").sum() == truth_of(model)


def truth_of(model: FakeModel) -> int:
    return int(dense(model, "attempts")[:, 3].sum())


def test_summary_counts_each_journey_once(run: tuple[Result, FakeModel]) -> None:
    result, model = run
    east = result.summary["routes"]["east"]
    assert east["attempts"] == dense(model, "attempts")[:, 1].sum() == east["arrivals"] + east["interceptions"]
    assert east["deaths_on_all_legs"] == dense(model, "deaths")[:, [1, 2]].sum()
    assert (east["observed_arrivals"], east["observed_months"]) == (1000, 4)
    assert result.summary["routes"]["unused"]["deaths_per_thousand_attempts"] is None
    assert result.summary["totals"]["decisions"]["refusal"] == dense(model, "decisions")[..., 1].sum()
    assert result.summary["run"]["peak_rows"] == 12


def test_recorder_refuses_what_is_a_defect() -> None:
    scenario = fake_scenario()
    clock = Clock(scenario.period.start, scenario.period.end, 7)
    ledger = fake_ledger(np.random.default_rng(1))
    recorder = Recorder(scenario, clock, COORDS)
    with pytest.raises(CorridorError, match=r"'departures' is missing"):
        recorder.record(0, {name: array for name, array in ledger.items() if name != "departures"})
    with pytest.raises(CorridorError, match=r"'attempts' is of shape \(2, 2\)"):
        recorder.record(1, {**ledger, "attempts": np.ones((2, 2))})
    with pytest.raises(CorridorError, match="fractions"):
        recorder.record(2, {**ledger, "claims": ledger["claims"] + 0.5})
    with pytest.raises(CorridorError, match="after step 2"):
        recorder.record(2, ledger)
    with pytest.raises(CorridorError, match="dimensions state"):
        Recorder(scenario, clock, {dim: labels for dim, labels in COORDS.items() if dim != "state"})


def test_recording_and_asking_are_quick() -> None:
    coords: dict[str, tuple[str, ...]] = {dim: tuple(labels) for dim, labels in COORDS.items()}
    coords["leg"] = tuple(f"leg{i}" for i in range(200))
    coords["origin"] = tuple(f"O{i:02d}" for i in range(22))
    scenario = fake_scenario(end=date(2018, 1, 1))
    legs = [scenario.legs[0].model_copy(update={"leg": leg, "route": "east", "counted": True}) for leg in coords["leg"]]
    scenario = scenario.model_copy(update={"legs": tuple(legs)})
    clock = Clock(scenario.period.start, scenario.period.end, 7)
    rng = np.random.default_rng(1)
    ledger = {
        name: np.where(rng.random(shape) < 0.1, rng.integers(1, 9, shape), 0)
        for name, shape in ((n, tuple(len(coords[d]) for d in f.dims)) for n, f in RECORDED.items())
    }
    recorder = Recorder(scenario, clock, coords)
    took = []
    for step in range(clock.n_steps):
        began = time.perf_counter()
        recorder.record(step, ledger)
        took.append(time.perf_counter() - began)
    result = Result.of_run(recorder, {})
    assert result.tables.arrow("attempts").num_rows > 150_000
    began = time.perf_counter()
    frame = result.frame("attempts", by=["leg", "origin", "need", "month"])
    asked = time.perf_counter() - began
    assert len(frame) > 400_000
    # Bounds several times what an idle machine takes, to catch a loop where an array should be.
    assert np.median(took) < 0.005
    assert asked < 5.0


def test_labels_in_other_orders_hash_alike(run: tuple[Result, FakeModel]) -> None:
    import pyarrow as pa

    from simulator.outputs.provenance import table_hash

    table = run[0].tables.arrow("claims")
    again = pa.Table.from_pandas(table.to_pandas().assign(country=lambda t: t["country"].astype(str)))
    again = again.set_column(1, "country", again.column("country").dictionary_encode())
    for dim in ("origin", "need"):
        place = again.column_names.index(dim)
        again = again.set_column(place, dim, again.column(dim).cast(pa.string()).dictionary_encode())
    assert table_hash(again) == table_hash(table)
    values = again.column("value").to_numpy().copy()
    values[0] += 1
    assert table_hash(again.set_column(again.num_columns - 1, "value", pa.array(values))) != table_hash(table)


def test_part_months_are_set_against_nothing() -> None:
    """A run to the second of December holds no December; one from the second of January holds no January."""
    assert Clock(date(2016, 11, 1), date(2016, 12, 2)).whole_months == ("2016-11",)
    assert Clock(date(2016, 1, 2), date(2016, 3, 1)).whole_months == ("2016-02",)
    year = Clock(date(2016, 1, 1), date(2017, 1, 1))
    assert year.whole_months == year.months
    assert Clock(date(2016, 1, 2), date(2016, 1, 20)).whole_months == ()
    whole, part = (fake_result(end=end)[0] for end in (date(2014, 7, 1), date(2014, 3, 25)))
    assert whole.summary["routes"]["east"]["observed_months"] == 4
    found = part.summary["routes"]["east"]
    assert found["observed_months"] == 2
    by_month = part.frame("arrivals", by=["month"], where={"route": "east"}).set_index("month")["arrivals"]
    assert by_month["2014-03"] > 0
    assert found["arrivals_in_observed_months"] == round(by_month[["2014-01", "2014-02"]].sum()) < found["arrivals"]
