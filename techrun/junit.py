"""JUnit files, as far as load tests and releases write them alike: so that CI lists what broke. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from lxml import etree

from techrun.markup import for_xml

Kind = Literal["failure", "error", "skipped"]
COUNTED = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
"""What is counted of which elements."""


def suite_of(name: str, timestamp: str, seconds: float, properties: Mapping[str, str]) -> etree._Element:
    """A suite without cases; properties without a value are left out."""
    suite = etree.Element(
        "testsuite", name=for_xml(name), timestamp=timestamp, time=f"{max(0.0, seconds):.3f}"
    )
    told = etree.SubElement(suite, "properties")
    for key, value in properties.items():
        if value:
            etree.SubElement(told, "property", name=for_xml(key), value=for_xml(value))
    return suite


def add_case(suite: etree._Element, classname: str, name: str) -> etree._Element:
    """A case that passes, until `tell` says otherwise."""
    return etree.SubElement(suite, "testcase", classname=for_xml(classname), name=for_xml(name))


def tell(case: etree._Element, kind: Kind, rule: str, text: str) -> None:
    """Say why a case does not pass."""
    told = etree.SubElement(case, kind, message=for_xml(text))
    if kind != "skipped":
        told.set("type", for_xml(rule))
        told.text = for_xml(text)


def tell_verdict(case: etree._Element, value: str, text: str) -> None:
    """Say what the verdict is, unless it is a pass; an empty value: nobody judged."""
    if value != "pass":
        rule = f"verdict.{value}" if value else "verdict"
        tell(case, "failure" if value == "fail" else "error", rule, text)


def distinct(names: Sequence[str]) -> list[str]:
    """The names, numbered where one stands there twice: CI follows a case by its name."""
    return [
        f"{name} ({names[:at].count(name) + 1})" if names.count(name) > 1 else name
        for at, name in enumerate(names)
    ]


def written(suite: etree._Element) -> str:
    """The whole file."""
    for attribute, tag in COUNTED.items():
        suite.set(attribute, str(len(list(suite.iter(tag)))))
    root = etree.Element("testsuites", {one: suite.get(one, "") for one in ("tests", "failures", "errors")})
    root.append(suite)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8").decode() + "\n"
