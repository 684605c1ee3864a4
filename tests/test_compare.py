"""`corridor compare`: designs and their errors, draws, common luck, and what is written."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from test_cli import corridor
from test_fits import FIT
from typer.testing import CliRunner

from simulator import api
from simulator.analysis import experiment_page
from simulator.cli import app
from simulator.errors import ChoiceError, InputError
from simulator.model import simulate
from simulator.scenario.load import load
from simulator.scenario.new import new
from simulator.scenario.schema import Scenario
from simulator.sweeps import draws as drawing
from simulator.sweeps import run as running
from simulator.sweeps.experiment import Measured
from simulator.sweeps.measures import value
from simulator.sweeps.reading import read_design
from simulator.sweeps.run import make_plan, touched_routes

DESIGN = """question: Does the agreement lower arrivals?
cases:
  short: {scenario: mine, end: 2016-07-01, persons_per_agent: 1000, set: {step_days: month}}
arms:
  none: {label: No agreement, overrides: [no-agreement]}
  made: {label: As made}
  more:
    label: More of it
    overrides: [twice]
    set:
      policies.sea-agreement.payments.0.million_eur: 240
baseline: none
draws:
  number: 4
  seed: 7
  fields:
    - parameters.choice.scale
    - parameters.news.*
    - policies.sea-agreement.payments.0.factor
    - partnerships.0.trust
replicates: 2
measures:
  arrivals: {measure: arrivals, better: less, label: Arrivals}
  sea: {measure: arrivals, where: {route: narrow-sea}, since: 2016-03, better: less}
  protected: {measure: protection, better: more}
  cost: {measure: cost, better: less}
  trust: {measure: trust}
luck: {replicates: 4}
reading: |
  It lowers them <somewhat>.
"""
TWICE = """override: twice
summary: The departure side does more.
set:
  policies.sea-agreement.levers.0.values.1.value: 9
"""
FILES = {
    "design.yaml", "differences.parquet", "differences.png", "index.html", "levels.parquet", "luck-runs.parquet",
    "luck.parquet", "luck.png", "record.json", "regions.parquet", "regret.parquet", "runs.parquet",
    "shares.parquet", "shares.png", "trade-off.png",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a copy of the template, a fit of two members, and an experiment called ``sea``."""
    monkeypatch.chdir(tmp_path)
    new("mine")
    with (tmp_path / "mine" / "strait" / "corridor.yaml").open("a", encoding="utf-8") as file:
        file.write("\nfit: fit.yaml\n")
    (tmp_path / "mine" / "strait" / "fit.yaml").write_text(FIT, encoding="utf-8")
    (tmp_path / "experiments" / "sea" / "overrides").mkdir(parents=True)
    (tmp_path / "experiments" / "sea" / "overrides" / "twice.yaml").write_text(TWICE, encoding="utf-8")
    write_design(tmp_path)
    return tmp_path


def write_design(folder: Path, old: str = "", new: str = "") -> None:
    assert old in DESIGN
    text = DESIGN.replace(old, new, 1) if old else DESIGN
    (folder / "experiments" / "sea" / "design.yaml").write_text(text, encoding="utf-8")


def line_of(text: str) -> int:
    return DESIGN[: DESIGN.index(text)].count("\n") + 1


# The command ---------------------------------------------------------------------------------------------------------


def test_the_command_writes_tables_figures_and_a_page(folder: Path) -> None:
    done = corridor("compare", "sea", "--draws", "2", "--replicates", "1", "--luck", "3", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "page: results/sea/index.html" in done.stdout
    assert "More of it" in done.stdout
    lines = done.stderr.splitlines()
    assert lines[0] == "1 of 12: short, none: draw 1, seed 2"
    assert lines[-1].startswith("12 of 12: ")
    out = folder / "results" / "sea"
    assert {path.name for path in out.iterdir()} == FILES
    assert not [path for path in (folder / "results").iterdir() if path.name != "sea"], "nothing half-written is left"
    assert (out / "design.yaml").read_text(encoding="utf-8") == DESIGN
    record = json.loads((out / "record.json").read_text(encoding="utf-8"))
    assert record["design"]["draws"]["number"] == 2, "what was asked for on the command line"
    assert set(record["files"]) == FILES - {"record.json"}
    assert set(record["cases"]["short"]["scenario_hashes"]) == {"none", "made", "more"}
    runs = pd.read_parquet(out / "runs.parquet")
    assert len(runs) == 6
    again = corridor("compare", "sea", "--draws", "2", cwd=folder)
    assert again.returncode == 2
    assert "holds a comparison already" in again.stderr


def test_a_reading_stands_over_the_runs_that_it_was_written_for(folder: Path) -> None:
    design = folder / "experiments" / "sea" / "design.yaml"
    assert design.is_file()
    made = api.compare("sea", draws=2, replicates=1, out="one")
    text = design.read_text(encoding="utf-8")
    design.write_text(f"{text.rstrip()}\nreading_of: {made.content['hash'][:16]}\n", encoding="utf-8")
    again = api.compare("sea", draws=2, replicates=1, out="two")
    assert again.content["design_hash"] == made.content["design_hash"], "a sweep of it goes on"
    page = (folder / "two" / "index.html").read_text(encoding="utf-8")
    assert "It lowers them &lt;somewhat&gt;." in page
    api.compare("sea", draws=3, replicates=1, out="three")
    page = (folder / "three" / "index.html").read_text(encoding="utf-8")
    assert "It lowers them" not in page
    assert f"written for the runs <code>{made.content['hash'][:12]}</code>" in page


def test_the_page_holds_everything_and_needs_nothing(folder: Path) -> None:
    api.compare("sea", draws=2, replicates=1, out="out")
    page = (folder / "out" / "index.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == page.count("<img") == 4
    assert not re.search(r'(src|href)="(?!data:)', page)
    for alt in re.findall(r'<img[^>]* alt="([^"]*)"', page):
        assert "More of it" in alt or "As made" in alt
    assert "It lowers them" not in page, "a reading stands over no runs but those that it was written for"
    assert "written for runs that it does not name" in page
    for text in ("Does the agreement lower arrivals?", "parameters.choice.scale", "0.2 to 1", "Members of the fit",
                 "parameters.news.weight is fitted", "Limits", "with twice"):  # fmt: skip
        assert text in page, text


def test_json_holds_the_tables(folder: Path) -> None:
    done = corridor("compare", "experiments/sea", "--draws", "0", "--replicates", "1", "--luck", "0", "--json", "--out",
                    "here", cwd=folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    assert content["folder"] == "here"
    assert content["luck"] is None
    assert len(content["runs"]) == 3
    assert {each["low"] for each in content["differences"]} == {None}, "one run says nothing of luck"


def test_each_case_is_told_of_by_itself(folder: Path) -> None:
    first = DESIGN[DESIGN.index("  short:") : DESIGN.index("arms:")]
    write_design(folder, "arms:", first.replace("short", "shorter").replace("2016-07", "2016-05") + "arms:")
    found = api.compare("sea", draws=0, replicates=2, luck=3, out="out")
    assert {path.name for path in (folder / "out").glob("*.png")} == {
        f"{figure}-{case}.png" for figure in ("differences", "shares", "trade-off", "luck")
        for case in ("short", "shorter")
    }  # fmt: skip
    totals = found.tables["levels"].set_index(["case", "measure", "arm"])["mean"]
    assert totals["short", "arrivals", "none"] > totals["shorter", "arrivals", "none"] > 0
    page = (folder / "out" / "index.html").read_text(encoding="utf-8")
    assert "<h2>Shorter</h2>" in page
    assert page.count("What was drawn") == 2


def test_another_folder_is_never_overwritten(folder: Path) -> None:
    done = corridor("compare", "sea", "--out", "mine", "--overwrite", cwd=folder)
    assert done.returncode == 2
    assert "is there already, and is no comparison" in done.stderr
    assert (folder / "mine" / "two-ways.yaml").is_file()


def test_a_failure_while_writing_leaves_what_was_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api.compare("sea", draws=0, replicates=1, luck=0, out="out")
    before = {path.name: path.read_bytes() for path in (folder / "out").iterdir()}

    def fails(*_: Any) -> None:
        raise OSError("no room")

    monkeypatch.setattr(experiment_page, "draw", fails)
    with pytest.raises(OSError, match="no room"):
        api.compare("sea", draws=0, replicates=1, luck=0, out="out", overwrite=True)
    assert {path.name: path.read_bytes() for path in (folder / "out").iterdir()} == before
    assert not list(folder.glob(".out*"))


# What is run ----------------------------------------------------------------------------------------------------------


def test_two_processes_come_to_the_same(folder: Path) -> None:
    one, two = (api.compare("sea", draws=2, replicates=1, luck=3, workers=workers) for workers in (1, 2))
    assert one.content == two.content
    assert one.content["hash"]
    for name, table in one.tables.items():
        pd.testing.assert_frame_equal(table, two.tables[name], check_exact=True)


def test_arms_share_values_and_luck_and_draws_do_not(folder: Path) -> None:
    jobs = make_plan(read_design("sea")).jobs()
    assert len(jobs) == 4 * 2 * 3
    shared: dict[tuple[int, int], set[Any]] = {}
    for job in jobs:
        values = (job.scenario.seed, job.scenario.fit_member, *sorted(job.draw.values.items()))
        shared.setdefault((job.draw.number, job.replicate), set()).add(values)
        held = job.scenario.parameters.choice.scale.value
        assert held == job.draw.values["parameters.choice.scale"]
        assert job.scenario.corridor.partnerships[0].trust == job.draw.values["partnerships.0.trust"]
    assert all(len(values) == 1 for values in shared.values())
    seeds = [next(iter(values))[0] for values in shared.values()]
    assert len(set(seeds)) == 8
    of_draw = {number: {v[2:] for (draw, _), vs in shared.items() if draw == number for v in vs} for number in (1, 2)}
    assert of_draw[1] != of_draw[2]


def test_a_factor_multiplies_what_each_arm_has(folder: Path) -> None:
    for job in make_plan(read_design("sea")).jobs():
        factor = job.draw.values["policies.sea-agreement.payments.0.factor"]
        assert 0.5 <= factor <= 1.5
        policy = job.scenario.corridor.policies.get("sea-agreement")
        assert (policy is None) == (job.arm == "none")
        if policy is not None:
            before = {"made": 120, "more": 240}[job.arm]
            assert policy.payments[0].million_eur == pytest.approx(before * factor)
            assert policy.levers[0].values[1].value == {"made": 5, "more": 9}[job.arm], "beside the design"


def test_members_are_drawn_together_and_nothing_on_top_of_them(folder: Path) -> None:
    plan = make_plan(read_design("sea")).cases["short"]
    assert sorted(draw.member for draw in plan.draws) == [0, 0, 1, 1], "each as often"
    assert [one.field for one in plan.drawn if one.field.startswith("parameters.news")] == [
        "parameters.news.shared", "parameters.news.reference",
    ]  # fmt: skip
    assert [note.split()[0] for note in plan.notes] == ["parameters.news.weight", "parameters.news.halflife"]
    for (_, number), scenario in plan.scenarios.items():
        member = next(draw.member for draw in plan.draws if draw.number == number)
        assert scenario.parameters.news.weight.value == {0: 0.25, 1: 0.75}[member]


def test_without_members_fitted_numbers_may_be_drawn(folder: Path) -> None:
    write_design(folder, "seed: 7", "seed: 7\n  members: false")
    plan = make_plan(read_design("sea")).cases["short"]
    assert {draw.member for draw in plan.draws} == {None}
    weights = [draw.values["parameters.news.weight"] for draw in plan.draws]
    assert all(0.1 <= weight <= 0.5 for weight in weights), "the range that the data leave"


def test_draws_are_a_latin_hypercube_that_stays_when_fields_are_added() -> None:
    fields = [drawing.Uncertain(name, 2.0, 6.0, 3.0, "1", "linear", "assumed") for name in ("a", "b", "c")]
    found = drawing.sample(fields, 3, 12, 5)
    for one in fields:
        slices = sorted(math.floor((draw.values[one.field] - 2.0) / 4.0 * 12) for draw in found)
        assert slices == list(range(12))
    assert [draw.values["a"] for draw in found] != [draw.values["b"] for draw in found]
    assert np.bincount([draw.member or 0 for draw in found]).tolist() == [4, 4, 4]
    fewer = drawing.sample(fields[:1], 3, 12, 5)
    assert [draw.values["a"] for draw in fewer] == [draw.values["a"] for draw in found]
    assert [draw.values["a"] for draw in drawing.sample(fields, 3, 12, 6)] != [draw.values["a"] for draw in found]


def test_every_number_with_a_range_can_be_drawn_and_laid(folder: Path) -> None:
    """What is laid comes out again as the best value, and nothing else moves."""
    made = load("mine", fit_member="none")
    known = drawing.uncertain(made)
    assert {name.split(".")[0] for name in known} >= {"parameters", "policies", "partnerships"}
    values = {name: one.at(0.25) for name, one in known.items()}
    laid = drawing.uncertain(drawing.lay(made, values))
    assert list(laid) == list(known)
    for name, one in laid.items():
        if not name.endswith("factor"):
            assert one.best == values[name], name
    assert drawing.lay(made, {}) == made
    one = drawing.lay(made, {"parameters.news.weight": 0.4})
    assert one != made
    assert drawing.lay(one, {"parameters.news.weight": made.parameters.news.weight.value}) == made


def test_factors_are_drawn_by_ratio() -> None:
    factor = drawing.Uncertain("f", 0.25, 4.0, 1.0, "1", "log", "assumed")
    assert [factor.at(share) for share in (0.0, 0.5, 1.0)] == [pytest.approx(each) for each in (0.25, 1.0, 4.0)]
    assert drawing.Uncertain("f", 0.25, 4.0, 1.0, "1", "linear", "assumed").at(0.5) == pytest.approx(2.125)


def test_a_run_at_the_best_values_is_the_run_that_the_scenario_makes(folder: Path) -> None:
    found = api.compare("sea", draws=0, replicates=1, luck=0).tables["runs"].set_index("arm")
    changes: dict[str, Any] = {"end": "2016-07-01", "persons_per_agent": 1000, "set": {"step_days": "month"}}
    result = api.run("mine", overrides=["no-agreement"], **changes)
    assert found.loc["none", "seed"] == result.seed
    assert found.loc["none", "arrivals"] == result.summary["totals"]["arrivals"] > 0
    assert found.loc["none", "cost"] == 0.0
    assert found.loc["made", "cost"] == pytest.approx(result.frame("spending")["spending"].iloc[0] + 120e6 * 103 / 731,
                                                      rel=0.02)  # fmt: skip


def test_luck_is_measured_on_seeds_that_both_arms_share(folder: Path) -> None:
    found = api.compare("sea", draws=0, replicates=2, luck=4)
    runs, luck = found.tables["luck-runs"], found.tables["luck"].set_index("measure")
    assert len(runs) == 8
    assert list(runs[runs["arm"] == "none"]["seed"]) == list(runs[runs["arm"] == "made"]["seed"]) == [1, 2, 3, 4]
    assert luck.loc["arrivals, narrow-sea", "touched"]
    assert not luck.loc["arrivals, long-way", "touched"]
    base, arm = (runs[runs["arm"] == name]["arrivals"].to_numpy() for name in ("none", "made"))
    assert luck.loc["arrivals", "independent"] == pytest.approx(base.var(ddof=1) + arm.var(ddof=1))
    assert luck.loc["arrivals", "common"] == pytest.approx((arm - base).var(ddof=1))
    assert luck.loc["arrivals, median of untouched routes", "ratio"] == luck.loc["arrivals, long-way", "ratio"]
    shared = found.tables["runs"]
    assert sum(len(table) for table in (shared[shared["arm"] != "more"], runs)) == 4 + 8


def test_touched_routes_are_those_on_which_a_policy_differs(folder: Path) -> None:
    made, without = load("mine"), load("mine", overrides=["no-agreement"])
    assert touched_routes(made, without) == ["narrow-sea"]
    assert touched_routes(made, made) == []
    assert touched_routes(made, load("mine", set={"parameters.choice.scale": 0.9})) == []


def test_a_run_that_cannot_be_is_a_row_and_its_draw_is_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(scenario: Scenario) -> api.Result:
        if scenario.seed == 1 + 2:
            raise ChoiceError("round and round")
        return simulate(scenario)

    monkeypatch.setattr(running, "simulate", fails)
    found = api.compare("sea", draws=3, replicates=1, luck=0, out="out")
    failed = found.tables["runs"].query("failed != ''")
    assert set(failed["draw"]) == {2}
    assert set(failed["failed"]) == {"round and round"}
    assert set(found.tables["differences"]["n"]) == {2}
    assert "3 runs failed" in (folder / "out" / "index.html").read_text(encoding="utf-8")
    with pytest.raises(InputError, match=r"cases\.short: has no draw of which no run failed: round and round"):
        api.compare("sea", draws=1, replicates=3, luck=0)


# Measures -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> api.Result:
    folder = tmp_path_factory.mktemp("run")
    new(folder / "mine")
    return api.run(folder / "mine", end="2016-07-01", persons_per_agent=1000, set={"step_days": "month"})


def by_month(result: api.Result, measure: str, **where: Any) -> pd.Series:
    return result.frame(measure, by=["month"], where=where).set_index("month")[measure]


MEASURES: list[tuple[dict[str, Any], Callable[[api.Result], float]]] = [
    ({"measure": "arrivals"}, lambda r: by_month(r, "arrivals").sum()),
    ({"measure": "arrivals", "since": "2015-03", "until": "2015-05"},
     lambda r: by_month(r, "arrivals")["2015-03":"2015-05"].sum()),
    ({"measure": "protection"},
     lambda r: by_month(r, "decisions", outcome=["protection", "protection_on_appeal"]).sum()),
    ({"measure": "cost"}, lambda r: by_month(r, "spending").sum()),
    ({"measure": "returns", "where": {"kind": "removal"}}, lambda r: by_month(r, "returns", kind="removal").sum()),
    ({"measure": "backlog"}, lambda r: by_month(r, "backlog").iloc[-1]),
    ({"measure": "backlog", "at": "mean"}, lambda r: by_month(r, "backlog").mean()),
    ({"measure": "backlog", "until": "2015-06"}, lambda r: by_month(r, "backlog")["2015-06"]),
    ({"measure": "prices", "where": {"leg": "beach--bay"}},
     lambda r: r.frame("prices", where={"leg": "beach--bay"})["prices"].iloc[0]),
    ({"measure": "prices", "where": {"leg": "beach--bay"}, "at": "end"},
     lambda r: by_month(r, "prices", leg="beach--bay").iloc[-1]),
    ({"measure": "trust"}, lambda r: r.frame("trust")["trust"].iloc[0]),
    ({"measure": "remittances"}, lambda r: by_month(r, "remittances").sum()),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "expected"), MEASURES, ids=[str(asked) for asked, _ in MEASURES])
def test_measures_are_taken_as_asked(
    result: api.Result, asked: dict[str, Any], expected: Callable[[api.Result], float]
) -> None:
    found = value(result, Measured.model_validate(asked))
    assert found == pytest.approx(float(expected(result)))
    assert math.isfinite(found)


# Errors ---------------------------------------------------------------------------------------------------------------


BROKEN: list[tuple[str, str, str, tuple[str, ...]]] = [
    ("question: Does the agreement lower arrivals?\n", "", "", ("question: is missing",)),
    ("baseline: none", "baseline: nones", "baseline:", ("is not one of the arms", "did you mean 'none'?")),
    ("cases:", "scenario: mine\ncases:", "", ("both given: scenario and cases",)),
    ("replicates: 2", "replicates: 0", "replicates: 2", ("replicates: is too small", "at least 1")),
    ("replicates: 2", "replicats: 2", "replicates: 2", ("replicats: is not a known key", "'replicates'")),
    ("number: 4", "number: many", "number: 4", ("draws.number: is not a whole number",)),
    ("measure: cost", "measure: csot", "cost: {", ("measures.cost.measure: no such measure", "did you mean 'cost'?")),
    ("  cost: {", "  seed: {", "cost: {", ("measures.seed: is a name that tables of runs use already",)),
    ("  cost: {", "  news.cost: {", "cost: {", ("measures.news.cost: is a name that tables of runs use already",)),
    ("better: more", "better: most", "protected: {", ("measures.protected.better", "'less' or 'more'")),
    ("since: 2016-03", "since: 2016-3", "sea: {", ("measures.sea.since", "YYYY-MM")),
    ("since: 2016-03", "since: 2018-03", "sea: {", ("is not a month of the run", "2015-01 to 2016-06")),
    ("since: 2016-03", "since: 2016-03, until: 2016-01", "sea: {", ("comes before 'since'",)),
    ("where: {route:", "where: {rout:", "sea: {", ("where.rout: is no dimension of 'arrivals'", "'route'")),
    ("route: narrow-sea", "route: narow-sea", "sea: {", ("is not a label of this dimension", "'narrow-sea'")),
    ("{measure: trust}", "{measure: trust, at: total}", "trust: {", ("cannot be taken of 'trust'", "end, mean")),
    ("scenario: mine", "scenario: mein", "short: {", ("cases.short.scenario: there is no scenario of this name",)),
    ("overrides: [no-agreement]", "overrides: [no-agrement]", "none: {",
     ("arms.none.overrides.0: there is no override of this name", "did you mean 'no-agreement'?")),
    ("payments.0.million_eur: 240", "payments.0.milion_eur: 240", "payments.0.million_eur",
     ("arms.more.set.policies.sea-agreement.payments.0.milion_eur", "million_eur")),
    ("      policies.sea-agreement.payments.0.million_eur: 240", "      seed: 5", "payments.0.million_eur",
     ("arms.more.set.seed: must be the same in every arm",)),
    ("{label: As made}", "{label: As made, without: [twice]}", "made: {",
     ("arms.made.without.0: is not an override of the scenario",)),
    ("end: 2016-07-01", "end: 2010-07-01", "short: {", ("cases.short.end: is not after the start",)),
    ("parameters.choice.scale", "parameters.choice.scael", "- parameters.choice.scale",
     ("draws.fields.0: names no number that has a range", "did you mean 'parameters.choice.scale'?")),
    ("parameters.choice.scale", "parameters.news.weight", "- parameters.choice.scale",
     ("is fitted: the members of the fit hold it", "members: false")),
    ("payments.0.factor", "levers.0.factor", "payments.0.factor", ("is fitted",)),
    ("luck: {replicates: 4}", "luck: {replicates: 4, arms: [none]}", "luck:", ("luck.arms.0: is the baseline itself",)),
    ("luck: {replicates: 4}", "luck: {replicates: 2}", "luck:", ("luck.replicates: is too small", "at least 3")),
]  # fmt: skip


@pytest.mark.parametrize(("old", "text", "at", "said"), BROKEN, ids=[f"{new or 'nothing'}" for _, new, _, _ in BROKEN])
def test_a_broken_design_is_refused_with_its_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, old: str, text: str, at: str, said: tuple[str, ...]
) -> None:
    def never(*_: Any) -> None:
        raise AssertionError("something ran")

    monkeypatch.setattr(running, "do_all", never)
    write_design(folder, old, text)
    with pytest.raises(InputError) as found:
        api.compare("sea", out="out")
    message = str(found.value)
    for part in said:
        assert part in message
    if at:
        assert f"experiments/sea/design.yaml:{line_of(at)}: " in message
    assert not (folder / "out").exists()


def test_a_number_that_arms_set_differently_is_not_drawn(folder: Path) -> None:
    write_design(folder, "policies.sea-agreement.payments.0.million_eur: 240", "parameters.choice.scale: 0.9")
    with pytest.raises(InputError, match=r"differs between arms \(more\)"):
        make_plan(read_design("sea"))


def test_all_problems_come_at_once(folder: Path) -> None:
    text = DESIGN.replace("baseline: none", "baseline: nun").replace("number: 4", "number: -1")
    text = text.replace("measure: cost", "measure: csot")
    (folder / "experiments" / "sea" / "design.yaml").write_text(text, encoding="utf-8")
    done = corridor("compare", "sea", "--replicates", "0", cwd=folder)
    assert done.returncode == 2
    assert "4 problems; nothing was written" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "results").exists()
    text = DESIGN.replace("[no-agreement]", "[no-agrement]").replace("overrides: [twice]", "overrides: [thrice]")
    (folder / "experiments" / "sea" / "design.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as found:
        make_plan(read_design("sea"))
    assert [problem.field for problem in found.value.problems] == ["arms.none.overrides.0", "arms.more.overrides.0"]


def test_the_example_of_the_documents_can_be_run(tmp_path: Path) -> None:
    text = (Path(__file__).resolve().parents[1] / "docs" / "compare.md").read_text(encoding="utf-8")
    (block,) = [each for each in re.findall(r"```yaml\n(.*?)```", text, flags=re.S) if "question:" in each]
    (tmp_path / "design.yaml").write_text(block, encoding="utf-8")
    assert read_design(tmp_path).experiment.draws.number == 20
    assert len(make_plan(read_design(tmp_path, draws=2)).jobs()) == 2 * 2 * 3


def test_nothing_uncertain_is_said(folder: Path) -> None:
    text = DESIGN[: DESIGN.index("  fields:")] + "  members: false\n" + DESIGN[DESIGN.index("replicates: 2") :]
    (folder / "experiments" / "sea" / "design.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="nothing is uncertain"):
        make_plan(read_design("sea"))


@pytest.mark.parametrize(("arguments", "text"), [
    (("see",), "did you mean 'sea'?"),
    (("mine",), "has no design.yaml, and is no experiment to compare"),
    (("other",), "is not an experiment: it has neither 'arms' to compare"),
    (("sea", "--workers", "0"), "--workers: is too small"),
    (("sea", "--luck", "2"), "--luck: is too small"),
    (("sea", "--draws", "-1"), "--draws: is too small"),
    ((), "Missing argument"),
], ids=str)  # fmt: skip
def test_wrong_words_exit_2_and_write_nothing(folder: Path, arguments: tuple[str, ...], text: str) -> None:
    (folder / "experiments" / "other").mkdir()
    (folder / "experiments" / "other" / "design.yaml").write_text("scenario: mine\nsearch: {starts: 3}\n")
    done = CliRunner().invoke(app, ["compare", *arguments])
    assert done.exit_code == 2, done.stderr
    assert text in done.stderr
    assert not (folder / "results").exists()
