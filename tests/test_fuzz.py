"""Two hundred mutated inputs: no traceback, nothing slow, nothing written, no run to nonsense. About a minute."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tools"))

from fuzz import outcomes
from mutated import KINDS


def test_no_mutated_input_breaks_anything() -> None:
    """Slow is told by processor time beside that of the unmutated files, so that no busy or slow machine fails."""
    made = list(outcomes(count=200, seed=13, runs=10, workers=1))
    assert [each for each in made if each.verdict not in ("passed", "refused")] == []
    assert sum(each.verdict == "refused" for each in made) > 50
    assert sum(each.verdict == "passed" for each in made) > 10
    assert sum(each.ran for each in made) > 3
    assert {each.base for each in made} == set(KINDS)
