"""Score a run: each observed monthly series against the simulated one.

Correlation and errors say how alike the series are; skill says whether the run beats a forecast that
needs no model. A number that does not exist is NaN, and the column ``reason`` says why; never zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from simulator.analysis.metrics import amounts, months_of
from simulator.numbers import FEWEST_ROWS, few_rows

if TYPE_CHECKING:
    from simulator.outputs.result import Result
    from simulator.scenario.schema import ObservedSeries, Scenario

FIT_END: Final = "2016-12"
"""Last month of the fitting period."""

COLUMNS: Final = (
    "series",
    "label",
    "measure",
    "period",
    "n_months",
    "observed_total",
    "simulated_total",
    "error_of_total",
    "correlation",
    "mae",
    "skill_last_month",
    "skill_last_year",
    "reason",
)


FEW_REASON: Final = f"simulated total: rests on fewer than {FEWEST_ROWS} rows of people"


def observed_series(scenario: Scenario, name: str) -> pd.Series[float]:
    """Return an observed series by month; months that nobody reported are absent."""
    cells = {row.month: row.value for row in scenario.observed if row.series == name}
    index = pd.PeriodIndex(list(cells), freq="M")
    return pd.Series(list(cells.values()), index=index, dtype=float, name=name).sort_index()


def simulated_series(result: Result, series: ObservedSeries) -> pd.Series[float]:
    """Return what the run counted of an observed series, over the run's whole months."""
    measure, where = str(series.measure), {}
    if series.legs:
        # Legs named one by one count whether or not arrivals on their route are counted there.
        measure = "crossings" if measure == "arrivals" else measure
        where["leg"] = series.legs
    elif series.routes:
        where["route"] = series.routes
    if series.origin is not None:
        where["origin"] = (series.origin,)
    by_month = amounts(result, measure, ["month"], where).set_index("month")["value"]
    return by_month.reindex(months_of(result.scenario)).fillna(0.0).astype(float)


def last_month_forecast(observed: pd.Series[float], fit_end: pd.Period, months: pd.PeriodIndex) -> pd.Series[float]:
    """Return the last figure observed up to `fit_end`, carried forward; NaN if there is none."""
    known = observed[observed.index <= fit_end].dropna()
    value = known.iloc[-1] if len(known) else np.nan
    return pd.Series(value, index=months, dtype=float)


def last_year_forecast(observed: pd.Series[float], fit_end: pd.Period, months: pd.PeriodIndex) -> pd.Series[float]:
    """Return the twelve months that end with `fit_end`, repeated; NaN where a month was not observed."""
    back = [fit_end - (-(month - fit_end).n % 12) for month in months]
    return pd.Series(observed.reindex(pd.PeriodIndex(back, freq="M")).to_numpy(), index=months, dtype=float)


def _mean_error(observed: pd.Series[float], forecast: pd.Series[float]) -> float:
    return float((forecast - observed).abs().mean()) if len(observed) else float("nan")


def _skill(
    observed: pd.Series[float], simulated: pd.Series[float], naive: pd.Series[float], name: str
) -> tuple[float, str]:
    """Return the skill against a naive forecast, over the months that have one, and why it is missing."""
    months = naive.dropna().index
    if not len(months):
        return float("nan"), f"{name}: not observed before the forecast"
    base = _mean_error(observed[months], naive[months])
    if base == 0.0:
        return float("nan"), f"{name}: the naive forecast has no error to improve on"
    reason = f"{name}: over {len(months)} of {len(observed)} months" if len(months) < len(observed) else ""
    return 1.0 - _mean_error(observed[months], simulated[months]) / base, reason


def _correlation(observed: pd.Series[float], simulated: pd.Series[float]) -> tuple[float, str]:
    """Return Pearson's correlation, and why it is missing."""
    if len(observed) < 3:
        return float("nan"), "correlation: fewer than 3 months"
    for values, which in ((observed, "observed"), (simulated, "simulated")):
        if float(values.max()) == float(values.min()):
            return float("nan"), f"correlation: the {which} series does not vary"
    return float(np.corrcoef(observed, simulated)[0, 1]), ""


def _missing(n_months: int) -> str:
    return f"{n_months} {'month' if n_months == 1 else 'months'} not observed"


def _period_row(
    observed: pd.Series[float], simulated: pd.Series[float], n_missing: int, skills: dict[str, tuple[float, str]]
) -> dict[str, object]:
    """Return the numbers of one series in one period."""
    if not len(observed):
        missing = dict.fromkeys(COLUMNS[5:12], float("nan"))
        return {**missing, "n_months": 0, "reason": "no month is both observed and simulated"}
    total, reasons = float(observed.sum()), [_missing(n_missing)] if n_missing else []
    correlation, why = _correlation(observed, simulated)
    if total == 0.0:
        reasons.append("error of total: nothing was observed")
    reasons += [text for text in (why, *(reason for _, reason in skills.values())) if text]
    return {
        "n_months": len(observed),
        "observed_total": total,
        "simulated_total": float(simulated.sum()),
        "error_of_total": float(simulated.sum()) / total - 1.0 if total else float("nan"),
        "correlation": correlation,
        "mae": _mean_error(observed, simulated),
        **{name: value for name, (value, _) in skills.items()},
        "reason": "; ".join(dict.fromkeys(reasons)),
    }


def score_series(
    observed: pd.Series[float], simulated: pd.Series[float], fit_end: pd.Period
) -> list[dict[str, object]]:
    """Return one row a period (fitted, tested, whole) for one series; see `score`.

    Parameters
    ----------
    observed : by month; months that nobody reported are absent.
    simulated : by month, every month of the run.
    fit_end : last month of the fitting period.
    """
    before = simulated.index <= fit_end
    rows: list[dict[str, object]] = []
    for period, mask in (("fitted", before), ("tested", ~before), ("whole", before | ~before)):
        run_months = simulated.index[mask]
        months = observed.dropna().index.intersection(run_months)
        have, made = observed[months], simulated[months]
        undefined = "skill: defined after the fitting period only"
        skills = dict.fromkeys(("skill_last_month", "skill_last_year"), (float("nan"), undefined))
        if period == "tested" and len(months):
            ahead = pd.PeriodIndex(months)
            last_month = last_month_forecast(observed, fit_end, ahead)
            last_year = last_year_forecast(observed, fit_end, ahead)
            skills = {
                "skill_last_month": _skill(have, made, last_month, "skill against last month"),
                "skill_last_year": _skill(have, made, last_year, "skill against last year"),
            }
        rows.append({"period": period, **_period_row(have, made, len(run_months) - len(months), skills)})
    return rows


def score(result: Result, fit_end: str = FIT_END) -> pd.DataFrame:
    """Set each observed series of the scenario against the simulated one.

    Parameters
    ----------
    fit_end : last month of the fitting period, YYYY-MM. The naive forecasts are made when it ends.

    Returns
    -------
    pandas.DataFrame
        Three rows a series (fitted, tested, whole) with the columns of `COLUMNS`. Totals and ``mae``
        are in people (``mae`` a month), over months both observed and simulated in full;
        ``error_of_total`` is a share of the observed total; ``skill_*`` = 1 - MAE / MAE of the naive
        forecast, 1 is perfect and below 0 is worse than the forecast; ``reason`` says what is
        missing and why.
    """
    end = pd.Period(fit_end, freq="M")
    rows: list[dict[str, object]] = []
    for name, series in result.scenario.corridor.observed.items():
        periods = score_series(observed_series(result.scenario, name), simulated_series(result, series), end)
        head = {"series": name, "label": series.label, "measure": series.measure}
        for row in periods:
            if few_rows(float(str(row["simulated_total"])), result.scenario.persons_per_agent):
                row["reason"] = "; ".join(filter(None, [str(row["reason"]), FEW_REASON]))
        rows += [{**head, **row} for row in periods]
    return pd.DataFrame(rows, columns=list(COLUMNS))
