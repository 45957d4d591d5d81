"""What may be loaded: written down, one's own, and no trick gets around it. No I/O."""

from __future__ import annotations

import pytest

from techrun.errors import UsageError
from techrun.load.guards import (
    GuardError,
    Limits,
    address_of,
    check_owner,
    check_rate,
    check_target,
    is_loopback,
    permits,
)
from techrun.load.records import Schedule, Stage

LIMITS = Limits(
    "acme", "https://shop.acme.es", "production", ("staging.acme.es", "*.preview.acme.es", "10.0.0.7")
)


def allowed(url: str, limits: Limits = LIMITS) -> bool:
    try:
        check_target(address_of(url, "--host"), limits, "--host")
    except GuardError:
        return False
    return True


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://shop.acme.es", id="the shop itself"),
        pytest.param("http://shop.acme.es", id="the shop itself without TLS"),
        pytest.param("https://SHOP.acme.es./", id="in other letters, with the dot of the root"),
        pytest.param("https://staging.acme.es:8443/store", id="an allowed host on any port"),
        pytest.param("https://pr-12.preview.acme.es", id="below a wildcard"),
        pytest.param("https://a.b.preview.acme.es", id="far below a wildcard"),
        pytest.param("http://10.0.0.7:8080", id="an allowed address"),
        pytest.param("http://127.0.0.1:9780", id="this machine"),
        pytest.param("http://127.9.9.9", id="this machine, all of 127/8"),
        pytest.param("http://localhost:8000", id="this machine by name"),
        pytest.param("http://[::1]:8000", id="this machine, IPv6"),
        pytest.param("http://[::ffff:127.0.0.1]", id="this machine, mapped"),
    ],
)
def test_what_was_written_down_may_be_loaded(url) -> None:
    assert allowed(url)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://evil.example", id="another host"),
        pytest.param("https://acme.es", id="the domain above"),
        pytest.param("https://preview.acme.es", id="a wildcard's own domain"),
        pytest.param("https://xpreview.acme.es", id="a name that only ends like it"),
        pytest.param("https://staging.acme.es.evil.example", id="the allowed name in front"),
        pytest.param("https://shop.acme.es@evil.example", id="the allowed name as a user"),
        pytest.param("https://evil.example\\@staging.acme.es", id="a backslash"),
        pytest.param("https://staging.acme.es:80@evil.example", id="the port as a password"),
        pytest.param("https://staging.acme.es%2eevil.example", id="a percent in the name"),
        pytest.param("https://staging.acme.es%00.evil.example", id="a NUL"),
        pytest.param("https://staging.acme.es\t.evil.example", id="a tab"),
        pytest.param("https://evil.example#staging.acme.es", id="a fragment"),
        pytest.param("https://evil.example?staging.acme.es", id="a query"),
        pytest.param("https://st\u0430ging.acme.es", id="a Cyrillic a"),
        pytest.param("https://xn--stging-3ve.acme.es", id="the same in punycode"),
        pytest.param("https://shop.acme.es:9200", id="another port of the shop's own host"),
        pytest.param("http://10.0.0.8", id="the address beside"),
        pytest.param("http://2130706433", id="this machine as a number, which not everybody reads so"),
        pytest.param("http://0x7f000001", id="in hexadecimal"),
        pytest.param("http://0177.0.0.1", id="in octal"),
        pytest.param("http://127.1", id="shortened"),
        pytest.param("http://0.0.0.0", id="any address"),
        pytest.param("http://[::]", id="any address, IPv6"),
        pytest.param("http://[::ffff:10.0.0.7]", id="an allowed address in another family"),
        pytest.param("http://localhost.evil.example", id="a name that begins like this machine's"),
        pytest.param("http://169.254.169.254", id="a cloud's metadata"),
    ],
)
def test_no_trick_gets_around_the_list(url) -> None:
    assert not allowed(url)


@pytest.mark.parametrize(
    "url",
    ["", "shop.acme.es", "ftp://shop.acme.es", "https://", "https://shop.acme.es:0", "https://shop.acme.es:99999",
     "https://[::1", "javascript:alert(1)", "https://a..b"],
)  # fmt: skip
def test_what_is_no_address_is_told(url) -> None:
    with pytest.raises(GuardError, match="--host"):
        address_of(url, "--host")


def test_a_refusal_says_what_is_allowed_and_what_to_write() -> None:
    with pytest.raises(UsageError) as refused:
        check_target(address_of("https://new.acme.es", "--host"), LIMITS, "--host")
    assert "--host: new.acme.es:443 is not among" in str(refused.value)
    assert "https://shop.acme.es, staging.acme.es" in str(refused.value)
    assert "load: {hosts: [new.acme.es]}" in str(refused.value)


@pytest.mark.parametrize(
    ("pattern", "url", "is_covered"),
    [
        ("a.example:8443", "https://a.example:8443", True),
        ("a.example:8443", "https://a.example", False),
        ("*.a.example:8443", "https://b.a.example:8443", True),
        ("*.a.example:8443", "https://b.a.example", False),
        ("münchen.example", "https://xn--mnchen-3ya.example", True),
        ("*", "https://a.example", False),
        ("*.", "https://a.example", False),
    ],
)
def test_a_pattern_covers_a_host_and_perhaps_one_port(pattern, url, is_covered) -> None:
    assert permits(pattern, address_of(url, "test")) is is_covered


@pytest.mark.parametrize("host", ["8.8.8.8", "example.com", "localhost.example", "::2", ""])
def test_nothing_else_is_this_machine(host) -> None:
    assert not is_loopback(host)


def test_the_address_is_written_in_one_way() -> None:
    assert address_of("HTTPS://Staging.Acme.es.:443/shop/", "x").url == "https://staging.acme.es/shop"
    assert address_of("http://[::1]:8000", "x").url == "http://[::1]:8000"


# --- production


def owner(url: str = "https://shop.acme.es", **more) -> None:
    check_owner(address_of(url, "x"), Limits("acme", "https://shop.acme.es", **{"env": "production", **more}))


def test_a_production_shop_needs_somebody_who_owns_it() -> None:
    with pytest.raises(GuardError, match="--i-own-this"):
        owner(max_rate=5.0)


def test_a_production_shop_needs_a_ceiling_too() -> None:
    with pytest.raises(GuardError, match="--max-rate"):
        owner(i_own_this=True)


@pytest.mark.parametrize(
    ("url", "more"),
    [
        pytest.param(
            "https://shop.acme.es", {"i_own_this": True, "max_rate": 5.0}, id="owned, with a ceiling"
        ),
        pytest.param("https://shop.acme.es", {"env": "staging"}, id="not production"),
        pytest.param("https://staging.acme.es", {}, id="another host of the shop"),
        pytest.param("http://127.0.0.1:8000", {}, id="this machine"),
    ],
)
def test_all_else_needs_neither(url, more) -> None:
    owner(url, **more)


def schedule(peak: float, model="open") -> Schedule:
    return Schedule((Stage("ramp", 5, 0, peak), Stage("measure", 10, peak, peak / 2)), model)


def rate(peak: float, ceiling: float | None, *, model="open", url="https://shop.acme.es") -> None:
    limits = Limits("acme", "https://shop.acme.es", "production", max_rate=ceiling)
    check_rate(schedule(peak, model), {"new": address_of(url, "x")}, limits)


def test_the_highest_rate_counts_and_may_reach_the_ceiling() -> None:
    rate(20, 20)
    rate(20, None)
    with pytest.raises(GuardError, match=r"up to 20.1 visits/s.*ceiling.*20/s"):
        rate(20.1, 20)


def test_a_closed_model_has_no_rate_that_a_ceiling_could_hold() -> None:
    rate(50, 20, model="closed", url="https://staging.acme.es")
    with pytest.raises(GuardError, match="--rate only"):
        rate(5, 20, model="closed")
