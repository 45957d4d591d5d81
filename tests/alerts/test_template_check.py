"""A user's templates are tried before they are needed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import techrun.alerts
from techrun.alerts.samples import SAMPLES
from techrun.alerts.template_check import NAMES, VARIABLES, check_templates
from techrun.standing import IncidentKind

OURS = Path(techrun.alerts.__file__).parent / "templates"


def test_our_own_templates_taken_as_a_users_are_in_order(tmp_path):
    for path in OURS.iterdir():
        (tmp_path / path.name).write_text(path.read_text())
    assert check_templates(tmp_path) == []


def test_an_empty_folder_is_in_order(tmp_path):
    assert check_templates(tmp_path) == []


def test_there_is_a_sample_of_each_event_and_of_each_kind():
    from typing import get_args

    assert {sample.event for sample in SAMPLES.values()} == {*NAMES} - {"message"}
    assert {sample.incident.kind for sample in SAMPLES.values()} == {*get_args(IncidentKind)}


PROBLEMS = {
    "misnamed": ("open.txt", "hello", 'open.txt: no message uses it; did you mean "opened"?'),
    "nowhere": (
        "zzz.html",
        "hello",
        "zzz.html: no message uses it; a template is called message, opened, raised",
    ),
    "misspelt": ("opened.txt", "{{ ownr }}", 'opened.txt: there is no variable ownr; did you mean "owner"?'),
    "unlike-any": ("opened.txt", "{{ qqqq }}", "opened.txt: there is no variable qqqq; see docs/alerts.md"),
    "other-branch": (
        "message.html",
        "x{% if number == 1 %}{{ ownr }}{% endif %}",
        'message.html: there is no variable ownr; did you mean "owner"?',
    ),
    "syntax": ("recovered.txt", "\n{% endif %}", "recovered.txt, line 2: Encountered unknown tag 'endif'"),
    "only-some": (
        "message.txt",
        "{{ incident.lead.step }}",
        "message.txt, line 1: 'None' has no attribute 'step'",
    ),
    "shared": ("_foot.txt", "{{ ownr }}", '_foot.txt: there is no variable ownr; did you mean "owner"?'),
    "silent": ("withdrawn.html", " ", "withdrawn.html says nothing of withdrawn"),
    "too-long": ("escalated.html", "{{ 'x' * 20001 }}", ": escalated makes 20,001 characters of HTML"),
}


@pytest.mark.parametrize(("name", "text", "problem"), PROBLEMS.values(), ids=PROBLEMS)
def test_a_template_that_would_fail_is_told_with_its_file(tmp_path, name, text, problem):
    (tmp_path / name).write_text(text)
    told = check_templates(tmp_path)
    assert any(problem in each and each.startswith(str(tmp_path)) for each in told), told
    assert len(told) == len(set(told)) <= 2


def test_a_folder_that_is_not_there_is_a_problem(tmp_path):
    assert check_templates(tmp_path / "gone") == [f"{tmp_path}/gone: there is no such folder"]


def test_the_documentation_explains_each_variable_and_names_no_other():
    page = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text()
    table = page.partition("| variable |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE)) == VARIABLES


def test_the_documentation_shows_the_message_of_the_golden_file():
    root = Path(__file__).parents[2]
    golden = (root / "tests/golden/alerts/outage-opened.txt").read_text()
    assert golden.replace("\n\n", "\n") in (root / "docs/alerts.md").read_text()


def test_the_template_of_the_documentation_is_in_order(tmp_path):
    page = (Path(__file__).parents[2] / "docs/alerts.md").read_text()
    (tmp_path / "opened.txt").write_text(page.partition("```jinja\n")[2].partition("```")[0])
    assert check_templates(tmp_path) == []
