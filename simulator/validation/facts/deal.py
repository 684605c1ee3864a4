"""F3 and F10: what the EU-Turkey Statement and the closure of the Western Balkan route did to arrivals.

F3: a deal with a transit country brings a steep fall on its route within months; part of it reappears elsewhere, and
arrivals fall in total. F10: Greece, month by month.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from simulator.analysis.diversion.within import share_within
from simulator.analysis.metrics import counted_again
from simulator.analysis.validation import observed_series
from simulator.scenario.schema import Scenario
from simulator.validation.criteria import Band, Criterion, Line, Role, judge, untested
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
WHY_NOT_SPAIN: Final = (
    "the document counts people who came by sea; the monthly series, and the route that is simulated, hold those who "
    "came by land to Ceuta and Melilla, too"
)


def diverted(
    with_: pd.DataFrame, without: pd.DataFrame, treated: str, elsewhere: Sequence[str], months: pd.PeriodIndex
) -> tuple[float, float, float]:
    """Return what a deal did to arrivals over some months.

    Parameters
    ----------
    with_, without : arrivals by month (rows) and ``route origin need`` (columns), with the deal and without it.
    treated : its route.
    elsewhere : routes on which people may turn up instead.

    Returns
    -------
    Relative change on its route; share of the fall there that a rise elsewhere matches within origin and need (see
    `simulator.analysis.diversion.within`), nan if nothing fell; and relative change of all these routes together.
    """
    routes = [treated, *elsewhere]
    now, before = (table.reindex(months).sum() for table in (with_, without))
    sums = [each.groupby("route").sum().reindex(routes, fill_value=0.0) for each in (now, before)]
    change = sums[0] - sums[1]
    relative = [float(part) / float(whole) if whole else float("nan")
                for part, whole in ((change[treated], sums[1][treated]), (change.sum(), sums[1].sum()))]  # fmt: skip
    share = share_within(before, now, [treated], elsewhere)
    return relative[0], share if change[treated] < 0 else float("nan"), relative[1]


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
    note = "The run with the Statement was fitted up to the end of 2016, the one without it to nothing."
    asked = (
        Criterion("f3.fall", GROUP, f"F3: arrivals on the Eastern Mediterranean with the Statement and the closure, "
                  f"against without, {said}", SOURCES_F3, "tested", Band(-0.95, -0.60), "%", note=note),
        Criterion("f3.diverted", GROUP, "F3: share of that fall matched within origin and need on other routes of "
                  "first entry",
                  SOURCES_F3, "tested", Band(0.05, 0.40), "%", note=note),
        Criterion("f3.total", GROUP, "F3: change of arrivals on all routes of first entry", SOURCES_F3, "tested",
                  Band(high=0.0), "%", note=note),
    )  # fmt: skip
    why = _why_not(scenario, fitting, months, runs)
    if why:
        yield from (untested(criterion, why) for criterion in asked)
        return
    again = counted_again(scenario, [TREATED])
    elsewhere = [route for route in scenario.corridor.routes if route != TREATED and route not in again]
    found = {}
    for run in runs:
        assert run.without is not None
        found[run.member, run.seed] = diverted(run.with_.groups, run.without.groups, TREATED, elsewhere, months)
    for place, criterion in enumerate(asked):
        values = {key: figures[place] for key, figures in found.items()}
        yield judge(criterion, values, runs[0].member, "nothing fell in a run")
    whole = pd.PeriodIndex([month for month in fitting.months if month >= months[0]])
    said = f"{whole[0].strftime('%Y-%m')} to {whole[-1].strftime('%Y-%m')}"
    later = Criterion("f3.diverted-later", GROUP, f"F3: the same share over {said}", SOURCES_F3, "tested", None, "%",
                      note="Diversion goes on after the first year; the band is of the first.")  # fmt: skip
    values = {
        (run.member, run.seed): diverted(run.with_.groups, run.without.groups, TREATED, elsewhere, whole)[1]
        for run in runs
        if run.without is not None
    }
    yield judge(later, values, runs[0].member, "nothing fell in a run")


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
    roles = tuple(role if month <= fitting.end else "tested" for month in (FIRST, early[-1], LAST))
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
