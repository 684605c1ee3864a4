"""What a model knows at a path: the fields that may stand there, for checks before validation."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from simulator.scenario.yaml_file import KeyPath


def _plain(annotation: Any) -> list[Any]:
    """Return the alternatives of an annotation, without metadata and None."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _plain(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [part for choice in get_args(annotation) for part in _plain(choice) if part is not type(None)]
    return [annotation]


def field_keys(model: type[BaseModel]) -> dict[str, Any]:
    """Return each key that a model reads from a file, with its annotation."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _step(annotation: Any, part: str | int) -> Any:
    """Return the annotation one key or position further down, or None."""
    for choice in _plain(annotation):
        origin, arguments = get_origin(choice), get_args(choice)
        if origin is dict:
            return arguments[1]
        if origin is tuple:
            if len(arguments) == 2 and arguments[1] is Ellipsis:
                return arguments[0]
            return arguments[part] if isinstance(part, int) and part < len(arguments) else None
        if isinstance(choice, type) and issubclass(choice, BaseModel):
            return field_keys(choice).get(str(part))
    return None


def annotation_at(model: Any, path: KeyPath) -> Any:
    """Return the annotation at a path below `model`, or None if nothing may stand there."""
    here = model
    for part in path:
        here = _step(here, part)
        if here is None:
            return None
    return here


def known_keys(model: Any, path: KeyPath) -> list[str]:
    """Return the keys that may stand in the mapping at `path`; empty where any may, or none."""
    for choice in _plain(annotation_at(model, path)):
        if isinstance(choice, type) and issubclass(choice, BaseModel):
            return list(field_keys(choice))
    return []


def is_container(annotation: Any) -> type | None:
    """Return dict or list if a value of this annotation is written so, else None."""
    for choice in _plain(annotation):
        origin = get_origin(choice)
        if origin is dict or (isinstance(choice, type) and issubclass(choice, (BaseModel, Mapping))):
            return dict
        if origin is tuple:
            return list
    return None
