"""Pages: charset, visible text, assets, and every kind of broken answer."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from techrun.language.errors import PageError
from techrun.language.page import Asset, Page


def html(
    body: str | bytes, content_type: str = "text/html; charset=utf-8", url: str = "https://shop.test/a/b"
) -> Page:
    raw = body.encode() if isinstance(body, str) else body
    return Page(200, (("content-type", content_type),), raw, url)


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("text/html; charset=utf-8", "ñ".encode(), "ñ"),
        ("text/html; charset=ISO-8859-1", b"\xf1 \x80", "ñ €"),
        ('text/html; charset="windows-1252"', b"\xf1", "ñ"),
        ("text/html", b'<meta charset="iso-8859-15">\xa4', '<meta charset="iso-8859-15">€'),
        ("text/html", "<meta charset=utf-8>ñ".encode(), "<meta charset=utf-8>ñ"),
        ("text/html; charset=nonsense", "ñ".encode(), "ñ"),
        ("text/html; charset=nonsense", b"\xff", "\N{REPLACEMENT CHARACTER}"),
        ("text/html; charset=base64", b"YQ==", "YQ=="),
        ("text/html; charset=punycode", b"abc", "abc"),
        ("text/html; charset=unicode_escape", b"\\d", "\\d"),
        ("text/html; charset=undefined", b"a", "a"),
        ("text/html; charset=ascii", b"\xf1", "ñ"),
        ("text/html; charset=shift_jis", "日本".encode("shift_jis"), "日本"),
        ("text/html; charset=latin1", b"\xef\xbb\xbf\xc3\xb1", "ñ"),
        ("text/html", "ñ".encode("utf-16"), "ñ"),
        ("application/json", "ñ".encode(), "ñ"),
    ],
)
def test_the_charset_is_found_and_a_wrong_one_never_fails(content_type, body, text):
    assert html(body, content_type).text == text


@pytest.mark.parametrize(
    ("body", "visible"),
    [
        ("<p>You <b>added</b>.</p><p>Go", "You added. Go"),
        ("<li>1<li>2<br>3", "1 2 3"),
        ("<LI>1<LI>2<BR>3</P>", "1 2 3"),
        ("12<sup>50</sup> €", "1250 €"),
        ("<td>a</td><td>b</td>", "a b"),
        ("<script>x</script>a<style>y</style><noscript>z</noscript><template>t</template>", "a"),
        ("a\n\n  b&nbsp;c &amp; d", "a b c & d"),
        ("", ""),
    ],
)
def test_visible_text_reads_as_a_person_reads_it(body, visible):
    assert html(body).visible == visible


def test_visible_text_leaves_the_page_itself_as_it_was():
    page = html("<p>a</p><script>x</script>")
    assert page.visible == "a"
    assert page.html.css_first("script").text() == "x"


def test_the_visible_text_of_anything_else_is_its_body():
    assert html('{"a": "<p>"}', "application/json").visible == '{"a": "<p>"}'


def test_a_page_is_parsed_once_and_only_when_asked():
    page = html("<p>x")
    assert not {"text", "_html", "_tree", "_json", "_visible"} & vars(page).keys()
    assert page.html is page.html
    assert page.tree is page.tree


def test_a_page_that_cannot_be_read_is_not_read_again():
    page = html("<div>" * 10_000)
    errors = []
    for _ in range(2):
        with pytest.raises(PageError) as caught:
            _ = page.html
        errors.append(caught.value)
    assert str(errors[0]) == str(errors[1]) == "the page nests more than 256 elements in each other"


def test_assets_are_the_files_that_a_browser_would_fetch():
    page = html(
        """<base href="/static/"><link rel="Stylesheet" href="a.css"><link rel=preload href=p.css>
        <link rel="alternate stylesheet" href=alt.css><link rel=stylesheet href=off.css disabled>
        <link rel=stylesheet href="a.css#x"><link rel=stylesheet href="data:text/css,x"><link rel=stylesheet href="">
        <script src="https://cdn.test/x.js"></script><script src=old.js nomodule></script><script>inline</script>
        <script type="application/ld+json" src=data.json></script><script type=module src="m.js?v=1"></script>
        <script src="http://[bad"></script><script src="blob:x"></script>"""
    )
    assert page.assets() == [
        Asset("stylesheet", "https://shop.test/static/a.css", own=True),
        Asset("script", "https://cdn.test/x.js", own=False),
        Asset("script", "https://shop.test/static/m.js?v=1", own=True),
    ]


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (html("<title> Sorry\n </title>" + "x" * 12_000), 'the page "Sorry" (12 KB)'),
        (html("xy"), "the page (2 bytes)"),
        (html(""), "the empty page"),
        (html("xy", "image/png"), "the page (image/png, 2 bytes)"),
        (Page(200, (), b"xy"), "the page (no content type, 2 bytes)"),
    ],
)
def test_a_page_is_described_in_words(page, words):
    assert page.describe() == words


def test_a_page_with_deep_but_real_nesting_is_read():
    body = "<div>" * 200 + "<p>deep" + "</div>" * 200
    page = html(body * 30)
    assert page.html.css_first("p").text() == "deep"
    assert "deep" in page.tree.text_content()


def test_items_without_end_tags_do_not_count_as_nesting():
    page = html("<ul>" + "<li><p>x<br><img src=a>" * 5_000 + "</ul>")
    assert len(page.html.css("li")) == 5_000


def test_an_entity_bomb_is_not_expanded():
    bomb = '<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    page = html(f"<?xml version='1.0'?>{bomb}]><l>&i;</l>", "application/xml")
    with contextlib.suppress(PageError):
        assert len("".join(page.tree.itertext())) < 1_000


def test_the_last_of_two_equal_keys_counts_as_in_a_browser():
    assert html('{"a": 1, "a": 2}', "application/json").json() == {"a": 2}


TAGS = st.sampled_from(
    [
        "<div>",
        "</div>",
        "<p",
        ">",
        "<table><td>",
        "</table>",
        "<svg>",
        "<!--",
        "-->",
        "<script>",
        "</script>",
        "<a href='",
        "'",
        '"',
        "<![CDATA[",
        "]]>",
        "&amp",
        "&#x110000;",
        "\x00",
        "ñ",
        "<select>",
        "<template>",
        "<title>",
        "<base href=//[",
        "<link rel=stylesheet href=x>",
        "<script src=//[>",
        "<meta charset=utf-7>",
        "<?xml encoding='x'?>",
        "<math>",
        " ",
    ]
)
TYPES = st.sampled_from(
    [
        "text/html",
        "text/html; charset=utf-16",
        "application/json",
        "application/xml",
        "",
        "text/html; charset=\0",
        "a;;=",
    ]
)


def read_or_words(read):
    """What was read, or the words in which the page was refused."""
    try:
        return [read()]
    except PageError as error:
        return str(error)


@settings(max_examples=200)
@given(
    st.one_of(
        st.binary(max_size=400), st.lists(TAGS, max_size=60).map(lambda parts: "".join(parts).encode())
    ),
    TYPES,
)
def test_any_body_is_read_or_refused_in_words(body, content_type):
    page = Page(200, (("content-type", content_type),), body, "https://shop.test/")
    for read in (
        lambda: page.text,
        lambda: page.visible,
        lambda: page.html.css("*"),
        lambda: page.tree.xpath("//*"),
        page.json,
        page.assets,
        lambda: page.title,
        page.describe,
    ):
        assert read_or_words(read) != ""


@pytest.mark.timeout(10)
def test_a_large_page_of_long_texts_is_read():
    """A look for long tags that began anew at every character took half a minute here."""
    assert len(html(("x" * 3_900 + "<p>") * 500).html.css("p")) == 500
