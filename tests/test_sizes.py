"""The sizes that keep the code readable: functions, files, cycles."""

from __future__ import annotations

import ast
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "techrun").rglob("*.py"))
LONGEST_FILE = 300
LONGEST_FUNCTION = 40


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_can_be_held_in_the_head(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LONGEST_FILE
    functions = (
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    long = {node.name: node.end_lineno - node.lineno + 1 for node in functions}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FUNCTION} == {}


def test_no_two_modules_import_each_other() -> None:
    graph = grimp.build_graph("techrun")
    assert [sorted(cycle) for cycle in _cycles(graph)] == []


def _cycles(graph: grimp.ImportGraph) -> list[set[str]]:
    """Groups of modules that reach each other."""
    below = {module: graph.find_downstream_modules(module) for module in graph.modules}
    groups = (
        {other for other in below[module] if module in below[other]} | {module} for module in graph.modules
    )
    return [group for group in groups if len(group) > 1]
