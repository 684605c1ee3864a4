"""Write docs/reference.md from the code: fields of files, parameters, levers, measures, units, commands.

``python docs/make_reference.py`` writes it; ``--check`` only says whether it is up to date.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import typer
from pydantic import AfterValidator, BaseModel
from pydantic.fields import FieldInfo

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from pages import write_or_check  # noqa: E402

from simulator import api  # noqa: E402
from simulator.cli import app  # noqa: E402
from simulator.outputs.frames import LEG_DIMS, dims_of  # noqa: E402
from simulator.outputs.periods import TIME  # noqa: E402
from simulator.scenario import bargains, costs, evidence, parameters, policies, schema, tables  # noqa: E402
from simulator.scenario.levers import INSTRUMENTS, LEVERS, Lever  # noqa: E402
from simulator.units import UNITS  # noqa: E402
from simulator.world.fields import DIMENSIONS, NEEDS, OUTCOMES, RECORDED, RETURN_KINDS  # noqa: E402
from simulator.world.people import State  # noqa: E402

TARGET: Final = ROOT / "docs" / "reference.md"
PLAIN: Final[dict[Any, str]] = {
    str: "text", int: "whole number", float: "number", bool: "true or false", NoneType: "null", Any: "any",
}  # fmt: skip
ACTS: Final = {"leg": "legs or routes", "country": "countries", "pair": "origins (`at`) in countries (`to`)"}
FILES: Final[tuple[tuple[str, str, tuple[type[BaseModel], ...]], ...]] = (
    ("Scenario files", "`scenarios/NAME.yaml`", (schema.ScenarioFile, schema.Period)),
    ("Override files", "`scenarios/overrides/NAME.yaml`", (schema.Override,)),
    (
        "Corridor files",
        "`scenarios/NAME/corridor.yaml`",
        (schema.CorridorFile, schema.Route, schema.WealthClass, schema.TableFile, schema.ObservedSeries),
    ),
    (
        "Fit files",
        "`fit.yaml` beside `corridor.yaml`, which names it as `fit`",
        (schema.FitFile, schema.FittedField, schema.FitMember),
    ),
    (
        "Policies and partnerships",
        "`policies` and `partnerships` of a corridor",
        (policies.Policy, policies.LeverChange, policies.DatedValue, policies.Payment, policies.Partnership),
    ),
    (
        "Bargains, regimes and responses",
        "`bargains`, `regimes` and `responses` of a corridor; [governments.md](governments.md) says how to use them",
        (
            bargains.Bargain,
            bargains.RegimesFile,
            bargains.Acts,
            bargains.Act,
            bargains.Regime,
            bargains.Item,
            bargains.Response,
            bargains.Answer,
            bargains.AnswerLever,
        ),
    ),
    (
        "Costs of instruments",
        "`costs` of a corridor; what a unit of each instrument costs, each a [Quantity](#quantity) in money, or in "
        "money a year where the cost runs while the lever is set",
        (costs.Costs,),
    ),
    (
        "Evidence",
        "what stands behind a number",
        (evidence.Quantity, evidence.ColumnEvidence, evidence.Source),
    ),
)
LINKS: Final = {
    **{model.__name__: model.__name__.lower() for _, _, models in FILES for model in models},
    "Parameters": "parameters", "Switches": "switches", "TablesFile": "tables-of-a-corridor",
}  # fmt: skip
HEAD: Final = """# Reference

Made from the code by `python docs/make_reference.py`; do not edit by hand. How the parts fit together is told in
[scenarios.md](scenarios.md), what the numbers do in [odd.md](odd.md).
"""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def prose(text: str | None) -> str:
    """Return a docstring on one line, in Markdown."""
    return " ".join((text or "").split()).replace("``", "`")


def said(annotation: Any) -> str:
    """Return what may stand in a field, in words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return said(arguments[0])
    if origin in (Union, UnionType):
        return ", or ".join(dict.fromkeys(said(choice) for choice in arguments))
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in arguments)
    if origin is dict:
        return f"mapping to {said(arguments[1])}"
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return f"list of {said(arguments[0])}"
        return f"list of {len(arguments)}: {', '.join(said(part) for part in arguments)}"
    if annotation in PLAIN:
        return PLAIN[annotation]
    name = str(getattr(annotation, "__name__", annotation))
    return f"[{name}](#{LINKS[name]})" if name in LINKS else name.replace("JsonValue", "any value")


def limits(info: FieldInfo) -> str:
    """Return the limits of a number, in words, or an empty string."""
    parts = [*info.metadata]
    for choice in get_args(info.annotation):  # a number, or nothing
        for part in getattr(choice, "__metadata__", ()):
            parts.extend(part.metadata if isinstance(part, FieldInfo) else [part])
    found = {name: getattr(part, name) for part in parts for name in ("ge", "gt", "le", "lt") if hasattr(part, name)}
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    return ", ".join(
        f"{words[name]} {_number(bound) if isinstance(bound, int | float) else bound}" for name, bound in found.items()
    )


def _number(value: float) -> str:
    """Return a number with its thousands apart, where there are many; a year is written as one."""
    return f"{value:,}".removesuffix(".0") if value >= 10_000 else f"{value:g}"


def default(info: FieldInfo) -> str:
    """Return what a field is where the file leaves it out."""
    if info.is_required():
        return "required"
    value = info.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return "all defaults"
    text = {"": "empty", "()": "empty", "{}": "empty", "None": "null", "True": "true", "False": "false"}
    return text.get(str(value), f"{value}")


def fields(model: type[BaseModel]) -> str:
    """Return the table of a model's fields."""
    rows = []
    for name, info in model.model_fields.items():
        bounds = limits(info)
        what = said(info.annotation) + (f", {bounds}" if bounds else "")
        rows.append((f"`{info.alias or name}`", what, default(info), prose(info.description)))
    return table(("field", "what stands there", "if left out", "meaning"), rows)


def files_part() -> list[str]:
    """Return the sections on YAML files."""
    parts = []
    for title, where, models in FILES:
        parts.append(f"## {title}\n\n{where[0].upper()}{where[1:]}.\n")
        parts.extend(f"### {model.__name__}\n\n{prose(model.__doc__)}\n\n{fields(model)}" for model in models)
    return parts


def tables_part() -> list[str]:
    """Return the section on the tables of a corridor."""
    parts = [
        "## Tables of a corridor\n\nCSV files, UTF-8, with the field names as header; an empty cell is a value left "
        "out. A column with a unit needs an entry of `columns` in the corridor. Every table may have the columns "
        "`source` and `note`.\n"
    ]
    for name, row in tables.TABLES.items():
        units = tables.COLUMN_UNITS[name]
        lines = []
        for column, info in row.model_fields.items():
            if column in tables.Row.model_fields:
                continue
            bounds = limits(info)
            what = said(info.annotation) + (f", {bounds}" if bounds else "")
            unit = f"`{units[column]}`" if column in units else ""
            lines.append((f"`{column}`", what, unit, default(info), prose(info.description)))
        key = ", ".join(f"`{column}`" for column in tables.KEYS[name])
        head = ("column", "what stands there", "unit", "if left out", "meaning")
        parts.append(f"### {name}\n\n{prose(row.__doc__)} Key: {key}.\n\n{table(head, lines)}")
    return parts


def expected(info: FieldInfo) -> tuple[str, str]:
    """Return the unit that a parameter is held in, and its limits."""
    # Pydantic keeps the metadata of the field's own annotation; `_expect` made the validator.
    checks = [part.func for part in info.metadata if isinstance(part, AfterValidator)]
    names = inspect.getclosurevars(checks[0]).nonlocals
    return str(names["unit"]), f"{names['low']:g} to {names['high']:g}"


def parameters_part() -> list[str]:
    """Return the sections on parameters and switches."""
    parts = [
        "## Parameters\n\nBehavioural parameters of a corridor, each a [Quantity](#quantity). Files may use any unit "
        "of the same dimension. Values, ranges and sources: `corridor explain SCENARIO parameters`.\n"
    ]
    for group, info in parameters.Parameters.model_fields.items():
        model = info.annotation
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        rows = [
            (f"`{group}.{name}`", *expected(field), prose(field.description))
            for name, field in model.model_fields.items()
        ]
        head = ("parameter", "unit", "limits", "meaning")
        parts.append(f"### {group}\n\n{prose(model.__doc__)}\n\n{table(head, rows)}")
    return [*parts, f"## Switches\n\n{prose(parameters.Switches.__doc__)}\n\n{fields(parameters.Switches)}"]


def evidence_of(lever: Lever) -> str:
    """Return the evidence of a lever's effect, or why there is none; findings of one document under one name."""
    if not lever.evidence:
        return f"none: {lever.no_evidence}"
    by_document: dict[str, list[str]] = {}
    for identifier in lever.evidence:
        document, _, finding = identifier.partition(".")
        by_document.setdefault(document, []).extend([finding] if finding else [])
    said = [f"`{document}`" + (f" ({', '.join(found)})" if found else "") for document, found in by_document.items()]
    return ", ".join(said)


def instruments_part() -> str:
    """Return the section on what each lever belongs to, costs, and stands on."""
    lags = {"none": "at once", "ramp": "ramp of the order"}
    prices = {"": "none: {}", "value": "its own value"}
    order = list(INSTRUMENTS)
    rows = [
        (
            lever.instrument, f"`{lever.name}`", lags.get(lever.lag, f"`{lever.lag}`"),
            prices.get(lever.cost, f"`{lever.cost}`").format(lever.no_cost), evidence_of(lever),
        )
        for lever in sorted(LEVERS.values(), key=lambda lever: order.index(lever.instrument))
    ]  # fmt: skip
    head = ("instrument", "lever", "delay of its first effect", "price", "evidence of its effect")
    return (
        "### Instruments of policy\n\nWhich instrument a lever belongs to, how late it acts, which entry of "
        "[costs](#costs-of-instruments) prices it, and which findings and publications speak of its effect "
        "(`corridor evidence ID` shows them). More in [instruments.md](instruments.md).\n\n" + table(head, rows)
    )


def levers_part() -> str:
    """Return the section on levers."""
    rows = [
        (
            f"`{lever.name}`", ACTS[lever.acts], f"`{lever.unit}`", f"{lever.neutral:g}",
            f"{lever.low:g} to {lever.high:g}", lever.doc,
        )
        for lever in LEVERS.values()
    ]  # fmt: skip
    head = ("lever", "acts on", "unit", "neutral", "limits of the result", "what it does")
    return (
        "## Levers\n\nWhat a policy may change. A lever starts at its neutral value. A policy that sets it replaces "
        f"that value, one that adds comes on top, and one that multiplies scales the sum.\n\n{table(head, rows)}"
    )


def measures_part() -> list[str]:
    """Return the sections on what a run records."""
    rows = [("`arrivals`", "as `crossings`", "person", "flow", "crossings of counted legs: arrivals on a route")]
    for field in RECORDED.values():
        dims = ", ".join(f"`{dim}`" for dim in field.dims)
        kind = field.kind if field.every == "step" else f"{field.kind}, once a month"
        rows.append((f"`{field.name}`", dims, field.unit, kind, field.long_name))
    labels = {
        "need": NEEDS, "outcome": OUTCOMES, "kind": RETURN_KINDS, "state": [state.name.lower() for state in State],
    }  # fmt: skip
    dims_rows = [
        (f"`{dim}`", meaning, ", ".join(f"`{name}`" for name in labels.get(dim, ())))
        for dim, meaning in DIMENSIONS.items()
        if any(dim in dims_of(field) for field in RECORDED.values())
    ]
    derived = ", ".join(f"`{dim}`" for dim in LEG_DIMS[1:])
    return [
        "## Measures\n\nWhat `Result.frame(measure, by=[...])` answers, and what the tables and the dataset of a run "
        "hold.\n\n" + table(("measure", "dimensions", "unit", "kind", "meaning"), rows),
        "A flow counts what happened in a step; a level is what stands at its end or holds in it. Besides its own "
        f"dimensions each measure can be added up by {', '.join(f'`{dim}`' for dim in TIME)}, and what happens on legs "
        f"by {derived}.\n",
        "### Dimensions\n\n" + table(("dimension", "meaning", "labels, where fixed"), dims_rows),
    ]


def units_part() -> str:
    """Return the section on units."""
    rows = [(f"`{unit.name}`", unit.long_name, unit.dimension, f"{unit.factor:.6g}") for unit in UNITS.values()]
    head = ("unit", "meaning", "dimension", "in the unit of factor 1")
    return f"## Units\n\nThe closed list. Quantities are converted once, when they are read.\n\n{table(head, rows)}"


def commands_part() -> list[str]:
    """Return the sections on the command line and on Python."""
    group: Any = typer.main.get_command(app)
    parts = [
        "## Commands\n\nExit status 0: done; 1: failed, or two results differ; 2: something is wrong with the input; "
        "130: interrupted; 141: who read the output has closed it.\n"
    ]
    for name, command in group.commands.items():
        rows = []
        for param in command.params:
            if param.param_type_name == "argument":
                called = param.metavar or str(param.name).upper()
            else:
                called = ", ".join([*param.opts, *param.secondary_opts])
            rows.append((f"`{called}`", getattr(param, "help", "") or ""))
        rows = [row for row in rows if row[0] != "`--help`"]
        head = ("argument or option", "meaning")
        parts.append(f"### corridor {name}\n\n{prose(command.help)}\n\n{table(head, rows)}")
    lines = [
        (f"`simulator.{name}`", prose((inspect.getdoc(getattr(api, name)) or "").split("\n\n")[0]))
        for name in (
            "run", "load_scenario", "check", "explain", "evidence", "score", "validate", "plot", "rerun", "schema",
            "new", "Result",
        )
    ]  # fmt: skip
    return [*parts, f"## Python\n\n{table(('name', 'what it does'), lines)}"]


def render() -> str:
    """Return the reference as Markdown."""
    parts = [
        HEAD, *files_part(), *tables_part(), *parameters_part(), levers_part(), instruments_part(), *measures_part(),
        units_part(), *commands_part(),
    ]  # fmt: skip
    return "\n".join(parts)


def main() -> int:
    """Write the reference, or check it; return the exit status."""
    return write_or_check(TARGET, render(), "make_reference.py")


if __name__ == "__main__":
    sys.exit(main())
