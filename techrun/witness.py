"""Is it us? Asks well-known sites whether techrun's own network is there before a shop is blamed.

A run that got no answer is doubted: while no witness can be reached it says nothing about the shop, and
becomes `unknown`. That holds for every shop, also one next door: whoever watches shops in a network of
his own names a witness there, too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Literal

from techrun.exchange import Request, Response
from techrun.fetch import Fetcher
from techrun.model import Outcome, Reason, Status, Step
from techrun.schedule import Clock
from techrun.standing import OwnNetwork

log = logging.getLogger(__name__)

NO_ANSWER = frozenset({Reason.DNS, Reason.CONNECT, Reason.TIMEOUT, Reason.PROTOCOL})
"""How a lost network shows. A refused certificate has been sent, so somebody was reached."""

OnChange = Callable[[Literal["ok", "lost"], float], None]
"""Told how it turned, and when (Unix time)."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Times in seconds."""

    answer: float = 2.0
    """What the witnesses get to answer."""
    trust: float = 3.0
    """How long a good answer holds: shorter than the wait for the first confirmation of a failure, so that
    each confirmation is doubted anew."""
    again: float = 5.0
    """How long after a bad answer the witnesses are asked again, also without any failure."""


class Witness:
    """Whether our own network is there, as of the last time it mattered. Lives on the probe loop."""

    def __init__(
        self,
        urls: Sequence[str],
        fetcher: Fetcher,
        clock: Clock,
        on_change: OnChange,
        *,
        patience: Patience | None = None,
    ) -> None:
        self._urls, self._fetcher, self._clock, self._on_change = tuple(urls), fetcher, clock, on_change
        self._patience = patience or Patience()
        self._state: OwnNetwork = "unknown"
        self._told = self._lost = -inf
        self._asking: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    @property
    def own_network(self) -> OwnNetwork:
        """What the witnesses said last."""
        return self._state

    def start(self) -> None:
        """Ask once, so that it is known whether a network that was lost before a restart is back."""
        if self._urls:
            self._ask()

    async def close(self) -> None:
        """Ask no more."""
        tasks = [task for task in (self._watching, self._asking) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def doubt(self, outcome: Outcome, began: float) -> Outcome:
        """The outcome of a run that began at `began` (`Clock.elapsed`); `unknown` where it is our own fault."""
        if outcome.status is not Status.DOWN or outcome.reason not in NO_ANSWER or not self._urls:
            return outcome
        if self._is_stale():
            await asyncio.shield(self._ask())
        lost_meanwhile = self._lost >= began
        return self._ours(outcome) if lost_meanwhile or self._state == "lost" else outcome

    def _is_stale(self) -> bool:
        holds = self._patience.again if self._state == "lost" else self._patience.trust
        return self._clock.elapsed() - self._told >= holds

    def _ask(self) -> asyncio.Task[None]:
        """All who want to know at the same time wait for one answer."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._inquire())
        return self._asking

    async def _inquire(self) -> None:
        answered = await self._any_answers()
        before, self._state = self._state, "ok" if answered else "lost"
        self._told = self._clock.elapsed()
        if not answered or before == "lost":
            # It was gone until now: also for a run that began after it was last asked in vain.
            self._lost = self._told
        if self._state != before:
            self._turned(self._state)

    async def _any_answers(self) -> bool:
        """Whether one of them says anything at all in time."""
        asked = [asyncio.create_task(self._answers(url)) for url in self._urls]
        try:
            for first in asyncio.as_completed(asked, timeout=self._patience.answer):
                if await first:
                    return True
        except TimeoutError:
            log.debug("a witness said nothing for %g s", self._patience.answer)
        finally:
            for task in asked:
                task.cancel()
        return False

    async def _answers(self, url: str) -> bool:
        async with self._fetcher.session() as session:
            answer = await session.exchange(Request("HEAD", url), self._patience.answer)
        return isinstance(answer, Response)

    def _turned(self, state: Literal["ok", "lost"]) -> None:
        if state == "lost":
            log.error("%s", self._gone)
            self._watching = asyncio.create_task(self._watch())
        else:
            log.info("techrun's own network is there")
        asyncio.get_running_loop().call_soon(self._on_change, state, self._clock.wall())

    async def _watch(self) -> None:
        """Ask on while the network is lost: nothing may fail in the moment it comes back."""
        while self._state == "lost":
            await asyncio.sleep(self._patience.again)
            await self._ask()

    @property
    def _gone(self) -> str:
        return f"techrun's own network is gone: none of {len(self._urls)} witnesses can be reached"

    def _ours(self, outcome: Outcome) -> Outcome:
        """The same outcome, which says nothing about the shop."""
        return replace(
            outcome,
            status=Status.UNKNOWN,
            reason=Reason.UPLINK,
            message=f"{self._gone}; {outcome.message}",
            steps=tuple(_not_the_shops(outcome.steps)),
            order_failed=False,
        )


def _not_the_shops(steps: Iterable[Step]) -> Iterable[Step]:
    """The steps, of which those without an answer say nothing either."""
    for step in steps:
        is_ours = step.status is Status.DOWN and step.reason in NO_ANSWER
        yield replace(step, status=Status.UNKNOWN, reason=Reason.UPLINK) if is_ours else step
