"""`techrun release calibrate` with the real judge, on the book of this machine and on that of a server."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from techrun.handling import Release
from techrun.model import Status
from techrun.releases.records import (
    Counts,
    Expectation,
    Identity,
    NodeFinding,
    Sample,
    SmokeResult,
    Verdict,
    Verification,
)
from techrun.store.releases import add_release, end_release

DAY = 86400.0


@pytest.fixture
def book(world):
    """The world's book; the configuration lies in the folder of the laptop too: the settings are its own."""
    laptop = world.folder / "laptop"
    if laptop.exists():
        shutil.copy(world.folder / "techrun.yaml", laptop / "techrun.yaml")
    return world.book


def kept(world, book, number: int, *, slow: float = 1.0, smoke: Status = Status.UP) -> Verification:
    """A release that began so many days and a half ago, away from the incidents, verified and kept."""
    begun = world.began - (number + 0.5) * DAY
    version = f"v{800 - number}"
    release = world.write(add_release, Release(0, "acme-es", version, begun))
    live = begun + 30
    samples = tuple(
        Sample("home", live + 60 + n * 8, 60.0 + n * 8, Status.UP, slow * (0.2 + 0.002 * (n % 7)))
        for n in range(30)
    )
    found = NodeFinding("front", "new", "it runs it", version=version, in_a_row=3, samples=10, new_since=live)
    one = Verification(
        id=f"ver-{number}",
        shop="acme-es",
        release=release,
        version=version,
        commit="",
        begun=begun,
        started=begun + 1,
        ended=begun + 400,
        identity=Identity(Expectation(version), (found,), live=live),
        smoke=(SmokeResult("home", "front", smoke),),
        samples=samples,
        judged=("home",),
        wanted=30,
        before=tuple(Counts("home", begun - day * DAY, 120, 0) for day in range(1, 8)),
        digests={"home": "same"},
        verdict=Verdict("pass", "It was fine."),
    )
    book.claim(one)
    book.save(one)
    return one


def calibrated(techrun, *words: str) -> dict:
    answer = techrun("release", "calibrate", "--format", "json", *words)
    assert answer.code == 0, answer
    return json.loads(answer.out)


def test_earlier_releases_are_judged_again(techrun, world, book) -> None:
    for number in (3, 2, 1):
        kept(world, book, number, smoke=Status.DOWN if number == 2 else Status.UP)
    found = calibrated(techrun)
    assert found["summary"] == "Of your last 3 releases this gate would have failed 1: v798."
    assert [(one["version"], one["was"], one["now"]) for one in found["replayed"]] == [
        ("v799", "pass", "pass"),
        ("v798", "pass", "fail"),
        ("v797", "pass", "pass"),
    ]


def test_other_settings_are_tried_without_being_written(techrun, world, book) -> None:
    for number in range(7, 0, -1):
        kept(world, book, number, slow=3.0 if number == 1 else 1.0)
    assert "would have failed none." in calibrated(techrun)["summary"]
    assert "would have failed 1: v799." in calibrated(techrun, "--latency", "fail")["summary"]


def test_what_became_of_a_release_is_told_beside_it(techrun, world, book) -> None:
    kept(world, book, 2)
    one = kept(world, book, 1, smoke=Status.DOWN)
    world.write(end_release, "acme-es", one.version, world.began, rolled_back=True)
    answer = techrun("release", "calibrate")
    assert "would have failed 1: v799. Rightly: v799 (rolled back)." in " ".join(answer.out.split())
    assert "✓ Passed" in answer.out
    assert "✗ Failed" in answer.out


def test_so_many_releases_are_judged_as_are_asked_for(techrun, world, book) -> None:
    for number in range(8, 0, -1):
        kept(world, book, number)
    found = calibrated(techrun, "--releases", "2")
    assert [one["version"] for one in found["replayed"]] == ["v799", "v798"]


def test_without_any_verification_nothing_can_be_told(techrun, world, book) -> None:
    answer = techrun("release", "calibrate")
    assert answer.code == 4
    assert "no verification of acme-es is kept" in answer.err


def test_a_verification_under_way_is_none(techrun, world, book) -> None:
    one = kept(world, book, 1)
    release = world.write(add_release, Release(0, "acme-es", "v900", world.began))
    book.claim(replace(one, id="ver-9", release=release, version="v900", begun=world.began))
    assert [each["version"] for each in calibrated(techrun)["replayed"]] == ["v799"]
