"""Secrets are values, and values are redacted: in plain and in every encoding they may turn up in."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

MASK = "***"
SHORTEST = 4
"""Values of fewer characters cannot be told from ordinary text; the configuration refuses them."""


class Redactor:
    """Replaces every known secret in a text by `***`.

    A run's own redactor (values saved with `secret: true`) has the configuration's as `parent`.
    """

    def __init__(self, values: Iterable[str] = (), parent: Redactor | None = None) -> None:
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self._parent = parent
        for value in values:
            self.add(value)

    def add(self, value: str) -> None:
        """Redact this value from now on, in every form; too short a value is left alone."""
        if len(value) >= SHORTEST:
            self._forms.update(form for form in _forms(value) if len(form) >= SHORTEST)
            self._pattern = None

    def add_all(self, other: Redactor) -> None:
        """Redact from now on what another one knows too."""
        self._forms.update(other._forms)
        self._pattern = None

    def __call__(self, text: str) -> str:
        """The text without any secret."""
        if self._parent is not None:
            text = self._parent(text)
        if not self._forms or not text:
            return text
        if self._pattern is None:
            longest_first = sorted(self._forms, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))
        return self._pattern.sub(MASK, text)


def _forms(value: str) -> Iterator[str]:
    """Every spelling of a secret that is redacted."""
    yield value
    yield html.escape(value)
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]
    raw = value.encode()
    yield raw.hex()
    yield raw.hex().upper()
    for encoded in {
        quote(value),
        quote(value, safe=""),
        quote_plus(value),
        quote(quote(value, safe=""), safe=""),
    }:
        yield encoded
        yield re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), encoded)
    yield from _base64_forms(raw)


def _base64_forms(raw: bytes) -> Iterator[str]:
    """Base64 of the value alone, and the part that stays the same inside a longer text.

    What stands before a secret shifts it by 0, 1 or 2 bytes; the characters that depend on
    neighbours are cut off at both ends (`user:password` in basic auth).
    """
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(raw).decode()
        yield encode(raw).decode().rstrip("=")
        for shift in range(3):
            text = encode(b"\0" * shift + raw).decode().rstrip("=")
            first = (0, 2, 3)[shift]
            last = len(text) - (1 if (shift + len(raw)) % 3 else 0)
            inner = text[first:last]
            if len(inner) >= 2 * SHORTEST:
                yield inner
