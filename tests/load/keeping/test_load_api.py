"""`/api/v1/loads`: what it takes, what it refuses, and what the other commands then tell."""

from __future__ import annotations

import gzip
import json

import httpx
import pytest

from techrun.app.loads import loads_at
from techrun.app.remote_loads import RemoteLoads
from techrun.errors import CannotTellError, UsageError
from techrun.load.keeping import StoreLoads, encoded
from techrun.load.keeping.folder import FolderLoads
from techrun.oncall import UnknownError
from techrun.web import api, load_api

OPERATE, READ = "operate-token-0123456789", "read-token-0123456789"


@pytest.fixture
def ask(server):
    def asked(method, path, token=OPERATE, **more):
        headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
        # Without TLS there is nothing to verify: to load the certificates takes 30 ms each time.
        with httpx.Client(trust_env=False, timeout=20, verify=False) as client:
            return client.request(method, f"{server.url}api/v1/{path}", headers=headers, **more)

    return asked


def test_a_run_that_is_sent_is_answered_with_its_line(ask, make_run):
    answer = ask("POST", "loads", content=encoded(make_run()))
    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["verdict"], answer.json()["accepted"]) == ("r1", "pass", True)
    assert ask("GET", "loads/r1").content == encoded(make_run())
    assert [one["id"] for one in ask("GET", "loads?shop=acme-es&scenario=checkout").json()] == ["r1"]


def test_a_run_may_be_sent_packed(ask, make_run):
    packed = gzip.compress(encoded(make_run()))
    assert ask("POST", "loads", content=packed, headers={"Content-Encoding": "gzip"}).status_code == 200
    assert ask("GET", "loads/r1").json()["release"] == "v2"


def run_with(**changes):
    def make(run):
        return json.dumps(json.loads(encoded(run)) | changes).encode()

    return make


REFUSED = {
    "no JSON": (lambda _: b"{", "the body is no load run"),
    "no object": (lambda _: b"[]", "it is no load run"),
    "no run": (lambda _: b'{"id": "r1"}', "shop: "),
    "another shop": (run_with(shop="acme-se"), 'no shop is called "acme-se"'),
    "an id that leads elsewhere": (run_with(id="../x"), "other characters than"),
    "a wrong bucket": (
        run_with(cells=[{"arm": "new", "journey": "j", "step": "s", "window": 0, "buckets": {"x": 1}}]),
        "cells from 0 on: 0.buckets",
    ),
    "a newer format": (run_with(version=9), "a newer techrun wrote it"),
}


@pytest.mark.parametrize(("make", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_run_of_our_shops_is_refused_and_nothing_is_kept(ask, make_run, make, why):
    answer = ask("POST", "loads", content=make(make_run()))
    assert answer.status_code == 400
    assert why in answer.json()["error"]
    assert ask("GET", "loads").json() == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "loads", b"{}"),
        ("PUT", "loads/r1/running", b"{}"),
        ("DELETE", "loads/r1/running", None),
    ],
)
def test_who_may_only_look_changes_nothing(ask, method, path, body):
    assert ask(method, path, token=READ, content=body).status_code == 403
    assert ask("GET", "loads", token=READ).status_code == 200
    assert ask(method, path, token="wrong-token-0123456789", content=body).status_code == 401


def test_a_body_that_is_too_large_is_refused_packed_or_not(server, monkeypatch, make_run):
    """The limit is taken when the routes are made, so it is set small before that."""
    text = encoded(make_run())
    assert load_api.LARGEST_RUN == 32_000_000
    from techrun.web.bodies import unpacked

    assert unpacked(gzip.compress(text), len(text)) == text
    assert unpacked(gzip.compress(text), len(text) - 1) is None
    assert unpacked(gzip.compress(b"0" * 10_000_000), 1000) is None
    assert unpacked(gzip.compress(text)[:-9], len(text)) is None
    assert unpacked(b"no gzip", 1000) is None
    assert api._largest("POST", "loads") == load_api.LARGEST_RUN
    assert api._largest("PUT", "loads/{id}/running") == api.LARGEST


def test_32_megabytes_and_one_byte_are_too_many(ask):
    answer = ask("POST", "loads", content=b" " * (load_api.LARGEST_RUN + 1))
    assert answer.status_code == 413


@pytest.mark.parametrize("limit", ["0", "-1", "501", "x", "1.5", "²"])
def test_a_limit_is_a_number_of_runs(ask, limit):
    answer = ask("GET", "loads", params={"limit": limit})
    assert answer.status_code == 400
    assert "from 1 to 500" in answer.json()["error"]


def test_what_is_not_there_is_404(ask):
    assert ask("GET", "loads/r1").status_code == 404
    assert ask("GET", "loads/..%2Fr1").status_code == 404


def test_a_shop_is_under_load_by_the_servers_clock(ask):
    body = {"shop": "acme-es", "scenario": "checkout", "release": "v2", "for": "60s", "author": "ci"}
    told = ask("PUT", "loads/r1/running", json=body).json()
    assert (told["id"], told["shop"], told["until"] - told["began"]) == ("r1", "acme-es", pytest.approx(60))
    assert ask("DELETE", "loads/r1/running").json() == {"id": "r1", "running": False}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"for": "8d"}, "1s to 7d"),
        ({"for": "soon"}, "for"),
        ({"shop": "acme-se"}, "no shop is called"),
        ({"until": 1}, "not known here"),
    ],
    ids=["for weeks", "no duration", "another shop", "another key"],
)
def test_what_makes_no_sense_is_refused(ask, change, why):
    body = {"shop": "acme-es", "scenario": "checkout", "for": "60s"} | change
    answer = ask("PUT", "loads/r1/running", json=body)
    assert answer.status_code == 400
    assert why in answer.json()["error"]


def test_a_server_that_is_not_there_is_told(make_run):
    with pytest.raises(CannotTellError, match="cannot reach"):
        RemoteLoads("http://127.0.0.1:1", OPERATE).save(make_run())


@pytest.mark.parametrize("number", ["r 1", "r1/running", "..", "ä"])
def test_an_id_that_no_run_has_is_asked_for_in_vain(server, number):
    with pytest.raises(UnknownError):
        RemoteLoads(server.url, OPERATE).get(number)


def test_where_runs_are_kept_is_one_place(tmp_path):
    assert isinstance(loads_at(tmp_path / "techrun.db"), StoreLoads)
    assert isinstance(loads_at(tmp_path / "techrun.db", folder=tmp_path), FolderLoads)
    assert isinstance(loads_at(tmp_path / "techrun.db", server="127.0.0.1:1", token=OPERATE), RemoteLoads)
    with pytest.raises(UsageError, match="in one place"):
        loads_at(tmp_path / "techrun.db", folder=tmp_path, server="127.0.0.1:1", token=OPERATE)
