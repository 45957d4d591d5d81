"""What a person on call does, on the store of this machine; or, with a server named, over its API."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from techrun.app.loading import Loaded, load_without_secrets, select
from techrun.app.standing import incident_of, incident_standings, standing, story
from techrun.app.typed import line, needed
from techrun.errors import CannotTellError, UsageError
from techrun.handling import Acknowledgement, Annotation, Fault, Release, Window
from techrun.language.durations import show
from techrun.language.words import did_you_mean
from techrun.model import Severity
from techrun.oncall import LONGEST_WINDOW, Asked, Chosen, Operations, ReleaseWish, UnknownError, WindowWish
from techrun.standing import storable
from techrun.store import desk, releases
from techrun.store.database import Store, read_store
from techrun.store.orders import Orders
from techrun.store.state import open_incidents, past_incidents
from techrun.store.story import shadow_messages
from techrun.store.writer import Work
from techrun.views import IncidentStanding, ShadowMessage, Standing, Story

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

PATIENCE = 5.0
"""Seconds that a person waits for the daemon to answer; it looks once a second."""
LOOK_AGAIN = 0.1
LATE = 60.0
"""Seconds that a beginning may lie in the past: somebody typed it, or two clocks differ."""


def operations(config: Path, server: str = "", token: str = "") -> Operations:
    """How this command line asks and acts: on the server that was named, else on this machine's store."""
    if server:
        from techrun.app.remote import RemoteOperations  # noqa: PLC0415  nobody else needs it

        return RemoteOperations(server, token)
    loaded = load_without_secrets(config)
    return LocalOperations(lambda: loaded, patience=PATIENCE)


class LocalOperations:
    """Operations on the store of this machine.

    The daemon hands in the store that it holds; a command beside it opens the file by itself, for a moment.
    """

    def __init__(
        self,
        loaded: Callable[[], Loaded],
        store: Store | None = None,
        *,
        clock: Callable[[], float] = time.time,
        patience: float = PATIENCE,
    ) -> None:
        self._loaded = loaded
        self._store = store
        self._clock = clock
        self._patience = patience

    def status(self, chosen: Chosen) -> Standing:
        """How these checks stand, and what is wrong."""
        loaded = self._loaded()
        checks = select(loaded, chosen.selectors, client=chosen.client or None, tags=chosen.tags)
        with self._reading() as connection:
            return standing(connection, loaded, checks, chosen, self._clock())

    def incidents(self, *, since: float | None = None, shop: str = "") -> tuple[IncidentStanding, ...]:
        """What was opened since then, oldest first; without a moment what is open."""
        if shop:
            self._shop(shop)
        with self._reading() as connection:
            found = open_incidents(connection) if since is None else past_incidents(connection, since)
            return incident_standings(connection, [one for one in found if shop in {"", one.shop}])

    def story(self, incident: int) -> Story:
        """Everything about one incident."""
        with self._reading() as connection:
            return story(connection, incident, self._loaded().shops, self._clock())

    def open_incident(self, shop: str, text: str, severity: Severity, by: str) -> Asked:
        """A person reports what techrun has missed."""
        self._shop(shop)
        needed(text, "say in a few words what is wrong")
        return self._ask(by, "open", {"shop": shop, "text": line(text), "severity": severity})

    def close_incident(self, incident: int, by: str) -> Asked:
        """A person ends an incident that a person reported."""
        with self._reading() as connection:
            found = incident_of(connection, incident)
        if found.closed is not None:
            raise UsageError(f"#{incident} is closed already")
        if found.kind not in {"reported", "uplink"}:
            raise UsageError(
                f"#{incident} ends by itself when its checks are well again, and is not closed by hand; "
                "techrun silence keeps it quiet meanwhile"
            )
        return self._ask(by, "close", {"incident": incident})

    def acknowledge(self, incident: int, note: str, by: str) -> IncidentStanding:
        """A person takes an incident on."""
        given = Acknowledgement(incident, self._clock(), line(by), storable(note))
        with self._reading() as connection:
            found = incident_of(connection, incident)
        if found.closed is not None:
            raise UsageError(f"#{incident} is closed already: there is nothing to take on")
        self._write(lambda connection: desk.acknowledge(connection, given))
        log.info("%s has taken on #%d", given.author, incident)
        return self._incident(incident)

    def annotate(self, incident: int, text: str, fault: Fault | None, by: str) -> Annotation:
        """A person adds something to an incident."""
        if not text and fault is None:
            raise UsageError("say what to add: a text, a cause, or both")
        said = Annotation(incident, self._clock(), line(by), storable(text), fault)
        self._incident(incident)
        self._write(lambda connection: desk.annotate(connection, said))
        return said

    def windows(self, since: float | None = None) -> tuple[Window, ...]:
        """What was in force since then or is to come; without a moment what is not over."""
        with self._reading() as connection:
            return tuple(desk.windows(connection, self._clock() if since is None else since))

    def add_window(self, wish: WindowWish, by: str) -> Window:
        """Hold alerts of some checks for a time."""
        now = self._clock()
        needed(wish.reason, "say why: who looks at it later must know")
        chosen, starts = wish.chosen, now if wish.starts is None else wish.starts
        if not 0 < wish.seconds <= LONGEST_WINDOW:
            raise UsageError(
                f"a {wish.kind} cannot last {show(wish.seconds)}: write 1s to {show(LONGEST_WINDOW)}, "
                "so that none is forgotten"
            )
        if starts < now - LATE:
            raise UsageError(f"a {wish.kind} cannot begin in the past: what was told is told")
        if chosen == Chosen():
            raise UsageError("say which checks are meant: selectors, a client or tags; '*' is all of them")
        select(self._loaded(), chosen.selectors, client=chosen.client or None, tags=chosen.tags)
        window = Window(
            id=0,
            kind=wish.kind,
            selectors=chosen.selectors,
            starts=starts,
            ends=starts + wish.seconds,
            reason=line(wish.reason),
            author=line(by),
            client=chosen.client,
            tags=chosen.tags,
            created=now,
        )
        number = self._write(lambda connection: desk.add_window(connection, window))
        log.info("%s has begun %s #%d: %s", window.author, window.kind, number, window.reason)
        return replace(window, id=number)

    def end_window(self, window: int, by: str) -> Window:
        """End such a time early."""
        now = self._clock()
        with self._reading() as connection:
            found = next((one for one in desk.windows(connection, now) if one.id == window), None)
        if found is None or not self._write(lambda connection: desk.end_window(connection, window, now)):
            raise UnknownError(
                f"no silence or maintenance #{window} is in force or to come; "
                "see techrun silence list and techrun maintenance list"
            )
        log.info("%s has ended %s #%d", line(by), found.kind, window)
        return replace(found, ended=now)

    def releases(self, *, since: float, shop: str = "") -> tuple[Release, ...]:
        """What began since then, newest first."""
        if shop:
            self._shop(shop)
        with self._reading() as connection:
            return tuple(releases.releases(connection, since, shop))

    def begin_release(self, wish: ReleaseWish, by: str) -> Release:
        """A release of a shop begins."""
        self._shop(wish.shop)
        needed(wish.version, "name the version that is released")
        version, commit, author, link = map(line, (wish.version, wish.commit, by, wish.link))
        now, told = self._clock(), line(wish.told)
        if wish.committed is not None and wish.committed > now + LATE:
            raise UsageError("--committed lies in the future: say when its newest commit was made")
        release = Release(
            0, wish.shop, version, now, commit, author, link, committed=wish.committed, told=told
        )
        number = self._write(lambda connection: releases.add_release(connection, release), make=True)
        log.info("%s has begun the release %s of %s", author, version, wish.shop)
        return replace(release, id=number)

    def end_release(self, shop: str, version: str, by: str, *, rolled_back: bool = False) -> Release:
        """A release of a shop has ended; `rolled_back`: the one before it came back."""
        self._shop(shop)
        now = self._clock()
        if not self._write(
            lambda connection: releases.end_release(connection, shop, version, now, rolled_back=rolled_back)
        ):
            raise UnknownError(
                f"no release {version} of {shop} is under way; techrun release list tells them"
            )
        how = "rolled back" if rolled_back else "ended"
        log.info("%s has %s the release %s of %s", line(by), how, line(version), shop)
        with self._reading() as connection:
            found = releases.releases(connection, 0, shop, version)
        return next(one for one in found if one.ended is not None and one.rolled_back == rolled_back)

    def shadow(self, since: float) -> tuple[ShadowMessage, ...]:
        """What would have been sent since then, oldest first."""
        with self._reading() as connection:
            return tuple(shadow_messages(connection, since))

    def orders_cancelled(self, shop: str, by: str) -> int:
        """A person has cancelled the shop's leaked test orders; how many they were."""
        self._shop(shop)
        log.info("%s has cancelled the leaked test orders of %s", line(by), shop)
        with self._opened() as store:
            return Orders(store).resolve(shop)

    def _incident(self, number: int) -> IncidentStanding:
        with self._reading() as connection:
            (told,) = incident_standings(connection, [incident_of(connection, number)])
            return told

    def _shop(self, name: str) -> None:
        """UsageError where there is no such shop."""
        known = [shop.name for shop in self._loaded().shops]
        if name not in known:
            hint = did_you_mean(name, known) or f"there are: {', '.join(known)}"
            raise UsageError(f'no shop is called "{name}"; {hint}')

    def _ask(self, by: str, verb: str, payload: dict[str, Any]) -> Asked:
        """Put a request on the daemon's desk and wait a little for its answer."""
        now = self._clock()
        number = self._write(lambda connection: desk.ask(connection, line(by), verb, payload, now))
        end = time.monotonic() + self._patience
        while True:
            with self._reading() as connection:
                answer = desk.answer_to(connection, number)
            if answer is not None:
                return _done(number, answer, payload)
            if time.monotonic() >= end:
                return Asked(number, done=False, incident=payload.get("incident"))
            time.sleep(LOOK_AGAIN)

    def _reading(self) -> contextlib.AbstractContextManager[sqlite3.Connection]:
        return read_store(self._path()) if self._store is None else self._store.read()

    def _write(self, work: Work[Answer], *, make: bool = False) -> Answer:
        """What the store says to this; `make`: there need be no store yet, for nobody has to hear of it."""
        with self._opened(make=make) as store:
            return store.write(work, urgent=True).result()

    @contextlib.contextmanager
    def _opened(self, *, make: bool = False) -> Iterator[Store]:
        if self._store is not None:
            yield self._store
            return
        store = Store(self._loaded().settings.store if make else self._path(), exclusive=False)
        try:
            yield store
        finally:
            store.close()

    def _path(self) -> Path:
        """The store; where no daemon has ever run nothing is known and nobody would hear of it."""
        path = self._loaded().settings.store
        if not path.exists():
            raise CannotTellError(
                f"nothing is known yet: {path} does not exist. Start the daemon: techrun run"
            )
        return path


def _done(number: int, answer: str, payload: dict[str, Any]) -> Asked:
    """The daemon's answer: the number of the incident that it opened, a word, or why it could not."""
    if answer.startswith("error: "):
        raise UsageError(answer.removeprefix("error: "))
    return Asked(number, done=True, incident=int(answer) if answer.isdecimal() else payload.get("incident"))
