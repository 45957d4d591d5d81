"""The landing page: what runs here, where to go, and the status of each check."""

from __future__ import annotations

import base64
import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from jinja2 import Environment, Template

from techrun import __version__
from techrun.model import Status
from techrun.standing import LOUDNESS
from techrun.views import IncidentStanding, hold_text

MOST_ROWS = 500
"""More checks than these make a page that no one reads; the worst are shown."""

STYLE = resources.files("techrun.web").joinpath("landing.css").read_text("utf-8")


def policy(style: str) -> str:
    """A Content-Security-Policy that allows this style and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'"


CONTENT_SECURITY_POLICY = policy(STYLE)
_WORST_FIRST = (Status.DOWN, Status.UNKNOWN, Status.BLOCKED, Status.DEGRADED, None, Status.UP)


@dataclass(frozen=True, slots=True)
class Row:
    """One check as the landing page shows it; `status` is None before its first run."""

    shop: str
    check: str
    status: Status | None = None
    message: str = ""
    last_run: float | None = None
    """When its last run ended, in Unix time."""


def landing_page(
    rows: Sequence[Row], now: float | None = None, incidents: Sequence[IncidentStanding] = ()
) -> str:
    """The page as HTML: what is wrong, then the checks, the worst status first."""
    now = now or time.time()
    counts = Counter(row.status for row in rows)
    return template("landing.html").render(
        style=STYLE,
        version=__version__,
        counts=[(_word(status), counts[status]) for status in _WORST_FIRST if counts[status]],
        incidents=[(one, ago(max(0.0, now - one.since))) for one in _loudest_first(incidents)[:MOST_ROWS]],
        rows=[_cells(row, now) for row in _worst_first(rows)[:MOST_ROWS]],
        hold_text=hold_text,
        left_out=max(0, len(rows) - MOST_ROWS),
    )


@cache
def template(name: str) -> Template:
    """The page in this file, whose values are escaped."""
    source = resources.files("techrun.web").joinpath(name).read_text("utf-8")
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)


def _worst_first(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (_WORST_FIRST.index(row.status), row.shop, row.check))


def _loudest_first(incidents: Iterable[IncidentStanding]) -> list[IncidentStanding]:
    return sorted(incidents, key=lambda one: (-LOUDNESS[one.severity], one.since))


def _cells(row: Row, now: float) -> dict[str, str]:
    age = "" if row.last_run is None else ago(max(0.0, now - row.last_run))
    return {
        "shop": row.shop,
        "check": row.check,
        "status": _word(row.status),
        "message": row.message,
        "age": age,
    }


def _word(status: Status | None) -> str:
    return "waiting" if status is None else status.value


def ago(seconds: float) -> str:
    """So long ago, in its largest unit."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit} ago"
    return f"{int(seconds)}s ago"
