"""What must hold of bargains and responses: known governments, destinations, legs and regimes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from simulator.errors import Problem, nearest
from simulator.scenario.bargains import AnswerLever, Bargain, Regime
from simulator.scenario.checks_policies import reach
from simulator.scenario.levers import LEVERS, Lever
from simulator.scenario.parts import Parts
from simulator.scenario.yaml_file import KeyPath
from simulator.units import convert

_UNION = "EU"


def _unknown(parts: Parts, path: KeyPath, names: Iterable[str], what: str, known: list[str]) -> Iterator[Problem]:
    for name in names:
        if name not in known:
            yield parts.problem(path, f"is an unknown {what}", name, ", ".join(known[:12]), nearest(name, known))


def bargains(parts: Parts) -> Iterator[Problem]:
    """Check that bargains name known governments, a partnership, legs, and a regime that can be laid over them."""
    countries = [row.country for row in parts.countries]
    destinations = [row.country for row in parts.countries if row.destination]
    legs = [*(row.leg for row in parts.legs), *parts.corridor.routes]
    pairs = {(each.donor, each.partner) for each in parts.corridor.partnerships}
    regimes = parts.corridor.regimes
    for name, bargain in parts.corridor.bargains.items():
        path: KeyPath = ("bargains", name)
        yield from _unknown(parts, (*path, "donor"), (bargain.donor,), "government", [*countries, _UNION])
        yield from _unknown(parts, (*path, "partner"), (bargain.partner,), "country", countries)
        yield from _unknown(parts, (*path, "destinations"), bargain.destinations, "destination", destinations)
        yield from _unknown(parts, (*path, "legs"), bargain.legs, "leg or route", legs)
        if (bargain.donor, bargain.partner) not in pairs:
            yield parts.problem((*path, "partner"), "has no partnership with the donor", bargain.partner,
                                advice=f"add one of {bargain.donor} and {bargain.partner} to partnerships")  # fmt: skip
        if regimes is None:
            yield parts.problem((*path, "regime"), "names a regime, but the corridor has none", bargain.regime,
                                advice="name a file of regimes; 'regimes: regimes.yaml' is the library's")  # fmt: skip
            continue
        known = list(regimes.regimes)
        yield from _unknown(parts, (*path, "regime"), (bargain.regime,), "regime", known)
        if bargain.regime in regimes.regimes:
            yield from _fits(parts, path, bargain, regimes.regimes[bargain.regime])


def _fits(parts: Parts, path: KeyPath, bargain: Bargain, regime: Regime) -> Iterator[Problem]:
    """Check that what a regime offers can be given to the partner."""
    origins = [row.country for row in parts.countries if row.origin]
    if bargain.aid is None and any(item.of_aid for item in regime.items):
        yield parts.problem((*path, "aid"), f"is missing, and {bargain.regime!r} is measured against it",
                            advice="say what the donor gives in a year, with its source or range")  # fmt: skip
    wanted = sorted({item.lever for item in regime.items if LEVERS[item.lever].acts == "pair"})
    if wanted and bargain.partner not in origins:
        yield parts.problem((*path, "regime"), f"offers {', '.join(wanted)}, which act on people of an origin",
                            bargain.regime, advice=f"{bargain.partner} is no origin here; choose another")  # fmt: skip
    if bargain.about == "readmission" and bargain.partner not in origins:
        yield parts.problem((*path, "partner"), "has no citizens in this corridor to take back", bargain.partner,
                            ", ".join(origins))  # fmt: skip


def responses(parts: Parts) -> Iterator[Problem]:
    """Check that responses are of destinations, and move known levers within their limits."""
    destinations = [row.country for row in parts.countries if row.destination]
    origins = [row.country for row in parts.countries if row.origin]
    legs = [*(row.leg for row in parts.legs), *parts.corridor.routes]
    targets = {"leg": ("leg or route", legs), "pair": ("origin", origins), "country": ("", [])}
    for name, response in parts.corridor.responses.items():
        path: KeyPath = ("responses", name)
        yield from _unknown(parts, (*path, "government"), (response.government,), "destination", destinations)
        for key, answer in response.answers.items():
            for index, moved in enumerate(answer.levers):
                at: KeyPath = (*path, "answers", key, "levers", index)
                lever = LEVERS.get(moved.lever)
                if lever is None:
                    yield parts.problem((*at, "lever"), "is an unknown lever", moved.lever, ", ".join(LEVERS),
                                        nearest(moved.lever, list(LEVERS)))  # fmt: skip
                    continue
                what, known = targets[lever.acts]
                if lever.acts == "country" and moved.at:
                    yield parts.problem((*at, "at"), "says where; the lever acts on the government's own country",
                                        ", ".join(moved.at), advice="leave 'at' out")  # fmt: skip
                elif lever.acts != "country":
                    if not moved.at:
                        yield parts.problem((*at, "at"), f"is missing: {moved.lever!r} acts on a {lever.acts}",
                                            None, ", ".join(known[:12]))  # fmt: skip
                    yield from _unknown(parts, (*at, "at"), moved.at, what, known)
                yield from _within_reach(parts, at, moved, lever)


def _within_reach(parts: Parts, at: KeyPath, moved: AnswerLever, lever: Lever) -> Iterator[Problem]:
    """Check that what an answer does to a lever is in a unit that it has, and within its limits."""
    try:
        value = convert(moved.value.value, moved.value.unit, lever.unit if moved.do == "add" else "1")
    except ValueError as error:
        yield parts.problem((*at, "value", "unit"), str(error), moved.value.unit)
        return
    low, high = reach(lever, moved.do)
    if not low <= value <= high:
        said = "" if lever.unit == "1" or moved.do == "multiply" else f" {lever.unit}"
        yield parts.problem((*at, "value"), f"is out of the reach of {moved.lever!r}", moved.value.value,
                            f"{low:g} to {high:g}{said} to {moved.do}")  # fmt: skip
