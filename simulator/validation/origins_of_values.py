"""What was set from what: fitted fields, and numbers that share a source with a figure of the scorecard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from simulator.scenario.schema import FitFile, Scenario
from simulator.scenario.tables import TABLES
from simulator.validation.criteria import Criterion

EVERY_FITTED: Final = "all that were fitted"
"""What shares the source of a fitted field."""


@dataclass(frozen=True)
class Setting:
    """A number, what it was set from, and the figures of the scorecard that share that.

    Attributes
    ----------
    field : dotted field, or column of a table.
    how : ``fitted``, or the kind of the number.
    sources : ids of what it was set from.
    interval : range that the data leave of a fitted one.
    shared_by : ids of criteria; of a fitted field `EVERY_FITTED`.
    """

    field: str
    how: str
    sources: tuple[str, ...]
    interval: tuple[float, float] | None
    shared_by: tuple[str, ...]


def settings(scenario: Scenario, fit: FitFile | None, criteria: Sequence[Criterion]) -> list[Setting]:
    """Return what was set from what.

    Parameters
    ----------
    scenario : resolved scenario.
    fit : the corridor's fit, or None.
    criteria : all criteria of the scorecard.
    """
    made: list[Setting] = []
    if fit is not None:
        used = (EVERY_FITTED,)
        made.extend(Setting(field, "fitted", fit.data, about.interval, used) for field, about in fit.fields.items())
    known = {setting.field for setting in made}
    for field, kind, source in numbers(scenario):
        shared = tuple(
            each.id for each in criteria if field in each.set_from or (source is not None and source in each.sources)
        )
        if shared and field not in known:
            made.append(Setting(field, kind, (source,) if source else (), None, shared))
    return made


def numbers(scenario: Scenario) -> Iterator[tuple[str, str, str | None]]:
    """Yield every number of a scenario that says where it comes from: field, kind, and source if it has one.

    Columns of tables stand for their cells, and a lever change for its values.
    """
    corridor = scenario.corridor
    for group, parameters in corridor.parameters:
        for name, quantity in parameters:
            yield f"parameters.{group}.{name}", quantity.kind, quantity.source
    for table in TABLES:
        file = getattr(corridor.tables, table)
        for column, evidence in file.columns.items() if file is not None and not table.startswith("observed") else ():
            yield f"{table}.{column}", evidence.kind, evidence.source
    for name, policy in corridor.policies.items():
        for place, change in enumerate(policy.levers):
            yield f"policies.{name}.levers.{place} ({change.lever})", change.kind, change.source


def in_short(shared: Sequence[str]) -> str:
    """Return ids of criteria as a reader takes them in: facts by number, others by section."""
    return ", ".join(dict.fromkeys(name.split(".")[0].upper() if name[1:2].isdigit() else name.split(".")[0]
                                   for name in shared))  # fmt: skip
