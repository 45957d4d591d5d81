"""Results for other programs and for pull requests: JUnit XML, markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from techrun.cli.show.console import badge, seconds
from techrun.cli.show.table import headline, summary
from techrun.model import CheckId, Result, Status

NOT_VALID_IN_XML = dict.fromkeys(set(range(32)) - {9, 10, 13})


Silenced = Mapping[CheckId, str]
"""Checks that a window covers now, and which one that is, in words."""
TAGS = {Status.DOWN: "failure", Status.BLOCKED: "error", Status.UNKNOWN: "error"}


def junit(results: Sequence[Result], silenced: Silenced) -> str:
    """JUnit XML: down is a `failure`, blocked and unknown an `error`, silenced `skipped`; one suite a shop."""
    root = ET.Element("testsuites", name="techrun")
    for shop in dict.fromkeys(result.check.id.shop for result in results):
        mine = [result for result in results if result.check.id.shop == shop]
        suite = ET.SubElement(root, "testsuite", {"name": shop, **_counts(mine, silenced)})
        for result in mine:
            _case(suite, result, silenced)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True)


def _tag(result: Result, silenced: Silenced) -> str:
    tag = TAGS.get(result.outcome.status, "")
    return "skipped" if tag and result.check.id in silenced else tag


def _counts(results: Sequence[Result], silenced: Silenced) -> dict[str, str]:
    tags = [_tag(result, silenced) for result in results]
    earliest = min(result.started for result in results)
    return {
        "tests": str(len(results)),
        "failures": str(tags.count("failure")),
        "errors": str(tags.count("error")),
        "skipped": str(tags.count("skipped")),
        "time": f"{sum(result.duration for result in results):.3f}",
        "timestamp": datetime.fromtimestamp(earliest, UTC).isoformat(timespec="seconds"),
    }


def _case(suite: ET.Element, result: Result, silenced: Silenced) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        classname=result.check.id.shop,
        name=result.check.id.name,
        time=f"{result.duration:.3f}",
    )
    outcome = result.outcome
    message, tag = _clean(headline(outcome)), _tag(result, silenced)
    if tag == "skipped":
        ET.SubElement(case, tag, message=_clean(f"{silenced[result.check.id]}: {headline(outcome)}"))
    elif tag:
        kind = outcome.reason.value if outcome.reason else outcome.status.value
        ET.SubElement(case, tag, message=message, type=kind)
    elif message:
        ET.SubElement(case, "system-out").text = message


def _clean(text: str) -> str:
    return text.translate(NOT_VALID_IN_XML)


def markdown(results: Sequence[Result]) -> str:
    """A table for a pull request or a job summary."""
    lines = [
        f"**{summary(results)}**",
        "",
        "| check | status | took | what was found |",
        "| --- | --- | ---: | --- |",
    ]
    for result in results:
        found = headline(result.outcome).replace("|", "\\|").replace("\n", " ")
        name, status = result.check.id, badge(result.outcome.status)
        lines.append(f"| {name} | {status} | {seconds(result.duration)} | {found} |")
    return "\n".join(lines)
