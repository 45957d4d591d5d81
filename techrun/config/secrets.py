"""Secrets by name: from the environment, from a file that the environment names, or from the file of secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from techrun.config.reading import read
from techrun.config.tree import Map, Scalar, Source
from techrun.errors import Problem
from techrun.language.scalars import text_of
from techrun.redact import SHORTEST, Redactor

LARGEST_SECRET = 64_000
"""Bytes of a file that holds one secret."""
STAND_IN = "https://this-secret-is-not-set.invalid"
"""What stands for a secret that nobody needs, its name behind it; good as a text, as a token and as a URL."""


class SecretsUnneeded(Mapping[str, str]):
    """The environment of a command that only wants to know what is configured: any secret may be missing."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        return self._environ[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)


class SecretsIfSet(SecretsUnneeded):
    """The environment of a command that needs some of the secrets: those that are missing are told when used."""


class Secrets(Mapping[str, str]):
    """What `${secret.X}` means. A value that was handed out once is redacted from then on.

    `X` of the environment comes first, then the file that `X_FILE` names, then the file of secrets.
    """

    def __init__(self, environ: Mapping[str, str], written: Mapping[str, str], redactor: Redactor) -> None:
        self._environ = environ
        self._written = written
        self._redactor = redactor
        self._found: dict[str, str] = {}
        for value in written.values():
            redactor.add(value)

    def __getitem__(self, name: str) -> str:
        if name not in self._found:
            value = self._look_up(name)
            if value is None or len(value) < SHORTEST:
                raise KeyError(name)
            self._redactor.add(value)
            self._found[name] = value
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._written, **self._found})

    def __len__(self) -> int:
        return len({**self._written, **self._found})

    def is_set(self, name: str) -> bool:
        """Whether somebody gave this secret a value or a file, be it usable or not."""
        given = name in self._environ or f"{name}_FILE" in self._environ or name in self._written
        return given or isinstance(self._environ, SecretsUnneeded)

    def fault(self, name: str) -> tuple[str, str] | None:
        """Why this secret cannot be used and what to do about it; None where it can."""
        value = self._look_up(name)
        if value is None:
            file = self._environ.get(f"{name}_FILE")
            what = (
                f"the secret {name} is not set" if file is None else f"the file in {name}_FILE cannot be read"
            )
            return (
                what,
                f"set {name} or {name}_FILE in the environment, or write it to the file of `secrets:`",
            )
        if len(value) < SHORTEST:
            what = f"the secret {name} is shorter than {SHORTEST} characters"
            return what, "so short a text cannot be kept out of reports; use a longer one"
        return None

    def _look_up(self, name: str) -> str | None:
        value = self._given(name)
        unusable = value is None or len(value) < SHORTEST
        return f"{STAND_IN}/{name}" if unusable and isinstance(self._environ, SecretsUnneeded) else value

    def _given(self, name: str) -> str | None:
        if name in self._environ:
            return self._environ[name]
        file = self._environ.get(f"{name}_FILE")
        return self._written.get(name) if file is None else _content(file)


def is_made_up(value: str) -> bool:
    """Whether this stands for a secret that is not set."""
    return value.startswith(STAND_IN)


def _content(file: str) -> str | None:
    """The secret in a file, without the line's end; None where it cannot be read."""
    try:
        path = Path(file)
        if not path.is_file():
            return None
        with path.open("rb") as opened:
            return opened.read(LARGEST_SECRET).decode().strip()
    except (OSError, ValueError):
        return None


def read_secrets(path: Path, name: str, problems: list[Problem]) -> dict[str, str]:
    """The file of secrets. Its lines are never quoted in messages."""
    found: dict[str, str] = {}
    for source, node in read(path, name, problems, quote_lines=False):
        if not isinstance(node, Map):
            if not (isinstance(node, Scalar) and node.value is None):
                problems.append(
                    source.problem(node.position, "expected keys and values", "write lines of `NAME: value`")
                )
            continue
        for key, value in node.entries.items():
            text = _secret(key, value, source, node, problems)
            if text is not None:
                found[key] = text
    return found


def _secret(key: str, value: Any, source: Source, node: Map, problems: list[Problem]) -> str | None:
    text = text_of(value.value) if isinstance(value, Scalar) else None
    if text is None:
        what = f"the secret {key} is not a text"
    elif len(text) < SHORTEST:
        what = f"the secret {key} is shorter than {SHORTEST} characters"
    else:
        return text
    problems.append(source.problem(node.keys[key], what, f"expected a text of {SHORTEST} characters or more"))
    return None
