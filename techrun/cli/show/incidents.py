"""Incidents: in a list, and the whole story of one."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.console import Console
from rich.text import Text

from techrun.alerts.rules import RULES
from techrun.alerts.wording import release_text
from techrun.cli.show.clock import age, clock
from techrun.cli.show.console import bare_table, seconds
from techrun.cli.show.desk import load_test_text
from techrun.handling import Annotation, LoadTest
from techrun.impact import Cost
from techrun.views import (
    Attempt,
    IncidentStanding,
    MemberStanding,
    NamedDecision,
    Story,
    ToldMessage,
    hold_text,
)

STYLES = {"page": "bold red", "ticket": "yellow", "info": "default"}
INDENT = "  "

Line = tuple[float, str, str]
"""When, what, and in which style."""


def show_open(incident: IncidentStanding, console: Console, now: float) -> None:
    """An open incident as `status` shows it: what is wrong, since when, who is on it."""
    head = Text(f"[{incident.severity.upper()}] {incident.title}  ", STYLES[incident.severity])
    head.append(f"since {clock(incident.since)} ({age(incident.since, now)}) #{incident.id}", "dim")
    console.print(head)
    if len(incident.members) > 1:
        console.print(Text(INDENT + _members(incident.members)))
    taken = incident.acknowledged
    if taken is not None:
        note = f": {taken.note}" if taken.note else ""
        console.print(Text(f"{INDENT}taken on by {taken.author} {age(taken.at, now)} ago{note}"))
    for hold in incident.held:
        since = f" for {age(hold.since, now)}" if hold.since else ""
        console.print(Text(f"{INDENT}held{since}: {hold_text(hold)}", "cyan"))
    if taken is None and not incident.held:
        console.print(Text(f"{INDENT}nobody has taken it on: techrun ack {incident.id}", "dim"))


def _members(members: Sequence[MemberStanding]) -> str:
    """`home, checkout; up again: cart`."""
    failing = [one.check.partition("/")[2] for one in members if one.recovered is None]
    well = [one.check.partition("/")[2] for one in members if one.recovered is not None]
    parts = [", ".join(failing), f"up again: {', '.join(well)}" if well else ""]
    return "; ".join(filter(None, parts))


def show_incidents(incidents: Sequence[IncidentStanding], console: Console) -> None:
    """A table, the newest last."""
    if not incidents:
        console.print("none (those that are over: --since 7d, or --all)")
        return
    now = time.time()
    table = bare_table()
    for column in ("#", "severity", "since", "lasted", "what", "taken on by"):
        table.add_column(column, overflow="fold", no_wrap=column not in {"what", "taken on by"})
    for one in incidents:
        lasted = age(one.since, one.closed) if one.closed is not None else f"{age(one.since, now)}, open"
        style = STYLES[one.severity] if one.closed is None else "default"
        table.add_row(
            str(one.id),
            Text(one.severity, style),
            clock(one.since),
            lasted,
            Text(one.title, style),
            Text(one.acknowledged.author if one.acknowledged else "-"),
        )
    console.print(table)


def show_story(story: Story, console: Console) -> None:
    """What is known of one incident: its members, then everything that happened, in its order."""
    incident, now = story.incident, time.time()
    console.print(Text(f"#{incident.id} [{incident.severity.upper()}] {incident.title}", "bold"))
    end = now if incident.closed is None else incident.closed
    state = "goes on" if incident.closed is None else f"over ({incident.closed_by})"
    console.print(f"since {clock(incident.since)}, for {age(incident.since, end)}, {state}")
    if incident.text:
        console.print(Text(incident.text))
    if story.lost is not None:
        console.print(f"lost: {_money(story.lost)}")
    for member in incident.members:
        console.print(_member(member))
    for test in story.load_tests:
        console.print(Text(load_test_text(test, now), "cyan"))
    if story.releases:
        named = "; or ".join(release_text(one, incident.since) for one in story.releases)
        which = ": which of them it was cannot be told" if len(story.releases) > 1 else ""
        console.print(Text(f"changed: {named}{which}", "cyan"))
    console.print()
    for at, what, style in sorted(_happened(story), key=lambda line: line[0]):
        console.print(Text(f"{clock(at)}  ", "dim").append(what, style))


def _money(money: Cost) -> str:
    return f"{money.low:,.0f}-{money.high:,.0f} {money.currency} ({money.method})"


def _member(member: MemberStanding) -> Text:
    line = Text(f"{INDENT}{member.check}: ", "default")
    where = f'at "{member.step}": ' if member.step else ""
    reason = f" [{member.reason.value}]" if member.reason else ""
    line.append(f"{where}{member.message}{reason}", "red" if member.recovered is None else "default")
    tail = [f"since {clock(member.since)}"]
    tail += [f"up again {clock(member.recovered)}"] if member.recovered is not None else []
    tail += [f"trace {member.trace_id}"] if member.trace_id else []
    return line.append(f"  ({', '.join(tail)})", "dim")


def _happened(story: Story) -> Iterator[Line]:
    runs = bool(story.incident.members)  # what a person reports has none
    yield story.incident.since, "the first run failed" if runs else "it began", "default"
    for test in story.load_tests:
        yield from _loaded(test)
    for decided in story.decisions:
        if decided.decision == "acknowledged":
            continue  # told below, by each who did
        yield decided.at, _decision(decided, story.incident.title), "default"
    for hold in story.holds:
        if hold.since is not None:
            yield hold.since, f"{hold.rule} begins{f': {hold.detail}' if hold.detail else ''}", "cyan"
        if hold.until is not None:
            yield hold.until, f"{hold.rule} ends", "cyan"
    for given in story.acknowledgements:
        note = f": {given.note}" if given.note else ""
        yield given.at, f"taken on by {given.author}{note}", "green"
    for said in story.annotations:
        yield said.at, _annotation(said), "green"
    for message in story.messages:
        yield from _told(message, story.incident.title)


def _loaded(test: LoadTest) -> Iterator[Line]:
    what = ", ".join(filter(None, (test.scenario, test.release, test.host)))
    yield test.began, f"load test begins: {what}", "cyan"
    if test.until <= time.time():
        yield test.until, f"load test ends: {what}", "cyan"


def _decision(decided: NamedDecision, title: str) -> str:
    """Which rule, what about, and in words what the rule means; the incident's title stands above already."""
    detail = "" if decided.detail == title else decided.detail
    about = ": ".join(filter(None, (decided.check, detail)))
    means = RULES.get(decided.decision, "")
    return f"{decided.decision}: " + (f"{about} ({means})" if about and means else about or means)


def _told(message: ToldMessage, title: str) -> Iterator[Line]:
    nth = f" ({message.nth})" if message.nth > 1 else ""
    instead = f" in place of {message.stands_for}" if message.stands_for else ""
    to = f"{message.event}{nth} to {message.channel}{instead}"
    if message.shadow:
        yield message.created, f"{to}: in shadow, not sent: {message.title}", "default"
        return
    if not message.title.endswith(f"] {title}"):
        yield message.created, f"{to}: {message.title}", "default"
    before = ""
    for attempt in message.attempts:
        told = replace(attempt, answer="the same") if attempt.answer and attempt.answer == before else attempt
        before = attempt.answer
        yield attempt.at, f"{to}: {attempt_text(told)}", "default" if attempt.ok else "red"
    if message.state in {"waiting", "sending"}:
        yield time.time(), f"{to}: not delivered yet", "yellow"


def attempt_text(attempt: Attempt) -> str:
    """`attempt 2 failed after 840 ms: 503 Service Unavailable`."""
    became = "delivered in" if attempt.ok else "failed after"
    answer = f": {attempt.answer}" if attempt.answer else ""
    return f"attempt {attempt.attempt} {became} {seconds(attempt.elapsed)}{answer}"


def show_taken(incident: IncidentStanding, console: Console) -> None:
    """What `ack` has done."""
    taken = incident.acknowledged
    if taken is not None:
        console.print(Text(f"#{incident.id} is taken on by {taken.author}: {incident.title}"))


def show_annotation(said: Annotation, console: Console) -> None:
    """What `annotate` has done."""
    console.print(Text(f"#{said.incident}: {_annotation(said)}"))


def _annotation(said: Annotation) -> str:
    fault = f"at fault: {said.fault}" if said.fault else ""
    return f"{said.author}: {'; '.join(filter(None, (fault, said.text)))}"
