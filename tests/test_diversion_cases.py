"""Four borders at which a government held people up: what the model says against bands stated beforehand.

The bands, and what they were taken from, stand in docs/cases.md; they were written down before the scenarios were
first run. What misses its band is a known failure, with the figure. The first part holds the kept tables of the four
experiments (draws, members of the fit, seeds) to all bands; the rest runs the model, coarsely (`PERSONS` people a row,
steps of two weeks, the best member, two seeds at most), and holds it to those that show at that scale.
"""

from __future__ import annotations

import csv
import sys
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

import simulator
from simulator.outputs.result import Result
from simulator.scenario.load import load

ROOT = Path(__file__).parents[1]
EXPERIMENTS = ROOT / "experiments"
sys.path.insert(0, str(EXPERIMENTS))

import cases  # noqa: E402

FOLDERS = {"canada-us": "safe-third-country", "australia": "australia-boats"}
SEEDS = (1, 2)
PERSONS = {"canada-us": 5, "australia": 5, "mediterranean": 400}
CENTRAL = "central-mediterranean"
BOATS = ("indonesia-australia", "sri-lanka-australia")
LAND = ("between-ports", "port-of-entry", "hidden")
AFTER_LIBYA = ("2017-08", "2017-12")
AFTER_PROTOCOL = ("2023-04", "2023-12")
BEFORE_PANDEMIC = ("2017-01", "2019-12")


def laid(scenario: str, override: str) -> str:
    """Return an override of the library by name, or the file of one that belongs to an experiment."""
    path = EXPERIMENTS / FOLDERS.get(scenario, scenario) / "overrides" / f"{override}.yaml"
    return str(path) if path.exists() else override


@cache
def canada(seed: int, *overrides: str) -> Result:
    names = [laid("canada-us", override) for override in overrides]
    return simulator.run("canada-us", seed=seed, overrides=names, persons_per_agent=PERSONS["canada-us"],
                         set={"step_days": 14})  # fmt: skip


@cache
def boats(seed: int, *overrides: str) -> Result:
    names = [laid("australia", override) for override in overrides]
    return simulator.run("australia", seed=seed, overrides=names, persons_per_agent=PERSONS["australia"],
                         set={"step_days": 14})  # fmt: skip


@cache
def mediterranean(*overrides: str) -> Result:
    """Return a run of two years of the Mediterranean."""
    return simulator.run("italy-libya-2017", start="2016-01-01", end="2018-01-01", overrides=overrides,
                         persons_per_agent=PERSONS["mediterranean"], set={"step_days": 14})  # fmt: skip


def count(result: Result, measure: str, span: tuple[str, str], **where: object) -> float:
    """Return a flow, summed over the months from one to another."""
    frame = result.frame(measure, by=["month"], where=where)
    return float(frame.loc[frame["month"].between(*span), measure].sum())


def arrivals(result: Result, route: str | tuple[str, ...], span: tuple[str, str], **where: object) -> float:
    return count(result, "arrivals", span, route=route, **where)


def year(number: int) -> tuple[str, str]:
    return f"{number}-01", f"{number}-12"


# Inputs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["canada-us", "australia"])
def test_people_behave_as_in_the_mediterranean(name: str) -> None:
    """Member by member: when the Mediterranean is fitted anew, experiments/levels.py has to be run again."""
    for member in ("none", 0, 3, 7):
        ours, theirs = (load(each, fit_member=member).parameters for each in (name, "mediterranean"))
        for group in type(ours).model_fields:
            for field in type(getattr(ours, group)).model_fields:
                mine, their = (getattr(getattr(each, group), field).value for each in (ours, theirs))
                assert mine == pytest.approx(their), f"{group}.{field} of member {member}"


@pytest.mark.parametrize("name", ["canada-us", "australia"])
def test_what_levels_were_solved_for_still_comes_out(name: str) -> None:
    """Each origin within 35 per cent of what was counted, over two seeds: it only says that this still stands."""
    with (EXPERIMENTS / FOLDERS[name] / "known.csv").open(newline="", encoding="utf-8") as file:
        known = [row for row in csv.DictReader(line for line in file if not line.startswith("#"))]
    made = canada if name == "canada-us" else boats
    solved = [row for row in known if row["use"] == "solved"]
    assert {row["origin"] for row in solved} == {row.origin for row in load(name).origins}
    for row in solved:
        routes, span = tuple(row["route"].split(";")), (row["from"], row["to"])
        found = [arrivals(made(seed), routes, span, origin=row["origin"]) for seed in SEEDS]
        assert sum(found) / len(found) == pytest.approx(float(row["people"]), rel=0.35), row["origin"]


# The kept experiments ----------------------------------------------------------------------------------------------

MISSED = {
    "Moroccan control against none: share of those fewer in Spain matched by Libya": "0.04 (0.01 to 0.07)",
    "change of arrivals on the Central Mediterranean, August to December 2017": "-0.29 (-0.38 to -0.20)",
    "share brought back of those who put out from Libya, 2017": "0.257 (0.21 to 0.30)",
    "change of all deaths, August to December 2017": "+0.11 (-0.08 to 0.30)",
    "change of arrivals over land with an agreement without loophole, against none": "-0.85 (-0.91 to -0.79)",
    "as it was: share over land at ports of entry": "0.006 (0.00 to 0.01)",
    "change from autumn 2012 to autumn 2013": "-0.54 (-0.64 to -0.45)",
    "change of deaths at sea in 2014, both against neither": "-0.84 (-0.91 to -0.77)",
    "share of those fewer who stay in Indonesia and Malaysia": "-0.26 (-0.30 to -0.23)",
}
"""Figures outside their bands, and what they are, over draws and members."""


def judged() -> list[object]:
    return [
        pytest.param(
            figure,
            id=f"{figure.experiment}: {figure.name}",
            marks=[pytest.mark.xfail(strict=True, reason=MISSED[figure.name])] if figure.name in MISSED else [],
        )
        for figure in cases.FIGURES
    ]


@pytest.mark.parametrize("figure", judged())
def test_the_kept_experiments_lie_within_their_bands(figure: cases.Figure | cases.Matched) -> None:
    mean, _, _ = figure.estimate(cases.REFERENCE)
    assert figure.low <= mean <= figure.high


def test_every_known_failure_is_a_figure() -> None:
    assert set(MISSED) <= {figure.name for figure in cases.FIGURES}


# Italy and Libya ---------------------------------------------------------------------------------------------------


@pytest.mark.xfail(strict=True, reason="-0.35 in this coarse run: attempts go on, and too few are held on the beach")
def test_arrivals_in_italy_fall_with_the_arrangements() -> None:
    """Thousands arrive in either run, at 400 people a row: the ratio scatters by about 0.1."""
    with_, without = (
        arrivals(mediterranean(*names), CENTRAL, AFTER_LIBYA) for names in ((), ("without-libya-arrangements",))
    )
    assert -0.85 <= with_ / without - 1 <= -0.4


def test_more_are_brought_back_and_nearly_as_many_try() -> None:
    """What the case says of the model: attempts from Libya's coast fall by less than arrivals do."""
    legs = [leg.leg for leg in mediterranean().scenario.legs if leg.route == CENTRAL and leg.departure_control == "LBY"]
    held, free = mediterranean(), mediterranean("without-libya-arrangements")
    tried, stopped, landed = (
        count(held, each, AFTER_LIBYA, leg=legs) / count(free, each, AFTER_LIBYA, leg=legs)
        for each in ("attempts", "interceptions", "arrivals")
    )
    assert stopped > 2
    assert landed < tried


# Canada and the United States --------------------------------------------------------------------------------------


def total(made: list[Result], route: str | tuple[str, ...], span: tuple[str, str]) -> float:
    """Return arrivals, summed over seeds."""
    return sum(arrivals(result, route, span) for result in made)


def test_the_protocol_ends_crossing_between_ports() -> None:
    shut, open_ = ([canada(seed, *names) for seed in SEEDS] for names in ((), ("without-additional-protocol",)))
    assert (
        -1 <= total(shut, "between-ports", AFTER_PROTOCOL) / total(open_, "between-ports", AFTER_PROTOCOL) - 1 <= -0.85
    )


@pytest.mark.xfail(
    strict=True,
    reason="-0.02 here, the best member; 0.05 (0.00 to 0.10) over draws: no exceptions, no visas that change",
)
def test_part_of_those_turned_away_come_by_other_ways() -> None:
    shut, open_ = ([canada(seed, *names) for seed in SEEDS] for names in ((), ("without-additional-protocol",)))
    other = ("port-of-entry", "hidden", "air")
    fall = total(open_, "between-ports", AFTER_PROTOCOL) - total(shut, "between-ports", AFTER_PROTOCOL)
    assert 0.05 <= (total(shut, other, AFTER_PROTOCOL) - total(open_, other, AFTER_PROTOCOL)) / fall <= 0.6


@pytest.mark.xfail(
    strict=True, reason="-0.93 here, -0.85 over draws: exceptions are luck, so that nobody reckons with one"
)
def test_an_agreement_without_loophole_keeps_most_away() -> None:
    shut, none = ([canada(seed, name) for seed in SEEDS] for name in ("no-loophole", "no-agreement"))
    assert -0.8 <= total(shut, LAND, BEFORE_PANDEMIC) / total(none, LAND, BEFORE_PANDEMIC) - 1 <= -0.3


def test_the_loophole_gives_back_most_of_what_the_agreement_stops() -> None:
    shut, none = ([canada(seed, name) for seed in SEEDS] for name in ("no-loophole", "no-agreement"))
    closed, free = total(shut, LAND, BEFORE_PANDEMIC), total(none, LAND, BEFORE_PANDEMIC)
    as_was = total([canada(seed) for seed in SEEDS], LAND, BEFORE_PANDEMIC)
    assert (as_was - closed) / (free - closed) >= 0.5


def test_without_an_agreement_few_cross_between_ports() -> None:
    none = [canada(seed, "no-agreement") for seed in SEEDS]
    assert total(none, "between-ports", BEFORE_PANDEMIC) / total(none, LAND, BEFORE_PANDEMIC) <= 0.25


@pytest.mark.xfail(strict=True, reason="0.0002: exceptions are luck, so that nobody reckons with one")
def test_some_come_by_ports_of_entry_even_so() -> None:
    made = [canada(seed) for seed in SEEDS]
    span = ("2018-01", "2019-12")
    assert 0.1 <= total(made, "port-of-entry", span) / total(made, ("port-of-entry", "between-ports"), span) <= 0.35


# Australia ---------------------------------------------------------------------------------------------------------


NEITHER = ("without-turnbacks", "settlement-stays-open")


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def test_no_boats_come_in_2014() -> None:
    both, neither = (
        mean([arrivals(boats(seed, *names), BOATS, year(2014)) for seed in SEEDS]) for names in ((), NEITHER)
    )
    assert -1 <= both / neither - 1 <= -0.9


@pytest.mark.xfail(strict=True, reason="-0.47: boats go on carrying those who are on their way")
def test_arrivals_fall_before_boats_are_turned_back() -> None:
    before, after = (
        mean([arrivals(boats(seed), BOATS, (f"{number}-10", f"{number}-11")) for seed in SEEDS])
        for number in (2012, 2013)
    )
    assert -0.97 <= after / before - 1 <= -0.75


def test_arrivals_rise_in_2012() -> None:
    first, second = (mean([arrivals(boats(seed), BOATS, year(number)) for seed in SEEDS]) for number in (2011, 2012))
    assert 2 <= second / first <= 6


@pytest.mark.xfail(strict=False, reason="-0.82 over eight seeds (-0.88 to -0.75), two of them within: it hangs on luck")
def test_deaths_at_sea_end() -> None:
    """Over the draws of the kept experiment -0.84, which is held to the same band."""
    both, neither = (
        mean([count(boats(seed, *names), "deaths", year(2014), route=BOATS) for seed in SEEDS])
        for names in ((), NEITHER)
    )
    assert -1 <= both / neither - 1 <= -0.85


@pytest.mark.xfail(strict=True, reason="-0.30: fewer wait there, since fewer set out")
def test_some_of_those_who_do_not_come_stay_in_indonesia_and_malaysia() -> None:
    span, there, come = ("2013-07", "2015-12"), [], []
    for names in ((), NEITHER):
        made = [boats(seed, *names) for seed in SEEDS]
        come.append(mean([arrivals(result, BOATS, span) for result in made]))
        there.append(mean([waiting(result) for result in made]))
    assert 0.03 <= (there[0] - there[1]) / (come[1] - come[0]) <= 0.4


def waiting(result: Result) -> float:
    """Return people who live, wait or are held in Indonesia and Malaysia at the end."""
    frame: pd.DataFrame = result.frame("stocks", by=["month"], where={
        "state": ["resident", "moving", "detained"], "country": ["IDN", "MYS"]})  # fmt: skip
    return float(frame["stocks"].iloc[-1])
