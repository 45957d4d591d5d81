"""The pages, asked over real HTTP."""

from __future__ import annotations

import gzip
import random
import threading
from contextlib import contextmanager

import httpx
import pytest

from techrun.model import Status
from techrun.web.landing import MOST_ROWS, Row
from techrun.web.routes import Handlers
from techrun.web.server import WebServer

METRICS = [b"# HELP x x\n# TYPE x gauge\n", b"x 1\n" * 200]


@contextmanager
def serving(token="", **handlers):
    given = {"metrics": lambda: iter(METRICS), "ready": lambda: True, "reload": lambda: "", "status": list}
    server = WebServer("127.0.0.1:0", Handlers(**(given | handlers)), token=token)
    server.start()
    try:
        with httpx.Client(base_url=server.url, trust_env=False, verify=False) as client:
            yield client
    finally:
        server.stop()


def test_the_metrics_come_as_they_were_given_with_the_type_that_prometheus_expects():
    with serving() as client:
        answer = client.get("/metrics", headers={"Accept-Encoding": "identity"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "content-encoding" not in answer.headers
    assert answer.content == b"".join(METRICS)


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(METRICS, id="a few lines"),
        pytest.param(
            [random.Random(1).randbytes(100_000) for _ in range(5)], id="more than one piece when compressed"
        ),
        pytest.param([], id="nothing"),
    ],
)
def test_the_metrics_are_compressed_for_those_who_ask(pieces):
    with (
        serving(metrics=lambda: iter(pieces)) as client,
        client.stream("GET", "/metrics", headers={"Accept-Encoding": "gzip"}) as answer,
    ):
        raw = b"".join(answer.iter_raw())
    assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(raw) == b"".join(pieces)


def test_head_of_the_metrics_renders_nothing():
    with serving(metrics=lambda: pytest.fail("rendered")) as client:
        answer = client.head("/metrics")
    assert (answer.status_code, answer.content) == (200, b"")


def test_metrics_are_made_in_a_thread_that_is_not_the_loop_of_the_server():
    names = []

    def metrics():
        names.append(threading.current_thread().name)
        yield b"x 1\n"

    with serving(metrics=metrics) as client:
        client.get("/metrics")
    assert names
    assert not {"web", "MainThread"} & set(names)


def test_health_is_told_while_a_scrape_takes_long():
    going, enough = threading.Event(), threading.Event()

    def metrics():
        going.set()
        assert enough.wait(10)
        yield b"x 1\n"

    with serving(metrics=metrics) as client:
        scraper = threading.Thread(target=client.get, args=("/metrics",))
        scraper.start()
        assert going.wait(10)
        assert client.get("/-/healthy").status_code == 200
        enough.set()
        scraper.join()


def test_it_is_not_healthy_when_its_probes_stand_still():
    with serving(alive=lambda: False) as client:
        answer = client.get("/-/healthy")
    assert answer.status_code == 503
    assert "stands still" in answer.text


def test_it_is_ready_when_it_says_so_and_healthy_all_the_time():
    ready = threading.Event()
    with serving(ready=ready.is_set) as client:
        assert (client.get("/-/ready").status_code, client.get("/-/healthy").status_code) == (503, 200)
        ready.set()
        assert (client.get("/-/ready").status_code, client.get("/-/healthy").status_code) == (200, 200)


@pytest.mark.parametrize(
    ("problems", "status", "text"),
    [
        pytest.param("", 200, "The new configuration runs.\n", id="good"),
        pytest.param(
            "a.yaml:1:2: unknown key\n",
            500,
            "The old configuration goes on.\na.yaml:1:2: unknown key\n",
            id="bad",
        ),
    ],
)
def test_a_reload_tells_what_became_of_it(problems, status, text):
    with serving(reload=lambda: problems) as client:
        answer = client.post("/-/reload")
    assert (answer.status_code, answer.text) == (status, text)


def test_a_reload_needs_a_post():
    with serving(reload=lambda: pytest.fail("reloaded")) as client:
        assert client.get("/-/reload").status_code == 405


def test_a_handler_that_fails_is_a_500_and_the_server_goes_on():
    def status():
        raise RuntimeError("no board")

    with serving(status=status) as client:
        assert client.get("/", headers={"Connection": "close"}).status_code == 500
        assert client.get("/-/healthy").status_code == 200


@pytest.mark.parametrize("path", ["/", "/metrics", "/-/reload"])
@pytest.mark.parametrize(
    ("header", "refused"),
    [
        pytest.param({}, True, id="no token"),
        pytest.param({"Authorization": "Bearer wrong"}, True, id="wrong token"),
        pytest.param({"Authorization": "s3cret"}, True, id="not as bearer"),
        pytest.param({"Authorization": b"Bearer s\xe9cret"}, True, id="not ASCII"),
        pytest.param({"Authorization": "Bearer s3cret"}, False, id="right token"),
    ],
)
def test_with_a_token_set_only_its_bearer_gets_in(path, header, refused):
    with serving(token="s3cret") as client:
        answer = client.request("POST" if path == "/-/reload" else "GET", path, headers=header)
    assert (answer.status_code == 401) is refused
    assert (answer.headers.get("www-authenticate") == "Bearer") is refused


def test_health_needs_no_token_since_those_who_ask_have_none():
    with serving(token="s3cret") as client:
        assert (client.get("/-/healthy").status_code, client.get("/-/ready").status_code) == (200, 200)


def test_the_landing_page_shows_the_worst_first_and_writes_nothing_as_html():
    rows = [
        Row("acme-es", "home", Status.UP, last_run=0.0),
        Row("acme-es", "new"),
        Row("acme-es", "buy", Status.DOWN, "<script>alert(1)</script>"),
    ]
    with serving(status=lambda: rows) as client:
        answer = client.get("/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script>" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    assert [answer.text.index(f"/</span>{name}</th>") for name in ("buy", "new", "home")] == sorted(
        answer.text.index(f"/</span>{name}</th>") for name in ("buy", "new", "home")
    )


def test_the_landing_page_needs_nothing_from_elsewhere_and_its_policy_allows_nothing_else():
    with serving() as client:
        answer = client.get("/")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "http" not in answer.text.replace("http-equiv", "")
    assert "No checks are configured." in answer.text


def test_the_landing_page_of_very_many_checks_stays_readable():
    rows = [Row("acme-es", f"check-{number}", Status.UP) for number in range(MOST_ROWS + 7)]
    with serving(status=lambda: rows) as client:
        text = client.get("/").text
    assert text.count('<th scope="row">') == MOST_ROWS
    assert "7 more checks are left out" in text
    assert f"{MOST_ROWS + 7} up" in text
