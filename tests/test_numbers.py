"""One figure, one rounding: closed cases, and no number that is written anywhere else by its own rule."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import numbers
from simulator.analysis.diversion.figures.glance import hundred
from simulator.analysis.report.page import shown
from simulator.terminal import cell

PACKAGE = Path(__file__).parents[1] / "simulator"
WRITES = ("analysis", "validation/report.py", "validation/criteria.py", "terminal.py", "cli.py", "cli_reports.py")
AD_HOC = re.compile(r"(?<![\w.])round\(|:,?\.\d[fg]\}|:,\.?\d*[fg]\}|:\+?\.\d+f\}|\.0%|%\{[xyz]:")
"""A rounding of one's own: round(), formats of floats with decimals or figures, formats of plotly."""


@pytest.mark.parametrize(("value", "counted", "said", "figure"), [
    (393_500, "393,500", "394,000", "394,000"),
    (392_500, "392,500", "393,000", "393,000"),
    (393_499.99999999994, "393,500", "394,000", "394,000"),
    (-392_500.0, "\N{MINUS SIGN}392,500", "\N{MINUS SIGN}393,000", "\N{MINUS SIGN}393,000"),
    (999.5, "1,000", "1,000", "1,000"),
    (2.5, "3", "3", "2.5"),
    (12.35, "12", "12", "12.4"),
    (99.96, "100", "100", "100"),
    (-0.0, "0", "0", "0"),
    (-1e-12, "0", "0", "0"),
    (0.5, "1", "1", "0.5"),
    (1.234e-5, "0", "0", "1.23e-05"),
    (float("nan"), "-", "-", "-"),
])  # fmt: skip
def test_ties_go_away_from_zero(value: float, counted: str, said: str, figure: str) -> None:
    assert numbers.count(value) == counted
    assert numbers.people(value) == said
    assert numbers.figure(value) == figure


def test_little_room() -> None:
    assert numbers.amount(999_999.6) == numbers.amount(1e6) == "1 m"
    assert numbers.amount(2_345_000) == "2.35 m"  # to even, it was 2.34
    assert numbers.amount(999_400) == "999,000"
    assert numbers.percent(0.125) == "13%"
    assert numbers.fixed(-0.005, 2) == "\N{MINUS SIGN}0.01"
    assert numbers.signed(numbers.count(0.2), 0.2) == "0"


@given(st.lists(st.floats(-1e7, 1e7), min_size=1, max_size=30), st.randoms())
def test_a_mean_reads_the_same_in_every_order(values: list[float], luck: object) -> None:
    again = sorted(values)
    one, other = sum(values) / len(values), sum(again) / len(again)
    if abs(one) > 1e-3 * max(map(abs, values)):  # what cancels has no digits left
        assert numbers.people(one) == numbers.people(other)


@given(st.floats(-1e12, 1e12))
def test_page_table_and_text_say_the_same(value: float) -> None:
    if abs(value) >= numbers.WHOLE_FROM:
        assert numbers.people(value) == numbers.figure(value) == cell(value) == shown(value)
    read = float(numbers.figure(value).replace(",", "").replace("\N{MINUS SIGN}", "-"))
    assert read == pytest.approx(value, rel=0.0051, abs=1e-9)


@given(st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1), min_size=1))
def test_squares_come_to_what_the_text_says(ratios: dict[str, float]) -> None:
    counts = hundred(ratios)
    assert sum(counts.values()) == numbers.whole(sum(sorted((100 * each for each in ratios.values()), reverse=True)))
    assert all(abs(count - 100 * ratios[route]) <= 1 + 1e-9 for route, count in counts.items())


def test_squares_of_two_halves_are_one() -> None:
    """Each by itself would be rounded up: 2 squares beside the text's 1."""
    assert hundred({"west": 0.005, "east": 0.005}) == {"west": 1}
    assert hundred({"west": float("nan"), "east": 0.0}) == {}


def test_few_rows() -> None:
    assert numbers.marked(4_800, 200) == "4,800*"
    assert numbers.marked(5_000, 200) == 5_000
    assert numbers.marked(2_500, 200, runs=2) == 2_500
    assert numbers.marked(0, 200) == 0
    assert 1 / numbers.FEWEST_ROWS**0.5 == pytest.approx(0.2)


def _own_roundings(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if AD_HOC.search(line) and "{margin:" not in line]


def test_nobody_rounds_by_a_rule_of_his_own() -> None:
    assert _own_roundings('text = f"{value:,.0f} people"')
    assert _own_roundings("total = round(value)")
    assert not _own_roundings('f"{numbers.count(value)} of {number:,} runs, {grid.round(3)}"')
    found = {}
    for place in WRITES:
        path = PACKAGE / place
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            own = _own_roundings(file.read_text(encoding="utf-8"))
            # Powers of ten, bytes and seconds of progress are no figures of a run.
            own = [line for line in own if "a second" not in line and "GiB" not in line and "workers_bytes" not in line]
            if own:
                found[str(file.relative_to(PACKAGE))] = own
    assert not found


@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "nonsense", "tkagg"])
def test_drawing_does_not_depend_on_the_back_end(backend: str, tmp_path: Path) -> None:
    code = ("import os, sys; from pathlib import Path; from simulator.analysis import style; "
            "figure, _, _ = style.new_figure(2.0, 'title', 'more', 'source'); "
            "style.save(figure, Path(sys.argv[1]), 'drawn', 'title'); "
            "assert os.environ['MPLBACKEND'] == sys.argv[2] and 'matplotlib.pyplot' not in sys.modules")  # fmt: skip
    environment = {"MPLBACKEND": backend, "PYTHONPATH": str(PACKAGE.parent), "HOME": str(tmp_path), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path), backend], env=environment, check=False,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "drawn.png").is_file()
    assert (tmp_path / "drawn.svg").is_file()
