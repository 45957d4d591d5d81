"""What may be sent to `/api/v1`: the bodies and the query parameters, and how a wrong one is told."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Collection
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from techrun.errors import UsageError
from techrun.handling import Fault
from techrun.language.durations import Seconds
from techrun.language.moments import moment
from techrun.model import Severity

LARGEST = 16_384
"""Bytes of a body."""
SHOWN = 20
MOST_SHOWN = 500
"""Lines of a list."""

Model = TypeVar("Model", bound="Body")


class Body(BaseModel):
    """What every body may say: who acts."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)

    author: str = Field(default="", max_length=200)

    @property
    def by(self) -> str:
        """Who acts, as it is recorded."""
        return self.author or "API"


class AcknowledgeBody(Body):
    """A person takes an incident on."""

    note: str = ""


class AnnotateBody(Body):
    """What a person adds to an incident."""

    text: str = ""
    cause: Fault | None = None


class OpenBody(Body):
    """What techrun has missed."""

    shop: str
    text: str
    severity: Severity = "ticket"


class WindowBody(Body):
    """A silence or a maintenance."""

    selectors: tuple[str, ...] = ()
    client: str = ""
    tags: tuple[str, ...] = ()
    for_: Seconds = Field(alias="for")
    from_: str | None = Field(default=None, alias="from")
    reason: str


class BeginBody(Body):
    """A release that begins."""

    shop: str
    version: str
    commit: str = ""
    link: str = ""
    committed: str = ""
    told: str = Field(default="", max_length=200)


class EndBody(Body):
    """A release that has ended."""

    shop: str
    version: str
    rolled_back: bool = False


class ShopBody(Body):
    """A shop."""

    shop: str


class LoadTestBody(Body):
    """A shop that is under load."""

    shop: str
    scenario: str = Field(max_length=200)
    release: str = Field(default="", max_length=200)
    host: str = Field(default="", max_length=500)
    for_: Seconds = Field(alias="for")


async def bounded(request: Request, largest: int = LARGEST) -> bytes | None:
    """The body; None where it is too large."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > largest:
            return None
    return bytes(body)


def unpacked(body: bytes, largest: int) -> bytes | None:
    """What was sent as gzip; None where it is too large, or none."""
    unpacking = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        found = unpacking.decompress(body, largest + 1)
    except zlib.error:
        return None
    return found if unpacking.eof and len(found) <= largest else None


def understand(model: type[Model], body: bytes) -> Model:
    """The body as a record; UsageError says what is wrong with it."""
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise UsageError("the body is not JSON") from None
    if not isinstance(value, dict):
        raise UsageError("the body is no JSON object")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise UsageError(_first_fault(error, model)) from None


def _first_fault(error: ValidationError, model: type[Body]) -> str:
    first: Any = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    if first["type"] == "missing":
        return f"`{where}` is missing"
    if first["type"] == "extra_forbidden":
        names = ", ".join(field.alias or name for name, field in model.model_fields.items())
        return f"`{where}` is not known here; there are: {names}"
    return f"`{where}`: {first['msg'].removeprefix('Value error, ')}"


class Query:
    """The query parameters of a request; UsageError where there is one that means nothing here."""

    def __init__(self, request: Request, known: Collection[str]) -> None:
        self._given = request.query_params
        for name in self._given:
            if name not in known:
                hint = f"there are: {', '.join(known)}" if known else "there are none"
                raise UsageError(f"the parameter `{name}` is not known here; {hint}")

    def text(self, name: str) -> str:
        """Its value, empty where it is not given."""
        return self._given.get(name, "")

    def texts(self, name: str) -> tuple[str, ...]:
        """All its values."""
        return tuple(self._given.getlist(name))

    def limit(self) -> int:
        """The `limit` of a list."""
        text = self.text("limit")
        if not text:
            return SHOWN
        if not text.isascii() or not text.isdecimal() or not 0 < int(text) <= MOST_SHOWN:
            raise UsageError(f"`limit` is a number from 1 to {MOST_SHOWN}")
        return int(text)

    def moment(self, name: str) -> float | None:
        """Its value as a moment; None where it is not given."""
        text = self.text(name)
        return as_moment(text) if text else None


def as_moment(text: str) -> float:
    """Unix time of a moment; UsageError says how one is written."""
    try:
        return moment(text, time.time())
    except ValueError as error:
        raise UsageError(str(error)) from None
