"""Figures say what they show: titles, units, sources, every route; and they can be told apart and read."""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from small_result import ROUTES, SmallResult, lively_result, small_scenario

from simulator.analysis import style
from simulator.analysis.comparison import Contrast, comparison_figure, contrast, matched
from simulator.analysis.geography import frame_of, outlines
from simulator.analysis.map import circle_size, leg_width, map_figure, nice_steps
from simulator.analysis.plots import draw_comparison, draw_run
from simulator.analysis.series import arrivals_figure, deaths_figure


@pytest.fixture(scope="module")
def with_deal() -> Any:
    """A lively run with the deal."""
    return lively_result(deal=True)


@pytest.fixture(scope="module")
def without_deal() -> Any:
    """The same without."""
    return lively_result(deal=False)


@pytest.fixture(scope="module")
def figures(with_deal: Any, without_deal: Any) -> dict[str, Figure]:
    """Every kind of figure, drawn once."""
    return {
        "arrivals": arrivals_figure(with_deal)[0],
        "deaths": deaths_figure(with_deal)[0],
        "map": map_figure(with_deal)[0],
        "comparison": comparison_figure(contrast([with_deal, without_deal]))[0],
    }


def words(figure: Figure) -> str:
    """Return all text of a figure."""
    found = [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]
    return "\n".join(found)


def text_of(figure: Figure, gid: str) -> str:
    """Return the text with a name."""
    return next(text.get_text() for text in figure.texts if text.get_gid() == gid).replace("\n", " ")


def panels(figure: Figure) -> list[Axes]:
    """Return the panels that show data."""
    return [axes for axes in figure.axes if axes.axison]


@pytest.mark.parametrize("name", ["arrivals", "deaths", "map", "comparison"])
def test_figure_has_title_and_source_line(figures: dict[str, Figure], name: str) -> None:
    assert len(text_of(figures[name], "title")) > 20
    source = text_of(figures[name], "source")
    assert "Simulated: Corridor" in source
    assert "seed 1, 10 persons a row" in source
    assert "scenario small" in source
    assert ("Observed: Frontex" in source) == (name in ("arrivals", "comparison"))


@pytest.mark.parametrize("name", ["arrivals", "deaths", "comparison"])
def test_panels_name_units_and_every_route(figures: dict[str, Figure], name: str) -> None:
    for axes in panels(figures[name]):
        assert axes.get_xlabel() or axes.get_ylabel()
        assert axes.has_data(), "no empty panels"
    for label in ROUTES.values():
        assert label in words(figures[name])


@pytest.mark.parametrize("name", ["arrivals", "deaths", "map", "comparison"])
def test_no_text_is_clipped_by_the_page(figures: dict[str, Figure], name: str) -> None:
    figure = figures[name]
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    figure.draw(renderer)
    page = figure.bbox
    for text in figure.findobj(lambda artist: hasattr(artist, "get_text")):
        if text.get_visible() and text.get_text().strip() and text.axes is not None and text.axes.axison:
            box = text.get_window_extent(renderer)
            assert box.x0 >= page.x0 and box.x1 <= page.x1, text.get_text()
            assert box.y0 >= page.y0 and box.y1 <= page.y1, text.get_text()


def test_place_labels_do_not_overlap(figures: dict[str, Figure]) -> None:
    figure = figures["map"]
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    for axes in figure.axes:
        boxes = [text.get_window_extent(renderer) for text in axes.texts if text.get_gid() == "place"]
        assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    assert {"Izmir", "Tripoli", "Lampedusa"} <= set(words(figure).split("\n"))


def test_policy_dates_are_marked_on_their_routes_only(figures: dict[str, Figure]) -> None:
    figure = figures["arrivals"]
    marks = [sorted(text.get_text() for text in axes.texts if text.get_gid() == "policy") for axes in panels(figure)]
    assert marks == [["1", "2"], ["1"], [], []]
    labels = [text.get_text() for axes in figure.axes for text in axes.texts if text.get_gid() == "policy label"]
    assert labels == ["Closure of the Balkan route", "Statement with Turkey"], "quiet policies stay off the figure"


def test_months_after_the_fitting_period_are_shaded(with_deal: Any) -> None:
    assert "after the fitting period" in words(arrivals_figure(with_deal)[0])
    assert "after the fitting period" not in words(arrivals_figure(with_deal, fit_end=None)[0])
    assert "after the fitting period" not in words(arrivals_figure(with_deal, fit_end="2019-12")[0])


def test_headline_counts_nobody_twice(with_deal: Any, without_deal: Any) -> None:
    figure, title = comparison_figure(contrast([with_deal, without_deal]))
    assert title.startswith("Statement with Turkey: 257,000 fewer arrivals on the Eastern Mediterranean")
    assert "by December 2017 (simulated); " in title
    assert title.endswith("of 100 of them matched elsewhere by more of the same origin and need")
    assert text_of(figure, "title") == title


def test_headline_says_nothing_of_other_people(with_deal: Any, without_deal: Any) -> None:
    """Half as many come by one route, of one origin; twice as many by another, of another: nothing is matched."""
    compared = contrast([with_deal, without_deal])
    assert 0 <= matched(compared, "east") <= 1
    east, (first, second) = "east", ("ORA", "ORB")
    frames = [{(east, first): 50, ("centre", second): 80},
              {(east, first): 100, ("centre", second): 40}]  # fmt: skip

    class Made:
        def __init__(self, people: dict[tuple[str, str], int], scenario: Any):
            self.people, self.scenario = people, scenario

        def frame(self, *_: Any, **__: Any) -> pd.DataFrame:
            month = str(compared.months[0])
            return pd.DataFrame([(*key, "other", month, n) for key, n in self.people.items()],
                                columns=["route", "origin", "need", "month", "arrivals"])  # fmt: skip

    made = replace(compared, results=tuple(Made(each, with_deal.scenario) for each in frames))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Contrast, "months", compared.months)
        assert matched(made, east) == 0.0
        frames[0]["centre", first] = 20
        assert matched(made, east) == pytest.approx(0.4)


def test_runs_are_put_in_order_and_named(with_deal: Any, without_deal: Any) -> None:
    swapped = contrast([without_deal, with_deal], labels=["none", "deal"])
    assert swapped.results == (with_deal, without_deal)
    assert swapped.labels == ("deal", "none")
    three = contrast([with_deal, without_deal, with_deal])
    assert three.labels == ("run 1", "run 2", "run 3")
    figure, _ = comparison_figure(contrast([with_deal, without_deal, with_deal], labels=["a", "b", "c"]))
    assert "a less b" in words(figure)


def test_runs_that_cannot_be_compared_are_refused(with_deal: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2 to 5 runs"):
        draw_comparison([with_deal], tmp_path)
    with pytest.raises(ValueError, match="1 labels for 2 runs"):
        draw_comparison([with_deal, with_deal], tmp_path, labels=["x"])
    other = small_scenario()
    corridor = other.corridor.model_copy(update={"routes": {"east": other.corridor.routes["east"]}})
    stranger: Any = SmallResult(other.model_copy(update={"corridor": corridor}), with_deal.flows)
    with pytest.raises(ValueError, match="same routes"):
        draw_comparison([with_deal, stranger], tmp_path)


def test_files_are_written_and_repeat_byte_for_byte(with_deal: Any, without_deal: Any, tmp_path: Path) -> None:
    first = [*draw_run(with_deal, tmp_path / "a"), *draw_comparison([with_deal, without_deal], tmp_path / "a")]
    second = [*draw_run(with_deal, tmp_path / "b"), *draw_comparison([with_deal, without_deal], tmp_path / "b")]
    assert sorted(path.name for path in first) == sorted(
        f"{name}.{kind}" for name in ("arrivals", "comparison", "deaths", "map") for kind in ("png", "svg")
    )
    for one, other in zip(first, second, strict=True):
        assert one.stat().st_size > 10_000
        assert one.read_bytes() == other.read_bytes()


def test_run_without_people_still_draws(tmp_path: Path, with_deal: Any) -> None:
    empty: Any = SmallResult(with_deal.scenario, with_deal.flows.iloc[:0])
    assert len(draw_run(empty, tmp_path)) == 6
    assert len(draw_comparison([empty, empty], tmp_path, labels=["a", "b"])) == 2


def test_short_runs_draw_what_they_can(tmp_path: Path, with_deal: Any) -> None:
    days = small_scenario(start=date(2016, 3, 3), end=date(2016, 3, 24))
    short: Any = SmallResult(days, with_deal.flows[with_deal.flows["month"] == "2016-03"])
    assert sorted(path.name for path in draw_run(short, tmp_path)) == ["deaths.png", "deaths.svg", "map.png", "map.svg"]
    assert "3 March 2016 to 23 March 2016" in words(map_figure(short)[0])
    with pytest.raises(ValueError, match="no whole month"):
        draw_comparison([short, short], tmp_path)
    two: Any = SmallResult(small_scenario(start=date(2016, 2, 10), end=date(2016, 4, 1)), with_deal.flows)
    assert len(draw_run(two, tmp_path)) == 6


def test_drawing_leaves_pyplot_alone() -> None:
    import subprocess

    code = "import simulator.analysis.plots, sys; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Machado, Oliveira & Fernandes 2009, severity 1, on linear RGB.
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)


def seen(colour: str) -> np.ndarray:
    """Return a colour as a deuteranope sees it, in linear RGB."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.clip(DEUTERANOPIA @ linear, 0, 1)


def test_lines_stay_apart_for_colour_blind_readers_and_in_grey() -> None:
    together = [style.OBSERVED, style.SIMULATED, style.WITHOUT]
    for group in (together, list(style.ROUTE_STYLES)):
        for one, other in itertools.combinations(group, 2):
            apart = float(np.abs(seen(one["color"]) - seen(other["color"])).max())
            assert apart > 0.08 or one["linestyle"] != other["linestyle"], (one, other)
    dashes = [str(look["linestyle"]) + str(look.get("marker")) + str(look["linewidth"]) for look in together]
    assert len(set(dashes)) == 3, "colour is not the only difference"


def test_policy_numbers_keep_apart() -> None:
    places = style.spread([10.0, 10.1, 10.2, 30.0], 2.0, 0.0, 40.0)
    assert np.diff(places).min() >= 2.0 - 1e-6
    assert places[3] == 30.0
    assert style.spread([39.0, 39.5, 40.0], 2.0, 0.0, 40.0)[-1] <= 40.0
    assert style.spread([], 2.0, 0.0, 1.0) == []


def test_numbers_are_written_for_reading() -> None:
    assert style.thousands(1234567.0) == "1,234,567"
    assert style.thousands(-1500.0) == "\N{MINUS SIGN}1,500"
    assert style.thousands(0.25) == "0.25"


def test_widths_and_circles_follow_their_key() -> None:
    assert leg_width(25.0, 100.0) == pytest.approx(leg_width(100.0, 100.0) / 2)
    assert circle_size(25.0, 100.0) ** 2 * 4 == pytest.approx(circle_size(100.0, 100.0) ** 2)
    assert nice_steps(2345.0) == [2000.0, 200.0, 20.0]
    assert nice_steps(0.0) == [1.0]


def test_outlines_are_whole_and_small() -> None:
    rings = outlines()
    everywhere = np.concatenate(rings)
    assert everywhere[:, 0].min() >= -180.0 and everywhere[:, 0].max() <= 180.0
    assert max(float(np.abs(np.diff(ring[:, 0])).max()) for ring in rings if ring[:, 1].min() > -60) < 100, "none wraps"
    for lon, lat in ((14.4, 35.9), (-23.6, 15.1)):  # Malta; Santiago in Cabo Verde
        assert any((abs(ring - [lon, lat]).max(axis=1) < 0.3).any() for ring in rings)
    size = Path(style.__file__).parent / "outlines" / "world-50m.npz"
    assert size.stat().st_size < 500_000


def test_frame_holds_its_points_in_the_wanted_shape() -> None:
    points = np.array([[-17.0, 14.0], [36.0, 33.0], [13.0, 59.0]])
    frame = frame_of(points, 1.6)
    assert all(frame.holds(point) for point in points)
    assert frame.size[0] / frame.size[1] == pytest.approx(1.6, rel=0.02)
