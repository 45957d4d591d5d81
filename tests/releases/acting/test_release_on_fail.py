"""The command that is run because a release failed: what it is told, how long it may take, what is kept of it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time

import psutil
import pytest

from techrun.releases.acting import command
from techrun.releases.records import Sample, Status

SECRET = "s3cr3t-of-the-shop"


def alive(pid):
    """Whether a process is there and is no corpse."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def gone(pid):
    async with asyncio.timeout(10):
        while alive(pid):  # noqa: ASYNC110  a process tells no event
            await asyncio.sleep(0.01)


async def test_it_gets_the_verdict_as_json_and_as_variables(make_verification, acted, tmp_path):
    line = f'cat > {tmp_path}/said; echo "$TECHRUN_SHOP $TECHRUN_VERSION $TECHRUN_VERDICT: $TECHRUN_SUMMARY"'
    (action,) = await acted(make_verification(), on_fail=line)
    assert action.ok
    assert action.answer == "exit code 0\ndemo v812 fail: 2 of 30 checkout runs failed"
    said = json.loads((tmp_path / "said").read_text())
    assert (said["verdict"], said["shop"], said["version"], said["commit"]) == (
        "fail",
        "demo",
        "v812",
        "abc1234",
    )
    assert said["rulings"][0]["rule"] == "errors.more"


@pytest.mark.parametrize("value", ["pass", "inconclusive", ""])
async def test_it_is_run_for_no_other_verdict_than_a_failure(value, make_verification, acted, tmp_path):
    assert await acted(make_verification(value), on_fail=f"touch {tmp_path}/done") == ()
    assert not (tmp_path / "done").exists()


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("echo no way back >&2; exit 3", "exit code 3\nno way back"),
        ("no-such-program-here", "exit code 127"),
        ("kill -9 $$", "ended by SIGKILL"),
    ],
    ids=["exit code", "no such program", "signal"],
)
async def test_that_it_failed_is_told_with_what_it_said(line, answer, make_verification, acted):
    (action,) = await acted(make_verification(), on_fail=line)
    assert not action.ok
    assert action.answer.startswith(answer)


async def test_a_text_of_the_shop_is_no_command(make_verification, acted, tmp_path):
    hostile = f'"; touch {tmp_path}/done; $(touch {tmp_path}/done) `touch {tmp_path}/done`\x00'
    (action,) = await acted(make_verification(summary=hostile), on_fail='printf "%s" "$TECHRUN_SUMMARY"')
    assert action.ok
    assert hostile.rstrip("\x00") in action.answer
    assert not (tmp_path / "done").exists()


async def test_what_takes_too_long_is_ended_with_all_that_it_started(
    make_verification, acted, tmp_path, monkeypatch
):
    monkeypatch.setattr(command, "GRACE", 0.2)
    line = f"trap '' TERM; (trap '' TERM; echo $BASHPID; exec sleep 600) & echo $! > {tmp_path}/child; wait; sleep 600"
    begun = time.monotonic()
    (action,) = await acted(make_verification(), on_fail=line, on_fail_timeout=1.5)
    assert "ended after 1.5 s" in action.answer
    assert not action.ok
    assert time.monotonic() - begun < 30
    await gone(int((tmp_path / "child").read_text()))


async def test_what_ends_itself_when_asked_to_is_not_killed(make_verification, acted):
    line = "trap 'echo tidied up; exit 0' TERM; while :; do sleep 0.05; done"
    (action,) = await acted(make_verification(), on_fail=line, on_fail_timeout=1.5)
    assert "tidied up" in action.answer
    assert not action.ok


async def test_what_it_leaves_running_holds_nobody_up(make_verification, acted, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "LATE", 0.2)
    line = f"sleep 600 & echo $! > {tmp_path}/child; echo done"
    try:
        (action,) = await acted(make_verification(), on_fail=line, on_fail_timeout=60)
        assert action.answer == "exit code 0\ndone"
        assert alive(int((tmp_path / "child").read_text()))
    finally:
        os.kill(int((tmp_path / "child").read_text()), signal.SIGKILL)


async def test_only_the_end_of_a_long_output_is_kept_and_no_half_of_a_secret(make_verification, acted):
    # The secret is cut in two exactly where the kept part begins.
    after = command.KEPT - 6
    line = f"head -c 300000 /dev/zero | tr '\\0' x; printf {SECRET}; head -c {after} /dev/zero | tr '\\0' y"
    (action,) = await acted(make_verification(), on_fail=line)
    assert len(action.answer) < command.KEPT + 100
    assert action.answer.endswith("y")
    assert SECRET[-6:] not in action.answer


async def test_secrets_are_kept_out_of_the_command_and_of_its_output(make_verification, acted):
    (action,) = await acted(make_verification(), on_fail=f"echo token={SECRET}")
    assert SECRET not in action.what + action.answer
    assert "***" in action.answer


async def test_a_long_verdict_that_nobody_reads_stops_nothing(make_verification, acted):
    samples = tuple(
        Sample(f"demo/check-{number}", 0.0, 0.0, Status.DOWN, 1.0, message="x" * 500) for number in range(400)
    )
    (action,) = await acted(make_verification(samples=samples), on_fail="true", on_fail_timeout=30)
    assert action.ok


async def test_who_gives_up_on_it_ends_it(make_verification, acted, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "GRACE", 0.2)
    line = f"echo $$ > {tmp_path}/pid; exec sleep 600"
    task = asyncio.create_task(acted(make_verification(), on_fail=line))
    async with asyncio.timeout(10):
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():  # noqa: ASYNC110  as above
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await gone(int((tmp_path / "pid").read_text()))


async def test_a_signal_to_our_own_group_does_not_reach_it(make_verification, acted):
    line = f"{sys.executable} -c 'import os; print(os.getpgrp())'"
    (action,) = await acted(make_verification(), on_fail=line)
    assert action.answer.split()[-1] != str(os.getpgrp())
