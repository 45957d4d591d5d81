"""A sink for a terminal: one line whenever a check's status turns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.text import Text

from techrun.cli.show.console import STYLES, badge, seconds
from techrun.cli.show.table import headline
from techrun.model import Check, CheckId, Result, Shop, Status


class Ticker:
    """Prints the first result of each check, and then only what turns."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last: dict[CheckId, Status] = {}

    def configure(self, checks: Sequence[Check], shops: Sequence[Shop]) -> None:  # noqa: ARG002  a sink has it
        """Forget checks that are gone."""
        known = {check.id for check in checks}
        self._last = {check: status for check, status in self._last.items() if check in known}

    def accept(self, result: Result) -> None:
        """Print the result if its status is new."""
        status = result.outcome.status
        if self._last.get(result.check.id) == status:
            return
        self._last[result.check.id] = status
        at = datetime.fromtimestamp(result.started).astimezone().strftime("%H:%M:%S")
        line = Text(f"  {at}  ", "dim")
        line.append(f"{result.check.id!s:<26} ", "default")
        line.append(f"{badge(status):<10} ", STYLES[status])
        line.append(f"{seconds(result.duration):>7}  {headline(result.outcome)}", "default")
        self._console.print(line)

    def close(self) -> None:
        """Nothing is kept."""
