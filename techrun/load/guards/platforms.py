"""Platforms that many merchants share: a load test of one shop there hits the others too.

Their terms forbid it without consent, so techrun refuses. They are known by the name of the host, by the name
that it is an alias of (shops have domains of their own), and by what their answers carry.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, ip_address

from techrun import __version__
from techrun.load.guards import Address, shared

PATIENCE = 10.0
"""Seconds for the one request that looks at the headers."""


@dataclass(frozen=True, slots=True)
class Platform:
    """How one shared platform is recognised."""

    name: str
    hosts: tuple[str, ...]
    """Domains that are its own, with all below them."""
    headers: tuple[str, ...] = ()
    """Regular expressions on `name: value` in lower case, from its beginning."""
    network: IPv4Network | None = field(default=None, kw_only=True)
    """The addresses that it gives for shops with a domain of their own."""


PLATFORMS = (
    Platform(
        "Shopify",
        ("myshopify.com", "shopify.com", "shopifypreview.com"),
        ("x-shopid:", "x-shopify-stage:", "x-sorting-hat-", "powered-by: shopify"),
        network=IPv4Network("23.227.38.0/24"),
    ),
    Platform(
        "BigCommerce",
        ("bigcommerce.com", "mybigcommerce.com"),
        ("x-bc-", "set-cookie: fornax_anonymousid="),
    ),
    Platform("Wix", ("wixsite.com", "wix.com", "wixdns.net", "editorx.io"), ("x-wix-", "server: pepyaka")),
    Platform("Squarespace", ("squarespace.com",), ("server: squarespace", "x-servedby: squarespace")),
    Platform("Shopware Cloud", ("shopware.store",)),
    Platform(
        "Salesforce Commerce Cloud",
        ("demandware.net", "commercecloud.salesforce.com", "exp-delivery.com"),
        ("x-dw-request-base-id:",),
    ),
    Platform("commercetools", ("commercetools.com", "commercetools.co", "commercetools.ch", "frontend.site")),
    Platform("Shoplazza", ("myshoplaza.com", "shoplazza.com", "shoplazza.store")),
    Platform("Jimdo", ("jimdo.com", "jimdofree.com", "jimdosite.com", "jimdo.io"), ("x-jimdo-",)),
    Platform(
        "Square Online",
        ("square.site", "squareup.com", "weebly.com", "editmysite.com"),
        ("x-host: .*weebly",),
    ),
    Platform("Ecwid", ("ecwid.com", "company.site")),
    Platform("Webflow", ("webflow.io", "webflow.com"), ("x-wf-",)),
    Platform("WordPress.com", ("wordpress.com",), (r"host-header: wordpress\.com",)),
    Platform(
        "VTEX", ("vtexcommercestable.com.br", "myvtex.com", "vtex.com.br"), ("x-vtex-", "powered: vtex")
    ),
    Platform("Lightspeed eCom", ("webshopapp.com", "shoplightspeed.com")),
    Platform("Big Cartel", ("bigcartel.com",)),
    Platform("Tiendanube", ("mitiendanube.com", "lojavirtualnuvem.com.br")),
)


def by_host(host: str) -> Platform | None:
    """The shared platform that this name belongs to."""
    return next((one for one in PLATFORMS if any(_below(host, domain) for domain in one.hosts)), None)


def by_address(address: str) -> Platform | None:
    """The shared platform that this address belongs to."""
    with contextlib.suppress(ValueError):
        number = ip_address(address)
        return next((one for one in PLATFORMS if one.network is not None and number in one.network), None)
    return None


def by_headers(headers: Iterable[tuple[str, str]]) -> Platform | None:
    """The shared platform that an answer's headers give away."""
    lines = [f"{name}: {value}".lower() for name, value in headers]
    return next(
        (one for one in PLATFORMS if any(re.match(sign, line) for sign in one.headers for line in lines)),
        None,
    )


def _below(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def check_platform(address: Address) -> None:
    """GuardError where a shared platform serves this address; asks the name service and the shop once."""
    if address.loopback:
        return
    found = platform_of(address)
    if found is not None:
        platform, evidence = found
        raise shared(address, platform.name, evidence)


def platform_of(address: Address) -> tuple[Platform, str] | None:
    """The shared platform that serves this address, and what gives it away."""
    host = address.host
    if found := by_host(host):
        return found, f"{host} is its name"
    names, addresses = _resolved(host)
    for alias in names:
        if found := by_host(alias):
            return found, f"{host} is an alias of {alias}"
    for number in addresses:
        if found := by_address(number):
            return found, f"{host} has its address {number}"
    found = by_headers(_headers(address))
    return (found, "its answer says so") if found else None


def _resolved(host: str) -> tuple[Sequence[str], Sequence[str]]:
    """The names that the host goes by, and its addresses; none where nobody knows it."""
    try:
        name, aliases, addresses = socket.gethostbyname_ex(host)
    except OSError:
        return (), ()
    return [one.rstrip(".").lower() for one in (name, *aliases)], addresses


def _headers(address: Address) -> Sequence[tuple[str, str]]:
    """The headers that the shop answers with; none where it does not answer, which the run itself will tell."""
    try:
        with contextlib.closing(_connection(address)) as connection:
            connection.request("GET", address.path or "/", headers={"User-Agent": f"techrun/{__version__}"})
            return connection.getresponse().getheaders()
    except (OSError, http.client.HTTPException):
        return ()


def _connection(address: Address) -> http.client.HTTPConnection:
    """To whoever answers there: nothing secret is sent, and a wrong certificate is the load test's matter."""
    if address.scheme == "http":
        return http.client.HTTPConnection(address.host, address.port, timeout=PATIENCE)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(address.host, address.port, timeout=PATIENCE, context=context)
