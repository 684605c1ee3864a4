"""What a sweep says of each squeezed route, in words: the same in the figure, its description, and the page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from simulator.analysis.deaths import ANYWHERE
from simulator.analysis.diversion.balance import Balance, balances
from simulator.analysis.diversion.estimates import Estimate
from simulator.analysis.diversion.figures.common import (
    base_of,
    between,
    bracketed,
    join,
    labels_of,
    more_words,
    signed,
    signed_between,
)
from simulator.analysis.diversion.figures.glance import MATCHED, UNMATCHED, hundred, rest_limits
from simulator.analysis.diversion.within import MEANS, OTHERS
from simulator.numbers import people, rate, whole

NAMED: Final = 2
"""Routes that the title names."""
WHOLE: Final = 100
EDGE: Final = 110.0
"""People of a hundred at which the scale of bars and ranges ends, whatever is drawn."""
FALL: Final = "Arrivals that fall away there"
INSTEAD: Final = "Of every 100 of them, how many are matched, and where"
UNKNOWN: Final = "Too uncertain to say how much of it a rise elsewhere matches"
"""Heads of columns, and of the routes of which nothing is known."""
CONTROL: Final = "Control (the effort to stop people at the borders of a route's legs)"
STRESS: Final = "a stress test, not a proposal"
ORDER: Final = "Rows: the largest share first."
"""What control is, what raising it is for, and how the rows are ordered."""


def headline(found: Sequence[Balance], labels: Mapping[str, str]) -> str:
    """Return the finding in a sentence, in the order of the rows; of more than two routes the first and the last."""
    known = [each for each in found if each.known]
    if not known:
        if any(each.told for each in found):
            return ("Simulated: where control rises, fewer arrive; how much of that a rise on other routes matches "
                    "cannot be told from these runs")  # fmt: skip
        return "Simulated: where control rises on one route, no fall there can be told apart from zero"
    one, *rest = known if len(known) <= NAMED else [known[0], known[-1]]
    first = (f"Simulated: of 100 fewer arrivals by the {labels[one.squeezed]}, {count_words(one)} "
             f"{'is' if count_words(one) == '1' else 'are'} {MATCHED}")  # fmt: skip
    return first + "".join(f"; of 100 by the {labels[each.squeezed]}, {count_words(each)}" for each in rest)


def count_words(each: Balance) -> str:
    """Return how many of a hundred are matched by a rise of the same origin and need on other routes."""
    return people(WHOLE * each.ratio.mean)


def share_words(each: Balance) -> str:
    """Return how many of a hundred are matched, with the interval."""
    return count_words(each) + bracketed(between(each.ratio.low, each.ratio.high, WHOLE))


def lead_words(each: Balance) -> str:
    """Return how many are matched by a rise on other routes: of a hundred, and people."""
    limits = bracketed(between(each.ratio.low, each.ratio.high, WHOLE))
    return f"{count_words(each)} of 100{limits} matched: about {people(each.moved.mean)} people"


@dataclass(frozen=True)
class Part:
    """Where some of a hundred fewer on a route are matched by as many more of the same origin and need.

    Attributes
    ----------
    route : a route, empty for none.
    words : the route in words.
    count : whole people of a hundred.
    people : people in the mean.
    limits : interval of the count.
    """

    route: str
    words: str
    count: int
    people: float
    limits: str

    @property
    def short(self) -> str:
        """Return how many, and where."""
        return f"{self.count} {self.words}"

    @property
    def more(self) -> str:
        """Return how many people that is, and the interval of the count."""
        return f"{people(self.people)} people{bracketed(self.limits)}"

    @property
    def said(self) -> str:
        """Return the part in words."""
        return f"{self.short}: {self.more}"


def parts_of(each: Balance, labels: Mapping[str, str]) -> list[Part]:
    """Return where each hundred are matched, as whole people; of what is left nobody more came elsewhere."""
    counts = hundred({route: share.mean for route, share in each.shares.items()})
    found = [Part(route, labels[route], count, each.to[route].mean,
                  between(each.shares[route].low, each.shares[route].high, WHOLE))
             for route, count in counts.items()]  # fmt: skip
    rest = WHOLE - whole(WHOLE * each.ratio.mean)
    if rest <= 0:
        return found
    return [*found, Part("", UNMATCHED, rest, each.fallen.mean - each.moved.mean, rest_limits(each.ratio))]


def spans(parts: Sequence[Part]) -> list[tuple[float, float]]:
    """Return where each part of a bar begins and ends."""
    found, at = [], 0.0
    for part in parts:
        end = at + part.count if part.route else float(WHOLE)
        found.append((at, end))
        at = end
    return found


def others_words(each: Balance) -> str:
    """Return how many others came on other routes beyond what matches the fall; empty if that cannot be told."""
    if not (each.others.told or each.others.n < 2) or not each.others.mean > 0:
        return ""
    limits = bracketed(between(each.others.low, each.others.high))
    return f"Others more on other routes: {people(each.others.mean)}{limits}"


def fall_words(each: Balance) -> tuple[str, str]:
    """Return the fall, and its interval with how many arrived before."""
    was = f", of {people(each.before)}" if math.isfinite(each.before) else ""
    return f"{people(each.fall.mean)} fewer", f"({between(each.fall.low, each.fall.high)}){was}"


def nothing_words(each: Balance) -> str:
    """Return why nothing is said of where people went."""
    if each.fall.mean == each.fall.low == each.fall.high == 0:
        return "Changes nothing in these runs."
    fewer, limits = more_words(Estimate(-each.fall.mean, -each.fall.high, -each.fall.low, each.fall.n))
    if each.told:
        return (f"{fewer} ({limits}); too uncertain to say how many are matched on other routes "
                f"({between(each.ratio.low, each.ratio.high, WHOLE)} of 100).")  # fmt: skip
    return f"{fewer} in the mean ({limits}): no fall can be told apart from zero."


def set_out_words(each: Balance) -> str:
    """Return how many more or fewer set out; empty if that was not measured or cannot be told."""
    if each.set_out is None or not each.set_out.told:
        return ""
    many, limits = more_words(each.set_out)
    return f"On all routes together {many} people set out ({limits})"


def under_words(each: Balance) -> list[str]:
    """Return what stands under the hundred: others more elsewhere, and how many set out, as far as it can be told."""
    return [words for words in (others_words(each), set_out_words(each)) if words]


def deaths_words(each: Balance, labels: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the change of deaths, and what to know of it: baseline, interval, on which route, at what risk."""
    change = signed(each.deaths.mean)
    limits, was = signed_between(each.deaths.low, each.deaths.high), f"in all before: {people(each.deaths_before)}"
    if each.deaths.n > 1 and not each.deaths.told:
        return "No clear change", [f"{change} ({limits})", was]
    found, where = [f"({limits})", was], most_deaths(each)
    if where:
        found.append(f"{signed(each.deaths_on[where].mean)} on all legs of the {labels[where]}")
        before, after = each.risk.get(where, (math.nan, math.nan))
        if math.isfinite(before) and math.isfinite(after):
            then = f", then {rate(after)}" if rate(after) != rate(before) else ", as before"
            deaths = "deaths" if each.risk_there else "deaths on all its legs"
            found.append(f"{deaths} per 1,000 attempts there: {rate(before)}{then}")
    return f"{change} deaths", found


def most_deaths(each: Balance) -> str:
    """Return the route on which most of the change of deaths lies; empty if there is none with more than half."""
    sign = math.copysign(1.0, each.deaths.mean)
    size = {route: sign * change.mean for route, change in each.deaths_on.items() if change.told or change.n < 2}
    best = max(size, key=lambda route: size[route], default="")
    return best if best and size[best] > abs(each.deaths.mean) / 2 else ""


def sentence(each: Balance, labels: Mapping[str, str], where: str) -> str:
    """Return a row in words.

    Parameters
    ----------
    where : where deaths are counted.
    """
    label = labels[each.squeezed]
    change, more = deaths_words(each, labels)
    died = f"{where}: {change}: {'; '.join(more)}."
    if not each.known:
        return f"{label}: {nothing_words(each)} {died}"
    parts = "; ".join(part.said for part in parts_of(each, labels))
    fall, limits = fall_words(each)
    left = "".join(f" {words}." for words in under_words(each))
    return f"{label}: {fall} arrive there {limits}. {lead_words(each)}: {parts}.{left} {died}"


def deaths_where(design: Mapping[str, Any] | None) -> str:
    """Return where deaths are counted, in words."""
    there = ANYWHERE if (design or {}).get("deaths") is not None else "on all legs of all routes"
    mark = "*" if (design or {}).get("risk_drawn") is False else ""
    return f"Change in deaths{mark}, {there}"


def balances_of(table: pd.DataFrame, design: Mapping[str, Any] | None) -> tuple[Balance, ...]:
    """Return the balances of a table with what its design says: people by origin and need, base effort, deaths."""
    about = dict(design or {})
    return balances(table, about.get("people"), dict(about.get("onward", {})), base_of(about), about.get("deaths"),
                    about.get("set_out"))  # fmt: skip


def over_words(table: pd.DataFrame) -> str:
    """Return what intervals are over, in words."""
    draws, seeds = table["draw"].nunique(), table["replicate"].nunique()
    return (f"{draws} draws of the uncertain inputs that were varied" if draws > 1 else f"{seeds} seeds" if seeds > 1
            else "nothing: one run")  # fmt: skip


def notes(found: Sequence[Balance], table: pd.DataFrame, design: Mapping[str, Any] | None) -> list[str]:
    """Return what to know to read the rows, a sentence each."""
    about = dict(design or {})
    made = [f"In brackets: 95% range over {over_words(table)}; it says nothing of how well the model matches the "
            "world."]  # fmt: skip
    made.append(MEANS)
    if any(each.known for each in found):
        made.append(f"\N{LEFT DOUBLE QUOTATION MARK}{UNMATCHED.capitalize()}\N{RIGHT DOUBLE QUOTATION MARK}: no more "
                    "of the same origin and need elsewhere; the sweep does not tell who stays, waits, goes back or "
                    "dies.")  # fmt: skip
    if any(others_words(each) for each in found):
        made.append(f"{OTHERS[:1].upper()}{OTHERS[1:]}.")
    routes = set(table["route"])
    later = dict.fromkeys(route for each in found for route in about.get("onward", {}).get(each.squeezed, ())
                          if route in routes)  # fmt: skip
    if later:
        names = join([labels_of(design, [route])[route] for route in later])
        made.append(f"Left out, so that nobody is counted twice: arrivals by routes on which the same people are "
                    f"counted another time ({names}).")  # fmt: skip
    if about.get("risk_drawn") is False:
        made.append("* How much the risk of death rises with control is one assumed number, not varied here: deaths "
                    "hang on it.")  # fmt: skip
    return made
