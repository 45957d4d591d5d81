"""A list of texts that may be written as one text."""

from __future__ import annotations

from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema


class _Several:
    """One value stands for a list of one."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_listed, handler(source))

    def __get_pydantic_json_schema__(self, inner: CoreSchema, handler: GetJsonSchemaHandler) -> Any:
        listed = handler(inner)
        arrays = [listed, *listed.get("anyOf", ())]
        item = next(part["items"] for part in arrays if "items" in part)
        return {"anyOf": [item, *listed.get("anyOf", [listed])]}


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | int | float) else value


SEVERAL = _Several()
"""For `Annotated`: a list of texts, or one text."""
