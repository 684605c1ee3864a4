"""Deaths, asylum decisions and returns, against what was recorded; and F5, the rate of return."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import pandas as pd

from simulator.analysis.series import route_observations
from simulator.analysis.validation import observed_series
from simulator.scenario.schema import Scenario
from simulator.scenario.tables import AsylumYearRow, RecognitionRow
from simulator.validation.criteria import Band, Criterion, Line, judge, untested
from simulator.validation.facts.register import GROUP as FACTS
from simulator.validation.fitting import Fitting, whole_years
from simulator.validation.measures import Measures, RunPair

DEATHS, ASYLUM, RETURNS = "Deaths", "Asylum", "Returns"
FACTOR_OF_TWO: Final = Band(0.5, 2.0)
FACTOR_OF_ONE_AND_A_HALF: Final = Band(2 / 3, 1.5)
TEN_POINTS: Final = Band(-0.1, 0.1)
FEWEST: Final = 30
"""Recorded deaths below which a ratio is mostly luck."""
POSITIVE, FIRST_DECISIONS = "protection", ("protection", "refusal")
OF_ORDERS: Final = ("removal", "voluntary")
"""Kinds of return that follow an order to leave."""
YEAR_OF_ORDERS: Final = 2016
F5: Final = Criterion(
    "f5.rate", FACTS, "F5: returns to countries outside Europe in 2016, against orders to leave of that year",
    ("mpi-council-statement-2017.orders-2016", "mpi-council-statement-2017.returns-2016", "eurostat-returns"),
    "set from", Band(0.15, 0.30), "%", set_from=("asylum_years.removals",),
    note="Capacity to remove is set from the returns that were recorded; orders come out of the model.",
)  # fmt: skip
F5_AGREEMENT: Final = Criterion(
    "f5.agreement", FACTS, "F5: what an agreement alone adds to the rate of return, and for how long",
    ("eca-sr-17-2021", "stutz-trauner-2022"), "tested",
)  # fmt: skip
WHY_NO_AGREEMENT: Final = (
    "what an agreement adds to cooperation is an assumed number of each policy, and no government goes back on one yet"
)


def lines(scenario: Scenario, fitting: Fitting, runs: Sequence[RunPair]) -> list[Line]:
    """Return the lines of deaths, asylum and returns."""
    made: list[Line] = []
    for period, months in (("fitted", fitting.fitted), ("tested", fitting.after)):
        if len(months):
            made.extend(_deaths(scenario, fitting, runs, period, months))
        if years := whole_years(months):
            made.extend(_institutions(scenario, runs, period, years))
    return made


def fact_lines(fitting: Fitting, runs: Sequence[RunPair]) -> list[Line]:
    """Return the lines of F5."""
    if YEAR_OF_ORDERS not in whole_years(fitting.months):
        return [untested(F5, f"the run does not cover {YEAR_OF_ORDERS}"), untested(F5_AGREEMENT, WHY_NO_AGREEMENT)]
    values = {(run.member, run.seed): return_rate(run.with_, YEAR_OF_ORDERS) for run in runs}
    return [judge(F5, values, runs[0].member, "nobody is ordered to leave"), untested(F5_AGREEMENT, WHY_NO_AGREEMENT)]


def return_rate(run: Measures, year: int) -> float:
    """Return returns of a year that follow an order to leave, over the orders of that year."""
    returns = run.returns[(run.returns["year"] == year) & run.returns["kind"].isin(list(OF_ORDERS))]["people"].sum()
    orders = run.orders[run.orders["year"] == year]["people"].sum()
    return float(returns) / float(orders) if orders else float("nan")


def _deaths(
    scenario: Scenario, fitting: Fitting, runs: Sequence[RunPair], period: str, months: pd.PeriodIndex
) -> Iterator[Line]:
    for route, about in scenario.corridor.routes.items():
        names = route_observations(scenario, route, "deaths")
        if not names:
            continue
        criterion = Criterion(
            f"deaths.{route}.{period}", DEATHS,
            f"{about.label}, {fitting.words(months)}: simulated over recorded deaths",
            (scenario.corridor.observed[names[0]].source,), "set from", FACTOR_OF_TWO, set_from=("legs.p_death",),
            note="Recorded deaths are a lower bound.",
        )  # fmt: skip
        observed = observed_series(scenario, names[0])
        known = observed.dropna().index.intersection(months)
        if observed[known].sum() < FEWEST:
            yield untested(criterion, f"fewer than {FEWEST} deaths were recorded")
            continue
        values = {(run.member, run.seed): ratio(run.with_.series[names[0]][known], observed[known]) for run in runs}
        yield judge(criterion, values, runs[0].member)


def ratio(simulated: pd.Series[float], observed: pd.Series[float]) -> float:
    """Return the simulated total over the observed one."""
    whole = float(observed.sum())
    return float(simulated.sum()) / whole if whole else float("nan")


def _institutions(scenario: Scenario, runs: Sequence[RunPair], period: str, years: Sequence[int]) -> Iterator[Line]:
    capacity = [row for row in scenario.asylum_years if row.year in years]
    rates = [row for row in scenario.recognition if row.year in years and row.decisions]
    when = f"{years[0]} to {years[-1]}" if len(years) > 1 else str(years[0])

    def ask(name: str, group: str, words: str, field: str, band: Band, unit: str = "") -> Criterion:
        table, column = field.split(".")
        evidence = getattr(scenario.corridor.tables, table).columns.get(column)
        sources = (evidence.source,) if evidence is not None and evidence.source else ()
        about = f"{when}: {words}"
        return Criterion(f"{name}.{period}", group, about, sources, "set from", band, unit, set_from=(field,))

    asked: tuple[tuple[Criterion, Callable[[Measures], float], bool], ...] = (
        (ask("decisions", ASYLUM, "first decisions, simulated over published", "asylum_years.decisions",
             FACTOR_OF_ONE_AND_A_HALF), lambda run: decisions_ratio(run, capacity), bool(capacity)),
        (ask("recognition", ASYLUM, "rate of recognition, simulated less published", "recognition.rate", TEN_POINTS,
             "%"), lambda run: recognition_error(run, rates), bool(rates)),
        (ask("recognition-by-origin", ASYLUM, "mean error of that rate by origin and country, weighed by decisions",
             "recognition.rate", Band(0.0, TEN_POINTS.high), "%"), lambda run: recognition_by_pair(run, rates),
         bool(rates)),
        (ask("returns", RETURNS, "returns after an order to leave, simulated over recorded", "asylum_years.removals",
             FACTOR_OF_ONE_AND_A_HALF), lambda run: returns_ratio(run, capacity), bool(capacity)),
    )  # fmt: skip
    for criterion, figure, known in asked:
        if not known:
            yield untested(criterion, "nothing was published for these years")
        else:
            values = {(run.member, run.seed): figure(run.with_) for run in runs}
            yield judge(criterion, values, runs[0].member, "there are no such decisions in a run")


def _at(people: pd.DataFrame, pairs: set[tuple[str, int]]) -> pd.DataFrame:
    """Return the rows of certain countries and years."""
    keys = pd.MultiIndex.from_arrays([people["country"].astype(str), people["year"]])
    return people[keys.isin(list(pairs))]


def decisions_ratio(run: Measures, published: Sequence[AsylumYearRow]) -> float:
    """Return first decisions in the countries and years published, over those."""
    decided = _at(run.decisions, {(row.country, row.year) for row in published})
    made = float(decided.loc[decided["outcome"].isin(list(FIRST_DECISIONS)), "people"].sum())
    whole = sum(row.decisions for row in published)
    return made / whole if whole else float("nan")


def returns_ratio(run: Measures, published: Sequence[AsylumYearRow]) -> float:
    """Return returns that follow an order in the countries and years published, over those."""
    gone = _at(run.returns, {(row.country, row.year) for row in published})
    made = float(gone.loc[gone["kind"].isin(list(OF_ORDERS)), "people"].sum())
    whole = sum(row.removals for row in published)
    return made / whole if whole else float("nan")


def _rates(run: Measures, published: Sequence[RecognitionRow]) -> pd.DataFrame:
    """Return published and simulated decisions by origin and country, and how many were positive."""
    seen = pd.DataFrame(
        [(row.origin, row.country, row.decisions, row.rate * row.decisions) for row in published],
        columns=["origin", "country", "published", "positive"],
    ).groupby(["origin", "country"]).sum()  # fmt: skip
    years = {row.year for row in published}
    first = run.decisions[run.decisions["outcome"].isin(list(FIRST_DECISIONS)) & run.decisions["year"].isin(years)]
    first = first.astype({"origin": str, "country": str, "outcome": str})
    keys = ["origin", "country"]
    seen["made"] = first.groupby(keys)["people"].sum()
    seen["protected"] = first[first["outcome"] == POSITIVE].groupby(keys)["people"].sum()
    return seen.fillna({"made": 0.0, "protected": 0.0})


def recognition_error(run: Measures, published: Sequence[RecognitionRow]) -> float:
    """Return the rate of recognition of first decisions less the published one, over all origins and countries.

    Both are weighed by the published decisions, so that another mix of origins is no error of the rate.
    """
    table = _rates(run, published).query("made > 0")
    if table.empty:
        return float("nan")
    weight = table["published"] / table["published"].sum()
    return float((weight * (table["protected"] / table["made"] - table["positive"] / table["published"])).sum())


def recognition_by_pair(run: Measures, published: Sequence[RecognitionRow]) -> float:
    """Return the mean error of the rate, up or down, over origins and countries, weighed by published decisions."""
    table = _rates(run, published).query("made > 0")
    if table.empty:
        return float("nan")
    weight = table["published"] / table["published"].sum()
    return float((weight * (table["protected"] / table["made"] - table["positive"] / table["published"]).abs()).sum())


def recognition_table(scenario: Scenario, fitting: Fitting, runs: Sequence[RunPair]) -> pd.DataFrame:
    """Return published and simulated rates of recognition by origin, over the whole years of the run."""
    years = whole_years(fitting.months)
    published = [row for row in scenario.recognition if row.year in years and row.decisions]
    if not published:
        return pd.DataFrame()
    of_best = [_rates(run.with_, published) for run in runs if run.member == runs[0].member]
    mean = sum(of_best[1:], of_best[0]) / len(of_best)
    by_origin = mean.groupby("origin").sum()
    return pd.DataFrame({
        "published_decisions": by_origin["published"], "published_rate": by_origin["positive"] / by_origin["published"],
        "simulated_decisions": by_origin["made"],
        "simulated_rate": by_origin["protected"] / by_origin["made"].where(by_origin["made"] > 0),
    }).reset_index()  # fmt: skip
