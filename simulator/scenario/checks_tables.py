"""What must hold between the tables: nobody counted twice, no more people than there are, no idle control."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from simulator.errors import Problem
from simulator.scenario.messages import mark_of
from simulator.scenario.parts import Parts

_ELSEWHERE: Final = (
    ("displaced", "host", "is the origin itself: people displaced within their country are not counted here"),
    ("diaspora", "country", "is the origin itself: those at home are no diaspora"),
    ("recognition", "country", "is the origin itself: nobody claims asylum at home"),
    ("visas", "country", "is the origin itself: nobody needs a visa for home"),
)
MOST_POOLED: Final = 2e9
"""Rows that there would be if everybody set out. A few in a hundred do, as a rule, so that this is some gigabytes."""
BYTES_A_ROW: Final = 29
"""See `simulator.world.people.COLUMNS`, which a test holds this to."""
_ROUNDING: Final = 1.01
"""Decisions by origin are rounded when they are published, and may add up to a little more than their total."""


def elsewhere(parts: Parts) -> Iterator[Problem]:
    """Check that what is said of an origin's citizens in another country is not said of their own."""
    for table, column, message in _ELSEWHERE:
        for index, row in enumerate(parts.rows.get(table, ())):
            there: Any = getattr(row, column)
            if there == row.origin:  # type: ignore[attr-defined]
                yield parts.row_problem(table, index, column, message, there, advice="take the row out")


def _population(parts: Parts) -> dict[str, dict[int, float]]:
    known: dict[str, dict[int, float]] = {}
    for row in parts.rows["country_years"]:
        if row.population is not None:  # type: ignore[attr-defined]
            known.setdefault(row.country, {})[row.year] = row.population  # type: ignore[attr-defined]
    return known


def people(parts: Parts) -> Iterator[Problem]:
    """Check that no country has more people displaced from it, or living in it from elsewhere, than it has people."""
    known = _population(parts)
    sums = (
        ("displaced", "origin", "people", "people displaced from"), ("displaced", "host", "people", "people hosted in"),
        ("diaspora", "country", "people", "people of the diasporas in"),
    )  # fmt: skip
    for table, column, value, said in sums:
        if f"{table}.csv" in parts.broken:
            continue
        totals: dict[tuple[str, int], float] = {}
        last: dict[tuple[str, int], int] = {}
        for index, row in enumerate(parts.rows[table]):
            key = (getattr(row, column), row.year)  # type: ignore[attr-defined]
            totals[key] = totals.get(key, 0.0) + getattr(row, value)
            last[key] = index
        for (country, year), total in totals.items():
            by_year = known.get(country)
            if by_year and total > (have := by_year[min(by_year, key=lambda each: abs(each - year))]):
                message = f"makes {total:,.0f} {said} {country} in {year}, which has a population of {have:,.0f}"
                yield parts.row_problem(table, last[country, year], value, message)
    for index, row in enumerate(parts.rows["country_years"]):
        deaths, population = row.battle_deaths, row.population  # type: ignore[attr-defined]
        if deaths is not None and population is not None and deaths > population:
            yield parts.row_problem("country_years", index, "battle_deaths", "is more than the population", deaths,
                                    f"at most {population:,.0f}")  # fmt: skip
        money, income = row.remittances, row.gdp_per_head  # type: ignore[attr-defined]
        if None not in (money, income, population) and money > income * population:
            yield parts.row_problem("country_years", index, "remittances", "is more than the whole income",
                                    money, f"{income * population:,.0f}: income a head times population")  # fmt: skip


def memory(parts: Parts) -> Iterator[Problem]:
    """Check that there are not more people, over people a row, than a machine could hold if many of them set out."""
    known = _population(parts)
    origins = {row.country for row in parts.countries if row.origin}
    total = sum(max(by_year.values()) for country, by_year in known.items() if country in origins)
    hosted: dict[tuple[str, str], float] = {}
    for row in parts.rows["displaced"]:
        key = (row.origin, row.host)  # type: ignore[attr-defined]
        hosted[key] = max(hosted.get(key, 0.0), row.people)  # type: ignore[attr-defined]
    total += sum(hosted.values())
    scale = parts.file.persons_per_agent
    if total / scale > MOST_POOLED:
        where = mark_of(parts.draft.scenario.marks, ("persons_per_agent",))
        yield Problem(
            where.file, "persons_per_agent", f"is too fine for {total:,.0f} people: {total / scale:,.0f} rows, at "
            f"{BYTES_A_ROW} bytes each", scale, where.line,
            f"{math.ceil(total / MOST_POOLED)} or more", "a row a person is exact; ten people a row are close to it",
        )  # fmt: skip


def decisions(parts: Parts) -> Iterator[Problem]:
    """Check that decisions by origin do not add up to more than all, and that each destination decides."""
    total = {(row.country, row.year): row.decisions for row in parts.rows["asylum_years"]}  # type: ignore[attr-defined]
    given: dict[tuple[str, int], float] = {}
    last: dict[tuple[str, int], int] = {}
    for index, row in enumerate(parts.rows["recognition"]):
        key = (row.country, row.year)  # type: ignore[attr-defined]
        given[key] = given.get(key, 0.0) + row.decisions  # type: ignore[attr-defined]
        last[key] = index
    for key, number in given.items():
        if key in total and number > total[key] * _ROUNDING + 1:
            message = (
                f"makes {number:,.0f} decisions by origin in {key[0]} in {key[1]}; asylum_years has {total[key]:,.0f}"
            )
            yield parts.row_problem("recognition", last[key], "decisions", message)
    deciding = {country for country, _ in total}
    for index, country in enumerate(parts.countries):
        if country.destination and country.country not in deciding:
            yield parts.row_problem("countries", index, "destination", "has no row in the table asylum_years: nobody "
                                    "would ever get a decision", country.country)  # fmt: skip
    known = {row.origin for row in parts.rows["recognition"] if row.decisions > 0}  # type: ignore[attr-defined]
    for index, country in enumerate(parts.countries):
        if country.origin and country.country not in known:
            yield parts.row_problem("countries", index, "origin", "has no decisions in the table recognition: nobody "
                                    "would ever get protection", country.country)  # fmt: skip


def controls(parts: Parts) -> Iterator[Problem]:
    """Check that efforts have a country that makes them, and that legal travel has a requirement to be barred by."""
    places = {place.place: place.country for place in parts.places}
    named = {(row.origin, row.country) for row in parts.rows["visas"]}  # type: ignore[attr-defined]
    origins = [row.country for row in parts.countries if row.origin]
    for index, leg in enumerate(parts.legs):
        for side in ("departure", "arrival"):
            effort = getattr(leg, f"effort_{side}")
            if effort and not getattr(leg, f"{side}_control"):
                yield parts.row_problem("legs", index, f"effort_{side}", "is made by nobody, and would do nothing",
                                        effort, "", f"name the country in {side}_control, or leave it 0")  # fmt: skip
        if leg.surge_per_week and not (leg.departure_control or leg.arrival_control):
            yield parts.row_problem("legs", index, "surge_per_week", "overloads controls that there are not",
                                    leg.surge_per_week, "", "name who controls the leg, or leave it empty")  # fmt: skip
        there = places.get(leg.head)
        if leg.visa and there is not None:
            missing = [code for code in origins if code != there and (code, there) not in named]
            if missing:
                message = f"no row of the table visas says whether {', '.join(missing)} need one for {there}"
                yield parts.row_problem("legs", index, "visa", message, True, advice="give the rows; 0 for none")


def observed(parts: Parts) -> Iterator[Problem]:
    """Check that no observed figure is of months that no run reaches, and that periods of a count do not overlap."""
    first, last = (f"{day:%Y-%m}" for day in parts.corridor.available)
    for index, row in enumerate(parts.rows.get("observed", ())):
        month = row.month  # type: ignore[attr-defined]
        if not first <= month <= last:
            yield parts.row_problem("observed", index, "month", "lies outside what the corridor covers", month,
                                    f"{first} to {last}")  # fmt: skip
    spans: dict[tuple[str, str], list[tuple[str, str, int]]] = {}
    for index, row in enumerate(parts.rows.get("observed_periods", ())):
        each: Any = row
        spans.setdefault((each.route, each.measure), []).append((each.first, each.last, index))
    for given in spans.values():
        given.sort()
        for (_, end, _), (start, _, index) in pairwise(given):
            if start <= end:
                yield parts.row_problem("observed_periods", index, "first", "counts months that another row counts",
                                        start, f"after {end}")  # fmt: skip
