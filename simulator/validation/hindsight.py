"""Inputs that speak of months which no fit read: a figure of those months is held back from the fit, not from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pandas as pd

from simulator.scenario.schema import Scenario


@dataclass(frozen=True)
class LateValue:
    """A value of a policy that takes hold in, or after, the last month of the fitting period.

    Attributes
    ----------
    field : dotted field of the policy's change, with its lever.
    from_ : day on which it takes hold.
    kind : measured, estimated or assumed.
    source : id of its source, or None.
    """

    field: str
    government: str
    from_: date
    value: float
    kind: str
    source: str | None

    @property
    def with_hindsight(self) -> bool:
        """Whether nothing but knowledge of what happened says how large it is."""
        return self.kind == "assumed"


def late_values(scenario: Scenario, last: pd.Period, *, whole: bool = False) -> Iterator[LateValue]:
    """Yield the dated values of policies from the first day of the last fitted month on, by date.

    Parameters
    ----------
    last : last month of the fitting period. A value that takes hold in it acts on what follows, and hardly on it.
    whole : also those that take hold after the end of the run.
    """
    first, end = last.start_time.date(), date.max if whole else scenario.period.end
    found = [
        LateValue(f"policies.{name}.levers.{place} ({change.lever})", change.government, dated.from_, dated.value,
                  change.kind, change.source)
        for name, policy in scenario.corridor.policies.items()
        for place, change in enumerate(policy.levers)
        for dated in change.values
        if first <= dated.from_ < end
    ]  # fmt: skip
    yield from sorted(found, key=lambda value: (value.from_, value.field))


def late_table(scenario: Scenario, last: pd.Period) -> pd.DataFrame:
    """Return the late values of a run as a table."""
    columns = ["field", "government", "from", "value", "kind", "source"]
    rows = [(v.field, v.government, str(v.from_), v.value, v.kind, v.source or "") for v in late_values(scenario, last)]
    return pd.DataFrame(rows, columns=columns)
