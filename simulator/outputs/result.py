"""The result of a run: its tables, and the questions that can be put to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
from pydantic import ValidationError

from simulator.clock import Clock
from simulator.errors import InputError, Problem
from simulator.outputs.columns import Columns, columns_of
from simulator.outputs.frames import Where, build_frame, field_of
from simulator.outputs.provenance import build_record, result_hash, table_hash
from simulator.outputs.recorder import Coords, Recorder
from simulator.outputs.store import RECORD, fields_of, read_run, write_run
from simulator.outputs.summary import build_summary
from simulator.scenario.schema import Scenario
from simulator.world.fields import CHOICES, RECORDED, Field

if TYPE_CHECKING:
    import xarray as xr


def scenario_of_record(record: Mapping[str, Any], path: Path) -> Scenario:
    """Return the resolved scenario that a record holds.

    Raises
    ------
    InputError
        If this version of Corridor cannot read it.
    """
    try:
        return Scenario.model_validate(record["scenario"])
    except ValidationError as error:
        version = record["versions"].get("corridor", "an unknown version")
        message = f"holds a scenario that this version of Corridor cannot read: {error.error_count()} fields differ"
        raise InputError([Problem(str(path), "scenario", message, advice=f"use Corridor {version}")]) from error


def _check_coordinates(
    coordinates: Mapping[str, Sequence[str]], scenario: Scenario, folder: Path, fields: Mapping[str, Field]
) -> None:
    """Check that a record's labels are those of its scenario, as far as the scenario alone tells."""
    needed = {dim for field in fields.values() for dim in field.dims}
    found = [f"has no labels of {dim}" for dim in sorted(needed - set(coordinates))]
    strange = sorted(set(coordinates.get("leg", ())) - {leg.leg for leg in scenario.legs})
    found += [f"has legs that the scenario does not have: {', '.join(strange[:5])}"] if strange else []
    found += [f"names a label of {dim} twice" for dim, labels in coordinates.items() if len(set(labels)) < len(labels)]
    if found:
        file, advice = str(folder / RECORD), "the record is damaged; run the scenario again"
        raise InputError([Problem(file, "coordinates", said, advice=advice) for said in found])


class Tables(Mapping[str, pd.DataFrame]):
    """The tables of a run by name, read when they are asked for.

    A table has ``step``, a column for each dimension, and ``value``; a flow, or a count of people,
    has no row where it is zero. ``choices`` holds what governments decided by rule: a row for each
    decision, option and payoff term, and for the option's chance and whether it was taken.
    """

    def __init__(self, read: Callable[[str], pa.Table], names: Iterable[str]):
        self._read = read
        self._names = tuple(names)
        self._arrow: dict[str, pa.Table] = {}

    def arrow(self, name: str) -> pa.Table:
        """Return a table as pyarrow holds it."""
        if name not in self._names:
            raise KeyError(name)
        if name not in self._arrow:
            self._arrow[name] = self._read(name)
        return self._arrow[name]

    def __getitem__(self, name: str) -> pd.DataFrame:
        frame: pd.DataFrame = self.arrow(name).to_pandas()
        return frame

    def __contains__(self, name: object) -> bool:
        return name in self._names  # without reading it

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Result:
    """The result of a run.

    Attributes
    ----------
    scenario : the resolved scenario that ran.
    clock : its steps.
    coords : labels along each dimension.
    tables : what was recorded, by name.
    stats : what the run says of itself: time, rows, peak rows ...
    folder : where it is stored, or None.
    record : its record as stored, or None.
    fields : what was recorded, by name.
    stages : which stages made it, where they are not Corridor's own in their order; see `simulator.STAGES`.
    warnings : what of the scenario changed nothing in the run, or counted twice; of a stored run nothing is kept.
    """

    def __init__(
        self,
        scenario: Scenario,
        read: Callable[[str], pa.Table],
        coords: Coords,
        stats: Mapping[str, Any],
        *,
        folder: Path | None = None,
        record: Mapping[str, Any] | None = None,
        fields: Mapping[str, Field] = RECORDED,
        stages: Mapping[str, Any] | None = None,
    ):
        self.scenario = scenario
        self.clock = Clock(scenario.period.start, scenario.period.end, scenario.step_days)
        self.coords = {dim: tuple(labels) for dim, labels in coords.items()}
        self.fields = dict(fields)
        self.stages = stages
        tables = (*self.fields, CHOICES)
        # Runs of earlier versions lack tables that came later.
        self.tables = Tables(read, tables if record is None else [name for name in tables if name in record["tables"]])
        self.stats = dict(stats)
        self.folder = folder
        self.record = record
        self.warnings: tuple[Problem, ...] = ()
        self._columns: dict[str, Columns] = {}

    @classmethod
    def of_run(cls, recorder: Recorder, stats: Mapping[str, Any], stages: Mapping[str, Any] | None = None) -> Result:
        """Return the result of a run that has just ended."""
        return cls(recorder.scenario, recorder.tables().__getitem__, recorder.coords, stats, fields=recorder.fields,
                   stages=stages)  # fmt: skip

    @classmethod
    def load(cls, folder: str | Path) -> Result:
        """Open a run folder; its tables are read when they are asked for.

        Raises
        ------
        InputError
            If the folder does not hold a whole run; the message names what is missing or changed.
        """
        stored = read_run(Path(folder))
        record = stored.record
        scenario = scenario_of_record(record, stored.folder)
        fields = fields_of(record)
        _check_coordinates(record["coordinates"], scenario, stored.folder, fields)
        return cls(
            scenario, stored.table, record["coordinates"], record["stats"], folder=stored.folder, record=record,
            fields=fields, stages=record.get("stages"),
        )  # fmt: skip

    def save(
        self,
        folder: str | Path,
        *,
        overwrite: bool = False,
        figures: Callable[[Result, Path], object] | None = None,
    ) -> Path:
        """Write the run to a folder, whole or not at all, and return it.

        Parameters
        ----------
        folder : folder to make; a run of the same scenario by the same version of Corridor that
            stands there is replaced.
        overwrite : replace another run, too.
        figures : draws this result's figures into the folder it is given.

        Raises
        ------
        InputError
            If something else stands there.
        """
        tables = {name: self.tables.arrow(name) for name in self.tables}
        record = build_record(self.scenario, self.coords, tables, self.stats, self.stages)
        draw = None if figures is None else lambda target: figures(self, target)
        self.folder = write_run(
            Path(folder), record, tables, self.dataset, self.summary, overwrite=overwrite, figures=draw
        )
        self.record = record
        return self.folder

    @property
    def seed(self) -> int:
        """Seed of all draws."""
        return self.scenario.seed

    @cached_property
    def table_hashes(self) -> dict[str, str]:
        """SHA-256 of what each table says, however it is stored."""
        return {name: table_hash(self.tables.arrow(name)) for name in self.tables}

    @property
    def hash(self) -> str:
        """SHA-256 of all tables; equal for two runs only if every recorded number is."""
        return result_hash(self.table_hashes)

    def columns(self, name: str) -> Columns:
        """Return a recorded field as plain arrays.

        Raises
        ------
        InputError
            If the run was made by a version that did not record it.
        """
        if name not in self.tables:
            where = str(self.folder or self.scenario.name)
            raise InputError([Problem(where, name, "was not recorded by the version that made this run",
                                      advice="remake the run with 'corridor rerun'")])  # fmt: skip
        if name not in self._columns:
            self._columns[name] = columns_of(self.tables.arrow(name))
        return self._columns[name]

    def frame(self, measure: str, by: str | Sequence[str] = (), where: Where | None = None) -> pd.DataFrame:
        """Return a measure added up by some of its dimensions, as a sorted table.

        Parameters
        ----------
        measure : a recorded field, or ``arrivals``: people who got through a leg where that counts as
            an arrival on its route.
        by : its dimensions, or ``step``, ``date`` (first day of the step), ``month`` (YYYY-MM),
            ``year``, and for what happens on legs ``route`` (empty for legs without), ``mode``,
            ``tail``, ``head``, and ``border`` (``counted`` where getting through counts as an arrival,
            else ``other``). Nothing gives the total of the run.
        where : labels to keep, by dimension (not of time), such as ``{"origin": "SYR"}``.

        Returns
        -------
        pandas.DataFrame
            A column for each of `by`, then one named as the measure. Every step, month, year and
            route is there, with every combination of the other labels in use, zero where nothing
            happened. Flows of a step that spans two months are split by days. Counts of people
            (stocks, backlog) are those at the end of the month, year or run; other levels (prices,
            chances, trust) are means by days, over those cells that have a value, each alike.

        Raises
        ------
        InputError
            If there is no such measure or dimension; the message names the nearest.
        """
        dims = (by,) if isinstance(by, str) else tuple(by)
        field = field_of(measure, self.fields)
        return build_frame(self.scenario, self.clock, self.columns(field.name), measure, field, dims, where or {})

    @cached_property
    def dataset(self) -> xr.Dataset:
        """All recorded fields, dense, with units, long names and dates."""
        from simulator.outputs.dataset import build_dataset

        columns = {name: self.columns(name) for name in self.fields if name in self.tables}
        return build_dataset(self.scenario, self.clock, self.coords, columns, self.fields)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Totals of the run, by route and for the whole."""
        return build_summary(self.scenario, self.clock, self.frame, self.stats)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """What whoever reads the figures has to know first; nothing, as a rule."""
        if self.tables["departures"]["value"].sum() > 0:
            return ()
        return (
            "nobody set out in the whole run, so that all flows are zero: what is it that keeps everybody at home? "
            "Departure levels, prices, units and people a row are the first to look at.",
        )

    def __repr__(self) -> str:
        period = self.scenario.period
        return (
            f"<Result of {self.scenario.name}, {period.start} to {period.end}, seed {self.seed}, "
            f"{self.scenario.persons_per_agent} persons an agent>"
        )
