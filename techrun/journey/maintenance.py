"""Tells a platform's maintenance page from a shop that is broken: somebody has closed the shop on purpose.

Only a page that says so itself is one. Web servers speak of maintenance in every 503 of theirs, and many
shops show a friendly page whenever the server behind it is gone: neither is evidence.
"""

from __future__ import annotations

import html
import re

from techrun.exchange import Response

_LOOKED_AT = 64_000

_PAGES: tuple[tuple[str, tuple[bytes, ...]], ...] = (
    ("Magento", (b"/errors/", b"css/styles.css", b"maintenance downtime")),
    ("Shopware", (b"storefront/assets/illustration/maintenance_mode",)),
    ("Shopware", (b"is-ctl-maintenance",)),
    ("WordPress", (b"Briefly unavailable for scheduled maintenance",)),
    ("PrestaShop", (b"page-maintenance",)),
)
"""What all has to be in the page of a platform. Magento shows its errors in the same frame, and says the rest
in the very words of Apache, which says them of any server that is gone."""

_HEADINGS = re.compile(rb"<(title|h1)\b[^>]*>(.{1,500}?)</\1", re.IGNORECASE | re.DOTALL)
_MAINTENANCE = re.compile(
    "mainten|manuten|mantenim|mentenan|wartung|onderhoud|underh[aå]ll|vedlikehold|vedligehold|huolto"
    "|prace techniczne|przerwa techniczna|konserwacj|údržb|karbantart|întreținere|održavanj|vzdrževan|bak\u0131m"
    "|συντήρηση|обслуживани|технические работы|технічні роботи|поддръжка|メンテナンス|维护|維護",
    re.IGNORECASE,
)


def maintenance_page(response: Response) -> str:
    """Whose maintenance page this is, in words; ``""`` where it is none."""
    if response.status != 503 or not response.body:
        return ""
    body = response.body[:_LOOKED_AT]
    for platform, marks in _PAGES:
        if all(mark in body for mark in marks):
            return f"{platform}'s maintenance page"
    announced = response.header("retry-after") is not None and _says_so(body)
    return "a maintenance page" if announced else ""


def _says_so(body: bytes) -> bool:
    """Whether its title or heading speaks of maintenance."""
    headings = (found[2].decode("utf-8", "replace") for found in _HEADINGS.finditer(body))
    return any(_MAINTENANCE.search(html.unescape(heading)) for heading in headings)
