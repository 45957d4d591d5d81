"""Foreign text is shown, and does nothing."""

from __future__ import annotations

import re

import pytest
from lxml import etree
from markdown_it import MarkdownIt

from techrun.markup import fenced, folded, for_xml, plain, plain_code, readable, table

HOSTILE = [
    "<script>alert(1)</script>",
    "**bold** _it_ `code` ~~gone~~",
    "[link](http://evil.example) ![image](http://evil.example/x.png)",
    "# head",
    "- item",
    "+ item",
    "a | b",
    "@all :bug: $x$ #1",
    "back\\slash",
    "two\nlines",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_plain_text_is_a_paragraph_without_any_mark(text):
    html = MarkdownIt("gfm-like", {"linkify": False}).render(plain(text))
    assert re.fullmatch(r"<p>[^<]*</p>\n", html)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_of_a_table_stays_one(text):
    html = MarkdownIt("gfm-like", {"linkify": False}).render(
        table(["a", "b"], [[plain(text), f"`{plain_code(text)}`"]])
    )
    assert html.count("<td") == 2
    assert html.count("<tr>") == 2


@pytest.mark.parametrize("text", ["", "`", "```", "````\nx", "</details>", "~~~"])
def test_a_block_of_code_ends_where_it_was_ended(text):
    tokens = MarkdownIt().parse(fenced(text) + "\n\nafter")
    assert [token.type for token in tokens][:2] == ["fence", "paragraph_open"]
    assert "after" not in tokens[0].content


def test_a_folded_block_has_a_title():
    assert folded("Run it again", "x", "sh").startswith(
        "<details><summary>Run it again</summary>\n\n```sh\nx\n"
    )


@pytest.mark.parametrize("code", [0, 7, 8, 11, 27, 127, 0x9B, 0x202E, 0x2066, 0xD800])
def test_what_steers_a_terminal_or_turns_the_text_is_replaced(code):
    assert readable(f"a{chr(code)}b") == "a\ufffdb"


def test_lines_tabs_and_foreign_letters_stay():
    assert readable("a\n\tü – ≥ 字 😀") == "a\n\tü – ≥ 字 😀"  # noqa: RUF001  the dash is the point


@pytest.mark.parametrize("code", [0, 8, 11, 27, 0xD800, 0xFFFE])
def test_xml_can_hold_it(code):
    etree.fromstring(f"<a>{for_xml(chr(code))}</a>")
