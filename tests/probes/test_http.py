"""The kind `http` against a real server: what decides, and where mistakes are shown."""

from __future__ import annotations

import asyncio

import pytest

from techrun.errors import ConfigError, Place
from techrun.fetch import FetchSettings
from techrun.model import Reason, Shop, Status
from techrun.probes import Scope, http

HOME = "<html><title>Acme</title><h1>Drills</h1><p>89,00 €</p></html>"


def at(port):
    """A check of this port, and the journeys it uses (tests/contracts tries bad servers on it)."""
    return {"http": f"http://127.0.0.1:{port}/"}, {}


def prepared(url, **keys):
    return http.prepare(http.Spec.model_validate({"http": "/", **keys}), Scope(Shop("acme", url)))


@pytest.fixture
def look(site, make_run):
    """Runs a check of a site with these pages."""

    async def run(pages, *, run=None, **keys):
        started = await site(pages)
        return await http.run(prepared(started.url, **keys), run or make_run(kind="http")), started

    return run


async def test_a_page_is_up_with_phases_and_the_measures_of_blackbox_exporter(look):
    outcome, _ = await look({"GET /": (200, HOME, {})})
    assert outcome.status is Status.UP
    assert [name for name, _ in outcome.phases.items()] == ["connect", "processing", "transfer"]
    assert outcome.measures["http_status_code"] == 200
    assert outcome.measures["http_version"] == 1.1
    assert outcome.measures["http_ssl"] == 0
    assert outcome.measures["http_uncompressed_body_length"] == len(HOME.encode())
    assert outcome.step == ""


@pytest.mark.parametrize(
    ("page", "keys", "expected"),
    [
        pytest.param((500, "oops", {}), {}, (Status.DOWN, Reason.STATUS), id="status 500"),
        pytest.param((404, HOME, {}), {}, (Status.DOWN, Reason.STATUS), id="status 404"),
        pytest.param((404, HOME, {}), {"expect": {"status": 404}}, (Status.UP, None), id="wanted 404"),
        pytest.param((200, "", {}), {}, (Status.DOWN, Reason.EXPECTATION), id="empty page"),
        pytest.param((200, " \n ", {}), {}, (Status.DOWN, Reason.EXPECTATION), id="blank page"),
        pytest.param(
            (200, HOME, {}),
            {"expect": {"css": {"h1": {"contains": "Drills"}}}},
            (Status.UP, None),
            id="what was expected",
        ),
        pytest.param(
            (200, HOME, {}),
            {"expect": {"text": {"contains": "In stock"}}},
            (Status.DOWN, Reason.EXPECTATION),
            id="not what was expected",
        ),
        pytest.param(
            (200, HOME, {}),
            {"expect": {"text": {"contains": "Drills"}, "soft": {"text": {"contains": "In stock"}}}},
            (Status.DEGRADED, Reason.EXPECTATION),
            id="soft",
        ),
        pytest.param(
            (200, HOME, {}),
            {"save": {"price": {"css": ".price"}}},
            (Status.DOWN, Reason.EXTRACTION),
            id="nothing to save",
        ),
        pytest.param(
            (302, "", {"Location": "/"}), {}, (Status.DOWN, Reason.REDIRECT), id="redirected to itself"
        ),
    ],
)
async def test_what_is_found_decides(look, page, keys, expected):
    outcome, _ = await look({"GET /": page}, **keys)
    assert (outcome.status, outcome.reason) == expected
    assert bool(outcome.message) == (outcome.reason is not None)


async def test_redirects_are_followed_and_counted(look):
    pages = {"GET /": (301, "", {"Location": "/es/"}), "GET /es/": (200, HOME, {})}
    outcome, _ = await look(pages)
    assert outcome.status is Status.UP
    assert outcome.measures["http_redirects"] == 1


async def test_method_query_headers_and_json_are_sent(look):
    _, site = await look(
        {"POST /api": (200, "{}", {})},
        http="/api",
        method="POST",
        query={"page": 2},
        headers={"X-Tenant": "acme"},
        json={"sku": "7"},
    )
    method, target, headers, body = site.requests[0]
    assert (method, target, body) == ("POST", "/api?page=2", b'{"sku":"7"}')
    assert headers["x-tenant"] == "acme"


async def test_a_body_that_is_null_in_json_is_sent(look):
    _, site = await look({"POST /api": (200, "{}", {})}, http="/api", method="post", json=None)
    assert site.requests[0][3] == b"null"


async def test_every_request_is_recognisable(look):
    _, site = await look({"GET /": (200, HOME, {})})
    headers = site.requests[0][2]
    assert headers["x-synthetic"].startswith("http ")
    assert "traceparent" in headers


async def test_a_slow_page_is_down_for_timeout_at_the_deadline(look, make_run):
    async def slow(body):
        await asyncio.sleep(5)

    outcome, _ = await look({"GET /": slow}, run=make_run(deadline=0.2))
    assert (outcome.status, outcome.reason) == (Status.DOWN, Reason.TIMEOUT)


async def test_budget_warns_before_it_fails(look):
    async def slow(body):
        await asyncio.sleep(0.05)
        return 200, HOME, {}

    outcome, _ = await look({"GET /": slow}, budget={"warn": "10ms", "fail": "20s"})
    assert (outcome.status, outcome.reason) == (Status.DEGRADED, Reason.BUDGET)


async def test_https_shows_the_expiry_also_where_the_certificate_is_refused(site, make_run, authority):
    started = await site({"GET /": (200, HOME, {})}, authority.context(("localhost", "127.0.0.1")))
    url = started.url.replace("http:", "https:")
    trusted = await http.run(prepared(url), make_run(fetch=FetchSettings(ca_file=authority.file)))
    refused = await http.run(prepared(url), make_run())
    assert trusted.status is Status.UP
    assert (refused.status, refused.reason) == (Status.DOWN, Reason.TLS)
    expiry = "ssl_earliest_cert_expiry"
    assert refused.measures[expiry] == trusted.measures[expiry] > 0


async def test_a_certificate_may_be_left_unverified(site, make_run, authority):
    started = await site({"GET /": (200, HOME, {})}, authority.context(("localhost",)))
    url = started.url.replace("http:", "https:")
    assert (await http.run(prepared(url, verify_tls=False), make_run())).status is Status.UP


async def test_a_node_is_asked_in_place_of_the_shop_s_address(site, make_run):
    started = await site({"GET /": (200, HOME, {})})
    check = prepared(f"http://shop.invalid:{started.port}")
    outcome = await http.run(check, make_run(node="127.0.0.1"))
    assert outcome.status is Status.UP
    assert started.requests[0][2]["host"] == f"shop.invalid:{started.port}"


class Origin:
    """Says of every value only its path."""

    def place(self, path=(), *, on_key=False):
        return Place(".".join(map(str, path)), 1, 1)


@pytest.mark.parametrize(
    ("keys", "at_path", "said"),
    [
        pytest.param({"http": "/${nope}"}, "http", "nope", id="unknown name in the address"),
        pytest.param({"json": {}, "body": "x", "method": "post"}, "json", "two bodies", id="two bodies"),
        pytest.param({"expect": {"css": {"h1[": "x"}}}, "expect.css.h1[", "", id="broken selector"),
        pytest.param(
            {"expect": {"text": {"not": {"contains": "x"}}}}, "expect", "must not", id="only negative"
        ),
        pytest.param({"method": "post", "retry": {"times": 2}}, "retry", "twice", id="retry of a post"),
        pytest.param({"json": {}}, "json", "get: takes no json", id="body of a get"),
    ],
)
def test_mistakes_are_shown_where_they_are_written(keys, at_path, said):
    spec = http.Spec.model_validate({"http": "/", **keys})
    spec.written_at(Origin())
    with pytest.raises(ConfigError) as caught:
        http.prepare(spec, Scope(Shop("acme", "http://shop.invalid")))
    places = {problem.places[0].file: problem.what for problem in caught.value.problems}
    assert at_path in places
    assert said in places[at_path]
