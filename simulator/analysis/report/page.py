"""The page itself: one HTML file with everything it needs inside, so that it can be read anywhere and for ever."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

from simulator.analysis.diversion.figures.balance_words import EDGE
from simulator.analysis.report.content import ReportContent, Table
from simulator.errors import InputError, Problem
from simulator.numbers import figure
from simulator.outputs.whole import check_place, whole_file

TEMPLATES: Final = "templates"
LONG: Final = 24
"""Rows from which a table is folded away."""
SUFFIXES: Final = (".html", ".htm")


def check_file(path: Path, *, overwrite: bool) -> None:
    """Check that a report may be written to a file, before anything is read.

    Raises
    ------
    InputError
        If it is no HTML file, or stands there already and is not to be replaced.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError([Problem("--out", "", "is no HTML file", str(path), None, "a name that ends in .html")])
    if path.is_dir():
        raise InputError([Problem("--out", "", "is a folder", str(path), advice="name a file")])
    check_place(path, folder=False)
    if path.exists() and not overwrite:
        advice = "use --overwrite, or name another file"
        raise InputError([Problem("--out", "", "is there already", str(path), advice=advice)])


def write(content: ReportContent, path: Path, *, overwrite: bool = False) -> Path:
    """Write a report to a file, whole or not at all, and return it.

    Raises
    ------
    InputError
        If it may not be written there, or plotly or jinja2 are not installed.
    """
    check_file(path, overwrite=overwrite)
    return whole_file(path, render(content))


def render(content: ReportContent) -> str:
    """Return the page as HTML.

    Raises
    ------
    InputError
        If plotly or jinja2 are not installed.
    """
    need_libraries()
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["shown"] = shown
    environment.filters["is_number"] = is_number
    template = environment.from_string(_text("report.html.j2"))
    return template.render(
        content=content, long=LONG, style=Markup(_text("report.css")), script=Markup(_text("report.js")),
        plotly=Markup(get_plotlyjs()), data=Markup(_data(content)), groups=_groups(content), edge=EDGE,
    )  # fmt: skip


def need_libraries() -> None:
    """Check that what a page is made with is installed.

    Raises
    ------
    InputError
        If it is not, with what to do.
    """
    try:
        import jinja2  # noqa: F401
        import plotly  # noqa: F401
    except ImportError as error:
        advice = "pip install 'corridor[report]'"
        said = f"needs {error.name}, which is not installed"
        raise InputError([Problem("report", "", said, advice=advice)]) from None


def _text(name: str) -> str:
    return (resources.files("simulator.analysis.report") / TEMPLATES / name).read_text(encoding="utf-8")


def _groups(content: ReportContent) -> list[tuple[str, tuple[Table, ...]]]:
    """Return the tables by section, for the template."""
    return [("comparison", content.comparison), ("evidence", content.evidence)]


def _data(content: ReportContent) -> str:
    """Return what the script draws as JSON that can stand in a page: no tag ends within it."""
    charts = [{"id": f"plot-{chart.id}", **chart.figure} for chart in content.charts]
    text = json.dumps(_finite({"charts": charts, "map": content.map}), ensure_ascii=False, separators=(",", ":"),
                      allow_nan=False)  # fmt: skip
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _finite(value: Any) -> Any:
    """Return JSON values in which numbers that do not exist are null."""
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def is_number(value: Any) -> bool:
    """Return whether a cell holds a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def shown(value: Any) -> str:
    """Return a cell as the page shows it: three figures, thousands apart, a true minus; nothing as a dash."""
    if value is None or value == "" or (isinstance(value, float) and not math.isfinite(value)):
        return "\N{EN DASH}"
    if not is_number(value):
        return str(value)
    return figure(value)
