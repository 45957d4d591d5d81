"""What happens in the simulated months, drawn from one seed: releases, blips, slow nights, and real outages."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from itertools import count, product
from random import Random

from benchmarks._months_world import BEGINNING, DAY, HOUR, MINUTE, Trouble, World
from techrun.handling import Release

LENGTHS = (1 * MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE)
"""Of real outages."""
KINDS: tuple[tuple[str, frozenset[str] | None], ...] = (
    ("502", None),
    ("payment", frozenset({"checkout", "order"})),
    ("hang", None),
    ("refused", None),
    ("502", frozenset({"cart", "checkout", "order"})),
    ("hang", frozenset({"checkout", "order"})),
)
"""How they show, and at which checks."""
BLIPS_A_DAY = 2.0
GRACE = 120.0
CALM = 300.0
"""Seconds between an outage and anything else that could be taken for it."""
AT_ONE_HOSTER = 0.6


class Planner:
    """Draws a world."""

    def __init__(self, shops: int, days: float, seed: int) -> None:
        self._shops, self._seconds, self._seed = shops, days * DAY, seed
        self._days = days
        self._random = Random(seed)
        self._numbers = count(1)
        self._troubles: defaultdict[str, list[Trouble]] = defaultdict(list)
        self._releases: list[Release] = []
        self._begun: list[list[float]] = []
        """When the releases of each shop began."""

    def world(self) -> World:
        """Everything that happens, in this order: what is placed later keeps clear of what is there."""
        self._announce_releases()
        self._lose_uplink()
        self._break_shops()
        self._change_firewalls()
        self._slow_nights()
        self._blips()
        troubles = [trouble for kind in self._troubles.values() for trouble in kind]
        return World(self._shops, troubles, self._releases, self._seed)

    # --- what must not page

    def _announce_releases(self) -> None:
        """Every shop once an hour at its own minute: begun, then 20 to 60 s of 502 or a maintenance page."""
        draw = self._random.uniform
        for shop in range(self._shops):
            minute = draw(0, HOUR)
            self._begun.append([])
            for hour in range(int(self._seconds // HOUR)):
                begun = BEGINNING + hour * HOUR + minute + draw(0, 20)
                version = f"v{hour + 1}"
                self._begun[shop].append(begun)
                self._releases.append(Release(len(self._releases) + 1, _name(shop), version, begun))
                start = begun + draw(1, 20)
                how = "maintenance" if shop % 3 == 2 else "502"
                self._add("release", how, (shop,), start, draw(20, 60))
        self._releases.sort(key=lambda one: one.begun)

    def _lose_uplink(self) -> None:
        for _ in range(max(2, round(self._days / 4))):
            self._add(
                "uplink",
                "no network",
                tuple(range(self._shops)),
                self._moment(),
                self._random.uniform(60, 360),
            )

    def _blips(self) -> None:
        """Under 25 s, and nobody knows why."""
        for shop in range(self._shops):
            for _ in range(round(BLIPS_A_DAY * self._days)):
                how = self._random.choice(("502", "502", "refused", "hang"))
                start, length = self._moment(), self._random.uniform(5, 25)
                if self._is_calm((shop,), start, length, kinds={"outage", "bad release", "blip", "uplink"}):
                    self._add("blip", how, (shop,), start, length)

    def _slow_nights(self) -> None:
        """Two to four hours in which most runs are too slow and some get no answer."""
        for night in range(int(self._days)):
            shop = self._random.randrange(self._shops)
            start = BEGINNING + night * DAY + self._random.uniform(1, 3) * HOUR
            length = self._random.uniform(2, 4) * HOUR
            if self._is_calm(
                (shop,), start, length, kinds={"outage", "bad release", "waf", "waf everywhere"}
            ):
                self._add("slow night", "hang", (shop,), start, length, share=0.03)
                self._add("slow night", "slow", (shop,), start, length, share=0.75)

    def _change_firewalls(self) -> None:
        """A captcha for hours: on some paths, long after a release; and once on all."""
        some = frozenset({"search", "login", "checkout"})
        for number in range(max(1, round(self._days / 7))):
            shop = self._random.randrange(self._shops)
            released = self._released_before(shop, self._moment())
            start = released + self._random.uniform(35, 55) * MINUTE
            length = self._random.uniform(2, 5) * HOUR
            if self._is_calm((shop,), start, length, kinds={"outage", "bad release"}):
                kind, checks = ("waf", some) if number else ("waf everywhere", None)
                self._add(kind, "captcha", (shop,), start, length, checks)

    # --- what must page

    def _break_shops(self) -> None:
        singles = max(10, round(self._days * self._shops / 10))
        combinations = list(product(KINDS, LENGTHS))
        for number in range(singles):
            # A short world has every length, a long one also every kind at every length.
            how, checks = KINDS[(number + number // len(LENGTHS)) % len(KINDS)]
            if singles >= len(combinations):
                (how, checks), length = combinations[number % len(combinations)]
            else:
                length = LENGTHS[number % len(LENGTHS)]
            self._place((self._random.randrange(self._shops),), how, length, checks)
        for _ in range(max(1, round(self._days / 10))):
            two = tuple(self._random.sample(range(self._shops), 2))
            self._place(two, "502", 5 * MINUTE)
        hosted = tuple(range(round(self._shops * AT_ONE_HOSTER)))
        if len(hosted) >= 5:
            for how in ("refused", "hang"):
                self._place(hosted, how, 15 * MINUTE)
        for _ in range(max(1, round(self._days / 6))):
            self._place_bad_release()

    def _place(
        self, shops: tuple[int, ...], how: str, length: float, checks: frozenset[str] | None = None
    ) -> None:
        """One that an hourly release does not cover from its beginning; a longer one goes on through it."""
        for _ in range(2000):
            start = self._moment()
            apart = all(self._apart_from_releases(shop, start, min(length, 2 * MINUTE)) for shop in shops)
            if apart and self._is_calm(shops, start, length, kinds={"outage", "bad release", "uplink"}):
                self._add("outage", how, shops, start, length, checks)
                return
        raise SystemExit("the simulated time is too short for so many outages")

    def _place_bad_release(self) -> None:
        for _ in range(2000):
            shop = self._random.randrange(self._shops)
            start = self._released_before(shop, self._moment()) + 10
            if self._is_calm((shop,), start, 900, kinds={"outage", "bad release", "uplink"}):
                self._add("bad release", "502", (shop,), start, 15 * MINUTE)
                return

    # --- tools

    def _moment(self) -> float:
        """Some time after everything ran once, and early enough that it is seen to its end."""
        return BEGINNING + self._random.uniform(10 * MINUTE, self._seconds - 2 * HOUR)

    def _released_before(self, shop: int, moment: float) -> float:
        mine = self._begun[shop]
        return mine[max(0, bisect_right(mine, moment) - 1)]

    def _apart_from_releases(self, shop: int, start: float, length: float) -> bool:
        """No grace is in force while it is confirmed."""
        mine = self._begun[shop]
        following = bisect_right(mine, start)
        near = mine[max(0, following - 1) : following + 1]
        return not any(begun - length < start < begun + GRACE + MINUTE for begun in near)

    def _is_calm(self, shops: tuple[int, ...], start: float, length: float, kinds: set[str]) -> bool:
        return not any(
            one.start < start + length + CALM
            and start < one.end + CALM
            and not set(shops).isdisjoint(one.shops)
            for kind in kinds
            for one in self._troubles[kind]
        )

    def _add(  # noqa: PLR0917  a row of a table
        self,
        kind: str,
        how: str,
        shops: tuple[int, ...],
        start: float,
        length: float,
        checks: frozenset[str] | None = None,
        *,
        share: float = 1.0,
    ) -> None:
        fresh = Trouble(next(self._numbers), kind, how, shops, start, start + length, checks, share)
        self._troubles[kind].append(fresh)


def _name(shop: int) -> str:
    return f"shop-{shop:02}"
