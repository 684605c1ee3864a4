"""Write what is kept in results/scorecard into the documents: docs/scorecard.md whole, and figures in others.

``python docs/make_scorecard.py`` writes; ``--check`` only says whether they are up to date. README.md has one line
between marks. Elsewhere a figure stands between ``<!--=f3.central.value-->`` and ``<!--/-->``: the id of a criterion,
and ``value`` (the best member's), ``interval`` (of all runs), ``both``, ``band`` or ``status``; `hindsight.table` is
the list of inputs set with hindsight; `hindsight.all`, `.measured`, `.assumed` and `.estimated` count it; `runs` says
what the scorecard rests on.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from pages import write_or_check  # noqa: E402

from simulator.validation.report import BEGIN, END, JSON, SHORT, rests_on, short_page, summary_line  # noqa: E402

README: Final = ROOT / "README.md"
PAGE: Final = ROOT / SHORT
FOLDER: Final = ROOT / "results" / "scorecard"
MARKED: Final = (ROOT / "docs" / "calibration.md",)
"""Documents with figures between marks."""
FIGURE: Final = re.compile(r"<!--=([\w.-]+)-->.*?<!--/-->", re.DOTALL)


def render(text: str) -> str:
    """Return a text with the line of the scorecard in place of what stands between its marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"README.md lacks the marks {BEGIN!r} and {END!r}")
    return before + summary_line(_content()) + after


def figures() -> dict[str, str]:
    """Return what stands between marks, by name."""
    content = _content()
    found = {"runs": rests_on(content)}
    for line in content["lines"]:
        shown: Mapping[str, str] = line["shown"]
        found |= {f"{line['id']}.{part}": shown[part] for part in ("band", "value", "interval")}
        found[f"{line['id']}.both"] = f"{shown['value']} ({shown['interval']})"
        found[f"{line['id']}.status"] = str(line["status"])
    with (FOLDER / "hindsight.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found["hindsight.all"] = str(len(rows))
    for kind in ("measured", "assumed", "estimated"):
        found[f"hindsight.{kind}"] = str(sum(row["kind"] == kind for row in rows))
    lines = [f"| {row['from']} | `{row['field']}` | {row['value']} | {row['kind']} |" for row in rows]
    found["hindsight.table"] = "\n".join(["", "| from | field | value | kind |", "|---|---|---|---|", *lines, ""])
    return found


def fill(text: str) -> str:
    """Return a text with the figures of the scorecard between its marks."""
    known = figures()
    if unknown := sorted({name for name in FIGURE.findall(text) if name not in known}):
        raise SystemExit(f"the scorecard has no {', '.join(unknown)}")
    return FIGURE.sub(lambda mark: f"<!--={mark[1]}-->{known[mark[1]]}<!--/-->", text)


def _content() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / JSON).read_text(encoding="utf-8"))
    return content


def pages() -> dict[Path, str]:
    """Return every document as it should be."""
    marked = {path: fill(path.read_text(encoding="utf-8")) for path in MARKED}
    return {PAGE: short_page(_content()), README: render(README.read_text(encoding="utf-8")), **marked}


def main() -> int:
    """Write the documents, or check them; return the exit status."""
    return max(write_or_check(target, text, "make_scorecard.py") for target, text in pages().items())


if __name__ == "__main__":
    sys.exit(main())
