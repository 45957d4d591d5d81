"""Tells a captcha or firewall challenge from the shop's own pages. Strong evidence only.

Shops have captcha scripts in their login forms, and firewalls put their scripts into every page:
neither is a challenge. A page is one where the firewall says so in a header, where it refuses with
its own marks, or where hardly anything but a captcha is on it.
"""

from __future__ import annotations

import re

from techrun.exchange import Response

_REFUSALS = frozenset({401, 403, 405, 406, 428, 429, 503})
_SMALL = 10_000
"""Bytes of a page that holds nothing but a challenge; larger ones come with a refusal or a header."""
_LOOKED_AT = 64_000

_REFUSED_WITH: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    (
        "Cloudflare",
        re.compile(
            rb"__cf_chl|cf-challenge|cf_captcha|Attention Required! \| Cloudflare|error code: 10[012]\d"
        ),
    ),
    ("DataDome", re.compile(rb"captcha-delivery\.com")),
    ("HUMAN", re.compile(rb"px-captcha|_pxAppId|captcha\.px-c(?:dn|loud)\.net|human-challenge")),
    ("Akamai", re.compile(rb"sec-if-cpt-container|/_sec/cp_challenge|errors\.edgesuite\.net|bm-verify")),
    ("AWS WAF", re.compile(rb"awswaf\.com|aws-waf-token|AwsWafIntegration")),
    ("Imperva", re.compile(rb"_Incapsula_Resource|Incapsula incident ID")),
    ("Sucuri", re.compile(rb"Sucuri WebSite Firewall")),
    ("captcha", re.compile(rb"captcha|cf-turnstile|challenges\.cloudflare\.com", re.IGNORECASE)),
)
_CHALLENGES: tuple[tuple[str, tuple[bytes, ...]], ...] = (
    ("Cloudflare", (b"<title>Just a moment", b"<title>Attention Required! | Cloudflare")),
    ("DataDome", (b"geo.captcha-delivery.com", b"ct.captcha-delivery.com")),
    ("HUMAN", (b'id="px-captcha"', b"id='px-captcha'")),
    ("Akamai", (b"sec-if-cpt-container", b"/_sec/cp_challenge")),
    (
        "AWS WAF",
        (b"AwsWafIntegration.getToken", b"AwsWafIntegration.saveReferrer", b'id="captcha-container"'),
    ),
    ("Imperva", (b"Incapsula incident ID",)),
)
"""Marks of pages that are challenges whatever their status."""

_CAPTCHA = re.compile(rb"aptcha|cf-turnstile|challenges\.cloudflare\.com")
_ASKS = re.compile(
    rb"are you (?:a )?(?:human|robot)|not a robot|you are (?:a )?human|verify (?:that )?you|prove (?:that )?you"
    rb"|unusual (?:traffic|activity)|automated (?:requests|access|queries)|security check|checking your browser"
    rb"|solve the captcha|complete the captcha|pas un robot|kein roboter|no eres un robot|non sei un robot"
    rb"|geen robot|nie jeste\xc5\x9b robotem",
    re.IGNORECASE,
)
_HINTS = (b"aptcha", b"_challenge", b"challenge-", b"Incapsula incident", b"sec-if-cpt", b"AwsWaf")
"""One of these is in every page that is found here: plain search costs a tenth of a pattern's."""
_SIGN_IN = re.compile(rb"type=[\"']?password", re.IGNORECASE)


def refused(response: Response) -> str:
    """Who refused the probe and how that shows, in words; ``""`` where nobody did."""
    by_header = _by_header(response)
    if by_header or response.status not in _REFUSALS:
        return by_header
    return _refused(response.status, response.body[:_LOOKED_AT])


def in_place_of_page(response: Response) -> str:
    """Whose challenge stands in place of the page; ``""`` where it is none.

    Searching a page costs more than all else that is done with one, so this is asked only where
    nothing else vouches for the page.
    """
    body = response.body
    if not body or len(body) > _SMALL or response.status == 404:
        return ""
    if not any(hint in body for hint in _HINTS):
        return ""
    for name, marks in _CHALLENGES:
        if any(mark in body for mark in marks):
            return f"{name} challenge in place of the page"
    if _CAPTCHA.search(body) and _ASKS.search(body) and not _SIGN_IN.search(body):
        return "captcha in place of the page"
    return ""


def _by_header(response: Response) -> str:
    """Two firewalls name what they do in a header of their own."""
    for name, value in response.headers:
        if name == "cf-mitigated" and "challenge" in value.lower():
            return "Cloudflare challenge (header cf-mitigated)"
        if name == "x-amzn-waf-action" and value.lower() in ("captcha", "challenge"):
            return f"AWS WAF {value.lower()} (header x-amzn-waf-action)"
    return ""


def _refused(status: int, body: bytes) -> str:
    """A refusal with a firewall's mark; a sign-in page may have a captcha of its own."""
    for name, mark in _REFUSED_WITH:
        if mark.search(body) and not (name == "captcha" and _SIGN_IN.search(body)):
            return f"{name} {'page' if name == 'captcha' else 'challenge'} (status {status})"
    return ""
