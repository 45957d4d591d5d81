"""Persons and a real daemon: what they say at a terminal, over the API or by a link has its effect within seconds."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.parse
import urllib.request

import pytest

CONFIGURATION = """
shop: demo
client: fettle
url: {url}
channels: {{oncall: {{url: "${{secret.PAGER}}"}}}}
notify: {{page: [oncall]}}
alerting: {{group_wait: {{page: 100ms, ticket: 100ms}}}}
web:
  url: http://127.0.0.1:{port}
  tokens: {{read: ["${{secret.LOOK_TOKEN}}"], operate: ["${{secret.ACT_TOKEN}}"]}}
checks:
  - name: home
    http: /
    every: 1s
    severity: page
    confirmation: {{fail_after: 2, recover_after: 1, delays: [100ms]}}
"""
ACT = "act-token-0123456789"


@pytest.fixture
def running(daemon, demo, receiver, monkeypatch):
    """A daemon whose shop is down, and who was told."""
    monkeypatch.setenv("PAGER", f"json://127.0.0.1:{receiver.port}/hook")
    monkeypatch.setenv("LOOK_TOKEN", "look-token-0123456789")
    monkeypatch.setenv("ACT_TOKEN", ACT)
    daemon.configure(CONFIGURATION.format(url=demo.url, port=daemon.port))
    daemon.start()
    for name in ("PAGER", "LOOK_TOKEN", "ACT_TOKEN"):
        monkeypatch.delenv(name)
    with demo.broken("unavailable"):
        daemon.opened = receiver.next()
        yield daemon
        assert daemon.stop() == 0


def techrun(daemon, *words, remote=False):
    """A command without any secret in its environment."""
    where = (
        {"TECHRUN_SERVER": daemon.url, "TECHRUN_TOKEN": ACT}
        if remote
        else {"TECHRUN_CONFIG": str(daemon.folder)}
    )
    done = subprocess.run(
        [sys.executable, "-m", "techrun", *words],
        env={"PATH": os.environ["PATH"], **where},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert "Traceback" not in done.stderr
    return done


def asked(daemon, path):
    request = urllib.request.Request(
        f"{daemon.url}/api/v1/{path}", headers={"Authorization": f"Bearer {ACT}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def story(daemon):
    return asked(daemon, "incidents/1")


def test_the_link_in_the_message_acknowledges_and_the_story_tells_it(running):
    link = re.search(r"http://127\.0\.0\.1:\d+/ack/1/[\w-]+", running.opened["message"])
    assert link is not None, running.opened["message"]
    with urllib.request.urlopen(link[0], timeout=10) as page:
        assert "I take it on" in page.read().decode()
    assert story(running)["acknowledgements"] == []
    form = urllib.parse.urlencode({"author": "Kim", "note": "on it"}).encode()
    with urllib.request.urlopen(link[0], form, timeout=10) as page:
        assert "Kim" in page.read().decode()
    assert story(running)["incident"]["acknowledged"]["author"] == "Kim"
    running.wait(
        lambda: "acknowledged" in [one["decision"] for one in story(running)["decisions"]],
        "the daemon to note it",
    )


@pytest.mark.parametrize("remote", [False, True], ids=["here", "from a laptop"])
def test_what_a_person_reports_is_opened_once_told_and_closed(running, receiver, remote):
    words = ["incidents", "open", "client phoned", "--shop", "demo", "--severity", "page"]
    opened = techrun(running, *words, remote=remote)
    assert opened.stdout == "opened #2\n", opened.stderr
    assert "client phoned" in receiver.next()["title"]
    assert techrun(running, "incidents", "close", "2", remote=remote).stdout == "closed #2\n"
    assert "client phoned" in receiver.next()["title"]
    assert [one["id"] for one in asked(running, "incidents?since=1d")] == [1, 2]


def test_both_terminals_say_the_same(running):
    techrun(running, "ack", "1", "--note", "on it")
    techrun(running, "silence", "demo/home", "--for", "2h", "--reason", "the host restarts")
    running.wait(lambda: story(running)["incident"]["held"] != [], "the silence to hold")
    for words in (["incidents", "list"], ["silence", "list"]):
        as_json = [*words, "--format", "json"]
        assert techrun(running, *as_json).stdout == techrun(running, *as_json, remote=True).stdout
    here, there = (
        json.loads(techrun(running, "status", "--format", "json", remote=remote).stdout)
        for remote in (False, True)
    )
    for told in (here, there):
        for check in told["checks"]:
            del check["last_run"], check["uptime_7d"]  # it goes on
        del told["runs"]
    assert here == there


def test_a_release_that_begins_is_a_window_of_grace(running):
    techrun(running, "release", "begin", "v812", "--shop", "demo")
    running.wait(lambda: asked(running, "windows"), "the window of grace")
    (window,) = asked(running, "windows")
    assert (window["kind"], window["selectors"]) == ("grace", ["demo"])
