"""The daemon as its users meet it: it watches, tells, reloads, stops and comes back."""

from __future__ import annotations

import email
import email.policy
import signal
import subprocess
import sys

import pytest
from aiosmtpd.controller import Controller

SHOP = """
shop: demo
client: fettle
url: {url}
owner: shop-ops
runbook: https://wiki.example/demo
{more}
checks:
  - name: checkout
    journey: buy
    every: 1s
    severity: page
    confirmation: {{fail_after: 4, recover_after: 2, delays: [100ms, 200ms, 300ms]}}
include: [buy.yaml]
"""
BUY = """
journey: buy
steps:
  - {step: home, get: /, expect: {css: {"form[role=search]": {exists: true}}}}
  - {step: cart, get: /cart, expect: {css: {main: {exists: true}}}}
"""


@pytest.fixture
def watched(daemon, demo, receiver):
    """A daemon that is not yet started, on a shop whose pages are well."""
    (daemon.folder / "buy.yaml").write_text(BUY)
    channels = f"""
channels: {{oncall: {{url: "json://127.0.0.1:{receiver.port}/hook"}}}}
notify: {{page: [oncall]}}"""
    daemon.configure(SHOP.format(url=demo.url, more=channels))
    return daemon


def runs(daemon, status: str = "up") -> float:
    return daemon.metric("techrun_check_runs_total", check="checkout", status=status) or 0


def test_an_outage_is_told_once_with_all_a_person_needs_and_so_is_its_end(watched, demo, receiver) -> None:
    watched.start()
    watched.wait(lambda: runs(watched), "a good run")
    with demo.broken("unavailable"):
        told = receiver.next()
        watched.wait(lambda: runs(watched, "down") >= 6, "more failures")
    ended = receiver.next()
    text = told["title"] + told["message"]
    for part in (
        "[PAGE]",
        "demo",
        "checkout",
        "home",
        "503",
        " runs), last good",
        "https://wiki.example/demo",
        "techrun check demo/checkout",
    ):
        assert part in text, text
    assert ended["title"].startswith("[OK] demo: customers cannot complete")
    assert " - over after " in ended["title"]
    assert receiver.messages.empty()


def test_an_outage_reaches_a_mailbox(watched, demo, free_port) -> None:
    class Mailbox:
        def __init__(self) -> None:
            self.letters: list[bytes] = []

        async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802  aiosmtpd's name
            self.letters.append(envelope.content)
            return "250 OK"

    mailbox = Mailbox()
    server = Controller(mailbox, hostname="127.0.0.1", port=free_port)
    server.start()
    try:
        url = f"mailto://127.0.0.1:{free_port}?from=techrun@ops.example&to=oncall@ops.example&mode=insecure"
        watched.configure(
            SHOP.format(url=demo.url, more=f'channels: {{mail: {{url: "{url}"}}}}\nnotify: {{page: [mail]}}')
        )
        with demo.broken("unavailable"):
            watched.start()
            watched.wait(lambda: mailbox.letters, "a letter")
    finally:
        server.stop()
    letter = email.message_from_bytes(mailbox.letters[0], policy=email.policy.default)
    assert letter["Subject"].startswith("[PAGE] demo: customers cannot")
    assert {part.get_content_type() for part in letter.walk()} >= {"text/plain", "text/html"}


def test_sigterm_stops_cleanly_and_an_outage_is_remembered_over_a_restart(watched, demo, receiver) -> None:
    with demo.broken("unavailable"):
        watched.start()
        assert "[PAGE]" in receiver.next()["title"]
        assert watched.stop() == 0
        watched.start()
        watched.wait(lambda: runs(watched, "down") >= 5, "failures after the restart")
    told = receiver.next()
    assert "[PAGE]" not in told["title"] or "recovered" in told["title"].lower()
    assert receiver.messages.empty(), "the outage was told twice"


def test_after_a_kill_the_daemon_comes_back_with_what_it_knew(watched, demo, receiver) -> None:
    with demo.broken("unavailable"):
        watched.start()
        receiver.next()
        watched.wait(lambda: watched.metric("techrun_outbox_messages", channel="oncall") == 0, "the receipt")
        watched.stop(signal.SIGKILL)
        watched.start()
        watched.wait(lambda: runs(watched, "down") >= 5, "failures after the restart")
        assert receiver.messages.empty()
        assert watched.metric("techrun_incidents_open", shop="demo") == 1


def test_a_second_daemon_on_the_same_store_is_refused(watched) -> None:
    watched.start()
    command = [sys.executable, "-m", "techrun", "run", "-c", str(watched.folder), "--listen", "127.0.0.1:0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 5
    assert "another techrun" in done.stderr or "is in use" in done.stderr


@pytest.mark.parametrize("way", ["SIGHUP", "POST"])
def test_a_reload_takes_over_what_is_new_and_keeps_what_stays(watched, demo, way) -> None:
    watched.start()
    watched.wait(lambda: runs(watched) >= 2, "good runs")
    before = runs(watched)
    more = SHOP.format(url=demo.url, more="").replace(
        "checks:", "checks:\n  - {name: health, http: /health, every: 1s}"
    )
    watched.configure(more)
    if way == "POST":
        assert watched.post("/-/reload")[0] == 200
    else:
        watched.process.send_signal(signal.SIGHUP)
    watched.wait(
        lambda: watched.metric("techrun_check_runs_total", check="health", status="up"), "the new check"
    )
    assert runs(watched) >= before
    watched.configure(SHOP.format(url=demo.url, more=""))
    watched.post("/-/reload")
    assert watched.metric("techrun_check_runs_total", check="health", status="up") is None


def test_a_bad_configuration_changes_nothing_and_is_named(watched) -> None:
    watched.start()
    watched.wait(lambda: runs(watched), "a good run")
    watched.configure("shop: demo\nurl: nowhere\n")
    code, text = watched.post("/-/reload")
    assert code == 500
    assert "techrun.yaml:5:6" in text
    assert watched.metric("techrun_config_last_reload_successful") == 0
    before = runs(watched)
    watched.wait(lambda: runs(watched) > before, "the old configuration to go on")


def test_status_tells_what_is_wrong_beside_the_running_daemon(watched, demo, receiver) -> None:
    with demo.broken("unavailable"):
        watched.start()
        receiver.next()
        command = [sys.executable, "-m", "techrun", "status", "-c", str(watched.folder), "demo/checkout"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1, done.stderr
    assert "demo/checkout" in done.stdout
    assert "✗ down" in done.stdout
    assert done.stdout.count("[PAGE]") == 1


def test_notify_test_tells_what_became_of_each_channel(watched, receiver) -> None:
    text = (watched.folder / "techrun.yaml").read_text()
    wrong = text.replace("channels: {", 'channels: {broken: {url: "json://127.0.0.1:1/x"}, ')
    (watched.folder / "techrun.yaml").write_text(wrong)
    command = [sys.executable, "-m", "techrun", "notify", "test", "-c", str(watched.folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "oncall: ✓ delivered" in done.stdout
    assert "broken: ✗ failed" in done.stdout
    assert "test" in receiver.next()["title"].lower()
