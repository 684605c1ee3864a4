"""What decides between arms, and under which conditions one does best: known answers, chance, and what is written."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from SALib.analyze import pawn as salib_pawn
from scipy.stats import ks_2samp
from sweep_tables import Floats, content, hypercube, lose, sweep
from typer.testing import CliRunner

from simulator.analysis import boxes as boxes_module
from simulator.analysis import conditions as conditions_module
from simulator.analysis.discovery import explore
from simulator.analysis.discovery_page import check_folder, in_words, write
from simulator.analysis.given_data import pawn, slice_of, slices_of, total_variation
from simulator.analysis.sweep_units import Input, against_chance, best_arm, shuffles, units
from simulator.errors import InputError
from simulator.outputs.provenance import json_hash
from simulator.sweeps.store import DESIGN_TABLE, RUNS, SWEEP

FIELDS = ("parameters.news.weight", "parameters.choice.leg_loss", "parameters.departure.spread")
ARMS = ("nothing", "less-for-less", "more-for-more")


def flip(varied: Mapping[str, Floats], arm: str, measure: str) -> Floats:
    """``less-for-less`` is best where the weight of news is above 0.6, ``more-for-more`` nowhere, else ``nothing``."""
    worse = {"nothing": 0.6, "less-for-less": 1.2 - varied[FIELDS[0]], "more-for-more": 1.5}[arm]
    worse = worse + 2 * varied[FIELDS[1]]  # moves all arms alike
    return (worse if measure == "lost" else -worse) * np.ones(1)


def noise(varied: Mapping[str, Floats], arm: str, measure: str) -> Floats:
    """Return nothing but what luck adds."""
    return 0.0 * varied[FIELDS[0]]


def drawn_sweep(
    outcome: Any = flip, n: int = 80, luck: float = 0.05, seed: int = 1, **more: Any
) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
    measures = more.pop("measures", {"lost": "less", "won": "more"})
    asked = content(measures, arms=ARMS, drawn=FIELDS, **more)
    return sweep(asked, outcome, None, hypercube(n, len(FIELDS), seed), luck=luck, seed=seed)


def number(values: Any, name: str = "x") -> Input:
    return Input(name, name, "", (), np.asarray(values, dtype=float))


# The index -----------------------------------------------------------------------------------------------------------


def test_pawn_is_the_mean_statistic_of_kolmogorov_and_smirnov() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.random(87), rng.normal(size=87).round(1)  # with ties
    one = number(x)
    place = slice_of(one)
    expected = np.mean([ks_2samp(y[place == each], y).statistic for each in np.unique(place)])
    assert pawn(slices_of([one]), y)[0] == pytest.approx(expected, abs=1e-12)
    weights = np.bincount(rng.integers(0, 87, 87), minlength=87).astype(float)
    again = np.repeat(np.arange(87), weights.astype(int))
    expected = np.mean([ks_2samp(y[again][place[again] == each], y[again]).statistic for each in np.unique(place)])
    assert pawn(slices_of([one]), y, weights)[0] == pytest.approx(expected, abs=1e-12)


def test_pawn_agrees_with_salib() -> None:
    """SALib leaves the highest value of an input out of every slice: one unit of 200."""
    points = hypercube(200, 3)
    y = points[:, 0] ** 2 + 0.3 * points[:, 1]
    problem = {"num_vars": 3, "names": list("abc"), "bounds": [[0, 1]] * 3}
    theirs = salib_pawn.analyze(problem, points, y, S=10)["mean"]
    mine = pawn(slices_of([number(points[:, place], str(place)) for place in range(3)]), y)
    assert mine == pytest.approx(theirs, abs=0.01)


def test_total_variation_of_a_flip_is_a_half_and_of_nothing_is_nothing() -> None:
    x = (np.arange(100) + 0.5) / 100
    above = (x > 0.5).astype(float)
    shares = np.column_stack([above, 1 - above])
    found = total_variation(slices_of([number(x, "x"), number(np.tile([0.0, 1.0], 50), "y")]), shares)
    assert found == pytest.approx([0.5, 0.0], abs=1e-12)


def test_slices_hold_as_many_units_each_and_levels_are_slices() -> None:
    assert np.bincount(slice_of(number(np.random.default_rng(1).random(100)))).tolist() == [10] * 10
    assert np.bincount(slice_of(Input("x", "x", "", ("a", "b", "c"), np.repeat([0.0, 2.0], 40)))).tolist() == [40, 40]
    assert len(np.unique(slice_of(number(np.repeat([1.0, 5.0], 50))))) == 2


def test_chance_over_everything_is_stricter_than_of_one() -> None:
    rng = np.random.default_rng(3)
    null = rng.normal(size=(1000, 50))
    chance = against_chance(np.r_[2.0, 5.0, np.zeros(48)], null)
    assert chance.p[0] < 0.05 < chance.p_any[0]
    assert chance.p_any[1] < 0.01
    assert chance.level == pytest.approx(np.full(50, 1.645), abs=0.25)


def test_best_arm_and_ties() -> None:
    table = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [2.0, 2.0, 1.0]})
    assert best_arm(table, "less") == ["a", "", "b"]
    assert best_arm(table, "more") == ["b", "", "a"]


def test_shuffles_of_crossed_points_and_draws_keep_both_whole() -> None:
    asked = content({"y": "less"}, arms=("a", "b"), factors=["f"], drawn=["d"])
    made, runs, places = sweep(asked, lambda varied, *_: varied["d"], np.array([[0.1], [0.9]]), hypercube(12, 1))
    group = units(made, runs, "one", "y", ["a", "b"], np.arange(len(places)))
    assert group.crossed
    assert len(group) == 24
    order = next(shuffles(group, 1, 1))
    moved = group.draws[order].reshape(2, 12)
    assert (moved[0] == moved[1]).all(), "a draw has one partner at every point"
    assert sorted(order) == list(range(24))


def test_draws_missing_at_a_point_are_left_out_of_all() -> None:
    asked = content({"y": "less"}, arms=("a", "b"), factors=["f"], drawn=["d"])
    made, runs, places = sweep(asked, lambda varied, *_: varied["d"], np.array([[0.1], [0.9]]), hypercube(12, 1))
    runs.loc[(runs["point"] == 1) & (runs["draw"] == 3) & (runs["arm"] == "b"), "status"] = "failed"
    group = units(made, runs, "one", "y", ["a", "b"], np.arange(len(places)))
    assert len(group) == 22
    assert group.dropped == 2
    assert 3 not in group.draws


# What is found, and that chance is not -------------------------------------------------------------------------------


def test_what_decides_the_ranking_is_found_and_nothing_else() -> None:
    found = explore(*drawn_sweep(), with_conditions=False).found
    decides = found["decides"]
    told = decides[decides["found"]]
    assert set(zip(told["arm"], told["field"], strict=True)) == {("less-for-less", FIELDS[0])}
    assert (told.set_index("measure").loc["lost", "rank_correlation"] < -0.9).all()
    best = found["decides-best"]
    assert set(best.loc[best["found"], "field"]) == {FIELDS[0]}
    assert set(best.loc[best["found"], "measure"]) == {"lost", "won"}
    first = best.iloc[0]
    assert first["low"] > first["chance"], "what shifts all arms alike decides nothing"


def test_in_tables_of_luck_alone_nothing_is_found() -> None:
    """Ten null tables of some 20 indices each, two questions each: more than three in twenty show by chance in 2%."""
    false = 0
    for seed in range(10):
        found = explore(*drawn_sweep(noise, n=40, luck=1.0, seed=seed), with_conditions=False).found
        false += int(found["decides"]["found"].any()) + int(found["decides-best"]["found"].any())
        assert (found["decides"]["index"] > 0.1).all(), "each of them is above zero by chance"
    assert false <= 3, "of twenty questions"


def test_the_tree_finds_the_threshold() -> None:
    pytest.importorskip("sklearn", reason="trees need scikit-learn, extra 'discovery'")
    asked, runs, design = drawn_sweep(luck=0.01)
    # At the threshold arms differ by less than a hundredth: with every difference one that matters it is sharp.
    found = explore({**asked, "least_share": 0.0}, runs, design).found
    trees = found["trees"].set_index("measure")
    assert trees["found"].tolist() == [True, True, True]
    assert trees.loc["lost", "accuracy"] > 0.93 > 0.75 > trees.loc["lost", "always"]
    leaves = found["leaves"]
    said = leaves[(leaves["measure"] == "lost") & (leaves["arm"] == "less-for-less")]
    limit = re.fullmatch(r"news\.weight > (0\.\d+)", said["where"].iloc[0])
    assert limit, said["where"].tolist()
    assert float(limit.group(1)) == pytest.approx(0.6, abs=0.03)
    assert said["inside"].iloc[0] > 0.95
    assert said["outside"].iloc[0] < 0.05
    shares = found["leaf-arms"].groupby(["measure", "leaf"])["share"].sum()
    assert shares.to_numpy() == pytest.approx(np.ones(len(shares)))


def test_on_luck_alone_no_tree_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn", reason="trees need scikit-learn, extra 'discovery'")
    monkeypatch.setattr(conditions_module, "SHUFFLES", 39)
    false = 0
    for seed in range(6):
        found = explore(*drawn_sweep(noise, n=40, luck=1.0, seed=seed, measures={"lost": "less"})).found
        false += int(found["trees"]["found"].any())
    assert false <= 1, "of six"


def test_a_level_is_told_as_such() -> None:
    pytest.importorskip("sklearn", reason="trees need scikit-learn, extra 'discovery'")
    factors = {"regime": {"label": "Regime", "kind": "levels", "levels": ["soft", "firm", "hard"]}}
    asked = content({"lost": "less"}, arms=("a", "b"), drawn=["d"]) | {"factors": factors}

    def outcome(varied: Mapping[str, Floats], arm: str, measure: str) -> Floats:
        return (varied["regime"] == "firm") * (1.0 if arm == "a" else 0.0) + (0.5 if arm == "b" else 0.0)

    places = np.array([[0.0], [0.4], [0.8]])
    found = explore(*sweep(asked, outcome, places, hypercube(15, 1), luck=0.05)).found
    leaves = found["leaves"].set_index("arm")
    assert leaves.loc["b", "where"] == "Regime is firm"
    assert leaves.loc["a", "where"] == "Regime is not firm"


def test_boxes_by_prim() -> None:
    pytest.importorskip("ema_workbench", reason="boxes need the EMA workbench, extra 'ema'")
    pytest.importorskip("sklearn", reason="trees need scikit-learn, extra 'discovery'")
    made = drawn_sweep(n=60, measures={"lost": "less"})
    found = explore(*made, with_conditions=False, with_boxes=True).found["boxes"]
    row = found.set_index("arm").loc["less-for-less"]
    assert row["found"]
    limit = re.search(r"news\.weight > (0\.\d+)", row["where"])
    assert limit
    assert float(limit.group(1)) == pytest.approx(0.6, abs=0.06)
    assert row["density"] > 0.9
    assert row["coverage"] > 0.8


def test_the_same_runs_give_the_same_answer_in_any_order() -> None:
    made, runs, places = drawn_sweep(n=40)
    one = explore(made, runs, places, with_conditions=False)
    other = explore(made, runs.sample(frac=1.0, random_state=5), places, with_conditions=False)
    for name, table in one.found.items():
        pd.testing.assert_frame_equal(table, other.found[name])


def test_points_of_a_sobol_design_that_share_coordinates_are_no_draws() -> None:
    from SALib.sample import sobol

    problem = {"num_vars": 2, "names": ["a", "b"], "bounds": [[0.0, 1.0]] * 2}
    sampling = {"method": "sobol", "number": 32, "second_order": False, "levels": 4}
    asked = content({"y": "less"}, arms=("stay", "go"), factors=["a", "b"], sampling=sampling)
    made = sweep(asked, lambda varied, arm, _: varied["a"] - 0.5 if arm == "go" else 0.0 * varied["a"],
                 sobol.sample(problem, 32, calc_second_order=False, seed=1))  # fmt: skip
    found = explore(*made, with_conditions=False).found
    assert set(found["decides"]["units"]) == {64}, "the two base rows of each of 32 blocks"
    assert {"sobol", "blocks", "luck"} <= set(found)


# Refusals ------------------------------------------------------------------------------------------------------------


def test_a_sweep_that_says_nothing_is_refused() -> None:
    with pytest.raises(InputError, match=r"12 units are too few to tell what decides; 20 are the least") as caught:
        explore(*drawn_sweep(n=12), with_conditions=False)
    assert len(caught.value.problems) == 1
    made, runs, places = drawn_sweep()
    with pytest.raises(InputError) as caught:
        explore(made, runs.drop(columns=["lost", "won"]), places)
    assert [problem.field for problem in caught.value.problems] == ["lost", "won"]
    with pytest.raises(InputError, match="has no run"):
        explore(made, runs.iloc[:0], places)


def test_a_sweep_whose_arms_alone_differ_is_sent_to_the_comparison() -> None:
    """Nothing but arms and seeds: what is true is said, and what to do."""
    asked = content({"arrivals": "less"}, ("none", "patrols"))
    made = sweep(asked, lambda _, arm, __: np.full(30, float(arm == "none")), replicates=30, luck=1.0)
    with pytest.raises(InputError) as caught:
        explore(*made)
    said = str(caught.value)
    assert "Only the arms differ: no factor and no uncertain number was varied" in said
    assert "corridor compare made-up --sweep FOLDER" in said
    assert "nothing varied" not in said


def test_a_measure_in_which_arms_do_not_differ_is_named() -> None:
    """Values vary and move the measure, but alike in every arm: nothing can decide between arms, and that is said."""
    asked = content({"arrivals": "less", "deaths": "less"}, ("none", "patrols"), drawn=FIELDS[:1])
    drawn = hypercube(40, 1)

    def outcome(varied: Mapping[str, Any], arm: str, measure: str) -> Any:
        return 100.0 * varied[FIELDS[0]] + (7.0 if measure == "deaths" and arm == "patrols" else 0.0)

    made = explore(*sweep(asked, outcome, drawn=drawn))
    said = " ".join(made.notes)
    assert "Arrivals, One: Patrols and None do not differ in all 40 units" in said
    assert "Deaths, One: Patrols and None differ by 7, no more and no less, in all 40 units" in said
    level = made.found["decides-level"]
    assert level["found"].all() and set(level["measure"]) == {"arrivals", "deaths"}
    assert not len(made.found["decides"]) and not len(made.found["decides-best"])


def test_a_winner_by_next_to_nothing_is_no_winner() -> None:
    """An arm that is better in every unit, by a twentieth of a hundredth of what runs over five powers of ten."""
    asked = content({"arrivals": "less"}, ("none", "promises"), drawn=FIELDS[:1])

    def outcome(varied: Mapping[str, Any], arm: str, _: str) -> Any:
        return 10.0 ** (2 + 5 * varied[FIELDS[0]]) * (0.9995 if arm == "promises" else 1.0)

    made, runs, design = sweep(asked, outcome, drawn=hypercube(40, 1))
    found = explore(made, runs, design)
    sizes = found.found["sizes"].iloc[0]
    assert (sizes["matter"], sizes["units"]) == (0.0, 40)
    assert sizes["least"] == pytest.approx(0.01 * runs["arrivals"].mean())
    assert "trees" not in found.found or found.found["trees"].empty, "none does best in any unit"
    words = in_words(found)
    assert "no difference that matters in any of 40 units" in " ".join(
        words["How large the differences between arms are, and whether they matter"])  # fmt: skip
    assert FIELDS[0].removeprefix("parameters.") in " ".join(words["Which uncertain numbers decide the level"])
    group = units({**made, "least_share": 0.0}, runs, "one", "arrivals", ["none", "promises"], np.arange(1))
    assert set(best_arm(group.table, "less", group.least)) == {"promises"}, "every difference counts where one says so"
    given = {**made, "design": {"least": {"arrivals": 1.0}}}
    assert units(given, runs, "one", "arrivals", ["none", "promises"], np.arange(1)).least == 1.0


def test_what_is_not_installed_is_said_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("sklearn.tree", "ema_workbench.analysis"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError) as caught:
        explore(*drawn_sweep(), with_conditions=True, with_boxes=True)
    assert [problem.field or problem.file for problem in caught.value.problems] == ["--conditions", "--boxes"]
    assert "corridor[discovery]" in str(caught.value)
    assert "corridor[ema]" in str(caught.value)
    made = explore(*drawn_sweep())
    assert "trees" not in made.found
    assert any("scikit-learn is not installed" in note for note in made.notes)


def test_limits_in_words() -> None:
    one = Input("x", "news.weight", "days", (), np.zeros(1))
    assert conditions_module.Limit(one, 0.25, 0.75).words() == "news.weight between 0.25 and 0.75 days"
    assert conditions_module.Limit(one, high=1234.5).words() == "news.weight \N{LESS-THAN OR EQUAL TO} 1,230 days"
    assert boxes_module.PEEL == 0.1


# What is written -----------------------------------------------------------------------------------------------------


def test_tables_figures_and_words_are_written_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn", reason="trees need scikit-learn, extra 'discovery'")
    monkeypatch.setattr(conditions_module, "SHUFFLES", 39)
    made, runs, places = drawn_sweep(n=60)
    runs = lose_draw(runs, 7)
    exploration = explore(made, runs, places)
    files = {path.name for path in write(exploration, tmp_path / "out")}
    assert files == {f"{name}.csv" for name in exploration.tables()} | {
        "README.md",
        "exploration.json",
        "decides.png",
        "decides-best.png",
        "conditions.png",
    }
    page = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "1 failed and 0 are missing" in page
    assert "1 of 60 units (points and draws) are left out" in page
    assert re.search(r"Where news\.weight > 0\.6\d*, Less for less does best in \d+% of \d+ units; \d+% else", page)
    assert "Limits" in page
    for alt, name in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page):
        assert name in files
        assert "news.weight" in alt, "a figure's text says what it shows"
    for link in re.findall(r"\]\(([^)]+\.csv)\)", page):
        assert link in files
    plain = json.loads((tmp_path / "out" / "exploration.json").read_text(encoding="utf-8"))
    assert plain["decides"][0]["field"] == FIELDS[0]
    with pytest.raises(InputError, match="holds an exploration already"):
        write(exploration, tmp_path / "out")
    write(exploration, tmp_path / "out", overwrite=True)
    assert not [path for path in tmp_path.iterdir() if path.name != "out"], "nothing half-written is left"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("")
    with pytest.raises(InputError, match="is no exploration"):
        check_folder(tmp_path / "other", overwrite=True)


def lose_draw(runs: pd.DataFrame, draw: int) -> pd.DataFrame:
    changed = runs.copy()
    hit = changed.index[(changed["draw"] == draw) & (changed["arm"] == "nothing")]
    changed.loc[hit, "status"] = "failed"
    changed.loc[hit, "error"] = "no finite value"
    return changed


@pytest.mark.parametrize("method", ["sobol", "morris"])
def test_figures_of_indices(tmp_path: Path, method: str) -> None:
    from test_sensitivity import design, ishigami

    sampling, points = design(method, "abcd", 8)
    asked = content({"y": "less", "z": None}, arms=("base", "policy"), factors="abcd", sampling=sampling)
    made, runs, places = sweep(asked, ishigami, points, replicates=2, luck=0.5)
    exploration = explore(made, lose(runs, [3]), places, with_conditions=False)
    files = {path.name for path in write(exploration, tmp_path / "out")}
    assert {f"{method}-base.png", f"{method}-policy-difference.png"} <= files
    page = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "1 of 8 blocks left out whole, since points 3 have no number" in page
    assert re.search(r"luck is \d+% of the variance of single runs", page)
    assert ("no independent draws" in page) == (method == "morris")


def planned(made: dict[str, Any], n: int) -> dict[str, Any]:
    """Return what a made-up sweep was asked for, with all that the file of a real one holds."""
    design = {"tables": {}, "measures": {name: {} for name in made["measures"]}}
    (case,) = made["cases"].values()
    whole = {"scenario": "two-ways", "title": "Two ways", "names": {}, "period": ["2015-01-01", "2017-01-01"],
             "members": [], "routes": {}}  # fmt: skip
    return {
        **made, "format": 1, "reading": "", "design": design, "design_hash": json_hash(design), "made_by": {},
        "measures": {name: {**each, "taken": "arrivals"} for name, each in made["measures"].items()},
        "cases": {"one": {**whole, **case}}, "runs": n, "rows": n, "created": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip


def test_the_command_reads_a_sweep_and_says_what_matters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from simulator.cli import app

    monkeypatch.chdir(tmp_path)
    made, runs, places = drawn_sweep(n=40)
    folder = tmp_path / "results" / "made-up-sweep"
    folder.mkdir(parents=True)
    (folder / SWEEP).write_text(json.dumps(planned(made, len(runs))), encoding="utf-8")
    runs.to_parquet(folder / f"{RUNS}.parquet", index=False)
    places.assign(point=range(len(places))).to_parquet(folder / DESIGN_TABLE, index=False)
    done = CliRunner().invoke(app, ["explore", "made-up-sweep", "--no-conditions"])
    assert done.exit_code == 0, done.output
    assert "Which uncertain numbers decide which arm does best" in done.stdout
    assert re.search(r"Lost, Less for less against Nothing: parameters\.news\.weight 0\.\d\d", done.stdout)
    assert "page: results/made-up-explored/README.md" in done.stdout
    again = CliRunner().invoke(app, ["explore", "made-up-sweep", "--no-conditions", "--overwrite", "--json"])
    assert json.loads(again.stdout)["decides"][0]["field"] == FIELDS[0]
    other = CliRunner().invoke(app, ["explore", "no-such-sweep"])
    assert other.exit_code == 2
    assert "is no sweep" in other.stderr
