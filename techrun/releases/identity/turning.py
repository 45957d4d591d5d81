"""What became of the places that were asked, told from their answers alone. Pure.

A node has `within` to run the new version. The old one may be seen for `drain` after the new one has come: at a node
since it first said so, at the shop's own address since the last node had turned. Whatever comes later fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from techrun.model import Reason
from techrun.releases.identity.matching import Question, Said, said
from techrun.releases.records import FRONT, NodeState, Sighting

GOOD: frozenset[NodeState] = frozenset({"new", "drained"})
FAILED: frozenset[NodeState] = frozenset({"old", "wrong-commit", "mixed"})
ANSWERED = frozenset(
    {
        Reason.EXTRACTION,
        Reason.STATUS,
        Reason.DECODE,
        Reason.SIZE,
        Reason.REDIRECT,
        Reason.BLOCKED,
        Reason.MAINTENANCE,
    }
)
"""Something answered, and could not be read."""
_STATES: Mapping[Said, NodeState] = {
    "new": "not-seen",
    "old": "old",
    "wrong-commit": "wrong-commit",
    "untold": "unreadable",
}
"""By the last answer; a matching one is one of too few."""


@dataclass(frozen=True)
class Course:
    """The answers of one place in their order, and what they say."""

    question: Question
    via: str
    sightings: tuple[Sighting, ...]
    named: bool = False
    """Whether the shop's name leads customers there."""
    unnamed_since: float | None = None
    """Since when the shop's name leads there no more."""

    @cached_property
    def said(self) -> tuple[Said, ...]:
        """What each answer says."""
        return tuple(said(self.question, each) for each in self.sightings)

    @cached_property
    def row(self) -> int:
        """Matches in a row at the end."""
        return _row(self.said, {"new"})

    @cached_property
    def gone(self) -> int:
        """Questions in a row at the end that brought nothing."""
        return _row(self.said, {"nothing"})

    @cached_property
    def new_since(self) -> float | None:
        """Since when it says nothing but the new version."""
        return self.sightings[-self.row].at if self.row else None

    @cached_property
    def first_new(self) -> float | None:
        """When it said the new version for the first time."""
        return next(
            (each.at for each, word in zip(self.sightings, self.said, strict=True) if word == "new"), None
        )

    @cached_property
    def last_read(self) -> Sighting | None:
        """The last answer that could be read."""
        return next((each for each in reversed(self.sightings) if not each.failure), None)

    @cached_property
    def last_old(self) -> Sighting | None:
        """The last answer that was not the release's."""
        answers = zip(reversed(self.sightings), reversed(self.said), strict=True)
        return next((each for each, word in answers if word in {"old", "wrong-commit"}), None)

    @property
    def olds(self) -> int:
        """Answers that were not the release's."""
        return sum(word in {"old", "wrong-commit"} for word in self.said)

    @cached_property
    def flapped(self) -> bool:
        """Whether the old version came after the new one: more than one node answers there."""
        return self.first_new is not None and self.last_old is not None and self.last_old.at > self.first_new

    @property
    def need(self) -> int:
        """Matches in a row that show that it has turned."""
        settings = self.question.settings
        many = self.via == FRONT or self.flapped
        return max(settings.in_a_row, settings.front) if many else settings.in_a_row

    @property
    def left_at(self) -> float | None:
        """When it ceased to answer, if the old version was the last that it said."""
        left = self.gone >= self.question.settings.in_a_row and self.sightings[-1].reason not in ANSWERED
        if not left or self.last_read is None or said(self.question, self.last_read) != "old":
            return None
        return self.sightings[-self.gone].at

    def state(self, now: float) -> NodeState:
        """What is to be thought of it by now."""
        if self.row >= self.need:
            return "new"
        if self._has_left(now):
            return "drained"
        if self.last_read is None or self.gone >= self.question.settings.in_a_row:
            return self._silent()
        if self.flapped:
            return "mixed"
        return _STATES[said(self.question, self.last_read)]

    def _silent(self) -> NodeState:
        """Of a place that tells nothing."""
        if not self.sightings:
            return "not-seen"
        return "unreadable" if self.sightings[-1].reason in ANSWERED else "unreachable"

    def _has_left(self, now: float) -> bool:
        """Whether it left with the old version, for so long that it is no restart, and nobody is led there."""
        if self.via == FRONT or self.named or self.last_old is None:
            return False
        since = self.unnamed_since if self.unnamed_since is not None else self.left_at
        return since is not None and now - since >= self.question.settings.drain

    @property
    def out_of_reach(self) -> bool:
        """Whether this machine has no way there."""
        return bool(self.sightings) and self.sightings[-1].reason is Reason.UPLINK

    @property
    def _never_tells(self) -> bool:
        """Whether waiting does not help: no way leads there, or nobody told what the release says there."""
        untold = _row(self.said, {"untold"})
        refused = bool(self.sightings) and self.sightings[-1].reason is Reason.FORBIDDEN
        return self.out_of_reach or refused or untold >= self.question.settings.in_a_row

    def deadline(self, turned: float | None) -> float:
        """Until when it may be as it is; `turned`: when the last node had turned, for the shop's own address."""
        settings = self.question.settings
        base = self.question.since + settings.within
        moments = [turned if self.via == FRONT else None, self.first_new, self.left_at, self.unnamed_since]
        return max([base, *(each + settings.drain for each in moments if each is not None and each <= base)])

    def may_wait(self, now: float, turned: float | None) -> bool:
        """Whether its time is not over, or it is just turning."""
        settings, end = self.question.settings, self.deadline(turned)
        if self._never_tells:
            return False
        patience = 2 * self.need * settings.every
        return now < end or (0 < self.row < self.need and now < end + patience)


def _row(words: Sequence[Said], wanted: set[Said]) -> int:
    """How many at the end are such."""
    count = 0
    for word in reversed(words):
        if word not in wanted:
            break
        count += 1
    return count


@dataclass(frozen=True)
class Places:
    """All places by now: the nodes in their order, and the shop's own address past every cache and through them."""

    question: Question
    nodes: tuple[Course, ...]
    past: Course
    through: Course
    now: float

    @cached_property
    def states(self) -> Mapping[str, NodeState]:
        """Of the nodes."""
        return {course.via: course.state(self.now) for course in self.nodes}

    @cached_property
    def front(self) -> tuple[NodeState, NodeState]:
        """Of the shop's own address: past every cache, and through them."""
        return self.past.state(self.now), self.through.state(self.now)

    @cached_property
    def counted(self) -> tuple[Course, ...]:
        """The nodes that must turn: not an edge that there is no way to, where others of them show what runs."""
        if self.question.settings.origins == "required" or not any(
            self.states[course.via] == "new" and course.sightings[-1].edge for course in self.nodes
        ):
            return self.nodes
        return tuple(course for course in self.nodes if not course.out_of_reach)

    @cached_property
    def turned(self) -> float | None:
        """When the last node had turned; None while one has not."""
        moments = [course.new_since for course in self.counted if self.states[course.via] == "new"]
        whole = all(self.states[course.via] in GOOD for course in self.counted)
        return max((each for each in moments if each is not None), default=None) if whole else None

    @property
    def good(self) -> bool:
        """Whether every place has turned."""
        nodes = all(self.states[course.via] in GOOD for course in self.counted)
        return nodes and self.front == ("new", "new")

    @property
    def live(self) -> float | None:
        """When the last place had turned; None while one has not."""
        if not self.good:
            return None
        nodes = [course for course in self.counted if self.states[course.via] == "new"]
        return max(course.new_since or 0.0 for course in (*nodes, self.past, self.through))

    @property
    def over(self) -> bool:
        """Whether nothing is left to wait for: all is new, or one has failed, or all have had their time."""
        pairs = [(course, self.states[course.via]) for course in self.nodes]
        pairs += zip((self.past, self.through), self.front, strict=True)
        waiting = [(course, state) for course, state in pairs if state not in GOOD]
        done = [not course.may_wait(self.now, self.turned) for course, _ in waiting]
        failed = any(is_over and state in FAILED for is_over, (_, state) in zip(done, waiting, strict=True))
        return failed or all(done)


def places(
    question: Question,
    nodes: Sequence[str],
    sightings: Iterable[Sighting],
    now: float,
    unnamed: Mapping[str, float | None] = MappingProxyType({}),
) -> Places:
    """The places as their answers show them; `unnamed`: since when the shop's name leads to a node no more.

    None there: it still does. A node that it never led to is not in there.
    """
    by_place: dict[tuple[str, bool], list[Sighting]] = {}
    for each in sightings:
        by_place.setdefault((each.via, each.through_cache), []).append(each)

    def course(via: str, *, through: bool = False) -> Course:
        since = unnamed.get(via)
        named = via in unnamed and since is None
        return Course(question, via, tuple(by_place.get((via, through), ())), named, since)

    return Places(
        question, tuple(course(node) for node in nodes), course(FRONT), course(FRONT, through=True), now
    )
