"""Every result as one row, and the questions that are asked of them."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from techrun.model import CheckId, Reason, Result, Status, Step
from techrun.standing import storable
from techrun.store.watched import NUMBER, number_checks

HOUR = 3600

_INSERT = (
    "INSERT INTO results (watched, started, status, reason, step, message, duration, lateness, cause,"  # noqa: S608  constants of the store
    f" run_id, trace_id, location, steps) VALUES ({NUMBER}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run as the history knows it."""

    check: CheckId
    started: float
    status: Status
    reason: Reason | None
    step: str
    message: str
    duration: float
    lateness: float
    trigger: str
    run_id: str
    trace_id: str
    location: str
    steps: Any
    """Seconds by step of a good run; of any other the steps in full."""


@dataclass(frozen=True, slots=True)
class Uptime:
    """How many runs of a time found the shop well, and how many did not."""

    good: int
    down: int
    untold: int
    """Blocked or unknown: they say nothing about the shop."""

    @property
    def share(self) -> float | None:
        """The good share of the runs with a verdict; None where there was none."""
        told = self.good + self.down
        return self.good / told if told else None


def insert_results(connection: sqlite3.Connection, results: list[Result]) -> None:
    """Add these results inside a transaction."""
    number_checks(connection, {result.check.id for result in results})
    connection.executemany(_INSERT, map(_row, results))


def _row(result: Result) -> tuple[Any, ...]:
    outcome = result.outcome
    check = result.check.id
    return (
        check.shop,
        check.name,
        result.started,
        outcome.status.value,
        outcome.reason.value if outcome.reason else "",
        outcome.step,
        storable(outcome.message),
        result.duration,
        result.lateness,
        result.trigger,
        result.run_id,
        outcome.trace_id,
        result.location,
        _steps(result),
    )


def _steps(result: Result) -> str:
    outcome = result.outcome
    if not outcome.steps and not outcome.cleanup:
        return ""
    if outcome.status is Status.UP and not outcome.cleanup_failed:
        return _compact({step.name: round(step.duration, 4) for step in outcome.steps})
    told: dict[str, Any] = {"steps": [_step(step) for step in outcome.steps]}
    if outcome.cleanup:
        told["cleanup"] = [_step(step) for step in outcome.cleanup]
    if outcome.orders:
        told["orders"] = [[order.step, order.reference, order.state] for order in outcome.orders]
    if outcome.not_run:
        told["not_run"] = outcome.not_run
    return _compact(told)


def _step(step: Step) -> Mapping[str, Any]:
    told: dict[str, Any] = {
        "step": step.name,
        "status": step.status.value,
        "seconds": round(step.duration, 4),
    }
    if step.skipped:
        told["skipped"] = True
    if step.http_status is not None:
        told["http_status"] = step.http_status
    if step.status is not Status.UP:
        told["reason"] = step.reason.value if step.reason else ""
        told["message"] = storable(step.message)
    return told


_compact = json.JSONEncoder(separators=(",", ":")).encode


def last_runs(connection: sqlite3.Connection) -> Iterator[PastRun]:
    """The newest run of every check."""
    yield from _runs(
        connection,
        "WHERE results.id = (SELECT id FROM results AS newest WHERE newest.watched = watched.id"
        " ORDER BY started DESC LIMIT 1) ORDER BY shop, name",
    )


def runs_of(connection: sqlite3.Connection, check: CheckId, limit: int = 20) -> Iterator[PastRun]:
    """The newest runs of one check, newest first."""
    yield from _runs(
        connection,
        "WHERE watched.shop = ? AND watched.name = ? ORDER BY started DESC LIMIT ?",
        (check.shop, check.name, limit),
    )


def last_good(connection: sqlite3.Connection, check: CheckId) -> float | None:
    """When the newest good run of a check started; None where none is known."""
    row = connection.execute(
        f"SELECT started FROM results WHERE watched = {NUMBER} AND status IN ('up', 'degraded')"  # noqa: S608  constants of the store
        " ORDER BY started DESC LIMIT 1",
        (check.shop, check.name),
    ).fetchone()
    return None if row is None else float(row[0])


def last_heard(connection: sqlite3.Connection, shop: str) -> float | None:
    """When the newest run of any of the shop's checks started; None where none is known."""
    (started,) = connection.execute(
        "SELECT max((SELECT max(started) FROM results WHERE results.watched = watched.id)) FROM watched"
        " WHERE shop = ?",
        (shop,),
    ).fetchone()
    return None if started is None else float(started)


def uptime(connection: sqlite3.Connection, check: CheckId, since: float, until: float) -> Uptime:
    """How a check fared between two moments; whole hours that are rolled up count from there."""
    number, rolled = connection.execute(
        "SELECT max(watched.id), max(hour) FROM watched LEFT JOIN hours ON hours.watched = watched.id"
        " WHERE shop = ? AND name = ?",
        (check.shop, check.name),
    ).fetchone()
    first = math.ceil(since / HOUR) * HOUR
    last = min(math.floor(until / HOUR) * HOUR, 0 if rolled is None else rolled + HOUR)
    if last <= first:
        return _sum_raw(connection, number, since, until)
    parts = (
        _sum_raw(connection, number, since, first),
        _sum_hours(connection, number, first, last),
        _sum_raw(connection, number, last, until),
    )
    return Uptime(*(sum(counts) for counts in zip(*((p.good, p.down, p.untold) for p in parts), strict=True)))


def _sum_raw(connection: sqlite3.Connection, number: int | None, since: float, until: float) -> Uptime:
    row = connection.execute(
        "SELECT total(status IN ('up', 'degraded')), total(status = 'down'),"
        " total(status IN ('blocked', 'unknown'))"
        " FROM results WHERE watched = ? AND started >= ? AND started < ?",
        (number, since, until),
    ).fetchone()
    return Uptime(*map(int, row))


def _sum_hours(connection: sqlite3.Connection, number: int | None, since: float, until: float) -> Uptime:
    row = connection.execute(
        "SELECT total(up + degraded), total(down), total(blocked + unknown)"
        " FROM hours WHERE watched = ? AND hour >= ? AND hour < ?",
        (number, since, until),
    ).fetchone()
    return Uptime(*map(int, row))


def _runs(connection: sqlite3.Connection, condition: str, values: tuple[Any, ...] = ()) -> Iterator[PastRun]:
    for row in connection.execute(
        "SELECT shop, name, started, status, reason, step, message, duration, lateness, cause, run_id,"  # noqa: S608  the condition is written in this file
        f" trace_id, location, steps FROM watched JOIN results ON results.watched = watched.id {condition}",
        values,
    ):
        shop, name, started, status, reason, *rest, steps = row
        found: list[Any] = [
            CheckId(shop, name),
            started,
            Status(status),
            Reason(reason) if reason else None,
            *rest,
        ]
        found.append(json.loads(steps) if steps else {})
        yield PastRun(*found)
