"""Selectors: `acme-es/checkout`, `'acme-*/*'`, a bare shop; narrowed by client and tag."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Protocol, TypeVar

from techrun.config.words import quoted
from techrun.errors import UsageError
from techrun.language.words import did_you_mean
from techrun.model import CheckId


class Selectable(Protocol):
    """What can be selected: a check of the configuration or of the engine."""

    @property
    def id(self) -> CheckId:
        """Shop and name."""

    @property
    def client(self) -> str:
        """Who the shop belongs to."""

    @property
    def tags(self) -> tuple[str, ...]:
        """Its tags."""


S = TypeVar("S", bound=Selectable)


def select(
    checks: Iterable[S],
    selectors: Sequence[str] = (),
    *,
    client: str | None = None,
    tags: Sequence[str] = (),
) -> list[S]:
    """The checks that one of the selectors names, of this client, with one of these tags; in their order.

    Without selectors all checks are meant. What matches nothing raises `UsageError`.
    """
    known = list(checks)
    for selector in selectors:
        if not any(matches(selector, check) for check in known):
            raise UsageError(_no_match("check", selector, _nameable(known)))
    if client is not None and all(check.client != client for check in known):
        raise UsageError(_no_match("client", client, (check.client for check in known)))
    for tag in tags:
        if not any(tag in check.tags for check in known):
            raise UsageError(_no_match("tag", tag, (each for check in known for each in check.tags)))
    chosen = [check for check in known if _is_chosen(check, selectors, client, tags)]
    if not chosen:
        raise UsageError("no check matches all of these; leave out a selector, the client or the tag")
    return chosen


def matches(selector: str, check: Selectable) -> bool:
    """Whether a selector names this check; the name of a `for_each` stands for all its combinations."""
    shop, slash, name = selector.partition("/")
    if not fnmatchcase(check.id.shop, shop):
        return False
    return not slash or fnmatchcase(check.id.name, name) or check.id.name.startswith(f"{name}/")


def _is_chosen(check: Selectable, selectors: Sequence[str], client: str | None, tags: Sequence[str]) -> bool:
    return (
        (not selectors or any(matches(selector, check) for selector in selectors))
        and (client is None or check.client == client)
        and (not tags or any(tag in check.tags for tag in tags))
    )


def _nameable(checks: Iterable[Selectable]) -> Iterable[str]:
    for check in checks:
        yield str(check.id)
        yield check.id.shop


def _no_match(what: str, word: str, known: Iterable[str]) -> str:
    names = list(dict.fromkeys(name for name in known if name))
    suggestion = did_you_mean(word, names)
    if not suggestion:
        some = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
        suggestion = f"there is {some}" if some else "there is none"
    return f"no {what} matches {quoted(word)}; {suggestion}"
