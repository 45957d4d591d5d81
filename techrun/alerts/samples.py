"""Incidents as they may come, one for each event and kind: what templates are tried with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from techrun.alerts.context import Context
from techrun.alerts.impact import OF_HOUR
from techrun.alerts.titles import title_of
from techrun.handling import Acknowledgement, Annotation, LoadTest, Release
from techrun.impact import Cost
from techrun.model import Check, CheckId, Reason, Shop
from techrun.standing import Event, Hold, Incident, IncidentKind, Member

SINCE = 1_789_953_125.0
"""2026-09-21 03:12:05 in Madrid."""
OPENED = SINCE + 36
OVER = SINCE + 750

SHOP = Shop(
    "acme-es",
    "https://www.acme.es",
    client="acme",
    owner="shop-ops",
    runbook="https://wiki.example/acme",
    rollback="dep rollback production",
    timezone="Europe/Madrid",
)
STEPS = ("home", "cart", "payment", "place-order")
CHECKOUT = Check(
    CheckId("acme-es", "checkout"),
    "journey",
    60,
    30,
    severity="page",
    steps=STEPS,
    places_orders=True,
    client="acme",
)
PAYMENT = Member(
    CHECKOUT.id,
    "page",
    SINCE,
    OPENED,
    joined_by="joined.first",
    reason=Reason.STATUS,
    step="payment",
    message="expected 200, got 502",
    excerpt="<html><head><title>502 Bad Gateway</title></head>\n<body>psp.example did not answer</body></html>",
    last_good=SINCE - 63,
    runs=4,
    trace_id="9f2c0a51b1d24e0f8f0c2f7a5f1f4c33",
)
SEARCH = replace(
    PAYMENT, check=CheckId("acme-es", "search"), step="", message="no answer within 10 s", excerpt=""
)
FULL = Context(
    shop=SHOP,
    check=CHECKOUT,
    up=("home", "search", "cart"),
    own_network="ok",
    release=Release(12, "acme-es", "v812", SINCE - 430, commit="a1b9f3e", author="dee"),
    per_hour=Cost(180, 420, "EUR", OF_HOUR),
    lost=Cost(38, 88, "EUR", OF_HOUR),
    next_escalation=("phone", SINCE + 636),
    ack_link="https://ops.example/ack/4711/c2lnbmVk",
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One message to be written."""

    event: Event
    incident: Incident
    context: Context
    now: float = OPENED
    nth: int = 1
    stands_for: str = ""


def incident_of(
    kind: IncidentKind,
    *members: Member,
    check: Check | None = CHECKOUT,
    shop: str = "acme-es",
    text: str = "",
) -> Incident:
    """An incident as it opens."""
    lead = members[0] if members else None
    severity = lead.severity if lead else "page"
    title = title_of(kind, shop, lead, check, text)
    return Incident(4711, kind, shop, severity, title, SINCE, OPENED, members, text=text)


def _ticket(**changes: Any) -> Member:
    changed = replace(PAYMENT, severity="ticket", excerpt="", runs=0)
    return replace(changed, **changes)


OUTAGE = incident_of("outage", PAYMENT)
WIDE = replace(OUTAGE, members=(PAYMENT, SEARCH))
CLOSED = replace(
    OUTAGE, members=(replace(PAYMENT, recovered=OVER),), closed=OVER, closed_by="recovered.confirmed"
)
_SLOW = _ticket(step="payment", reason=Reason.BUDGET, message="took 8.1 s, budget 2 s")
_BLOCKED = _ticket(step="home", reason=Reason.BLOCKED, message="a captcha of cdn.example")
_NO_STOCK = _ticket(step="cart", reason=Reason.FIXTURE, message="PROBE-1 is out of stock")
_LEAKED = _ticket(step="place-order", message="order_id=1000042", reason=None, last_good=None)
_TOLD = replace(FULL, told_to=("oncall",), next_escalation=None, lost=Cost(92, 210, "EUR", OF_HOUR))
_LOAD = LoadTest("r1", "acme-es", "checkout", "v812", SHOP.url, SINCE - 300, OPENED + 60)
_HELD = (Hold("held.maintenance", None, 'maintenance #3 by dee: "new payment provider"'),)
_MADRID = replace(OUTAGE, id=4712)
_LISBON = replace(OUTAGE, id=4713, shop="acme-pt", title="acme-pt: home is down (no answer within 10 s)")

SAMPLES: dict[str, Sample] = {
    "outage-opened": Sample("opened", OUTAGE, FULL),
    "outage-opened-bare": Sample(
        "opened",
        incident_of("outage", Member(CHECKOUT.id, "page", SINCE, OPENED, reason=Reason.TIMEOUT), check=None),
        Context(shop=Shop("acme-es", "https://www.acme.es")),
    ),
    "outage-opened-late": Sample(
        "opened", OUTAGE, replace(FULL, holds=_HELD, up=()), now=SINCE + 780, stands_for="oncall"
    ),
    "outage-raised": Sample("raised", OUTAGE, FULL, now=SINCE + 300),
    "outage-update": Sample("update", WIDE, replace(FULL, up=("home", "cart")), now=SINCE + 95),
    "outage-reminder": Sample("reminder", WIDE, replace(_TOLD, up=("home", "cart")), now=SINCE + 1836, nth=2),
    "outage-reminder-next-day": Sample(
        "reminder",
        OUTAGE,
        replace(_TOLD, acknowledged=Acknowledgement(4711, SINCE + 480, "dee", "calling the PSP")),
        now=SINCE + 90_000,
    ),
    "outage-escalated": Sample(
        "escalated",
        OUTAGE,
        replace(_TOLD, test_orders=("order_id=1000042",)),
        now=SINCE + 636,
    ),
    "outage-recovered": Sample(
        "recovered",
        CLOSED,
        replace(
            FULL,
            held_for=120.0,
            holds=(Hold("held.deploy_grace", None, "release v812"),),
            acknowledged=Acknowledgement(4711, SINCE + 480, "dee"),
            annotations=(Annotation(4711, OVER, "dee", "wrong key for the PSP", "release"),),
        ),
        now=OVER + 30,
    ),
    "outage-under-load": Sample(
        "opened",
        OUTAGE,
        replace(
            FULL,
            load_tests=(
                _LOAD,
                replace(_LOAD, scenario="smoke", host="https://new.acme.es", until=OPENED - 20),
            ),
        ),
    ),
    "outage-recovered-under-load": Sample(
        "recovered", CLOSED, replace(FULL, load_tests=(replace(_LOAD, until=SINCE + 20),)), now=OVER + 30
    ),
    "outage-withdrawn": Sample("withdrawn", replace(OUTAGE, closed=SINCE + 9000), FULL, now=SINCE + 9000),
    "degraded-opened": Sample("opened", incident_of("degraded", _SLOW), FULL),
    "blind-opened": Sample("opened", incident_of("blind", _BLOCKED), FULL),
    "fixture-opened": Sample("opened", incident_of("fixture", _NO_STOCK), FULL),
    "leak-opened": Sample("opened", incident_of("leak", _LEAKED), FULL),
    "uplink-opened": Sample("opened", incident_of("uplink", shop=""), Context(own_network="lost")),
    "uplink-recovered": Sample(
        "recovered", replace(incident_of("uplink", shop=""), closed=OVER), Context(own_network="ok"), now=OVER
    ),
    "storm-opened": Sample(
        "opened",
        incident_of("storm", shop="", text="23 shops are down at once"),
        Context(
            own_network="ok",
            storm=(_MADRID, _LISBON, *(replace(_LISBON, id=number) for number in range(4714, 4735))),
            per_hour=Cost(4100, 9600, "EUR", "its shops together"),
        ),
    ),
    "reported-opened": Sample(
        "opened",
        incident_of("reported", text="client phoned: cards are refused"),
        replace(FULL, check=None, own_network="unknown"),
    ),
}
