"""What every JUnit file has alike."""

from __future__ import annotations

import pytest
from lxml import etree

from techrun.junit import add_case, distinct, suite_of, tell, tell_verdict, written


def test_cases_are_counted_by_what_became_of_them_and_foreign_text_is_xml() -> None:
    suite = suite_of("release \x00v1", "2026-01-01T00:00:00Z", -1.0, {"commit": "", "version": "v1"})
    for kind in ("failure", "error", "skipped"):
        tell(add_case(suite, "release.acme", kind), kind, "some.rule", "<because>")
    add_case(suite, "release.acme", "good")
    root = etree.fromstring(written(suite).encode())
    (told,) = root
    assert dict(root.attrib) == {"tests": "4", "failures": "1", "errors": "1"}
    assert (told.get("skipped"), told.get("time")) == ("1", "0.000")
    assert [one.get("name") for one in told.iter("property")] == ["version"]
    assert told.find(".//failure").text == "<because>"
    assert told.find(".//skipped").text is None


@pytest.mark.parametrize(
    ("value", "kinds"),
    [("pass", []), ("fail", ["failure"]), ("inconclusive", ["error"]), ("", ["error"])],
    ids=["pass", "fail", "inconclusive", "not judged"],
)
def test_only_a_pass_makes_a_verdict_green(value, kinds) -> None:
    case = add_case(suite_of("", "", 0.0, {}), "release.acme", "verdict")
    tell_verdict(case, value, "why")
    assert [one.tag for one in case] == kinds


def test_names_that_stand_there_twice_are_numbered() -> None:
    assert distinct(["a", "b", "a"]) == ["a (1)", "b", "a (2)"]
