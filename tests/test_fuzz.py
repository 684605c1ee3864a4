"""Two hundred mutated inputs: no traceback, nothing slow, nothing written, no run to nonsense. About a minute."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tools"))

from fuzz import outcomes


def test_no_mutated_input_breaks_anything() -> None:
    made = list(outcomes(count=200, seed=13, runs=2, workers=1))
    assert [each for each in made if each.verdict not in ("passed", "refused", "slow")] == []  # tests tell no time
    assert sum(each.verdict == "refused" for each in made) > 50
    assert sum(each.verdict == "passed" for each in made) > 10
