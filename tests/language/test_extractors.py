"""Extractors: what `save:` takes from a page, and the words it uses when it cannot."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from techrun.language.errors import (
    ExpressionError,
    NotFoundError,
    NumberError,
    PageError,
    RunError,
    SelectorError,
    TemplateError,
)
from techrun.language.extract import Save, compile_extractor, compile_save
from techrun.language.page import Page

HTML = Page(
    200,
    (("content-type", "text/html; charset=utf-8"), ("x-request-id", "r1"), ("x-request-id", "r2")),
    """<!doctype html><html><head><title> The
    product </title><meta itemprop=price content="129.90"></head><body>
    <h1 class=name>Taladro <b>X</b>
      2000</h1><span class=price>1.299,00 €</span><p hidden>
    <ul><li>one<li data-n>two<li>three</ul><a href="/cart?token=abc">Cart</a>
    <script>var order = {"id": 1000042};</script></body></html>""".encode(),
    "https://shop.test/thanks?order=77",
    {"sid": "s-1"},
)
JSON = Page(
    200,
    (("content-type", "application/json"),),
    b"""{"id": 7, "price": "1299.50", "big": 0.1, "none": null, "ok": true, "items": [
    {"sku": "A", "qty": 1}, {"sku": "B", "qty": 2}], "a b": {"$": "x"}}""",
)
FEED = Page(
    200,
    (("content-type", "application/xml"),),
    b"""<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
    <url><loc>https://a/</loc></url><url><loc>https://b/</loc></url></urlset>""",
)


@pytest.mark.parametrize(
    ("page", "save", "value"),
    [
        (HTML, {"css": "h1.name"}, "Taladro X 2000"),
        (HTML, {"css": "li"}, "one"),
        (HTML, {"css": "a", "attr": "href"}, "/cart?token=abc"),
        (HTML, {"css": "a", "attr": "HREF"}, "/cart?token=abc"),
        (HTML, {"css": "li[data-n]", "attr": "data-n"}, ""),
        (HTML, {"css": ".price", "number": True}, Decimal(1299)),
        (HTML, {"css": "meta[itemprop=price]", "attr": "content", "number": True}, Decimal("129.90")),
        (HTML, {"xpath": "//h1"}, "Taladro X 2000"),
        (HTML, {"xpath": "//a/@href"}, "/cart?token=abc"),
        (HTML, {"xpath": "count(//li)"}, 3),
        (HTML, {"xpath": "string(//li[2])"}, "two"),
        (HTML, {"xpath": "//li = 'two'"}, True),
        (HTML, {"regex": '"id": (\\d+)'}, "1000042"),
        (HTML, {"regex": '"id": \\d+'}, '"id": 1000042'),
        (HTML, {"regex": '"id": (\\d+)', "number": True}, Decimal(1000042)),
        (HTML, {"header": "X-Request-Id"}, "r1"),
        (HTML, {"cookie": "sid"}, "s-1"),
        (HTML, {"url": True}, "https://shop.test/thanks?order=77"),
        (HTML, {"url": "order=(\\d+)"}, "77"),
        (HTML, {"text": "(Taladro \\w)"}, "Taladro X"),
        (HTML, {"status": True}, 200),
        (JSON, {"json": "$.id"}, 7),
        (JSON, {"json": "$.items[-1].sku"}, "B"),
        (JSON, {"json": "$.items[?@.qty > 1].sku"}, "B"),
        (JSON, {"json": "$..sku"}, "A"),
        (JSON, {"json": "$['a b']['$']"}, "x"),
        (JSON, {"json": "$.items[0]"}, {"sku": "A", "qty": 1}),
        (JSON, {"json": "$.ok"}, True),
        (JSON, {"json": "$.price", "number": True}, Decimal("1299.50")),
        (JSON, {"json": "$.big", "number": True}, Decimal("0.1")),
        (JSON, {"json": "$.id", "number": True}, 7),
        (JSON, {"json": "$.items[?search(@.sku, '[B-Z]')].qty"}, 2),
        (JSON, {"json": "$.items[?match(@.sku, '.')].qty"}, 1),
        (JSON, {"text": "id.: (\\d)"}, "7"),
        (FEED, {"xpath": "//url[2]/loc"}, "https://b/"),
        (FEED, {"xpath": "count(//loc)"}, 2),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, dict) else "",
)
def test_a_save_takes_its_value(page, save, value):
    extractor = compile_save(Save(**save), "es-ES", pytest.fail)
    found = extractor.get(page, {})
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("page", "save", "error", "says"),
    [
        (
            HTML,
            {"css": "h1.price"},
            NotFoundError,
            'css "h1.price" matched nothing on the page "The product" (351 bytes)',
        ),
        (HTML, {"css": "h1", "attr": "id"}, NotFoundError, 'css "h1" attribute id matched nothing on'),
        (HTML, {"xpath": "//h9"}, NotFoundError, 'xpath "//h9" matched nothing on'),
        (HTML, {"regex": "zzz"}, NotFoundError, 'regex "zzz" matched nothing on'),
        (HTML, {"header": "Location"}, NotFoundError, "header Location is not among the headers"),
        (HTML, {"cookie": "x"}, NotFoundError, "cookie x is not set"),
        (HTML, {"url": "zzz"}, NotFoundError, 'url "zzz" matched nothing on'),
        (HTML, {"css": "li", "number": True}, NumberError, '"one" is no number'),
        (HTML, {"json": "$.id"}, PageError, 'the page "The product" (351 bytes) is no JSON'),
        (HTML, {"regex": "(x+x+)+y|(\\w+\\s?)*\\1z"}, NotFoundError, "matched nothing"),
        (
            JSON,
            {"json": "$.nope"},
            NotFoundError,
            "json $.nope matched nothing on the page (application/json, ",
        ),
        (JSON, {"json": "$.none"}, NotFoundError, "json $.none is null"),
        (JSON, {"json": "$.id.x"}, NotFoundError, "matched nothing"),
        (JSON, {"json": "$.items[5]"}, NotFoundError, "matched nothing"),
        (JSON, {"json": "$.ok", "number": True}, NumberError, "true is true or false, not a number"),
        (JSON, {"json": "$.items", "number": True}, NumberError, "is a list, not a number"),
        (JSON, {"css": "h1"}, NotFoundError, "matched nothing on the page (application/json"),
        (Page(200), {"css": "h1"}, NotFoundError, "matched nothing on the empty page"),
        (Page(200), {"xpath": "//h1"}, PageError, "the empty page cannot be read for XPath"),
        (Page(200), {"json": "$"}, PageError, "the empty page is no JSON"),
    ],
)
def test_a_save_that_finds_nothing_says_so_in_words(page, save, error, says):
    with pytest.raises(error) as caught:
        compile_save(Save(**save), "es-ES", pytest.fail).get(page, {})
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("save", "what"),
    [
        ({"css": "h1["}, "no CSS selector"),
        ({"css": ""}, "no CSS selector"),
        ({"css": "div:has(p:has(b))"}, ":has() inside a :has()"),
        ({"css": "a" * 2000}, "more than 1000 characters"),
        ({"xpath": "//a["}, "no XPath"),
        ({"xpath": "nope(//a)"}, "no XPath"),
        ({"xpath": "//x:a"}, "no XPath"),
        ({"xpath": "$var"}, "no XPath"),
        ({"xpath": "//\0"}, "no XPath"),
        ({"json": "id"}, "no JSONPath"),
        ({"json": "$["}, "no JSONPath"),
        ({"json": "$[?nope(@)]"}, "no JSONPath"),
        ({"json": "$[?$[*]]"}, "a path from $ in a filter leads to one value"),
        ({"json": "$[?" + "!" * 500 + "@.a]"}, "no JSONPath"),
        ({"regex": "("}, "no regular expression"),
        ({"regex": "((a{1000}){1000}){1000}"}, "repeats too much"),
        ({"regex": "((a{,1000}){,1000}){,1000}"}, "repeats too much"),
        ({"url": "["}, "no regular expression"),
        ({"css": "${a"}, "never closed"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_selector_that_is_written_wrongly_is_found_before_any_run(save, what):
    found = []
    given = Save(**save)
    assert compile_save(given, "es-ES", lambda *problem: found.append(problem)) is None
    ((path, said, _hint),) = found
    assert path == (given.kind,)
    assert what in said


@pytest.mark.parametrize(
    "save",
    [
        {},
        {"css": "a", "xpath": "//a"},
        {"attr": "href"},
        {"json": "$", "attr": "x"},
        {"csss": "a"},
        {"status": False},
    ],
    ids=str,
)
def test_a_save_has_exactly_one_extractor(save):
    with pytest.raises(ValidationError):
        Save(**save)


def test_a_selector_may_hold_a_template_and_is_then_compiled_at_run_time():
    extractor = compile_extractor("json", "$.items[?@.sku == '${sku}'].qty")
    assert [str(each) for each in extractor.references] == ["sku"]
    assert extractor.get(JSON, {"sku": "B"}) == 2
    with pytest.raises(NotFoundError, match="'C'"):
        extractor.get(JSON, {"sku": "C"})
    with pytest.raises(ExpressionError, match="no JSONPath"):
        extractor.get(JSON, {"sku": "'"})
    with pytest.raises(ExpressionError, match="unknown"):
        extractor.get(JSON, {})


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("$", 1),
        ("$.items", 1),
        ("$['items'][0]['sku']", 1),
        ("$.items[-2].qty", 1),
        ("$.items[-3].qty", 0),
        ("$.nope.deeper", 0),
        ("$.id[0]", 0),
        ("$.items.sku", 0),
        ("$.none.x", 0),
    ],
)
def test_the_plain_walk_of_a_singular_path_agrees_with_the_library(path, values):
    import jsonpath_rfc9535

    found = compile_extractor("json", path).all(JSON, {})
    assert found == jsonpath_rfc9535.find(path, JSON.json()).values()
    assert len(found) == values


@pytest.mark.parametrize(
    ("save", "body"),
    [
        ({"regex": "(?:a{1,100}){1,100}b"}, b"a" * 100_000),
        ({"regex": "(?R)?a"}, b"a" * 100_000),
        ({"json": "$[?search(@, '(a|aa)+b')]"}, b'["' + b"a" * 60 + b'"]'),
        ({"json": "$..[0]..[0]..[0]..[0]..[0].x"}, b"[" * 60 + b"]" * 60),
        ({"json": "$..[?@..[?@..[?@..[?@..x]]]]"}, b"[" * 60 + b"]" * 60),
        ({"json": "$" + "[*,*,*,*,*,*,*,*]" * 12 + ".x"}, b"[" * 12 + b"1" + b"]" * 12),
        ({"json": "$..*..*..*..*"}, b"[" * 90 + b"]" * 90),
        ({"css": "p"}, b"<div>" * 200_000),
        ({"css": "p"}, b"<div></x>" * 100_000),
        ({"css": "p"}, b"<a " + b" ".join(b"a%x" % n for n in range(200_000)) + b">"),
        ({"xpath": "//p"}, b"<div>" * 200_000),
        ({"xpath": "//p"}, b"<a " + b" ".join(b"a%x" % n for n in range(200_000)) + b">"),
        ({"json": "$"}, b"[" * 1_000_000),
        ({"json": "$"}, b"[" * 500 + b"]" * 500),
        ({"json": "$"}, b"9" * 100_000),
        ({"json": "$"}, b'{"a": NaN}'),
        ({"json": "$"}, b"\xff\xfe\x00\x01"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
@pytest.mark.timeout(10)
def test_nothing_on_a_page_makes_an_extractor_hang_or_crash(save, body):
    """Each of these took from 10 s to for ever, or ended the process, before it was bounded."""
    with pytest.raises(RunError):
        compile_save(Save(**save), "en-US", pytest.fail).get(Page(200, (), body), {})


def test_errors_of_writing_and_of_running_are_told_apart():
    assert not issubclass(SelectorError, RunError)
    assert not issubclass(TemplateError, RunError)
