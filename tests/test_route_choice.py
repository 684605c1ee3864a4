"""Route choice: closed forms, cycles against a linear solve, and what must not matter."""

from __future__ import annotations

import dense
import numpy as np
import pytest
import small
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import ChoiceError
from simulator.stages import crossing, drivers, route_choice, smuggling
from simulator.world.network import sweep_order
from simulator.world.options import Level

INF = np.inf


def order_of(heads: np.ndarray) -> tuple[Level, ...]:
    """Return the order in which a graph's places are swept, from the options' heads."""
    tail, option = np.nonzero(heads >= 0)
    return sweep_order(len(heads), tail.astype(np.int16), heads[tail, option].astype(np.int16))


def values(
    utility: list[list[float]], heads: list[list[int]], scale: list[float], start: float = -1e6
) -> tuple[np.ndarray, np.ndarray]:
    """Return values and shares of one class of people on a graph given as lists."""
    gain, head, width = np.array([utility]), np.array(heads), np.array(scale)
    value = dense.solve(gain, head, width, order_of(head), np.full((1, len(scale)), start))
    return value[0], dense.choice_shares(gain, head, width, value)[0]


@settings(deadline=None)
@given(one=st.floats(-20, 20), other=st.floats(-20, 20), mu=st.floats(0.1, 5))
def test_two_routes_have_logit_shares(one: float, other: float, mu: float) -> None:
    """Home with two exits: shares exp(v / mu) over their sum, and the logsum as value."""
    value, share = values([[one, other]], [[-1, -1]], [mu])
    wanted = 1 / (1 + np.exp((other - one) / mu))
    assert share[0] == pytest.approx([wanted, 1 - wanted], abs=1e-12)
    assert value[0] == pytest.approx(mu * np.logaddexp(one / mu, other / mu), abs=1e-9)


def test_two_legs_to_two_destinations() -> None:
    """A leg counts with what its head is worth: place 0 goes to 1 or 2, which end with 3.0 and 2.5."""
    value, share = values([[-1.0, -0.2], [3.0, -INF], [2.5, -INF]], [[1, 2], [-1, -1], [-1, -1]], [0.8, 0.8, 0.8])
    assert value[1:] == pytest.approx([3.0, 2.5])
    assert share[0, 0] == pytest.approx(1 / (1 + np.exp((2.3 - 2.0) / 0.8)))
    assert share[1:, 0] == pytest.approx([1.0, 1.0])


def test_a_smaller_scale_at_a_port_makes_its_legs_closer_substitutes() -> None:
    """Nested logit: with place scale s below mu the nest is worth s log sum exp(v / s), and choice in it is sharper."""
    mu, port = 1.0, 0.4
    value, share = values([[0.0, 1.0, -INF], [2.0, 1.5, -INF]], [[1, -1, -1], [-1, -1, -1]], [mu, port])
    nest = port * np.log(np.exp(2.0 / port) + np.exp(1.5 / port))
    assert value[1] == pytest.approx(nest)
    assert value[0] == pytest.approx(mu * np.log(np.exp(nest / mu) + np.exp(1.0 / mu)))
    assert share[1, 0] == pytest.approx(1 / (1 + np.exp(-0.5 / port)))
    assert share[0, 0] == pytest.approx(1 / (1 + np.exp((1.0 - nest) / mu)))


def random_graph(rng: np.random.Generator, n: int, leg_loss: float) -> tuple[np.ndarray, np.ndarray]:
    """Return option utilities, shape (1, n, 5), and heads of a graph full of cycles: four legs and an exit a place."""
    heads = np.concatenate([(np.arange(n)[:, None] + rng.integers(1, n, size=(n, 4))) % n, np.full((n, 1), -1)], axis=1)
    utility = np.where(heads >= 0, -leg_loss - rng.uniform(0, 2, heads.shape), rng.uniform(-3, 3, heads.shape))
    utility[(rng.random(heads.shape) < 0.3) & (heads >= 0)] = -INF
    return utility[None], heads


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 12), mu=st.floats(0.3, 1.5))
def test_cycles_agree_with_the_linear_system(seed: int, n: int, mu: float) -> None:
    """With one scale, z = exp(V / mu) solves z = M z + b (Fosgerau, Frejinger & Karlstrom 2013), solved here by LU."""
    utility, heads = random_graph(np.random.default_rng(seed), n, leg_loss=2.0 * mu + 0.2)
    matrix, base = np.zeros((n, n)), np.zeros(n)
    for k, option in np.ndindex(heads.shape):
        if heads[k, option] >= 0:
            matrix[k, heads[k, option]] += np.exp(utility[0, k, option] / mu)
        else:
            base[k] += np.exp(utility[0, k, option] / mu)
    wanted = mu * np.log(np.linalg.solve(np.eye(n) - matrix, base))
    got = dense.solve(utility, heads, np.full(n, mu), order_of(heads), np.full((1, n), -1e6))
    np.testing.assert_allclose(got[0], wanted, atol=1e-5)


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), start=st.floats(-1e6, 100))
def test_neither_start_nor_order_nor_numbering_matters(seed: int, start: float) -> None:
    """Another first guess, all places as one cycle in any order, and renumbered places give the same values."""
    rng = np.random.default_rng(seed)
    utility, heads = random_graph(rng, 8, leg_loss=2.5)
    heads[:3] = -1  # some places lead nowhere, so that there is more than one level
    scale = rng.uniform(0.5, 1.0, 8)
    one = dense.solve(utility, heads, scale, order_of(heads), np.full((1, 8), -1e6))
    other = dense.solve(utility, heads, scale, (Level(rng.permutation(8), True),), np.full((1, 8), start))
    np.testing.assert_allclose(one, other, atol=1e-5)
    new = rng.permutation(8)
    old = np.argsort(new)
    renumbered = np.where(heads[old] >= 0, new[heads[old]], -1)
    again = dense.solve(utility[:, old], renumbered, scale[old], order_of(renumbered), np.full((1, 8), start))
    np.testing.assert_allclose(again[:, new], one, atol=1e-5)
    share = dense.choice_shares(utility, heads, scale, one)
    np.testing.assert_allclose(share.sum(axis=2), 1.0)
    assert (share[np.isneginf(utility)] == 0).all()


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 12), n_legs=st.integers(0, 20))
def test_places_are_swept_after_all_that_they_lead_to(seed: int, n: int, n_legs: int) -> None:
    """Each place stands once; a leg leads to an earlier level, or stays within one that is marked as a cycle."""
    rng = np.random.default_rng(seed)
    tail, head = rng.integers(n, size=(2, n_legs)).astype(np.int16)
    tail, head = tail[tail != head], head[tail != head]
    levels = sweep_order(n, tail, head)
    assert sorted(np.concatenate([level.places for level in levels]).tolist()) == list(range(n))
    at = {int(place): number for number, level in enumerate(levels) for place in level.places}
    for one, other in zip(tail.tolist(), head.tolist(), strict=True):
        assert at[other] < at[one] or (at[other] == at[one] and levels[at[one]].cycle)


def test_classes_are_solved_as_if_alone() -> None:
    rng = np.random.default_rng(5)
    parts = [random_graph(rng, 6, 2.5)[0] for _ in range(3)]
    heads = random_graph(rng, 6, 2.5)[1]
    scale, start = np.full(6, 0.9), np.full((1, 6), -1e6)
    together = dense.solve(np.concatenate(parts), heads, scale, order_of(heads), np.repeat(start, 3, axis=0))
    for number, part in enumerate(parts):
        alone = dense.solve(part, heads, scale, order_of(heads), start)
        np.testing.assert_allclose(together[number], alone[0], atol=1e-5)


def test_a_cycle_worth_going_round_is_an_error() -> None:
    with pytest.raises(ChoiceError, match="worth going round for ever"):
        values([[0.5, 1.0], [0.5, 1.0]], [[1, -1], [0, -1]], [1.0, 1.0])


def test_places_without_a_way_out_have_no_value_and_no_share() -> None:
    """A leg to a dead end is never taken; a dead end is worth minus infinity."""
    value, share = values([[0.0, -1.0], [-INF, -INF]], [[1, -1], [-1, -1]], [1.0, 1.0])
    assert value.tolist() == [-1.0, -INF]
    assert share.tolist() == [[0.0, 1.0], [0.0, 0.0]]


def ready_world(**knobs: object) -> small.World:
    world = small.world(**knobs)
    for stage in (drivers.update, smuggling.update, crossing.update, route_choice.update):
        stage(world)
    return world


def test_a_world_is_solved_and_its_limits_are_its_shares() -> None:
    world = ready_world()
    share = dense.shares_of(world)
    open_options = np.broadcast_to(world.network.options >= 0, share.shape)
    assert (share[open_options] > 0).all()
    assert (share[~open_options] == 0).all()
    np.testing.assert_allclose(world.share_limits.transpose(2, 1, 0) / 2.0**32, np.cumsum(share, axis=2), atol=1e-9)


def test_places_on_the_way_have_a_scale_of_their_own() -> None:
    """Homes keep the scale of journeys; hubs, landings and destinations take 0.5 of it, ports 0.7 of that."""
    parameter = {"choice.scale": 1.2, "choice.transit_scale": 0.5, "choice.sea_scale": 0.7}
    world = small.world(parameter=parameter)
    homes, ports = [0, 1], [2, 3]
    wanted = np.full(world.network.n_places, 1.2 * 0.5)
    wanted[homes], wanted[ports] = 1.2, 1.2 * 0.5 * 0.7
    np.testing.assert_allclose(route_choice.scales(world), wanted)


def test_journeys_that_share_their_first_leg_are_closer_substitutes() -> None:
    """One way made worse by 0.5: with a smaller scale on the way, more of those who leave it stay on the trunk.

    Home has a trunk to a hub with two ways, and a way of its own. The ratio of the two at the hub is exp(0.5 / scale).
    """
    heads = [[1, -1], [-1, -1], [-1, -1]]

    def ways(transit: float, worse: float) -> np.ndarray:
        _, share = values([[0.0, 1.0], [1.0 - worse, 1.0], [0.0, -INF]], heads, [1.0, transit, 1.0])
        return np.array([share[0, 0] * share[1, 0], share[0, 0] * share[1, 1], share[0, 1]])

    loose, tight = (ways(scale, 0.5) - ways(scale, 0.0) for scale in (1.0, 0.3))
    assert ways(0.3, 0.5)[1] / ways(0.3, 0.5)[0] == pytest.approx(np.exp(0.5 / 0.3))
    assert loose[1] / -loose[0] == pytest.approx(ways(1.0, 0.0)[1] / (1 - ways(1.0, 0.0)[0]), rel=0.15)
    assert tight[1] / -tight[0] > 1.3 * loose[1] / -loose[0]


def test_a_visa_requirement_and_a_price_divert() -> None:
    """Without the visa requirement most fly; a dearer eastern sea sends people west."""
    alpha = 0
    plain, free = dense.shares_of(ready_world()), dense.shares_of(ready_world(visas=()))
    fly = 2
    assert plain[0, alpha, fly] < 0.1
    assert free[0, alpha, fly] > 0.5
    world = ready_world()
    world.price[list(world.network.legs).index("port-east--island")] *= 3
    route_choice.update(world)
    assert (dense.shares_of(world)[:6, alpha, 1] > plain[:6, alpha, 1]).all()


def test_values_of_the_next_step_start_from_the_last_and_come_out_the_same() -> None:
    world = ready_world()
    warm = ready_world()
    world.price *= 1.3
    warm.price *= 1.3
    warm.value[:] = -1e6
    route_choice.update(world)
    route_choice.update(warm)
    np.testing.assert_allclose(world.value, warm.value, atol=1e-5)


def test_beliefs_are_discounted_beta_bernoulli() -> None:
    """Prior worth 200 people at 20%, and 300 seen of whom 150 were caught: (40 + 150) / 500."""
    world = ready_world(parameter={"beliefs.prior_strength": 200})
    world.prior_p_caught[:] = 0.2
    world.n_seen[0, 3], world.n_seen_caught[0, 3], world.n_seen_dead[0, 3] = 300, 150, 30
    world.prior_p_death[:] = 0.01
    caught, dead = route_choice.believed(world)
    assert caught[0, 3] == pytest.approx(190 / 500)
    assert dead[0, 3] == pytest.approx((2 + 30) / 500)
    assert caught[1, 3] == pytest.approx(0.2)
    world.levers["information_campaign"][3] = 1.0
    assert route_choice.believed(world)[0][1, 3] == pytest.approx((40 + 200) / 400)


def test_without_learning_beliefs_are_the_truth() -> None:
    world = ready_world(switches={"learning": False})
    caught, dead = route_choice.believed(world)
    np.testing.assert_array_equal(caught[0], world.p_caught)
    np.testing.assert_array_equal(dead[1], world.p_death)


# Carries mpi-council-statement-2017.rescue-dilemma
def test_rescue_draws_only_if_the_switch_says_so() -> None:
    """With the switch off, what people believe of death does not move with rescue or with what was seen."""
    for pull, moves in ((True, True), (False, False)):
        world = ready_world(switches={"rescue_pull": pull})
        before = route_choice.believed(world)[1].copy()
        world.n_seen[:], world.n_seen_dead[:] = 1000, 0
        assert (route_choice.believed(world)[1] < before).any() == moves


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 10))
def test_the_price_of_a_journey_is_the_mean_over_those_chosen(seed: int, n: int) -> None:
    """With shares P and prices c, the mean price m solves m = sum P c + P m, cycles and all; solved here by LU."""
    rng = np.random.default_rng(seed)
    utility, heads = random_graph(rng, n, leg_loss=2.5)
    scale, price = np.full(n, 0.9), np.where(heads >= 0, rng.uniform(0, 3000, heads.shape), 0.0)
    value = dense.solve(utility, heads, scale, order_of(heads), np.full((1, n), -1e6))
    share = dense.choice_shares(utility, heads, scale, value)
    onward = np.zeros((n, n))
    for k, option in np.ndindex(heads.shape):
        if heads[k, option] >= 0:
            onward[k, heads[k, option]] += share[0, k, option]
    wanted = np.linalg.solve(np.eye(n) - onward, (share[0] * price).sum(axis=1))
    got = dense.journey_price(share, price, heads, order_of(heads))
    np.testing.assert_allclose(got[0], wanted, atol=0.5)


def test_the_journey_of_a_world_costs_what_its_legs_do() -> None:
    """From the eastern island 50 for those who go on; from alpha between what the two seas cost, 1300 and 2440."""
    world = ready_world()
    island, alpha = list(world.network.places).index("island"), 0
    assert (world.journey_price[:, island] < 250).all()
    in_need = world.groups.origin == 0
    assert (world.journey_price[in_need, alpha] < 2600).all()
    assert (world.journey_price[in_need, alpha] > 300).all()
