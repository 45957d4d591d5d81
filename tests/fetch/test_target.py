"""URLs are read once, and libcurl is given what was read."""

import pytest

from techrun.fetch.target import BadTargetError, parse
from techrun.model import Reason


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("http://shop.example", "http://shop.example/"),
        ("HTTP://Shop.Example:80/A", "http://shop.example/A"),
        ("https://shop.example:443/", "https://shop.example/"),
        ("https://shop.example:8443/", "https://shop.example:8443/"),
        ("http://shop.example/a#part", "http://shop.example/a"),
        ("http://shop.example?q=1", "http://shop.example/?q=1"),
        ("http://shop.example/a/../b/./c", "http://shop.example/a/../b/./c"),
        ("http://shop.example/a b?c=d e", "http://shop.example/a%20b?c=d%20e"),
        ("http://shop.example/ä%20?ü=1", "http://shop.example/%C3%A4%20?%C3%BC=1"),
        ("http://shop.example/{a}|b?x[]=1&y='", "http://shop.example/{a}|b?x[]=1&y='"),
        ("http://münchen.example/", "http://xn--mnchen-3ya.example/"),
        ("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"),
        ("http://user:pw@shop.example/", "http://shop.example/"),
        ("http://my_shop.example/", "http://my_shop.example/"),
    ],
    ids=lambda value: value,
)
def test_a_url_is_sent_like_this(url, sent):
    assert parse(url).url == sent


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://", Reason.PROTOCOL),
        ("http:///path", Reason.PROTOCOL),
        ("http://shop.example:http/", Reason.PROTOCOL),
        ("http://shop.example:99999/", Reason.PROTOCOL),
        ("http://[::1/", Reason.PROTOCOL),
        ("http://shop example/", Reason.PROTOCOL),
        ("http://good.example\\@evil.example/", Reason.PROTOCOL),
        ("http://a\tb/", Reason.PROTOCOL),
        ("http://\N{SNOWMAN}\N{SNOWMAN}.example.\N{ZERO WIDTH JOINER}/", Reason.DNS),
        ("file:///etc/passwd", Reason.FORBIDDEN),
        ("javascript:alert(1)", Reason.FORBIDDEN),
        ("", Reason.FORBIDDEN),
    ],
    ids=repr,
)
def test_what_is_no_url_for_us_is_refused(url, reason):
    with pytest.raises(BadTargetError) as caught:
        parse(url)
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("url", "peer"),
    [("https://shop.example/", "shop.example:443"), ("http://[::1]:81/", "[::1]:81")],
    ids=["name", "ipv6"],
)
def test_the_peer_is_named_as_people_write_it(url, peer):
    assert parse(url).peer == peer
