"""Foreign text made harmless where it is shown: in markdown, in XML, on a terminal. Pure.

A name, a message or a page's text may be anybody's: it must neither look like ours nor steer what shows it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_ACTIVE = re.compile(r"([\\`*_\[\]#|~@$]|:(?=\S)|^[-+])")
"""What markdown, GitHub's mentions and emoji, and its formulas begin with."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold, not even escaped."""
_UNREADABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What steers a terminal, turns the order of what is read, or cannot be written as UTF-8."""


def readable(text: str) -> str:
    """Text without the characters that steer a terminal, mislead a reader or cannot be written; lines stay lines."""
    return _UNREADABLE.sub("\ufffd", text)


def plain(text: str) -> str:
    """Text in which nothing is markdown, HTML or a new line."""
    flat = " ".join(text.split())
    escaped = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _ACTIVE.sub(r"\\\1", escaped)


def plain_code(text: str) -> str:
    """Text for between two backticks, in a table."""
    return re.sub(r"[`|<>\s]+", " ", text).strip() or " "


def fenced(text: str, language: str = "") -> str:
    """Text as a block of code, whatever backticks it holds."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def folded(title: str, text: str, language: str = "") -> str:
    """A block of code that is seen after a click on its title."""
    return f"<details><summary>{title}</summary>\n\n{fenced(text, language)}\n\n</details>"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], ruler: Sequence[str] = ()) -> str:
    """A table of markdown; unless the ruler says otherwise: the first column to the left, figures to the right."""
    ruler = ruler or ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ruler, *rows))


def for_xml(text: str) -> str:
    """Text that XML can hold."""
    return _NOT_XML.sub("\ufffd", text)
