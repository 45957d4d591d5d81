"""`/api/v1/verifications` and what else a verification asks of the book; see docs/api.md."""

from __future__ import annotations

import logging
import math
import time
from typing import Any

from pydantic import Field

from techrun.errors import UsageError
from techrun.handling import Release
from techrun.language.durations import Seconds
from techrun.model import Status
from techrun.releases.keeping import decoded, summary_of, verification_of
from techrun.releases.keeping.store_book import StoreBook
from techrun.releases.records import Counts, GateDecision
from techrun.views import VerificationSummary
from techrun.web.bodies import Body, Query, understand
from techrun.web.call import Call, Table
from techrun.wire import from_json

log = logging.getLogger(__name__)

LARGEST_VERIFICATION = 32_000_000
"""Bytes of a verification, unpacked: two hours of fifty checks."""
LARGEST_CLAIM = 200_000
"""Bytes of one that begins: nothing was seen yet, but its settings are there."""
MOST_DAYS = 14
LONGEST_BAKE = 86400.0


class ClaimBody(Body):
    """A verification that begins."""

    verification: dict[str, Any]
    process: str = Field(default="", max_length=500)


class LiveBody(Body):
    """When a release was live everywhere."""

    ago: Seconds


class ReleaseApi:
    """Requests about releases and their verifications, as calls of the book. Each runs in a worker thread."""

    def __init__(self, book: StoreBook) -> None:
        self._book = book

    def table(self) -> Table:
        """What answers, by method and path; the first path that fits counts."""
        return {
            ("GET", "releases/counts"): self.counts,
            ("GET", "releases/standing"): self.standing,
            ("PUT", "releases/{number:int}/live"): self.went_live,
            ("GET", "verifications"): self.verifications,
            ("GET", "verifications/accepted"): self.accepted,
            ("GET", "verifications/{id}"): self.verification,
            ("POST", "verifications"): self.save,
            ("POST", "verifications/claims"): self.claim,
            ("PUT", "verifications/{id}/alive"): self.alive,
            ("DELETE", "verifications/{id}/claim"): self.drop,
            ("GET", "gates"): self.gates,
            ("POST", "gates"): self.note_gate,
        }

    def counts(self, call: Call) -> tuple[Counts, ...]:
        """How checks fared at the same time of earlier days."""
        query = call.query("shop", "check", "at", "seconds", "days")
        seconds, days = _number(query, "seconds", LONGEST_BAKE), _number(query, "days", MOST_DAYS)
        return self._book.counts(_shop(query), query.texts("check"), _at(query), seconds, int(days))

    def standing(self, call: Call) -> dict[str, Status]:
        """How checks stood at a moment."""
        query = call.query("shop", "check", "at")
        return dict(self._book.standing(_shop(query), query.texts("check"), _at(query)))

    def went_live(self, call: Call) -> Release:
        """A release was seen everywhere, so long ago by our clock."""
        call.query()
        ago, release = understand(LiveBody, call.body).ago, self._book.numbered(call.number)
        self._book.went_live(release, time.time() - ago)
        return self._book.numbered(call.number)

    def verifications(self, call: Call) -> list[VerificationSummary]:
        """The newest ones, each in a line."""
        query = call.query("shop", "version", "limit")
        return self._book.verifications(query.text("shop"), query.text("version"), query.limit())

    def accepted(self, call: Call) -> list[VerificationSummary]:
        """Those by which releases were accepted."""
        query = call.query("shop", "before", "limit")
        before = query.moment("before")
        return self._book.accepted_summaries(
            _shop(query), time.time() if before is None else before, query.limit()
        )

    def verification(self, call: Call) -> bytes:
        """One with all that was seen."""
        call.query()
        return self._book.raw(call.id)

    def save(self, call: Call) -> VerificationSummary:
        """Keep one that has ended."""
        call.query()
        try:
            found = decoded(call.body)
        except ValueError as error:
            raise UsageError(f"the body is no verification: {error}") from None
        self._book.save(found)
        line = summary_of(found, now=time.time())
        log.info("the verification %s of %s %s is kept: %s", line.id, line.shop, line.version, line.verdict)
        return line

    def claim(self, call: Call) -> VerificationSummary:
        """Begin one."""
        call.query()
        said = understand(ClaimBody, call.body)
        try:
            found = verification_of(said.verification)
        except ValueError as error:
            raise UsageError(f"`verification`: {error}") from None
        self._book.claim_for(found, said.author, said.process)
        log.info("%s verifies %s of %s", found.by or said.by, found.version, found.shop)
        return summary_of(found, now=time.time(), running=True)

    def alive(self, call: Call) -> dict[str, Any]:
        """One goes on."""
        call.query()
        self._book.alive(call.id)
        return {"id": call.id, "running": True}

    def drop(self, call: Call) -> dict[str, Any]:
        """Nothing of it is kept."""
        call.query()
        self._book.drop(call.id)
        return {"id": call.id, "running": False}

    def gates(self, call: Call) -> list[GateDecision]:
        """What the gate said."""
        query = call.query("shop", "version", "limit")
        return self._book.gates(_shop(query), query.text("version"), query.limit())

    def note_gate(self, call: Call) -> GateDecision:
        """Keep what a gate said elsewhere."""
        call.query()
        try:
            said = from_json(GateDecision, call.json())
        except ValueError as error:
            raise UsageError(f"the body is no decision of a gate: {error}") from None
        return self._book.note_gate(said)


def _shop(query: Query) -> str:
    if not query.text("shop"):
        raise UsageError("name the `shop`")
    return query.text("shop")


def _at(query: Query) -> float:
    moment = query.moment("at")
    if moment is None:
        raise UsageError("say which moment is meant: `at`, as Unix time or a date")
    return moment


def _number(query: Query, name: str, most: float) -> float:
    try:
        value = float(query.text(name))
    except ValueError:
        value = math.nan
    if not 0 <= value <= most:
        raise UsageError(f"`{name}` is a number from 0 to {most:g}")
    return value
