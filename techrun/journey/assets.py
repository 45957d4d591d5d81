"""Fetches the style sheets and scripts that a page names, and wants them there, full and right."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from urllib.parse import urlsplit

from techrun.exchange import Failure, Request, Response
from techrun.journey.addresses import BadAddressError, web_address
from techrun.journey.cookies import site_of
from techrun.journey.session import Call, Visit
from techrun.language.errors import PageError
from techrun.language.page import Asset, Page
from techrun.model import Finding, Reason

MOST = 20
"""Assets of one page that are fetched."""
_CDN = ("cdn", "static", "assets", "media", "cloudfront.", "akamai", "fastly", "azureedge.", "edgekey.")
"""Parts of the names of hosts that serve a shop's own files; trackers and widgets are others' matter."""
_LOOSE = frozenset({"", "text/plain", "application/octet-stream"})
"""Types with which browsers still run a script, unless `nosniff` forbids it."""


def check_assets(
    visit: Visit, call: Call, page: Page, now: float, *, leave_out_forbidden: bool = False
) -> Generator[Request, Response | Failure | None, list[Finding]]:
    """Yield a request for each style sheet and script of the page; what is wrong with them."""
    if not page.is_html:
        return [
            Finding(Reason.ASSET, f"{page.describe()} is no HTML, so it names no style sheets or scripts")
        ]
    try:
        assets = [asset for asset in page.assets() if belongs(asset, page.url)]
    except PageError as error:
        return [Finding(Reason.ASSET, str(error))]
    findings: list[Finding] = []
    for asset in assets[:MOST]:
        try:
            wanted = _request_of(call, asset)
        except BadAddressError as error:
            findings.append(Finding(Reason.ASSET, str(error)))
            continue
        arrival = yield from visit.go(wanted, now, asset=True)
        if leave_out_forbidden and isinstance(arrival, Failure) and arrival.reason is Reason.FORBIDDEN:
            continue
        wrong = arrival.message if isinstance(arrival, Failure) else what_is_wrong(asset, arrival.response)
        if wrong:
            kind = "style sheet" if asset.kind == "stylesheet" else "script"
            findings.append(Finding(Reason.ASSET, f"{kind} {asset.url}: {wrong}"))
    return findings


def _request_of(call: Call, asset: Asset) -> Call:
    """The request for an asset: nothing of what the step itself sent."""
    return replace(
        call,
        method="GET",
        url=web_address(asset.url),
        headers=(("Accept", "*/*"),),
        body=b"",
        follows=True,
        places_order=False,
    )


def belongs(asset: Asset, page_url: str) -> bool:
    """Whether an asset is the shop's own: from its site, or from a host that serves files."""
    if asset.own:
        return True
    host = urlsplit(asset.url).hostname or ""
    return site_of(host) == site_of(urlsplit(page_url).hostname or "") or any(part in host for part in _CDN)


def what_is_wrong(asset: Asset, response: Response) -> str:
    """Why a browser cannot use this answer as the asset that it should be; empty where it can."""
    if not 200 <= response.status < 300:
        return f"status {response.status}"
    if not response.body.strip():
        return "empty"
    kind = (response.header("content-type") or "").partition(";")[0].strip().lower()
    strict = (response.header("x-content-type-options") or "").strip().lower() == "nosniff"
    if asset.kind == "stylesheet":
        right = kind == "text/css"
    else:
        right = "javascript" in kind or "ecmascript" in kind or (kind in _LOOSE and not strict)
    return "" if right else f"its type is {kind or 'missing'}"
