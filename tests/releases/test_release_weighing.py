"""What rulings come to together, for a verdict as for a gate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from techrun.releases.records import Ruling
from techrun.releases.weighing import all_hold, broken, decisive_first, evaluated

YES = Ruling("some.rule", "", holds=True, text="")
NO, UNTOLD = replace(YES, holds=False), replace(YES, holds=None)
WARNING, SILENT_WARNING, HELD_WARNING = (replace(one, warns=True) for one in (NO, UNTOLD, YES))


@pytest.mark.parametrize(
    ("rulings", "expected"),
    [
        ([], None),
        ([YES], True),
        ([YES, WARNING, SILENT_WARNING], True),
        ([YES, UNTOLD], None),
        ([UNTOLD, NO, YES], False),
        ([WARNING], None),
    ],
    ids=["nothing", "all hold", "only warned", "one untold", "one does not hold", "nothing decides"],
)
def test_nothing_holds_by_default_and_warnings_decide_nothing(rulings, expected) -> None:
    assert all_hold(rulings) is expected


def test_only_what_decides_is_broken_or_counts_as_evaluated() -> None:
    rulings = [YES, NO, UNTOLD, WARNING, SILENT_WARNING]
    assert broken(rulings) == [NO]
    assert evaluated(rulings) == 2


def test_what_decides_stands_first() -> None:
    assert decisive_first([HELD_WARNING, YES, WARNING, UNTOLD, NO]) == (
        NO,
        UNTOLD,
        WARNING,
        YES,
        HELD_WARNING,
    )
