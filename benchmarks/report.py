"""Tables for the terminal, the machine, and the targets."""

from __future__ import annotations

import platform
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import flee_env
import numpy as np
from rich.console import Console
from rich.table import Table

from simulator import __version__

MOST_SECONDS: Final = {1: 30.0, 10: 5.0}
MOST_BYTES: Final = {1: 1.5 * 2**30}
LABELS: Final = {
    "corridor": "Corridor",
    "corridor_equal": "Corridor, as many people as Mesa",
    "flee": "Flee 3.1",
    "mesa": "Mesa, plain",
    "mesa_tuned": "Mesa, tuned",
}


def machine(*, with_flee: bool) -> dict[str, Any]:
    """Return the date, the processor, and the versions of what was measured."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    model = named[0] if named else platform.processor()
    versions = {"corridor": __version__, "python": platform.python_version(), "numpy": np.__version__,
                "mesa": version("mesa")}  # fmt: skip
    found: dict[str, Any] = {"date": date.today().isoformat(), "processor": model, "versions": versions}
    if with_flee:
        found["versions_of_flee"] = flee_env.versions()
    return found


def _show(title: str, columns: list[str], rows: list[list[str]]) -> None:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="left" if column == columns[0] else "right")
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def _spread(found: dict[str, float], scale: float = 1.0, digits: int = 2) -> list[str]:
    return [f"{found[key] * scale:.{digits}f}" for key in ("median", "min", "max")]


def show_engines(found: dict[str, Any]) -> None:
    """Print the checks, then speeds and ratios."""
    rows = [
        [
            f"{check['engine']}, {check['rules']}", check["what"], f"{check['found']:.6f}", f"{check['implied']:.6f}",
            "" if check["errors"] is None else f"{check['errors']:+.1f}", "yes" if check["agrees"] else "NO",
        ]
        for check in found["checks"]
    ]  # fmt: skip
    columns = ["engine and rules", "rate", "found", "implied by the rules", "standard errors", "agrees"]
    _show("Same rules? (leg use: chi-square over degrees of freedom)", columns, rows)
    if "ratios" not in found:
        print("The engines do not agree, so no speed is quoted.", file=sys.stderr)
        return
    speeds = found["person_steps_per_second"]
    rows = [[LABELS[name], f"{found['people'][name]:,}", *_spread(speeds[name], 1e-6)] for name in speeds]
    _show("Million person-steps a second, one core", ["engine", "people", "median", "least", "most"], rows)
    rows = []
    for name, ratio in found["ratios"].items():
        mine, other = name.split(" / ")
        rows.append([f"{LABELS[mine]} / {LABELS[other]}", *_spread(ratio, digits=1)])
    _show("Ratios, measured in turns", ["ratio", "median", "least", "most"], rows)


def show_scaling(found: dict[str, Any]) -> None:
    """Print time and memory by number of people."""
    rows = [[f"{row['people']:,}", *(f"{x:.1f}" for x in row["ns_per_person_step"])] for row in found["time"]["sizes"]]
    _show("Nanoseconds a person-step", ["people", "median", "least", "most"], rows)
    print(f"Time grows as people to the power {found['time']['power']:.3f}.")
    memory = found["memory"]
    rows = [[f"{n:,}", f"{p / 2**20:.0f}"] for n, p in zip(memory["people"], memory["peak_bytes"], strict=True)]
    _show("Peak memory, MiB", ["people", "MiB"], rows)
    print(f"Bytes a person: {memory['bytes_a_person']:.1f} measured, {memory['bytes_a_row']} in the table's row.")


def show_scenario(found: list[dict[str, Any]]) -> None:
    """Print each run of the scenario with its time by part."""
    for run in found:
        if "error" in run:
            print(f"The scenario at {run['persons_per_agent']} a row did not run:\n{run['error']}", file=sys.stderr)
            continue
        rows = [[name, f"{seconds:.2f}", f"{seconds / run['seconds']:.0%}"] for name, seconds in run["parts"].items()]
        rows.append(["in all", f"{run['seconds']:.2f}", f"{run['clock_seconds']:.2f} by the clock"])
        title = (
            f"{run['scenario']} at {run['persons_per_agent']} a row: {run['steps']} steps, at most "
            f"{run['peak_rows']:,} rows, {run['peak_bytes'] / 2**30:.2f} GiB"
        )
        _show(title, ["part", "processor seconds", "share"], rows)


def targets(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Set what was measured against what it must reach, and print it; parts not measured are left out."""
    found: list[tuple[str, float | None, str, bool]] = []

    def at_most(name: str, value: float, limit: float) -> None:
        found.append((name, value, f"<= {limit:g}", bool(value <= limit)))

    if "engines" in results:
        ratios = results["engines"].get("ratios")
        found.append(("engines run the same rules", None, "yes", ratios is not None))
        for name, least in (("corridor / flee", 100.0), ("corridor_equal / mesa", 30.0)) if ratios else ():
            value = ratios[name]["median"]
            mine, other = (LABELS[part] for part in name.split(" / "))
            found.append((f"{mine} / {other}", value, f">= {least:g}", value >= least))
    if "scaling" in results:
        power = results["scaling"]["time"]["power"]
        if results["scaling"]["time"]["sizes"][-1]["people"] >= 10**7:  # a short run does not reach so far
            found.append(("power of time against people", power, "1 +- 0.05", bool(abs(power - 1.0) <= 0.05)))
        at_most("bytes a person", results["scaling"]["memory"]["bytes_a_person"], 64.0)
    for run in results.get("scenario", ()):
        each = run["persons_per_agent"]
        if "error" in run:
            found.append((f"scenario at {each} a row", None, "runs", False))
            continue
        at_most(f"scenario at {each} a row: processor seconds", run["seconds"], MOST_SECONDS[each])
        if each in MOST_BYTES:
            at_most(f"scenario at {each} a row: GiB", run["peak_bytes"] / 2**30, MOST_BYTES[each] / 2**30)
    rows = [
        [name, "" if value is None else f"{value:.3g}", limit, "met" if met else "MISSED"]
        for name, value, limit, met in found
    ]
    _show("Targets", ["target", "measured", "must be", ""], rows)
    return [{"name": name, "measured": value, "limit": limit, "met": met} for name, value, limit, met in found]
