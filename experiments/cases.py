"""What the four experiments on diversion say, beside the bands that were stated before their scenarios were first run.

``python experiments/cases.py`` reads ``results/reference/NAME/runs.parquet``, or that of another folder, and prints a
line a figure: taken from the means over all draws, a 95 per cent interval (jackknife over draws, Student's t), its
band, and whether it lies within. ``--keep`` writes them to ``cases/figures.csv`` beside those folders. The bands, and
what each was taken from, are told in docs/cases.md.

The share of a fall that is matched elsewhere is taken within origin and need (`simulator.analysis.diversion.within`),
from a sweep that kept arrivals so. Where it says "all people together" nothing was kept by origin: everybody more is
set against everybody fewer, who need not be the same people, and the share may lie above or below a count of them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from simulator.analysis.diversion.within import within

ROOT: Final = Path(__file__).resolve().parents[1]
REFERENCE: Final = ROOT / "results" / "reference"
CONFIDENCE: Final = 0.95


@dataclass(frozen=True)
class Arms:
    """Measures (columns) of the arms (rows) of an experiment: means over draws, after those over replicates."""

    table: pd.DataFrame

    def of(self, arm: str, *measures: str) -> float:
        """Return one or several measures of an arm, added up."""
        return float(self.table.loc[arm, list(measures)].sum())


@dataclass(frozen=True)
class Figure:
    """A figure of a case, and its band.

    Attributes
    ----------
    experiment : whose runs it is taken from.
    name : what it is.
    low, high : limits of its band.
    take : works it out of the means of the arms.
    """

    experiment: str
    name: str
    low: float
    high: float
    take: Callable[[Arms], float]

    def estimate(self, folder: Path) -> tuple[float, float, float]:
        """Return the figure of the means over draws, and its interval."""
        table = by_draw(self.experiment, folder)
        draws = table.index.unique("draw")
        found = self.take(Arms(table.groupby("arm").mean()))
        left = (table.drop(index=draw, level="draw").groupby("arm").mean() for draw in draws)
        without = np.array([self.take(Arms(rest)) for rest in left])
        n = len(draws)
        half = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1) * np.sqrt((n - 1) * without.var()))
        return found, found - half, found + half


LAND: Final = ("ports", "between", "hidden")
OTHER_AFTER: Final = ("ports-after", "hidden-after", "air-after")


def _risk(arms: Arms, arm: str) -> float:
    return arms.of(arm, "deaths-sea") / arms.of(arm, "attempts")


def _stops(arms: Arms) -> float:
    """Return what the agreement without loophole stops of those who come over land."""
    return arms.of("no-agreement", *LAND) - arms.of("no-loophole", *LAND)


@dataclass(frozen=True)
class Matched:
    """The share of a fall on some routes that a rise on others matches, within origin and need, and its band.

    Attributes
    ----------
    experiment, name, low, high : as of `Figure`.
    arms : without what makes it fall, and with it.
    squeezed, elsewhere : routes on which it falls, and where a rise counts.
    """

    experiment: str
    name: str
    low: float
    high: float
    arms: tuple[str, str]
    squeezed: tuple[str, ...]
    elsewhere: tuple[str, ...]

    def estimate(self, folder: Path) -> tuple[float, float, float]:
        """Return the share, and its interval over draws."""
        runs, rows = (pd.read_parquet(folder / GROUPS / f"{name}.parquet") for name in ("runs", "arrivals-by-group"))
        rows = rows.merge(runs[runs["arm"].isin(self.arms)][["id", "arm", "draw", "replicate"]], on="id")
        sign = rows["arm"].astype(str).map(dict(zip(self.arms, (-1.0, 1.0), strict=True)))
        found = within(rows.assign(change=sign * rows["arrivals"]), self.squeezed, self.elsewhere).ratio
        return found.mean, found.low, found.high


GROUPS: Final = "spain-morocco-who-moved"
"""What ``corridor sweep experiments/spain-morocco/who-moved.yaml`` keeps."""
_SPAIN, _ITALY, _CANADA, _BOATS = "spain-morocco", "italy-libya", "safe-third-country", "australia-boats"
_SPANISH, _CENTRAL = ("western-mediterranean", "western-african"), "central-mediterranean"
INFINITE: Final = float("inf")

FIGURES: Final = (
    Figure(_SPAIN, "arrivals on the Western Mediterranean, 2017 over 2016", 1.5, 3.5,
           lambda a: a.of("as-was", "west-2017") / a.of("as-was", "west-2016")),
    Figure(_SPAIN, "share of arrivals there in 2017 that easing brought", 0.3, 0.9,
           lambda a: 1 - a.of("not-eased", "west-2017") / a.of("as-was", "west-2017")),
    Figure(_SPAIN, "share of arrivals there, August to December 2017, that Libya sent", 0.0, 0.25,
           lambda a: 1 - a.of("no-arrangements", "west-after") / a.of("as-was", "west-after")),
    Matched(_SPAIN, "Moroccan control against none: share of those fewer in Spain matched by Libya", 0.5, INFINITE,
            ("no-control", "as-was"), _SPANISH, (_CENTRAL,)),
    Figure(_ITALY, "change of arrivals on the Central Mediterranean, August to December 2017", -0.85, -0.4,
           lambda a: a.of("as-was", "central") / a.of("none", "central") - 1),
    Figure(_ITALY, "share brought back of those who put out from Libya, 2017", 0.08, 0.25,
           lambda a: a.of("as-was", "brought-back-2017") / a.of("as-was", "attempts-2017")),
    Figure(_ITALY, "deaths an attempt from Libya, factor", 1.1, 3.0,
           lambda a: _risk(a, "as-was") / _risk(a, "none")),
    Figure(_ITALY, "change of all deaths, August to December 2017", -1.0, 0.0,
           lambda a: a.of("as-was", "deaths") / a.of("none", "deaths") - 1),
    Figure(_ITALY, "rise on other routes at once, against the fall; all people together, not the same ones", 0.0, 0.25,
           lambda a: (a.of("as-was", "elsewhere") - a.of("none", "elsewhere"))
           / (a.of("none", "central") - a.of("as-was", "central"))),
    Figure(_CANADA, "change of crossings between ports with the protocol, April to December 2023", -1.0, -0.85,
           lambda a: a.of("as-was", "between-after") / a.of("stays-open", "between-after") - 1),
    Figure(_CANADA, "rise of other ways into Canada, against that fall; all people together, not the same ones",
           0.05, 0.6,
           lambda a: (a.of("as-was", *OTHER_AFTER) - a.of("stays-open", *OTHER_AFTER))
           / (a.of("stays-open", "between-after") - a.of("as-was", "between-after"))),
    Figure(_CANADA, "change of arrivals over land with an agreement without loophole, against none", -0.8, -0.3,
           lambda a: -_stops(a) / a.of("no-agreement", *LAND)),
    Figure(_CANADA, "share of what that stops that the loophole gives back", 0.5, INFINITE,
           lambda a: (a.of("as-was", *LAND) - a.of("no-loophole", *LAND)) / _stops(a)),
    Figure(_CANADA, "without an agreement: share over land between ports", 0.0, 0.25,
           lambda a: a.of("no-agreement", "between") / a.of("no-agreement", *LAND)),
    Figure(_CANADA, "as it was: share over land at ports of entry", 0.1, 0.35,
           lambda a: a.of("as-was", "ports") / a.of("as-was", "ports", "between")),
    Figure(_BOATS, "change of arrivals by boat in 2014, both against neither", -1.0, -0.9,
           lambda a: a.of("both", "arrivals-2014") / a.of("neither", "arrivals-2014") - 1),
    Figure(_BOATS, "change from autumn 2012 to autumn 2013", -0.97, -0.75,
           lambda a: a.of("both", "autumn-2013") / a.of("both", "autumn-2012") - 1),
    Figure(_BOATS, "arrivals by boat in 2012 over 2011", 2.0, 6.0,
           lambda a: a.of("both", "arrivals-2012") / a.of("both", "arrivals-2011")),
    Figure(_BOATS, "change of deaths at sea in 2014, both against neither", -1.0, -0.85,
           lambda a: a.of("both", "deaths-2014") / a.of("neither", "deaths-2014") - 1),
    Figure(_BOATS, "share of those fewer who stay in Indonesia and Malaysia", 0.03, 0.4,
           lambda a: (a.of("both", "resident", "waiting") - a.of("neither", "resident", "waiting"))
           / (a.of("neither", "arrivals-since") - a.of("both", "arrivals-since"))),
)  # fmt: skip


REPORTED: Final = (
    Matched(_SPAIN, "Moroccan control against a tenth less: share of those fewer in Spain matched by Libya",
            -INFINITE, INFINITE, ("less-control", "as-was"), _SPANISH, (_CENTRAL,)),
    Figure(_ITALY, "share brought back of those who put out from Libya, first half of 2018", -INFINITE, INFINITE,
           lambda a: a.of("as-was", "brought-back-2018") / a.of("as-was", "attempts-2018")),
    Figure(_BOATS, "change of deaths at sea in 2014, turned back alone against neither", -INFINITE, INFINITE,
           lambda a: a.of("turnbacks", "deaths-2014") / a.of("neither", "deaths-2014") - 1),
)  # fmt: skip
"""Figures for which no band was stated."""


def by_draw(experiment: str, folder: Path = REFERENCE) -> pd.DataFrame:
    """Return the runs of an experiment by arm and draw, replicates averaged."""
    runs = pd.read_parquet(folder / experiment / "runs.parquet")
    return runs.groupby(["arm", "draw"]).mean(numeric_only=True)


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=REFERENCE)
    parser.add_argument("--keep", action="store_true", help="write them to cases/figures.csv in that folder")
    asked = parser.parse_args()
    rows = []
    for figure in (*FIGURES, *REPORTED):
        mean, low, high = figure.estimate(asked.folder)
        rows.append((figure.experiment, figure.name, mean, low, high, figure.low, figure.high))
        within = "within" if figure.low <= mean <= figure.high else "MISSES"
        judged = "no band" if figure in REPORTED else f"band {figure.low:g} to {figure.high:g}: {within}"
        print(f"{figure.experiment}: {figure.name}: {mean:.3f} ({low:.3f} to {high:.3f}); {judged}")
    if asked.keep:
        columns = ["experiment", "figure", "mean", "low", "high", "band from", "to"]
        keep(pd.DataFrame(rows, columns=columns), asked.folder)


def keep(found: pd.DataFrame, folder: Path) -> None:
    """Write the figures, and which version of Corridor made the runs."""
    records = (json.loads((folder / name / "record.json").read_text(encoding="utf-8")) for name in
               dict.fromkeys(found["experiment"]))  # fmt: skip
    made_by = sorted({record["versions"]["corridor"] for record in records})
    (folder / "cases").mkdir(exist_ok=True)
    found.to_csv(folder / "cases" / "figures.csv", index=False, float_format="%.6g")
    about = {"command": "python experiments/cases.py --keep", "versions": {"corridor": " and ".join(made_by)}}
    (folder / "cases" / "record.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
