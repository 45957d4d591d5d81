"""What the daemon would make of a run: which rule decides, and whether a window covers its check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from techrun.alerts.rules import RULES
from techrun.alerts.state import advance, fact_of
from techrun.alerts.windows import covers
from techrun.app.loading import Loaded
from techrun.errors import StoreError
from techrun.model import CheckId, Result, Status
from techrun.standing import CheckState
from techrun.store.database import read_store
from techrun.store.desk import windows
from techrun.store.state import load_states


def decisions_on(loaded: Loaded, results: Sequence[Result]) -> list[str]:
    """For each result the rule that would decide had the schedule run it now, in words."""
    states = _states(loaded)
    return [_decision(states.get(result.check.id, CheckState()), result) for result in results]


def _states(loaded: Loaded) -> dict[CheckId, CheckState]:
    """How the checks stand; without a store nothing is known of any."""
    try:
        with read_store(loaded.settings.store) as connection:
            return load_states(connection)
    except StoreError:
        return {}


def _decision(before: CheckState, result: Result) -> str:
    confirmation = result.check.confirmation
    after, _, rule = advance(before, fact_of(replace(result, trigger="schedule")), confirmation)
    failing = after.streak is Status.DOWN and after.status is not Status.DOWN
    count = f" ({after.runs} of {confirmation.fail_after})" if failing else ""
    return f"{rule}{count}: {RULES[rule]}"


def silenced_now(loaded: Loaded, results: Sequence[Result], now: float) -> dict[CheckId, str]:
    """The checks of these results that a silence, maintenance or grace covers now, and which, in words."""
    try:
        with read_store(loaded.settings.store) as connection:
            in_force = [window for window in windows(connection, now) if window.covers(now)]
    except StoreError:
        return {}
    return {
        result.check.id: f"{window.kind} #{window.id}{f' ({window.reason})' if window.reason else ''}"
        for window in in_force
        for result in results
        if covers(window, result.check)
    }
