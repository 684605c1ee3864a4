"""Regularities of migration that the model must reproduce: the same functions as those of the scorecard.

F1 to F8 are put to small corridors with the behavioural parameters of the Mediterranean corridor, F3 and F10 to the
scenario of the EU-Turkey Statement. Each test says what the fact is, which parameter (if any) was set from it, so that
it proves less than it seems, and the power with which it would notice a model outside the band.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from simulator.analysis.validation import observed_series
from simulator.scenario.load import load
from simulator.scenario.parameters import Parameters
from simulator.validation.criteria import Line
from simulator.validation.estimate import Estimate
from simulator.validation.facts import deal, hump, register
from simulator.validation.fitting import fitting_of
from simulator.validation.jobs import PairJob
from simulator.validation.measures import RunPair

BANDS = {criterion.id: criterion.band for _, asked in register.FACTS.values() for criterion in asked}


@cache
def parameters() -> Parameters:
    """Return the parameters of the Mediterranean corridor, those of its best fit where it has one."""
    return load("mediterranean").parameters


@cache
def found(fact: str) -> dict[str, Estimate]:
    return register.FACTS[fact][0](parameters())


def power_outside(margin: float, error: float) -> float:
    """Return the chance that an estimate with a standard error misses a band when the truth is `margin` outside."""
    return Estimate(0.0, error).power(margin)


def within(name: str, estimate: Estimate) -> bool:
    band = BANDS[name]
    assert band is not None
    return band.holds(estimate.value)


FAILS = {
    "f2.beside": "29% fewer, more than those behind the barrier",
    "f2.changed-way": "9 of 100: the model deters where it should divert, see docs/calibration.md",
    "f8.risk": "1.34 times: risk rises with every attempt that is stopped",
    "f3.central": "19,000 people more, nearly ten times the estimate",
    "f3.deaths": "1,300 more deaths, thirty times the estimate",
    "f3.central-SYR": "21,000, fourteen times what was counted",
    "f3.central-AFG": "15,000, thirty-six times what was counted",
    "f3.apart": "the other way round: 28 to 32 of 100 in need, 13 to 22 of 100 of the others",
    "f10.without": "arrivals fall by themselves, too: see docs/calibration.md",
}
"""Figures outside their bands, and what they are. Marks are strict: one that comes to lie within has to go."""


def known(name: str) -> object:
    marks = [pytest.mark.xfail(strict=True, reason=FAILS[name])] if name in FAILS else []
    return pytest.param(name, marks=marks)


@pytest.mark.parametrize("name", register.MARGINS)
def test_every_fact_is_noticed_where_it_is_outside_its_band(name: str) -> None:
    """A truth as far outside the band as the register says is found with power above 0.95."""
    assert found(name.split(".")[0])[name].power(register.MARGINS[name]) > 0.95


# Carries mpi-council-statement-2017.harder-to-cross-alone
def test_f1_prices_rise_a_little_when_enforcement_trebles() -> None:
    """F1, Gathmann (2008): an elasticity of price to enforcement between 0.10 and 0.30.

    `smuggling.price_elasticity` was set from that study, so its centre proves nothing. What is tested is that the
    market around it (fewer people asking, slower adjustment, cooperation of the departure side) does not carry the
    observed price out of the band. Prices of two runs that share all luck differ by the policy alone; over five seeds
    the elasticity has a standard error of about 0.003, so that a truth 0.01 outside the band is found with power
    above 0.99.
    """
    estimate = found("f1")["f1.elasticity"]
    assert power_outside(0.01, estimate.error) > 0.99
    assert within("f1.elasticity", estimate)


@pytest.mark.parametrize("name", [known(each.id) for each in register.F2 if each.band is not None])
def test_f2_a_barrier_on_one_of_four_sectors(name: str) -> None:
    """F2, Feigenberg (2020), Allen, Dobbin and Morten (2019): what a fence does to who leaves, and to their ways.

    Of residents near it 27% fewer leave, beside it 15%, up to 35% of the interior; more than half of those fewer behind
    it arrive elsewhere. The size of the barrier is chosen so that residents near it leave 27% less: that is no test.
    Both runs of a pair share all luck: over three seeds changes have standard errors below 0.01, the share who change
    way one below 0.04, so that truths as far outside as `register.MARGINS` says are found with power above 0.99.
    """
    estimate = found("f2")[name]
    assert power_outside(register.MARGINS[name], estimate.error) > 0.99
    assert within(name, estimate)


# Carries mpi-council-statement-2017.development-first-raises
def test_f4_emigration_rises_with_income_and_then_falls() -> None:
    """F4, Clemens (2014, 2020): elasticity +0.2 to +0.9 below 10,000 PPP dollars a head, negative above.

    No parameter was set from it: savings of 0.6 of a year's income, spread 1, and a journey of 2000 euros (Europol
    and INTERPOL 2016: 1000 to 6000) give it. News is switched off, as it multiplies whatever difference there is
    between origins. With these counts the standard errors are at most 0.01, so that a truth 0.05 outside the band is
    found with power above 0.99.
    """
    estimates = found("f4")
    for name in ("f4.below", "f4.above"):
        assert power_outside(0.05, estimates[name].error) > 0.99
        assert within(name, estimates[name])
    assert within("f4.top", estimates["f4.top"])


# Carries mpi-council-statement-2017.development-first-raises
def test_f4_with_the_hump_switched_off_emigration_only_falls_with_income() -> None:
    """The hump is disputed (World Bank WPS 9518): with the switch off, each richer origin sends fewer.

    Counts are above 5000, so that neighbours on the ladder have to differ by 2% to be told apart; a rise of 5% between
    two of them would be seen with power above 0.99.
    """
    left = hump.emigration(parameters(), hump=False)
    assert left.min() > 5000
    assert power_outside(0.05, hump.steepest_rise(left).error) > 0.99
    assert (np.diff(left) < 0).all()


def test_f6_aid_acts_slowly_and_weakly() -> None:
    """F6, Dreher and others (2019), Lanati and Thiele (2018): nothing for years, then 0 to -15% for a doubling.

    `feedback.investment_lag` was set from the first of them, so that the delay proves nothing; the size was not. Aid
    before it doubles is 5% of income, an assumption. Pairs of runs share all luck: over three seeds the standard
    errors are below 0.004, so that a truth 0.01 outside a band is found with power above 0.99.
    """
    for name, estimate in found("f6").items():
        assert power_outside(0.01, estimate.error) > 0.99
        assert within(name, estimate)


@pytest.mark.parametrize("name", ["f7.again", "f7.sanctions", "f7.sanctions-soon"])
def test_f7_a_quarter_of_the_intercepted_are_caught_again(name: str) -> None:
    """F7, Bazzi and others: 0.20 to 0.30 within 18 months; sanctions take 4 to 8 points off, 6 to 9 within 3 months.

    The share is a test: at a border that stops three in ten (what is reported of the border between Mexico and the
    United States), it follows from the chance to be stopped, the share who give up (0.15, assumed) and the rate at
    which those who went home leave again (0.3 a year, assumed). The fall within 18 months is not: the effect of a unit
    of sanctions was set from it. That it is larger within 3 months is a test of timing. With over 10,000 people the
    standard errors are below 0.006: a share 0.02 and a fall 0.015 outside the band are found with power above 0.99.
    """
    estimate = found("f7")[name]
    assert power_outside(register.MARGINS[name], estimate.error) > 0.99
    assert within(name, estimate)


@pytest.mark.parametrize("name", [known("f8.risk"), "f8.withdrawn"])
def test_f8_risk_follows_rescue_and_not_interception(name: str) -> None:
    """F8, IOM and UNHCR: deaths an attempt about the same while rescue holds, x 2 to 4 when it is withdrawn.

    Controls on the departure side go from 3 to 9 units with more capacity; or rescue from 0.85 to none. Before that as
    many try as did in 2016. Over three seeds there are many hundreds of deaths on either side, so that the ratio of
    risks has a relative standard error below 0.06, and one 15% outside the band is found with power above 0.99.
    """
    ratio = found("f8")[name]
    assert power_outside(0.15, ratio.error / ratio.value) > 0.99
    assert within(name, ratio)


# F3 and F10 --------------------------------------------------------------------------------------------------------

PEOPLE_PER_ROW = 100
SEEDS = (1, 2)


@cache
def statement() -> tuple[list[RunPair], dict[str, Line]]:
    """Return the scenario with and without the Statement and the closure, and the lines of F3 and F10."""
    scenario = load("eu-turkey-2016", persons_per_agent=PEOPLE_PER_ROW)
    without, alone = (
        load("eu-turkey-2016", persons_per_agent=PEOPLE_PER_ROW, overrides=overrides)
        for overrides in (scenario.compare, (deal.WITHOUT_STATEMENT,))
    )
    runs = [PairJob(None, seed, scenario, without, alone).do() for seed in SEEDS]
    return runs, {line.criterion.id: line for line in deal.lines(scenario, fitting_of(scenario, None), runs)}


def said(name: str) -> str:
    line = statement()[1][name]
    assert line.criterion.band is not None
    return f"{line.value:.3f} (seeds: {line.low:.3f} to {line.high:.3f}), outside {line.criterion.band.words()}"


def rows(people: float) -> float:
    """Return the rows behind a number of people, over all seeds."""
    return people * len(SEEDS) / PEOPLE_PER_ROW


@pytest.mark.parametrize("name", ["f3.fall", "f3.total"])
def test_f3_arrivals_fall_on_the_route_of_the_deal_and_in_total(name: str) -> None:
    """F3a: arrivals fall by 60 to 95% within a year, and the total falls.

    The size of the Statement was fitted to what followed it: the fall is no test. By counting rows alone, without what
    shared luck saves, the fall (of more than 200,000 people in twelve months) has a relative standard error below 0.02.
    """
    assert power_outside(0.05, 0.95 / np.sqrt(rows(200_000))) > 0.99
    assert statement()[1][name].status == "passes", said(name)


@pytest.mark.parametrize("name", [known(name) for name in (
    "f3.central", "f3.deaths", "f3.central-SYR", "f3.central-AFG", "f3.apart",
)])  # fmt: skip
def test_f3_little_reappears_elsewhere(name: str) -> None:
    """F3b: 0 to 10,000 people more, and 500 deaths fewer to 500 more, by the Statement alone; F3c, F3d.

    Syrians and Afghans on the Central route within a factor of two of 1,475 and 419; who has a weaker claim is
    deflected more, intervals apart. With 100 people a row and two seeds, 20,000 people more have a standard
    error below 1,600 by counting rows alone, 1,000 deaths more one of about 230 (two seeds' sums of some 2,500): twice
    the bands' upper ends are found with power above 0.95. Of
    Afghans 840 are 17 rows: three times the band is found with power above 0.99.
    """
    assert power_outside(10_000, 20_000 * np.sqrt(2 / rows(2 * 20_000))) > 0.99
    assert power_outside(500, np.sqrt(2 * 2_500 * PEOPLE_PER_ROW / len(SEEDS)) / np.sqrt(2)) > 0.95
    assert power_outside(1_700, 2_520 / np.sqrt(rows(2_520))) > 0.99
    assert statement()[1][name].status == "passes", said(name)


def test_f10_arrivals_in_greece_fall_as_steeply_as_they_did() -> None:
    """F10: by 85 to 97% from February (57,066) to April 2016 (3,650).

    At the lower edge of the band April has 8,560 people, 171 rows over both seeds: the fall has a standard error of
    about 0.012, so that one 0.04 outside the band is found with power above 0.99.
    """
    february = 57_066
    left = 0.15
    assert power_outside(0.04, left * np.sqrt(1 / rows(left * february) + 1 / rows(february))) > 0.99
    assert statement()[1]["f10.fall"].status == "passes", said("f10.fall")


@pytest.mark.xfail(strict=True, reason="the level after April 2016 is too low: see docs/calibration.md")
@pytest.mark.parametrize(("first", "last"), [("2016-04", "2016-12"), ("2017-01", "2017-12")])
def test_f10_greece_stays_near_the_observed_level(first: str, last: str) -> None:
    """F10: within a factor of two of the observed level, quarter by quarter, to the end of 2017.

    No fit read 2017, whose policies were sized with hindsight.


    Both seeds together: the smallest quarter observed has 1,300 people a month, so that a truth a factor of three below
    it has 26 rows in the quarter, a relative standard error of 0.2, and is found with power above 0.95.
    """
    observed = observed_series(load("eu-turkey-2016"), deal.GREECE)
    months = pd.period_range(first, last, freq="M")
    smallest = observed[months].groupby(pd.PeriodIndex(months).asfreq("Q")).sum().min()
    assert power_outside(float(np.log(3 / 2)), float(1 / np.sqrt(rows(smallest / 3)))) > 0.95
    simulated = sum(run.with_.series[deal.GREECE] for run in statement()[0]) / len(SEEDS)
    assert deal.worst_factor(observed[months], simulated) <= 2.0


@pytest.mark.xfail(strict=True, reason="arrivals fall by themselves, too: see docs/calibration.md")
def test_f10_without_the_statement_and_the_closure_arrivals_stay_high() -> None:
    """Over the rest of 2016 at least half of those of February a month; that is some 257,000 people, 5100 rows."""
    assert power_outside(0.05, 0.5 / np.sqrt(rows(0.5 * deal.HIGH * 57_066))) > 0.99
    assert statement()[1]["f10.without"].status == "passes", said("f10.without")
