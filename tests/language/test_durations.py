import pytest
from pydantic import BaseModel, ValidationError

from techrun.language import durations


class Holder(BaseModel):
    every: durations.Seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("800ms", 0.8),
        ("30s", 30),
        ("2.5s", 2.5),
        ("5m", 300),
        ("1h30m", 5400),
        ("2d", 172800),
        ("1m500ms", 60.5),
    ],
)
def test_a_duration_reads_as_seconds(text, seconds):
    assert Holder(every=text).every == pytest.approx(seconds)


@pytest.mark.parametrize(
    "value", ["", "30", "s", "1s30m", "-5s", "5 minutes", "1e3s", 30, 1.5, True, None, "5m "]
)
def test_what_names_no_unit_or_has_no_sense_is_refused(value):
    with pytest.raises(ValidationError, match="duration such as"):
        Holder(every=value)


def test_zero_needs_no_unit():
    assert Holder(every=0).every == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0ms"),
        (0.85, "850ms"),
        (2.46, "2.5s"),
        (60, "1m"),
        (90, "1m30s"),
        (5400, "1h30m"),
        (90000, "1d1h"),
    ],
)
def test_seconds_are_shown_in_two_units_at_most(seconds, text):
    assert durations.show(seconds) == text
