"""A verification that is over, on a terminal: the verdict in words, what decided, what it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from techrun.cli.show.clock import age, clock
from techrun.cli.show.console import bare_table, seconds
from techrun.cli.show.load_result import STYLES as TONES
from techrun.cli.show.release_seen import Seen, Tally, node_line, smoke_line
from techrun.load.report.words import TIMES
from techrun.model import Status
from techrun.releases.records import Action, Ruling, Verification
from techrun.releases.report import words

MOST_FAILURES = 6
MOST_OUTPUT = 12
"""Lines of a command's output."""


def show_verification(verification: Verification, console: Console, *, verbose: bool = False) -> None:
    """The whole result, the verdict first."""
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


def _show_stages(verification: Verification, console: Console, *, verbose: bool) -> None:
    """What was seen, stage by stage; what is as it should be in short."""
    identity = verification.identity
    if identity is not None:
        console.print(Text("nodes", "dim"))
        for finding in identity.findings:
            console.print(Text(f"  {node_line(finding)}"))
        for text in identity.not_seen:
            console.print(Text(f"  ? not seen: {text}", "yellow"))
    if verification.smoke:
        console.print(Text("smoke", "dim"))
        for result in verification.smoke:
            if verbose or result.status is not Status.UP or len(verification.smoke) <= MOST_FAILURES:
                console.print(Text(f"  {smoke_line(result)}"))
        up = sum(result.status is Status.UP for result in verification.smoke)
        if len(verification.smoke) > MOST_FAILURES and not verbose:
            console.print(f"  {up} of {len(verification.smoke)} runs are up")
    if verification.samples:
        console.print(samples_table(verification))
        _show_failures(verification, console)
    for figure in verification.figures:
        value = figure.failure if figure.value is None else f"{figure.value:g}"
        against = "" if figure.baseline is None else f" (before: {figure.baseline:g})"
        console.print(Text(f"  {figure.name}: {value}{against}"))
    console.print()


def samples_table(verification: Verification) -> Table:
    """Each judged check with its samples, before and after."""
    seen = Seen("")
    for sample in verification.samples:
        seen.sample(sample)
    table = bare_table("bake", "samples", "failed", "median", "before")
    for column in table.columns[1:]:
        column.justify = "right"
    checks = dict.fromkeys((*verification.judged, *sorted(seen.tallies)))
    for check in checks:
        tally = seen.tallies[check]
        wanted = verification.wanted if check in verification.judged else 0
        failed = Text(str(tally.failed), "red" if tally.failed else "dim")
        name = Text(f"  {check}", "" if check in verification.judged else "dim")
        table.add_row(name, tally.of(wanted), failed, _median(tally), _before(verification, check))
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
    for ruling in shown:
        console.print(ruling_text(ruling))
    if held and not verbose:
        many = "1 rule" if len(held) == 1 else f"{len(held)} rules"
        told = f"techrun release show {verification.version} -v tells them"
        console.print(Text(f"✓ {many} held ({told})", "dim"))


def ruling_text(ruling: Ruling) -> Text:
    """One ruling on a line: `✗ acme/home: 4 of 30 failed …  [errors.more]`."""
    said = words.sign_of(ruling)
    line = Text(f"{said.sign} ", TONES[said.tone])
    subject = f"{ruling.subject}: " if ruling.subject and not ruling.text.startswith(ruling.subject) else ""
    return line.append(f"{subject}{ruling.text}").append(f"  [{ruling.rule}]", "dim")


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
