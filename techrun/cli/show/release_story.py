"""Releases in a list, and one with all that is known of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from techrun.app.release_story import ReleaseStory, Suspected
from techrun.cli.show.clock import age, clock
from techrun.cli.show.console import bare_table
from techrun.cli.show.load_result import STYLES as TONES
from techrun.cli.show.release_gate import SAID
from techrun.cli.show.release_result import show_verification
from techrun.handling import Release
from techrun.load.report.words import VERDICTS
from techrun.releases.records import GateDecision
from techrun.views import VerificationSummary

Line = tuple[float, Text]


def show_releases(releases: Sequence[Release], console: Console) -> None:
    """A table, the newest first."""
    if not releases:
        console.print("no releases: techrun release begin v1 --shop …")
        return
    table = bare_table("shop", "version", "commit", "began", "state", "verdict", "by", "link")
    for one in releases:
        cells = (one.shop, one.version, one.commit[:12], clock(one.begun), _state(one))
        table.add_row(*(Text(cell) for cell in cells), verdict_text(one), Text(one.author), Text(one.link))
    console.print(table)


def verdict_text(release: Release) -> Text:
    """What was thought of it last, as a word with its sign."""
    if release.verified is None:
        return Text("-", "dim")
    said = VERDICTS[release.verdict]
    return Text(f"{said.sign} {said.word}", TONES[said.tone])


def _state(release: Release) -> str:
    if release.rolled_back:
        return "rolled back"
    return f"ended after {age(release.begun, release.ended)}" if release.ended is not None else "under way"


def show_story(story: ReleaseStory, console: Console, *, verbose: bool = False) -> None:
    """Its last verification, then everything that happened, in its order."""
    release = story.release
    if story.last is not None:
        show_verification(story.last, console, verbose=verbose, ended=release.ended is not None)
        console.print()
    commit = f" ({release.commit})" if release.commit else ""
    console.print(Text(f"{release.shop} {release.version}{commit}, {_state(release)}", "bold"))
    if release.link:
        console.print(Text(release.link))
    for at, line in sorted(_happened(story), key=lambda line: line[0]):
        console.print(Text(f"{clock(at)}  ", "dim").append_text(line))


def _happened(story: ReleaseStory) -> Iterator[Line]:
    release = story.release
    by = f" by {release.author}" if release.author else ""
    yield release.begun, Text(f"release begins{by}")
    if release.live is not None:
        yield release.live, Text("live on every node", "green")
    if release.ended is not None:
        yield release.ended, Text("rolled back" if release.rolled_back else "release ends")
    for gate in story.gates:
        yield gate.at, _gate(gate)
    for verified in story.verifications:
        told = story.last is not None and verified.id == story.last.id
        yield verified.started, _verification(verified, told=told)
    for one in story.incidents:
        yield one.incident.opened, _incident(one)


def _incident(suspected: Suspected) -> Text:
    incident = suspected.incident
    over = ", open" if incident.closed is None else f", over after {age(incident.since, incident.closed)}"
    others = f" (or due to {', '.join(suspected.others)}: cannot be told)" if suspected.others else ""
    text = f"incident #{incident.id} [{incident.severity}] {incident.title}{over}{others}"
    return Text(text, "red" if incident.closed is None else "default")


def _gate(gate: GateDecision) -> Text:
    by = f" ({gate.by})" if gate.by else ""
    word, style = SAID[gate.value]
    line = Text(f"gate {word}{by}: {gate.summary}", style)
    return line.append(f"; overridden: {gate.override}", "bold yellow") if gate.override else line


def _verification(one: VerificationSummary, *, told: bool) -> Text:
    """A verification in a line, by its verdict alone where the rest is told; one under way by its sign of life."""
    by = f" by {one.by}" if one.by else ""
    if one.state == "running":
        return Text(
            f"verification {one.id}{by} is under way, last heard of {age(one.alive, time.time())} ago", "cyan"
        )
    if one.state == "abandoned":
        return Text(f"verification {one.id}{by} has no verdict: {one.summary}", "yellow")
    said = VERDICTS[one.verdict]
    line = Text(f"verification {one.id}{by}: ").append(f"{said.sign} {said.word}", TONES[said.tone])
    return line if told else line.append(f": {one.summary}")
