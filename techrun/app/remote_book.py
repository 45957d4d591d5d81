"""The book on another machine, over its `/api/v1`."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from techrun.app.client import Client, Parameters, given
from techrun.handling import Release
from techrun.model import Status
from techrun.releases.keeping import Book, encoded
from techrun.releases.keeping.process import this_process
from techrun.releases.records import Counts, GateDecision, Verification
from techrun.views import VerificationSummary
from techrun.wire import to_json

TIMEOUT = 30.0
"""Seconds for one exchange: a verification of two hours is some megabytes, which the other side reads and writes."""


class RemoteBook(Book):
    """Releases kept by a daemon elsewhere; `server` is the address of its web server, the token may operate."""

    def __init__(self, server: str, token: str, *, timeout: float = TIMEOUT) -> None:
        self._api = Client(server, token, timeout=timeout)

    def release(self, shop: str, version: str) -> Release | None:
        """The newest release of this version of a shop."""
        query = given(shop=shop, version=version, since="0")
        found = self._api.get(list[Release], "releases", query)
        return found[0] if found else None

    def releases(self, shop: str, since: float) -> list[Release]:
        """The shop's releases that began since then, newest first."""
        return self._api.get(list[Release], "releases", given(shop=shop, since=since))

    def went_live(self, release: Release, at: float) -> None:
        """It was seen on every node then, so many seconds ago by any clock; the first time counts."""
        self._api.put(Release, f"releases/{release.id}/live", {"ago": f"{max(0.0, time.time() - at):.3f}s"})

    def claim(self, verification: Verification, by: str = "") -> None:
        """Begin a verification of its release; TakenError where somebody is at one and alive."""
        body = {"verification": json.loads(encoded(verification)), "author": by, "process": this_process()}
        self._api.post(VerificationSummary, "verifications/claims", body)

    def alive(self, number: str) -> None:
        """The verification goes on; TakenError where somebody else has taken over."""
        self._api.put(dict[str, Any], f"{_path(number)}/alive", {})

    def save(self, verification: Verification) -> None:
        """Keep one that has ended, in place of what was kept of it; the release has its verdict then."""
        self._api.post(VerificationSummary, "verifications", encoded(verification))

    def drop(self, number: str) -> None:
        """Keep nothing of a verification that is under way."""
        self._api.delete(dict[str, Any], f"{_path(number)}/claim")

    def verifications(self, shop: str = "", version: str = "", limit: int = 20) -> list[VerificationSummary]:
        """The newest ones, newest first, also those under way."""
        query = given(shop=shop, version=version, limit=limit)
        return self._api.get(list[VerificationSummary], "verifications", query)

    def verification(self, number: str) -> Verification:
        """One with all that was seen."""
        return self._api.get(Verification, _path(number))

    def accepted(self, shop: str, before: float, limit: int) -> list[Verification]:
        """Those by which the newest accepted releases that began before that were accepted, newest first."""
        query = given(shop=shop, before=before, limit=limit)
        found = self._api.get(list[VerificationSummary], "verifications/accepted", query)
        return [self.verification(one.id) for one in found]

    def counts(
        self, shop: str, checks: Sequence[str], at: float, seconds: float, days: int
    ) -> tuple[Counts, ...]:
        """How these checks fared at the same time of so many earlier days, half an hour more on both sides."""
        query = [*_checks(checks), *given(shop=shop, at=at, seconds=seconds, days=days)]
        return self._api.get(tuple[Counts, ...], "releases/counts", query)

    def standing(self, shop: str, checks: Sequence[str], at: float) -> Mapping[str, Status]:
        """How these checks stood right then, confirmed; those that nobody knew are left out."""
        query = [*_checks(checks), *given(shop=shop, at=at)]
        return self._api.get(dict[str, Status], "releases/standing", query)

    def note_gate(self, decision: GateDecision) -> GateDecision:
        """Keep what the gate said; the answer has its number."""
        return self._api.post(GateDecision, "gates", to_json(decision))

    def gates(self, shop: str, version: str = "", limit: int = 20) -> list[GateDecision]:
        """What the gate said of a shop's releases, newest first."""
        return self._api.get(list[GateDecision], "gates", given(shop=shop, version=version, limit=limit))


def _path(number: str) -> str:
    return f"verifications/{quote(number, safe='')}"


def _checks(checks: Sequence[str]) -> Parameters:
    return [("check", name) for name in checks]
