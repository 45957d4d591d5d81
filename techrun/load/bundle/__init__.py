"""Where a scenario's journeys come from: embedded in its file, or read from the configuration.

`bundle_of` takes from the configuration what one shop's journeys need, `embed` puts it in front of a scenario,
`current` is what the process that runs the scenario works with.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from techrun import config
from techrun.config.load import as_plain
from techrun.config.secrets import SecretsIfSet, is_made_up
from techrun.config.settings import Settings, ShopSettings
from techrun.config.tree import Written, plain
from techrun.errors import UsageError
from techrun.impact import Impact
from techrun.journey.model import DOCUMENTS, Journey
from techrun.language.words import did_you_mean
from techrun.load.bundle.carried import Bundle
from techrun.load.bundle.needs import needs_of
from techrun.load.bundle.packing import Packer

__all__ = ["Bundle", "bundle_of", "current", "embed", "embedded"]

_EMBEDDED: list[Bundle] = []


def bundle_of(settings: Settings, name: str) -> Bundle:
    """What the journeys of this shop need; ConfigError where a secret cannot be kept out of it."""
    shop = shop_of(settings, name)
    secrets: Mapping[str, str] = shop.constants["secret"]
    packer = Packer(secrets)
    documents = {
        name: packer.pack(plain(document.origin.node), name)
        for name, document in settings.documents.items()
        if isinstance(document.origin, Written)
    }
    constants = {name: value for name, value in shop.constants.items() if name != "secret"}
    authorities = settings.fetch.ca_file
    return Bundle(
        shop=shop.name,
        url=shop.shop.url,
        env=shop.shop.env,
        locale=shop.locale,
        timezone=shop.timezone,
        user_agent=settings.user_agent,
        documents=documents,
        data={
            name: packer.pack(content, f"the data of {name}")
            for name, document in settings.documents.items()
            if (content := _data(document))
        },
        constants=packer.pack(needs_of(documents.values()).only(constants), "the shop"),
        load=as_plain(shop.load),
        impact=_impact(shop.shop.impact),
        authorities=Path(authorities).read_text() if authorities else "",
        largest_body=settings.fetch.max_body,
        given={name: value for name, value in secrets.items() if not is_made_up(value)},
    )


def _impact(impact: Impact | None) -> dict[str, Any] | None:
    return {**asdict(impact), "orders_per_hour": list(impact.orders_per_hour)} if impact else None


def _data(document: Any) -> dict[str, Any]:
    """The content of each `data` file of a journey."""
    return (
        {name: source.content for name, source in document.data.items()}
        if isinstance(document, Journey)
        else {}
    )


def embed(source: str, bundle: Bundle) -> str:
    """The scenario with its journeys in front: one file that runs wherever techrun and Locust are installed.

    UsageError where the text is no Python.
    """
    lines = source.split("\n")
    first = _lines_in_front(parsed(source))
    head, rest = "\n".join(lines[:first]), "\n".join(lines[first:]).lstrip("\n")
    text = bundle.to_json().replace("'''", r"\u0027\u0027\u0027")
    parts = (head, _CALL.format(shop=bundle.shop, text=text), rest)
    return "\n\n".join(part for part in parts if part)


_CALL = """\
from techrun.load.bundle import embedded as _embedded

# The journeys of the shop {shop}, without the values of secrets: `techrun load export` wrote this.
# Change them in the YAML files and export again.
_embedded(
    r'''
{text}
'''
)"""


def parsed(source: str) -> ast.Module:
    """The scenario as Python reads it; UsageError where it is none."""
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise UsageError(f"the scenario is no valid Python: line {error.lineno}: {error.msg}") from None


def _lines_in_front(module: ast.Module) -> int:
    """The number of lines that must stay first: the docstring, and what is imported from `__future__`."""
    last = 0
    for index, node in enumerate(module.body):
        is_docstring = index == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not is_docstring and not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            break
        last = node.end_lineno or last
    return last


def embedded(text: str) -> None:
    """Take the journeys that a scenario carries (called by the file that `embed` made)."""
    _EMBEDDED[:] = [Bundle.from_json(text)]


def current() -> Bundle:
    """The journeys that the scenario carries; else those of TECHRUN_CONFIG, for the shop in TECHRUN_SHOP.

    UsageError where it is not clear which shop is meant, ConfigError where the configuration is wrong.
    """
    if _EMBEDDED:
        return _EMBEDDED[0]
    settings = read(Path(os.environ.get("TECHRUN_CONFIG") or "techrun.yaml"))
    return bundle_of(settings, os.environ.get("TECHRUN_SHOP", ""))


def read(path: Path) -> Settings:
    """The configuration as it is read outside of techrun's own commands; a missing secret is told when it is used."""
    from techrun.probes import kinds  # noqa: PLC0415  it brings the probes' HTTP client: only where it is needed

    specs = {name: kind.spec for name, kind in kinds().items()}
    return config.load(path, specs, DOCUMENTS, environ=SecretsIfSet(os.environ))


def shop_of(settings: Settings, name: str) -> ShopSettings:
    """The shop of this name, or the only one there is; UsageError otherwise."""
    by_name = {shop.name: shop for shop in settings.shops}
    if name in by_name:
        return by_name[name]
    if not name and len(by_name) == 1:
        return settings.shops[0]
    there = ", ".join(by_name)
    if name:
        raise UsageError(
            f'no shop is called "{name}"; {did_you_mean(name, by_name) or f"there are: {there}"}'
        )
    raise UsageError(
        f"there are several shops ({there}): say which one by --shop, or by TECHRUN_SHOP under plain Locust"
    )
