"""Findings of the literature without a number of their own, each held to by the mechanism that carries it.

`corridor evidence` names the finding, the mechanism and the test. Where a closed form carries it, its test stands with
the stage; here are those that need several stages.
"""

from __future__ import annotations

from typing import Any

import dense
import numpy as np
import pytest
import small
from small import EAST, WEST
from worlds import settle_step

from simulator.scenario.levers import LEVERS
from simulator.scenario.policies import Policy
from simulator.stages import crossing, departure, drivers, feedback, route_choice, smuggling, takings
from simulator.world.world import World

CHOICES = (drivers.update, smuggling.update, crossing.update, route_choice.update)
"""What people weigh before they set out."""


def weighed(**knobs: Any) -> World:
    return settle_step(small.world(**knobs), *CHOICES)


# Carries mpi-council-statement-2017.sealing-is-a-figure-of-speech
def test_no_effort_seals_a_border() -> None:
    """The chance of being stopped rises with effort, by less each time, and never reaches 1."""
    caught = []
    for effort in np.linspace(0, LEVERS["border_effort_departure"].high, 26):
        world = small.world()
        world.levers["border_effort_departure"][EAST] = effort
        settle_step(world, drivers.update, crossing.update)
        caught.append(world.p_caught[EAST])
    assert (np.diff(caught) > 0).all()
    assert (np.diff(caught, n=2) < 0).all()
    assert caught[-1] < 1


# Carries mpi-council-statement-2017.enforcement-diverts
# Carries mpi-council-statement-2017.deterrence
# Carries mpi-press-release-2017.closing-diverts
def test_controls_at_one_sea_divert_and_deter() -> None:
    """Stronger controls at the eastern sea, known to all: more choose the western one, and fewer wish to leave at all.

    Controls at both deter more than at either, and do not divert: the shares at home move less.
    """
    at_home, by_port = 0, {EAST: 0, WEST: 1}
    wish, west = {}, {}
    for stronger in ((), (EAST,), (EAST, WEST)):
        world = small.world(switches={"learning": False})
        world.levers["border_effort_arrival"][list(stronger)] = 6.0
        world.network.arrival_control[WEST] = world.network.arrival_control[EAST]
        settle_step(world, *CHOICES)
        shares = dense.shares_of(world)
        wish[stronger] = departure.aspiration(world)[0, 0]
        west[stronger] = shares[:6, at_home, by_port[WEST]]
    assert (west[EAST,] > west[()]).all()
    assert (west[EAST, WEST] < west[EAST,]).all()
    assert (wish[EAST,] < wish[()]).all()
    assert (wish[EAST, WEST] < wish[EAST,]).all()


# Carries mpi-council-statement-2017.controls-stop-those-in-need
def test_controls_stop_people_in_need_like_others() -> None:
    """At the eastern sea the share stopped is the same for people in need and others, within four standard errors."""
    model = small.run(small.corridor(end="2017-01-01", origins={"ORA": (0.5, 4.0), "ORB": (0.25, -0.5)}))
    shares, errors = [], []
    for need in ("in_need", "other"):
        count = {}
        for name in ("attempts", "interceptions"):
            flows = model.recorder.tables()[name].to_pandas()
            count[name] = flows[(flows.leg == "port-east--island") & (flows.need == need)].value.sum()
        assert count["interceptions"] > 300
        shares.append(count["interceptions"] / count["attempts"])
        errors.append(shares[-1] * (1 - shares[-1]) / count["attempts"])
    assert shares[0] == pytest.approx(shares[1], abs=4 * np.sqrt(sum(errors)))


# Carries mpi-council-statement-2017.harder-to-cross-alone
# Carries mpi-council-statement-2017.smugglers-used-partly
def test_where_controls_are_stronger_more_people_pay_smugglers() -> None:
    """Effort trebled: the odds that a smuggler is paid treble, and with them the share, at a higher price."""
    world = small.world()
    before = takings.share_smuggled(world)[EAST]
    world.levers["border_effort_arrival"][EAST] = 2 * (0.8 + 0.5)
    after = takings.share_smuggled(world)[EAST]
    assert after / (1 - after) == pytest.approx(3 * before / (1 - before))
    price = world.price[EAST]
    smuggling.update(world)
    assert world.price[EAST] > price


# Carries jmdi-mind-the-gap-2017.spikes-and-causes
# Carries mpi-council-statement-2017.youth-bulge
# Carries mpi-council-statement-2017.youth-unemployment
# Carries mpi-council-statement-2017.conflict-drives
@pytest.mark.parametrize(("what", "worse"), [("youth_unemployment", 0.6), ("fragility", 115), ("battle_deaths", 6000)])
def test_hardship_at_home_raises_the_wish_to_leave(what: str, worse: float) -> None:
    """More unemployment, fragility or war at ORA: more wish to leave; war counts for people in need alone."""
    years = [
        row.model_copy(update={what: worse}) if row.country == "ORA" else row for row in small.corridor().country_years
    ]
    before, after = departure.aspiration(weighed())[0, 0], departure.aspiration(weighed(country_years=years))[0, 0]
    in_need, others = after - before
    assert (in_need > 0).all()
    assert (others > 0).all() or what == "battle_deaths"
    if what == "battle_deaths":
        np.testing.assert_allclose(others, 0, atol=1e-9)


# Carries jmdi-mind-the-gap-2017.aid-conditions
# Carries mpi-council-statement-2017.aid-cut-worsens-fragile
def test_a_cut_in_aid_worsens_the_place_that_loses_it() -> None:
    """Aid worth a tenth of incomes is taken from ORA: less income, more unemployment, more who wish to leave.

    In the first year the loss is felt more than the gain would be from as much given.
    """
    tenth = 0.1 * 60_000 * 4000 / 1e6
    change = {}
    for aid in (0.0, -tenth, tenth):
        world = small.world(end="2017-01-01")
        drivers.update(world)
        world.levers["aid"][0] = aid
        for step in range(world.clock.n_steps):
            world.step = step
            feedback.invest(world)
        settle_step(world, *CHOICES)
        change[aid] = (world.gdp[0], world.unemployment[0], departure.aspiration(world)[0, 0].mean())
    plain, cut, given = change[0.0], change[-tenth], change[tenth]
    assert cut[0] < plain[0] < given[0]
    assert cut[1] > plain[1] > given[1]
    assert cut[2] > plain[2]
    assert plain[0] - cut[0] > given[0] - plain[0]


def by_sea(policies: dict[str, Policy]) -> np.ndarray:
    """Return people who got through the seas in each week, at levels at which the pools outlast the run."""
    calm = [*small.seasons("east"), *small.seasons("west")]
    levels = {"ORA": (0.8, -1.0), "ORB": (0.25, 4.0)}
    knobs: dict[str, Any] = {"origins": levels, "seasons": calm, "persons_per_agent": 10}
    model = small.run(small.corridor(2e5, end="2017-04-01", policies=policies, **knobs))
    through = model.recorder.tables()["crossings"].to_pandas()
    at_sea = through[through.leg.isin(["port-east--island", "port-west--coast"])].groupby("step").value.sum()
    return at_sea.reindex(range(model.world.clock.n_steps), fill_value=0).to_numpy(dtype=float)


# Carries mpi-council-statement-2017.renewed-surge
def test_when_a_deal_ends_people_come_again() -> None:
    """For half a year both transit countries stop many: less than half as many get through as without.

    When it ends, what drives people is as it was: in the half year after, at least as many come as without.
    """
    deal = [
        small.change("border_effort_departure", country, [route], [("2016-04-01", 20.0)], until="2016-10-01")
        for country, route in (("TRA", "eastern"), ("TRB", "western"))
    ]
    without, with_ = by_sea({}), by_sea({"deal": small.policy(*deal)})
    last_quarter, after = slice(26, 39), slice(43, 65)
    assert with_[:13].tolist() == without[:13].tolist()
    assert with_[last_quarter].sum() < 0.5 * without[last_quarter].sum()
    assert with_[after].sum() > 0.9 * without[after].sum()
    assert with_[after].mean() > 1.4 * with_[last_quarter].mean()
