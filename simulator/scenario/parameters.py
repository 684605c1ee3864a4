"""The behavioural parameters: every number in the model's equations that is not data or policy.

Each field is a `Quantity` in a file. Its unit must have the dimension given here; it is converted on
reading, so that the value held is in the unit named here.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from simulator.scenario.evidence import Frozen, Quantity
from simulator.units import convert


def _expect(unit: str, low: float, high: float) -> AfterValidator:
    """Return a validator that converts a quantity to `unit` and keeps it within [low, high]."""
    said = "" if unit == "1" else f" {unit}"

    def check(quantity: Quantity) -> Quantity:
        value = convert(quantity.value, quantity.unit, unit)
        if not low <= value <= high:
            raise ValueError(f"{value:g}{said} lies outside what is possible, {low:g} to {high:g}{said}")
        if quantity.unit == unit:
            return quantity
        bounds = None
        if quantity.range is not None:
            bounds = (convert(quantity.range[0], quantity.unit, unit), convert(quantity.range[1], quantity.unit, unit))
        return quantity.model_copy(update={"value": value, "unit": unit, "range": bounds})

    return AfterValidator(check)


Fraction = Annotated[Quantity, _expect("1", 0.0, 1.0)]
Factor = Annotated[Quantity, _expect("1", 0.0, 1e6)]
Days = Annotated[Quantity, _expect("day", 1e-6, 36525.0)]
Rate = Annotated[Quantity, _expect("1/year", 0.0, 1000.0)]
Utility = Annotated[Quantity, _expect("utility", -1000.0, 1000.0)]
People = Annotated[Quantity, _expect("person", 0.0, 1e10)]
Euros = Annotated[Quantity, _expect("eur", 0.0, 1e12)]
Spending = Annotated[Quantity, _expect("eur/year", 0.0, 1e12)]
Budget = Annotated[Quantity, _expect("million_eur/year", -1e6, 1e6)]


def _off(unit: str) -> Quantity:
    """Return the value of a parameter that a corridor does not name: 0, at which its mechanism does nothing."""
    return Quantity(value=0.0, unit=unit, kind="assumed", range=(0.0, 0.0), note="Not in this corridor.")


class Choice(Frozen):
    """Route choice: what a journey is worth, and how sharply people choose."""

    scale: Annotated[Quantity, _expect("utility", 1e-3, 100.0)]
    """Scale of the unobserved part of utility (mu); small means that the best way takes nearly all."""
    transit_scale: Annotated[Quantity, _expect("1", 0.05, 1.0)]
    """Scale at places on the way relative to `scale`; below 1, journeys that share their first legs are closer
    substitutes than journeys that part at home."""
    sea_scale: Annotated[Quantity, _expect("1", 0.05, 1.0)]
    """Scale at departure points relative to other places on the way; below 1, legs that share a sea are closer
    substitutes."""
    income_weight: Utility
    """Utility of one log unit of income."""
    diaspora_weight: Utility
    """Utility of one log unit of diaspora, in thousands of people plus one."""
    protection_weight: Utility
    """Utility of certain protection, for people in need of it; scaled by the chance of recognition."""
    backlog_weight: Utility
    """Loss of utility for a year's wait for a decision."""
    leg_loss: Utility
    """Loss of utility of each leg, whatever its length: finding and trusting the next smuggler; it also keeps people
    from going round in circles."""
    crowding_weight: Utility = _off("utility")
    """Loss of utility for one log unit of people a week, over the capacity of the place that a leg leads to, plus one.
    None in a corridor that does not name it."""
    day_weight: Utility
    """Loss of utility for a day of travel."""
    price_weight: Utility
    """Loss of utility for a price as large as the class's yearly income a head."""
    interception_weight: Utility
    """Loss of utility for one unit of perceived hazard of interception."""
    death_weight: Utility
    """Loss of utility for a perceived risk of death of one per cent."""
    visa_penalty: Utility
    """Loss of utility for legal travel that a visa requirement bars."""
    homecoming_loss: Utility
    """Loss of utility of giving up and going home, against never having left."""
    settling_loss: Utility
    """Loss of utility of staying in a transit country, against living there as a resident."""
    longest_wait: Days
    """Wait for a decision beyond which longer waits look the same."""


class News(Frozen):
    """News of a route, told by those of one's community who got through."""

    weight: Utility
    """Utility of one natural log unit of news: of one plus recent arrivals over `reference`."""
    halflife: Days
    """Time in which news loses half its weight."""
    shared: Fraction
    """Weight of the arrivals of other communities in a community's news."""
    reference: People
    """Recent arrivals of one's community at which news is worth ln 2 of its weight."""


class Beliefs(Frozen):
    """Learning from earlier travellers: discounted Beta-Bernoulli, per origin and leg."""

    memory: Days
    """Time after which an observation counts 1/e."""
    prior_strength: People
    """Observations that the prior is worth."""
    in_sight: Fraction = _off("1")
    """Weight of today's true chance of interception in what people believe of it: controls that stand in plain sight of
    those who wait at the line. None in a corridor that does not name it."""


class Departure(Frozen):
    """Leaving: aspiration times capability."""

    highest_rate: Rate
    """Rate of departure of a stratum all of whom want to leave and can."""
    renewal: Rate
    """Rate at which those who left are replaced by others as ready to leave: people come of age, lives change. A low
    rate means that a boom leaves behind those who are more attached to home."""
    relatives: Factor
    """Relatives left behind who mean to follow, for each person who claims asylum or is admitted."""
    relatives_rate: Rate
    """Rate at which relatives who mean to follow leave, as far as the journey is worth it to them."""
    relatives_pull: Utility
    """By how much relatives who mean to follow are less attached to where they live than others."""
    foresight: Days
    """Longest wait, for the sea to open or for a place on a vessel, that people count before they set out."""
    threshold: Utility
    """Attachment to where one lives: the gain in utility at which half of those who can leave want to."""
    spread: Annotated[Quantity, _expect("utility", 1e-3, 100.0)]
    """Spread of that gain across people."""
    conflict_weight: Utility
    """Loss at home for one log unit of battle deaths a 100,000 people, plus one; for people in need."""
    unemployment_weight: Utility
    """Loss at home for certain youth unemployment."""
    fragility_weight: Utility
    """Loss at home for 10 points of the Fragile States Index above `fragility_base`."""
    fragility_base: Annotated[Quantity, _expect("fsi", 0.0, 120.0)]
    """Fragile States Index below which fragility does not push."""
    host_income_share: Fraction
    """Income of a refugee or migrant in a host country as a share of the host's income a head."""
    wealth_share: Factor
    """Median savings that a family can raise for one journey, as a multiple of yearly income a head."""
    wealth_spread: Annotated[Quantity, _expect("1", 0.01, 5.0)]
    """Standard deviation of the log of those savings."""


class Crossing(Frozen):
    """What happens on a leg: through, intercepted, or dead."""

    effectiveness: Factor
    """Hazard of interception for one unit of effort at full capacity and cooperation."""
    effort_saturation: Fraction = _off("1")
    """One less the elasticity of the hazard of interception to effort on the departure side: above 0, each further
    agent adds less. None in a corridor that does not name it."""
    evasion_risk: Factor
    """Elasticity of the risk of death to one plus the departure-side hazard of interception."""
    crowding_risk: Factor
    """Elasticity of the risk of death to crowding."""
    rescue_effect: Fraction
    """Share of deaths that full rescue prevents."""
    sea_hazard_noise: Fraction
    """Half-width of the seeded weekly variation of sea openness, shared by all policies."""
    season_sharpness: Factor
    """Power to which a sea's seasonal openness is raised: those put off cross later, so that arrivals vary less
    than the chance to cross does."""
    detained_share: Fraction
    """Share of the intercepted who are detained; the others are pushed back at once."""
    detention: Days
    """Mean length of detention."""
    give_up_share: Fraction
    """Share of the intercepted who give up after an interception, without sanctions."""
    sanction_effect: Utility
    """Rise of the log odds of giving up for one unit of sanctions."""
    retry_delay: Days
    """Mean time before the next attempt."""


class Transit(Frozen):
    """Waiting, working, being stuck, settling, going home."""

    saving_share: Fraction
    """Share of local income a head that a person in transit can save."""
    violence_weight: Factor
    """Factor by which one log unit of local battle deaths a 100,000 shortens the stay in a transit place."""
    remigration_rate: Rate
    """Rate at which people returned home leave again, without reintegration support."""
    reintegration_effect: Fraction
    """Share by which full reintegration support lowers that rate."""
    return_memory: Days
    """Time for which people returned home are followed as returned."""


class Circulation(Frozen):
    """Leaving and going home of one's own accord; none of it in a corridor that does not name it."""

    home_rate: Rate = _off("1/year")
    """Rate at which people who live in a destination without a claim or an order go home of their own accord, while
    coming back costs what it did at the start."""
    deterrence: Factor = _off("1")
    """Fall of the log of that rate for a unit of utility by which coming back has become costlier."""
    savings_share: Fraction = _off("1")
    """Share of what they earned abroad that people who go home put by for the next journey."""
    joins: Fraction = _off("1")
    """Share of those who stop in a destination without a claim who count among the diaspora there."""


class Smuggling(Frozen):
    """The market for passage."""

    price_elasticity: Factor
    """Elasticity of price to the effort at the leg."""
    demand_elasticity: Factor
    """Elasticity of price to attempts against their yearly mean."""
    adjustment: Days
    """Time over which price and crowding adjust."""
    crowding_elasticity: Factor
    """Elasticity of crowding to enforcement and to effort against smuggling."""
    smuggled_share: Fraction
    """Share of attempts made with a smuggler, where there is a price, at the start."""
    anti_smuggling_effect: Factor
    """Log rise of price for one unit of effort against smuggling."""
    effort_floor: Factor
    """Effort below which a leg counts as uncontrolled: price answers effort against at least this much."""
    capacity_growth: Rate
    """Fastest growth of the number of people whom smugglers can take across a sea leg, on the log scale."""
    capacity_fall: Days
    """Time over which capacity that nobody asks for is given up."""
    capacity_floor: Annotated[Quantity, _expect("person/week", 1.0, 1e9)]
    """People a week whom smugglers can take across any sea leg, whatever went before."""


class Asylum(Frozen):
    """Claim, queue, decision, appeal."""

    claim_share_need: Fraction
    """Share of people in need who claim asylum where they stop."""
    claim_share_other: Fraction
    """Share of others who do."""
    appeal_share: Fraction
    """Share of the refused who appeal."""
    appeal_time: Days
    """Mean time of an appeal."""
    appeal_success: Fraction
    """Share of appeals that end in protection."""


class Returns(Frozen):
    """Orders to leave, removals, voluntary returns."""

    identification: Fraction
    """Share of people ordered to leave who can be found and identified, without interior controls."""
    papers_share: Fraction
    """Share whose state issues papers, before cooperation is counted."""
    voluntary_rate: Rate
    """Rate of voluntary return of people ordered to leave."""
    order_rate: Rate
    """Rate at which people who did not claim are ordered to leave."""
    interior_effect: Factor
    """Log rise of the odds of identification for one unit of interior controls."""


class Feedback(Frozen):
    """What migration and money do, later, to the places that people leave."""

    remittance_per_person: Euros
    """Money sent home a year by a person who has settled."""
    remittance_cost: Fraction
    """Share of it lost in transfer."""
    investment_lag: Days
    """Mean lag from investment to its effect (Erlang kernel)."""
    withdrawal_lag: Days
    """Mean lag from a cut in aid to its effect."""
    investment_effect: Factor
    """Log rise of income at home for investment that is large against the economy."""
    investment_half: Factor
    """Investment a head, as a share of income a head, at which half of that effect is reached."""
    unemployment_effect: Factor
    """Fall of youth unemployment for one log unit of that income effect."""


class Bargaining(Frozen):
    """How governments weigh what they are asked, offered and threatened with.

    Stakes are in per cent of the partner's yearly income (GDP), so that one set of weights holds for all.
    """

    choice_scale: Annotated[Quantity, _expect("utility", 1e-3, 100.0)]
    """Scale of the unobserved part of a government's payoff; small means that the best option is nearly always
    taken."""
    money_weight: Utility
    """Utility of one per cent of yearly income."""
    trust_weight: Utility
    """Utility of complying in full at full trust."""
    remittance_years: Days
    """Years for which a person who is returned would have sent money home."""
    backlash_weight: Utility
    """Loss by a fully public act where money sent home is `salience_reference` of income, and by past backlash."""
    salience_reference: Fraction
    """Money sent home, as a share of income, at which protest against returns weighs 1."""
    backlash_memory: Days
    """Time over which backlash fades."""
    task_cost: Utility
    """Cost of complying in full for a state of full capacity; it grows as capacity falls."""
    labour_weight: Utility
    """Loss by people coming home where all young people are without work."""
    order_weight: Utility
    """Worth of an ordered border to the state that holds it, without any offer."""
    burden_weight: Utility
    """Loss by people held back in the country: for one log unit of them a year a thousand residents, plus one."""
    habit: Utility
    """Worth of going on as before."""
    first_belief: Fraction
    """Chance that promises are kept and threats carried out, as partners see it at first."""
    learning: Rate
    """Rate at which that belief follows what the donor does."""
    trust_gain: Rate
    """Rate at which trust grows where promises are kept and the partner's priorities served."""
    trust_loss: Rate
    """Rate at which trust falls with public threats, cuts and broken promises."""
    price_rise: Rate
    """Rate at which the price asked for compliance grows where all arrivals of the donor come by the partner's way."""
    leverage_weight: Utility
    """Worth of opening a border to a partner whose price was not paid, where all arrivals come by its way."""
    market_income: Fraction
    """Income at market rates as a share of income at purchasing power parity, where a bargain does not give it."""
    diverted_share: Fraction
    """Share of the money that goes to other ends in a state of no governance."""
    visa_worth: Fraction
    """Worth of free travel for all citizens, as a share of income."""
    security_worth: Fraction
    """Worth of one unit of capacity building, as a share of income."""
    donor_money_weight: Utility
    """Loss to a donor by a thousand million euros a year."""
    donor_concern_weight: Utility
    """Worth to a donor of compliance, or of being seen to act, for each year that claims wait."""
    donor_relation_weight: Utility
    """Loss to a donor by cutting a partner that trusts it in full, or by breaking its word."""
    protection_weight: Utility
    """Loss to a destination by an answer that goes wholly against the duty to protect."""


class Governance(Frozen):
    """Governments: how often they decide, and what they see."""

    decision_interval: Days
    """Time between decisions, and between the moments at which a government takes stock of what it knows."""
    observation_lag: Days
    """Age of what a government sees."""
    observation_noise: Fraction
    """Standard deviation of the log error of what it sees."""
    capacity_at_zero_fragility: Factor
    """Border capacity of a state with a fragility index of 0; it falls linearly to 0 at 120."""


class Switches(Frozen):
    """What the literature disputes: each can be turned off, and results compared."""

    hump: bool = True
    """Income enables: capability follows wealth. Off: everybody can pay (World Bank WPS 9518 denies the hump)."""
    diffusion: bool = True
    """News of a route draws others to it."""
    rescue_pull: bool = True
    """Perceived risk of death counts rescue. Off: people believe the risk that the day would have without rescue."""
    aid_deters: bool = True
    """What aid and investment add to income and jobs makes staying worth more. Off: it adds to savings alone, and so
    enables people to leave."""
    learning: bool = True
    """Beliefs follow what happened to earlier travellers. Off: they follow today's true chances."""


class Parameters(Frozen):
    """All behavioural parameters of a corridor."""

    choice: Choice
    """Route choice."""
    news: News
    """Diffusion of news."""
    beliefs: Beliefs
    """Learning."""
    departure: Departure
    """Departure."""
    crossing: Crossing
    """Crossing."""
    transit: Transit
    """Transit."""
    circulation: Circulation = Circulation()
    """Leaving and going home."""
    smuggling: Smuggling
    """Smuggling market."""
    asylum: Asylum
    """Asylum."""
    returns: Returns
    """Returns."""
    feedback: Feedback
    """Feedback."""
    bargaining: Bargaining
    """How governments weigh."""
    governance: Governance
    """Governments."""
