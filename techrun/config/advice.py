"""What is allowed, and will be regretted at 3 a.m.: warnings of `techrun validate`, never a mistake."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from techrun.config.alerting import Match
from techrun.config.release_advice import of_releases
from techrun.config.select import covers
from techrun.config.settings import CheckSettings, Settings, ShopSettings
from techrun.config.words import expected, listed, quoted
from techrun.errors import Problem
from techrun.language.definition import Origin, Path

PRODUCTION = "production"
"""The `env` of a shop that customers use."""


def advice(settings: Settings, scenarios: Collection[str] = ()) -> list[Problem]:
    """Every warning, with its place: the main file's first, then each shop's.

    `scenarios` are the names of those that there are; without them no name is doubted.
    """
    return [
        *_of_main(settings),
        *(problem for shop in settings.shops for problem in _of_shop(settings, shop)),
        *(problem for shop in settings.shops for problem in _of_load(settings, shop)),
        *(problem for shop in settings.shops for problem in _of_scenarios(shop, scenarios)),
        *(problem for shop in settings.shops for problem in of_releases(shop, scenarios)),
    ]


def _of_main(settings: Settings) -> Iterator[Problem]:
    origin = settings.origin
    if not settings.channels:
        yield origin.problem(
            (), "there are no channels: nobody hears of anything", "write some under `channels:`"
        )
        return
    if not settings.owner.notify:
        what = "techrun's own troubles (blind checks, its own network) are told to the shops' people"
        yield origin.problem(("owner",), what, "write `owner: {name: ops-team, notify: [CHANNEL]}`")
    paging = [shop for shop in settings.shops if _paging(shop)]
    if len(paging) > 1 and not settings.witness:
        what = f"{len(paging)} shops page, and no `witness` tells an outage from the loss of techrun's own network"
        yield origin.problem(("witness",), what, "name sites that are always there: `witness: [https://…]`")
    escalating = _escalating(settings)
    if escalating is not None and settings.web.url is None:
        what = "messages escalate, but have no link by which to acknowledge them"
        yield Problem(what, escalating.hint, escalating.path, escalating.places)


def _escalating(settings: Settings) -> Problem | None:
    """The first place that names channels to escalate to."""
    hint = "say how people reach this techrun: `web: {url: https://…}`"
    if settings.alerting.escalate:
        return settings.origin.problem(("alerting", "escalate"), "", hint)
    for index, route in enumerate(settings.routes):
        if route.escalate:
            return settings.origin.problem(("routes", index, "escalate"), "", hint)
    for shop in settings.shops:
        if shop.notify.escalate and shop.origin is not None:
            return shop.origin.problem(("notify", "escalate"), "", hint)
    return None


def _of_shop(settings: Settings, shop: ShopSettings) -> Iterator[Problem]:
    paging, origin = _paging(shop), shop.origin
    if not paging or origin is None:
        return
    lost = [] if shop.shop.runbook else [check for check in paging if not check.runbook]
    if lost:
        what = f"{shop.name} pages for {_named(lost)}, and no runbook says what to do"
        yield origin.problem(("shop",), what, "write `runbook: https://…` here or at the check")
    if not shop.shop.owner:
        what = f"{shop.name} pages, and has no owner"
        yield origin.problem(("shop",), what, "write `owner: …`: who answers for it")
    unheard = [check for check in paging if not check.notify and not _routed(settings, shop, check)]
    if unheard and settings.channels:
        what = f"{shop.name} pages for {_named(unheard)}, and no channel is named for that"
        yield origin.problem(("shop",), what, "write `notify: {page: [CHANNEL]}`")


def _of_load(settings: Settings, shop: ShopSettings) -> Iterator[Problem]:
    """Hosts whose customers would feel the load of another shop's test."""
    origin = shop.load.origin
    live = {
        each.constants["shop"]["host"]: each.name for each in settings.shops if each.shop.env == PRODUCTION
    }
    for index, pattern in enumerate(shop.load.hosts):
        hit = [(host, name) for host, name in live.items() if _matches(pattern, host)]
        for host, name in hit[:1]:
            what = f"`hosts` lets load tests of {shop.name} reach {host}, where the production shop {name} is"
            hint = "name only copies that no customer uses; a shop's own address needs no entry"
            yield _at(origin, ("hosts", index), what, hint)
    for name, scenario in shop.load.scenarios.items():
        if scenario.allow_orders and shop.shop.env == PRODUCTION:
            what = f"the scenario {name} places orders in {shop.name}, which is in production"
            yield _at(origin, ("scenarios", name, "allow_orders"), what, "let it end before the order")


def _of_scenarios(shop: ShopSettings, known: Collection[str]) -> Iterator[Problem]:
    """What is said of a scenario that there is not says nothing."""
    for name in shop.load.scenarios if known else ():
        if name not in known:
            what = f"there is no scenario {quoted(name)}"
            yield _at(shop.load.origin, ("scenarios", name), what, expected(name, sorted(known)))


def _at(origin: Origin, path: Path, what: str, hint: str) -> Problem:
    return Problem(what, hint, path, (origin.place(path),))


def _matches(pattern: str, host: str) -> bool:
    """Whether an entry of `hosts` covers a host, on whatever port."""
    name = pattern.removeprefix("*.").partition(":")[0]
    return host.endswith(f".{name}") if pattern.startswith("*.") else host == name


def _paging(shop: ShopSettings) -> list[CheckSettings]:
    return [check for check in shop.checks if check.severity == "page"]


def _named(checks: Iterable[CheckSettings]) -> str:
    """The names of checks, the combinations of a `for_each` as one."""
    names = list(dict.fromkeys(check.name.partition("/")[0] for check in checks))
    return listed(names).replace(" or ", " and ")


def _routed(settings: Settings, shop: ShopSettings, check: CheckSettings) -> bool:
    """Whether some route is for this check, be it only at some times."""
    return any(_is_for(route.match, shop, check) for route in settings.routes)


def _is_for(match: Match, shop: ShopSettings, check: CheckSettings) -> bool:
    of_env = not match.env or shop.shop.env in match.env
    loud = not match.severity or check.severity in match.severity
    return of_env and loud and covers(check, match.select, match.client, match.tag)
