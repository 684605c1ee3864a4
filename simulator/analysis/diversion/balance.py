"""What full effort on each route comes to: how many fewer, where they turn up instead, and what it costs in lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from simulator.analysis.diversion import balloon
from simulator.analysis.diversion.estimates import Estimate, Verdict, mean_of, verdict


@dataclass(frozen=True)
class Balance:
    """What the highest effort on one route does, compared with the base effort.

    Attributes
    ----------
    squeezed : the route.
    base, effort : effort that is compared with, and the highest.
    fall, rise : arrivals fewer there, and more on other routes.
    ratio : rise over fall.
    shares : ratio by other route, onward ones left out, the largest first.
    deaths : deaths more, anywhere on the way where that is known, else on all routes.
    """

    squeezed: str
    base: float
    effort: float
    fall: Estimate
    rise: Estimate
    ratio: Estimate
    shares: Mapping[str, Estimate]
    deaths: Estimate

    @property
    def verdict(self) -> Verdict:
        """Return what that amounts to."""
        return verdict(self.fall, self.ratio)

    @property
    def told(self) -> bool:
        """Whether a fall can be told apart from zero, or, of one pair, there is one."""
        return self.fall.low > 0 or (self.fall.n < 2 and self.fall.mean > 0)


def balances(
    table: pd.DataFrame, onward: balloon.Onward | None = None, base: float | None = None,
    deaths: pd.DataFrame | None = None,
) -> tuple[Balance, ...]:  # fmt: skip
    """Return the balance of each squeezed route: those whose fall can be told first, the largest fall first.

    Parameters
    ----------
    table : see `simulator.analysis.diversion.balloon`.
    onward : routes that others lead on to.
    base : effort to compare with; see `balloon.base_efforts`.
    deaths : deaths anywhere by run (``squeezed effort draw replicate deaths``); by default those on the table's routes.
    """
    moved = balloon.diversion_by_effort(table, onward, base)
    ratios = balloon.matrix(table, None, onward, base)
    changes = balloon.changes(table if deaths is None else _as_route(deaths), "deaths", base)
    found = []
    for squeezed, start in balloon.base_efforts(table, base).items():
        row = dict(moved[moved["squeezed"] == squeezed].sort_values("effort").to_dict(orient="records")[-1])
        chosen = ratios[ratios["squeezed"].eq(squeezed) & ratios["role"].eq("elsewhere")]
        shares = {str(each["route"]): Estimate(each["ratio"], each["low"], each["high"], each["n"])
                  for each in chosen.sort_values("ratio", ascending=False).to_dict(orient="records")}  # fmt: skip
        at_full = changes[changes["squeezed"].eq(squeezed) & changes["effort"].eq(row["effort"])]
        found.append(Balance(
            squeezed, start, float(row["effort"]),
            Estimate(row["fall"], row["fall_low"], row["fall_high"], row["n"]),
            Estimate(row["rise"], row["rise_low"], row["rise_high"], row["n"]),
            Estimate(row["ratio"], row["low"], row["high"], row["n"]), shares,
            mean_of(at_full.groupby("unit")["change"].sum().to_numpy()),
        ))  # fmt: skip
    return tuple(sorted(found, key=lambda each: (not each.told, -each.fall.mean)))


def _as_route(deaths: pd.DataFrame) -> pd.DataFrame:
    """Return deaths by run as a balloon table that has them on the squeezed route alone."""
    return deaths.assign(route=deaths["squeezed"], arrivals=0.0, attempts=0.0)
