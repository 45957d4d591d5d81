"""Small configurations, written and loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from techrun.config import Settings, load, load_all
from techrun.errors import Problem
from techrun.language.definition import Definition


class Http(Definition):
    """A kind that compiles its own templates."""

    templated: ClassVar[bool] = True
    http: str
    headers: Any = None


class Tcp(Definition):
    """A kind whose templates the configuration fills in."""

    tcp: str
    send: Any = None
    tries: int = 1


class Journey(Definition):
    """A kind that names a document."""

    templated: ClassVar[bool] = True
    journey: str
    until: str | None = None


class JourneyDocument(Definition):
    """A document with steps, as far as the configuration knows them."""

    journey: str
    deadline: Any = None
    steps: Any = None


class FragmentDocument(Definition):
    """A document that others use."""

    fragment: str
    steps: Any = None


KINDS: Mapping[str, type[Definition]] = {"http": Http, "tcp": Tcp, "journey": Journey}
DOCUMENTS: Mapping[str, type[Definition]] = {"journey": JourneyDocument, "fragment": FragmentDocument}


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Write files into the current folder, which is a fresh one."""
    monkeypatch.chdir(tmp_path)

    def write_files(main: str, **files: str) -> None:
        for name, text in {"techrun": main, **files}.items():
            path = tmp_path / (name.replace("__", "/") + ("" if "." in name else ".yaml"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return write_files


@pytest.fixture
def settings(write: Callable[..., None]) -> Callable[..., Settings]:
    """Write a configuration and load it."""

    def written_settings(main: str, environ: Mapping[str, str] | None = None, **files: str) -> Settings:
        write(main, **files)
        return load(Path(), KINDS, DOCUMENTS, environ=environ or {})

    return written_settings


@pytest.fixture
def problems(write: Callable[..., None]) -> Callable[..., list[Problem]]:
    """Write a configuration and find what is wrong with it."""

    def written_problems(main: str, environ: Mapping[str, str] | None = None, **files: str) -> list[Problem]:
        write(main, **files)
        return load_all(Path(), KINDS, DOCUMENTS, environ=environ or {})[1]

    return written_problems
