"""Every decision has a name, and every name is explained where people look for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from techrun.alerts.rules import RULES
from techrun.alerts.state import Decision

ROOT = Path(__file__).parents[2]
FAMILIES = sorted({name.partition(".")[0] for name in RULES if "." in name})
NAME = re.compile(rf'"((?:{"|".join(FAMILIES)})\.[a-z_]+)"')
ENDINGS = {"owed.recovered", "owed.withdrawn"}
"""Made from the event's name."""


def used():
    sources = [*(ROOT / "techrun" / "alerts").rglob("*.py"), *(ROOT / "techrun" / "sinks").rglob("*.py")]
    texts = (path.read_text("utf-8") for path in sources if path.name not in {"rules.py", "samples.py"})
    return {name for text in texts for name in NAME.findall(text)} | ENDINGS


@pytest.mark.parametrize("name", sorted(used() | set(Decision.__args__)))
def test_every_decision_is_explained(name):
    assert name in RULES


def test_no_rule_is_explained_that_nothing_decides_by():
    assert set(RULES) - used() <= {"acknowledged"}


@pytest.mark.parametrize("name", RULES)
def test_every_rule_stands_in_the_documentation(name):
    assert f"| `{name}` | {RULES[name]} |" in (ROOT / "docs" / "alerts.md").read_text("utf-8")
