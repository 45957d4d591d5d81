"""Looks at every place of a shop until all of them run the release, or their time is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from random import uniform

from techrun import __version__
from techrun.config.releases import Releases
from techrun.fetch import Fetcher
from techrun.releases.identity.asking import Asker
from techrun.releases.identity.matching import Question
from techrun.releases.identity.nodes import MOST, nodes_of
from techrun.releases.identity.reading import compile_readers
from techrun.releases.identity.telling import identity_of
from techrun.releases.identity.turning import Places, places
from techrun.releases.records import FRONT, Expectation, Identity, Sighting

LOOK_UP_EVERY = 5.0
"""Seconds at most between two lookups of the shop's name: it may lead elsewhere meanwhile."""
STAGGER = (0.75, 1.25)
"""Between these shares of its time each question waits."""
PAUSE = 0.5
"""Seconds at most between two looks at what the places have said."""
NOTHING_TELLS = (
    "nothing says where this shop tells its version: write `version: {url: /release.json}` under `releases:`"
)
BY_PROXY = (
    "no node can be asked at its address through a proxy: verify from where there is none (`fetch: {proxy}`)"
)
Told = Callable[[Identity], None]


async def identify(  # noqa: PLR0917  what is asked of whom, and who hears of it
    fetcher: Fetcher,
    base_url: str,
    nodes: Sequence[str],
    expected: Expectation,
    releases: Releases,
    told: Told,
    *,
    now: Callable[[], float] | None = None,
    user_agent: str = f"techrun/{__version__}",
    redact: Callable[[str], str] = str,
) -> Identity:
    """Whether every place runs what is expected; `told` hears each time that more is known.

    Without `nodes` they are the addresses of the shop's name, also those that it leads to later. It ends as soon as
    all places have turned, and else when the time is over that the settings give them. Raises `ConfigError` where
    the settings cannot be used; what places answer is never raised.
    """
    readers = compile_readers(releases)
    if not readers:
        return Identity(expected, (), (NOTHING_TELLS,))
    clock = now or _steady()
    question = Question(
        expected,
        releases.identity,
        clock(),
        readers[0].version is not None,
        readers[0].commit is not None,
    )
    asker = Asker(fetcher, base_url, readers, clock, user_agent, redact)
    return await _Look(question, asker, told).until_over(tuple(nodes))


class _Look:
    """All places of one verification: what they said, and who asks them."""

    def __init__(self, question: Question, asker: Asker, told: Told) -> None:
        self._question, self._asker, self._told = question, asker, told
        self._nodes: list[str] = []
        self._unnamed: dict[str, float | None] = {}
        """Nodes that the shop's name has led to, and since when it does no more."""
        self._sightings: list[Sighting] = []
        self._last: Identity | None = None
        self._unseen = (BY_PROXY,) if asker.fetcher.proxy else ()

    async def until_over(self, nodes: tuple[str, ...]) -> Identity:
        """What became of all places."""
        if self._unseen:
            nodes = ()
        self._nodes = list(dict.fromkeys(nodes))
        await self._look_up(add=not nodes)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._ask(FRONT, through_cache=False)),
                group.create_task(self._ask(FRONT, through_cache=True)),
            ]
            asked: set[str] = set()
            follower = group.create_task(self._follow(add=not nodes))
            while True:
                for node in self._nodes:
                    if node not in asked:
                        asked.add(node)
                        tasks.append(group.create_task(self._ask(node, through_cache=False)))
                if self._tell().over:
                    break
                await asyncio.sleep(min(self._question.settings.every / 2, PAUSE))
            for task in (*tasks, follower):
                task.cancel()
        return identity_of(self._seen(), self._unseen)

    def _seen(self) -> Places:
        now = self._asker.now()
        return places(self._question, self._nodes, self._sightings, now, self._unnamed)

    def _tell(self) -> Places:
        seen = self._seen()
        identity = identity_of(seen, self._unseen)
        if self._sightings and identity != self._last:
            self._last = identity
            self._told(identity)
        return seen

    async def _ask(self, via: str, *, through_cache: bool) -> None:
        """Ask one place again and again."""
        loop, every = asyncio.get_running_loop(), self._question.settings.every
        while True:
            begun = loop.time()
            self._sightings.append(await self._asker.ask(via, through_cache=through_cache))
            # Two that ask in step would each meet the same half of the nodes behind a balancer, again and again.
            pause = every * uniform(*STAGGER)  # noqa: S311  no secret
            await asyncio.sleep(max(pause - (loop.time() - begun), 0.0))

    async def _follow(self, *, add: bool) -> None:
        settings = self._question.settings
        pause = min(LOOK_UP_EVERY, max(settings.drain / 4, settings.every))
        while True:
            await asyncio.sleep(pause)
            await self._look_up(add=add)

    async def _look_up(self, *, add: bool) -> None:
        """Note where the shop's name leads; nothing where no name server answers."""
        if self._unseen:
            return
        found = await nodes_of(self._asker.fetcher, self._asker.url)
        now = self._asker.now()
        if not found:
            return
        for address in found:
            if add and address not in self._nodes and len(self._nodes) < MOST:
                self._nodes.append(address)
        for node in self._nodes:
            if node in found:
                self._unnamed[node] = None
            elif self._unnamed.get(node, now) is None:
                self._unnamed[node] = now


def _steady() -> Callable[[], float]:
    """The time of day, which nobody can set while it is used."""
    wall, started = time.time(), time.monotonic()
    return lambda: wall + time.monotonic() - started
