"""How a shop recognises our requests: user agent, `X-Synthetic`, a signature, a W3C trace."""

from __future__ import annotations

import hmac
from random import Random

from techrun.exchange import Headers

SIGNATURE_HEADER = "X-Synthetic-Signature"


def trace_id(random: Random) -> str:
    """A new W3C trace id: 32 hexadecimal digits, never all zero."""
    return f"{random.getrandbits(128) or 1:032x}"


def span_id(random: Random) -> str:
    """A new W3C span id: 16 hexadecimal digits, never all zero."""
    return f"{random.getrandbits(64) or 1:016x}"


def traceparent(trace: str, span: str) -> str:
    """The W3C header that joins a request to its trace; sampled, since probes are few."""
    return f"00-{trace}-{span}-01"


def signature(key: bytes, journey: str, run_id: str, now: float) -> str:
    """`t=<unix time>,v1=<HMAC-SHA256>` over time, journey and run id, joined by dots.

    A firewall rule can trust it: it cannot be made without the key, and it ages.
    """
    moment = int(now)
    digest = hmac.digest(key, f"{moment}.{journey}.{run_id}".encode(), "sha256")
    return f"t={moment},v1={digest.hex()}"


def accept_language(locale: str) -> str:
    """`es-ES` → `es-ES,es;q=0.9`: the locale, then its language."""
    tag = locale.replace("_", "-")
    language = tag.partition("-")[0]
    return tag if language == tag else f"{tag},{language};q=0.9"


def marks(journey: str, run_id: str, trace: str, span: str) -> Headers:
    """The headers that every request of a run carries, wherever it goes."""
    return (("traceparent", traceparent(trace, span)), ("X-Synthetic", f"{journey} {run_id}"))
