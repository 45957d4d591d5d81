"""How every check is right now, for the landing page and for readiness."""

from __future__ import annotations

from collections.abc import Sequence

from techrun.model import Check, CheckId, Result, Shop
from techrun.web.landing import Row


class Board:
    """A sink that keeps the last result of each check."""

    def __init__(self) -> None:
        self._checks: dict[CheckId, None] | None = None
        """In the order of the configuration; None before the first one."""
        self._last: dict[CheckId, Row] = {}

    def configure(self, checks: Sequence[Check], shops: Sequence[Shop]) -> None:  # noqa: ARG002  a sink has it
        """Checks that are gone leave the board."""
        known = self._checks = {check.id: None for check in checks}
        self._last = {check: row for check, row in self._last.items() if check in known}

    def accept(self, result: Result) -> None:
        """Keep this result as the last one."""
        outcome = result.outcome
        where = f'at "{outcome.step}": ' if outcome.step and outcome.reason else ""
        check = result.check.id
        ended = result.started + result.duration
        self._last[check] = Row(check.shop, check.name, outcome.status, where + outcome.message, ended)

    def close(self) -> None:
        """Nothing is kept."""

    def rows(self) -> list[Row]:
        """Every check, in the order of the configuration."""
        return [self._last.get(check) or Row(check.shop, check.name) for check in self._checks or ()]

    def has_results(self) -> bool:
        """Whether a first check has ended; without checks there is nothing to wait for."""
        return bool(self._last) or self._checks == {}
