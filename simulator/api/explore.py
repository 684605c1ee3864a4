"""What a sweep says of what matters, from Python."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.errors import InputError, Problem

if TYPE_CHECKING:
    from simulator.analysis.discovery import Exploration

__all__ = ["exploration_folder", "explore", "in_words"]


def explore(
    sweep: str | Path,
    *,
    conditions: bool | None = None,
    boxes: bool = False,
    least: float | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
) -> Exploration:
    """Say what in a sweep matters: indices of factors, what decides between arms, and under which conditions.

    Parameters
    ----------
    sweep : name in ``results/`` or folder of a sweep.
    conditions : grow trees of conditions under which an arm does best; by default where scikit-learn is installed.
    boxes : look for boxes in which an arm does best, by PRIM of the EMA workbench; takes minutes.
    least : least difference that matters, as a share of the mean size of each measure; by default what the design says,
        else a hundredth.
    out : folder for tables, figures and a page; by default nothing is written.
    overwrite : replace an exploration that stands there.

    Raises
    ------
    InputError
        If there is no such sweep, it says nothing of what matters, nothing whole is left of its Sobol or Morris design,
        a library that was asked for is not installed, or `out` may not be written to.
    """
    from simulator.analysis.discovery_page import check_folder, write
    from simulator.analysis.discovery_page import explore as find
    from simulator.sweeps.results import read_sweep

    if out is not None:
        check_folder(Path(out), overwrite=overwrite)
    content, runs, design = read_sweep(sweep)
    made = find(with_least(content, least), runs, design, with_conditions=conditions, with_boxes=boxes)
    if out is not None:
        write(made, Path(out), overwrite=overwrite)
    return made


def with_least(content: Mapping[str, Any], least: float | None) -> dict[str, Any]:
    """Return what was asked, with the least difference that the caller says matters.

    Raises
    ------
    InputError
        If it is no share.
    """
    if least is not None and not 0 <= least < 1:
        raise InputError([Problem("--least", "", "is no share of a measure", least, allowed="from 0, under 1")])
    return {**content, **({} if least is None else {"least_share": least})}


def exploration_folder(sweep: str | Path) -> Path:
    """Return the folder in which an exploration is kept where nobody says otherwise."""
    return Path("results") / f"{Path(str(sweep).rstrip('/')).name.removesuffix('-sweep')}-explored"


def in_words(made: Exploration) -> dict[str, list[str]]:
    """Return what an exploration says, sentences by heading."""
    from simulator.analysis.discovery_page import in_words as words

    return words(made)
