"""Sweeps: plans and their ids, what is kept of each run, resuming, failures, errors; most of it in one process."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sweeping import DESIGN, RUNS, Serial, make_folder, serial, write_design
from typer.testing import CliRunner

from simulator import api
from simulator.cli import app
from simulator.errors import ChoiceError, InputError
from simulator.outputs.provenance import with_hash
from simulator.scenario.load import load
from simulator.stages.schedule import STAGES
from simulator.sweeps import engine as engines
from simulator.sweeps import work
from simulator.sweeps.draws import lay
from simulator.sweeps.factors import Sampling
from simulator.sweeps.plan import make_sweep_plan
from simulator.sweeps.points import Axis, count, point, shares
from simulator.sweeps.reading import read_design
from simulator.sweeps.results import open_sweep, read_sweep, results_hashes
from simulator.sweeps.shapes import files_of
from simulator.sweeps.store import STATE, SWEEP, Place, place_of
from simulator.sweeps.work import Ended, Task


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return make_folder(tmp_path)


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> Serial:
    made = Serial()
    monkeypatch.setattr(engines, "engine", serial(made))
    return made


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished sweep, which no test may change."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(engines, "engine", serial(Serial()))
        make_folder(folder)
        api.sweep("sea", out=folder / "results" / "sea-sweep")
    return folder / "results" / "sea-sweep"


# Points --------------------------------------------------------------------------------------------------------------

AXES = [Axis("a", "", "", levels=("x", "y", "z")), Axis("b", "", "", low=1.0, high=3.0, steps=5),
        Axis("c", "", "", low=1.0, high=100.0, scale="log", steps=3),
        Axis("d", "", "", low=0.0, high=9.0, whole=True, steps=2)]  # fmt: skip


@pytest.mark.parametrize(("sampling", "expected"), [
    ({"method": "grid"}, 3 * 5 * 3 * 2), ({"method": "latin-hypercube", "number": 17}, 17),
    ({"method": "sobol", "number": 8}, 8 * 6), ({"method": "sobol", "number": 8, "second_order": True}, 8 * 10),
    ({"method": "morris", "number": 5}, 5 * 5),
    ({"method": "list", "points": ({"a": "y", "b": 2.5, "c": 10.0, "d": 4},)}, 1),
])  # fmt: skip
def test_designs_have_the_points_they_say(sampling: dict[str, Any], expected: int) -> None:
    asked = Sampling(**sampling)
    made = shares(AXES, asked)
    assert made.shape == (expected, 4)
    assert count(AXES, asked) == expected
    assert (made >= 0).all() and (made <= 1).all()
    np.testing.assert_array_equal(made, shares(AXES, asked))


def test_a_grid_takes_exact_values() -> None:
    made = [point(AXES, row).values for row in shares(AXES, Sampling())]
    assert len({tuple(each.items()) for each in made}) == 90
    assert sorted({each["a"] for each in made}) == ["x", "y", "z"]
    assert sorted({each["b"] for each in made}) == [1.0, 1.5, 2.0, 2.5, 3.0]
    assert sorted({each["c"] for each in made}) == pytest.approx([1.0, 10.0, 100.0])
    assert sorted({each["d"] for each in made}) == [0.0, 9.0]


def test_a_latin_hypercube_has_one_value_in_each_slice_and_a_factor_more_changes_no_other() -> None:
    asked = Sampling(method="latin-hypercube", number=20)
    made = shares(AXES, asked)
    for column in made.T:
        assert sorted(np.floor(column * 20)) == list(range(20))
    np.testing.assert_array_equal(shares(AXES[:2], asked), made[:, :2])


@given(share=st.floats(0, 1), low=st.floats(0.1, 10), width=st.floats(0.1, 100), log=st.booleans())
@settings(max_examples=100, deadline=None)
def test_a_value_lies_in_its_range_and_its_share_leads_back(share: float, low: float, width: float, log: bool) -> None:
    axis = Axis("a", "", "", low=low, high=low + width, scale="log" if log else "linear")
    value = axis.at(share)
    assert low * (1 - 1e-12) <= value <= (low + width) * (1 + 1e-12)
    assert axis.share(value) == pytest.approx(share, abs=1e-6)


# Plans ---------------------------------------------------------------------------------------------------------------


def rows(design: str | Path = "sea") -> list[Any]:
    plan = make_sweep_plan(read_design(design))
    kept: dict[str, Any] = {}
    for _ in plan.check(lambda scenario: kept.setdefault(str(len(kept)), scenario) and _hash(scenario)):
        pass
    made = list(plan.rows())
    assert plan.total() == len(made)
    return made


def _hash(scenario: Any) -> str:
    from simulator.outputs.provenance import scenario_hash

    return scenario_hash(scenario)


def test_ids_come_from_content_alone(folder: Path) -> None:
    first = rows()
    assert len(first) == len({run.id for run in first}) == RUNS
    assert [run.id for run in rows()] == [run.id for run in first]
    # Words, other arms and more replicates change no run that both designs have.
    write_design(folder, DESIGN.replace("question: Does", "question: Did").replace("label: As made", "label: Old"))
    assert [run.id for run in rows()] == [run.id for run in first]
    write_design(folder, DESIGN.replace("  none: {label: No agreement, overrides: [no-agreement]}\n", ""))
    assert [run.id for run in rows()] == [run.id for run in first if run.arm == "made"]
    # What is measured, what is laid and the seed do.
    for old, new in (("trust: {measure: trust}", "trust: {measure: trust, at: end}"), ("[4, 12]", "[5, 13]"),
                     ("persons_per_agent: 1000", "persons_per_agent: 2000"), ("seed: 7", "seed: 8")):  # fmt: skip
        write_design(folder, DESIGN.replace(old, new))
        assert not {run.id for run in rows()} & {run.id for run in first}, new


def test_all_arms_and_points_of_a_draw_share_their_seeds(folder: Path) -> None:
    table = pd.DataFrame([(run.arm, run.point, run.draw, run.replicate, run.seed) for run in rows()],
                         columns=["arm", "point", "draw", "replicate", "seed"])  # fmt: skip
    assert (table.groupby(["draw", "replicate"])["seed"].nunique() == 1).all()
    assert table.groupby("seed").size().nunique() == 1
    assert table["seed"].nunique() == 4


def test_two_arms_that_are_the_same_are_run_once(folder: Path, inline: Serial) -> None:
    write_design(folder, DESIGN.replace("overrides: [no-agreement]", "overrides: []"))
    made = api.sweep("sea")
    assert len(inline.ids) == len(set(inline.ids)) == RUNS // 2
    assert len(made.runs) == RUNS
    assert (made.runs["status"] == "done").all()
    assert made.content["runs"] == RUNS // 2


# What is kept --------------------------------------------------------------------------------------------------------


def test_a_row_is_what_a_run_by_hand_gives(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(whole.parents[1])
    content, runs, design = read_sweep(whole)
    assert list(runs["status"].unique()) == ["done"]
    one = runs[(runs["arm"] == "none") & (runs["wait"] == 12)].iloc[7]
    scenario = load("mine", end="2016-07-01", persons_per_agent=1000,
                    overrides=["no-agreement"],
                    set={"step_days": "month", "parameters.crossing.retry_delay": 12})  # fmt: skip
    values = {name: one[name] for name in runs.columns if name.startswith("parameters.")}
    values["parameters.news.weight"] = one["news"]
    made = lay(scenario, values).model_copy(update={"seed": int(one["seed"])})
    result = api.run(made)
    assert float(result.frame("arrivals", by=[])["arrivals"].iloc[0]) == one["arrivals"]
    table = open_sweep(whole).table("by-route")
    mine = table[table["id"] == one["id"]].sort_values(["route", "month"])
    theirs = result.frame("arrivals", by=["route", "month"]).sort_values(["route", "month"])
    assert mine["arrivals"].tolist() == theirs["arrivals"].tolist()
    assert set(mine["wait"]) == {12.0}
    again = api.remake(whole, one["id"])
    assert again.result.hash == result.hash
    assert again.sameness is not None
    assert (again.sameness.people, again.sameness.figures) == (True, "exact")
    assert again.processors == ("of this test",)
    assert list(design.columns) == ["point", "wait", "news"] and len(design) == 6
    assert content["factors"]["news"]["field"] == "parameters.news.weight"


def test_a_run_made_again_is_the_same_by_people_exactly_and_by_figures_to_a_billionth(
    whole: Path, tmp_path: Path
) -> None:
    """As if workers on another processor had made the sweep, or other code."""
    one = open_sweep(whole).runs.iloc[0]["id"]
    out = tmp_path / "out"
    for column, factor, said, status in (
        ("trust", 1 + 1e-12, "figures the same to 1e-09", 0),
        ("trust", 1.001, "figures differ", 1),
        ("arrivals", 2, "people differ", 1),
    ):
        changed = tmp_path / f"changed-{factor}"
        shutil.copytree(whole, changed)
        runs = pd.read_parquet(changed / "runs.parquet")
        runs[column] = runs[column] * factor
        runs.to_parquet(changed / "runs.parquet")
        there = Place(str(changed))
        there.write_json({**there.read_json(STATE), "files": files_of(there, there.read_json(SWEEP))}, STATE)
        done = CliRunner().invoke(app, ["results", str(changed), "--run", one, "--out", str(out), "--overwrite"])
        assert done.exit_code == status, done.output
        assert said in done.output
        assert (f": {column}" in done.output) is bool(status)
        assert "now: " in done.output
    hashes = [open_sweep(whole).state[name] for name in ("hash", "people_hash", "figures_hash")]
    assert len(set(hashes)) == 3
    place = Place(str(changed))
    figures = results_hashes(place, ["by-route"], {("runs", "trust")})
    assert figures["figures_hash"] == hashes[2]
    assert figures["people_hash"] != hashes[1]


TABLED = DESIGN.replace("by-route: {measure: arrivals, by: [route, month]}",
                        "by-route: {measure: arrivals, by: [route, month]}\n"
                        "  by-leg: {measure: crossings, by: [leg, month], when: {wait: [12]}}\n"
                        "  at-borders: {measure: attempts, by: [route], where: {border: counted}}\n"
                        "  borders: {measure: attempts, by: [border]}").replace(
                        "values: [4, 12]}", "values: [4, 12], as_it_was: 4}")  # fmt: skip


def test_a_table_may_be_kept_of_some_values_of_a_factor_alone(folder: Path, inline: Serial) -> None:
    """It is there of these runs and no others, whose ids are those that they have without it."""
    before = {run.id: run.factors["wait"] for run in rows()}
    write_design(folder, DESIGN.replace("by: [route, month]}", "by: [route, month]}\n  by-leg: {measure: crossings, "
                                        "by: [leg, month], when: {wait: [12]}}"))  # fmt: skip
    after = {run.id: run.factors["wait"] for run in rows()}
    assert {one for one, wait in after.items() if wait == 4} == {one for one, wait in before.items() if wait == 4}
    assert not {one for one, wait in after.items() if wait == 12} & set(before), "more is kept of them"
    made = api.sweep("sea", draws=1, replicates=1)
    table = made.table("by-leg")
    assert set(table["wait"]) == {12}
    assert set(table["id"]) == set(made.runs.query("wait == 12")["id"])
    assert set(made.table("by-route")["wait"]) == {4, 12}
    assert list(made.table("by-leg", ["leg", "crossings"]).columns) == ["leg", "crossings"]


def test_attempts_may_be_those_at_borders(folder: Path, inline: Serial) -> None:
    """As summaries count them; with the others they are all."""
    write_design(folder, TABLED)
    made = api.sweep("sea", draws=1, replicates=1)
    assert made.content["factors"]["wait"]["as_it_was"] == 4
    assert made.content["factors"]["news"]["as_it_was"] is None
    run = made.runs["id"].iloc[0]
    result = api.remake(made.folder, run).result
    at_borders = made.table("at-borders").query("id == @run").set_index("route")["attempts"]
    for route, about in result.summary["routes"].items():
        assert at_borders[route] == about["attempts"]
    by_border = made.table("borders").query("id == @run").set_index("border")["attempts"]
    assert set(by_border.index) == {"counted", "other"}
    assert by_border.sum() == result.frame("attempts")["attempts"].item()


def test_the_order_of_runs_changes_nothing(whole: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Backwards(Serial):
        def run(self, url: str, tasks: Any, ended: Callable[[Ended], None], stages: Any) -> None:
            super().run(url, iter(list(tasks)[::-1]), ended, stages)

    monkeypatch.setattr(engines, "engine", serial(Backwards()))
    made = api.sweep("sea")
    assert made.state["hash"] == open_sweep(whole).state["hash"]
    mine, theirs = (each.drop(columns="seconds") for each in (made.runs, open_sweep(whole).runs))
    pd.testing.assert_frame_equal(mine, theirs, check_exact=True)


def test_any_place_that_fsspec_reaches(whole: Path, folder: Path, inline: Serial) -> None:
    made = api.sweep("sea", out="memory://bucket/sea")
    assert made.state["hash"] == open_sweep(whole).state["hash"]
    assert len(api.query("SELECT * FROM runs", sweep="memory://bucket/sea")) == RUNS
    inline.ids.clear()
    api.sweep("sea", out="memory://bucket/sea", resume=True)
    assert inline.ids == []
    with pytest.raises(InputError, match="no such place"):
        api.sweep("sea", out="nowhere://bucket/sea")


# Going on ------------------------------------------------------------------------------------------------------------


class Stop(Exception):
    """What ends a sweep before its end."""


@pytest.mark.parametrize("after", [
    pytest.param(0, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.slow), 17,
    pytest.param(RUNS - 1, marks=pytest.mark.slow),
])  # fmt: skip
def test_resume_makes_what_is_missing_and_nothing_else(
    whole: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    first = Serial()

    def make(url: str, task: Task, stages: Any) -> Ended:
        if len(first.ids) > after:
            raise Stop
        return work.do(url, task, stages)

    first.make = make
    monkeypatch.setattr(engines, "engine", serial(first))
    with pytest.raises(Stop):
        api.sweep("sea")
    state = api.results()
    assert isinstance(state, list)
    assert state[0]["ended"] == "cut off"
    assert len(open_sweep("sea-sweep").runs) == RUNS
    assert (open_sweep("sea-sweep").runs["status"] == "missing").sum() == RUNS - after
    second = Serial()
    monkeypatch.setattr(engines, "engine", serial(second))
    made = api.sweep("sea", resume=True)
    assert len(second.ids) == RUNS - after
    assert not set(second.ids) & set(first.ids[:after])
    assert made.state["hash"] == open_sweep(whole).state["hash"]


def test_files_of_single_runs_are_put_together_while_it_runs(
    whole: Path, folder: Path, inline: Serial, monkeypatch: pytest.MonkeyPatch
) -> None:
    from simulator.sweeps import sweep

    monkeypatch.setattr(sweep, "FOLD_EVERY", 10)
    most = []
    inline.make = lambda url, *about: (most.append(len(place_of(url).names("parts", "runs"))), work.do(url, *about))[1]
    made = api.sweep("sea")
    assert max(most) < 16
    assert made.state["hash"] == open_sweep(whole).state["hash"]


def test_a_run_that_is_in_two_files_counts_once(whole: Path, folder: Path, inline: Serial) -> None:
    made = api.sweep("sea")
    place = Place(str(folder / "results" / "sea-sweep"))
    (fold,) = place.names("parts", "runs")
    # As if it was cut off between writing the fold and removing what is in it.
    for name in ("runs", "by-route"):
        (one,) = place.names("parts", name)
        place.write(place.read("parts", name, one), "parts", name, "fold-000009-f.parquet")
    again = api.sweep("sea", resume=True)
    assert again.state["hash"] == made.state["hash"] == open_sweep(whole).state["hash"]
    assert len(again.runs) == RUNS
    assert fold


def test_a_failed_run_is_a_row_with_its_reason(folder: Path, inline: Serial, monkeypatch: pytest.MonkeyPatch) -> None:
    make = work.simulate
    bad = [True]

    def build(scenario: Any, stages: Any) -> Any:
        if bad[0] and scenario.seed % 2:
            raise ChoiceError("no finite value")
        if bad[0] and scenario.persons_per_agent == 1000 and scenario.seed % 4 == 2:
            raise ZeroDivisionError("oh")
        return make(scenario, stages)

    monkeypatch.setattr(work, "simulate", build)
    made = api.sweep("sea")
    runs = made.runs
    failed = runs[runs["status"] == "failed"]
    assert set(failed["error"]) == {"no finite value", "ZeroDivisionError: oh"}
    assert made.state["failed"] == len(failed) == 36
    assert failed["arrivals"].isna().all()
    inline.ids.clear()
    bad[0] = False
    assert api.sweep("sea", resume=True).state["failed"] == 36
    assert inline.ids == []
    again = api.sweep("sea", resume=True, retry_failed=True)
    assert again.state["done"] == RUNS
    assert sorted(inline.ids) == sorted(failed["id"])


def test_resume_refuses_another_design_and_other_versions(folder: Path, inline: Serial) -> None:
    with pytest.raises(InputError, match="holds no sweep"):
        api.sweep("sea", resume=True)
    api.sweep("sea", draws=0)
    with pytest.raises(InputError, match="holds a sweep already"):
        api.sweep("sea")
    with pytest.raises(InputError, match="another design"):
        api.sweep("sea", resume=True)
    path = folder / "results" / "sea-sweep" / "sweep.json"
    content = json.loads(path.read_text())
    content["made_by"]["numpy"] = "1.0"
    path.write_text(json.dumps(with_hash(content)))
    with pytest.raises(InputError, match=r"begun by other versions: there is numpy .* instead of 1\.0"):
        api.sweep("sea", draws=0, resume=True)
    assert api.sweep("sea", overwrite=True).state["done"] == RUNS
    (folder / "mine" / "other").mkdir()
    (folder / "mine" / "other" / "x").touch()
    with pytest.raises(InputError, match="is not a sweep"):
        api.sweep("sea", out="mine/other", overwrite=True)


@pytest.mark.parametrize("resume", [False, True])
def test_a_sweep_that_was_killed_while_it_was_planned_begins_again(
    whole: Path, folder: Path, inline: Serial, resume: bool
) -> None:
    left = folder / "results" / "sea-sweep"
    (left / "scenarios").mkdir(parents=True)
    (left / "scenarios" / "old.json.gz").touch()
    (left / ".plan.parquet.tmp").touch()
    made = api.sweep("sea", resume=resume)
    assert made.state["hash"] == open_sweep(whole).state["hash"]
    assert not (left / "scenarios" / "old.json.gz").exists()


def test_replacing_a_sweep_by_a_bad_design_loses_nothing(folder: Path, inline: Serial) -> None:
    made = api.sweep("sea", draws=0)
    write_design(folder, DESIGN.replace("values: [4, 12]", "values: [4, lots]"))
    with pytest.raises(InputError, match="is not a number"):
        api.sweep("sea", overwrite=True)
    assert open_sweep("sea-sweep").state == made.state
    assert open_sweep("sea-sweep").runs["status"].eq("done").all()
    assert [path.name for path in (folder / "results").iterdir()] == ["sea-sweep"]


def test_a_worker_of_other_versions_makes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Serial()
    made.make = lambda *_: (_ for _ in ()).throw(Stop)
    monkeypatch.setattr(engines, "engine", serial(made))
    with pytest.raises(Stop):
        api.sweep("sea")
    work._asked.cache_clear()
    monkeypatch.setattr(work, "made_by", lambda: {"corridor": "0", "code": "other"})
    with pytest.raises(InputError, match="a worker has corridor 0 instead of"):
        work.do(str(folder / "results" / "sea-sweep"), Task("0", "short", "", 1, {}), STAGES)
    work._asked.cache_clear()


# Stopping ------------------------------------------------------------------------------------------------------------

STOPPING = DESIGN.replace("replicates: 2\n", "stopping: {measure: arrivals, width: 1500, least: 3, most: 5, step: 1}\n")


def test_replicates_stop_when_the_difference_is_known_or_the_budget_is_spent(folder: Path, inline: Serial) -> None:
    from simulator.sweeps.stopping import intervals

    write_design(folder, STOPPING.replace("draws: {number: 2, seed: 7, fields: [parameters.feedback.*]}\n", ""))
    made = api.sweep("sea")
    runs = made.runs
    said = {row["point"]: row for row in made.state["stopping"]}
    assert set(said) == set(range(6))
    rule = read_design("sea").experiment.stopping
    assert rule is not None
    for number, row in said.items():
        here = runs[(runs["point"] == number) & (runs["status"] == "done")]
        assert len(here) == 2 * row["replicates"]
        table = here.pivot(index="replicate", columns="arm", values="arrivals")
        pairs = (table["none"] - table["made"]).to_numpy()
        # Student's interval of a mean, by its textbook formula.
        from scipy.stats import t

        half = t.ppf(0.975, len(pairs) - 1) * pairs.std(ddof=1) / np.sqrt(len(pairs))
        assert row["width"] == pytest.approx(2 * half)
        assert row["said"] == ("narrow enough" if row["width"] <= 1500 else "budget spent")
        assert row["said"] == "narrow enough" or row["replicates"] == 5
        for fewer in (3, 4):
            if fewer < row["replicates"]:
                (before,) = intervals(here[here["replicate"] < fewer], rule, "made")
                assert not before.narrow, "it would have stopped before"
    assert {row["said"] for row in said.values()} == {"narrow enough", "budget spent"}
    assert set(runs["status"]) == {"done", "not needed"}
    assert made.state["not needed"] + made.state["done"] == len(runs)


# Errors --------------------------------------------------------------------------------------------------------------


def line_of(text: str, design: str) -> int:
    return design[: design.index(text)].count("\n") + 1


@pytest.mark.parametrize(("old", "new", "message"), [
    ("news: {field: parameters.news.weight, steps: 3}", "news: {field: parameters.news.wait, steps: 3}",
     "factors.news: names no number that has a range"),
    ("news: {field: parameters.news.weight, steps: 3}", "news: {field: parameters.news.weight}",
     "factors.news.steps: is missing"),
    ("news: {field", "news: {levels: {a: {}}, field", "factors.news: must vary exactly one thing"),
    ("values: [4, 12]", "values: [lots, 12]", "factors.wait.set"),
    ("crossing.retry_delay", "crossing.retry_delai", "factors.wait.set: parameters.crossing.retry_delai"),
    ("method: grid", "method: sobol", "sampling.number: is missing"),
    ("method: grid", "method: sobol, number: 100", "sampling.number: does not balance a Sobol sequence"),
    ("method: grid", "method: list", "sampling.points: are missing"),
    ("method: grid", "method: guess", "sampling.method"),
    ("by: [route, month]", "by: [road]", "tables.by-route.by: is no dimension of 'arrivals'"),
    ("by-route: {measure: arrivals", "by-route: {measure: arivals", "tables.by-route.measure: no such measure"),
    ("replicates: 2\n", "stopping: {measure: arrival, width: 3}\n", "stopping.measure: is not one of the measures"),
    ("  news: {field", "  id: {field", "factors.id: is a name that tables of runs use already"),
    ("sampling: {method: grid}", "sampling: {method: list, points: [{wait: 4, news: 99}]}",
     "sampling.points.0.news: is outside the range"),
    ("sampling: {method: grid}", "sampling: {method: list, points: [{wait: 4}]}",
     "sampling.points.0: must give every factor and no other"),
    ("values: [4, 12]", "values: [4, 12], as_it_was: 5", "factors.wait.as_it_was: is not one of the values"),
    ("by: [route, month]}", "by: [route, month], when: {wate: [4]}}",
     "tables.by-route.when.wate: is no factor of this design"),
    ("by: [route, month]}", "by: [route, month], when: {wait: [5], news: [1]}}",
     "tables.by-route.when.wait: is not a value of this factor"),
])  # fmt: skip
def test_bad_designs_say_where_and_write_nothing(
    folder: Path, inline: Serial, old: str, new: str, message: str
) -> None:
    design = DESIGN.replace(old, new, 1)
    assert design != DESIGN
    write_design(folder, design)
    # Each problem is told by a dry run as well; one of them is tried so, since every try costs a second.
    arguments = ["--dry-run"] if "levels: {a" in new else []
    done = CliRunner().invoke(app, ["sweep", "sea", *arguments])
    assert done.exit_code == 2, done.output
    assert message in done.stderr
    assert "experiments/sea/design.yaml:" in done.stderr
    assert not (folder / "results").exists()
    assert inline.ids == []


def test_all_problems_of_a_design_are_told_at_once(folder: Path) -> None:
    write_design(folder, DESIGN.replace("by: [route, month]", "by: [road]").replace("news.weight", "news.wait")
                 .replace("{measure: trust}", "{measure: trust, at: total}"))  # fmt: skip
    with pytest.raises(InputError) as caught:
        api.sweep("sea")
    fields = {problem.field for problem in caught.value.problems}
    assert fields == {"factors.news", "tables.by-route.by", "measures.trust.at"}


# Estimate, catalogue -------------------------------------------------------------------------------------------------


def test_dry_run_says_what_it_would_take(folder: Path) -> None:
    done = CliRunner().invoke(app, ["sweep", "sea", "--dry-run", "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["runs"], said["scenarios"]) == (RUNS, 4)
    assert said["cases"]["short"] == {"points": 6, "draws": 2, "replicates": 2, "arms": 2}
    assert said["hours"] == pytest.approx(RUNS * said["run_seconds"]["short"] / said["workers"] / 3600)
    assert said["mb"] > 0
    assert not (folder / "results").exists()


def test_the_catalogue_answers_in_sql(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(whole.parents[1])
    runner = CliRunner()
    listed = json.loads(runner.invoke(app, ["results", "--json"]).stdout)
    assert [(row["name"], row["done"], row["missing"]) for row in listed] == [("sea-sweep", RUNS, 0)]
    found = api.query("SELECT arm, wait, avg(arrivals) AS mean, count(*) AS n FROM runs GROUP BY ALL ORDER BY ALL")
    runs = open_sweep("sea-sweep").runs
    expected = runs.groupby(["arm", "wait"])["arrivals"].agg(["mean", "size"]).reset_index()
    assert found["mean"].tolist() == pytest.approx(expected["mean"].tolist())
    assert found["n"].tolist() == [12] * 4
    totals = api.query('SELECT id, sum(arrivals) AS n FROM "sea-sweep"."by-route" GROUP BY id').set_index("id")["n"]
    assert totals.loc[runs["id"]].tolist() == runs["arrivals"].tolist()
    assert api.query("SELECT name FROM sweeps")["name"].tolist() == ["sea-sweep"]
    wrong = runner.invoke(app, ["query", "SELECT nothing FROM runs"])
    assert wrong.exit_code == 2 and "nothing" in wrong.stderr and "Traceback" not in wrong.output
    assert runner.invoke(app, ["results", "see-sweep"]).exit_code == 2
    assert "did you mean 'results/sea-sweep'?" in runner.invoke(app, ["results", "see-sweep"]).stderr.replace('"', "'")


@pytest.mark.parametrize("name", ["out.csv", "out.parquet", "out.nc"])
def test_export(whole: Path, tmp_path: Path, name: str) -> None:
    import xarray as xr

    done = CliRunner().invoke(app, ["results", str(whole), "--out", str(tmp_path / name)])
    assert done.exit_code == 0, done.output
    runs = open_sweep(whole).runs
    if name.endswith("nc"):
        with xr.open_dataset(tmp_path / name, engine="scipy") as found:
            assert found["arrivals"].values.tolist() == runs["arrivals"].tolist()
            assert found["arrivals"].attrs["units"] == "people"
            assert [str(value) for value in found["arm"].values] == runs["arm"].tolist()
        return
    table = pd.read_csv(tmp_path / name) if name.endswith("csv") else pd.read_parquet(tmp_path / name)
    assert table["arrivals"].tolist() == runs["arrivals"].tolist()
    bad = CliRunner().invoke(app, ["results", str(whole), "--out", str(tmp_path / "out.xls")])
    assert bad.exit_code == 2 and ".csv, .parquet, .nc" in bad.stderr
