"""Write docs/inputs.md from the Mediterranean corridor: what was taken, how gaps were filled, how it was checked.

``python docs/make_inputs.py`` writes it; ``--check`` only says whether it is up to date. The prose is in
docs/inputs.template; every count comes from the corridor's files.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from pages import write_or_check  # noqa: E402

from simulator.scenario.load import load  # noqa: E402
from simulator.scenario.schema import Scenario  # noqa: E402
from simulator.scenario.tables import COLUMN_UNITS, Row  # noqa: E402

TARGET: Final = ROOT / "docs" / "inputs.md"
CORRIDOR: Final = ROOT / "scenarios" / "mediterranean" / "corridor.yaml"
WAYS: Final = {
    "published": "as the publisher gives it, rounded at most",
    "derived": "calculated from published figures of the same place and time: shares, sums, products, distances",
    "interpolated": "between published years",
    "held": "the figure of the nearest published year",
    "borrowed": "the figure of another country, scaled or not",
    "rounded": "an order of magnitude from reports or registers, entered by hand",
    "assumed": "nobody publishes it, or what is published does not hold in practice",
    "empty": "not known; the model copes without",
}
YEARS: Final = tuple(range(2014, 2018))


def by_note(column: str, otherwise: str, *, prefix: str = "") -> Callable[[Row], str]:
    """Return a rule that reads the way of a cell from its row's note; notes that no pattern knows are an error.

    Parameters
    ----------
    column : column of the cell.
    otherwise : way of a cell about which the note says nothing.
    prefix : what a note about this column begins with, where a row's note tells of several columns.
    """

    def way(row: Row) -> str:
        if getattr(row, column) is None:
            return "empty"
        found = [(at.start(), name) for pattern, name in NOTES if (at := re.search(prefix + pattern, row.note))]
        if not found and row.note and re.search(prefix, row.note):
            raise ValueError(f"no rule knows the note {row.note!r}")
        return min(found)[1] if found else otherwise

    return way


def always(column: str, name: str) -> Callable[[Row], str]:
    """Return a rule by which every cell that is given came the same way."""
    return lambda row: "empty" if getattr(row, column) is None else name


NOTES: Final = (
    (r"(i|I)nterpolated between", "interpolated"), (r"(h|H)eld (from|at|$)", "held"),
    (r"[^.]*mean of the \d+ surveys", "derived"), (r"[^.]*assumed", "assumed"), (r"(Assumed|Egypt|Libya)", "assumed"),
    (r"the edition of 2020, which describes 2019, held", "held"),
    (r"Between the publisher's years", "interpolated"), (r"Left out by the United Nations", "rounded"),
    (r"Austria reports no decisions by origin", "borrowed"), (r"Coordinates approximate", "rounded"),
    (r"held at \d{4}", "held"), (r"of 2016\.", "held"), (r"the share returned to third countries", "interpolated"),
    (r"(Wait|Western Sahara)", "published"), (r"(On the common list|Moroccan exemption|Not among)", "published"),
)  # fmt: skip
"""What notes say of how a cell was filled, and the way that it means."""


def decided(row: Any) -> str:
    """Return the way of a number of decisions a year."""
    if "Decisions held" in row.note or "Decisions of" in row.note:
        return "held"
    return "borrowed" if "share of the modelled origins in" in row.note else "derived"


def seen(row: Any) -> str:
    """Return the way of an observed month: the series by route are sums over nationalities."""
    return "derived" if row.series in {f"detections-{route}" for route in ROUTES} else "published"


ROUTES: Final = (
    "eastern-mediterranean", "western-balkan", "central-mediterranean", "western-mediterranean", "western-african",
)  # fmt: skip


@dataclass(frozen=True)
class Input:
    """A column: what was taken, the rule for gaps, how each cell came, and whether a row's own source is its source."""

    what: str
    gaps: str
    way: Callable[[Any], str]
    rows_name_it: bool = True


INPUTS: Final[dict[str, Input]] = {
    "country_years.population": Input("people at mid-year", "none", always("population", "published")),
    "country_years.gdp_per_head": Input(
        "GDP per head, purchasing power parity, dollars of 2021",
        "Gapminder's extensions of the series for countries at war; Eritrea, of which nothing is published after "
        "2011, is taken to be at the level of Ethiopia", by_note("gdp_per_head", "published", prefix="GDP: ")),
    "country_years.youth_unemployment": Input(
        "unemployed share of the labour force aged 15 to 24, national surveys",
        "linear between surveys, held before the first and after the last; the mean of the surveys where their "
        "definitions alternate (Mali, Niger)",
        by_note("youth_unemployment", "published", prefix="Youth unemployment: ")),
    "country_years.fragility": Input(
        "Fragile States Index, by the year that an edition describes", "2020 held",
        by_note("fragility", "published", prefix="Fragility: ")),
    "country_years.battle_deaths": Input(
        "battle-related deaths, best estimate", "0 where the publisher lists no conflict; violence against civilians "
        "that is not part of a battle is not in it", always("battle_deaths", "published")),
    "country_years.remittances": Input(
        "remittances received, dollars of the year", "left empty; no equation reads them",
        always("remittances", "published")),
    "origins.need_share": Input(
        "positive share of decisions on substance in seven of the eight destinations, 2014 to 2016", "Austria is "
        "missing", always("need_share", "derived")),
    "displaced.people": Input(
        "refugees and asylum seekers at the end of the year, pairs of origin and host that reach 5,000 in some year",
        "0 where the publisher lists nobody; 2018 to 2020 held at 2017", by_note("people", "published")),
    "diaspora.people": Input(
        "people born in the origin, 2010 and 2015",
        "pairs that doubled between 2010 and 2015, mostly by refugees, follow UNHCR's count in 2012 to 2014; pairs "
        "that the publisher leaves out hold rounded orders of magnitude of national registers for both years",
        by_note("people", "published")),
    "recognition.rate": Input(
        "Convention and complementary protection over decisions on substance, pairs with at least 20 decisions",
        "Austria takes Germany's rates; a pair without a row takes the mean of its origin",
        by_note("rate", "derived")),
    "recognition.decisions": Input(
        "decisions on substance behind the rate", "0 for Austria", by_note("decisions", "published")),
    "asylum_years.decisions": Input(
        "decisions on substance on citizens of the modelled origins",
        "Austria: all its first-instance decisions times the modelled origins' share of decisions in Germany and "
        "Sweden; 2018 to 2020 held", decided),
    "asylum_years.removals": Input(
        "citizens of the modelled origins returned, times the country's share of returns that went outside Europe",
        "2017 to 2020 held; Austria's share of 2014 and 2015 is the mean of its other years",
        by_note("removals", "derived", prefix="Removals:? ?"), rows_name_it=False),
    "visas.required": Input(
        "visa needed by ordinary citizens for a visit, 2013",
        "Spain and Morocco, which the publisher leaves out, from their law; Iraq and Mali, left out too, assumed; "
        "values between 0 and 1 where practice differs from the rule", by_note("required", "published")),
    "seasons.open": Input(
        "detections at sea by month, 2009 to 2013 without years of upheaval, smoothed, divided by the highest month",
        "no season for ferries; a mild one for cargo ships, assumed", by_note("open", "derived")),
    "seasons.risk": Input("risk of death by month; mean 1", "assumed", always("risk", "assumed")),
    "places.lat": Input("latitude", "three small places read off a map", by_note("lat", "published")),
    "places.lon": Input("longitude", "three small places read off a map", by_note("lon", "published")),
    "places.wait_days": Input("days spent there", "assumed", always("wait_days", "assumed")),
    "countries.border_cooperation": Input("share of border effort let act", "assumed",
                                          always("border_cooperation", "assumed")),
    "legs.distance_km": Input("great circle times 1.25 on land, 1.1 at sea", "none", always("distance_km", "derived")),
    "legs.days": Input("days under way", "assumed", always("days", "assumed")),
    "legs.price_eur": Input("prices that police and researchers report for main legs, 2014 to 2016",
                            "neighbouring legs set alike", always("price_eur", "rounded")),
    "legs.p_death": Input("risk of death without rescue", "see [deaths](#deaths-recorded-and-risks-used)",
                          always("p_death", "assumed")),
    "legs.effort_departure": Input("effort of the departure side", "assumed", always("effort_departure", "assumed")),
    "legs.effort_arrival": Input("effort of the arrival side", "assumed", always("effort_arrival", "assumed")),
    "legs.surge_per_week": Input("attempts at which controls act at half strength", "left empty where controls "
                                 "cannot be overloaded", always("surge_per_week", "assumed")),
    "observed.value": Input("arrivals and deaths by month, judged against", "none", seen),
    "observed_origins.people": Input("detections by route, nationality and year, judged against",
                                     "a pair without a row was not seen", always("people", "published")),
}  # fmt: skip
"""Every numeric column but `origins.departure_level`, which is set to fit and not taken from anywhere."""
FITTED: Final = frozenset({"origins.departure_level"})
LEFT_OUT: Final = frozenset({"places.capacity_per_week", "legs.size", "observed_periods.people"})
"""Columns that the Mediterranean corridor does not give."""


def columns() -> list[str]:
    """Return every numeric column that comes from outside, as ``table.column``."""
    return [f"{table}.{name}" for table, units in COLUMN_UNITS.items() for name in units
            if f"{table}.{name}" not in FITTED | LEFT_OUT]  # fmt: skip


def rows_of(scenario: Scenario, column: str) -> Sequence[Any]:
    """Return the rows of a column's table."""
    rows: Sequence[Any] = getattr(scenario, column.partition(".")[0])
    return rows


def ways(scenario: Scenario, column: str) -> Counter[str]:
    """Return how many cells of a column came in which way."""
    return Counter(INPUTS[column].way(row) for row in rows_of(scenario, column))


def observed_years(scenario: Scenario, series: str) -> dict[int, float]:
    """Return the sums of an observed series by year."""
    total = dict.fromkeys(YEARS, 0.0)
    for row in scenario.observed:
        if row.series == series:
            total[int(row.month[:4])] += row.value
    return total


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def publishers(scenario: Scenario, column: str) -> str:
    """Return the publishers of a column's figures: of the column, and of rows that name another."""
    name, _, field = column.partition(".")
    evidence = getattr(scenario.corridor.tables, name).columns[field]
    named = [evidence.source, *(row.source for row in rows_of(scenario, column) if INPUTS[column].rows_name_it)]
    sources = [scenario.sources[key] for key in dict.fromkeys(named) if key]
    said = [f"{source.publisher}, *{source.title}*" for source in sources]
    return "; ".join(said) or "-"


def span(scenario: Scenario, column: str) -> str:
    """Return the years that a column covers."""
    rows = rows_of(scenario, column)
    years = [row.year for row in rows if hasattr(row, "year")] or [
        int(row.month[:4]) for row in rows if isinstance(getattr(row, "month", None), str)
    ]
    name, _, field = column.partition(".")
    return f"{min(years)} to {max(years)}" if years else getattr(scenario.corridor.tables, name).columns[field].date


def taken_part(scenario: Scenario) -> str:
    """Return the table of what was taken, from whom, for which years."""
    lines = [
        (f"`{column}`", INPUTS[column].what, publishers(scenario, column), span(scenario, column) or "-",
         str(sum(ways(scenario, column).values()) - ways(scenario, column)["empty"]))
        for column in columns()
    ]  # fmt: skip
    return table(("column", "what", "publisher", "years", "figures"), lines)


def gaps_part(scenario: Scenario) -> str:
    """Return the table of how cells were filled."""
    lines = []
    for column in columns():
        found = ways(scenario, column)
        lines.append((f"`{column}`", *(str(found[way] or "") for way in WAYS), INPUTS[column].gaps))
    return table(("column", *WAYS, "rule for gaps"), lines)


def shares(scenario: Scenario) -> Iterator[tuple[str, int, float, float, float, float]]:
    """Yield route, year, detections, and the shares of modelled origins, of none and of other nationalities."""
    for route in ROUTES:
        every, kept = (observed_years(scenario, f"detections-{route}{end}") for end in ("-all", ""))
        for year in YEARS:
            known = sum(row.people for row in scenario.observed_origins if (row.route, row.year) == (route, year))
            total = every[year]
            yield route, year, total, known / total, (kept[year] - known) / total, 1 - kept[year] / total


def nationality_part(scenario: Scenario) -> str:
    """Return the table of whose detections the figures by nationality hold."""
    lines = [(route, str(year), f"{total:,.0f}", *(f"{100 * share:.1f}" for share in rest))
             for route, year, total, *rest in shares(scenario)]  # fmt: skip
    head = ("route", "year", "detections", "modelled origins, %", "no nationality, %", "other nationalities, %")
    return table(head, lines)


def deaths_part(scenario: Scenario) -> str:
    """Return the table of deaths recorded a crossing, beside the risks that legs hold."""
    lines = []
    for route in ROUTES:
        dead, seen_ = (observed_years(scenario, f"{what}-{route}{end}") for what, end in
                       (("deaths", ""), ("detections", "-all")))  # fmt: skip
        risks = [leg.p_death for leg in scenario.legs if leg.route == route and leg.counted]
        by_year = [f"{100 * dead[year] / (dead[year] + seen_[year]):.2f}" for year in YEARS]
        every = sum(dead.values()) / (sum(dead.values()) + sum(seen_.values()))
        lines.append((route, *by_year, f"{100 * every:.2f}", f"{100 * min(risks):.2f} to {100 * max(risks):.2f}"))
    return table(("route", *map(str, YEARS), "all four", "`p_death` of counted legs"), lines)


def render() -> str:
    """Return the page as Markdown."""
    scenario = load(CORRIDOR)
    found = sum((ways(scenario, column) for column in columns()), Counter[str]())
    text = (ROOT / "docs" / "inputs.template").read_text(encoding="utf-8")
    parts = {
        "taken": taken_part(scenario),
        "gaps": gaps_part(scenario),
        "ways": table(("way", "figures", "what it means"),
                      [(way, f"{found[way]:,}", meaning) for way, meaning in WAYS.items()]),
        "nationality": nationality_part(scenario),
        "deaths": deaths_part(scenario),
    }  # fmt: skip
    for name, part in parts.items():
        before, mark, after = text.partition(f"{{{name}}}\n")
        assert mark, f"docs/inputs.template has no place for {name!r}"
        text = before + part + after
    return text


def main() -> int:
    """Write the page, or check it; return the exit status."""
    return write_or_check(TARGET, render(), "make_inputs.py")


if __name__ == "__main__":
    sys.exit(main())
