"""Put the scorecard that is kept in results/scorecard, in short, into README.md, between its marks.

``python docs/make_scorecard.py`` writes it; ``--check`` only says whether it is up to date.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

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
    text = TARGET.read_text(encoding="utf-8")
    made = render(text)
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(made, encoding="utf-8")
        return 0
    if made != text:
        print("README.md is not up to date: run python docs/make_scorecard.py", file=sys.stderr)
    return int(made != text)


if __name__ == "__main__":
    sys.exit(main())
