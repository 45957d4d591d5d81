"""What rulings come to together, for a verdict as for a gate."""

from __future__ import annotations

import pytest

from techrun.releases.records import Ruling
from techrun.releases.weighing import all_hold, broken, decisive_first, evaluated


def ruling(holds: bool | None, *, warns: bool = False) -> Ruling:
    return Ruling("some.rule", "", holds, "", warns=warns)


YES, NO, UNTOLD = ruling(True), ruling(False), ruling(None)
WARNING, SILENT_WARNING = ruling(False, warns=True), ruling(None, warns=True)


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
    held_warning = ruling(True, warns=True)
    assert decisive_first([held_warning, YES, WARNING, UNTOLD, NO]) == (
        NO,
        UNTOLD,
        WARNING,
        YES,
        held_warning,
    )
