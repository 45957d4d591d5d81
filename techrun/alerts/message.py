"""What a person reads on a phone at 3 a.m.: what fails, since when, and what to do. Bounded in length."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import jinja2

from techrun.model import Severity, Shop
from techrun.standing import LEAKS_ALLOWED, Change, Event, Incident, Message
from techrun.zones import zone_of

TITLE = 120
"""Characters of a title; a phone shows about 80."""
EXCERPT = 300
"""Characters of what a run found."""
BODY = 2000
"""Characters of a text: less than the smallest limit of the common services but one (a pager's 1024
is cut by Apprise, the essential stands first)."""

_FIRST: tuple[Event, ...] = ("opened", "leaked")
"""Events that begin an incident: their title is the incident's."""


def title_of(severity: Severity, change: Change) -> str:
    """What is wrong, in words; it stays the same for the incident's life."""
    fails = f'{change.check.name} fails at "{change.step}"' if change.step else f"{change.check.name} fails"
    why = _one_line(change.message) or (change.reason.value if change.reason else "")
    told = f" ({why})" if why else ""
    return _cut(_one_line(f"[{severity.upper()}] {change.check.shop}: {fails}{told}"), TITLE)


def leak_title_of(shop: Shop, reference: str) -> str:
    """A test order that was not taken back."""
    return _cut(_one_line(f"[TICKET] {shop.name}: a test order stands in the shop ({reference})"), TITLE)


def compose(event: Event, incident: Incident, shop: Shop, channel: str, now: float) -> Message:
    """The message of an event for one channel."""
    return Message(
        incident=incident.id,
        event=event,
        channel=channel,
        title=incident.title if event in _FIRST else _closing_title(event, incident),
        body=_cut(_templates().get_template(f"{event}.txt").render(_values(incident, shop)).rstrip(), BODY),
        created=now,
        severity=incident.severity,
    )


def with_attempt(message: Message) -> str:
    """The text as one attempt sends it: a late or doubled message explains itself."""
    footer = f"message {message.key}"
    if message.attempt > 1:
        footer += f", attempt {message.attempt}, first tried {_utc(message.created)}"
    return f"{message.body}\n{footer}"


def trial_message(channel: str, now: float) -> Message:
    """What `techrun notify test` sends."""
    body = f"techrun can reach the channel {channel}. Nothing is wrong; sent at {_utc(now)}."
    return Message(0, "trial", channel, f"[TEST] techrun to {channel}", body, now, "info", attempt=1)


def _closing_title(event: Event, incident: Incident) -> str:
    if event == "withdrawn":
        return _cut(f"[CLOSED] {incident.check.shop}: {incident.check.name} is no longer watched", TITLE)
    lasted = duration_text((incident.closed or incident.since) - incident.since)
    return _cut(f"[OK] {incident.check.shop}: {incident.check.name} works again after {lasted}", TITLE)


def _values(incident: Incident, shop: Shop) -> dict[str, object]:
    closed = incident.closed if incident.closed is not None else incident.since
    return {
        "incident": incident,
        "shop": shop,
        "since": clock_text(incident.since, shop.timezone),
        "runs": incident.runs,
        "last_good": "no good run is known"
        if incident.last_good is None
        else f"last good {_same_day_text(incident.last_good, incident.since, shop.timezone)}",
        "found": _found(incident),
        "repeat": _repeat(incident),
        "owner": f" (owner: {shop.owner})" if shop.owner else "",
        "trace": f", trace {incident.trace_id}" if incident.trace_id else "",
        "recovered": clock_text(closed, shop.timezone),
        "closed": clock_text(closed, shop.timezone),
        "leaks_allowed": LEAKS_ALLOWED,
        "lasted": duration_text(closed - incident.since),
    }


def _found(incident: Incident) -> str:
    where = f'at "{incident.step}": ' if incident.step else ""
    said = (incident.reason.value if incident.reason else "", _one_line(incident.message))
    return _cut(f"{where}{' - '.join(filter(None, said)) or 'down'}", EXCERPT)


def _repeat(incident: Incident) -> str:
    until = f" --until {incident.step}" if incident.step else ""
    return f"techrun check {incident.check}{until} --curl"


def clock_text(moment: float, zone: str) -> str:
    """A moment by the shop's clock, and by UTC where that differs."""
    local = datetime.fromtimestamp(moment, zone_of(zone))
    if local.utcoffset() == datetime.fromtimestamp(moment, UTC).utcoffset():
        return _utc(moment)
    return f"{local:%Y-%m-%d %H:%M:%S %Z} ({datetime.fromtimestamp(moment, UTC):%H:%M:%S} UTC)"


def _same_day_text(moment: float, other: float, zone: str) -> str:
    """A moment beside another one: the day is said only where it differs."""
    local, beside = (datetime.fromtimestamp(each, zone_of(zone)) for each in (moment, other))
    return f"{local:%H:%M:%S}" if local.date() == beside.date() else f"{local:%Y-%m-%d %H:%M:%S}"


def duration_text(seconds: float) -> str:
    """How long something lasted, as people say it: `45s`, `12m 30s`, `3h 05m`, `2d 4h`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours}h"
    if hours:
        return f"{hours}h {minutes:02}m"
    return f"{minutes}m {rest}s" if minutes else f"{rest}s"


def _utc(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in " ".join(text.split()))


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


@cache
def _templates() -> jinja2.Environment:
    """The templates of this package. They make plain text, so nothing is escaped."""
    return jinja2.Environment(  # noqa: S701  plain text, see above
        loader=jinja2.PackageLoader("techrun.alerts"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
