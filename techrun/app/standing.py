"""What is wrong now, read from the store beside a running daemon: `techrun status`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from techrun.app.loading import Loaded
from techrun.errors import CannotTellError, UsageError
from techrun.model import Check, CheckId
from techrun.standing import CheckState, Incident
from techrun.store.database import Store, read_store
from techrun.store.history import PastRun, Uptime, last_runs, runs_of, uptime
from techrun.store.orders import LeakedOrder, Orders, leaked_orders
from techrun.store.outbox import Backlog, backlog
from techrun.store.state import load_states, open_incidents

WEEK = 7 * 86400.0


@dataclass(frozen=True, slots=True)
class CheckStanding:
    """One check: what is confirmed, and what its last run found."""

    check: Check
    state: CheckState
    last: PastRun | None
    week: Uptime
    """How the runs of the last seven days came out."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that a person on call asks first."""

    checks: tuple[CheckStanding, ...]
    incidents: tuple[Incident, ...]
    undelivered: tuple[Backlog, ...]
    leaked: tuple[LeakedOrder, ...]
    runs: tuple[PastRun, ...] = ()
    """The newest runs, where one check alone is asked for."""


def standing(loaded: Loaded, checks: Sequence[Check]) -> Standing:
    """How these checks stand; CannotTellError where no daemon has ever written the store."""
    path, now = loaded.settings.store, time.time()
    if not path.exists():
        raise CannotTellError(f"nothing is known yet: {path} does not exist. Start the daemon: techrun run")
    wanted: set[CheckId] = {check.id for check in checks}
    with read_store(path) as connection:
        states = load_states(connection)
        last = {run.check: run for run in last_runs(connection)}
        return Standing(
            checks=tuple(
                CheckStanding(
                    check,
                    states.get(check.id, CheckState()),
                    last.get(check.id),
                    uptime(connection, check.id, now - WEEK, now),
                )
                for check in checks
            ),
            incidents=tuple(one for one in open_incidents(connection) if one.check in wanted),
            undelivered=tuple(backlog(connection)),
            leaked=tuple(one for one in leaked_orders(connection) if one.check in wanted),
            runs=tuple(runs_of(connection, checks[0].id)) if len(checks) == 1 else (),
        )


def forget_leaked_orders(loaded: Loaded, shop: str) -> str:
    """A person has cancelled the shop's leaked test orders: orders may be placed again; says how many."""
    known = [one.name for one in loaded.shops]
    if shop not in known:
        raise UsageError(f'no shop is called "{shop}"; there are: {", ".join(known)}')
    store = Store(loaded.settings.store, exclusive=False)
    try:
        resolved = Orders(store).resolve(shop)
    finally:
        store.close()
    return f"{resolved} test order(s) of {shop} are no longer counted as leaked; orders may be placed again."
