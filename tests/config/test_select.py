"""Selectors choose checks; one that chooses nothing is an error that says what is near."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from techrun.config.select import select
from techrun.errors import UsageError
from techrun.model import CheckId


@dataclass(frozen=True)
class Each:
    """As much of a check as is selected by."""

    id: CheckId
    client: str = ""
    tags: tuple[str, ...] = ()


CHECKS = [
    Each(CheckId("acme-es", "home"), "acme"),
    Each(CheckId("acme-es", "checkout"), "acme", ("b2b", "orders")),
    Each(CheckId("acme-fr", "checkout"), "acme", ("orders",)),
    Each(CheckId("acme-fr", "categories/fr-epi"), "acme"),
    Each(CheckId("beta", "home"), "beta"),
]


def chosen(*selectors: str, **filters: object) -> list[str]:
    return [str(check.id) for check in select(CHECKS, selectors, **filters)]  # type: ignore[arg-type]  # filters are of select's own types


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        ((), [str(check.id) for check in CHECKS]),
        (("acme-es/checkout",), ["acme-es/checkout"]),
        (("acme-es",), ["acme-es/home", "acme-es/checkout"]),
        (("acme-es/*",), ["acme-es/home", "acme-es/checkout"]),
        (("acme-*/checkout",), ["acme-es/checkout", "acme-fr/checkout"]),
        (("*/home",), ["acme-es/home", "beta/home"]),
        (("acme-fr/categories",), ["acme-fr/categories/fr-epi"]),
        (("acme-fr/categories/*",), ["acme-fr/categories/fr-epi"]),
        (("beta", "acme-es/home"), ["acme-es/home", "beta/home"]),
    ],
    ids=[
        "none",
        "one",
        "shop",
        "all of a shop",
        "glob of shops",
        "glob of all",
        "family",
        "combinations",
        "several",
    ],
)
def test_what_a_selector_chooses(selectors: tuple[str, ...], expected: list[str]) -> None:
    assert chosen(*selectors) == expected


def test_a_client_and_tags_narrow_the_choice() -> None:
    assert chosen(client="beta") == ["beta/home"]
    assert chosen(tags=["b2b"]) == ["acme-es/checkout"]
    assert chosen(tags=["b2b", "orders"]) == ["acme-es/checkout", "acme-fr/checkout"]
    assert chosen("acme-fr", client="acme", tags=["orders"]) == ["acme-fr/checkout"]


@pytest.mark.parametrize(
    ("selectors", "filters", "message"),
    [
        (("acme-es/chekout",), {}, 'no check matches "acme-es/chekout"; did you mean "acme-es/checkout"?'),
        (("acme-se",), {}, 'no check matches "acme-se"; did you mean "acme-es"?'),
        ((), {"client": "acne"}, 'no client matches "acne"; did you mean "acme"?'),
        ((), {"tags": ["b2c"]}, 'no tag matches "b2c"; did you mean "b2b"?'),
        (("zzz",), {}, 'no check matches "zzz"; there is acme-es/home, acme-es'),
        (("beta",), {"client": "acme"}, "no check matches all of these"),
    ],
    ids=["check", "shop", "client", "tag", "nothing near", "together nothing"],
)
def test_what_chooses_nothing_is_an_error(
    selectors: tuple[str, ...], filters: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        chosen(*selectors, **filters)
    assert message in str(caught.value)


def test_without_any_check_nothing_can_be_chosen() -> None:
    with pytest.raises(UsageError):
        select([], ["acme"])
