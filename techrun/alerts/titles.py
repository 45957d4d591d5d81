"""What is wrong, in one line of words: impact first, then where and why.

The line is short enough that `[TICKET] ` before it and ` - over after 12m30s` behind it still fit, so
it stays the same, letter by letter, in every message of an incident.
"""

from __future__ import annotations

from techrun.alerts.wording import cut, duration_text, fitting, one_line
from techrun.model import Check
from techrun.standing import Event, Incident, IncidentKind, Member

TITLE = 120
"""Characters of a title; a phone shows about 80."""
PART = 92
"""Characters of it that say what is wrong."""
_SHORTEST_WHY = 12
"""Characters below which a reason that was cut says nothing."""


def title_of(
    kind: IncidentKind, shop: str, member: Member | None, check: Check | None, text: str = ""
) -> str:
    """What is wrong, in words and without the severity.

    `text` is what a person or techrun itself says (`reported`, `uplink`, `storm`, `leak`: the order).
    """
    what, why = _what_and_why(kind, member, check, text)
    title = one_line(f"{shop}: {what}" if shop else what)
    room = PART - len(title) - len(" ()")
    why = one_line(why)
    if not why or room < min(_SHORTEST_WHY, len(why)):
        return cut(title, PART)
    return f"{title} ({fitting(why, room)})"


def headline_of(event: Event, incident: Incident, now: float) -> str:
    """The title of a message: the incident's between what it is and, at the end, how long it lasted."""
    if event == "recovered":
        lasted = duration_text((incident.closed or now) - incident.since)
        return _around("[OK]", incident.title, f" - over after {lasted}")
    if event == "withdrawn":
        return _around("[CLOSED]", incident.title, " - no longer watched")
    return _around(f"[{incident.severity.upper()}]", incident.title, "")


def _around(word: str, title: str, end: str) -> str:
    return f"{word} {cut(one_line(title), TITLE - len(word) - 1 - len(end))}{end}"


def _what_and_why(
    kind: IncidentKind, member: Member | None, check: Check | None, text: str
) -> tuple[str, str]:
    if kind == "uplink":
        return text or "techrun's own network is gone", ""
    if kind == "storm":
        return text or "many shops are down at once", ""
    if kind == "leak":
        return "a test order stands in the shop", text or (member.message if member else "")
    if kind == "reported" or member is None:
        return text or "something is wrong", ""
    why = member.message or (member.reason.value if member.reason else "")
    if kind == "outage":
        return _outage(member, check), why
    name = member.check.name
    what = {
        "degraded": f"{name} is slow or poor",
        "blind": f"{name} cannot be watched",
        "fixture": f"the probe data of {name} are at fault",
    }[kind]
    return f'{what}, at "{member.step}"' if member.step else what, why


def _outage(member: Member, check: Check | None) -> str:
    impact, names_it = _impact(member, check)
    if member.step:
        return f'{impact} - "{member.step}" fails'
    return impact if names_it else f"{impact} - {member.check.name} fails"


def _impact(member: Member, check: Check | None) -> tuple[str, bool]:
    """What its failure means to a customer, and whether that names the check."""
    name = member.check.name
    if check is not None and check.symptom:
        return check.symptom, False
    if check is not None and check.places_orders:
        return "customers cannot place orders", False
    if check is not None and check.kind == "journey":
        return f'customers cannot complete "{name}"', True
    return f"{name} is down", True
