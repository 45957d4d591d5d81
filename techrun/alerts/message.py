"""What a person reads on a phone at 3 a.m.: what fails, since when, and what to do. Bounded in length."""

from __future__ import annotations

from pathlib import Path

from techrun.alerts.context import Context
from techrun.alerts.facts import facts_of
from techrun.alerts.rendering import add_line, render
from techrun.alerts.titles import title_of
from techrun.alerts.wording import utc_text
from techrun.standing import Event, Incident, Message

__all__ = ["compose", "html_with_attempt", "title_of", "trial_message", "with_attempt"]


def compose(
    event: Event,
    incident: Incident,
    channel: str,
    context: Context,
    now: float,
    *,
    nth: int = 1,
    stands_for: str = "",
    templates: Path | None = None,
) -> Message:
    """The message of an event for one channel; a template of the user's that is broken loses nothing."""
    facts = facts_of(event, incident, context, now, nth=nth, in_place=stands_for)
    text, html = render(event, facts.variables(), templates)
    return Message(
        incident=incident.id,
        event=event,
        channel=channel,
        title=facts.headline,
        body=text,
        created=now,
        severity=incident.severity,
        html=html,
        nth=nth,
        stands_for=stands_for,
    )


def with_attempt(message: Message) -> str:
    """The text as one attempt sends it: a late or doubled message explains itself."""
    return f"{message.body}\n{_attempt(message)}"


def html_with_attempt(message: Message) -> str:
    """The same as HTML; empty where the message has none."""
    if not message.html:
        return ""
    return add_line(message.html, _attempt(message))


def _attempt(message: Message) -> str:
    footer = f"message {message.key}"
    if message.attempt:
        footer += f", attempt {message.attempt}"
    if message.attempt > 1:
        footer += f", first tried {utc_text(message.created)}"
    return footer


def trial_message(channel: str, now: float) -> Message:
    """What `techrun notify test` sends."""
    body = f"techrun can reach the channel {channel}. Nothing is wrong; sent at {utc_text(now)}."
    return Message(0, "trial", channel, f"[TEST] techrun to {channel}", body, now, "info", attempt=1)
