"""How strongly flows answer: relative change of a flow against relative change of what moves it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from simulator.analysis.diversion.accounts import counted_legs
from simulator.analysis.diversion.estimates import Estimate, mean_of
from simulator.analysis.diversion.pairs import Pairs

Floats = NDArray[np.float64]


def arc(flow_before: ArrayLike, flow_after: ArrayLike, before: ArrayLike, after: ArrayLike) -> Floats:
    """Return arc elasticities: each change is taken relative to the mean of both ends, so that zeros are no obstacle.

    ``(q2 - q1) / (q2 + q1)`` over ``(e2 - e1) / (e2 + e1)``; NaN where either side has no size or nothing moved it.
    From an effort of zero it is the relative change of the flow alone, on a scale from -1 to 1.
    """
    q1, q2, e1, e2 = (np.asarray(each, dtype=np.float64) for each in (flow_before, flow_after, before, after))
    with np.errstate(divide="ignore", invalid="ignore"):
        flow, cause = (q2 - q1) / (q2 + q1), (e2 - e1) / (e2 + e1)
        found = np.asarray(flow / cause)
    return np.where(np.isfinite(found), found, np.nan)


def interception_chance(pairs: Pairs) -> tuple[Floats, Floats]:
    """Return the chance that an attempt on the treated routes was stopped, without and with; one a pair.

    It is interceptions over attempts on their counted legs.
    """
    found = []
    where = {"leg": [leg for leg in counted_legs(pairs)]}
    tables = {measure: pairs.flows(measure, ["route"], where) for measure in ("attempts", "interceptions")}
    for side in ("without", "with_"):
        sums = [table[table["route"].isin(pairs.treated)].groupby("pair")[side].sum() for table in tables.values()]
        found.append((sums[1] / sums[0].where(sums[0] > 0)).to_numpy(dtype=np.float64))
    return found[0], found[1]


def elasticity_table(pairs: Pairs, flows: pd.DataFrame, effort: Sequence[float] | None = None) -> pd.DataFrame:
    """Return arc elasticities of attempts and arrivals: ``to flow where elasticity low high n``.

    Parameters
    ----------
    flows : what `accounts.by_route` returns.
    effort : effort without and with the policy, in any unit; without it, elasticities are to the chance of being
        stopped alone, which is recorded (``to`` is ``interception``).
    """
    causes: dict[str, tuple[ArrayLike, ArrayLike]] = {"interception": interception_chance(pairs)}
    if effort is not None:
        n = len(pairs.with_)
        causes["effort"] = (np.full(n, effort[0]), np.full(n, effort[1]))
    rows = []
    for to, (before, after) in causes.items():
        for measure in ("attempts", "arrivals"):
            for role in ("treated", "elsewhere"):
                part = flows[(flows["measure"] == measure) & (flows["role"] == role)]
                sums = part.groupby("pair")[["without", "with_"]].sum()
                if len(sums):
                    found: Estimate = mean_of(arc(sums["without"], sums["with_"], before, after))
                    rows.append((to, measure, role, found.mean, found.low, found.high, found.n))
    return pd.DataFrame(rows, columns=["to", "flow", "where", "elasticity", "low", "high", "n"])
