"""A verification in which something of every kind happened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from techrun.model import Reason, Status
from techrun.releases.records import (
    Action,
    Expectation,
    Figure,
    Identity,
    NodeFinding,
    Ruling,
    Sample,
    SmokeResult,
    Verdict,
    Verification,
)

BEGUN = 1_700_000_000.0
RULINGS = (
    Ruling("smoke.failed", "buy on 127.0.0.3", holds=False, text="it is down: expectation", check="demo/buy"),
    Ruling("identity.unreachable", "127.0.0.4", None, "127.0.0.4 refuses connections", samples=3),
    Ruling(
        "latency.slower",
        "home",
        holds=False,
        text="median 240 ms, before 120 ms: twice",
        warns=True,
        samples=30,
    ),
    Ruling(
        "errors.more",
        "home",
        holds=True,
        text="0 of 30 runs failed, before 2 of 1440",
        samples=30,
        check="demo/home",
    ),
)


def samples(check, *, failed=0, runs=30):
    for number in range(runs):
        down = number < failed
        yield Sample(
            check=check,
            at=BEGUN + 60 + 8 * number,
            offset=60.0 + 8 * number,
            status=Status.DOWN if down else Status.UP,
            duration=0.1 + number / 1000,
            steps={} if down else {"home": 0.05},
            reason=Reason.STATUS if down else None,
            step="home" if down else "",
            message="500 in place of 200" if down else "",
            warm_up=number < 3,
        )


@pytest.fixture
def verification():
    """A failed one."""
    settling = Sample("demo/home", BEGUN, 1.0, Status.DOWN, 9.0, settling=True)
    blocked = Sample("demo/buy", BEGUN + 90, 90.0, Status.BLOCKED, 1.0, message="captcha")
    return Verification(
        id="v-1",
        shop="demo",
        release=7,
        version="v812",
        commit="0812bbb",
        begun=BEGUN,
        started=BEGUN + 10,
        ended=BEGUN + 320,
        by="ci",
        identity=Identity(
            Expectation("v812", "0812bbb"),
            (
                NodeFinding("127.0.0.2", "new", "runs v812 since 14 s", "v812", "0812bbb", 3, 14, 1.0),
                NodeFinding("127.0.0.3", "old", "127.0.0.3 still serves v811 (asked 12 times)", "v811"),
                NodeFinding("127.0.0.4", "unreachable", "127.0.0.4 refuses connections"),
                NodeFinding("front", "mixed", "v812 and v811 in turns", "v811"),
            ),
            ("an origin behind Cloudflare: set `nodes:`",),
        ),
        smoke=(
            SmokeResult("buy", "front", Status.UP, steps=4, orders=("order_id=1000042 cancelled",)),
            SmokeResult("buy", "127.0.0.3", Status.DOWN, Reason.EXPECTATION, "pay", "no such button"),
        ),
        samples=(settling, *samples("demo/home"), *samples("demo/buy", failed=4, runs=10), blocked),
        judged=("demo/home",),
        wanted=30,
        figures=(Figure("errors by version", 0.031, 0.002), Figure("p95", None, failure="no data")),
        actions=(Action("command", "./roll-back", BEGUN + 321, ok=False, answer="exit code 1\nno way back"),),
        verdict=Verdict(
            "fail",
            "v812 of demo fails: buy is down on 127.0.0.3.",
            RULINGS,
            ("a median of home that is +38 % or more",),
            "the last 5 accepted releases",
            3,
        ),
    )


@pytest.fixture
def judged(verification):
    """The same with another verdict."""

    def make(value, *rulings):
        return replace(verification, verdict=Verdict(value, f"it is {value}", rulings))

    return make


HOSTILE = "\x1b[31m]]>&<script>alert(1)</script>|`**_x_** [a](http://x) $(id) \"q\" 'q'\n# h\x00\ud800 \u202eevil @all :bug: $x$"


@pytest.fixture
def hostile(verification):
    """The same, and every text in it is somebody's bad joke."""
    verdict = Verdict(
        "fail", HOSTILE, tuple(Ruling("errors.more", HOSTILE, holds, HOSTILE) for holds in (False, None, True)),
        (HOSTILE,), HOSTILE,
    )  # fmt: skip
    return replace(
        verification,
        version=HOSTILE,
        commit=HOSTILE,
        cut=HOSTILE,
        superseded=HOSTILE,
        identity=Identity(Expectation(HOSTILE), (NodeFinding("front", "old", HOSTILE, HOSTILE),), (HOSTILE,)),
        smoke=(SmokeResult("buy", HOSTILE, Status.DOWN, step=HOSTILE, message=HOSTILE, orders=(HOSTILE,)),),
        samples=(Sample(HOSTILE, BEGUN, 70.0, Status.DOWN, 1.0, message=HOSTILE),),
        judged=(HOSTILE,),
        figures=(Figure(HOSTILE, None, failure=HOSTILE),),
        actions=(Action("command", HOSTILE, BEGUN, ok=False, answer=HOSTILE),),
        verdict=verdict,
    )
