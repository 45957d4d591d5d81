"""What a file in loadtests/ says of its arrivals, in words: `Scenario(rate="5/s", measure="5m")`.

A scenario makes stages; `load.schedule` makes arrivals of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Literal

from techrun.errors import ConfigError, Place, Problem
from techrun.impact import Impact
from techrun.language import durations, rates
from techrun.load import shapes
from techrun.load.records import Arm, Model, Schedule, Stage

Shape = Callable[[Impact | None], tuple[tuple[Stage, ...], tuple[str, ...]]]
"""What the shop earns by the hour → the measured stages, and what a reader must know of them."""


class Scenario:
    """A steady load; `spike`, `stairs`, `week` and `soak` make others.

    `users` instead of `rate` is Locust's closed model: so many visitors at a time, each of whom comes again as
    soon as it has left. `shape` makes the measured stages, where none of these forms is yours. Orders are
    placed only with `allow_orders=True`.
    """

    def __init__(
        self,
        *,
        rate: str = "",
        users: int = 0,
        shape: Shape | None = None,
        ramp: str = "30s",
        warm_up: str = "30s",
        measure: str = "5m",
        drain: str = "30s",
        allow_orders: bool = False,
    ) -> None:
        if [bool(rate), bool(users), bool(shape)].count(True) != 1 or users < 0:
            what = f'a scenario needs one of "rate" and "users", got rate="{rate}" and users={users}'
            raise _wrong(what, 'write for example rate="5/s"')
        level, seconds = _rate("rate", rate) if rate else float(users), _seconds("measure", measure)
        self._shape = shape or (lambda _: (shapes.steady(level, seconds), ()))
        self._ramp = _seconds("ramp", ramp, least=0.0)
        self._warm_up = _seconds("warm_up", warm_up, least=0.0)
        self._drain = _seconds("drain", drain, least=0.0)
        self.model: Model = "closed" if users else "open"
        self.breakpoint = False
        self.allow_orders = allow_orders
        self.place = _place()
        _MADE.append(self)

    @classmethod
    def spike(
        cls,
        *,
        rate: str,
        peak: str,
        after: str = "1m",
        rise: str = "5s",
        lasts: str = "30s",
        then: str = "1m",
        ramp: str = "30s",
        warm_up: str = "30s",
        drain: str = "30s",
        allow_orders: bool = False,
    ) -> Scenario:
        """A steady load that jumps to `peak`, stays there for `lasts`, falls back and goes on for `then`.

        All of it is measured: the time before shows what is normal, the time after whether the shop recovers.
        """
        stages = shapes.spike(
            _rate("rate", rate),
            _rate("peak", peak),
            after=_seconds("after", after),
            rise=_seconds("rise", rise),
            lasts=_seconds("lasts", lasts),
            then=_seconds("then", then),
        )
        return cls(
            shape=lambda _: (stages, ()), ramp=ramp, warm_up=warm_up, drain=drain, allow_orders=allow_orders
        )

    @classmethod
    def stairs(
        cls,
        *,
        first: str,
        step: str,
        each: str,
        until: str,
        ramp: str = "10s",
        warm_up: str = "10s",
        drain: str = "30s",
        allow_orders: bool = False,
    ) -> Scenario:
        """Steps up from `first` to `until`; the run ends at the first step that does not hold a criterion."""
        low, up, top = _rate("first", first), _rate("step", step), _rate("until", until)
        if top < low:
            raise _wrong(f'until="{until}" is less than first="{first}"', "let the stairs go up")
        stages = shapes.stairs(low, up, top, _seconds("each", each))
        made = cls(
            shape=lambda _: (stages, ()), ramp=ramp, warm_up=warm_up, drain=drain, allow_orders=allow_orders
        )
        made.breakpoint = True
        return made

    @classmethod
    def week(
        cls,
        *,
        peak: str,
        day_lasts: str = "10m",
        days: Literal["busiest", "all"] = "busiest",
        ramp: str = "30s",
        warm_up: str = "30s",
        drain: str = "30s",
        allow_orders: bool = False,
    ) -> Scenario:
        """The shop's own hours of the week, from the orders per hour in its `impact`, compressed.

        `peak` is the rate in the busiest hour; all other hours follow in the shop's own proportions.
        """
        highest, seconds = _rate("peak", peak), _seconds("day_lasts", day_lasts)
        if days not in {"busiest", "all"}:
            raise _wrong(f'days="{days}" is not known', 'write days="busiest" or days="all"')

        def shape(impact: Impact | None) -> tuple[tuple[Stage, ...], tuple[str, ...]]:
            return shapes.week(impact, highest, seconds, whole=days == "all")

        return cls(shape=shape, ramp=ramp, warm_up=warm_up, drain=drain, allow_orders=allow_orders)

    @classmethod
    def soak(
        cls,
        *,
        rate: str,
        measure: str = "2h",
        ramp: str = "1m",
        warm_up: str = "5m",
        drain: str = "1m",
        allow_orders: bool = False,
    ) -> Scenario:
        """An everyday load for hours: what fills up, leaks or wears out shows only then."""
        return cls(
            rate=rate, ramp=ramp, warm_up=warm_up, measure=measure, drain=drain, allow_orders=allow_orders
        )

    def schedule(
        self, impact: Impact | None = None, arms: tuple[Arm, ...] = ("new",), seed: int = 1
    ) -> Schedule:
        """Who arrives when; `impact` is what the shop says of its orders by the hour."""
        stages, _ = self._shape(impact)
        begin = stages[0].start
        lead = [Stage("ramp", self._ramp, 0.0, begin), Stage("warm-up", self._warm_up, begin, begin)]
        lead = [stage for stage in lead if stage.seconds]
        return Schedule((*lead, *stages), self.model, self._drain, arms, seed)

    def notes(self, impact: Impact | None = None) -> tuple[str, ...]:
        """What a reader of the report must know of the schedule."""
        return self._shape(impact)[1]


_MADE: list[Scenario] = []
"""The scenarios of this process; a file in loadtests/ makes one."""


def current() -> Scenario:
    """The scenario that the file made; ConfigError where there is none, or more than one."""
    if not _MADE:
        hint = 'write scenario = Scenario(rate="5/s", measure="5m") in it; docs/load.md has more'
        raise ConfigError([Problem("the file makes no Scenario", hint)])
    if len(_MADE) > 1:
        places = tuple(made.place for made in _MADE)
        raise ConfigError(
            [Problem("the file makes more than one Scenario", "keep one of them", places=places)]
        )
    return _MADE[0]


def _rate(name: str, text: str) -> float:
    """Visits per second, more than none."""
    try:
        rate = rates.parse(str(text))
    except ValueError as error:
        raise _wrong(f"{name}={text!r}: {error}", "write it with its unit") from None
    if not rate:
        raise _wrong(f"{name}={text!r}: nobody would come", "write a rate above 0")
    return rate


def _seconds(name: str, text: str, least: float = 1.0) -> float:
    """A duration that is long enough to be measured."""
    try:
        seconds = durations.parse(str(text)) if text != "0" else 0.0
    except ValueError as error:
        raise _wrong(f"{name}={text!r}: {error}", "write it with its unit") from None
    if seconds < least:
        raise _wrong(f"{name}={text!r} is too short", f"write at least {durations.show(least)}")
    return seconds


def _wrong(what: str, hint: str) -> ConfigError:
    """A mistake in the scenario's file, with its place."""
    return ConfigError([Problem(what, hint, places=(_place(),))])


def _place() -> Place:
    """The line of the scenario's file that is being run: the innermost that is not this module's."""
    frame = sys._getframe()  # noqa: SLF001  the documented way to the caller
    while frame.f_back and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno, 1)
