"""Verdicts that are sent away: to webhooks, and into Grafana's dashboards."""

from __future__ import annotations

import html
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from techrun.config.releases import Grafana, Webhook
from techrun.exchange import Failure, Request, Response
from techrun.fetch import Fetcher
from techrun.releases.calling import call, headers, short
from techrun.releases.records import Action, Verification
from techrun.releases.report.document import document
from techrun.releases.report.words import verdict_of

TIMEOUT = 10.0
"""Seconds for one try."""
PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each further try: with every try as slow as it may be, it is over after 65."""
Redact = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class _Post:
    """What goes where."""

    kind: Literal["webhook", "grafana"]
    url: str
    token: str | None
    body: dict[str, Any]
    key: str
    """Who hears it twice knows it by this."""


async def tell(verification: Verification, webhook: Webhook, fetcher: Fetcher, redact: Redact) -> Action:
    """Post the verdict to a webhook."""
    post = _Post("webhook", webhook.url, webhook.token, document(verification), verification.id)
    return await _sent(post, fetcher, redact)


async def annotate(verification: Verification, grafana: Grafana, fetcher: Fetcher, redact: Redact) -> Action:
    """Draw the release into Grafana's dashboards, from its beginning to its verdict."""
    url = f"{grafana.url.rstrip('/')}/api/annotations"
    post = _Post("grafana", url, grafana.token, annotation(verification, grafana), verification.id)
    return await _sent(post, fetcher, redact)


def annotation(verification: Verification, grafana: Grafana) -> dict[str, Any]:
    """What Grafana's `/api/annotations` takes; times are milliseconds, and its text is HTML."""
    verdict = verification.verdict
    value = verdict.value if verdict else ""
    summary = verdict.summary if verdict else ""
    text = f"{verification.version} of {verification.shop}: {verdict_of(verification).word}\n{summary}"
    where = {"dashboardUID": grafana.dashboard} if grafana.dashboard else {}
    return {
        "time": round(verification.begun * 1000),
        "timeEnd": round(verification.ended * 1000),
        "tags": [*grafana.tags, verification.shop, f"verdict:{value}"],
        "text": html.escape(text.strip(), quote=False),
        **where,
    }


async def _sent(post: _Post, fetcher: Fetcher, redact: Redact) -> Action:
    at = time.time()
    begun = time.monotonic()
    request = Request(
        "POST",
        post.url,
        headers=(*headers(post.token, "application/json"), ("idempotency-key", post.key)),
        body=json.dumps(post.body).encode(),
        places_order=True,  # on a connection of its own: libcurl would send it again on a kept one that broke
    )
    answer, tries = await call(fetcher, request, PAUSES, TIMEOUT)
    return Action(
        kind=post.kind,
        what=redact(urlsplit(post.url).netloc.rpartition("@")[2]),
        at=at,
        ok=isinstance(answer, Response) and answer.status // 100 == 2,
        answer=redact(_said(answer) + (f" (after {tries} tries)" if tries > 1 else "")),
        seconds=round(time.monotonic() - begun, 3),
    )


def _said(answer: Response | Failure) -> str:
    """The status, and where it is no good one, what came with it."""
    if isinstance(answer, Failure):
        return short(answer.message)
    if answer.status // 100 == 2:
        return f"{answer.status}"
    said = short(answer.body.decode("utf-8", "replace"))
    moved = answer.header("location") if answer.status // 100 == 3 else None
    return ": ".join(
        filter(None, (f"{answer.status}", moved and f"moved to {short(moved)}; set `url` to that", said))
    )
