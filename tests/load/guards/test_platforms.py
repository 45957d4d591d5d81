"""Platforms that many merchants share are known by name, by address and by what they answer."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from techrun.load.guards import GuardError, address_of, platforms


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("acme.myshopify.com", "Shopify"),
        ("myshopify.com", "Shopify"),
        ("store-1.mybigcommerce.com", "BigCommerce"),
        ("acme.wixsite.com", "Wix"),
        ("acme.squarespace.com", "Squarespace"),
        ("acme.shopware.store", "Shopware Cloud"),
        ("production-eu01-acme.demandware.net", "Salesforce Commerce Cloud"),
        ("api.europe-west1.gcp.commercetools.com", "commercetools"),
        ("acme.myshoplaza.com", "Shoplazza"),
        ("acme.jimdofree.com", "Jimdo"),
        ("notmyshopify.com", None),
        ("myshopify.com.acme.es", None),
        ("shop.acme.es", None),
    ],
)
def test_a_platform_is_known_by_the_name_of_the_host(host, name) -> None:
    found = platforms.by_host(host)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("header", "value", "name"),
    [
        ("X-ShopId", "123", "Shopify"),
        ("x-shopify-stage", "production", "Shopify"),
        ("Powered-By", "Shopify", "Shopify"),
        ("X-Wix-Request-Id", "1", "Wix"),
        ("Server", "Squarespace", "Squarespace"),
        ("Server", "Pepyaka", "Wix"),
        ("x-dw-request-base-id", "abc", "Salesforce Commerce Cloud"),
        ("X-Jimdo-Wid", "s1", "Jimdo"),
        ("Set-Cookie", "fornax_anonymousId=1; path=/", "BigCommerce"),
        ("Server", "nginx", None),
        ("X-Powered-By", "PHP/8.3", None),
        ("X-Note", "we left Shopify", None),
    ],
)
def test_a_platform_is_known_by_what_it_answers(header, value, name) -> None:
    found = platforms.by_headers([("Date", "today"), (header, value)])
    assert (found.name if found else None) == name


def test_a_platform_is_known_by_the_address_that_it_gives_shops_with_a_domain_of_their_own() -> None:
    found = platforms.by_address("23.227.38.65")
    assert found is not None
    assert found.name == "Shopify"
    assert platforms.by_address("23.227.39.65") is None
    assert platforms.by_address("::1") is None


@pytest.fixture
def server():
    """Answers like a shop behind Shopify, on loopback."""

    class Handler(BaseHTTPRequestHandler):
        asked: list[str] = []  # noqa: RUF012  one server, one test

        def do_GET(self) -> None:
            self.asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", "https://elsewhere.example/")
            self.send_header("X-ShopId", "77")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        running.handler = Handler
        threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
        yield running
        running.shutdown()


def test_the_shop_is_asked_once_and_no_redirect_is_followed(server) -> None:
    found = platforms.platform_of(address_of(f"http://127.0.0.1:{server.server_port}/store", "x"))
    assert found is not None
    platform, evidence = found
    assert (platform.name, evidence) == ("Shopify", "its answer says so")
    assert server.handler.asked == ["/store"]


def test_this_machine_is_not_even_asked(server) -> None:
    platforms.check_platform(address_of(f"http://127.0.0.1:{server.server_port}", "x"))
    assert server.handler.asked == []


def test_whoever_does_not_answer_gives_nothing_away() -> None:
    assert platforms.platform_of(address_of("http://127.0.0.1:1", "x")) is None


def test_the_refusal_names_the_platform_and_its_terms() -> None:
    with pytest.raises(
        GuardError, match=r"acme\.myshopify\.com is served by Shopify .* its terms forbid load tests"
    ):
        platforms.check_platform(address_of("https://acme.myshopify.com", "x"))
