"""The content of a report, from runs: the first is the baseline, those that share its seeds make pairs with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from simulator.analysis import style
from simulator.analysis.deaths import ANYWHERE, COUNTED, measure_words
from simulator.analysis.diversion.balance import sharp
from simulator.analysis.diversion.estimates import Estimate, mean_of
from simulator.analysis.diversion.figures.common import NO_INTERVAL, between, bracketed, join, more_words, said, signed
from simulator.analysis.diversion.figures.glance import (
    MATCHED,
    UNMATCHED,
    deaths_words,
    headline,
    rest_limits,
    shares,
    treated_words,
)
from simulator.analysis.diversion.figures.time_course import times_words
from simulator.analysis.diversion.pairs import Pairs, make_pairs
from simulator.analysis.diversion.study import NOT_RECORDED, Diversion, of_pairs
from simulator.analysis.diversion.within import MEANS
from simulator.analysis.metrics import monthly_arrivals_by_route
from simulator.analysis.report.arms import Arm, arms_of, shared
from simulator.analysis.report.charts import change_chart, course_chart, monthly_chart, outcome_charts
from simulator.analysis.report.content import Card, Cell, Chart, Finding, ReportContent, Table, Waffle
from simulator.analysis.report.evidence import evidence_tables
from simulator.analysis.report.map_data import map_data
from simulator.errors import InputError
from simulator.numbers import FEWEST_ROWS, few_rows, people, rate
from simulator.outputs.provenance import scenario_hash

if TYPE_CHECKING:
    from simulator.outputs.result import Result

LIMITS: Final = (
    "Differences, not forecasts: the model compares policies under stated assumptions and does not foretell totals.",
    "The 95% interval is over the pairs of runs given. Pairs that differ in seed alone tell of luck; pairs of "
    "different members of a fit tell of part of what is not known about the numbers. Neither tells of what the model "
    "leaves out.",
    "A person is counted on each route entered. Routes on which the same people are counted another time are left out "
    "of what rose elsewhere.",
    MEANS,
    "What was set, and on what evidence, stands above. Values that are assumed could be otherwise within their ranges.",
    *(f"Not recorded: {each[:1].lower()}{each[1:]}" for each in NOT_RECORDED),
)  # fmt: skip
NEEDS: Final = {"in_need": "people in need of protection", "other": "others"}
TONES: Final = ("m1", "m2", "m3", "m4")


def from_runs(results: Sequence[Result], routes: Sequence[str] = ()) -> ReportContent:
    """Return what a report says about runs.

    Parameters
    ----------
    results : the first is the baseline; runs that differ from another in seed or member alone count as one arm.
    routes : routes on which the change acts; by default those of the policies that differ.

    Raises
    ------
    InputError
        If the runs cannot be reported together.
    """
    arms = arms_of(results)
    studies = [(arm, *study) for arm in arms[1:] if (study := _study(arms[0], arm, routes)) is not None]
    scenario = arms[0].first.scenario
    first = studies[0] if studies else None
    if first is None:
        title = scenario.title
        answer = _levels_answer(arms)
    else:
        title, answer = scenario.title, f"{headline(first[1])}."
    question = (f"What does {_changed(first[0], first[1])} change, and where do people go instead?" if first
                else " ".join(scenario.summary.split()))  # fmt: skip
    return ReportContent(
        title=title, question=question, answer=answer, about=_about(arms), cards=_cards(first[1]) if first else (),
        waffle=_waffle(first[1]) if first else None, findings=_findings(arms, studies), map=map_data(arms),
        charts=_charts(arms, studies), comparison=_comparison(arms), evidence=evidence_tables(arms), limits=LIMITS,
        remake=_remake(results), versions={"Corridor": style.versions(results)},
    )  # fmt: skip


Study = tuple[Arm, Diversion, Pairs]


def _study(base: Arm, arm: Arm, routes: Sequence[str]) -> tuple[Diversion, Pairs] | None:
    """Return the diversion of an arm against the baseline; None if they share no seed, or no route is named by either.

    With which side the policy is does not matter to a report, which is always the arm less the baseline. But a fall is
    looked for on the side that has the policy: where the baseline has it, sides are turned.
    """
    keys = shared(base, arm)
    if not keys:
        return None
    one, other = [base.runs[key] for key in keys], [arm.runs[key] for key in keys]
    more = set(base.first.scenario.corridor.policies) - set(arm.first.scenario.corridor.policies)
    less = set(arm.first.scenario.corridor.policies) - set(base.first.scenario.corridor.policies)
    if more and not less:
        one, other = other, one
    try:
        pairs = make_pairs(one, other, routes)
    except InputError as error:
        if routes or any(problem.field != "--route" for problem in error.problems):
            raise
        return None
    return of_pairs(pairs), pairs


def _changed(arm: Arm, study: Diversion) -> str:
    names = list(study.content["policies"].values())
    return f"\N{LEFT DOUBLE QUOTATION MARK}{join(names)}\N{RIGHT DOUBLE QUOTATION MARK}" if names else arm.label


def _levels_answer(arms: Sequence[Arm]) -> str:
    tables = [sum(float(monthly_arrivals_by_route(run).to_numpy().sum()) for run in arm.runs.values()) / len(arm.runs)
              for arm in arms]  # fmt: skip
    return "Arrivals, counted on each route entered: " + "; ".join(
        f"{arm.label} {people(total)}" for arm, total in zip(arms, tables, strict=True)) + "."  # fmt: skip


def _about(arms: Sequence[Arm]) -> tuple[tuple[str, str], ...]:
    scenario = arms[0].first.scenario
    step = "months" if scenario.step_days == "month" else f"{scenario.step_days} days"
    rows = [
        ("scenario", scenario.name), ("corridor", scenario.corridor.title),
        ("period", f"{style.period_words(scenario)}, in steps of {step}"),
        ("people a row", f"{scenario.persons_per_agent:,}"),
    ]  # fmt: skip
    for arm in arms:
        seeds = ", ".join(str(seed) for seed in dict.fromkeys(seed for seed, _ in arm.runs))
        members = {member for _, member in arm.runs}
        which = join(sorted(map(str, members)))
        said_members = "" if members == {None} else f"; member{'s' if len(members) > 1 else ''} of the fit {which}"
        laid = f"; overrides {', '.join(arm.first.scenario.overrides)}" if arm.first.scenario.overrides else ""
        n = len(arm.runs)
        runs = f"{n} runs, seeds {seeds}" if n > 1 else f"1 run, seed {seeds}"
        rows.append((arm.label, f"{runs}{said_members}{laid}"))
    return tuple(rows)


def _interval(low: float, high: float, scale: float = 1.0) -> str:
    """Return an interval by its name, or that there is none."""
    words = between(low, high, scale)
    return words if words == NO_INTERVAL else f"95% interval {words}"


def _cards(study: Diversion) -> tuple[Card, ...]:
    fall, rise, deaths = study.fall, study.rise, study.deaths
    told = deaths.told or deaths.n < 2
    rest, moved, others = fall.mean - rise.mean, study.moved, study.others
    return (
        Card(f"{people(abs(fall.mean))} {'fewer' if fall.mean >= 0 else 'more'}",
             f"arrived by the {treated_words(study)}; {_interval(fall.low, fall.high)}", "fewer"),
        Card(f"{people(moved.mean)} matched",
             f"by more of the same origin and need on other routes; {_interval(moved.low, moved.high)}. Others more "
             f"there: {people(others.mean)}; {_interval(others.low, others.high)}", "more"),
        Card(f"{people(abs(rest))} {'fewer' if rest >= 0 else 'more'}", "arrived in all, whichever the route"),
        Card(f"{signed(deaths.mean)} deaths {ANYWHERE}" if told else "No clear change",
             ("" if told else f"in deaths {ANYWHERE}: ") + deaths_words(study).removeprefix("no clear change; ")),
    )  # fmt: skip


def _waffle(study: Diversion) -> Waffle | None:
    if not (study.fall.mean > 0 and sharp(study.ratio)):
        return None
    found = shares(study)
    parts = [(f"by the {study.content['labels'][route]}", count, TONES[min(place, 3)])
             for place, (route, count) in enumerate(found.items())]  # fmt: skip
    rest = max(100 - sum(found.values()), 0)
    parts.append((f"{UNMATCHED}{bracketed(rest_limits(study.ratio))}", rest, "m0"))
    title = f"Of every 100 fewer by the {treated_words(study)}, how many more of the same origin and need"
    return Waffle(title, tuple(parts))


def _findings(arms: Sequence[Arm], studies: Sequence[Study]) -> tuple[Finding, ...]:
    found = []
    for arm, study, _ in studies:
        lead = f"{arm.label}: " if len(studies) > 1 else ""
        if study.content["pairs"] < 2:
            found.append(Finding(f"{lead}One pair of runs gives no interval: luck and effect cannot be told apart.",
                                 "Run other seeds with and without, and report them together."))  # fmt: skip
        if study.fall.mean > 0:
            found += _study_findings(lead, study)
        else:
            found.append(Finding(f"{lead}{study.verdict.said.capitalize()}.",
                                 f"Change on the {treated_words(study)}: {said(study.fall)} fewer."))  # fmt: skip
    if not studies:
        found.append(Finding(_levels_answer(arms), "No runs share a seed with the baseline and name a route that the "
                             "change acts on: differences have no intervals." if len(arms) > 1 else "A single kind of "
                             "run: levels, not differences."))  # fmt: skip
    return tuple(found)


def _study_findings(lead: str, study: Diversion) -> list[Finding]:
    counts = shares(study)
    routes = study.tables["matrix"].sort_values("ratio", ascending=False)
    where = "; ".join(
        f"{study.content['labels'][row['route']]} {counts.get(row['route'], 0)} "
        f"({between(row['low'], row['high'], 100)})"
        for row in routes.to_dict(orient="records")
    )
    many = (f"{people(100 * study.ratio.mean)} are {MATCHED}" if sharp(study.ratio)
            else "it is too uncertain to say how many are matched on other routes")  # fmt: skip
    share = (f"Of every 100 fewer arrivals by the {treated_words(study)}, {many} "
             f"({_interval(study.ratio.low, study.ratio.high, 100)}).")  # fmt: skip
    fates = {name: study.fate(name) for name in ("stay", "went back", "wait")}
    risk = {row["where"]: row for row in study.tables["risk"].to_dict(orient="records")}
    need = {row["label"]: row for row in study.tables["groups"].to_dict(orient="records")}
    found = [
        Finding(f"{lead}{share}",
                f"{study.verdict.said.capitalize()}. By route: {where}. Others more on other routes: "
                f"{said(study.others)}. {MEANS}"),
        Finding(f"{lead}Deaths {ANYWHERE}: {_more(study.deaths)}.",
                f"On all legs of the {treated_words(study)} {_more(_turned(study.deaths_fall))}, of other routes "
                f"{_more(study.deaths_rise)}. Deaths per 1,000 attempts {COUNTED}, on all "
                f"routes together, {rate(risk['all']['without'])} without and "
                f"{rate(risk['all']['with_'])} with."),
        Finding(f"{lead}Where people are at the end: {_more(fates['stay'])} at home or in a host country, "
                f"{_more(fates['went back'])} who set out and went back, {_more(fates['wait'])} on the way or held.",
                f"In destination countries {signed(study.fate('destination').mean)}; at least "
                f"{said(study.changed_destination)} changed destination.{_waiting(study)}"),
        Finding(f"{lead}How long it takes: {times_words(study)}.",
                "Counted from the first month in which runs differ."),
    ]  # fmt: skip
    if {"in_need", "other"} <= set(need):
        one, two = (_group(need[name]) for name in ("in_need", "other"))
        found.append(Finding(f"{lead}Of every 100 fewer who are in need of protection, {one} are matched by more of "
                             f"their origin on other routes; of every 100 fewer others {two}."))  # fmt: skip
    return found


def _waiting(study: Diversion) -> str:
    """Return who is on the way or held, by need of protection; empty where that was not recorded."""
    rows = study.tables["waiting"].to_dict(orient="records")
    if not rows:
        return ""
    parts = [f"{NEEDS.get(str(row['need']), str(row['need']))} "
             f"{_more(Estimate(row['change'], row['low'], row['high'], row['n']))}" for row in rows]  # fmt: skip
    return f" On the way or held: {join(parts)}."


def _group(row: Any) -> str:
    if not math.isfinite(row["ratio"]):
        return "no share can be told"
    return f"{people(100 * row['ratio'])} ({between(row['low'], row['high'], 100)})"


def _turned(change: Estimate) -> Estimate:
    """Return a fall as a change."""
    return Estimate(-change.mean, -change.high, -change.low, change.n)


def _more(change: Estimate) -> str:
    words, limits = more_words(change)
    return f"{words} ({limits})"


def _charts(arms: Sequence[Arm], studies: Sequence[Study]) -> tuple[Chart, ...]:
    made: list[Chart] = []
    for number_, (arm, study, pairs) in enumerate(studies):
        charts = [change_chart(study), course_chart(study)]
        charts += outcome_charts(pairs) if number_ == 0 else []
        made += [_renamed(chart, number_, arm.label) if len(studies) > 1 else chart for chart in charts]
    labels = arms[0].first.scenario.corridor.routes
    tables = {arm.label: _monthly(arm) for arm in arms}
    for route, about in labels.items():
        series = {name: table[route] for name, table in tables.items()}
        if any(float(each.sum()) > 0 for each in series.values()):
            made.append(monthly_chart(about.label, route, series))
    return tuple(made)


def _renamed(chart: Chart, number_: int, label: str) -> Chart:
    table = chart.table and Table(f"{chart.table.id}-{number_}", *list(vars(chart.table).values())[1:])
    return Chart(f"{chart.id}-{number_}", f"{chart.title}: {label}", chart.figure, chart.alt, table, chart.note,
                 chart.height)  # fmt: skip


def _monthly(arm: Arm) -> pd.DataFrame:
    tables = [monthly_arrivals_by_route(run) for run in arm.runs.values()]
    return pd.concat(tables).groupby(level=0).sum() / len(tables)


def _comparison(arms: Sequence[Arm]) -> tuple[Table, ...]:
    """Return every measure of every route, the arms against the baseline."""
    labels = {name: route.label for name, route in arms[0].first.scenario.corridor.routes.items()}
    base = _totals(arms[0])
    rows: list[tuple[Cell, ...]] = []
    if len(arms) == 1:
        rows = [(labels[route], measure_words(measure), float(base.loc[(route, measure)].mean()))
                for route, measure in base.index]  # fmt: skip
        return (Table("comparison", "Totals by route", ("route", "measure", "mean of runs"), tuple(rows), True,
                      _few_words(arms, labels)),)  # fmt: skip
    for arm in arms[1:]:
        found, keys = _totals(arm), shared(arms[0], arm)
        for route, measure in base.index:
            ours, theirs = found.loc[(route, measure)], base.loc[(route, measure)]
            change = mean_of([ours[key] - theirs[key] for key in keys])
            mean = float(theirs.mean())
            middle = change.mean if keys else float(ours.mean()) - mean
            relative = 100 * middle / mean if mean else None
            rows.append((labels[route], measure_words(measure), *((arm.label,) if len(arms) > 2 else ()), mean,
                         float(ours.mean()), middle, _or_none(change.low), _or_none(change.high),
                         relative))  # fmt: skip
    head = ("route", "measure", *(("runs",) if len(arms) > 2 else ()), "baseline", "here", "difference", "low", "high",
            "difference, %")  # fmt: skip
    note = ("Means of runs; low and high: 95% interval of the difference over pairs of one seed. Attempts, arrivals "
            "and interceptions on counted legs, deaths on all legs of the route. "
            f"{_few_words(arms, labels)}").strip()  # fmt: skip
    return (Table("comparison", "Every route, against the baseline", head, tuple(rows), True, note),)


def _few_words(arms: Sequence[Arm], labels: Mapping[str, str]) -> str:
    """Return which numbers of the comparison rest on few rows of people, in words; empty if none do."""
    found: dict[str, None] = {}
    for arm in arms:
        means = _totals(arm).mean(axis=1)
        for (route, measure), mean in zip(means.index.tolist(), means.tolist(), strict=True):
            if few_rows(float(mean), arm.first.scenario.persons_per_agent, len(arm.runs)):
                found[f"{measure_words(measure)}, {labels[route]}"] = None
    return f"On fewer than {FEWEST_ROWS} rows of people rest: {'; '.join(found)}." if found else ""


def _totals(arm: Arm) -> pd.DataFrame:
    """Return attempts, arrivals, interceptions and deaths by route (rows), a column a run."""
    columns = {}
    for key, run in arm.runs.items():
        counted = [leg.leg for leg in run.scenario.legs if leg.counted]
        found = {}
        for measure in ("attempts", "arrivals", "interceptions", "deaths"):
            where = {} if measure == "deaths" else {"leg": counted}
            frame = run.frame(measure, by=["route"], where=where)
            totals = dict(zip(frame["route"].astype(str), frame[measure].astype(float), strict=True))
            found.update({(route, measure): totals.get(route, 0.0) for route in run.scenario.corridor.routes})
        columns[key] = pd.Series(found)
    table = pd.DataFrame(dict(enumerate(columns.values())))
    table.columns = pd.Index(list(columns), tupleize_cols=False)
    return table


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _hash(run: Result) -> str:
    """Return the hash of a result: the one on record, or for a fresh run that of its tables."""
    return str(run.record["result_hash"]) if run.record else run.hash


def _remake(results: Sequence[Result]) -> tuple[tuple[str, str], ...]:
    """Return the commands that make the runs and the page again."""
    rows = []
    for run in results:
        what = f"seed {run.seed}; scenario {scenario_hash(run.scenario)[:12]}, result {_hash(run)[:12]}"
        command = f"corridor rerun {run.folder}" if run.folder is not None else (
            f"corridor run {run.scenario.name} --seed {run.seed} --persons-per-agent {run.scenario.persons_per_agent}"
            + "".join(f" --override {name}" for name in run.scenario.overrides))  # fmt: skip
        rows.append((command, what))
    folders = " ".join(str(run.folder) for run in results if run.folder is not None)
    rows.append((f"corridor report {folders or 'RUN...'} --out report.html", "this page"))
    return tuple(rows)
