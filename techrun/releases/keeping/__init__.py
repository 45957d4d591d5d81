"""The book: where releases, their verifications and what the gate said before them are kept.

`store_book` is the store of this machine, with or without a daemon beside it; `app.remote_book` the server of
`--server`. `claims` says when a verification may be taken over, `process` whether its process is gone, `past`
which earlier runs count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from techrun.handling import Release
from techrun.model import Status
from techrun.oncall import TakenError
from techrun.releases.records import Counts, GateDecision, Verification
from techrun.standing import storable
from techrun.views import VerificationSummary
from techrun.wire import from_json, to_json

__all__ = ["FORMAT", "Book", "TakenError", "checked_id", "decoded", "encoded", "summary_of"]

FORMAT = 1
"""Of the JSON of a verification; see `Verification.format`."""
SECRET = frozenset({"token", "webhooks", "password"})
"""Keys of `releases:` that are kept nowhere."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Book(Protocol):
    """Where releases are kept. TechrunError says why they cannot be; UnknownError what is not there.

    Each may take as long as an answer of the server or of the disk: not for an event loop.
    """

    def release(self, shop: str, version: str) -> Release | None:
        """The newest release of this version of a shop."""

    def releases(self, shop: str, since: float) -> list[Release]:
        """The shop's releases that began since then, newest first."""

    def went_live(self, release: Release, at: float) -> None:
        """It was seen on every node then; the first time counts."""

    def claim(self, verification: Verification, by: str = "") -> None:
        """Begin a verification of its release; TakenError where somebody is at one and alive.

        One whose process is gone is taken over: it never has a verdict.
        """

    def alive(self, number: str) -> None:
        """The verification goes on; TakenError where somebody else has taken over."""

    def save(self, verification: Verification) -> None:
        """Keep one that has ended, in place of what was kept of it; the release has its verdict then.

        TakenError where somebody else has taken over.
        """

    def drop(self, number: str) -> None:
        """Keep nothing of a verification that is under way; nothing happens where it is not."""

    def verifications(self, shop: str = "", version: str = "", limit: int = 20) -> list[VerificationSummary]:
        """The newest ones, newest first, also those under way; of one shop and version or of all."""

    def verification(self, number: str) -> Verification:
        """One with all that was seen."""

    def accepted(self, shop: str, before: float, limit: int) -> list[Verification]:
        """Those by which the newest accepted releases that began before that were accepted, newest first."""

    def counts(
        self, shop: str, checks: Sequence[str], at: float, seconds: float, days: int
    ) -> tuple[Counts, ...]:
        """How these checks fared at the same time of so many earlier days, half an hour more on both sides.

        The runs of the schedule as far as they are kept, without maintenance and the grace of releases.
        """

    def standing(self, shop: str, checks: Sequence[str], at: float) -> Mapping[str, Status]:
        """How these checks stood right then, confirmed; those that nobody knew are left out."""

    def note_gate(self, decision: GateDecision) -> GateDecision:
        """Keep what the gate said; the answer has its number."""

    def gates(self, shop: str, version: str = "", limit: int = 20) -> list[GateDecision]:
        """What the gate said of a shop's releases, newest first."""


def encoded(verification: Verification) -> bytes:
    """The verification as JSON, without the secrets of its settings."""
    told = to_json(verification)
    told["settings"] = _without_secrets(told["settings"])
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(inner) for key, inner in value.items() if key not in SECRET}
    return [_without_secrets(inner) for inner in value] if isinstance(value, list) else value


def decoded(text: bytes | str) -> Verification:
    """The verification in this JSON; ValueError says why it holds none."""
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return verification_of(value)


def verification_of(value: Any) -> Verification:
    """The verification that JSON held; ValueError says why it is none."""
    if not isinstance(value, dict):
        raise ValueError("it is no verification")  # noqa: TRY004  callers expect what is wrong with the JSON
    form = value.get("format")
    if isinstance(form, int) and form > FORMAT:
        raise ValueError(f"a newer techrun wrote it (format {form}, this one knows {FORMAT})")
    return from_json(Verification, value)


def checked_id(number: str) -> str:
    """The id, if it can stand in addresses and in names of files; ValueError where not."""
    if not _ID.fullmatch(number):
        raise ValueError(f"id: {number[:100]!r} has other characters than letters, digits, `.`, `_` and `-`")
    return number


def summary_of(one: Verification, *, now: float, running: bool = False) -> VerificationSummary:
    """The verification as it stands in a list."""
    verdict = one.verdict
    return VerificationSummary(
        id=one.id,
        shop=one.shop,
        release=one.release,
        version=one.version,
        commit=one.commit,
        started=one.started,
        ended=None if running else one.ended,
        location=one.location,
        by=one.by,
        verdict=verdict.value if verdict else "",
        summary=storable(verdict.summary if verdict else one.cut),
        samples=sum(not sample.settling for sample in one.samples),
        state="running" if running else "ended",
        alive=now,
    )
