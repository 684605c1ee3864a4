"""Numbers that documents print stand in kept files, and kept results say which version made them."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from simulator import __version__

ROOT = Path(__file__).resolve().parents[1]


def module(path: str) -> ModuleType:
    """Return a script of the repository as a module."""
    name = Path(path).stem
    spec = importlib.util.spec_from_file_location(name, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made  # where dataclasses look for the annotations of their fields
    spec.loader.exec_module(made)
    return made


check = module("docs/check_numbers.py")
KEPT = sorted({path.parent for name, _ in check.MARKS for path in (ROOT / "results").glob(f"*/*/{name}")}
              | {path for path in (ROOT / "results" / "reference").iterdir() if path.is_dir()}
              | {ROOT / "results" / "scorecard", ROOT / "docs" / "figures", ROOT / "experiments/disputed/records",
                 ROOT / "experiments/calibration/records"})  # fmt: skip


@pytest.mark.parametrize("path", check.documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_number_in_a_document_stands_in_the_file_that_it_names(path: Path) -> None:
    assert not check.problems(path), "see docs/check_numbers.py"


def test_what_is_not_checked_is_named_and_there() -> None:
    assert all((ROOT / name).is_file() for name in (*check.UNCHECKED, *check.MADE))
    assert len(check.UNCHECKED) == 3, "a document that is not checked any more needs a reason that a reader accepts"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with one kept file, of another version."""
    monkeypatch.setattr(check, "ROOT", tmp_path)
    check.figures.cache_clear()
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "a.csv").write_text("what,mean,low,high\nfall,0.2914,0.2,-0.376\npeople,15688,10900,20432\n")
    (tmp_path / "kept" / "record.json").write_text(json.dumps({"versions": {"corridor": "0.0.1"}}))
    return tmp_path


def found(folder: Path, text: str) -> list[str]:
    """Return the problems of a document with a text."""
    path = folder / "page.md"
    path.write_text(text, encoding="utf-8")
    return [str(each).partition(": ")[2] for each in check.problems(path)]


SOURCE = "\n\n<!-- numbers: kept/a.csv; corridor compare fall -->\n"
SAID = "Made by Corridor 0.0.1, which is said. "


@pytest.mark.parametrize("text", [
    "15,700 fewer (10,900 to 20,400), in 2017, from 15 May 2017 on.", "It falls by 29% (20 to 38%).", "29 of 100 fall.",
    "A fall of 0.29, or 0.291.", "`1,234` is code, F2b a name, and [this](a-1,234.md) an address.",
])  # fmt: skip
def test_numbers_are_held_to_the_digits_printed(folder: Path, text: str) -> None:
    assert not found(folder, SAID + text + SOURCE)


@pytest.mark.parametrize(("text", "wrong"), [
    ("15,600 fewer.", "15,600"), ("It falls by 30%.", "30"), ("A fall of 0.292.", "0.292"), ("15,687 fewer.", "15,687"),
    ("| 15,688 | 7 |", "7"),
])  # fmt: skip
def test_a_number_that_is_no_figure_of_its_source_is_found(folder: Path, text: str, wrong: str) -> None:
    assert found(folder, SAID + text + SOURCE) == [f"{wrong} is no figure of kept/a.csv"]


def test_results_without_a_source_are_found_each_by_its_part(folder: Path) -> None:
    parts = (f"# A page\n\n{SAID}5% here.",
             f"## More\n\n29% there.{SOURCE}\nAnd 1,200 after it.", "## None\n\nWords.\n")  # fmt: skip
    said = found(folder, "\n\n".join(parts))
    assert [each.partition(" (")[0] for each in said] == ["prints results", "prints results"]


@pytest.mark.parametrize(("comment", "wrong"), [
    ("kept/b.csv; corridor compare fall", "no such file: kept/b.csv"), ("kept/a.csv", "no command makes it: ''"),
    ("kept/a.csv; python none.py", "no command makes it: 'python none.py'"), ("none", "'none' without a reason"),
    ("none, because", "'none' without a reason"),
    ("by make demo", "prints 9% outside of the marks of what the command writes"),
])  # fmt: skip
def test_a_comment_has_to_name_what_there_is(folder: Path, comment: str, wrong: str) -> None:
    text = "29%, 9%" if comment.startswith("by") else "29%"
    assert wrong in "\n".join(found(folder, f"{SAID}{text}\n\n<!-- numbers: {comment} -->\n")).replace("29%", "9%")


def test_results_of_another_version_have_to_be_told_of(folder: Path) -> None:
    assert found(folder, "29%" + SOURCE) == ["prints results of Corridor 0.0.1 and does not say so"]


# Versions -------------------------------------------------------------------------------------------------------------


def numbered(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: str(path.relative_to(ROOT)))
def test_kept_results_say_which_version_made_them(path: Path) -> None:
    made_by = check.version_of(path)
    assert made_by is not None
    assert all(numbered(each) <= numbered(__version__) for each in made_by.split(" and "))


def test_every_figure_of_the_documents_says_which_version_drew_it() -> None:
    folder = ROOT / "docs" / "figures"
    told = json.loads((folder / "reference.json").read_text(encoding="utf-8"))["figures"]
    assert set(told) == {path.name for path in folder.glob("*.png")}
    assert all(numbered(each["corridor"]) <= numbered(__version__) and each["command"] for each in told.values())


def test_the_version_is_the_same_everywhere() -> None:
    """The changelog has a heading of it, or has not been given one yet: what is unreleased is on top."""
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    headings = [line for line in lines if line.startswith("## ")]
    assert headings[0] == "## [Unreleased]" or headings[0].startswith(f"## [{__version__}]")
    kept = [line[4:].partition("]")[0] for line in headings if line != "## [Unreleased]"]
    assert all(numbered(version) <= numbered(__version__) for version in kept)


# What commands write -------------------------------------------------------------------------------------------------


def test_tables_of_documents_are_what_their_commands_write() -> None:
    for script, page in (("experiments/calibration/report.py", "docs/calibration.md"),
                         ("experiments/us-mexico/facts.py", "docs/us-mexico.md")):  # fmt: skip
        text = (ROOT / page).read_text(encoding="utf-8")
        assert module(script).page(text) == text, f"run python {script}"
    for path, text in module("docs/make_scorecard.py").pages().items():
        assert path.read_text(encoding="utf-8") == text, "run python docs/make_scorecard.py"
