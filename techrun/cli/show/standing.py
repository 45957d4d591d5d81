"""How the shops stand: `techrun status`."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from techrun.app.standing import CheckStanding, Standing
from techrun.cli.show.console import STYLES, badge, seconds
from techrun.language.durations import show as duration
from techrun.store.history import PastRun, Uptime


def show_standing(found: Standing, console: Console, now: float | None = None) -> None:
    """Print incidents first, then every check, then what is left undone."""
    now = time.time() if now is None else now
    for incident in found.incidents:
        head = Text(f"{incident.title}  ", "bold red")
        head.append(f"since {_clock(incident.since)} ({_age(incident.since, now)}) #{incident.id}", "dim")
        console.print(head)
    if found.incidents:
        console.print()
    console.print(_table(found.checks, now))
    if found.runs:
        console.print()
        console.print(_runs(found.runs))
    for line in _undone(found, now):
        console.print(Text(line, "yellow"))


def _table(checks: tuple[CheckStanding, ...], now: float) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("check", "confirmed", "since", "7 days", "last run", "what it found"):
        table.add_column(column, overflow="fold", no_wrap=column != "what it found")
    for one in checks:
        state, last = one.state, one.last
        table.add_row(
            str(one.check.id),
            Text(badge(state.status), STYLES[state.status]),
            _age(state.since, now) if state.since else "-",
            _share(one.week),
            f"{_age(last.started, now)} ago" if last else "never",
            _found(one),
        )
    return table


def _share(uptime: Uptime) -> str:
    """The good share of the runs with a verdict, never rounded up: 100 % means all of them."""
    return "-" if uptime.share is None else f"{math.floor(uptime.share * 10_000) / 100:g} %"


def _runs(runs: Sequence[PastRun]) -> Table:
    """The newest runs of one check."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("run", "status", "took", "what it found"):
        table.add_column(column, overflow="fold", no_wrap=column != "what it found")
    for run in runs:
        where = f'at "{run.step}" ' if run.step and run.reason else ""
        took = seconds(run.duration)
        table.add_row(
            _clock(run.started), Text(badge(run.status), STYLES[run.status]), took, where + run.message
        )
    return table


def _found(one: CheckStanding) -> Text:
    if one.last is None:
        return Text("")
    text = Text(badge(one.last.status), STYLES[one.last.status])
    where = f' at "{one.last.step}"' if one.last.step and one.last.reason else ""
    return text.append(f"{where} {one.last.message}".rstrip(), "default")


def _undone(found: Standing, now: float) -> Iterator[str]:
    for backlog in found.undelivered:
        yield f"{backlog.channel}: {backlog.messages} message(s) not delivered, the oldest waits for {_age(backlog.oldest, now)}"
    for order in found.leaked:
        yield (
            f"{order.check}: test order {order.reference or order.run_id} stands in the shop since {_clock(order.begun)}; "
            f"cancel it by hand, then: techrun status --orders-cancelled {order.check.shop}"
        )


def _age(moment: float, now: float) -> str:
    return duration(max(0, round(now - moment)))


def _clock(moment: float) -> str:
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def as_record(found: Standing) -> dict[str, Any]:
    """The same for programs; moments are Unix time."""
    return {
        "version": 1,
        "checks": [
            {
                "shop": one.check.id.shop,
                "check": one.check.id.name,
                "status": one.state.status.value,
                "since": one.state.since or None,
                "last_good": one.state.last_good,
                "uptime_7d": one.week.share,
                "last_run": one.last and {"started": one.last.started, "status": one.last.status.value, "reason": one.last.reason, "step": one.last.step, "message": one.last.message},
            }
            for one in found.checks
        ],
        "incidents": [
            {"id": one.id, "check": str(one.check), "severity": one.severity, "title": one.title, "since": one.since}
            for one in found.incidents
        ],
        "undelivered": [{"channel": one.channel, "messages": one.messages, "oldest": one.oldest} for one in found.undelivered],
        "leaked_orders": [{"check": str(one.check), "reference": one.reference, "begun": one.begun} for one in found.leaked],
    }  # fmt: skip
