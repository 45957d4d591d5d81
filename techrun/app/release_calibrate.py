"""Earlier releases of a shop, judged again by the settings of this configuration."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from techrun.app.book import book_of
from techrun.app.loading import load_without_secrets
from techrun.app.release_dora import dora_of
from techrun.config.releases import Releases
from techrun.errors import CannotTellError
from techrun.load.bundle import shop_of
from techrun.releases.calibrate import Calibration, calibrate
from techrun.releases.dora import BY_VERDICT, MOST_MONTHS, AskDora
from techrun.releases.keeping import Book
from techrun.releases.records import Verification

MONTH = 28 * 86400.0
"""Seconds of the shortest month."""
SEARCHED = 500
"""The newest verifications of a shop that are looked at."""


@dataclass(frozen=True, slots=True)
class CalibrateWish:
    """Which releases are judged again, and how."""

    shop: str = ""
    releases: int = 40
    latency: Literal["off", "warn", "fail"] | None = None
    """In place of `judge.latency`."""


def calibrated(config: Path, wish: CalibrateWish, server: str = "", token: str = "") -> Calibration:
    """What the configuration's gate would have said of the shop's last releases.

    With a server the releases are those that it keeps; the settings are always those of the configuration.
    CannotTellError where nothing of any release is kept.
    """
    from techrun.releases.judge.verdict import judge  # noqa: PLC0415  it needs packages of an extra

    shop = shop_of(load_without_secrets(config).settings, wish.shop)
    book = book_of(config, server, token)
    settings = _settings(shop.releases, wish)
    kept = list(_kept(book, shop.name, wish.releases + settings.judge.releases))
    if not kept:
        raise CannotTellError(
            f"no verification of {shop.name} is kept, so there is nothing to judge again: techrun release verify"
        )
    oldest = min(one.begun for one in kept)
    harm = _harm(dora_of(config, server, token), shop.name, oldest)
    return calibrate(shop.name, kept, judge, settings, asked=wish.releases, harm=harm)


def _settings(releases: Releases, wish: CalibrateWish) -> Releases:
    if wish.latency is None:
        return releases
    return releases.model_copy(update={"judge": releases.judge.model_copy(update={"latency": wish.latency})})


def _kept(book: Book, shop: str, releases: int) -> Iterator[Verification]:
    """All verifications of so many of the shop's last releases that ended and are kept as a whole."""
    seen: set[int] = set()
    for one in book.verifications(shop, limit=SEARCHED):
        if one.state != "ended" or not one.whole:
            continue
        seen.add(one.release)
        if len(seen) > releases:
            return
        yield book.verification(one.id)


def _harm(ask: AskDora, shop: str, since: float) -> dict[int, tuple[str, ...]]:
    """What is known against releases besides a verdict: they were rolled back, incidents."""
    months = min(MOST_MONTHS, int((time.time() - since) / MONTH) + 2)
    found: dict[int, tuple[str, ...]] = {}
    for keys in ask(shop, months).together:
        for one in keys.failures:
            found[one.release] = tuple(why for why in one.why if why != BY_VERDICT)
    return {release: why for release, why in found.items() if why}
