"""What happened on each route, and where the people are: two accounts, neither of which counts anyone twice.

A person is counted on each route entered. So routes on which the same people are counted again are kept apart. What
rose elsewhere is set against what fell within origin and need alone: see `within`. Where people are at the end is taken
from stocks, in which each person is in one state and one country; their changes add up to zero, to the person.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import pandas as pd

from simulator.analysis.diversion.estimates import Estimate, mean_of
from simulator.analysis.diversion.pairs import Pairs
from simulator.analysis.diversion.within import GROUPS, Within, within

COUNTED: Final = ("attempts", "arrivals", "interceptions")
"""Measures that are taken on the legs on which an arrival is counted, so that a journey counts once on a route."""
THERE: Final = "deaths_on_counted_legs"
"""Deaths on the same legs, of which the risk of an attempt is; ``deaths`` are those on all legs of a route."""
FATES: Final = {
    "resident": "stay", "returned": "went back", "moving": "wait", "detained": "wait", "dead": "died",
    "admitted": "pathway",
}  # fmt: skip
"""What a state amounts to; in all other states people are in a destination country."""
FATE_LABELS: Final = {
    "stay": "stayed at home or in a host country", "went back": "set out and went back",
    "wait": "on the way or held, waiting", "destination": "in a destination country",
    "pathway": "came by a legal pathway", "died": "died on the way",
}  # fmt: skip


def counted_legs(pairs: Pairs) -> list[str]:
    """Return the legs on which an arrival is counted."""
    return [leg.leg for leg in pairs.scenario.legs if leg.counted]


def by_route(pairs: Pairs, by: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return flows by pair and route: ``pair measure route role``, what `by` adds, ``without with_ change``."""
    counted, parts = counted_legs(pairs), []
    for measure in (*COUNTED, "deaths", THERE):
        where = None if measure == "deaths" else {"leg": counted}
        frame = pairs.flows("deaths" if measure == THERE else measure, ["route", *by], where)
        if not by:
            frame = _every_route(pairs, frame)
        frame.insert(1, "measure", measure)
        parts.append(frame)
    table = pd.concat(parts, ignore_index=True)
    table.insert(3, "role", [pairs.role(str(route)) for route in table["route"]])
    return table


def _every_route(pairs: Pairs, frame: pd.DataFrame) -> pd.DataFrame:
    """Return flows by pair and route with a row for each route of the corridor, zero where nothing happened."""
    routes = list(dict.fromkeys([*pairs.scenario.corridor.routes, *map(str, frame["route"])]))
    index = pd.MultiIndex.from_product([range(len(pairs.with_)), routes], names=["pair", "route"])
    frame = frame.assign(route=frame["route"].astype(str))
    return frame.set_index(["pair", "route"]).reindex(index, fill_value=0.0).reset_index()


def route_table(flows: pd.DataFrame) -> pd.DataFrame:
    """Return each route's change: ``measure route role without with_ change low high relative n``.

    `without`, `with_` and `change` are means over pairs, ``low high`` the 95% interval of the change, ``relative`` the
    change against `without` (NaN where that is zero).
    """
    rows = []
    for (measure, route, role), part in flows.groupby(["measure", "route", "role"], sort=False):
        found, base = mean_of(part["change"].to_numpy()), float(part["without"].mean())
        rows.append((measure, route, role, base, float(part["with_"].mean()), found.mean, found.low, found.high,
                     found.mean / base if base else float("nan"), found.n))  # fmt: skip
    columns = ["measure", "route", "role", "without", "with_", "change", "low", "high", "relative", "n"]
    return pd.DataFrame(rows, columns=columns)


def totals(flows: pd.DataFrame, measure: str) -> tuple[Estimate, Estimate]:
    """Return the fall on the treated routes, and the rise on the others, of all people together."""
    chosen = flows[flows["measure"] == measure]
    found = []
    for role in ("treated", "elsewhere"):
        sums = chosen[chosen["role"] == role].groupby("pair")["change"].sum()
        found.append(sums.reindex(sorted(chosen["pair"].unique()), fill_value=0.0).to_numpy())
    return mean_of(-found[0]), mean_of(found[1])


def by_group(pairs: Pairs, by: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return the change of arrivals as `within` takes it: ``draw replicate origin need route change``, and `by`.

    Pairs of one member of the fit are replicates of one draw.
    """
    flows = pairs.flows("arrivals", ["route", *GROUPS, *by], {"leg": counted_legs(pairs)})
    flows = flows.astype({name: str for name in ("route", *GROUPS, *by)})
    members = [run.scenario.fit_member for run in pairs.with_]
    draws = [members.index(member) for member in members]
    return flows.assign(draw=[draws[pair] for pair in flows["pair"]], replicate=flows["pair"])


def moved(pairs: Pairs, changes: pd.DataFrame) -> Within:
    """Return what fell on the treated routes and rose elsewhere within origin and need.

    Parameters
    ----------
    changes : what `by_group` returns.
    """
    return within(changes, pairs.treated, pairs.elsewhere)


def group_table(pairs: Pairs, changes: pd.DataFrame, dimension: Literal["origin", "need"]) -> pd.DataFrame:
    """Return what fell, what of it is matched elsewhere, and who else came there, by what people differ by.

    Within a label groups are those of both dimensions, so that labels add up to what `moved` returns.

    Parameters
    ----------
    changes : what `by_group` returns.

    Returns
    -------
    pandas.DataFrame
        ``dimension label fallen fallen_low fallen_high moved moved_low moved_high others others_low others_high ratio
        low high n share``, those with the largest fall first; ``share`` is their part of the fall of all (NaN where
        nothing fell).
    """
    whole = moved(pairs, changes).fallen.mean
    rows = []
    for label in changes[dimension].unique():
        # Every pair has every label: flows are zero where one lacks it.
        found = within(changes[changes[dimension] == label], pairs.treated, pairs.elsewhere)
        ends = (end for each in (found.fallen, found.moved, found.others) for end in (each.mean, each.low, each.high))
        rows.append((dimension, str(label), *ends, found.ratio.mean, found.ratio.low, found.ratio.high, found.fallen.n,
                     found.fallen.mean / whole if whole > 0 else float("nan")))  # fmt: skip
    columns = ["dimension", "label", *(f"{name}{end}" for name in ("fallen", "moved", "others") for end in
               ("", "_low", "_high")), "ratio", "low", "high", "n", "share"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).sort_values("fallen", ascending=False, ignore_index=True)


def matrix_row(found: Within) -> pd.DataFrame:
    """Return the share of the fall that a rise on each other route matches: ``route ratio low high n people``."""
    rows = [(route, share.mean, share.low, share.high, share.n, found.to[route].mean)
            for route, share in found.shares.items()]  # fmt: skip
    return pd.DataFrame(rows, columns=["route", "ratio", "low", "high", "n", "people"])


def risk_table(flows: pd.DataFrame) -> pd.DataFrame:
    """Return deaths per thousand attempts on the treated routes, the others, and all: ``where without with_ ...``.

    Attempts and deaths are those on counted legs, as in `simulator.analysis.metrics`; onward routes count under
    ``all``.
    """
    sides = {"treated": ["treated"], "elsewhere": ["elsewhere"], "all": ["treated", "elsewhere", "onward"]}
    rows = []
    for where, roles in sides.items():
        part = flows[flows["role"].isin(roles)].groupby(["pair", "measure"])[["without", "with_"]].sum()
        deaths, attempts = part.xs(THERE, level="measure"), part.xs("attempts", level="measure")
        share = 1000.0 * deaths / attempts.replace(0.0, np.nan)
        change = mean_of((share["with_"] - share["without"]).to_numpy())
        rows.append((where, float(share["without"].mean()), float(share["with_"].mean()), change.mean, change.low,
                     change.high, change.n))  # fmt: skip
    return pd.DataFrame(rows, columns=["where", "without", "with_", "change", "low", "high", "n"])


def people_table(pairs: Pairs) -> pd.DataFrame:
    """Return where people are at the end, with less without: ``fate country change low high n``.

    ``country`` is empty but for destinations; the changes of all rows add up to zero.
    """
    stocks = pairs.stocks(["state", "country"])
    fates = [FATES.get(str(state), "destination") for state in stocks["state"]]
    countries = [str(country) if fate == "destination" else ""
                 for fate, country in zip(fates, stocks["country"], strict=True)]  # fmt: skip
    found = stocks.assign(fate=fates, country=countries).groupby(["fate", "country", "pair"])["change"].sum()
    rows = []
    wide = found.unstack("pair").fillna(0.0)
    for (fate, country), values in zip(wide.index.tolist(), wide.to_numpy(dtype=float), strict=True):
        change = mean_of(values)
        if fate != "destination" or values.any():
            rows.append((fate, country, change.mean, change.low, change.high, change.n))
    table = pd.DataFrame(rows, columns=["fate", "country", "change", "low", "high", "n"])
    order = {fate: place for place, fate in enumerate(FATE_LABELS)}
    table = table.assign(_order=table["fate"].map(order), _size=-table["change"].abs())
    return table.sort_values(["_order", "_size", "country"]).drop(columns=["_order", "_size"]).reset_index(drop=True)


def waiting_table(pairs: Pairs) -> pd.DataFrame:
    """Return people on the way or held at the end, with less without, by need: ``need change low high n``.

    Empty if a run was made by a version that did not record it.
    """
    columns = ["need", "change", "low", "high", "n"]
    if any("waiting" not in run.tables for run in (*pairs.without, *pairs.with_)):
        return pd.DataFrame(columns=columns)
    wide = pairs.stocks(["need"], "waiting").pivot_table(index="need", columns="pair", values="change", observed=True)
    made = [(str(need), mean_of(values)) for need, values in zip(wide.index, wide.to_numpy(dtype=float), strict=True)]
    return pd.DataFrame([(need, each.mean, each.low, each.high, each.n) for need, each in made], columns=columns)


def changed_destination(pairs: Pairs) -> Estimate:
    """Return how many more people are in the destination countries that gained: the fewest who must have changed.

    Who went where without the policy is not known person by person, so that moves that cancel out are not seen.
    """
    stocks = pairs.stocks(["state", "country"])
    stocks = stocks[[str(state) not in FATES for state in stocks["state"]]]
    gained = stocks.groupby(["pair", "country"], observed=True)["change"].sum().clip(lower=0.0)
    return mean_of(gained.groupby("pair").sum().reindex(range(len(pairs.with_)), fill_value=0.0).to_numpy())
