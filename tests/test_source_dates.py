"""A source cannot be older than what it is cited for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.scenario.check_files import check
from simulator.scenario.evidence_uses import read_corridors
from simulator.scenario.new import new
from simulator.scenario.source_dates import last_day, published, sources_too_old

STATEMENT = "mpi-council-statement-2017"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2017", date(2017, 12, 31)),
        ("2014 to 2017", date(2017, 12, 31)),
        ("2016-02", date(2016, 2, 29)),
        ("2016-05 to 2017-04", date(2017, 4, 30)),
        ("2016-03-18", date(2016, 3, 18)),
        ("about 1995", date(1995, 12, 31)),
        ("2015-12", date(2015, 12, 31)),
        ("long ago", None),
        ("2016-02-31", None),
        ("0000", None),
        ("9999", None),
    ],
)
def test_the_last_day_that_a_date_can_mean(text: str, day: date | None) -> None:
    assert last_day(text) == day


def test_a_finding_is_as_old_as_its_document() -> None:
    assert published(f"{STATEMENT}.mali-2009", {}) == published(STATEMENT, {}) == date(2017, 12, 31)


def test_no_shipped_corridor_cites_a_source_older_than_the_event() -> None:
    found = [str(problem) for parts in read_corridors().values() for problem in sources_too_old(parts)]
    assert found == []


POLICY = """sea-agreement:
  label: Fence
  summary: A fence.
  announced: {announced}
  source: {of_policy}
  levers:
    - lever: border_effort_departure
      government: XST
      at: [beach--bay]
      values: [{{from: 2015-07-01, value: 2}}, {{from: {later}, value: 4}}]
      unit: "1"
      kind: {kind}
      factor: [0.5, 2]
      source: {source}
      note: "{note}"
"""
SOUND = {"announced": "2015-06-18", "of_policy": "north-macedonia-asylum-law-2015", "later": "2015-08-01",
         "kind": "assumed", "source": "null", "note": ""}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"announced": "2015-08-01"}, []),  # within two months of the law
        ({"announced": "2015-09-01"}, ["announced"]),
        ({"later": "2016-08-01"}, ["levers.0.values"]),
        ({"later": "2016-08-01", "note": "Set with hindsight."}, []),
        ({"later": "2016-08-01", "source": "frontex-annual-risk-2018", "kind": "estimated"}, []),
        ({"later": "2016-08-01", "source": "frontex-annual-risk-2016", "kind": "estimated", "note": "Hindsight."},
         ["levers.0.values"]),
        ({"announced": "2016-09-01", "of_policy": "assumed", "later": "2017-01-01"}, []),
    ],
    ids=str,
)  # fmt: skip
def test_check_refuses_a_source_older_than_what_it_is_cited_for(
    tmp_path: Path, changes: dict[str, str], fields: list[str]
) -> None:
    new(tmp_path / "mine")
    file = tmp_path / "mine" / "strait" / "policies.yaml"
    text = POLICY.format(**{**SOUND, **changes})
    file.write_text(text)
    try:
        check([tmp_path / "mine" / "strait"])
        found = []
    except InputError as error:
        found = [problem.field.removeprefix("policies.sea-agreement.") for problem in error.problems]
        assert all("is later than the source cited for it" in problem.message for problem in error.problems)
        assert all(problem.line for problem in error.problems)
    assert found == fields
