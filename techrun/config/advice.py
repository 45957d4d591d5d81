"""What is allowed, and will be regretted at 3 a.m.: warnings of `techrun validate`, never a mistake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from techrun.config.alerting import Match
from techrun.config.select import covers
from techrun.config.settings import CheckSettings, Settings, ShopSettings
from techrun.config.words import listed
from techrun.errors import Problem


def advice(settings: Settings) -> list[Problem]:
    """Every warning, with its place: the main file's first, then each shop's."""
    return [
        *_of_main(settings),
        *(problem for shop in settings.shops for problem in _of_shop(settings, shop)),
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
