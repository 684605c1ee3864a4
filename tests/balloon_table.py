"""A made-up table of the sweep that squeezes each route in turn, for tests of what reads such tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

LABELS = {"east": "Eastern Mediterranean", "centre": "Central Mediterranean", "west": "Western Mediterranean"}
ATTRACTION = {"east": 1.2, "centre": 0.7, "west": -0.6}
RISK = {"east": 0.002, "centre": 0.017, "west": 0.004}


def balloon_table(
    efforts: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0, 4.0), draws: int = 3, replicates: int = 2, seed: int = 5
) -> pd.DataFrame:
    """Return a row a run and route: people choose by logit among three routes and staying, with luck of each draw."""
    rng = np.random.default_rng(seed)
    rows = []
    for draw in range(draws):
        worth = {route: value + 0.15 * rng.standard_normal() for route, value in ATTRACTION.items()}
        for replicate in range(replicates):
            people = 300_000 * np.exp(0.05 * rng.standard_normal())
            for squeezed in ATTRACTION:
                for effort in efforts:
                    less = {route: 0.5 * effort * (route == squeezed) for route in worth}
                    weight = {route: np.exp(value - less[route]) for route, value in worth.items()}
                    total = 1.0 + sum(weight.values())
                    for route in ATTRACTION:
                        attempts = round(people * weight[route] / total)
                        stopped = 0.1 + 0.12 * effort * (route == squeezed)
                        deaths = round(attempts * RISK[route] * (1 + 0.15 * effort * (route == squeezed)))
                        rows.append((squeezed, effort, draw, replicate, route,
                                     round((attempts - deaths) * (1 - stopped)), deaths, attempts))  # fmt: skip
    columns = ["squeezed", "effort", "draw", "replicate", "route", "arrivals", "deaths", "attempts"]
    return pd.DataFrame(rows, columns=columns)


def balloon_people(table: pd.DataFrame, groups: tuple[tuple[str, str], ...] = (("ORA", "in_need"),)) -> pd.DataFrame:
    """Return the arrivals of a table by origin and need: the same parts of every run's for each group."""
    each = table["arrivals"] / len(groups)
    parts = [table.assign(origin=origin, need=need, arrivals=each) for origin, need in groups]
    return pd.concat(parts, ignore_index=True).drop(columns=["deaths", "attempts"])
