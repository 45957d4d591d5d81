"""The second look, when the bake is over: whether what was live still is. Pure."""

from __future__ import annotations

from dataclasses import replace

from techrun.config.releases import Releases
from techrun.releases.identity.turning import GOOD
from techrun.releases.records import Identity, NodeFinding

WITHIN = 20.0
"""Seconds that a place has for it at most: it has turned already."""


def once_more(releases: Releases) -> Releases:
    """The settings of the second look: nothing drains any more."""
    settings = releases.identity
    again = settings.model_copy(update={"within": min(settings.within, WITHIN), "drain": 0.0})
    return releases.model_copy(update={"identity": again})


def joined(first: Identity, again: Identity) -> Identity:
    """What the second look found, with the nodes that had left before the bake, and since when it was live."""
    were_new = {each.via for each in first.findings if each.state == "new"}
    asked = {each.via for each in again.findings}
    left = (each for each in first.findings if each.state == "drained" and each.via not in asked)
    found = (_before(each, first) if each.via in were_new else each for each in again.findings)
    return replace(again, findings=(*left, *found), live=first.live)


def _before(finding: NodeFinding, first: Identity) -> NodeFinding:
    """A place that ran the release before the bake, and does no more: that is told."""
    if finding.state in GOOD:
        return finding
    text = finding.text.replace(" still runs ", " runs ", 1)
    return replace(finding, text=f"{text}; before the bake it ran {first.expected.version}")
