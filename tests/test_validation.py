"""The scorecard: each criterion passes on runs that are as observed, fails on runs that break it, and says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import small
from test_cli import corridor
from test_fits import FIT
from typer.testing import CliRunner

from simulator import api
from simulator.analysis.series import route_observations
from simulator.analysis.validation import observed_series
from simulator.cli import app
from simulator.errors import InputError
from simulator.scenario.load import load
from simulator.scenario.new import new
from simulator.scenario.schema import FitFile, Scenario
from simulator.validation import institutions, nationality, series
from simulator.validation.criteria import Band, Criterion, Line, judge, number, untested
from simulator.validation.estimate import Estimate, level_for, over_seeds
from simulator.validation.facts import barrier, deal, hump, register
from simulator.validation.figures import scale_of
from simulator.validation.fitting import Fitting, fitting_of, whole_years
from simulator.validation.hindsight import late_values
from simulator.validation.measures import Measures, RunPair
from simulator.validation.origins_of_values import EVERY_FITTED, in_short, settings
from simulator.validation.report import BEGIN, END, short_page, summary_line
from simulator.validation.scorecard import LEFT_OUT, fact_lines

ROOT = Path(__file__).resolve().parents[1]
EAST, CENTRAL, WEST = "eastern-mediterranean", "central-mediterranean", "western-mediterranean"
SOURCE = "frontex-detections"
ABOUT_FIT = FitFile.model_validate({
    "fitted": "2016-12-24", "code": "abc", "data": [SOURCE], "period": ["2014-01", "2016-12"], "loss": 1.0, "how": "x",
    "fields": {"parameters.news.weight": {"unit": "utility", "range": [0, 1], "interval": [0.2, 0.4]}},
    "members": [{"loss": 1.0, "values": {"parameters.news.weight": 0.3}}],
})  # fmt: skip


@cache
def scenario() -> Scenario:
    return load("eu-turkey-2016")


def fitting() -> Fitting:
    return fitting_of(scenario(), ABOUT_FIT)


def decisions_as_published() -> pd.DataFrame:
    """Return decisions that are in number, and by origin and country in rate, as they were published."""
    columns = ["country", "origin", "outcome", "year", "people"]
    rows: list[tuple[str, str, str, int, float]] = []
    left = {(row.country, row.year): row.decisions for row in scenario().asylum_years}
    for row in scenario().recognition:
        for outcome, share in (("protection", row.rate), ("refusal", 1.0 - row.rate)):
            rows.append((row.country, row.origin, outcome, row.year, share * row.decisions))
        left[row.country, row.year] -= row.decisions
    rows += [(country, "XXX", "refusal", year, people) for (country, year), people in left.items() if people > 0]
    return pd.DataFrame(rows, columns=columns)


def as_observed() -> RunPair:
    """Return a run in which everything is as it was observed, and one without the Statement as F3 and F10 want it."""
    made, months = scenario(), fitting().months
    routes = made.corridor.routes
    arrivals = pd.DataFrame({
        route: observed_series(made, route_observations(made, route)[0]).reindex(months) for route in routes
    })  # fmt: skip
    every = {name: observed_series(made, name).reindex(months).fillna(0.0) for name in made.corridor.observed}
    years = pd.DataFrame([(row.country, row.year, row.removals) for row in made.asylum_years],
                         columns=["country", "year", "people"])  # fmt: skip
    with_ = Measures(
        arrivals, every, nationality.observed_people(made), decisions_as_published(),
        orders=years.assign(people=years["people"] * 4), returns=years.assign(kind="removal"),
        people=people_of(**WITH), deaths=pd.DataFrame({"": 0.0, EAST: 10.0, CENTRAL: 50.0}, index=months),
    )  # fmt: skip
    other = arrivals.copy()
    after = other.index >= deal.FIRST
    fall = other.loc[after, EAST] * 4.0  # four fifths of what would have come
    other.loc[after, EAST] += fall
    other.loc[after, CENTRAL] -= 0.2 * fall
    greece = every[deal.GREECE].where(every[deal.GREECE].index < deal.FIRST, 50_000.0)
    alone = arrivals.copy()
    alone.loc[after, CENTRAL] -= 200.0
    few = people_of(**{**WITH, f"{EAST}/in_need": 5000.0, f"{EAST}/other": 5000.0, f"{WEST}/other": 0.0})
    return RunPair(
        0, 1, with_, replace(with_, arrivals=other, series={**every, deal.GREECE: greece}),
        replace(with_, arrivals=alone, people=few),
    )  # fmt: skip


WITH = {f"{CENTRAL}/in_need": 1400.0, f"{EAST}/in_need": 1000.0, f"{EAST}/other": 1000.0, f"{WEST}/other": 800.0}
"""Syrians in May 2016 by route and need, of the run as observed: of those without need some come to Spain instead."""


def people_of(**syrians: float) -> pd.DataFrame:
    """Return arrivals of Syrians in one month, and of Afghans as counted."""
    rows = [(*name.split("/"), "SYR", people) for name, people in syrians.items()]
    rows.append((CENTRAL, "in_need", "AFG", 419.0))
    return pd.DataFrame(rows, columns=["route", "need", "origin", "people"]).assign(month="2016-05")


def test_what_comes_back_is_counted_within_origins() -> None:
    """100 Syrians fewer in the East, 100 Afghans more elsewhere: nothing of the fall comes back."""
    columns = ["route", "need", "origin", "month", "people"]
    without = pd.DataFrame([(EAST, "other", "SYR", "2016-05", 150.0), (CENTRAL, "other", "AFG", "2016-05", 0.0)],
                           columns=columns)  # fmt: skip
    with_ = pd.DataFrame([(EAST, "other", "SYR", "2016-05", 50.0), (CENTRAL, "other", "AFG", "2016-05", 100.0)],
                         columns=columns)  # fmt: skip
    months = deal.months_after(deal.STATEMENT)
    assert deal.taken_elsewhere(with_, without, [CENTRAL, WEST], months, "other") == 0.0
    moved = pd.concat([with_, pd.DataFrame([(CENTRAL, "other", "SYR", "2016-06", 30.0)], columns=columns)])
    assert deal.taken_elsewhere(moved, without, [CENTRAL, WEST], months, "other") == pytest.approx(0.3)
    assert np.isnan(deal.taken_elsewhere(moved, without, [CENTRAL, WEST], months, "in_need"))


def lines_of(*runs: RunPair) -> dict[str, Line]:
    modules: tuple[Any, ...] = (series, nationality, institutions, deal)
    if len(runs) == 1:
        runs = (*runs, replace(runs[0], seed=2))
    found = [line for module in modules for line in module.lines(scenario(), fitting(), runs)]
    found += institutions.fact_lines(fitting(), runs)
    return {line.criterion.id: line for line in found}


@cache
def unbroken() -> dict[str, Line]:
    return lines_of(as_observed())


def test_a_run_as_observed_passes_everything() -> None:
    lines = unbroken()
    failing = [name for name, line in lines.items() if line.status == "fails"]
    assert failing == []
    assert sum(line.status == "passes" for line in lines.values()) >= 30
    untested_ = {name for name, line in lines.items() if line.status == "not tested"}
    assert untested_ == {
        "f5.agreement", "f10.spain", "nationality.western-balkan.fitted.order", "deaths.western-balkan.tested",
        "deaths.western-african.tested",
    }  # fmt: skip


def with_series(run: RunPair, name: str, change: Callable[[pd.Series], pd.Series]) -> RunPair:
    return replace(run, with_=replace(run.with_, series={**run.with_.series, name: change(run.with_.series[name])}))


def larger(run: RunPair, name: str, factor: float) -> RunPair:
    return with_series(run, name, lambda values: values * factor)


def of_route(route: str) -> str:
    return route_observations(scenario(), route)[0]


def months_backwards(values: pd.Series) -> pd.Series:
    fitted = values.index <= "2016-12"
    return pd.concat([pd.Series(values[fitted].to_numpy()[::-1], index=values.index[fitted]), values[~fitted]])


def wild_after(values: pd.Series) -> pd.Series:
    return values.where(values.index <= "2016-12", 20.0 * values.max())


def swapped(run: RunPair, route: str) -> RunPair:
    """Return a run in which the two largest nationalities of a route have changed places."""
    people = run.with_.origins.copy()
    first, second = nationality.totals(people, route, [2014, 2015, 2016]).sort_values().index[::-1][:2]
    on_route = people["route"] == route
    people.loc[on_route, "origin"] = people.loc[on_route, "origin"].replace({first: second, second: first})
    return replace(run, with_=replace(run.with_, origins=people))


def nobody_moved(run: RunPair) -> RunPair:
    people = run.with_.origins.copy()
    syrians = (people["origin"] == "SYR") & people["year"].isin([2014, 2015])
    people.loc[syrians & people["route"].isin([EAST, CENTRAL]), "people"] = 1000
    return replace(run, with_=replace(run.with_, origins=people))


def scaled(run: RunPair, table: str, factor: float) -> RunPair:
    frame = getattr(run.with_, table)
    return replace(run, with_=replace(run.with_, **{table: frame.assign(people=frame["people"] * factor)}))


def generous(run: RunPair, *, other_way: tuple[str, ...] = ()) -> RunPair:
    """Return a run in which all refusals are protection, or of some origins none and of the others all."""
    made = run.with_.decisions.copy()
    made["outcome"] = np.where(made["origin"].isin(list(other_way)), "refusal", "protection")
    return replace(run, with_=replace(run.with_, decisions=made))


def without_arrivals(run: RunPair, route: str, change: Callable[[pd.Series], pd.Series]) -> RunPair:
    assert run.without is not None
    table = run.without.arrivals.copy()
    table[route] = change(run.with_.arrivals[route])
    return replace(run, without=replace(run.without, arrivals=table))


def in_months(values: pd.Series, first: str, last: str, factor: float) -> pd.Series:
    chosen = (values.index >= first) & (values.index <= last)
    return values.where(~chosen, values * factor)


def alone(run: RunPair, **measures: pd.DataFrame) -> RunPair:
    assert run.alone is not None
    return replace(run, alone=replace(run.alone, **measures))


def of_origin(run: RunPair, origin: str, factor: float) -> RunPair:
    people = run.with_.people.copy()
    people.loc[people["origin"] == origin, "people"] *= factor
    return replace(run, with_=replace(run.with_, people=people))


Break = Callable[[RunPair], RunPair]
BREAKS: list[tuple[str, Break]] = [
    (f"series.{EAST}.fitted.correlation", lambda run: with_series(run, of_route(EAST), months_backwards)),
    (f"series.{CENTRAL}.fitted.correlation", lambda run: with_series(run, of_route(CENTRAL), months_backwards)),
    *((f"series.{route}.fitted.error_of_total",
       lambda run, route=route, factor=factor: larger(run, of_route(route), factor))
      for route in (EAST, CENTRAL, WEST, "western-balkan", "western-african") for factor in (0.8, 1.2)),
    ("series.routes.tested.skill_last_year", lambda run: with_series(
        with_series(run, of_route(EAST), wild_after), of_route(CENTRAL), wild_after)),
    ("series.routes.tested.skill_last_month", lambda run: with_series(with_series(
        with_series(run, of_route(EAST), wild_after), of_route(CENTRAL), wild_after), of_route(WEST), wild_after)),
    *((f"nationality.{route}.fitted.order", lambda run, route=route: swapped(run, route))
      for route in (EAST, CENTRAL, WEST, "western-african")),
    ("nationality.moved", nobody_moved),
    *((f"deaths.{CENTRAL}.{period}", lambda run, factor=factor: larger(
        run, route_observations(scenario(), CENTRAL, "deaths")[0], factor))
      for period in ("fitted", "tested") for factor in (0.4, 2.1)),
    ("decisions.fitted", lambda run: scaled(run, "decisions", 1.6)),
    ("decisions.tested", lambda run: scaled(run, "decisions", 0.6)),
    ("recognition.fitted", generous),
    ("recognition.tested", generous),
    ("recognition-by-origin.fitted", lambda run: generous(run, other_way=("SYR", "IRQ", "AFG"))),
    ("recognition-by-origin.tested", lambda run: generous(run, other_way=("SYR", "IRQ", "AFG"))),
    ("returns.fitted", lambda run: scaled(run, "returns", 1.6)),
    ("returns.tested", lambda run: scaled(run, "returns", 0.6)),
    ("f5.rate", lambda run: scaled(run, "orders", 0.5)),
    ("f5.rate", lambda run: scaled(run, "orders", 2.0)),
    ("f3.fall", lambda run: without_arrivals(run, EAST, lambda v: v * 2.0)),
    ("f3.fall", lambda run: without_arrivals(run, EAST, lambda v: v * 30.0)),
    ("f3.total", lambda run: without_arrivals(run, CENTRAL, lambda v: v * 0.1)),
    ("f3.central", lambda run: alone(run, arrivals=run.with_.arrivals + 1.0)),
    ("f3.central", lambda run: alone(run, arrivals=run.with_.arrivals - 1200.0)),
    *(("f3.deaths", lambda run, more=more: alone(run, deaths=run.with_.deaths + more)) for more in (-60.0, 60.0)),
    *((f"f3.central-{origin}", lambda run, origin=origin, factor=factor: of_origin(run, origin, factor))
      for origin in ("SYR", "AFG") for factor in (0.4, 2.2)),
    ("f3.apart", lambda run: alone(run, people=run.with_.people)),
    ("f3.apart", lambda run: alone(run, people=run.alone.people.query(f"route != '{CENTRAL}'"))),
    ("f10.fall", lambda run: with_series(run, deal.GREECE, lambda v: in_months(v, "2016-04", "2016-04", 5.0))),
    ("f10.fall", lambda run: with_series(run, deal.GREECE, lambda v: in_months(v, "2016-04", "2016-04", 0.1))),
    ("f10.fitted", lambda run: with_series(run, deal.GREECE, lambda v: in_months(v, "2016-07", "2016-09", 2.2))),
    ("f10.tested", lambda run: with_series(run, deal.GREECE, lambda v: in_months(v, "2017-10", "2017-12", 0.4))),
    ("f10.tested", lambda run: with_series(run, deal.GREECE, lambda v: in_months(v, "2017-10", "2017-12", 0.0))),
    ("f10.without", lambda run: replace(run, without=run.with_)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "break_"), BREAKS, ids=[f"{place}-{name}" for place, (name, _) in enumerate(BREAKS)])
def test_a_run_that_breaks_a_criterion_fails_it(name: str, break_: Break) -> None:
    assert unbroken()[name].status == "passes"
    assert lines_of(break_(as_observed()))[name].status == "fails"


def test_every_criterion_with_a_band_is_shown_to_fail() -> None:
    asked = {name for name, line in unbroken().items() if line.criterion.band is not None}
    alike = {name.rsplit(".", 1)[-1] for name in asked if name.startswith("deaths.")}
    shown = {name for name, _ in BREAKS}
    missing = {name for name in asked - shown if not name.startswith("deaths.")}
    assert not missing
    assert alike == {"fitted", "tested"}


def test_roles_say_what_was_held_back() -> None:
    roles = {name: line.criterion.role for name, line in lines_of(as_observed()).items()}
    assert roles[f"series.{EAST}.fitted.correlation"] == "fitted"
    assert roles[f"series.{EAST}.tested.mae"] == "hindsight"
    assert roles[f"nationality.{EAST}.fitted.order"] == "fitted"
    assert roles["f10.fall"] == "fitted"
    assert roles["f10.tested"] == roles["f3.total"] == roles["series.routes.tested.skill_last_year"] == "hindsight"
    assert roles["f3.central"] == roles["f3.deaths"] == roles["f3.central-SYR"] == "seen"
    assert roles["f3.fall"] == "set from"
    recorded = ("deaths", "decisions", "recognition", "returns")
    assert {role for name, role in roles.items() if name.startswith(recorded)} == {"set from"}
    by_hand = fitting_of(scenario(), None)
    assert by_hand.role(by_hand.end, (SOURCE,)) == "set from"
    assert by_hand.role(by_hand.end + 1, (SOURCE,)) == "hindsight"
    blind = replace(by_hand, hindsight=False)
    assert blind.role(by_hand.end + 1, (SOURCE,)) == "tested", "no value of a policy is dated in what was held back"
    assert fitting().role(fitting().end, ("unhcr-operational-data",)) == "tested", "no source of the fit"


def test_value_is_that_of_the_best_member_and_the_interval_that_of_all_runs() -> None:
    asked = Criterion("x", "X", "x", (), "tested", Band(0.0, 1.0))
    values = {(0, 1): 0.8, (0, 2): 0.9, (1, 1): 0.2, (1, 2): 1.5}
    line = judge(asked, values, 0)
    assert (line.value, line.low, line.high, line.n) == (pytest.approx(0.85), 0.2, 1.5, 4)
    assert (line.status, line.inside) == ("passes", 0.75)
    assert judge(asked, values, 1).status == "passes"
    assert judge(asked, {(0, 1): 1.01}, 0).status == "fails"
    lost = judge(asked, {(0, 1): float("nan"), (0, 2): 0.5}, 0, "it does not vary")
    assert (lost.status, lost.why, lost.inside) == ("fails", "it does not vary", 0.5)
    assert judge(replace(asked, band=None), values, 0).status == "reported"
    assert untested(asked, "no time").plain()["value"] is None


def test_bands_and_numbers_in_words() -> None:
    assert [Band(low=0.5).words("%"), Band(high=2).words(), Band(0.85, 0.97).words("%"), Band(3, 3).words()] == [
        "at least 50.0%", "at most 2", "85.0% to 97.0%", "3",
    ]  # fmt: skip
    assert [number(1234.5), number(0.12345), number(float("nan"))] == ["1,230", "0.123", "-"]
    assert not Band().holds(float("nan"))


def test_largest_nationalities_in_order() -> None:
    seen = pd.Series({"A": 50.0, "B": 30.0, "C": 20.0, "D": 1.0})
    assert nationality.order(seen, pd.Series({"A": 9.0, "B": 5.0, "C": 3.0, "E": 1.0})) == 3
    assert nationality.order(seen, pd.Series({"A": 9.0, "C": 5.0, "B": 3.0})) == 1
    assert nationality.order(seen, pd.Series({"E": 100.0, "A": 9.0, "B": 5.0, "C": 3.0})) == 0
    assert nationality.order(seen, seen * 0.0) == nationality.order(seen, pd.Series(dtype=float)) == 0
    assert nationality.misplaced(seen, seen * 1.5) == pytest.approx(0.5)
    assert nationality.misplaced(seen, pd.Series({"E": 101.0})) == pytest.approx(2.0)


def test_years_count_only_whole() -> None:
    assert whole_years(pd.period_range("2014-02", "2016-12", freq="M")) == [2015, 2016]
    assert whole_years(pd.PeriodIndex([], freq="M")) == []


def test_elasticities_of_a_ladder_worked_by_hand() -> None:
    income = np.array(hump.INCOMES, dtype=float)
    left = 1000.0 * income**0.5
    assert hump.income_elasticity(left, 0, 1e9).value == pytest.approx(0.5)
    assert hump.income_of_the_most(left) == hump.INCOMES[-1]
    assert hump.steepest_rise(1e6 / income).value < 0 < hump.steepest_rise(left).value


def test_a_level_is_found_and_a_power_is_a_chance() -> None:
    assert level_for(lambda level: level**3, 8.0, 0.0, 10.0, steps=30) == pytest.approx(2.0)
    assert over_seeds([1.0, 3.0]).error == pytest.approx(1.0)
    assert Estimate(0.0, 1.0).power(1.645) == pytest.approx(0.95, abs=1e-3)
    assert Estimate(0.0, 0.0).power(0.1) == 1.0


@pytest.mark.parametrize("name", list(register.MARGINS))
def test_a_fact_fails_outside_its_band(name: str) -> None:
    """Each criterion of a small corridor: inside its band it passes, a margin outside it fails, with all else right."""
    asked = {each.id: each for _, criteria in register.FACTS.values() for each in criteria}
    bands = {each: criterion.band or Band() for each, criterion in asked.items()}
    ends = {each: next((x for x in (band.low, band.high) if np.isfinite(x)), 0.0) for each, band in bands.items()}
    right = {each: Estimate(end, 0.01) for each, end in ends.items()}
    lines = {line.criterion.id: line for line in fact_lines([(0, right)], 0)}
    assert all(line.status == ("passes" if asked[each].band else "reported") for each, line in lines.items())
    assert "power" in lines[name].criterion.note
    band, margin = bands[name], register.MARGINS[name]
    for outside in [x for x in (band.low - margin, band.high + margin) if np.isfinite(x)]:
        broken = {**right, name: Estimate(outside, 0.01)}
        lines = {line.criterion.id: line for line in fact_lines([(0, broken)], 0)}
        assert [each for each, line in lines.items() if line.status == "fails"] == [name]


BROKEN_MODELS = [
    ("f1", "f1.elasticity", {"smuggling.price_elasticity": 0.6}),
    ("f6", "f6.first", {"feedback.investment_lag": 30.0, "feedback.investment_effect": 3.0}),
    ("f7", "f7.again", {"crossing.give_up_share": 0.9, "transit.remigration_rate": 0.0}),
    ("f7", "f7.sanctions", {"crossing.sanction_effect": 0.0}),
    ("f8", "f8.withdrawn", {"crossing.rescue_effect": 0.0}),
]  # fmt: skip


@pytest.mark.parametrize(("fact", "name", "changes"), [
    pytest.param(*each, marks=() if each[0] == "f1" else pytest.mark.slow, id=each[1]) for each in BROKEN_MODELS
])  # fmt: skip
def test_a_model_that_breaks_a_fact_is_found_out(fact: str, name: str, changes: dict[str, float]) -> None:
    found = register.FACTS[fact][0](small.parameters(changes, shipped=True))
    (line,) = (line for line in fact_lines([(None, {**_all_zero(), **found})], None) if line.criterion.id == name)
    assert line.status == "fails", line.value


def _all_zero() -> dict[str, Estimate]:
    return {each.id: Estimate(0.0, 0.01) for _, criteria in register.FACTS.values() for each in criteria}


@pytest.mark.slow
def test_emigration_without_the_hump_is_found_out() -> None:
    left = hump.emigration(small.parameters(shipped=True), hump=False)
    band = next(each.band for each in register.F4 if each.id == "f4.below")
    assert band is not None
    assert not band.holds(hump.income_elasticity(left, 0, hump.TURN).value)


@pytest.mark.slow
def test_people_change_their_way_where_ways_are_alike_to_them() -> None:
    """F2 passes where people choose sharply between ways and news plays no part: it can be met, and can be failed."""
    sharp = barrier.diversion(small.parameters({"choice.scale": 0.1, "news.weight": 0.0}, shipped=True))
    blunt = barrier.diversion(small.parameters({"choice.scale": 1.0, "news.weight": 0.0}, shipped=True))
    assert sharp.changed_way.value > 0.5 > blunt.changed_way.value
    assert sharp.next_door.value > blunt.next_door.value


def test_small_corridors_may_be_left_out() -> None:
    assert {(line.status, line.why) for line in fact_lines([], None)} == {("not tested", LEFT_OUT)}


def test_what_was_set_from_what() -> None:
    lines = lines_of(as_observed())
    criteria = [line.criterion for line in lines.values()]
    criteria += [each for _, asked in register.FACTS.values() for each in asked]
    found = {each.field: each for each in settings(scenario(), ABOUT_FIT, criteria)}
    weight = found["parameters.news.weight"]
    assert (weight.how, weight.sources, weight.interval) == ("fitted", (SOURCE,), (0.2, 0.4))
    assert weight.shared_by == (EVERY_FITTED,)
    assert found["parameters.smuggling.price_elasticity"].shared_by == ("f1.elasticity",)
    assert "f5.rate" in found["asylum_years.removals"].shared_by
    assert {name.split(".")[0] for name in found["legs.p_death"].shared_by} == {"deaths"}
    assert not [field for field in found if field.startswith("observed")]
    assert in_short(["f10.fall", "f10.tested", "series.x.fitted.mae"]) == "F10, series"
    for criterion in criteria:
        for field in criterion.set_from:
            assert field in found, f"{criterion.id} names {field}, which the scenario does not have"


def test_rows_of_the_figure_hold_all_that_they_show() -> None:
    for line in lines_of(as_observed()).values():
        if line.criterion.band is not None and line.status != "not tested":
            low, high = scale_of(line)
            assert low < line.low <= line.high < high


# The whole of it, on a small scenario -------------------------------------------------------------------------------

SHORT = ("--persons-per-agent", "200", "--no-facts", "--replicates", "1")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the template with a fit of two members."""
    monkeypatch.chdir(tmp_path)
    new("mine")
    path = tmp_path / "mine" / "strait" / "corridor.yaml"
    with path.open("a", encoding="utf-8") as file:
        file.write("\nfit: fit.yaml\n")
    (tmp_path / "mine" / "strait" / "fit.yaml").write_text(FIT, encoding="utf-8")
    return tmp_path


def test_the_command_writes_a_scorecard_and_shows_its_failures(folder: Path) -> None:
    done = corridor("validate", "mine", *SHORT, "--out", "card", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "scorecard: card/scorecard.md" in done.stdout
    assert done.stderr.splitlines() == [
        "1 of 2: member 0, seed 1: with and without", "2 of 2: member 1, seed 1: with and without",
    ]  # fmt: skip
    assert {path.name for path in (folder / "card").iterdir()} == {
        "scorecard.md", "scorecard.json", "criteria.csv", "criteria.png", "greece-by-quarter.csv", "monthly.csv",
        "monthly.png", "nationalities.csv", "recognition.csv", "set-from-what.csv", "values.csv", "hindsight.csv",
    }  # fmt: skip
    content = json.loads((folder / "card" / "scorecard.json").read_text(encoding="utf-8"))
    assert content["members"] == [0, 1]
    assert content["fit"]["fitted"] == "2016-12-24"
    lines = {line["id"]: line for line in content["lines"]}
    total = lines["series.narrow-sea.fitted.error_of_total"]
    assert (total["role"], total["status"], total["n"]) == ("fitted", "fails", 2)
    assert total["interval"][0] < total["interval"][1]
    assert lines["series.narrow-sea.tested.mae"]["role"] == "tested"
    assert lines["f3.fall"]["why"] == "the corridor has no route called eastern-mediterranean"
    page = (folder / "card" / "scorecard.md").read_text(encoding="utf-8")
    assert total["what"] in page
    assert "**fails**" in page
    assert "| `parameters.news.weight` | fitted | `invented` | 0.1 to 0.5 |" in page
    values = pd.read_csv(folder / "card" / "values.csv")
    assert set(values[values["id"] == total["id"]]["member"]) == {0, 1}
    assert corridor("validate", "mine", *SHORT, "--out", "card", cwd=folder).returncode == 2, "it stands there already"


@pytest.mark.parametrize(("arguments", "text"), [
    (("validate", "no-such-scenario"), "no-such-scenario"),
    (("validate", "--members", "0"), "--members: is too small"),
    (("validate", "--replicates", "0", "--workers", "0"), "2 problems"),
    (("validate", "--members", "999"), "--members: is too large"),
    (("run", "eu-turkey-2016", "--fit-member", "999"), "is not a member of the fit"),
    (("run", "eu-turkey-2016", "--fit-member", "best"), "is not the number of a member"),
], ids=str)  # fmt: skip
def test_wrong_words_exit_2_and_write_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2, done.output
    assert text in done.output
    assert not list(tmp_path.iterdir())


def test_strict_exits_1_where_a_criterion_fails(folder: Path) -> None:
    done = corridor("validate", "mine", *SHORT, "--members", "1", "--out", "card", "--strict", "--json", cwd=folder)
    assert done.returncode == 1
    content = json.loads(done.stdout)
    assert content["folder"] == "card"
    assert any(line["status"] == "fails" for line in content["lines"])
    assert (folder / "card" / "scorecard.md").is_file()


@pytest.mark.slow
def test_two_processes_come_to_the_same(folder: Path) -> None:
    one, two = (
        api.validate("mine", replicates=2, members=1, persons_per_agent=200, facts=False, out=None, workers=workers)
        for workers in (1, 2)
    )
    assert one.plain() == two.plain()
    assert [run.seed for run in two.runs] == [1, 2]
    for name, table in one.tables.items():
        pd.testing.assert_frame_equal(table, two.tables[name])


def test_facts_are_put_to_each_member(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def elasticity(parameters: Any) -> dict[str, Estimate]:
        asked.append(parameters.news.weight.value)
        return {register.F1.id: Estimate(parameters.news.weight.value, 0.01)}

    monkeypatch.setattr(register, "FACTS", {"f1": (elasticity, (register.F1,))})
    for module in ("jobs", "scorecard"):
        monkeypatch.setattr(f"simulator.validation.{module}.FACTS", register.FACTS)
    made = api.validate("mine", replicates=1, persons_per_agent=500, out=None)
    assert asked == [0.25, 0.75]
    (line,) = (line for line in made.lines if line.criterion.id == register.F1.id)
    assert (line.value, line.low, line.high, line.status) == (0.25, 0.25, 0.75, "passes")


def test_all_that_is_wrong_is_said_before_anything_runs(folder: Path) -> None:
    (folder / "notes").mkdir()
    (folder / "notes" / "keep.txt").write_text("mine")
    with pytest.raises(InputError, match="is no scorecard"):
        api.validate("mine", out="notes", overwrite=True)
    with pytest.raises(InputError) as caught:
        api.validate("mine", members=0, replicates=0, workers=0, persons_per_agent=0, out="card")
    assert [problem.file for problem in caught.value.problems] == [
        "--members", "--replicates", "--workers", "--persons-per-agent",
    ]  # fmt: skip
    with pytest.raises(InputError, match="is too large: the fit has 2"):
        api.validate("mine", members=3, out="card")
    new("plain")
    with pytest.raises(InputError, match="is too large: the corridor has no fit"):
        api.validate("plain", members=2, out="card")
    assert not (folder / "card").exists()


def test_docs_and_readme_hold_the_scorecard_that_is_kept() -> None:
    content = json.loads((ROOT / "results" / "scorecard" / "scorecard.json").read_text(encoding="utf-8"))
    said = "run python docs/make_scorecard.py"
    assert short_page(content) == (ROOT / "docs" / "scorecard.md").read_text(encoding="utf-8"), said
    assert summary_line(content) in (ROOT / "README.md").read_text(encoding="utf-8"), said


def test_the_kept_scorecard_asks_what_the_code_asks() -> None:
    """A scorecard of an earlier version would go on showing bands that are gone."""
    content = json.loads((ROOT / "results" / "scorecard" / "scorecard.json").read_text(encoding="utf-8"))
    bands = {line["id"]: line["band"] for line in content["lines"]}
    for asked in [each for _, criteria in register.FACTS.values() for each in criteria] + [*deal.SMALL]:
        band = asked.band
        wanted = band and [x if np.isfinite(x) else None for x in (band.low, band.high)]
        assert bands[asked.id] == wanted, f"{asked.id}: run corridor validate"


def test_the_short_page_says_what_fails() -> None:
    found = lines_of(*(change(as_observed()) for change in (lambda run: run, dict(BREAKS)["f10.tested"])))
    counts = {"passes": 1, "fails": 2, "reported": 0, "not tested": 0}
    content = {
        "scenario": "eu-turkey-2016", "members": [0], "seeds": [1], "persons_per_agent": 10,
        "counts": {"tested": counts, "seen": counts, "fitted": counts},
        "lines": [line.plain() for line in found.values()],
    }  # fmt: skip
    page = short_page(content)
    assert found["f10.tested"].criterion.what in page
    assert "Nothing else fails." in page
    failing = {**found, "x": replace(found["f5.rate"], status="fails")}
    content["lines"] = [line.plain() for line in failing.values()]
    assert f"- {found['f5.rate'].criterion.what}\n" in short_page(content)
    line = summary_line(content)
    assert line.startswith(BEGIN)
    assert line.endswith(END)
    assert "2 of 6 criteria pass to which nothing was fitted" in line
    assert "with inputs set with hindsight 0 of 0, seen before 1 of 3), and 1 of 3 that were fitted" in line


def test_values_of_2017_are_counted_one_by_one() -> None:
    """What is dated from the last fitted month on, and how much of it is assumed; docs/calibration.md lists them."""
    found = list(late_values(scenario(), fitting().end))
    assert [(len(found)), sum(value.with_hindsight for value in found)] == [16, 13]
    whole = list(late_values(scenario(), fitting().end, whole=True))
    assert [len(whole), sum(value.with_hindsight for value in whole)] == [23, 18]
    text = (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8")
    for value in found:
        assert f"| {value.from_} | `{value.field}` | {value.value:g} | {value.kind} |" in text, value
