"""YAML becomes nodes: core types of YAML 1.2, under limits, with places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from techrun.config.reading import DEEPEST, LARGEST_FILE, parse, read
from techrun.config.tree import Source, Written, plain
from techrun.errors import Problem
from techrun.language.scalars import text_of


def parsed(text: str) -> tuple[list[Any], list[Problem]]:
    problems: list[Problem] = []
    source = Source("file.yaml", Path("file.yaml"), tuple(text.splitlines()))
    return [plain(node) for node in parse(text, source, problems)], problems


def value_of(text: str) -> Any:
    documents, problems = parsed(f"key: {text}\n")
    assert problems == []
    return documents[0]["key"]


@pytest.mark.parametrize(
    "word", ["on", "off", "yes", "NO", "y", "2026-01-31", "12:30:00", "1_000", ".inf", ".nan", "0b1"]
)
def test_what_yaml_1_1_would_change_is_a_word(word: str) -> None:
    assert value_of(word) == word


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("42", 42),
        ("-7", -7),
        ("0o17", 15),
        ("0xff", 255),
        ("1.10", 1.1),
        ("1e3", 1000.0),
        ("01234", 1234),
        ("+4912345", 4912345),
        ("'42'", "42"),
        ('"true"', "true"),
    ],
)
def test_the_core_types(text: str, value: Any) -> None:
    found = value_of(text)
    assert found == value
    assert isinstance(found, type(value))


@pytest.mark.parametrize("text", ["01234", "1.10", "+4912345", "0xff", "1e3"])
def test_a_number_keeps_its_text(text: str) -> None:
    assert text_of(value_of(text)) == text


@pytest.mark.parametrize("text", ["9" * 400, "12e4567"], ids=["too long", "a commit"])
def test_a_number_too_large_to_be_one_stays_a_word(text: str) -> None:
    assert value_of(text) == text


def test_keys_are_text_however_they_look() -> None:
    assert parsed("{200: a, on: b, 1.10: c}\n")[0] == [{"200": "a", "on": "b", "1.10": "c"}]


def test_several_documents_of_one_file_are_read_in_order() -> None:
    assert parsed("a: 1\n---\nb: 2\n")[0] == [{"a": 1}, {"b": 2}]


def test_an_alias_stands_for_its_anchor() -> None:
    assert parsed("a: &x {k: 1}\nb: *x\n")[0] == [{"a": {"k": 1}, "b": {"k": 1}}]


def test_every_duplicate_key_is_told_and_the_rest_is_read() -> None:
    documents, problems = parsed("a: 1\na: 2\nb: {c: 1, c: 2}\n")
    assert [problem.what for problem in problems] == ['"a" is written twice', '"c" is written twice']
    assert [place.line for place in problems[0].places] == [2, 1]
    assert documents[0]["b"] == {"c": 2}


def test_nesting_that_would_crash_the_c_loader_is_refused() -> None:
    documents, problems = parsed("[" * 60_000)
    assert documents == []
    assert [problem.what for problem in problems] == [f"nested deeper than {DEEPEST} levels"]


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_text("a: " + "x" * LARGEST_FILE)
    problems: list[Problem] = []
    assert read(path, "large.yaml", problems) == []
    assert "larger than 2 MB" in problems[0].what


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "marked.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert [plain(node) for _, node in read(path, "marked.yaml", [])] == [{"a": 1}]


@pytest.mark.parametrize(
    ("path", "on_key", "where"),
    [
        ((), False, (1, 1)),
        (("checks", 1, "name"), False, (3, 11)),
        (("checks", 1, "name"), True, (3, 5)),
        (("checks", 0, "every"), False, (2, 22)),
        (("checks", 0, "no", "such"), False, (2, 5)),
        (("empty",), False, (4, 1)),
    ],
    ids=["root", "value", "key", "in braces", "nearest above", "nothing shows its key"],
)
def test_a_path_has_its_place(path: tuple[str | int, ...], on_key: bool, where: tuple[int, int]) -> None:  # noqa: FBT001  a column of the table
    text = "checks:\n  - {name: a, every: 1m}\n  - name: b\nempty:\n"
    source = Source("file.yaml", Path("file.yaml"), tuple(text.splitlines()))
    place = Written(source, parse(text, source, [])[0]).place(path, on_key=on_key)
    assert (place.line, place.column) == where
    assert place.text == text.splitlines()[where[0] - 1]


yamlish = st.text(st.sampled_from("a1: -\n[]{},&*!|>'\"%@`#?~<\t ${}"), max_size=80)


@given(st.text() | yamlish)
@settings(max_examples=500, deadline=None)
def test_any_text_ends_in_documents_or_problems(text: str) -> None:
    documents, problems = parsed(text)
    for problem in problems:
        assert problem.places[0].line >= 1
        assert problem.what
        assert problem.hint
    assert isinstance(documents, list)


@given(st.binary(max_size=400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_bytes_end_in_documents_or_problems(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bytes.yaml"
    path.write_bytes(content)
    problems: list[Problem] = []
    documents = read(path, "bytes.yaml", problems)
    assert not (documents and any("not UTF-8" in problem.what for problem in problems))
