"""One HTTP exchange as plain data: what the journey engine asks for and what a driver brings back.

Neither the engine nor these records know a client library; that is what lets one journey drive
a probe (libcurl under asyncio) and a load test (Locust) with the same meaning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from techrun.model import Phases, Reason

Headers = tuple[tuple[str, str], ...]
"""Name and value pairs in wire order; names of a response are lower-case, repeats are kept."""

HttpVersion = Literal["auto", "1.1", "2", "3"]


@dataclass(frozen=True, slots=True)
class Request:
    """Exactly one exchange to make: no redirects, no cookies, nothing implied."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    timeout: float | None = None
    """Seconds for this exchange alone; the driver also bounds it by what is left of the deadline."""
    places_order: bool = False
    """Sent once on a fresh connection, never again; the driver records it before it goes out."""
    cleanup: bool = False
    """Belongs to `cleanup`: driven under the cleanup deadline, whatever happened before."""
    step: str = ""
    """The step it belongs to (metric label, Locust name)."""
    kind: Literal["page", "redirect", "asset"] = "page"
    http: HttpVersion = "auto"
    verify_tls: bool = True


@dataclass(frozen=True, slots=True)
class Wait:
    """The journey wants nothing but time to pass; the driver answers with None."""

    seconds: float
    cleanup: bool = False


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a TLS server presented, also when it was refused. Times are Unix seconds."""

    subject: str
    issuer: str
    not_before: float
    not_after: float
    names: tuple[str, ...] = ()
    earliest_expiry: float = 0.0
    """The smallest `not_after` of the whole presented chain."""
    fingerprint_sha256: str = ""
    serial: str = ""
    tls_version: str = ""
    cipher: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """What one exchange brought back. `body` is decoded (gzip, br); headers are the original ones."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    phases: Phases = field(default_factory=Phases)
    elapsed: float = 0.0
    """Seconds from the driver taking the request to the last byte."""
    http_version: str = "1.1"
    address: str = ""
    """The IP address that answered."""
    certificate: Certificate | None = None

    def header(self, name: str) -> str | None:
        """The first value of a header, or None; `name` in lower case."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


@dataclass(frozen=True, slots=True)
class Failure:
    """One exchange that brought back no response: the reason, and what was seen until then."""

    reason: Reason
    message: str
    phases: Phases = field(default_factory=Phases)
    elapsed: float = 0.0
    address: str = ""
    certificate: Certificate | None = None


class Interrupted(Exception):  # noqa: N818  it is thrown into a journey as a signal, not an error
    """A driver throws this into a journey: stop the steps, run `cleanup`, report.

    `reason` is `timeout` for a spent deadline and `interrupted` for a stopping daemon.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
