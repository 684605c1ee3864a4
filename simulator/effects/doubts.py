"""Everything of a scenario that changes nothing in its run, or counts twice, each with its file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from simulator.effects.orders import TOLD, Doubt, Timetable
from simulator.effects.same import unread
from simulator.errors import Problem
from simulator.scenario.bargains import Bargain, Response, offered
from simulator.scenario.draft import Draft
from simulator.scenario.messages import mark_of
from simulator.scenario.schema import Scenario
from simulator.scenario.yaml_file import KeyPath, dotted
from simulator.world.scale import too_coarse
from simulator.world.world import World

SCALE: Final[KeyPath] = ("persons_per_agent",)
"""A field of the scenario; all others of which something is said here stand in the corridor."""


def of_payments(scenario: Scenario) -> Iterator[Doubt]:
    """Yield payments that fall outside of the period, or are of nothing."""
    first, last = scenario.period.start, scenario.period.end
    for name, policy in scenario.corridor.policies.items():
        for index, payment in enumerate(policy.payments):
            path: KeyPath = ("policies", name, "payments", index)
            if payment.until <= first or payment.from_ >= last:
                yield Doubt(path, f"changes nothing in this run: nothing of it falls in the period, {first} to {last}",
                            f"{payment.from_} to {payment.until}", "give it dates in the period",
                            (payment.from_, payment.until))  # fmt: skip
            elif payment.million_eur == 0:
                yield Doubt((*path, "million_eur"), "changes nothing in this run: it pays nothing", 0, "give an amount")


def twice(scenario: Scenario) -> Iterator[Doubt]:
    """Yield orders and payments that stand there twice, word for word: they count twice."""
    seen: dict[tuple[str, str], str] = {}
    for name, policy in scenario.corridor.policies.items():
        for kind, given in (("levers", policy.levers), ("payments", policy.payments)):
            for index, each in enumerate(given):
                key = kind, each.model_dump_json(exclude=TOLD)
                if key in seen:
                    what = "the same order" if kind == "levers" else "the same payment"
                    yield Doubt(("policies", name, kind, index), f"counts twice: {what} stands in {seen[key]}", None,
                                "leave one of them out; or, if both are meant, give one with the sum")  # fmt: skip
                seen.setdefault(key, f"policy {name!r}")


def of_bargains(scenario: Scenario) -> Iterator[Doubt]:
    """Yield bargains and responses that are to be decided by rule, and never are in the period."""
    first, last = scenario.period.start, scenario.period.end
    for kind, given in (("bargains", scenario.corridor.bargains), ("responses", scenario.corridor.responses)):
        for name, each in given.items():
            until = getattr(each, "until", None)
            if each.active and (each.from_ >= last or (until is not None and until <= first)):
                yield Doubt((kind, name, "from"), f"is never decided: the period is {first} to {last}",
                            f"{each.from_} to {until or 'the end'}", "give it dates in the period",
                            (each.from_, until or date.max))  # fmt: skip


def of_offers(scenario: Scenario) -> Iterator[Doubt]:
    """Yield bargains whose regime offers what cannot be given to the partner, and what of it is left out."""
    regimes = scenario.corridor.regimes
    origins = {row.origin for row in scenario.origins}
    for name, bargain in scenario.corridor.bargains.items():
        if regimes is None or not bargain.active or bargain.partner in origins:
            continue
        whole = regimes.regimes[bargain.regime]
        kept = offered(whole, citizens=False)
        out = list(dict.fromkeys(item.lever for item in whole.items if item not in kept.items))
        if out:
            why = f"none of the people of this corridor are citizens of {bargain.partner}"
            left = ", ".join(dict.fromkeys(item.lever for item in kept.items)) or "nothing"
            yield Doubt(("bargains", name, "regime"),
                        f"{why}: left out of the offer: {', '.join(out)}; offered: {left}", bargain.regime,
                        "choose another regime, or a partner that is an origin, if these are meant")  # fmt: skip


def of_scale(scenario: Scenario, world: World) -> Iterator[Doubt]:
    """Yield origins of which a row stands for more people than there are."""
    if scenario.persons_per_agent > 1:
        for message in too_coarse(world):
            yield Doubt(SCALE, message, scenario.persons_per_agent, "give fewer people a row")


def doubts_of(scenario: Scenario, timetable: Timetable | None = None) -> list[Doubt]:
    """Return everything of a scenario that changes nothing in its run, or counts twice."""
    found: list[Iterator[Doubt]] = [of_payments(scenario), twice(scenario), of_bargains(scenario),
                                    of_offers(scenario)]  # fmt: skip
    levers = any(policy.levers for policy in scenario.corridor.policies.values())
    if timetable is None and (levers or scenario.persons_per_agent > 1):
        timetable = Timetable(scenario)
    if timetable is not None:
        found = [timetable.doubts(), *found, of_scale(scenario, timetable.world)]
    return [doubt for each in found for doubt in each]


def unread_fields(scenario: Scenario, draft: Draft, timetable: Timetable | None = None) -> Iterator[Doubt]:
    """Yield what overrides and settings laid on things that nothing in the run reads."""
    corridor = scenario.corridor
    laid = [path for path, mark in draft.corridor.marks.items() if mark.override is not None and path]
    if any(path[0] == "parameters" for path in laid):
        for name, why in unread(scenario, timetable.world if timetable is not None else None).items():
            path: KeyPath = tuple(name.split("."))
            if mark_of(draft.corridor.marks, path).override is not None:
                yield Doubt(path, f"changes nothing in this run: nothing reads it, since {why}", None, "leave it out")
    followed = {each.regime for each in corridor.bargains.values() if each.active}
    for kind in ("bargains", "responses"):
        given: Mapping[str, Bargain | Response] = getattr(corridor, kind)
        for path in laid:
            if path[0] == kind and len(path) > 2 and path[1] in given and not given[str(path[1])].active:
                yield Doubt(path[:3], f"changes nothing in this run: {path[1]} is not active: no rule decides it",
                            None, f"set {kind}.{path[1]}.active to true, too")  # fmt: skip
    for path in laid:
        if path[:2] == ("regimes", "regimes") and len(path) > 3 and path[2] not in followed:
            yield Doubt(path[:4], f"changes nothing in this run: no active bargain follows the regime {path[2]!r}",
                        None, "set the regime of a bargain to it, too")  # fmt: skip


def doubtful(scenario: Scenario, draft: Draft | None = None, timetable: Timetable | None = None) -> list[Problem]:
    """Return the same as problems, each with the file and line where it was written, and what is ignored in tables.

    A corridor's own timetable may hold more than the period of one of its scenarios: what acts on no day of the period
    is left out if it does within what the corridor covers, unless an override, a setting or the design laid it there.

    Parameters
    ----------
    draft : the values as read; without it fields have no lines, and nothing counts as laid over.
    timetable : of the scenario, where it was made already.
    """
    found = [] if draft is None else [note for table in draft.tables.values() for note in table.notes]
    first, last = scenario.corridor.available
    laid = unread_fields(scenario, draft, timetable) if draft is not None else ()
    every = [*doubts_of(scenario, timetable), *laid]
    for doubt in dict.fromkeys(every):
        given = None if draft is None else draft.scenario if doubt.path == SCALE else draft.corridor
        mark = mark_of(given.marks, doubt.path) if given is not None else None
        covered = doubt.dates is not None and doubt.dates[0] <= last and doubt.dates[1] > first
        if covered and (mark is None or mark.override is None):
            continue
        file, line = (mark.file, mark.line) if mark is not None else (scenario.name, None)
        found.append(Problem(file, dotted(doubt.path), doubt.message, doubt.value, line, "", doubt.advice))
    return found
