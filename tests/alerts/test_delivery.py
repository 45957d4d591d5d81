"""How long a message waits for its next attempt."""

from __future__ import annotations

import pytest

from techrun.alerts.delivery import Backoff

CREATED = 1_790_000_000.0


@pytest.mark.parametrize(
    ("attempt", "wait"), [(1, 2), (2, 4), (3, 8), (8, 256), (9, 300), (1000, 300)], ids=str
)
def test_each_attempt_waits_twice_as_long_up_to_a_bound(make_message, attempt, wait):
    message = make_message(attempt=attempt, created=CREATED)
    assert Backoff().retry_at(message, CREATED, share=0.5) == CREATED + wait


def test_attempts_are_spread_so_that_channels_do_not_come_back_together(make_message):
    message = make_message(attempt=3, created=CREATED)
    assert Backoff().retry_at(message, CREATED, share=0.0) == CREATED + 6
    assert Backoff().retry_at(message, CREATED, share=1.0) == CREATED + 10


def test_a_message_that_is_a_day_old_is_given_up(make_message):
    message = make_message(attempt=200, created=CREATED)
    assert Backoff().retry_at(message, CREATED + 86_000, share=0.5) is not None
    assert Backoff().retry_at(message, CREATED + 86_300, share=0.5) is None
