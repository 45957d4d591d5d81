"""Times, durations, money and lists as people read them; every text bounded."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from techrun.handling import LoadTest, Release
from techrun.language.durations import show
from techrun.zones import zone_of

_SAYS = re.compile(r'; the page says (".+")$')


def utc_text(moment: float) -> str:
    """A moment by UTC."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S} UTC"


def time_text(moment: float, now: float, zone: str, *, seconds: bool = True, named: bool = False) -> str:
    """A moment by the shop's clock; its day is said only where that is not today's, the zone if `named`."""
    local, today = (datetime.fromtimestamp(each, zone_of(zone)) for each in (moment, now))
    day = "" if local.date() == today.date() else f"{local:%Y-%m-%d} "
    clock = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    return f"{day}{clock} {local:%Z}" if named else f"{day}{clock}"


def duration_text(seconds: float) -> str:
    """How long something lasted, in whole seconds: `45s`, `12m30s`, `3h5m`, `2d4h`."""
    return show(round(seconds)) if seconds >= 1 else "0s"


def about_text(seconds: float) -> str:
    """About how long ago something was: `40 s`, `7 min`, `5 h`, `3 d`."""
    for size, limit, unit in ((1, 60, "s"), (60, 7200, "min"), (3600, 172_800, "h")):
        if seconds < limit:
            return f"{max(0, int(seconds // size))} {unit}"
    return f"{int(seconds // 86_400)} d"


def money_text(low: float, high: float, currency: str) -> str:
    """A range of money in two significant digits, thousands set apart by a space: `1 200-2 800 EUR`."""
    bounds = list(dict.fromkeys((_rounded(low), _rounded(high))))
    return f"{'-'.join(bounds)} {currency}"


def _rounded(amount: float) -> str:
    if amount <= 0:
        return "0"
    digits = 1 - math.floor(math.log10(amount))
    whole = round(amount, digits)
    return f"{whole:.1f}".removesuffix(".0") if whole < 10 else f"{whole:,.0f}".replace(",", " ")


def load_test_text(test: LoadTest, now: float, zone: str, url: str = "") -> str:
    """`running: checkout, v2, since 14:02`; its address where that is not the shop's."""
    began, until = (time_text(each, now, zone, seconds=False) for each in (test.began, test.until))
    runs = test.runs(now)
    elsewhere = "" if urlsplit(test.host).netloc == urlsplit(url).netloc else f"at {test.host}"
    what = (test.scenario, test.release, elsewhere, f"since {began}" if runs else f"{began} to {until}")
    return f"{'running' if runs else 'over'}: {', '.join(filter(None, what))}"


def release_text(release: Release, since: float) -> str:
    """`release v812 (a1b9f3e) by dee, 7 min before, verified: fail`."""
    before = since - release.begun
    commit = f" ({release.commit[:12]})" if release.commit else ""
    author = f" by {release.author}," if release.author else ""
    when = f"{about_text(before)} before" if before >= 0 else f"{about_text(-before)} after it began"
    verdict = f", verified: {release.verdict}" if release.verdict else ""
    back = ", rolled back" if release.rolled_back else ""
    return f"release {release.version}{commit}{author} {when}{verdict}{back}"


def listed(words: Sequence[str], most: int) -> str:
    """The first of them, and how many more there are."""
    left = len(words) - most
    return ", ".join(words[:most]) + (f" and {left} more" if left > 0 else "")


def one_line(text: str) -> str:
    """Without line breaks and characters that a phone cannot show."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def cut(text: str, limit: int) -> str:
    """At most so many characters."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def fitting(why: str, limit: int) -> str:
    """A reason, cut; where all of it has no room, what the page itself says is told first."""
    says = _SAYS.search(why)
    return cut(says[1] if says and len(why) > limit else why, limit)
