"""What `releases:` of a shop allows, and what lets no release ever pass: warnings of `techrun validate`."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from techrun.config.releases import LONGER
from techrun.config.settings import ShopSettings
from techrun.config.words import expected, quoted
from techrun.errors import Problem
from techrun.language.definition import Origin, Path
from techrun.language.durations import show


def of_releases(shop: ShopSettings, scenarios: Collection[str]) -> Iterator[Problem]:
    """The warnings about one shop; `scenarios` are the names of those that there are, none doubts no name."""
    releases = shop.releases
    if releases.model_fields_set - {"gate"} and releases.version is None and releases.preset is None:
        what = f'nothing says where the version of {shop.name} is read: no verification can end with "pass"'
        hint = "write `version: {url: /release.json}`; techrun release stamp makes the file"
        yield _at(releases.origin, (), what, hint)
    bake = releases.bake
    if bake.samples * bake.every > bake.for_ * LONGER:
        what = f"a run every {show(bake.every)} for {show(bake.for_)} never makes {bake.samples} samples"
        yield _at(releases.origin, ("bake",), what, "let it take longer, or want fewer `samples`")
    for index, name in enumerate(releases.gate.load if scenarios else ()):
        if name not in scenarios:
            what = f"there is no scenario {quoted(name)}"
            yield _at(releases.origin, ("gate", "load", index), what, expected(name, sorted(scenarios)))


def _at(origin: Origin, path: Path, what: str, hint: str) -> Problem:
    return Problem(what, hint, path, (origin.place(path),))
