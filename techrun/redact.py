"""Secrets are values, and values are redacted: in plain and in every encoding they may turn up in."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from html.entities import codepoint2name

MASK = "***"
SHORTEST = 4
"""Values of fewer characters cannot be told from ordinary text; the configuration refuses them."""
CUT = "…"
"""What stands where a text was shortened."""
_SHORTEST_BASE64 = 8
"""Characters of base64 that are still unlikely to be an ordinary word."""
_LONGEST = 2048
"""Characters up to which a secret is sought in other spellings; a pattern for more takes seconds."""

Span = tuple[int, int]

_ALNUM = re.compile("[a-z0-9]+")
_TORN = re.compile(rf"\S{{0,12}}{CUT}")
"""A spelling that was torn apart where the text was cut."""

_RUNS = re.compile(r"\s+|\\+|[^\x00-\x7f]+|.", re.DOTALL)

_BACKSLASH = r"(?:\\|%(?:25)*5c){1,8}"
_AMPERSAND = rf"(?:&|{_BACKSLASH}u0026|%(?:25)*26)"
_HASH = "(?:#|%(?:25)*23)"
_SEMICOLON = "(?:;|%(?:25)*3b)"
"""The marks of one encoding, as another one may have written them in turn."""
_LETTERS = {"\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v"}
"""What JSON and Python write behind a backslash."""


class Redactor:
    """Replaces every known secret in a text by `***`.

    A run's own redactor (values saved with `secret: true`) has the configuration's as `parent`.
    """

    def __init__(self, values: Iterable[str] = (), parent: Redactor | None = None) -> None:
        self._values: dict[str, None] = {}
        self._parent = parent
        for value in values:
            self.add(value)

    def add(self, value: str) -> None:
        """Redact this value from now on, in every form; too short a value is left alone."""
        if len(value) >= SHORTEST:
            self._values[value] = None

    def add_all(self, other: Redactor) -> None:
        """Redact from now on what another one knows too."""
        self._values.update(other._values)

    def __call__(self, text: str) -> str:
        """The text without any secret."""
        spans = sorted(self._spans(text, text.lower())) if text else []
        if not spans:
            return text
        pieces, end = [], 0
        for start, stop in spans:
            if start >= end:
                pieces += [text[end:start], MASK]
            end = max(end, stop)
        return "".join((*pieces, text[end:]))

    def _spans(self, text: str, lower: str) -> Iterator[Span]:
        """Where secrets stand in the text as it came: one of them may hold another."""
        if self._parent is not None:
            yield from self._parent._spans(text, lower)  # noqa: SLF001  of the same class
        for value in tuple(self._values):
            for anchor, form in _forms(value):
                if anchor in lower:
                    yield from (found.span() for found in _pattern(form).finditer(text))
            if CUT in text:
                yield from _cut_off(value, text, lower)


def _cut_off(value: str, text: str, lower: str) -> Iterator[Span]:
    """Where a shortened text shows only the beginning of this secret."""
    start = value[:SHORTEST]
    if _anchor(start) not in lower:
        return
    for found in _pattern(start).finditer(text):
        end = found.end()
        for character in value[SHORTEST:]:
            step = _pattern(character).match(text, end)
            if step is None:
                break
            end = step.end()
        torn = _TORN.match(text, end)
        if torn is not None:
            yield found.start(), torn.end() - len(CUT)


@lru_cache(1024)
def _forms(value: str) -> tuple[tuple[str, str], ...]:
    """The texts that stand for a secret, and of each a part that no encoding changes: it is sought first."""
    raw = value.encode("utf-8", "surrogatepass")
    found = {value, raw.hex()}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        found.update(_base64_forms(raw, encode))
    return tuple((_anchor(form), form) for form in found)


@lru_cache(1024)
def _anchor(form: str) -> str:
    return max(_ALNUM.findall(form.lower()), key=len, default="")


def _base64_forms(raw: bytes, encode: Callable[[bytes], bytes]) -> Iterator[str]:
    """Base64 of the value alone, and the part that stays the same inside a longer text.

    What stands before a secret shifts it by 0, 1 or 2 bytes; the characters that depend on
    neighbours are cut off at both ends (`user:password` in basic auth).
    """
    yield encode(raw).decode()
    yield encode(raw).decode().rstrip("=")
    for shift in range(3):
        text = encode(b"\0" * shift + raw).decode().rstrip("=")
        first = (0, 2, 3)[shift]
        last = len(text) - (1 if (shift + len(raw)) % 3 else 0)
        inner = text[first:last]
        if len(inner) >= _SHORTEST_BASE64:
            yield inner


@lru_cache(1024)
def _pattern(form: str) -> re.Pattern[str]:
    """What finds a text however URLs, HTML, JSON and Python write it, also one inside the other.

    Runs that could be read in more than one way are taken as a whole: no page can make this slow.
    """
    spelled = re.escape(form) if len(form) > _LONGEST else "".join(map(_run, _RUNS.findall(form)))
    return re.compile(spelled, re.IGNORECASE)


def _run(text: str) -> str:
    if text[0].isspace() or text[0] == "\\":
        return f"{_either(frozenset[str]().union(*map(_spellings, text)))}{{1,20}}"
    exact = "".join(map(_spelling, text))
    return exact if text.isascii() else f"(?:{exact}|[\ufffd?]{{1,{4 * len(text)}}})"


@lru_cache(1024)
def _spelling(character: str) -> str:
    """A pattern for one character; letters and digits of ASCII are written as they are everywhere."""
    if character.isascii() and character.isalnum():
        return character
    either = _either(_spellings(character))
    return f"(?:{_BACKSLASH})?{either}" if character in "\"'/" else either


def _either(patterns: Iterable[str]) -> str:
    return f"(?:{'|'.join(sorted(patterns, key=len, reverse=True))})"


@lru_cache(1024)
def _spellings(character: str) -> frozenset[str]:
    """The patterns of one character, which exclude each other."""
    raw = character.encode("utf-8", "surrogatepass")
    plain = {r"\s", r"\+"} if character.isspace() else {re.escape(character)}
    written = {*plain, *_as_entities(character), *_escaped(character)}
    written.add("".join(f"%(?:25)*{byte:02x}" for byte in raw))
    if character == "+":
        written.add(" ")
    if not character.isascii():
        written.update(_misread(raw))
    return frozenset(written)


def _as_entities(character: str) -> Iterator[str]:
    code = ord(character)
    names = "".join(f"|{name}" for name in (codepoint2name.get(code), "apos" if code == 39 else "") if name)
    yield rf"{_AMPERSAND}(?:amp{_SEMICOLON})*(?:{_HASH}0*{code}|{_HASH}x0*{code:x}{names}){_SEMICOLON}"


def _escaped(character: str) -> Iterator[str]:
    r"""As JSON, JavaScript and Python escape it: `\u00fc`, `\xfc`, `\xc3\xbc`, `\U0001f600`."""
    code = ord(character)
    units = character.encode("utf-16-be", "surrogatepass").hex()
    yield "".join(f"{_BACKSLASH}u{units[at : at + 4]}" for at in range(0, len(units), 4))
    yield f"{_BACKSLASH}u{code:08x}"
    yield "".join(f"{_BACKSLASH}x{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
    yield f"{_BACKSLASH}x{code:02x}"
    if character in _LETTERS:
        yield _BACKSLASH + _LETTERS[character]


def _misread(raw: bytes) -> Iterator[str]:
    """How a character looks when it is read in a wrong charset."""
    for charset in ("latin-1", "cp1252"):
        yield re.escape(raw.decode(charset, "replace"))
