"""The second look, after the bake: what was live and is no more, and what left before."""

from __future__ import annotations

import pytest

from techrun.config.releases import IdentitySettings, Releases
from techrun.releases.identity.again import joined, once_more
from techrun.releases.identity.rulings import identity_rulings
from techrun.releases.records import Expectation, Identity, NodeFinding


def seen(*findings, live=None, not_seen=()):
    made = tuple(NodeFinding(via, state, text) for via, state, text in findings)
    return Identity(Expectation("v812"), made, not_seen, live)


FIRST = seen(
    ("10.0.0.1", "drained", "10.0.0.1 left with v811"),
    ("10.0.0.2", "new", "10.0.0.2 runs v812"),
    ("front", "new", "the front runs v812"),
    live=100.0,
)


def test_a_node_that_went_back_fails_and_is_told_to_have_been_right():
    again = seen(
        ("10.0.0.2", "old", "10.0.0.2 still runs v811 (asked 20 times)"),
        ("front", "new", "the front runs v812"),
    )
    found = joined(FIRST, again)
    failed = [each for each in identity_rulings(found) if each.holds is False]
    assert [each.text for each in failed] == [
        "10.0.0.2 runs v811 (asked 20 times); before the bake it ran v812"
    ]
    assert found.live == 100.0


def test_what_left_before_the_bake_stays_as_it_was_found():
    found = joined(FIRST, seen(*((each.via, "new", each.text) for each in FIRST.findings[1:])))
    assert found == FIRST


def test_a_node_that_came_during_the_bake_is_told_as_it_is_found():
    found = joined(FIRST, seen(("10.0.0.3", "old", "10.0.0.3 still runs v811"), ("front", "new", "…")))
    assert found.findings[1].text == "10.0.0.3 still runs v811"


def test_what_the_second_look_could_not_see_is_not_good():
    found = joined(FIRST, seen(("front", "new", "…"), not_seen=("no node is known",)))
    assert [each.holds for each in identity_rulings(found)][-1] is None


@pytest.mark.parametrize(("within", "then"), [("2m", 20.0), ("3s", 3.0)])
def test_the_second_look_waits_for_nothing_to_drain(within, then):
    releases = Releases(identity=IdentitySettings(within=within, drain="1m", in_a_row=5))
    settings = once_more(releases).identity
    assert (settings.within, settings.drain, settings.in_a_row) == (then, 0.0, 5)
