"""A diversion as files: tables, figures with their descriptions, and everything as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from simulator.analysis.diversion.figures.flow_map import flow_map_figure
from simulator.analysis.diversion.figures.glance import glance_figure
from simulator.analysis.diversion.figures.matrix import matrix_figure
from simulator.analysis.diversion.figures.sankey import sankey_figure
from simulator.analysis.diversion.figures.time_course import course_figure
from simulator.analysis.diversion.pairs import Pairs
from simulator.analysis.diversion.study import Diversion, matrix
from simulator.analysis.style import version
from simulator.errors import InputError, Problem
from simulator.outputs.whole import check_place, put_back, whole_folder

JSON: Final = "diversion.json"


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Check that a diversion may be written to a folder.

    Raises
    ------
    InputError
        If something else stands there, or a diversion that is not to be replaced.
    """
    check_place(folder)
    put_back(folder)
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / JSON).is_file():
        said = "is there already, and is no diversion"
        raise InputError([Problem("--out", "", said, str(folder), advice="name a folder that does not exist")])
    if not overwrite:
        said = "holds a diversion already"
        raise InputError([Problem("--out", "", said, str(folder), advice="use --overwrite, or name another folder")])


def write(study: Diversion, pairs: Pairs, folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Write a diversion to a folder, whole or not at all, and return its files.

    Raises
    ------
    InputError
        If it may not be written there.
    """
    check_folder(folder, overwrite=overwrite)
    treated = study.content["treated"]
    design = {"labels": study.content["labels"], "scenario": study.content["scenario"],
              "persons_per_agent": study.content["persons_per_agent"], "version": version(pairs.with_[0])}  # fmt: skip
    with whole_folder(folder) as hidden:
        text = json.dumps(study.plain(), indent=1, ensure_ascii=False, allow_nan=False)
        (hidden / JSON).write_text(text + "\n", encoding="utf-8")
        for name, table in study.tables.items():
            table.to_csv(hidden / f"{name}.csv", index=False, float_format="%.6g")
        glance_figure(study).save(hidden, "at-a-glance")
        course_figure(study, pairs.policies).save(hidden, "time-course")
        flow_map_figure(pairs).save(hidden, "flow-map")
        sankey_figure(pairs).save(hidden, "outcomes")
        if len(treated) == 1:
            matrix_figure(matrix({treated[0]: study}), design).save(hidden, "matrix")
    return sorted(folder.iterdir())
