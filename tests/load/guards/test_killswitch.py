"""The kill switch: stops the load when techrun's own probes of the same shop say that customers cannot buy."""

from __future__ import annotations

import threading

import pytest

from techrun.errors import CannotTellError
from techrun.handling import LoadTest
from techrun.load.guards.killswitch import KillSwitch, Standing, first_look, paging, under_load
from techrun.model import Status
from techrun.views import CheckStanding, IncidentStanding, LastRun

NOW = 10_000.0


def incident(**changed) -> IncidentStanding:
    facts = {
        "id": 7, "kind": "outage", "shop": "acme", "severity": "page", "title": "customers cannot buy",
        "since": NOW, "opened": NOW, "closed": None, "closed_by": "", "text": "", "members": (),
        "acknowledged": None, "held": (),
    }  # fmt: skip
    return IncidentStanding(**{**facts, **changed})


def check(ran: float | None) -> CheckStanding:
    last = None if ran is None else LastRun(ran, Status.UP, None, "", "", 0.1)
    return CheckStanding("acme", "home", Status.UP, None, None, None, last)


@pytest.mark.parametrize(
    ("changed", "stops"),
    [
        pytest.param({}, True, id="an outage that pages"),
        pytest.param({"severity": "ticket"}, False, id="a ticket"),
        pytest.param({"kind": "blind"}, False, id="techrun cannot tell"),
        pytest.param({"kind": "degraded"}, False, id="slow, which a load test may make it"),
        pytest.param({"shop": "other"}, False, id="another shop"),
        pytest.param({"closed": NOW + 5}, False, id="over already"),
    ],
)
def test_only_an_outage_of_this_shop_that_pages_stops_the_load(changed, stops) -> None:
    assert (paging([incident(**changed)], "acme") is not None) is stops


def test_the_switch_names_the_incident_that_opened_meanwhile() -> None:
    answers = iter([Standing(), CannotTellError("the daemon restarts"), Standing(incidents=(incident(),))])
    looked = threading.Event()

    def ask() -> Standing:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        if answer.incidents:
            looked.set()
        return answer

    switch = KillSwitch(ask, "acme", every=0.01)
    switch.begin()
    assert looked.wait(5)
    switch._thread.join(5)
    assert switch.broken is not None
    assert switch.broken.reason == "techrun's probe of the shop went down: #7 customers cannot buy"


def test_a_switch_that_is_closed_looks_no_more() -> None:
    switch = KillSwitch(Standing, "acme", every=0.01)
    switch.begin()
    switch.close()
    switch._thread.join(5)
    assert not switch._thread.is_alive()
    assert switch.broken is None


def test_before_the_run_an_open_outage_is_found() -> None:
    found, nobody = first_look(lambda: Standing((check(NOW - 60),), (incident(),)), "acme", NOW)
    assert found is not None
    assert (found.id, nobody) == (7, "")


def unanswered() -> Standing:
    raise CannotTellError("nothing is known yet")


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        pytest.param(unanswered, "nothing is known yet", id="no daemon"),
        pytest.param(lambda: Standing((check(NOW - 3600),), (incident(),)), "ran lately", id="one long dead"),
        pytest.param(lambda: Standing((check(None),)), "ran lately", id="one that never ran a check"),
    ],
)
def test_where_nobody_watches_that_is_said_and_old_incidents_stop_nothing(ask, why) -> None:
    found, nobody = first_look(ask, "acme", NOW)
    assert found is None
    assert why in nobody


@pytest.mark.parametrize(
    ("hosts", "busy"),
    [(["http://127.0.0.1:1"], True), (["http://127.0.0.1:2", "http://127.0.0.1:1"], True), (["http://other"], False)],
    ids=["the same address", "the old release's", "another address of the shop"],
)  # fmt: skip
def test_an_address_is_loaded_by_one_test_at_a_time(hosts, busy) -> None:
    test = LoadTest("r1", "acme", "browse", "v2", "http://127.0.0.1:1", NOW, NOW + 60)
    assert (under_load(lambda: Standing(load_tests=(test,)), hosts) is test) is busy


def test_that_nobody_tells_of_other_load_tests_stops_none() -> None:
    def ask() -> Standing:
        raise CannotTellError("there is no store yet")

    assert under_load(ask, ["http://127.0.0.1:1"]) is None
