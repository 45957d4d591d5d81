"""`techrun load export`: a scenario and its journeys in one file, for workers that get only the file."""

from __future__ import annotations

import ast

from techrun.errors import UsageError
from techrun.load.bundle import embed, parsed
from techrun.load.bundle.carried import Bundle


def export(source: str, bundle: Bundle) -> str:
    """The scenario with the journeys that it names, ready for plain `locust -f`.

    UsageError where the text is no Python, or names none of the shop's journeys.
    """
    named = [name for name in _texts(source) if bundle.name_of(name) is not None]
    if not named:
        there = ", ".join(sorted(bundle.journeys)) or "no journey at all"
        raise UsageError(f"the scenario names no journey of the shop {bundle.shop}; there is {there}")
    return embed(source, bundle.narrowed(named))


def _texts(source: str) -> list[str]:
    """Every text that is written in the scenario: the names of its journeys are among them."""
    texts = (node.value for node in ast.walk(parsed(source)) if isinstance(node, ast.Constant))
    return list(dict.fromkeys(text for text in texts if isinstance(text, str)))
