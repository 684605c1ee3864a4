"""Corridor simulates migration corridors person by person, to compare policies.

``import simulator`` is cheap: the functions below load what they need when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

if TYPE_CHECKING:
    from simulator.api import (
        STAGES,
        Field,
        Result,
        Stage,
        Stages,
        Variable,
        check,
        choices,
        compare,
        diversion,
        evidence,
        explain,
        load_scenario,
        new,
        plot,
        query,
        report,
        rerun,
        results,
        run,
        schema,
        score,
        sweep,
        validate,
    )
    from simulator.errors import CorridorError, InputError, InputWarning

__all__ = [
    "STAGES",
    "CorridorError",
    "Field",
    "InputError",
    "InputWarning",
    "Result",
    "Stage",
    "Stages",
    "Variable",
    "__version__",
    "check",
    "choices",
    "compare",
    "diversion",
    "evidence",
    "explain",
    "load_scenario",
    "new",
    "plot",
    "query",
    "report",
    "rerun",
    "results",
    "run",
    "schema",
    "score",
    "sweep",
    "validate",
]

_FROM = {
    name: "simulator.errors" if name in ("CorridorError", "InputError", "InputWarning") else "simulator.api"
    for name in __all__
    if name != "__version__"
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562)."""
    if name not in _FROM:
        raise AttributeError(f"module 'simulator' has no attribute {name!r}")
    value = getattr(import_module(_FROM[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
