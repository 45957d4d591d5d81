"""Which shop is loaded, where it is, and whether it may be: everything that is refused before a request is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from techrun.config.load import LoadSettings
from techrun.config.secrets import is_made_up
from techrun.config.settings import Settings, ShopSettings
from techrun.errors import ConfigError, Problem, UsageError
from techrun.load.bundle import shop_of
from techrun.load.guards import (
    Address,
    Limits,
    address_of,
    check_owner,
    check_target,
)
from techrun.load.guards.platforms import check_platform
from techrun.load.records import Arm


@dataclass(frozen=True, slots=True)
class Target:
    """A shop that may be loaded, and where."""

    shop: ShopSettings
    load: LoadSettings
    limits: Limits
    addresses: Mapping[Arm, Address]

    @property
    def hosts(self) -> dict[Arm, str]:
        """Base URL by arm."""
        return {arm: address.url for arm, address in self.addresses.items()}

    @property
    def watched(self) -> bool:
        """Whether techrun's probes watch the very address that is loaded."""
        own = address_of(self.limits.url, "the shop")
        return any((one.host, one.port) == (own.host, own.port) for one in self.addresses.values())


@dataclass(frozen=True, slots=True)
class Aim:
    """What the command line says of the target."""

    shop: str = ""
    host: str = ""
    baseline_url: str = ""
    max_rate: float | None = None
    i_own_this: bool = False


def target_of(settings: Settings, aim: Aim) -> Target:
    """The target, if it may be loaded; GuardError says why not. Asks a foreign host once who serves it."""
    shop = shop_of(settings, aim.shop)
    load = shop.load
    limits = Limits(
        shop=shop.name,
        url=shop.shop.url,
        env=shop.shop.env,
        hosts=load.hosts,
        max_rate=_ceiling(aim.max_rate, load.max_rate),
        i_own_this=aim.i_own_this,
    )
    if not aim.host and is_made_up(shop.shop.url):
        name = shop.shop.url.rpartition("/")[2]
        raise ConfigError(
            [
                Problem(
                    f"the address of the shop {shop.name} is the secret {name}, which is not set",
                    "or use --host",
                )
            ]
        )
    addresses: dict[Arm, Address] = {"new": _address(aim.host or shop.shop.url, limits, _where(aim))}
    if aim.baseline_url:
        addresses["old"] = _address(aim.baseline_url, limits, "--baseline-url")
    return Target(shop, load, limits, addresses)


def two_releases(target: Target) -> Target:
    """The target; UsageError where a release would be held against itself, and pass for that."""
    if target.hosts.get("old") == target.hosts["new"]:
        raise UsageError(
            f"--baseline-url is where the new release is ({target.hosts['new']}): name the address of the old one; "
            "techrun load aa holds a release against itself"
        )
    return target


def _where(aim: Aim) -> str:
    return "--host" if aim.host else "the shop's url"


def _ceiling(asked: float | None, written: float | None) -> float | None:
    """The command line may say something in place of the configuration: it stands in the pipeline's log."""
    return written if asked is None else asked


def _address(url: str, limits: Limits, where: str) -> Address:
    address = address_of(url, where)
    check_target(address, limits, where)
    check_platform(address)
    check_owner(address, limits)
    return address
