"""The least difference that matters: under it arms do equally well, however surely they can be told apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

SHARE: Final = 0.01
"""Of the mean size of a measure over all arms and units, where neither the design (``least``, in the unit of the
measure) nor the caller says: one in a hundred is less than what is uncertain of any input of these models."""


def least_of(content: Mapping[str, Any], measure: str, table: pd.DataFrame) -> float:
    """Return the least difference of a measure that matters, in its unit.

    Parameters
    ----------
    content : what was asked: ``least`` of the design, by measure, and ``least_share`` of the caller.
    table : the measure by arm (columns), a row a unit.
    """
    given = ((content.get("design") or {}).get("least") or {}).get(measure)
    asked = content.get("least_share")
    if given is not None and asked is None:
        return float(given)
    values = np.abs(table.to_numpy(dtype=float))
    size = float(values[np.isfinite(values)].mean()) if np.isfinite(values).any() else 0.0
    return (SHARE if asked is None else float(asked)) * size
