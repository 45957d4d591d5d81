"""What can go wrong with techrun itself (never with a shop: that is an `Outcome`).

TechrunError                 our own fault or the user's; knows its exit code
├── UsageError               wrong use of the command line, a selector without a match   2
├── ConfigError              the configuration is wrong; carries every `Problem`         3
├── CannotTellError          nothing could be evaluated                                  4
└── StoreError               the store cannot be opened, read or migrated                5
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes that pipelines rely on (README, "Exit codes")."""

    OK = 0
    """It holds: all up or degraded."""
    FAILED = 1
    """It does not hold: a check is down, a test message was not delivered."""
    USAGE = 2
    """Wrong use of the command line; a selector that matches nothing."""
    CONFIG = 3
    """The configuration is wrong."""
    CANNOT_TELL = 4
    """Only blocked or unknown, or nothing was evaluated."""
    INTERNAL = 5
    """Our own error."""
    INTERRUPTED = 130
    """Interrupted by the user."""


class TechrunError(Exception):
    """Base of all errors that techrun reports to the person who runs it."""

    exit_code = ExitCode.INTERNAL


class UsageError(TechrunError):
    """The command line was used wrongly."""

    exit_code = ExitCode.USAGE


class CannotTellError(TechrunError):
    """Nothing could be evaluated, so there is no verdict."""

    exit_code = ExitCode.CANNOT_TELL


class StoreError(TechrunError):
    """The store cannot be opened, read or migrated."""


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file: line and column count from 1; `text` is the offending line."""

    file: str
    line: int
    column: int
    text: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the configuration: what is wrong, and what to do about it.

    `path` leads from the root of the definition to the value at fault (keys and indexes);
    the loader turns it into `places`. A mistake in a fragment has two places: where the
    fragment is written and where it is used.
    """

    what: str
    hint: str = ""
    path: tuple[str | int, ...] = ()
    places: tuple[Place, ...] = ()
    on_key: bool = False
    """The key at the end of `path` is at fault, not its value."""


class ConfigError(TechrunError):
    """The configuration is wrong; every problem found is carried, none hides another."""

    exit_code = ExitCode.CONFIG

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(
            "\n".join(
                f"{' and '.join(map(str, problem.places))} {problem.what}".strip() for problem in problems
            )
        )
        self.problems = problems
