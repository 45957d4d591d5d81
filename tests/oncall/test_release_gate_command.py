"""`techrun release gate` on the store of this machine and over the API: what it looks at, what it keeps."""

from __future__ import annotations

import json
import time

import pytest

from techrun.handling import LoadTest, Release, Window
from techrun.model import Outcome, Result, Status
from techrun.store.desk import add_window
from techrun.store.history import insert_results
from techrun.store.loads import begin_load_test, insert_load
from techrun.store.releases import add_release, gates
from techrun.store.state import incidents_by_number, save_incident
from techrun.views import LoadSummary

DAY = 86400.0


@pytest.fixture
def config(world):
    """Writes the configuration anew: `releases:` of the shop, more of everything."""

    def write(more: str = "", calendar: str = "", slo: str = "") -> None:
        path = world.folder / "techrun.yaml"
        text = path.read_text()
        if calendar:
            (world.folder / "calendar.yaml").write_text(calendar)
            text += "calendar: calendar.yaml\n"
        if slo:
            text = text.replace("severity: page,", f"severity: page, slo: {slo},")
        path.write_text(text + more)

    return write


@pytest.fixture
def well(world):
    """The incident that the world has is over."""
    (one,) = _incidents(world, 1)
    world.write(
        save_incident, type(one)(**{k: getattr(one, k) for k in one.__slots__} | {"closed": time.time()})
    )


def _incidents(world, *numbers):
    with world.store.read() as connection:
        return list(incidents_by_number(connection, numbers))


def said(answer) -> dict:
    return json.loads(answer.out)


def test_a_shop_that_is_well_may_be_released(techrun, world, well) -> None:
    answer = techrun("release", "gate", "v812")
    assert answer.code == 0, answer
    assert "✓ open  v812 of acme-es may begin." in answer.out
    assert "✓ acme-es has no open incident that pages" in answer.out
    assert "· the calendar has no freeze of acme-es" in answer.out


def test_an_open_incident_that_pages_keeps_it_closed(techrun, world) -> None:
    answer = techrun("release", "gate", "v812")
    assert answer.code == 1
    assert "✗ incident #1 has been open for 10m: acme-es: the home page does not open" in answer.out


def test_a_ticket_keeps_no_release_from_beginning(techrun, world) -> None:
    (one,) = _incidents(world, 1)
    quiet = type(one)(**{name: getattr(one, name) for name in one.__slots__} | {"severity": "ticket"})
    world.write(save_incident, quiet)
    assert techrun("release", "gate", "v812").code == 0


def test_what_was_said_is_kept_and_told_as_json(techrun, world, well) -> None:
    decision = said(techrun("release", "gate", "v812", "--format", "json"))
    assert (decision["value"], decision["evaluated"], decision["version"]) == ("open", 1, "v812")
    assert "@" in decision["by"]
    with world.store.read() as connection:
        ((number, kept),) = gates(connection, "acme-es")
    assert number == decision["id"]
    assert json.loads(kept)["value"] == "open"


def test_a_look_keeps_nothing_and_ends_well(techrun, world) -> None:
    answer = techrun("release", "gate", "v812", "--report-only", "--format", "json")
    assert (answer.code, said(answer)["value"]) == (0, "closed")
    with world.store.read() as connection:
        assert list(gates(connection, "acme-es")) == []


def test_a_person_goes_through_with_a_reason_that_is_kept(techrun, world) -> None:
    answer = techrun("release", "gate", "v812", "--override", "fixes incident 1")
    assert answer.code == 0
    assert "Overridden by" in answer.out
    assert "fixes incident 1" in answer.out
    with world.store.read() as connection:
        ((_, kept),) = gates(connection, "acme-es", "v812")
    assert json.loads(kept)["override"] == "fixes incident 1"
    assert json.loads(kept)["value"] == "closed"


def test_the_story_of_a_release_tells_who_went_through_and_why(techrun, world) -> None:
    techrun("release", "gate", "v812")
    techrun("release", "gate", "v812", "--override", "fixes incident 1")
    techrun("release", "begin", "v812", "--shop", "acme-es")
    out = " ".join(techrun("release", "show", "v812").out.split())
    assert out.count("gate ✗ closed") == 2
    assert "overridden: fixes incident 1" in out


def test_to_go_through_without_a_reason_is_refused(techrun, world) -> None:
    answer = techrun("release", "gate", "v812", "--override", " ")
    assert answer.code == 2
    assert "say why you go through" in answer.err


def test_a_freeze_goes_by_the_clock_of_the_shop(techrun, world, config, well) -> None:
    today = time.strftime("%Y-%m-%d", time.gmtime(time.time() + DAY))
    config(calendar=f"freezes: [{{name: Christmas, select: acme-es, from: 2026-01-01, to: {today}}}]\n")
    answer = techrun("release", "gate", "v812")
    assert answer.code == 1
    assert (
        f'the freeze "Christmas" lasts until {time.strftime("%Y-%m-%d", time.gmtime(time.time() + 2 * DAY))}'
        in (answer.out)
    )
    assert "00:00 Europe/Madrid" in answer.out


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        pytest.param("select: acme-es/home", 1, id="one of its checks"),
        pytest.param("client: acme", 1, id="its client"),
        pytest.param("tag: b2b", 1, id="a tag of one of its checks"),
        pytest.param("name2", 1, id="all shops"),
    ],
)
def test_a_campaign_is_about_whom_it_says(techrun, world, config, well, entry, code) -> None:
    more = "" if entry == "name2" else f", {entry}"
    config(calendar=f"campaigns: [{{name: Sales, from: 2026-01-01, to: 2999-01-01{more}}}]\n")
    assert techrun("release", "gate", "v812").code == code


def test_what_the_shop_does_not_heed_is_said(techrun, world, config, well) -> None:
    config(
        "releases: {gate: {campaigns: false}}\n",
        calendar="campaigns: [{name: Sales, from: 2026-01-01, to: 2999-01-01}]\n",
    )
    answer = techrun("release", "gate", "v812")
    assert answer.code == 0
    assert "campaigns of the calendar are not heeded" in answer.out


def test_a_gate_that_looks_at_nothing_never_opens(techrun, world, config) -> None:
    config("releases: {gate: {campaigns: false, freezes: false, budget: false, incidents: false}}\n")
    answer = techrun("release", "gate", "v812")
    assert answer.code == 4
    assert "the gate looked at nothing, so nothing holds" in answer.out
    assert techrun("release", "gate", "v812", "--on-inconclusive", "pass").code == 4


def _fail(world, at: float, runs: int) -> None:
    check = world.operations._loaded().checks[0]
    found = Outcome(Status.DOWN)
    world.write(insert_results, [Result(check, found, f"r{n}", at + n, 0.1, 0.0) for n in range(runs)])


def test_an_error_budget_that_is_spent_keeps_it_closed(techrun, world, config, well) -> None:
    config(slo="99.9%")
    _fail(world, time.time() - 2 * DAY, 50)
    answer = techrun("release", "gate", "v812")
    assert answer.code == 1
    assert "acme-es/home has spent 51 of the 43.2 failed runs that 99.9 % of 30 days allow" in answer.out


def test_an_error_budget_leaves_maintenance_out(techrun, world, config, well) -> None:
    config(slo="99.9%")
    began = time.time() - 2 * DAY
    _fail(world, began, 50)
    world.write(add_window, Window(0, "maintenance", ("acme-es/home",), began + 10, began + 40))
    answer = techrun("release", "gate", "v812")
    assert answer.code == 0
    assert "has spent 21 of the 43.2" in answer.out


def test_a_silence_spares_no_error_budget(techrun, world, config, well) -> None:
    config(slo="99.9%")
    began = time.time() - 2 * DAY
    _fail(world, began, 50)
    world.write(add_window, Window(0, "silence", ("acme-es/home",), began - 10, began + 60))
    assert techrun("release", "gate", "v812").code == 1


def _load(verdict: str, release: str = "v812", at: float = 0.0) -> LoadSummary:
    now = time.time() + at
    return LoadSummary(
        id=f"run-{verdict}{release}{at}",
        shop="acme-es",
        scenario="checkout",
        release=release,
        host="https://www.acme.es",
        started=now - 300,
        ended=now,
        verdict=verdict,
        summary="said.",
        accepted=verdict == "pass",
        fingerprint={},
    )


@pytest.mark.parametrize(
    ("runs", "code"),
    [
        pytest.param([], 1, id="none"),
        pytest.param([_load("pass", "v811")], 1, id="one of another version"),
        pytest.param([_load("pass")], 0, id="one that passed"),
        pytest.param([_load("pass", at=-600), _load("fail")], 1, id="the last one failed"),
        pytest.param([_load("fail", at=-600), _load("pass")], 0, id="the last one passed"),
        pytest.param([_load("inconclusive")], 4, id="one that told nothing"),
        pytest.param([_load("pass"), _load("fail", "v813", at=1)], 0, id="a later version failed"),
    ],
)
def test_a_load_test_of_this_version_must_have_passed(techrun, world, config, well, runs, code) -> None:
    config("releases: {gate: {load: [checkout]}}\n")
    for run in runs:
        world.write(insert_load, run, [], b"")
    assert techrun("release", "gate", "v812").code == code


def test_a_load_test_under_way_is_waited_for(techrun, world, config, well) -> None:
    config("releases: {gate: {load: [checkout]}}\n")
    now = time.time()
    world.write(insert_load, _load("pass"), [], b"")
    world.write(begin_load_test, LoadTest("t", "acme-es", "checkout", "v812", "", now - 5, now + 500))
    answer = techrun("release", "gate", "v812")
    assert answer.code == 4
    assert "the load test checkout of v812 is still under way" in answer.out


def test_another_release_under_way_is_told(techrun, world, well) -> None:
    world.write(add_release, Release(0, "acme-es", "v811", time.time() - 720))
    answer = techrun("release", "gate", "v812")
    assert answer.code == 0
    assert "! v811 began 12m ago and has not ended: incidents could be of either" in answer.out


def test_a_shop_that_there_is_not_is_refused(techrun, world) -> None:
    answer = techrun("release", "gate", "v812", "--shop", "acme-se")
    assert answer.code == 2
    assert 'no shop is called "acme-se"; did you mean "acme-es"?' in answer.err


def test_what_a_person_types_acts_on_no_terminal(techrun, world, well) -> None:
    decision = said(techrun("release", "gate", "v8\x1b[31m\n12", "--format", "json"))
    assert "\x1b" not in decision["version"]
    assert "\n" not in decision["version"]


def test_to_look_a_token_may_read_and_to_ask_it_must_operate(world) -> None:
    read = world.tokens.read[0]
    assert world.api("GET", "gate?version=v812", token=read).json()["value"] == "closed"
    assert world.api("POST", "gate", token=read, json={"version": "v812"}).status_code == 403


def test_where_no_daemon_ever_ran_nothing_is_told(tmp_path, monkeypatch) -> None:
    from click.testing import CliRunner

    from techrun.cli import cli

    (tmp_path / "techrun.yaml").write_text(
        "shop: acme\nurl: https://www.acme.example\nchecks: [{name: a, http: /}]\n"
    )
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["release", "gate", "v1"], standalone_mode=False)
    assert done.return_value == 4
    assert "no daemon ever ran here" in done.stdout
    done = CliRunner().invoke(cli, ["release", "gate", "v1"], standalone_mode=False)
    assert done.return_value == 4
    assert "no check of acme ever ran" in done.stdout
