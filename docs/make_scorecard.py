"""Put the scorecard that is kept in results/scorecard, in short, into README.md, between its marks.

``python docs/make_scorecard.py`` writes it; ``--check`` only says whether it is up to date.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from pages import write_or_check  # noqa: E402

from simulator.validation.report import BEGIN, END, JSON, summary_block  # noqa: E402

TARGET: Final = ROOT / "README.md"
SCORECARD: Final = ROOT / "results" / "scorecard" / JSON


def render(text: str) -> str:
    """Return a text with the block of the scorecard in place of what stands between its marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"README.md lacks the marks {BEGIN!r} and {END!r}")
    return before + summary_block(json.loads(SCORECARD.read_text(encoding="utf-8"))) + after


def main() -> int:
    """Write the block, or check it; return the exit status."""
    return write_or_check(TARGET, render(TARGET.read_text(encoding="utf-8")), "make_scorecard.py")


if __name__ == "__main__":
    sys.exit(main())
