"""What may be loaded, and how hard: pure rules, each refusal with what to do about it.

A load test that hits the wrong host is an attack. So an address is loaded only if somebody wrote it down as the
shop's or in `load.hosts`; this machine always may.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

import idna

from techrun.errors import UsageError
from techrun.load.records import Arm, Schedule

PORTS = {"http": 80, "https": 443}
NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)$")
"""A last label that makes resolvers read the whole name as an IPv4 address (`127.1`, `0x7f.1`, `2130706433`)."""


class GuardError(UsageError):
    """The load test is refused."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a base URL leads, in one spelling."""

    scheme: str
    host: str
    """Lower case, IDNA in ASCII, without a trailing dot or brackets."""
    port: int
    path: str = ""

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"

    @property
    def loopback(self) -> bool:
        """Whether it is this machine."""
        return is_loopback(self.host)

    def serves(self, host: str, port: int) -> bool:
        """Whether the same shop answers there: http and https are one, unless it has a port of its own."""
        usual = PORTS.values()
        return host == self.host and (port == self.port or (port in usual and self.port in usual))


@dataclass(frozen=True, slots=True)
class Limits:
    """What the configuration and the command line allow."""

    shop: str
    """The shop's name."""
    url: str
    """The shop's own address."""
    env: str
    hosts: tuple[str, ...] = ()
    max_rate: float | None = None
    i_own_this: bool = False


def address_of(url: str, where: str) -> Address:
    """A base URL taken apart; GuardError where it is none, or is written so that it could mislead."""
    if any(character.isspace() or not character.isprintable() for character in url) or "\\" in url:
        raise GuardError(f"{where}: {url!r} holds characters that no address has")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError as error:
        raise GuardError(
            f"{where}: {url} is no address ({error}); write https://staging.example.com"
        ) from None
    if parts.scheme not in PORTS or not host or port == 0:
        raise GuardError(f"{where}: {url} is no address; write https://staging.example.com")
    if parts.username is not None or parts.password is not None:
        raise GuardError(
            f"{where}: leave out what stands before the @; secrets belong into the journeys' `auth`"
        )
    if parts.query or parts.fragment:
        raise GuardError(f"{where}: {url} must end before `?` and `#`: the journeys' paths are put behind it")
    return Address(parts.scheme, _host(host, where), port or PORTS[parts.scheme], parts.path.rstrip("/"))


def _host(text: str, where: str) -> str:
    """One spelling of a host; GuardError for those that resolvers and browsers read differently."""
    plain = text.lower().removesuffix(".")
    try:
        return str(ip_address(plain))
    except ValueError:
        pass
    try:
        name = plain if plain.isascii() else idna.encode(plain, uts46=True).decode()
    except idna.IDNAError:
        name = ""
    if not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", name) or NUMERIC.match(name.rpartition(".")[2]):
        raise GuardError(f"{where}: {text} is no name of a host that means the same to everybody")
    return name


def is_loopback(host: str) -> bool:
    """Whether this host is the machine itself."""
    try:
        number = ip_address(host)
    except ValueError:
        return host == "localhost"
    mapped = number.ipv4_mapped if isinstance(number, IPv6Address) else None
    return (mapped or number).is_loopback


def permits(pattern: str, address: Address) -> bool:
    """Whether an entry of `load.hosts` covers an address: a host, `*.` for all below it, with a port or for any."""
    try:
        wanted = address_of(f"https://{pattern.removeprefix('*.')}", "load.hosts")
    except GuardError:
        return False
    if re.search(r":[0-9]+$", pattern) and wanted.port != address.port:
        return False
    if pattern.startswith("*."):
        return address.host.endswith(f".{wanted.host}")
    return address.host == wanted.host


def check_target(target: Address, limits: Limits, where: str) -> None:
    """GuardError unless this address may be loaded at all."""
    if target.loopback or _own(target, limits):
        return
    if any(permits(pattern, target) for pattern in limits.hosts):
        return
    allowed = ", ".join((limits.url, *limits.hosts))
    raise GuardError(
        f"{where}: {target.host}:{target.port} is not among the addresses that may be loaded ({allowed}); "
        f"if it is yours, add it to the shop {limits.shop}: load: {{hosts: [{target.host}]}}"
    )


def _own(target: Address, limits: Limits) -> bool:
    """Whether it is the address of the shop itself."""
    return address_of(limits.url, f"the shop {limits.shop}").serves(target.host, target.port)


def is_production(target: Address, limits: Limits) -> bool:
    """Whether customers are served there."""
    return limits.env == "production" and not target.loopback and _own(target, limits)


def check_owner(target: Address, limits: Limits) -> None:
    """GuardError where customers would feel the load and nobody answers for it."""
    if not is_production(target, limits):
        return
    if not limits.i_own_this:
        raise GuardError(
            f"{target.host} is the production shop {limits.shop}: its customers would feel the load. "
            "Use --host with a staging address; or, if it is yours and the hour is right, --i-own-this"
        )
    if limits.max_rate is None:
        raise GuardError(
            f"{target.host} is the production shop {limits.shop} and has no ceiling: say how many visits per "
            f"second it may get at most, --max-rate 5/s, or for good in its configuration: load: {{max_rate: 5/s}}"
        )


def check_rate(schedule: Schedule, targets: Mapping[Arm, Address], limits: Limits) -> None:
    """GuardError where the schedule asks for more than the ceiling."""
    if limits.max_rate is None:
        return
    if schedule.model == "closed":
        if any(is_production(target, limits) for target in targets.values()):
            raise GuardError(
                f"visitors who wait for their answer (--users) have no rate that the ceiling of "
                f"{limits.max_rate:g}/s could hold: the production shop {limits.shop} takes --rate only"
            )
        return
    peak = max((max(stage.start, stage.end) for stage in schedule.stages), default=0.0)
    if peak > limits.max_rate:
        raise GuardError(
            f"the scenario asks for up to {peak:g} visits/s, and the ceiling of the shop {limits.shop} is "
            f"{limits.max_rate:g}/s; ask for less (--rate), or raise the ceiling (--max-rate, load.max_rate)"
        )


def shared(target: Address, platform: str, evidence: str) -> GuardError:
    """The refusal of a target that stands on a platform which others share."""
    return GuardError(
        f"{target.host} is served by {platform} ({evidence}), which many merchants share: its terms forbid "
        "load tests. Ask the platform what your plan carries; what you host yourself can be loaded"
    )
