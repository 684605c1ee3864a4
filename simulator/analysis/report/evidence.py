"""Evidence and assumptions of runs as tables: what was set, where it comes from, and what it changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from simulator.analysis.diversion.pairs import differing_policies
from simulator.analysis.report.content import Table
from simulator.numbers import figure
from simulator.scenario.evidence import Quantity
from simulator.scenario.levers import LEVERS
from simulator.scenario.parameters import Parameters, Switches

if TYPE_CHECKING:
    from simulator.analysis.report.arms import Arm
    from simulator.scenario.policies import LeverChange
    from simulator.scenario.schema import Scenario

PLACES: Final = 4
"""Places of a lever that are named; more are counted."""
MOST_FIELDS: Final = 60
"""Fields that differ between arms that are listed."""
TABLES_LEFT_OUT: Final = ("seed", "overrides", "name", "title", "summary", "compare", "fit", "fit_member", "sources")


def evidence_tables(arms: Sequence[Arm]) -> tuple[Table, ...]:
    """Return what differs between the arms, the switches of what is disputed, and numbers that were not measured."""
    scenario = arms[0].first.scenario
    made = [_policies(arms), _other_differences(arms), _switches(scenario), _parameters(scenario)]
    return tuple(table for table in made if table is not None)


def source_words(scenario: Scenario, name: str | None) -> str:
    """Return a source in one line; that nothing is named is said."""
    if not name or name == "assumed":
        return "assumed"
    found = scenario.sources.get(name)
    return f"{found.publisher}: {found.title}" if found is not None else name


def _policies(arms: Sequence[Arm]) -> Table | None:
    """Return the policies that differ between arms, a row for each thing that they set."""
    base, rows, seen = arms[0].first.scenario, [], set()
    for arm in arms[1:]:
        other = arm.first.scenario
        for name, policy in differing_policies(base, other).items():
            if name in seen:
                continue
            seen.add(name)
            holder = other if name in other.corridor.policies else base
            # What is set alike in several places is one row.
            alike: dict[tuple[str, ...], list[LeverChange]] = {}
            for change in policy.levers:
                same = (LEVERS[change.lever].doc, _values(change), change.kind, _range(change),
                        source_words(holder, change.source))  # fmt: skip
                alike.setdefault(same, []).append(change)
            for (what, values, kind, limits, source), changes in alike.items():
                rows.append((policy.label, str(policy.announced), what, _where(changes), values, kind, limits, source))
    if not rows:
        return None
    head = ("policy", "announced", "what it changes", "where", "values", "kind", "range, as factors", "source")
    note = "Policies act through these levers alone; nothing says what came of them."
    return Table("policies", "What the policies that differ set, and on what evidence", head, tuple(rows), note=note)


def _where(changes: Sequence[LeverChange]) -> str:
    at = list(dict.fromkeys(place for change in changes for place in change.at))
    to = list(dict.fromkeys(place for change in changes for place in change.to))
    more = f" and {len(at) - PLACES} more" if len(at) > PLACES else ""
    return ", ".join(at[:PLACES]) + more + (f" in {', '.join(to)}" if to else "")


def _values(change: LeverChange) -> str:
    unit = "" if change.unit == "1" else f" {change.unit}"
    values = "; ".join(f"{_short(value.value)}{unit} from {value.from_}" for value in change.values)
    return f"{change.do} {values}" + (f" until {change.until}" if change.until else "")


def _range(change: LeverChange) -> str:
    return f"{_short(change.factor[0])} to {_short(change.factor[1])}" if change.factor else ""


def _short(value: float) -> str:
    """Return a number in three figures, thousands in full."""
    return figure(value)


def _other_differences(arms: Sequence[Arm]) -> Table | None:
    """Return the fields other than policies in which arms differ from the baseline."""
    base = dict(_leaves(_content(arms[0].first.scenario)))
    rows: list[tuple[str, str, str, str]] = []
    for arm in arms[1:]:
        other = dict(_leaves(_content(arm.first.scenario)))
        rows += [(arm.label, field, str(base.get(field, "-")), str(other.get(field, "-")))
                 for field in sorted({*base, *other}) if base.get(field) != other.get(field)]  # fmt: skip
    if not rows:
        return None
    note = f"The first {MOST_FIELDS} of {len(rows)}." if len(rows) > MOST_FIELDS else ""
    return Table("fields", "Other fields that differ", ("runs", "field", "baseline", "here"), tuple(rows[:MOST_FIELDS]),
                 note=note)  # fmt: skip


def _content(scenario: Scenario) -> dict[str, Any]:
    content = scenario.model_dump(mode="json", exclude={*TABLES_LEFT_OUT, "observed", "observed_origins"})
    content.pop("period", None)
    for name in ("policies", "observed", "tables", "title", "summary", "fit"):
        content.get("corridor", {}).pop(name, None)
    return content


def _leaves(content: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield from _leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(content, list) and content and isinstance(content[0], Mapping):
        for number, value in enumerate(content):
            yield from _leaves(value, f"{path}.{number}")
    else:
        yield path.removeprefix("corridor."), content


def _switches(scenario: Scenario) -> Table:
    rows = tuple(
        (name, "on" if getattr(scenario.switches, name) else "off", _prose(info.description))
        for name, info in Switches.model_fields.items()
    )
    note = "A conclusion that hangs on one of these is no finding: run it the other way as well."
    head = ("switch", "set to", "what it changes")
    return Table("switches", "What the literature disputes, and how it was set", head, rows, note=note)  # fmt: skip


def _parameters(scenario: Scenario) -> Table:
    """Return the parameters that were not measured, with their ranges and what they do."""
    rows = []
    for group, info in Parameters.model_fields.items():
        model: Any = info.annotation
        for name, field in model.model_fields.items():
            value = getattr(getattr(scenario.parameters, group), name)
            if isinstance(value, Quantity) and value.kind != "measured":
                limits = f"{value.range[0]:g} to {value.range[1]:g}" if value.range else "-"
                rows.append((f"{group}.{name}", float(value.value), "" if value.unit == "1" else value.unit, limits,
                             value.kind, source_words(scenario, value.source), _prose(field.description)))  # fmt: skip
    head = ("parameter", "value", "unit", "range", "kind", "source", "what it changes")
    return Table("parameters", f"The {len(rows)} parameters that were not measured", head, tuple(rows), sortable=True)


def _prose(text: str | None) -> str:
    return " ".join((text or "").split()).replace("``", "").replace("`", "")
