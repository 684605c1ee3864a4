"""Numbers replaced in a resolved scenario: the same as loading it with them, and unknown fields are named at once."""

from __future__ import annotations

import pytest

from simulator.errors import InputError
from simulator.scenario.load import load
from simulator.scenario.values import with_values

VALUES = {
    "parameters.news.weight": 0.31,
    "policies.eu-turkey-statement.levers.0.values.1.value": 7.5,
    "legs.idomeni--gevgelija.effort_arrival": 2.25,
    "origins.SYR.departure_level": -3.0,
}


def test_it_is_what_loading_with_these_values_gives() -> None:
    plain = load("eu-turkey-2016", fit_member="none")
    loaded = load("eu-turkey-2016", set=VALUES, fit_member="none")
    quick = with_values(plain, VALUES)
    assert quick.parameters.news.weight.value == loaded.parameters.news.weight.value == 0.31
    lever = "eu-turkey-statement"
    assert [[v.value for v in each.values] for each in quick.corridor.policies[lever].levers] == [
        [v.value for v in each.values] for each in loaded.corridor.policies[lever].levers
    ]
    for table in ("legs", "origins"):
        for one, other in zip(getattr(quick, table), getattr(loaded, table), strict=True):
            assert one.model_dump(exclude={"note"}) == other.model_dump(exclude={"note"})
    assert plain.parameters.news.weight.value != 0.31


def test_every_unknown_field_is_named() -> None:
    wrong = ("parameters.news.wait", "origins.XXX.departure_level", "legs.idomeni--gevgelija.colour", "banana")
    with pytest.raises(InputError) as caught:
        with_values(load("eu-turkey-2016"), dict.fromkeys(wrong, 1.0))
    text = str(caught.value)
    assert len(caught.value.problems) == 4
    for part in ("news.wait", "origins.XXX", "colour", "banana"):
        assert part in text


def test_text_is_no_number() -> None:
    with pytest.raises(InputError):
        with_values(load("eu-turkey-2016"), {"legs.idomeni--gevgelija.mode": 1.0})
