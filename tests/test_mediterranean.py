"""The corridor that comes with Corridor: what it must show of the EU-Turkey Statement and the Balkan closure.

Parameters and lever sizes were fitted to 2014 to 2016, the fall of 2016 among them: what is tested here is that the
mechanisms, at those values, keep showing it, and that it goes away with the policies. The counts behind each claim
are thousands of rows (at 100 people a row), so that sampling moves the ratios by a few per cent; the bounds stand
further off than four times that, and the same luck is used on both sides.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from simulator.analysis.diversion import diversion
from simulator.analysis.metrics import monthly_arrivals_by_route
from simulator.analysis.validation import score
from simulator.api import run
from simulator.outputs.result import Result

EAST = "eastern-mediterranean"


@cache
def result(*without: str) -> Result:
    """Return the scenario at 100 people a row, with overrides laid over it."""
    return run("eu-turkey-2016", persons_per_agent=100, overrides=without)


def greece(run_: Result, month: str) -> float:
    """Return arrivals on the Eastern Mediterranean in a month."""
    return float(monthly_arrivals_by_route(run_).loc[pd.Period(month, freq="M"), EAST])


def relative_error(people: float, weight: int = 100) -> float:
    """Return the relative standard error of a count drawn in rows."""
    return float(np.sqrt(weight / people))


def test_arrivals_in_greece_fall_with_the_statement_and_the_closure() -> None:
    """From February to April by three quarters at least, to June by nineteen twentieths (observed: 94% in April)."""
    with_ = result()
    february, april, june = (greece(with_, f"2016-{month:02d}") for month in (2, 4, 6))
    assert relative_error(april) < 0.12
    assert april < 0.25 * february
    assert june < 0.05 * february


def test_without_them_arrivals_stay_high() -> None:
    without = result("without-statement-and-closure")
    february = greece(without, "2016-02")
    assert greece(without, "2016-04") > 0.6 * february
    assert greece(without, "2016-06") > 0.2 * february
    assert greece(without, "2016-06") > 5 * greece(result(), "2016-06")
    assert greece(result(), "2016-02") == february, "until the policies act the two runs are the same"


# Carries mpi-council-statement-2017.enforcement-diverts
def test_part_of_the_fall_is_matched_elsewhere_later() -> None:
    """More of the same origin and need come by other routes, fewer than fell away, and months after."""
    found = diversion([result("without-statement-and-closure")], [result()], [EAST], since="2016-03")
    assert 0 < found.moved.mean < found.fall.mean
    assert 0 < found.ratio.mean < 1
    half = found.tables["times"].query("part == 'half'").set_index("what")["months"]
    assert half["moved"] >= half["fall"] + 2


# Carries mpi-council-statement-2017.statement-and-closure
def test_each_policy_alone_does_part_of_it() -> None:
    """Nothing is wired to the two together: either alone lowers arrivals of 2016 less than both do."""
    year = [f"2016-{month:02d}" for month in range(4, 13)]
    arrivals = {
        names: sum(greece(result(*names), month) for month in year)
        for names in ((), ("without-statement",), ("without-balkan-closure",), ("without-statement-and-closure",))
    }
    both, neither = arrivals[()], arrivals[("without-statement-and-closure",)]
    for one in (("without-statement",), ("without-balkan-closure",)):
        assert both < arrivals[one] < neither


def test_the_rise_of_2015_comes_out_roughly() -> None:
    """Monthly arrivals of 2014 to 2016 correlate with what Frontex counted; totals are within a third."""
    table = score(result())
    east = table[(table.series == f"detections-{EAST}") & (table.period == "fitted")].iloc[0]
    assert east.correlation > 0.6
    assert abs(east.error_of_total) < 0.33


def test_legal_pathways_admit_the_places_of_the_timetable() -> None:
    """A whole year of the Statement's pathways admits what the timetable gives: 2,400, 800 and 500 places."""
    frame = result().frame("pathways", by=["country", "year"])
    admitted = frame[frame.year.astype(str) == "2017"].set_index("country")["pathways"]
    for country, places in (("DEU", 2400), ("FRA", 800), ("SWE", 500)):
        assert abs(float(admitted[country]) - places) < 0.03 * places
