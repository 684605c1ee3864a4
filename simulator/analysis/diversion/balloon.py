"""Squeeze the balloon: flows on all routes against the effort on one, from a table of runs.

The table has a row a run and route: ``squeezed`` (the route on which effort is set), ``effort``, ``draw``,
``replicate``, ``route``, ``arrivals``, ``deaths``, ``attempts``. Runs of one draw and replicate share their luck.
Replicates lie within draws: the mean of a draw is one observation; where there is one draw, replicates are.

Beside it stand the arrivals of the same runs by origin and need (`PEOPLE`): without them no share of a fall is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd

from simulator.analysis.diversion.elasticity import arc
from simulator.analysis.diversion.estimates import mean_of, ratio_of
from simulator.analysis.diversion.within import GROUPS, RUN, Within, arrays, axis_of, of_arrays
from simulator.errors import InputError, Problem

THERE: Final = "deaths_there"
"""Deaths on the legs where attempts are counted, where a table has them: the risk of an attempt is of these. Where it
has not, the risk is of deaths on all legs of a route, and whoever shows it says so."""
KEYS: Final = ("squeezed", "effort", "draw", "replicate", "route")
FLOWS: Final = ("arrivals", "deaths", "attempts")
PEOPLE: Final = (*KEYS, *GROUPS, "arrivals")
"""Columns of arrivals by run, route, origin and need; where nobody arrived, a row may be missing."""
Onward = Mapping[str, Sequence[str]]
"""Routes by the squeezed one with which they count people another time; see `metrics.counted_again`."""


def check(table: pd.DataFrame) -> pd.DataFrame:
    """Return a balloon table in order, or say everything that is wrong with it.

    Raises
    ------
    InputError
        If columns are missing, rows come twice, a flow is negative or none, or a squeezed route has one effort only.
    """
    missing = [name for name in (*KEYS, *FLOWS) if name not in table]
    if missing:
        said = f"lacks the columns {', '.join(missing)}"
        raise InputError([Problem("balloon table", "", said, None, None, ", ".join((*KEYS, *FLOWS)))])
    problems = []
    if table.duplicated(list(KEYS)).any():
        problems.append(Problem("balloon table", "", "has the same run and route twice", advice="keep one row of each"))
    for name in flows_of(table):
        values = pd.to_numeric(table[name], errors="coerce")
        if not np.isfinite(values).all() or (values < 0).any():
            problems.append(Problem("balloon table", name, "holds values that are no counts", None, None, "0 or more"))
    for squeezed, part in table.groupby("squeezed", sort=False):
        if part["effort"].nunique() < 2:
            problems.append(Problem("balloon table", "effort", "has one value only", str(squeezed),
                                    advice="run at least two efforts on each route"))  # fmt: skip
        if squeezed not in set(part["route"]):
            problems.append(Problem("balloon table", "squeezed", "is not among the routes", str(squeezed)))
    if table.empty or problems:
        raise InputError(problems or [Problem("balloon table", "", "has no rows", advice="run the sweep first")])
    return table[[*KEYS, *flows_of(table)]].sort_values(list(KEYS), ignore_index=True)


def flows_of(table: pd.DataFrame) -> list[str]:
    """Return the flows that a table has."""
    return [*FLOWS, *([THERE] if THERE in table else [])]


def deadly(table: pd.DataFrame) -> str:
    """Return the deaths that the risk of an attempt is of."""
    return THERE if THERE in table else "deaths"


def observations(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each squeezed route, effort, observation (``unit``) and route, with its flows."""
    flows = flows_of(table)
    one_draw = table.groupby("squeezed")["draw"].transform("nunique") == 1
    table = table.assign(unit=np.where(one_draw, table["replicate"], table["draw"]))
    return table.groupby(["squeezed", "effort", "unit", "route"], as_index=False)[flows].mean()


def curves(table: pd.DataFrame) -> pd.DataFrame:
    """Return flows against effort: ``squeezed effort route measure mean low high n``.

    Measures are those of the table and ``deaths_per_thousand`` attempts: the ratio of the means, since a mean of ratios
    would be that of the observations with fewest attempts. The route ``all`` has the risk on all routes.
    """
    found = observations(check(table))
    keys = ["squeezed", "effort", "unit"]
    together = found.groupby(keys, as_index=False)[flows_of(found)].sum().assign(route="all")
    rows: list[tuple[Any, ...]] = []
    every = pd.concat([found, together], ignore_index=True)
    for (squeezed, effort, route), part in every.groupby(["squeezed", "effort", "route"], sort=False):
        for measure in FLOWS:
            if route != "all" or measure != "arrivals":  # a person may arrive on several routes
                made = mean_of(part[measure].to_numpy())
                rows.append((squeezed, effort, route, measure, made.mean, made.low, made.high, made.n))
        risk = ratio_of(1000.0 * part[deadly(part)].to_numpy(), part["attempts"].to_numpy())
        rows.append((squeezed, effort, route, "deaths_per_thousand", risk.mean, risk.low, risk.high, risk.n))
    return pd.DataFrame(rows, columns=["squeezed", "effort", "route", "measure", "mean", "low", "high", "n"])


def base_efforts(table: pd.DataFrame, base: float | None = None) -> dict[str, float]:
    """Return the effort that the others are compared with, by squeezed route: `base` where it was run, else the least.

    The least, too, where nothing was run above `base`.
    """
    found = {}
    for squeezed, efforts in table.groupby("squeezed", sort=False)["effort"]:
        values = {float(effort) for effort in efforts}
        wanted = base is not None and base in values and base < max(values)
        found[str(squeezed)] = float(base) if wanted and base is not None else min(values)
    return found


def changes(table: pd.DataFrame, measure: str = "arrivals", base: float | None = None) -> pd.DataFrame:
    """Return each observation's change from the base effort: ``squeezed effort unit route before after change``.

    Parameters
    ----------
    base : effort that the others are compared with; see `base_efforts`.
    """
    found = observations(check(table))
    before_at = found["squeezed"].map(base_efforts(table, base))
    before = found[found["effort"] == before_at].set_index(["squeezed", "unit", "route"])[measure].rename("before")
    joined = found[found["effort"] != before_at].join(before, on=["squeezed", "unit", "route"], how="inner")
    joined = joined.rename(columns={measure: "after"})
    joined["change"] = joined["after"] - joined["before"]
    return joined[["squeezed", "effort", "unit", "route", "before", "after", "change"]].reset_index(drop=True)


def within_groups(
    table: pd.DataFrame, people: pd.DataFrame | None, onward: Onward | None = None, base: float | None = None
) -> dict[tuple[str, float], Within]:
    """Return what each effort on each route makes fall there and rise elsewhere, within origin and need.

    Parameters
    ----------
    people : arrivals by run, route, origin and need; see `PEOPLE`.
    onward : routes by the one with which they count people again; no rise there is set against a fall.
    base : as for `changes`.

    Raises
    ------
    InputError
        If there are no `people`, or they are not those of the table.
    """
    people = check_people(table, people)
    routes = list(dict.fromkeys(table["route"]))
    given = people.rename(columns={"arrivals": "change"})[["squeezed", "effort", *RUN, *GROUPS, "route", "change"]]
    found = {}
    for squeezed, start in base_efforts(table, base).items():
        out = {squeezed, *(onward or {}).get(squeezed, ())}
        elsewhere = [route for route in routes if route not in out]
        runs = table.loc[table["squeezed"] == squeezed, ["effort", *RUN]].drop_duplicates()
        # A run in which nobody arrived is an observation, too.
        nobody = runs.assign(origin="", need="", route=squeezed, change=0.0)
        arrived = pd.concat([given.loc[given["squeezed"] == squeezed, given.columns[1:]], nobody])
        here, there, draws = arrays(arrived, [squeezed], elsewhere, ("effort",))
        efforts, each = axis_of(arrived, ["effort"]), axis_of(arrived, RUN)
        ran = np.zeros((len(each), len(efforts)), dtype=bool)
        places = [axis.get_indexer(pd.MultiIndex.from_frame(runs[[*axis.names]])) for axis in (each, efforts)]
        ran[tuple(places)] = True
        values = [float(effort) for (effort,) in efforts]
        first = values.index(start)
        for place, effort in enumerate(values):
            both = ran[:, place] & ran[:, first]
            if place != first and both.any():
                fell, rose = (side[both, place] - side[both, first] for side in (here, there))
                found[squeezed, effort] = of_arrays(fell, rose, np.asarray(draws)[both], elsewhere)
    return found


def check_people(table: pd.DataFrame, people: pd.DataFrame | None) -> pd.DataFrame:
    """Return arrivals by run, route, origin and need, if they are there and add up to the arrivals of the table.

    Raises
    ------
    InputError
        If they do not.
    """
    missing = [name for name in PEOPLE if people is None or name not in people]
    if people is None or missing:
        said = "was kept without origins: no share of a fall can be told, since who rises elsewhere may be others"
        advice = ("keep arrivals by [route, origin, need, year] and sweep anew; the totals by route alone cannot "
                  "say it")  # fmt: skip
        raise InputError([Problem("balloon table", "origin, need", said, advice=advice)])
    keys = list(KEYS)
    ours, theirs = (each.groupby(keys)["arrivals"].sum() for each in (table, people))
    if not np.allclose(*ours.align(theirs, fill_value=0.0)):
        said = "arrivals by origin and need do not add up to those by route"
        raise InputError([Problem("balloon table", "arrivals", said, advice="take both from the same runs and months")])
    return people


def matrix(
    table: pd.DataFrame, people: pd.DataFrame | None, effort: float | None = None, onward: Onward | None = None,
    base: float | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return the share of each route's fall that a rise on each other matches: ``squeezed route ratio low high n``.

    With ``people``: how many that is.

    Parameters
    ----------
    effort : effort at which to compare with the base; by default the highest of each route.
    people, onward, base : as for `within_groups`.
    """
    found = within_groups(table, people, onward, base)
    rows = []
    for squeezed in dict.fromkeys(name for name, _ in found):
        at = max(each for name, each in found if name == squeezed) if effort is None else effort
        if (squeezed, at) in found:
            each = found[squeezed, at]
            rows += [(squeezed, route, share.mean, share.low, share.high, share.n, each.to[route].mean)
                     for route, share in each.shares.items()]  # fmt: skip
    return pd.DataFrame(rows, columns=["squeezed", "route", "ratio", "low", "high", "n", "people"])


def diversion_by_effort(
    table: pd.DataFrame, people: pd.DataFrame | None, onward: Onward | None = None, base: float | None = None
) -> pd.DataFrame:
    """Return what falls and rises at each effort: ``squeezed effort fall rise fallen moved others ratio low high n``.

    Each but ``ratio`` has ``_low`` and ``_high``. ``fall`` and ``rise`` are of all people together, from the base
    effort on (see `changes`): below it, both are negative. The others are within origin and need; see `Within`.
    """
    inside = within_groups(table, people, onward, base)
    rows = []
    for (squeezed, effort), part in changes(table, base=base).groupby(["squeezed", "effort"], sort=False):
        out = {str(squeezed), *(onward or {}).get(str(squeezed), ())}
        rise = part[~part["route"].isin(out)].groupby("unit")["change"].sum()
        fall = -part[part["route"] == squeezed].set_index("unit")["change"]
        rise = rise.reindex(fall.index, fill_value=0.0)
        each = inside[str(squeezed), float(part["effort"].iloc[0])]
        people_ = {"fall": mean_of(fall.to_numpy()), "rise": mean_of(rise.to_numpy()), "fallen": each.fallen,
                   "moved": each.moved, "others": each.others}  # fmt: skip
        rows.append({"squeezed": squeezed, "effort": effort,
                     **{f"{name}{end}": value for name, it in people_.items()
                        for end, value in (("", it.mean), ("_low", it.low), ("_high", it.high))},
                     "ratio": each.ratio.mean, "low": each.ratio.low, "high": each.ratio.high,
                     "n": each.fallen.n})  # fmt: skip
    return pd.DataFrame(rows)


def elasticities(table: pd.DataFrame, measure: str = "arrivals") -> pd.DataFrame:
    """Return arc elasticities of flows to effort: ``squeezed route effort_from effort_to elasticity low high n``.

    Between each effort and the next, and from the least to the highest; that on the squeezed route itself is its own
    elasticity, the others are cross elasticities.
    """
    found = observations(check(table))
    rows = []
    for squeezed, part in found.groupby("squeezed", sort=False):
        efforts = sorted(part["effort"].unique())
        steps = [*pairwise(efforts)]
        steps += [(efforts[0], efforts[-1])] if len(efforts) > 2 else []
        for route, on_route in part.groupby("route", sort=False):
            wide = on_route.pivot(index="unit", columns="effort", values=measure)
            for low, high in steps:
                both = wide[[low, high]].dropna()
                made = mean_of(arc(both[low], both[high], low, high))
                rows.append((squeezed, route, low, high, made.mean, made.low, made.high, made.n))
    return pd.DataFrame(rows, columns=["squeezed", "route", "effort_from", "effort_to", "elasticity", "low", "high",
                                       "n"])  # fmt: skip
