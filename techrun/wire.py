"""Records as JSON and back: one form for `/api/v1`, for `--format json` and for the command line's `--server`."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

Record = TypeVar("Record")


def to_json(record: object, type_: Any = None) -> Any:
    """What JSON can hold of a record."""
    return _adapter(type_ or type(record)).dump_python(record, mode="json")


def from_json(type_: type[Record], value: Any) -> Record:
    """The record in what JSON held; ValueError says what it lacks."""
    try:
        found: Record = _adapter(type_).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"{where}: {first['msg']}" if where else first["msg"]) from None
    return found


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}


def _adapter(type_: Any) -> TypeAdapter[Any]:
    """Made once for each type: that takes longer than using it."""
    if type_ not in _ADAPTERS:
        _ADAPTERS[type_] = TypeAdapter(type_)
    return _ADAPTERS[type_]
