"""How the shops stand: `techrun status`."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from techrun.cli.show.clock import age, clock
from techrun.cli.show.console import STYLES, badge, bare_table, seconds
from techrun.cli.show.desk import load_test_text, window_text
from techrun.cli.show.incidents import attempt_text, show_open
from techrun.views import ChannelStanding, CheckStanding, LastRun, Standing

LONGEST = 160
"""Characters of what a service answered."""


def show_standing(found: Standing, console: Console, now: float | None = None) -> None:
    """Print incidents first, then every check, then what is held and what is left undone."""
    now = time.time() if now is None else now
    if found.own_network == "lost":
        console.print(Text("techrun's own network is gone: what it says of the shops is old", "bold red"))
    for incident in found.incidents:
        show_open(incident, console, now)
    if found.incidents:
        console.print()
    console.print(_table(found.checks, now))
    if found.runs:
        console.print()
        console.print(_runs(found.runs))
    for window in found.windows:
        console.print(Text(window_text(window, now), "cyan"))
    for test in found.load_tests:
        console.print(Text(load_test_text(test, now), "cyan"))
    for line in _undone(found, now):
        console.print(Text(line, "yellow"))
    if found.own_network == "ok":
        console.print(Text("own network: ok", "dim"))


def _table(checks: tuple[CheckStanding, ...], now: float) -> Table:
    table = bare_table()
    for column in ("check", "confirmed", "since", "7 days", "last run", "what it found"):
        table.add_column(column, overflow="fold", no_wrap=column != "what it found")
    for one in checks:
        table.add_row(
            f"{one.shop}/{one.check}",
            Text(badge(one.status), STYLES[one.status]),
            age(one.since, now) if one.since else "-",
            _share(one.uptime_7d),
            f"{age(one.last_run.started, now)} ago" if one.last_run else "never",
            _found(one.last_run),
        )
    return table


def _share(share: float | None) -> str:
    """The good share of the runs with a verdict, never rounded up: 100 % means all of them."""
    return "-" if share is None else f"{math.floor(share * 10_000) / 100:g} %"


def _runs(runs: Sequence[LastRun]) -> Table:
    """The newest runs of one check."""
    table = bare_table()
    for column in ("run", "status", "took", "what it found"):
        table.add_column(column, overflow="fold", no_wrap=column != "what it found")
    for run in runs:
        where = f'at "{run.step}": ' if run.step and run.reason else ""
        took = seconds(run.duration)
        table.add_row(
            clock(run.started), Text(badge(run.status), STYLES[run.status]), took, where + run.message
        )
    return table


def _found(run: LastRun | None) -> Text:
    if run is None:
        return Text("")
    text = Text(badge(run.status), STYLES[run.status])
    where = f' at "{run.step}":' if run.step and run.reason else ""
    return text.append(f"{where} {run.message}".rstrip(), "default")


def _undone(found: Standing, now: float) -> Iterator[str]:
    for channel in found.undelivered:
        yield _waiting(channel, now)
    for order in found.leaked_orders:
        yield (
            f"{order.check}: test order {order.reference} stands in the shop since {clock(order.begun)}; "
            f"cancel it by hand, then: techrun status --orders-cancelled {order.check.partition('/')[0]}"
        )


def _short(text: str) -> str:
    """The beginning of what a service answered; `incidents show` has it all."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _waiting(channel: ChannelStanding, now: float) -> str:
    last = channel.last_attempt
    why = f"; {_short(attempt_text(last))} ({age(last.at, now)} ago)" if last else ""
    return (
        f"{channel.channel}: {channel.messages} message(s) not delivered, "
        f"the oldest waits for {age(channel.oldest, now)}{why}"
    )
