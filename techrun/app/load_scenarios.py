"""Where scenarios are: files in ./loadtests of one's own, then those that ship."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from techrun.config.files import shown
from techrun.errors import UsageError
from techrun.language.words import did_you_mean

OWN = Path("loadtests")


@dataclass(frozen=True, slots=True)
class Source:
    """The file of one scenario."""

    name: str
    path: Path
    shipped: bool

    @property
    def text(self) -> str:
        """What is in it; UsageError where it cannot be read."""
        try:
            return self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{shown(self.path)} cannot be read: {error}") from None

    @property
    def title(self) -> str:
        """The first line of its docstring; empty where it has none or is no Python."""
        try:
            words = ast.get_docstring(ast.parse(self.text)) or ""
        except (SyntaxError, ValueError, UsageError):
            return ""
        return words.partition("\n")[0]


def shipped_loadtests() -> Path:
    """The folder of scenarios that ship: `techrun/_loadtests` of a wheel, `loadtests` of a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_loadtests"
    return installed if installed.is_dir() else package.parent / "loadtests"


def scenarios(own: Path = OWN) -> tuple[Source, ...]:
    """All that a name means, one's own before a shipped one of the same name."""
    found = {
        source.name: source for source in (*_in(shipped_loadtests(), shipped=True), *_in(own, shipped=False))
    }
    return tuple(found[name] for name in sorted(found))


def _in(folder: Path, *, shipped: bool) -> Iterator[Source]:
    for path in sorted(folder.glob("*.py")):
        if not path.name.startswith("_"):
            same = shipped or (path.parent.resolve() == shipped_loadtests().resolve())
            yield Source(path.stem, path, same)


def find(name: str, own: Path = OWN) -> Source:
    """The scenario of this name, or in this file; UsageError tells what there is."""
    path = Path(name)
    if path.suffix == ".py" or len(path.parts) > 1:
        if not path.is_file():
            raise UsageError(f"there is no file {name}; techrun load list tells the scenarios that ship")
        if path.suffix != ".py":
            raise UsageError(f"{name} is no scenario: its name must end in .py")
        return Source(path.stem, path, shipped=False)
    known = {source.name: source for source in scenarios(own)}
    if name not in known:
        hint = did_you_mean(name, known) or f"there are: {', '.join(known)}"
        raise UsageError(f'no scenario is called "{name}"; {hint}')
    return known[name]
