"""Other numbers in a resolved scenario, its files unread: what sweeps and calibration do by thousands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from simulator.errors import InputError, Problem
from simulator.scenario.evidence import Quantity
from simulator.scenario.schema import Scenario
from simulator.scenario.tables import KEYS, TABLES


def with_values(scenario: Scenario, values: Mapping[str, float]) -> Scenario:
    """Return the scenario with other numbers in some of its fields.

    Nothing is checked again, and no evidence changes: the values must make sense where they stand.

    Parameters
    ----------
    scenario : a resolved scenario; it stays as it is.
    values : numbers by dotted field, in the units that the scenario holds: ``parameters.news.weight``,
        ``policies.eu-turkey-statement.levers.0.values.0.value``, ``origins.SYR.departure_level``.

    Raises
    ------
    InputError
        With every field that the scenario does not have.
    """
    corridor: dict[str, Any] = {"parameters": scenario.parameters, "policies": dict(scenario.corridor.policies)}
    cells: dict[str, dict[tuple[str, ...], dict[str, float]]] = {}
    problems: list[Problem] = []
    for field, value in values.items():
        head, *path = field.split(".")
        try:
            if head in corridor:
                corridor[head] = _put(corridor[head], path, value)
            elif head in TABLES:
                key, column = _cell(head, path)
                cells.setdefault(head, {}).setdefault(key, {})[column] = value
            else:
                raise KeyError(head)
        except (AttributeError, KeyError, IndexError, ValueError, TypeError):
            problems.append(Problem("values", field, "there is no such number in the scenario"))
    tables = {name: _rows(scenario, name, changes, problems) for name, changes in cells.items()}
    if problems:
        raise InputError(problems)
    return scenario.model_copy(update={"corridor": scenario.corridor.model_copy(update=corridor), **tables})


def _put(thing: Any, path: list[str], value: float) -> Any:
    """Return a copy of `thing` with the number at the end of `path` replaced."""
    name, rest = path[0], path[1:]
    if isinstance(thing, dict):
        return {**thing, name: _put(thing[name], rest, value)}
    if isinstance(thing, tuple):
        place = int(name)
        return (*thing[:place], _put(thing[place], rest, value), *thing[place + 1 :])
    now = getattr(thing, name)
    if rest:
        new: Any = _put(now, rest, value)
    elif isinstance(now, Quantity):
        new = now.model_copy(update={"value": value})
    elif isinstance(now, int | float) and not isinstance(now, bool):
        new = value
    else:
        raise KeyError(name)
    copied: BaseModel = thing.model_copy(update={name: new})
    return copied


def _cell(table: str, path: list[str]) -> tuple[tuple[str, ...], str]:
    """Return the key of the row and the column that a path names; keys hold no dots."""
    keys = len(KEYS[table])
    if len(path) != keys + 1:
        raise KeyError(table)
    return tuple(path[:keys]), path[keys]


def _rows(
    scenario: Scenario, table: str, changes: dict[tuple[str, ...], dict[str, float]], problems: list[Problem]
) -> tuple[Any, ...]:
    """Return the rows of a table with some cells replaced."""
    rows, left = [], dict(changes)
    for row in getattr(scenario, table):
        new = left.pop(tuple(str(getattr(row, column)) for column in KEYS[table]), None)
        if new is not None:
            problems.extend(
                Problem("values", f"{table}.{column}", "there is no such number in the scenario")
                for column in new
                if not isinstance(getattr(row, column, None), int | float)
            )
            row = row.model_copy(update=new)
        rows.append(row)
    problems.extend(Problem("values", ".".join((table, *key)), "there is no such row in the scenario") for key in left)
    return tuple(rows)
