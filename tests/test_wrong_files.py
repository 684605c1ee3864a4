"""Files that are not what they should be, numbers that cannot be, and tables that contradict each other."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator import api
from simulator.errors import InputError, InputWarning
from simulator.scenario.check_files import check
from simulator.scenario.checks_tables import BYTES_A_ROW
from simulator.scenario.load import load
from simulator.scenario.new import new
from simulator.scenario.tables import COLUMN_UNITS, TABLES
from simulator.scenario.yaml_file import parse_yaml
from simulator.world.people import COLUMNS

SCENARIO = "two-ways.yaml"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    new(tmp_path / "mine")
    return tmp_path / "mine"


def _said(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        load(folder / SCENARIO)
    return str(caught.value)


def _append(folder: Path, table: str, *rows: str) -> None:
    path = folder / "strait" / f"{table}.csv"
    path.write_text(path.read_text().rstrip("\n") + "\n" + "\n".join(rows) + "\n")


def _columns(folder: Path, table: str) -> list[str]:
    return (folder / "strait" / f"{table}.csv").read_text().splitlines()[0].split(",")


def _row(folder: Path, table: str, **cells: object) -> str:
    return ",".join(str(cells.get(column, "")) for column in _columns(folder, table))


# --- overrides over what is not what it should be ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("policies", "says", "not_said"),
    [
        ("policies.yaml", r"strait/policies\.yaml:\d+: policies: is not YAML", "does not exist"),
        ("5", r"squeeze-narrow-sea\.yaml:\d+: policies\.squeeze: cannot be set: what it lies in holds no fields", ""),
        ("[1]", r"squeeze-narrow-sea\.yaml:\d+: policies\.squeeze: cannot be set: what it lies in holds no fields", ""),
    ],
)
def test_an_override_over_what_holds_no_fields_is_one_error(
    folder: Path, policies: str, says: str, not_said: str
) -> None:
    """Policies that cannot be read, or are no set of policies, and a design that adds one: a traceback until then."""
    (folder / "strait" / "policies.yaml").write_text("sea-agreement: [\n")
    corridor = folder / "strait" / "corridor.yaml"
    corridor.write_text(corridor.read_text().replace("policies: policies.yaml", f"policies: {policies}"))
    design = folder / "experiments" / "squeeze" / "design.yaml"  # laid in the case, not by a factor
    text = design.read_text().replace("overrides: [no-agreement]", "overrides: [no-agreement, squeeze-narrow-sea]")
    design.write_text(text)
    with pytest.raises(InputError, match=says) as caught:
        api.check(folder / "experiments" / "squeeze")
    assert not not_said or not_said not in str(caught.value)


def test_a_field_that_an_override_touches_again_and_again_is_told_once_a_line(folder: Path) -> None:
    """Of each line with the first, not of every pair: two thousand lines took 35 seconds and 1.7 GB."""
    override = folder / "overrides" / "no-agreement.yaml"
    line = "  - policies.sea-agreement\n"
    override.write_text(override.read_text().replace(line, line * 300))
    with pytest.raises(InputError) as caught:
        load(folder / SCENARIO, overrides=["no-agreement"])
    assert len([each for each in caught.value.problems if "is touched twice" in each.message]) == 299


# --- kinds of file ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda data: b"PK\x03\x04" + data, r"a zip archive, such as an Excel"),
        (lambda data: b"\xd0\xcf\x11\xe0" + data, r"an old Excel file"),
        (lambda data: b"\x1f\x8b\x08" + data, r"a gzip archive"),
        (lambda data: data.decode().encode("utf-16"), r"UTF-16 text"),
        (lambda data: data.decode().encode("utf-16-le"), r"binary, not text"),
        (lambda data: data.replace(b",", b";"), r"is separated by semicolons, not commas"),
        (lambda data: data.replace(b",", b"\t"), r"is separated by tabs, not commas"),
    ],
)  # fmt: skip
def test_what_a_table_is_instead_is_said_once(folder: Path, spoil: Callable[[bytes], bytes], says: str) -> None:
    path = folder / "strait" / "displaced.csv"
    path.write_bytes(spoil(path.read_bytes()))
    said = _said(folder)
    assert says in said
    assert said.count("displaced.csv") == 1


def test_a_mark_at_the_beginning_and_windows_lines_are_read(folder: Path) -> None:
    path = folder / "strait" / "displaced.csv"
    before = load(folder / SCENARIO)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert load(folder / SCENARIO) == before


def test_a_column_without_a_name(folder: Path) -> None:
    """An empty one is ignored with a word; one that holds something is named."""
    path = folder / "strait" / "displaced.csv"
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header + ",", *(row + "," for row in rows)]))
    with pytest.warns(InputWarning, match=f"column {len(header.split(',')) + 1} has no name and is empty"):
        api.check(folder / SCENARIO)
    path.write_text("\n".join([header + ",", *(row + ",7" for row in rows)]))
    assert "has no name" in _said(folder)


def test_all_bad_rows_come_at_once(folder: Path) -> None:
    _append(
        folder,
        "displaced",
        "XHI,XST,2016",
        _row(folder, "displaced", origin="XHI", host="XST", year=1, people=1),
        "XHI,XST,2017,1,2,3,4,5,6,7",
        _row(folder, "displaced", origin="XHI", host="XST", year=2018, people="x"),
    )
    said = _said(folder)
    for part in ("has 3 cells", "has 10 cells", "year: is too small", "people: is not a number"):
        assert part in said


def test_an_open_quote_is_found_where_it_opens(folder: Path) -> None:
    path = folder / "strait" / "displaced.csv"
    lines = path.read_text().splitlines()
    lines[2] = '"' + lines[2]
    path.write_text("\n".join(lines))
    assert "displaced.csv:3: is not CSV" in _said(folder)


def test_what_is_no_file_is_not_read(folder: Path) -> None:
    path = folder / "strait" / "displaced.csv"
    path.unlink()
    os.mkfifo(path)
    assert "is not a file" in _said(folder)


# --- YAML -------------------------------------------------------------------------------------------------------------
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: " + "9" * 10_000, "is a number of 10000 characters"),
        ("a: 0." + "1" * 10_000, "is a number of 10002 characters"),
        ("a: !!float abc", "is not what its tag says"),
        ("a: !!int abc", "is not what its tag says"),
        ("a: !!bool abc", "is neither true nor false"),
        ("a: !!null abc", "is not null"),
        ("a: !!set {b}", "has the tag"),
        ("a: !mine {b: 1}", "has the tag"),
        ("a: " + "[" * 1000 + "]" * 1000, "is nested too deeply"),
        ("a: " + "[" * 100_000, "is nested too deeply"),
        ("".join(f"{' ' * depth}a:\n" for depth in range(1000)), "is nested too deeply"),
        (BOMB, "repeats itself without end"),
        ("a: &a [*a]", "repeats itself without end"),
        ("a: 1\na: 2", "is given twice"),
        ("k" * 1000 + ": 1", "a key is too long"),
        ('a: "\\x1b[31mred"', "has a control character"),
        ('a: "\\ud800"', ""),
        ("%YAML 1.1\n---\na: NO", "is neither true nor false"),
        ("a: " + "b" * 100_000, "is too long"),
    ],
)  # fmt: skip
def test_yaml_that_means_nothing_is_one_error(text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_yaml(text, "some.yaml")
    assert len(caught.value.problems) == 1
    assert says in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("name", ["x" * 300, "x" * 5000, "a\0b", "a\x1b[31mb"])
def test_names_that_no_file_can_have(folder: Path, name: str) -> None:
    for given in (lambda: load(name), lambda: check(name), lambda: load(folder / SCENARIO, overrides=[name])):
        with pytest.raises(InputError, match=r"is no name of a"):
            given()


@pytest.mark.parametrize("field", ["base: strait", "file: legs.csv"])
def test_names_in_files_that_no_file_can_have(folder: Path, field: str) -> None:
    for path in (folder / SCENARIO, folder / "strait" / "corridor.yaml"):
        path.write_text(path.read_text().replace(field, f"{field.split(':')[0]}: {'x' * 300}"))
    assert "x" * 50 in _said(folder)


# --- numbers ----------------------------------------------------------------------------------------------------------
def test_every_numeric_column_has_both_limits() -> None:
    for name, units in COLUMN_UNITS.items():
        for column in units:
            found = [
                part
                for part in _metadata(TABLES[name].model_fields[column])
                if hasattr(part, "ge") or hasattr(part, "le")
            ]
            assert {side for part in found for side in ("ge", "le") if hasattr(part, side)} == {"ge", "le"}, (
                name,
                column,
            )


def _metadata(info: object) -> list[object]:
    from typing import get_args

    found = list(info.metadata)  # type: ignore[attr-defined]
    for choice in get_args(info.annotation):  # type: ignore[attr-defined]
        for part in getattr(choice, "__metadata__", ()):
            found.extend(getattr(part, "metadata", ()))
    return found


@pytest.mark.parametrize("value", ["1e15", "1e300", "-1", "1e-300"])
def test_populations_that_cannot_be(folder: Path, value: str) -> None:
    _append(folder, "country_years", _row(folder, "country_years", country="XHI", year=2030, population=value))
    assert "country_years.XHI.2030.population: is too" in _said(folder)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("period.end=9999-12-31", "period.end: is too late"),
        ("period.start=0001-01-01", "period.start: is too early"),
        ("seed=99999999999999999999", "seed: is too large"),
        ("persons_per_agent=1e9", "persons_per_agent: is too large"),
        ("step_days=1000", "step_days: "),
        ("reference_year=99999", "reference_year: is too large"),
        ("policies.sea-agreement.levers.0.values.0.ramp_days=1e9", "ramp_days: is too large"),
        ("policies.sea-agreement.announced=9999-12-31", "announced: is too late"),
    ],
)  # fmt: skip
def test_numbers_and_days_of_yaml_have_limits(folder: Path, setting: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        load(folder / SCENARIO, set=setting)
    assert says in str(caught.value)


def test_a_corridor_to_the_end_of_time_is_refused(folder: Path) -> None:
    path = folder / "strait" / "corridor.yaml"
    path.write_text(path.read_text().replace("2018-12-31", "9999-12-31"))
    with pytest.raises(InputError, match="is too late"):
        load(path)


def test_more_rows_than_a_machine_holds_are_refused_with_the_scale_that_would_do(folder: Path) -> None:
    _append(folder, "country_years", _row(folder, "country_years", country="XHI", year=2030, population="1e10"))
    with pytest.raises(InputError, match=r"(?s)persons_per_agent: is too fine.*allowed: 6 or more"):
        load(folder / SCENARIO, persons_per_agent=1)
    load(folder / SCENARIO, persons_per_agent=6)


def test_bytes_a_row_are_those_of_the_columns() -> None:
    assert sum(kind().nbytes for kind in COLUMNS.values()) == BYTES_A_ROW


# --- tables against each other ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("table", "cells", "says"),
    [
        ("displaced", {"origin": "XHI", "host": "XHI", "year": 2014, "people": 9}, "is the origin itself"),
        ("diaspora", {"origin": "XHI", "country": "XHI", "year": 2014, "people": 9}, "is the origin itself"),
        ("recognition", {"origin": "XHI", "country": "XHI", "year": 2014, "rate": 1, "decisions": 1}, "itself"),
        ("visas", {"origin": "XHI", "country": "XHI", "required": 1}, "is the origin itself"),
        ("displaced", {"origin": "XHI", "host": "XST", "year": 2030, "people": 9e8}, "which has a population of"),
        ("diaspora", {"origin": "XHI", "country": "XWE", "year": 2030, "people": 9e8}, "which has a population of"),
        ("recognition", {"origin": "XHI", "country": "XWE", "year": 2014, "rate": 1, "decisions": 9e6}, "decisions"),
        ("country_years", {"country": "XHI", "year": 2030, "population": 5, "battle_deaths": 6}, "is more than"),
        ("observed", {"series": "sea-arrivals", "month": "2030-01", "value": 1}, "lies outside what the"),
    ],
)  # fmt: skip
def test_tables_that_contradict_each_other(folder: Path, table: str, cells: dict[str, object], says: str) -> None:
    if table == "recognition" and "decisions" in says:  # in place of the row that is there
        path = folder / "strait" / "recognition.csv"
        path.write_text(
            "".join(line for line in path.read_text().splitlines(keepends=True) if not line.startswith("XHI,XWE,2014"))
        )
    _append(folder, table, _row(folder, table, **cells))
    said = _said(folder)
    assert says in said
    assert f"{table}.csv:" in said


@pytest.mark.parametrize(("table", "says"), [
    ("asylum_years", "nobody would ever get a decision"), ("recognition", "nobody would ever get protection"),
    ("visas", "no row of the table visas says"), ("origins", "is not in the table origins"),
])  # fmt: skip
def test_tables_that_are_empty_but_needed(folder: Path, table: str, says: str) -> None:
    path = folder / "strait" / f"{table}.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    assert says in _said(folder)


def test_effort_that_nobody_makes_is_refused(folder: Path) -> None:
    said = ""
    with pytest.raises(InputError) as caught:
        load(folder / SCENARIO, set={"legs.beach--bay.departure_control": "", "legs.beach--bay.effort_departure": 1.0})
    said = str(caught.value)
    assert "effort_departure: is made by nobody" in said


def test_one_day_is_written_with_the_day_after(folder: Path) -> None:
    path = folder / "strait" / "policies.yaml"
    first = path.read_text().split("{from: ")[1][:10]
    path.write_text(path.read_text().replace("until: 2018-07-01", f"until: {first}"))
    said = _said(folder)
    assert "until is the first day without it; or write" in said


# --- Python -----------------------------------------------------------------------------------------------------------
def test_one_name_is_a_list_of_one(folder: Path) -> None:
    given = str(folder / SCENARIO)
    assert api.check(given) == api.check([given])
    assert api.check(Path(given)) == [Path(given)]
    one = load(given, overrides="no-agreement", set="seed=7")
    assert one == load(given, overrides=["no-agreement"], set=["seed=7"])


def test_a_run_in_which_nobody_sets_out_says_so(folder: Path) -> None:
    result = api.run(folder / SCENARIO, persons_per_agent=1_000_000, start="2015-01-01", end="2015-02-01")
    assert result.words
    assert "nobody set out" in result.words[0]


def test_a_corridor_folder_without_its_file_is_not_taken_for_the_library_s(folder: Path) -> None:
    """A folder of the name lies beside the scenario: the library's corridor of that name is not meant."""
    (folder / "strait").rename(folder / "us-mexico")
    scenario = folder / "two-ways.yaml"
    text = scenario.read_text(encoding="utf-8").replace("base: strait", "base: us-mexico")
    scenario.write_text(text, encoding="utf-8")
    (folder / "us-mexico" / "corridor.yaml").unlink()
    with pytest.raises(InputError, match=r"us-mexico.*has no corridor\.yaml"):
        load(scenario)
