"""Whole runs: people are conserved, luck is shared, and how the work is split changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pytest
import small
from scipy import stats
from small import lively

from simulator.errors import ConservationError
from simulator.model import CorridorModel
from simulator.scenario import tables as rows
from simulator.stages import route_choice, transit
from simulator.world.people import CLOSED, TRANSITIONS, People, State
from simulator.world.world import World


def steps(model: CorridorModel) -> Iterator[int]:
    for step in range(model.world.clock.n_steps):
        model.world.step = step
        model.step()
        yield step


def by_origin(world: World) -> np.ndarray:
    """Return all people of each origin: in pools, in rows, in closed states."""
    people, n = world.people, len(world.groups.origins)
    open_rows = people.state < State.PROTECTED
    of = world.groups.origin[people.person_class[open_rows]]
    return world.pools.sum(axis=(1, 2, 3)) + np.bincount(of, minlength=n) * world.weight + world.closed.sum(axis=(0, 1))


# Conservation ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [1, 7])
def test_people_of_each_origin_are_conserved_at_every_step(weight: int) -> None:
    """Nobody is born, dies or moves outside the corridor here: each origin's people stay as many, exactly."""
    still = [rows.DisplacedRow(origin="ORA", host="TRA", year=2015, people=8000)]
    model = CorridorModel(lively(displaced=still, persons_per_agent=weight))
    start = by_origin(model.world)
    for _ in steps(model):
        np.testing.assert_array_equal(by_origin(model.world), start)
        assert model.world.entered == 0
        assert (model.world.pools >= 0).all()
        assert (model.world.closed >= 0).all()
        assert (model.world.closed[State.RESIDENT] == 0).all()
    assert small.total(model, "deaths") > 0
    assert small.total(model, "pathways") > 0


def test_each_pool_changes_by_what_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool loses departures and pathways, and gains those who settle, are sent back or stay home; growth aside."""
    model = CorridorModel(lively())
    world, gained = model.world, np.zeros_like(model.world.pools)
    real = transit.to_pool

    def count(world: World, gone: np.ndarray, country: np.ndarray) -> None:
        of = world.people.person_class[gone]
        np.add.at(
            gained, (world.groups.origin[of], country, world.groups.need[of], world.groups.wealth[of]), world.weight
        )
        real(world, gone, country)

    monkeypatch.setattr(transit, "to_pool", count)
    world.plan.growth[:], world.plan.displacement[:] = 0, 0
    pathways = np.zeros_like(world.pools.sum(axis=(1, 2, 3)))
    for _ in steps(model):
        pathways += world.ledger["pathways"].sum(axis=0)
    left = model.recorder.tables()["departures"].to_pandas()
    departed = np.zeros_like(gained)
    coords = world.coords()
    index = [
        left[dim].map({name: n for n, name in enumerate(coords[dim])}).to_numpy(int)
        for dim in ("origin", "residence", "need", "wealth")
    ]
    np.add.at(departed, tuple(index), left.value.to_numpy())
    change = world.pools - CorridorModel(lively()).world.pools
    lost_to_pathways = (gained - departed - change).sum(axis=(1, 2, 3))
    np.testing.assert_array_equal(lost_to_pathways, pathways)
    assert (gained - departed - change >= 0).all()
    assert gained.sum() > 0


def test_growth_and_displacement_are_the_only_ways_in() -> None:
    made = lively(
        country_years=[
            *(row for row in lively().country_years if row.country != "ORA"),
            small.years("ORA", 2015, population=19_000, gdp_per_head=4000, fragility=105),
            small.years("ORA", 2017, population=23_000, gdp_per_head=4000),
        ]
    )
    model = CorridorModel(made)
    before = by_origin(model.world).sum()
    for _ in steps(model):
        assert by_origin(model.world).sum() == before + model.world.entered
    assert model.world.entered > 500


def test_a_lost_person_is_an_error() -> None:
    model = CorridorModel(lively())
    model.world.pools[0, 0, 0, 0] -= 1
    with pytest.raises(ConservationError, match="step 0"):
        model.step()


def test_flows_balance_on_legs_and_stocks_add_up() -> None:
    """Attempts are crossings, interceptions and deaths; stocks of the dead are all deaths; stocks hold everybody."""
    model = small.run(lively())
    flows = {name: small.total(model, name) for name in ("attempts", "crossings", "interceptions", "deaths")}
    assert flows["attempts"] == flows["crossings"] + flows["interceptions"] + flows["deaths"]
    stocks = model.recorder.tables()["stocks"].to_pandas()
    last = stocks[stocks.step == model.world.clock.n_steps - 1].groupby("state", observed=False).value.sum()
    assert last["dead"] == flows["deaths"]
    assert last["admitted"] == small.total(model, "pathways")
    assert last.sum() == model.world.total()
    decisions = model.recorder.tables()["decisions"].to_pandas()
    won = decisions[decisions.outcome.isin(["protection", "protection_on_appeal"])].value.sum()
    assert last["protected"] == won > 0
    backlog = model.recorder.tables()["backlog"].to_pandas()
    assert last["awaiting"] == backlog[backlog.step == model.world.clock.n_steps - 1].value.sum()


# States ------------------------------------------------------------------------------------------------------------


class Watched(np.ndarray):
    """Codes of states that check each change against the allowed transitions."""

    seen: ClassVar[set[tuple[State, State]]] = set()

    def __setitem__(self, where: Any, new: Any) -> None:
        before = np.asarray(self)[where]
        for old, now in {
            *zip(before.ravel().tolist(), np.broadcast_to(new, before.shape).ravel().tolist(), strict=True)
        }:
            self.seen.add((State(old), State(now)))
        super().__setitem__(where, new)


def test_only_allowed_transitions_happen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every write of a state, in every stage, is an allowed transition, and all kinds but legal admission occur.

    A detained person whose time is up is moving again when movement takes them up, and meets the next decision then.
    """
    real = People._expose

    def expose(people: People) -> None:
        real(people)
        people.state = people.state.view(Watched)

    Watched.seen = set()
    monkeypatch.setattr(People, "_expose", expose)
    small.run(lively(end="2017-07-01", parameter={
        "transit.return_memory": 200, "circulation.home_rate": 0.3,
    }))  # fmt: skip
    allowed = {(old, new) for old, after in TRANSITIONS.items() for new in after}
    allowed |= {(State.DETAINED, new) for new in (State.DETAINED, State.DEAD)}
    assert Watched.seen <= allowed
    in_rows = {(old, new) for old, new in allowed if old not in CLOSED}
    assert in_rows - Watched.seen <= {(State.DETAINED, State.DEAD)}


def test_the_states_written_down_are_all_there_are() -> None:
    assert set(TRANSITIONS) == set(State)
    for closed in (State.PROTECTED, State.ADMITTED, State.DEAD):
        assert TRANSITIONS[closed] == frozenset()


def test_nothing_is_left_behind_by_a_step() -> None:
    """At the end of each step nobody on the move is still due before it, but for those who decided 64 times."""
    model = CorridorModel(lively())
    for _ in steps(model):
        people = model.world.people
        due = (people.ready < np.float32(model.world.end_day)) & (people.state <= State.DETAINED)
        assert not due.any()


def test_a_run_in_which_nobody_can_leave_is_quiet() -> None:
    model = small.run(lively(parameter={"departure.highest_rate": 0.0}, end="2016-04-01"))
    assert small.total(model, "departures") == 0
    assert model.world.people.n == 0
    route_choice.update(model.world)
    assert stats.describe(model.world.value.ravel()).minmax[1] < 1e6
