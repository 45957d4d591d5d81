"""A verification as JUnit: one test case for the verdict and one for each ruling, so that CI lists what broke. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from techrun.load.report.words import iso
from techrun.markup import for_xml
from techrun.releases.records import Ruling, Verification


def render(verification: Verification) -> str:
    """The whole file. A broken rule is a failure; what leaves the verdict open is an error; warnings are skipped.

    The first case is the verdict itself: the file is never green where the verdict is not.
    """
    name = for_xml(f"release {verification.version} of {verification.shop}")
    suite = etree.Element("testsuite", name=name)
    suite.set("timestamp", iso(verification.started))
    suite.set("time", f"{max(0.0, verification.ended - verification.started):.3f}")
    suite.append(_properties(verification))
    suite.append(_verdict(verification))
    rulings = verification.verdict.rulings if verification.verdict else ()
    for ruling, case in zip(rulings, _names(rulings), strict=True):
        suite.append(_case(verification, ruling, case))
    for attribute, tag in (
        ("tests", "testcase"),
        ("failures", "failure"),
        ("errors", "error"),
        ("skipped", "skipped"),
    ):
        suite.set(attribute, str(len(list(suite.iter(tag)))))
    root = etree.Element("testsuites", {one: suite.get(one, "") for one in ("tests", "failures", "errors")})
    root.append(suite)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8").decode() + "\n"


def _properties(verification: Verification) -> etree._Element:
    said = {
        "verification": verification.id,
        "version": verification.version,
        "commit": verification.commit,
        "verdict": verification.verdict.value if verification.verdict else "",
        "baseline": verification.verdict.baseline if verification.verdict else "",
    }
    properties = etree.Element("properties")
    for name, value in said.items():
        if value:
            etree.SubElement(properties, "property", name=name, value=for_xml(value))
    return properties


def _verdict(verification: Verification) -> etree._Element:
    case = etree.Element("testcase", classname=_class(verification), name="verdict")
    verdict = verification.verdict
    if verdict is None:
        _add(case, "error", "verdict", "the release was not judged")
    elif verdict.value != "pass":
        kind = "failure" if verdict.value == "fail" else "error"
        _add(case, kind, f"verdict.{verdict.value}", verdict.summary)
    return case


def _case(verification: Verification, ruling: Ruling, name: str) -> etree._Element:
    """What cannot be told is an error only where the verdict hangs on it."""
    case = etree.Element("testcase", classname=_class(verification), name=for_xml(name))
    undecided = verification.verdict is not None and verification.verdict.value == "inconclusive"
    if ruling.warns and not ruling.holds:
        _add(case, "skipped", ruling.rule, f"warning: {ruling.text}")
    elif ruling.holds is False:
        _add(case, "failure", ruling.rule, ruling.text)
    elif ruling.holds is None:
        _add(case, "error" if undecided else "skipped", ruling.rule, ruling.text)
    return case


def _names(rulings: Sequence[Ruling]) -> list[str]:
    """A name for each, the same in every verification: CI follows a test case by it."""
    told = [f"{one.rule} {one.subject}".strip() for one in rulings]
    return [
        f"{name} ({told[:at].count(name) + 1})" if told.count(name) > 1 else name
        for at, name in enumerate(told)
    ]


def _class(verification: Verification) -> str:
    return for_xml(f"release.{verification.shop}")


def _add(case: etree._Element, kind: str, rule: str, text: str) -> None:
    told = etree.SubElement(case, kind, message=for_xml(text))
    if kind != "skipped":
        told.set("type", for_xml(rule))
        told.text = for_xml(text)
