"""Draws are uniform, independent, stable, and depend on their key alone; counts are exact binomials."""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from simulator import draws
from simulator.draws import Decision
from simulator.stages.departure import draw_binomial

N = 400_000
GROUP = draws.name_key(1, "ORA", "ORA", "in_need", "poorer")


@cache
def keys(n: int = N) -> draws.Words:
    return draws.person_keys(GROUP, 12, 0, n)


def test_the_vectorised_words_equal_the_scalar_mix() -> None:
    some = keys(100)
    constant = draws.stream(Decision.AFTER, 30, 5)
    wanted = [draws.mix((int(key) + constant) % 2**64) for key in some]
    assert draws.words(some, constant).tolist() == wanted


def test_known_values_stay() -> None:
    """Golden values: a change of the generator changes every result, and must be a decision."""
    assert GROUP == 5151677558967123414
    assert draws.stream(Decision.CHOOSE, 0) == 1816945705467351922
    assert draws.person_keys(GROUP, 0, 0, 2).tolist() == [5613333669610422074, 4954469287220428114]
    for first, digest in (
        (Decision.PATHWAY, "5af1944abd55e3bd"),
        (Decision.GOVERN, "ea24c4900369010b"),
        (Decision.HOMEWARD, "e347dded9703180f"),
    ):
        blob = b"".join(
            draws.words(keys(1000), draws.stream(d, s, t)).tobytes()
            for d in Decision if d <= first for s in (0, 9) for t in (0, 63)
        )  # fmt: skip
        assert hashlib.sha256(blob).hexdigest()[:16] == digest, "a decision that is new leaves the others alone"
    assert max(Decision) == Decision.HOMEWARD, "add a line above for a decision that is new"


@pytest.mark.parametrize("decision", list(Decision))
@pytest.mark.parametrize("part", ["high", "low", "both"])
def test_draws_are_uniform(decision: Decision, part: str) -> None:
    """Chi-square over 256 cells at the level 1e-4 (45 tests: one false alarm in 220 suites, were it not seeded).

    Power: with 400,000 draws, cells that differ by 2% (root mean square) from their share have non-centrality
    400,000 x 0.02^2 = 160, found with probability above 0.95.
    """
    word = draws.words(keys(), draws.stream(decision, 7))
    unit = draws.uniforms(keys(), decision, 7) if part == "both" else draws.uniform(draws.halves(word)[part == "low"])
    assert unit.min() > 0.0
    assert unit.max() < 1.0
    counts = np.bincount((unit * 256).astype(int), minlength=256)
    assert stats.chisquare(counts).pvalue > 1e-4
    power = stats.ncx2.sf(stats.chi2.isf(1e-4, 255), 255, N * 0.02**2)
    assert power > 0.95


PAIRS = {
    "two decisions": ((Decision.CHOOSE, 7, 0), (Decision.AFTER, 7, 0)),
    "two steps": ((Decision.CHOOSE, 7, 0), (Decision.CHOOSE, 8, 0)),
    "two turns": ((Decision.CHOOSE, 7, 0), (Decision.CHOOSE, 7, 1)),
    "last turn and next step": ((Decision.CHOOSE, 7, 63), (Decision.CHOOSE, 8, 0)),
    "far steps": ((Decision.CHOOSE, 0, 0), (Decision.CHOOSE, 1460, 0)),
}


@pytest.mark.parametrize("name", [*PAIRS, "neighbours", "halves", "next ordinal and next step"])
def test_draws_are_independent(name: str) -> None:
    """Correlation, and a chi-square of 16 x 16 cells, between draws that must have nothing to do with each other.

    Power: with 400,000 pairs a correlation of 0.009 is found with probability above 0.9 at the level 1e-4.
    """
    if name in PAIRS:
        one, other = (draws.uniforms(keys(), *which) for which in PAIRS[name])
    elif name == "halves":
        one, other = (
            draws.uniform(half) for half in draws.halves(draws.words(keys(), draws.stream(Decision.CHOOSE, 7)))
        )
    elif name == "neighbours":
        unit = draws.uniforms(keys(), Decision.CHOOSE, 7)
        one, other = unit[:-1], unit[1:]
    else:
        one = draws.uniforms(draws.person_keys(GROUP, 12, 1, N), Decision.CHOOSE, 12)
        other = draws.uniforms(draws.person_keys(GROUP, 13, 0, N), Decision.CHOOSE, 13)
    limit = stats.norm.isf(0.5e-4) / np.sqrt(N)
    assert abs(np.corrcoef(one, other)[0, 1]) < limit
    assert stats.norm.sf((limit - 0.009) * np.sqrt(N)) > 0.9
    table = np.histogram2d(one, other, bins=16, range=[[0, 1], [0, 1]])[0]
    assert stats.chisquare(table.ravel()).pvalue > 1e-4


def test_keys_of_several_groups_are_those_of_each_alone() -> None:
    groups, count = [GROUP, 7, 2**64 - 1], [3, 0, 2]
    alone = [draws.person_keys(group, 12, 0, n) for group, n in zip(groups, count, strict=True)]
    together = draws.cohort_keys(np.array(groups, dtype=np.uint64), 12, np.array(count))
    np.testing.assert_array_equal(together, np.concatenate(alone))


def test_keys_do_not_depend_on_other_groups_or_on_how_many_set_out() -> None:
    assert draws.name_key(1, "ORA", "TRA") != draws.name_key(1, "ORAT", "RA")
    assert draws.name_key(1, "ORA") != draws.name_key(2, "ORA")
    np.testing.assert_array_equal(draws.person_keys(GROUP, 3, 0, 10)[4:], draws.person_keys(GROUP, 3, 4, 6))


def test_keys_are_distinct() -> None:
    """Among two million keys of many groups and steps no two are the same (by chance: 1 in 10 million)."""
    groups = [draws.name_key(seed, "ORA", str(n)) for seed in (1, 2) for n in range(20)]
    every = np.concatenate([draws.person_keys(group, step, 0, 1000) for group in groups for step in range(50)])
    every.sort()
    assert (np.diff(every) > 0).all()


def test_streams_are_distinct() -> None:
    every = {draws.stream(d, step, turn) for d in Decision for step in range(300) for turn in range(draws.ROUNDS)}
    assert len(every) == len(Decision) * 300 * draws.ROUNDS


def test_exponential_variates_have_the_right_distribution() -> None:
    """Kolmogorov-Smirnov; 400,000 draws find a distribution function off by 0.004 with near certainty."""
    waits = draws.exponential(draws.halves(draws.words(keys(), draws.stream(Decision.AFTER, 7)))[0])
    assert waits.dtype == np.float32
    assert waits.min() >= 0
    assert np.isfinite(waits).all()
    assert stats.kstest(waits, "expon").pvalue > 1e-4
    ends = draws.exponential(np.array([0, 2**32 - 1], dtype=np.uint32))
    assert ends[0] == pytest.approx(-np.log(0.5 * 2.0**-32), rel=1e-6)
    assert ends[1] == 0


def test_limits_keep_shares() -> None:
    limits = draws.thresholds(np.array([0.0, 0.25, 1.0, 1.5]))
    assert limits.tolist() == [0, 2**30, 2**32 - 1, 2**32 - 1]


@pytest.mark.parametrize(("n", "p"), [(1, 0.3), (3, 0.5), (7, 0.01), (12, 0.97), (40, 0.2), (1000, 0.002)])
def test_counts_are_binomial_by_inversion(n: int, p: float) -> None:
    """On a fine even grid of draws the counts are the quantiles of the binomial, without exception."""
    grid = (np.arange(20_000) + 0.5) / 20_000
    got = draw_binomial(grid, np.full(grid.shape, n), np.full(grid.shape, p))
    np.testing.assert_array_equal(got, stats.binom.ppf(grid, n, p))
    share = np.bincount(got, minlength=n + 1) / len(grid)
    np.testing.assert_allclose(share, stats.binom.pmf(np.arange(n + 1), n, p), atol=1.01 / len(grid))


@settings(max_examples=200, deadline=None)
@given(draw=st.floats(2.0**-54, 1 - 2.0**-53), n=st.integers(0, 2 * 10**8), low=st.floats(0, 1), high=st.floats(0, 1))
def test_the_same_draw_gives_more_when_the_chance_is_higher(draw: float, n: int, low: float, high: float) -> None:
    low, high = min(low, high), max(low, high)
    fewer, more = draw_binomial(np.full(2, draw), np.full(2, n), np.array([low, high]))
    assert 0 <= fewer <= more + (1 if n > 10**6 else 0)
    assert more <= n


@pytest.mark.parametrize(
    ("n", "p"), [(10**6, 1e-9), (10**7, 3e-4), (2 * 10**8, 1e-5), (2 * 10**8, 0.37), (10**8, 1 - 1e-8)]
)
def test_counts_from_huge_pools_bracket_the_draw(n: int, p: float) -> None:
    """The count k has F(k - 2) < draw <= F(k + 1): never off by more than one person in two hundred million."""
    grid = draws.uniforms(keys(4000), Decision.DEPART, 0)
    got = draw_binomial(grid, np.full(grid.shape, n), np.full(grid.shape, p))
    assert (stats.binom.cdf(got - 2, n, p) < grid).all()
    assert (stats.binom.cdf(got + 1, n, p) >= grid * (1 - 1e-9)).all()


def test_certain_and_impossible_counts() -> None:
    grid = np.array([2.0**-54, 0.5, 1 - 2.0**-53])
    n = np.array([5, 0, 10**8])
    assert draw_binomial(grid, n, np.zeros(3)).tolist() == [0, 0, 0]
    assert draw_binomial(grid, n, np.ones(3)).tolist() == [5, 0, 10**8]
