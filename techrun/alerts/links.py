"""The link in a message by which a person acknowledges an incident. Pure.

Whoever has the link may acknowledge this one incident, and do nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

SECRET = "acknowledge"  # noqa: S105  the name of the secret, not the secret
"""The name under which the store keeps what links are signed with."""
_BYTES = 16
"""Of the signature: half of SHA-256's, so that the link stays short enough for an SMS."""


def signature(secret: str, incident: int) -> str:
    """What only techrun can have written beside this incident's number."""
    digest = hmac.new(secret.encode(), f"acknowledge {incident}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:_BYTES]).decode().rstrip("=")


def is_signed(secret: str, incident: int, given: str) -> bool:
    """Whether this signature is ours; compared in constant time."""
    return hmac.compare_digest(signature(secret, incident).encode(), given.encode())


def ack_link(base_url: str, secret: str, incident: int) -> str:
    """Where a person acknowledges this incident; empty where nobody said how techrun is reached."""
    return f"{base_url.rstrip('/')}/ack/{incident}/{signature(secret, incident)}" if base_url else ""
