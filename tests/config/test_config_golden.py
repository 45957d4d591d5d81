"""Every mistake in a configuration has its exact message, kept in tests/golden/config.

A folder is one rule: the bad configuration, and `message.txt`, what the user is told.
`UPDATE_GOLDEN=1 pytest tests/config/test_config_golden.py` writes the messages anew; read the diff.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from techrun import config
from techrun.app.loading import load
from techrun.config.problems import render
from techrun.errors import ConfigError

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "config"
CASES = sorted(path for path in GOLDEN.iterdir() if path.is_dir())
ENVIRON = {"HOST": "www.acme.example", "SHORT": "abc", "LOST_FILE": "lost.txt", "SHORTISH": "too-short"}


def message(case: Path) -> str:
    """What the user is told about a configuration."""
    with pytest.raises(ConfigError) as caught:
        load(Path(), ENVIRON)
    return render(caught.value.problems)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_has_exactly_this_message(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    told, kept = message(case), case / "message.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        kept.write_text(told)
    assert told == kept.read_text()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_mistake_makes_one_problem(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that follows from a mistake is told as if it were another; `many-…` have many mistakes."""
    monkeypatch.chdir(case)
    with pytest.raises(ConfigError) as caught:
        load(Path(), ENVIRON)
    assert (len(caught.value.problems) > 1) == case.name.startswith("many-")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_problem_has_a_place_and_says_what_to_do(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    with pytest.raises(ConfigError) as caught:
        load(Path(), ENVIRON)
    for problem in caught.value.problems:
        place = problem.places[0]
        assert Path(place.file).exists() or problem.what == "there is no such file"
        assert place.line >= 1
        assert place.column >= 1
        assert problem.hint or problem.what.startswith("expected") or case.name.startswith("compile-")


UNREACHABLE = {
    "the file cannot be read": "needs a file without permissions, which root may read all the same",
    "split it into several files": "test_a_file_that_is_too_large_is_refused",
    "is larger than": "test_data_that_are_too_large_are_refused",
    "more problems from here on": "test_of_very_many_problems_the_first_are_told",
    "this is not valid YAML": "what no rule of syntax.py knows",
}


def test_every_rule_has_a_golden_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line of techrun/config that makes a problem is run by one of the cases."""
    wanted = set(_lines_that_make_problems())
    seen: set[tuple[str, int]] = set()

    def watch(frame, event, argument):
        if "/techrun/config/" not in frame.f_code.co_filename:
            return None
        seen.add((Path(frame.f_code.co_filename).name, frame.f_lineno))
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        for case in CASES:
            monkeypatch.chdir(case)
            message(case)
    finally:
        sys.settrace(before)
    missing = {
        (file, first)
        for file, first, last in wanted
        if not any((file, line) in seen for line in range(first, last + 1))
    }
    assert sorted(missing) == []


def _lines_that_make_problems() -> Iterator[tuple[str, int, int]]:
    """File, first and last line of every statement that makes a problem."""
    for path in sorted(Path(config.__file__).parent.glob("*.py")):
        if path.name.endswith("advice.py"):  # warnings, which loading does not give: test_advice.py has each
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.stmt) and not hasattr(node, "body") and _makes_a_problem(node):
                yield path.name, node.lineno, node.end_lineno


def _makes_a_problem(statement: ast.stmt) -> bool:
    text = ast.unparse(statement)
    if any(phrase in text for phrase in UNREACHABLE):
        return False
    return any(mark in text for mark in ("raise ValueError(", "raise _Refused(", ".problem(", "Problem("))
