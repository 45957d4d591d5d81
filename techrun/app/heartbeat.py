"""Dead man's switch: an outside service is called while techrun really works, and notices when it does not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as StillWriting
from dataclasses import dataclass
from functools import partial

from techrun.config.alerting import Heartbeat as Settings
from techrun.errors import StoreError
from techrun.exchange import Failure, Request
from techrun.fetch import Fetcher
from techrun.language.durations import show
from techrun.model import Check, Result, Shop
from techrun.redact import Redactor
from techrun.schedule import Clock, SystemClock
from techrun.sinks.incidents import IncidentSink
from techrun.store.database import Store

log = logging.getLogger(__name__)

QUIET = 120.0
"""Seconds without any result that are always in order."""
LATE = 10.0
"""Seconds after its moment at which a run starts late: that is techrun's fault, never a slow shop's."""
LATE_SHARE = 0.1
"""Share of late runs from which on the checks do not run on time."""
STUCK = 900.0
"""Seconds that a message may wait."""
HANGS = 10.0
"""Seconds that the store gets to take a write, and the service to answer."""


@dataclass(frozen=True, slots=True)
class Inside:
    """How store and outbox are."""

    problem: str = ""
    """Why the store cannot be written; empty while it can."""
    oldest: float = 0.0
    """Seconds that the oldest message has waited for its delivery."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What tells whether techrun works."""

    quiet: float | None
    """Seconds since the last result; None before the first one."""
    allowed: float
    """Seconds without any result that are in order with these checks."""
    runs: int
    """Since the last beat was due."""
    late: int
    """How many of them started late."""
    inside: Inside


def works(facts: Facts) -> str:
    """Why techrun does not work, in words; ``""`` while it does."""
    if facts.quiet is None:
        return "no check has ended yet"
    if facts.quiet > facts.allowed:
        return f"no check has ended for {show(round(facts.quiet))}"
    if facts.late > facts.runs * LATE_SHARE:
        return f"{facts.late} of {facts.runs} runs started more than {show(LATE)} late"
    if facts.inside.problem:
        return f"the store cannot be written: {facts.inside.problem}"
    if facts.inside.oldest > STUCK:
        return f"a message has waited for {show(round(facts.inside.oldest))} to be delivered"
    return ""


def look_inside(store: Store, incidents: IncidentSink) -> Inside:
    """Try the store and look at the outbox; takes as long as the disk does, but not for ever."""
    try:
        store.write(lambda _: None, urgent=True).result(HANGS)
        snapshot = incidents.snapshot()
    except StillWriting:
        return Inside("the disk does not answer")
    except StoreError as error:
        return Inside(str(error))
    return Inside(snapshot.problem, max((oldest for _, oldest in snapshot.waiting.values()), default=0.0))


def heartbeat_of(settings: Settings | None, store: Store, incidents: IncidentSink) -> Heartbeat | None:
    """The heartbeat that the configuration asks for, if it does."""
    if settings is None:
        return None
    return Heartbeat(settings.url, settings.every, partial(look_inside, store, incidents))


class Heartbeat:
    """A sink that counts what runs, and calls `url` every `every` seconds while all is well. `url` is a secret."""

    def __init__(
        self, url: str, every: float, look: Callable[[], Inside], *, clock: Clock | None = None
    ) -> None:
        self._url, self._every, self._look = url, every, look
        self._clock = clock or SystemClock()
        self._redact = Redactor([url])
        self._allowed = QUIET
        self._configured = self._last = 0.0
        self._heard = False
        self._runs = self._late = 0
        self._looking: asyncio.Future[Inside] | None = None
        self._stopped = self._unsent = False

    # --- a sink, on the probe loop

    def configure(self, checks: Sequence[Check], shops: Sequence[Shop]) -> None:  # noqa: ARG002  a sink has it
        """The check that should be heard of first says how long silence may last."""
        longest = (3 * check.every + check.deadline + check.cleanup_deadline for check in checks)
        self._allowed = max(QUIET, min(longest, default=QUIET))
        self._configured = self._clock.elapsed()

    def accept(self, result: Result) -> None:
        """Count one run."""
        self._heard, self._last = True, self._clock.elapsed()
        self._runs += 1
        self._late += result.lateness > LATE

    def close(self) -> None:
        """Nothing is kept."""

    # --- the beat

    async def beat_forever(self, fetcher: Fetcher) -> None:
        """Beat until cancelled; not at once, since a techrun that restarts again and again does not work."""
        while True:
            await asyncio.sleep(self._every)
            try:
                await self._beat(fetcher)
            except Exception:
                log.exception("the heartbeat failed by itself; it is tried again in %s", show(self._every))

    async def _beat(self, fetcher: Fetcher) -> None:
        why = works(await self._facts())
        if bool(why) != self._stopped:
            self._stopped = bool(why)
            if why:
                log.error("the heartbeat stops: %s", why)
            else:
                log.warning("the heartbeat goes on: techrun works again")
        if not why:
            self._note_sending(await self._send(fetcher))

    async def _facts(self) -> Facts:
        runs, self._runs, late, self._late = self._runs, 0, self._late, 0
        inside = await self._inside()
        quiet = self._clock.elapsed() - max(self._last, self._configured) if self._heard else None
        return Facts(quiet, self._allowed, runs, late, inside)

    async def _inside(self) -> Inside:
        """What a thread finds, which a dead disk may hold: then no other one is sent after it."""
        looking = self._looking or asyncio.ensure_future(asyncio.to_thread(self._look))
        done, _ = await asyncio.wait({looking}, timeout=2 * HANGS)
        self._looking = None if done else looking
        return looking.result() if done else Inside("the disk does not answer")

    async def _send(self, fetcher: Fetcher) -> str:
        """Call the service: no cookies, no redirects; why it did not take the beat."""
        async with fetcher.session() as session:
            answer = await session.exchange(Request("GET", self._url), HANGS)
        if isinstance(answer, Failure):
            return answer.message
        return "" if 200 <= answer.status < 300 else f"it answered {answer.status}"

    def _note_sending(self, problem: str) -> None:
        if problem and not self._unsent:
            text = self._redact(problem)
            log.error(
                "the heartbeat could not be sent, it is tried again every %s: %s", show(self._every), text
            )
        elif self._unsent and not problem:
            log.warning("the heartbeat is taken again")
        self._unsent = bool(problem)
