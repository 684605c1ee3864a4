"""Measure Corridor: against Flee and Mesa side by side, by number of people, and on a real scenario.

``python benchmarks/run.py`` (or ``make bench``) prints the figures and ends with status 1 if a target is missed,
2 if something could not be measured.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy is imported, and for the processes started from here
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
os.environ["PYTHONPATH"] = str(HERE.parent)  # the processes started from here find the simulator as this one does

from flee_env import FleeMissing  # noqa: E402
from measure import SIZES, measure_engines, measure_scaling, measure_scenario  # noqa: E402
from report import machine, show_engines, show_scaling, show_scenario, targets  # noqa: E402

RESULTS = HERE / "results.json"
PARTS = ("engines", "scaling", "scenario")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="smaller and fewer runs; the scenario only at 10 a row")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone (may be repeated)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures to FILE")
    parser.add_argument("--write", action="store_true", help=f"also keep them as {RESULTS.name}")
    return parser.parse_args()


def main() -> int:
    """Measure, print, and return the exit status."""
    options = arguments()
    parts = options.only or PARTS
    sizes = SIZES["quick" if options.quick else "full"]
    results: dict[str, Any] = {"quick": options.quick}
    try:
        results["machine"] = machine(with_flee="engines" in parts)
        if "engines" in parts:
            results["engines"] = measure_engines(sizes)
            show_engines(results["engines"])
        if "scaling" in parts:
            results["scaling"] = measure_scaling(sizes)
            show_scaling(results["scaling"])
        if "scenario" in parts:
            results["scenario"] = measure_scenario(sizes)
            show_scenario(results["scenario"])
    except FleeMissing as error:
        print(f"Flee 3.1 could not be installed or run, so no ratio to it is given.\n{error}", file=sys.stderr)
        return 2
    results["targets"] = targets(results)
    text = json.dumps(results, indent=1) + "\n"
    for path in [options.json] * bool(options.json) + [RESULTS] * options.write:
        path.write_text(text, encoding="utf-8")
    missed = [target["name"] for target in results["targets"] if not target["met"]]
    if missed:
        print("Missed: " + "; ".join(missed), file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
