"""An exploration as files: tables, figures, and a page in words."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from simulator.analysis.discovery import Exploration, explore
from simulator.analysis.discovery_figures import draw
from simulator.analysis.discovery_words import LIMITS, judged, sections
from simulator.errors import InputError, Problem
from simulator.outputs.whole import check_place, put_back, whole_folder

__all__ = ["Exploration", "check_folder", "explore", "in_words", "page", "write"]

PAGE: Final = "README.md"
RECORD: Final = "exploration.json"
HEADINGS: Final = {
    "sobol": "What moves what is measured (Sobol indices)",
    "sobol-pairs": "By two factors together",
    "morris": "What moves what is measured (Morris effects)",
    "luck": "How much is luck",
    "blocks": "What is missing of the design",
    "sizes": "How large the differences between arms are, and whether they matter",
    "decides-level": "Which uncertain numbers decide the level",
    "decides-best": "Which uncertain numbers decide which arm does best",
    "decides": "Which uncertain numbers decide how arms differ",
    "trees": "Conditions under which an arm does best",
    "boxes": "Boxes in which an arm does best (PRIM)",
}
ALONE: Final = "Which uncertain numbers decide what the scenario comes to"
"""Heading of what decides where there is only one arm."""
FIGURES: Final = {"sobol": "sobol", "morris": "morris", "decides": "decides", "decides-best": "decides-best",
                  "trees": "conditions"}  # fmt: skip
"""How the names of the figures of a table begin."""
TABLES: Final = {
    "runs-lost": "runs of each case and arm: done, failed, missing, not needed; the commonest error",
    "sobol": "first-order and total index of each factor, with 95% intervals; `floor`: what luck lifts a total to",
    "sobol-pairs": "second-order index of each pair of factors",
    "morris": "mean size (`effect`), mean and standard deviation (`sigma`) of what a factor's whole range changes",
    "luck": "how the variance of single runs splits: `points`, `draws`, `luck`; `left`: luck between averaged points",
    "blocks": "blocks of the design: whole, dropped, and points without a number",
    "sizes": "differences from the baseline: mean, 5% and 95% of units, the least that matters, how often it does",
    "decides-level": "index of each input for the level of the baseline, as in decides",
    "decides": "index of each input for each outcome, with its interval, its chance level and p",
    "decides-best": "the same of which arm does best",
    "trees": "trees: accuracy on left-out units, always naming the commonest arm, chance, p",
    "leaves": "leaves of the trees, in words",
    "leaf-arms": "which arm does best how often in each leaf",
    "boxes": "boxes by PRIM: density, coverage, chance, p",
}


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Check that an exploration may be written to a folder.

    Raises
    ------
    InputError
        If something else stands there, or an exploration that is not to be replaced.
    """
    check_place(folder)
    put_back(folder)
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not ((folder / RECORD).is_file() and (folder / PAGE).is_file()):
        said = "is there already, and is no exploration"
        raise InputError([Problem("--out", "", said, str(folder), advice="name a folder that does not exist")])
    if not overwrite:
        said = "holds an exploration already"
        raise InputError([Problem("--out", "", said, str(folder), advice="use --overwrite, or name another folder")])


def write(made: Exploration, folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Write an exploration to a folder, whole or not at all, and return its files.

    Raises
    ------
    InputError
        If it may not be written there.
    """
    check_folder(folder, overwrite=overwrite)
    with whole_folder(folder) as hidden:
        for name, table in made.tables().items():
            table.to_csv(hidden / f"{name}.csv", index=False, lineterminator="\n")
        (hidden / PAGE).write_text(page(made, draw(made, hidden)), encoding="utf-8")
        text = json.dumps(_plain(made.plain()), indent=1, ensure_ascii=False, allow_nan=False)
        (hidden / RECORD).write_text(text + "\n", encoding="utf-8")
    return sorted(folder.iterdir())


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it; numbers that do not exist become null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.item() if hasattr(value, "item") else value


def page(made: Exploration, figures: Mapping[str, tuple[Path, str]]) -> str:
    """Return the page to read.

    Parameters
    ----------
    figures : PNG file and its text by name, as `simulator.analysis.discovery_figures.draw` returns them.
    """
    content = made.content
    parts = [f"# What matters: {content['question'] or content['experiment']}", _about(made)]
    for case, about in content["cases"].items():
        after = "" if len(content["cases"]) == 1 else f"-{case}"
        if after:
            parts.append(f"## {about['label']}")
        said = sections(made, str(case))
        for name in HEADINGS:
            if name in said:
                named = heading_of(content, name)
                lines = "\n".join(f"- {text}" for text in said[name])
                shown = [_figure(figures, figure) for figure in _figures(figures, name, after, content)]
                parts.append("\n\n".join([f"{'###' if after else '##'} {named}", lines, *shown]))
    if made.notes:
        parts.append("## What was not looked for\n\n" + "\n".join(f"- {note}" for note in made.notes))
    parts.append("## Limits\n\n" + "\n".join(f"- {limit}" for limit in LIMITS))
    rows = "\n".join(f"| [{name}.csv]({name}.csv) | {TABLES[name]} |" for name in made.found)
    parts.append(f"## Tables\n\n| table | what it holds |\n|---|---|\n{rows}")
    return "\n\n".join(parts) + "\n"


def heading_of(content: Mapping[str, Any], name: str) -> str:
    """Return the heading of a table."""
    return ALONE if name == "decides" and len(content["arms"]) == 1 else HEADINGS[name]


def in_words(made: Exploration) -> dict[str, list[str]]:
    """Return what an exploration says, as plain sentences by heading: first of all what it is of."""
    content, found = made.content, {"Sweep": [_about(made)]}
    for case, about in content["cases"].items():
        said = sections(made, str(case))
        for name in HEADINGS:
            if name in said:
                heading = heading_of(content, name)
                named = heading if len(content["cases"]) == 1 else f"{about['label']}: {heading}"
                found[named] = [text.replace("**", "").replace("`", "") for text in said[name]]
    if made.notes:
        found["What was not looked for"] = list(made.notes)
    found["Sweep"] = [text.replace("`", "") for text in found["Sweep"]]
    return found


def _about(made: Exploration) -> str:
    """Return what was swept, in words."""
    content = made.content
    lost = made.found["runs-lost"]
    failed, missing = int(lost["failed"].sum()), int(lost["missing"].sum())
    said = [f"{int(lost['done'].sum()):,} runs of sweep `{content['experiment']}`"]
    said.append(f"{failed:,} failed and {missing:,} are missing" if failed or missing else "none failed or missing")
    sampling = content.get("sampling") or {}
    if content.get("factors"):
        said.append(f"{len(content['factors'])} factors by {sampling.get('method', 'list')}")
    text = ", ".join(said) + ". Measured: " + "; ".join(judged(content)) + "."
    errors = [error for error in lost["error"] if error]
    if errors:
        text += " The commonest errors: " + "; ".join(dict.fromkeys(errors)) + "."
    return text


def _figures(figures: Mapping[str, tuple[Path, str]], table: str, after: str, content: Mapping[str, Any]) -> list[str]:
    """Return the names of the figures of a table in a case."""
    start = FIGURES.get(table)
    if start is None:
        return []
    if table in ("sobol", "morris"):
        names = [start, *(f"{start}-{arm}{kind}" for arm in content["arms"] for kind in ("", "-difference"))]
    else:
        names = [start]
    return [name + after for name in names if name + after in figures]


def _figure(figures: Mapping[str, tuple[Path, str]], name: str) -> str:
    path, said = figures[name]
    alt = said.replace("[", "(").replace("]", ")").replace("\n", " ")
    return f"![{alt}]({path.name})"
