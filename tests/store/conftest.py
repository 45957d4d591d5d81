"""A store in a folder of its own, and results to put into it."""

from __future__ import annotations

import pytest

from techrun.model import Check, CheckId, Outcome, Result, Shop, Status
from techrun.store.database import Store


@pytest.fixture(autouse=True)
def commits_at_once(monkeypatch):
    """Tests need not wait for the interval."""
    monkeypatch.setattr("techrun.store.writer.COMMIT_EVERY", 0.01)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "techrun.db"


@pytest.fixture
def store(path):
    opened = Store(path)
    yield opened
    opened.close()


@pytest.fixture
def shop():
    return Shop("acme-es", "https://www.acme.es", orders_per_day=3, timezone="Europe/Madrid")


@pytest.fixture
def check():
    return Check(CheckId("acme-es", "checkout"), "journey", 60, 30, places_orders=True)


@pytest.fixture
def make_result(check):
    def make(status=Status.UP, started=1000.0, duration=0.5, name=None, **outcome):
        whose = check if name is None else Check(CheckId("acme-es", name), "http", 60, 30)
        return Result(whose, Outcome(status, **outcome), f"run-{started}", started, duration, 0.001)

    return make
