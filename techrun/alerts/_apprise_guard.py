"""Keeps secrets out of what Apprise, and what it sends with, write to the log."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from urllib.parse import parse_qsl, unquote, urlsplit
from weakref import WeakSet

from techrun.redact import CUT, Redactor

_PLAIN_KEYS = frozenset(
    [
        "action",
        "batch",
        "bcc",
        "cc",
        "cto",
        "format",
        "from",
        "mode",
        "name",
        "overflow",
        "priority",
        "region",
        "retry",
        "rto",
        "severity",
        "smtp",
        "to",
        "verify",
        "wait",
    ]
)
"""Parameters of a URL that are no secrets."""
_HOST_IS_AN_ADDRESS = frozenset(["json", "jsons", "form", "forms", "xml", "xmls", "mailto", "mailtos"])
"""Many other services carry a key where these have their host."""

_ANSWER = 2000
"""Bytes of an answer that Apprise tells."""
_QUOTES = "'\""


class _Guard(logging.Filter):
    """Redacts each line of the loggers that it stands on, so that no handler of anyone sees it before.

    The lines of Apprise end there: those that matter are in the receipts.
    """

    def __init__(self) -> None:
        super().__init__()
        self._redactors: WeakSet[Redactor] = WeakSet()
        self._told = threading.local()

    def watch(self, redactor: Redactor) -> None:
        """From now on keep back what this one knows."""
        self._redactors.add(redactor)
        for name in _loggers():
            logging.getLogger(name).addFilter(self)

    def listen(self) -> list[str]:
        """A list that fills with the warnings of this thread."""
        self._told.lines = []
        lines: list[str] = self._told.lines
        return lines

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact a line."""
        text = _marked(record.getMessage())
        if record.exc_info:
            text += "\n" + logging.Formatter().formatException(record.exc_info)
        for redactor in tuple(self._redactors):
            text = redactor(text)
        record.msg, record.args, record.exc_info, record.exc_text = text, None, None, None
        if record.levelno >= logging.WARNING and hasattr(self._told, "lines"):
            self._told.lines.append(text)
        return True


guard = _Guard()


def _marked(line: str) -> str:
    """The line; where Apprise cut an answer off, the redactor must know: it may end in a part of a secret."""
    cut_off = line.startswith("Response Details") and len(line) > _ANSWER
    return f"{line.rstrip(_QUOTES)}{CUT}" if cut_off else line


@cache
def _loggers() -> tuple[str, ...]:
    import_module("urllib3.connectionpool")  # it makes the loggers that are looked for
    silent = logging.getLogger("apprise")
    silent.setLevel(logging.DEBUG)
    silent.addHandler(logging.NullHandler())
    silent.propagate = False
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "urllib3"]
    return ("apprise", *names)


def secrets_of(url: str) -> Iterator[str]:
    """What of a URL gives the right to send: all that is not plainly an address or a setting."""
    yield url
    parts = urlsplit(url.replace("#", "%23"))  # a channel's name, not the beginning of a fragment
    yield from (unquote(part) for part in (parts.username, parts.password) if part)
    yield from (unquote(part) for part in parts.path.split("/") if part and "@" not in unquote(part))
    yield from (value for key, value in parse_qsl(parts.query) if key not in _PLAIN_KEYS)
    if parts.scheme not in _HOST_IS_AN_ADDRESS:
        yield from map(unquote, parts.netloc.rpartition("@")[2].split(":"))
