"""Journeys, fragments and packs: validated once, whoever uses them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from techrun.config.data import load_data
from techrun.config.files import Files, shipped_folder
from techrun.config.models import PackFile
from techrun.config.shops import Header, Pack
from techrun.config.templates import Names, missing_outside
from techrun.config.tree import List, Map, Node, Scalar, Written, plain
from techrun.config.understand import salvage, understand
from techrun.errors import Problem
from techrun.language.definition import Definition


def read_shipped_packs(files: Files, headers: Iterable[Header]) -> None:
    """Read the packs that shops use and that no included file brings, from the folder that ships."""
    folder = shipped_folder()
    if folder is None:
        return
    wanted = dict.fromkeys(name for header in headers for name in header.file.use)
    for name in wanted:
        if name not in files.packs:
            for path in pack_files(folder, name):
                for origin in files.read(path):
                    files.include(origin, shipped=True)


def pack_files(folder: Path, name: str) -> list[Path]:
    """The files of a shipped pack: `platforms/NAME.yaml`, or all of the folder `platforms/NAME`."""
    single = folder / "platforms" / f"{name}.yaml"
    return [single] if single.is_file() else sorted((folder / "platforms" / name).glob("*.yaml"))


def shipped_packs() -> list[str]:
    """The names of the packs that ship."""
    folder = shipped_folder()
    paths = folder.glob("platforms/*") if folder else ()
    return sorted({path.stem for path in paths if path.is_dir() or path.suffix == ".yaml"})


def read_packs(files: Files, problems: list[Problem]) -> dict[str, Pack]:
    """The packs by name, as far as they can be read; `checks` are looked at with each shop."""
    packs = {}
    for name, origin in files.packs.items():
        value = {key: part for key, part in plain(origin.node).items() if key != "checks"}
        file, _ = salvage(PackFile, value, origin, problems, stand_ins={"pack": name})
        if file is not None:
            packs[name] = Pack(file, origin)
    return packs


def read_documents(
    files: Files, models: Mapping[str, type[Definition]], data_files: set[Path], problems: list[Problem]
) -> dict[str, Definition]:
    """The journeys and fragments that are whole, by name, their data loaded."""
    documents = {}
    for name, (marker, origin) in files.documents.items():
        before = len(problems)
        made = understand(models[marker], plain(origin.node), origin, problems)
        if made is not None:
            load_data(made, origin, data_files, problems)
        if made is not None and len(problems) == before:
            documents[name] = made
    return documents


def reached(names: Iterable[str], files: Files) -> Iterator[Written]:
    """The documents with these names, and those that their steps `use`."""
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        if name in files.documents and name not in seen:
            seen.add(name)
            _, origin = files.documents[name]
            yield origin
            waiting += _used(origin.node)


def _used(node: Node) -> Iterator[str]:
    """The names after every `use:`."""
    if isinstance(node, List):
        for item in node.items:
            yield from _used(item)
    elif isinstance(node, Map):
        for key, value in node.entries.items():
            if key == "use" and isinstance(value, Scalar):
                yield str(value.value)
            else:
                yield from _used(value)


def unset_names(used: Iterable[str], files: Files, names: Names) -> Iterator[Problem]:
    """Secrets and environment variables that a journey in use names and that are not set."""
    for origin in reached(used, files):
        yield from missing_outside(origin, names)
