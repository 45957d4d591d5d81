"""What persons have put on the daemon's desk: windows and releases; and what a shadow would have sent."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from techrun.cli.show.clock import clock, left
from techrun.cli.show.console import bare_table
from techrun.handling import LoadTest, Release, Window
from techrun.views import ShadowMessage


def window_text(window: Window, now: float) -> str:
    """`silence #4: acme-*/* until 2026-12-01 14:00:00 (1h30m left) by dee: PSP moves`."""
    what = [" ".join(window.selectors)]
    what += [f"client {window.client}"] if window.client else []
    what += [f"tag {', '.join(window.tags)}"] if window.tags else []
    by = f" by {window.author}" if window.author else ""
    why = window.reason or window.source
    return (
        f"{window.kind} #{window.id}: {' '.join(filter(None, what)) or 'everything'}, "
        f"{_times(window, now)}{by}{f': {why}' if why else ''}"
    )


def _times(window: Window, now: float) -> str:
    if window.ended is not None and window.ended <= now:
        return f"ended {clock(window.ended)}"
    if window.ends <= now:
        return f"over since {clock(window.ends)}"
    if window.starts > now:
        return f"from {clock(window.starts)} until {clock(window.ends)}"
    return f"until {clock(window.ends)} ({left(window.ends, now)} left)"


def load_test_text(test: LoadTest, now: float) -> str:
    """`load test running: checkout, v2, on https://www.acme.es, since 2026-12-01 14:02:00 (acme-es)`."""
    runs = test.runs(now)
    times = f"since {clock(test.began)}" if runs else f"{clock(test.began)} to {clock(test.until)}"
    what = ", ".join(
        filter(None, (test.scenario, test.release, f"on {test.host}" if test.host else "", times))
    )
    return f"load test {'running' if runs else 'over'}: {what} ({test.shop})"


def show_window(window: Window, console: Console) -> None:
    """One window, as it is now."""
    console.print(Text(window_text(window, time.time())))


def show_windows(windows: Sequence[Window], console: Console) -> None:
    """All windows, one a line."""
    for window in windows:
        show_window(window, console)
    if not windows:
        console.print("nothing is in force or to come")


def show_release(release: Release, console: Console) -> None:
    """One release."""
    ended = f", ended {clock(release.ended)}" if release.ended is not None else ""
    ended += ", rolled back" if release.rolled_back else ""
    console.print(Text(f"{release.shop} {release.version}: began {clock(release.begun)}{ended}"))


def show_shadow(messages: Sequence[ShadowMessage], console: Console) -> None:
    """How many pages and tickets a day each channel would have had, then each message."""
    if not messages:
        console.print("nothing would have been sent; nobody was told")
        return
    counts = Counter((clock(one.created)[:10], one.channel, one.severity) for one in messages)
    table = bare_table()
    for column in ("day", "channel", "pages", "tickets", "infos"):
        table.add_column(column, justify="left" if column in {"day", "channel"} else "right")
    for day, channel in sorted({(day, channel) for day, channel, _ in counts}):
        numbers = (counts[day, channel, severity] for severity in ("page", "ticket", "info"))
        table.add_row(day, Text(channel), *map(str, numbers))
    console.print(table)
    console.print()
    for one in messages:
        line = Text(f"{clock(one.created)}  ", "dim")
        line.append(f"{one.channel}: {one.title}").append(f"  {one.event} #{one.incident}", "dim")
        console.print(line)
    console.print()
    console.print(f"{len(messages)} message(s) would have been sent; nobody was told")
