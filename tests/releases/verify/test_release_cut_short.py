"""Verifications that do not come to their end: killed, cancelled, overtaken, refused; none of them is green."""

from __future__ import annotations

import json
import signal

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


def test_a_newer_release_ends_the_verification_and_what_came_before_it_is_no_pass(place) -> None:
    place.write(bake="30s", samples=80)
    place.begin()
    running = place.start("verify", "v812", "--format", "json")
    running.wait_for("bake:")
    place.begin("v813", "0813ccc")
    done = running.end()
    assert done.code == 4, done.err
    seen = json.loads(done.out)
    assert (seen["superseded"], seen["verdict"]["value"]) == ("v813", "inconclusive")
    assert "v813" in seen["cut"]
