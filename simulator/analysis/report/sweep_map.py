"""The map of a sweep: people by leg and month as it was, and at the highest effort on each route, mean over draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from simulator.analysis.diversion.balance import Balance
from simulator.analysis.diversion.figures.common import effort_at, rise_words
from simulator.analysis.metrics import months_of
from simulator.analysis.report.map_data import View, map_of, periods_of

if TYPE_CHECKING:
    from simulator.scenario.schema import Scenario

MEASURE: Final = "crossings"
BY: Final = ("leg", "month")
COLUMNS: Final = ("squeezed", "effort", "draw", "replicate", *BY, MEASURE)
NONE: Final = ("There is no map: this sweep kept nothing by leg and month. Add to the design a table of people who got "
               "through, 'people-by-leg: {measure: crossings, by: [leg, month]}', and sweep anew; or make two of its "
               "runs again with 'corridor results SWEEP --run ID --out FOLDER' and report those, which has a "
               "map.")  # fmt: skip
"""What is said in place of a map."""
Wide = dict[Any, pd.DataFrame]


def people_table(content: Mapping[str, Any]) -> str | None:
    """Return the table of a sweep that holds people by leg and month, or None."""
    for name, about in content["design"]["tables"].items():
        if about["measure"] == MEASURE and set(BY) <= set(about["by"]) and not about["where"]:
            return str(name)
    return None


def sweep_map(
    people: pd.DataFrame, found: tuple[Balance, ...], scenario: Scenario, design: Mapping[str, Any],
    labels: Mapping[str, str],
) -> tuple[dict[str, Any] | None, str]:  # fmt: skip
    """Return the map of a sweep as the page's script draws it, and what it shows; None where runs of it are lacking.

    Parameters
    ----------
    people : people who got through, by run, leg and month: `COLUMNS`.
    found : what each squeezed route comes to, for the efforts to show; those that can be told come first.
    scenario : of the case, for legs and places.
    design, labels : as for the figures of a sweep.
    """
    known = {leg.leg for leg in scenario.legs}
    if not set(people["leg"].astype(str)) <= known:
        return None, ("There is no map: legs of this sweep are not in the scenario as it is now. Sweep it anew.")
    freq, periods = periods_of(months_of(scenario))
    months = pd.PeriodIndex(people["month"].astype(str).unique(), freq="M")
    period = dict(zip(months.astype(str), months.asfreq(freq).astype(str), strict=True))
    people = people.assign(period=people["month"].astype(str).map(period), leg=people["leg"].astype(str),
                           unit=people["draw" if people["draw"].nunique() > 1 else "replicate"])  # fmt: skip
    people = people[people["period"].isin(periods)]
    base, shown = found[0], list[str]()
    views: list[View] = []
    for each in found:
        one, other = (_wide(people, each.squeezed, effort) for effort in (each.base, each.effort))
        both = [unit for unit in one if unit in other]
        if not both:
            continue
        name, at = labels[each.squeezed], effort_at(design, each.effort)
        if not views:
            base = each
            views.append(View(f"effort {effort_at(design, each.base)}", False, [one[unit] for unit in both]))
        views.append(View(f"{name}: effort {at}", False, [other[unit] for unit in both]))
        views.append(View(f"{name}: difference", True, [other[unit].sub(one[unit], fill_value=0.0) for unit in both]))
        shown.append(name)
    if not views:
        wanted = f"{effort_at(design, base.base)} and {effort_at(design, base.effort)}"
        return None, f"There is no map: this sweep kept people by leg and month at other efforts than {wanted}."
    n = len(views[0].people)
    made = map_of(views, scenario, periods, f"{n} draws" if people["draw"].nunique() > 1 else f"{n} runs")
    # First what the summary begins with: the difference on the route with the largest fall.
    made["first"] = 2
    rises = rise_words(design, base.base, base.effort)
    note = (f"People who got through each leg, mean over the runs of the sweep: with effort "
            f"{effort_at(design, base.base)}, with effort on one route raised {rises} ({', '.join(shown)}), and the "
            "difference, run by run on common luck.")  # fmt: skip
    return made, note


def _wide(people: pd.DataFrame, squeezed: str, effort: float) -> Wide:
    """Return people by period (rows) and leg (columns) at an effort on a route, by draw (or seed, of one draw)."""
    chosen = people[people["squeezed"].astype(str).eq(squeezed) & people["effort"].astype(float).eq(effort)]
    found = {}
    for unit, part in chosen.groupby("unit"):
        wide = part.pivot_table(index="period", columns="leg", values=MEASURE, aggfunc="sum", observed=True)
        # Replicates lie within draws.
        found[unit] = wide.fillna(0.0) / part["replicate"].nunique()
    return found
