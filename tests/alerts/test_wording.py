"""Times, durations and money as people read them."""

from __future__ import annotations

import pytest

from techrun.alerts.wording import about_text, duration_text, fitting, listed, money_text, time_text

MOMENT = 1_789_953_125.0  # 2026-09-21 03:12:05 in Madrid


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (0, "0s"),
        (45.4, "45s"),
        (60, "1m"),
        (750, "12m30s"),
        (11100, "3h5m"),
        (187200, "2d4h"),
    ],
)
def test_a_duration_is_told_as_people_say_it(seconds, text):
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(40, "40 s"), (60, "1 min"), (430, "7 min"), (7199, "119 min"), (7200, "2 h"), (172_800, "2 d")],
)
def test_how_long_ago_is_told_about(seconds, text):
    assert about_text(seconds) == text


@pytest.mark.parametrize(
    ("later", "zone", "text"),
    [
        (36, "Europe/Madrid", "03:12:05 CEST"),
        (20 * 3600, "Europe/Madrid", "03:12:05 CEST"),
        (21 * 3600, "Europe/Madrid", "2026-09-21 03:12:05 CEST"),
        (21 * 3600, "UTC", "01:12:05 UTC"),
        (0, "No/Such", "01:12:05 UTC"),
        (24 * 3600, "America/Bogota", "2026-09-20 20:12:05 -05"),
    ],
)
def test_the_day_is_told_only_where_it_is_not_todays_by_the_shops_clock(later, zone, text):
    assert time_text(MOMENT, MOMENT + later, zone, named=True) == text


def test_a_moment_to_come_needs_no_seconds():
    assert time_text(MOMENT, MOMENT, "Europe/Madrid", seconds=False) == "03:12"


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (181.2, 424, "180-420 EUR"),
        (38.25, 88.4, "38-88 EUR"),
        (0, 8.46, "0-8.5 EUR"),
        (0.0123, 0.99, "0-1 EUR"),
        (995, 4100, "1 000-4 100 EUR"),
        (1_234_567, 9_999_999, "1 200 000-10 000 000 EUR"),
        (85, 85.2, "85 EUR"),
        (0, 0, "0 EUR"),
    ],
)
def test_money_is_a_range_of_two_digits_that_mean_something(low, high, text):
    assert money_text(low, high, "EUR") == text


@pytest.mark.parametrize(
    ("words", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a, b"), (["a", "b", "c", "d"], "a, b and 2 more")],
)
def test_of_a_long_list_the_first_are_told_and_how_many_there_are_more(words, text):
    assert listed(words, 2) == text


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (200, 'expected url to match "/review$"; the page says "Your card was declined."'),
        (40, '"Your card was declined."'),
        (12, '"Your card …'),
    ],
    ids=["all of it has room", "what the page says has", "a part of that"],
)
def test_a_reason_without_room_is_told_in_the_words_of_the_page(limit, text):
    assert fitting('expected url to match "/review$"; the page says "Your card was declined."', limit) == text
