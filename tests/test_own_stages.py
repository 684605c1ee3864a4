"""Stages of one's own: inserted, in place of another, left out; in runs and sweeps; named in the record."""

from __future__ import annotations

import dataclasses
import importlib
import json
import pickle
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import small
from small import lively
from sweeping import DESIGN, Serial, make_folder, serial
from typer.testing import CliRunner

import simulator
from simulator import STAGES, InputError, Stage, Stages, Variable, api
from simulator.cli import app
from simulator.stages.schedule import made_of
from simulator.sweeps import engine as engines
from simulator.world.fields import RECORDED

RESCUED = lively(
    policies={
        **small.EVERYTHING,
        "crews": small.policy(small.change("rescue", "EU", ["eastern", "western"], [("2016-01-01", 0.9)])),
    }
)
PAGE = Path(__file__).parents[1] / "docs" / "your-own-stage.md"
CODE, USE = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.fixture
def crews(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Return the module of the page, in a folder of its own, which is the working folder."""
    (tmp_path / "crews.py").write_text(CODE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    import crews as module  # type: ignore[import-not-found]

    yield module
    sys.modules.pop("crews", None)


def deaths(result: Any) -> int:
    return int(result.frame("deaths")["deaths"].sum())


def test_the_page_does_what_it_says(crews: ModuleType) -> None:
    """With nobody rescued it changes nothing; with rescue it brings deaths."""
    stages = STAGES.insert(crews.STAGE, after="crossing")
    plain, tired = simulator.run(RESCUED), simulator.run(RESCUED, stages=stages)
    # The same people by their draws: tired crews save fewer of them. Of some 10,000 attempts at a risk of 3%, three
    # quarters of which rescue takes away, half the crews' work undone is some 100 deaths, 6 standard deviations.
    assert deaths(tired) > deaths(plain)
    never = simulator.run(lively(), stages=stages)
    assert deaths(never) == deaths(simulator.run(lively())), "where nobody is rescued, no crews tire"
    assert "tiredness" not in plain.fields
    frame = tired.frame("tiredness", by=["leg"])
    assert (frame["tiredness"] > 0).any()
    assert frame["tiredness"].max() <= 1.0
    assert tired.stages is not None
    assert plain.stages is None


def test_a_stage_in_place_of_another_is_the_rule() -> None:
    """Nobody is stopped where a stage of one's own sets all chances to nothing."""

    def free(world: Any) -> None:
        STAGES["crossing"].run(world)
        for name in ("hazard", "p_caught", "p_stopped"):
            setattr(world, name, np.zeros_like(getattr(world, name)))
        from simulator.stages.crossing import outcome_limits

        world.outcome_limits = outcome_limits(world.p_open, world.p_death, world.p_stopped)

    mine = dataclasses.replace(STAGES["crossing"], run=free)
    result = simulator.run(lively(), stages=STAGES.replace("crossing", mine))
    assert int(result.frame("interceptions")["interceptions"].sum()) == 0
    assert int(simulator.run(lively()).frame("interceptions")["interceptions"].sum()) > 0


def test_a_stage_left_out_does_nothing() -> None:
    result = simulator.run(lively(), stages=STAGES.without("returns"))
    assert not result.tables["returns"].query("kind == 'removal'")["value"].any()
    assert result.stages == {"order": [name for name in STAGES.names if name != "returns"], "own": []}


@pytest.mark.parametrize(("make", "said"), [
    (lambda: STAGES.without("crossing"), "reads or changes what no stage owns"),
    (lambda: STAGES.replace("crosing", STAGES["crossing"]), "no such stage"),
    (lambda: STAGES.insert(STAGES["crossing"], after="crossing"), "is there twice"),
    (lambda: STAGES.insert(Stage("mine", print)), "needs a place"),
    (lambda: STAGES.insert(Stage("mine", print, reads=("weather",)), before="crossing"), "no stage owns"),
    (lambda: STAGES.insert(Stage("mine", print, owns=(Variable("p_death", ("leg",), "1", "."),)), after="crossing"),
     "owns what 'crossing' owns, too"),
    (lambda: STAGES.insert(Stage("mine", print, records=("tides",)), after="crossing"), "not in the register"),
    (lambda: STAGES.insert(Stage("mine", print, records=(RECORDED["deaths"],)), after="crossing"), "register has"),
])  # fmt: skip
def test_what_does_not_fit_is_refused_before_anything_runs(make: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        make()


def test_corridors_own_are_named_by_no_record_and_travel_by_name() -> None:
    assert made_of(STAGES) is None
    again = pickle.loads(pickle.dumps(STAGES))
    assert again == STAGES
    assert all(one is other for one, other in zip(again, STAGES, strict=True))
    assert Stages(STAGES) == STAGES


def test_a_record_names_the_stage_and_rerun_asks_for_it(crews: ModuleType, tmp_path: Path) -> None:
    stages = STAGES.insert(crews.STAGE, after="crossing")
    simulator.new("mine")
    short: Any = {"persons_per_agent": 1000, "end": "2016-07-01"}
    made = simulator.run("mine", stages=stages, out="with", **short)
    record = json.loads((tmp_path / "with" / "record.json").read_text(encoding="utf-8"))
    own = record["stages"]["own"]
    assert [(one["name"], one["function"]) for one in own] == [("crews", "crews.update")]
    assert record["stages"]["order"] == list(stages.names)
    # What it recorded can be read from the folder, without its code.
    opened = api.Result.load("with")
    assert opened.frame("tiredness", by=["leg"]).equals(made.frame("tiredness", by=["leg"]))
    assert opened.dataset["tiredness"].attrs["units"] == "1"
    # The command line has no stages to give; Python has.
    done = CliRunner().invoke(app, ["rerun", "with"])
    assert done.exit_code == 2
    assert "crews by crews.update" in done.output
    again = simulator.rerun("with", stages=stages)
    assert again.same
    # Other stages, or another file of that name, are refused.
    with pytest.raises(InputError, match="in order"):
        simulator.rerun("with", stages=STAGES.insert(crews.STAGE, after="route_choice"))
    (tmp_path / "crews.py").write_text(CODE.replace("REST_DAYS = 30.0", "REST_DAYS = 60.0"), encoding="utf-8")
    with pytest.raises(InputError, match="whose code has changed since"):
        simulator.rerun("with", stages=stages)
    simulator.run("mine", out="without", **short)
    with pytest.raises(InputError, match="Corridor's own stages"):
        simulator.rerun("without", stages=stages)


SHUT = """
import numpy as np
from simulator import Stage
from simulator.stages import crossing

def update(world):
    world.p_open = np.zeros_like(world.p_open)
    world.outcome_limits = crossing.outcome_limits(world.p_open, world.p_death, world.p_stopped)

STAGE = Stage("shut", update, reads=("p_open", "p_death", "p_stopped"), changes=("p_open", "outcome_limits"))
"""
"""No leg is passable."""


def test_a_sweep_is_made_with_it_and_gone_on_with_by_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shut.py").write_text(SHUT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    stages = STAGES.insert(importlib.import_module("shut").STAGE, after="crossing")
    make_folder(tmp_path, DESIGN.replace("replicates: 2", "replicates: 1").replace("number: 2,", "number: 1,"))
    monkeypatch.setattr(engines, "engine", serial(Serial()))
    made = api.sweep("sea", out="swept", stages=stages)
    assert made.state["failed"] == 0
    assert not made.runs["arrivals"].any()
    with pytest.raises(InputError, match="was made with other stages"):
        api.sweep("sea", out="swept", resume=True)
    run = str(made.runs["id"].iloc[0])
    with pytest.raises(InputError, match="shut by shut"):
        api.remake("swept", run)
    remade = api.remake("swept", run, stages=stages)
    assert remade.sameness is not None
    assert remade.sameness.holds
    assert api.sweep("sea", out="plain").runs["arrivals"].all()
