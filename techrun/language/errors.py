"""What can go wrong with the words that every kind shares.

LanguageError
├── written wrongly, found at `validate`
│   ├── TemplateError      a `${…}` or a condition
│   └── SelectorError      a CSS selector, XPath, JSONPath or regular expression
└── RunError               found while a check runs: the step fails with these words
    ├── ExpressionError    an expression cannot be worked out
    │   └── MissingNameError   it names something unknown
    ├── PageError          the page cannot be read in this way (no JSON, too deep, too slow)
    ├── NotFoundError      the page can be read, and what is looked for is not on it
    └── NumberError        a text is no number, or could be read as more than one

A selector with a template in it is known only at run time: it then fails as an `ExpressionError`.
"""

from __future__ import annotations

from collections.abc import Iterable

from techrun.language.words import did_you_mean


class LanguageError(Exception):
    """Base of all of them; its text is made for people."""


class TemplateError(LanguageError):
    """A template or condition is written wrongly; `offset` counts characters from its start.

    `path` leads to the text inside the tree that was compiled.
    """

    path: tuple[str | int, ...] = ()

    def __init__(self, what: str, hint: str = "", offset: int = 0) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.offset = offset


class SelectorError(LanguageError):
    """A selector or pattern is written wrongly."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class RunError(LanguageError):
    """Base of what is found while a check runs."""


class ExpressionError(RunError):
    """An expression cannot be worked out with the values there are."""


class MissingNameError(ExpressionError):
    """An expression names something that is not known (yet)."""

    def __init__(self, name: str, known: Iterable[str] = ()) -> None:
        suggestion = did_you_mean(name.rpartition(".")[2], known)
        super().__init__(f"${{{name}}} is unknown" + (f"; {suggestion}" if suggestion else ""))
        self.name = name


class PageError(RunError):
    """The page cannot be read in the way that was asked for."""


class NotFoundError(RunError):
    """What is looked for is not on the page."""


class NumberError(RunError):
    """A text is no number, or could be read as more than one."""
