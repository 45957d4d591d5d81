"""The demo: a shop with faults, and the configuration that watches it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from techrun.app.loading import Loaded, load
from techrun.config.files import shipped_checks
from techrun.demo.server import DEFAULT_PORT, DemoShop, FaultState, deploy, list_faults, mend, set_fault

SHOP = f"http://127.0.0.1:{DEFAULT_PORT}"
"""Where the shop is if nothing else is said."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo shop and what watches it."""

    url: str
    watcher: str
    """Where the watcher's pages and its API are."""
    loaded: Loaded
    store: Path

    @property
    def phone(self) -> str:
        """Where the messages are shown."""
        return f"{self.url}/_phone"

    def exports(self) -> dict[str, str]:
        """What a second terminal needs in its environment, so that every command means this demo."""
        wanted = {
            "TECHRUN_CONFIG": str(shipped_checks() / "demo"),
            "TECHRUN_SERVER": self.watcher,
            "TECHRUN_TOKEN": self.loaded.settings.web.tokens.operate[0],
        }
        return wanted if self.url == SHOP else {"TECHRUN_DEMO_URL": self.url, **wanted}


@contextmanager
def demo(port: int, listen: str) -> Iterator[Demo]:
    """The demo shop on this port of 127.0.0.1, until the block ends; its store is thrown away."""
    watcher = f"http://{listen}"
    with DemoShop(port) as shop, tempfile.TemporaryDirectory(prefix="techrun-demo-") as folder:
        environ = {
            "TECHRUN_DEMO_URL": shop.url,
            "TECHRUN_DEMO_PHONE": f"{shop.url.removeprefix('http://')}/_phone",
            "TECHRUN_DEMO_WATCHER": watcher,
        }
        loaded = load(shipped_checks() / "demo", {**os.environ, **environ})
        yield Demo(shop.url, watcher, loaded, Path(folder) / "demo.db")


def faults(port: int) -> list[FaultState]:
    """Every fault of the demo shop on this port."""
    return list_faults(_url(port))


def switch(port: int, name: str, *, on: bool) -> str:
    """Break the demo shop or mend it; what is true now, in words."""
    if name == "all" and not on:
        mend(_url(port))
        return "Every fault is off."
    states = set_fault(_url(port), name, on=on)
    fault = next(state for state in states if state.name == name)
    return f"{name} is ON: {fault.sees}" if on else f"{name} is off."


def release(port: int, version: str, commit: str) -> str:
    """Let the demo shop run another release; what is true now, in words."""
    deploy(_url(port), version, commit)
    return f"The demo shop runs {version}{f' ({commit})' if commit else ''}."


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"
