"""Whether two runs say the same: people exactly, figures to a billionth."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import api
from simulator.draws import exponential
from simulator.outputs.sameness import apart, compare, digests, of_people

STRANGE = [0.0, 1.0, -3.5, np.nan, np.inf]


def table(values: list[float] | list[int], labels: str = "") -> pa.Table:
    """Return a table of one dimension, a row a step."""
    names = pa.array(list(labels or "a" * len(values))).dictionary_encode()
    return pa.table({"step": pa.array(range(len(values)), pa.int32()), "leg": names, "value": pa.array(values)})


def record(**tables: pa.Table) -> dict[str, dict[str, object]]:
    return {name: digests(one) for name, one in tables.items()}


PEOPLE, FIGURES = table([1, 2, 3]), table([1.0, 2e6, 3e-7])


@pytest.mark.parametrize("old", [True, False])
def test_people_differ_by_one_person_and_figures_by_their_size(old: bool) -> None:
    said = record(deaths=PEOPLE, prices=FIGURES)
    for factor, near in ((1 + 3e-16, True), (1 + 5e-10, True), (1 + 3e-9, False)):
        other = table([1.0 * factor, 2e6 * factor, 3e-7 * factor])
        found = compare(said, {"deaths": PEOPLE, "prices": other},
                        {"deaths": PEOPLE, "prices": FIGURES} if old else None)  # fmt: skip
        assert found.people
        assert found.holds is near
        assert found.figures == (("near" if old else "sums") if near else "different")
        assert found.different == (() if near else ("prices",))
        assert found.inexact == ("prices",)
        assert (found.largest is not None) is old
        if old:
            assert found.largest == pytest.approx(factor - 1, rel=0.5)
    fewer = compare(said, {"deaths": table([1, 2, 2]), "prices": FIGURES})
    assert (fewer.people, fewer.holds, fewer.different) == (False, False, ("deaths",))
    assert compare(said, {"deaths": PEOPLE, "prices": FIGURES}).figures == "exact"


def test_rows_of_figures_are_people() -> None:
    """A price that is there or is not, or that is of another leg, is not a matter of digits."""
    said = record(prices=FIGURES)
    for other in (table([1.0, 2e6]), table([1.0, 2e6, 3e-7], "aab")):
        assert compare(said, {"prices": other}).different == ("prices",)
        assert not compare(said, {"prices": other}).people
        assert not compare(said, {"prices": other}, {"prices": FIGURES}).people


def test_figures_that_change_places_are_told_from_the_record_alone() -> None:
    said = record(prices=table([1.0, 2.0, 3.0]))
    assert compare(said, {"prices": table([3.0, 2.0, 1.0])}).figures == "different"


def test_what_a_record_of_format_1_can_tell() -> None:
    """It has one hash for all of a table: people are told exactly, figures only with the tables beside it."""
    said = {"deaths": {"rows": 3, "sha256": digests(PEOPLE)["sha256"]},
            "prices": {"rows": 3, "sha256": digests(FIGURES)["sha256"]}}  # fmt: skip
    nearly = table([1.0, 2e6 * (1 + 1e-15), 3e-7])
    alone = compare(said, {"deaths": PEOPLE, "prices": nearly})
    assert (alone.people, alone.figures, alone.holds) == (True, "unknown", False)
    beside = compare(said, {"deaths": PEOPLE, "prices": nearly}, {"deaths": PEOPLE, "prices": FIGURES})
    assert (beside.people, beside.figures, beside.holds) == (True, "near", True)
    assert compare(said, {"deaths": PEOPLE, "prices": FIGURES}).figures == "exact"
    assert not compare(said, {"deaths": table([1, 2, 4]), "prices": FIGURES}).people


@given(st.lists(st.sampled_from(STRANGE), min_size=1, max_size=5), st.lists(st.sampled_from(STRANGE), min_size=5))
def test_what_is_no_number_is_the_same_as_itself_alone(first: list[float], second: list[float]) -> None:
    then, now = np.array(first), np.array(second[: len(first)])
    equal = bool(((then == now) | (np.isnan(then) & np.isnan(now))).all())
    assert apart(then, now)[1] is equal
    assert apart(then, then) == (0.0, True)


def test_what_is_left_of_large_numbers_may_differ_as_they_do() -> None:
    """1e-16 of a table whose largest is 1 is rounding, however small the figure that it changes."""
    assert apart(np.array([1.0, 1e-15]), np.array([1.0, 2e-15]))[1]
    assert not apart(np.array([1.0, 1e-3]), np.array([1.0, 1e-3 + 1e-10]))[1]


NARROW = """
import pickle, sys, numpy, simulator
from simulator.draws import exponential
from simulator.outputs.provenance import processor
waits = exponential(numpy.arange(0, 2**32, 40_009, dtype=numpy.uint32))
made = simulator.run({scenario!r}, persons_per_agent={ppa}, end={end!r}, overrides={overrides!r})
if len(sys.argv) > 1:
    made.save(sys.argv[1])
tables = {{name: made.tables.arrow(name) for name in made.tables}}
sys.stdout.buffer.write(pickle.dumps((processor(), waits.tobytes(), tables)))
"""
Made = tuple[dict[str, object], bytes, dict[str, pa.Table]]


def wide() -> list[str]:
    """Return the vector instructions that NumPy found here beyond those that it cannot do without."""
    return list(np.show_config(mode="dicts")["SIMD Extensions"].get("found", []))  # type: ignore[call-overload]


def made(narrow: bool, *arguments: str, **asked: object) -> Made:
    """Run a scenario in a process of its own, with wide vector instructions or without."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    if narrow:
        environment["NPY_DISABLE_CPU_FEATURES"] = " ".join(wide())
        # A core without any of them for BLAS, and none for the C library, where it can be told so.
        environment |= {"OPENBLAS_CORETYPE": "Prescott", "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F"}
    done = subprocess.run([sys.executable, "-c", NARROW.format(**asked), *arguments], env=environment,
                          capture_output=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return pickle.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.mark.skipif(not wide(), reason="NumPy found no vector instructions here that could be turned off")
@pytest.mark.parametrize(
    ("scenario", "ppa", "end", "overrides"),
    [("eu-turkey-2016", 400, "2015-01-01", ["origins-decide-on-returns"]), ("us-mexico", 2000, "1994-01-01", [])],
)  # fmt: skip
def test_wide_vector_instructions_change_no_person(
    tmp_path: Path, scenario: str, ppa: int, end: str, overrides: list[str]
) -> None:
    """Over 100,000 waits, of which a fifth changed as long as they were taken in single precision; and over a run."""
    asked = {"scenario": scenario, "ppa": ppa, "end": end, "overrides": overrides}
    has_not, waits, others = made(True, str(tmp_path / "run"), **asked)
    assert waits == exponential(np.arange(0, 2**32, 40_009, dtype=np.uint32)).tobytes()
    shutil.copy(tmp_path / "run" / "record.json", tmp_path / "record.json")
    again = api.rerun(tmp_path / "run")
    assert again.same, again.sameness
    assert again.sameness.figures in ("exact", "near")
    assert again.processors[0] == has_not
    assert set(wide()) <= set(again.processors[1]["features"]) - set(has_not["features"])  # type: ignore[call-overload]
    assert sum(table.num_rows for table in others.values() if of_people(table)) > 1000
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["format"] == 3
    assert {"people_hash", "figures_hash", "result_hash"} <= set(record)
    tables = {name: again.result.tables.arrow(name) for name in again.result.tables}
    assert compare(record["tables"], tables).figures in ("exact", "sums")
