"""What is to be thought of what the places of a shop run. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from techrun.model import Reason
from techrun.releases.records import FRONT, Identity, NodeFinding, NodeState, Ruling

RULES: Mapping[str, str] = {
    "identity.version": "a node, or the shop's own address, runs the release",
    "identity.old_version": "a node, or the shop's own address, still runs another version",
    "identity.wrong_commit": "the version is right, and made of another commit",
    "identity.mixed": "one address says the old and the new version in turns",
    "identity.cached": "a cache keeps the old version and serves it to customers",
    "identity.drained": "a node left with the old version in time",
    "identity.unreachable": "a node that gave no answer",
    "identity.tls": "a node that refuses a secure connection to the shop's name",
    "identity.unreadable": "a place whose answer does not tell its version",
    "identity.not_seen": "what could not be looked at: never counted as good",
}
"""What each of these rules is about; the names stay."""

_NAMES: Mapping[NodeState, str] = {
    "new": "version",
    "old": "old_version",
    "wrong-commit": "wrong_commit",
    "mixed": "mixed",
    "drained": "drained",
    "unreachable": "unreachable",
    "unreadable": "unreadable",
    "not-seen": "not_seen",
}
_HOLDS: Mapping[NodeState, bool | None] = {
    "new": True,
    "drained": True,
    "old": False,
    "wrong-commit": False,
    "mixed": False,
}


def identity_rulings(identity: Identity | None) -> tuple[Ruling, ...]:
    """A ruling for each place, and for all that was not seen; none where identity was never looked at."""
    if identity is None:
        return ()
    whole = not identity.not_seen
    findings = tuple(_of_finding(each, identity, whole=whole) for each in identity.findings)
    return (*findings, *_unseen(identity))


def _of_finding(finding: NodeFinding, identity: Identity, *, whole: bool) -> Ruling:
    name = _NAMES[finding.state]
    if finding.cached:
        name = "cached"
    elif finding.state == "unreachable" and finding.reason is Reason.TLS:
        name = "tls"
    return Ruling(
        f"identity.{name}",
        finding.via,
        _HOLDS.get(finding.state),
        finding.text,
        warns=whole and _is_far_edge(finding, identity),
        samples=finding.samples,
    )


def _is_far_edge(finding: NodeFinding, identity: Identity) -> bool:
    """An edge that there is no way to from here, like those that were seen: no node of the shop."""
    edges = any(each.edge and each.state == "new" for each in identity.findings if each.via != FRONT)
    return finding.state == "unreachable" and finding.reason is Reason.UPLINK and edges


def _unseen(identity: Identity) -> Iterator[Ruling]:
    for text in identity.not_seen:
        yield Ruling("identity.not_seen", "nodes", None, text)
