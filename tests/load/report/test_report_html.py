"""The page of a load test as markup: whole, escaped, told in words, and asking nobody for anything."""

from __future__ import annotations

import re
from itertools import pairwise

import lxml.html
import pytest

from techrun.load.report import html

LARGEST = 150_000
"""Bytes of a page, however long the run and however many its steps."""
LOADING = ("src", "href", "srcset", "data", "poster", "action", "formaction", "background", "xlink:href")


TREES: dict[str, lxml.html.HtmlElement] = {}
"""Each page is made once; no test changes it."""


@pytest.fixture
def page_of(run_named):
    """The page of a run, as a tree."""

    def tree(name):
        if name not in TREES:
            TREES[name] = lxml.html.document_fromstring(html.render(*run_named(name)))
        return TREES[name]

    return tree


@pytest.fixture
def page(any_name, page_of):
    """The page of each run, as a tree."""
    return page_of(any_name)


def text_of(element):
    return " ".join(element.text_content().replace("\xa0", " ").split())


def test_a_page_loads_nothing_and_runs_nothing(page):
    assert not page.xpath("//script|//link|//iframe|//img|//object|//embed|//form|//base|//audio|//video")
    assert not [name for element in page.iter() for name in element.attrib if name.startswith("on")]
    targets = [element.get(name) for element in page.iter() for name in LOADING if element.get(name)]
    assert [target for target in targets if not target.startswith("#")] == []
    styles = [*page.xpath("//style/text()"), *page.xpath("//@style")]
    assert not [style for style in styles if re.search(r"url\(|@import|http", style)]
    policy = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy[0].startswith("default-src 'none'")


def test_a_page_is_small_however_long_the_run(any_run):
    assert len(html.render(*any_run).encode()) < LARGEST


def test_every_link_leads_to_a_part_of_the_page_and_no_name_is_given_twice(page):
    names = page.xpath("//@id")
    assert len(names) == len(set(names))
    wanted = [link[1:] for link in page.xpath("//a/@href")]
    wanted += " ".join(page.xpath("//@aria-labelledby|//@aria-describedby")).split()
    assert set(wanted) <= set(names)


def test_a_page_has_landmarks_and_headings_in_order(page):
    assert [len(page.xpath(f"//body/{name}")) for name in ("header", "main", "footer")] == [1, 1, 1]
    levels = [int(heading.tag[1]) for heading in page.xpath("//h1|//h2|//h3|//h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_cell_of_a_table_has_its_heading(page):
    assert not page.xpath("//th[not(@scope)]")
    for table in page.xpath("//table"):
        columns = len(table.xpath("./thead/tr/th"))
        for row in table.xpath("./tbody/tr[not(@class='group')]|./tfoot/tr"):
            assert len(row.xpath("./th|./td")) == columns
            assert len(row.xpath("./th[@scope='row']")) == 1


def test_every_chart_has_a_name_a_sentence_and_a_table_with_its_figures(page):
    for chart in page.xpath("//figure"):
        (picture,) = chart.xpath("./div[@role='img']")
        (title,) = chart.xpath(f".//*[@id='{picture.get('aria-labelledby')}']")
        (sentence,) = chart.xpath(f".//*[@id='{picture.get('aria-describedby')}']")
        assert text_of(title)
        assert text_of(sentence).endswith(".")
        assert chart.xpath(".//table/thead")
    assert not page.xpath("//svg[not(@aria-hidden='true')]")


VERDICTS = [
    ("pass", "✓ Passed", "v2 is no slower than v1"),
    ("regressed", "✗ Failed", "v2 is slower than v1"),
    ("inconclusive", "? Cannot tell", "pay may have changed"),
    ("invalid", "! Invalid run", "nothing can be said of v2"),
    ("empty", "Not judged", "This run has no verdict."),
]


@pytest.mark.parametrize(("name", "word", "sentence"), VERDICTS, ids=[row[0] for row in VERDICTS])
def test_the_verdict_stands_on_top_in_words_and_with_a_sign(name, word, sentence, page_of):
    heading = text_of(page_of(name).xpath("//h1")[0])
    assert word in heading
    assert sentence in heading


DECIDED = [
    ("regressed", ["✗", "✗", "?"], "broken: guest-checkout checkout: 1.9 % of the steps failed, before 0 %."),
    (
        "inconclusive",
        ["?"],
        "cannot tell: guest-checkout pay: the p95 changed by -18 % to +31 %; up to 10 % may be.",
    ),
    ("invalid", ["✗", "✗"], "broken: rate: 81 % of the visits asked for were begun; 95 % are needed."),
]


@pytest.mark.parametrize(("name", "signs", "first"), DECIDED, ids=[row[0] for row in DECIDED])
def test_what_decided_comes_first_with_a_sign_and_its_figures(name, signs, first, page_of):
    (part,) = page_of(name).xpath("//section[@aria-labelledby='decided']")
    found = [text_of(item) for item in part.xpath(".//li")]
    assert [text[0] for text in found] == signs
    assert found[0][1:].startswith(first)


@pytest.mark.parametrize("name", ["pass", "stored baseline"])
def test_both_releases_are_drawn_over_each_other(name, page_of):
    for chart in ("latency", "spread"):
        (figure,) = page_of(name).xpath(f"//figure[.//*[@id='{chart}-title']]")
        kinds = {kind.split()[1] for kind in figure.xpath("./div//path/@class") if " " in kind}
        assert kinds == {"new", "old"}


def test_without_an_old_release_no_column_is_left_empty(page_of):
    head = [
        text_of(cell)
        for cell in page_of("no baseline").xpath("//section[@aria-labelledby='steps']//th[@scope='col']")
    ]
    assert "p95 changed" not in head
    (part,) = page_of("no baseline").xpath("//section[@aria-labelledby='comparison']")
    assert "no run with this fingerprint: cpu differs. 1 accepted run like this one so far" in text_of(part)


def test_the_phases_are_marked_behind_the_lines(page_of):
    (figure,) = page_of("pass").xpath("//figure[.//*[@id='latency-title']]")
    found = [
        (text_of(band), "aside" in band.get("class"))
        for band in figure.xpath(".//div[contains(@class, 'band')]")
    ]
    assert found[:3] == [("ramp", True), ("warm-up", True), ("measured", False)]


def test_the_comparison_says_what_could_have_been_seen(page_of):
    (part,) = page_of("pass").xpath("//section[@aria-labelledby='comparison']")
    assert "Four of five runs like this one find a slowdown of +6 % in the median of home" in text_of(part)
    rows = [[text_of(cell) for cell in row] for row in part.xpath(".//tbody/tr[not(@class='group')]")]
    assert len(rows) == 18
    assert rows[0][0] == "home, median"
    assert rows[0][-1] == "✓ not slower"


def test_a_breakpoint_names_its_knee_and_shows_each_step_of_the_load(page_of):
    (part,) = page_of("breakpoint").xpath("//section[@aria-labelledby='load']")
    assert "The knee is at 60/s" in text_of(part)
    assert [text_of(cell) for cell in part.xpath("./table//th[@scope='row']")] == [
        "ramp", *(f"{rate}/s" for rate in range(10, 90, 10)),
    ]  # fmt: skip


def test_failures_show_how_often_why_and_an_example(page_of):
    (row,) = page_of("regressed").xpath("//section[@aria-labelledby='failures']/table/tbody/tr")
    told = text_of(row)
    assert "guest-checkout: checkout" in told
    assert "expectation" in told
    assert "(basket 4711)" in told


def test_a_load_that_was_not_reached_and_a_dead_worker_are_told(page_of):
    page = page_of("invalid")
    assert "1 worker of 2 died during the run." in text_of(
        page.xpath("//section[@aria-labelledby='generator']")[0]
    )
    assert "It ended before its time: worker 2 died" in text_of(page)


def test_the_command_can_be_copied(page_of):
    (command,) = page_of("pass").xpath("//pre")
    assert command.text_content().splitlines()[0] == "techrun load run checkout \\"
    assert "  --baseline-url http://127.0.0.1:9780 \\" in command.text_content().splitlines()


def test_hostile_names_are_only_text(page_of, run_named):
    run, _ = run_named("hostile")
    page = page_of("hostile")
    assert not page.xpath("//script|//img")
    assert "<script>alert(1)</script>" in page.text_content()
    assert not re.search("[\x00-\x08\x0b-\x1f]", html.render(run))


def test_a_run_of_nothing_says_so(page_of):
    told = text_of(page_of("empty"))
    for sentence in ("No step was recorded.", "No visitor came.", "The generator told nothing of itself."):
        assert sentence in told
