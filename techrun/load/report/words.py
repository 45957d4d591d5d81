"""How figures are written for people: 120 ms, 1.42 s, 0.3 %, +12 %. Shared by the reports and the live view."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Literal

from techrun.load.figures import change_text, seconds_text
from techrun.load.records import Run

NOTHING = "\N{EN DASH}"
"""Where there is no figure."""

TIMES = "\N{MULTIPLICATION SIGN}"
Tone = Literal["good", "bad", "unsure", "void"]


@dataclass(frozen=True, slots=True)
class Said:
    """A verdict for people: a word, a sign that needs no colour, and the tone of the colour."""

    word: str
    sign: str
    tone: Tone


VERDICTS: Mapping[str, Said] = {
    "pass": Said("Passed", "✓", "good"),
    "fail": Said("Failed", "✗", "bad"),
    "inconclusive": Said("Cannot tell", "?", "unsure"),
    "invalid": Said("Invalid run", "!", "void"),
    "": Said("Not judged", NOTHING, "void"),
}
HOLDS: Mapping[bool | None, Said] = {
    True: Said("holds", "✓", "good"),
    False: Said("broken", "✗", "bad"),
    None: Said("cannot tell", "?", "unsure"),
}


def verdict_of(run: Run) -> Said:
    """What the run says of the release, also where it was never judged."""
    return VERDICTS[run.verdict.value if run.verdict else ""]


def duration(seconds: float | None) -> str:
    """A latency in as many digits as the histogram knows: `4.2 ms`, `120 ms`, `1.42 s`, `2 min 5 s`."""
    if seconds is None:
        return NOTHING
    return seconds_text(seconds) if seconds < 99.5 else span(seconds)


def mark(seconds: float) -> str:
    """A latency on an axis: as `duration`, and nought without a unit."""
    return duration(seconds) if seconds else "0"


def _three(value: float) -> str:
    """Three digits at most, and no more than a hundredth; no trailing noughts."""
    text = f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def span(seconds: float) -> str:
    """A stretch of time in whole units: `30 s`, `5 min`, `1 h 12 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{_three(seconds)} s" if seconds < 10 else f"{whole} s"
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "min"), (0 if hours else left, "s")]
    return " ".join(f"{amount} {unit}" for amount, unit in parts if amount)


def clock(seconds: float) -> str:
    """A moment within a run as minutes and seconds: `0:00`, `2:30`, `1:05:00`."""
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def share(part: float | None) -> str:
    """A share as per cent: `0 %`, `0.03 %`, `0.3 %`, `12 %`."""
    if part is None:
        return NOTHING
    cent = part * 100
    if 0 < cent < 0.01:
        return "< 0.01 %"
    if 99.9 < cent < 100:
        return "> 99.9 %"
    text = f"{cent:.{2 if cent < 0.1 else 1 if cent < 10 else 0}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} %"


def change(ratio: float) -> str:
    """A ratio of times as what was added or taken away: `+12 %`, `±0 %`; from twice on `4.2 times`."""
    return change_text(ratio) if isfinite(ratio) else NOTHING


def count(number: float) -> str:
    """A whole number with its thousands apart: `12,345`."""
    return f"{round(number):,}"


def rate(per_second: float) -> str:
    """Events per second, without the unit: `0.25`, `4.9`, `120`."""
    return _three(per_second)


def size(octets: float) -> str:
    """Memory: `84 MiB`."""
    return f"{octets / 2**20:,.0f} MiB"


def number_of(amount: float, one: str, many: str = "") -> str:
    """`1 visit`, `2,000 visits`."""
    return f"{count(amount)} {one if round(amount) == 1 else many or one + 's'}"


def moment(unix: float) -> str:
    """A moment in UTC: `22 Nov 2026, 02:02 UTC`."""
    return f"{_utc(unix):%-d %b %Y, %H:%M} UTC"


def stretch(begin: float, end: float) -> str:
    """From one moment to another: `22 Nov 2026, 02:02 to 02:09 UTC`."""
    if end - begin < 60:
        return moment(begin)
    first, last = _utc(begin), _utc(end)
    same_day = first.date() == last.date()
    return f"{first:%-d %b %Y, %H:%M} to {last:{'%H:%M' if same_day else '%-d %b %Y, %H:%M'}} UTC"


def iso(unix: float) -> str:
    """A moment for machines: `2026-11-22T02:02:06+00:00`."""
    return _utc(unix).isoformat(timespec="seconds")


def _utc(unix: float) -> datetime:
    return datetime.fromtimestamp(unix, UTC)


def criterion(written: Mapping[str, Any]) -> str:
    """A criterion in one line of YAML: `step: product, p95: 800ms`."""
    return ", ".join(
        f"{name}: {str(value).lower() if isinstance(value, bool) else value}"
        for name, value in written.items()
    )


def listed(parts: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def tight(text: str) -> str:
    """Text in which no figure is parted from its unit at the end of a line."""
    return re.sub(r"(?<=\d) (?=%|(?:ms|s|min|h|times)\b)", "\N{NO-BREAK SPACE}", text)


LONGEST_NAME = 24
"""Characters of a release's name beside a line: hashes and the like are cut."""


def short(name: str) -> str:
    """A release's name, short enough for a legend or the head of a column."""
    if re.fullmatch("[0-9a-f]{20,}", name):
        return name[:10]
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
