"""Write a page that is made by a script, or say whether it is up to date."""

from __future__ import annotations

import sys
from pathlib import Path


def write_or_check(target: Path, text: str, script: str) -> int:
    """Write `text` to `target`; with ``--check`` on the command line only compare. Return the exit status."""
    if "--check" not in sys.argv[1:]:
        target.write_text(text, encoding="utf-8")
        return 0
    fresh = target.is_file() and target.read_text(encoding="utf-8") == text
    if not fresh:
        print(f"{target.name} is not up to date: run python docs/{script}", file=sys.stderr)
    return 0 if fresh else 1
