"""What governments decided in a run, by the real command line; and every mistake in bargains, regimes and responses."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from broken_bargains import BROKEN_BARGAINS, FILES, BrokenBargain, lay
from broken_scenarios import SCENARIO
from test_cli import corridor as command

import simulator
from simulator.errors import InputError
from simulator.scenario.check_files import check
from simulator.scenario.load import load
from simulator.scenario.parameters import Bargaining

# What was decided --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run of eight months in which three questions are decided."""
    folder = tmp_path_factory.mktemp("choices")
    lay(folder / "mine")
    simulator.run(folder / "mine" / SCENARIO, persons_per_agent=2000, end="2015-09-01", out=folder / "run")
    return folder / "run"


def explained(run: Path, *arguments: str) -> Any:
    done = command("explain", str(run), *arguments, "--json", cwd=run.parent)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_a_government_says_what_it_could_do_and_why(run: Path) -> None:
    """From 1 January, each 91 days, at the end of the week in which it falls: on 8 January, 2 April and so on."""
    found = explained(run, "--government", "Highland")
    assert [each["date"] for each in found] == ["2015-01-08", "2015-04-02", "2015-07-02"]
    scale = load(run.parent / "mine" / SCENARIO).parameters.bargaining.choice_scale.value
    for each in found:
        assert (each["government"], each["government_name"], each["partner"]) == ("XHI", "Highland", "XWE")
        assert (each["question"], each["role"]) == ("highland-returns", "partner")
        assert [option["option"] for option in each["options"]] == ["agree", "refuse"], "the most compliant first"
        assert each["taken"] in ("agree", "refuse")
        for option in each["options"]:
            assert set(option) == {"option", "chance", "utility", "terms"}
            assert set(option["terms"]) == {
                "promise", "threat", "relation", "task", "habit", "remittances lost", "backlash", "labour",
            }  # fmt: skip
            assert option["utility"] == pytest.approx(sum(option["terms"].values()))
        assert sum(option["chance"] for option in each["options"]) == pytest.approx(1.0)
        one, other = each["options"]
        odds = one["chance"] / other["chance"]
        assert odds == pytest.approx(2.718281828 ** ((one["utility"] - other["utility"]) / scale))


def test_names_codes_and_dates_choose_among_decisions(run: Path) -> None:
    everything = simulator.choices(run)
    assert {each["government"] for each in everything} == {"XHI", "XST", "XWE"}
    assert {each["role"] for each in everything} == {"partner", "donor", "destination"}
    assert simulator.choices(run, "xwe") == simulator.choices(run, "Westmark")
    by_date = simulator.choices(run, date="2015-04")
    assert by_date == [each for each in everything if each["date"].startswith("2015-04")]
    assert explained(run, "--government", "XWE", "--date", "2015-07-02") == [
        each for each in everything if (each["government"], each["date"]) == ("XWE", "2015-07-02")
    ]  # fmt: skip
    assert len(simulator.choices(run, "XWE", "2015-07-02")) == 2


def test_a_date_without_decision_is_answered_by_what_is_in_force(run: Path) -> None:
    """In mid-May that is what was decided on 2 April, and, on the beach, on 5 March: the last on each question."""
    found = {(each["question"], each["role"]): each["date"] for each in simulator.choices(run, date="2015-05")}
    assert found == {
        ("highland-returns", "partner"): "2015-04-02", ("highland-returns", "donor"): "2015-04-02",
        ("strand-border", "partner"): "2015-03-05", ("strand-border", "donor"): "2015-03-05",
        ("westmark", "destination"): "2015-04-02",
    }  # fmt: skip
    late = simulator.choices(run, "Strand", "2030")
    assert [each["date"] for each in late] == ["2015-09-01"], "the last of all"


def test_the_table_shows_terms_utility_and_chances(run: Path) -> None:
    done = command("explain", str(run), "--government", "Strand", "--date", "2015-03", cwd=run.parent)
    assert done.returncode == 0, done.stderr
    assert "2015-03-05  Strand as partner, towards XWE: strand-border" in done.stdout
    plain = done.stdout.replace("\N{MINUS SIGN}", "-")
    lines = {line.split()[0]: line.split()[1:] for line in plain.splitlines() if line.strip()}
    assert {"leverage", "order", "burden", "promise"} <= set(lines)
    for place in (0, 1):
        shown = [float(lines[term][place]) for term in ("promise", "threat", "relation", "task", "habit", "backlash",
                                                         "order", "burden", "leverage")]  # fmt: skip
        assert sum(shown) == pytest.approx(float(lines["utility"][place]), abs=0.06)
    assert sum(float(share.rstrip("%")) for share in lines["chance"]) == pytest.approx(100, abs=1)
    assert "Taken: " in done.stdout


WRONG = [
    (("--government", "Highlands"), ("unknown government", "'Highlands'", "Highland, Strand, Westmark",
                                     "did you mean 'Highland'")),
    (("--government", "Delta"), ("decided nothing by rule in this run", "'Delta'")),
    (("--government", "Strand", "--date", "2015-13"), ("is not a date", "'2015-13'", "YYYY-MM-DD")),
    (("--date", "May 2015"), ("is not a date", "'May 2015'")),
    (("--date", "2014"), ("comes before the first decision", "2015-01-08 to 2015-09-01")),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "says"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_a_wrong_name_or_date_is_one_clear_error(run: Path, arguments: tuple[str, ...], says: tuple[str, ...]) -> None:
    given = dict(zip((word.removeprefix("--") for word in arguments[::2]), arguments[1::2], strict=True))
    with pytest.raises(InputError) as caught:
        simulator.choices(run, **given)
    assert len(caught.value.problems) == 1
    for text in says:
        assert text in str(caught.value)


@pytest.mark.parametrize("number", [0, 2])
def test_a_wrong_name_or_date_exits_2_without_a_traceback(run: Path, number: int) -> None:
    arguments, says = WRONG[number]
    done = command("explain", str(run), *arguments, cwd=run.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert "1 problem; nothing was written" in done.stderr
    assert all(text in done.stderr for text in says)


def test_a_run_in_which_nothing_was_decided_says_so(tmp_path: Path) -> None:
    lay(tmp_path / "mine")
    for name in ("bargains", "responses"):
        path = tmp_path / "mine" / "strait" / f"{name}.yaml"
        path.write_text(path.read_text().replace("active: true", "active: false"))
    result = simulator.run(tmp_path / "mine" / SCENARIO, persons_per_agent=5000, end="2015-02-01")
    with pytest.raises(InputError, match="no government decided anything by rule in this run"):
        simulator.choices(result)


# Mistakes ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_template_with_bargains_is_sound(tmp_path: Path) -> None:
    """A file that corridors share lies beside the scenario, is checked with them, and is no scenario itself."""
    lay(tmp_path / "mine")
    assert [path.name for path in check([tmp_path / "mine"])] == ["no-agreement.yaml", "corridor.yaml", SCENARIO]
    made = load(tmp_path / "mine")
    assert made.corridor.regimes is not None
    assert made.corridor.regimes.acts.readmission["agree"].value.value == pytest.approx(0.7)
    assert set(made.corridor.bargains) == {"highland-returns", "strand-border"}


@pytest.mark.parametrize("case", BROKEN_BARGAINS, ids=lambda case: case.name)
@pytest.mark.usefixtures("_elsewhere")
def test_broken_bargain_is_refused(case: BrokenBargain, tmp_path: Path) -> None:
    """The mistake is named with file, line and field, in plain words, and one mistake is few problems."""
    path = case.write(tmp_path / "broken")
    with pytest.raises(InputError) as caught:
        load(path)
    assert case.pattern(tmp_path / "broken").search(str(caught.value))
    assert len(caught.value.problems) <= 4
    for problem in caught.value.problems:
        assert problem.line is not None
        assert problem.field
    for jargon in ("pydantic", "Value error", "type=", "input_value", "constrained", "NoneType"):
        assert jargon not in str(caught.value)


def test_there_are_many_kinds_of_mistake_each_once() -> None:
    names = [case.name for case in BROKEN_BARGAINS]
    assert len(set(names)) == len(names) >= 45
    assert {case.file for case in BROKEN_BARGAINS} >= set(FILES)


def refused(folder: Path, names: tuple[str, ...]) -> tuple[subprocess.CompletedProcess[str], list[BrokenBargain]]:
    """Break a template in several ways at once, and check it by the command line."""
    cases = [case for case in BROKEN_BARGAINS if case.name in names]
    assert len(cases) == len(names)
    lay(folder)
    for case in cases:
        path = folder / case.file
        before = path.read_text()
        assert case.old in before
        path.write_text(before.replace(case.old, case.new, 1))
    return command("check", str(folder / SCENARIO), cwd=folder.parent), cases


def test_all_mistakes_at_once_by_the_command_line(tmp_path: Path) -> None:
    """Those between parts, of three files, with their lines; and those of shape, which come before them."""
    between = ("unknown-donor", "destination-is-none", "unknown-leg-of-bargain", "unknown-source-of-regime",
               "unknown-lever-of-answer", "answer-out-of-reach", "unknown-origin-of-answer")  # fmt: skip
    of_shape = ("about-nothing-known", "unit-of-interest", "unknown-due", "too-public", "beyond-compliance",
                "too-much-relief", "unit-of-cost")  # fmt: skip
    for number, names in enumerate((between, of_shape)):
        done, cases = refused(tmp_path / f"broken-{number}", names)
        assert (done.returncode, done.stdout) == (2, "")
        assert "Traceback" not in done.stderr
        for case in cases:
            assert case.pattern(tmp_path / f"broken-{number}").search(done.stderr.replace(f"broken-{number}/", "")), (
                case.name, done.stderr)  # fmt: skip


def test_every_weight_of_bargains_is_read() -> None:
    """A parameter that no rule reads is a defect: each stands as an attribute somewhere in the code of governments."""
    folder = Path(simulator.__file__).parent / "governments"
    code = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    assert len(Bargaining.model_fields) > 20
    for name in Bargaining.model_fields:
        assert f".{name}.value" in code, name
