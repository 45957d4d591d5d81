"""`/api/v1/loads`: load runs, and which shop is under load; see docs/api.md."""

from __future__ import annotations

import logging
import time
from typing import Any

from techrun.errors import UsageError
from techrun.handling import LoadTest
from techrun.load.keeping import StoreLoads, decoded, summary_of
from techrun.views import LoadSummary
from techrun.web.bodies import LoadTestBody, understand
from techrun.web.call import Call, Table

log = logging.getLogger(__name__)

LARGEST_RUN = 32_000_000
"""Bytes of a run, unpacked: two hours of ten steps on two releases."""


class LoadApi:
    """Requests about load runs, as calls of where they are kept. Each runs in a worker thread."""

    def __init__(self, loads: StoreLoads) -> None:
        self._loads = loads

    def table(self) -> Table:
        """What answers, by method and path."""
        return {
            ("GET", "loads"): self.runs,
            ("GET", "loads/{id}"): self.run,
            ("POST", "loads"): self.save,
            ("PUT", "loads/{id}/running"): self.note,
            ("DELETE", "loads/{id}/running"): self.end,
        }

    def runs(self, call: Call) -> list[LoadSummary]:
        """The newest ones."""
        query = call.query("shop", "scenario", "limit")
        return self._loads.runs(query.text("shop"), query.text("scenario"), query.limit())

    def run(self, call: Call) -> bytes:
        """One with all that was measured."""
        call.query()
        return self._loads.raw(call.id)

    def save(self, call: Call) -> LoadSummary:
        """Keep one that has ended."""
        call.query()
        try:
            run = decoded(call.body)
        except ValueError as error:
            raise UsageError(f"the body is no load run: {error}") from None
        self._loads.keep(run, call.body)
        found = summary_of(run)
        log.info("the load run %s of %s is kept: %s", found.id, found.shop, found.verdict or "not judged")
        return found

    def note(self, call: Call) -> LoadTest:
        """A shop is under load, by our clock."""
        call.query()
        said, now = understand(LoadTestBody, call.body), time.time()
        test = LoadTest(call.id, said.shop, said.scenario, said.release, said.host, now, now + said.for_)
        self._loads.note(test)
        return test

    def end(self, call: Call) -> dict[str, Any]:
        """It no longer is."""
        call.query()
        self._loads.end(call.id)
        return {"id": call.id, "running": False}
