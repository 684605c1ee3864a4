"""The calendar: no day is lost or counted twice, whatever the step."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.clock import Clock, chance
from simulator.units import DAYS_PER_YEAR

starts = st.dates(date(1990, 1, 1), date(2030, 12, 31))
lengths = st.integers(1, 1500)
unhurried = settings(deadline=None)
steps = st.one_of(st.integers(1, 92), st.just("month"))


def _clock(start: date, length: int, step: int | Literal["month"]) -> Clock:
    return Clock(start, start + timedelta(days=length), step)


@unhurried
@given(starts, lengths, steps)
def test_steps_cover_every_day_once(start: date, length: int, step: int | Literal["month"]) -> None:
    clock = _clock(start, length, step)
    assert clock.days.sum() == length
    assert (clock.days > 0).all()
    assert clock.n_steps == len(clock.days) == len(clock.starts)
    assert clock.starts[0] == start
    assert clock.years.sum() == pytest.approx(length / DAYS_PER_YEAR)


@unhurried
@given(starts, lengths, steps)
def test_month_shares_add_up_and_conserve_days(start: date, length: int, step: int | Literal["month"]) -> None:
    clock = _clock(start, length, step)
    shares = clock.month_shares
    assert shares.shape == (clock.n_steps, len(clock.months))
    assert shares.sum(axis=1) == pytest.approx(np.ones(clock.n_steps))
    by_month = clock.days @ shares
    counted = Counter((start + timedelta(days=number)).replace(day=1) for number in range(length))
    assert by_month == pytest.approx([counted[date.fromisoformat(f"{month}-01")] for month in clock.months])


@unhurried
@given(starts, lengths)
def test_monthly_steps_lie_in_one_month_each(start: date, length: int) -> None:
    clock = _clock(start, length, "month")
    assert clock.n_steps == len(clock.months)
    assert clock.month_shares == pytest.approx(np.eye(clock.n_steps))
    assert all(clock.ends_month(step) for step in range(clock.n_steps))
    assert all(day.day == 1 for day in clock.starts[1:])


@unhurried
@given(starts, lengths, steps)
def test_dates_and_days_agree(start: date, length: int, step: int | Literal["month"]) -> None:
    clock = _clock(start, length, step)
    assert [clock.day_of(clock.date_of(edge)) for edge in clock.edges] == [int(edge) for edge in clock.edges]
    assert (np.diff(clock.middle_years) > 0).all()
    assert start.year <= clock.middle_years[0] < clock.end.year + 1


@unhurried
@given(starts, lengths, st.integers(1, 28))
def test_each_month_ends_in_one_step(start: date, length: int, step: int) -> None:
    clock = _clock(start, length, step)
    ends = sum(clock.ends_month(number) for number in range(clock.n_steps))
    last_months = int((clock.month_shares[-1] > 0).sum())  # the last step may end one month and break off another
    assert ends == len(clock.months) - (last_months - 1)


def test_leap_year() -> None:
    clock = Clock(date(2016, 1, 1), date(2017, 1, 1), "month")
    assert clock.n_steps == 12
    assert clock.days.tolist() == [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    assert clock.months[1] == "2016-02"


def test_last_step_may_be_shorter() -> None:
    clock = Clock(date(2015, 1, 1), date(2015, 1, 11), 7)
    assert clock.edges.tolist() == [0, 7, 10]


@unhurried
@given(st.floats(0, 1000), st.floats(0, 3), st.integers(1, 20))
def test_chance_does_not_depend_on_the_step(rate: float, years: float, parts: int) -> None:
    """Surviving `parts` short steps is surviving one long one."""
    whole = chance(rate, years)
    short = chance(rate, years / parts)
    assert 1 - (1 - short) ** parts == pytest.approx(float(whole), rel=1e-9, abs=1e-12)
    assert 0 <= whole <= 1


def test_chance_of_small_rates_keeps_its_digits() -> None:
    assert float(chance(1e-12, 1.0)) == pytest.approx(1e-12, rel=1e-9)
    assert chance(np.array([0.0, np.inf]), 1.0).tolist() == [0.0, 1.0]
