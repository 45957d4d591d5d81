"""`techrun notify test`: one message to each channel, and what became of it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from techrun.app.loading import load
from techrun.app.notifying import notify_test
from techrun.errors import UsageError

PAGERDUTY = "pagerduty://integrationkey0@apikey000000"
OPSGENIE = "opsgenie://00000000-0000-4000-8000-000000000000"


@pytest.fixture
def make_folder(tmp_path):
    """A folder with a configuration that has these channels."""

    def make(**channels):
        (tmp_path / "techrun.yaml").write_text(
            json.dumps(
                {
                    "version": 1,
                    "channels": {name: {"url": url} for name, url in channels.items()},
                    "shop": "acme",
                    "url": "http://127.0.0.1:1",
                    "checks": [{"name": "home", "http": "/"}],
                }
            )
        )
        return tmp_path

    return make


def run(folder, *words):
    command = [sys.executable, "-m", "techrun", "notify", "test", *words, "-c", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_each_channel_gets_one_message(make_folder, make_service):
    services = {f"c{number}": make_service() for number in range(4)}
    folder = make_folder(**{name: service.url() for name, service in services.items()})
    done = run(folder)
    assert done.returncode == 0, done.stderr
    assert [line.partition(" in ")[0] for line in done.stdout.splitlines()] == [
        f"{name}: ✓ delivered" for name in services
    ]
    assert [service.titles() for service in services.values()] == [
        [f"[TEST] techrun to {n}"] for n in services
    ]


def test_only_the_named_channels_get_one_and_each_of_them_once(make_folder, make_service):
    one, other = make_service(), make_service()
    loaded = load(make_folder(one=one.url(), other=other.url()))
    assert [name for name, _ in notify_test(loaded, ["one", "one"])] == ["one"]
    assert (len(one.received), other.received) == (1, [])


def test_a_failure_is_exit_code_1_and_its_reason_is_told(make_folder, make_service):
    folder = make_folder(good=make_service().url(), bad=make_service(500).url())
    done = run(folder)
    assert done.returncode == 1
    assert "good: ✓ delivered" in done.stdout
    assert "bad: ✗ failed" in done.stdout
    assert "error=500" in done.stdout
    assert "hook-token-1234" not in done.stdout + done.stderr


def test_a_program_reads_it_as_json(make_folder, make_service):
    folder = make_folder(good=make_service().url(), bad=make_service(404).url())
    done = run(folder, "--format", "json")
    assert done.returncode == 1
    good, bad = json.loads(done.stdout)
    assert (good["channel"], good["ok"], good["answer"]) == ("good", True, "accepted")
    assert (bad["channel"], bad["ok"], bad["refused"], bad["retry_after"]) == ("bad", False, True, None)


def test_a_channel_that_hangs_holds_up_no_other(make_folder, make_service):
    """One after the other, the second would begin when the first has been given up."""
    hanging = make_service("hang")
    good = make_service()
    loaded = load(make_folder(hanging=hanging.url(query="?rto=30"), good=good.url()))
    hanging.release.clear()

    def let_go_when_the_other_has_its_message():
        good.wait_for(1)
        hanging.release.set()

    from threading import Thread

    waiting = Thread(target=let_go_when_the_other_has_its_message)
    waiting.start()
    receipts = dict(notify_test(loaded, []))
    waiting.join()
    assert receipts["hanging"].ok
    assert receipts["good"].ok


def test_a_channel_that_does_not_exist_is_named_with_the_nearest_one(make_folder):
    with pytest.raises(UsageError, match='did you mean "oncall"'):
        notify_test(load(make_folder(oncall="json://127.0.0.1:1")), ["oncal"])


@pytest.mark.parametrize("url", [PAGERDUTY, OPSGENIE], ids=["pagerduty", "opsgenie"])
def test_a_trial_leaves_nothing_open_at_a_pager(far, make_folder, url):
    ((_, receipt),) = notify_test(load(make_folder(oncall=url)), [])
    assert (receipt.ok, receipt.answer) == (True, "opened and resolved")
    (_, first, _, opened), (_, second, _, resolved) = far.requests
    if url == PAGERDUTY:
        assert [opened["event_action"], resolved["event_action"]] == ["trigger", "resolve"]
        assert opened["dedup_key"] == resolved["dedup_key"]
        assert opened["dedup_key"].endswith("-0-oncall")
    else:
        assert (first, second) == ("/v2/alerts", f"/v2/alerts/{opened['alias']}/close?identifierType=alias")


def test_a_trial_that_cannot_be_resolved_says_that_it_is_open(far, make_folder):
    far.answers = [(202, {}), (500, {})]
    ((_, receipt),) = notify_test(load(make_folder(oncall=PAGERDUTY)), [])
    assert not receipt.ok
    assert receipt.answer.startswith("opened, but not resolved: ")
