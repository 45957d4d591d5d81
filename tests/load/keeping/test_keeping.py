"""Load runs are kept whole and found again, wherever they are kept."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from dataclasses import replace

import pytest

from techrun.errors import StoreError, UsageError
from techrun.handling import LoadTest
from techrun.load import keeping
from techrun.load.keeping import StoreLoads, announced, figures_of
from techrun.oncall import UnknownError
from techrun.store import loads as rows
from techrun.store import migrations
from techrun.store.database import Store, read_store
from techrun.store.loads import last_loads, load_tests


def under_way(path):
    with read_store(path) as connection:
        return [test for test in load_tests(connection, 0) if test.runs(time.time())]


def test_a_run_comes_back_as_it_was_saved(loads, make_run):
    run = make_run()
    loads.save(run)
    assert loads.get("r1") == run


def test_a_run_without_a_verdict_is_kept_too(loads, make_run):
    loads.save(make_run(value="", stopped="the generator died"))
    (found,) = loads.runs()
    assert (found.verdict, found.summary, found.accepted) == ("", "the generator died", False)


def test_runs_are_listed_newest_first_by_shop_and_scenario(loads, make_run):
    for number in (2, 1, 3):
        loads.save(make_run(number))
    loads.save(make_run(4, scenario="smoke"))
    loads.save(make_run(5, shop="acme-fr"))
    assert [one.id for one in loads.runs()] == ["r5", "r4", "r3", "r2", "r1"]
    assert [one.id for one in loads.runs("acme-es")] == ["r4", "r3", "r2", "r1"]
    assert [one.id for one in loads.runs("acme-es", "checkout")] == ["r3", "r2", "r1"]
    assert [one.id for one in loads.runs(scenario="smoke")] == ["r4"]
    assert [one.id for one in loads.runs("acme-es", "checkout", limit=2)] == ["r3", "r2"]
    assert loads.runs("acme") == []


def test_a_line_of_the_list_says_what_a_later_run_must_know(loads, make_run):
    loads.save(make_run())
    (found,) = loads.runs("acme-es")
    assert (found.release, found.host, found.verdict, found.summary) == (
        "v2",
        "https://www.acme.es",
        "pass",
        "as fast as before",
    )
    assert (found.accepted, found.whole) == (True, True)
    assert dict(found.fingerprint) == {"cpu": "a", "journeys": "b"}


def test_nothing_is_kept_yet(loads):
    assert loads.runs() == []
    assert loads.accepted("acme-es", "checkout", {}) == []
    with pytest.raises(UnknownError, match="there is no load run r1"):
        loads.get("r1")


def test_only_what_passed_under_the_same_conditions_is_accepted(loads, make_run):
    other = {"cpu": "another", "journeys": "b"}
    for number, value, fingerprint in (
        (1, "pass", None),
        (2, "fail", None),
        (3, "inconclusive", None),
        (4, "invalid", None),
        (5, "pass", other),
        (6, "pass", None),
        (7, "", None),
    ):
        loads.save(make_run(number, value, **({"fingerprint": fingerprint} if fingerprint else {})))
    conditions = dict(make_run().fingerprint)
    assert loads.accepted("acme-es", "checkout", conditions) == [make_run(6), make_run(1)]
    assert loads.accepted("acme-es", "checkout", conditions, limit=1) == [make_run(6)]
    assert [one.id for one in loads.accepted("acme-es", "checkout", other)] == ["r5"]


def test_a_run_that_is_judged_anew_takes_the_place_of_the_former(loads, make_run):
    loads.save(make_run(value="inconclusive"))
    loads.save(make_run(value="pass"))
    assert [one.verdict for one in loads.runs()] == ["pass"]
    assert loads.get("r1").verdict.value == "pass"


@pytest.mark.parametrize("number", ["", "../r1", "a/b", "r1\n", "-r1", "x" * 101])
def test_an_id_that_cannot_stand_in_addresses_and_file_names_is_refused(loads, make_run, number):
    with pytest.raises(UsageError, match="id"):
        loads.save(make_run(id=number))
    assert loads.runs() == []


def test_the_figures_of_the_steps_are_those_of_the_measured_phase(make_run):
    figures = {one.step: one for one in figures_of(make_run())}
    assert set(figures) == {"home", "pay", ""}
    home = figures["home"]
    assert (home.count, home.failed) == (13, 1)
    assert home.p50 == pytest.approx(0.125, rel=0.011)
    assert home.p95 == pytest.approx(0.25, rel=0.011)


class TestStore:
    def test_it_is_made_where_no_daemon_ever_ran(self, tmp_path, make_run):
        path = tmp_path / "new" / "techrun.db"
        StoreLoads(path).save(make_run())
        assert path.exists()

    def test_a_command_beside_the_daemon_writes_the_same_store(self, store, daemon_loads, make_run):
        StoreLoads(store.path).save(make_run())
        assert daemon_loads.get("r1") == make_run()

    def test_a_store_of_the_version_before_gets_what_it_lacks(self, tmp_path, monkeypatch, make_run):
        path = tmp_path / "old.db"
        with monkeypatch.context() as patched:
            patched.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:2])
            Store(path).close()
        StoreLoads(path).save(make_run())
        assert StoreLoads(path).get("r1") == make_run()

    def test_old_runs_lose_their_details_and_keep_their_line(self, tmp_path, make_run, monkeypatch):
        monkeypatch.setattr(rows, "WHOLE", 3)
        monkeypatch.setattr(rows, "WHOLE_ACCEPTED", 2)
        loads = StoreLoads(tmp_path / "techrun.db")
        for number in range(1, 4):
            loads.save(make_run(number))
        for number in range(4, 8):
            loads.save(make_run(number, "fail"))
        loads.save(make_run(8, shop="acme-fr"))
        kept = {one.id: one.whole for one in loads.runs(limit=100)}
        whole = {number for number, is_whole in kept.items() if is_whole}
        assert whole == {"r8", "r7", "r6", "r5", "r3", "r2"}
        assert len(kept) == 8
        assert [one.id for one in loads.accepted("acme-es", "checkout", make_run().fingerprint)] == [
            "r3",
            "r2",
        ]
        with pytest.raises(UnknownError, match="only its verdict is still kept \\(pass\\)"):
            loads.get("r1")

    def test_a_run_that_was_damaged_on_the_disk_is_told(self, tmp_path, make_run):
        path = tmp_path / "techrun.db"
        StoreLoads(path).save(make_run())
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE loads SET details = x'00'")
        connection.close()
        with pytest.raises(StoreError, match="the load run r1 cannot be read"):
            StoreLoads(path).get("r1")

    def test_the_last_run_of_each_scenario_is_there_with_the_figures_of_its_steps(
        self, store, daemon_loads, make_run
    ):
        for number, value in ((1, "pass"), (3, "fail"), (2, "pass")):
            daemon_loads.save(make_run(number, value))
        daemon_loads.save(make_run(4, scenario="smoke"))
        with store.read() as connection:
            found = list(last_loads(connection, 0))
            none = list(last_loads(connection, make_run(5).started))
        assert [(run.id, run.verdict) for run, _ in found] == [("r3", "fail"), ("r4", "pass")]
        assert found[0][1] == figures_of(make_run())
        assert none == []

    def test_the_daemon_keeps_nothing_of_a_shop_that_it_does_not_know(self, daemon_loads, make_run):
        with pytest.raises(UsageError, match='no shop is called "acme-se"'):
            daemon_loads.save(make_run(shop="acme-se"))
        with pytest.raises(UsageError, match='no shop is called "acme-se"'):
            daemon_loads.begin(make_run(shop="acme-se"))


class TestUnderWay:
    @pytest.fixture(params=["store", "daemon", "server"])
    def told(self, request, store):
        """Those places that the alerts read, and their store."""
        from techrun.app.remote_loads import RemoteLoads

        if request.param == "daemon":
            return request.getfixturevalue("daemon_loads"), store.path
        if request.param == "server":
            return RemoteLoads(request.getfixturevalue("server").url, "operate-token-0123456789"), store.path
        return StoreLoads(store.path), store.path

    def test_it_is_known_from_its_beginning_to_its_end(self, told, make_run):
        loads, path = told
        loads.begin(make_run())
        (test,) = under_way(path)
        assert (test.id, test.shop, test.scenario, test.release, test.host) == (
            "r1",
            "acme-es",
            "checkout",
            "v2",
            "https://www.acme.es",
        )
        loads.end("r1")
        assert under_way(path) == []

    def test_saving_it_ends_it(self, told, make_run):
        loads, path = told
        loads.begin(make_run())
        loads.save(make_run())
        assert under_way(path) == []

    def test_said_again_it_goes_on_and_keeps_its_beginning(self, told, make_run):
        loads, path = told
        loads.begin(make_run(), 60)
        (first,) = under_way(path)
        loads.begin(make_run(), 600)
        (second,) = under_way(path)
        assert second.began == first.began
        assert second.until - first.until == pytest.approx(540, abs=5)

    def test_one_whose_process_died_is_over_by_its_deadline(self, told, make_run):
        loads, path = told
        loads.begin(make_run(), 0.05)
        time.sleep(0.1)
        assert under_way(path) == []

    def test_without_a_word_it_lasts_as_long_as_its_schedule_and_drain(self, told, make_run):
        loads, path = told
        loads.begin(make_run())
        (test,) = under_way(path)
        assert test.until - test.began == pytest.approx(5 + 30 + keeping.ALIVE, abs=0.01)

    @pytest.mark.parametrize("seconds", [0.0, -1.0, 8 * 86400.0])
    def test_nobody_says_for_weeks_that_it_goes_on(self, told, make_run, seconds):
        with pytest.raises(UsageError, match="for"):
            told[0].begin(make_run(), seconds)


class Witness:
    """A place where runs are announced; it notes what it was told, and fails on request."""

    def __init__(self, error=None):
        self.said, self.error, self.again = [], error, threading.Event()

    def begin(self, run, seconds=None):
        self.said.append(("begin", run.id, seconds))
        if len(self.said) > 2:
            self.again.set()
        if self.error:
            raise self.error

    def end(self, number):
        self.said.append(("end", number))
        if self.error:
            raise self.error


def test_a_run_that_is_announced_says_again_and_again_that_it_goes_on(monkeypatch, make_run):
    monkeypatch.setattr(keeping, "SAID_EVERY", 0.01)
    witness = Witness()
    with announced(witness, make_run()):
        assert witness.again.wait(5)
    assert witness.said[0] == ("begin", "r1", keeping.ALIVE)
    assert witness.said[-1] == ("end", "r1")
    said = list(witness.said)
    time.sleep(0.05)
    assert witness.said == said


def test_that_nobody_can_be_told_is_logged_and_ends_no_run(make_run, caplog):
    with caplog.at_level(logging.WARNING), announced(Witness(StoreError("no room")), make_run()):
        pass
    assert "nobody is told of the load test: no room" in caplog.text
    assert "nobody is told that the load test is over: no room" in caplog.text


def test_a_run_that_raises_is_over_all_the_same(make_run):
    witness = Witness()
    with pytest.raises(KeyError), announced(witness, make_run()):
        raise KeyError
    assert witness.said[-1] == ("end", "r1")


@pytest.mark.parametrize(
    ("since", "until", "shops", "concerned"),
    [
        (150, 400, {"acme-es"}, True),
        (150, 400, {"acme-fr"}, False),
        (310, 400, {"acme-es"}, True),
        (200 + 121, 400, {"acme-es"}, False),
        (0, 99, {"acme-es"}, False),
        (0, 100, {"acme-es"}, True),
    ],
    ids=["during", "another shop", "right after", "long after", "before", "it begins at the end"],
)
def test_an_incident_is_told_the_load_that_may_have_caused_it(since, until, shops, concerned):
    test = LoadTest("r1", "acme-es", "checkout", "v2", "", began=100, until=200)
    assert test.concerns(shops, since, until) is concerned


def test_a_run_of_a_newer_format_is_told_as_such(make_run):
    text = keeping.encoded(replace(make_run(), version=2))
    with pytest.raises(ValueError, match="a newer techrun wrote it"):
        keeping.decoded(text)
