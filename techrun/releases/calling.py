"""How other services are called: one exchange at a time, again where nobody was there or all were busy."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from techrun import __version__
from techrun.exchange import Failure, Headers, Request, Response
from techrun.fetch import Fetcher
from techrun.markup import readable
from techrun.model import Reason

BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be others in a moment."""
FINAL = frozenset({Reason.FORBIDDEN, Reason.TLS, Reason.INTERNAL, Reason.INTERRUPTED, Reason.SIZE})
"""Failures that stay as they are."""
LONGEST = 300
"""Characters of what a service says that are told."""


def headers(token: str | None, content: str) -> Headers:
    """Who calls, with what, and what for."""
    known = (
        ("user-agent", f"techrun/{__version__}"),
        ("accept", "application/json"),
        ("content-type", content),
    )
    return (*known, ("authorization", f"Bearer {token}")) if token else known


async def call(
    fetcher: Fetcher,
    request: Request,
    pauses: Sequence[float],
    timeout: float,  # noqa: ASYNC109  the fetcher's contract
) -> tuple[Response | Failure, int]:
    """The last answer and how many tries it took, each of `timeout` seconds; between them are the pauses."""
    tries = 0
    while True:
        async with fetcher.session() as session:
            answer = await session.exchange(request, timeout)
        tries += 1
        if tries > len(pauses) or not _again(answer):
            return answer, tries
        await asyncio.sleep(pauses[tries - 1])


def _again(answer: Response | Failure) -> bool:
    if isinstance(answer, Failure):
        return answer.reason not in FINAL
    return answer.status in BUSY


def short(text: str) -> str:
    """What a service says, in one line of bounded length."""
    flat = readable(" ".join(text.split()))
    return flat if len(flat) <= LONGEST else f"{flat[:LONGEST]}…"
