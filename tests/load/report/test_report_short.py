"""Markdown for the page of a CI job, JUnit for its list of tests: golden files, and what holds for any run."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree
from markdown_it import MarkdownIt

from techrun.load.records import Ruling
from techrun.load.report import junit, markdown
from techrun.load.report.command import command
from techrun.load.report.rulings import broken

GOLDEN = Path(__file__).parents[2] / "golden" / "load-report"
NAMES = (
    "pass",
    "regressed",
    "inconclusive",
    "invalid",
    "no baseline",
    "stored baseline",
    "no requests",
    "hostile",
    "empty",
)


def golden(name, suffix):
    return (GOLDEN / name.replace(" ", "-")).with_suffix(suffix).read_text()


@pytest.mark.parametrize("name", NAMES)
def test_the_markdown_reads_as_its_golden_file(name, run_named):
    assert markdown.render(*run_named(name)) == golden(name, ".md")


@pytest.mark.parametrize("name", NAMES)
def test_the_junit_is_that_of_its_golden_file(name, run_named):
    assert junit.render(run_named(name)[0]) == golden(name, ".xml")


def test_every_golden_file_belongs_to_a_run():
    assert {path.stem for path in GOLDEN.iterdir()} == {name.replace(" ", "-") for name in NAMES}


def test_markdown_is_no_markup_but_our_own(any_run):
    """The parser that rich brings reads it as GitHub would: tables stay tables, and nothing of a name is active."""
    tokens = (
        MarkdownIt("commonmark", {"html": True, "linkify": False})
        .enable("table")
        .parse(markdown.render(*any_run))
    )
    inline = [child for token in tokens for child in token.children or ()]
    html = [
        token.content.strip() for token in [*tokens, *inline] if token.type in {"html_block", "html_inline"}
    ]
    assert set(html) <= {"<details><summary>Run it again</summary>", "</details>"}
    assert not [child for child in inline if child.type in {"link_open", "image"}]
    kinds = Counter(token.type for token in tokens)
    assert kinds["th_open"] == 0 or kinds["td_open"] > 0


def test_every_row_of_a_markdown_table_has_as_many_cells_as_its_head(any_run):
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown.render(*any_run))
    widths: list[list[int]] = []
    for token in tokens:
        if token.type == "table_open":
            widths.append([])
        elif token.type == "tr_open":
            widths[-1].append(0)
        elif token.type in {"th_open", "td_open"}:
            widths[-1][-1] += 1
    assert all(len(set(table)) == 1 for table in widths)


def test_markdown_stays_short_however_many_steps_there_are(run_named):
    text = markdown.render(*run_named("sixty steps"))
    assert "30 more steps are in the report." in text
    assert len(text) < 8000


def test_markdown_leads_to_the_report_where_it_is_known(run_named):
    assert "[The whole report](<https://ci.example/1>)" in markdown.render(
        *run_named("pass"), link="https://ci.example/1"
    )


def test_junit_can_be_read_and_counts_its_cases(any_run):
    run, _ = any_run
    suite = etree.fromstring(junit.render(run).encode()).find("testsuite")
    assert int(suite.get("tests")) == len(suite.findall("testcase"))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.get(name)) == len(suite.findall(f"testcase/{tag}"))


GREEN = [("pass", True), ("fail", False), ("inconclusive", False), ("invalid", False)]


@pytest.mark.parametrize(("value", "green"), GREEN, ids=[row[0] for row in GREEN])
def test_junit_is_green_only_where_the_verdict_is(value, green, run_named):
    """Also where no ruling says why: the verdict is a test case of its own."""
    run, _ = run_named("pass")
    run = replace(run, verdict=replace(run.verdict, value=value, rulings=()))
    suite = etree.fromstring(junit.render(run).encode()).find("testsuite")
    assert (suite.get("failures") == suite.get("errors") == "0") is green


def test_junit_tells_a_run_that_failed_from_one_that_proves_nothing(run_named):
    def kinds(name):
        suite = etree.fromstring(junit.render(run_named(name)[0]).encode()).find("testsuite")
        return int(suite.get("failures")), int(suite.get("errors")), int(suite.get("skipped"))

    assert kinds("regressed") == (3, 0, 1)
    assert kinds("inconclusive") == (0, 2, 0)
    assert kinds("invalid") == (0, 3, 0)
    assert kinds("empty") == (0, 1, 0)


def test_every_case_of_junit_has_a_name_of_its_own(any_run):
    """CI follows a case by its name: the median and the p95 of one step are two."""
    names = [
        case.get("name") for case in etree.fromstring(junit.render(any_run[0]).encode()).iter("testcase")
    ]
    assert len(names) == len(set(names))


def test_no_name_steers_the_terminal_that_shows_the_markdown(run_named):
    assert not {*map(chr, range(32))} - {"\n"} & {*markdown.render(*run_named("hostile"))}


def test_the_command_has_all_that_was_asked(run_named):
    run = replace(run_named("pass")[0], asked={"scenario": "my own.py", "rate": "8/s", "i-own-this": ""})
    assert command(run).replace(" \\\n ", "") == (
        "techrun load run 'my own.py' --shop demo --host http://127.0.0.1:9781 --release v2"
        " --baseline-url http://127.0.0.1:9780 --baseline-release v1 --rate 8/s --i-own-this"
    )


def test_the_command_of_a_run_that_does_not_know_what_was_asked_has_its_processes(run_named):
    assert command(replace(run_named("pass")[0], asked={})).endswith("--workers 2")


def test_rare_steps_are_told_in_one_breath(run_named):
    run = run_named("pass")[0]
    rare = [Ruling("latency.too_few", name, None, "too few") for name in ("pay", "search home", "pay")]
    told = broken(replace(run, verdict=replace(run.verdict, rulings=tuple(rare))))
    assert [(one.subject, one.text) for one in told] == [
        ("1 step", "too few answers to compare at all: pay"),
        ("1 step", "too few answers to compare the p95: search home"),
    ]
