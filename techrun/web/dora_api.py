"""`/api/v1/dora`: how often, how fast, how badly shops are released; see docs/api.md."""

from __future__ import annotations

from techrun.errors import UsageError
from techrun.releases.dora import MOST_MONTHS, AskDora, Report
from techrun.web.call import Call, Table

MONTHS = "6"


class DoraApi:
    """Requests about the four keys of DORA. Each runs in a worker thread."""

    def __init__(self, ask: AskDora) -> None:
        self._ask = ask

    def table(self) -> Table:
        """What answers, by method and path."""
        return {("GET", "dora"): self.report}

    def report(self, call: Call) -> Report:
        """The four keys of one shop or of all."""
        query = call.query("shop", "months")
        months = query.text("months") or MONTHS
        if not months.isascii() or not months.isdecimal() or len(months) > 3:
            raise UsageError(f"`months` is a number from 1 to {MOST_MONTHS}")
        return self._ask(query.text("shop"), int(months))
