"""Every kind of mistake in a scenario is found, and said where it is, what is allowed and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from broken_scenarios import BROKEN, LAID_OVER, SCENARIO, Broken

from simulator.errors import InputError
from simulator.scenario.check_files import check
from simulator.scenario.load import load
from simulator.scenario.new import new


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _problems(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        load(path)
    return caught.value


def test_there_are_many_kinds_each_once() -> None:
    names = [case.name for case in BROKEN]
    assert len(names) >= 30
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.name)
def test_broken_scenario_is_refused(case: Broken, tmp_path: Path) -> None:
    """The mistake is named with file and line, in plain words, and one mistake is few problems."""
    error = _problems(case.write(tmp_path / "broken"))
    assert case.pattern(tmp_path / "broken").search(str(error))
    assert len(error.problems) <= 4
    for jargon in ("pydantic", "Value error", "type=", "input_value", "constrained", "NoneType"):
        assert jargon not in str(error)


def test_check_finds_what_load_finds(tmp_path: Path) -> None:
    case = next(case for case in BROKEN if case.name == "unknown-parameter")
    case.write(tmp_path / "broken")
    with pytest.raises(InputError) as caught:
        check([tmp_path / "broken"])
    assert case.pattern(tmp_path / "broken").search(str(caught.value))


def test_all_problems_at_once(tmp_path: Path) -> None:
    """Mistakes in different files and of different kinds are all reported by one reading."""
    wanted = ("unknown-key", "unknown-parameter", "cell-not-a-number", "unknown-lever", "wrong-column-unit",
              "month-skipped", "shares", "removes-what-is-not-there")  # fmt: skip
    cases = [case for case in BROKEN if case.name in wanted]
    assert len(cases) == len(wanted)
    folder = tmp_path / "broken"
    new(folder)
    patches = [(case.file, case.old, case.new) for case in cases]
    patches.extend(LAID_OVER)
    for file, old, text in patches:
        path = folder / file
        path.write_text(path.read_text().replace(old, text, 1))
    said = str(_problems(folder / SCENARIO))
    for case in cases:
        assert case.pattern(folder).search(said), case.name


def test_a_folder_is_checked_whole(tmp_path: Path) -> None:
    new(tmp_path / "good")
    assert [path.name for path in check([tmp_path / "good"])] == [
        "delta-decides.yaml", "no-agreement.yaml", "corridor.yaml", "two-ways.yaml",
    ]  # fmt: skip
