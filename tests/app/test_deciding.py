"""What the daemon would make of a run that a person started."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from techrun.app.deciding import decisions_on, silenced_now
from techrun.handling import Window
from techrun.model import Check, CheckId, Outcome, Reason, Result, Status
from techrun.standing import CheckState
from techrun.store.database import Store
from techrun.store.desk import add_window
from techrun.store.state import save_states

NOW = 1_790_000_000.0
CHECK = Check(CheckId("acme-es", "home"), "http", 60, 30, client="acme")
DOWN = Result(CHECK, Outcome(Status.DOWN, Reason.CONNECT), "r", NOW, 0.1, 0.0, trigger="manual")


@pytest.fixture
def loaded(tmp_path):
    """As much of a configuration as is asked for: where the store is."""
    return SimpleNamespace(settings=SimpleNamespace(store=tmp_path / "techrun.db"))


@pytest.fixture
def write(loaded):
    store = Store(loaded.settings.store)
    yield lambda work: store.write(work, urgent=True).result()
    store.close()


def test_without_a_store_a_failure_is_the_first(loaded):
    (said,) = decisions_on(loaded, [DOWN])
    assert said.startswith("failure.counted (1 of 4): a failure")


def test_with_a_store_it_counts_from_how_the_check_stands(loaded, write):
    state = CheckState(Status.UP, streak=Status.DOWN, runs=3)
    write(lambda connection: save_states(connection, {CHECK.id: state}))
    (said,) = decisions_on(loaded, [DOWN])
    assert said.startswith("down.confirmed: ")


def test_a_window_in_force_is_told_with_its_reason(loaded, write):
    window = Window(0, "silence", ("acme-es/*",), NOW - 60, NOW + 60, "new PSP", "dee")
    write(lambda connection: add_window(connection, window))
    assert silenced_now(loaded, [DOWN], NOW) == {CHECK.id: "silence #1 (new PSP)"}
    assert silenced_now(loaded, [DOWN], NOW + 61) == {}
    other = replace(DOWN, check=replace(CHECK, id=CheckId("acme-fr", "home")))
    assert silenced_now(loaded, [other], NOW) == {}
