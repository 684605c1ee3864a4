"""How governments choose: quantal response, each payoff term, what is on the table, and what becomes of relations."""

from __future__ import annotations

import bargains
import numpy as np
import pytest
import small
from bargains import act, item, regime
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.governments import payoffs, stakes
from simulator.governments.choice import chances, luck_of, take
from simulator.governments.partnership import PartnershipState
from simulator.governments.payoffs import Seen, Stance, Table
from simulator.governments.stakes import Delivery, Economy
from simulator.scenario.bargains import INTERESTS, Act, Answer
from simulator.scenario.levers import LEVERS

RULES = small.parameters({
    "bargaining.choice_scale": 0.5, "bargaining.money_weight": 2.0, "bargaining.trust_weight": 1.5,
    "bargaining.remittance_years": 5 * 365.25, "bargaining.backlash_weight": 1.2,
    "bargaining.salience_reference": 0.05, "bargaining.task_cost": 0.3, "bargaining.labour_weight": 0.5,
    "bargaining.order_weight": 0.4, "bargaining.burden_weight": 0.3, "bargaining.habit": 0.25,
    "bargaining.leverage_weight": 3.0, "bargaining.visa_worth": 0.01, "bargaining.security_worth": 0.02,
    "bargaining.donor_money_weight": 0.5, "bargaining.donor_concern_weight": 1.5,
    "bargaining.donor_relation_weight": 0.8, "bargaining.protection_weight": 2.0,
    "feedback.remittance_per_person": 1000.0, "feedback.remittance_cost": 0.07,
})  # fmt: skip
"""Weights at round values, so that terms can be worked out by hand."""

# Quantal response --------------------------------------------------------------------------------------------------

utilities = st.lists(st.floats(-50, 50), min_size=2, max_size=6).map(np.array)


@given(a=st.floats(-20, 20), b=st.floats(-20, 20), scale=st.floats(0.1, 10))
def test_of_two_options_the_chance_is_logistic_in_the_difference(a: float, b: float, scale: float) -> None:
    found = chances({"one": np.array([a, 0.0]), "other": np.array([0.0, b])}, scale)
    wanted = 1 / (1 + np.exp(-(a - b) / scale))
    np.testing.assert_allclose(found, [wanted, 1 - wanted], atol=1e-12)


def test_a_small_scale_takes_the_best_and_a_large_one_takes_any() -> None:
    terms = {"worth": np.array([0.3, 0.5, 0.1])}
    np.testing.assert_allclose(chances(terms, 1e-3), [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(chances(terms, 1e6), [1 / 3] * 3, atol=1e-6)
    assert chances({"worth": np.array([-5000.0, 5000.0])}, 0.1).tolist() == [0.0, 1.0]


@given(utility=utilities, constant=st.floats(-100, 100))
def test_what_all_options_share_changes_nothing(utility: np.ndarray, constant: float) -> None:
    plain = chances({"worth": utility}, 0.7)
    shifted = chances({"worth": utility, "shared": np.full(len(utility), constant)}, 0.7)
    np.testing.assert_allclose(shifted, plain, atol=1e-10)
    assert plain.sum() == pytest.approx(1.0)


@given(data=st.data(), utility=utilities, luck=st.floats(1e-9, 1 - 1e-9))
def test_the_same_luck_takes_no_less_where_those_that_comply_more_are_likelier(
    data: st.DataObject, utility: np.ndarray, luck: float
) -> None:
    """Whatever is added, more of it for the more compliant (options stand from those down): nobody turns round."""
    steps = data.draw(st.lists(st.floats(0, 5), min_size=len(utility), max_size=len(utility)))
    helped = utility + np.cumsum(steps)[::-1]
    assert take(chances({"worth": helped}, 1.0), luck - 1e-9) <= take(chances({"worth": utility}, 1.0), luck)


def test_a_draw_takes_options_as_often_as_their_chances_say() -> None:
    chance = np.array([0.0, 0.5, 0.3, 0.2])
    draws = (np.arange(1000) + 0.5) / 1000
    assert np.bincount([take(chance, luck) for luck in draws], minlength=4).tolist() == [0, 500, 300, 200]
    assert take(np.array([0.4, 0.6 - 1e-12]), 1 - 1e-15) == 1


def test_luck_hangs_on_seed_question_role_and_number() -> None:
    """Each makes another draw; 2,000 draws are as even as uniform ones are (largest gap beyond 0.05: below 1e-4)."""
    plain = luck_of(1, "mali", "partner", 0)
    others = [luck_of(2, "mali", "partner", 0), luck_of(1, "niger", "partner", 0), luck_of(1, "mali", "donor", 0),
              luck_of(1, "mali", "partner", 1)]  # fmt: skip
    assert luck_of(1, "mali", "partner", 0) == plain
    assert len({plain, *others}) == 5
    draws = np.sort([luck_of(1, "mali", "partner", number) for number in range(2000)])
    assert np.abs(draws - np.linspace(0, 1, 2000)).max() < 0.05


# A partner's payoff ------------------------------------------------------------------------------------------------


RETURNS = (act(1.0, 1.0, 0.7), act(0.4, 0.1, 0.4), act(0.0, 0.0, 0.1))
BORDER = (act(1.0, 0.4, 1.8), act(0.5, 0.2, 1.0), act(0.0, 0.0, 0.6), act(-1.0, 0.5, 0.1))
TABLE = Table(promise=1.8, threat=-2.0, promise_money=120.0, asked_money=150.0, threat_money=-80.0, asked_price=1.5,
              paid_price=1.2)  # fmt: skip
ECONOMY = Economy(income=1e8, remittances=4e6, asked=300.0)
RELATION = PartnershipState("EU", "ORA", "", trust=0.6, backlash=0.2, kept=0.5, carried_out=0.25)


def partner_terms(acts: tuple[Act, ...], about: str, seen: Seen, now: int = 1) -> dict[str, np.ndarray]:
    return payoffs.of_partner(acts, now, about, seen, TABLE, regime(publicity=0.5), RELATION, ECONOMY, 0.5, 0.3, RULES)


# Carries mpi-council-statement-2017.mali-2009
# Carries mpi-council-statement-2017.aid-cut-harms-cooperation
# Carries mpi-council-statement-2017.safety-valve
# Carries mpi-council-statement-2017.asymmetric-partnerships
# Carries mpi-council-statement-2017.embedded-partnerships
# Carries mpi-council-statement-2017.returns-cost-remittances
# Carries mpi-council-statement-2017.offers-may-not-compensate
# Carries mpi-council-statement-2017.informal-cooperation
# Carries mpi-press-release-2017.transactional
# Carries mpi-press-release-2017.returns-are-poison
def test_terms_of_a_partner_asked_to_take_people_back() -> None:
    """By hand: 300 asked for at 1,000 euros a year for 5 years are 1.5 per cent of 100 million; protest is 0.04/0.05.

    Backlash of the first act is 1.2 x 0.8 x (1 x 1.5 + 0.2 x 1), of the second 1.2 x 0.8 x (0.1 x 1.5 + 0.2 x 0.4).
    """
    wanted = {
        "promise": [1.8, 0.72, 0],  # 2 x 0.5 x 1.8 x compliance
        "threat": [0, -0.6, -1],  # 2 x 0.25 x -2 x refusal
        "relation": [0.9, 0.36, 0],  # 1.5 x 0.6 x compliance
        "task": [-0.6, -0.24, 0],  # 0.3 x compliance / 0.5
        "habit": [0, 0.25, 0],
        "remittances lost": [-2.1, -1.2, -0.3],  # 2 x 1.5 x share given papers
        "backlash": [-1.632, -0.2208, 0],
        "labour": [-0.15, -0.06, 0],  # 0.5 x 0.3 x compliance
    }
    found = partner_terms(RETURNS, "readmission", Seen(asked=300.0, importance=0.4, burden=5.0, pressure=2.0))
    assert set(found) == set(wanted)
    for name, values in wanted.items():
        np.testing.assert_allclose(found[name], values, atol=1e-12, err_msg=name)


# Carries mpi-council-statement-2017.shared-priorities
# Carries mpi-council-statement-2017.spain-morocco-reasons
def test_terms_of_a_partner_asked_to_hold_a_border() -> None:
    wanted = {
        "promise": [1.8, 0.9, 0, 0],
        "threat": [0, -0.5, -1, -1],
        "relation": [0.9, 0.45, 0, -0.9],
        "task": [-0.6, -0.3, 0, 0],
        "habit": [0, 0, 0.25, 0],
        "backlash": [-0.24, -0.12, 0, 0],  # 1.2 x 0.2 x compliance
        "order": [0.4, 0.2, 0, -0.4],
        "burden": [-0.3, -0.15, 0, 0],  # 0.3 x ln e
        "leverage": [0, 0, 0, 0.36],  # 3 x 0.4 x (1.5 - 1.2)
    }
    seen = Seen(asked=300.0, importance=0.4, burden=np.e - 1, pressure=2.0)
    found = partner_terms(BORDER, "border", seen, now=2)
    assert set(found) == set(wanted)
    for name, values in wanted.items():
        np.testing.assert_allclose(found[name], values, atol=1e-12, err_msg=name)


def test_before_the_first_decision_nothing_is_habit() -> None:
    found = partner_terms(RETURNS, "readmission", Seen(0, 0, 0, 0), now=-1)
    assert not found["habit"].any()


def test_a_state_without_capacity_finds_a_task_dear_but_not_beyond_measure() -> None:
    seen = Seen(0, 0, 0, 0)
    for capacity, cost in ((1.0, 0.3), (0.1, 3.0), (0.05, 6.0), (0.0, 6.0)):
        found = payoffs.of_partner(RETURNS, 0, "readmission", seen, TABLE, regime(), RELATION, ECONOMY, capacity, 0.3,
                                   RULES)  # fmt: skip
        np.testing.assert_allclose(found["task"], [-cost, -0.4 * cost, 0], atol=1e-12)


# Carries mpi-council-statement-2017.bargaining-chip
def test_a_border_is_opened_as_leverage_where_the_price_is_unpaid_and_the_way_matters() -> None:
    """The log odds of opening it rise by 3 x importance x what is unpaid / 0.5; paid in full, or little used: by 0."""

    def odds(importance: float, paid: float) -> float:
        table = Table(0.0, 0.0, 0.0, 0.0, 0.0, asked_price=1.5, paid_price=paid)
        terms = payoffs.of_partner(BORDER, 2, "border", Seen(0, importance, 0, 0), table, regime(), RELATION, ECONOMY,
                                   0.5, 0.3, RULES)  # fmt: skip
        chance = chances(terms, RULES.bargaining.choice_scale.value)
        return float(np.log(chance[3] / chance[2]))

    plain = odds(0.0, 1.0)
    assert odds(0.9, 1.0) - plain == pytest.approx(3.0 * 0.9 * 0.5 / 0.5)
    assert odds(0.9, 1.5) == pytest.approx(plain)
    assert odds(0.9, 2.0) == pytest.approx(plain), "what was overpaid buys nothing more"


# A donor's and a destination's -------------------------------------------------------------------------------------


# Carries mpi-council-statement-2017.crises-shorten-views
# Carries mpi-press-release-2017.transactional
def test_terms_of_a_donor() -> None:
    """It saw compliance of 0.4, claims wait 2 years, half of all came over the partner's legs.

    Money: 120 million at the price paid and 150 at the price asked, times 0.4 done; 80 saved on 0.6 refused.
    """
    options = (Stance(True, False, True), Stance(True, False, False), Stance(True, True, False),
               Stance(False, False, False))  # fmt: skip
    seen = Seen(asked=0.0, importance=0.5, burden=0.0, pressure=2.0)
    wanted = {
        "money": [-0.03, -0.024, 0.0, 0.0],  # 0.5 a thousand million: 60; 48; 48 - 48; 0
        "compliance kept": [1.2, 1.2, 1.2, 0],  # 1.5 x 2 x 0.4
        "seen to act": [0, 0, 1.8, 0],  # 1.5 x 2 x 0.6
        "border at stake": [1.5, 0, 0, 0],  # 1.5 x 2 x 0.5
        "relation": [0, 0, -0.288, -0.32],  # 0.8 x (0.6 x 0.6); 0.8 x 0.4
        "habit": [0, 0, 0, 0.25],
    }
    found = payoffs.of_donor(options, 3, 0.4, seen, TABLE, RELATION, RULES)
    assert set(found) == set(wanted)
    for name, values in wanted.items():
        np.testing.assert_allclose(found[name], values, atol=1e-12, err_msg=name)
    paid = payoffs.of_donor(options, 3, 0.4, seen, Table(1.8, -2, 150, 150, -80, 1.5, 1.5), RELATION, RULES)
    assert not paid["border at stake"].any(), "there is nothing left to pay"


def test_a_donor_may_do_only_what_its_regime_speaks_of() -> None:
    promise, threat, always = (item("aid", due, 5.0, "million_eur/year") for due in ("compliance", "refusal", "always"))
    rising = item("aid", "compliance", 5.0, "million_eur/year", rises=True)
    cases = (((), 1), ((always,), 1), ((promise,), 2), ((threat,), 2), ((promise, threat), 4), ((rising,), 3),
             ((rising, threat), 6))  # fmt: skip
    for items, count in cases:
        stances = payoffs.stances(regime(*items))
        assert len({each.name for each in stances}) == len(stances) == count
        assert stances[0].keeps, "they stand from the most forthcoming down"
        assert all(each.keeps for each in stances if each.pays_more)


def test_terms_of_a_destination() -> None:
    """Claims wait two years: relief is worth 3 a unit; 400 million cost 0.2; what harms protection wholly costs 2."""
    answers = [
        Answer.model_validate({"relief": relief, "cost": bargains.quantity(cost, "million_eur/year"), "harm": harm})
        for relief, cost, harm in ((0.6, 400.0, 0.0), (0.4, 50.0, 0.5), (0.0, 0.0, 0.0))
    ]
    wanted = {"relief": [1.8, 1.2, 0], "money": [-0.2, -0.025, 0], "duty to protect": [0, -1, 0], "habit": [0, 0, 0.25]}
    found = payoffs.of_destination(answers, 2, 2.0, RULES)
    assert set(found) == set(wanted)
    for name, values in wanted.items():
        np.testing.assert_allclose(found[name], values, atol=1e-12, err_msg=name)


# What is on the table ----------------------------------------------------------------------------------------------

BARGAIN = bargains.bargain("ORA", "nothing", aid=20.0)


# Carries mpi-council-statement-2017.asymmetric-partnerships
# Carries mpi-council-statement-2017.other-pressure
# Carries mpi-council-statement-2017.offers-may-not-compensate
# Carries mpi-council-statement-2017.readmission-incentives
# Carries mpi-press-release-2017.returns-are-poison
@pytest.mark.parametrize(
    ("lever", "amount", "unit", "more", "percent"),
    [
        ("aid", 3.0, "million_eur/year", {}, 3.0),
        ("aid", -0.5, "1", {"of_aid": True}, -10.0),
        ("root_cause_investment", 0.2, "1", {"of_aid": True}, 4.0),
        ("legal_pathways", 50.0, "person/year", {}, 0.25),  # 50 x 1,000 x 5 of 100 million
        ("legal_pathways", 0.5, "1", {"of_asked": True}, 0.75),  # 150 x 1,000 x 5
        ("visa_requirement", -0.5, "1", {}, 0.5),  # half of 0.01 of income
        ("remittance_facilitation", 0.5, "1", {}, 0.14),  # half of 0.07 of 4 million
        ("reintegration_support", 0.6, "1", {}, 0.9),  # 0.6 x 300 x 1,000 x 5
        ("capacity_building", 0.05, "1", {}, 0.1),  # 0.05 x 0.02 of income
    ],
)
def test_what_each_kind_of_offer_is_worth(
    lever: str, amount: float, unit: str, more: dict[str, bool], percent: float
) -> None:
    """In per cent of an income of 100 million, of which 4 are sent home, where 300 are asked for and aid is 20 million;

    and twice that to a partner that holds this kind of offer worth twice its money.
    """
    offer = item(lever, "compliance", amount, unit, **more)
    assert stakes.worth(offer, BARGAIN, ECONOMY, RULES) == pytest.approx(percent)
    kind = INTERESTS[lever]
    for interest, factor in ((kind, 2.0), ("jobs" if kind != "jobs" else "money", 1.0)):
        keen = bargains.bargain("ORA", "nothing", aid=20.0, interests={interest: bargains.quantity(2.0)})
        assert stakes.worth(offer, keen, ECONOMY, RULES) == pytest.approx(factor * percent)


MIXED = regime(
    item("aid", "always", 4.0, "million_eur/year"),
    item("aid", "compliance", 0.5, of_aid=True, rises=True),
    item("legal_pathways", "compliance", 100.0, "person/year"),
    item("aid", "refusal", -0.25, of_aid=True),
)


def test_what_is_due_counts_at_its_price() -> None:
    """10 million promised at a price of 1.5 and places at theirs; 5 million threatened; 4 come anyway."""

    def worth(due: str, price: float = 1.0) -> float:
        return stakes.total_worth(MIXED, due, BARGAIN, ECONOMY, RULES, price)

    assert worth("compliance") == pytest.approx(10.0 + 0.5)
    assert worth("compliance", 1.5) == pytest.approx(15.0 + 0.5)
    assert worth("refusal") == pytest.approx(-5.0)
    assert worth("always") == pytest.approx(4.0)
    assert [stakes.money(MIXED, due, BARGAIN, 1.5) for due in ("always", "compliance", "refusal")] == [4.0, 15.0, -5.0]


def test_what_is_delivered_follows_what_was_done_and_what_was_kept() -> None:
    """All is due as it was promised; only the price of what rises goes up, and no visa with it."""
    half = stakes.lay_items(MIXED, BARGAIN, Delivery(1.0, 0.4, 0.6, price=2.0), 0.0)
    assert half == pytest.approx({"aid": 4.0 + 10.0 * 0.4 * 2.0 - 5.0 * 0.6, "legal_pathways": 40.0})
    refused = stakes.lay_items(MIXED, BARGAIN, Delivery(1.0, 0.0, 0.0), 0.0)
    assert refused == {"aid": 4.0}
    nothing = stakes.lay_items(regime(item("legal_pathways", "compliance", 9.0, "person/year")), BARGAIN,
                               Delivery(1.0, 0.0, 0.0), 0.0)  # fmt: skip
    assert nothing == {}


def test_every_lever_that_can_be_offered_has_a_worth_and_an_interest() -> None:
    units = {"million_eur/year": 1.0, "person/year": 10.0, "1": 0.1}
    for lever in INTERESTS:
        offer = item(lever, "compliance", units[LEVERS[lever].unit], LEVERS[lever].unit)
        assert stakes.worth(offer, BARGAIN, ECONOMY, RULES) != 0


# Relations ---------------------------------------------------------------------------------------------------------

RATES = small.parameters({
    "bargaining.trust_gain": 0.2, "bargaining.trust_loss": 0.6, "bargaining.learning": 1.0,
    "bargaining.backlash_memory": 365.25,
}).bargaining  # fmt: skip


def relation(**fields: float) -> PartnershipState:
    return PartnershipState("EU", "ORA", "", **{"trust": 0.5, **fields})


def test_trust_rises_to_one_with_kept_promises_and_falls_to_nothing_with_threats() -> None:
    """Kept in full for three years: half of exp(-0.6) is still lacking; a threat of all aid for one: half of exp(-0.6).

    Both at once settle where they balance, 0.2 against 0.6.
    """
    kept, threatened, both = relation(), relation(), relation()
    for _ in range(12):
        kept.move_trust(RATES, 0.25, gained=1.0, lost=0.0)
    assert kept.trust == pytest.approx(1 - 0.5 * np.exp(-0.6))
    for _ in range(4):
        threatened.move_trust(RATES, 0.25, gained=0.0, lost=1.0)
    assert threatened.trust == pytest.approx(0.5 * np.exp(-0.6))
    for _ in range(400):
        both.move_trust(RATES, 0.25, gained=1.0, lost=1.0)
    assert both.trust == pytest.approx(0.25)
    still = relation()
    still.move_trust(RATES, 10.0, gained=0.0, lost=0.0)
    assert still.trust == 0.5


@settings(max_examples=50)
@given(
    moves=st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3), st.floats(0.01, 5)), max_size=8), start=st.floats(0, 1)
)
def test_trust_stays_between_none_and_all(moves: list[tuple[float, float, float]], start: float) -> None:
    state = relation(trust=start)
    for gained, lost, years in moves:
        before = state.trust
        state.move_trust(RATES, years, gained, lost)
        assert 0 <= state.trust <= 1
        assert lost > 0 or state.trust >= before - 1e-12


# Carries mpi-council-statement-2017.embedded-partnerships
def test_trust_moves_slowly_at_the_values_shipped() -> None:
    """A promise kept takes more than three years to make up half of what trust lacks; losing it goes faster."""
    shipped = small.parameters().bargaining
    gained, lost = relation(trust=0.0), relation(trust=1.0)
    gained.move_trust(shipped, 3.0, gained=1.0, lost=0.0)
    lost.move_trust(shipped, 0.25, gained=0.0, lost=1.0)
    assert gained.trust < 0.5
    assert 0.8 < lost.trust < 0.95
    assert shipped.trust_loss.value > shipped.trust_gain.value


def test_backlash_rises_with_public_work_and_fades() -> None:
    state = relation()
    state.move_backlash(RATES, 1.0, public=1.5)
    assert state.backlash == pytest.approx(1.5 * (1 - np.exp(-1)))
    before = state.backlash
    state.move_backlash(RATES, 2.0, public=0.0)
    assert state.backlash == pytest.approx(before * np.exp(-2))


def test_beliefs_follow_what_the_donor_did_where_something_was_due() -> None:
    state = relation(kept=0.5, carried_out=0.5)
    state.learn(RATES, 1.0, kept=True, carried_out=None)
    assert state.kept == pytest.approx(1 - 0.5 * np.exp(-1))
    assert state.carried_out == 0.5
    state.learn(RATES, 2.0, kept=None, carried_out=False)
    assert state.carried_out == pytest.approx(0.5 * np.exp(-2))
    assert state.kept == pytest.approx(1 - 0.5 * np.exp(-1))
