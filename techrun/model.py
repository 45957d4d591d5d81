"""The words of techrun as frozen records: what was asked and what was found. No I/O.

Seconds everywhere; moments are Unix time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from techrun.impact import Impact


class Status(StrEnum):
    """What is true of a check."""

    UP = "up"
    """It works."""
    DEGRADED = "degraded"
    """It works, but slower or poorer than promised."""
    DOWN = "down"
    """Customers cannot do it."""
    BLOCKED = "blocked"
    """A captcha or firewall stopped the probe: nothing is known about the shop."""
    UNKNOWN = "unknown"
    """Our own fault, never the shop's."""


class Reason(StrEnum):
    """Why a check is not up: bounded, so that it is safe as a metric label."""

    DNS = "dns"
    """The name cannot be resolved."""
    CONNECT = "connect"
    """No connection."""
    TLS = "tls"
    """The certificate is refused or no secure connection comes about."""
    TIMEOUT = "timeout"
    """No answer in time."""
    PROTOCOL = "protocol"
    """The answer broke off or is no valid HTTP."""
    SIZE = "size"
    """The answer is larger than the limit on body or headers."""
    DECODE = "decode"
    """The answer could not be decompressed or parsed."""
    REDIRECT = "redirect"
    """A loop, too many, or a redirect that must not be followed."""
    BLOCKED = "blocked"
    """A captcha or firewall stopped the probe."""
    MAINTENANCE = "maintenance"
    """The platform shows its maintenance page (503)."""
    STATUS = "status"
    """Not the expected HTTP status; a plain GET wants 2xx."""
    GRAPHQL = "graphql"
    """The answer carries GraphQL errors."""
    EXTRACTION = "extraction"
    """A `save` found nothing, a form or a variable is missing."""
    EXPECTATION = "expectation"
    """The answer is not what `expect` asks for."""
    ASSET = "asset"
    """A style sheet or script of the page is gone, empty or of the wrong type."""
    BUDGET = "budget"
    """Slower than `budget` allows."""
    CERTIFICATE = "certificate"
    """The certificate expires soon."""
    FIXTURE = "fixture"
    """Our own test data are at fault (`fixture: true`)."""
    UPLINK = "uplink"
    """techrun's own network is gone: the witnesses cannot be reached either."""
    FORBIDDEN = "forbidden"
    """The settings forbid this address."""
    ORDER_CAP = "order_cap"
    """No order was placed: the cap is reached or orders leak."""
    INTERRUPTED = "interrupted"
    """techrun was stopped while the check ran."""
    INTERNAL = "internal"
    """Our own error."""


Severity = Literal["page", "ticket", "info"]

PHASES = ("resolve", "connect", "tls", "processing", "transfer")
"""The phases of an exchange, in their order."""


@dataclass(frozen=True, slots=True)
class Phases:
    """Seconds spent in each phase of an exchange; None where the phase was not reached."""

    resolve: float | None = None
    connect: float | None = None
    tls: float | None = None
    processing: float | None = None
    """From the request sent to the first byte of the answer."""
    transfer: float | None = None

    def items(self) -> tuple[tuple[str, float], ...]:
        """The phases that were reached, in their order."""
        pairs = zip(PHASES, _values(self), strict=True)
        return tuple((name, value) for name, value in pairs if value is not None)

    def __add__(self, other: Phases) -> Phases:
        return Phases(*map(_sum, _values(self), _values(other)))


def _values(phases: Phases) -> tuple[float | None, ...]:
    return (phases.resolve, phases.connect, phases.tls, phases.processing, phases.transfer)


def _sum(one: float | None, other: float | None) -> float | None:
    if one is None:
        return other
    return one if other is None else one + other


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found wrong in a step; a `soft` one degrades, any other fails."""

    reason: Reason
    message: str
    soft: bool = False


@dataclass(frozen=True, slots=True)
class ExchangeRecord:
    """One exchange as told by `--explain` and `--curl`: redacted, the bodies cut to an excerpt."""

    method: str
    url: str
    request_headers: tuple[tuple[str, str], ...] = ()
    request_body: str = ""
    status: int | None = None
    response_headers: tuple[tuple[str, str], ...] = ()
    response_body: str = ""
    phases: Phases = field(default_factory=Phases)
    elapsed: float = 0.0
    address: str = ""
    kind: str = "page"
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one step of a journey. A step that was not run is not in the outcome."""

    name: str
    status: Status
    reason: Reason | None = None
    message: str = ""
    duration: float = 0.0
    """Seconds of its exchanges, redirects included, assets and waits left out."""
    phases: Phases = field(default_factory=Phases)
    findings: tuple[Finding, ...] = ()
    http_status: int | None = None
    attempts: int = 1
    title: str = ""
    span_id: str = ""
    exchanges: tuple[ExchangeRecord, ...] = ()
    """Filled for a failed step, and for every step under `--explain`."""
    skipped: bool = False
    """Its `when:` was false."""


OrderState = Literal["created", "unconfirmed", "cancelled", "leaked"]


@dataclass(frozen=True, slots=True)
class Order:
    """A test order that this run placed, and what became of it.

    `unconfirmed`: the request went out, whether the shop took it is not known.
    `leaked`: it stands in the shop, since `cleanup` did not take it back.
    """

    step: str
    reference: str
    """What the journey saved at the order step (`order_id=1000042`), redacted."""
    state: OrderState


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a probe found. A probe always returns one and never raises."""

    status: Status
    reason: Reason | None = None
    message: str = ""
    step: str = ""
    """The step that decided; empty for kinds without steps."""
    phases: Phases = field(default_factory=Phases)
    measures: Mapping[str, float] = field(default_factory=dict)
    """Named measurements, blackbox_exporter's names without the prefix `probe_`
    (`http_status_code`, `ssl_earliest_cert_expiry`, …)."""
    steps: tuple[Step, ...] = ()
    cleanup: tuple[Step, ...] = ()
    cleanup_failed: bool = False
    orders: tuple[Order, ...] = ()
    order_failed: bool = False
    """The step that decided is the one that places an order: only one more order can confirm it,
    60 s later, and two such failures are `down`."""
    trace_id: str = ""
    not_run: str = ""
    """What this run left out on purpose, in words ("stopped before place-order: …")."""


@dataclass(frozen=True, slots=True)
class CheckId:
    """A check's identity everywhere: `shop/name`."""

    shop: str
    name: str

    def __str__(self) -> str:
        return f"{self.shop}/{self.name}"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """How a failure is confirmed before it counts as an outage."""

    fail_after: int = 4
    recover_after: int = 2
    delays: tuple[float, ...] = (5.0, 10.0, 15.0)
    """Seconds from the beginning of the 1st, 2nd, 3rd failure in a row to the run that confirms it, which waits for its
    end."""


@dataclass(frozen=True, slots=True)
class Check:
    """What the user wrote, resolved and ready to run; `prepared` belongs to the probe alone."""

    id: CheckId
    kind: str
    every: float
    deadline: float
    """Seconds that one run may take, cleanup left out."""
    cleanup_deadline: float = 0.0
    severity: Severity = "ticket"
    confirmation: Confirmation = field(default_factory=Confirmation)
    prepared: Any = None
    labels: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    """Channels that hear of this check's changes."""
    steps: tuple[str, ...] = ()
    """Names of its journey's steps, in order, after expansion; empty for other kinds."""
    places_orders: bool = False
    client: str = ""
    env: str = "production"
    symptom: str = ""
    """What its failure means to a customer, in words for a title ("customers cannot place orders")."""
    runbook: str = ""
    """Its own page that says what to do; empty: the shop's."""
    digest: str = ""
    """Changes when the definition changes: a reload keeps timers and state of equal digests."""


@dataclass(frozen=True, slots=True)
class Shop:
    """One storefront, as sinks and messages need to know it."""

    name: str
    url: str
    client: str = ""
    env: str = "production"
    platform: str = ""
    owner: str = ""
    runbook: str = ""
    rollback: str = ""
    orders_per_day: int = 24
    timezone: str = "UTC"
    """IANA name: the clock that messages show and the day that orders are counted for."""
    impact: Impact | None = None
    """None where nobody said what the shop earns."""


Trigger = Literal["schedule", "confirmation", "manual", "release"]


@dataclass(frozen=True, slots=True)
class Result:
    """An outcome stamped by the engine; sinks and metrics are fed with nothing else."""

    check: Check
    outcome: Outcome
    run_id: str
    started: float
    duration: float
    lateness: float
    """Seconds between the planned and the real start."""
    missed: int = 0
    """Planned runs before this one that never started."""
    trigger: Trigger = "schedule"
    location: str = "local"
