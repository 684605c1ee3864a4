"""What governments decided by rule in a run, and why: options, payoff terms and chances."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date as calendar
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from simulator.errors import InputError, Problem, nearest

if TYPE_CHECKING:
    from simulator.outputs.result import Result

CHANCE: Final = "chance"
TAKEN: Final = "taken"
_KEYS: Final = ("date", "government", "partner", "question", "role")


def choices_of(result: Result, government: str | None = None, date: str | None = None) -> list[dict[str, Any]]:
    """Return the decisions of a run, in order of date: what could be done, why, and what was done.

    Parameters
    ----------
    government : code or name of a country, or EU; by default all.
    date : YYYY, YYYY-MM or YYYY-MM-DD: decisions of that time only; by default all.

    Returns
    -------
    list of dict
        ``date``, ``government``, ``partner``, ``question``, ``role``, ``taken`` (name of the option) and ``options``:
        for each its ``option``, ``chance``, ``utility``, and ``terms`` by name, in utility.

    Raises
    ------
    InputError
        If the run has no decision of that government, or at that time; the message says which there are.
    """
    folder = str(result.folder or "run")
    table = result.tables["choices"].drop(columns="step")
    labels = [name for name in table.columns if name != "value"]
    table[labels] = table[labels].astype(str)
    names = {row.country: row.name for row in result.scenario.countries} | {"EU": "European Union"}
    if table.empty:
        advice = "lay over an override that makes bargains active, such as origins-decide-on-returns"
        raise InputError([Problem(folder, "", "no government decided anything by rule in this run", advice=advice)])
    if government is not None:
        table = _of_government(table, government, names, folder)
    if date is not None:
        table = _of_time(table, date, folder)
    found = []
    for key, rows in table.groupby(list(_KEYS), sort=True):
        options = [_option(str(name), part) for name, part in rows.groupby("option", sort=False)]
        (taken,) = set(rows.loc[(rows["term"] == TAKEN) & (rows["value"] == 1.0), "option"])
        found.append({**dict(zip(_KEYS, map(str, key), strict=True)), TAKEN: taken, "options": options})
    for each in found:
        each["government_name"] = names.get(str(each["government"]), str(each["government"]))
    return found


def _of_government(table: pd.DataFrame, government: str, names: Mapping[str, str], folder: str) -> pd.DataFrame:
    codes = {name.lower(): code for code, name in names.items()} | {code.lower(): code for code in names}
    code = codes.get(government.lower())
    deciding = sorted(set(table["government"]))
    if code not in deciding:
        known = [names.get(each, each) for each in deciding]
        message = "decided nothing by rule in this run" if code else "is an unknown government"
        raise InputError([Problem(folder, "--government", message, government, None, ", ".join(known),
                                  nearest(government, [*known, *deciding]))])  # fmt: skip
    return table[table["government"] == code]


def _of_time(table: pd.DataFrame, date: str, folder: str) -> pd.DataFrame:
    if not _is_date(date):
        raise InputError([Problem(folder, "--date", "is not a date", date, None, "YYYY, YYYY-MM or YYYY-MM-DD")])
    chosen = table[table["date"].str.startswith(date)]
    if not chosen.empty:
        return chosen
    days = sorted(set(table["date"]))
    # Decisions fall due once a quarter or so: the one in force on each question is the last before that time's end.
    before = table[table["date"].str[: len(date)] <= date]
    if before.empty:
        raise InputError([Problem(folder, "--date", "comes before the first decision", date, None,
                                  f"{days[0]} to {days[-1]}")])  # fmt: skip
    last = before.groupby(["question", "role"])["date"].transform("max")
    in_force: pd.DataFrame = before[before["date"] == last]
    return in_force


def _is_date(text: str) -> bool:
    """Return whether a text is YYYY, YYYY-MM or YYYY-MM-DD, and there is such a time."""
    if not re.fullmatch(r"\d{4}(-\d{2}){0,2}", text):
        return False
    try:
        calendar.fromisoformat(f"{text}-01-01"[:10])
    except ValueError:
        return False
    return True


def _option(name: str, rows: pd.DataFrame) -> dict[str, Any]:
    values = dict(zip(rows["term"], rows["value"], strict=True))
    chance, _ = values.pop(CHANCE), values.pop(TAKEN)
    return {"option": name, CHANCE: chance, "utility": sum(values.values()), "terms": values}
