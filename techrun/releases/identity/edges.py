"""Which content delivery network answered, and whether out of a cache: told from headers alone. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from techrun.exchange import Headers

_EDGES: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("Cloudflare", {"cf-ray": "", "server": r"^cloudflare"}),
    ("CloudFront", {"x-amz-cf-id": "", "via": r"\bCloudFront\b"}),
    ("Vercel", {"x-vercel-id": "", "server": r"^vercel"}),
    ("Netlify", {"x-nf-request-id": "", "server": r"^netlify"}),
    ("Bunny", {"cdn-requestid": "", "server": r"^bunnycdn"}),
    ("Azure Front Door", {"x-azure-ref": ""}),
    (
        "Akamai",
        {
            "server": r"^akamai",
            "x-akamai-request-id": "",
            "x-akamai-transformed": "",
            "akamai-grn": "",
            "x-cache": r"akamai",
        },
    ),
    ("Imperva", {"x-iinfo": "", "x-cdn": r"imperva|incapsula"}),
    ("Sucuri", {"x-sucuri-id": "", "server": r"^sucuri"}),
    ("KeyCDN", {"server": r"^keycdn"}),
    ("CDN77", {"server": r"^cdn77", "x-77-nzt": ""}),
    ("Gcore", {"x-id-fe": ""}),
    ("Google Cloud CDN", {"x-goog-cdn": "", "cdn-cache-id": ""}),
    # Varnish behind it gives headers of these names too: only the names of its caches are its own.
    ("Fastly", {"x-served-by": r"\bcache-[a-z0-9-]+", "x-fastly-request-id": "", "fastly-io-info": ""}),
)
"""The headers that only this network sets, each with what is in it; the first that fits is meant."""
_PATTERNS = tuple(
    (name, {key: re.compile(pattern, re.IGNORECASE) for key, pattern in marks.items()})
    for name, marks in _EDGES
)
_HITS = ("x-cache", "x-cache-status", "cf-cache-status", "x-vercel-cache", "x-proxy-cache", "cdn-cache")
_HIT = re.compile(r"\b(?:hit|stale|updating|revalidated)\b", re.IGNORECASE)
_TELLING = ("server", "x-served-by", "x-backend", "x-node", "x-hostname", "x-upstream", "via")
_LONGEST = 60
"""Characters of one header that people are shown."""


def edge_of(headers: Headers) -> str:
    """The content delivery network that gave this answer; empty: none that is known."""
    for name, marks in _PATTERNS:
        if any(key in marks and marks[key].search(value) for key, value in headers):
            return name
    return ""


def cached_for(headers: Headers) -> float | None:
    """Seconds that the answer lay in a cache, 0 where a cache does not say; None: it came from none."""
    age = next((value.strip()[:9] for key, value in headers if key == "age" and value.strip().isdigit()), "0")
    hit = any(key in _HITS and _HIT.search(value) for key, value in headers)
    return float(age) if float(age) or hit else None


def answered_by(headers: Headers) -> str:
    """What the answer says of who gave it: `nginx, x-served-by: web3`."""
    found = []
    for name in _TELLING:
        value = next((" ".join(value.split())[:_LONGEST] for key, value in headers if key == name), "")
        if value:
            found.append(value if name == "server" else f"{name}: {value}")
    return ", ".join(found)
