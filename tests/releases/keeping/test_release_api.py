"""`/api/v1` about releases: what it takes, what it refuses, who may."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import httpx
import pytest

from techrun.app.book import book_in, book_of
from techrun.app.loading import load_without_secrets
from techrun.app.remote_book import RemoteBook
from techrun.errors import CannotTellError, UsageError
from techrun.oncall import TakenError
from techrun.releases.keeping import decoded, encoded
from techrun.releases.keeping.store_book import StoreBook
from techrun.web import release_api

OPERATE, READ = "operate-token-0123456789", "read-token-0123456789"
NOW = 1_790_000_000.0


@pytest.fixture
def ask(server):
    def asked(method, path, token=OPERATE, **more):
        headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
        # Without TLS there is nothing to verify: to load the certificates takes 30 ms each time.
        with httpx.Client(trust_env=False, timeout=20, verify=False) as client:
            return client.request(method, f"{server.url}api/v1/{path}", headers=headers, **more)

    return asked


@pytest.fixture
def claim_of(make_seen):
    """The body of a claim, with other values in the verification."""

    def body(**changes):
        told = json.loads(encoded(make_seen(value=""))) | changes
        return {"verification": told, "author": "ci", "process": "runner 1 1"}

    return body


def test_one_that_is_sent_is_answered_with_its_line(ask, begin, make_seen):
    begin()
    packed = gzip.compress(encoded(make_seen()))
    answer = ask("POST", "verifications", content=packed, headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["id"], answer.json()["verdict"]) == (200, "first", "pass")
    assert decoded(ask("GET", "verifications/first").content).verdict.value == "pass"
    assert ask("GET", "releases?since=0&version=v812").json()[0]["verdict"] == "pass"
    assert ask("GET", "releases?since=0&version=v813").json() == []


def test_a_second_claim_is_refused_with_409(ask, begin, claim_of):
    begin()
    assert ask("POST", "verifications/claims", json=claim_of()).json()["state"] == "running"
    again = ask("POST", "verifications/claims", json=claim_of(id="second"))
    assert again.status_code == 409
    assert again.json()["error"].startswith("ci verifies v812 of acme-es already")
    assert ask("PUT", "verifications/second/alive").status_code == 409
    assert ask("PUT", "verifications/first/alive").json() == {"id": "first", "running": True}


def test_who_is_refused_learns_it_as_the_same_error_as_on_this_machine(server, begin, make_seen):
    begin()
    RemoteBook(server.url, OPERATE).claim(make_seen(value=""), "dee")
    with pytest.raises(TakenError, match="dee verifies v812") as refused:
        RemoteBook(server.url, OPERATE).claim(make_seen("second", ""))
    assert refused.value.exit_code == 4


REFUSED = {
    "no JSON": ("POST", "verifications", b"{", "the body is no verification"),
    "no object": ("POST", "verifications", b"[]", "it is no verification"),
    "incomplete": ("POST", "verifications", b'{"id": "x"}', "shop: "),
    "newer": ("POST", "verifications", b'{"format": 9}', "a newer techrun wrote it"),
    "an empty claim": ("POST", "verifications/claims", b"{}", "`verification` is missing"),
    "a claim of nothing": ("POST", "verifications/claims", b'{"verification": {}}', "`verification`: "),
    "no decision": ("POST", "gates", b"[]", "the body is no decision of a gate"),
    "no JSON as decision": ("POST", "gates", b"{", "the body is no decision of a gate"),
    "a decision of nobody's shop": (
        "POST",
        "gates",
        b'{"shop": "acme-se", "version": "v1", "at": 1, "value": "open", "summary": "x"}',
        'no shop is called "acme-se"',
    ),
    "nested": ("POST", "gates", b"[" * 100_000, "nested too deeply"),
    "no time": ("PUT", "releases/1/live", b"{}", "`ago` is missing"),
    "no shop": ("GET", "releases/counts?check=x&at=0&seconds=1&days=1", None, "name the `shop`"),
    "no moment": ("GET", "releases/standing?shop=acme-es&check=x", None, "which moment"),
    "too many days": ("GET", "releases/counts?shop=acme-es&at=0&seconds=1&days=15", None, "from 0 to 14"),
    "no seconds": ("GET", "releases/counts?shop=acme-es&at=0&days=1", None, "`seconds` is a number"),
    "not a number": ("GET", "releases/counts?shop=acme-es&at=0&seconds=nan&days=1", None, "`seconds`"),
    "limit": ("GET", "verifications?limit=501", None, "from 1 to 500"),
    "a parameter that is unknown": ("GET", "gates?shop=acme-es&x=1", None, "`x` is not known here"),
}


@pytest.mark.parametrize(("method", "path", "body", "why"), REFUSED.values(), ids=REFUSED)
def test_what_means_nothing_is_refused_with_a_reason(ask, begin, method, path, body, why):
    begin()
    answer = ask(method, path, content=body)
    assert answer.status_code == 400
    assert why in answer.json()["error"]


def test_nothing_is_kept_of_shops_that_the_daemon_does_not_know(ask, make_seen):
    answer = ask("POST", "verifications", content=encoded(make_seen(shop="acme-se")))
    assert (answer.status_code, ask("GET", "verifications").json()) == (400, [])
    assert 'no shop is called "acme-se"' in answer.json()["error"]


@pytest.mark.parametrize("path", ["verifications/other", "releases/7/live"])
def test_what_is_not_there_is_404(ask, path):
    answer = ask("PUT", path, json={"ago": "1s"}) if path.endswith("live") else ask("GET", path)
    assert answer.status_code == 404


ACTING = [
    ("POST", "verifications"),
    ("POST", "verifications/claims"),
    ("PUT", "verifications/first/alive"),
    ("DELETE", "verifications/first/claim"),
    ("PUT", "releases/1/live"),
    ("POST", "gates"),
]


@pytest.mark.parametrize(("method", "path"), ACTING, ids=[path for _, path in ACTING])
def test_who_may_only_look_changes_nothing(ask, method, path):
    assert ask(method, path, token=READ, content=b"{}").status_code == 403
    assert ask(method, path, token="wrong-token-0123456789", content=b"{}").status_code == 401
    assert ask("GET", "verifications", token=READ).status_code == 200


def test_bodies_are_bounded(ask):
    assert (
        ask("POST", "verifications/claims", content=b" " * (release_api.LARGEST_CLAIM + 1)).status_code == 413
    )
    large = gzip.compress(b" " * (release_api.LARGEST_VERIFICATION + 1))
    answer = ask("POST", "verifications", content=large, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 413


def test_a_server_that_is_not_there_cannot_tell(make_seen):
    with pytest.raises(CannotTellError, match="cannot reach"):
        RemoteBook("http://127.0.0.1:1", OPERATE).claim(make_seen(value=""))


class TestWhereItIs:
    def test_on_the_server_that_is_named_else_in_the_store_of_the_configuration(self, tmp_path):
        main = tmp_path / "techrun.yaml"
        main.write_text("version: 1\nshop: acme-es\nurl: https://www.acme.es\nstore: own.db\n")
        assert isinstance(book_of(main), StoreBook)
        assert isinstance(book_of(Path("not-there"), "http://127.0.0.1:1", OPERATE), RemoteBook)
        book = book_in(load_without_secrets(main))
        assert book.verifications() == []
        with pytest.raises(UsageError, match='no shop is called "acme-fr"'):
            book.release("acme-fr", "v1")
