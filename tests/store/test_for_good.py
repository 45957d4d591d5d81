"""What the monthly report is made of never expires; results and decisions about single runs do."""

from __future__ import annotations

import pytest

from techrun.handling import Acknowledgement, Annotation, Release, Window
from techrun.model import Check, CheckId, Shop, Status
from techrun.standing import Change, Decided, Hold, Incident, Member, Message
from techrun.store.desk import acknowledge, add_window, annotate
from techrun.store.orders import Orders
from techrun.store.outbox import add_message
from techrun.store.releases import add_gate, add_release
from techrun.store.rollups import Retention, tidy
from techrun.store.state import begin_hold, save_change, save_decision, save_incident
from techrun.store.verifications import end_verification
from techrun.views import VerificationSummary

HOME = CheckId("acme-es", "home")
LONG_AGO = 1_500_000_000.0
NOW = 1_790_000_000.0
VERIFIED = VerificationSummary(
    id="v",
    shop="acme-es",
    release=1,
    version="v1",
    commit="",
    started=LONG_AGO,
    ended=LONG_AGO,
    location="local",
    by="",
    verdict="pass",
    summary="",
    samples=1,
    state="ended",
    alive=LONG_AGO,
)
FOR_GOOD = [
    "changes",
    "incidents",
    "members",
    "acknowledgements",
    "annotations",
    "windows",
    "releases",
    "verifications",
    "gates",
    "orders",
    "holds",
    "outbox",
    "decisions",
]


@pytest.fixture
async def years_later(store):
    """A store with one old record of each kind, after it was tidied."""
    member = Member(HOME, "page", LONG_AGO, LONG_AGO, recovered=LONG_AGO + 60)
    incident = Incident(
        1, "outage", "acme-es", "page", "t", LONG_AGO, LONG_AGO, (member,), closed=LONG_AGO + 60
    )

    def write(connection):
        save_change(connection, Change(HOME, Status.UP, Status.DOWN, LONG_AGO, LONG_AGO, 4))
        save_incident(connection, incident)
        acknowledge(connection, Acknowledgement(1, LONG_AGO, "dee"))
        annotate(connection, Annotation(1, LONG_AGO, "dee", "the host", "hosting"))
        add_window(connection, Window(0, "silence", (), LONG_AGO, LONG_AGO + 60))
        add_release(connection, Release(0, "acme-es", "v1", LONG_AGO))
        end_verification(connection, VERIFIED, b"")
        add_gate(connection, "acme-es", "v1", LONG_AGO, "{}")
        begin_hold(connection, 1, Hold("held.silence"), LONG_AGO)
        add_message(connection, Message(1, "opened", "oncall", "t", "b", LONG_AGO))
        save_decision(connection, Decided(LONG_AGO, "down.confirmed", HOME, 1))
        save_decision(connection, Decided(LONG_AGO, "failure.counted", HOME, None))
        save_decision(connection, Decided(NOW - 60, "failure.counted", HOME, None))

    store.write(write).result()
    await Orders(store, clock=lambda: LONG_AGO).begin(
        Shop("acme-es", "https://www.acme.es"), Check(HOME, "journey", 60, 30), "r1", "pay"
    )
    tidy(store, Retention(1, 1), NOW)
    return store


@pytest.mark.parametrize("table", FOR_GOOD)
async def test_a_record_of_the_report_never_expires(years_later, table):
    with years_later.read() as connection:
        (oldest,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert oldest >= 1


async def test_a_decision_about_a_single_run_goes_with_its_result(years_later):
    with years_later.read() as connection:
        rows = connection.execute("SELECT decision, incident FROM decisions ORDER BY id").fetchall()
    assert rows == [("down.confirmed", 1), ("failure.counted", None)]
