"""Build the world of a scenario at its first day."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from simulator.clock import Clock
from simulator.draws import Decision, name_key, uniforms
from simulator.scenario.levers import LEVERS
from simulator.scenario.schema import Scenario
from simulator.world.fields import NEEDS
from simulator.world.network import Network, build_network
from simulator.world.people import People, State
from simulator.world.queue import ClaimQueue
from simulator.world.series import END_OF_YEAR, MID_YEAR, Floats, gather, in_year, interpolate, whole
from simulator.world.world import Groups, Plan, World


def _groups(scenario: Scenario, countries: dict[str, int]) -> Groups:
    classes = scenario.corridor.wealth_classes
    bounds = np.concatenate([[0.0], np.cumsum([row.share for row in classes])])
    bounds[-1] = 1.0
    spread = scenario.parameters.departure.wealth_spread.value
    partial = norm.cdf(norm.ppf(bounds) - spread)
    origins = tuple(row.origin for row in scenario.origins)
    n_wealth = len(classes)
    number = np.arange(len(origins) * 2 * n_wealth)
    return Groups(
        origins=origins,
        origin_country=np.array([countries[code] for code in origins], dtype=np.int16),
        origin=(number // (2 * n_wealth)).astype(np.int16),
        need=(number // n_wealth % 2).astype(np.int16),
        wealth=(number % n_wealth).astype(np.int16),
        wealth_names=tuple(row.name for row in classes),
        wealth_bounds=bounds,
        income_factor=np.diff(partial) / np.diff(bounds),
        need_share=np.array([row.need_share for row in scenario.origins], dtype=np.float64),
        level=np.array([row.departure_level for row in scenario.origins], dtype=np.float64),
    )


def _driver(scenario: Scenario, attribute: str, countries: dict[str, int], when: Floats) -> Floats:
    """Return a yearly driver over the steps; a country without figures takes the median of the others."""
    pairs = gather((row.country, row.year, getattr(row, attribute)) for row in scenario.country_years)
    columns = np.full((len(when), len(countries)), np.nan)
    for code, number in countries.items():
        if code in pairs:
            columns[:, number] = interpolate(pairs[code], when, MID_YEAR)
    known = ~np.isnan(columns[0])
    columns[:, ~known] = np.median(columns[:, known], axis=1, keepdims=True) if known.any() else 0.0
    return columns


def _displacement(
    scenario: Scenario, groups: Groups, countries: dict[str, int], edges: Floats
) -> tuple[Floats, NDArray[np.int64]]:
    """Return displaced people at the start, shape (n_origins, n_countries), and whole increments a step."""
    origins = {code: number for number, code in enumerate(groups.origins)}
    stock = np.zeros((len(edges), len(origins), len(countries)))
    pairs = gather(((row.origin, row.host), row.year, row.people) for row in scenario.displaced)
    for (origin, host), figures in pairs.items():
        if origin in origins:
            stock[:, origins[origin], countries[host]] = interpolate(figures, edges, END_OF_YEAR)
    shares = np.diff(groups.wealth_bounds)
    return stock[0], whole(stock[..., None] * shares)


def _seas(scenario: Scenario, network: Network, clock: Clock) -> tuple[Floats, Floats, Floats]:
    """Return openness, with a seeded variation that all policies share, risk of each sea a step, and usual openness."""
    opening, risk = np.ones((12, len(network.seas))), np.ones((12, len(network.seas)))
    numbers = {name: number for number, name in enumerate(network.seas)}
    for row in scenario.seasons:
        opening[row.month - 1, numbers[row.sea]] = row.open
        risk[row.month - 1, numbers[row.sea]] = row.risk
    months = np.array([int(month[5:]) - 1 for month in clock.months])
    opening = opening**scenario.parameters.crossing.season_sharpness.value
    # Not by `@`: BLAS adds up in an order of each processor's own.
    open_by_step, risk_by_step = (np.einsum("tm,ms->ts", clock.month_shares, each[months]) for each in (opening, risk))
    noise = scenario.parameters.crossing.sea_hazard_noise.value
    weeks = clock.start.toordinal() // 7 + np.arange(int(clock.edges[-1]) // 7 + 2)
    week_of_day = (clock.start.toordinal() + np.arange(int(clock.edges[-1]))) // 7 - weeks[0]
    for sea, number in numbers.items():
        keys = np.full(1, name_key(scenario.seed, "sea", sea), dtype=np.uint64)
        luck = np.array([uniforms(keys, Decision.WEATHER, int(week))[0] for week in weeks])
        by_step = np.add.reduceat(luck[week_of_day], clock.edges[:-1].astype(np.intp)) / clock.days
        open_by_step[:, number] *= 1 + noise * (2 * by_step - 1)
    return np.clip(open_by_step, 0.0, 1.0), risk_by_step, opening


def _plan(
    scenario: Scenario, groups: Groups, network: Network, countries: dict[str, int], clock: Clock
) -> tuple[Plan, Floats]:
    """Return the driver series, and the displaced people at the start."""
    edges = np.array([clock.decimal_year(clock.start.toordinal() + day) for day in clock.edges])
    middle = clock.middle_years
    shape = (clock.n_steps, len(groups.origins), len(countries))
    population = _driver(scenario, "population", countries, middle)
    start, displacement = _displacement(scenario, groups, countries, edges)
    home = _driver(scenario, "population", countries, edges)[:, groups.origin_country]
    need = np.stack([groups.need_share, 1 - groups.need_share], axis=1)
    shares = need[:, :, None] * np.diff(groups.wealth_bounds)
    growth = whole(home[:, :, None, None] * shares)
    growth[:, :, 0] += displacement.sum(axis=2)

    origins = {code: number for number, code in enumerate(groups.origins)}
    recognition = np.zeros(shape)
    rates = gather(((row.origin, row.country), row.year, row.rate) for row in scenario.recognition)
    for code, number in origins.items():
        known = [row for row in scenario.recognition if row.origin == code]
        decided = sum(row.decisions for row in known)
        positive = sum(row.rate * row.decisions for row in known)
        recognition[:, number, :] = positive / decided if decided > 0 else 0.0
    for (code, country), figures in rates.items():
        if code in origins and country in countries:
            recognition[:, origins[code], countries[country]] = interpolate(figures, middle, MID_YEAR)

    decisions, removals = np.zeros((clock.n_steps, len(countries))), np.zeros((clock.n_steps, len(countries)))
    for attribute, target in (("decisions", decisions), ("removals", removals)):
        yearly = gather((row.country, row.year, getattr(row, attribute)) for row in scenario.asylum_years)
        for country, figures in yearly.items():
            target[:, countries[country]] = in_year(figures, middle)
    sea_open, sea_risk, sea_usual = _seas(scenario, network, clock)
    battle = _driver(scenario, "battle_deaths", countries, middle)
    return Plan(
        population=population,
        gdp=_driver(scenario, "gdp_per_head", countries, middle),
        unemployment=_driver(scenario, "youth_unemployment", countries, middle),
        fragility=_driver(scenario, "fragility", countries, middle),
        conflict=battle / population * 1e5,
        growth=growth,
        displacement=displacement,
        recognition=recognition,
        decisions=decisions,
        removals=removals,
        sea_open=sea_open,
        sea_risk=sea_risk,
        sea_usual=sea_usual,
        earlier=_earlier(scenario, groups, network, middle[: clock.n_steps]),
    ), start


def _earlier(scenario: Scenario, groups: Groups, network: Network, when: Floats) -> Floats:
    """Return observed arrivals a year by origin and route at each step; NaN in years without figures of a route.

    A pair without a row in a year of which the route has others was not seen.
    """
    years = np.floor(when).astype(np.intp)
    arrivals = np.full((len(groups.origins), len(network.routes), len(when)), np.nan)
    routes = {name: number for number, name in enumerate(network.routes)}
    origins = {code: number for number, code in enumerate(groups.origins)}
    for row in scenario.observed_origins:
        arrivals[:, routes[row.route], years == row.year] = 0.0
    for row in scenario.observed_origins:
        arrivals[origins[row.origin], routes[row.route], years == row.year] = row.people
    return arrivals


def _pools(scenario: Scenario, groups: Groups, countries: dict[str, int], clock: Clock, displaced: Floats) -> Floats:
    """Return people at home and in hosts at the start."""
    first = np.array([clock.decimal_year(clock.start.toordinal())])
    population = _driver(scenario, "population", countries, first)[0]
    pools = np.zeros((len(groups.origins), len(countries), 2, groups.n_wealth))
    shares = np.diff(groups.wealth_bounds)
    for origin, country in enumerate(groups.origin_country):
        need = np.array([groups.need_share[origin], 1 - groups.need_share[origin]])
        pools[origin, country] = population[country] * need[:, None] * shares
    pools[:, :, 0] += displaced[:, :, None] * shares
    return np.floor(pools + 0.5)


def _matrix(rows: list[tuple[str, str, float]], groups: Groups, countries: dict[str, int]) -> Floats:
    origins = {code: number for number, code in enumerate(groups.origins)}
    matrix = np.zeros((len(origins), len(countries)))
    for origin, country, value in rows:
        if origin in origins and country in countries:
            matrix[origins[origin], countries[country]] = value
    return matrix


def _diaspora(scenario: Scenario, groups: Groups, countries: dict[str, int], clock: Clock) -> Floats:
    first = np.array([clock.decimal_year(clock.start.toordinal())])
    pairs = gather(((row.origin, row.country), row.year, row.people) for row in scenario.diaspora)
    rows = [(key[0], key[1], float(interpolate(figures, first, MID_YEAR)[0])) for key, figures in pairs.items()]
    return _matrix(rows, groups, countries)


def neutral_levers(n_legs: int, n_origins: int, n_countries: int) -> dict[str, Floats]:
    """Return every lever at its neutral value."""
    shapes = {"leg": (n_legs,), "country": (n_countries,), "pair": (n_origins, n_countries)}
    return {name: np.full(shapes[lever.acts], lever.neutral) for name, lever in LEVERS.items()}


def _pool_keys(scenario: Scenario, groups: Groups, countries: dict[str, int]) -> NDArray[np.uint64]:
    """Return the key of each pool's luck; shape of the pools."""
    keys = [
        name_key(scenario.seed, origin, country, need, wealth)
        for origin, country, need, wealth in product(groups.origins, countries, NEEDS, groups.wealth_names)
    ]
    return np.array(keys, dtype=np.uint64).reshape(len(groups.origins), len(countries), len(NEEDS), groups.n_wealth)


def build_world(scenario: Scenario) -> World:
    """Build the world of a scenario at its first day, but for the state that stages own."""
    recorded = Clock(scenario.period.start, scenario.period.end, scenario.step_days)
    clock, n_warm_up = recorded.warmed_up(scenario.period.warm_up_days)
    codes = {row.country: number for number, row in enumerate(scenario.countries)}
    network = build_network(scenario, codes)
    groups = _groups(scenario, codes)
    plan, displaced = _plan(scenario, groups, network, codes, clock)
    pools = _pools(scenario, groups, codes, clock, displaced).astype(np.int64)
    places = {name: number for number, name in enumerate(network.places)}
    reference = np.array([scenario.corridor.reference_year + MID_YEAR])
    n_origins, n_countries, n_legs = len(groups.origins), len(codes), network.n_legs
    levers = neutral_levers(n_legs, n_origins, n_countries)
    return World(
        clock=clock,
        n_warm_up=n_warm_up,
        parameters=scenario.parameters,
        switches=scenario.switches,
        seed=scenario.seed,
        weight=scenario.persons_per_agent,
        network=network,
        groups=groups,
        plan=plan,
        countries=tuple(codes),
        governments=(*codes, "EU"),
        home_place=np.array([places[row.place] for row in scenario.countries], dtype=np.int16),
        people=People(),
        pools=pools,
        closed=np.zeros((len(State), n_countries, n_origins), dtype=np.int64),
        levers=levers,
        spells=[(1.0, levers)],
        first_diaspora=_diaspora(scenario, groups, codes, clock),
        visa=_matrix([(row.origin, row.country, row.required) for row in scenario.visas], groups, codes),
        cooperation=np.array([row.border_cooperation for row in scenario.countries], dtype=np.float64),
        base_gdp=_driver(scenario, "gdp_per_head", codes, reference)[0],
        pool_keys=_pool_keys(scenario, groups, codes),
        queue=[ClaimQueue() for _ in codes],
        initial=int(pools.sum()),
    )
