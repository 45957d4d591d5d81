"""A load test as JUnit: one test case for the verdict and one for each ruling, so that CI lists what broke. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from techrun.load.figures import STATISTICS
from techrun.load.records import Ruling, Run
from techrun.load.report import words
from techrun.load.report.rulings import INVALID
from techrun.markup import for_xml


def render(run: Run) -> str:
    """The whole file. A broken rule is a failure; what makes the run invalid or undecided is an error.

    The first case is the verdict itself: the file is never green where the verdict is not.
    """
    suite = etree.Element("testsuite", name=for_xml(f"load test {run.scenario} of {run.shop}"))
    suite.set("timestamp", words.iso(run.started))
    suite.set("time", f"{max(0.0, run.ended - run.started):.3f}")
    suite.append(_properties(run))
    suite.append(_verdict(run))
    rulings = run.verdict.rulings if run.verdict else ()
    for ruling, name in zip(rulings, _names(rulings), strict=True):
        suite.append(_case(run, ruling, name))
    for name, tag in (
        ("tests", "testcase"),
        ("failures", "failure"),
        ("errors", "error"),
        ("skipped", "skipped"),
    ):
        suite.set(name, str(len(list(suite.iter(tag)))))
    root = etree.Element(
        "testsuites", {name: suite.get(name, "") for name in ("tests", "failures", "errors")}
    )
    root.append(suite)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8").decode() + "\n"


def _properties(run: Run) -> etree._Element:
    said = {
        "run": run.id,
        "release": run.release,
        "host": run.host,
        "old_release": run.old_release,
        "verdict": run.verdict.value if run.verdict else "",
        **{f"fingerprint.{name}": value for name, value in sorted(run.fingerprint.items())},
    }
    properties = etree.Element("properties")
    for name, value in said.items():
        if value:
            etree.SubElement(properties, "property", name=for_xml(name), value=for_xml(value))
    return properties


def _verdict(run: Run) -> etree._Element:
    case = etree.Element("testcase", classname=_class(run), name="verdict")
    if run.verdict is None:
        _add(case, "error", "verdict", "the run was not judged")
    elif run.verdict.value != "pass":
        kind = "failure" if run.verdict.value == "fail" else "error"
        _add(case, kind, f"verdict.{run.verdict.value}", run.verdict.summary)
    return case


def _case(run: Run, ruling: Ruling, name: str) -> etree._Element:
    """What cannot be told is an error only where the verdict hangs on it."""
    case = etree.Element("testcase", classname=_class(run), name=for_xml(name))
    undecided = run.verdict is not None and run.verdict.value in {"inconclusive", "invalid"}
    if ruling.holds is False:
        _add(case, "error" if ruling.rule.startswith(INVALID) else "failure", ruling.rule, ruling.text)
    elif ruling.holds is None:
        _add(case, "error" if undecided else "skipped", ruling.rule, ruling.text)
    return case


def _names(rulings: Sequence[Ruling]) -> list[str]:
    """A name for each, the same in every run: CI follows a test case by it. Median and p95 of a step are two."""
    plain = [f"{one.rule} {one.subject}".strip() for one in rulings]
    told = [
        _with_statistic(name, one) if plain.count(name) > 1 else name
        for name, one in zip(plain, rulings, strict=True)
    ]
    return [
        f"{name} ({told[:at].count(name) + 1})" if told.count(name) > 1 else name
        for at, name in enumerate(told)
    ]


def _with_statistic(name: str, ruling: Ruling) -> str:
    statistic = ruling.text.partition(" ")[0]
    return f"{name}, {statistic}" if statistic in STATISTICS.values() else name


def _class(run: Run) -> str:
    return for_xml(f"load.{run.shop}.{run.scenario}")


def _add(case: etree._Element, kind: str, rule: str, text: str) -> None:
    told = etree.SubElement(case, kind, message=for_xml(text))
    if kind != "skipped":
        told.set("type", for_xml(rule))
        told.text = for_xml(text)
