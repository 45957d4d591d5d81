"""A verification that is over, on a terminal: the verdict in words, what decided, what it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from techrun.cli.show.clock import age, clock
from techrun.cli.show.console import bare_table, seconds
from techrun.cli.show.load_result import STYLES as TONES
from techrun.cli.show.release_seen import Seen, Tally, node_said, smoke_line
from techrun.load.report.words import TIMES
from techrun.model import Status
from techrun.releases.identity.telling import place
from techrun.releases.records import FRONT, Action, Identity, Ruling, SmokeResult, Value, Verification
from techrun.releases.report import words

MOST_FAILURES = MOST_SMOKE = 6
MOST_OUTPUT = 12
"""Lines of a command's output."""


def show_verification(
    verification: Verification, console: Console, *, verbose: bool = False, ended: bool = False
) -> None:
    """The whole result, the verdict first; last what is to be done, unless the release has `ended`."""
    verdict = verification.verdict
    said = words.verdict_of(verification)
    head = Text(f"{said.sign} {said.word}", TONES[said.tone])
    head.append(f"  {verification.version} of {verification.shop}", "bold")
    head.append(f"  {verification.id}", "dim")
    console.print(head)
    if verdict:
        console.print(Text(verdict.summary))
    console.print()
    _show_stages(verification, console, verbose=verbose)
    _show_rulings(verification, console, verbose=verbose)
    for line in _circumstances(verification):
        console.print(Text(line, "dim"))
    for action in verification.actions:
        _show_action(action, console)
    if verdict and not ended:
        for line in _next(verification, verdict.value):
            console.print(Text(line), soft_wrap=True)


def _next(verification: Verification, value: Value) -> Iterator[str]:
    """What comes after a verdict, as commands."""
    named = f"{verification.version} --shop {verification.shop}"
    if value == "pass":
        yield f"Close it: techrun release end {named}"
        return
    yield f"Ask again: techrun release verify {named}"
    if value == "fail":
        yield f"Rolled back: techrun release end {named} --rolled-back"


def _show_stages(verification: Verification, console: Console, *, verbose: bool) -> None:
    """What was seen, stage by stage; what is as it should be in short."""
    if verification.identity is not None:
        console.print(Text("nodes", "dim"))
        _show_nodes(verification.identity, console)
    if verification.smoke:
        console.print(Text("smoke", "dim"))
        _show_smoke(verification.smoke, console, verbose=verbose)
    if verification.samples:
        console.print(samples_table(verification))
        _show_failures(verification, console)
    for figure in verification.figures:
        value = figure.failure if figure.value is None else f"{figure.value:g}"
        against = "" if figure.baseline is None else f" (before: {figure.baseline:g})"
        console.print(Text(f"  {figure.name}: {value}{against}"))
    console.print()


def _show_nodes(identity: Identity, console: Console) -> None:
    """Each place in a line; the rules say why one is not as it should be."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for one in identity.findings:
        said = node_said(one)
        head = Text("  ").append(f"{said.sign} ", TONES[said.tone]).append(place(one.via))
        table.add_row(head, said.word, Text(one.version, "dim"))
    if identity.findings:
        console.print(table)
    for text in identity.not_seen:
        console.print(Padding(Text(f"? not seen: {text}", "yellow"), (0, 0, 0, 2)))
    if not identity.expected.commit and any(one.commit for one in identity.findings):
        console.print(Text("  by the version alone: this release began without --commit", "dim"))


def _show_smoke(results: Sequence[SmokeResult], console: Console, *, verbose: bool) -> None:
    """What is not up in a line each, the rules say why; all of them where they are few."""
    for result in results:
        if verbose or result.status is not Status.UP or len(results) <= MOST_SMOKE:
            console.print(Padding(Text(smoke_line(result, why=result.excused)), (0, 0, 0, 2)))
    up = sum(result.status is Status.UP for result in results)
    if len(results) > MOST_SMOKE and not verbose:
        console.print(f"  {up} of {len(results)} runs are up")


def samples_table(verification: Verification) -> Table:
    """Each judged check with its samples, before and after."""
    seen = Seen("")
    for sample in verification.samples:
        seen.sample(sample)
    before = ("before",) if verification.before else ()
    table = bare_table("bake", "samples", "failed", "median", *before)
    for column in table.columns[1:]:
        column.justify = "right"
    checks = dict.fromkeys((*verification.judged, *sorted(seen.tallies)))
    for check in checks:
        tally = seen.tallies[check]
        wanted = verification.wanted if check in verification.judged else 0
        failed = Text(str(tally.failed), "red" if tally.failed else "dim")
        name = Text(f"  {check}", "" if check in verification.judged else "dim")
        earlier = (_before(verification, check),) if before else ()
        table.add_row(name, tally.of(wanted), failed, _median(tally), *earlier)
    return table


def _median(tally: Tally) -> str:
    return "-" if tally.median is None else seconds(tally.median)


def _before(verification: Verification, check: str) -> str:
    """How the check fared in the same hours of earlier days."""
    counts = [one for one in verification.before if one.check == check]
    runs, failed = sum(one.runs for one in counts), sum(one.failed for one in counts)
    return f"{failed} of {runs} failed" if runs else "-"


def _show_failures(verification: Verification, console: Console) -> None:
    """Which failures there were, the most frequent first."""
    found = Counter(
        (sample.check, sample.step, sample.message, sample.reason.value if sample.reason else "")
        for sample in verification.samples
        if sample.status not in {Status.UP, Status.DEGRADED} and not sample.settling
    )
    for (check, step, message, reason), times in found.most_common(MOST_FAILURES):
        where = f'at "{step}": ' if step else ""
        line = Text(f"  {times:>4} {TIMES} ", "red").append(f"{check}: {where}{message} [{reason}]")
        console.print(line)
    if len(found) > MOST_FAILURES:
        console.print(Text(f"  and {len(found) - MOST_FAILURES} other kinds of failure", "dim"))


def _show_rulings(verification: Verification, console: Console, *, verbose: bool) -> None:
    """What decided, then what only warns; what holds is counted."""
    held = words.holding(verification)
    shown = [*words.deciding(verification), *words.warnings(verification), *(held if verbose else ())]
    for ruling in words.joined(shown):
        console.print(_ruling_line(ruling))
    if held and not verbose:
        many = "1 rule" if len(held) == 1 else f"{len(held)} rules"
        told = f"techrun release show {verification.version} -v tells them"
        console.print(Text(f"✓ {many} held ({told})", "dim"))


def _ruling_line(ruling: Ruling) -> Table:
    """One ruling: `✗ acme/home: 4 of 30 failed …  [errors.more]`; further lines begin below its text."""
    said = words.sign_of(ruling)
    named = not ruling.subject or ruling.subject in {FRONT, ruling.text[: len(ruling.subject)]}
    text = Text(ruling.text if named else f"{ruling.subject}: {ruling.text}")
    line = Table.grid(padding=(0, 1, 0, 0))
    line.add_row(Text(said.sign, TONES[said.tone]), text.append(f"  [{ruling.rule}]", "dim"))
    return line


def _circumstances(verification: Verification) -> Iterator[str]:
    verdict = verification.verdict
    told = verdict.summary if verdict else ""
    unseen = [text for text in (verdict.could_see if verdict else ()) if text not in told]
    if unseen:
        yield f"It could have seen {'; '.join(unseen)}."
    if verdict and verdict.baseline not in told:
        yield f"Baseline: {verdict.baseline.removeprefix('baseline ')}."
    if verification.cut and verification.cut not in told:
        yield f"It ended early: {verification.cut}."
    took = age(verification.started, verification.ended)
    since = f", live since {clock(verification.live)}" if verification.live is not None else ""
    by = f", by {verification.by}" if verification.by else ""
    yield f"Began {clock(verification.started)}, took {took}{since}{by}."


def _show_action(action: Action, console: Console) -> None:
    """What was done because of the verdict, with the end of what it said."""
    sign, style = ("✓", "green") if action.ok else ("✗", "red")
    line = (
        Text(f"{sign} ", style).append(f"{action.kind} {action.what}").append(f" ({seconds(action.seconds)})")
    )
    console.print(line)
    told = action.answer.strip().splitlines()
    for text in told[-MOST_OUTPUT:]:
        console.print(Text(f"    {text}", "dim"))
