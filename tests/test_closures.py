"""What holds for some days of a step counts for those days: chances are averaged, not effort."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small
from hypothesis import given, settings
from hypothesis import strategies as st

import simulator
from simulator.governments.levers import LeverTable
from simulator.governments.timetable import orders_of, within_steps
from simulator.model import CorridorModel
from simulator.stages import crossing, drivers

SHUT = 100.0
EAST = 3


def change(*dated: tuple[date, float], until: date | None = None, do: str = "add") -> Any:
    """Return effort on the eastern leg from some dates on."""
    values = [(day.isoformat(), value) for day, value in dated]
    rest = {"until": until.isoformat()} if until else {}
    return small.change("border_effort_departure", "TRA", ["eastern"], values, do=do, **rest)


def chances(*changes: Any, step: int = 0, step_days: Any = 7) -> Any:
    """Return the world with the chances of a step under some changes; all else is as on the first day."""
    made = small.corridor(
        policies={"closure": small.policy(*changes)}, step_days=step_days, start="2016-01-01", end="2016-03-01"
    )  # fmt: skip
    world = small.begun(made)
    world.step = step
    drivers.update(world)
    table = LeverTable(world)
    for order in orders_of("TRA", made, world.clock):
        value, active = float(order.value[step]), float(order.active[step])
        if active > 0:
            table.lay(order.lever, order.where, order.do, value, active, order.days.get(step))
    table.apply(world)
    crossing.update(world)
    return world


def test_a_leg_shut_on_one_day_stops_those_of_that_day() -> None:
    """Closed form: the mean of the chances of seven days, six of them as ever."""
    shut = change((date(2016, 1, 4), SHUT), until=date(2016, 1, 5))
    usual, week = chances(), chances(shut)
    closed = chances(shut, step=3, step_days=1)
    risk = 6 / 7 * usual.p_death[EAST] + 1 / 7 * closed.p_death[EAST]
    caught = 6 / 7 * usual.p_caught[EAST] + 1 / 7 * closed.p_caught[EAST]
    assert week.p_death[EAST] == pytest.approx(risk, rel=1e-12)
    assert week.p_caught[EAST] == pytest.approx(caught, rel=1e-12)
    assert week.levers["border_effort_departure"][EAST] == pytest.approx(SHUT / 7), "the lever is the mean of its days"


@settings(deadline=None, max_examples=15)
@given(
    start=st.integers(-3, 8), length=st.integers(1, 10), to=st.floats(0, 200), ramp=st.sampled_from([0.0, 5.0, 20.0]),
    do=st.sampled_from(["add", "set"]),
)  # fmt: skip
def test_chances_of_a_week_are_the_means_of_its_days(start: int, length: int, to: float, ramp: float, do: str) -> None:
    first = date(2016, 1, 1) + timedelta(days=start)
    rest = {"until": (first + timedelta(days=length)).isoformat()}
    one = small.change("border_effort_departure", "TRA", ["eastern"], [(first.isoformat(), to, ramp)], do=do, **rest)
    two = change((date(2016, 1, 3), 2.0))
    week, days = chances(one, two), [chances(one, two, step=day, step_days=1) for day in range(7)]
    for name in ("p_death", "hazard", "p_death_unrescued", "p_caught", "p_stopped"):
        expected = np.mean([getattr(day, name) for day in days], axis=0)
        np.testing.assert_allclose(getattr(week, name), expected, rtol=1e-9)
    for lever, value in week.levers.items():
        np.testing.assert_allclose(value, np.mean([day.levers[lever] for day in days], axis=0), rtol=1e-9)


def test_steps_within_which_nothing_changes_are_one_spell() -> None:
    clock = CorridorModel(small.corridor(start="2016-01-01", end="2016-03-01")).world.clock
    assert within_steps(change((date(2016, 1, 8), 3.0), until=date(2016, 1, 22)), clock) == {}
    assert list(within_steps(change((date(2016, 1, 9), 3.0)), clock)) == [1]
    world = chances(change((date(2016, 1, 1), 3.0)))
    assert [share for share, _ in world.spells] == [1.0]


def test_spells_are_as_many_as_sets_of_orders_that_hold_together() -> None:
    world = small.world()
    table = LeverTable(world)
    where = (np.array([EAST]),)
    table.lay("border_effort_departure", where, "add", 5.0, 2 / 7, np.array([np.nan, 5, np.nan, 5] + [np.nan] * 3))
    table.lay("rescue", where, "add", 0.2, 1.0)
    table.apply(world)
    assert sorted(share for share, _ in world.spells) == pytest.approx([2 / 7, 5 / 7])
    assert {float(levers["rescue"][EAST]) for _, levers in world.spells} == {0.2}


def wednesdays(year: int) -> list[date]:
    """Return all Wednesdays of a year."""
    days = [date(year, 1, 1) + timedelta(days=day) for day in range(365 + calendar.isleap(year))]
    return [day for day in days if day.weekday() == calendar.WEDNESDAY]


CLOSED = """closure:
  label: Closed
  summary: Nobody passes.
  announced: 2015-01-02
  source: assumed
  levers:
    - lever: border_effort_departure
      government: XST
      at: [beach--bay]
      values: [{values}]
      unit: "1"
      kind: assumed
      factor: [0.5, 2]
"""


def closed_strait(folder: Path, days: list[date]) -> Path:
    """Write the small corridor with its crossing shut on some days."""
    simulator.new(folder)
    after = [day + timedelta(days=1) for day in days]
    dated = [f"{{from: {day}, value: {value}}}" for pair in zip(days, after, strict=True)
             for day, value in zip(pair, (100, 0), strict=True)]  # fmt: skip
    (folder / "strait" / "policies.yaml").write_text(CLOSED.format(values=", ".join(dated)))
    return folder / "two-ways.yaml"


def test_a_closed_wednesday_means_the_same_at_every_step(tmp_path: Path) -> None:
    """With daily, weekly and monthly steps as many cross, within sampling error.

    Power: some 630 cross in a run, with a standard deviation of 110 (daily steps) and 40 (others) between eight seeds
    at ten people a row, so that the difference of two means of two is known to 13%. Two faults are guarded: that nobody
    crosses with weekly or monthly steps, and that the chances of the first step alone are believed (4.5 times as many
    with daily steps).
    """
    scenario = closed_strait(tmp_path / "mine", wednesdays(2015))
    crossed = {}
    for step_days in ("1", "7", "month"):
        runs = [
            simulator.run(scenario, seed=seed, persons_per_agent=10, end="2016-01-01", set=[f"step_days={step_days}"])
            for seed in (1, 2)
        ]
        crossed[step_days] = np.mean([float(run.dataset["crossings"].sel(leg="beach--bay").sum()) for run in runs])
    assert crossed["7"] == pytest.approx(crossed["1"], rel=0.3)
    assert crossed["month"] == pytest.approx(crossed["1"], rel=0.3)
