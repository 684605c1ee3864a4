"""Units: one list, and conversions that come back to where they began."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.units import CANONICAL, UNITS, convert, unit

PAIRS = [(a.name, b.name) for a, b in product(UNITS.values(), UNITS.values()) if a.dimension == b.dimension]
STRANGERS = [(a.name, b.name) for a, b in product(UNITS.values(), UNITS.values()) if a.dimension != b.dimension]


@given(st.sampled_from(PAIRS), st.floats(-1e12, 1e12))
def test_round_trip(pair: tuple[str, str], value: float) -> None:
    there, back = pair
    assert convert(convert(value, there, back), back, there) == pytest.approx(value, rel=1e-12, abs=1e-300)


@given(st.sampled_from(PAIRS), st.floats(1e-6, 1e6), st.floats(1.001, 10))
def test_order_is_kept(pair: tuple[str, str], value: float, factor: float) -> None:
    assert convert(value, *pair) < convert(value * factor, *pair)


@given(st.sampled_from(list(UNITS)), st.floats(allow_nan=False, allow_infinity=False))
def test_to_itself_nothing_changes(name: str, value: float) -> None:
    assert convert(value, name, name) == value


@given(st.sampled_from(STRANGERS))
def test_dimensions_do_not_mix(pair: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="measures"):
        convert(1.0, *pair)


def test_every_dimension_has_one_canonical_unit() -> None:
    assert set(CANONICAL) == {each.dimension for each in UNITS.values()}
    assert all(UNITS[name].factor == 1.0 for name in CANONICAL.values())


def test_unknown_unit_names_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"unknown unit 'dayz'.*did you mean 'day'"):
        unit("dayz")


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (7.5, "percent", "1", 0.075),
        (2.0, "week", "day", 14.0),
        (1.0, "year", "month", 12.0),
        (70.0, "person/week", "person/day", 10.0),
        (1.0, "1/month", "1/year", 12.0),
        (3.0, "million_eur", "eur", 3e6),
    ],
)
def test_known_conversions(value: float, source: str, target: str, expected: float) -> None:
    assert convert(value, source, target) == pytest.approx(expected, rel=1e-12)
