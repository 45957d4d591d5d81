"""Rates are written with their unit."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from techrun.language import rates


@pytest.mark.parametrize(
    ("text", "rate"), [("5/s", 5.0), ("0.5/s", 0.5), ("90/min", 1.5), ("600/h", 1 / 6), ("0/s", 0.0)]
)
def test_a_rate_is_so_many_a_second(text, rate) -> None:
    assert rates.parse(text) == pytest.approx(rate)
    assert TypeAdapter(rates.Rate).validate_python(text) == pytest.approx(rate)


@pytest.mark.parametrize("text", ["5", "5/m", "-1/s", "5 /s", "", "1e3/s", "٣/x"])
def test_what_is_no_rate_is_told_how_one_is_written(text) -> None:
    with pytest.raises(ValueError, match="expected a rate such as 5/s"):
        rates.parse(text)


def test_a_bare_number_names_no_unit() -> None:
    with pytest.raises(ValidationError, match="no unit"):
        TypeAdapter(rates.Rate).validate_python(5)


@pytest.mark.parametrize(
    ("rate", "text"),
    [(40, "40/s"), (2.5, "2.5/s"), (1.5, "1.5/s"), (0.5, "30/min"), (1 / 600, "6/h"), (0, "0/s")],
)
def test_a_rate_is_shown_as_people_write_it(rate, text) -> None:
    assert rates.show(rate) == text
