"""Routes that are reached only through others are onward, whichever are squeezed: networks worked out by hand."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_result import small_scenario

from simulator.analysis.diversion.pairs import make_pairs
from simulator.analysis.metrics import counted_again, counted_once, leads_to, onward_routes

Leg = tuple[str, str, str]


def network(*legs: Leg, visa: tuple[str, ...] = ()) -> Any:
    """Return a corridor of legs (tail, head, route; a counted leg each, or none without a route) from ``home``."""
    places = dict.fromkeys(place for tail, head, _ in legs for place in (tail, head))
    return SimpleNamespace(
        places=[SimpleNamespace(place=place, role="origin" if place == "home" else "transit") for place in places],
        legs=[SimpleNamespace(leg=f"{tail}--{head}", tail=tail, head=head, route=route, counted=bool(route),
                              visa=f"{tail}--{head}" in visa) for tail, head, route in legs],
        corridor=SimpleNamespace(routes=dict.fromkeys(sorted({route for *_, route in legs if route}))),
    )  # fmt: skip


TWO_WAYS: tuple[Leg, ...] = (
    ("home", "port", ""), ("port", "far", "jungle"), ("port", "far", "boats"), ("far", "edge", ""),
    ("edge", "city", "border"),
)  # fmt: skip


def test_a_route_behind_two_ways_is_onward_of_both_and_of_either() -> None:
    made = network(*TWO_WAYS)
    assert onward_routes(made) == ["border"]
    for squeezed in (["jungle"], ["boats"], ["jungle", "boats"]):
        assert "border" in counted_again(made, squeezed)


def test_ways_that_lead_to_a_squeezed_route_are_no_alternative_to_it() -> None:
    """Who comes over the border was counted on the jungle or the boats: a rise there is no place to have moved to."""
    assert counted_again(network(*TWO_WAYS), ["border"]) == ["boats", "jungle"]
    beside = network(*TWO_WAYS, ("home", "sea", ""), ("sea", "island", "strait"))
    assert counted_again(beside, ["border"]) == ["boats", "jungle"], "the strait is one"


def test_a_way_past_the_others_makes_it_an_alternative() -> None:
    """Some reach it directly: legs do not record how people came, so that all of them count."""
    assert onward_routes(network(*TWO_WAYS, ("home", "edge", ""))) == []
    barred = network(*TWO_WAYS, ("home", "edge", ""), visa=("home--edge",))
    assert onward_routes(barred) == ["border"], "few have the visa"


def test_chains_and_circles() -> None:
    chain = network(("home", "a", "one"), ("a", "b", "two"), ("b", "c", "three"))
    assert onward_routes(chain) == ["three", "two"]
    assert counted_once(chain, ["one", "two", "three"]) == ["one"]
    assert counted_once(chain, ["two", "three"]) == ["two"]
    circle = network(("home", "a", "one"), ("b", "c", "two"), ("c", "b", "three"))
    assert onward_routes(circle) == [], "nobody reaches them"
    own = network(("home", "a", "one"), ("a", "b", "one"))
    assert onward_routes(own) == [], "its own legs lead to each other"


def test_of_the_small_corridor() -> None:
    scenario = small_scenario()
    assert onward_routes(scenario) == ["balkan"]
    assert counted_again(scenario, ["centre"]) == ["balkan"]
    assert counted_again(scenario, ["balkan"]) == ["east"]
    assert not leads_to(scenario, "centre", "balkan")


NODES = ("home", "a", "b", "c", "d")
LEGS = st.lists(st.tuples(st.sampled_from(NODES), st.sampled_from(NODES), st.sampled_from(["", "", "x", "y", "z"])),
                min_size=1, max_size=9, unique_by=lambda leg: leg[:2])  # fmt: skip


def walks(legs: list[Leg]) -> list[list[Leg]]:
    """Return every walk from home that passes no place twice."""
    found, open_ = [[]], [[leg] for leg in legs if leg[0] == "home" and leg[1] != "home"]  # type: ignore[var-annotated]
    while open_:
        walk = open_.pop()
        found.append(walk)
        been = {"home", *(head for _, head, _ in walk)}
        open_ += [[*walk, leg] for leg in legs if leg[0] == walk[-1][1] and leg[1] not in been]
    assert all(one[1] == two[0] for walk in found for one, two in pairwise(walk))
    return found


@settings(max_examples=150, deadline=None)
@given(LEGS)
def test_onward_is_what_every_walk_reaches_through_others(legs: list[Leg]) -> None:
    made = network(*legs)
    for route in made.corridor.routes:
        tails = {tail for tail, _, of in legs if of == route}
        ways = [walk for walk in walks(legs) if (walk[-1][1] if walk else "home") in tails]
        through = [any(of not in ("", route) for *_, of in walk) for walk in ways]
        assert (route in onward_routes(made)) == (bool(ways) and all(through))


def test_a_route_and_its_onward_route_are_not_squeezed_together() -> None:
    from test_metrics import result_of

    from simulator.errors import InputError

    run, other = result_of({"izmir--lesbos": 5.0}), result_of({"izmir--lesbos": 4.0})
    with pytest.raises(InputError, match=r"'balkan'[\s\S]*leave it out"):
        make_pairs([run], [other], ["east", "balkan"])
