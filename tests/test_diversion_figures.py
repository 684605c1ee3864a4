"""Figures of diversion say what they show, to those who see them and to those who do not, and nothing is cut off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import small
from balloon_table import LABELS, balloon_people, balloon_table
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from simulator.analysis.diversion import balloon
from simulator.analysis.diversion.balance import Balance
from simulator.analysis.diversion.estimates import Estimate
from simulator.analysis.diversion.figures.against_effort import balloon_figure, deaths_figure
from simulator.analysis.diversion.figures.balance_words import (
    UNKNOWN,
    balances_of,
    deaths_words,
    parts_of,
    spans,
    under_words,
)
from simulator.analysis.diversion.figures.balances import UNIT, balances_figure
from simulator.analysis.diversion.figures.common import (
    NOWHERE,
    Drawn,
    between,
    more_words,
    signed_between,
)
from simulator.analysis.diversion.figures.flow_map import flow_map_figure, leg_flows
from simulator.analysis.diversion.figures.glance import UNMATCHED, glance_figure, headline, shares
from simulator.analysis.diversion.figures.matrix import matrix_figure
from simulator.analysis.diversion.figures.sankey import lumped, outcomes, sankey_figure
from simulator.analysis.diversion.figures.time_course import course_figure
from simulator.analysis.diversion.pairs import Pairs, make_pairs
from simulator.analysis.diversion.study import Diversion, of_pairs
from simulator.numbers import people, rate
from simulator.outputs.result import Result
from simulator.scenario.schema import Scenario

PLACED = {"alpha": (40, 33), "beta": (20, 5), "port-east": (27, 38), "port-west": (13, 33), "island": (26, 39),
          "coast": (15, 37), "city-a": (11, 48), "city-b": (23, 42)}  # fmt: skip
SHUT = {"shut": small.policy(small.change("border_effort_departure", "TRA", ["eastern"], [("2016-02-12", 30.0)]))}
DESIGN = {"labels": LABELS, "scenario": "made-up", "name": "squeeze-the-balloon", "effort": "extra effort"}
NAMES = ("glance", "balances", "balloon", "deaths", "matrix", "course", "map", "outcomes")


def about(table: pd.DataFrame, **more: Any) -> dict[str, Any]:
    """Return a design with the arrivals of a table by origin and need: two origins, which are the same in all."""
    return {**DESIGN, "people": balloon_people(table, (("ORA", "in_need"), ("ORB", "other"))), **more}


def placed(scenario: Scenario) -> Scenario:
    """Return a scenario whose places lie apart, as on a map."""
    places = tuple(place.model_copy(update={"lon": PLACED[place.place][0], "lat": PLACED[place.place][1]})
                   for place in scenario.places)  # fmt: skip
    return scenario.model_copy(update={"places": places})


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    """Two pairs of runs with and without controls at one of two seas."""
    sides: list[list[Result]] = []
    for policies in ({}, SHUT):
        models = [small.run(placed(small.corridor(20_000, seed=seed, policies=policies))) for seed in (1, 2)]
        sides.append([Result.of_run(model.recorder, model.stats) for model in models])
    return make_pairs(*sides)


@pytest.fixture(scope="module")
def study(pairs: Pairs) -> Diversion:
    """What they say."""
    return of_pairs(pairs)


@pytest.fixture(scope="module")
def drawn(pairs: Pairs, study: Diversion) -> dict[str, Drawn]:
    """Every figure, drawn once."""
    table = balloon_table()
    design = about(table)
    return {
        "glance": glance_figure(study), "balances": balances_figure(table, {**design, "as_it_was": 1.0}),
        "balloon": balloon_figure(table, design),
        "deaths": deaths_figure(table, design),
        "matrix": matrix_figure(balloon.matrix(table, design["people"], onward={"east": ["west"]}), DESIGN),
        "course": course_figure(study, pairs.policies), "map": flow_map_figure(pairs), "outcomes": sankey_figure(pairs),
    }  # fmt: skip


def texts(figure: Figure) -> str:
    found = figure.findobj(lambda artist: hasattr(artist, "get_text"))
    return "\n".join(text.get_text() for text in found)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_has_title_source_and_words(drawn: dict[str, Drawn], name: str, tmp_path: Path) -> None:
    made = drawn[name]
    said = texts(made.figure)
    assert made.title.split()[0] in said
    assert "Simulated: Corridor" in said
    assert len(made.alt) > 80
    assert any(character.isdigit() for character in made.alt), "numbers, not only what kind of figure it is"
    paths = made.save(tmp_path, name)
    assert [path.suffix for path in paths] == [".png", ".svg", ".txt"]
    with Image.open(paths[0]) as image:
        assert image.text["Description"] == made.alt  # type: ignore[attr-defined]
    assert made.alt in paths[2].read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_no_text_is_cut_off(drawn: dict[str, Drawn], name: str) -> None:
    figure = drawn[name].figure
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    figure.draw(renderer)
    page = figure.bbox
    for text in figure.findobj(lambda artist: hasattr(artist, "get_text")):
        if text.get_visible() and text.get_text().strip():
            box = text.get_window_extent(renderer)
            assert page.x0 - 1 <= box.x0 and box.x1 <= page.x1 + 1, text.get_text()
            assert page.y0 - 1 <= box.y0 and box.y1 <= page.y1 + 1, text.get_text()


def test_the_ten_second_figure_says_how_much_and_where(study: Diversion, drawn: dict[str, Drawn]) -> None:
    said = texts(drawn["glance"].figure)
    assert f"{people(study.fall.mean)} fewer" in said
    assert f"{people(study.moved.mean)} matched" in said
    assert f"others more there: {people(study.others.mean)}" in " ".join(said.split())
    assert "not persons" in " ".join(said.split())
    assert "western" in said
    found = shares(study)
    assert sum(found.values()) == round(100 * study.ratio.mean)
    assert headline(study).startswith("Simulated, ")
    assert f"{round(100 * study.ratio.mean)} are matched elsewhere" in headline(study)
    assert f"{people(study.content['deaths_without'])} without it" in " ".join(said.split())


def test_a_share_that_is_not_known_is_not_drawn(study: Diversion) -> None:
    """Of an interval wider than half of all people nothing is said, in the title or as squares, but its limits."""
    wide = replace(study, ratio=Estimate(0.5, 0.06, 0.94, 2))
    made = glance_figure(wide)
    assert "cannot be told from these runs" in made.title
    assert "(6 to 94 of 100)" in texts(made.figure)
    assert not [patch for axes in made.figure.axes for patch in axes.patches if patch.get_gid() == "person"]


def test_the_ten_second_figure_of_a_sweep_says_how_much_and_where(drawn: dict[str, Drawn]) -> None:
    """Every route's fall and share with its interval; the bars are as long as what they say."""
    made, found = drawn["balances"], balances_of(balloon_table(), about(balloon_table(), as_it_was=1.0))
    said = texts(made.figure)
    assert "from as it was to 4" in said
    first = f"Western Mediterranean, {people(100 * found[0].ratio.mean)} are matched elsewhere by more of"
    assert made.title.startswith(f"Simulated: of 100 fewer arrivals by the {first}")
    assert "not persons" in " ".join(said.split())
    assert "stress test" in said
    for each in found:
        assert f"{people(each.fall.mean)} fewer" in said
        assert f"({between(each.fall.low, each.fall.high)}), of {people(each.before)}" in said
        assert f"{people(100 * each.ratio.mean)} of 100 ({between(each.ratio.low, each.ratio.high, 100)})" in said
        assert f"about {people(each.moved.mean)} people" in said
        assert f"({signed_between(each.deaths.low, each.deaths.high)})" in said
        assert f"in all before: {people(each.deaths_before)}" in said
    heights = [said.index(f"\n{people(100 * each.ratio.mean)} of 100 (") for each in found]
    assert heights == sorted(heights), "rows stand in the order of the title"
    parts = [patch for patch in made.figure.axes[0].patches if patch.get_gid() == "part"]
    whole = sum(part.get_width() for part in parts)  # type: ignore[attr-defined]
    moved = [share.mean for each in found for share in each.shares.values()]
    grey = [part.get_width() for part in parts if part.get_facecolor()[:3] == pytest.approx(to_rgb(NOWHERE))]  # type: ignore[attr-defined]
    assert 1 - sum(grey) / whole == pytest.approx(sum(moved) / len(found), abs=0.02)
    assert whole == pytest.approx(100 * UNIT * len(found)), "a hundred is as long on every row"
    ranges = [line.get_xdata() for line in made.figure.axes[0].lines if line.get_gid() == "range"]
    wide = [ends[1] - ends[0] for ends in ranges]  # type: ignore[index]
    assert wide == pytest.approx([100 * UNIT * (each.ratio.high - each.ratio.low) for each in found])


def uncertain() -> pd.DataFrame:
    """Return a table in which so few leave the western route that nobody can say where they arrive."""
    table = balloon_table()
    noise = np.random.default_rng(4).normal(0.0, 3000.0, len(table))
    there = table["squeezed"].eq("west") & table["effort"].gt(1.0)
    return table.assign(arrivals=np.where(there & table["route"].ne("west"), (table["arrivals"] + noise).clip(lower=0),
                                          table["arrivals"]))  # fmt: skip


def test_what_is_too_uncertain_stands_at_the_end_and_has_no_bar() -> None:
    table = uncertain()
    design = about(table, as_it_was=1.0)
    found, made = balances_of(table, design), balances_figure(table, design)
    west = found[-1]
    assert (west.squeezed, west.told, west.known) == ("west", True, False)
    said = texts(made.figure)
    assert UNKNOWN in said
    assert "too uncertain to say" in " ".join(said.split())
    assert f"({between(west.ratio.low, west.ratio.high, 100)} of 100)" in made.alt
    assert "Western" not in made.title
    whole = sum(patch.get_width() for patch in made.figure.axes[0].patches if patch.get_gid() == "part")  # type: ignore[attr-defined]
    assert whole == pytest.approx(2 * 100 * UNIT), "two bars for three routes"


def test_the_parts_of_a_hundred_and_others_who_came() -> None:
    """Matched by route, then what is not; others who came elsewhere are said apart, and only where they can be told."""
    n = 3
    some = Balance("east", 1.0, 4.0, Estimate(1000.0, 990.0, 1010.0, n), Estimate(1300.0, 1200.0, 1400.0, n),
                   Estimate(1000.0, 990.0, 1010.0, n), Estimate(890.0, 730.0, 1000.0, n),
                   Estimate(410.0, 300.0, 520.0, n), Estimate(0.89, 0.73, 1.0, n),
                   {"centre": Estimate(0.6, 0.5, 0.7, n), "west": Estimate(0.29, 0.2, 0.4, n)},
                   Estimate(5.0, -1.0, 11.0, n), to={"centre": Estimate(600.0, 500.0, 700.0, n),
                                                     "west": Estimate(290.0, 200.0, 400.0, n)})  # fmt: skip
    assert [part.count for part in parts_of(some, LABELS)] == [60, 29, 11]
    assert parts_of(some, LABELS)[-1].said == f"11 {UNMATCHED}: 110 people (none to 27)"
    assert spans(parts_of(some, LABELS)) == [(0.0, 60.0), (60.0, 89.0), (89.0, 100.0)]
    assert under_words(some) == ["Others more on other routes: 410 (300 to 520)"]
    assert under_words(replace(some, others=Estimate(9.0, 0.0, 20.0, n))) == []
    assert deaths_words(some, LABELS)[0] == "No clear change"


def test_deaths_are_said_with_where_they_are_and_at_what_risk() -> None:
    """The route with most of the change is named, and its deaths per thousand attempts before and after."""
    table = balloon_table()
    worse = table["squeezed"].eq("centre") & table["route"].eq("centre") & table["effort"].gt(1.0)
    table = table.assign(deaths=np.where(worse, table["deaths"] + 5000, table["deaths"]))
    each = next(each for each in balances_of(table, about(table, as_it_was=1.0)) if each.squeezed == "centre")
    _, more = deaths_words(each, LABELS)
    part = table.query("squeezed == 'centre' and route == 'centre'").groupby("effort")[["deaths", "attempts"]].sum()
    risk = 1000 * part["deaths"] / part["attempts"]
    assert each.risk["centre"] == pytest.approx((risk[1.0], risk[4.0]))
    assert any(line.endswith("on all legs of the Central Mediterranean") for line in more)
    assert f"deaths on all its legs per 1,000 attempts there: {rate(risk[1.0])}, then {rate(risk[4.0])}" in more


def test_what_cannot_be_told_is_said_in_the_ten_second_figure() -> None:
    table = balloon_table()
    few = table.assign(arrivals=np.where(table["squeezed"] == "west", table["draw"] * 10.0, table["arrivals"]))
    made = balances_figure(few, about(few))
    assert "Western Mediterranean: Changes nothing in these runs." in made.alt
    same = table.assign(arrivals=table["draw"] * 10.0)
    none = balances_figure(same, about(same))
    assert "no fall there can be told apart from zero" in none.title


def test_figures_stand_where_nothing_fell_or_one_pair_was_run(pairs: Pairs) -> None:
    """The policy and its absence swapped, nothing changed at all, and a single pair: said, not drawn wrong."""
    rise = of_pairs(make_pairs(pairs.with_[:1], pairs.without[:1], ["eastern"]))
    same = of_pairs(make_pairs(pairs.without, pairs.without, ["eastern"]))
    for study in (rise, same):
        assert "no fewer people arrived by" in headline(study)
        assert glance_figure(study).alt
        assert course_figure(study).alt
    assert "no interval from a single pair" in glance_figure(rise).alt
    assert same.verdict.kind == "nothing fell"


def test_outcomes_count_everybody_who_set_out_once(pairs: Pairs) -> None:
    tables = [outcomes(pairs, side) for side in ("without", "with_")]
    for table, small_ones in zip(tables, lumped(tables), strict=True):
        assert small_ones["people"].sum() == pytest.approx(table["people"].sum())
    stocks = pairs.stocks(["state"])
    followed = stocks[stocks["state"].astype(str) != "resident"]["without"].sum() / len(pairs.without)
    assert tables[0]["people"].sum() == pytest.approx(followed)


def test_the_map_shows_the_people_of_the_runs(pairs: Pairs) -> None:
    table = leg_flows(pairs)
    crossings = [run.frame("crossings", by=["leg"]).set_index("leg")["crossings"] for run in pairs.with_]
    expected = sum(float(each.loc["port-east--island"]) for each in crossings) / len(crossings)
    assert table.loc["port-east--island", "with_"] == pytest.approx(expected)
    assert (table["with_"] - table["without"]).to_numpy() == pytest.approx(table["change"].to_numpy())


def test_numbers_in_words() -> None:
    assert more_words(Estimate(-900.0, -1000.0, -800.0, 3)) == ("900 fewer", "800 to 1,000")
    assert more_words(Estimate(525.0, -249.0, 1300.0, 3)) == ("525 more", "249 fewer to 1,300 more")
    assert people(-1234.0) == "\N{MINUS SIGN}1,230"
    assert people(-0.2) == "0"
    assert between(float("-inf"), float("inf")) == "no limits"
    assert between(float("nan"), float("nan")) == "no interval from a single pair"


def test_the_matrix_shows_the_hundred_of_the_text() -> None:
    """Rows add up to what is matched in all, 30 here, as the ten-second figure has it; each by itself they were 31."""
    found = pd.DataFrame([("a", "b", 0.216), ("a", "c", 0.085)], columns=["squeezed", "route", "ratio"])
    made = matrix_figure(found.assign(low=float("nan"), high=float("nan"), n=1), None)
    assert made.alt.endswith("a to b: 22; a to c: 8.")
