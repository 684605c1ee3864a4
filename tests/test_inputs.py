"""The inputs of the Mediterranean corridor are plausible, and agree with each other; each check is shown to bite.

What the publishers' files say was compared once (docs/inputs.md). These checks need no file from outside: identities
between tables, bounds that no country and no sea has passed, sums of months against years. Each stands beside a way to
spoil the corridor that it must find.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from typing import Any

import pytest

from simulator.scenario.load import load
from simulator.scenario.schema import Scenario

Check = Callable[[Scenario], Iterator[str]]
EARTH_KM = 6371.0
FITTED = (2014, 2015, 2016)


@cache
def corridor() -> Scenario:
    return load("mediterranean")


def changed(table: str, change: Callable[[Any], dict[str, Any]], **where: Any) -> Scenario:
    """Return the corridor with the cells of one row changed, which `where` must name."""
    rows = getattr(corridor(), table)
    hits = [row for row in rows if all(getattr(row, name) == value for name, value in where.items())]
    assert len(hits) == 1, f"{table}: {len(hits)} rows for {where}"
    new = tuple(row.model_copy(update=change(row)) if row is hits[0] else row for row in rows)
    return corridor().model_copy(update={table: new})


def times(column: str, factor: float) -> Callable[[Any], dict[str, Any]]:
    return lambda row: {column: getattr(row, column) * factor}


def by_country(scenario: Scenario, column: str) -> dict[str, dict[int, float]]:
    series: dict[str, dict[int, float]] = defaultdict(dict)
    for row in scenario.country_years:
        if getattr(row, column) is not None:
            series[row.country][row.year] = getattr(row, column)
    return series


def steps(scenario: Scenario, column: str) -> Iterator[tuple[str, int, float, float]]:
    """Yield country, year, and the figures of the year before and of the year."""
    for country, years in by_country(scenario, column).items():
        for (_, before), (year, now) in pairwise(sorted(years.items())):
            yield country, year, before, now


def displaced(scenario: Scenario, side: str) -> dict[tuple[str, int], float]:
    """Return displaced people by origin (or by host) and year."""
    total: dict[tuple[str, int], float] = defaultdict(float)
    for row in scenario.displaced:
        total[getattr(row, side), row.year] += row.people
    return total


def observed_years(scenario: Scenario) -> dict[str, dict[int, float]]:
    total: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for row in scenario.observed:
        total[row.series][int(row.month[:4])] += row.value
    return total


def population_grows_slowly_but_for_displacement(scenario: Scenario) -> Iterator[str]:
    """By no more than a tenth a year up or down, beyond those who were registered as having fled to or from it."""
    out, into = displaced(scenario, "origin"), displaced(scenario, "host")
    for country, year, before, now in steps(scenario, "population"):
        fled = sum(abs(side[country, year] - side[country, year - 1]) for side in (out, into))
        if abs(now - before) > 0.1 * before + fled:
            yield f"population of {country} in {year}: {before:.0f} to {now:.0f}"


def income_is_that_of_a_country(scenario: Scenario) -> Iterator[str]:
    """Between 500 and 100,000 dollars, changing by less than two fifths a year (Libya of 2017: by 30%)."""
    for country, year, before, now in steps(scenario, "gdp_per_head"):
        if not (500 < now < 1e5 and abs(now / before - 1) < 0.4):
            yield f"income of {country} in {year}: {before:.0f} to {now:.0f}"


def drivers_move_slowly(scenario: Scenario) -> Iterator[str]:
    """Youth unemployment by less than 12 points a year (Croatia of 2016: by 11), fragility by less than 10 of 120."""
    for column, most in (("youth_unemployment", 0.12), ("fragility", 10.0)):
        for country, year, before, now in steps(scenario, column):
            if abs(now - before) > most:
                yield f"{column} of {country} in {year}: {before} to {now}"


def battle_deaths_are_few_of_all(scenario: Scenario) -> Iterator[str]:
    """Fewer than 1 in 250 people in a year (Syria of 2013: 1 in 300)."""
    population = by_country(scenario, "population")
    for country, years in by_country(scenario, "battle_deaths").items():
        yield from (f"{country} {year}" for year, dead in years.items() if dead > population[country][year] / 250)


def displaced_are_fewer_than_those_left(scenario: Scenario) -> Iterator[str]:
    """Fewer abroad than two fifths of those at home, fewer in a host than a quarter of its people (Lebanon: 18%)."""
    population = by_country(scenario, "population")
    for side, most in (("origin", 0.4), ("host", 0.25)):
        for (country, year), people in displaced(scenario, side).items():
            if people > most * population[country][year]:
                yield f"displaced, {side} {country} {year}: {people:.0f}"


def diasporas_are_small_shares(scenario: Scenario) -> Iterator[str]:
    """Less than a tenth of the people at home, and less than 3% of those of the country that they live in."""
    population = by_country(scenario, "population")
    total: dict[tuple[str, int], float] = defaultdict(float)
    for row in scenario.diaspora:
        total[row.origin, row.year] += row.people
        if row.people > 0.03 * population[row.country][2012]:
            yield f"{row.origin} in {row.country} {row.year}: {row.people:.0f}"
    for (origin, year), people in total.items():
        if people > 0.1 * population[origin][2012]:
            yield f"{origin} abroad {year}: {people:.0f}"


def diasporas_between_years_lie_between(scenario: Scenario) -> Iterator[str]:
    """Every pair has 2010 and 2015, and what was put between lies between."""
    pairs: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    for row in scenario.diaspora:
        pairs[row.origin, row.country][row.year] = row.people
    for pair, years in pairs.items():
        if not {2010, 2015} <= set(years):
            yield f"{pair} lacks 2010 or 2015"
        elif not all(years[2010] <= people <= years[2015] for year, people in years.items() if 2010 < year < 2015):
            yield f"{pair} leaves its ends: {years}"


def need_is_the_mean_of_recognition(scenario: Scenario) -> Iterator[str]:
    """The share in need is the recognition of 2014 to 2016, weighted by decisions, to a hundredth."""
    for row in scenario.origins:
        known = [each for each in scenario.recognition if each.origin == row.origin and each.year in FITTED]
        mean = sum(each.rate * each.decisions for each in known) / sum(each.decisions for each in known)
        if abs(mean - row.need_share) > 0.01:
            yield f"{row.origin}: {row.need_share} in need, {mean:.3f} recognised"


def decisions_by_origin_add_up(scenario: Scenario) -> Iterator[str]:
    """What the pairs with 20 decisions hold is 94% of the country's decisions at least, and no more than all."""
    of_pairs: dict[tuple[str, int], float] = defaultdict(float)
    for row in scenario.recognition:
        of_pairs[row.country, row.year] += row.decisions
    for year_row in scenario.asylum_years:
        found = of_pairs.get((year_row.country, year_row.year), 0.0)
        if found and not 0.94 * year_row.decisions <= found <= year_row.decisions:
            yield f"{year_row.country} {year_row.year}: {found:.0f} of {year_row.decisions:.0f}"


def austria_takes_germany(scenario: Scenario) -> Iterator[str]:
    rates = {(row.country, row.origin, row.year): row.rate for row in scenario.recognition}
    for row in scenario.recognition:
        if row.country == "AUT" and (row.decisions or row.rate != rates["DEU", row.origin, row.year]):
            yield f"{row.origin} {row.year}"


def what_is_held_is_the_same(scenario: Scenario) -> Iterator[str]:
    """Figures after a publisher's last are that last one."""
    stock = {(row.origin, row.host, row.year): row.people for row in scenario.displaced}
    yield from (f"displaced {origin} {host}" for (origin, host, year), people in stock.items()
                if year > 2017 and people != stock[origin, host, 2017])  # fmt: skip
    years = {(row.country, row.year): row for row in scenario.asylum_years}
    for (country, year), row in years.items():
        if year > 2017 and row.decisions != years[country, 2017].decisions:
            yield f"decisions {country} {year}"
        if year > 2016 and row.removals != years[country, 2016].removals:
            yield f"removals {country} {year}"
    yield from (f"fragility {country}" for country, index in by_country(scenario, "fragility").items()
                if index[2020] != index[2019])  # fmt: skip


def schengen_and_britain_require_visas(scenario: Scenario) -> Iterator[str]:
    """Of all 22 origins: legal travel to a destination is open to none of them."""
    given = {(row.origin, row.country): row.required for row in scenario.visas}
    destinations = [row.country for row in scenario.countries if row.destination]
    for origin in (row.origin for row in scenario.origins):
        yield from (f"{origin} {country}" for country in destinations if given.get((origin, country)) != 1)
        if (origin, origin) in given:
            yield f"{origin} at home"


def seas_are_calm_in_summer(scenario: Scenario) -> Iterator[str]:
    """Openness is a chance; small boats find the sea worst from December to February; risks have the mean 1."""
    for sea in {row.sea for row in scenario.seasons}:
        rows = [row for row in scenario.seasons if row.sea == sea]
        if not all(0 < row.open <= 1 for row in rows):
            yield f"{sea}: openness beyond 0 to 1"
        worst = min(rows, key=lambda row: row.open).month
        if sea in ("aegean", "alboran", "central-mediterranean") and worst not in (12, 1, 2):
            yield f"{sea}: worst in month {worst}"
        if abs(sum(row.risk for row in rows) / 12 - 1) > 0.01:
            yield f"{sea}: mean risk {sum(row.risk for row in rows) / 12}"


def distances_fit_the_places(scenario: Scenario) -> Iterator[str]:
    """Between 1 and 1.3 times the great circle; every place lies on the map of the corridor."""
    at = {row.place: (radians(row.lat), radians(row.lon)) for row in scenario.places}
    for place in scenario.places:
        if not (0 < place.lat < 60 and -20 < place.lon < 95):
            yield f"{place.place} lies at {place.lat}, {place.lon}"
    for leg in scenario.legs:
        (lat, lon), (to_lat, to_lon) = at[leg.tail], at[leg.head]
        half = sin((to_lat - lat) / 2) ** 2 + cos(lat) * cos(to_lat) * sin((to_lon - lon) / 2) ** 2
        straight = 2 * EARTH_KM * asin(sqrt(half))
        if not 0.995 * straight < leg.distance_km < 1.3 * straight:
            yield f"{leg.leg}: {leg.distance_km} km, {straight:.1f} in a straight line"


def months_of_a_nationality_add_up(scenario: Scenario) -> Iterator[str]:
    """The months of a route and nationality make its year, exactly."""
    years = observed_years(scenario)
    yearly = {(row.route, row.origin, row.year): row.people for row in scenario.observed_origins}
    for name, series in scenario.corridor.observed.items():
        if series.origin:
            for year, people in years[name].items():
                if people != yearly.get((series.routes[0], series.origin, year), 0.0):
                    yield f"{name} {year}: {people:.0f}"


def routes_hold_their_nationalities(scenario: Scenario) -> Iterator[str]:
    """Known origins are at most the route's series, that at most the series of all; few lack a nationality.

    Few is less than 16% in a year; on the Western Balkans of 2015 and 2016 between 70 and 80%.
    """
    years = observed_years(scenario)
    known: dict[tuple[str, int], float] = defaultdict(float)
    for row in scenario.observed_origins:
        known[row.route, row.year] += row.people
    for (route, year), people in known.items():
        if not years[f"detections-{route}"][year]:
            continue  # the year before the first has no monthly series
        of_route, every = years[f"detections-{route}"][year], years[f"detections-{route}-all"][year]
        low, high = (0.7, 0.8) if (route == "western-balkan" and year in (2015, 2016)) else (0.0, 0.16)
        if not (people <= of_route <= every and low <= (of_route - people) / every <= high):
            yield f"{route} {year}: {people:.0f}, {of_route:.0f}, {every:.0f}"


def two_publishers_agree(scenario: Scenario) -> Iterator[str]:
    """UNHCR's arrivals in Italy and Greece are within a twentieth and a tenth of what Frontex counted at sea."""
    years = observed_years(scenario)
    for arrivals, detections, low, high in (("italy", "central", 0.95, 1.05), ("greece", "eastern", 0.65, 1.05)):
        for year, people in years[f"arrivals-{arrivals}"].items():
            ratio = people / years[f"detections-{detections}-mediterranean-all"][year]
            if not low < ratio < high:
                yield f"{arrivals} {year}: {ratio:.2f}"


@dataclass(frozen=True)
class Case:
    """A check, and a corridor with one figure spoilt that it must find."""

    check: Check
    spoilt: Callable[[], Scenario]


def cell(table: str, column: str, factor: float, **where: Any) -> Callable[[], Scenario]:
    return lambda: changed(table, times(column, factor), **where)


def year(country: str, column: str, factor: float, number: int = 2015) -> Callable[[], Scenario]:
    return cell("country_years", column, factor, country=country, year=number)


def month(series: str, factor: float) -> Callable[[], Scenario]:
    return cell("observed", "value", factor, series=series, month="2015-09")


CASES = (
    Case(population_grows_slowly_but_for_displacement, year("GMB", "population", 1.15)),
    Case(income_is_that_of_a_country, year("SEN", "gdp_per_head", 1.5)),
    Case(drivers_move_slowly, year("MLI", "youth_unemployment", 2.5)),
    Case(drivers_move_slowly, year("MLI", "fragility", 0.8)),
    Case(battle_deaths_are_few_of_all, year("SYR", "battle_deaths", 2)),
    Case(displaced_are_fewer_than_those_left, cell("displaced", "people", 10, origin="SYR", host="TUR", year=2015)),
    Case(displaced_are_fewer_than_those_left, cell("displaced", "people", 2, origin="SYR", host="LBN", year=2015)),
    Case(diasporas_are_small_shares, cell("diaspora", "people", 10, origin="PAK", country="GBR", year=2015)),
    Case(diasporas_are_small_shares, cell("diaspora", "people", 3, origin="TUN", country="FRA", year=2010)),
    Case(diasporas_between_years_lie_between, cell("diaspora", "people", 4, origin="SYR", country="DEU", year=2013)),
    Case(diasporas_between_years_lie_between, cell("diaspora", "year", 2, origin="SYR", country="DEU", year=2015)),
    Case(need_is_the_mean_of_recognition, cell("origins", "need_share", 1.1, origin="NGA")),
    Case(need_is_the_mean_of_recognition, cell("recognition", "rate", 0.8, origin="AFG", country="DEU", year=2016)),
    Case(decisions_by_origin_add_up, cell("asylum_years", "decisions", 1.1, country="ITA", year=2015)),
    Case(decisions_by_origin_add_up, cell("asylum_years", "decisions", 0.9, country="ITA", year=2015)),
    Case(austria_takes_germany, cell("recognition", "rate", 0.9, origin="SYR", country="AUT", year=2015)),
    Case(what_is_held_is_the_same, cell("displaced", "people", 1.01, origin="SYR", host="LBN", year=2019)),
    Case(what_is_held_is_the_same, cell("asylum_years", "decisions", 1.01, country="SWE", year=2020)),
    Case(what_is_held_is_the_same, cell("asylum_years", "removals", 1.01, country="SWE", year=2017)),
    Case(what_is_held_is_the_same, year("LBY", "fragility", 1.01, 2020)),
    Case(schengen_and_britain_require_visas, cell("visas", "required", 0.5, origin="MAR", country="ESP")),
    Case(seas_are_calm_in_summer, cell("seasons", "open", 0.1, sea="aegean", month=7)),
    Case(seas_are_calm_in_summer, cell("seasons", "risk", 1.2, sea="aegean", month=1)),
    Case(distances_fit_the_places, cell("legs", "distance_km", 1.5, leg="izmir--lesvos")),
    Case(distances_fit_the_places, cell("places", "lon", 1.05, place="kos")),
    Case(distances_fit_the_places, cell("places", "lat", -1, place="dakhla")),
    Case(months_of_a_nationality_add_up, month("detections-eastern-mediterranean-syr", 1.01)),
    Case(routes_hold_their_nationalities, month("detections-eastern-mediterranean", 3)),
    Case(routes_hold_their_nationalities, month("detections-western-balkan", 0.5)),
    Case(two_publishers_agree, month("arrivals-italy", 1.8)),
    Case(two_publishers_agree, month("arrivals-greece", 2)),
)


@pytest.mark.parametrize("check", dict.fromkeys(case.check for case in CASES), ids=lambda check: check.__name__)
def test_inputs(check: Check) -> None:
    assert not list(check(corridor()))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.check.__name__)
def test_a_spoilt_input_is_found(case: Case) -> None:
    """One figure changed is found by its check."""
    assert list(case.check(case.spoilt()))
