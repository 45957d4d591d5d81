"""Rule 15: a challenge is told from the shop's own pages by strong evidence only."""

import pytest

from techrun.exchange import Response
from techrun.journey.blocked import in_place_of_page, refused


def challenge(response):
    return refused(response) or in_place_of_page(response)


LOGIN = b"""<html><head><script src="https://www.google.com/recaptcha/api.js"></script><title>Sign in</title></head>
<body><p>Please verify you are human</p><form><input name=email><input type="password" name=password>
<div class="g-recaptcha"></div></form></body></html>"""
HOME = (
    b"<html><head><title>Shop</title></head><body>"
    + b"<p>mug</p>" * 3000
    + b"""<script>window.__CF$cv$params={};a.src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'</script>
<script src="/_Incapsula_Resource?SWJIYLWA=1"></script><script src="https://js.px-cdn.net/PX123/main.min.js"></script>
<script src="https://challenges.cloudflare.com/turnstile/v0/api.js"></script></body></html>"""
)


@pytest.mark.parametrize(
    ("status", "headers", "body", "who"),
    [
        pytest.param(403, {"cf-mitigated": "challenge"}, b"", "Cloudflare", id="cf-mitigated"),
        pytest.param(
            503, {}, b"<title>Just a moment...</title><script>window._cf_chl_opt={a:'__cf_chl_tk'}</script>",
            "Cloudflare", id="just a moment",
        ),
        pytest.param(403, {}, b"error code: 1020", "Cloudflare", id="firewall rule"),
        pytest.param(
            403, {"x-datadome": "protected"}, b"<script>var dd={'host':'geo.captcha-delivery.com'}</script>",
            "DataDome", id="datadome",
        ),
        pytest.param(403, {}, b'<div id="px-captcha"></div>', "HUMAN", id="perimeterx"),
        pytest.param(200, {}, b'<title>Access</title><div id="px-captcha"></div>', "HUMAN", id="perimeterx with 200"),
        pytest.param(
            403, {"server": "AkamaiGHost"}, b"<H1>Access Denied</H1> Reference #18.2f https://errors.edgesuite.net/18",
            "Akamai", id="akamai denies",
        ),
        pytest.param(200, {}, b'<div id="sec-if-cpt-container"></div>', "Akamai", id="akamai challenge"),
        pytest.param(202, {"x-amzn-waf-action": "challenge"}, b"", "AWS WAF challenge", id="aws challenge"),
        pytest.param(405, {"x-amzn-waf-action": "captcha"}, b"", "AWS WAF captcha", id="aws captcha"),
        pytest.param(
            200, {}, b"Request unsuccessful. Incapsula incident ID: 1-2", "Imperva", id="imperva",
        ),
        pytest.param(403, {}, b'<div class="h-captcha"></div>', "captcha page", id="hcaptcha with 403"),
        pytest.param(429, {}, b'<div class="g-recaptcha"></div>', "captcha page", id="recaptcha with 429"),
        pytest.param(
            200, {}, b'<title>Check</title><p>Are you a robot?</p><div class="g-recaptcha"></div>', "captcha in place",
            id="a page that is nothing but a captcha",
        ),
    ],
)  # fmt: skip
def test_a_challenge_is_recognised_and_named(status, headers, body, who):
    assert who in challenge(Response(status, tuple(headers.items()), body))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(200, LOGIN, id="a login form with a captcha of its own"),
        pytest.param(403, LOGIN, id="a login form shown with 403"),
        pytest.param(200, HOME, id="a page with the scripts of four firewalls"),
        pytest.param(403, b"<h1>Forbidden</h1>", id="a plain 403"),
        pytest.param(503, b"<h1>Maintenance</h1>", id="a plain 503"),
        pytest.param(429, b'{"error": "too many requests"}', id="a plain 429"),
        pytest.param(200, b"<p>Win the captcha-puzzle challenge game!</p>", id="a shop that sells puzzles"),
        pytest.param(404, b"<p>captcha: verify you are human</p>", id="not found"),
        pytest.param(200, b"", id="an empty page"),
        pytest.param(200, b"\xff\xfe\x00captcha", id="bytes"),
    ],
)
def test_the_shops_own_pages_are_no_challenge(status, body):
    assert challenge(Response(status, (("content-type", "text/html"),), body)) == ""
