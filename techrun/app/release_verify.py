"""A release from `verify` to its verdict: claimed in the book, seen, judged, kept, acted upon."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from techrun.app.interrupts import Interrupts
from techrun.app.loading import Loaded
from techrun.app.once import opened
from techrun.app.release_stages import Course, Onlooker, Stages
from techrun.app.release_watch import Watch, unless_insisted
from techrun.config.releases import Releases
from techrun.config.settings import ShopSettings
from techrun.errors import TechrunError, UsageError
from techrun.fetch import Fetcher
from techrun.handling import Release
from techrun.redact import Redactor
from techrun.releases.acting import Reactions, act
from techrun.releases.keeping import Book, TakenError
from techrun.releases.records import Action, Verdict, Verification

log = logging.getLogger(__name__)

SAVE_AGAIN = (1.0, 2.0, 4.0)
"""Seconds before each further try to keep a verification: a server may just be restarted."""
UNTOLD: Mapping[str, Any] = {"webhooks": True, "prometheus": {"token": True}}
"""Settings of releases that no record keeps: who hears of them, and tokens."""


@dataclass(frozen=True, slots=True)
class VerifyWish:
    """What a person asks for; what is not said is as the shop's configuration has it."""

    version: str
    nodes: tuple[str, ...] = ()
    settle: float | None = None
    bake: float | None = None
    every: float | None = None
    samples: int | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Around:
    """Who watches a verification, where it is kept, and what is done because of its verdict."""

    onlooker: Onlooker
    interrupts: Interrupts
    book: Book
    reactions: Reactions = field(default_factory=Reactions)


@dataclass(frozen=True, slots=True)
class Finished:
    """A verification with its verdict."""

    verification: Verification
    interrupted: bool = False
    fault: Exception | None = None
    """Our own, which ended it."""
    lost: str = ""
    """Why it could not be kept; empty: it was."""


def settings_of(shop: ShopSettings, wish: VerifyWish) -> Releases:
    """What the release must pass: the command line's words before those of the configuration."""
    said = {"settle": wish.settle, "for_": wish.bake, "every": wish.every, "samples": wish.samples}
    bake = shop.releases.bake.model_copy(
        update={name: value for name, value in said.items() if value is not None}
    )
    return shop.releases.model_copy(update={"bake": bake})


def release_of(book: Book, shop: str, version: str) -> Release:
    """The newest release of this version; UsageError where none has begun."""
    found = book.release(shop, version)
    if found is None:
        raise UsageError(
            f"no release {version} of {shop} has begun; say that it does: "
            f"techrun release begin {version} --shop {shop}"
        )
    return found


def verify(loaded: Loaded, shop: ShopSettings, wish: VerifyWish, around: Around) -> Finished:
    """Verify a release; TakenError where somebody does so already. It is kept whatever its verdict is."""
    releases, release = settings_of(shop, wish), release_of(around.book, shop.name, wish.version)
    blank = _blank(loaded, shop, releases, release, wish)
    around.book.claim(blank, wish.by)
    with around.interrupts.noted():
        watch = Watch(around.book, blank.id, release, around.interrupts, around.onlooker.says)
        course = Course(
            loaded=loaded,
            shop=shop,
            releases=releases,
            release=release,
            nodes=wish.nodes or shop.nodes,
            book=around.book,
            watch=watch,
            onlooker=around.onlooker,
        )
        return asyncio.run(_verified(course, blank, around))


async def _verified(course: Course, blank: Verification, around: Around) -> Finished:
    orders = any(entry.orders for entry in course.releases.smoke)
    async with opened(course.loaded, orders=orders, doubts=True) as (engine, fetcher):
        async with course.watch:
            judged, fault = await _judged(Stages(course, engine, fetcher, blank))
        if course.watch.lost is not None:
            raise course.watch.lost
        lost = await _kept(around, judged)
        interrupted = course.watch.interrupted
        if not interrupted and fault is None:
            judged, lost = await _acted(around, course, judged, fetcher, lost)
        return Finished(judged, interrupted or around.interrupts.count > 0, fault, lost)


def _blank(
    loaded: Loaded, shop: ShopSettings, releases: Releases, release: Release, wish: VerifyWish
) -> Verification:
    """The verification before anything was seen."""
    now = time.time()
    return Verification(
        id=f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now))}-{secrets.token_hex(2)}",
        shop=shop.name,
        release=release.id,
        version=release.version,
        commit=release.commit,
        begun=release.begun,
        started=now,
        ended=now,
        location=loaded.settings.location,
        by=wish.by,
        wanted=releases.bake.samples,
        settings=_without_secrets(
            releases.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude=UNTOLD),
            loaded.settings.redactor,
        ),
    )


def _without_secrets(value: Any, redact: Redactor) -> Any:
    """The same, as a book may keep it that many read."""
    if isinstance(value, dict):
        return {key: _without_secrets(each, redact) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_secrets(each, redact) for each in value]
    return redact(value) if isinstance(value, str) else value


async def _judged(stages: Stages) -> tuple[Verification, Exception | None]:
    """What the stages saw and what is to be thought of it; our own fault ends them and says nothing of the shop."""
    try:
        return await stages.run(), None
    except Exception as error:
        log.debug("the verification of %s failed", stages.seen.version, exc_info=True)
        while isinstance(error, ExceptionGroup):  # of tasks beside each other: the first that failed
            error = error.exceptions[0]
        why = f"techrun's own fault: {str(error) or type(error).__name__}"
        seen = replace(stages.seen, ended=time.time(), cut=why)
        verdict = Verdict("inconclusive", f"Nothing can be told of {seen.version}: {why}.")
        return replace(seen, verdict=verdict), error


async def _kept(around: Around, verification: Verification) -> str:
    """Why it could not be kept, which must not take its verdict along; nothing: it was.

    TakenError where somebody else verifies the release by now: this verdict is nobody's to act upon.
    """
    for pause in (*SAVE_AGAIN, None):
        try:
            await asyncio.to_thread(around.book.save, verification)
        except TakenError:
            raise
        except (TechrunError, OSError) as error:
            if pause is None:
                around.onlooker.says(f"the verification is not kept: {error}")
                return str(error)
            await asyncio.sleep(pause)
        else:
            break
    return ""


async def _acted(
    around: Around, course: Course, verification: Verification, fetcher: Fetcher, lost: str
) -> tuple[Verification, str]:
    """The verification with what was done because of its verdict, kept once more."""
    redact = course.loaded.settings.redactor
    work = act(verification, around.reactions, fetcher, redact, partial(_told, around.onlooker))
    actions = await unless_insisted(work, around.interrupts, around.onlooker.says)
    if not actions:
        return verification, lost
    acted = replace(verification, actions=actions)
    try:
        return acted, await _kept(around, acted) or lost
    except TakenError as error:  # it was done by then, and must be told
        return acted, str(error)


def _told(onlooker: Onlooker, action: Action) -> None:
    onlooker.says(f"{action.kind} {action.what}: {'done' if action.ok else 'failed'}")
