"""The jar keeps what a browser would keep, and sends it where a browser would send it."""

from urllib.parse import urlsplit

import pytest

from techrun.journey.cookies import MOST, Jar, site_of

NOW = 1_800_000_000.0
HOME = "https://www.shop.example/account/login"


def jar_with(*lines, url=HOME):
    jar = Jar()
    jar.store(lines, urlsplit(url), NOW)
    return jar


def sent(jar, url, now=NOW):
    return jar.header(urlsplit(url), now)


@pytest.mark.parametrize(
    ("line", "url", "header"),
    [
        pytest.param("a=1", "https://www.shop.example/account/x", "a=1", id="default path"),
        pytest.param("a=1", "https://www.shop.example/", "", id="another path"),
        pytest.param("a=1; Path=/", "https://www.shop.example/", "a=1", id="path"),
        pytest.param("a=1; Path=/acc", "https://www.shop.example/account", "", id="half a path segment"),
        pytest.param("a=1; Path=/", "https://shop.example/", "", id="host only"),
        pytest.param("a=1; Path=/; Domain=shop.example", "https://api.shop.example/", "a=1", id="domain"),
        pytest.param("a=1; Path=/; Domain=.shop.example", "https://shop.example/", "a=1", id="domain with a dot"),
        pytest.param("a=1; Path=/; Domain=shop.example", "https://notshop.example/", "", id="a name that ends alike"),
        pytest.param("a=1; Path=/; Domain=other.example", "https://other.example/", "", id="foreign domain"),
        pytest.param("a=1; Path=/; Domain=example", "https://x.example/", "", id="public suffix"),
        pytest.param("a=1; Path=/; Secure", "http://www.shop.example/", "", id="secure over http"),
        pytest.param("a=1; Path=/; HttpOnly; SameSite=Lax", "http://www.shop.example/", "a=1", id="not secure"),
        pytest.param('a="x y"; Path=/', "https://www.shop.example/", 'a="x y"', id="quotes stay"),
        pytest.param("a=b=c; Path=/", "https://www.shop.example/", "a=b=c", id="equals sign in the value"),
        pytest.param("a=; Path=/", "https://www.shop.example/", "a=", id="empty value"),
        pytest.param("=1; Path=/", "https://www.shop.example/", "", id="no name"),
        pytest.param("flag; Path=/", "https://www.shop.example/", "", id="no equals sign"),
        pytest.param("a=1; Path=/; Max-Age=0", "https://www.shop.example/", "", id="max-age 0"),
        pytest.param("a=1; Path=/; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "https://www.shop.example/", "a=1", id="max-age wins"),
        pytest.param("a=1; Path=/; Expires=Thu, 01-Jan-1970 00:00:00 GMT", "https://www.shop.example/", "", id="expired"),
        pytest.param("a=1; Path=/; Expires=Wed, 01-Jan-2098 00:00:00 GMT", "https://www.shop.example/", "a=1", id="old date form"),
        pytest.param("a=1; Path=/; Expires=soon", "https://www.shop.example/", "a=1", id="unreadable date"),
        pytest.param("__Host-a=1; Path=/; Secure", "https://www.shop.example/", "__Host-a=1", id="__Host-"),
        pytest.param("__Host-a=1; Path=/x; Secure", "https://www.shop.example/x", "", id="__Host- with a path"),
        pytest.param("__Secure-a=1; Path=/", "https://www.shop.example/", "", id="__Secure- without Secure"),
    ],
)  # fmt: skip
def test_one_cookie_goes_where_a_browser_sends_it(line, url, header):
    assert sent(jar_with(line), url) == header


def test_a_secure_cookie_is_not_taken_over_http():
    jar = jar_with("a=1; Path=/; Secure", url="http://www.shop.example/")
    assert sent(jar, "https://www.shop.example/") == ""


def test_a_cookie_ends_with_its_time():
    jar = jar_with("a=1; Path=/; Max-Age=60")
    assert sent(jar, HOME, NOW + 59) == "a=1"
    assert sent(jar, HOME, NOW + 61) == ""


def test_a_new_value_replaces_the_old_and_an_expired_one_deletes_it():
    jar = jar_with("a=1; Path=/", "a=2; Path=/")
    assert sent(jar, HOME) == "a=2"
    jar.store(["a=; Path=/; Max-Age=0"], urlsplit(HOME), NOW)
    assert sent(jar, HOME) == ""


def test_of_two_cookies_of_one_name_both_are_sent_and_that_with_the_longer_path_counts():
    jar = jar_with("a=root; Path=/", "a=deep; Path=/account")
    assert sent(jar, HOME) == "a=deep; a=root"
    assert jar.matching(urlsplit(HOME), NOW) == {"a": "deep"}


def test_a_cookie_for_every_site_must_be_secure():
    assert sent(jar_with("a=1; Path=/; SameSite=None", "b=1; Path=/; SameSite=None; Secure"), HOME) == "b=1"


def test_a_flood_of_cookies_is_bounded():
    jar = jar_with(*(f"c{number}=1; Path=/" for number in range(MOST + 50)))
    assert len(jar.matching(urlsplit(HOME), NOW)) == MOST


def test_an_address_is_host_only():
    jar = jar_with("a=1; Path=/; Domain=127.0.0.1", url="http://127.0.0.1:8000/")
    assert sent(jar, "http://127.0.0.1:9000/") == "a=1"
    assert sent(jar, "http://x.127.0.0.1/") == ""


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("www.shop.example", "shop.example"),
        ("cdn.shop.co.uk", "shop.co.uk"),
        ("shop.example", "shop.example"),
        ("10.0.0.1", "10.0.0.1"),
        ("localhost", "localhost"),
    ],
)
def test_the_site_of_a_host_is_the_name_that_was_registered(host, site):
    assert site_of(host) == site
