"""Selectors: `acme-es/checkout`, `'acme-*/*'`, a bare shop; narrowed by client and tag."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
NOTHING = ("no check matches all of these", "leave out a selector, the client or the tag")


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
    wrong = [
        *unknown_selectors(known, selectors),
        *unknown_names("client", [] if client is None else [client], [check.client for check in known]),
        *unknown_names("tag", tags, [tag for check in known for tag in check.tags]),
    ]
    if wrong:
        _, what, hint = wrong[0]
        raise UsageError(f"{what}; {hint}")
    clients = () if client is None else (client,)
    chosen = [check for check in known if covers(check, selectors, clients, tags)]
    if not chosen:
        raise UsageError("; ".join(NOTHING))
    return chosen


def unknown_selectors(
    checks: Sequence[Selectable], selectors: Sequence[str]
) -> Iterator[tuple[int, str, str]]:
    """Each selector that no check has: its index, what is wrong, what may be meant."""
    for index, selector in enumerate(selectors):
        if not any(matches(selector, check) for check in checks):
            yield index, *_no_match("check", selector, _nameable(checks))


def unknown_names(what: str, names: Sequence[str], known: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Each name (of a client, of a tag) that none has: its index, what is wrong, what may be meant."""
    for index, name in enumerate(names):
        if name not in known:
            yield index, *_no_match(what, name, known)


def matches(selector: str, check: Selectable) -> bool:
    """Whether a selector names this check; the name of a `for_each` stands for all its combinations."""
    shop, slash, name = selector.partition("/")
    if not fnmatchcase(check.id.shop, shop):
        return False
    return not slash or fnmatchcase(check.id.name, name) or check.id.name.startswith(f"{name}/")


def covers(check: Selectable, selectors: Sequence[str], clients: Sequence[str], tags: Sequence[str]) -> bool:
    """Whether one of the selectors names this check, of one of these clients, with one of these tags.

    What is empty leaves the choice open.
    """
    return (
        (not selectors or any(matches(selector, check) for selector in selectors))
        and (not clients or check.client in clients)
        and (not tags or any(tag in check.tags for tag in tags))
    )


def _nameable(checks: Iterable[Selectable]) -> Iterable[str]:
    for check in checks:
        yield str(check.id)
        yield check.id.shop


def _no_match(what: str, word: str, known: Iterable[str]) -> tuple[str, str]:
    names = list(dict.fromkeys(name for name in known if name))
    suggestion = did_you_mean(word, names)
    if not suggestion:
        some = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
        suggestion = f"there is {some}" if some else "there is none"
    return f"no {what} matches {quoted(word)}", suggestion
