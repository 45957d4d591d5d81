"""One request to `/api/v1`, as the functions that answer it see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from techrun.oncall import UnknownError
from techrun.web.bodies import Query

GREATEST = 2**62
"""No number of a row is greater."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, its body read."""

    request: Request
    body: bytes

    @property
    def number(self) -> int:
        """The number in its path."""
        number = int(self.request.path_params["number"])
        if number > GREATEST:
            raise UnknownError(f"there is no #{number}")
        return number

    @property
    def id(self) -> str:
        """The id in its path."""
        return str(self.request.path_params["id"])

    def json(self) -> Any:
        """What its body says; ValueError where that is no JSON."""
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None

    def query(self, *known: str) -> Query:
        """Its query parameters."""
        return Query(self.request, known)


Work = Callable[[Call], Any]
Table = dict[tuple[str, str], Work]
"""What answers, by method and by path below `/api/v1/`."""
