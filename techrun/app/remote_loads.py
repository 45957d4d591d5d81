"""Load runs on another machine, over its `/api/v1/loads`."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from techrun.app.client import Client, given
from techrun.handling import LoadTest
from techrun.load.keeping import Loads, encoded
from techrun.load.records import Run
from techrun.views import LoadSummary

TIMEOUT = 60.0
"""Seconds for one exchange: a run of half an hour is some megabytes, which the other side reads and writes."""


class RemoteLoads(Loads):
    """Runs kept by a daemon elsewhere; `server` is the address of its web server, the token may operate."""

    def __init__(self, server: str, token: str, *, timeout: float = TIMEOUT) -> None:
        self._api = Client(server, token, timeout=timeout)

    def note(self, test: LoadTest) -> None:
        """The shop is under load for so long, by the other side's clock."""
        body = {
            "shop": test.shop,
            "scenario": test.scenario,
            "release": test.release,
            "host": test.host,
            "for": f"{test.until - test.began:.3f}s",
        }
        self._api.put(LoadTest, f"loads/{quote(test.id, safe='')}/running", body)

    def end(self, number: str) -> None:
        """It no longer is."""
        self._api.delete(dict[str, Any], f"loads/{quote(number, safe='')}/running")

    def ready(self) -> None:
        """Be sure that the other side answers, and knows us."""
        self.runs(limit=1)

    def save(self, run: Run) -> None:
        """Keep a run that has ended."""
        self._api.post(LoadSummary, "loads", encoded(run))

    def runs(self, shop: str = "", scenario: str = "", limit: int = 20) -> list[LoadSummary]:
        """The newest runs, newest first."""
        return self._api.get(list[LoadSummary], "loads", given(shop=shop, scenario=scenario, limit=limit))

    def get(self, number: str) -> Run:
        """A run, with all that was measured."""
        return self._api.get(Run, f"loads/{quote(number, safe='')}")
