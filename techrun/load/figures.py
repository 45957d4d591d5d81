"""Figures as a release manager reads them: `412 ms`, `+14 %`, `guest-checkout product`."""

from __future__ import annotations


def seconds_text(seconds: float) -> str:
    """`0.84 ms`, `4.2 ms`, `412 ms`, `1.24 s`."""
    if seconds >= 0.9995:
        return f"{seconds:.3g} s" if seconds < 999.5 else f"{seconds:.0f} s"
    milliseconds = seconds * 1000
    return f"{milliseconds:.0f} ms" if milliseconds >= 9.95 else f"{milliseconds:.2g} ms"


def change_text(ratio: float) -> str:
    """How much slower (`+14 %`) or faster (`-8 %`) a ratio of times is; `4.2 times` from twice on."""
    if ratio >= 2:
        return f"{ratio:.2g} times" if ratio < 99.5 else f"{ratio:.0f} times"
    return f"{(ratio - 1) * 100:+.0f} %".replace("+0 %", "±0 %").replace("-0 %", "±0 %")


def share_text(part: float, whole: float) -> str:
    """`2.1 %` of a whole; small shares keep two figures."""
    percent = 100 * part / whole if whole else 0.0
    return f"{percent:.2g} %" if percent < 99.5 else f"{percent:.0f} %"


def subject(journey: str, step: str) -> str:
    """What a step of a journey is called in a sentence."""
    return f"{journey} {step}" if step else f"{journey} as a whole"


STATISTICS = {"p50": "median", "p95": "p95"}
"""What the statistics of a comparison are called in a sentence."""
