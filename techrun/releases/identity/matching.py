"""Whether an answer is that of the release. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from techrun.config.releases import IdentitySettings
from techrun.releases.records import Expectation, Sighting

Said = Literal["new", "old", "wrong-commit", "untold", "nothing"]
"""`untold`: nobody said how the release calls itself there, or the place names no commit. `nothing`: no answer, or none that could be read."""

_COMMIT = re.compile(r"[0-9a-f]{7,64}\Z", re.IGNORECASE)
_MOMENT = re.compile(r"1[0-9]{9}\Z")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of all places."""

    expected: Expectation
    settings: IdentitySettings
    since: float
    """When it was asked first."""
    reads_version: bool = True
    reads_commit: bool = False

    @property
    def wanted(self) -> str:
        """What the shop says when the release is live."""
        return self.expected.told or self.expected.version

    @property
    def by_version_alone(self) -> bool:
        """Whether the commit could be read, but is not known of the release."""
        return self.reads_version and self.reads_commit and not self.expected.commit


def is_commit(text: str) -> bool:
    """Whether this can be the name of a commit."""
    return _COMMIT.match(text) is not None


def same_commit(one: str, other: str) -> bool:
    """Whether both name one commit; either may be cut short, to seven digits at least."""
    shorter, longer = sorted((one.strip().lower(), other.strip().lower()), key=len)
    return is_commit(shorter) and longer.startswith(shorter)


def said(question: Question, sighting: Sighting) -> Said:
    """What an answer says of the release."""
    if sighting.failure:
        return "nothing"
    expected, wanted = question.expected, question.wanted
    if not question.reads_version:
        commit = expected.commit or wanted
        if not is_commit(commit) and sighting.commit != wanted:
            return "untold"
        return "new" if same_commit(sighting.commit, commit) or sighting.commit == wanted else "old"
    right = sighting.version == wanted
    if not right and not question.reads_commit:
        right = same_commit(sighting.version, expected.commit)
    if not right:
        untold = not expected.told and _MOMENT.match(sighting.version) and not _MOMENT.match(wanted)
        return "untold" if untold else "old"
    if not (question.reads_commit and expected.commit) or same_commit(sighting.commit, expected.commit):
        return "new"
    return "wrong-commit" if sighting.commit else "untold"
