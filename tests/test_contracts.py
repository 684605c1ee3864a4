"""What every stage and every shipped scenario must keep to, without exemption."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small
from small import lively

from simulator.model import CorridorModel
from simulator.scenario.library import names
from simulator.scenario.load import load
from simulator.stages.schedule import STAGES
from simulator.stages.stage import CONTEXT, SHARED, Stage, Stages
from simulator.world.fields import RECORDED
from simulator.world.people import People
from simulator.world.queue import ClaimQueue
from simulator.world.world import World

SCENARIOS = Path(__file__).parents[1] / "scenarios"


class Watcher:
    """A world that notes which attributes a stage reads and sets."""

    def __init__(self, world: World):
        object.__setattr__(self, "_world", world)
        object.__setattr__(self, "read", set())
        object.__setattr__(self, "set", set())

    def __getattr__(self, name: str) -> Any:
        self.read.add(name)
        return getattr(self._world, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.set.add(name)
        setattr(self._world, name, value)


def fingerprint(value: Any) -> bytes:
    """Return a digest of anything that a world holds."""
    if isinstance(value, np.ndarray):
        return hashlib.blake2b(value.tobytes() + str((value.dtype, value.shape)).encode()).digest()
    if isinstance(value, People):
        return b"".join(
            fingerprint(getattr(value, name))
            for name in ("key", "ready", "since", "money", "person_class", "place", "leg", "n_caught", "state")
        )
    if isinstance(value, ClaimQueue):
        return b"".join(fingerprint(np.asarray(part)) for part in value._parts) + str(len(value)).encode()
    if isinstance(value, list | tuple):
        return b"".join(map(fingerprint, value))
    if isinstance(value, dict):
        return b"".join(repr(key).encode() + fingerprint(value[key]) for key in sorted(value, key=repr))
    return repr(value).encode()


def state_of(world: World) -> dict[str, bytes]:
    """Return a digest of each attribute that may change, the ledger entry by entry, the rest by value."""
    fixed = {"clock", "parameters", "switches", "network", "groups", "pool_keys", "ledger"}
    state = {name: fingerprint(value) for name, value in vars(world).items() if name not in fixed and name != "plan"}
    state["plan"] = fingerprint(vars(world.plan))
    state["network"] = fingerprint(vars(world.network))
    state["groups"] = fingerprint(vars(world.groups))
    return state | {f"ledger.{name}": fingerprint(array) for name, array in world.ledger.items()}


@cache
def observed_use() -> list[tuple[Stage, set[str], set[str]]]:
    """Run lively corridors with each stage watched; return for each what it read and what it changed.

    The second has all that is disputed switched off, and ten persons a row, so that both sides of each are seen.
    """
    use: list[tuple[Stage, set[str], set[str]]] = [(stage, set(), set()) for stage in STAGES]

    def run_step(stages: Stages, world: World) -> None:
        for stage, read, written in use:
            watcher, before = Watcher(world), state_of(world)
            stage.run(watcher)  # type: ignore[arg-type]
            after = state_of(world)
            read |= watcher.read
            written |= watcher.set | {name for name in after if after[name] != before.get(name)}

    off = dict.fromkeys(("hump", "diffusion", "rescue_pull", "aid_deters", "learning"), False)
    parameter = {
        "transit.return_memory": 60, "smuggling.capacity_floor": 5, "departure.relatives": 0.5,
        "circulation.home_rate": 0.3, "circulation.joins": 1.0,
    }  # fmt: skip
    knobs = {"population": 9000, "end": "2016-07-01", "parameter": parameter}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stages, "run", run_step)
        for other in ({}, {"switches": off, "persons_per_agent": 10}):
            CorridorModel(lively(**knobs, **other)).run()
    return use


IDS = STAGES.names


@pytest.mark.parametrize("number", range(len(STAGES)), ids=IDS)
def test_a_stage_reads_only_what_it_declares(number: int) -> None:
    stage, read, _ = observed_use()[number]
    assert read - set(stage.reads) - CONTEXT == set()


@pytest.mark.parametrize("number", range(len(STAGES)), ids=IDS)
def test_a_stage_changes_only_what_it_declares(number: int) -> None:
    """By digest of everything before and after: also what is changed in place, and each entry of the ledger."""
    stage, _, written = observed_use()[number]
    assert written - stage.writes == set()
    assert written, "a stage that changes nothing in a lively corridor does nothing"


@pytest.mark.parametrize("number", range(len(STAGES)), ids=IDS)
def test_a_stage_declares_nothing_that_it_does_not_use(number: int) -> None:
    stage, read, written = observed_use()[number]
    assert set(stage.reads) - read == set()
    assert stage.writes - written == set()


def test_what_is_declared_exists() -> None:
    world = small.world()
    known = {*vars(world), *(name for name in dir(World) if not name.startswith("_"))}
    for stage in STAGES:
        assert set(stage.reads) <= known
        assert {name for name in stage.writes if not name.startswith("ledger.")} <= known
        assert {name.removeprefix("ledger.") for name in stage.writes if name.startswith("ledger.")} <= set(RECORDED)
        assert stage.reason
    assert CONTEXT | SHARED <= known


def test_each_thing_that_changes_is_owned_by_one_stage_or_shared() -> None:
    """Of what a stage changes, all is its own, shared, or another stage's; and nothing owned lies idle."""
    owners = {variable.name: stage.name for stage in STAGES for variable in stage.owns}
    assert not set(owners) & SHARED
    for stage in STAGES:
        for name in stage.writes:
            assert name in owners or name in SHARED or name.startswith("ledger."), name
        for name in stage.changes:
            assert owners.get(name) != stage.name, f"{stage.name} owns {name}: it need not say so twice"


@pytest.mark.parametrize("knobs", [{}, {"persons_per_agent": 10}])
def test_state_has_the_shape_that_is_declared(knobs: dict[str, Any]) -> None:
    """At first, and after a run: names of axes tell their lengths, where these are known by name."""
    model = CorridorModel(lively(**knobs))
    for after_a_run in (False, True):
        if after_a_run:
            model.run()
        sizes = model.world.sizes
        for stage in STAGES:
            for variable in stage.owns:
                shape = getattr(model.world, variable.name).shape
                assert len(shape) == len(variable.dims), variable.name
                assert all(sizes.get(dim, n) == n for dim, n in zip(variable.dims, shape, strict=True)), variable.name
                assert variable.unit
                assert variable.doc.endswith(".")


def test_every_recorded_field_has_a_writer() -> None:
    """What no stage writes is the model's own: what governments do and spend, and stocks at the end of a month."""
    by_stages = {name for stage in STAGES for name in stage.recorded}
    by_governments = {
        "spending", "diverted", "instrument_costs", "trust", "compliance", "backlash", "price_asked",
    }  # fmt: skip
    assert set(RECORDED) - by_stages == by_governments | {"stocks", "waiting"}


def test_the_model_runs_the_stages_in_order() -> None:
    ran: list[str] = []
    order = Stages(
        Stage(stage.name, lambda world, name=stage.name: ran.append(name), owns=stage.owns, records=stage.records)
        for stage in STAGES
    )
    model = CorridorModel(lively(), order)
    model.step()
    assert ran == list(STAGES.names)


NAMES = names("scenario")
CORRIDORS = sorted(path.parent.name for path in SCENARIOS.glob("*/corridor.yaml"))
OVERRIDES = sorted(path.stem for path in (SCENARIOS / "overrides").glob("*.yaml"))
MADE_FOR = "eu-returns"
"""A scenario of the corridor that the shipped overrides belong to."""
PERSONS = {"norway-ethiopia": 10, "australia": 10, "canada-us": 10}
"""People a row where some hundreds set out a year, and a thousand a row would be nobody."""


def short_run(name: str, weeks: int, **knobs: Any) -> CorridorModel:
    start = load(str(SCENARIOS / f"{name}.yaml") if name in NAMES else str(SCENARIOS / name)).period.start
    made = load(
        str(SCENARIOS / f"{name}.yaml") if name in NAMES else str(SCENARIOS / name),
        persons_per_agent=PERSONS.get(name, 1000),
        end=str(start + timedelta(weeks=weeks)),
        **knobs,
    )
    model = CorridorModel(made)
    model.run()
    return model


def assert_sound(model: CorridorModel) -> None:
    """People are conserved (the model checks each step), and every number that was recorded is finite, and possible."""
    world = model.world
    assert world.total() == world.initial + world.entered
    for name, table in model.recorder.tables().items():
        value = table["value"].to_numpy()
        assert np.isfinite(value).all(), name
        lowest = {"spending": -np.inf, "choices": -np.inf, "compliance": -1.0}.get(name, 0.0)
        assert (value >= lowest).all(), name  # what is withheld is negative spending, and a term may be a loss
        if name in ("interception_chance", "death_risk", "aspiration", "capability", "trust", "compliance"):
            assert value.max(initial=0) <= 1, name
    assert model.recorder.tables()["departures"].num_rows > 0
    assert model.recorder.tables()["crossings"].num_rows > 0


def test_there_are_scenarios() -> None:
    assert "eu-turkey-2016" in NAMES
    assert "mediterranean" in CORRIDORS
    assert len(OVERRIDES) >= 10


@pytest.mark.parametrize("name", [*NAMES, *CORRIDORS])
def test_a_shipped_scenario_runs(name: str) -> None:
    """Eight weeks at a thousand persons a row, or fewer where flows are small."""
    assert_sound(short_run(name, 8))


@pytest.mark.parametrize("override", OVERRIDES)
def test_a_shipped_override_can_be_laid_over_and_run(override: str) -> None:
    """Two weeks; where it belongs to a scenario already, without changing it."""
    own = load(str(SCENARIOS / f"{MADE_FOR}.yaml")).overrides
    assert_sound(short_run(MADE_FOR, 2, overrides=[] if override in own else [override]))
