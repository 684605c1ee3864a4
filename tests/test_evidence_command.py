"""What depends on each piece of evidence, from Python and on the command line."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from test_cli import corridor as command

import simulator
from simulator.errors import InputError
from simulator.scenario import seeds
from simulator.scenario.evidence_uses import citations, detail, drafts_of, read_corridors, table
from simulator.scenario.explain import explain
from simulator.scenario.library import names
from simulator.scenario.references import kind_of, places

STATEMENT = "mpi-council-statement-2017"


@cache
def corridors() -> Any:
    return read_corridors()


# What depends on what ----------------------------------------------------------------------------------------------


def test_uses_are_found_wherever_a_source_can_be_named() -> None:
    whats = {use["what"] for uses in citations(corridors()).values() for use in uses}
    assert {
        "parameters.smuggling.price_elasticity", "legs.price_eur", "policies.niger-law",
        "policies.italy-libya-arrangements.levers.0", "policies.italy-libya-arrangements.payments.0", "partnerships.0",
        "observed.arrivals-greece", "observed.arrivals-greece.2016-02", "asylum_years.AUT.2016",
    } <= {what.removeprefix("tables.").replace(".columns.", ".") for what in whats}  # fmt: skip


def test_each_use_stands_where_it_says() -> None:
    """The line of a use that is a source holds the name of the source; a fit names its data once, at its head."""
    looked = 0
    for identifier, uses in citations(corridors()).items():
        for use in uses:
            assert use["line"] is not None
            assert identifier in Path(use["file"]).read_text(encoding="utf-8").splitlines()[use["line"] - 1]
            looked += 1
    assert looked > 500


def test_an_override_that_names_a_source_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scenarios" / "overrides").mkdir(parents=True)
    text = "override: dearer\nsummary: Prices.\nset:\n  parameters.smuggling.price_elasticity.source: gathmann-2008\n"
    text += "add:\n  policies.new:\n    source: clemens-2014\n    levers: [{lever: aid, source: frontex-triton}]\n"
    (tmp_path / "scenarios" / "overrides" / "dearer.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    found = citations({})
    assert [(use["what"], use["within"], use["line"]) for use in found["gathmann-2008"]] == [
        ("parameters.smuggling.price_elasticity", "override dearer", 4)
    ]
    assert [use["what"] for use in found["clemens-2014"]] == ["policies.new"]
    assert [use["what"] for use in found["frontex-triton"]] == ["policies.new.levers.0"]


def test_a_finding_in_full() -> None:
    found = detail(f"{STATEMENT}.aid-cut-worsens-fragile")
    assert found["unused"] == ""
    assert found["publisher"].startswith("Migration Policy Institute")
    uses = {(use["how"], use["what"]): use for use in found["uses"]}
    invest = uses["mechanism", "simulator.stages.feedback.invest"]
    line = Path(invest["file"]).read_text(encoding="utf-8").splitlines()[(invest["line"] or 0) - 1]
    assert line.startswith("def invest(")
    lags = [use["within"] for use in found["uses"] if use["what"] == "parameters.feedback.withdrawal_lag"]
    assert "corridor mediterranean" in lags


def test_the_table_counts_what_depends() -> None:
    rows = {row["id"]: row for row in table()}
    assert set(rows) == set(seeds.finding_names())
    for name in (f"{STATEMENT}.madad-fund", f"{STATEMENT}.deterrence", f"{STATEMENT}.conditionality-denied"):
        entry = detail(name)
        stated = {(use["how"], use["what"]) for use in entry["uses"]}
        assert rows[name]["uses"] == len(stated)
    assert rows[f"{STATEMENT}.conditionality-denied"]["uses"] == 0


def test_what_stands_in_a_file_of_several_corridors_counts_once() -> None:
    """Two corridors read the file of regimes, which is itself no scenario."""
    (use,) = detail(f"{STATEMENT}.less-for-less")["uses"]
    assert (use["how"], use["what"]) == ("source", "regimes.regimes.less-for-less")
    assert use["file"].endswith("regimes.yaml")
    assert "regimes" not in names("scenario")


def test_places_of_references() -> None:
    drafts = drafts_of(corridors())
    kinds = {
        "tests/test_cli.py::test_version_and_help": "test",
        "simulator.stages.crossing.hazards": "code",
        "docs/odd.md": "file",
        "legs.price_eur": "field",
    }
    assert {name: kind_of(name) for name in kinds} == kinds
    assert all(places(name, drafts) for name in kinds)
    (place,) = places("observed.arrivals-greece.2016-02", drafts)
    assert "arrivals-greece,2016-02," in Path(place.file).read_text().splitlines()[(place.line or 0) - 1]
    assert places("no-such-folder/file.txt", drafts)[0].line is None  # not shipped, and so not missed


def test_explain_says_what_its_sources_are() -> None:
    policy = {row["field"]: row for row in explain("eu-turkey-2016", "policies.eu-trust-fund-africa")}
    said = policy["policies.eu-trust-fund-africa.source"]["evidence"]
    assert said.startswith("Migration Policy Institute")
    assert said.endswith(
        ", II: The trust fund of the European Union for Africa was set up with this sum: 2,500 million_eur."
    )
    assert policy["policies.eu-trust-fund-africa.label"]["evidence"] == ""
    (price,) = explain("eu-turkey-2016", "parameters.smuggling.price_elasticity")
    assert price["evidence"].startswith("Gathmann, C.: ")
    (cell,) = explain("eu-turkey-2016", "observed.arrivals-greece.2016-02.value")
    assert cell["evidence"].startswith("UNHCR: ")


@pytest.mark.parametrize("name", ["gathman-2008", "../publishers", "", "nobody"])
def test_what_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="is neither a finding nor a publisher"):
        detail(name)


def test_from_python() -> None:
    assert len(simulator.evidence(document="mpi-press-release-2017")) == 9
    assert simulator.evidence("gathmann-2008")["publisher"] == "Gathmann, C."  # type: ignore[call-overload]
    with pytest.raises(InputError, match="chooses among all findings"):
        simulator.evidence("gathmann-2008", document="mpi-press-release-2017")


# The command line --------------------------------------------------------------------------------------------------


def test_the_command_lists_findings(tmp_path: Path) -> None:
    done = command("evidence", "--document", "mpi-topic-pages", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "mpi-topic-pages.turkey-opens-border" in done.stdout
    assert STATEMENT not in done.stdout
    rows = json.loads(command("evidence", "--json", cwd=tmp_path).stdout)
    assert len(rows) == len(seeds.finding_names())
    (row,) = (row for row in rows if row["id"] == f"{STATEMENT}.niger-demand")
    assert (row["value"], row["unit"], row["section"], row["uses"]) == (1000, "million_eur", "note 10", 1)


def test_the_command_shows_an_entry_and_what_depends_on_it(tmp_path: Path) -> None:
    done = command("evidence", f"{STATEMENT}.spain-morocco", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "policies.spain-morocco-cooperation" in done.stdout
    assert "policies.yaml:" in done.stdout
    bargains = command("evidence", f"{STATEMENT}.bargaining-chip", cwd=tmp_path).stdout
    assert "regimes.pay-for-control" in bargains
    assert "bargains.turkey-border" in bargains
    assert "parameters.bargaining.price_rise" in bargains
    nothing = command("evidence", f"{STATEMENT}.conditionality-denied", cwd=tmp_path)
    assert "Nothing depends on it." in nothing.stdout
    assert "unused: How loudly a donor sets conditions" in nothing.stdout
    content = json.loads(command("evidence", STATEMENT, "--json", cwd=tmp_path).stdout)
    assert len(content["findings"]) == len(seeds.finding_names(STATEMENT))
    assert {use["what"] for use in content["uses"]} >= {"partnerships.2", "partnerships.3"}


def test_the_command_gathers_many_rows_of_one_file(tmp_path: Path) -> None:
    done = command("evidence", "unhcr-operational-data", cwd=tmp_path)
    assert "observed: 144 fields" in done.stdout
    assert len(done.stdout.splitlines()) < 25


def test_explain_prints_what_its_sources_are(tmp_path: Path) -> None:
    done = command("explain", "eu-turkey-2016", "policies.madad-fund.source", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Sources:" in done.stdout
    assert "launched with this sum: 1,000 million_eur." in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("mpi-council-statement-2017.madad-found",), f"did you mean '{STATEMENT}.madad-fund'?"),
        (("--document", "mpi-topic-page"), "did you mean 'mpi-topic-pages'?"),
        (("gathmann-2008", "--document", "mpi-topic-pages"), "chooses among all findings"),
    ],
)
def test_an_unknown_entry_is_one_clear_error(tmp_path: Path, arguments: tuple[str, ...], text: str) -> None:
    done = command("evidence", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert text in done.stderr
    assert "1 problem;" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
