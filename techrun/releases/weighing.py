"""What rulings come to together: which of them decide, and whether all of those hold. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from techrun.releases.records import Ruling


def broken(rulings: Iterable[Ruling]) -> list[Ruling]:
    """Those that decide and do not hold."""
    return [one for one in rulings if one.holds is False and not one.warns]


def evaluated(rulings: Iterable[Ruling]) -> int:
    """How many decide and really could say yes or no."""
    return sum(one.holds is not None and not one.warns for one in rulings)


def all_hold(rulings: Iterable[Ruling]) -> bool | None:
    """False: one does not. None: one cannot be told, or nothing was evaluated."""
    found = {one.holds for one in rulings if not one.warns}
    if False in found:
        return False
    return None if None in found or not found else True


def decisive_first(rulings: Iterable[Ruling]) -> tuple[Ruling, ...]:
    """What does not hold, what cannot be told, then warnings, then the rest."""
    return tuple(sorted(rulings, key=_place))


def _place(ruling: Ruling) -> int:
    if ruling.warns:
        return 2 if ruling.holds is False else 4
    return {False: 0, None: 1, True: 3}[ruling.holds]
