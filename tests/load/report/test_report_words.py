"""Figures as people read them."""

from __future__ import annotations

from math import inf, nan

import pytest

from techrun.load.report import words

NOTHING = "\N{EN DASH}"
WRITTEN = [
    (words.duration, None, NOTHING),
    (words.duration, 0.0042, "4.2 ms"),
    (words.duration, 0.12, "120 ms"),
    (words.duration, 1.42, "1.42 s"),
    (words.duration, 125, "2 min 5 s"),
    (words.mark, 0, "0"),
    (words.mark, 0.5, "500 ms"),
    (words.span, 0, "0 s"),
    (words.span, 2.5, "2.5 s"),
    (words.span, 60, "1 min"),
    (words.span, 4320, "1 h 12 min"),
    (words.clock, 0, "0:00"),
    (words.clock, 150, "2:30"),
    (words.clock, 3900, "1:05:00"),
    (words.share, None, NOTHING),
    (words.share, 0, "0 %"),
    (words.share, 0.00001, "< 0.01 %"),
    (words.share, 0.0003, "0.03 %"),
    (words.share, 0.003, "0.3 %"),
    (words.share, 0.124, "12 %"),
    (words.share, 0.9999, "> 99.9 %"),
    (words.share, 1, "100 %"),
    (words.change, 1.12, "+12 %"),
    (words.change, 1.0, "±0 %"),
    (words.change, 0.92, "-8 %"),
    (words.change, 4.23, "4.2 times"),
    (words.change, 153.2, "153 times"),
    (words.change, inf, NOTHING),
    (words.change, nan, NOTHING),
    (words.count, 12345, "12,345"),
    (words.rate, 0.25, "0.25"),
    (words.rate, 39.24, "39.2"),
    (words.size, 88080384, "84 MiB"),
    (words.moment, 1795312926.0, "22 Nov 2026, 02:02 UTC"),
    (words.listed, ["a"], "a"),
    (words.listed, ["a", "b", "c"], "a, b and c"),
    (words.short, "v2.14.1", "v2.14.1"),
    (words.short, "3f9a1c5e77d04b2298aa0c4fe1d6b7a093214455", "3f9a1c5e77"),
    (words.short, "a-branch-with-a-very-long-name", "a-branch-with-a-very-lo…"),
    (words.tight, "up to 800 ms, 5 % or 3 s in 2 samples", "up to 800\xa0ms, 5\xa0% or 3\xa0s in 2 samples"),
]


@pytest.mark.parametrize(
    ("write", "value", "text"), WRITTEN, ids=[f"{row[0].__name__} {row[1]!r:.20}" for row in WRITTEN]
)
def test_a_figure_reads_as_people_write_it(write, value, text):
    assert write(value) == text


def test_a_stretch_of_seconds_is_a_moment():
    assert words.stretch(1795312926.0, 1795312950.0) == "22 Nov 2026, 02:02 UTC"


def test_a_stretch_over_midnight_names_both_days():
    assert words.stretch(1795305540.0, 1795305660.0) == "21 Nov 2026, 23:59 to 22 Nov 2026, 00:01 UTC"
