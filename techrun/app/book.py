"""Where this command line keeps releases and their verifications."""

from __future__ import annotations

from pathlib import Path

from techrun.app.loading import Loaded, load_without_secrets
from techrun.releases.keeping import Book
from techrun.releases.keeping.store_book import StoreBook


def book_of(config: Path, server: str = "", token: str = "") -> Book:
    """The book of the server that was named, else of this machine; only the latter needs the configuration."""
    if server:
        from techrun.app.remote_book import RemoteBook  # noqa: PLC0415  nobody else needs it

        return RemoteBook(server, token)
    return book_in(load_without_secrets(config))


def book_in(loaded: Loaded) -> StoreBook:
    """The book of this machine, for a configuration that is read already."""
    return StoreBook(
        loaded.settings.store,
        shops=lambda: [shop.name for shop in loaded.shops],
        checks=lambda: loaded.checks,
    )
