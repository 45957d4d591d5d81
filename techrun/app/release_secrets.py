"""A pipeline's runner has the secrets of the shop that it releases, and no others: which ones it must have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from techrun.app.loading import Loaded, load_for_journeys, used
from techrun.config.secrets import STAND_IN, is_made_up
from techrun.config.settings import Settings, ShopSettings
from techrun.errors import ConfigError, Problem
from techrun.journey.model import Journey
from techrun.load.bundle import shop_of
from techrun.probes.journey import Spec as JourneySpec

_NAMED = re.compile(rf"(?:\bsecret\.|{re.escape(STAND_IN)}/)([A-Za-z_][A-Za-z0-9_]*)")


def load_for_release(path: Path, name: str) -> tuple[Loaded, ShopSettings]:
    """The configuration, and the shop of this name; ConfigError where a secret is missing that its release needs."""
    loaded = load_for_journeys(path)
    shop = shop_of(loaded.settings, name)
    secrets = shop.constants["secret"]
    named = {found for text in _texts(loaded.settings, shop) for found in _NAMED.findall(text)}
    missing = sorted(one for one in named if one in secrets and is_made_up(secrets[one]))
    if missing:
        raise ConfigError([_problem(one) for one in missing])
    return loaded, shop


def _problem(name: str) -> Problem:
    hint = f"set {name} or {name}_FILE in the environment, or write it to the file of `secrets:`"
    return Problem(f"the secret {name} is not set", hint)


def _texts(settings: Settings, shop: ShopSettings) -> Iterator[str]:
    """Everything that a verification of this shop makes use of, as text."""
    constants = {name: value for name, value in shop.constants.items() if name != "secret"}
    yield _text([shop.shop.url, constants, settings.fetch.proxy])
    yield _text(shop.releases.model_dump(mode="json", by_alias=True))
    if settings.grafana is not None:
        yield _text(settings.grafana.model_dump(mode="json", by_alias=True))
    journeys = {entry.journey for entry in shop.releases.smoke if entry.journey}
    for check in shop.checks:
        yield _text(check.spec.model_dump(mode="json", by_alias=True))
        if isinstance(check.spec, JourneySpec):
            journeys.add(check.spec.journey)
    for journey in journeys:
        for document in used(settings.documents, journey).values():
            yield _text(document.model_dump(mode="json", by_alias=True))
            if isinstance(document, Journey):
                yield _text({name: data.content for name, data in document.data.items()})


def _text(value: Any) -> str:
    return json.dumps(value, default=str)
