"""The story of a release: gate, verifications, commands, and the incidents that it may have caused."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from techrun.app.loading import load_without_secrets
from techrun.app.operations import LocalOperations
from techrun.app.release_story import story_of
from techrun.cli.show.release_story import show_story
from techrun.errors import UsageError
from techrun.handling import Release
from techrun.model import CheckId
from techrun.oncall import UnknownError
from techrun.releases.keeping.store_book import StoreBook
from techrun.releases.records import GateDecision
from techrun.standing import Incident, Member
from techrun.store.database import Store
from techrun.store.releases import add_release
from techrun.store.state import save_incident

HOUR = 3600.0
SHOP = "{version: 1, shop: acme, url: 'https://acme.example', checks: [{name: home, http: /}]}"


class World:
    """A store with releases and incidents of some hours ago."""

    def __init__(self, folder) -> None:
        self.store = Store(folder / "techrun.db")
        self.book = StoreBook(self.store.path, self.store)
        (folder / "techrun.yaml").write_text(SHOP)
        loaded = load_without_secrets(folder / "techrun.yaml")
        self.operations = LocalOperations(lambda: loaded, self.store)
        self.began = time.time() - 5 * HOUR

    def write(self, work, *args):
        return self.store.write(lambda connection: work(connection, *args), urgent=True).result()

    def release(self, version: str, after: float, shop: str = "acme") -> int:
        return self.write(add_release, Release(0, shop, version, self.began + after))

    def incident(self, number: int, title: str, after: float) -> None:
        at = self.began + after
        home = Member(CheckId("acme", "home"), "page", since=at, joined=at + 30, joined_by="joined.first")
        self.write(save_incident, Incident(number, "outage", "acme", "page", title, at, at + 30, (home,)))

    def story(self, version: str, **more: str):
        return story_of(self.book, self.operations, version, **more)


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.store.close()


def test_an_incident_is_told_with_the_release_before_it_and_with_no_other(world) -> None:
    world.release("v811", 0)
    world.release("v812", 2 * HOUR)
    world.incident(1, "acme: home is down", HOUR)
    world.incident(2, "acme: cart is down", 3 * HOUR)
    assert [one.incident.id for one in world.story("v811").incidents] == [1]
    assert [one.incident.id for one in world.story("v812").incidents] == [2]


def test_where_two_releases_were_new_each_names_the_other(world, plain) -> None:
    world.release("v811", 0)
    world.release("v812", 60)
    world.incident(1, "acme: home is down", 120)
    for version, other in (("v811", "v812"), ("v812", "v811")):
        story = world.story(version)
        assert [one.others for one in story.incidents] == [(other,)]
        assert f"(or due to {other}: cannot be told)" in plain(show_story, story)


def test_the_gate_that_was_overridden_is_told(world, plain) -> None:
    world.release("v812", 60)
    said = GateDecision(
        "acme", "v812", world.began, "closed", "a freeze until Monday", by="dee@laptop", override="a fix"
    )
    world.book.note_gate(said)
    told = plain(show_story, world.story("v812"))
    assert "a freeze until Monday" in told
    assert "a fix" in told
    assert "dee@laptop" in told


def test_one_that_is_under_way_or_dead_is_told_without_a_verdict(world, plain, failed) -> None:
    number = world.release("v812", 60)
    blank = replace(failed, release=number, verdict=None, id="first")
    world.book.claim(blank, "ci@runner")
    assert "verification first by ci@runner is under way, last heard of" in plain(
        show_story, world.story("v812")
    )
    assert world.story("v812").last is None


def test_a_version_of_several_shops_wants_a_shop(world) -> None:
    world.release("v812", 0)
    world.release("v812", 60, shop="bravo")
    with pytest.raises(UsageError, match="acme, bravo have a release v812: name one by --shop"):
        world.story("v812")
    assert world.story("v812", shop="acme").release.shop == "acme"


def test_what_is_not_there_is_told(world) -> None:
    with pytest.raises(UnknownError, match="techrun release list"):
        world.story("v812")
    world.release("v812", 0)
    with pytest.raises(UnknownError, match="there are: none"):
        world.story("v812", verification="2026")
