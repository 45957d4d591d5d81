"""What a verification does before it is judged: identity, smoke, bake, figures; each may end it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, ParamSpec, Protocol, TypeVar

from techrun.app.loading import Loaded
from techrun.app.release_checks import bake_plan, smoke_wishes
from techrun.app.release_watch import Watch
from techrun.config.releases import Releases
from techrun.config.settings import ShopSettings
from techrun.engine import Engine
from techrun.errors import TechrunError
from techrun.fetch import Fetcher
from techrun.handling import Release
from techrun.load.report.words import number_of
from techrun.model import Status
from techrun.releases import figures
from techrun.releases.bake import BakePlan, bake
from techrun.releases.identity.again import joined, once_more
from techrun.releases.identity.looking import identify
from techrun.releases.identity.rulings import identity_rulings
from techrun.releases.keeping import Book
from techrun.releases.keeping.past import usual_time
from techrun.releases.records import (
    FRONT,
    Counts,
    Expectation,
    Identity,
    Ruling,
    Sample,
    SmokeResult,
    Stage,
    Verdict,
    Verification,
)
from techrun.releases.smoke import SmokeWish, run_smoke, smoke_rulings
from techrun.releases.weighing import broken

Answer = TypeVar("Answer")
Asked = ParamSpec("Asked")
ASK_AGAIN = (1.0, 2.0)
"""Seconds before each further try to ask the book: a server may just be restarted."""


class Onlooker(Protocol):
    """Who watches a verification."""

    def begins(self, stage: Stage, text: str) -> None:
        """A stage begins; what it will do, in words."""

    def identity(self, identity: Identity) -> None:
        """What the nodes say by now."""

    def smoke(self, result: SmokeResult) -> None:
        """A smoke run has ended."""

    def sample(self, sample: Sample) -> None:
        """A run of the bake has ended."""

    def bakes(self, checks: tuple[str, ...], wanted: int, until: float) -> None:
        """Which checks are judged, of how many samples each, and until when."""

    def says(self, text: str) -> None:
        """Something happened."""


@dataclass(frozen=True, slots=True)
class Course:
    """What all stages of one verification share."""

    loaded: Loaded
    shop: ShopSettings
    releases: Releases
    """The shop's settings, with what the command line says in place of them."""
    release: Release
    nodes: tuple[str, ...]
    book: Book
    watch: Watch
    onlooker: Onlooker


class Stages:
    """One verification, stage by stage; `seen` is what it has seen by now."""

    def __init__(self, course: Course, engine: Engine, fetcher: Fetcher, blank: Verification) -> None:
        self._course, self._engine, self._fetcher = course, engine, fetcher
        self._watch, self._tells = course.watch, course.onlooker
        self._standing: dict[str, Status] = {}
        self.seen = blank

    async def run(self) -> Verification:
        """The verification with its verdict."""
        await self._look()
        self._note(ended=time.time(), superseded=self._watch.superseded)
        self._tells.begins("judgement", "is it as good as before?")
        accepted = await self._accepted()
        verdict = await asyncio.to_thread(self._judge, accepted)
        if self._watch.interrupted and not self.seen.cut:
            self._note(cut=self._watch.cut)
            verdict = await asyncio.to_thread(self._judge, accepted)
        self._note(verdict=verdict, ended=time.time())
        return self.seen

    def _note(self, **changes: Any) -> None:
        self.seen = replace(self.seen, **changes)

    async def _look(self) -> None:
        """Every stage until one ends it all: what fails now does not get better by waiting."""
        if self._ends(await self._identity()) or self._ends(await self._smoke()):
            return
        await self._bake()
        if not self._watch.stop.is_set():
            await self._still()
        if not self._watch.stop.is_set():
            await self._figures()

    def _ends(self, rulings: Sequence[Ruling]) -> bool:
        return bool(self.seen.cut) or bool(broken(rulings))

    async def _within(self, work: Coroutine[Any, Any, Answer]) -> Answer | None:
        """The answer of a stage, or None where it was ended before it had one."""
        answer = await self._watch.within(work)
        if answer is None:
            self._note(cut=self._watch.cut)
        return answer

    async def _identity(self) -> Sequence[Ruling]:
        course, release = self._course, self._course.release
        self._tells.begins("identity", f"does every node run {release.version}?")
        found = await self._identified(course.nodes, course.releases, self._tells.identity)
        if found is None:
            return ()
        if found.live is not None:
            # Caches are warm since the first time, also where this is the second verification of a release.
            live = found.live if release.live is None else min(release.live, found.live)
            found = replace(found, live=live)
            await self._asked("went_live", course.book.went_live, release, live)
        self._note(identity=found)
        self._tells.identity(found)
        return identity_rulings(found)

    async def _identified(
        self, nodes: Sequence[str], releases: Releases, told: Callable[[Identity], None]
    ) -> Identity | None:
        """What these nodes and the front run; None where the verification was ended before they had said it."""
        course, release = self._course, self._course.release
        work = identify(
            self._fetcher,
            course.shop.shop.url,
            nodes,
            Expectation(release.version, release.commit, release.told),
            releases,
            told,
            user_agent=course.loaded.settings.user_agent,
            redact=course.loaded.settings.redactor,
        )
        return await self._within(work)

    async def _still(self) -> None:
        """Whether what was live before the bake still is: platforms take releases back by themselves."""
        first, course = self.seen.identity, self._course
        if first is None or first.live is None or self.seen.cut:
            return
        new = tuple(each.via for each in first.findings if each.via != FRONT and each.state == "new")
        # Those that the shop's name leads to may be others by now, and it is looked up again.
        found = await self._identified(
            new if course.nodes else (), once_more(course.releases), lambda _: None
        )
        if found is not None:
            self._note(identity=joined(first, found))
            self._tells.identity(joined(first, found))

    async def _smoke(self) -> Sequence[Ruling]:
        course = self._course
        found = self.seen.identity.findings if self.seen.identity else ()
        nodes = [one.via for one in found if one.via != FRONT and one.state == "new"]
        self._standing = await self._before_the_release()
        self._note(standing=self._standing)
        wishes = smoke_wishes(course.loaded, course.shop, course.releases, nodes, self._standing)
        if not wishes:
            return ()
        self._tells.begins("smoke", _planned(wishes))
        results = await self._within(run_smoke(self._engine, wishes, self._tells.smoke))
        self._note(smoke=results or ())
        return smoke_rulings(self.seen.smoke)

    async def _before_the_release(self) -> dict[str, Status]:
        """How the shop's checks were confirmed to be when the release began, by `shop/name`."""
        shop = self._course.shop.name
        names = [check.name for check in self._course.shop.checks]
        found = await self._asked("standing", self._course.book.standing, shop, names, self.seen.begun)
        return {f"{shop}/{name}": status for name, status in (found or {}).items()}

    async def _bake(self) -> None:
        course = self._course
        plan = bake_plan(course.loaded, course.shop, course.releases, self._standing)
        live = self.seen.live if self.seen.live is not None else time.time()
        judged = tuple(str(check.id) for check in plan.judged)
        self._note(
            judged=judged,
            before=await self._counts(plan, live),
            digests={str(check.id): check.digest for check in plan.judged},
        )
        self._tells.begins("bake", f"{number_of(len(plan.checks), 'check')}, {len(judged)} judged")
        self._tells.bakes(judged, plan.wanted, plan.begins(live, time.time()) + plan.seconds)
        baked = await bake(self._engine, plan, live, self._tells.sample, self._watch.stop)
        self._note(samples=baked.samples, cut=baked.cut or self._watch.cut)

    async def _counts(self, plan: BakePlan, live: float) -> tuple[Counts, ...]:
        """How the judged checks fared in the same hours of earlier days, each by `shop/name`."""
        shop, days = self._course.shop.name, self._course.releases.judge.days
        names = [check.id.name for check in plan.judged]
        seconds = plan.settle + plan.seconds
        at = usual_time(live, plan.begins(live, time.time()) - plan.settle, seconds)
        found = await self._asked("counts", self._course.book.counts, shop, names, at, seconds, days)
        return tuple(replace(one, check=f"{shop}/{one.check}") for one in found or ())

    async def _figures(self) -> None:
        source = self._course.releases.prometheus
        if source is not None:
            found = await self._within(figures.ask(source, figures.scope_of(self.seen), self._fetcher))
            self._note(figures=found or ())

    async def _accepted(self) -> list[Verification]:
        """The earlier verifications whose times are the baseline."""
        course = self._course
        found = await self._asked(
            "accepted",
            course.book.accepted,
            course.shop.name,
            self.seen.begun,
            course.releases.judge.releases,
        )
        self._note(accepted=tuple(one.id for one in found or ()))
        return found or []

    def _judge(self, accepted: list[Verification]) -> Verdict:
        """In a worker thread: numpy and scipy take a second to import, and signs of life go on."""
        from techrun.releases.judge.verdict import judge  # noqa: PLC0415  as the docstring says

        return judge(self.seen, accepted, self._course.releases)

    async def _asked(
        self, what: str, ask: Callable[Asked, Answer], *arguments: Asked.args, **named: Asked.kwargs
    ) -> Answer | None:
        """What the book answers, or None where it cannot; the verification goes on without, and keeps `what` it lacks."""
        for pause in (*ASK_AGAIN, None):
            try:
                return await asyncio.to_thread(ask, *arguments, **named)
            except (TechrunError, OSError) as error:
                if pause is None or self._watch.stop.is_set():
                    self._tells.says(f"the book of releases does not answer: {error}")
                    break
                await asyncio.sleep(pause)
        self._note(unanswered=(*self.seen.unanswered, what))
        return None


def _planned(wishes: Sequence[SmokeWish]) -> str:
    """`6 runs, on 3 nodes and through the front`."""
    nodes = len({wish.via for wish in wishes} - {FRONT})
    where = f"on {number_of(nodes, 'node')} and through the front" if nodes else "through the front"
    return f"{number_of(len(wishes), 'run')}, {where}"
