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
from techrun.demo.server import DemoShop, FaultState, list_faults, mend, set_fault


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo shop and what watches it."""

    url: str
    loaded: Loaded
    store: Path


@contextmanager
def demo(port: int) -> Iterator[Demo]:
    """The demo shop on this port of 127.0.0.1, until the block ends; its store is thrown away."""
    with DemoShop(port) as shop, tempfile.TemporaryDirectory(prefix="techrun-demo-") as folder:
        loaded = load(shipped_checks() / "demo", {**os.environ, "TECHRUN_DEMO_URL": shop.url})
        yield Demo(shop.url, loaded, Path(folder) / "demo.db")


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


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"
