"""What a verification tells while it runs: a picture on a terminal, lines elsewhere."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from rich.console import Console

from techrun.cli.show.release_live import Lines, Quiet, drawn
from techrun.cli.show.release_seen import Seen


def told(kind, tell) -> list[str]:
    """The lines, without their times."""
    out = io.StringIO()
    tell(kind(Console(file=out, width=80, no_color=True), Seen("v812 of acme")))
    return [line[9:] for line in out.getvalue().splitlines()]


def everything(failed):
    """All that a verification tells, stage by stage."""

    def tell(live) -> None:
        live.begins("identity", "does every node run v812?")
        live.identity(failed.identity)
        live.identity(failed.identity)
        live.begins("smoke", "3 runs")
        for result in failed.smoke:
            live.smoke(result)
        live.begins("bake", "2 checks, 1 judged")
        live.bakes(("acme/home",), 30, failed.ended)
        for sample in failed.samples:
            live.sample(sample)
        live.says("the book of releases does not answer")

    return tell


def test_a_log_has_a_line_for_whatever_happens_and_none_twice(failed) -> None:
    lines = told(Lines, everything(failed))
    assert lines[:4] == [
        "identity: does every node run v812?",
        "identity: ✓ 127.0.0.2 runs v812, 3 answers in a row",
        "identity: ✗ 127.0.0.3 still serves v811 (asked 12 times)",
        "identity: ✗ the front says v811 and v812 in turns",
    ]
    assert "smoke: ✓ up look on 127.0.0.2 (400 ms)" in lines
    assert 'bake: ✗ down acme/home: at "home": expected 200, got 502 [status]' in lines
    assert lines[-1] == "the book of releases does not answer"


def test_a_log_counts_good_runs_now_and_then(failed) -> None:
    lines = [line for line in told(Lines, everything(failed)) if "samples of each check" in line]
    assert lines == ["bake: 1 of 30 samples of each check, 0 failed, 0s left"]


def test_a_node_is_told_again_once_it_says_something_else(failed) -> None:
    def tell(live) -> None:
        live.identity(failed.identity)
        old = failed.identity.findings[1]
        turned = replace(old, state="new", version="v812", text="127.0.0.3 runs v812")
        live.identity(replace(failed.identity, findings=(turned,)))

    assert told(Lines, tell)[-1] == "identity: ✓ 127.0.0.3 runs v812"


def test_a_node_that_is_still_asked_is_not_called_unseen(failed) -> None:
    def tell(live) -> None:
        once = replace(
            failed.identity.findings[0], state="not-seen", samples=1, text="1 of 3 in a row until now"
        )
        live.identity(replace(failed.identity, findings=(once,)))

    assert told(Lines, tell) == ["identity: … 127.0.0.2 is asked"]


def test_quiet_tells_nothing_but_what_happens_to_techrun(failed) -> None:
    assert told(Quiet, everything(failed)) == ["the book of releases does not answer"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("v812 of acme", id="the title"),
        pytest.param("! identity", id="a stage that is over, and saw what should not be"),
        pytest.param("▸ bake 2 checks, 1 judged", id="the stage that runs"),
        pytest.param("· judgement", id="a stage to come"),
        pytest.param("127.0.0.3 ✗ old version", id="a node that is behind"),
        pytest.param("::1: no route", id="what was not seen"),
        pytest.param("down look through the front", id="a smoke run that failed"),
        pytest.param("acme/home 30 4 112 ms", id="how far the bake is"),
        pytest.param("5m left", id="how long it still takes"),
    ],
)
def test_the_picture_shows(failed, text) -> None:
    seen = Seen("v812 of acme")
    out = io.StringIO()
    live = Lines(Console(file=io.StringIO()), seen)
    everything(failed)(live)
    Console(file=out, width=120, no_color=True).print(drawn(seen, failed.ended - 300))
    assert text in " ".join(out.getvalue().split())


def test_a_stage_is_ticked_off_only_where_all_is_as_it_should_be(failed) -> None:
    seen = Seen("v812 of acme")
    good = failed.identity.findings[:1]
    seen.identity = replace(failed.identity, findings=good, not_seen=())
    assert seen.well("identity")
    seen.identity = replace(failed.identity, findings=good)
    assert not seen.well("identity")
    seen.smoke.append(failed.smoke[0])
    assert seen.well("smoke")
    seen.smoke.append(failed.smoke[1])
    assert not seen.well("smoke")


def test_a_person_at_a_terminal_sees_the_stages_renew_themselves(place) -> None:
    place.begin()
    master, terminal = pty.openpty()
    command = [sys.executable, "-m", "techrun", "release", "verify", "v812"]
    environ = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    with subprocess.Popen(
        command, cwd=place.folder, env=environ, stdout=terminal, stderr=terminal
    ) as process:
        os.close(terminal)
        seen = b""
        with contextlib.suppress(OSError):  # Linux says so when the other side is gone
            while chunk := os.read(master, 65536):
                seen += chunk
        os.close(master)
    assert process.returncode == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())
    for part in ("✓ identity", "· judgement", "▸ bake", "acme/cart", "✓ Passed  v812 of acme"):
        assert part in text
