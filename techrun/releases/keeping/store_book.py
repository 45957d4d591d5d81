"""The book in the store of this machine; the file is made where no daemon ever ran."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from techrun.errors import StoreError, TechrunError, UsageError
from techrun.handling import Release
from techrun.language.words import did_you_mean
from techrun.model import Check, CheckId, Status
from techrun.oncall import TakenError, UnknownError
from techrun.releases.keeping import Book, checked_id, decoded, encoded, summary_of
from techrun.releases.keeping.claims import end_of, nothing_more, taken
from techrun.releases.keeping.past import counted, in_the_way, same_times
from techrun.releases.keeping.process import this_process
from techrun.releases.records import Counts, GateDecision, Verification
from techrun.standing import storable
from techrun.store import releases as rows
from techrun.store import verifications as kept
from techrun.store.baseline import status_at, verdicts
from techrun.store.database import Store, is_older_store, read_store
from techrun.store.desk import windows
from techrun.store.writer import Answer, Work
from techrun.views import VerificationSummary
from techrun.wire import from_json, to_json


class StoreBook(Book):
    """Releases in one SQLite file, which several processes may use at once.

    The daemon hands in the store that it holds and its checks: it keeps nothing of shops that it does not know.
    """

    def __init__(
        self,
        path: Path,
        store: Store | None = None,
        *,
        shops: Callable[[], Collection[str]] | None = None,
        checks: Callable[[], Iterable[Check]] = tuple,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path, self._store, self._shops, self._checks, self._clock = path, store, shops, checks, clock

    def release(self, shop: str, version: str) -> Release | None:
        """The newest release of this version of a shop."""
        self._known(shop)
        found: list[Release] = self._read(lambda connection: rows.releases(connection, 0, shop, version), [])
        return found[0] if found else None

    def releases(self, shop: str, since: float) -> list[Release]:
        """The shop's releases that began since then, newest first."""
        return self._read(lambda connection: rows.releases(connection, since, shop), [])

    def numbered(self, number: int) -> Release:
        """The release of this number."""
        found = self._read(lambda connection: rows.release_of(connection, number), None)
        if found is None:
            raise UnknownError(f"there is no release #{number}; techrun release list tells them")
        return found

    def went_live(self, release: Release, at: float) -> None:
        """It was seen on every node then; the first time counts."""
        if not self._write(lambda connection: rows.went_live(connection, release.id, at)):
            raise UnknownError(f"there is no release #{release.id}; techrun release list tells them")

    def claim(self, verification: Verification, by: str = "") -> None:
        """Begin a verification of its release; TakenError where somebody is at one and alive."""
        self.claim_for(verification, by, this_process())

    def claim_for(self, verification: Verification, by: str, process: str) -> None:
        """The same for a process elsewhere."""
        self._known(verification.shop)
        _usable(verification.id)
        one = replace(verification, by=storable(by or verification.by))
        refusal = self._write(lambda connection: self._claim(connection, one, process))
        if refusal is not None:
            raise refusal

    def _claim(self, connection: sqlite3.Connection, one: Verification, process: str) -> TechrunError | None:
        """Inside a transaction that alone may write: what is read here stays true until the claim stands."""
        release = rows.release_of(connection, one.release)
        if release is None or (release.shop, release.version) != (one.shop, one.version):
            return UnknownError(
                f"there is no release #{one.release} {one.version} of {one.shop}; techrun release list tells them"
            )
        if kept.state_of(connection, one.id):
            return TakenError(f"there is a verification {one.id} already; begin another one")
        now, other = self._clock(), kept.running(connection, one.release)
        if other is not None:
            why = end_of(other, now)
            if not why:
                return TakenError(taken(other.summary, now))
            kept.abandon(connection, other.summary.id, why)
        kept.insert_verification(connection, summary_of(one, now=now, running=True), process)
        return None

    def alive(self, number: str) -> None:
        """The verification goes on; TakenError where somebody else has taken over."""
        now = self._clock()
        if not self._write(lambda connection: kept.renew(connection, number, now)):
            raise TakenError(f"the verification {number} is no longer under way: somebody else took over")

    def save(self, verification: Verification) -> None:
        """Keep one that has ended, in place of what was kept of it; the release has its verdict then."""
        self.keep(verification, encoded(verification))

    def keep(self, verification: Verification, text: bytes) -> None:
        """The same for one that came as JSON: writing that anew would hold up the daemon's probes."""
        self._known(verification.shop)
        _usable(verification.id)
        summary, details = summary_of(verification, now=self._clock()), zlib.compress(text)
        if not self._write(lambda connection: kept.end_verification(connection, summary, details)):
            raise TakenError(
                f"the verification {verification.id} is not kept: somebody else took over meanwhile; "
                f"see techrun release show {verification.version}"
            )

    def drop(self, number: str) -> None:
        """Keep nothing of a verification that is under way."""
        self._write(lambda connection: kept.drop(connection, number))

    def verifications(self, shop: str = "", version: str = "", limit: int = 20) -> list[VerificationSummary]:
        """The newest ones, newest first, also those under way."""
        return self._read(lambda connection: kept.verifications(connection, shop, version, limit), [])

    def verification(self, number: str) -> Verification:
        """One with all that was seen."""
        try:
            return decoded(self.raw(number))
        except (ValueError, zlib.error) as error:
            raise StoreError(f"{self._path}: the verification {number} cannot be read ({error})") from None

    def raw(self, number: str) -> bytes:
        """The JSON of a verification, as it was saved."""
        found = self._read(lambda connection: kept.verification(connection, number), None)
        if found is None:
            raise UnknownError(f"there is no verification {number}; techrun release list tells them")
        summary, details = found
        if details is None:
            raise UnknownError(nothing_more(summary))
        return zlib.decompress(details)

    def accepted(self, shop: str, before: float, limit: int) -> list[Verification]:
        """Those by which the newest accepted releases that began before that were accepted, newest first."""
        return [self.verification(one.id) for one in self.accepted_summaries(shop, before, limit)]

    def accepted_summaries(self, shop: str, before: float, limit: int) -> list[VerificationSummary]:
        """The same in a line each."""
        return self._read(lambda connection: kept.accepted_verifications(connection, shop, before, limit), [])

    def counts(
        self, shop: str, checks: Sequence[str], at: float, seconds: float, days: int
    ) -> tuple[Counts, ...]:
        """How these checks fared at the same time of so many earlier days, half an hour more on both sides."""
        known = {check.id: check for check in self._checks()}
        spans = same_times(at, seconds, days)

        def work(connection: sqlite3.Connection) -> tuple[Counts, ...]:
            announced = list(windows(connection, spans[-1][0])) if spans else []
            found: list[Counts] = []
            for check in (CheckId(shop, name) for name in checks):
                left_out = in_the_way(announced, check, known.get(check))
                found += counted(check.name, spans, left_out, partial(verdicts, connection, check))
            return tuple(found)

        return self._read(work, ())

    def standing(self, shop: str, checks: Sequence[str], at: float) -> Mapping[str, Status]:
        """How these checks stood right then, confirmed; those that nobody knew are left out."""

        def work(connection: sqlite3.Connection) -> dict[str, Status]:
            found = {name: status_at(connection, CheckId(shop, name), at) for name in checks}
            return {name: status for name, status in found.items() if status is not None}

        return self._read(work, {})

    def note_gate(self, decision: GateDecision) -> GateDecision:
        """Keep what the gate said; the answer has its number."""
        self._known(decision.shop)
        one = decision
        text = json.dumps(to_json(one), ensure_ascii=False)
        number = self._write(
            lambda connection: rows.add_gate(connection, one.shop, one.version, one.at, text)
        )
        return replace(one, id=number)

    def gates(self, shop: str, version: str = "", limit: int = 20) -> list[GateDecision]:
        """What the gate said of a shop's releases, newest first."""
        found: list[tuple[int, str]] = self._read(
            lambda connection: list(rows.gates(connection, shop, version, limit)), []
        )
        return [replace(from_json(GateDecision, json.loads(text)), id=number) for number, text in found]

    def _known(self, shop: str) -> None:
        known = None if self._shops is None else list(self._shops())
        if known is not None and shop not in known:
            hint = did_you_mean(shop, known) or f"there are: {', '.join(known)}"
            raise UsageError(f'no shop is called "{shop}"; {hint}')

    def _read(self, work: Work[Answer], nothing: Answer) -> Answer:
        """What the store knows; `nothing` where there is none yet."""
        if self._store is None and not self._path.exists():
            return nothing
        with read_store(self._path) if self._store is None else self._store.read() as connection:
            return work(connection)

    def _write(self, work: Work[Answer]) -> Answer:
        if self._store is not None:
            return self._store.write(work, urgent=True).result()
        # An older daemon that uses the store could not go on with a newer one: then this is refused.
        with contextlib.closing(Store(self._path, exclusive=is_older_store(self._path))) as store:
            return store.write(work, urgent=True).result()


def _usable(number: str) -> None:
    try:
        checked_id(number)
    except ValueError as error:
        raise UsageError(str(error)) from None
