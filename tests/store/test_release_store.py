"""Releases of a store that an older techrun wrote, and how quickly the newest of many are found."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from techrun.errors import StoreError
from techrun.handling import Release
from techrun.releases.keeping.store_book import StoreBook
from techrun.releases.records import Verification
from techrun.store import migrations
from techrun.store.database import Store
from techrun.store.releases import add_release, latest_releases, release_of, releases_before

BEFORE_VERIFICATIONS = 3
SEEN = Verification("first", "acme-es", 1, "v1", "a1b9f3e", 1.0, 2.0, 3.0)


@pytest.fixture
def older(tmp_path, monkeypatch):
    """A store with a release, as a techrun left it that could not verify any."""
    path = tmp_path / "techrun.db"
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:BEFORE_VERIFICATIONS])
        Store(path).close()
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            'INSERT INTO releases (shop, version, begun, "commit", author, link, ended)'
            " VALUES ('acme-es', 'v1', 1.0, 'a1b9f3e', 'ci', 'https://ci/1', 2.0)"
        )
    return path


def test_its_releases_are_there_and_can_be_verified(older):
    book = StoreBook(older)
    with pytest.raises(StoreError, match="written by an older techrun; start the daemon"):
        book.release("acme-es", "v1")
    book.claim(SEEN)
    book.save(SEEN)
    assert book.release("acme-es", "v1") == Release(
        1, "acme-es", "v1", 1.0, "a1b9f3e", "ci", "https://ci/1", 2.0, verified=3.0
    )
    assert [one.state for one in book.verifications()] == ["ended"]


def test_it_is_left_alone_while_an_older_daemon_uses_it(older, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:BEFORE_VERIFICATIONS])
        daemon = Store(older)
    try:
        with pytest.raises(StoreError, match="another techrun"):
            StoreBook(older).claim(SEEN)
    finally:
        daemon.close()


class TestNewest:
    @pytest.fixture
    def connection(self):
        opened = sqlite3.connect(":memory:", isolation_level=None)
        migrations.migrate(opened, ":memory:")
        for number in range(12):
            add_release(opened, Release(0, f"shop-{number % 2}", f"v{number}", float(number)))
        yield opened
        opened.close()

    def test_the_newest_of_each_shop_come_in_their_order(self, connection):
        found = latest_releases(connection, 2)
        assert {shop: [one.version for one in releases] for shop, releases in found.items()} == {
            "shop-0": ["v10", "v8"],
            "shop-1": ["v11", "v9"],
        }

    def test_those_before_a_moment_are_found(self, connection):
        assert [one.version for one in releases_before(connection, "shop-0", 4.0)] == ["v4", "v2", "v0"]

    def test_one_is_found_by_its_number(self, connection):
        assert release_of(connection, 3).version == "v2"
        assert release_of(connection, 99) is None
