"""F3 and F10: what the EU-Turkey Statement and the closure of the Western Balkan route did to arrivals.

F3: a deal with a transit country brings a steep fall on its route within months, and fewer in total (a); little of it
reappears elsewhere (b), by nationality as counted (c), and more among those with weaker claims (d). F10: Greece, month
by month.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from simulator.analysis.diversion.within import share_within
from simulator.analysis.metrics import onward_routes
from simulator.analysis.validation import observed_series
from simulator.scenario.schema import Scenario
from simulator.validation.criteria import Band, Criterion, Line, Role, RunKey, judge, untested
from simulator.validation.facts.register import GROUP
from simulator.validation.fitting import Fitting
from simulator.validation.measures import RunPair

TREATED: Final = "eastern-mediterranean"
STATEMENT: Final = date(2016, 3, 18)
"""Day of the Statement; what it did is counted from the first whole month after it."""
MONTHS: Final = 12
GREECE: Final = "arrivals-greece"
BEFORE, FIRST = pd.Period("2016-02", freq="M"), pd.Period("2016-04", freq="M")
"""Last whole month before the Statement, and first after it."""
LAST: Final = pd.Period("2017-12", freq="M")
HIGH: Final = 9
"""Months over which arrivals should stay high if the Statement does not happen: the rest of 2016."""

_DOCUMENT: Final = "mpi-council-statement-2017"
SOURCES_F3: Final = (f"{_DOCUMENT}.greece-arrivals-february-2016", f"{_DOCUMENT}.greece-arrivals-april-2016",
                     "frontex-detections")  # fmt: skip
SOURCES_F10: Final = (f"{_DOCUMENT}.greece-arrivals-february-2016", f"{_DOCUMENT}.greece-arrivals-april-2016",
                      f"{_DOCUMENT}.greece-arrivals-after", "unhcr-operational-data")  # fmt: skip
SPAIN: Final = Criterion(
    "f10.spain", GROUP, "F10: arrivals in Spain in 2016, and in 2017 to the end of August",
    (f"{_DOCUMENT}.spain-sea-2016", f"{_DOCUMENT}.spain-sea-2017"), "tested",
)  # fmt: skip
SIZE: Final = "policies.eu-turkey-statement.levers.0 (border_effort_departure)"
WHY_NOT_ALONE: Final = "the scenario has no Statement to be left out alone"
STATEMENT_POLICY: Final = "eu-turkey-statement"
WITHOUT_STATEMENT: Final = "without-statement"
"""Override that leaves out the Statement alone; the closure of the Balkan route stays in both runs."""
CENTRAL: Final = "central-mediterranean"
WEAK, STRONG = NEEDS = ("other", "in_need")
_TAFANI, _MESNARD = ("tafani-riccaboni-2025",), ("mesnard-et-al-2024",)
_SEEN: Final = "Versions before this one gave ten to fifty times the estimate: known before the band was set."
_WHAT: Final = "F3b: the Statement alone, closure held in both runs, 2016-04 to 2016-12"
SMALL: Final = (
    Criterion("f3.central", GROUP, f"{_WHAT}: people more on the Central Mediterranean", _TAFANI, "seen",
              Band(0.0, 10_000.0), "person", note="The study: about 2,000 people more. " + _SEEN),
    Criterion("f3.deaths", GROUP, f"{_WHAT}: deaths more on the routes of first entry, with less without", _TAFANI,
              "seen", Band(-500.0, 500.0), "person",
              note="The study: 45 more at sea on all routes together. The sign depends on how many would have come."),
    Criterion("f3.deaths-everywhere", GROUP, f"{_WHAT}: deaths more on all legs, land routes too", _TAFANI, "seen",
              None, "person", note="Deaths on the Western Balkans are an input, and far too high."),
)  # fmt: skip
COUNTED: Final = {"SYR": ("Syrians", 1475.0), "AFG": ("Afghans", 419.0)}
"""People counted by Frontex on the Central Mediterranean from April 2016 to March 2017."""
NATIONALITIES: Final = tuple(
    Criterion(f"f3.central-{origin}", GROUP, f"F3c: {who} who arrive on the Central Mediterranean, 2016-04 to 2017-03",
              ("frontex-detections",), "seen", Band(people / 2.0, people * 2.0), "person",
              note=f"{people:,.0f} were counted. Versions before this one gave over ten times as many.")
    for origin, (who, people) in COUNTED.items()
)  # fmt: skip
_RATIO: Final = "F3d: the Statement alone: of the fall on its route, what comes back on other routes of first entry"
DEFLECTED: Final = (
    Criterion("f3.weak-claims", GROUP, f"{_RATIO}, within origins, people without need of protection", _MESNARD, "seen",
              None, "%", note="Compares totals within origins, not persons: may lie above or below a count of them."),
    Criterion("f3.strong-claims", GROUP, "F3d: the same, people in need of protection", _MESNARD, "seen", None, "%"),
    Criterion("f3.apart", GROUP, "F3d: lowest of the first over all runs, less the highest of the second", _MESNARD,
              "seen", Band(low=1e-9), "%",
              note="Above 0 where the two intervals lie apart, in the order of the study."),
)  # fmt: skip
WHY_NOT_SPAIN: Final = (
    "the document counts people who came by sea; the monthly series, and the route that is simulated, hold those who "
    "came by land to Ceuta and Melilla, too"
)


def change_of(with_: pd.DataFrame, without: pd.DataFrame, routes: Sequence[str], months: pd.PeriodIndex) -> float:
    """Return the relative change of arrivals on some routes together over some months, with a deal against without."""
    before = float(without.loc[months, list(routes)].to_numpy().sum())
    after = float(with_.loc[months, list(routes)].to_numpy().sum())
    return after / before - 1.0 if before else float("nan")


def taken_elsewhere(
    with_: pd.DataFrame, without: pd.DataFrame, elsewhere: Sequence[str], months: pd.PeriodIndex, need: str
) -> float:
    """Return which part of a fall on the deal's route comes back on other routes among people of the same origin.

    The sum over origins of the smaller of fall and rise, over the sum of falls: it compares totals within origins and
    one need, not persons, and may lie above or below what a count of the same people would give.

    Parameters
    ----------
    with_, without : ``people`` who arrived by ``route``, ``origin``, ``need`` and ``month``.
    need : whose.
    """
    before, now = (_by_group(frame, months, need) for frame in (without, with_))
    return share_within(before, now, [TREATED], elsewhere)


def _by_group(people: pd.DataFrame, months: pd.PeriodIndex, need: str) -> pd.Series[float]:
    chosen = people[people["month"].isin(list(months.astype(str))) & (people["need"] == need)]
    keys = ["route", "origin", "need"]
    return chosen.astype(dict.fromkeys(keys, str)).groupby(keys)["people"].sum().astype(float)


def fall_between(series: pd.Series[float], before: pd.Period, after: pd.Period) -> float:
    """Return the relative fall of a monthly series from one month to another."""
    first, last = (float(series.loc[month:month].sum()) for month in (before, after))
    return 1.0 - last / first if first else float("nan")


def worst_factor(observed: pd.Series[float], simulated: pd.Series[float]) -> float:
    """Return the largest factor between observed and simulated means of a quarter, in either direction."""
    months = observed.dropna().index.intersection(simulated.index)
    quarters = pd.PeriodIndex(months).asfreq("Q")
    means = [series[months].groupby(quarters).mean() for series in (observed, simulated)]
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = np.exp(np.abs(np.log(means[1].to_numpy() / means[0].to_numpy())))
    return float(factors.max()) if len(factors) else float("nan")


def months_after(day: date, n: int = MONTHS) -> pd.PeriodIndex:
    """Return the first whole months after a day."""
    return pd.period_range(pd.Period(day, freq="M") + 1, periods=n, freq="M")


def lines(scenario: Scenario, fitting: Fitting, runs: Sequence[RunPair]) -> list[Line]:
    """Return the lines of F3 and F10."""
    return [*_f3(scenario, fitting, runs), *_f10(scenario, fitting, runs), untested(SPAIN, WHY_NOT_SPAIN)]


def _f3(scenario: Scenario, fitting: Fitting, runs: Sequence[RunPair]) -> Iterator[Line]:
    months = months_after(STATEMENT)
    said = f"{months[0].strftime('%Y-%m')} to {months[-1].strftime('%Y-%m')}"
    asked = (
        Criterion("f3.fall", GROUP, f"F3a: arrivals on the Eastern Mediterranean with the Statement and the closure, "
                  f"against without, {said}", SOURCES_F3, "set from", Band(-0.95, -0.60), "%", set_from=(SIZE,),
                  note="The size of the Statement was fitted to what followed it, so that the fall proves nothing; the "
                  "run without it was fitted to nothing."),
        Criterion("f3.total", GROUP, "F3a: change of arrivals on all routes of first entry", SOURCES_F3,
                  fitting.role(months[-1], ()), Band(high=0.0), "%"),
    )  # fmt: skip
    why = _why_not(scenario, fitting, months, runs)
    if why:
        yield from (untested(criterion, why) for criterion in (*asked, *NATIONALITIES, *SMALL, *DEFLECTED))
        return
    first = first_entry(scenario)
    for criterion, routes in zip(asked, ((TREATED,), first), strict=True):
        values = {(run.member, run.seed): change_of(run.with_.arrivals, run.without.arrivals, routes, months)
                  for run in runs if run.without is not None}  # fmt: skip
        yield judge(criterion, values, runs[0].member, "nobody arrives without the Statement")
    yield from _nationalities(runs, months)
    if any(run.alone is None for run in runs):
        yield from (untested(each, WHY_NOT_ALONE) for each in (*SMALL, *DEFLECTED))
        return
    yield from _alone(runs, first)
    yield from _deflected(runs, [route for route in first if route != TREATED], months)


def first_entry(scenario: Scenario) -> list[str]:
    """Return the routes of first entry: those that no other route leads on to."""
    onward = onward_routes(scenario)
    return [route for route in scenario.corridor.routes if route not in onward]


def _nationalities(runs: Sequence[RunPair], months: pd.PeriodIndex) -> Iterator[Line]:
    """Yield F3c: people of two nationalities on the Central Mediterranean in the year after the Statement."""
    for criterion, origin in zip(NATIONALITIES, COUNTED, strict=True):
        values = {}
        for run in runs:
            people = run.with_.people
            chosen = people[(people["route"] == CENTRAL) & (people["origin"] == origin)
                            & people["month"].isin(list(months.astype(str)))]  # fmt: skip
            values[run.member, run.seed] = float(chosen["people"].sum())
        yield judge(criterion, values, runs[0].member)


def _alone(runs: Sequence[RunPair], first: Sequence[str]) -> Iterator[Line]:
    """Yield F3b: what the Statement alone did, with the closure held in both runs."""
    months = months_after(STATEMENT, HIGH)
    extra, deaths, everywhere = {}, {}, {}
    for run in runs:
        assert run.alone is not None
        key = run.member, run.seed
        extra[key] = float((run.with_.arrivals - run.alone.arrivals).loc[months, CENTRAL].sum())
        change = (run.with_.deaths - run.alone.deaths).loc[months]
        deaths[key] = float(change.reindex(columns=list(first), fill_value=0.0).to_numpy().sum())
        everywhere[key] = float(change.to_numpy().sum())
    for criterion, values in zip(SMALL, (extra, deaths, everywhere), strict=True):
        yield judge(criterion, values, runs[0].member)


def _deflected(runs: Sequence[RunPair], elsewhere: Sequence[str], months: pd.PeriodIndex) -> Iterator[Line]:
    """Yield F3d: the ratio by need, and whether the intervals over all runs lie apart."""
    found: dict[str, dict[RunKey, float]] = {need: {} for need in NEEDS}
    for run in runs:
        assert run.alone is not None
        for need in NEEDS:
            found[need][run.member, run.seed] = taken_elsewhere(run.with_.people, run.alone.people, elsewhere, months,
                                                                need)  # fmt: skip
    weak, strong, apart = DEFLECTED
    for criterion, need in ((weak, WEAK), (strong, STRONG)):
        yield judge(criterion, found[need], runs[0].member, "nobody of this need fell away")
    if len(runs) < 2:
        yield untested(apart, "one run has no interval")
        return
    gap = min(found[WEAK].values()) - max(found[STRONG].values())
    yield judge(apart, dict.fromkeys(found[WEAK], gap), runs[0].member, "nobody of one need fell away in a run")


def _why_not(scenario: Scenario, fitting: Fitting, months: pd.PeriodIndex, runs: Sequence[RunPair]) -> str:
    """Return why a figure that needs the Statement cannot be had, or nothing."""
    if TREATED not in scenario.corridor.routes:
        return f"the corridor has no route called {TREATED}"
    if not months.isin(fitting.months).all():
        return "the run does not cover these months"
    if any(run.without is None for run in runs):
        return "the scenario names nothing to compare with"
    return ""


def _f10(scenario: Scenario, fitting: Fitting, runs: Sequence[RunPair]) -> Iterator[Line]:
    series = scenario.corridor.observed.get(GREECE)
    early = pd.period_range(FIRST, max(min(fitting.end, LAST), FIRST), freq="M")
    late = pd.period_range(early[-1] + 1, LAST, freq="M")
    # Frontex counts the same arrivals as UNHCR: where the one was fitted, the other was, too.
    role: Role = "fitted" if fitting.fit is not None else "set from"
    roles = tuple(role if month <= fitting.end else fitting.held_back for month in (FIRST, early[-1], LAST))
    asked = (
        (Criterion("f10.fall", GROUP, "F10: fall of arrivals in Greece from February to April 2016", SOURCES_F10,
                   roles[0], Band(0.85, 0.97), "%"), FIRST),
        (Criterion("f10.fitted", GROUP, f"F10: Greece, {fitting.words(early)}: largest factor between observed and "
                   "simulated means of a quarter", SOURCES_F10, roles[1], Band(high=2.0)), early[-1]),
        (Criterion("f10.tested", GROUP, f"F10: Greece, {fitting.words(late)}: the same", SOURCES_F10, roles[2],
                   Band(high=2.0)), LAST),
        (Criterion("f10.without", GROUP, f"F10: Greece without the Statement and the closure: mean of the {HIGH} "
                   "months after, against February 2016", SOURCES_F10, "tested", Band(low=0.5)), FIRST + HIGH - 1),
    )  # fmt: skip
    if series is None:
        yield from (untested(criterion, f"the corridor has no series called {GREECE}") for criterion, _ in asked)
        return
    observed = observed_series(scenario, GREECE)
    figures: tuple[Callable[[RunPair], float], ...] = (
        lambda run: fall_between(run.with_.series[GREECE], BEFORE, FIRST),
        lambda run: worst_factor(observed.reindex(early), run.with_.series[GREECE]),
        lambda run: worst_factor(observed.reindex(late), run.with_.series[GREECE]),
        _stays_high,
    )
    for (criterion, needs), figure in zip(asked, figures, strict=True):
        if needs not in fitting.months or BEFORE not in fitting.months:
            yield untested(criterion, "the run does not cover these months")
        elif figure is _stays_high and any(run.without is None for run in runs):
            yield untested(criterion, "the scenario names nothing to compare with")
        else:
            values = {(run.member, run.seed): figure(run) for run in runs}
            yield judge(criterion, values, runs[0].member, "nobody arrives in a month or quarter")


def _stays_high(run: RunPair) -> float:
    assert run.without is not None
    series = run.without.series[GREECE]
    before = float(series.loc[BEFORE:BEFORE].sum())
    return float(series.loc[FIRST : FIRST + HIGH - 1].mean()) / before if before else float("nan")


def greece_table(scenario: Scenario, runs: Sequence[RunPair]) -> pd.DataFrame:
    """Return observed and simulated arrivals in Greece by quarter, with and without; empty without such a series."""
    if GREECE not in scenario.corridor.observed:
        return pd.DataFrame()
    best = [run for run in runs if run.member == runs[0].member]
    columns = {"observed": observed_series(scenario, GREECE)}
    columns["with"] = pd.concat([run.with_.series[GREECE] for run in best], axis=1).mean(axis=1)
    if all(run.without is not None for run in best):
        columns["without"] = pd.concat([run.without.series[GREECE] for run in best if run.without], axis=1).mean(axis=1)
    table = pd.DataFrame(columns).loc[lambda frame: frame["with"].notna()]
    quarters = pd.PeriodIndex(table.index).asfreq("Q")
    return table.groupby(quarters).mean().rename_axis("quarter").reset_index().astype({"quarter": str})
