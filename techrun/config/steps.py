"""The verbs of steps, told by their keys: a mistyped one would hide every other mistake of its step."""

from __future__ import annotations

from techrun.config.tree import Written
from techrun.errors import Problem
from techrun.language.definition import Definition


def check_steps(origin: Written, model: type[Definition], problems: list[Problem]) -> None:
    """Nothing yet."""
