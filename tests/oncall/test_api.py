"""`/api/v1` as programs meet it: who may, what is refused and how, and that nothing leaks."""

from __future__ import annotations

import contextlib
import json
import logging
import time

import httpx
import pytest

from techrun import __version__
from techrun.standing import Incident
from techrun.store.desk import load_desk
from techrun.store.state import save_incident
from techrun.web.access import Tokens

READ, OPERATE = "read-token-0123456789", "operate-token-0123456789"
LOOKS = ["status", "incidents", "incidents/1", "windows", "silences", "maintenance", "releases", "shadow"]
WINDOW = {"selectors": ["acme-es"], "for": "2h", "reason": "PSP moves", "author": "dee"}
ACTS = [
    ("POST", "incidents", {"shop": "acme-es", "text": "client phoned"}),
    ("POST", "incidents/1/ack", {"note": "on it", "author": "dee"}),
    ("POST", "incidents/1/annotate", {"cause": "hosting"}),
    ("POST", "incidents/5/close", {}),
    ("POST", "silences", WINDOW),
    ("POST", "maintenance", WINDOW),
    ("DELETE", "silences/1", None),
    ("DELETE", "maintenance/1", None),
    ("DELETE", "windows/1?author=dee", None),
    ("POST", "releases", {"shop": "acme-es", "version": "v812"}),
    ("POST", "releases/end", {"shop": "acme-es", "version": "v812"}),
    ("POST", "orders-cancelled", {"shop": "acme-es"}),
]
EVERY = [("GET", path, None) for path in LOOKS] + ACTS
TOKENS = {"none": "", "wrong": "x" * 24, "nearly": OPERATE[:-1], "read": READ, "operate": OPERATE}


def ids(value):
    return value.partition("?")[0] if isinstance(value, str) else None


@pytest.fixture
def ready(world):
    """Everything that the acts need is there."""
    world.write(save_incident, Incident(5, "reported", "acme-es", "ticket", "mails", 1, 1))
    world.api("POST", "silences", json=WINDOW)
    world.api("POST", "releases", json={"shop": "acme-es", "version": "v812"})
    return world


class TestWhoMay:
    @pytest.mark.parametrize("token", TOKENS)
    @pytest.mark.parametrize(("method", "path", "body"), EVERY, ids=ids)
    def test_a_token_is_needed_and_one_that_operates_to_act(self, ready, method, path, body, token):
        answer = ready.api(method, path, TOKENS[token], json=body)
        expected = {"operate": 200, "read": 200 if method == "GET" else 403}.get(token, 401)
        assert answer.status_code == expected, answer.text
        if expected != 200:
            assert set(answer.json()) == {"error", "hint"}
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["techrun-version"] == __version__

    @pytest.mark.parametrize(("method", "path", "body"), EVERY[:3] + ACTS[:3], ids=ids)
    def test_without_any_tokens_the_api_is_off_and_says_how_to_switch_it_on(self, world, method, path, body):
        world.tokens = Tokens()
        answer = world.api(method, path, OPERATE, json=body)
        assert answer.status_code == 403
        assert "web: {tokens:" in answer.json()["hint"]

    @pytest.mark.parametrize(
        ("header", "status"),
        [
            (f"Bearer {READ}", 200),
            (f"bearer   {READ}", 200),
            (f"Basic {READ}", 401),
            (READ, 401),
            ("Bearer", 401),
            (f"Bearer {READ} {OPERATE}", 401),
            ("Bearer übel", 401),
        ],
        ids=[
            "as written",
            "small letters and spaces",
            "basic",
            "bare",
            "no token",
            "two",
            "no ASCII",
        ],
    )
    def test_the_token_stands_in_one_header_alone(self, world, header, status):
        answer = httpx.get(
            f"{world.url}/api/v1/shadow", headers={"Authorization": header.encode()}, trust_env=False
        )
        assert answer.status_code == status

    def test_neither_a_parameter_nor_a_cookie_stands_for_it(self, world):
        """So that no page of another site can act through a person's browser."""
        for more in ({"params": {"token": OPERATE}}, {"headers": {"Cookie": f"token={OPERATE}"}}):
            answer = httpx.post(f"{world.url}/api/v1/incidents/1/ack", json={}, trust_env=False, **more)
            assert answer.status_code == 401

    def test_a_reload_changes_the_tokens_at_once(self, world):
        world.tokens = Tokens(operate=("another-token-0123456789",))
        assert world.api("GET", "status").status_code == 401
        assert world.api("GET", "status", "another-token-0123456789").status_code == 200

    def test_a_token_that_stands_in_both_lists_operates(self, world):
        world.tokens = Tokens((OPERATE,), (OPERATE,))
        assert world.api("POST", "incidents/1/ack", json={}).status_code == 200


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("path", "body", "why"),
        [
            pytest.param("silences", b"{", "the body is not JSON", id="no JSON"),
            pytest.param("silences", b"[]", "the body is no JSON object", id="a list"),
            pytest.param("silences", b"\xff\xfe", "the body is not JSON", id="no text"),
            pytest.param("silences", b"[" * 9000, "the body is not JSON", id="deep"),
            pytest.param(
                "silences", {**WINDOW, "fro": "x"}, "`fro` is not known here; there are: author,", id="a key"
            ),
            pytest.param("silences", {"for": "2h"}, "`reason` is missing", id="no reason"),
            pytest.param("silences", {"reason": "x"}, "`for` is missing", id="no expiry"),
            pytest.param(
                "silences", {**WINDOW, "for": 7200}, "`for`: expected a duration", id="a bare number"
            ),
            pytest.param("silences", {**WINDOW, "for": "99d"}, "1s to 30d", id="too long"),
            pytest.param("silences", {**WINDOW, "from": "soon"}, "expected a moment", id="no moment"),
            pytest.param("silences", {**WINDOW, "selectors": "acme-es"}, "`selectors`", id="no list"),
            pytest.param("silences", {**WINDOW, "selectors": ["nix"]}, "no check matches", id="no match"),
            pytest.param("incidents/1/annotate", {"cause": "them"}, "`cause`", id="an unknown cause"),
            pytest.param("incidents/1/annotate", {}, "say what to add", id="nothing to add"),
            pytest.param("incidents/2/ack", {}, "#2 is closed already", id="closed"),
            pytest.param(
                "releases", {"shop": "nix", "version": "1"}, 'no shop is called "nix"', id="no shop"
            ),
            pytest.param(
                "incidents?shop=acme-es", {}, "the parameter `shop` is not known here", id="a parameter"
            ),
        ],
    )
    def test_what_cannot_be_understood_is_named(self, world, path, body, why):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = world.api("POST", path, content=content)
        assert answer.status_code == 400
        assert why in answer.json()["error"]

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "incidents/99"),
            ("POST", "incidents/99/ack"),
            ("GET", f"incidents/{2**70}"),
            ("DELETE", f"windows/{2**70}"),
            ("DELETE", "windows/99"),
            ("GET", "nothing"),
            ("GET", ""),
            ("PUT", "silences"),
            ("POST", "status"),
            ("GET", "incidents/one"),
        ],
    )
    def test_what_is_not_there_is_told_as_json(self, world, method, path):
        answer = world.api(method, path)
        assert answer.status_code == 404, answer.text
        assert set(answer.json()) == {"error", "hint"}

    @pytest.mark.parametrize(
        "query", ["status?selector=nix", "status?shop=acme-es", "incidents?since=soon", "shadow?since=x"]
    )
    def test_a_wrong_question_is_refused(self, world, query):
        assert world.api("GET", query).status_code == 400

    def test_a_large_body_is_not_even_read(self, world):
        def endless():
            for _ in range(1000):
                yield b" " * 10_000

        with contextlib.suppress(httpx.WriteError):  # it may hang up before all of it was sent
            assert world.api("POST", "silences", content=endless()).status_code == 413
        assert world.api("GET", "status").status_code == 200

    def test_a_fault_of_ours_says_nothing_of_its_insides(self, world, monkeypatch, caplog):
        def fail(*_args):
            raise ZeroDivisionError("inside")

        monkeypatch.setattr(type(world.operations), "status", fail)
        with caplog.at_level(logging.ERROR):
            answer = world.api("GET", "status")
        assert (answer.status_code, "inside" in answer.text) == (500, False)
        assert "ZeroDivisionError: inside" in caplog.text


class TestWhatIsTold:
    def test_incidents_by_moment_and_shop(self, world):
        numbers = lambda query: [one["id"] for one in world.api("GET", f"incidents{query}").json()]  # noqa: E731
        assert numbers("") == [1]
        assert numbers("?since=7d") == [1, 2]
        assert numbers(f"?since={time.time() - 3600}") == [1]
        assert numbers("?since=2020-01-01&shop=acme-es") == [1, 2]

    def test_who_acts_is_written_down(self, world):
        world.api("POST", "incidents/1/ack", json={"author": "dee", "note": "on it"})
        world.api("POST", "silences", json={**WINDOW, "author": ""})
        with world.store.read() as connection:
            desk = load_desk(connection, time.time())
        assert (desk.acknowledged[1].author, desk.windows[0].author) == ("dee", "API")

    def test_the_daemon_logs_who_acts_on_one_line_each_whatever_was_sent(self, ready, caplog):
        with caplog.at_level(logging.INFO, "techrun.app"):
            for method, path, body in ACTS:
                ready.api(
                    method, path, json=body and {**body, "author": "dee\n2026-01-01 INFO forged\x1b[2J"}
                )
        said = [record.getMessage() for record in caplog.records]
        assert [line.partition(" has ")[2].split()[0] for line in said] == [
            "taken",
            "begun",
            "begun",
            "ended",
            "begun",
            "ended",
            "cancelled",
        ]
        assert all(line.isprintable() for line in said)

    def test_silences_and_maintenance_are_listed_apart_and_together(self, world):
        world.api("POST", "silences", json=WINDOW)
        world.api("POST", "maintenance", json=WINDOW)
        kinds = {path: [one["kind"] for one in world.api("GET", path).json()] for path in LOOKS[3:6]}
        assert kinds == {
            "windows": ["silence", "maintenance"],
            "silences": ["silence"],
            "maintenance": ["maintenance"],
        }

    def test_no_answer_and_no_log_has_a_token_or_a_secret_in_it(self, ready, caplog):
        with caplog.at_level(logging.DEBUG):
            said = "".join(ready.api(method, path, json=body).text for method, path, body in EVERY)
        for secret in (READ, OPERATE, "PAGER_URL", "secrets.yaml"):
            assert secret not in said + "".join(
                record.getMessage() for record in caplog.records if "techrun" in record.name
            )
        assert READ not in repr(ready.tokens)

    def test_a_store_that_cannot_be_written_is_said(self, world, disk):
        disk.fill()
        try:
            answer = world.api("POST", "incidents/1/ack", json={})
        finally:
            disk.empty()
        assert answer.status_code == 500
        assert "could not be written" in answer.json()["error"]
