"""A shop's files as a user writes them, and the demo shop to ask."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from techrun.app.loading import Loaded, load
from techrun.config.files import shipped_checks
from techrun.config.settings import ShopSettings
from techrun.demo.server import DemoShop, mend

BUYING = """
journey: buy
deadline: 20s
steps:
  - {step: home, get: /, expect: {status: 200}}
  - {step: pay, get: "/pay/${pay}", expect: {status: 200}}
---
journey: look
steps: [{step: home, get: /, expect: {status: 200}}, {step: stock, get: /api/stock, expect: {status: 200}}]
---
journey: order
deadline: 25s
steps:
  - {step: home, get: /, save: {token: {css: input, attr: value}}}
  - {step: place, post: /orders, form: {token: "${token}"}, effect: order, expect: {status: 201}}
---
journey: only-order
steps: [{step: place, post: /orders, effect: order, expect: {status: 201}}]
"""


@dataclass(frozen=True)
class Written:
    """A configuration that was loaded."""

    loaded: Loaded

    @property
    def shop(self) -> ShopSettings:
        return self.loaded.settings.shops[0]


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Written]:
    """Loads a shop with these checks and these lines of `releases:`."""

    def make(checks: str, releases: str = "{}", url: str = "https://shop.example") -> Written:
        shop = f"shop: acme\nurl: {url}\nsecrets: secrets.yaml\nchecks: {checks}\nreleases: {releases}\n"
        (tmp_path / "secrets.yaml").write_text("token: s3cret-token\n")
        (tmp_path / "techrun.yaml").write_text(f"version: 1\n{shop}---{BUYING}")
        return Written(load(tmp_path / "techrun.yaml"))

    return make


@pytest.fixture(scope="session")
def demo_server() -> Iterator[DemoShop]:
    with DemoShop() as shop:
        yield shop


@pytest.fixture
def demo(demo_server: DemoShop) -> Iterator[DemoShop]:
    """The demo shop, whole."""
    mend(demo_server.url)
    yield demo_server
    mend(demo_server.url)


@pytest.fixture
def written_for(tmp_path: Path) -> Callable[[str], Written]:
    """Loads the configuration that ships for the demo shop, with a store of its own, for a shop at this URL."""

    def make(url: str) -> Written:
        folder = tmp_path / "demo"
        shutil.copytree(shipped_checks() / "demo", folder, ignore=shutil.ignore_patterns("*.db*"))
        return Written(load(folder, {**os.environ, "TECHRUN_DEMO_URL": url}))

    return make


@pytest.fixture
def demo_written(demo: DemoShop, written_for: Callable[[str], Written]) -> Written:
    return written_for(demo.url)
