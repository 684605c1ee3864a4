"""Corridor from Python, in the same words as on the command line.

Everything heavy is loaded when a function that needs it is called.
"""

from simulator.api.explore import exploration_folder, explore, in_words
from simulator.api.files import check, choices, evidence, explain, list_files, new, schema
from simulator.api.pictures import plot, report
from simulator.api.runs import Rerun, default_folder, prepare, rerun, run
from simulator.api.studies import compare, comparison_folder, diversion, score, validate
from simulator.api.sweeps import estimate, query, remake, results, sweep, sweep_folder
from simulator.outputs.result import Result
from simulator.scenario.load import load as load_scenario
from simulator.stages.schedule import STAGES
from simulator.stages.stage import Stage, Stages, Variable
from simulator.world.fields import Field

__all__ = [
    "STAGES", "Field", "Rerun", "Result", "Stage", "Stages", "Variable", "check", "choices", "compare",
    "comparison_folder", "default_folder", "diversion", "estimate", "evidence", "explain", "exploration_folder",
    "explore", "in_words", "list_files", "load_scenario", "new", "plot", "prepare", "query", "remake", "report",
    "rerun", "results", "run", "schema", "score", "sweep", "sweep_folder", "validate",
]  # fmt: skip
