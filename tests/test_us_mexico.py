"""The border between Mexico and the United States: sectors, deaths, going home, Central America.

Sector shares of fiscal years 1992 to 2000 were fitted, and of the deaths of 1998 to 2000 their sum; nothing else was.
One run at the scenario's own scale serves most tests. Its shares scatter by less than half a point between seeds, and
what is fitted or held back is set against expected counts, which scatter less. Known failures are strict: should one
pass, its mark has to go.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import simulator
from simulator.analysis.shares import counts, expected, explained, shares, shares_figure
from simulator.model import CorridorModel
from simulator.outputs.result import Result
from simulator.scenario.load import load
from simulator.scenario.tables import LegRow

ROOT = Path(__file__).parents[1]
BASE = "1992-09"
FITTED = tuple(f"{year}-09" for year in range(1992, 2001))
HELD_BACK = tuple(f"{year}-09" for year in range(2001, 2006))
CENTRAL_AMERICA = ("GTM", "HND", "SLV")


@cache
def run() -> Result:
    return simulator.run("us-mexico")


@cache
def sectors() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return observed and simulated people stopped, by fiscal year and sector."""
    return counts(run(), "interceptions")


@cache
def deaths() -> tuple[pd.DataFrame, pd.DataFrame]:
    return counts(run(), "deaths")


def terrain(leg: LegRow) -> str:
    """Return the terrain of a leg over the line, as its note begins."""
    return leg.note.partition(".")[0]


def fiscal(frame: pd.DataFrame) -> pd.Series:
    """Return the fiscal year of each month of a frame."""
    return frame["month"].str[:4].astype(int) + (frame["month"].str[5:].astype(int) >= 10)


# Fit, and what was held back -----------------------------------------------------------------------------------------


def test_the_first_year_is_that_which_was_solved_for() -> None:
    seen, made = (shares(table).loc[BASE] for table in sectors())
    assert (made - seen).abs().max() < 0.02


def test_f9_sector_shares_of_the_years_fitted() -> None:
    assert explained(*sectors(), BASE, FITTED) >= 0.88


@pytest.mark.xfail(strict=True, reason="0.68: from 2001 on El Paso's desert takes what Tucson took")
def test_f9_sector_shares_of_the_years_held_back() -> None:
    """2001 to 2005 were read by nothing that was fitted; constant shares explain nothing by definition."""
    assert explained(*sectors(), BASE, HELD_BACK) >= 0.80


@pytest.mark.parametrize("sector", ["san-diego", "tucson"])
def test_san_diego_falls_and_tucson_rises_as_they_did(sector: str) -> None:
    seen, made = (shares(table)[sector] for table in sectors())
    moved = {name: each.loc["2000-09"] - each.loc[BASE] for name, each in (("seen", seen), ("made", made))}
    assert abs(moved["made"] - moved["seen"]) < 0.08


def test_tucson_has_no_number_of_its_own() -> None:
    """Sizes of sectors come from 1992 alone, and fields of Tucson are of the kinds that every sector has."""
    scenario = load("us-mexico")
    assert scenario.fit is not None
    assert scenario.fit.period == ("1991-10", "2000-09")
    ratio: dict[tuple[str, bool], list[float]] = {}
    plain = {leg.leg: leg for leg in load("us-mexico", fit_member="none").legs}
    for leg in (leg for leg in scenario.legs if leg.route):
        kind = (leg.route, terrain(leg) in ("Desert", "Mountains"))
        ratio.setdefault(kind, []).append((leg.size or 1.0) / (plain[leg.leg].size or 1.0))
    assert all(max(each) == pytest.approx(min(each), rel=0.001) for each in ratio.values())
    both = [ratio[route, True][0] / ratio[route, False][0] for route, is_open in ratio if is_open]
    assert len(both) == 5
    assert max(both) == pytest.approx(min(both), rel=0.001)


# Deaths --------------------------------------------------------------------------------------------------------------


def tucson_in_deaths(year: int) -> float:
    return float(shares(deaths()[1]).loc[f"{year}-09", "tucson"])


@pytest.mark.xfail(strict=True, reason="21 per cent in 2005, 32 in 2003: El Paso's desert has more than half")
def test_deaths_move_to_the_desert_of_tucson_without_being_told_to() -> None:
    assert tucson_in_deaths(2005) > 1 / 3


def test_deaths_move_to_deserts_and_mountains_without_being_told_to() -> None:
    """Over the whole border: the part of deaths in open country more than doubles from 1993 to 2003."""
    scenario = run().scenario
    open_country = {leg.leg for leg in scenario.legs if terrain(leg) in ("Desert", "Mountains")}
    table = run().frame("attempts", by=["year", "leg"])
    table = table.merge(run().frame("death_risk", by=["year", "leg"]), on=["year", "leg"])
    table = table[table["leg"].isin({leg.leg for leg in scenario.legs if leg.route})]
    table["died"] = table["attempts"] * table["death_risk"]
    died = table.groupby(["year", table["leg"].isin(open_country)])["died"].sum().unstack()
    share = died[True] / died.sum(axis=1)
    assert share[2003] > 2.0 * share[1993]


@pytest.mark.xfail(strict=True, reason="15 per cent: deserts of other sectors were used too little in 1998")
def test_few_died_in_tucson_before() -> None:
    assert tucson_in_deaths(1998) < 0.10


def test_the_risk_is_by_terrain_alone() -> None:
    """Nothing about deaths is set by sector: a day in the desert is as dangerous in each."""
    daily: dict[str, list[float]] = {}
    for leg in load("us-mexico").legs:
        if leg.route:
            daily.setdefault(terrain(leg), []).append(leg.p_death / leg.days)
    assert set(daily) == {"Town", "River", "River and brush", "Mountains", "Desert"}
    assert all(max(each) == pytest.approx(min(each), rel=0.01) for each in daily.values())


def test_expected_deaths_are_those_that_are_counted() -> None:
    """Over the run, at 1,000 people a row: within three standard deviations of a Poisson count of rows."""
    wanted = float(expected(run(), "deaths").to_numpy().sum())
    frame = run().frame("deaths", by=["route"])
    found = float(frame.loc[frame["route"] != "", "deaths"].sum())
    assert abs(found - wanted) < 3.0 * np.sqrt(wanted * run().scenario.persons_per_agent)
    assert wanted > 2000


def risk_of_an_attempt(year: int) -> float:
    frame = run().frame("attempts", by=["month", "route"])
    frame = frame[frame["route"] != ""]
    died = expected(run(), "deaths").sum(axis=1).rename("died").reset_index()
    tried = frame.loc[fiscal(frame) == year, "attempts"].sum()
    return float(died.loc[fiscal(died) == year, "died"].sum() / tried)


def test_f8_the_risk_of_an_attempt_rises_as_the_line_is_held() -> None:
    """From 1993 to 2000, the years of the operations: attempts became 1.5 to 3 times as deadly."""
    assert 1.5 <= risk_of_an_attempt(2000) / risk_of_an_attempt(1993) <= 3.0


@pytest.mark.xfail(strict=True, reason="3.1 times; deaths for each apprehension rose 2.4 times")
def test_f8_the_risk_of_an_attempt_in_the_years_of_which_deaths_are_known() -> None:
    assert 1.5 <= risk_of_an_attempt(2005) / risk_of_an_attempt(1998) <= 3.0


# Going home and coming back ------------------------------------------------------------------------------------------


def test_people_go_home_and_nobody_is_lost() -> None:
    stats = run().stats
    assert stats["people_at_end"] == stats["people_at_start"] + stats["people_entered"]
    frame = run().frame("returns", by=["kind"])
    went = dict(zip(frame["kind"], frame["returns"], strict=True))
    assert went["voluntary"] > 10 * went["removal"] > 0


def homeward(year: int) -> float:
    """Return those who went home in a calendar year, over those who lived in the country without papers in it."""
    went = run().frame("returns", by=["year"], where={"kind": "voluntary"})
    there = run().frame("stocks", by=["month"], where={"state": "undocumented"})
    mean = there.loc[there["month"].str[:4] == str(year), "stocks"].mean()
    return float(went.loc[went["year"] == year, "returns"].iloc[0]) / float(mean)


def test_a_border_that_is_held_keeps_people_in() -> None:
    assert homeward(2005) < 0.85 * homeward(1993)


# Central America -----------------------------------------------------------------------------------------------------


def stopped_from_central_america(year: int) -> pd.Series:
    frame = run().frame("interceptions", by=["month", "route", "origin"])
    frame = frame[(frame["route"] != "") & frame["origin"].isin(CENTRAL_AMERICA) & (fiscal(frame) == year)]
    table = frame.groupby("route", observed=True)["interceptions"].sum()
    return table / table.sum()


def test_people_of_central_america_cross_in_the_rio_grande_valley() -> None:
    """The shortest way: more than in any other sector over 2000 to 2005, as people of other countries than Mexico did.

    In some hundred rows a year are few; six years together are enough to tell the first from the second.
    """
    table = sum(stopped_from_central_america(year) for year in range(2000, 2006))
    assert table.idxmax() == "rio-grande-valley"


@pytest.mark.xfail(strict=True, reason="29 per cent; three in four children and members of families in 2014")
def test_half_of_those_of_central_america_are_stopped_in_the_valley() -> None:
    assert stopped_from_central_america(2014)["rio-grande-valley"] >= 0.5


@pytest.mark.xfail(strict=True, reason="5 per cent of all who were stopped; about half were not of Mexico in 2014")
def test_many_come_from_central_america_in_2014() -> None:
    frame = run().frame("interceptions", by=["month", "route", "origin"])
    frame = frame[(frame["route"] != "") & (fiscal(frame) == 2014)]
    of = frame.groupby("origin", observed=True)["interceptions"].sum()
    assert of[list(CENTRAL_AMERICA)].sum() / of.sum() >= 0.3


def test_the_southern_border_programme_stops_more_in_mexico() -> None:
    chance = run().frame("interception_chance", by=["month"], where={"leg": "tapachula--veracruz"})
    chance = chance.set_index("month")["interception_chance"]
    assert chance["2014-09"] > 1.3 * chance["2013-09"]


# What a barrier does, and who is caught again ------------------------------------------------------------------------

BARRIER = """override: barrier
summary: From October 1997 the towns and deserts of one sector are harder to pass.
add:
  policies.barrier:
    label: Barrier
    summary: A fence.
    announced: 1997-10-01
    source: assumed
    levers:
      - lever: border_posture
        government: USA
        at: [tucson]
        do: multiply
        values: [{from: 1997-10-01, value: 1.4}]
        unit: "1"
        kind: assumed
        factor: [0.5, 1.5]
"""
SHORT = {"end": "1999-10-01", "persons_per_agent": 500}


@cache
def crossings(barrier: bool) -> pd.Series:
    """Return who got through each sector in the two years after the barrier, with or without it."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "barrier.yaml"
        path.write_text(BARRIER, encoding="utf-8")
        result = simulator.run("us-mexico", overrides=[str(path)] if barrier else [], **SHORT)
    frame = result.frame("arrivals", by=["month", "route"])
    frame = frame[(frame["route"] != "") & (frame["month"] >= "1997-10")]
    return frame.groupby("route", observed=True)["arrivals"].sum()


def test_f2_a_barrier_on_one_sector() -> None:
    """Fewer get through there by 15 to 35 per cent (its size is chosen so), and more next door."""
    without, there = crossings(False), crossings(True)
    assert -0.35 <= there["tucson"] / without["tucson"] - 1.0 <= -0.15
    assert there["yuma"] + there["el-centro"] > without["yuma"] + without["el-centro"]


@pytest.mark.xfail(strict=True, reason="48 per cent of those fewer there get through elsewhere")
def test_f2_more_change_their_way_than_stay() -> None:
    without, there = crossings(False), crossings(True)
    elsewhere = there.drop("tucson").sum() - without.drop("tucson").sum()
    assert elsewhere > without.sum() - there.sum() > 0


class Watched(CorridorModel):
    """A run that notes when each row was stopped for the first and for the second time."""

    def __init__(self, *args: object):
        super().__init__(*args)  # type: ignore[arg-type]
        self.times: dict[int, dict[int, float]] = {1: {}, 2: {}}

    def _compact(self) -> None:
        people = self.world.people
        for times, day_of in self.times.items():
            for key in people.key[np.flatnonzero(people.caught >= times)].tolist():
                day_of.setdefault(key, self.world.end_day)
        super()._compact()


@cache
def caught_again() -> float:
    """Return the share of those first stopped in fiscal year 1993 who were stopped again within 18 months."""
    model = Watched(load("us-mexico", end="1995-10-01"))
    model.run()
    first = model.world.clock.day_of(pd.Timestamp("1992-10-01").date())
    followed = [key for key, day in model.times[1].items() if first <= day <= first + 365]
    again = [key for key in followed if model.times[2].get(key, np.inf) - model.times[1][key] <= 548]
    assert len(followed) > 200
    return len(again) / len(followed)


@pytest.mark.xfail(strict=True, reason="0.45 of those first caught in 1993; the study is of 2008 to 2012")
def test_f7_a_quarter_of_those_caught_are_caught_again() -> None:
    assert 0.20 <= caught_again() <= 0.30


# Scale, figure, files ------------------------------------------------------------------------------------------------


def test_a_finer_scale_says_the_same() -> None:
    """Shares of 1992 at 400 people a row and at 1,000: within two points."""
    one, other = (
        shares(counts(simulator.run("us-mexico", persons_per_agent=persons, end="1992-10-01"), "interceptions")[1])
        for persons in (400, 1000)
    )
    assert (one - other).abs().to_numpy().max() < 0.02


def test_the_figure_of_shares_shows_every_sector() -> None:
    figure, title = shares_figure([run()])
    assert "Shares of routes" in title
    titles = {text.get_text() for axes in figure.axes for text in axes.texts}
    assert {route.label for route in run().scenario.corridor.routes.values()} <= titles


def test_operations_act_from_their_days() -> None:
    policies = load("us-mexico").corridor.policies
    days = {name: str(policies[name].announced) for name in ("hold-the-line", "gatekeeper", "rio-grande")}
    assert days == {"hold-the-line": "1993-09-19", "gatekeeper": "1994-10-01", "rio-grande": "1997-08-25"}
    assert str(policies["southern-border-program"].announced) == "2014-07-07"
