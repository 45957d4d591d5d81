"""Verifications that do not come to their end: killed, cancelled, overtaken, refused; none of them is green."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
import time

import pytest

pytestmark = pytest.mark.timeout(120)


def test_a_second_verification_of_the_same_release_is_refused_and_told_who_is_at_it(place) -> None:
    place.write(bake="30s", samples=80)
    place.begin()
    running = place.start("verify", "v812")
    running.wait_for("identity:")
    second = place.verify()
    assert second.code == 4
    assert "verifies v812 of acme already" in second.err
    assert "techrun release show v812" in second.err
    running.process.send_signal(signal.SIGINT)
    assert running.end().code == 130


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupted_verification_is_kept_as_inconclusive_and_acts_on_nothing(place, name) -> None:
    place.write(bake="30s", samples=80)
    place.begin()
    running = place.start("verify", "v812", "--format", "json", "--on-fail", "touch acted", "--report-only")
    running.wait_for("bake:")
    running.process.send_signal(getattr(signal, name))
    done = running.end()
    assert done.code == 130, done.err
    seen = json.loads(done.out)
    assert seen["verdict"]["value"] == "inconclusive"
    assert f"interrupted ({name})" in seen["verdict"]["summary"]
    assert seen["cut"] == f"interrupted ({name})"
    assert [one["verdict"] for one in place.listed()] == ["inconclusive"]
    assert not (place.folder / "acted").exists()


@pytest.mark.parametrize("stage", ["identity:", "smoke:", "bake:"])
def test_after_a_kill_the_next_verification_begins_anew_and_the_dead_one_never_passes(
    place, shop, stage
) -> None:
    place.write(bake="30s", samples=80, more="")
    place.begin()
    running = place.start("verify", "v812")
    running.wait_for(stage)
    running.process.kill()
    running.end()
    assert [one["verdict"] for one in place.listed()] == [""]
    place.write()
    done = place.verify()
    assert (done.code, done.verdict["value"]) == (0, "pass"), done.err + done.out
    assert done.seen["cut"] == ""
    story = json.loads(place.here("show", "v812", "--format", "json").out)
    assert [(one["state"], one["verdict"]) for one in story["verifications"]] == [
        ("abandoned", ""),
        ("ended", "pass"),
    ]


def test_a_newer_release_ends_the_verification_and_what_came_before_it_is_no_pass(place, monkeypatch) -> None:
    monkeypatch.setattr("techrun.app.release_watch.SAY", 0.2)
    place.write(bake="30s", samples=80)
    place.begin()
    done = place.verify(at="bake:", act=lambda: place.begin("v813", "0813ccc"))
    assert done.code == 4, done.err
    assert (done.seen["superseded"], done.verdict["value"]) == ("v813", "inconclusive")
    assert "v813" in done.seen["cut"]


def test_one_that_was_asleep_while_somebody_took_over_keeps_nothing(place) -> None:
    place.write(bake="30s", samples=80)
    place.begin()
    asleep = place.start("verify", "v812")
    asleep.wait_for("bake:")
    asleep.process.send_signal(signal.SIGSTOP)
    with contextlib.closing(sqlite3.connect(place.folder / "techrun.db")) as store, store:
        store.execute("UPDATE verifications SET alive = alive - 60")
    place.write()
    assert place.verify().code == 0
    asleep.process.send_signal(signal.SIGCONT)
    done = asleep.end()
    assert done.code == 4, done.err
    assert "somebody else took over" in done.err
    assert [one["verdict"] for one in place.listed()] == ["pass"]


def test_one_that_was_taken_over_when_its_verdict_was_due_acts_on_nothing(place, shop, monkeypatch) -> None:
    """The one that took over has the verdict, and perhaps a good one."""
    from techrun.releases.judge import verdict

    judge = verdict.judge

    def late(*known):
        with contextlib.closing(sqlite3.connect(place.folder / "techrun.db")) as store, store:
            store.execute("UPDATE verifications SET state = 'abandoned'")
        return judge(*known)

    monkeypatch.setattr(verdict, "judge", late)
    shop.deploy("v811", "0811aaa")
    place.write(within="1500ms")
    place.begin()
    done = place.verify("--on-fail", "touch acted")
    assert done.code == 4, done.err
    assert "somebody else took over" in done.err
    assert not (place.folder / "acted").exists()


def test_a_fault_of_our_own_is_told_kept_and_no_verdict_on_the_shop(place, monkeypatch) -> None:
    def broken(*_):
        raise ExceptionGroup("of tasks beside each other", [ZeroDivisionError("no such median")])

    monkeypatch.setattr("techrun.releases.judge.verdict.judge", broken)
    place.begin()
    done = place.verify("--on-fail", "touch acted", "--on-inconclusive", "pass")
    assert done.code == 5
    assert "no such median" in done.err
    assert "of tasks" not in done.err
    assert done.verdict["value"] == "inconclusive"
    assert done.seen["samples"]
    assert [one["verdict"] for one in place.listed()] == ["inconclusive"]
    assert not (place.folder / "acted").exists()


def test_what_was_begun_because_of_the_verdict_is_not_cut_off_in_its_middle(place, shop) -> None:
    shop.deploy("v811", "0811aaa")
    place.write(within="1500ms")
    place.begin()
    until_told = "touch began; until test -e told; do sleep 0.05; done; echo taken back"
    running = place.start("verify", "v812", "--format", "json", "--on-fail", until_told)
    end = time.monotonic() + 30
    while not (place.folder / "began").exists():
        assert time.monotonic() < end, running.err
        time.sleep(0.02)
    running.process.send_signal(signal.SIGTERM)
    running.wait_for("a second signal ends it")
    (place.folder / "told").touch()
    done = running.end()
    assert done.code == 130
    assert "taken back" in json.loads(done.out)["actions"][0]["answer"]


def test_a_second_signal_ends_what_was_begun_too(place, shop) -> None:
    shop.deploy("v811", "0811aaa")
    place.write(within="1500ms")
    place.begin()
    running = place.start("verify", "v812", "--format", "json", "--on-fail", "touch began; sleep 60")
    end = time.monotonic() + 30
    while not (place.folder / "began").exists():
        assert time.monotonic() < end, running.err
        time.sleep(0.02)
    running.process.send_signal(signal.SIGTERM)
    running.wait_for("a second signal ends it")
    running.process.send_signal(signal.SIGTERM)
    done = running.end()
    assert done.code == 130
    assert json.loads(done.out)["verdict"]["value"] == "fail"
