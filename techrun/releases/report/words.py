"""How verdicts, rulings and nodes are called; shared by the reports and the result on a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from techrun.load.report.words import HOLDS, VERDICTS, Said
from techrun.releases.identity.telling import place
from techrun.releases.records import NodeFinding, NodeState, Ruling, Verification
from techrun.releases.weighing import broken

NODES: Mapping[NodeState, Said] = {
    "new": Said("new", "✓", "good"),
    "old": Said("old version", "✗", "bad"),
    "wrong-commit": Said("wrong commit", "✗", "bad"),
    "mixed": Said("old and new in turns", "✗", "bad"),
    "drained": Said("left with the old version", "✓", "good"),
    "unreadable": Said("says nothing readable", "?", "unsure"),
    "unreachable": Said("unreachable", "?", "unsure"),
    "not-seen": Said("not seen", "?", "unsure"),
}
WARNING = Said("warning", "!", "unsure")


def verdict_of(verification: Verification) -> Said:
    """What is to be thought of the release, also where it was never judged."""
    return VERDICTS[verification.verdict.value if verification.verdict else ""]


def sign_of(ruling: Ruling) -> Said:
    """How a ruling is marked: what only warns breaks nothing."""
    return WARNING if ruling.warns and not ruling.holds else HOLDS[ruling.holds]


def deciding(verification: Verification) -> list[Ruling]:
    """What made the verdict other than a pass: broken rules, then those that cannot be told."""
    found = [one for one in _rulings(verification) if not one.warns]
    return [*broken(found), *(one for one in found if one.holds is None)]


def warnings(verification: Verification) -> list[Ruling]:
    """What is told and decides nothing."""
    return [one for one in _rulings(verification) if one.warns and not one.holds]


def holding(verification: Verification) -> list[Ruling]:
    """Rules that hold."""
    return [one for one in _rulings(verification) if one.holds]


def beside(finding: NodeFinding) -> str:
    """What is said of a place, where it is named already."""
    return finding.text.removeprefix(place(finding.via)).lstrip(": ")


def joined(rulings: Iterable[Ruling]) -> Iterator[Ruling]:
    """What is the same of several places in one: `look on 127.0.0.2, look through the front`."""
    alike: dict[tuple[object, ...], list[Ruling]] = {}
    for one in rulings:
        alike.setdefault((one.rule, one.holds, one.warns, one.text), []).append(one)
    for same in alike.values():
        yield replace(same[0], subject=", ".join(dict.fromkeys(one.subject for one in same)))


def _rulings(verification: Verification) -> tuple[Ruling, ...]:
    return verification.verdict.rulings if verification.verdict else ()
