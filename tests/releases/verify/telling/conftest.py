"""Verifications made by hand, and what the command line prints of them."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from techrun.model import Reason, Status
from techrun.releases.records import (
    Action,
    Counts,
    Expectation,
    Identity,
    NodeFinding,
    Ruling,
    Sample,
    SmokeResult,
    Verdict,
    Verification,
)

LIVE = 1_700_000_060.0


def samples(check: str, number: int, *, failed: int = 0) -> tuple[Sample, ...]:
    """Runs every 8 s after the settle time, the last ones failed, and one before it."""
    settling = Sample(
        check, LIVE + 50, 50.0, Status.DOWN, 0.5, reason=Reason.STATUS, message="cold", settling=True
    )
    good = [
        Sample(check, LIVE + 60 + 8 * turn, 60.0 + 8 * turn, Status.UP, 0.1 + turn / 1000)
        for turn in range(number - failed)
    ]
    bad = [
        Sample(check, LIVE + 290, 290.0, Status.DOWN, 0.2, {}, Reason.STATUS, "home", "expected 200, got 502")
        for _ in range(failed)
    ]
    return (settling, *good, *bad)


@pytest.fixture
def failed() -> Verification:
    """A release that went live on two nodes of three and fails on the home page."""
    rulings = (
        Ruling(
            "identity.old_version",
            "127.0.0.3",
            holds=False,
            text="still serves v811 (asked 12 times)",
            samples=12,
        ),
        Ruling(
            "errors.more", "acme/home", holds=False, text="4 of 30 runs failed, 2 of 1440 before", samples=30
        ),
        Ruling(
            "figures.no_data", "error rate", holds=None, text="no data: no series is like this", warns=True
        ),
        Ruling("smoke.passed", "look", holds=True, text="3 of 3 runs are up", samples=3),
    )
    return Verification(
        id="20231114-221300-ab12",
        shop="acme",
        release=7,
        version="v812",
        commit="0812bbb",
        begun=LIVE - 60,
        started=LIVE - 30,
        ended=LIVE + 300,
        by="ci@runner",
        identity=Identity(
            Expectation("v812", "0812bbb"),
            (
                NodeFinding(
                    "127.0.0.2",
                    "new",
                    "127.0.0.2 runs v812, 3 answers in a row",
                    "v812",
                    "0812bbb",
                    3,
                    3,
                    LIVE,
                ),
                NodeFinding(
                    "127.0.0.3", "old", "127.0.0.3 still serves v811 (asked 12 times)", "v811", "", 0, 12
                ),
                NodeFinding("front", "mixed", "the front says v811 and v812 in turns", "v811"),
            ),
            not_seen=("::1: no route",),
            live=LIVE,
        ),
        smoke=(
            SmokeResult("look", "127.0.0.2", Status.UP, duration=0.4, steps=2),
            SmokeResult(
                "look", "front", Status.DOWN, Reason.STATUS, "article", "expected 200, got 500", 0.3, 1
            ),
            SmokeResult("buy", "front", Status.UP, duration=1.2, steps=5, orders=("order_id=7 cancelled",)),
        ),
        samples=(*samples("acme/home", 30, failed=4), *samples("acme/cart", 12)),
        judged=("acme/home",),
        wanted=30,
        before=(Counts("acme/home", LIVE - 86400, 1440, 2),),
        actions=(
            Action(
                "command",
                "dep rollback",
                LIVE + 301,
                ok=False,
                answer="exit code 3\nno such host",
                seconds=2.0,
            ),
        ),
        verdict=Verdict(
            "fail",
            "v812 is not live everywhere, and its home page fails more often than before.",
            rulings,
            could_see=("acme/home: 7 points more failures",),
            baseline="the same hours of the last 7 days",
            evaluated=3,
        ),
    )


@pytest.fixture
def plain():
    """Print to a string, without colours: `plain(show, record, **options)`."""

    def told(show, *records, **options) -> str:
        out = io.StringIO()
        show(*records, Console(file=out, width=160, no_color=True, highlight=False), **options)
        return out.getvalue()

    return told
