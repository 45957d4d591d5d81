"""Whether an answer is that of the release."""

from __future__ import annotations

import pytest

from techrun.config.releases import IdentitySettings
from techrun.releases.identity.matching import Question, said, same_commit
from techrun.releases.records import Expectation, Sighting


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a1b9f3e", "a1b9f3e0c4d2aa5b", True),
        ("A1B9F3E0", "a1b9f3e", True),
        ("a1b9f3", "a1b9f3e0c4d2", False),
        ("", "", False),
        ("release", "release-1", False),
        ("a1b9f3e", "a1b9f3f", False),
    ],
)
def test_commits_are_compared_by_what_both_say_but_by_seven_digits_at_least(one, other, same):
    assert same_commit(one, other) is same
    assert same_commit(other, one) is same


@pytest.mark.parametrize(
    ("expected", "reads", "answer", "word"),
    [
        (Expectation("v812", "a1b9f3e0"), (True, False), ("a1b9f3e", ""), "new"),
        (Expectation("v812", "a1b9f3e0"), (True, True), ("a1b9f3e", "a1b9f3e"), "old"),
        (Expectation("v812", "a1b9f3e0"), (False, True), ("", "a1b9f3e"), "new"),
        (Expectation("v812", "a1b9f3e0"), (False, True), ("", "bbbbbbb"), "old"),
        (Expectation("a1b9f3e0"), (False, True), ("", "a1b9f3e"), "new"),
        (Expectation("v812"), (False, True), ("", "a1b9f3e"), "untold"),
        (Expectation("v812", told="812"), (True, False), ("812", ""), "new"),
        (Expectation("v812", told="812"), (True, False), ("v812", ""), "old"),
    ],
    ids=[
        "a version that is a commit",
        "with a commit of its own, a version is none",
        "commit alone",
        "another commit alone",
        "a release called by its commit",
        "commit alone, and none is known",
        "as it is told",
        "told otherwise",
    ],
)
def test_version_and_commit_are_held_against_what_the_shop_can_tell(expected, reads, answer, word):
    asked = Question(expected, IdentitySettings(), 0.0, reads_version=reads[0], reads_commit=reads[1])
    assert (
        said(asked, Sighting(0.0, "10.0.0.1", through_cache=False, version=answer[0], commit=answer[1]))
        == word
    )
