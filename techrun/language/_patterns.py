"""Regular expressions of users: bounded when they are compiled and when they are run."""

from __future__ import annotations

from functools import lru_cache

import regex

from techrun.language.errors import PageError, SelectorError
from techrun.language.words import shorten

LONGEST_PATTERN = 1_000
"""Characters."""
HEAVIEST_PATTERN = 20_000
"""Single characters that a pattern stands for once its `{n}` are written out."""
SECONDS = 0.2
"""For one search; a pattern that needs longer goes wrong exponentially."""

_TOKEN = regex.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(\d*)(?:,(\d*))?\}|.", regex.DOTALL)


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> regex.Pattern[str]:
    """A regular expression that is safe to run; raises `SelectorError`."""
    if len(pattern) > LONGEST_PATTERN:
        raise SelectorError(f"a regular expression has more than {LONGEST_PATTERN} characters")
    if weight(pattern) > HEAVIEST_PATTERN:
        raise SelectorError(
            f'the regular expression "{shorten(pattern, 60)}" repeats too much', "use smaller {n}, or + and *"
        )
    try:
        return regex.compile(pattern)
    except regex.error as error:
        raise SelectorError(
            f'"{shorten(pattern, 60)}" is no regular expression: {error.msg}',
            "escape . ? * + ( ) [ { with \\",
        ) from None
    except (RecursionError, OverflowError, ValueError, MemoryError):
        raise SelectorError(f'the regular expression "{shorten(pattern, 60)}" cannot be compiled') from None


def weight(pattern: str) -> int:
    """How many single characters a pattern is with every `{n}` written out."""
    totals, last = [0], 0
    for token in _TOKEN.finditer(pattern):
        if token[0] == "(":
            totals.append(0)
        elif token[0] == ")" and len(totals) > 1:
            last = totals.pop()
            totals[-1] += last
        elif token[1] is not None:
            times = max(int(token[1][:9] or 1), int((token[2] or "1")[:9]), 1)
            totals[-1] += last * (times - 1)
            last *= times
        else:
            last = 1
            totals[-1] += 1
    return sum(totals)


def search(pattern: regex.Pattern[str], text: str) -> regex.Match[str] | None:
    """The first match; raises `PageError` where the search takes too long."""
    try:
        return pattern.search(text, timeout=SECONDS, concurrent=True)
    except (TimeoutError, MemoryError):
        raise _too_slow(pattern) from None


def search_all(pattern: regex.Pattern[str], text: str, most: int) -> list[regex.Match[str]]:
    """Up to `most` matches; raises `PageError` where the search takes too long."""
    found = []
    try:
        for match in pattern.finditer(text, timeout=SECONDS, concurrent=True):
            found.append(match)
            if len(found) >= most:
                break
    except (TimeoutError, MemoryError):
        raise _too_slow(pattern) from None
    return found


def _too_slow(pattern: regex.Pattern[str]) -> PageError:
    return PageError(
        f'the regular expression "{shorten(pattern.pattern, 60)}" takes longer than {SECONDS} s on this page'
    )
