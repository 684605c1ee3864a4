"""Figures of the documents against arithmetic, and the inputs of the Mediterranean corridor against those figures.

Where a document gives two of three numbers, the third must follow. Where an input counts the same as a figure, or part
of it, or more, it must be equal, smaller, or larger. Some compare different editions of a series; then the test says by
how much they may differ.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

import pytest

from simulator.scenario.load import load
from simulator.scenario.schema import Scenario
from simulator.scenario.seeds import finding_names, read_finding

STATEMENT = "mpi-council-statement-2017"


def figure(name: str) -> float:
    entry = read_finding(f"{STATEMENT}.{name}")
    assert entry is not None
    assert isinstance(entry.content.value, int | float)
    return entry.content.value


@cache
def corridor() -> Scenario:
    return load("mediterranean")


def observed(series: str, *months: str) -> float:
    """Return the sum of an observed series over months, or over the months of years."""
    return sum(row.value for row in corridor().observed if row.series == series and row.month.startswith(months))


# Arithmetic --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "whole", "said", "off"),
    [
        ("returns-2016", "orders-2016", figure("return-rate-2016") / 100, 0.005),  # "about half"
        ("niger-demand", "niger-gdp-2015", figure("niger-demand-share"), 0.01),  # "roughly one-seventh"
        ("greece-arrivals-april-2016", "greece-arrivals-february-2016", 0.06, 0.005),
        ("unaccompanied-2014", "unaccompanied-2013", 2.0, 0.25),  # "nearly doubled"
    ],
)
def test_shares_follow_from_their_parts(part: str, whole: str, said: float, off: float) -> None:
    assert figure(part) / figure(whole) == pytest.approx(said, abs=off)


def test_jobs_for_refugees_are_less_than_the_share_given() -> None:
    share = figure("ethiopia-parks-refugees") / figure("ethiopia-refugees-2016")
    assert 0.037 < share < figure("ethiopia-parks-share") / 100
    assert figure("ethiopia-parks-refugees") < figure("ethiopia-parks")


def test_economies_convert_at_the_rate_given() -> None:
    in_euros = figure("niger-gdp-2015-usd") / figure("usd-per-eur-2015") / 1e6
    assert in_euros == pytest.approx(figure("niger-gdp-2015"), abs=50)
    assert 0.13 < figure("mali-aid") / figure("mali-gdp-2015") < 0.16


def test_ranks_lie_within_their_number() -> None:
    assert figure("hdi-mali") < figure("hdi-niger") < figure("hdi-countries")


def test_eight_months_of_2017_already_exceed_2016_in_spain() -> None:
    assert figure("spain-sea-2017") > figure("spain-sea-2016")


def test_the_trust_fund_for_africa_has_doubled() -> None:
    later = read_finding("mpi-topic-pages.trust-fund-africa-2022")
    assert later is not None
    assert later.content.value == 2 * figure("trust-fund-africa")


def test_the_pledge_to_afghanistan_is_what_the_timetable_pays() -> None:
    """5.6 billion dollars against million euros: at a rate of 1.05 to 1.18, which covers 2016."""
    (payment,) = corridor().corridor.policies["joint-way-forward-afghanistan"].payments
    assert 1.05 < figure("joint-way-forward-pledge") / 1e6 / payment.million_eur < 1.18


@pytest.mark.parametrize(
    ("prefix", "figures", "entries"),
    [
        (f"{STATEMENT}.", 58, 180),
        ("mpi-topic-pages.", 9, 36),
        ("mpi-press-release-2017.", 0, 9),
        ("jmdi-mind-the-gap-2017.", 0, 5),
    ],
)
def test_no_document_loses_entries(prefix: str, figures: int, entries: int) -> None:
    """Floors: a Statement read whole has over 180 findings, 58 with a value and 20 more that are dates to the day."""
    names = [name for name in finding_names() if name.startswith(prefix)]
    read = [entry.content for name in names if (entry := read_finding(name)) is not None]
    assert len(read) == len(names) >= entries
    assert sum(finding.value is not None for finding in read) >= figures


def test_the_long_document_has_more_than_sixty_figures_in_text_and_notes() -> None:
    read = [entry.content for name in finding_names(STATEMENT) if (entry := read_finding(name)) is not None]
    dated = [finding for finding in read if finding.value is None and len(finding.date) == len("2016-03-18")]
    assert sum(finding.value is not None for finding in read) + len(dated) > 70
    assert sum("note" in finding.section for finding in read) > 55


@pytest.mark.parametrize("page", ["International Organizations", "International Cooperation"])
def test_both_topic_pages_are_there(page: str) -> None:
    read = [entry.content for name in finding_names("mpi-topic-pages") if (entry := read_finding(name)) is not None]
    assert sum(finding.section.startswith(page) for finding in read) >= 18


def test_every_footnote_has_an_entry() -> None:
    """All 53 but the two that only name further reading, 3 and 32."""
    sections = [entry.content.section for name in finding_names(STATEMENT) if (entry := read_finding(name)) is not None]
    found = {int(number) for section in sections for note in re.findall(r"notes? ([\d, ]+)", section)
             for number in re.findall(r"\d+", note)}  # fmt: skip
    assert found == {*range(1, 54)} - {3, 32}


# Inputs ------------------------------------------------------------------------------------------------------------


# Carries mpi-council-statement-2017.greece-arrivals-february-2016
# Carries mpi-council-statement-2017.greece-arrivals-april-2016
# Carries mpi-council-statement-2017.greece-arrivals-after
def test_arrivals_in_greece_are_those_of_the_document() -> None:
    """February and April 2016 to the person; the mean from May on within three tenths: the document rounds."""
    assert observed("arrivals-greece", "2016-02") == figure("greece-arrivals-february-2016")
    assert observed("arrivals-greece", "2016-04") == figure("greece-arrivals-april-2016")
    months = [f"2016-{month:02d}" for month in range(5, 13)] + [f"2017-{month:02d}" for month in range(1, 5)]
    mean = observed("arrivals-greece", *months) / len(months)
    assert figure("greece-arrivals-after") == pytest.approx(mean, rel=0.3)
    assert mean < 0.05 * figure("greece-arrivals-february-2016")


# Carries mpi-council-statement-2017.spain-sea-2016
# Carries mpi-council-statement-2017.spain-sea-2017
def test_arrivals_in_spain_hold_those_by_sea() -> None:
    """By sea and land together there are more than by sea alone, by less than twice."""
    until_august = [f"2017-{month:02d}" for month in range(1, 9)]
    for name, months in (("spain-sea-2016", ["2016"]), ("spain-sea-2017", until_august)):
        by_sea, all_ = figure(name), observed("arrivals-spain", *months)
        assert by_sea < all_ < 2 * by_sea


# Carries mpi-council-statement-2017.unaccompanied-2013
# Carries mpi-council-statement-2017.unaccompanied-2014
# Carries mpi-council-statement-2017.families-2013
# Carries mpi-council-statement-2017.families-2014
def test_children_and_families_are_those_of_the_file() -> None:
    """The document gives whole thousands; the file counts children of all countries, not of three: three per cent."""
    path = Path(__file__).parents[1] / "experiments" / "us-mexico" / "children-and-families.csv"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    for year in ("2013", "2014"):
        for column, name in (("unaccompanied_children", "unaccompanied"), ("people_in_families", "families")):
            counted = sum(int(row[column]) for row in rows if row["fiscal_year"] == year)
            assert counted == pytest.approx(figure(f"{name}-{year}"), rel=0.03)


# Carries mpi-council-statement-2017.moroccans-in-spain
def test_moroccans_in_spain_are_about_as_many() -> None:
    """Two editions of one series: within a tenth."""
    (row,) = (row for row in corridor().diaspora if (row.origin, row.country, row.year) == ("MAR", "ESP", 2015))
    assert row.people == pytest.approx(figure("moroccans-in-spain"), rel=0.1)


# Carries mpi-council-statement-2017.returns-2016
# Carries mpi-council-statement-2017.deported-germany-2016
# Carries mpi-council-statement-2017.deported-italy-2016
# Carries mpi-council-statement-2017.deported-spain-2016
def test_removals_stay_below_all_returns_and_deportations() -> None:
    """Removals of the citizens modelled, to outside Europe, are part of all."""
    removals = {row.country: row.removals for row in corridor().asylum_years if row.year == 2016}
    assert sum(removals.values()) < figure("returns-2016")
    for country, name in (("DEU", "germany"), ("ITA", "italy"), ("ESP", "spain")):
        assert removals[country] < figure(f"deported-{name}-2016")


# Carries mpi-council-statement-2017.rejected-germany-2015
# Carries mpi-council-statement-2017.rejected-germany-2016
def test_refusals_of_germany_stay_below_all() -> None:
    """Refusals of the citizens modelled, by decisions and rates, are part of all."""
    for year in (2015, 2016):
        rows = [row for row in corridor().recognition if (row.country, row.year) == ("DEU", year)]
        refused = sum(row.decisions * (1 - row.rate) for row in rows)
        assert 0 < refused < figure(f"rejected-germany-{year}")


# Carries mpi-council-statement-2017.ethiopia-refugees-2016
def test_refugees_in_ethiopia_stay_below_all() -> None:
    """South Sudanese are not modelled: what is left is part of all, and no small one."""
    hosted = sum(row.people for row in corridor().displaced if (row.host, row.year) == ("ETH", 2016))
    assert 0.3 * figure("ethiopia-refugees-2016") < hosted < figure("ethiopia-refugees-2016")


# Carries mpi-council-statement-2017.fragile-partners
def test_named_partners_are_fragile() -> None:
    """Afghanistan, Egypt, Ethiopia, Libya, Mali, Niger and Nigeria in 2016: more fragile than half of all countries."""
    fragility = {row.country: row.fragility for row in corridor().country_years if row.year == 2016 and row.fragility}
    middle = sorted(fragility.values())[len(fragility) // 2]
    assert all(fragility[code] > middle for code in ("AFG", "EGY", "ETH", "LBY", "MLI", "NER", "NGA"))


# Carries mpi-council-statement-2017.central-west-low-protection
def test_fewer_are_in_need_on_the_central_and_western_routes() -> None:
    """Share in need of those detected in 2017, by the nationalities that are observed on each route."""
    need = {row.origin: row.need_share for row in corridor().origins}
    share = {}
    for route in ("eastern", "central", "western"):
        people = {
            origin: observed(f"detections-{route}-mediterranean-{origin.lower()}", "2017")
            for origin in need
        }  # fmt: skip
        share[route] = sum(need[origin] * count for origin, count in people.items()) / sum(people.values())
    assert share["western"] < share["central"] < 0.5 < 0.7 < share["eastern"]


# Carries mpi-council-statement-2017.libya-main-departure
def test_most_leave_north_africa_from_libya() -> None:
    """Arrivals in Italy, most of which are from Libya, against those in Spain, in every year."""
    for year in ("2014", "2015", "2016", "2017"):
        assert observed("arrivals-italy", year) > 3 * observed("arrivals-spain", year)
