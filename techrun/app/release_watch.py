"""Beside a verification while it runs: it says that it is alive, and hears of signals and of newer releases."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, Self, TypeVar

from techrun.app.interrupts import Interrupts
from techrun.errors import TechrunError
from techrun.handling import Release
from techrun.releases.keeping import Book, TakenError

Answer = TypeVar("Answer")

LOOK = 0.1
"""Seconds between two looks for a signal."""
SAY = 3.0
"""Seconds between two signs of life; who gives none for 15 s is taken to be dead."""


class Watch:
    """Ends a verification before its time; `cut` says why, in words."""

    def __init__(
        self, book: Book, number: str, release: Release, interrupts: Interrupts, says: Callable[[str], None]
    ) -> None:
        self._book, self._number, self._release = book, number, release
        self._interrupts, self._says = interrupts, says
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        self._told = ""
        self.stop = asyncio.Event()
        self.cut = ""
        self.interrupted = False
        self.superseded = ""
        self.lost: TakenError | None = None
        """Somebody else verifies the release now: nothing of this verification may be kept."""

    async def __aenter__(self) -> Self:
        await self._look_around()
        self._tasks = tuple(asyncio.create_task(work) for work in (self._signals(), self._signs_of_life()))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def within(self, work: Coroutine[Any, Any, Answer]) -> Answer | None:
        """The answer, or None where the verification was stopped meanwhile: the work is cancelled and may tidy up."""
        task, stopped = asyncio.create_task(work), asyncio.create_task(self.stop.wait())
        try:
            await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            return await task
        return None

    async def _signals(self) -> None:
        while not self._interrupts.count:  # noqa: ASYNC110  a signal handler may set no event of a loop
            await asyncio.sleep(LOOK)
        self.interrupted = True
        self._end(f"interrupted ({self._interrupts.name})")

    async def _signs_of_life(self) -> None:
        while not self.stop.is_set():
            await asyncio.sleep(SAY)
            await self._look_around()

    async def _look_around(self) -> None:
        """Say that this goes on, and look for newer releases; a book that does not answer for once changes nothing."""
        try:
            await asyncio.to_thread(self._book.alive, self._number)
            since = await asyncio.to_thread(self._book.releases, self._release.shop, self._release.begun)
        except TakenError as error:
            self.lost = error
            self._end(str(error))
        except (TechrunError, OSError) as error:
            if str(error) != self._told:
                self._told = str(error)
                self._says(f"the book of releases does not answer: {error}")
        else:
            newer = [one for one in since if one.id > self._release.id and not one.rolled_back]
            if newer:
                self.superseded = max(newer, key=lambda one: one.id).version
                self._end(f"the release {self.superseded} began")

    def _end(self, why: str) -> None:
        self.cut = self.cut or why
        self.stop.set()


async def unless_insisted(
    work: Coroutine[Any, Any, Answer], interrupts: Interrupts, says: Callable[[str], None]
) -> Answer | None:
    """The answer of work that should not be cut off in its middle: only a second signal does, and gives None."""
    task, before = asyncio.create_task(work), interrupts.count
    warned = False
    while not task.done() and interrupts.count < before + 2:
        await asyncio.wait({task}, timeout=LOOK)
        if interrupts.count > before and not warned:
            warned = True
            says("waiting for what was begun because of the verdict; a second signal ends it")
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        return await task
    return None
