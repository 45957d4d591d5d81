"""Journeys, fragments and packs: validated once, whoever uses them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from techrun.config.data import load_data
from techrun.config.files import Files, shipped_checks
from techrun.config.models import PackFile
from techrun.config.shops import Header, Pack
from techrun.config.tree import List, Map, Node, Scalar, plain
from techrun.config.understand import salvage, understand
from techrun.errors import Problem
from techrun.language.definition import Definition


def read_shipped_packs(files: Files, headers: Iterable[Header]) -> None:
    """Read the packs that shops use and that no included file brings, from the folder that ships."""
    wanted = dict.fromkeys(name for header in headers for name in header.file.use)
    for name in wanted:
        if name not in files.packs:
            for path in pack_files(shipped_checks(), name):
                for origin in files.read(path):
                    files.include(origin, shipped=True)


def pack_files(folder: Path, name: str) -> list[Path]:
    """The file of a shipped pack: `NAME.yaml`, or `platforms/NAME.yaml`."""
    candidates = (folder / f"{name}.yaml", folder / "platforms" / f"{name}.yaml")
    return [path for path in candidates if path.is_file() and _holds_pack(path)][:1]


def shipped_packs() -> list[str]:
    """The names of the packs that ship."""
    folder = shipped_checks()
    paths = [*folder.glob("*.yaml"), *folder.glob("platforms/*.yaml")]
    return sorted({path.stem for path in paths if _holds_pack(path)})


def _holds_pack(path: Path) -> bool:
    """Whether the file has a pack of its own name: what ships is written plainly."""
    return f"pack: {path.stem}" in path.read_text(encoding="utf-8").splitlines()


def read_packs(files: Files, problems: list[Problem]) -> dict[str, Pack]:
    """The packs by name, as far as they can be read; `checks` are looked at with each shop."""
    packs = {}
    for name, (_, origin) in files.packs.items():
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
    return _without_broken(documents, files)


def _without_broken(documents: Mapping[str, Definition], files: Files) -> dict[str, Definition]:
    """The documents that are whole down to the last fragment they use."""
    broken = set(files.documents) - set(documents)
    return {name: made for name, made in documents.items() if broken.isdisjoint(_reached(name, files))}


def _reached(name: str, files: Files) -> set[str]:
    """The documents that the steps of this one `use`, and so on."""
    waiting, seen = [name], set()
    while waiting:
        each = waiting.pop()
        if each in files.documents and each not in seen:
            seen.add(each)
            waiting += _used(files.documents[each][1].node)
    return seen


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
