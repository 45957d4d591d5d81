"""Whatever alerting names must be there: channels, checks, clients, environments, tags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from techrun.config.calendar import Calendar
from techrun.config.checks import no_strange_channels
from techrun.config.main_file import Main, channel_names
from techrun.config.select import NOTHING, covers, unknown_names, unknown_selectors
from techrun.config.settings import CheckSettings, ShopSettings
from techrun.config.tree import NodePath, Written
from techrun.errors import Problem

Planned = tuple[Calendar, Written | None]
"""The calendar and where it is written."""


def check_channels(main: Main) -> None:
    """Every channel that the main file names exists, and no fallback leads back to where it began."""
    file, known = main.file, channel_names(main)
    named: list[tuple[NodePath, Iterable[str]]] = [
        (("owner", "notify"), file.owner.notify),
        (("alerting", "escalate"), file.alerting.escalate),
    ]
    for index, route in enumerate(file.routes):
        named += [
            (("routes", index, "notify"), route.notify),
            (("routes", index, "escalate"), route.escalate or ()),
        ]
    for path, used in named:
        no_strange_channels(used, main.origin, path, known, main.problems)
    for name, channel in file.channels.items():
        used = [channel.fallback] if channel.fallback else []
        no_strange_channels(used, main.origin, ("channels", name, "fallback"), known, main.problems)
    main.problems.extend(_circles(main))


def _circles(main: Main) -> Iterator[Problem]:
    """One problem for each circle of fallbacks, at the channel that is written first."""
    following = {name: channel.fallback for name, channel in main.file.channels.items()}
    told: set[str] = set()
    for start in following:
        way = [start]
        while (further := following.get(way[-1])) and further not in way:
            way.append(further)
        if further == start and start not in told:
            told.update(way)
            what = f"`fallback` goes in a circle: {' → '.join([*way, start])}"
            path = ("channels", start, "fallback")
            yield main.origin.problem(path, what, "cut it at one place")


def check_selectors(main: Main, planned: Planned, shops: Sequence[ShopSettings]) -> None:
    """Routes and calendar are about checks that exist; asked only where every check could be read."""
    calendar, written = planned
    for index, route in enumerate(main.file.routes):
        match = route.match
        about = _About(match.select, match.client, match.env, match.tag)
        main.problems.extend(about.problems(shops, main.origin, ("routes", index, "match")))
    for path, entry in calendar.covered():
        about = _About(entry.select, (entry.client,) if entry.client else (), (), entry.tag)
        if written is not None:
            main.problems.extend(about.problems(shops, written, path))


@dataclass(frozen=True, slots=True)
class _About:
    """Which checks something is about; what is empty leaves the choice open."""

    select: tuple[str, ...]
    clients: tuple[str, ...]
    environments: tuple[str, ...]
    tags: tuple[str, ...]

    def problems(self, shops: Sequence[ShopSettings], origin: Written, path: NodePath) -> list[Problem]:
        """What of it names nothing; or all of it together does."""
        strange = {
            "select": unknown_selectors([check for shop in shops for check in shop.checks], self.select),
            "client": unknown_names("client", self.clients, [shop.shop.client for shop in shops]),
            "env": unknown_names("environment", self.environments, [shop.shop.env for shop in shops]),
            "tag": unknown_names(
                "tag", self.tags, [tag for shop in shops for check in shop.checks for tag in check.tags]
            ),
        }
        found = [
            origin.problem((*path, key, index), what, hint)
            for key, wrong in strange.items()
            for index, what, hint in wrong
        ]
        if found or any(self._covers(shop, check) for shop in shops for check in shop.checks):
            return found
        return [origin.problem(path, *NOTHING)]

    def _covers(self, shop: ShopSettings, check: CheckSettings) -> bool:
        of_env = not self.environments or shop.shop.env in self.environments
        return of_env and covers(check, self.select, self.clients, self.tags)
