"""The report page, read as people read it: in a browser, by keyboard, on a phone, on paper, without a network."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from balloon_table import LABELS, balloon_people, balloon_table
from scipy import stats
from sweeping import Serial, serial

from simulator import api
from simulator.analysis.diversion.figures.balance_words import balances_of
from simulator.analysis.report import sources
from simulator.analysis.report.arms import arms_of
from simulator.analysis.report.content import ReportContent
from simulator.analysis.report.from_runs import from_runs
from simulator.analysis.report.from_sweep import (
    Swept,
    balloon_of,
    counted_attempts,
    design_of,
    from_sweep,
    people_of,
    tables_needed,
)
from simulator.analysis.report.from_table import from_table
from simulator.analysis.report.page import shown, write
from simulator.api.pictures import _swept
from simulator.errors import InputError
from simulator.sweeps import engine as engines

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "results" / "reference" / "squeeze-the-balloon"
CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))),
                None)  # fmt: skip
MEGABYTES = 8
COARSE = {"step_days": 28}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Run folders of the invented corridor, two seeds without and with its sea agreement."""
    folder = tmp_path_factory.mktemp("report")
    api.new(folder / "mine")
    made: dict[str, list[Path]] = {"without": [], "with": []}
    for seed in (1, 2):
        for name, overrides in (("without", ["no-agreement"]), ("with", [])):
            out = folder / f"{name}-{seed}"
            api.run(folder / "mine", seed=seed, persons_per_agent=200, overrides=overrides, set=COARSE, out=out)
            made[name].append(out)
    return made


def corridor(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "simulator", *map(str, arguments)], capture_output=True, text=True,
                          cwd=ROOT, check=False)  # fmt: skip


@pytest.fixture(scope="module")
def page_file(runs: dict[str, list[Path]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of these runs, made by the command."""
    out = tmp_path_factory.mktemp("page") / "report.html"
    done = corridor("report", *runs["without"], *runs["with"], "--out", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(out)
    return out


@pytest.fixture(scope="module")
def single_file(runs: dict[str, list[Path]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of one pair, which has no intervals."""
    return api.report([runs["without"][0], runs["with"][0]], tmp_path_factory.mktemp("single") / "single.html")


DESIGN = {"labels": LABELS, "scenario": "made-up", "onward": {"east": ["west"]}, "effort": "extra effort",
          "assumptions": [{"what": "learning", "set to": "on", "what it changes": "beliefs"}]}  # fmt: skip


@pytest.fixture(scope="module")
def sweep_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a sweep's folder."""
    folder = tmp_path_factory.mktemp("sweep")
    balloon_table().to_parquet(folder / sources.TABLE, index=False)
    balloon_people(balloon_table()).to_parquet(folder / sources.PEOPLE, index=False)
    (folder / sources.DESIGN).write_text(json.dumps(DESIGN), encoding="utf-8")
    return api.report(folder, folder / "page.html")


@pytest.fixture(scope="module")
def reference_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the sweep that is kept with the project, made by the command."""
    out = tmp_path_factory.mktemp("reference") / "squeeze.html"
    done = corridor("report", REFERENCE, "--out", out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra dev)")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine to read the page with")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


class Reader:
    """A page opened in the browser, and what it complained of or asked for."""

    def __init__(self, browser: Any, file: Path, width: int = 1280, height: int = 900):
        self.page = browser.new_page(viewport={"width": width, "height": height})
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(file.as_uri())
        self.until("[...document.querySelectorAll('.plot')].every(e => e.querySelector('.main-svg'))")

    def until(self, expression: str, tries: int = 100) -> None:
        """Wait until something is true; asked from outside, since the page itself lets no text become code."""
        for _ in range(tries):
            if self.page.evaluate(expression):
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"never became true: {expression}")

    def axe(self) -> list[str]:
        """Return what axe's accessibility rules object to."""
        axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed (extra dev)")
        found = axe.Axe().run(self.page).response["violations"]
        return [f"{each['id']}: {each['help']}: {[node['html'][:90] for node in each['nodes'][:3]]}" for each in found]


@pytest.fixture(scope="module")
def reader(browser: Any, page_file: Path) -> Iterator[Reader]:
    opened = Reader(browser, page_file)
    yield opened
    opened.page.close()


# In the browser -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("which", "width"),
    [("page_file", 390), ("single_file", 390), ("sweep_file", 1280), ("reference_file", 390)],
)
def test_page_loads_alone_and_passes_axe(browser: Any, which: str, width: int, request: pytest.FixtureRequest) -> None:
    """No complaint, no request but for itself, nothing wider than the screen, no accessibility violation."""
    file: Path = request.getfixturevalue(which)
    assert file.stat().st_size < MEGABYTES * 1e6
    opened = Reader(browser, file, width)
    assert opened.complaints == []
    assert opened.requests == [file.as_uri()]
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    opened.page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true; })")
    assert opened.axe() == []
    opened.page.close()


def lines(reader: Reader) -> list[Any]:
    """Return the ways of the map's lines as they are drawn."""
    found: list[Any] = reader.page.evaluate(
        "[...document.querySelectorAll('#plot-map .scatterlayer path.js-line')].map(e => e.getAttribute('d'))"
    )
    return found


def test_slider_moves_the_map_by_keyboard(reader: Reader) -> None:
    page = reader.page
    page.check("#map-controls input[name=view][value='0']")
    before, when = lines(reader), page.inner_text("#when")
    assert len(before) > 1, "the land, and legs"
    page.focus("#time")
    page.keyboard.press("ArrowRight")
    reader.until("document.getElementById('when').textContent !== 'whole period'")
    assert page.inner_text("#when") != when
    assert lines(reader) != before
    assert page.inner_text("#when") in page.inner_text("#map-words")
    assert page.get_attribute("#time", "aria-valuetext") == page.inner_text("#when")
    page.keyboard.press("Home")
    reader.until("document.getElementById('when').textContent === 'whole period'")
    assert lines(reader) == before, "back where it was"


def test_slider_moves_the_map_of_a_sweep(browser: Any, reference_file: Path) -> None:
    """Opened at the difference on the first route; by keyboard in time; each view is drawn anew, with intervals."""
    opened = Reader(browser, reference_file)
    page = opened.page
    assert page.locator("#view option").count() == 9, "as it was, four routes, four differences"
    kept = _swept(REFERENCE)
    label = design_of(kept)["labels"][balances_of(kept.table, design_of(kept))[0].squeezed]
    assert page.locator("#view option:checked").inner_text() == f"{label}: difference"
    words = page.inner_text("#map-words")
    assert re.search(r"(fewer|more) \([\d,]+ to [\d,]+\)", words)
    assert "Mean of 12 draws; in brackets: 95% interval." in words
    before = lines(opened)
    page.focus("#time")
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    opened.until("document.getElementById('when').textContent === '2015-08'")
    in_august = lines(opened)
    assert in_august != before
    page.select_option("#view", "0")
    assert lines(opened) != in_august
    assert "2015-08, effort as it was." in page.inner_text("#map-words")
    page.keyboard.press("Home")
    assert opened.complaints == []
    page.close()


def test_differences_can_be_shown_and_the_time_plays(reader: Reader) -> None:
    page = reader.page
    page.check("#map-controls input[name=view][value='0']")
    flows = lines(reader)
    page.check("#map-controls input[name=view][value='2']")
    assert lines(reader) != flows
    assert "fewer" in page.inner_text("#map-words")
    page.click("#play")
    reader.until("document.getElementById('time').value !== '0'")
    page.click("#play")
    assert page.inner_text("#play") == "Play"
    page.evaluate("document.getElementById('time').value = '0'")


def test_tables_sort(reader: Reader) -> None:
    page = reader.page
    head = [text.strip() for text in page.locator("#comparison th").all_inner_texts()]
    column = next(place for place, name in enumerate(head) if name.startswith("difference"))
    button = page.locator("#comparison th button").nth(column)

    def values() -> list[float]:
        cells = page.locator(f"#comparison tbody td:nth-child({column + 1})")
        found = cells.evaluate_all("cells => cells.map(e => e.dataset.v)")
        return [float(each) for each in found if each is not None]

    as_made = values()
    button.click()
    assert values() == sorted(as_made)
    assert page.locator("#comparison th").nth(column).get_attribute("aria-sort") == "ascending"
    button.press("Enter")
    assert values() == sorted(as_made, reverse=True)
    page.locator("#comparison th button").first.click()
    names = page.locator("#comparison tbody td:first-child").all_inner_texts()
    assert names == sorted(names)
    assert page.locator("#comparison th[aria-sort]").count() == 1


def test_every_picture_has_words(reader: Reader) -> None:
    labels = reader.page.locator("[role=img]").evaluate_all("all => all.map(e => e.getAttribute('aria-label'))")
    assert len(labels) >= 6
    assert all(label and len(label) > 40 for label in labels)


def test_a_hundred_is_drawn_where_it_is_known(browser: Any, reader: Reader, single_file: Path) -> None:
    """Two pairs of few people say nothing of how much is matched elsewhere, so that nothing is drawn of it."""
    assert "no fall of arrivals by the" in reader.page.inner_text(".answer")
    assert reader.page.locator(".waffle").count() == 0
    opened = Reader(browser, single_file)
    label = opened.page.locator(".waffle [role=img]").get_attribute("aria-label")
    assert "Of every 100 fewer by the" in label and "not matched" in label
    opened.page.close()


def test_on_paper_figures_fit_and_controls_are_gone(reader: Reader, tmp_path: Path) -> None:
    page = reader.page
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    widths = page.locator(".plot .main-svg").evaluate_all("all => all.map(e => e.getBoundingClientRect().width)")
    assert max(widths) <= 640
    assert not page.locator("#map-controls").is_visible()
    page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert (tmp_path / "report.pdf").stat().st_size > 20_000
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert reader.complaints == []


# What it says -------------------------------------------------------------------------------------------------------


def test_page_says_what_the_runs_say(runs: dict[str, list[Path]], page_file: Path) -> None:
    """The numbers to take away are those of the diversion; the runs, their hashes and the way to remake are there."""
    found = api.diversion(runs["without"], runs["with"])
    text = page_file.read_text(encoding="utf-8").replace("&#39;", "'")
    assert f"<strong>{shown(round(found.fall.mean))} fewer</strong>" in text
    assert "Sea agreement" in text
    for folder in (*runs["without"], *runs["with"]):
        record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
        assert record["result_hash"][:12] in text
        assert f"corridor rerun {folder}" in text
    assert "Most boats are stopped" not in text, "the page says what was set; the corridor's notes stay there"
    assert "border_effort_departure" not in text, "levers are said in words"


def test_page_needs_nothing_from_outside(page_file: Path, sweep_file: Path) -> None:
    for file in (page_file, sweep_file):
        text = file.read_text(encoding="utf-8")
        tags = re.sub(r"<script\b.*?</script>", "", text, flags=re.S)
        assert not re.findall(r"(?:src|href)\s*=\s*[\"'](?!data:|#)", tags)
        assert "default-src 'none'" in tags


@pytest.fixture(scope="module")
def content(runs: dict[str, list[Path]]) -> ReportContent:
    """What is said of these runs."""
    return from_runs([api.Result.load(each) for each in (*runs["without"], *runs["with"])])


def test_baseline_may_be_the_side_with_the_policy(content: ReportContent, runs: dict[str, list[Path]]) -> None:
    one, other = content, from_runs([api.Result.load(each) for each in (*runs["with"], *runs["without"])])
    assert one.cards == other.cards
    row, turned = one.comparison[0].rows[0], other.comparison[0].rows[0]
    assert row[4] == pytest.approx(-float(str(turned[4]))), "the comparison is against the baseline, whichever it is"


def test_one_run_is_reported_without_differences(runs: dict[str, list[Path]], tmp_path: Path) -> None:
    content = from_runs([api.Result.load(runs["with"][0])])
    assert content.cards == ()
    assert content.map is not None
    assert [view["label"] for view in content.map["views"]] == ["the run"]
    write(content, tmp_path / "one.html")
    single = from_runs([api.Result.load(runs["without"][0]), api.Result.load(runs["with"][0])])
    assert "gives no interval" in single.findings[0].text


def test_map_holds_the_people_of_the_runs(content: ReportContent, runs: dict[str, list[Path]]) -> None:
    assert content.map is not None
    views = content.map["views"]
    for view in views:
        whole, *parts = view["people"]
        assert len(parts) == len(content.map["periods"]) - 1
        # Rounded period by period, so that sums may be off by half a person each.
        assert all(abs(total - sum(column)) <= len(parts) / 2 + 1 for total, *column in zip(whole, *parts, strict=True))
    crossings = [api.Result.load(each).frame("crossings", by=["leg"])["crossings"].sum() for each in runs["without"]]
    assert sum(views[0]["people"][0]) == pytest.approx(sum(crossings) / 2, rel=0.02)
    difference = [two - one for one, two in zip(views[0]["people"][0], views[1]["people"][0], strict=True)]
    assert all(abs(a - b) <= 1 for a, b in zip(difference, views[2]["people"][0], strict=True))


def test_text_from_files_cannot_become_code(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    table = balloon_table().replace({"east": "east</script><script>alert(2)</script>"})
    content = from_table(
        table, {"title": evil, "about": [(evil, evil)], "remake": [(evil, evil)], "people": balloon_people(table)}
    )
    text = write(content, tmp_path / "evil.html").read_text(encoding="utf-8")
    assert "alert(1)</script>" not in text
    assert "<script>alert(2)" not in text


def test_what_cannot_be_reported_is_refused(runs: dict[str, list[Path]], tmp_path: Path) -> None:
    (without, _), (with_, other) = runs["without"], runs["with"]
    page = tmp_path / "page.html"
    done = corridor("report", with_, with_, "--out", page)
    assert done.returncode == 2, done.stderr
    assert "they are one observation" in done.stderr
    assert "Traceback" not in done.stderr
    with pytest.raises(InputError, match="is no HTML file"):
        api.report(with_, tmp_path / "page.pdf")
    with pytest.raises(InputError, match="no such run or record"):
        api.report(tmp_path / "nothing", page)
    with pytest.raises(InputError, match="the runs differ in seed"):
        api.diversion(without, other)
    with pytest.raises(InputError, match="narrow-sea"):
        api.diversion(without, with_, ["narow-sea"])
    with pytest.raises(InputError, match="no run was given"):
        arms_of([])
    assert not list(tmp_path.iterdir())
    page.write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="is there already"):
        api.report(with_, page)


def test_diversion_command_writes_tables_and_figures(runs: dict[str, list[Path]], tmp_path: Path) -> None:
    counterparts = [word for each in runs["with"] for word in ("--with", each)]
    out = tmp_path / "d"
    done = corridor("diversion", *runs["without"], *counterparts, "--effort", "1", "5", "--json", "--out", out)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    kept = json.loads((tmp_path / "d" / "diversion.json").read_text(encoding="utf-8"))
    assert told["fall"] == kept["fall"]
    assert told["treated"] == ["narrow-sea"]
    for name in ("at-a-glance", "time-course", "flow-map", "outcomes", "matrix"):
        words = (tmp_path / "d" / f"{name}.txt").read_text(encoding="utf-8")
        assert len(words) > 80
        svg = (tmp_path / "d" / f"{name}.svg").read_text(encoding="utf-8")
        assert "<dc:description>" in svg
    with pytest.raises(InputError, match="holds a diversion already"):
        api.diversion(runs["without"], runs["with"], out=out)


def test_sweep_says_how_much_moved_where(sweep_file: Path) -> None:
    content = from_table(balloon_table(), {**DESIGN, "people": balloon_people(balloon_table())})
    assert isinstance(content, ReportContent)
    assert content.answer.startswith("Simulated: of 100 fewer arrivals by the ")
    assert any("not persons" in note for note in content.bars_more)
    shares = [bar.total[1] for bar in content.bars]
    assert shares == sorted(shares, reverse=True), "the largest share first"
    assert all(sum(count for _, count, _ in bar.parts) == 100 for bar in content.bars)
    assert [table.id for table in content.comparison] == ["comparison", "matrix", "elasticities"]
    assert "assumptions" in {table.id for table in content.evidence}
    text = sweep_file.read_text(encoding="utf-8")
    assert all(label in text for label in LABELS.values())
    stacked = {trace["name"] for chart in content.charts if chart.id == "stack-east" for trace in chart.figure["data"]}
    assert stacked == {LABELS["east"], LABELS["centre"]}, "onward routes are left out of the stack"


@pytest.fixture(scope="module")
def swept() -> Swept:
    """The sweep that is kept with the project."""
    return _swept(REFERENCE)


def test_the_map_of_a_sweep_holds_the_people_of_its_runs(swept: Swept) -> None:
    """The views are the means of the table, the difference that of pairs, half an interval that of a mean."""
    assert swept.people is not None
    content = from_sweep(swept)
    assert content.map is not None
    views = {view["label"]: view for view in content.map["views"]}
    was, squeezed = views["effort as it was"], views["Central Mediterranean: effort 20 times what it was"]
    people = swept.people.query("squeezed == 'central-mediterranean'")
    for view, effort in ((was, 1.0), (squeezed, 20.0)):
        total = people[people["effort"] == effort]["crossings"].sum() / people["draw"].nunique()
        assert sum(view["people"][0]) == pytest.approx(total, rel=0.02), "but for legs too thin to draw"
    change = np.subtract(squeezed["people"][0], was["people"][0])
    assert views["Central Mediterranean: difference"]["people"][0] == pytest.approx(change, abs=200), (
        "one baseline is shown; each difference is from its own, which is the same but for rounding"
    )
    leg = int(np.argmax(was["people"][0]))
    name = next(each for each in people["leg"].unique() if _leg_name(swept, each) == content.map["legs"][leg]["name"])
    chosen = swept.people[swept.people["leg"].eq(name) & swept.people["effort"].eq(1.0)]
    draws = chosen[chosen["squeezed"] == "eastern-mediterranean"].groupby("draw")["crossings"].sum()
    assert was["give"][0][leg] == pytest.approx(
        stats.t.ppf(0.975, len(draws) - 1) * draws.std() / np.sqrt(len(draws)), rel=1e-3)  # fmt: skip


def _leg_name(swept: Swept, leg: str) -> str:
    names = {place.place: place.name.split(" (")[0] for place in swept.scenario.places}
    return next(f"{names[each.tail]} to {names[each.head]}" for each in swept.scenario.legs if each.leg == leg)


def test_a_sweep_without_people_by_leg_has_a_page_without_a_map(swept: Swept, tmp_path: Path) -> None:
    """What a sweep did not keep is said plainly, and what to do; so is where attempts were counted."""
    content = from_sweep(replace(swept, people=None))
    assert content.map is None
    assert "this sweep kept nothing by leg and month" in content.map_note
    assert swept.people is not None
    some = from_sweep(replace(swept, people=swept.people.query("effort == 20")))
    assert some.map is None
    assert "at other efforts than as it was and 20 times what it was" in some.map_note
    text = write(content, tmp_path / "page.html").read_text(encoding="utf-8")
    assert "There is no map" in text
    assert 'id="plot-map"' not in text


def test_deaths_per_thousand_say_which_attempts(swept: Swept) -> None:
    """As runs do, at the borders where arrivals are counted; a sweep that kept others says so."""
    swept = replace(swept, people=None)
    assert counted_attempts(swept.content)
    chart = next(each for each in from_sweep(swept).charts if each.id == "deaths-eastern-mediterranean")
    assert "at borders where arrivals are counted" in chart.figure["layout"]["yaxis"]["title"]["text"]
    other = json.loads(json.dumps(swept.content))
    other["design"]["tables"]["attempts-by-route"]["where"] = {}
    old = from_sweep(replace(swept, content=other))
    chart = next(each for each in old.charts if each.id == "deaths-eastern-mediterranean")
    assert "at any leg of a route" in chart.figure["layout"]["yaxis"]["title"]["text"]
    assert any("Runs count attempts at borders alone" in limit for limit in old.limits)


def test_a_sweep_of_effort_on_routes_is_read() -> None:
    """Tables by route and year become the balloon table: years before its measures, and no route, are left out."""
    table = balloon_table(draws=2, replicates=1).assign(year=2015)
    early = table.assign(year=2014, arrivals=9e9, deaths=9e9, attempts=9e9)
    nowhere = table.head(2).assign(route="", replicate=[0, 0])
    rows = pd.concat([table, early, nowhere])
    by = {"arrivals": ["route", "origin", "need", "year"]}
    content = {"factors": {"squeezed": {}, "effort": {"label": "effort"}}, "cases": {"one": {}},
               "measures": {"arrivals": {"since": "2015-01"}, "deaths": {"since": None}},
               "design": {"tables": {f"{flow}-there": {"measure": flow, "by": by.get(flow, ["route", "year"])}
                                     for flow in ("arrivals", "deaths", "attempts")}}}  # fmt: skip
    assert tables_needed(content, "s")["deaths"] == "deaths-there"
    keys = ["squeezed", "effort", "draw", "replicate", "route"]
    found = balloon_of(content, {flow: rows[[*keys, "year", flow]] for flow in ("arrivals", "deaths", "attempts")})
    expected = table.sort_values(keys, ignore_index=True)[[*keys, "arrivals", "deaths", "attempts"]]
    found = found.sort_values(keys, ignore_index=True)[expected.columns]
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    rows = rows.assign(origin="ORA", need=np.where(rows["route"] == "east", "in_need", "other"))
    people = people_of(content, {"arrivals": rows})
    assert set(people["need"]) == {"in_need", "other"}
    assert people["arrivals"].sum() == table["arrivals"].sum()
    old = {**content, "design": {"tables": {name: {**about, "by": ["route", "year"]}
                                            for name, about in content["design"]["tables"].items()}}}  # fmt: skip
    with pytest.raises(InputError, match=r"kept without origins[\s\S]*arrivals-there[\s\S]*origin, need, year"):
        tables_needed(old, "s")
    wrong = {**content, "factors": {"news": {}}, "design": {"tables": {}}}
    with pytest.raises(InputError, match=r"factors.squeezed[\s\S]*factors.effort[\s\S]*no attempts by route"):
        tables_needed(wrong, "s")


SQUEEZE = """question: What does control on one way change?
cases: {{mine: {{scenario: {folder}/two-ways.yaml, persons_per_agent: 500, end: 2016-01-01, set: {{step_days: 28}}}}}}
factors:
  squeezed:
    levels:
      narrow-sea: {{label: The narrow sea, overrides: [{folder}/overrides/squeeze.yaml]}}
  effort: {{set: policies.squeeze.levers.0.values.0.value, values: [1, 20], as_it_was: 1}}
sampling: {{method: grid}}
measures: {{arrivals: {{measure: arrivals}}, deaths: {{measure: deaths}}}}
tables:
  arrivals-by-group: {{measure: arrivals, by: [route, origin, need, year]}}
  attempts-by-route: {{measure: attempts, by: [route, year], where: {{border: counted}}}}
  deaths-by-route: {{measure: deaths, by: [route, year]}}
"""
LAID = """override: squeeze
summary: Effort on the narrow sea times a factor.
add:
  policies.squeeze:
    label: Effort
    summary: Controls at the beach.
    announced: 2015-01-01
    source: assumed
    mark: false
    levers:
      - {lever: border_posture, government: XST, at: [narrow-sea], do: multiply, unit: "1",
         values: [{from: 2015-01-01, value: 1.0}], kind: assumed, factor: [0.5, 2]}
"""


@pytest.mark.slow
def test_a_sweep_of_a_corridor_given_by_path_is_drawn_and_reported_from_anywhere(tmp_path: Path) -> None:
    """From what the sweep keeps, after the corridor has gone; without what it keeps, one error says so."""
    folder, out = tmp_path / "mine", tmp_path / "sweep"
    api.new(folder)
    (folder / "overrides" / "squeeze.yaml").write_text(LAID, encoding="utf-8")
    (tmp_path / "design.yaml").write_text(SQUEEZE.format(folder=folder), encoding="utf-8")
    api.sweep(tmp_path / "design.yaml", out=out, workers=1)
    folder.rename(tmp_path / "elsewhere")
    drawn, page = corridor("plot", out), corridor("report", out, "--out", tmp_path / "page.html")
    assert (drawn.returncode, page.returncode) == (0, 0), drawn.stderr + page.stderr
    said = (out / "figures" / "at-a-glance.txt").read_text(encoding="utf-8")
    assert "The narrow sea" in said
    assert "not persons" in said
    shutil.rmtree(out / "scenarios")
    lost = corridor("plot", out)
    assert lost.returncode == 2
    assert "keeps no scenario" in lost.stderr


def test_the_squeeze_of_a_new_corridor_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The design that `corridor new` brings keeps what the page and the figures ask for."""
    monkeypatch.chdir(tmp_path)
    api.new("mine")
    design = tmp_path / "mine" / "experiments" / "squeeze" / "design.yaml"
    text = design.read_text(encoding="utf-8")
    design.write_text(text.replace("persons_per_agent: 20\n", "persons_per_agent: 1000\n"), encoding="utf-8")
    assert corridor("check", design).stderr == ""
    monkeypatch.setattr(engines, "engine", serial(Serial()))
    api.sweep(design, out="swept", draws=0)
    page = corridor("report", tmp_path / "swept", "--out", tmp_path / "page.html")
    assert page.returncode == 0, page.stderr
    assert "The Narrow sea" not in (tmp_path / "page.html").read_text(encoding="utf-8")
