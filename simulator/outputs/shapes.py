"""What the JSON files of runs and sweeps must hold, so that a damaged one is told at once and in full."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from simulator.errors import InputError, Problem
from simulator.outputs.provenance import FORMAT

SHOWN: Final = 80
"""Characters of a wrong value that a message shows."""
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, lt=2**63)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=200)]
"""What becomes part of the name of a file: a table of a sweep."""


def _moment(value: object) -> object:
    if isinstance(value, str):
        datetime.fromisoformat(value)
    return value


Moment = Annotated[str, BeforeValidator(_moment)]


class Shape(BaseModel):
    """Values as JSON has them, none taken for another kind; what is not named here may be there, too."""

    model_config = ConfigDict(strict=True, extra="allow")


class FileEntry(Shape):
    """A file of a folder."""

    bytes: Count
    sha256: Hash


class TableEntry(Shape):
    """A table of a run."""

    rows: Count
    sha256: Hash


class OwnField(BaseModel):
    """A field that a stage of one's own records."""

    model_config = ConfigDict(strict=True, extra="forbid")
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=100)]
    dims: Annotated[list[str], Field(min_length=1)]
    unit: str
    long_name: str
    kind: Literal["flow", "level"]
    every: Literal["step", "month"]


class OwnStage(Shape):
    """A stage that is not Corridor's own."""

    name: str
    function: str
    sha256: Hash
    records: list[OwnField]


class StagesEntry(Shape):
    """The stages of a run that are not Corridor's own in their order."""

    order: list[str]
    own: list[OwnStage]


class RecordFile(Shape):
    """The record of a run."""

    format: Annotated[int, Field(ge=1, le=FORMAT)]
    created: Moment
    seed: Count
    persons_per_agent: Annotated[int, Field(ge=1, lt=2**63)]
    scenario: dict[str, Any]
    scenario_hash: Hash
    result_hash: Hash
    versions: dict[str, str]
    tables: dict[str, TableEntry]
    coordinates: dict[str, list[str]]
    stats: dict[str, int | float]
    files: dict[str, FileEntry]
    name: str = ""
    overrides: list[str] = Field(default_factory=list)
    remake: str = ""
    platform: dict[str, Any] = Field(default_factory=dict)
    git: dict[str, Any] | None = None
    stages: StagesEntry | None = None


def read_json(file: Path, advice: str) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    InputError
        If the file cannot be read, or holds anything else.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        said = f"cannot be read: {error.strerror or error}"
        raise InputError([Problem(str(file), "", said, advice=advice)]) from None
    except (ValueError, RecursionError) as error:
        raise InputError([Problem(str(file), "", f"is not JSON: {error}", advice=advice)]) from None
    if not isinstance(content, dict):
        raise InputError([Problem(str(file), "", "is not a JSON object", advice=advice)])
    return content


def wrong_values(content: Mapping[str, Any], shape: type[Shape]) -> list[tuple[str, str, object]]:
    """Return field, what is wrong, and value of everything in a file that has not its shape."""
    try:
        shape.model_validate(content)
    except ValidationError as error:
        return [
            (".".join(map(str, each["loc"])), _said(each["msg"]), _short(each["input"]))
            for each in error.errors(include_url=False, include_context=False)
        ]
    except RecursionError:
        return [("", "is nested too deeply", None)]
    return []


def _said(message: str) -> str:
    return message[:1].lower() + message[1:]


def _short(value: object) -> object:
    text = repr(value)
    return value if len(text) <= SHOWN else f"{text[:SHOWN]}..."
