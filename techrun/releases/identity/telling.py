"""What became of the places, in words and figures. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from techrun.language.durations import show
from techrun.model import Reason
from techrun.releases.identity.matching import Question
from techrun.releases.identity.turning import Course, Places
from techrun.releases.records import FRONT, Identity, NodeFinding, NodeState, Sighting

UNREADABLE_EVERYWHERE = "no place tells its version: is `version:` of this shop right?"


def identity_of(seen: Places, unseen: tuple[str, ...] = ()) -> Identity:
    """The record of all places; `unseen` is why the nodes could not even be asked."""
    findings = (*(_node(seen, course) for course in seen.nodes), _front(seen))
    missing = unseen or tuple(_missing(seen, findings))
    live = None if missing else seen.live
    return Identity(seen.question.expected, findings, missing, live)


def _node(seen: Places, course: Course) -> NodeFinding:
    state = seen.states[course.via]
    return _finding(course, state, _text(seen, course, state))


def _front(seen: Places) -> NodeFinding:
    """Of both ways of asking, that which is worse; samples are those of both."""
    past, through = seen.front
    worse = seen.through if past == "new" else seen.past
    state = through if past == "new" else past
    old = worse.last_old
    by_cache = state in {"old", "mixed", "wrong-commit"} and old is not None
    cached = by_cache and (
        (past == "new" and not seen.past.flapped)
        or (seen.turned is not None and old is not None and old.age is not None)
    )
    text = _cached(seen, worse, state) if cached else _text(seen, worse, state)
    found = _finding(worse, state, text)
    count = len(seen.past.sightings) + len(seen.through.sightings)
    row = min(seen.past.row, seen.through.row)
    since = [course.new_since for course in (seen.past, seen.through) if course.new_since is not None]
    return NodeFinding(
        FRONT,
        found.state,
        found.text,
        found.version,
        found.commit,
        row,
        count,
        max(since) if state == "new" else None,
        found.edge or _edge(seen.past),
        cached,
        found.reason,
    )


def _finding(course: Course, state: NodeState, text: str) -> NodeFinding:
    read = course.last_read
    return NodeFinding(
        via=course.via,
        state=state,
        text=text,
        version=read.version if read else "",
        commit=read.commit if read else "",
        in_a_row=course.row,
        samples=len(course.sightings),
        new_since=course.new_since if state == "new" else None,
        edge=_edge(course),
        reason=course.sightings[-1].reason if course.sightings and state not in {"new", "drained"} else None,
    )


def _edge(course: Course) -> str:
    return next((each.edge for each in reversed(course.sightings) if each.edge), "")


def place(via: str) -> str:
    """A place in a sentence."""
    return "the front" if via == FRONT else via


def _text(seen: Places, course: Course, state: NodeState) -> str:
    """What is said of a place."""
    return _TEXTS[state](seen, course, place(course.via))


def _new(seen: Places, course: Course, where: str) -> str:
    return f"{where} runs {_called(seen.question, course.last_read)}, {course.row} answers in a row{_alone(seen, course)}"


def _drained(seen: Places, course: Course, where: str) -> str:
    gone = "the shop's name no longer leads there" if course.unnamed_since else "it answers no more"
    return f"{where} left with {_old(seen, course)}: {gone}"


def _wrong_commit(seen: Places, course: Course, where: str) -> str:
    expected, old = seen.question.expected, course.last_old
    theirs = old.commit if old else ""
    return f"{where} runs {expected.version} of another commit: {theirs}, not {expected.commit} ({_asked(course)})"


def _stays_old(seen: Places, course: Course, where: str) -> str:
    asked = f"{_asked(course)}, {_when(seen, course)}"
    return f"{where} still runs {_old(seen, course)} ({asked}){_why(seen, course)}"


def _called(question: Question, read: Sighting | None) -> str:
    """The release as it calls itself."""
    told = f" (it says {question.expected.told})" if question.expected.told else ""
    commit = f" ({read.commit})" if read and read.commit and question.expected.commit else ""
    return f"{question.expected.version}{told}{commit}"


def _alone(seen: Places, course: Course) -> str:
    """What a good answer does not show."""
    parts = []
    if seen.question.by_version_alone:
        parts.append("by its version alone: the release's commit is not known")
    if _edge(course) and course.via != FRONT:
        parts.append(f"an edge of {_edge(course)}: it shows nothing of the nodes behind it")
    return f"; {'; '.join(parts)}" if parts else ""


def _old(seen: Places, course: Course) -> str:
    """The version that was said last and is not the release's; its commit too where only that differs."""
    old = course.last_old
    if old is None:
        return "the old version"
    return (
        f"{old.version} ({old.commit})" if old.version == seen.question.wanted else old.version or old.commit
    )


def _asked(course: Course) -> str:
    count = len(course.sightings)
    if count < 2:
        return f"asked {count} time{'' if count == 1 else 's'}"
    return f"asked {count} times in {show(round(course.sightings[-1].at - course.sightings[0].at))}"


def _when(seen: Places, course: Course) -> str:
    """When the old version was seen last."""
    seconds = round(seen.now - course.last_old.at) if course.last_old else 0
    return f"last {show(seconds)} ago" if seconds >= 1 else "just now"


def _why(seen: Places, course: Course) -> str:
    """What a place that stays old may be."""
    old, question = course.last_old, seen.question
    version = old.version if old else ""
    if version and version.lower().lstrip("v") == question.wanted.lower().lstrip("v"):
        return f": if {version} is the same, say so with `techrun release begin … --told {version}`"
    if course.via != FRONT and seen.front == ("new", "new"):
        return ": deploy it; if it serves nobody (the front is new), stop it or take it out of `nodes:`"
    if course.via == FRONT and seen.turned is not None and seen.nodes:
        by = f" (answered by {old.answered_by})" if old and old.answered_by else ""
        return (
            f", though every node that techrun knows has turned{by}: another one answers, add it to `nodes:`"
        )
    return ""


def _cached(seen: Places, course: Course, state: NodeState) -> str:
    """What a cache does that keeps the old version."""
    old = course.last_old
    version, age = _old(seen, course), old.age if old else None
    aged = f" for {show(round(age))}" if age else ""
    told = f"the front serves {version} out of a cache" + (f", kept{aged}" if aged else "")
    times = f" in {course.olds} of {len(course.sightings)} answers" if state == "mixed" else ""
    if course is seen.through:
        return f"{told}{times}, though past the cache it is {seen.question.expected.version}: purge the cache"
    return f"{told}{times}, also to those who ask past it, though every node has turned: purge the cache"


def _mixed(seen: Places, course: Course, where: str) -> str:
    matching = sum(word == "new" for word in course.said)
    counted = f"{_old(seen, course)} in {course.olds} and {seen.question.expected.version} in {matching} of "
    told = f"{where} says {counted}{len(course.sightings)} answers, in turns"
    if course.via == FRONT and seen.nodes and seen.turned is None:
        return told
    if course.via == FRONT and seen.nodes:
        return f"{told}{_why(seen, course)}"
    return f"{told}: more than one node answers there, and not all have turned"


def _not_yet(_: Places, course: Course, where: str) -> str:
    if not course.sightings:
        return f"{where} was not asked"
    return f"{where}: {course.row} of {course.need} matching answers in a row until now"


def _unreachable(_: Places, course: Course, where: str) -> str:
    last, read = course.sightings[-1], course.last_read
    before = f"; it said {read.version or read.commit} before" if read else ""
    if last.reason is Reason.TLS:
        return f"{where} refuses a secure connection: {last.failure} ({_asked(course)}){before}"
    still = ", and the shop's name leads there" if course.named and read else ""
    return f"{where} cannot be reached: {last.failure} ({_asked(course)}){before}{still}"


def _unreadable(seen: Places, course: Course, where: str) -> str:
    last = course.sightings[-1]
    if not last.failure:
        told = last.version or last.commit
        if not seen.question.reads_version:
            return f"{where} says {told}; the release's commit is not known: begin it with --commit"
        if told == seen.question.wanted:
            return f"{where} runs {told} and names no commit: write it there with `techrun release stamp`"
        hint = "begin the release with --told, or deploy static content with --content-version"
        return f"{where} says {told}, the time of its files, not what release that is: {hint}"
    everywhere = all(each.last_read is None for each in (*seen.nodes, seen.past, seen.through))
    hint = f"; {UNREADABLE_EVERYWHERE}" if everywhere else ""
    return f"{where} does not tell its version: {last.failure} ({_asked(course)}){hint}"


_TEXTS: Mapping[NodeState, Callable[[Places, Course, str], str]] = {
    "new": _new,
    "old": _stays_old,
    "wrong-commit": _wrong_commit,
    "mixed": _mixed,
    "drained": _drained,
    "unreadable": _unreadable,
    "unreachable": _unreachable,
    "not-seen": _not_yet,
}


def _missing(seen: Places, findings: tuple[NodeFinding, ...]) -> Iterator[str]:
    """What nobody could look at."""
    nodes, front = findings[:-1], findings[-1]
    edges = [each.edge for each in nodes if each.edge]
    origins = sum(not each.edge for each in nodes if each.state not in {"unreachable", "not-seen"})
    hidden = seen.question.settings.origins == "hidden"
    if not nodes and not (hidden and front.edge):
        yield "no node is known: the shop's name leads to no address"
    elif not hidden and nodes and all(each.state == "drained" for each in nodes):
        yield f"every node that is known left with the old version: add those of {seen.question.expected.version} to `nodes:`"
    elif edges and not origins and not hidden:
        names = " and ".join(dict.fromkeys(edges))
        seen_edges = f"{len(edges)} {names} edge{'' if len(edges) == 1 else 's'} seen, 0 origins"
        yield f"{seen_edges}: set `nodes:`, or `origins: hidden` where nobody can reach them"
