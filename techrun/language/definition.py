"""What all definitions written in YAML have in common: unknown keys are refused, places are known."""

from __future__ import annotations

from typing import Protocol

from pydantic import BaseModel, ConfigDict, PrivateAttr

from techrun.errors import Place, Problem

Path = tuple[str | int, ...]


class Origin(Protocol):
    """Knows where a definition was written."""

    def place(self, path: Path = (), *, on_key: bool = False) -> Place:
        """The place of the value (or key) at `path` inside the definition."""


class InCode:
    """The origin of a definition that was made in code: no file, no lines."""

    def place(self, path: Path = (), *, on_key: bool = False) -> Place:  # noqa: ARG002  the protocol has it
        """A place that names the path only."""
        return Place(".".join(map(str, path)) or "<code>", 0, 0)


class Definition(BaseModel):
    """Base of every model that a user fills in YAML."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    _origin: Origin = PrivateAttr(default_factory=InCode)

    @property
    def origin(self) -> Origin:
        """Where it was written."""
        return self._origin

    def written_at(self, origin: Origin) -> None:
        """Remember where it was written (called by the loader)."""
        self._origin = origin

    def problem(self, path: Path, what: str, hint: str = "", *, on_key: bool = False) -> Problem:
        """A mistake at `path` of this definition."""
        return Problem(what, hint, path, (self._origin.place(path, on_key=on_key),), on_key)
