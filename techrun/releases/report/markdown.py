"""A verification in short, as markdown for the summary page of a CI job. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from techrun.load.report.words import HOLDS, count, duration, moment, number_of, span
from techrun.markup import folded, plain, plain_code, readable, table
from techrun.releases.records import Ruling, Verification
from techrun.releases.report import words
from techrun.releases.report.bake import bake_rows
from techrun.releases.runs import GOOD, at_step

SIGNS = {
    "pass": ":white_check_mark:",
    "fail": ":x:",
    "inconclusive": ":grey_question:",
    "": ":warning:",
}
MOST_ROWS = 30
"""Of one table or list; `techrun release show` has them all."""
LONGEST_CELL = 200
LONGEST_TEXT = 1000
"""Characters of a ruling: a job's summary takes 1 MB in all."""


def render(verification: Verification) -> str:
    """Verdict, what decided, nodes, smoke, bake, figures, what could have been seen, what was done."""
    parts = [
        _head(verification),
        _rulings(verification),
        _nodes(verification),
        _smoke(verification),
        _bake(verification),
        _figures(verification),
        _notes(verification),
        _actions(verification),
        _foot(verification),
    ]
    return readable("\n\n".join(part for part in parts if part)) + "\n"


def _head(verification: Verification) -> str:
    verdict = verification.verdict
    said = words.verdict_of(verification)
    commit = f" ({verification.commit[:12]})" if verification.commit else ""
    release = plain(f"{verification.version}{commit} of {verification.shop}")
    lines = [
        f"## {SIGNS[verdict.value if verdict else '']} {said.word}: release {release}",
        f"**{plain(verdict.summary)}**" if verdict and verdict.summary else "",
        plain(_times(verification)),
        plain(f"It ended early: {verification.cut}") if verification.cut else "",
        plain(f"Since {verification.superseded} began, the two cannot be told apart.")
        if verification.superseded
        else "",
    ]
    return "\n\n".join(line for line in lines if line)


def _times(verification: Verification) -> str:
    live = verification.live
    seen = f"live on every node after {span(max(0.0, live - verification.begun))}" if live else ""
    took = f"verified for {span(max(0.0, verification.ended - verification.started))}"
    return f"{', '.join(filter(None, (f'Begun {moment(verification.begun)}', seen, took)))}."


def _rulings(verification: Verification) -> str:
    found = list(words.joined([*words.deciding(verification), *words.warnings(verification)]))
    lines = [_ruling(one) for one in found[:MOST_ROWS]]
    if len(found) > MOST_ROWS:
        lines.append(f"- and {len(found) - MOST_ROWS} more")
    if held := len(words.holding(verification)):
        lines.append(f"- {HOLDS[True].sign} {number_of(held, 'rule')} {'holds' if held == 1 else 'hold'}")
    return "\n".join(lines)


def _ruling(one: Ruling) -> str:
    """A line of a list; a text that begins with its subject does not name it twice."""
    said = one.text[:LONGEST_TEXT]
    rest = said.removeprefix(one.subject) if one.subject else said
    mark = f"**{plain(one.subject)}**{':' if rest == said else ''} " if one.subject else ""
    return f"- {words.sign_of(one).sign} {mark}{plain(rest)} (`{plain_code(one.rule)}`)"


def _nodes(verification: Verification) -> str:
    identity = verification.identity
    if identity is None:
        return ""
    rows = [
        [
            f"`{plain_code(one.via)}`",
            f"{words.NODES[one.state].sign} {words.NODES[one.state].word}",
            plain(one.version[:LONGEST_CELL]),
            plain(words.beside(one)[:LONGEST_CELL]),
        ]
        for one in identity.findings
    ]
    seen = _table(["Node", "State", "Says", ""], rows) if rows else ""
    unseen = "\n".join(f"- ? not seen: {plain(text)}" for text in identity.not_seen[:MOST_ROWS])
    return "\n\n".join(filter(None, (seen, unseen)))


def _smoke(verification: Verification) -> str:
    """The runs that are not up, and how many are."""
    good = [one for one in verification.smoke if one.status in GOOD]
    rows = [
        [
            plain(one.name),
            f"`{plain_code(one.via)}`",
            f"{one.status}{', as before' if one.excused else ''}",
            plain(at_step(one.step, one.message)[:LONGEST_CELL]),
        ]
        for one in verification.smoke
        if one not in good
    ]
    orders = sorted({order for one in verification.smoke for order in one.orders})
    lines = [
        f"Smoke: {len(good)} of {number_of(len(verification.smoke), 'run')} passed."
        if verification.smoke
        else "",
        _table(["Smoke", "Where", "Status", "Says"], rows) if rows else "",
        f"Test orders: {', '.join(map(plain, orders[:MOST_ROWS]))}" if orders else "",
    ]
    return "\n\n".join(line for line in lines if line)


def _bake(verification: Verification) -> str:
    rows = [
        [
            plain(row.check),
            count(row.runs),
            f"{row.failed}",
            f"{row.untold}",
            duration(row.median),
            "yes" if row.judged else "no",
            plain(row.failure[:LONGEST_CELL]),
        ]
        for row in bake_rows(verification)
    ]
    head = ["Bake", "Runs", "Failed", "Untold", "Median", "Judged", "For example"]
    ruler = ["---", *["---:"] * 4, "---", "---"]
    return _table(head, rows, ruler) if verification.samples else ""


def _figures(verification: Verification) -> str:
    rows = [
        [plain(one.name), _number(one.value), _number(one.baseline), plain(one.failure[:LONGEST_CELL])]
        for one in verification.figures
    ]
    return _table(["Figure", "Value", "Before", ""], rows, ["---", "---:", "---:", "---"]) if rows else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _notes(verification: Verification) -> str:
    verdict = verification.verdict
    if verdict is None:
        return ""
    unseen = [text for text in verdict.could_see[:MOST_ROWS] if text not in verdict.summary]
    lines = [
        f"Baseline: {verdict.baseline.removeprefix('baseline ')}." if verdict.baseline else "",
        f"It could have seen {'; '.join(unseen)}." if unseen else "",
    ]
    return "\n\n".join(plain(line) for line in lines if line)


def _actions(verification: Verification) -> str:
    lines = [
        f"- {HOLDS[one.ok].sign} {one.kind} `{plain_code(one.what)}`:"
        f" {plain(one.answer.strip()[-LONGEST_CELL:])} ({duration(one.seconds)})"
        for one in verification.actions
    ]
    return "\n".join(lines)


def _foot(verification: Verification) -> str:
    typed = ["techrun", "release", "show", verification.version, "--shop", verification.shop]
    return folded("The whole story", shlex.join(typed), "sh")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], ruler: Sequence[str] = ()) -> str:
    more = f"\n\n{len(rows) - MOST_ROWS} more are not shown." if len(rows) > MOST_ROWS else ""
    return table(head, rows[:MOST_ROWS], ruler or ["---"] * len(head)) + more
