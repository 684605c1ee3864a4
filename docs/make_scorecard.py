"""Write the scorecard that is kept in results/scorecard, in short, to docs/scorecard.md, and a line into README.md.

``python docs/make_scorecard.py`` writes it; ``--check`` only says whether it is up to date.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from pages import write_or_check  # noqa: E402

from simulator.validation.report import BEGIN, END, JSON, SHORT, short_page, summary_line  # noqa: E402

README: Final = ROOT / "README.md"
PAGE: Final = ROOT / SHORT
SCORECARD: Final = ROOT / "results" / "scorecard" / JSON


def render(text: str) -> str:
    """Return a text with the line of the scorecard in place of what stands between its marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"README.md lacks the marks {BEGIN!r} and {END!r}")
    return before + summary_line(_content()) + after


def _content() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(SCORECARD.read_text(encoding="utf-8"))
    return content


def main() -> int:
    """Write page and line, or check them; return the exit status."""
    pages = ((PAGE, short_page(_content())), (README, render(README.read_text(encoding="utf-8"))))
    return max(write_or_check(target, text, "make_scorecard.py") for target, text in pages)


if __name__ == "__main__":
    sys.exit(main())
