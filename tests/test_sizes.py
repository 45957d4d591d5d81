"""What keeps the code readable: short functions and files, no cycles, a map of each package."""

from __future__ import annotations

import ast
import re
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


LISTED_ELSEWHERE = {"probes", "cli"}
"""Kinds are found by folder, commands stand in `COMMANDS`."""
PACKAGES = [
    path.parent
    for path in SOURCES
    if path.name == "__init__.py"
    and len(list(path.parent.glob("*.py"))) > 6
    and path.parent.name not in LISTED_ELSEWHERE
    and path.parent != ROOT / "techrun"
]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_a_package_of_more_than_five_modules_says_what_each_is_for(package: Path) -> None:
    map_ = ast.get_docstring(ast.parse((package / "__init__.py").read_text())) or ""
    modules = {path.stem for path in package.glob("*.py")} - {"__init__", "__main__"}
    assert modules - set(re.findall(r"\w+", map_)) == set()


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
