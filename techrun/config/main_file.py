"""`techrun.yaml`: what shops share, and which files there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from techrun.config.checks import no_strange_channels
from techrun.config.explain import fields_of
from techrun.config.files import Files, matches, shown
from techrun.config.models import FetchSettings, MainFile, ShopFile
from techrun.config.secrets import Secrets, SecretsIfSet, SecretsUnneeded, read_secrets
from techrun.config.settings import Channel
from techrun.config.shops import main_keys
from techrun.config.templates import Names
from techrun.config.tree import List, Scalar, Written, child, entries, plain
from techrun.config.understand import salvage
from techrun.config.words import quoted
from techrun.errors import Problem
from techrun.redact import Redactor


@dataclass(frozen=True, slots=True)
class Main:
    """The main file as it was read; `folder` is what its paths start from."""

    file: MainFile
    origin: Written
    names: Names
    problems: list[Problem]

    @property
    def single(self) -> bool:
        """It is a shop's file as well."""
        return "shop" in entries(self.origin.node)

    @property
    def folder(self) -> Path:
        """What its relative paths start from."""
        return self.origin.source.path.parent


def read_main(
    origin: Written, environ: Mapping[str, str], redactor: Redactor, problems: list[Problem]
) -> Main | None:
    """The main file, as far as it can be read."""
    names = Names(environ, _secrets(origin, environ, redactor, problems))
    value = plain(origin.node)
    also: list[str] = []
    if "shop" in value:
        ours = [*main_keys(), *(["owner"] if isinstance(value.get("owner"), dict) else [])]
        value = {key: part for key, part in value.items() if key in ours}
        also = list(fields_of(ShopFile))
    file, _ = salvage(MainFile, value, origin, problems, names=names, also=also)
    if file is None:
        return None
    main = Main(file, origin, names, problems)
    _check_shops(main)
    if file.defaults and file.defaults.notify:
        no_strange_channels(
            file.defaults.notify, origin, ("defaults", "notify"), channel_names(main), problems
        )
    return main


def _secrets(
    origin: Written, environ: Mapping[str, str], redactor: Redactor, problems: list[Problem]
) -> Secrets:
    """The secrets; their file is named without templates."""
    node = child(origin.node, "secrets")
    written: dict[str, str] = {}
    unneeded = isinstance(environ, SecretsUnneeded) and not isinstance(environ, SecretsIfSet)
    if isinstance(node, Scalar) and isinstance(node.value, str) and not unneeded:
        path = origin.source.path.parent / node.value
        if path.is_file():
            written = read_secrets(path, shown(path), problems)
        elif not isinstance(environ, SecretsIfSet):
            what = f"there is no file {quoted(shown(path))}"
            problems.append(origin.problem(("secrets",), what, "create it, or leave `secrets:` out"))
    return Secrets(environ, written, redactor)


def _check_shops(main: Main) -> None:
    """Shops come from `shops:`, or the file is itself a shop."""
    written = entries(main.origin.node)
    if "shops" in written and main.single:
        what = "`shop:` and `shops:` cannot stand in one file"
        hint = "move the shop to a file of its own"
        main.problems.append(main.origin.problem(("shop",), what, hint, on_key=True))
    elif "shops" not in written and not main.single:
        hint = "name their files under `shops:`, or write `shop:` and `url:` here"
        main.problems.append(main.origin.problem((), "no shops are configured", hint))


def read_files(main: Main, files: Files) -> None:
    """Read what `include:` and `shops:` name."""
    for key, patterns in (("include", main.file.include), ("shops", main.file.shops)):
        node = child(main.origin.node, key)
        for index, pattern in enumerate(patterns):
            found = list(matches(pattern, main.folder))
            if not found:
                path = (key, index) if isinstance(node, List) else (key,)
                what = f"no file matches {quoted(pattern)}"
                hint = f"it is looked for from the folder of {main.origin.source.name}"
                main.problems.append(main.origin.problem(path, what, hint))
                files.complete = False
            for path_found in found:
                if key == "shops":
                    files.read_shops(path_found)
                else:
                    for document in files.read(path_found):
                        files.include(document)


def channel_names(main: Main) -> frozenset[str]:
    """The names of all channels, broken ones too."""
    node = child(main.origin.node, "channels")
    return frozenset(entries(node)) if node else frozenset()


def channels(main: Main) -> dict[str, Channel]:
    """The channels by name."""
    return {
        name: Channel(name, channel.url, main.origin.place(("channels", name, "url")), channel.fallback or "")
        for name, channel in main.file.channels.items()
    }


def fetch_settings(main: Main) -> FetchSettings:
    """How requests go out; the certificates to trust must be there."""
    found = main.file.fetch
    if found.ca_file is None:
        return found
    path = main.folder / found.ca_file
    if not path.is_file():
        what = f"there is no file {quoted(shown(path))}"
        main.problems.append(
            main.origin.problem(("fetch", "ca_file"), what, "it holds certificates in PEM form")
        )
    return found.model_copy(update={"ca_file": str(path)})


def templates(main: Main) -> Path | None:
    """The folder of messages of one's own, which must be there."""
    if main.file.templates is None:
        return None
    path = main.folder / main.file.templates
    if not path.is_dir():
        what = f"there is no folder {quoted(shown(path))}"
        main.problems.append(
            main.origin.problem(("templates",), what, "create it, or leave `templates:` out")
        )
    return path
