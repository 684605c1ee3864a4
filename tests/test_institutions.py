"""Asylum, returns, smuggling and feedback, one by one, against closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import small
from small import EAST, WEST
from worlds import add_people, half_width, settle_step

from simulator.clock import chance
from simulator.scenario import tables as rows
from simulator.stages import asylum, crossing, drivers, feedback, returns, route_choice, smuggling, takings
from simulator.world.people import State
from simulator.world.world import World

# Asylum ------------------------------------------------------------------------------------------------------------


def claimants(world: World, n: int, country: int = 4) -> np.ndarray:
    fresh = add_people(world, n, place=6, state=State.AWAITING, since=np.full(n, world.end_day))
    world.queue[country].append(fresh)
    return fresh


def asylum_world(decisions: float, **knobs: Any) -> World:
    table = [rows.AsylumYearRow(country="DEA", year=2016, decisions=decisions, removals=0)]
    world = small.world(asylum_years=table, **knobs)
    drivers.update(world)
    return world


def test_a_queue_below_capacity_never_grows() -> None:
    world = asylum_world(10_000)
    for step in range(20):
        world.step = step
        world.new_ledger()
        claimants(world, 150)
        asylum.update(world)
        assert world.ledger["backlog"][4] == 0
        assert world.ledger["decided_wait"][4] == 0


def test_a_queue_above_capacity_grows_by_the_difference_and_keeps_its_order() -> None:
    """D/D/1: 300 claims a week against c decisions. Backlog after k weeks is k (300 - c); the claim at position q

    waits q / c weeks; decided in the order of claiming; and the wait foretold is the backlog over capacity.
    """
    decisions = 200 * 365.25 / 7
    world = asylum_world(decisions)
    order: list[int] = []
    for step in range(20):
        world.step = step
        world.new_ledger()
        claimants(world, 300)
        waiting = np.concatenate(list(world.queue[4]._parts))
        asylum.update(world)
        left = np.concatenate(list(world.queue[4]._parts))
        order += waiting[: len(waiting) - len(left)].tolist()
        assert world.ledger["backlog"][4] == pytest.approx((step + 1) * 100, abs=1)
        assert asylum.waiting_years(world)[4] == pytest.approx((step + 1) * 100 / decisions, abs=2 / decisions)
        decided = world.ledger["decisions"][4, ..., :2].sum()
        assert decided == pytest.approx(200, abs=1)
        oldest = np.ceil((step + 1) * 200 / 300) - 1
        assert world.ledger["decided_wait"][4] / decided == pytest.approx(7 * (step - oldest), abs=5)
    assert order == sorted(order)
    assert len(order) == pytest.approx(4000, abs=1)


def test_fractions_of_a_decision_are_kept_for_the_next_step() -> None:
    """A country of 26 decisions a year decides one a fortnight; unused capacity is not saved up."""
    world = asylum_world(26.0)
    claimants(world, 100)
    for step in range(26):
        world.step = step
        asylum.decide(world)
    assert world.ledger["decisions"].sum() == pytest.approx(26 * 26 * 7 / 365.25, abs=1)
    idle = asylum_world(5200.0)
    for step in range(20):
        idle.step = step
        asylum.decide(idle)
    claimants(idle, 1000)
    asylum.decide(idle)
    assert idle.ledger["decisions"].sum() <= 101


@pytest.mark.parametrize(("rate", "need"), [(0.3, 0.5), (0.7, 0.5), (0.5, 0.5), (0.0, 0.4), (0.4, 0.0), (1.0, 1.0)])
def test_recognition_falls_first_to_those_in_need(rate: float, need: float) -> None:
    """The rate over all claims is the observed one, whatever the share in need."""
    table = [rows.RecognitionRow(origin="ORA", country="DEA", year=2016, rate=rate, decisions=1)]
    world = small.world(recognition=table, origins={"ORA": (need, 0.0), "ORB": (0.5, 0.0)})
    in_need, other = asylum.positive_chance(world)[0, 4]
    assert need * in_need + (1 - need) * other == pytest.approx(rate)
    assert in_need >= other or need == 0


# Carries mpi-council-statement-2017.due-process
def test_appeals_follow_share_time_and_success() -> None:
    """Of 30,000 refused: the share who appeal, the mean time until decided, the share who win; bands at z = 4."""
    n = 30_000
    table = [rows.RecognitionRow(origin="ORA", country="DEA", year=2016, rate=0.0, decisions=1)]
    world = asylum_world(n * 60.0, recognition=table, end="2046-01-01", step_days=28)
    claimants(world, n)
    asylum.update(world)
    rules = world.parameters.asylum
    appealing = world.people.state == State.APPEALING
    share = rules.appeal_share.value
    assert appealing.mean() == pytest.approx(share, abs=half_width(share, n))
    assert world.ledger["orders"][4, 0] == n - appealing.sum()
    times = world.people.ready[appealing] - world.end_day
    assert times.mean() == pytest.approx(rules.appeal_time.value, rel=4 / np.sqrt(appealing.sum()))
    for step in range(1, world.clock.n_steps):
        world.step = step
        asylum.update(world)
    assert not (world.people.state == State.APPEALING).any()
    won = world.closed[State.PROTECTED].sum() / appealing.sum()
    assert won == pytest.approx(rules.appeal_success.value, abs=half_width(0.17, int(appealing.sum())))
    assert world.ledger["orders"][4, 0] + world.closed[State.PROTECTED].sum() == n


# Returns -----------------------------------------------------------------------------------------------------------


def test_removals_add_up_to_capacity_in_the_mean() -> None:
    """520 a year from a stock of 20,000 ordered: over a year 520, with a standard deviation of about 22; z = 4."""
    table = [rows.AsylumYearRow(country="DEA", year=2016, decisions=0, removals=520)]
    world = small.world(asylum_years=table, end="2017-01-01", parameter={"returns.voluntary_rate": 0.0})
    drivers.update(world)
    add_people(world, 20_000, place=6, state=State.ORDERED)
    for step in range(world.clock.n_steps):
        world.step = step
        returns.update(world)
    removed = world.ledger["returns"][4, 0, 0]
    wanted = 520 * world.clock.years.sum()
    assert removed == pytest.approx(wanted, abs=4 * np.sqrt(wanted))
    assert world.ledger["returns"].sum() == removed


# Carries mpi-council-statement-2017.origins-arbitrate-returns
# Carries mpi-council-statement-2017.documents-needed
# Carries mpi-council-statement-2017.proof-of-identity
# Carries mpi-council-statement-2017.interior-controls
def test_only_those_who_can_be_found_and_have_papers_are_removed() -> None:
    """With unlimited capacity the removed are the identified share; interior controls and cooperation raise it."""
    n = 20_000
    table = [rows.AsylumYearRow(country="DEA", year=2016, decisions=0, removals=1e9)]
    for interior, cooperation in ((0.0, 0.0), (2.0, 0.3)):
        world = small.world(asylum_years=table, parameter={"returns.voluntary_rate": 0.0})
        drivers.update(world)
        world.levers["interior_controls"][4] = interior
        world.levers["readmission_cooperation"][0, 4] = cooperation
        add_people(world, n, place=6, state=State.ORDERED)
        returns.update(world)
        rules = world.parameters.returns
        found = 1 / (1 + (1 / rules.identification.value - 1) * np.exp(-rules.interior_effect.value * interior))
        wanted = found * (rules.papers_share.value + cooperation)
        assert world.ledger["returns"][4, 0, 0] / n == pytest.approx(wanted, abs=half_width(wanted, n))
        returns.update(world)
        assert world.ledger["returns"][4, 0, 0] / n == pytest.approx(wanted, abs=half_width(wanted, n))


# Carries mpi-council-statement-2017.three-forms-of-return-work
@pytest.mark.parametrize("support", [1.0, 3.0])
def test_voluntary_returns_and_orders_come_at_their_rates(support: float) -> None:
    """Share gone voluntarily after a year, and share of the undocumented ordered to leave; 20,000 each, z = 4."""
    n = 20_000
    world = small.world(asylum_years=(), end="2017-01-01")
    drivers.update(world)
    world.levers["voluntary_return_support"][4] = support
    add_people(world, n, place=6, state=State.ORDERED)
    add_people(world, n, place=7, state=State.UNDOCUMENTED)
    for step in range(world.clock.n_steps):
        world.step = step
        returns.update(world)
    years = world.clock.years.sum()
    gone = 1 - np.exp(-world.parameters.returns.voluntary_rate.value * support * years)
    assert world.ledger["returns"][4, 0, 1] / n == pytest.approx(gone, abs=half_width(gone, n))
    ordered = chance(world.parameters.returns.order_rate.value, years)
    assert world.ledger["orders"][5, 0] / n == pytest.approx(ordered, abs=half_width(float(ordered), n))


# Smuggling ---------------------------------------------------------------------------------------------------------


def settled_price(world: World, steps: int = 200) -> float:
    for _ in range(steps):
        smuggling.update(world)
    return float(world.price[EAST])


# Carries mpi-council-statement-2017.smuggling-crackdown
# Carries mpi-council-statement-2017.smuggling-crackdown-deaths
def test_price_follows_enforcement_with_its_elasticity() -> None:
    """Effort (1 x 0.8 + 0.5) trebled by the arrival side: log price up by elasticity x log 3."""
    world = small.world()
    assert settled_price(world) == pytest.approx(1000)
    world.levers["border_effort_arrival"][EAST] = 2 * (0.8 + 0.5)
    price = settled_price(world)
    rules = world.parameters.smuggling
    assert np.log(price / 1000) / np.log(3) == pytest.approx(rules.price_elasticity.value, rel=1e-6)
    assert world.crowding[EAST] == pytest.approx(3**rules.crowding_elasticity.value)
    world.levers["anti_smuggling"][EAST] = 1.0
    assert settled_price(world) / price == pytest.approx(np.exp(rules.anti_smuggling_effect.value))


def test_prices_adjust_over_the_time_given() -> None:
    """After `adjustment` days, 1 - 1/e of a change has come, whatever the step."""
    for step_days in (1, 7, 30):
        world = small.world(step_days=step_days)
        world.levers["border_effort_arrival"][EAST] = 2.6
        rules = world.parameters.smuggling
        steps = 60 // step_days
        end = 1000 * 3**rules.price_elasticity.value
        share = (settled_price(world, steps) - 1000) / (end - 1000)
        assert share == pytest.approx(1 - np.exp(-steps * step_days / rules.adjustment.value))


def test_demand_moves_prices() -> None:
    world = small.world()
    world.flow[EAST], world.flow_year[EAST] = 200, 100
    assert settled_price(world) == pytest.approx(1000 * 2**world.parameters.smuggling.demand_elasticity.value)


def test_flow_and_load_start_without_a_false_boom() -> None:
    """A steady flow from the first step on is neither a boom nor a slump."""
    world = small.world()
    for _ in range(60):
        smuggling.update(world)
        world.ledger["attempts"][EAST, 0, 0] = 70
        takings.update(world)
        assert world.flow[EAST] == pytest.approx(70)
        assert world.price[EAST] == pytest.approx(1000)


def test_revenue_is_paid_by_those_who_get_through() -> None:
    world = settle_step(small.world(), smuggling.update)
    world.ledger["attempts"][EAST, 0, 0], world.ledger["crossings"][EAST, 0, 0] = 100, 60
    takings.update(world)
    assert world.ledger["smuggled"][EAST] == 90
    assert world.ledger["revenue"][EAST] == pytest.approx(60 * 0.9 * 1000)


# Feedback ----------------------------------------------------------------------------------------------------------


EASTERN, WESTERN = 0, 1
"""The two routes of the small corridor."""


def test_news_and_beliefs_fade() -> None:
    """News halves in its half-life, and what was seen falls to 1/e in the memory, whatever the step."""
    for step_days in (1, 5):
        world = small.world(step_days=step_days)
        world.news[0, WESTERN], world.n_seen[0, EAST] = 800.0, 800.0
        steps = int(world.parameters.news.halflife.value) // step_days
        for _ in range(steps):
            feedback.spread_news(world)
            feedback.learn(world)
        assert world.news[0, WESTERN] == pytest.approx(400)
        assert world.n_seen[0, EAST] == pytest.approx(
            800 * np.exp(-steps * step_days / world.parameters.beliefs.memory.value)
        )


def test_news_is_of_a_route_and_most_of_it_of_ones_own_people() -> None:
    world = settle_step(small.world(), drivers.update, smuggling.update, crossing.update, route_choice.update)
    before = route_choice.leg_utility(world)
    world.ledger["crossings"][WEST, 0] = 300
    world.ledger["crossings"][0, 0] = 500
    feedback.spread_news(world)
    assert world.news.tolist() == [[0, 600], [0, 0]]
    rise = route_choice.leg_utility(world) - before
    rules = world.parameters.news
    for origin, heard in ((0, 600), (1, rules.shared.value * 600)):
        assert rise[origin, :, WEST] == pytest.approx(rules.weight.value * np.log1p(heard / rules.reference.value))
    rise[:, :, WEST] = 0
    assert (rise == 0).all()


def test_a_corridor_without_named_routes_runs() -> None:
    legs = [leg.model_copy(update={"route": "", "counted": False}) for leg in small.corridor().legs]
    model = small.run(small.corridor(end="2016-02-01", legs=legs))
    assert small.total(model, "crossings") > 0


# Carries mpi-council-statement-2017.investment-takes-time
# Carries mpi-council-statement-2017.aid-cut-worsens-fragile
@pytest.mark.parametrize(("lag", "kind"), [("investment_lag", "gain"), ("withdrawal_lag", "loss")])
def test_the_lag_kernel_has_its_mean_and_its_total(lag: str, kind: str) -> None:
    """A year of investment (or of aid withdrawn): the effect's total is kept, and comes `lag` later in the mean."""
    mean = {"investment_lag": 3 * 365.25, "withdrawal_lag": 1 * 365.25}
    world = small.world(start="2016-01-01", end="2036-01-01", parameter={f"feedback.{n}": v for n, v in mean.items()})
    drivers.update(world)
    stages = world.lag_gain if kind == "gain" else world.lag_loss
    effect = []
    money = 0.1 * 60_000 * 4000 / 1e6
    for step in range(world.clock.n_steps):
        world.step = step
        world.levers["aid"][0] = (money if kind == "gain" else -money) if step < 52 else 0.0
        feedback.invest(world)
        effect.append(stages[-1, 0])
    inflow = world.parameters.feedback.investment_effect.value * 0.5
    middle = (np.arange(world.clock.n_steps) + 1) * 7.0
    assert np.sum(effect) == pytest.approx(52 * inflow, rel=1e-3)
    assert np.average(middle, weights=effect) - 26 * 7 == pytest.approx(mean[lag], rel=0.02)


def test_investment_saturates() -> None:
    """At `investment_half` of income a head half of the effect; ten times as much gives 10/11 of it."""
    world = small.world(parameter={"feedback.investment_lag": 1e-3})
    drivers.update(world)
    half = world.parameters.feedback.investment_half.value * world.plan.population[0, 0] * 4000 / 1e6
    for factor, wanted in ((1, 0.5), (10, 10 / 11), (0, 0.0)):
        world.levers["root_cause_investment"][0] = factor * half
        for _ in range(4):
            feedback.invest(world)
        assert world.lag_gain[-1, 0] == pytest.approx(
            world.parameters.feedback.investment_effect.value * wanted, abs=1e-9
        )
    assert (world.lag_loss == 0).all()


def test_what_is_lost_and_gained_changes_income() -> None:
    world = small.world()
    world.lag_gain[-1, 0], world.lag_loss[-1, 1] = 0.1, 0.2
    drivers.update(world)
    assert world.gdp[:2] == pytest.approx([4000 * np.exp(0.1), 5000 * np.exp(-0.2)])
    effect = world.parameters.feedback.unemployment_effect.value
    assert world.unemployment[:2] == pytest.approx([0.35 - 0.1 * effect, 0.3 + 0.2 * effect])


def test_remittances_are_sent_by_those_who_settled() -> None:
    world = small.world()
    world.closed[State.PROTECTED, 4, 0], world.closed[State.ADMITTED, 5, 0], world.closed[State.DEAD, 5, 0] = 70, 30, 50
    feedback.send_remittances(world)
    rules = world.parameters.feedback
    full = 100 * rules.remittance_per_person.value * world.years
    assert world.ledger["remittances"].tolist() == pytest.approx([full * (1 - rules.remittance_cost.value), 0])
    world.levers["remittance_facilitation"][0] = 1.0
    feedback.send_remittances(world)
    assert world.ledger["remittances"][0] == pytest.approx(full)


def test_the_diaspora_grows_by_claims_and_shrinks_by_returns() -> None:
    world = small.world()
    assert world.diaspora[0, 4] == 3000
    world.ledger["claims"][4, 0, 0], world.ledger["returns"][4, 0, 1], world.ledger["returns"][5, 0, 1] = 100, 40, 10
    feedback.settle_diaspora(world)
    assert world.diaspora[0, 4:].tolist() == [3060, 0]


def test_those_who_made_it_leave_relatives_behind_where_people_set_out_of_late() -> None:
    """60 claims and 40 admitted of ORA leave 0.5 x 100: three parts at home, one in the host; ORB has none."""
    world = small.world(parameter={"departure.relatives": 0.5})
    home, host = (0, 0, 0, 1), (0, 2, 0, 0)
    world.left[home], world.left[host] = 300.0, 100.0
    world.ledger["claims"][[4, 5], 0, 0] = 40, 20
    world.ledger["pathways"][4, 0] = 40
    world.ledger["claims"][4, 1, 1] = 70
    feedback.leave_behind(world)
    assert world.relatives[home] == pytest.approx(37.5)
    assert world.relatives[host] == pytest.approx(12.5)
    assert world.relatives.sum() == pytest.approx(50.0), "nobody of ORB has set out: there is nowhere to count them"
    feedback.leave_behind(world)
    assert world.relatives[home] == pytest.approx(75.0)


def test_relatives_are_never_more_than_people_and_none_by_default() -> None:
    world = small.world(parameter={"departure.relatives": 1000.0})
    world.left[0, 2, 0, 0] = 1.0
    world.ledger["claims"][4, 0, 0] = 5000
    people = world.pools.copy()
    feedback.leave_behind(world)
    assert world.relatives[0, 2, 0, 0] == world.pools[0, 2, 0, 0]
    assert (world.pools == people).all(), "they are counted among people, not beside them"
    none = small.world(parameter={"departure.relatives": 0.0})
    none.left[0, 2, 0, 0] = 1.0
    none.ledger["claims"][4, 0, 0] = 5000
    feedback.leave_behind(none)
    assert not none.relatives.any()
