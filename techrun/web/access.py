"""Who may use `/api/v1`: bearer tokens that may look, and tokens that may act."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Literal

Right = Literal["read", "operate"]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of the configuration; without any the API is off."""

    read: tuple[str, ...] = field(default=(), repr=False)
    operate: tuple[str, ...] = field(default=(), repr=False)

    def __bool__(self) -> bool:
        return bool(self.read or self.operate)

    def right_of(self, authorization: str) -> Right | None:
        """What the sender of this header may do; None where it has no token of ours.

        Every token is compared in full, so that the time that it takes tells nothing. The last one that
        fits counts: one that stands in both lists operates.
        """
        scheme, _, given = authorization.strip().partition(" ")
        token = given.strip().encode() if scheme.lower() == "bearer" else b""
        known: list[tuple[Right, str]] = [("read", one) for one in self.read]
        known += [("operate", one) for one in self.operate]
        found: Right | None = None
        for right, one in known:
            if hmac.compare_digest(token, one.encode()):
                found = right
        return found
