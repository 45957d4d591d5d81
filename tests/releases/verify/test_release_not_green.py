"""Verifications that must not be green, though little or nothing was seen to fail."""

from __future__ import annotations

import os
import signal
import time

import pytest

pytestmark = pytest.mark.timeout(120)


def test_a_release_that_the_platform_takes_back_in_the_bake_does_not_pass(place, shop) -> None:
    """Platforms do that by themselves."""
    place.write(within="1500ms")
    place.begin()
    done = place.verify(at="bake:", act=lambda: shop.deploy("v811", "0811aaa"))
    assert done.code == 1, done.out + done.err
    assert "v811" in done.verdict["summary"]
    assert done.seen["samples"]
    assert done.seen["identity"]["live"] is not None


def test_a_verification_that_looked_at_nothing_is_no_pass_whatever_was_asked_for(place) -> None:
    """A newer release began before it: nothing that it sees could be told to be v812's."""
    place.begin()
    place.begin("v813", "0813ccc")
    done = place.verify("--on-inconclusive", "pass")
    assert (done.code, done.verdict["value"], done.verdict["evaluated"]) == (4, "inconclusive", 0), done.err


def test_a_book_that_is_silent_for_a_moment_is_asked_again_and_one_that_stays_so_is_no_first_release(
    place, monkeypatch
) -> None:
    from techrun.errors import StoreError
    from techrun.releases.keeping.store_book import StoreBook

    monkeypatch.setattr("techrun.app.release_stages.ASK_AGAIN", (0.0, 0.0))
    asked = {"counts": 0, "accepted": 0}
    answers = {name: getattr(StoreBook, name) for name in asked}

    def silent(name, times):
        def ask(*arguments):
            asked[name] += 1
            if asked[name] <= times:
                raise StoreError("the store is locked")
            return answers[name](*arguments)

        return ask

    monkeypatch.setattr(StoreBook, "counts", silent("counts", 2))
    monkeypatch.setattr(StoreBook, "accepted", silent("accepted", 99))
    place.begin()
    done = place.verify()
    assert (done.seen["unanswered"], done.verdict["value"]) == (["accepted"], "pass"), done.err
    assert "recorded" not in done.verdict["baseline"]
    assert asked == {"counts": 3, "accepted": 3}


def test_one_that_is_interrupted_while_it_is_judged_is_no_pass(place, monkeypatch) -> None:
    from techrun.releases.judge import verdict

    judge = verdict.judge

    def long(*known):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.5)  # until somebody looks for signals
        return judge(*known)

    monkeypatch.setattr(verdict, "judge", long)
    place.begin()
    done = place.verify()
    assert (done.code, done.verdict["value"]) == (130, "inconclusive"), done.err
    assert done.seen["cut"] == "interrupted (SIGINT)"
    assert [one["verdict"] for one in place.listed()] == ["inconclusive"]


def test_a_version_that_comes_back_is_a_release_of_its_own(place, shop) -> None:
    """A way back is deployed as v812 after v813: what was said of the first v812 is said of that one alone."""
    place.write(bake="1s", samples=2)
    place.begin()
    first = place.verify()
    place.begin("v813", "0813ccc")
    shop.deploy("v813", "0813ccc")
    place.here("end", "v813", "--shop", "acme", "--rolled-back")
    place.begin()
    old = place.verify()
    assert (old.code, old.verdict["value"]) == (1, "fail"), "v813 is still live"
    shop.deploy("v812", "0812bbb")
    again = place.verify()
    assert (again.code, again.seen["release"]) == (0, old.seen["release"]), again.err
    assert again.seen["accepted"] == [first.seen["id"]]
    assert again.seen["identity"]["live"] > old.seen["ended"]
    rows = [(one["version"], one["verdict"], one["rolled_back"]) for one in place.listed()]
    assert rows == [("v812", "pass", False), ("v813", "", True), ("v812", "pass", False)]


def test_a_report_alone_moves_nobody(place, shop) -> None:
    """Who hears of a failure by a webhook may take the release back."""
    place.write(more='webhooks: [{url: "http://127.0.0.1:1/hook"}]')
    shop.deploy("v811", "0811aaa")
    place.begin()
    done = place.verify("--report-only", "--on-fail", "touch acted")
    assert (done.code, done.verdict["value"], done.seen["actions"]) == (0, "fail", [])


def test_a_report_alone_hides_no_fault_of_our_own(place, monkeypatch) -> None:
    def broken(*_):
        raise ZeroDivisionError("no such median")

    monkeypatch.setattr("techrun.releases.judge.verdict.judge", broken)
    place.begin()
    assert place.verify("--report-only").code == 5
