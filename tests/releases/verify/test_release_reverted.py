"""Releases that are live at first and taken back while they bake: platforms do that by themselves."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.timeout(120)


def test_a_release_that_the_platform_takes_back_in_the_bake_does_not_pass(place, shop) -> None:
    place.write(bake="3s")
    place.begin()
    running = place.start("verify", "v812", "--format", "json")
    running.wait_for("bake:")
    shop.deploy("v811", "0811aaa")
    done = running.end()
    assert done.code == 1, done.out + done.err
    seen = json.loads(done.out)
    assert "v811" in seen["verdict"]["summary"]
    assert seen["samples"]
    assert seen["identity"]["live"] is not None
