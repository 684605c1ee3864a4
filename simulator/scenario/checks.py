"""What must hold between the parts of a scenario; every problem at once, each with its file and line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from simulator.errors import InputError, Problem, nearest
from simulator.scenario.checks_bargains import bargains, responses
from simulator.scenario.checks_policies import lever_names, lever_targets, overlapping_sets, partnerships, policy_dates
from simulator.scenario.checks_tables import controls, decisions, elsewhere, memory, observed, people
from simulator.scenario.library import find
from simulator.scenario.messages import mark_of
from simulator.scenario.parts import Parts, columns
from simulator.scenario.tables import COLUMN_UNITS

Check = Callable[[Parts], Iterable[Problem]]
_MOST_PER_CHECK: Final = 40


def check_parts(parts: Parts, path: Path) -> list[Problem]:
    """Return the problems between the parts of a scenario.

    A check waits while a part that it needs is itself broken, so that one mistake is one problem.

    Parameters
    ----------
    parts : what could be validated.
    path : the scenario's file.
    """
    problems = list(_names_of_files(parts, path))
    for needs, check in _CHECKS:
        if not parts.broken.intersection(needs):
            found = list(check(parts))
            problems.extend(found[:_MOST_PER_CHECK])
            if len(found) > _MOST_PER_CHECK:
                problems.append(Problem(found[-1].file, "", f"and {len(found) - _MOST_PER_CHECK} more like these"))
    return problems


def _names_of_files(parts: Parts, path: Path) -> Iterator[Problem]:
    """Check that files are called what they say they are, and that overrides to compare exist."""
    marks = parts.draft.scenario.marks
    if "scenario" not in parts.broken and path.name != "corridor.yaml" and parts.file.scenario != path.stem:
        where = mark_of(marks, ("scenario",))
        yield Problem(where.file, "scenario", "is not the name of its file", parts.file.scenario, where.line, path.stem)
    if "corridor" not in parts.broken:
        where = parts.mark("corridor")
        folder = Path(where.file).resolve().parent.name
        if parts.corridor.corridor != folder:
            yield Problem(where.file, "corridor", "is not the name of its folder", parts.corridor.corridor, where.line,
                          folder)  # fmt: skip
    given = parts.file
    fields = {"compare": getattr(given, "compare", ()), "wins": tuple(getattr(given, "wins", {}).values())}
    for field, names in fields.items():
        for name in names:
            try:
                find(name, "override", path.parent)
            except InputError as error:
                where = mark_of(marks, (field,))
                yield from (Problem(where.file, field, p.message, name, where.line, p.allowed, p.advice)
                            for p in error.problems)  # fmt: skip


def _period(parts: Parts) -> Iterator[Problem]:
    marks, period = parts.draft.scenario.marks, parts.file.period
    first, last = parts.corridor.available
    if last <= first:
        yield parts.problem(("available",), "ends before it starts", f"{first} to {last}")
        return
    if period.end <= period.start:
        where = mark_of(marks, ("period", "end"))
        yield Problem(where.file, "period.end", f"is not after the start, {period.start}", str(period.end), where.line,
                      advice="write the first day that is not simulated")  # fmt: skip
    allowed = f"{first} to {last + timedelta(days=1)}, which the corridor's inputs cover"
    for name, day in (("start", period.start), ("end", period.end)):
        if not first <= day <= last + timedelta(days=1):
            where = mark_of(marks, ("period", name))
            yield Problem(where.file, f"period.{name}", "lies outside what the corridor covers", str(day), where.line,
                          allowed)  # fmt: skip


def _wealth(parts: Parts) -> Iterator[Problem]:
    classes = parts.corridor.wealth_classes
    total = sum(each.share for each in classes)
    if abs(total - 1.0) > 1e-6:
        yield parts.problem(("wealth_classes",), "has shares that do not add up to 1", round(total, 9))
    for index, each in enumerate(classes):
        if each.name in [other.name for other in classes[:index]]:
            yield parts.problem(("wealth_classes", index, "name"), "is given twice", each.name)


def _column_evidence(parts: Parts) -> Iterator[Problem]:
    """Check that each numeric column says where it comes from, in the unit that it is read in."""
    for name, units in COLUMN_UNITS.items():
        table = getattr(parts.corridor.tables, name)
        if table is None:
            continue
        header = parts.draft.tables[name].columns if name in parts.draft.tables else []
        for column in units:
            if column in header and column not in table.columns:
                yield parts.problem(("tables", name, "columns", column), "the column has no evidence", None,
                                    f"unit: {units[column]}, kind, and source or factor")  # fmt: skip
    for path, evidence in columns(parts):
        name, column = str(path[1]), str(path[3])
        unit = COLUMN_UNITS[name].get(column)
        if unit is None:
            known = list(COLUMN_UNITS[name])
            yield parts.problem(path, "is not a numeric column of this table", None, ", ".join(known),
                                nearest(column, known))  # fmt: skip
        elif evidence.unit != unit:
            yield parts.problem((*path, "unit"), "is the wrong unit for this column", evidence.unit, unit)


_COUNTRY_COLUMNS: Final = (
    ("places", "country", ""), ("legs", "departure_control", ""), ("legs", "arrival_control", ""),
    ("country_years", "country", ""), ("origins", "origin", "origin"), ("displaced", "origin", "origin"),
    ("displaced", "host", "host"), ("diaspora", "origin", "origin"), ("diaspora", "country", ""),
    ("recognition", "origin", "origin"), ("recognition", "country", "destination"),
    ("asylum_years", "country", "destination"), ("visas", "origin", "origin"), ("visas", "country", ""),
    ("observed_origins", "origin", "origin"),
)  # fmt: skip


def _country_codes(parts: Parts) -> Iterator[Problem]:
    known = [row.country for row in parts.countries]
    for table, column, flag in _COUNTRY_COLUMNS:
        allowed = {row.country for row in parts.countries if not flag or getattr(row, flag)}
        said: set[str] = set()
        for index, row in enumerate(parts.rows.get(table, ())):
            code = getattr(row, column)
            if not code or code in allowed or code in said:
                continue
            said.add(code)
            if code in known:
                message = f"is a country that the table countries does not mark as {flag}"
                yield parts.row_problem(table, index, column, message, code, ", ".join(sorted(allowed)))
            else:
                yield parts.row_problem(table, index, column, "is an unknown country", code, "",
                                        nearest(code, known) or "add it to the table countries")  # fmt: skip


def _country_rows(parts: Parts) -> Iterator[Problem]:
    places = {row.place: row for row in parts.places}
    claims = {row.country for row in parts.places if row.claim}
    for index, row in enumerate(parts.countries):
        place = places.get(row.place)
        if place is None:
            yield parts.row_problem("countries", index, "place", "is an unknown place", row.place, "",
                                    nearest(row.place, list(places)))  # fmt: skip
        elif place.country != row.country:
            message = f"lies in {place.country}, not {row.country}"
            yield parts.row_problem("countries", index, "place", message, row.place)
        if row.destination and row.country not in claims:
            yield parts.row_problem("countries", index, "destination", "has no place where asylum is claimed",
                                    advice="set 'claim' for one of its places")  # fmt: skip
    hosts = {row.country for row in parts.countries if row.host}
    destinations = {row.country for row in parts.countries if row.destination}
    for index, site in enumerate(parts.places):
        if site.settle and site.country not in hosts:
            yield parts.row_problem("places", index, "settle", f"{site.country} is not marked as host", True)
        if site.claim and site.country not in destinations:
            yield parts.row_problem("places", index, "claim", f"{site.country} is not marked as destination", True)
    yield from _origin_rows(parts)


def _origin_rows(parts: Parts) -> Iterator[Problem]:
    described = {row.origin for row in parts.rows["origins"]}  # type: ignore[attr-defined]
    marked = [row.country for row in parts.countries if row.origin]
    for index, row in enumerate(parts.countries):
        if row.origin and row.country not in described:
            yield parts.row_problem("countries", index, "origin", "is not in the table origins", row.country)
    if not marked:
        yield parts.table_problem("countries", "has no country marked as origin")
    if not any(row.destination for row in parts.countries):
        yield parts.table_problem("countries", "has no country marked as destination")


def _legs(parts: Parts) -> Iterator[Problem]:
    places = [row.place for row in parts.places]
    routes = list(parts.corridor.routes)
    ways: dict[tuple[str, str, str, bool], str] = {}
    for index, leg in enumerate(parts.legs):
        for column in ("tail", "head"):
            name = getattr(leg, column)
            if name not in places:
                yield parts.row_problem("legs", index, column, "is an unknown place", name, "", nearest(name, places))
        if leg.tail == leg.head:
            yield parts.row_problem("legs", index, "head", "is the place that the leg leaves from", leg.head)
        if leg.route and leg.route not in routes:
            yield parts.row_problem("legs", index, "route", "is an unknown route", leg.route, ", ".join(routes),
                                    nearest(leg.route, routes))  # fmt: skip
        if leg.counted and not leg.route:
            yield parts.row_problem("legs", index, "counted", "belongs to no route to be counted on", True)
        way = (leg.tail, leg.head, leg.mode, leg.visa)
        if way in ways:
            yield parts.row_problem("legs", index, "", f"is the same way, by the same mode, as {ways[way]!r}")
        ways.setdefault(way, leg.leg)


def _seas(parts: Parts) -> Iterator[Problem]:
    months: dict[str, list[int]] = {}
    for row in parts.rows["seasons"]:
        months.setdefault(row.sea, []).append(row.month)  # type: ignore[attr-defined]
    for sea, given in months.items():
        missing = [str(month) for month in range(1, 13) if month not in given]
        if missing:
            yield parts.table_problem("seasons", f"the sea {sea!r} lacks the months {', '.join(missing)}",
                                      advice="give all twelve")  # fmt: skip
    for index, leg in enumerate(parts.legs):
        if leg.mode == "sea" and leg.counted and not leg.sea:  # a ferry may sail all the year round
            message = "a counted leg at sea needs a sea, whose seasons open and close it"
            yield parts.row_problem("legs", index, "sea", message, None, ", ".join(months))
        elif leg.sea and leg.sea not in months:
            yield parts.row_problem("legs", index, "sea", "is an unknown sea", leg.sea, ", ".join(months),
                                    nearest(leg.sea, list(months)))  # fmt: skip
        elif leg.sea and leg.mode != "sea":
            yield parts.row_problem("legs", index, "sea", f"a leg by {leg.mode} has no sea", leg.sea)


def _reach(legs: Iterable[Any], starts: Iterable[str], *, back: bool = False) -> set[str]:
    """Return the places that can be reached from `starts`, or from which they can be."""
    ways: dict[str, list[str]] = {}
    for leg in legs:
        tail, head = (leg.head, leg.tail) if back else (leg.tail, leg.head)
        ways.setdefault(tail, []).append(head)
    seen, waiting = set(starts), list(starts)
    while waiting:
        for place in ways.get(waiting.pop(), ()):
            if place not in seen:
                seen.add(place)
                waiting.append(place)
    return seen


def _reachable(parts: Parts) -> Iterator[Problem]:
    """Check that people can get from every start to some destination, and to every destination from some start."""
    claims: dict[str, set[str]] = {}
    for place in parts.places:
        if place.claim:
            claims.setdefault(place.country, set()).add(place.place)
    ends = set().union(*claims.values()) if claims else set()
    if not ends:
        return
    good = _reach(parts.legs, ends, back=True)
    starts = set()
    for index, row in enumerate(parts.countries):
        if not (row.origin or row.host):
            continue
        starts.add(row.place)
        if row.place not in good:
            yield parts.row_problem("countries", index, "place", f"no destination can be reached from {row.place!r}",
                                    row.country, advice="add the legs that lead on from there")  # fmt: skip
    reached = _reach(parts.legs, starts)
    for index, row in enumerate(parts.countries):
        if row.destination and row.country in claims and not claims[row.country] & reached:
            yield parts.row_problem("countries", index, "destination", "cannot be reached from any origin",
                                    row.country, advice="add the legs that lead there")  # fmt: skip


def _covered(parts: Parts) -> Iterator[Problem]:
    """Check that what every country needs is known in or before the first year of the period."""
    first = parts.file.period.start.year
    known: dict[tuple[str, str], int] = {}
    for row in parts.rows["country_years"]:
        for column in ("population", "gdp_per_head"):
            if getattr(row, column) is not None:
                key = (row.country, column)  # type: ignore[attr-defined]
                known[key] = min(known.get(key, row.year), row.year)  # type: ignore[attr-defined]
    for country in parts.countries:
        if not (country.origin or country.host or country.destination):
            continue
        for column in ("population", "gdp_per_head"):
            year = known.get((country.country, column))
            if year is None or year > first:
                when = "is not given in any year" if year is None else f"is given only from {year}"
                yield parts.table_problem("country_years", f"{column} of {country.country} {when}", None,
                                          f"give a row for {first} or earlier")  # fmt: skip


def _observed(parts: Parts) -> Iterator[Problem]:
    routes, legs = list(parts.corridor.routes), [row.leg for row in parts.legs]
    origins = [row.country for row in parts.countries if row.origin]
    for key, series in parts.corridor.observed.items():
        named = (("routes", series.routes, routes), ("legs", series.legs, legs),
                 ("origin", (series.origin,) if series.origin else (), origins))  # fmt: skip
        for field, names, known in named:
            for name in names:
                if name not in known:
                    what = field.rstrip("s")
                    yield parts.problem(("observed", key, field), f"names an unknown {what}", name, "",
                                        nearest(name, known))  # fmt: skip


def _observed_rows(parts: Parts) -> Iterator[Problem]:
    known = list(parts.corridor.observed)
    last: dict[str, str] = {}
    for index, row in enumerate(parts.rows["observed"]):
        series, month = row.series, row.month  # type: ignore[attr-defined]
        if series not in known and series not in last:
            yield parts.row_problem("observed", index, "series", "is an unknown series", series, ", ".join(known),
                                    nearest(series, known))  # fmt: skip
        if series in last and _next(last[series]) != month:
            yield parts.row_problem("observed", index, "month", f"does not follow {last[series]} of the same series",
                                    month, _next(last[series]))  # fmt: skip
        last[series] = month
    for series in known:
        if series not in last:
            yield parts.problem(("observed", series), "has no rows in the table observed")


def _observed_origins(parts: Parts) -> Iterator[Problem]:
    """Check that yearly figures are of routes and years that the corridor knows; origins are checked with countries.

    The year before the first is allowed: a run that warms up in it takes its news from there.
    """
    routes = list(parts.corridor.routes)
    first, last = (day.year for day in parts.corridor.available)
    for index, row in enumerate(parts.rows["observed_origins"]):
        route, year = row.route, row.year  # type: ignore[attr-defined]
        if route not in routes:
            yield parts.row_problem("observed_origins", index, "route", "is an unknown route", route,
                                    ", ".join(routes), nearest(route, routes))  # fmt: skip
        if not first - 1 <= year <= last:
            yield parts.row_problem("observed_origins", index, "year", "lies outside what the corridor covers", year,
                                    f"{first - 1} to {last}")  # fmt: skip


def _observed_periods(parts: Parts) -> Iterator[Problem]:
    """Check that figures of several months are of known routes, and of months in order and within the corridor's."""
    routes = list(parts.corridor.routes)
    first, last = (f"{day:%Y-%m}" for day in parts.corridor.available)
    for index, row in enumerate(parts.rows["observed_periods"]):
        given = {name: getattr(row, name) for name in ("route", "first", "last")}
        if given["route"] not in routes:
            yield parts.row_problem("observed_periods", index, "route", "is an unknown route", given["route"],
                                    ", ".join(routes), nearest(given["route"], routes))  # fmt: skip
        for name, low, high in (("first", first, last), ("last", given["first"], last)):
            if not low <= given[name] <= high:
                yield parts.row_problem("observed_periods", index, name, "lies outside what is possible here",
                                        given[name], f"{low} to {high}")  # fmt: skip


def _next(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + 1}-01" if number == 12 else f"{year}-{number + 1:02d}"


_TABLES: Final = ("countries.csv", "places.csv", "legs.csv")
_CHECKS: Final[tuple[tuple[tuple[str, ...], Check], ...]] = (
    (("period", "available"), _period),
    (("wealth_classes",), _wealth),
    (("tables",), _column_evidence),
    (("countries.csv",), _country_codes),
    (("countries.csv", "places.csv", "origins.csv"), _country_rows),
    (("places.csv", "legs.csv", "routes"), _legs),
    (("legs.csv", "seasons.csv"), _seas),
    (_TABLES, _reachable),
    (("countries.csv", "country_years.csv", "period"), _covered),
    (("countries.csv", "legs.csv", "routes", "observed"), _observed),
    (("observed", "observed.csv"), _observed_rows),
    (("available", "routes", "observed_origins.csv"), _observed_origins),
    (("available", "routes", "observed_periods.csv"), _observed_periods),
    (("countries.csv",), elsewhere),
    (("country_years.csv",), people),
    (("persons_per_agent", "countries.csv", "country_years.csv", "displaced.csv"), memory),
    (("countries.csv", "origins.csv", "recognition.csv", "asylum_years.csv"), decisions),
    (("countries.csv", "places.csv", "legs.csv", "visas.csv"), controls),
    (("available",), observed),
    (("policies",), lever_names),
    (("policies", "countries.csv", "legs.csv", "routes"), lever_targets),
    (("policies",), policy_dates),
    (("policies", "legs.csv"), overlapping_sets),
    (("partnerships", "countries.csv"), partnerships),
    (("bargains", "regimes", "partnerships", "countries.csv", "legs.csv", "routes"), bargains),
    (("responses", "countries.csv", "legs.csv", "routes"), responses),
)
